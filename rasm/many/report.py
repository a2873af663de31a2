"""What came of a run of ``rasm read-many``, as one page of HTML.

Where it stands: the end of the run. The page is ``report.html.jinja``, filled in by Jinja2, which escapes names and messages.
"""

from __future__ import annotations

from importlib import resources

import jinja2

from rasm.many.run import Tally

REPORT = "report.html"
_MOST_FAILURES = 1000  # are listed; the records beside the results, or the tables, have all


def report_of(tally: Tally, said: str) -> str:
    """``said``: what was asked for."""
    template = resources.files("rasm.many").joinpath("report.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    figures = [
        ("documents read", f"{tally.documents:,}"),
        ("documents that were there already", f"{tally.there_already:,}"),
        ("pages read", f"{tally.pages:,}"),
        ("pages a second", f"{tally.pages / tally.seconds if tally.seconds else 0:.1f}"),
        ("seconds", f"{tally.seconds:,.0f}"),
        ("processes at most", f"{tally.most_processes:,}"),
        ("processes that ended and were replaced", f"{tally.deaths:,}"),
        ("pages or documents that could not be read", f"{len(tally.failures):,}"),
    ]
    failures = tally.failures[:_MOST_FAILURES]
    return environment.from_string(template).render(said=said, figures=figures, failures=failures, more=len(tally.failures) - len(failures))

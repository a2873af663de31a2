"""``rasm read-many`` itself: find the sources, run, show how far it is, and write the report.

Where it stands: beneath ``rasm/cli.py``, at the top of this package.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence

from tqdm import tqdm

from rasm.command_line import shown
from rasm.lines.recognizer import Recognizer
from rasm.many.reading import Job
from rasm.many.report import REPORT, report_of
from rasm.many.run import Run, Tally, connected
from rasm.many.sources import Sources
from rasm.many.target import Target
from rasm.results import Settings
from rasm.weights import find
from rasm.workers import Opening

_MOST_TOLD = 20  # failures on the terminal; the report has more
_TELL_EVERY_S = 60  # where no terminal shows a bar


def read_all(
    named: Sequence[str], target: str, formats: tuple[str, ...], address: str, workers: int | None, model: str, settings: Settings
) -> int:
    """The exit code: 1 where something could not be read. Raises ConfigError, TargetFailed, and what ``Reader`` raises."""
    info = Recognizer(find(model), threads=1).info  # before anything is started
    opening = Opening(model, 1, settings.least_confidence)
    files = tuple(kind for kind in formats if kind != "parquet")
    job = Job(opening, f"{info.name} {info.version}", settings, files, "parquet" in formats, target)
    sources = Sources(named, target)
    with connected(address, workers) as ray, _Progress(sources.size) as progress:
        tally = Run(ray, job, sources, workers, progress.show)()
    said = f"{', '.join(named)} to {target}, as {', '.join(formats)}, with {model}"
    Target(target).write(REPORT, report_of(tally, re.sub(r"://[^/@\s]*@", "://", said)).encode())  # without keys in addresses
    rate = f"{tally.pages / tally.seconds:.1f} pages/s" if tally.seconds else ""
    read = f"{tally.documents} documents read ({tally.pages} pages, {rate})"
    print(f"{read}, {tally.there_already} there already, {len(tally.failures)} failures; results in {target}")
    for name, error in tally.failures[:_MOST_TOLD]:
        page = f"page {error.number}: " if error.number else ""
        print(f"  {shown(name)}: {page}{shown(error.message)}", file=sys.stderr)
    if len(tally.failures) > _MOST_TOLD:
        print(f"  and {len(tally.failures) - _MOST_TOLD} more: {target}/{REPORT}", file=sys.stderr)
    return 1 if tally.failures else 0


class _Progress:
    """A bar, by bytes of the sources, since nobody knows how many pages they have; a line a minute where no terminal shows it."""

    def __init__(self, size: int) -> None:
        self._bar = tqdm(total=max(1, size), bar_format="{percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}", disable=None)
        self._started = self._told = time.monotonic()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, tally: Tally) -> None:
        now = time.monotonic()
        rate = tally.pages / max(1e-6, now - self._started)
        said = f"{tally.pages:,} pages, {rate:.1f} pages/s, {len(tally.failures):,} failures"
        if not self._bar.disable:
            self._bar.initial = tally.bytes_there  # what was there says nothing of the time that is left
            self._bar.n = min(self._bar.total, int(tally.source_bytes))
            self._bar.set_postfix_str(said)
        elif now - self._told > _TELL_EVERY_S:
            self._told = now
            done = tally.source_bytes - tally.bytes_there
            left = (self._bar.total - tally.source_bytes) * (now - self._started) / done if done else 0
            print(f"{tally.source_bytes / self._bar.total:.0%}, {said}, {tqdm.format_interval(left)} left", file=sys.stderr)

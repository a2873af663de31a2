"""What the command line works on: tasks, and what comes of them. Plain data.

Where it stands: beneath ``inputs.py``, ``output.py`` and ``cli.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from rasm_client.types import FileError, Image, Result


class UsageError(Exception):
    """What was asked for cannot be done; one line."""


@dataclass
class Task:
    """What is to be read, into which file if any, and with which job if it has one. ``path`` is that under the folder that was given."""

    entry: Image | Result
    path: PurePath
    target: Path | None = None
    job_id: str | None = None

    @property
    def name(self) -> str:
        return self.entry.name if isinstance(self.entry, Result) else self.entry[0] if isinstance(self.entry, tuple) else str(self.entry)


@dataclass(frozen=True)
class Outcome:
    """What came of a task: results, or a document's bytes unless they are in its file already; and what went wrong."""

    results: Sequence[Result] = ()
    data: bytes | None = None
    errors: Sequence[FileError] = ()
    warnings: Sequence[str] = ()
    job_id: str | None = None


def outcome_of(results: Sequence[Result], job_id: str | None = None) -> Outcome:
    errors = [dataclasses.replace(r.error, page=r.page) for r in results if r.error]
    warnings = []
    for result in results:
        if result.warnings:
            place = f"page {result.page}: " if (result.pages or 1) > 1 else ""
            warnings.append(f"{place}warning: {'; '.join(warning.message for warning in result.warnings)}")
    return Outcome(results, errors=errors, warnings=warnings, job_id=job_id)


def counted(warning_counts: Mapping[str, int]) -> list[str]:
    """What is told of a document: its pages' own warnings are in JSON alone."""
    counts = ", ".join(f"{code} on {count} page{'s' if count > 1 else ''}" for code, count in sorted(warning_counts.items()))
    return [f"warning: {counts}; --format json says where"] if counts else []

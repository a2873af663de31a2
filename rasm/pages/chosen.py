"""Which pages of a file are to be read: ``1-3,7`` and ``5-``, as people write it for a printer.

Where it stands: between whoever asks (library, command line, service) and the open file, whose pages keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rasm.errors import ConfigError, NoSuchPage

Pages = str | Iterable[int]
"""``1-3,7``, or numbers from 1; an empty string: all pages."""
_RANGE = re.compile(r"(\d{1,9})\s*(?:(-)\s*(\d{1,9})?)?")
_SHOWN = 40  # characters of what was asked for, in an error


class Chosen:
    """Pages by their numbers, which are from 1. Of those that are asked for twice one is read."""

    def __init__(self, pages: Pages | None = None) -> None:
        """Raises ConfigError where it is no list of pages."""
        self._ranges: list[tuple[int, int | None]] = []  # the first and the last of each; None: the last of the file
        if isinstance(pages, str):
            self._ranges = [_parsed(part.strip(), pages) for part in pages.split(",")] if pages.strip() else []
        elif pages is not None:
            numbers = list(pages)
            if not numbers or not all(isinstance(number, int) and number > 0 for number in numbers):
                raise ConfigError("pages: give numbers from 1 on")
            self._ranges = [(number, number) for number in numbers]
        self.is_all = not self._ranges

    def of(self, count: int) -> Sequence[int]:
        """The indices, from 0, of the pages of a file that has ``count``; in the file's order. Raises NoSuchPage."""
        if self.is_all:
            return range(count)
        found: set[int] = set()
        for first, last in self._ranges:
            if max(first, last or 1) > count:
                has = "1 page" if count == 1 else f"{count:,} pages"
                raise NoSuchPage(f"the file has {has}; page {max(first, last or 1)} was asked for")
            found.update(range(first - 1, count if last is None else last))
        return sorted(found)


def spelled(indices: Sequence[int]) -> str:
    """Indices from 0, in order, as the shortest list of pages: ``1-3,7``."""
    parts: list[list[int]] = []
    for index in indices:
        if parts and parts[-1][1] == index:
            parts[-1][1] = index + 1
        else:
            parts.append([index + 1, index + 1])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in parts)


def _parsed(part: str, whole: str) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(part)
    if not found:
        shown = whole if len(whole) <= _SHOWN else whole[: _SHOWN - 1] + "…"
        raise ConfigError(f"pages: {shown!r} is no list of pages; write it as 1-3,7 or 5-")
    first = int(found[1])
    last = first if not found[2] else int(found[3]) if found[3] else None
    if first < 1:
        raise ConfigError("pages: they are counted from 1")
    if last is not None and last < first:
        raise ConfigError(f"pages: {first}-{last} ends before it begins")
    return first, last

"""Lines that were found against lines that are known: how many are found whole, how many are right, what is lost, in which order.

Where it stands: called by ``evaluation/scoring.py`` for rendered pages; tests of ``rasm/pages/finder.py`` use it too. The
``NAME.lines.json`` of ``python -m model.rendering --pages`` tells where each line is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rasm.errors import DatasetError

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the page

_MOST = 0.7  # of a line's width


@dataclass(frozen=True)
class KnownLine:
    """A line that stands on a page."""

    text: str
    box: Box


@dataclass(frozen=True)
class LineCounts:
    """Counts of one page, or sums of several.

    recalled: of the known lines, those that one found line covers. precise: of the found lines, those that lie on one known line.
    lost: characters of the known lines that are not covered. in_order: neighbouring known lines, both found, that follow each other
    there too, with no other line's text between. Columns that are read across have none.
    """

    known: int = 0
    recalled: int = 0
    found: int = 0
    precise: int = 0
    characters: int = 0
    lost: int = 0
    neighbours: int = 0
    in_order: int = 0

    def __add__(self, other: LineCounts) -> LineCounts:
        return LineCounts(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def recall(self) -> float:
        return self.recalled / max(1, self.known)

    @property
    def precision(self) -> float:
        return self.precise / max(1, self.found)

    @property
    def order(self) -> float:
        return self.in_order / max(1, self.neighbours)


def read_known_lines(path: Path) -> tuple[KnownLine, ...]:
    """The lines of a ``NAME.lines.json``. Raises DatasetError."""
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))["lines"]
        known = []
        for line in lines:
            left, top, right, bottom = (float(v) for v in line["box"])
            known.append(KnownLine(str(line["text"]), (left, top, right, bottom)))
        return tuple(known)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DatasetError(
            f"{path}: not the lines of a page as python -m model.rendering --pages writes them ({e}); remove it to go without"
        ) from e


def count_lines(known: Sequence[KnownLine], found: Sequence[Box]) -> LineCounts:
    """Compare lines in reading order.

    A found line and a known one belong together where they share more than half of the lower one's height. The found one covers the
    known one where it covers 0.7 of its width, and lies on it where 0.7 of its own width does.
    """
    covered = [0.0] * len(known)
    precise = [False] * len(found)
    first: dict[int, int] = {}  # a known line -> the found one that covers it; a found line covers one
    for j, f in enumerate(found):
        taken = False
        for i, line in enumerate(known):
            t = line.box
            width, height = min(f[2], t[2]) - max(f[0], t[0]), min(f[3], t[3]) - max(f[1], t[1])
            if width <= 0 or height <= 0.5 * min(f[3] - f[1], t[3] - t[1]):
                continue
            precise[j] |= width > _MOST * (f[2] - f[0])
            covered[i] = max(covered[i], width / (t[2] - t[0]))
            if width > _MOST * (t[2] - t[0]) and not taken:
                taken = True
                first.setdefault(i, j)
    pairs = [(i, i + 1) for i in range(len(known) - 1) if i in first and i + 1 in first]
    place = {i: k for k, i in enumerate(sorted(first, key=lambda i: first[i]))}
    missed = [line for line, share in zip(known, covered, strict=True) if share <= _MOST]
    return LineCounts(
        len(known),
        len(known) - len(missed),
        len(found),
        sum(precise),
        sum(len(line.text) for line in known),
        sum(len(line.text) for line in missed),
        len(pairs),
        sum(place[b] == place[a] + 1 for a, b in pairs),
    )

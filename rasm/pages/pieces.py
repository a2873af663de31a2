"""Pieces of lines -> lines: what a gap, a justified column or a mark of its own has parted.

Where it stands: the last step of ``rasm/pages/finder.py``. Pieces go on in their line from left to right, and over no gutter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rasm.pages.found import Box, TextLine


@dataclass(frozen=True)
class PieceSettings:
    """Numbers that decide, by sizes of type, and where they are from.

    join: the widest gap within a line. apart: and before a sign that is no wider than ``sign``: a full stop or a colon with a space
    before it. same_height: by how much the smaller of two pieces may be smaller.
    justified: the widest gap where the line above or below, at most ``pitch`` sizes away and as large to ``alike``, goes on across it, and
    begins and ends where this one does, to ``flush``: drawn pages have none wider.
    halves: the widest gap where there are but two pieces.
    mark, reach: what is smaller than another line by this, and for the most part within so much of where that one's ink reaches, is its
    marks. close: what is not as small is, if its middle is within so many of that one's sizes of the other's: lines are twice as far apart.
    """

    join: float = 0.45
    apart: float = 0.9
    sign: float = 0.6
    same_height: float = 0.6
    justified: float = 6.0
    pitch: float = 2.5
    alike: float = 0.8
    halves: float = 2.0
    flush: float = 0.7
    mark: float = 0.6
    reach: float = 1.25
    close: float = 0.5


SETTINGS = PieceSettings()


def whole_lines(lines: Sequence[TextLine], gutters: Sequence[Box], cells: Sequence[Box]) -> list[TextLine]:
    """The lines that pieces on a level page make."""
    return _justified(_without_marks(_joined(lines, gutters)), gutters, cells)


def _joined(lines: Sequence[TextLine], gutters: Sequence[Box]) -> list[TextLine]:
    """Pieces of one line that a small gap parts, from left to right, but over no gutter."""
    waiting = sorted(lines, key=lambda line: float(line.middle[0, 0]))
    found = []
    while waiting:
        line = waiting.pop(0)
        while (k := _next_piece(line, waiting, gutters)) is not None:
            line = _union(line, waiting.pop(k))
        found.append(line)
    return found


def _justified(lines: list[TextLine], gutters: Sequence[Box], cells: Sequence[Box]) -> list[TextLine]:
    """Lines whose pieces stand far apart, as in narrow columns that are set to one width: their neighbours go on across the gaps."""
    lines = sorted(lines, key=lambda line: float(line.middle[0, 0]))
    k = 0
    while k < len(lines):
        line = lines[k]
        end_x, end_y = line.middle[-1]
        for j in range(k + 1, len(lines)):
            other = lines[j]
            x, y = other.middle[0]
            size = max(line.size_px, other.size_px)
            if x - end_x > SETTINGS.justified * size:
                break
            same = abs(y - end_y) <= 0.3 * size and min(line.size_px, other.size_px) >= SETTINGS.alike * size
            if same and x - end_x > 0 and _goes_on((end_x, x), (end_y + y) / 2, size, line, other, lines, gutters, cells):
                lines[k] = _union(line, lines.pop(j))
                break
        else:
            k += 1
            continue
        if lines[k] is line:
            k += 1
    return lines


def _goes_on(
    gap: tuple[float, float],
    level: float,
    size: float,
    left: TextLine,
    right: TextLine,
    lines: Sequence[TextLine],
    gutters: Sequence[Box],
    cells: Sequence[Box],
) -> bool:
    """Whether what stands next above or below a gap between two pieces goes on across it, as lines of one column do."""
    middle = (gap[0] + gap[1]) / 2
    if any(x0 < middle < x1 and y0 < level < y1 for x0, y0, x1, y1 in gutters):
        return False
    if _cell_at(cells, left) != _cell_at(cells, right):
        return False
    nearest: dict[bool, tuple[float, TextLine]] = {}
    row: list[TextLine] = []
    for line in lines:
        x0, x1 = line.middle[0, 0], line.middle[-1, 0]
        away = float(np.interp(middle, line.middle[:, 0], line.middle[:, 1])) - level
        if abs(away) < 0.3 * size:
            row.append(line)
        if line is left or line is right or x1 < gap[0] or x0 > gap[1]:
            continue
        if abs(away) < 0.3 * size:
            return False  # something else stands between
        if (away > 0) not in nearest or abs(away) < nearest[away > 0][0]:
            nearest[away > 0] = (abs(away), line)
    return any(
        away < SETTINGS.pitch * size
        and min(line.size_px, size) >= SETTINGS.alike * max(line.size_px, size)
        and line.middle[0, 0] < gap[0] - size
        and line.middle[-1, 0] > gap[1] + size
        and _as_wide(line, row, size)
        for away, line in nearest.values()
    )


def _as_wide(line: TextLine, row: Sequence[TextLine], size: float) -> bool:
    """Whether pieces of a row begin and end where a line above or below them does, with no gap that is too wide."""
    x0, x1, slack = float(line.middle[0, 0]), float(line.middle[-1, 0]), SETTINGS.flush * size
    spans = [(float(piece.middle[0, 0]), float(piece.middle[-1, 0])) for piece in row]
    within = sorted((a, b) for a, b in spans if a > x0 - slack and b < x1 + slack)
    edges = [x0, *(edge for span in within for edge in span), x1]
    gaps = [b - a for a, b in zip(edges[::2], edges[1::2], strict=True)]
    widest = SETTINGS.justified if len(within) > 2 else SETTINGS.halves  # two halves of a verse are as wide as the prose around them
    return bool(within) and max(gaps[0], gaps[-1]) < slack and max(gaps) < widest * size


def _cell_at(cells: Sequence[Box], line: TextLine) -> int | None:
    x, y = line.middle.mean(axis=0)
    return next((k for k, (x0, y0, x1, y1) in enumerate(cells) if x0 < x < x1 and y0 < y < y1), None)


def _without_marks(lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines but those that are another's marks: vowels and signs of pause above large letters look like small type, and however large
    they look, no line is so close to another."""
    found = []
    for line in lines:
        middle = line.middle
        inside = False
        for other in lines:
            if line.size_px < other.size_px and other.middle[0, 0] < middle[0, 0] and middle[-1, 0] < other.middle[-1, 0]:
                level = np.interp(middle[:, 0], other.middle[:, 0], other.middle[:, 1])
                if line.size_px < SETTINGS.mark * other.size_px:
                    above, below = level - SETTINGS.reach * other.above_px, level + SETTINGS.reach * other.below_px
                else:
                    above, below = level - SETTINGS.close * other.size_px, level + SETTINGS.close * other.size_px
                inside |= bool(np.mean((above < middle[:, 1]) & (middle[:, 1] < below)) > 0.5)
        if not inside:
            found.append(line)
    return found


def _next_piece(line: TextLine, others: Sequence[TextLine], gutters: Sequence[Box]) -> int | None:
    """Which of ``others``, sorted by their left ends, goes on with the line."""
    end_x, end_y = line.middle[-1]
    best, nearest = None, math.inf
    for k, other in enumerate(others):
        x, y = other.middle[0]
        size = max(line.size_px, other.size_px)
        gap = x - end_x
        if gap > SETTINGS.join * 4 * size:  # those behind are further still
            break
        is_sign = min(float(np.ptp(piece.middle[:, 0])) for piece in (line, other)) < SETTINGS.sign * size
        if not -0.3 * size < gap < (SETTINGS.apart if is_sign else SETTINGS.join) * size or gap >= nearest:
            continue
        if abs(y - end_y) > 0.3 * size or min(line.size_px, other.size_px) < SETTINGS.same_height * size:
            continue
        if any(left < (x + end_x) / 2 < right and top < y < bottom for left, top, right, bottom in gutters):
            continue
        best, nearest = k, gap
    return best


def _union(left: TextLine, right: TextLine) -> TextLine:
    a, b = (float(line.middle[-1, 0] - line.middle[0, 0]) for line in (left, right))

    def mean(name: str) -> float:
        return (a * float(getattr(left, name)) + b * float(getattr(right, name))) / max(a + b, 1e-6)

    middle, baseline = (np.concatenate([getattr(line, name) for line in (left, right)]) for name in ("middle", "baseline"))
    order = np.argsort(middle[:, 0], kind="stable")
    numbers = {name: mean(name) for name in ("above_px", "below_px", "size_px", "first", "last", "confidence")}
    return TextLine(middle[order], baseline[order], kind=(left if a >= b else right).kind, **numbers)

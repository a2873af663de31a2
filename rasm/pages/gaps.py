"""Lines that run over several columns, of a table without rules or of text -> a line for each column.

Where it stands: in ``rasm/pages/reader.py``, between cutting lines out and reading them. Narrow gaps between columns look like wide ones
between words. One alone tells nothing; where the rows around have white space at the same place, it parts columns. Columns of text stand
nearer to each other, and may be set to one width: there the lines around must end, and others begin, where this one has its gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from rasm.pages.crops import Crop
from rasm.pages.found import FoundPage, TextLine
from rasm.pages.rules import part_of

_KINDS = ("cell", "label", "field", "table")
_TEXT = ("paragraph", "list-item", "footnote")


@dataclass(frozen=True)
class GapSettings:
    """Numbers that decide; ems are sizes of type.

    least: the narrowest gap, in ems: a space has a quarter, a wide one of justified text a half. common: how much of it other rows have
    white, in ems. rows: in how many rows at least, no further than ``far`` ems, and in more than have ink there. specific: white space of
    other rows that is so many times as wide as the gap, or wider, says nothing of it. same_row: how far apart the middles of one row are.

    space: the narrowest gap between words, in ems; gutter: between columns of text, and wider: how many times as wide as the line's other
    gaps. edge: as far from it, in ems, the lines of two rows around end and begin. column: no further than so many ems.
    """

    least: float = 0.9
    common: float = 0.5
    rows: int = 2
    far: float = 14.0
    specific: float = 3.0
    same_row: float = 0.5
    space: float = 0.12
    gutter: float = 0.4
    wider: float = 1.25
    edge: float = 0.3
    column: float = 8.0


@dataclass(frozen=True)
class _Gap:
    """White space in a row: within a line, or between two."""

    left: float
    right: float
    y: float


def parted(found: FoundPage, crops: Sequence[Crop], settings: GapSettings = GapSettings()) -> tuple[FoundPage, list[Crop]]:
    """``found`` and ``crops``, those of its lines, with lines over several columns in parts."""
    cuts = _between_cells(found.lines, crops, settings) | _between_texts(found.lines, crops, settings)
    if not cuts:
        return found, list(crops)
    lines: list[TextLine] = []
    pieces: list[Crop] = []
    for i, (line, crop) in enumerate(zip(found.lines, crops, strict=True)):
        if i not in cuts:
            lines.append(line)
            pieces.append(crop)
            continue
        ends = [float(line.middle[0, 0]), *(x for gap in cuts[i] for x in (gap.left, gap.right)), float(line.middle[-1, 0])]
        for left, right in zip(ends[::2], ends[1::2], strict=True):
            lines.append(part_of(line, left, right))
            pieces.append(_slice(crop, left - line.size_px / 4, right + line.size_px / 4))
    return replace(found, lines=lines), pieces


def _between_cells(lines: Sequence[TextLine], crops: Sequence[Crop], settings: GapSettings) -> dict[int, list[_Gap]]:
    """Of each line of a table that runs over several columns, by its number, what is between these."""
    which = [i for i, line in enumerate(lines) if line.kind in _KINDS]
    gaps = {i: own for i in which if (own := _within(lines[i], crops[i], settings.least))}
    if not gaps or len(which) <= settings.rows:
        return {}
    around = [lines[i] for i in which]
    spaces = [gap for own in gaps.values() for gap in own] + _between(around, settings)
    cuts = {i: [gap for gap in own if _parts_columns(gap, lines[i].size_px, spaces, around, settings)] for i, own in gaps.items()}
    return {i: own for i, own in cuts.items() if own}


def _between_texts(lines: Sequence[TextLine], crops: Sequence[Crop], settings: GapSettings) -> dict[int, list[_Gap]]:
    """The same of lines of text that run over several columns."""
    which = [i for i, line in enumerate(lines) if line.kind in _TEXT]
    gutters = _between([lines[i] for i in which], settings)
    if len(gutters) < settings.rows:
        return {}
    at = np.array([(gap.left, gap.right, gap.y) for gap in gutters])
    cuts: dict[int, list[_Gap]] = {}
    for i in which:
        line, em = lines[i], lines[i].size_px
        y, within = float(line.middle[:, 1].mean()), settings.edge * em
        near = at[
            (np.abs(at[:, 2] - y) < settings.column * em) & (at[:, 0] > line.middle[0, 0] + em) & (at[:, 1] < line.middle[-1, 0] - em)
        ]
        if len(near) < settings.rows:
            continue
        gaps = _within(line, crops[i], settings.space)
        usual = float(np.median([gap.right - gap.left for gap in gaps])) if gaps else 0.0
        for gap in gaps:
            if gap.right - gap.left < max(settings.gutter * em, settings.wider * usual):
                continue
            left, right = np.abs(near[:, 0] - gap.left) < within, np.abs(near[:, 1] - gap.right) < within
            ends, begins = int((left & (near[:, 1] > gap.left)).sum()), int((right & (near[:, 0] < gap.right)).sum())
            # a text that is not set to one width ends anywhere
            if (min if gap.right - gap.left < settings.least * em else max)(ends, begins) >= settings.rows:
                cuts.setdefault(i, []).append(gap)
    return cuts


def _within(line: TextLine, crop: Crop, least: float) -> list[_Gap]:
    """The gaps of a line that are at least so many ems wide."""
    inked = np.flatnonzero(crop.ink.any(axis=0))
    y, least_px = float(line.middle[:, 1].mean()), least * line.size_px
    gaps = [_Gap(crop.left_px + a + 1, crop.left_px + b, y) for a, b in pairwise(inked.tolist()) if b - a - 1 >= least_px]
    return [gap for gap in gaps if gap.left > line.middle[0, 0] and gap.right < line.middle[-1, 0]]


def _between(lines: Sequence[TextLine], settings: GapSettings) -> list[_Gap]:
    """The white space between neighbours in one row."""
    found = []
    for line in lines:
        y = float(line.middle[:, 1].mean())
        beside = [
            other
            for other in lines
            if abs(float(other.middle[:, 1].mean()) - y) < settings.same_row * line.size_px and other.middle[0, 0] > line.middle[-1, 0]
        ]
        if beside:
            found.append(_Gap(float(line.middle[-1, 0]), min(float(other.middle[0, 0]) for other in beside), y))
    return found


def _parts_columns(
    gap: _Gap,
    em: float,
    spaces: Sequence[_Gap],
    lines: Sequence[TextLine],
    settings: GapSettings,
) -> bool:
    """Whether most rows around are white at a gap."""

    def away(y: float) -> bool:
        return settings.same_row * em < abs(y - gap.y) < settings.far * em

    def common(other: _Gap) -> bool:
        return min(gap.right, other.right) - max(gap.left, other.left) >= settings.common * em

    white = [
        space.y
        for space in spaces
        if away(space.y) and common(space) and space.right - space.left < settings.specific * max(gap.right - gap.left, 2 * em)
    ]
    rows = len({round(y / em) for y in white})
    inked = 0
    for line in lines:
        y = float(line.middle[:, 1].mean())
        if away(y) and line.middle[0, 0] < gap.left and line.middle[-1, 0] > gap.right:
            inked += not any(abs(other - y) < settings.same_row * em for other in white)
    return rows >= settings.rows and rows > inked


def _slice(crop: Crop, left: float, right: float) -> Crop:
    a = min(max(0, round(left - crop.left_px)), crop.pixels.shape[1] - 2)
    b = max(a + 2, round(right - crop.left_px))
    return Crop(np.ascontiguousarray(crop.pixels[:, a:b]), crop.left_px + a, crop.rows[a:b], np.ascontiguousarray(crop.ink[:, a:b]))

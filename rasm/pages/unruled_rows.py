"""Rows of a ruled table between which there is no rule -> rows.

Where it stands: beneath ``rasm/pages/tables.py``. Many tables have a frame, a rule beneath the head and rules between columns, and nothing
between rows: all numbers of a column are in one cell then. Lines of a text that is broken stand so, too; numbers are not broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rasm.pages.cuts import Things

if TYPE_CHECKING:
    from rasm.pages.tables import Cell


@dataclass(frozen=True)
class RowSettings:
    """Numbers that decide; ems are sizes of type.

    level: lines whose middles are nearer to each other, in ems, stand in one row. apart: rows are at least so many ems apart. numbers: so
    many numbers, one above the other, are as many rows; of two columns of numbers, two are. few: a table of so few rows has others where
    nearly all its columns (``alike``) have as many lines, ``lines`` at least. on: the least share of lines that stand in these rows.
    """

    level: float = 0.45
    apart: float = 0.9
    numbers: int = 3
    few: int = 2
    lines: int = 3
    alike: float = 0.8
    on: float = 0.7


def with_rows(cells: Sequence[Cell], lines: Things, settings: RowSettings = RowSettings()) -> list[Cell]:
    """``cells``: a whole table's."""
    found = list(cells)
    height = max(cell.row + cell.row_span for cell in found)
    for row in range(height - 1, -1, -1):  # from beneath: what is above keeps its number
        own = [cell for cell in found if cell.row == row and cell.row_span == 1]
        if levels := _levels(own, lines, height, settings):
            found = _parted(found, row, levels, lines)
    return sorted(found, key=lambda cell: (cell.row, cell.column))


def _levels(cells: Sequence[Cell], lines: Things, height: int, settings: RowSettings) -> list[float]:
    """The middles of the rows within one of the grid; none where it is one row."""
    full = [cell for cell in cells if cell.lines]
    if len(full) < 2:
        return []
    y = (lines.top + lines.bottom) / 2
    em = float(np.median(lines.size[[k for cell in full for k in cell.lines]]))
    numbers = [cell for cell in full if len(cell.lines) > 1 and (lines.ltr[list(cell.lines)] == 0.5).all()]
    most = max((len(cell.lines) for cell in numbers), default=0)
    if most < settings.numbers and len(numbers) < 2:
        counts = [len(cell.lines) for cell in full]
        most = max(set(counts), key=counts.count)
        numbers = [cell for cell in full if len(cell.lines) == most]
        if height > settings.few or most < settings.lines or len(numbers) < settings.alike * len(full):
            return []
    longest = next(cell for cell in numbers if len(cell.lines) == most)
    levels = sorted(float(y[k]) for k in longest.lines)
    if min(b - a for a, b in pairwise(levels)) < settings.apart * em:
        return []
    own = np.array([y[k] for cell in full for k in cell.lines])
    off = np.abs(own[:, None] - np.array(levels)).min(axis=1)
    others = [cell for cell in full if cell is not longest and len(cell.lines) > 1]
    return levels if (off < settings.level * em).mean() >= settings.on and others else []


def _parted(cells: Sequence[Cell], row: int, levels: Sequence[float], lines: Things) -> list[Cell]:
    """Row ``row`` as one for each of ``levels``."""
    more, borders = len(levels) - 1, [(a + b) / 2 for a, b in pairwise(levels)]
    found: list[Cell] = []
    for cell in cells:
        if cell.row > row:
            found.append(replace(cell, row=cell.row + more))
        elif cell.row == row and cell.row_span == 1:
            left, top, right, bottom = cell.box
            ends = [top, *borders, bottom]
            at = [int(np.searchsorted(borders, (lines.top[k] + lines.bottom[k]) / 2)) for k in cell.lines]
            for n in range(len(levels)):
                own = tuple(k for k, place in zip(cell.lines, at, strict=True) if place == n)
                found.append(replace(cell, row=row + n, box=(left, ends[n], right, ends[n + 1]), lines=own))
        else:
            found.append(replace(cell, row_span=cell.row_span + more) if cell.row + cell.row_span > row else cell)
    return found

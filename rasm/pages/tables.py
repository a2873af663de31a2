"""Boxes of cells -> tables: which cells stand in which row and column, over how many they reach, and which lines are in them.

Where it stands: beneath ``rasm/pages/blocks.py``. Cells come from the finder; neighbouring ones nearly touch. Rows and columns are where
cells begin. Places of the grid where no cell was found are empty cells, so every table is a whole grid. Columns are counted in the
direction in which the table is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rasm.pages.cuts import KINDS, Floats, Things

Box = tuple[float, float, float, float]


_SLACK = 1.2  # gaps between cells may be wider than usual by so much, and by what the settings say


@dataclass(frozen=True)
class TableSettings:
    """Numbers that decide. near: by how much further than usual two cells of one table are apart at most, in sizes of type: drawn
    invoices have 0.6 between two tables. same: cells begin in one row or column where they begin within this share of the height or
    width of the narrowest. filled: the least share of a table that its cells cover. within: the least share of the lines in a table's
    box that are in one cell with most of their length. missed: the most lines, by those within, that reach into a table from outside, or
    are cells beside it."""

    near: float = 0.3
    same: float = 0.4
    filled: float = 0.45
    within: float = 0.6
    missed: float = 0.05


@dataclass(frozen=True)
class Cell:
    """row, column: from 0, of its first row and column, in the direction of reading. box: in pixels, of the page as it was given to
    ``find_tables``. lines: numbers of lines, not yet in order."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """cells: row by row, in the direction of reading."""

    box: Box
    cells: tuple[Cell, ...]

    @property
    def lines(self) -> list[int]:
        return [line for cell in self.cells for line in cell.lines]


def find_tables(cells: Floats, lines: Things, ltr: bool = False, settings: TableSettings = TableSettings()) -> list[Table]:
    """cells: (n, 4) left, top, right, bottom, on a level page as ``lines``. ltr: the direction of tables whose lines do not tell.
    No line is in two tables."""
    tables: list[Table] = []
    taken = np.zeros(len(lines), np.bool_)
    if len(cells) < 3 or not len(lines):
        return []
    em = float(np.median(lines.size))
    x, y = (lines.left + lines.right) / 2, (lines.top + lines.bottom) / 2
    for group in _groups(cells, settings.near * em + _SLACK * _usual_gaps(cells)):
        boxes = cells[group]
        left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
        inside = np.flatnonzero((x > left) & (x < right) & (y > top) & (y < bottom) & ~taken)
        inside = inside[lines.right[inside] - lines.left[inside] < 1.1 * (right - left)]
        if len(boxes) < 3 or not len(inside):
            continue
        area = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum()
        if area < settings.filled * (right - left) * (bottom - top) or _share_within(boxes, lines, inside) < settings.within:
            continue
        if _is_partial(lines, inside, (left, top, right, bottom), em, settings):
            continue
        weights = lines.right[inside] - lines.left[inside]
        share = float(np.average(lines.ltr[inside], weights=np.maximum(weights, 1e-6)))
        grid = _grid(boxes, share > 0.5 or (share == 0.5 and ltr), settings)
        if max(c.row + c.row_span for c in grid) < 2 or max(c.column + c.column_span for c in grid) < 2:
            continue
        tables.append(Table((float(left), float(top), float(right), float(bottom)), _filled(grid, lines, inside)))
        taken[inside] = True
    return tables


def _is_partial(lines: Things, inside: NDArray[np.intp], box: Box, em: float, settings: TableSettings) -> bool:
    """Whether other lines reach into the table, or its rows go on beside it: then cells were missed, and it is better read by its rows."""
    left, top, right, bottom = box
    other = np.ones(len(lines), np.bool_)
    other[inside] = False
    y = (lines.top + lines.bottom) / 2
    other &= (y > top) & (y < bottom)
    reaching = other & (lines.left < right - em / 2) & (lines.right > left + em / 2)
    beside = other & (lines.kind == KINDS.index("cell"))
    return bool(max(reaching.sum(), beside.sum()) > settings.missed * len(inside))


def _usual_gaps(boxes: Floats) -> Floats:
    """(2,) How far a cell's nearest neighbours beside it, and above and beneath it, are as a rule: cells are found a little smaller than
    they are."""
    gaps = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:])  # (cells, cells, 2)
    apart = np.where(gaps[..., ::-1] < 0, gaps.clip(0), np.inf)  # of those that overlap along the other axis
    apart[np.arange(len(boxes)), np.arange(len(boxes))] = np.inf
    nearest = apart.min(axis=1)
    return np.array([float(np.median(of[np.isfinite(of)])) if np.isfinite(of).any() else 0.0 for of in nearest.T])


def _groups(boxes: Floats, near: Floats) -> list[NDArray[np.intp]]:
    """Boxes that are near each other, (2,) along both axes, directly or over others."""
    a, b = boxes[:, None], boxes[None]
    touching = ((a[..., :2] < b[..., 2:] + near) & (b[..., :2] < a[..., 2:] + near)).all(axis=-1)
    touching |= np.eye(len(boxes), dtype=np.bool_)
    left = np.ones(len(boxes), np.bool_)
    groups = []
    while left.any():
        reached = touching[left.argmax()]
        while (wider := np.asarray(touching[reached].any(axis=0))).sum() > reached.sum():
            reached = wider
        groups.append(np.flatnonzero(reached))
        left = left & ~reached
    return groups


def _share_within(boxes: Floats, lines: Things, which: NDArray[np.intp]) -> float:
    width = np.minimum(lines.right[which, None], boxes[:, 2]) - np.maximum(lines.left[which, None], boxes[:, 0])
    y = ((lines.top + lines.bottom) / 2)[which, None]
    width = np.where((y > boxes[:, 1]) & (y < boxes[:, 3]), width, 0).max(axis=1)
    return float((width > 0.7 * (lines.right - lines.left)[which]).mean())


def _grid(boxes: Floats, ltr: bool, settings: TableSettings) -> list[Cell]:
    """Cells by rows, without lines; places without a cell are filled."""
    across = boxes[:, [0, 2]] if ltr else -boxes[:, [2, 0]]
    rows, row_starts, row_ends = _spans(boxes[:, [1, 3]], settings.same)
    columns, column_starts, column_ends = _spans(across, settings.same)
    owner: dict[tuple[int, int], int] = {}
    cells: list[Cell] = []
    order = np.lexsort((columns[:, 0], rows[:, 0]))
    for k in order.tolist():
        (row, row_end), (column, column_end) = rows[k].tolist(), columns[k].tolist()
        box = boxes[k].tolist()
        places = [(r, c) for r in range(row, row_end) for c in range(column, column_end)]
        others = [owner[place] for place in places if place in owner]
        if (row, column) in owner:  # a cell that was found in pieces
            other = cells[owner[row, column]]
            around = (min(box[0], other.box[0]), min(box[1], other.box[1]), max(box[2], other.box[2]), max(box[3], other.box[3]))
            cells[owner[row, column]] = replace(other, box=around)
            continue
        if others:  # what reaches over another cell does not
            row_end, column_end = row + 1, column + 1
            places = [(row, column)]
        owner |= dict.fromkeys(places, len(cells))
        cells.append(Cell(row, column, row_end - row, column_end - column, (box[0], box[1], box[2], box[3])))
    for r, (top, bottom) in enumerate(zip(row_starts, row_ends, strict=True)):
        for c, (start, end) in enumerate(zip(column_starts, column_ends, strict=True)):
            if (r, c) not in owner:
                left, right = (start, end) if ltr else (-end, -start)
                cells.append(Cell(r, c, 1, 1, (float(left), float(top), float(right), float(bottom))))
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _spans(ends: Floats, same: float) -> tuple[NDArray[np.intp], list[float], list[float]]:
    """(n, 2) where cells begin and end along one axis -> (n, 2) the number of the row or column in which each begins, and of the one
    before which it ends; where each row or column begins, and ends."""
    slack = same * float(np.quantile(ends[:, 1] - ends[:, 0], 0.1))
    order = np.argsort(ends[:, 0], kind="stable")
    begins = np.concatenate([[True], np.diff(ends[order, 0]) > slack])
    number = np.empty(len(ends), np.intp)
    number[order] = np.cumsum(begins) - 1
    count = int(number.max()) + 1
    starts = np.array([np.median(ends[number == k, 0]) for k in range(count)])
    reach = [float(ends[number == k, 1].min()) for k in range(count)]
    after = np.maximum(np.searchsorted(starts, ends[:, 1] - slack), number + 1)
    return np.stack([number, after], axis=1), starts.tolist(), reach


def _filled(cells: Sequence[Cell], lines: Things, inside: NDArray[np.intp]) -> tuple[Cell, ...]:
    """Each line in the cell that it is in, or nearest to."""
    boxes = np.array([cell.box for cell in cells])
    x, y = ((lines.left + lines.right) / 2)[inside, None], ((lines.top + lines.bottom) / 2)[inside, None]
    off_x = np.maximum(np.maximum(boxes[:, 0] - x, x - boxes[:, 2]), 0)
    off_y = np.maximum(np.maximum(boxes[:, 1] - y, y - boxes[:, 3]), 0)
    overlap = np.minimum(lines.right[inside, None], boxes[:, 2]) - np.maximum(lines.left[inside, None], boxes[:, 0])
    own = (off_x + off_y - 1e-6 * overlap).argmin(axis=1)
    return tuple(replace(cell, lines=tuple(inside[own == k].tolist())) for k, cell in enumerate(cells))

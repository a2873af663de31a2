"""Grids, and boxes of cells -> tables: which cells stand in which row and column, over how many they reach, and which lines are in them.

Where it stands: beneath ``rasm/pages/blocks.py``. Where there are rules, ``rasm/pages/rules.py`` has told the cells. Else they come from
the finder; neighbouring ones nearly touch, and rows and columns are where cells begin. Places of the grid where no cell was found are
empty cells, so every table is a whole grid. Columns are counted in the direction in which the table is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rasm.pages.aligned import Aligned, aligned_tables
from rasm.pages.cuts import KINDS, Floats, Things
from rasm.pages.cuts import SETTINGS as CUT_SETTINGS
from rasm.pages.found import Box, Grid
from rasm.pages.unruled_rows import with_rows

_NONE = np.zeros((0, 3))
_SLACK = 1.2  # gaps between cells may be wider than usual by so much, and by what the settings say


@dataclass(frozen=True)
class TableSettings:
    """Numbers that decide.

    near: by how much further than usual two cells of one table are apart at most, in sizes of type: drawn invoices have 0.6 between two
    tables. same: cells begin in one row or column where they begin within this share of the height or width of the narrowest. filled:
    the least share of a table that its cells cover. within: the least share of the lines in a table's box that are in one cell with most
    of their length. missed: the most lines, by those within, that reach into a table from outside, or are cells beside it. whole,
    all_within: filled and within of boxes that are believed before it is looked how lines stand.

    read: the least share of a grid's cells in which there is a line: a form to be filled in has a sixth. small, most_read: a grid of
    fewer cells has lines in this share of them: of the joints of a diagram half. most_in_one: what holds a greater share of the lines in
    one cell is a frame. next_row: within so many ems a table goes on with its next row.
    """

    near: float = 0.3
    same: float = 0.4
    filled: float = 0.45
    within: float = 0.6
    read: float = 0.1
    whole: float = 0.8
    all_within: float = 0.95
    small: int = 9
    most_read: float = 0.6
    most_in_one: float = 0.6
    missed: float = 0.05
    next_row: float = 3.0


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


def find_tables(
    cells: Floats,
    lines: Things,
    ltr: bool = False,
    grids: Sequence[Grid] = (),
    edges: Floats = _NONE,
    settings: TableSettings = TableSettings(),
) -> list[Table]:
    """cells: (n, 4) left, top, right, bottom, on a level page as ``lines``, ``grids`` and level ``edges``. ltr: the direction of tables
    whose lines do not tell. No line is in two tables."""
    if not len(lines):
        return []
    taken = np.zeros(len(lines), np.bool_)
    tables = []
    for grid in grids:
        others = _inside(lines, [other.box for other in grids if other is not grid])
        if len(grid.cells) < settings.small and _goes_on(lines, ~taken & ~others, grid.box, settings):
            continue  # stripes, of which some are crossed by an edge
        if (table := _ruled(grid, lines, taken, ltr, settings)) is not None:
            tables.append(table)
    whole = replace(settings, filled=settings.whole, within=settings.all_within, missed=0.0)
    tables += _of_boxes(_apart(_outside(cells, tables)), lines, taken, ltr, whole)
    for aligned in aligned_tables(lines, edges, taken):
        tables.append(_of_columns(aligned, lines, ltr))
        taken[aligned.lines] = True
    return tables + _of_boxes(_outside(cells, tables), lines, taken, ltr, settings)


def _inside(lines: Things, boxes: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """Which lines have their middles in one of the boxes."""
    x, y = (lines.left + lines.right) / 2, (lines.top + lines.bottom) / 2
    found = np.zeros(len(lines), np.bool_)
    for left, top, right, bottom in boxes:
        found |= (x > left) & (x < right) & (y > top) & (y < bottom)
    return found


def _outside(boxes: Floats, tables: Sequence[Table]) -> Floats:
    """The boxes whose middles are in none of the tables."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    free = np.ones(len(boxes), np.bool_)
    for left, top, right, bottom in (table.box for table in tables):
        free &= ~((x > left) & (x < right) & (y > top) & (y < bottom))
    return boxes[free]


def _apart(boxes: Floats) -> Floats:
    """All the boxes, or none where some are found in pieces, one on the other."""
    width = np.minimum(boxes[:, None, 2], boxes[:, 2]) - np.maximum(boxes[:, None, 0], boxes[:, 0])
    height = np.minimum(boxes[:, None, 3], boxes[:, 3]) - np.maximum(boxes[:, None, 1], boxes[:, 1])
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    common = np.where((width > 0) & (height > 0), width * height, 0) / np.maximum(np.minimum(area[:, None], area), 1e-6)
    np.fill_diagonal(common, 0)
    return boxes if not len(boxes) or common.max() < 0.1 else boxes[:0]


def _of_boxes(cells: Floats, lines: Things, taken: NDArray[np.bool_], ltr: bool, settings: TableSettings) -> list[Table]:
    """Tables of boxes that nearly touch; their lines are taken then."""
    tables: list[Table] = []
    if len(cells) < 3:
        return tables
    em = float(np.median(lines.size))
    x, y = (lines.left + lines.right) / 2, (lines.top + lines.bottom) / 2
    boxed = _inside(lines, cells.tolist())
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
        if not settings.missed and _goes_on(lines, ~taken & ~boxed, (left, top, right, bottom), settings):
            continue
        grid = _grid(boxes, _runs_ltr(lines, inside, ltr), settings)
        if max(c.row + c.row_span for c in grid) < 2 or max(c.column + c.column_span for c in grid) < 2:
            continue
        filled = _filled(grid, lines, inside)
        if len(inside) > 5 and max(len(cell.lines) for cell in filled) > settings.most_in_one * len(inside):
            continue
        tables.append(Table((float(left), float(top), float(right), float(bottom)), filled))
        taken[inside] = True
    return tables


def _ruled(grid: Grid, lines: Things, taken: NDArray[np.bool_], ltr: bool, settings: TableSettings) -> Table | None:
    """A grid as a table, whose lines are taken then; None where it is none: lines run over its borders, or few of its cells have any."""
    x, y = (lines.left + lines.right) / 2, (lines.top + lines.bottom) / 2
    left, top, right, bottom = grid.box
    inside = np.flatnonzero((x > left) & (x < right) & (y > top) & (y < bottom) & ~taken)
    if len(inside) < 2 or _share_within(np.array([cell.box for cell in grid.cells]), lines, inside) < settings.within:
        return None
    runs_ltr = _runs_ltr(lines, inside, ltr)
    columns = max(cell.column + cell.column_span for cell in grid.cells)
    cells = [
        Cell(c.row, c.column if runs_ltr else columns - c.column - c.column_span, c.row_span, c.column_span, c.box) for c in grid.cells
    ]
    filled = _filled(sorted(cells, key=lambda cell: (cell.row, cell.column)), lines, inside)
    filled = tuple(part for cell in filled for part in _in_columns(cell, filled, lines))
    read = sum(bool(cell.lines) for cell in filled)
    if len(inside) > 5 and max(len(cell.lines) for cell in filled) > settings.most_in_one * len(inside):
        return None
    if read < settings.read * len(filled) or (len(filled) < settings.small and read < settings.most_read * len(filled)):
        return None
    taken[inside] = True
    return Table(grid.box, tuple(with_rows(filled, lines)))


def _in_columns(cell: Cell, cells: Sequence[Cell], lines: Things) -> list[Cell]:
    """A cell over several columns whose lines stand side by side, each in columns of its own: in a head of one colour with its rules these
    are not seen. ``cells``: all of the table's."""
    if cell.column_span < 2 or len(cell.lines) < 2:
        return [cell]
    spans = {other.column: (other.box[0], other.box[2]) for other in cells if other.column_span == 1}
    columns = range(cell.column, cell.column + cell.column_span)
    if not all(column in spans for column in columns):
        return [cell]
    own: dict[int, list[int]] = {column: [] for column in columns}
    for line in cell.lines:
        x = (lines.left[line] + lines.right[line]) / 2
        column = min(columns, key=lambda column: abs(spans[column][0] + spans[column][1] - 2 * x))
        slack = lines.size[line]
        if lines.left[line] < spans[column][0] - slack or lines.right[line] > spans[column][1] + slack:
            return [cell]
        own[column].append(line)
    if sum(bool(held) for held in own.values()) < 2:
        return [cell]
    _, top, _, bottom = cell.box
    return [
        Cell(cell.row, column, cell.row_span, 1, (spans[column][0], top, spans[column][1], bottom), tuple(own[column]))
        for column in columns
    ]


def _of_columns(aligned: Aligned, lines: Things, ltr: bool) -> Table:
    runs_ltr = _runs_ltr(lines, aligned.lines, ltr)
    across, down = aligned.across, aligned.down
    width = len(across) - 1
    columns = aligned.columns if runs_ltr else width - aligned.columns[:, ::-1]
    spans: dict[tuple[int, int], list[int]] = {}  # rows and columns over which the cell that begins here reaches, and its lines
    for line, (r, r1), (c, c1) in zip(aligned.lines.tolist(), aligned.rows.tolist(), columns.tolist(), strict=True):
        cell = spans.setdefault((r, c), [1, 1])
        cell[:2] = max(cell[0], r1 - r), max(cell[1], c1 - c)
        cell.append(line)
    owner: set[tuple[int, int]] = set()
    cells = []

    def add(r: int, c: int, h: int, w: int, own: Sequence[int]) -> None:
        left, right = (across[c], across[c + w]) if runs_ltr else (across[width - c - w], across[width - c])
        cells.append(Cell(r, c, h, w, (left, down[r], right, down[r + h]), tuple(own)))
        owner.update((i, j) for i in range(r, r + h) for j in range(c, c + w))

    for (r, c), (h, w, *own) in sorted(spans.items()):
        others = {(i, j) for i in range(r, r + h) for j in range(c, c + w)} - {(r, c)}
        if others & (owner | spans.keys()):
            h = w = 1
        if (r, c) in owner:  # beneath a cell over several: it is one of that one's
            k = next(k for k, o in enumerate(cells) if o.row <= r < o.row + o.row_span and o.column <= c < o.column + o.column_span)
            cells[k] = replace(cells[k], lines=(*cells[k].lines, *own))
            continue
        add(r, c, h, w, own)
    for r in range(len(down) - 1):
        for c in range(width):
            if (r, c) not in owner:
                add(r, c, 1, 1, ())
    return Table((across[0], down[0], across[-1], down[-1]), tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))))


def _runs_ltr(lines: Things, which: NDArray[np.intp], otherwise: bool) -> bool:
    """Whether columns are read from the left: where nearly all of the lines that tell run so, as in any part of a page. ``otherwise``:
    whether the page is read so, which tables in two languages and tables of bare figures follow."""
    telling = which[lines.ltr[which] != 0.5]
    if not len(telling):
        return otherwise
    share = float(np.average(lines.ltr[telling], weights=np.maximum(lines.right[telling] - lines.left[telling], 1e-6)))
    return share > CUT_SETTINGS.all_latin or (otherwise and share > 1 - CUT_SETTINGS.all_latin)


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


def _goes_on(lines: Things, free: NDArray[np.bool_], box: Box, settings: TableSettings) -> bool:
    """Whether there is another row of lines within the table's width, above it or beneath."""
    left, top, right, bottom = box
    y, em = (lines.top + lines.bottom) / 2, float(np.median(lines.size))
    within = free & (lines.left > left - em) & (lines.right < right + em)
    reach = settings.next_row * em
    for near in (within & (y < top) & (y > top - reach), within & (y > bottom) & (y < bottom + reach)):
        for k in np.flatnonzero(near):
            row = near & (np.abs(y - y[k]) < em / 3)
            if row.sum() > 1 and lines.left[row].max() > lines.right[row].min():
                return True
    return False


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

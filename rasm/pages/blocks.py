"""Lines as they were found and read -> blocks in reading order: paragraphs, headings, tables, notes.

Where it stands: ``rasm/pages/reader.py`` calls ``arrange`` once the lines are read, since which way a line runs is only known then;
``rasm/pages/text_layer.py`` calls ``arrange_boxes`` for what a PDF says by itself. ``rasm/pages/cuts.py`` orders,
``rasm/pages/ends.py`` tells where blocks end, ``rasm/pages/tables.py`` makes tables of cells.

A page that is a little askew is set level first, by the slopes of its own lines. Every line is in exactly one block, and every block has
lines.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from rasm import document
from rasm.document import Line, Region
from rasm.pages.cuts import KINDS, SETTINGS, Between, Floats, Scorer, Things, default_scorer, join_things, median, reading_order
from rasm.pages.ends import end_features
from rasm.pages.found import Box, FoundPage, Grid
from rasm.pages.levels import head_rows, heading_level, list_levels
from rasm.pages.slant import slope_of
from rasm.pages.tables import Cell, Table, find_tables

Direction = Literal["rtl", "ltr"]
BlockKind = Literal[
    "paragraph", "heading", "list-item", "caption", "header", "footer", "page-number", "footnote", "marginalia", "verse", "table", "other"
]
_AS: dict[str, BlockKind] = {"field": "paragraph", "cell": "paragraph", "label": "other"}  # what the finder knows besides


@dataclass(frozen=True)
class BlockSettings:
    """Numbers that decide; ems are sizes of type.

    row: lines whose middles are less than so many ems apart stand in one row. verse_pitch, row_pitch: verses, and rows of several
    lines, are one block where they are less than so many ems apart. aligned: and where their ends are. large: the least size of a heading
    that the finder takes for prose, by the page's usual size; tall: the most lines it has. other_size: lines of one block
    differ in size by less than this: the finder is right to a tenth. beside: so many lines on each side of a picture are columns.
    number: the greatest width of a page's number, in ems.
    """

    row: float = 0.4
    verse_pitch: float = 4.5
    row_pitch: float = 3.2
    aligned: float = 2.5
    large: float = 1.5
    tall: int = 3
    other_size: float = 1.3
    beside: int = 2
    number: float = 9.0


_BLOCKS = BlockSettings()


@dataclass(frozen=True)
class Block:
    """lines: numbers of lines, in reading order. cells: of a table, row by row, all of them, empty ones too; their ``lines`` are numbers of
    lines as the block's are, and their boxes are on the page as it was given, so of a page askew they are about right. level: of a
    heading or a list item, as documents have it."""

    kind: BlockKind
    lines: list[int]
    cells: list[Cell] = field(default_factory=list)
    level: int | None = None


def direction_of(text: str) -> Direction | None:
    """Which way most letters of a line run; None where it has none, as a number."""
    kinds = Counter(unicodedata.bidirectional(c) for c in text)
    rtl, ltr = kinds["AL"] + kinds["R"], kinds["L"]
    return None if rtl == ltr == 0 else "ltr" if ltr > rtl else "rtl"


def arrange(found: FoundPage, directions: Sequence[Direction | None], scorer: Scorer | None = None) -> list[Block]:
    """directions: of each line of ``found``; None where what it says has no letters."""
    things, between = things_of(found, directions)
    slope = slope_of(found.lines)
    tables = find_tables(
        _levelled(found.cells, slope), things, _is_ltr(things), [_level_grid(grid, slope) for grid in found.grids], found.edges
    )
    return _blocks(things, between, tables, scorer or default_scorer(), slope)


def arrange_boxes(boxes: Floats, sizes: Floats, directions: Sequence[Direction | None], scorer: Scorer | None = None) -> list[Block]:
    """Of lines of which no more is known than their boxes, (n, 4) left, top, right, bottom, and the sizes of their type, in pixels."""
    n = len(boxes)
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    unknown = np.full(n, 0.5)
    things = Things(
        boxes[:, 0], middle - SETTINGS.body * sizes, boxes[:, 2], middle + SETTINGS.body * sizes, sizes, np.zeros(n, np.intp),
        _as_numbers(directions), unknown, unknown,
    )  # fmt: skip
    nothing = np.zeros((0, 4))
    return _blocks(things, Between(nothing, nothing), [], scorer or default_scorer(), 0.0)


def things_of(found: FoundPage, directions: Sequence[Direction | None]) -> tuple[Things, Between]:
    """The lines of a page, set level, and what stands between them."""
    slope = slope_of(found.lines)
    n = len(found.lines)
    ends = np.array([(line.middle[0, 0], line.middle[-1, 0], *line.middle.mean(axis=0)) for line in found.lines], np.float64).reshape(n, 4)
    size = np.array([line.size_px for line in found.lines], np.float64)
    half = (ends[:, 1] - ends[:, 0]) / 2
    x, y = ends[:, 2] + slope * ends[:, 3], ends[:, 3] - slope * ends[:, 2]
    things = Things(
        x - half, y - SETTINGS.body * size, x + half, y + SETTINGS.body * size, size,
        np.array([KINDS.index(line.kind) if line.kind in KINDS else 0 for line in found.lines], np.intp),
        _as_numbers(directions),
        np.array([line.first for line in found.lines], np.float64), np.array([line.last for line in found.lines], np.float64),
    )  # fmt: skip
    pictures = _levelled(found.pictures, slope)
    gutters = np.concatenate([_levelled(found.gutters, slope), pictures[[_parts_columns(box, things) for box in pictures]]])
    middle = np.column_stack([things.left + things.right, things.top + things.bottom]) / 2
    empty = [not ((middle > box[:2]) & (middle < box[2:])).all(axis=1).any() for box in pictures]
    return things, Between(gutters, _levelled(found.rules, slope), pictures[empty])


def _parts_columns(picture: Floats, things: Things) -> bool:
    """Whether lines stand on both sides of a picture, several a side: the emblem of a letterhead parts what stands beside it."""
    left, top, right, bottom = picture
    middle = (things.top + things.bottom) / 2
    beside = (middle > top) & (middle < bottom)
    before, after = beside & (things.right < left), beside & (things.left > right)
    return bool(min(before.sum(), after.sum()) >= _BLOCKS.beside and not (beside & ~before & ~after).any())


def _levelled(boxes: Sequence[Box], slope: float) -> Floats:
    found = np.array(boxes, np.float64).reshape(-1, 4)
    x, y = (found[:, 0] + found[:, 2]) / 2, (found[:, 1] + found[:, 3]) / 2
    return found + np.column_stack([slope * y, -slope * x, slope * y, -slope * x])


def _level_grid(grid: Grid, slope: float) -> Grid:
    boxes = _levelled([grid.box, *(cell.box for cell in grid.cells)], slope).tolist()
    (whole, *cells) = [(left, top, right, bottom) for left, top, right, bottom in boxes]
    return Grid(whole, tuple(replace(cell, box=box) for cell, box in zip(grid.cells, cells, strict=True)))


def as_region(block: Block, lines: Mapping[int, Line], moved: Callable[[Sequence[Box]], list[Box]]) -> Region | None:
    """A block as documents have it. lines: of those of its lines that were read, by their numbers; None where none was.
    moved: the boxes of cells, from the page on which lines were found to the page as it was given."""
    read = [i for i in block.lines if i in lines]
    if not read:
        return None
    found = [lines[i] for i in read]
    boxes = moved([cell.box for cell in block.cells]) if block.cells else []
    number = {i: k for k, i in enumerate(read)}
    cells = [
        document.Cell(cell.row, cell.column, cell.row_span, cell.column_span, box, [number[i] for i in cell.lines if i in number])
        for cell, box in zip(block.cells, boxes, strict=True)
    ]
    left, top, right, bottom = zip(*[line.box for line in found], *boxes, strict=True)
    head = head_rows(cells, [" ".join(found[k].text for k in cell.lines) for cell in cells]) if cells else 0
    return Region(block.kind, (min(left), min(top), max(right), max(bottom)), found, cells, block.level, head)


def _as_numbers(directions: Sequence[Direction | None]) -> Floats:
    return np.array([0.5 if direction is None else float(direction == "ltr") for direction in directions], np.float64)


def _is_ltr(things: Things) -> bool:
    widths = things.right - things.left
    return len(things) > 0 and float(np.average(things.ltr, weights=np.maximum(widths, 1e-6))) > 0.5


def with_tables(things: Things, tables: Sequence[Table]) -> tuple[Things, list[list[int]]]:
    """Things with each table as one of them, after the lines that are in none; and of each, the numbers of its lines, as they are."""
    inside = {line for table in tables for line in table.lines}
    single = [i for i in range(len(things)) if i not in inside]
    members = [[i] for i in single] + [table.lines for table in tables]
    if not tables:
        return things, members
    rows = []
    for table in tables:
        of = things.of(np.array(table.lines))
        left, top, right, bottom = table.box
        rows.append((left, top, right, bottom, float(np.median(of.size)), KINDS.index("table"), float(of.ltr.mean()), 1.0, 1.0))
    return join_things(things.of(np.array(single, np.intp)), np.array(rows)), members


def _blocks(things: Things, between: Between, tables: Sequence[Table], scorer: Scorer, slope: float) -> list[Block]:
    if not len(things):
        return []
    whole, members = with_tables(things, tables)
    order = reading_order(whole, between, scorer)
    lone = len(whole) - len(tables)
    ends = scorer("end", end_features(whole, between, order)) > 0.5
    groups: list[list[int]] = []
    for k, i in enumerate(order):
        if k and i < lone and order[k - 1] < lone and not _parts(whole, order[k - 1], i, bool(ends[k - 1])):
            groups[-1].append(i)
        else:
            groups.append([i])
    size = _usual_size(things)
    blocks: list[Block] = []
    for group in _rows_joined(groups, whole, lone):
        if group[0] >= lone:
            blocks.append(_table_block(tables[group[0] - lone], things, between, scorer, slope))
        else:
            kind = _kind(whole, group, size)
            level = heading_level(median(whole.size[list(group)]), size) if kind == "heading" else None
            blocks.append(Block(kind, [line for i in group for line in members[i]], level=level))
    return _nested(blocks, things)


def _nested(blocks: Sequence[Block], things: Things) -> list[Block]:
    """The blocks, with the levels of list items."""
    found: list[Block] = []
    for is_list, group in itertools.groupby(blocks, key=lambda block: block.kind == "list-item"):
        together = list(group)
        if is_list:
            firsts = np.array([block.lines[0] for block in together], np.intp)
            indents = np.where(things.ltr[firsts] > 0.5, things.left[firsts], -things.right[firsts])
            levels = list_levels(indents.tolist(), things.size[firsts].tolist())
            together = [replace(block, level=level) for block, level in zip(together, levels, strict=True)]
        found += together
    return found


def _in_row(things: Things, a: int, b: int) -> bool:
    """Whether two lines stand side by side in one row."""
    apart = abs(things.top[a] + things.bottom[a] - things.top[b] - things.bottom[b]) / 2
    beside = min(things.right[a], things.right[b]) - max(things.left[a], things.left[b])
    em = min(things.size[a], things.size[b])
    return bool(apart < _BLOCKS.row * em and beside < SETTINGS.slack * em)


def _parts(things: Things, a: int, b: int, ends: bool) -> bool:
    """Whether a block ends between two lines of which the second is read right after the first."""
    kinds = {KINDS[things.kind[a]], KINDS[things.kind[b]]}
    if _in_row(things, a, b):
        return bool(kinds & {"heading", "page-number", "marginalia"}) and kinds != {"heading", "label"}
    if kinds == {"verse"}:
        step = (things.top[b] + things.bottom[b] - things.top[a] - things.bottom[a]) / 2
        return not -_BLOCKS.row * things.size[a] < step < _BLOCKS.verse_pitch * things.size[a]
    return ends or max(things.size[a], things.size[b]) > _BLOCKS.other_size * min(things.size[a], things.size[b])


def _rows_joined(groups: Sequence[Sequence[int]], things: Things, lone: int) -> list[list[int]]:
    """Neighbouring blocks that are each a row of several lines, as of labels and values or titles and numbers, as one."""
    found: list[list[int]] = []
    last: list[int] = []  # the row that may go on
    for group in groups:
        row = list(group) if len(group) > 1 and group[0] < lone and all(_in_row(things, a, b) for a, b in itertools.pairwise(group)) else []
        if row and last and _goes_on(things, last, row):
            found[-1] += row
        else:
            found.append(list(group))
        last = row
    return found


def _goes_on(things: Things, above: Sequence[int], below: Sequence[int]) -> bool:
    em = median(things.size[list(above)])
    step = float(things.top[list(below)].mean() - things.top[list(above)].mean())
    sides = [abs(float(end(getattr(things, name)[list(above)]) - end(getattr(things, name)[list(below)]))) for name, end in _SIDES]
    return 0 < step < _BLOCKS.row_pitch * em and min(sides) < _BLOCKS.aligned * em and len(above) == len(below)


_SIDES = (("left", np.min), ("right", np.max))


def _usual_size(things: Things) -> float:
    """Of the type that most of a page's text is in."""
    order = np.argsort(things.size)
    weights = np.cumsum(((things.right - things.left) / things.size)[order])
    return float(things.size[order][np.searchsorted(weights, weights[-1] / 2)])


def _kind(things: Things, group: Sequence[int], size: float) -> BlockKind:
    """What most of a block's text is taken for, and what its size and place say against it."""
    votes: dict[str, float] = defaultdict(float)
    for i in group:
        votes[KINDS[things.kind[i]]] += float(things.right[i] - things.left[i]) / float(things.size[i])
    kind = max(votes, key=lambda name: votes[name])
    left, right, top = things.left[list(group)].min(), things.right[list(group)].max(), things.top[list(group)].min()
    own = median(things.size[list(group)])
    if kind == "page-number" and right - left > _BLOCKS.number * own:
        kind = "header"
    if kind == "header" and top > (things.top.min() + things.bottom.max()) / 2:
        return "footer"
    if kind == "label" and "field" in votes:
        return "paragraph"
    if kind == "paragraph" and own > _BLOCKS.large * size and len(group) <= _BLOCKS.tall:
        return "heading"
    return _AS.get(kind, kind)  # type: ignore[return-value,arg-type]


def _table_block(table: Table, things: Things, between: Between, scorer: Scorer, slope: float) -> Block:
    cells = []
    for cell in table.cells:
        lines = np.array(cell.lines, np.intp)
        order = reading_order(things.of(lines), between, scorer)
        (box,) = _askew([cell.box], slope)
        cells.append(replace(cell, box=box, lines=tuple(lines[order].tolist())))
    return Block("table", [line for cell in cells for line in cell.lines], cells)


def _askew(boxes: Sequence[Box], slope: float) -> list[Box]:
    """The reverse of ``_levelled``."""
    found = []
    for left, top, right, bottom in boxes:
        u, v = (left + right) / 2, (top + bottom) / 2
        x, y = (u - slope * v) / (1 + slope * slope), (v + slope * u) / (1 + slope * slope)
        found.append((left + x - u, top + y - v, right + x - u, bottom + y - v))
    return found

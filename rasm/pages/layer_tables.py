"""A page's own text, and its picture -> the same page with the tables that rules part on the picture.

Where it stands: beside ``rasm/pages/text_layer.py``; ``rasm/pages/reader.py`` calls it where a PDF's text is taken. A text layer says
where letters are, and nothing of tables. The picture is drawn only where lines stand side by side in several rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from rasm.document import Box, Cell, Line, Page, Region, Word
from rasm.image import Pixels
from rasm.pages.blocks import direction_of
from rasm.pages.cuts import SETTINGS, Floats, Things
from rasm.pages.found import Grid
from rasm.pages.levels import head_rows
from rasm.pages.rules import find_edges, grids_of
from rasm.pages.tables import Table, find_tables

_TYPE = 0.6  # the size of type, in heights of a line's box, which has room for all that a font reaches
_ROWS = 2  # so many rows of lines side by side, or of wide gaps, a table has at least
_GAP = 1.5  # in sizes of type: between words of two cells that are stored as one line


def with_tables(page: Page, picture: Callable[[], Pixels]) -> Page:
    """``picture``: the page's, as large as ``page`` says or smaller; asked for where there may be a table. Raises what it raises."""
    lines = page.lines
    if not _may_have_tables(lines):
        return page
    pixels = picture()
    scale = np.array([page.width_px / pixels.shape[1], page.height_px / pixels.shape[0]])
    size_px = float(np.median([line.box[3] - line.box[1] for line in lines])) * _TYPE
    edges = [kind * factor for kind, factor in zip(find_edges(pixels, np.eye(3)[:2], size_px / scale[0]), _factors(scale), strict=True)]
    grids = grids_of(edges[0], edges[1], size_px)
    if not grids:
        return page
    parts = [_parts(line, grids) for line in lines]
    pieces = [piece for part in parts for piece in part]
    tables = find_tables(np.zeros((0, 4)), _things(pieces), grids=grids)
    if not tables:
        return page
    return replace(page, regions=_placed(page.regions, {id(line): part for line, part in zip(lines, parts, strict=True)}, pieces, tables))


def _factors(scale: Floats) -> list[Floats]:
    """From the picture's pixels to the page's, of level and of upright edges: across, along, along."""
    return [scale[[1, 0, 0]], scale[[0, 1, 1]]]


def _may_have_tables(lines: Sequence[Line]) -> bool:
    """Whether lines, or words with wide gaps between, stand side by side in several rows."""
    if len(lines) < 3:
        return False
    rows = 0
    ordered = sorted(lines, key=lambda line: line.box[1] + line.box[3])
    for above, below in pairwise(ordered):
        level = abs(above.box[1] + above.box[3] - below.box[1] - below.box[3]) / 2 < 0.3 * (above.box[3] - above.box[1])
        rows += level and (above.box[2] <= below.box[0] or below.box[2] <= above.box[0])
    for line in lines:
        spans = sorted((word.box[0], word.box[2]) for word in line.words)
        size = _TYPE * (line.box[3] - line.box[1])
        rows += any(b[0] - a[1] > _GAP * size for a, b in pairwise(spans))
    return rows >= _ROWS


def _parts(line: Line, grids: Sequence[Grid]) -> list[Line]:
    """A line whose words are in several cells of a grid, as several."""

    def cell_of(word: Word) -> tuple[int, int] | None:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        for g, grid in enumerate(grids):
            for k, cell in enumerate(grid.cells):
                if cell.box[0] < x < cell.box[2] and cell.box[1] < y < cell.box[3]:
                    return g, k
        return None

    groups: dict[tuple[int, int] | None, list[Word]] = {}
    for word in line.words:
        groups.setdefault(cell_of(word), []).append(word)
    if len(groups) < 2:
        return [line]
    parts = []
    for words in groups.values():
        box = _union([word.box for word in words])
        baseline = [(min(max(x, box[0]), box[2]), y) for x, y in line.baseline]
        parts.append(replace(line, text=" ".join(word.text for word in words), box=box, words=words, baseline=baseline))
    return parts


def _things(lines: Sequence[Line]) -> Things:
    boxes = np.array([line.box for line in lines], np.float64)
    size = np.maximum(1.0, _TYPE * (boxes[:, 3] - boxes[:, 1]))
    middle, unknown = (boxes[:, 1] + boxes[:, 3]) / 2, np.full(len(lines), 0.5)
    ways = [direction_of(line.text) for line in lines]
    ltr = np.array([0.5 if way is None else float(way == "ltr") for way in ways])
    reach = SETTINGS.body * size
    return Things(boxes[:, 0], middle - reach, boxes[:, 2], middle + reach, size, np.zeros(len(lines), np.intp), ltr, unknown, unknown)


def _placed(regions: Sequence[Region], parts: dict[int, list[Line]], pieces: Sequence[Line], tables: Sequence[Table]) -> list[Region]:
    """The regions without the lines of tables, and each table where the first of its lines was."""
    table_of = {id(pieces[k]): t for t, table in enumerate(tables) for k in table.lines}
    found: list[Region] = []
    there: set[int] = set()
    for region in regions:
        own = [piece for line in region.lines for piece in parts[id(line)]]
        for t in dict.fromkeys(table_of[id(piece)] for piece in own if id(piece) in table_of):
            if t not in there:
                there.add(t)
                found.append(_region(tables[t], pieces))
        if rest := [piece for piece in own if id(piece) not in table_of]:
            found.append(replace(region, lines=rest, box=_union([line.box for line in rest])) if len(rest) < len(own) else region)
    return found


def _region(table: Table, pieces: Sequence[Line]) -> Region:
    lines: list[Line] = []
    cells: list[Cell] = []
    texts: list[str] = []
    for cell in table.cells:
        own = sorted((pieces[k] for k in cell.lines), key=lambda line: line.box[1] + line.box[3])
        cells.append(Cell(cell.row, cell.column, cell.row_span, cell.column_span, cell.box, [*range(len(lines), len(lines) + len(own))]))
        texts.append(" ".join(line.text for line in own))
        lines += own
    return Region("table", _union([table.box, *(line.box for line in lines)]), lines, cells, head_rows=head_rows(cells, texts))


def _union(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)

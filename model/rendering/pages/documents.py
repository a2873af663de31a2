"""Labels -> ``rasm.document.Page``, as if the page had been read without an error: for ALTO and PAGE XML, and for comparing.

Where it stands: after ``labels``; ``rasm.formats`` writes the rest. What documents cannot say is left out: levels of headings, gutters,
directions. ``NAME.json`` has it.
"""

from __future__ import annotations

from itertools import groupby

from model.rendering.pages.labels import BlockKind, Box, LineLabel, PageLabels
from rasm.document import Cell, Line, Page, Region, RegionKind, Word

_REGIONS: dict[BlockKind, RegionKind] = {
    "paragraph": "paragraph",
    "heading": "heading",
    "list-item": "list-item",
    "cell": "table",
    "caption": "caption",
    "footnote": "footnote",
    "header": "header",
    "footer": "footer",
    "page-number": "page-number",
    "marginalia": "marginalia",
    "verse": "verse",
    "field": "other",
    "check-box": "other",
    "label": "other",
    "mark": "other",
}


def page_of(labels: PageLabels, number: int = 1) -> Page:
    """The page with its lines in order, without what is ignored. Confidences are 1."""
    read = [line for line in labels.lines if not line.ignored]
    regions = []
    for (block, table), group in groupby(read, key=lambda line: _place(labels, line)):
        known = list(group)
        lines = [_line(line) for line in known]
        kind = _REGIONS[labels.blocks[block].kind] if table is None else "table"
        cells = [] if table is None else _cells(labels, table, known)
        regions.append(Region(kind, _around([line.box for line in lines] if table is None else [labels.tables[table].box]), lines, cells))
    return Page(number, labels.width_px, labels.height_px, regions)


def _place(labels: PageLabels, line: LineLabel) -> tuple[int, int | None]:
    """The number of its block, and of its table; all cells of one have the same."""
    table = labels.blocks[line.block].table
    return (line.block, None) if table is None else (-1, table)


def _cells(labels: PageLabels, table: int, lines: list[LineLabel]) -> list[Cell]:
    found = []
    for number, block in enumerate(labels.blocks):
        if block.table == table and block.row is not None and block.column is not None:
            own = [k for k, line in enumerate(lines) if line.block == number]
            found.append(Cell(block.row, block.column, block.row_span, block.column_span, block.box, own))
    return sorted(found, key=lambda cell: (cell.row, cell.column))


def _line(line: LineLabel) -> Line:
    left, top, right, bottom = line.box
    # a word's box as high as its line's ink, as where a reader's lines are cut into words
    words = [Word(w.text, 1.0, (max(left, w.box[0]), top, min(right, w.box[2]), bottom)) for w in line.words]
    return Line(line.text, 1.0, line.box, list(line.baseline), words)


def _around(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)

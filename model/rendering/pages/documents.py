"""Labels -> ``rasm.document.Page``, as if the page had been read without an error: for ALTO and PAGE XML, and for comparing.

Where it stands: after ``labels``; ``rasm.formats`` writes the rest. What documents cannot say is left out: tables' rows, levels of
headings, gutters, directions. ``NAME.json`` has it.
"""

from __future__ import annotations

from itertools import groupby

from model.rendering.pages.labels import BlockKind, Box, LineLabel, PageLabels
from rasm.document import Line, Page, Region, RegionKind, Word

_REGIONS: dict[BlockKind, RegionKind] = {
    "paragraph": "paragraph",
    "heading": "heading",
    "list-item": "paragraph",
    "cell": "paragraph",
    "caption": "other",
    "footnote": "footnote",
    "header": "header",
    "footer": "footer",
    "page-number": "page-number",
    "marginalia": "marginalia",
    "verse": "paragraph",
    "field": "other",
    "check-box": "other",
    "label": "other",
    "mark": "other",
}


def page_of(labels: PageLabels, number: int = 1) -> Page:
    """The page with its lines in order, without what is ignored. Confidences are 1."""
    read = [line for line in labels.lines if not line.ignored]
    regions = []
    for block, group in groupby(read, key=lambda line: line.block):
        lines = [_line(line) for line in group]
        regions.append(Region(_REGIONS[labels.blocks[block].kind], _around([line.box for line in lines]), lines))
    return Page(number, labels.width_px, labels.height_px, regions)


def _line(line: LineLabel) -> Line:
    left, top, right, bottom = line.box
    # a word's box as high as its line's ink, as where a reader's lines are cut into words
    words = [Word(w.text, 1.0, (max(left, w.box[0]), top, min(right, w.box[2]), bottom)) for w in line.words]
    return Line(line.text, 1.0, line.box, list(line.baseline), words)


def _around(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)

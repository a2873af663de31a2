"""Rows of lines as they were found -> lines in reading order, each with the number of its region.

Where it stands: between ``rasm/pages/segment.py``, which finds the rows, and ``rasm/pages/crops.py``, which cuts the lines out. The rules
are those of ``rasm/pages/layout.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rasm.pages import layout
from rasm.pages.flatten import FlatPage, Matrix
from rasm.pages.segment import Boxes, FoundLines, LineShape, bodies


@dataclass(frozen=True)
class PageLines:
    """The lines of a page in reading order, and what is needed to cut them out of it; see ``FoundLines``."""

    lines: list[LineShape]
    flat: FlatPage
    labels: NDArray[np.int32] = field(repr=False)
    size_px: float
    rules: Boxes

    @property
    def to_page(self) -> Matrix:
        return self.flat.to_page


def in_reading_order(found: FoundLines) -> PageLines:
    """The same lines, ordered and in regions."""
    rows, size = found.rows, found.size_px
    lines: list[LineShape] = []
    if rows:
        boxes = bodies(rows, size)
        sizes = np.array([float(np.median([line.size_px for line in row])) for row in rows])
        order = layout.reading_order(boxes, size)
        regions = layout.split_regions(boxes, sizes, order, found.rules, size)
        lines = [replace(line, region=region) for i, region in zip(order, regions, strict=True) for line in rows[i]]
    return PageLines(lines, found.flat, found.labels, size, found.rules)

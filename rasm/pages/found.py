"""What a finder finds on a page: lines with their outlines, and the areas between them.

Where it stands: ``rasm/pages/finder.py`` makes it, and all that is done with a page's lines before they are text goes on from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class TextLine:
    """A line, in pixels of the levelled page. baseline, middle: (n, 2) points from left to right, of the baseline and of the middle of
    the letters. above_px, below_px: how far its ink reaches from the middle. size_px: of its type. kind: of the block it is in, as the
    network thinks.
    first, last: the chances that it begins, or ends, its block. confidence: the mean chance that its core is one.
    """

    middle: Points = field(repr=False)
    baseline: Points = field(repr=False)
    above_px: float
    below_px: float
    size_px: float
    kind: str
    first: float
    last: float
    confidence: float

    @property
    def polygon(self) -> Points:
        """Around its ink: (2 n, 2), from the upper left, clockwise."""
        return band(self.middle, self.above_px, self.below_px)

    @property
    def box(self) -> Box:
        (left, top), (right, bottom) = self.polygon.min(axis=0), self.polygon.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True)
class GridCell:
    """row, column: from 0, from above and from the left. box: on the level page."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box


@dataclass(frozen=True)
class Grid:
    """Cells that rules part, and that together fill ``box``."""

    box: Box
    cells: tuple[GridCell, ...]


@dataclass(frozen=True)
class FoundPage:
    """What is on a page, in pixels of the level page. lines: in no order. gutters, rules, pictures, cells, check_boxes: boxes. turn: by how
    many quarters, clockwise, the page seems to be turned. skew_degrees: by how much its lines fall to the right. to_page: (2, 3), from
    (x, y) of the level page to the page's. by_colour: whether some of its ink differs from the paper in colour alone. grids, edges: what
    ``rasm/pages/rules.py`` adds; edges are level ones, (n, 3): y, and from where to where in x."""

    lines: list[TextLine]
    gutters: list[Box]
    rules: list[Box]
    pictures: list[Box]
    cells: list[Box]
    check_boxes: list[Box]
    turn: int
    skew_degrees: float = 0.0
    to_page: Matrix = field(default_factory=lambda: np.eye(3)[:2], repr=False)
    by_colour: bool = False
    grids: tuple[Grid, ...] = ()
    edges: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)), repr=False)


def moved(matrix: Matrix, points: Points) -> Points:
    """(n, 2) points, moved by a (2, 3) matrix, or by a (3, 3) one with perspective."""
    found = points @ matrix[:2, :2].T + matrix[:2, 2]
    if len(matrix) == 3:
        found = found / (points @ matrix[2, :2] + matrix[2, 2])[:, None]
    return np.asarray(found, np.float64)


def band(middle: Points, above: float, below: float) -> Points:
    """Around points from left to right: (2 n, 2)."""
    return np.concatenate([middle - np.array([0, above]), middle[::-1] + np.array([0, below])])

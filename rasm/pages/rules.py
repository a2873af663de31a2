"""A page's pixels -> grids of cells that rules or the edges of coloured fields part.

Where it stands: after ``rasm/pages/finder.py``, whose lines tell how large the type is, and before ``rasm/pages/tables.py``. A network sees
cells as well as it has seen tables; a rule is where it is, to the pixel.

1. An edge is where a page grows lighter, or darker, from one row of pixels to the next, over a length that no letter has; upright ones
   likewise. A rule has two edges, one at each side; a coloured field has one, and so has a rule around it.
2. Edges that touch belong to one grid. Where its rows and columns begin is where they are.
3. Neighbouring places of the grid between which there is no edge are one cell.

Source: the "lattice" way of Camelot and img2table, which look for rules alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels, to_grey

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class RuleSettings:
    """Numbers that decide; ems are sizes of type, the median of the page's.

    side_px: the longer side of the picture in which edges are looked for: a hairline of one pixel in 300 dots an inch still differs there.
    levels: by how many grey levels, of 255, the two sides of an edge differ at least. long: how long it is at least, in ems: longer than
    letters, shorter than the narrowest column. gap_px: a hole in an edge, of specks or of a rule of dots, that is closed. touch: edges
    that are no further apart meet, in ems. same: and edges of one rule are no further apart. covered: the least share of a place's side
    along which there is an edge between it and the next. frame: a grid of which one cell has a greater share is a frame around text. most_px:
    a page has at most so many edges worth looking at: a texture has more.
    """

    side_px: int = 2000
    levels: int = 14
    long: float = 1.6
    gap_px: int = 3
    touch: float = 0.3
    same: float = 0.4
    covered: float = 0.55
    frame: float = 0.8
    most: int = 3000


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
    """Cells that together fill ``box``."""

    box: Box
    cells: tuple[GridCell, ...]


def find_grids(page: Pixels, to_page: Floats, size_px: float, settings: RuleSettings = RuleSettings()) -> list[Grid]:
    """Grids of at least two rows and two columns, the largest first; none overlaps another.

    ``page``: uint8 (height, width[, channels]). ``to_page``: (2, 3), from the level page to it. ``size_px``: of the page's type.
    """
    edges = find_edges(page, to_page, size_px, settings)
    if edges is None:
        return []
    grids: list[Grid] = []
    for level, upright in _touching(*edges, settings.touch * size_px):
        grid = _grid(level, upright, size_px, settings)
        if grid is not None and not any(_overlap(grid.box, other.box) for other in grids):
            grids.append(grid)
    return grids


def find_edges(page: Pixels, to_page: Floats, size_px: float, settings: RuleSettings = RuleSettings()) -> tuple[Floats, Floats] | None:
    """Level and upright edges, each (n, 3): where across, and from where to where along, in pixels of the level page. None where there are
    too few for a grid, or more than a page has."""
    grey = to_grey(page)
    scale = min(1.0, settings.side_px / max(grey.shape))
    size = max(4, round(grey.shape[1] * scale)), max(4, round(grey.shape[0] * scale))  # width, height
    if np.allclose(to_page, np.eye(3)[:2]):
        seen = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    else:
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey
        back = to_page.copy()
        back[:, 2] *= scale
        seen = cv2.warpAffine(small, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    length = max(12, round(settings.long * size_px * scale))
    found = []
    for image in (seen, np.ascontiguousarray(seen.T)):
        edges = _level_edges(image, length, settings)
        if not 2 <= len(edges) <= settings.most:
            return None
        found.append((edges + np.array([0.5, 0, 0])) / scale)
    return found[0], found[1]


def _level_edges(image: Pixels, length: int, settings: RuleSettings) -> Floats:
    """(n, 3): row, first column, column after the last."""
    step = image[2:].astype(np.int16) - image[:-2]
    found = []
    along, across = np.ones((1, length), np.uint8), np.ones((3, 1), np.uint8)
    for mask in (step > settings.levels, step < -settings.levels):
        edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, settings.gap_px), np.uint8))
        edge = cv2.morphologyEx(cv2.dilate(edge, across), cv2.MORPH_OPEN, along)  # a rule that is a little askew has steps
        count, _, boxes, middles = cv2.connectedComponentsWithStats(edge, connectivity=8)
        if count - 1 > settings.most:
            return np.zeros((0, 3))
        # what is as high as it is long is no rule, but a field of one colour that fades
        thin = boxes[1:, cv2.CC_STAT_HEIGHT] * 3 < boxes[1:, cv2.CC_STAT_WIDTH]
        boxes, rows = boxes[1:][thin], middles[1:, 1][thin] + 1
        found.append(np.column_stack([rows, boxes[:, cv2.CC_STAT_LEFT], boxes[:, cv2.CC_STAT_LEFT] + boxes[:, cv2.CC_STAT_WIDTH]]))
    return np.concatenate(found).astype(np.float64)


def _touching(level: Floats, upright: Floats, touch: float) -> list[tuple[Floats, Floats]]:
    """Level and upright edges that meet, directly or over others; the most edges first. Of one kind alone there are none."""
    y, x0, x1 = level.T[:, :, None]
    x, y0, y1 = upright.T[:, None, :]
    meet = (x > x0 - touch) & (x < x1 + touch) & (y > y0 - touch) & (y < y1 + touch)  # (level, upright)
    left = meet.any(axis=1)
    groups = []
    while left.any():
        rows = np.zeros(len(level), np.bool_)
        rows[left.argmax()] = True
        while True:
            columns = meet[rows].any(axis=0)
            wider = meet[:, columns].any(axis=1)
            if wider.sum() == rows.sum():
                break
            rows = wider
        groups.append((level[rows], upright[columns]))
        left &= ~rows
    return sorted(groups, key=lambda group: -len(group[0]) - len(group[1]))


def _grid(level: Floats, upright: Floats, em: float, settings: RuleSettings) -> Grid | None:
    """None where there are fewer than two rows or columns, or no cells but a frame."""
    ends = np.array([[level[:, 1].min(), level[:, 2].max()], [upright[:, 1].min(), upright[:, 2].max()]])
    same = settings.same * em
    rows, columns = _places(level, ends[1], same), _places(upright, ends[0], same)
    if len(rows) < 3 or len(columns) < 3:
        return None
    beneath = _parted(level, rows[1:-1], columns, same, settings.covered)  # (rows - 1, columns)
    beside = _parted(upright, columns[1:-1], rows, same, settings.covered).T  # (rows, columns - 1)
    cells = [GridCell(r, c, h, w, (columns[c], rows[r], columns[c + w], rows[r + h])) for r, c, h, w in _cells(beneath, beside)]
    area = (rows[-1] - rows[0]) * (columns[-1] - columns[0])
    largest = max((cell.box[2] - cell.box[0]) * (cell.box[3] - cell.box[1]) for cell in cells)
    if len(cells) < 4 or largest > settings.frame * area or all(cell.column == 0 for cell in cells) or all(cell.row == 0 for cell in cells):
        return None
    return Grid((columns[0], rows[0], columns[-1], rows[-1]), tuple(cells))


def _places(edges: Floats, ends: Floats, same: float) -> list[float]:
    """Where rows or columns begin, and the last one ends: edges that are nearly in one place are one. ``ends``: of what crosses them; where
    that reaches beyond them, the grid is open at this side."""
    order = np.argsort(edges[:, 0])
    at, weights = edges[order, 0], (edges[:, 2] - edges[:, 1])[order]
    parts = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) > same) + 1)
    places = [float(np.average(at[part], weights=weights[part])) for part in parts]
    if ends[0] < places[0] - 2 * same:
        places.insert(0, float(ends[0]))
    if ends[1] > places[-1] + 2 * same:
        places.append(float(ends[1]))
    return places


def _parted(edges: Floats, places: Sequence[float], across: Sequence[float], same: float, covered: float) -> NDArray[np.bool_]:
    """(places, len(across) - 1): whether there are edges at a place, along most of each stretch across."""
    found = np.zeros((len(places), len(across) - 1), np.bool_)
    starts, ends = np.array(across[:-1]), np.array(across[1:])
    for k, place in enumerate(places):
        near = edges[np.abs(edges[:, 0] - place) < same]
        for j, (start, end) in enumerate(zip(starts, ends, strict=True)):
            found[k, j] = _length(near, start, end) > covered * (end - start)
    return found


def _length(edges: Floats, start: float, end: float) -> float:
    """How much of a stretch edges cover, each bit counted once."""
    spans = np.clip(edges[:, 1:], start, end)
    spans = spans[np.argsort(spans[:, 0])]
    reached, length = start, 0.0
    for a, b in spans.tolist():
        length += max(0.0, b - max(a, reached))
        reached = max(reached, b)
    return length


def _cells(beneath: NDArray[np.bool_], beside: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Row, column, rows and columns over which each reaches, row by row. Places that nothing parts are one cell where they are a rectangle;
    else each row of them is one."""
    height, width = beside.shape[0], beneath.shape[1]
    group = np.arange(height * width).reshape(height, width)
    changed = True
    while changed:
        changed = False
        for there, first, second in ((~beneath, group[:-1], group[1:]), (~beside, group[:, :-1], group[:, 1:])):
            low = np.minimum(first, second)
            if bool((there & (first != second)).any()):
                changed = True
                first[there], second[there] = low[there], low[there]
    found = []
    for number in np.unique(group):
        rows, columns = np.nonzero(group == number)
        top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
        if len(rows) == (bottom - top) * (right - left):
            found.append((top, left, bottom - top, right - left))
            continue
        for row in np.unique(rows):
            within = columns[rows == row]
            for part in np.split(within, np.flatnonzero(np.diff(within) > 1) + 1):
                found.append((row, part[0], 1, len(part)))
    return sorted((int(r), int(c), int(h), int(w)) for r, c, h, w in found)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

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
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels, shrink, to_grey
from rasm.pages.found import Box, FoundPage, Grid, GridCell, TextLine

Floats = NDArray[np.float64]

_FINE = 0.7  # made smaller by no more, what is one pixel wide keeps a third of its contrast at least
_EIGHT_ONES = np.uint64(0x0101010101010101)


@dataclass(frozen=True)
class RuleSettings:
    """Numbers that decide; ems are sizes of type, the median of the page's.

    side_px: the longer side of the picture in which edges are looked for: a hairline of one pixel in 300 dots an inch still differs there.
    levels: by how many grey levels, of 255, the two sides of an edge differ at least; the second, where with the first there are more than
    ``many`` edges: a striped page has them. long: how long an edge is at least, in ems: longer than letters, shorter than the narrowest
    column. gap_px: a hole in an edge, of specks or of a rule of dots, that is closed. touch: edges that are no further apart meet, in
    ems: a thick rule has one at each side.
    same: and edges of one rule are no further apart. covered: the least share of a place's side along which there is an edge between it
    and the next. frame: a grid of which one cell has a greater share is a frame around text. narrow: a grid of which more than this share
    of the rows or columns is narrower than an em is none, but strokes above each other. most: what has more edges is a texture. cut: a
    line that crosses the border of a cell is cut in two there if as much of it, in ems, is on either side. letters: how far letters reach
    from their middle, in ems. out: a line that reaches so far out of a grid, in ems, is in no cell of it.
    """

    side_px: int = 2000
    levels: tuple[int, int] = (14, 40)
    long: float = 1.6
    gap_px: int = 3
    touch: float = 0.3
    same: float = 0.4
    covered: float = 0.55
    frame: float = 0.6
    narrow: float = 0.3
    many: int = 400
    most: int = 3000
    cut: float = 0.8
    letters: float = 0.42
    out: float = 1.0


def with_grids(page: Pixels, found: FoundPage, settings: RuleSettings = RuleSettings()) -> FoundPage:
    """``found`` with its grids, and its lines cut where they cross the borders of cells. ``page``: as it was given to the finder."""
    if not found.lines:
        return found
    size_px = float(np.median([line.size_px for line in found.lines]))
    level, upright = find_edges(page, found.to_page, size_px, settings)
    drawn = grids_of(_outside(level, found.lines, settings), upright, size_px, settings)
    grids = tuple(grid for grid in drawn if not _is_behind_text(grid, found.lines, settings))
    return replace(found, grids=grids, edges=level, lines=[part for line in found.lines for part in _cut(line, grids, settings)])


def find_edges(page: Pixels, to_page: Floats, size_px: float, settings: RuleSettings = RuleSettings()) -> tuple[Floats, Floats]:
    """Level and upright edges, each (n, 3): where across, and from where to where along, in pixels of the level page; none of a texture.

    ``page``: uint8 (height, width[, channels]). ``to_page``: (2, 3), from the level page to it. ``size_px``: of the page's type.
    """
    seen, scale = _seen(page, to_page, settings)
    length = max(12, round(settings.long * size_px * scale))
    if min(seen.shape) < length:  # there is no room for an edge
        return np.zeros((0, 3)), np.zeros((0, 3))
    level = upright = np.zeros((0, 3))
    for levels in settings.levels:
        edges = [_level_edges(image, length, levels, settings) for image in (seen, np.asarray(cv2.transpose(seen), np.uint8))]
        level, upright = ((kind + np.array([0.5, 0, 0])) / scale for kind in edges)
        if len(level) + len(upright) <= settings.many:
            break
    return (np.zeros((0, 3)), np.zeros((0, 3))) if len(level) + len(upright) > settings.most else (level, upright)


def grids_of(level: Floats, upright: Floats, size_px: float, settings: RuleSettings = RuleSettings()) -> list[Grid]:
    """Grids of at least two rows and two columns, those with most cells first; none overlaps another."""
    found = [_grid(*group, size_px, settings) for group in _touching(level, upright, settings.touch * size_px)]
    grids: list[Grid] = []
    for grid in sorted(filter(None, found), key=lambda grid: -len(grid.cells)):
        if not any(_overlap(grid.box, other.box) for other in grids):
            grids.append(grid)
    return grids


def _seen(page: Pixels, to_page: Floats, settings: RuleSettings) -> tuple[Pixels, float]:
    """The level page in grey, as large as edges are looked for, and its scale."""
    grey = to_grey(page)
    scale = min(1.0, settings.side_px / max(grey.shape))
    size = max(4, round(grey.shape[1] * scale)), max(4, round(grey.shape[0] * scale))  # width, height
    if scale < 1:
        # between pixels that lie far apart, a hairline would be lost
        grey = shrink(grey, *size) if scale > _FINE else np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    if np.allclose(to_page, np.eye(3)[:2]):
        return grey, scale
    back = to_page * np.array([1, 1, scale])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(grey, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8), scale


def _level_edges(image: Pixels, length: int, levels: int, settings: RuleSettings) -> Floats:
    """(n, 3): row, first column, column after the last."""
    light, dark = cv2.subtract(image[2:], image[:-2]), cv2.subtract(image[:-2], image[2:])  # neither goes below 0
    found = []
    close, along, across = (np.ones(shape, np.uint8) for shape in ((1, settings.gap_px), (1, length), (3, 1)))
    for step in (light, dark):
        edge = cv2.morphologyEx(cv2.threshold(step, levels, 1, cv2.THRESH_BINARY)[1], cv2.MORPH_CLOSE, close)
        edge = cv2.dilate(edge, across)  # a rule that is a little askew has steps
        rows = _rows_with(edge, length)
        if not len(rows):  # as on most pages
            continue
        long = cv2.dilate(cv2.erode(edge[rows], along), along)
        edge = np.zeros_like(edge)
        edge[rows] = long
        for outline in cv2.findContours(edge, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
            x, y, width, height = cv2.boundingRect(outline)
            if 3 * height < width:  # else it is no rule, but a field of one colour that fades
                found.append((y + (height - 1) / 2 + 1, x, x + width))
    return np.array(found, np.float64).reshape(-1, 3)


def _rows_with(edge: NDArray[Any], length: int) -> NDArray[np.intp]:
    """The rows of a mask of ones that may have so many in succession: these fill a row of whole groups of eight, which are told at once."""
    within = (length - 7) // 8
    if within < 1:  # it may fill none
        return np.arange(len(edge))
    width = edge.shape[1] // 8 * 8
    whole = (np.ascontiguousarray(edge[:, :width]).view(np.uint64) == _EIGHT_ONES).view(np.uint8)
    return np.flatnonzero(cv2.erode(whole, np.ones((1, within), np.uint8)).any(axis=1))


def _outside(level: Floats, lines: Sequence[TextLine], settings: RuleSettings) -> Floats:
    """The level edges but those within a line's letters: figures in a row have one above and one beneath."""
    ends = np.array([(line.middle[0, 0], line.middle[-1, 0], line.middle[:, 1].mean(), line.size_px) for line in lines])
    left, right, middle, size = ends.T[:, :, None]
    y, x0, x1 = level.T
    inside = (np.abs(y - middle) < settings.letters * size) & (x0 > left - size / 2) & (x1 < right + size / 2)  # (lines, edges)
    return level[~inside.any(axis=0)]


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
    same = settings.same * em
    level, upright = _within(level, upright, same), _within(upright, level, same)
    if not len(level) or not len(upright):
        return None
    ends = np.array([[level[:, 1].min(), level[:, 2].max()], [upright[:, 1].min(), upright[:, 2].max()]])
    rows, columns = _places(level, ends[1], same), _places(upright, ends[0], same)
    if len(rows) < 3 or len(columns) < 3 or min(np.quantile(np.diff(places), settings.narrow) for places in (rows, columns)) < em:
        return None
    beneath = _parted(level, rows[1:-1], columns, same, settings.covered)  # (rows - 1, columns)
    beside = _parted(upright, columns[1:-1], rows, same, settings.covered).T  # (rows, columns - 1)
    found = _cells(beneath, beside)
    # places at which no cell begins are none: bits of edges within cells
    down, along = (np.unique([cell[k] for cell in found]) for k in (0, 1))
    cells = []
    for r, c, h, w in found:
        row, column = int(np.searchsorted(down, r)), int(np.searchsorted(along, c))
        span = int(np.searchsorted(down, r + h)) - row, int(np.searchsorted(along, c + w)) - column
        cells.append(GridCell(row, column, *span, (columns[c], rows[r], columns[c + w], rows[r + h])))
    area = (rows[-1] - rows[0]) * (columns[-1] - columns[0])
    largest = max((cell.box[2] - cell.box[0]) * (cell.box[3] - cell.box[1]) for cell in cells)
    if len(cells) < 4 or largest > settings.frame * area or all(cell.column == 0 for cell in cells) or all(cell.row == 0 for cell in cells):
        return None
    return Grid((columns[0], rows[0], columns[-1], rows[-1]), tuple(cells))


def _within(edges: Floats, others: Floats, same: float) -> Floats:
    """The edges without those at places where some reach out of the grid, unless most do: then it is open at its sides. Stripes of the
    paper behind a table reach out of it."""
    first, last = others[:, 0].min() - 2 * same, others[:, 0].max() + 2 * same
    reaching = edges[(edges[:, 1] < first) | (edges[:, 2] > last), 0]
    out = (np.abs(edges[:, 0, None] - reaching) < same / 4).any(axis=1)
    places = [len(set((edges[which, 0] // same).tolist())) for which in (out, ~out)]
    return edges[~out] if places[0] <= places[1] else edges


def _places(edges: Floats, ends: Floats, same: float) -> list[float]:
    """Where rows or columns begin, and the last one ends: edges that are nearly in one place are one. ``ends``: of what crosses them; where
    that reaches beyond them, the grid is open at this side."""
    order = np.argsort(edges[:, 0])
    at, weights = edges[order, 0], (edges[:, 2] - edges[:, 1])[order]
    parts: list[list[int]] = []
    for k, place in enumerate(at.tolist()):
        if parts and place - at[parts[-1][0]] <= same:
            parts[-1].append(k)
        else:
            parts.append([k])
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
    open_places = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)  # places, and between each two of them whether nothing parts them
    open_places[::2, ::2], open_places[1::2, ::2], open_places[::2, 1::2] = 1, ~beneath, ~beside
    group = np.asarray(cv2.connectedComponents(open_places, connectivity=4)[1])[::2, ::2]
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


def _is_behind_text(grid: Grid, lines: Sequence[TextLine], settings: RuleSettings) -> bool:
    """Whether most lines in it run out of it: strokes of a watermark's large letters are as long as rules."""
    left, top, right, bottom = grid.box
    within = [line for line in lines if top < line.middle[:, 1].mean() < bottom and line.middle[0, 0] < right and line.middle[-1, 0] > left]
    out = [max(left - line.middle[0, 0], line.middle[-1, 0] - right) > settings.out * line.size_px for line in within]
    return 2 * sum(out) > len(out)


def _cut(line: TextLine, grids: Sequence[Grid], settings: RuleSettings) -> list[TextLine]:
    """Its parts in the cells of the grid that it is in."""
    (x0, _), (x1, _) = line.middle[0], line.middle[-1]
    y = float(line.middle[:, 1].mean())
    borders = {
        edge
        for grid in grids
        if grid.box[1] < y < grid.box[3]
        for cell in grid.cells
        if cell.box[1] < y < cell.box[3]
        for edge in (cell.box[0], cell.box[2])
        if x0 + settings.cut * line.size_px < edge < x1 - settings.cut * line.size_px
    }
    if not borders:
        return [line]
    return [part_of(line, left, right) for left, right in pairwise([x0, *sorted(borders), x1])]


def part_of(line: TextLine, left: float, right: float) -> TextLine:
    """What of it is between two places of the level page."""
    x = line.middle[:, 0]
    inner = line.middle[(x > left) & (x < right)]
    middle = np.vstack([[left, np.interp(left, x, line.middle[:, 1])], inner, [right, np.interp(right, x, line.middle[:, 1])]])
    off = line.baseline - line.middle
    baseline = middle + np.column_stack([np.interp(middle[:, 0], x, off[:, k]) for k in (0, 1)])
    return replace(line, middle=middle, baseline=baseline)

"""A page -> the rows of its lines, each line with the ink that is its own; in no order yet.

Where it stands: the second step of reading a page. ``rasm/pages/reader.py`` calls ``find_lines``, and ``rasm/pages/order.py`` puts what it
finds into reading order. The page is flattened first (``rasm/pages/flatten.py``).

1. Rules and frames are found by their length and taken away; pictures by their size.
2. Letters, smeared along the lines, leave a ridge for each line. A ridge is followed from column to column, so a line may bend.
3. Each piece of ink goes to the ridge it lies on. Dots and vowel signs go to the line whose letters are nearest above or below
   them. A piece that two ridges cross is cut between them.
4. Lines are cut at the gutters of columns and at the cells of tables (``rasm/pages/layout.py``).

Sources: ridges of smeared text, Bukhari et al. 2009, "Script-Independent Handwritten Textlines Segmentation Using Active
Contours"; whole components given to lines, O'Gorman 1993. No line is found by its row profile alone: Arabic's marks fill the rows
between the lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels, to_grey
from rasm.pages import layout
from rasm.pages.flatten import FlatPage, flat_page

Boxes = NDArray[np.int64]

_RIDGE_PX = 5  # the height of letters where ridges are looked for
_LEAST_LETTER_PX = 15  # below this, lines are looked for in a larger image, if there is one
_LEAST_PAGE_PX = 40  # an image that is lower is of a line


@dataclass(frozen=True)
class LineShape:
    """One line of a page. All coordinates are (x, y) pixels of the levelled page; ``PageLines.to_page`` leads to the page's own.

    box: left, top, right, bottom of its ink. baseline: points from left to right, as far as the line reaches.
    size_px: the height of its letters. ink_px: pixels of ink. labels, parts: of its pieces of ink, their labels in
    ``PageLines.labels`` and their boxes. region: the number of its region, in reading order.
    """

    box: tuple[int, int, int, int]
    baseline: NDArray[np.float64]
    size_px: float
    ink_px: int
    labels: NDArray[np.int64] = field(repr=False)
    parts: Boxes = field(repr=False)
    region: int = 0


@dataclass(frozen=True)
class FoundLines:
    """The lines of a page before they are ordered, and what is needed to order them and to cut them out of it.

    rows: lines that are read in one go, as the halves of a verse and the cells of a table's row are. labels: (height, width), the
    number of the piece of ink at each pixel of the levelled page, 0 where there is none. size_px: the usual height of letters.
    rules: left, top, right, bottom of each rule and frame.
    """

    rows: list[list[LineShape]]
    flat: FlatPage
    labels: NDArray[np.int32] = field(repr=False)
    size_px: float
    rules: Boxes

    @property
    def lines(self) -> list[LineShape]:
        return [line for row in self.rows for line in row]


@dataclass(frozen=True)
class _Ink:
    """Connected pieces of ink: where each stands, its area, its centre."""

    labels: NDArray[np.int32]
    x: NDArray[Any]
    y: NDArray[Any]
    w: NDArray[Any]
    h: NDArray[Any]
    area: NDArray[Any]
    cx: NDArray[Any]
    cy: NDArray[Any]

    def window(self, i: int) -> NDArray[np.int32]:
        """The labels within the box of piece ``i``, whose own label is ``i + 1``."""
        return self.labels[self.y[i] : self.y[i] + self.h[i], self.x[i] : self.x[i] + self.w[i]]

    def with_pieces_for(self, cut: Sequence[tuple[int, NDArray[np.bool_]]]) -> _Ink:
        """With what is left of each piece ``i``, given as a mask of its window, as new pieces in its place. The labels are changed."""
        columns = [[getattr(self, name)] for name in _COLUMNS]
        count = len(self.x)
        for i, mask in cut:
            pieces = _components(mask.astype(np.uint8))
            window = self.window(i)
            window[window == i + 1] = 0
            np.copyto(window, pieces.labels + np.int32(count), where=mask)
            count += len(pieces.x)
            for column, name in zip(columns, _COLUMNS, strict=True):
                column.append(getattr(pieces, name) + {"x": self.x[i], "cx": self.x[i], "y": self.y[i], "cy": self.y[i]}.get(name, 0))
        whole = [np.concatenate(column) for column in columns]
        whole[_COLUMNS.index("area")][[i for i, _ in cut]] = 0  # nothing is left under the old labels
        return _Ink(self.labels, *whole)


_COLUMNS = tuple(f.name for f in fields(_Ink))[1:]


def find_lines(page: Pixels) -> FoundLines:
    """The lines of an upright page, (height, width) or (height, width, 3). A page without ink has none."""
    longer = max(page.shape[:2])
    flat = flat_page(page)
    parts = _components(flat.ink)
    size_px = letter_size(parts)
    if 0 < size_px < _LEAST_LETTER_PX and longer > max(flat.ink.shape):
        flat = flat_page(page, min(longer, round(max(flat.ink.shape) * 20 / size_px)))
        parts = _components(flat.ink)
        size_px = letter_size(parts)
    if size_px <= 0:
        return FoundLines([], flat, np.zeros(flat.ink.shape, np.int32), 0.0, np.zeros((0, 4), np.int64))
    ink, rules = _without_rules(flat.ink, size_px)
    if len(rules):
        parts = _components(ink)
    letters, marks = _sort_parts(parts, size_px)
    ridges = _ridges(parts, letters, size_px, flat.ink.shape)
    parts, letters, owner = _share_out(parts, letters, marks, ridges, size_px)
    rows = _make_rows(parts, letters, owner, ridges, size_px, rules)
    return FoundLines(rows, flat, parts.labels, size_px, rules)


def letter_size(parts: _Ink) -> float:
    """The usual height of a piece of ink in pixels, weighted by area: about six tenths of the type's size. 0 if there is none."""
    height, width = parts.labels.shape
    usable = (parts.h >= 4) & (parts.h < max(max(height, width) / 6, 40)) & (parts.w < width / 2) & (parts.area < 0.9 * parts.w * parts.h)
    if usable.sum() < 3:
        usable = (parts.h >= 4) & (parts.h < height) if (parts.h >= 4).sum() else usable
    if not usable.any():
        return 0.0
    order = np.argsort(parts.h[usable], kind="stable")
    areas = np.minimum(parts.area[usable], (parts.h[usable] * 3) ** 2)[order].cumsum()
    return float(parts.h[usable][order][np.searchsorted(areas, areas[-1] / 2)])


def _components(ink: Pixels) -> _Ink:
    # OpenCV 5's default algorithm takes three times as long to gather the statistics
    _, labels, stats, centres = cv2.connectedComponentsWithStatsWithAlgorithm(ink, 8, cv2.CV_32S, cv2.CCL_GRANA)
    s, c = stats[1:], centres[1:]
    return _Ink(np.asarray(labels, np.int32), s[:, 0], s[:, 1], s[:, 2], s[:, 3], s[:, 4], c[:, 0], c[:, 1])


def _without_rules(ink: Pixels, size: float) -> tuple[Pixels, Boxes]:
    """The ink without rules, frames and the lines of tables, and their boxes."""
    long_px = max(12, round(7 * size))
    boxes = []
    cleared = ink
    for length, thickness in (((1, long_px), (3, 1)), ((round(5 * size), 1), (1, 3))):
        # widened by a pixel each way first, so that a rule that is not quite straight is still one
        widened = np.asarray(cv2.dilate(ink, np.ones(thickness, np.uint8)), np.uint8)
        if not _has_runs(widened, length):
            continue
        lengthy = cv2.erode(widened, np.ones(length, np.uint8))
        if not lengthy.any():
            continue
        lengthy = cv2.dilate(lengthy, np.ones(length, np.uint8))
        grown = np.asarray(cv2.dilate(lengthy, np.ones(thickness, np.uint8)), np.uint8)
        # few pixels: their boxes are sooner found from these than from all of the page
        _, labels = cv2.connectedComponents(grown, connectivity=8)
        y, x = np.nonzero(grown)
        piece = np.asarray(labels[y, x] - 1, np.int64)
        box = np.full((4, piece.max() + 1), max(ink.shape))  # left, top, and the other two from the other end
        for side, values in zip(box, (x, y, -x, -y), strict=True):
            np.minimum.at(side, piece, values)
        box[2:] = 1 - box[2:]
        w, h = box[2] - box[0], box[3] - box[1]
        thick = np.minimum(w, h) - 4
        thin = (thick <= max(4.0, 0.45 * size)) | (thick * 12 < np.maximum(w, h))
        if not thin.any():
            continue
        cleared = cleared.copy()
        cleared[y[thin[piece]], x[thin[piece]]] = 0
        boxes.append(box.T[thin])
    return cleared, np.concatenate(boxes).astype(np.int64) if boxes else np.zeros((0, 4), np.int64)


def _has_runs(ink: Pixels, length: tuple[int, int]) -> bool:
    """Whether there may be runs of ink of that length, (rows, 1) or (1, columns): a quick look that misses none.

    A run covers all of a block of ``step`` pixels, and of those that follow it within its length.
    """
    across = length[0] == 1
    step = 8
    height, width = ink.shape
    whole = ink[:, : width // step * step] if across else ink[: height // step * step]
    if not whole.size:
        return True
    size = (width // step, height) if across else (width, height // step)
    full = (cv2.resize(whole * np.uint8(255), size, interpolation=cv2.INTER_AREA) == 255).astype(np.uint8)
    blocks = max(1, max(length) // step - 1)
    return bool(cv2.erode(full, np.ones((1, blocks) if across else (blocks, 1), np.uint8)).any())


def _sort_parts(parts: _Ink, size: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pieces of ink are letters and which are marks; the others are specks, rules, frames or pictures."""
    big = (parts.h > 6 * size) | ((parts.h > 3.5 * size) & (parts.w > 25 * size))
    solid = (parts.h > 3 * size) & (parts.area > 0.7 * parts.w * parts.h)
    rule = ((parts.w > 5 * size) & (parts.h < 0.4 * size)) | ((parts.h > 4 * size) & (parts.w < 0.35 * size))
    letters = ~(big | solid | rule) & (parts.h >= 0.45 * size) & (parts.area >= 0.06 * size * size)
    marks = ~(big | solid | rule) & ~letters & (parts.area >= max(3, 0.006 * size * size)) & (parts.w < 4 * size)
    return letters, marks


def _ridges(parts: _Ink, letters: NDArray[np.bool_], size: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """(ridges, columns): the y of each ridge in each column of the page scaled by _RIDGE_PX / size, nan where it is not."""
    scale = _RIDGE_PX / size
    kept = np.concatenate([[0], letters * 255]).astype(np.uint8)
    size_small = (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale)))
    # every other pixel is enough, and a quarter of the work
    small = cv2.resize(kept[parts.labels[::2, ::2]], size_small, interpolation=cv2.INTER_AREA).astype(np.float32)
    smeared = cv2.GaussianBlur(small, (0, 0), sigmaX=2.2 * _RIDGE_PX, sigmaY=0.42 * _RIDGE_PX, borderType=cv2.BORDER_CONSTANT)
    around = cv2.dilate(smeared, np.ones((2 * round(0.5 * _RIDGE_PX) + 1, 1), np.uint8))
    peaks = (smeared >= around) & (smeared > 255 * 0.012)
    traces = _trace(peaks, reach=round(0.6 * _RIDGE_PX))
    ridges = np.full((len(traces), small.shape[1]), np.nan)
    for i, trace in enumerate(traces):
        xs, ys = np.array(trace).T
        ridges[i, xs[0] : xs[-1] + 1] = np.interp(np.arange(xs[0], xs[-1] + 1), xs, ys)
    return ridges


def _trace(peaks: NDArray[np.bool_], reach: int) -> list[list[tuple[int, int]]]:
    """Peaks of neighbouring columns, joined where they are at most ``reach`` rows apart: lists of (x, y)."""
    traces: list[list[tuple[int, int]]] = []
    active: dict[int, int] = {}  # the last row of a trace -> its number
    columns, rows = np.nonzero(peaks.T)
    starts = np.searchsorted(columns, np.arange(peaks.shape[1] + 1))
    nearby = sorted(range(-reach, reach + 1), key=abs)[1:]
    for x in range(peaks.shape[1]):
        found = rows[starts[x] : starts[x + 1]].tolist()
        following: dict[int, int] = {}
        for i, y in enumerate(found):
            if i and y == found[i - 1] + 1:  # a flat top is one peak
                continue
            last = y
            if y not in active:  # most ridges are level
                for d in nearby:
                    if y + d in active:
                        last = y + d
                        break
                else:
                    last = -1
            if last < 0:
                traces.append([(x, y)])
                following[y] = len(traces) - 1
            else:
                number = active.pop(last)
                traces[number].append((x, y))
                following[y] = number
        for y, number in active.items():  # a ridge may pause for a column or two
            if x - traces[number][-1][0] <= 2:
                following.setdefault(y, number)
        active = following
    return [trace for trace in traces if len(trace) >= 3]


def _prolonged(ridges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ridges, going on level beyond their ends for two heights of letters; nan after that."""
    reach = 2 * _RIDGE_PX
    ridges = ridges.copy()
    for row in ridges:
        xs = np.flatnonzero(~np.isnan(row))
        row[max(0, xs[0] - reach) : xs[0]] = row[xs[: 2 * _RIDGE_PX]].mean()
        row[xs[-1] + 1 : xs[-1] + 1 + reach] = row[xs[-2 * _RIDGE_PX :]].mean()
    return ridges


def _ridge_rows(ridges: NDArray[np.float64], columns: NDArray[Any], size: float) -> NDArray[np.float64]:
    """(ridges, len(columns)): y in pixels of the page where each ridge passes those x; nan where it does not."""
    scale = _RIDGE_PX / size
    at = np.clip((columns * scale).astype(np.int64), 0, ridges.shape[1] - 1)
    return np.asarray((ridges[:, at] + 0.5) / scale)


def _share_out(
    parts: _Ink, letters: NDArray[np.bool_], marks: NDArray[np.bool_], ridges: NDArray[np.float64], size: float
) -> tuple[_Ink, NDArray[np.bool_], NDArray[np.int64]]:
    """Each piece of ink -> the ridge it belongs to, or -1. Pieces that two lines share are cut in two first."""
    if not len(ridges):
        return parts, letters, np.full(len(parts.x), -1)
    ridges = _prolonged(ridges)
    parts, letters, marks = _cut_shared(parts, letters, marks, ridges, size)
    owner = np.full(len(parts.x), -1)
    rows = _ridge_rows(ridges, parts.cx, size)
    # the nearest ridge to a letter's middle; ridges run a little above the baseline, where letters are thickest
    away = np.where(np.isnan(rows), np.inf, np.abs(rows - parts.cy))
    outside = np.maximum(parts.y - rows, rows - (parts.y + parts.h))
    nearest = away.argmin(axis=0)
    near_enough = np.take_along_axis(np.nan_to_num(outside, nan=np.inf), nearest[None], axis=0)[0] < 0.5 * size
    owner[letters & near_enough] = nearest[letters & near_enough]
    marks = marks | (letters & (owner < 0))  # letters beside all ridges: a large vowel sign, a hamza
    owner[marks] = _owners_of_marks(parts, owner, marks, rows, size)
    return parts, letters, owner


def _cut_shared(
    parts: _Ink, letters: NDArray[np.bool_], marks: NDArray[np.bool_], ridges: NDArray[np.float64], size: float
) -> tuple[_Ink, NDArray[np.bool_], NDArray[np.bool_]]:
    """Letters of two lines that touch are cut where the fewest pixels join them, between the two ridges."""
    tall = np.flatnonzero(letters & (parts.h > 1.8 * size))
    if not len(tall):
        return parts, letters, marks
    cut = []
    for i in tall.tolist():
        middle = np.arange(parts.x[i], parts.x[i] + parts.w[i], max(1, int(size / 4)))
        rows = _ridge_rows(ridges, middle, size)
        with np.errstate(all="ignore"):
            within = (rows > parts.y[i] + 0.2 * size) & (rows < parts.y[i] + parts.h[i] - 0.1 * size)
        crossing = np.flatnonzero(within.mean(axis=1) > 0.5)
        if len(crossing) < 2:
            continue
        mine = parts.window(i) == i + 1
        uncut = mine.copy()
        levels = sorted(float(np.nanmean(rows[k])) - parts.y[i] for k in crossing)
        for upper, lower in itertools.pairwise(levels):
            if lower - upper < 1.2 * size:  # not two lines, but one that is thick
                continue
            # from below the letters of the upper line to above those of the lower; descenders are shorter than ascenders
            start, stop = int(upper + 0.25 * (lower - upper)), int(upper + 0.75 * (lower - upper))
            mine[start + int(np.argmin(uncut[start:stop].sum(axis=1) + 0.01 * np.abs(np.arange(stop - start))))] = False
        if not (mine == uncut).all():
            cut.append((i, mine))
    if not cut:
        return parts, letters, marks
    parts = parts.with_pieces_for(cut)
    return parts, *_sort_parts(parts, size)


def _owners_of_marks(
    parts: _Ink, owner: NDArray[np.int64], marks: NDArray[np.bool_], rows: NDArray[np.float64], size: float
) -> NDArray[np.int64]:
    """The lines of dots, vowel signs and punctuation: that of the letters nearest above or below, or of the ridge nearby."""
    index = np.flatnonzero(marks)
    line_of = np.concatenate([[-1], owner])
    # rows of the nearest letter at or above, and at or below, each pixel, in every step-th pixel, letters widened a little
    step = max(2, round(size / 8))
    sparse = (line_of + 1).astype(np.int16)[parts.labels[::step, ::step]]
    widened = cv2.dilate(sparse, np.ones((1, 2 * max(1, round(0.3 * size / step)) + 1), np.uint8))
    at = np.arange(widened.shape[0], dtype=np.int16)[:, None]
    nowhere = np.int16(32_767)
    above = np.maximum.accumulate(np.where(widened > 0, at, np.int16(-1)), axis=0)
    below = np.minimum.accumulate(np.where(widened > 0, at, nowhere)[::-1], axis=0)[::-1]
    x = np.minimum((parts.cx[index] / step).astype(np.int64), widened.shape[1] - 1)
    y = np.minimum((parts.cy[index] / step).astype(np.int64), widened.shape[0] - 1)
    up, down = above[y, x].astype(np.int64), below[y, x].astype(np.int64)
    up_line = np.where(up >= 0, widened[up, x], 0).astype(np.int64) - 1
    down_line = np.where(down < nowhere, widened[np.minimum(down, widened.shape[0] - 1), x], 0).astype(np.int64) - 1
    gap_up = np.where(up_line >= 0, (y - up) * float(step), np.inf)
    gap_down = np.where(down_line >= 0, (down - y) * float(step), np.inf)
    far = 1.6 * size
    # most marks stand above their letters, so the letters below have the first claim
    chosen = np.where(0.8 * gap_down <= gap_up, down_line, up_line)
    chosen = np.where(np.minimum(gap_down, gap_up) > far, -1, chosen)
    # within the body of a line a mark is that line's, whatever reaches over from the next
    offsets = rows[:, index] - parts.cy[index]
    inside = (offsets > -0.45 * size) & (offsets < 0.75 * size)
    nearest = np.where(inside, np.abs(np.nan_to_num(offsets, nan=1e9) - 0.15 * size), np.inf).argmin(axis=0)
    return np.where(inside.any(axis=0), nearest, chosen)


def _make_rows(
    parts: _Ink, letters: NDArray[np.bool_], owner: NDArray[np.int64], ridges: NDArray[np.float64], size: float, rules: Boxes
) -> list[list[LineShape]]:
    """Each ridge that has letters, cut at the cells of tables, at wide gaps and at gutters of columns; a table's row is one row."""
    tables = layout.find_tables(rules, parts.labels.shape, size)
    cell_of = tables.cells_at(parts.cx, parts.cy)
    # of each cell: pieces of ink, the ridge they lie on, and the space between its words
    pieces: dict[int, list[tuple[NDArray[np.int64], int, float]]] = {}
    for k in range(len(ridges)):
        on_ridge = np.flatnonzero(owner == k)
        if not letters[on_ridge].any():
            continue
        on_ridge = on_ridge[np.argsort(parts.x[on_ridge], kind="stable")]
        for cell in np.unique(cell_of[on_ridge]).tolist():
            mine = on_ridge[cell_of[on_ridge] == cell]
            ends = np.maximum.accumulate(parts.x[mine] + parts.w[mine])
            gaps = parts.x[mine][1:] - ends[:-1]
            spaces = gaps[gaps > 0.25 * size]
            space = float(np.percentile(spaces, 70)) if len(spaces) else 0.6 * size
            cuts = np.flatnonzero(gaps > layout.NARROW_GAP * size) + 1
            pieces.setdefault(cell, []).extend((piece, k, space) for piece in np.split(mine, cuts))
    rows = {cell: _rows(parts, letters, ridges, size, *zip(*inside, strict=True)) for cell, inside in pieces.items()}
    units = rows.get(0, [])
    for row in tables.rows:
        filled = [rows[cell] for cell in row if rows.get(cell)]
        if filled:
            units.append([line for inside in filled for i in layout.reading_order(bodies(inside, size), size) for line in inside[i]])
    return units


def _rows(
    parts: _Ink,
    letters: NDArray[np.bool_],
    ridges: NDArray[np.float64],
    size: float,
    members: Sequence[NDArray[np.int64]],
    ridge_of: Sequence[int],
    spaces: Sequence[float],
) -> list[list[LineShape]]:
    """Pieces of ink on ridges -> rows that are read in one go, each of its lines from right to left."""
    pieces = [_piece(parts, piece, ridges[k], size, k, space) for piece, k, space in zip(members, ridge_of, spaces, strict=True)]
    pieces = layout.joined_rows(pieces, size)
    order = sorted(range(len(pieces)), key=lambda i: (pieces[i].row, pieces[i].left))
    parted = layout.column_gutters(pieces, size) | layout.margins(pieces, size)
    groups: list[list[int]] = []
    for i in order:
        if groups and pieces[groups[-1][-1]].row == pieces[i].row:
            last = groups[-1][-1]
            gutter = (last, i) in parted
            same_ridge = ridge_of[last] == ridge_of[i]
            if not gutter and same_ridge and pieces[i].left - pieces[last].right <= layout.WIDE_GAP * size:
                groups[-1].append(i)
                continue
        groups.append([i])
    rows: list[list[LineShape]] = []
    for n, group in enumerate(groups):
        previous = groups[n - 1][-1] if n else -1
        if not n or pieces[previous].row != pieces[group[0]].row or (previous, group[0]) in parted:
            rows.append([])
        piece = np.concatenate([members[i] for i in group])
        upright = (parts.h[piece] > 2.5 * size) & (parts.h[piece] > 6 * parts.w[piece])  # what is left of a rule, if it stands alone
        if letters[piece].any() and not upright.all():
            rows[-1].append(_line(parts, piece, letters, ridges[ridge_of[group[0]]], size))
    return [sorted(row, key=lambda line: -line.box[2]) for row in rows if row]


def bodies(units: list[list[LineShape]], size: float) -> NDArray[np.float64]:
    """Left, top, right, bottom of rows, without what reaches over into the next row: from a height of letters above the
    first baseline to half a one below the last."""
    baselines = [[float(line.baseline[:, 1].mean()) for line in unit] for unit in units]
    return np.array(
        [
            (min(line.box[0] for line in unit), min(levels) - size, max(line.box[2] for line in unit), max(levels) + 0.3 * size)
            for unit, levels in zip(units, baselines, strict=True)
        ]
    )


def _piece(parts: _Ink, piece: NDArray[np.int64], ridge: NDArray[np.float64], size: float, row: int, space: float) -> layout.Piece:
    left, right = int(parts.x[piece].min()), int((parts.x + parts.w)[piece].max())
    known = np.flatnonzero(~np.isnan(ridge))
    ends = np.interp(np.array([left, right]) * _RIDGE_PX / size, known, ridge[known]) * size / _RIDGE_PX
    return layout.Piece(left, right, float(ends[0]), float(ends[1]), row, space)


def _line(parts: _Ink, piece: NDArray[np.int64], letters: NDArray[np.bool_], ridge: NDArray[np.float64], size: float) -> LineShape:
    box = (
        int(parts.x[piece].min()),
        int(parts.y[piece].min()),
        int((parts.x + parts.w)[piece].max()),
        int((parts.y + parts.h)[piece].max()),
    )
    columns = np.linspace(box[0], box[2], max(2, min(40, int((box[2] - box[0]) / (3 * size)) + 2)))
    known = np.flatnonzero(~np.isnan(ridge))
    scale = _RIDGE_PX / size
    smooth = cv2.blur(ridge[known][None], (4 * _RIDGE_PX + 1, 1), borderType=cv2.BORDER_REPLICATE)[0]
    rows = (np.interp(columns * scale, known, smooth) + 0.5) / scale + 0.25 * size
    own_letters = piece[letters[piece]]
    heights = np.sort(parts.h[own_letters])
    boxes = np.stack([parts.x, parts.y, parts.x + parts.w, parts.y + parts.h], axis=1)[piece].astype(np.int64)
    return LineShape(
        box, np.stack([columns, rows], axis=1), float(heights[len(heights) // 2]), int(parts.area[piece].sum()), piece + 1, boxes
    )


def look_for_line(image: Pixels) -> tuple[bool, FoundLines | None]:
    """Whether an image is of one line, and not of a page: one row of text that fills the image's height. With it come the lines that
    were found, where telling took that."""
    height, width = image.shape[:2]
    # two lines have no room in so few rows, and a word alone is as wide as high
    if height < _LEAST_PAGE_PX or width > 40 * height or (width > 3 * height and not _has_gap(image)):
        return True, None
    if width <= 0.8 * height:  # a page upright
        return False, None
    found = find_lines(image)
    lines = found.lines
    if not lines:
        return width > 3 * height, found
    most = max(line.ink_px for line in lines)
    rows = {round(float(line.baseline[:, 1].mean()) / (1.5 * line.size_px)) for line in lines if line.ink_px > 0.1 * most}
    scale = min(1.0, 1600 / max(height, width))
    filled = max(line.box[3] - line.box[1] for line in lines) / (height * scale)
    return len(rows) <= 1 and filled > 0.35, found


def _has_gap(image: Pixels) -> bool:
    """Whether the rows of a wide image may be of two lines: in its middle a row with far less ink than rows above and below it.

    Spares nearly all line images the search for lines, which takes longer than reading them.
    """
    height, width = image.shape[:2]
    small = to_grey(np.asarray(cv2.resize(image, (min(width, 256), min(height, 32)), interpolation=cv2.INTER_AREA), np.uint8))
    rows = np.abs(small - np.median(small)).mean(axis=1)
    above, below = np.maximum.accumulate(rows)[:-2], np.maximum.accumulate(rows[::-1])[::-1][2:]
    valleys = rows[1:-1] / np.maximum(np.minimum(above, below), 1e-6)
    third = len(rows) // 3
    return bool((valleys[max(0, third - 1) : len(rows) - third - 1] < 0.5).any())

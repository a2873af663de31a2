"""The rules of reading order: what stands together, what comes first, where a region ends.

Where it stands: beneath ``rasm/pages/order.py``, which applies them to the rows that ``rasm/pages/segment.py`` found.

Pieces of one row are kept together (verses, tables, running heads) unless a gutter parts columns of text. A gutter is a gap at one
place in several rows, with pieces on both sides as wide as columns are. Two rules order rows: what stands above comes first, and of
what stands side by side, the right one, unless something across both lies between (Breuel 2003, "High Performance Document Layout
Analysis", mirrored). A region ends at a rule, a wide gap, another size of type, or where a paragraph ends. A table with rules is read
row by row, each cell to its end before the next. Its cells are the paper that its rules enclose.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

NARROW_GAP, WIDE_GAP = 1.1, 2.2  # in heights of letters: where a line may be cut at a gutter, and where it is cut in any case
_COLUMN_WIDTH = 14.0  # pieces at least so wide, in heights of letters, are columns of text; narrower ones verses or cells
_LONG_COLUMN_WIDTH = 11.0  # of a gutter that many rows have: what is no column there is a poem, and shows it by its rhyme
_CHANCE_WIDTH = 12.0
_NEAR = 7.0  # in heights of letters: three lines or so
_SPACES = 1.6  # a gutter is at least so many times as wide as the spaces between words
_COLUMN_ROWS, _LONG_COLUMN_ROWS = 4, 8  # a gutter parts at least so many rows; many
_APART = 1.25  # a running head is at least so many times as far from the text as its lines are from each other
_CELL_PX = 5  # the height of letters where cells of tables are looked for


Gap = tuple[int, int, float, int, int]  # its left and right end, its y, the pieces to its left and right


@dataclass(frozen=True)
class Piece:
    """A stretch of a line. y_left, y_right: its baseline at both ends. row: pieces of one row share it. space: between its words."""

    left: int
    right: int
    y_left: float
    y_right: float
    row: int
    space: float

    @property
    def width(self) -> int:
        return self.right - self.left


@dataclass(frozen=True)
class Tables:
    """The cells of tables. places: of the page scaled by ``scale``, the number of the cell at each pixel, 0 outside of all cells.
    rows: of all tables, the cells of each row from the right."""

    places: NDArray[np.int32]
    scale: float
    rows: list[list[int]]

    def cells_at(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.int32]:
        """The cell at each of some points of the page."""
        height, width = self.places.shape
        rows, columns = np.minimum((y * self.scale).astype(int), height - 1), np.minimum((x * self.scale).astype(int), width - 1)
        return np.asarray(self.places[rows, columns])


def find_tables(rules: NDArray[Any], shape: tuple[int, ...], size: float) -> Tables:
    """The tables that ``rules`` make on a page of ``shape``: rules that meet, and enclose more than one rectangle of paper."""
    scale = _CELL_PX / size
    height, width = max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
    places, drawn = np.zeros((height, width), np.int32), np.zeros((height, width), np.uint8)
    for left, top, right, bottom in (rules * scale).astype(int).tolist():
        across, down = (1, 0) if right - left > bottom - top else (0, 1)  # a little longer, since corners may be broken
        cv2.rectangle(drawn, (left - across, top - down), (right + across, bottom + down), 1, -1)
    found: list[list[tuple[int, int]]] = []  # rows of cells, each with minus its left end and its number
    cells = 0
    for left, top, wide, high, _ in cv2.connectedComponentsWithStats(drawn, connectivity=8)[2][1:].tolist():
        window = slice(top, top + high), slice(left, left + wide)
        # not every table has rules at its edges
        framed = cv2.rectangle(drawn[window].copy(), (0, 0), (wide - 1, high - 1), 1)
        _, paper, boxes, _ = cv2.connectedComponentsWithStats(1 - framed, connectivity=4)
        # the paper around a table in a frame is no rectangle
        usable = (boxes[:, 2:4].min(axis=1) >= 0.8 * _CELL_PX) & (boxes[:, 4] > 0.8 * boxes[:, 2] * boxes[:, 3])
        usable[0] = False
        if usable.sum() < 2:
            continue
        numbers = np.where(usable, usable.cumsum() + cells, 0)
        places[window] = np.where(usable[paper], numbers[paper], places[window])
        cells += int(usable.sum())
        row_top = -height
        for i in sorted(np.flatnonzero(usable).tolist(), key=lambda i: boxes[i, 1]):
            if boxes[i, 1] > row_top + 0.6 * _CELL_PX:  # clearly lower than the first of its row
                found.append([])
                row_top = boxes[i, 1]
            found[-1].append((-int(boxes[i, 0]), int(numbers[i])))
    return Tables(places, scale, [[number for _, number in sorted(row)] for row in found])


def joined_rows(pieces: Sequence[Piece], size: float) -> list[Piece]:
    """The pieces with those of one row under one number, where a gap was too wide for one ridge: cells, verses, running heads.

    Columns may get joined here; their gutter parts them again.
    """
    order = sorted(range(len(pieces)), key=lambda i: pieces[i].left)
    row_of = {piece.row: piece.row for piece in pieces}

    def root(row: int) -> int:
        while row_of[row] != row:
            row = row_of[row]
        return row

    left, right = np.array([pieces[i].left for i in order]), np.array([pieces[i].right for i in order])
    y_left, y_right = np.array([pieces[i].y_left for i in order]), np.array([pieces[i].y_right for i in order])
    for k, i in enumerate(order):
        gaps = left - right[k]  # to what is to the right of it
        level = np.flatnonzero((gaps >= 0.5 * size) & (np.abs(y_left - y_right[k]) <= 0.45 * size))
        for j in level[np.argsort(gaps[level], kind="stable")].tolist():
            if root(pieces[order[j]].row) != root(pieces[i].row):
                row_of[root(pieces[order[j]].row)] = root(pieces[i].row)
                break
    return [replace(piece, row=root(piece.row)) for piece in pieces]


def column_gutters(pieces: Sequence[Piece], size: float) -> set[tuple[int, int]]:
    """Pairs of neighbouring pieces, (left one, right one) by index, between which a gutter of columns runs."""
    gaps: list[Gap] = []
    by_row: dict[int, list[int]] = {}
    for i, piece in enumerate(pieces):
        by_row.setdefault(piece.row, []).append(i)
    for members in by_row.values():
        members.sort(key=lambda i: pieces[i].left)
        gaps += [
            (pieces[a].right, pieces[b].left, pieces[a].y_right, a, b)
            for a, b in itertools.pairwise(members)
            if pieces[b].left - pieces[a].right >= NARROW_GAP * size
        ]
    if not gaps:
        return set()
    gaps.sort(key=lambda gap: gap[2])
    cluster = list(range(len(gaps)))

    def root(i: int) -> int:
        while cluster[i] != i:
            i = cluster[i]
        return i

    for i, gap in enumerate(gaps):
        for j in range(i - 1, -1, -1):
            if gap[2] - gaps[j][2] > _NEAR * size:
                break
            if gap[2] - gaps[j][2] > 0.5 * size and min(gap[1], gaps[j][1]) - max(gap[0], gaps[j][0]) >= 0.6 * size:
                cluster[root(i)] = root(j)
    groups: dict[int, list[int]] = {}
    for i in range(len(gaps)):
        groups.setdefault(root(i), []).append(i)
    parted: set[tuple[int, int]] = set()
    places = _Places(*(np.array(column) for column in zip(*((p.left, p.right, p.y_right, p.row) for p in pieces), strict=True)))
    for group in groups.values():
        reach = {i: (_reach(pieces, by_row, gaps[i][3], size, -1), _reach(pieces, by_row, gaps[i][4], size, 1)) for i in group}
        for i in group:  # two columns may have a row at one height by chance
            near = places.near(gaps[i][2], _NEAR * size)
            wide = min(reach[i]) >= _CHANCE_WIDTH * size and gaps[i][1] - gaps[i][0] >= WIDE_GAP * size
            if (len(group) < _COLUMN_ROWS and wide and not _is_verse(gaps[i], places, near, size)) or _is_by_chance(gaps[i], near, size):
                parted.add(gaps[i][3:])
        while len(group) >= _COLUMN_ROWS:  # ragged lines may have linked one gutter with the next
            x = _fullest_place([gaps[i][:2] for i in group], 0.3 * size)
            through = [i for i in group if gaps[i][0] + 0.3 * size <= x <= gaps[i][1] - 0.3 * size]
            if len(through) < _COLUMN_ROWS:
                break
            # most rows reach over the whole column, some are the last of a paragraph
            width = np.percentile([reach[i] for i in through], 80, axis=0).min() / size
            wide = width >= (_LONG_COLUMN_WIDTH if len(through) >= _LONG_COLUMN_ROWS else _COLUMN_WIDTH)
            if wide and _is_gutter(x, [gaps[i] for i in through], pieces, size):
                # a heading above has a space there by chance
                rows = [gaps[i][2] for i in through if _spaces(gaps[i], pieces) >= _SPACES]
                parted |= {gap[3:] for gap in gaps if min(rows) <= gap[2] <= max(rows) and gap[0] < x < gap[1]}
            group = [i for i in group if i not in through]
    return parted


def _fullest_place(spans: Sequence[tuple[int, int]], margin: float) -> float:
    """The middle of where most of ``spans``, made shorter by ``margin`` at both ends, lie above one another."""
    edges = sorted([(left + margin, -1) for left, _ in spans] + [(right - margin, 1) for _, right in spans])
    open_at = -np.cumsum([step for _, step in edges])
    most = int(open_at.argmax())
    return (edges[most][0] + edges[most + 1][0]) / 2


@dataclass(frozen=True)
class _Places:
    """Where the pieces are, each as a column."""

    left: NDArray[Any]
    right: NDArray[Any]
    y: NDArray[Any]
    row: NDArray[Any]

    def near(self, y: float, reach: float) -> _Places:
        here = np.abs(self.y - y) < reach
        return _Places(self.left[here], self.right[here], self.y[here], self.row[here])

    def alone(self, x: float, size: float) -> tuple[int, int]:
        """How many rows have something on the left side of ``x`` only, and how many on the right only. Specks do not count."""
        wide = self.right - self.left > 3 * size
        left, right = self.left < x, self.right > x
        return len(np.setdiff1d(self.row[wide & left], self.row[right])), len(np.setdiff1d(self.row[wide & right], self.row[left]))


def _is_by_chance(gap: Gap, near: _Places, size: float) -> bool:
    """Whether a gap is of two columns whose lines are not level with each other: on both sides of it lines stand by themselves."""
    # the gutter is somewhere in the gap: a line may be indented, and another end early
    places = np.linspace(gap[0] + 0.4 * size, gap[1] - 0.4 * size, 8)
    free = places[~((near.left < places[:, None]) & (near.right > places[:, None])).any(axis=1)]
    return any(min(near.alone(x, size)) >= 2 for x in free.tolist())


def _is_verse(gap: Gap, places: _Places, near: _Places, size: float) -> bool:
    """Whether a gap that few rows have is one between halves of verses.

    Lines across it stand above and below, as prose does around a quotation. To its left nothing stands by itself nearby, as in a column
    it would.
    """
    middle = (gap[0] + gap[1]) / 2
    across = places.y[(places.left < middle - 2 * size) & (places.right > middle + 2 * size)]
    return not near.alone(middle, size)[0] and bool((across < gap[2] - size).any() and (across > gap[2] + size).any())


def _is_gutter(x: float, gaps: Sequence[Gap], pieces: Sequence[Piece], size: float) -> bool:
    """Whether the gaps, which all lie at ``x``, are wider than spaces between words, and hardly a line runs across there.

    Spaces of loosely set lines do neither for long.
    """
    if np.median([_spaces(gap, pieces) for gap in gaps]) < _SPACES:
        return False
    top, bottom = min(gap[2] for gap in gaps), max(gap[2] for gap in gaps)
    crossing = sum(p.left < x - 0.3 * size and p.right > x + 0.3 * size and top <= p.y_right <= bottom for p in pieces)
    return crossing <= 0.2 * len(gaps)


def _spaces(gap: Gap, pieces: Sequence[Piece]) -> float:
    """How many times as wide as the spaces between the words beside it a gap is."""
    return (gap[1] - gap[0]) / max(pieces[gap[3]].space, pieces[gap[4]].space)


def margins(pieces: Sequence[Piece], size: float) -> set[tuple[int, int]]:
    """Pairs of neighbouring pieces, as in ``column_gutters``, one of which stands in the margin: a narrow piece beside a wide
    line, where few other lines have one. Numbers of lines, notes and folios."""
    by_row: dict[int, list[int]] = {}
    for i, piece in enumerate(pieces):
        by_row.setdefault(piece.row, []).append(i)
    long_rows = []
    found: list[tuple[int, tuple[int, int]]] = []
    for members in by_row.values():
        members.sort(key=lambda i: pieces[i].left)
        if pieces[members[-1]].right - pieces[members[0]].left > 20 * size:
            long_rows.append((pieces[members[0]].left, pieces[members[-1]].right))
        if len(members) < 2:
            continue
        for outer, pair in ((members[0], (members[0], members[1])), (members[-1], (members[-2], members[-1]))):
            inner = sum(pieces[i].width for i in members if i != outer)
            gap = pieces[pair[1]].left - pieces[pair[0]].right
            if gap >= 1.6 * size and pieces[outer].width < 7 * size and inner > 15 * size:
                found.append((outer, pair))
    parted = set()
    for outer, pair in found:
        there = sum(left < pieces[outer].right and right > pieces[outer].left for left, right in long_rows)
        if there < 0.45 * len(long_rows) or len(long_rows) < 3:
            parted.add(pair)
    return parted


def _reach(pieces: Sequence[Piece], by_row: dict[int, list[int]], start: int, size: float, step: int) -> float:
    """How far the text goes on from a piece to the left or right, across narrow gaps."""
    members = by_row[pieces[start].row]
    at = members.index(start)
    first = last = pieces[start]
    while 0 <= at + step < len(members):
        following = pieces[members[at + step]]
        gap = following.left - last.right if step > 0 else last.left - following.right
        if gap > WIDE_GAP * size:
            break
        last, at = following, at + step
    return max(first.right, last.right) - min(first.left, last.left)


def reading_order(boxes: NDArray[Any], size: float) -> list[int]:
    """Indices of rows, (n, 4) left, top, right, bottom of their bodies, as they are read: Breuel's two rules, right to left.

    What stands by itself at the head or the foot of the page belongs to all columns, whichever it is over.
    """
    n = len(boxes)
    middles, pitch = (boxes[:, 1] + boxes[:, 3]) / 2, _pitch(boxes)
    head = _edge_row(middles, pitch, size)
    foot = [i for i in _edge_row(-middles, pitch, size) if i not in head]
    inside = [i for i in range(n) if i not in head and i not in foot]
    from_right = [sorted(row, key=lambda i: -boxes[i][2]) for row in (head, foot)]
    return from_right[0] + [inside[i] for i in _columns_order(boxes[inside], size)] + from_right[1]


def _pitch(boxes: NDArray[Any]) -> float:
    """The usual distance from a row to the next one below it."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    over = np.minimum(boxes[:, None, 2], boxes[None, :, 2]) > np.maximum(boxes[:, None, 0], boxes[None, :, 0])
    steps = np.where(over & (middle[:, None] < middle), middle - middle[:, None], np.inf).min(axis=1, initial=np.inf)
    return float(np.median(steps[np.isfinite(steps)])) if np.isfinite(steps).any() else 0.0


def _edge_row(middles: NDArray[Any], pitch: float, size: float) -> list[int]:
    """The row with the least ``middles``, if all others are clearly farther from it than rows are from each other."""
    row = np.flatnonzero(middles < middles.min(initial=np.inf) + size)
    others = np.delete(middles, row)
    return row.tolist() if len(others) and others.min() - middles[row].max() > _APART * pitch else []


def _columns_order(boxes: NDArray[Any], size: float) -> list[int]:
    """``reading_order`` of what stands in columns."""
    n = len(boxes)
    left, top, right, bottom = (boxes[:, i].astype(float) for i in range(4))
    middle = (top + bottom) / 2
    overlap = np.minimum(right[:, None], right[None]) - np.maximum(left[:, None], left[None])
    beside = overlap > 0.3 * size
    above = middle[:, None] < middle[None]
    before = beside & above
    # a is wholly to the right of b, and no c that overlaps both stands between them
    right_of = (left[:, None] >= right[None] - 0.3 * size) & ~beside
    for a, b in np.argwhere(right_of):
        low, high = sorted((middle[a], middle[b]))
        between = beside[a] & beside[b] & (middle > low) & (middle < high)
        if not between.any():
            before[a, b] = True
    order: list[int] = []
    waiting = set(range(n))
    blocked = before.sum(axis=0)
    while waiting:
        free = [i for i in waiting if blocked[i] == 0]
        # where rules contradict each other, the highest goes first. Of several that are free, the one under what was just read
        last = order[-1] if order else None
        chosen = min(
            free or waiting,
            key=lambda i: (blocked[i] if not free else 0, not (last is not None and before[last, i]), middle[i], -right[i]),
        )
        order.append(chosen)
        waiting.remove(chosen)
        blocked -= before[chosen]
    return order


def split_regions(boxes: NDArray[Any], sizes: NDArray[Any], order: Sequence[int], rules: NDArray[Any], size: float) -> list[int]:
    """For each of ``order``, the number of its region. boxes: bodies of rows, as in ``reading_order``."""
    regions: list[int] = []
    region = 0
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    steps = [
        middles[b] - middles[a]
        for a, b in itertools.pairwise(order)
        if 0 < middles[b] - middles[a] < 6 * size and _overlap(boxes[a], boxes[b]) > 0
    ]
    pitch = float(np.median(steps)) if steps else 3 * size
    for k in range(len(order)):
        if k and _ends(boxes, sizes, order, k, rules, size, pitch):
            region += 1
        regions.append(region)
    return regions


def _ends(boxes: NDArray[Any], sizes: NDArray[Any], order: Sequence[int], k: int, rules: NDArray[Any], size: float, pitch: float) -> bool:
    """Whether a region ends between the rows ``order[k - 1]`` and ``order[k]``."""
    a, b = boxes[order[k - 1]], boxes[order[k]]
    step = (b[1] + b[3] - a[1] - a[3]) / 2
    if step <= 0.5 * size or _overlap(a, b) <= 0 or step > 1.55 * pitch:
        return True
    larger, smaller = max(sizes[order[k - 1]], sizes[order[k]]), min(sizes[order[k - 1]], sizes[order[k]])
    if larger > 1.4 * smaller and min(a[2] - a[0], b[2] - b[0]) > 3 * size:
        return True
    across = (rules[:, 2] - rules[:, 0] > 5 * size) & (rules[:, 3] - rules[:, 1] < 2 * size) if len(rules) else np.zeros(0, bool)
    for rule in rules[across]:
        if (a[1] + a[3]) / 2 < (rule[1] + rule[3]) / 2 < (b[1] + b[3]) / 2 and _overlap(rule, b) > 0 and _overlap(rule, a) > 0:
            return True
    # the column as the rows around show it
    near = [boxes[i] for i in order[max(0, k - 6) : k + 6] if _overlap(boxes[i], a) > 0 and _overlap(boxes[i], b) > 0]
    rights, lefts = sorted(box[2] for box in near), sorted(box[0] for box in near)
    edge_right, edge_left = rights[int(len(rights) * 0.75)], lefts[int(len(lefts) * 0.25)]
    indented = edge_right - b[2] > 1.3 * size and edge_right - a[2] < 1.3 * size
    ended = a[0] - edge_left > 4 * size
    return bool(indented or ended)


def _overlap(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(min(a[2], b[2]) - max(a[0], b[0]))

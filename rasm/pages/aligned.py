"""Lines that stand in rows and columns -> tables, where no upright rules part them.

Where it stands: beside ``rasm/pages/tables.py``, which asks for what no grid of rules holds. The network tells which lines are cells; how
they stand tells the rest.

1. Cells in one row, and cells above each other, are of one table, unless something else stands between.
2. Columns are parted by white space from top to bottom, rows by white space from side to side, or by rules and stripes where there are
   as many. A cell over several columns or rows lies across such space: without it there would be more.
3. Lines of one column that are nearer to each other than rows are, and of which one stands alone in its row, are one cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rasm.pages.cuts import KINDS, Floats, Numbers, Things

_CELL, _HEADING = KINDS.index("cell"), KINDS.index("heading")
_COLUMNS = [KINDS.index(name) for name in ("list-item", "label")]
_NAMES = [KINDS.index(name) for name in ("cell", "label", "field", "table")]


@dataclass(frozen=True)
class AlignSettings:
    """Numbers that decide; ems are sizes of type, the median of a table's.

    beneath: how far lines of one table are apart at most, from above to below, in ems. gap, row_gap: the narrowest white space between
    columns, and between rows, in ems. across: the most of a table's lines that lie across such space. named: the least share of its
    lines that the network takes for cells. filled: the least share of its places in which there is a line. ruled: the least share of the
    borders of rows at which there is an edge, where edges tell the rows; wide: the least share of a table's width that such an edge has.
    alone: a row of which fewer places are filled may go on with what is above or beneath it; near: if it is nearer than rows usually are,
    by this. title: a line that stands alone above a table is its title where it is so many times as large,
    or the table has so many columns. row_step: lines of one column that are as far apart as rows are, by this,
    are in rows of their own.
    apart: the fewest lines of one of two tables above each other; further: how many times as far apart as usual rows their rows are.
    rows_beside: of a single column of cells, in which share of the rows other lines stand beside it if they are cells, too; the
    table then has more than many_rows. alike: the logarithm of how many times as large as another a line of one table is at most.
    """

    beneath: float = 4.5
    gap: float = 0.5
    row_gap: float = 0.2
    across: float = 0.12
    named: float = 0.5
    filled: float = 0.4
    ruled: float = 0.6
    wide: float = 0.7
    alone: float = 0.5
    near: float = 0.8
    title: float = 1.2
    title_columns: int = 3
    apart: int = 4
    further: float = 1.2
    row_step: float = 0.85
    rows_beside: float = 0.7
    many_rows: int = 5
    alike: float = 0.4


@dataclass(frozen=True)
class Aligned:
    """lines: numbers of lines. rows, columns: (lines, 2), of each line its first row and column, and those before which it ends; columns
    from the left. down, across: where rows and columns begin, and the last ends."""

    lines: Numbers
    rows: Numbers
    columns: Numbers
    down: list[float]
    across: list[float]


def aligned_tables(lines: Things, edges: Floats, taken: NDArray[np.bool_], settings: AlignSettings = AlignSettings()) -> list[Aligned]:
    """``edges``: (n, 3) level edges as ``rasm/pages/rules.py`` finds them, on the page on which the lines are. ``taken``: lines that are in
    tables already."""
    found = []
    lines = _with_cells_between(lines, settings)
    for group in _groups(lines, np.flatnonzero(~taken & np.isin(lines.kind, _NAMES)), settings):
        for part in _apart(lines, _grown(lines, group, taken, settings), settings):
            table = _table(lines, part, edges, settings)
            if table is not None:
                found.append(table)
                taken = taken.copy()
                taken[table.lines] = True
    return found


def _apart(lines: Things, group: Numbers, settings: AlignSettings) -> list[Numbers]:
    """The group as the tables that stand above each other in it, further apart than rows do: one of them has more columns than the whole,
    since lines of the other lie across these."""
    em = float(np.median(lines.size[group]))
    spans = np.column_stack([lines.left, lines.right])

    def count(of: Numbers, across: float = settings.across) -> int:
        return len(_parts(spans[of], settings.gap * em, replace(settings, across=across))[0]) - 1

    bands = _gaps(np.column_stack([lines.top[group], lines.bottom[group]]), settings.row_gap * em)
    borders = [(a + b) / 2 for a, b in bands]
    if len(borders) < 3:
        return [group]
    middle = (lines.top[group] + lines.bottom[group]) / 2
    row = np.searchsorted(np.array(borders), middle)
    steps = np.diff([float(np.median(middle[row == r])) for r in range(len(borders) + 1)])
    most, best = count(group, 0.0), None
    for r in np.flatnonzero(steps > settings.further * np.median(steps)).tolist():
        above = row <= r
        parts = group[above], group[~above]
        if min(map(len, parts)) < settings.apart:
            continue
        columns = max(map(count, parts))
        if columns > most:
            most, best = columns, parts
    return [group] if best is None else [more for part in best for more in _apart(lines, part, settings)]


def _with_cells_between(lines: Things, settings: AlignSettings) -> Things:
    """The lines, where those beside a cell that have another cell beside, above or beneath them are cells, too: words of a table look
    like items of a list, since both stand above each other. Of a column of such items each has two cells beside it."""
    em = np.minimum(lines.size[:, None], lines.size)
    high = np.minimum(lines.bottom[:, None], lines.bottom) - np.maximum(lines.top[:, None], lines.top)
    wide = np.minimum(lines.right[:, None], lines.right) - np.maximum(lines.left[:, None], lines.left)
    across, down = lines.left - lines.right[:, None], lines.top - lines.bottom[:, None]  # from the first to the second
    in_row, in_column = (high > 0.3 * em) & (wide <= 0), (wide > 0) & (high <= 0.3 * em)
    alike = np.abs(np.log(lines.size[:, None] / lines.size)) < settings.alike
    nearest = []  # (lines, 4): the next ones, to the right and to the left, above and beneath
    near = settings.beneath * em
    for gaps, joined in ((across, in_row), (across.T, in_row), (down, in_column & (down < near)), (down.T, in_column & (down < near).T)):
        distance = np.where(joined & alike & (gaps > -0.3 * em), gaps, np.inf)
        np.fill_diagonal(distance, np.inf)
        nearest.append(np.where(np.isfinite(distance).any(axis=1), distance.argmin(axis=1), -1))
    sides = np.column_stack(nearest)
    kind = lines.kind.copy()
    while True:
        cells = (kind[sides] == _CELL) & (sides >= 0)
        beside = cells[:, :2].any(axis=1)
        beyond = cells[:, :2] & np.take_along_axis(cells[:, :2], sides[:, :2], axis=0)  # two cells in its row, on one side
        column = np.isin(kind, _COLUMNS) & beyond.any(axis=1)
        cells[:, 2:] |= (column[:, None] & column[sides] & (sides >= 0))[:, 2:]
        more = (kind != _CELL) & (kind != _HEADING) & beside & (cells.sum(axis=1) >= 2)
        if not more.any():
            return replace(lines, kind=kind)
        kind[more] = _CELL


def _groups(lines: Things, which: Numbers, settings: AlignSettings) -> list[Numbers]:
    """Cells that are joined in rows and columns, directly or over others."""
    if len(which) < 4:
        return []
    left, right, top, bottom, size = (getattr(lines, name)[which] for name in ("left", "right", "top", "bottom", "size"))
    em = np.minimum(size[:, None], size)
    high = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    beside = high > 0.3 * em
    beneath = (wide > 0) & (-high < settings.beneath * em) & (high < 0.3 * em)
    joined = beside | beneath
    others = np.setdiff1d(np.arange(len(lines)), which)
    for k in others:  # what is no cell parts those above it from those beneath it, and those at its two sides
        x0, x1, y0, y1 = lines.left[k], lines.right[k], lines.top[k], lines.bottom[k]
        above, below = (bottom < (y0 + y1) / 2) & (left < x1) & (right > x0), (top > (y0 + y1) / 2) & (left < x1) & (right > x0)
        joined &= ~((above[:, None] & below) | (below[:, None] & above))
        level = (top < (y0 + y1) / 2) & (bottom > (y0 + y1) / 2)
        before, after = level & (right <= x0 + 1), level & (left >= x1 - 1)
        joined &= ~((before[:, None] & after) | (after[:, None] & before))
    np.fill_diagonal(joined, True)
    groups = []
    waiting = np.ones(len(which), np.bool_)
    while waiting.any():
        reached = joined[waiting.argmax()].copy()
        while (wider := np.asarray(joined[reached].any(axis=0))).sum() > reached.sum():
            reached = wider
        groups.append(which[reached & waiting])
        waiting &= ~reached
    return [group for group in groups if len(group) >= 4]


def _grown(lines: Things, group: Numbers, taken: NDArray[np.bool_], settings: AlignSettings) -> Numbers:
    """The group with the rows above and beneath it that stand in its columns, whatever the network takes them for."""
    em = float(np.median(lines.size[group]))
    places, _ = _parts(np.column_stack([lines.left[group], lines.right[group]]), settings.gap * em, settings)
    middle = (lines.top + lines.bottom) / 2
    if len(places) < 3:
        group = _with_neighbours(lines, group, taken, (places[0], places[-1]), em, settings)
        places, _ = _parts(np.column_stack([lines.left[group], lines.right[group]]), settings.gap * em, settings)
    inner = np.array(places[1:-1])
    if not len(inner):
        return group
    ours = np.zeros(len(lines), np.bool_)
    ours[group] = True
    while True:
        x0, x1, y0, y1 = places[0] - em, places[-1] + em, lines.top[ours].min(), lines.bottom[ours].max()
        free = ~ours & ~taken & (lines.left > x0) & (lines.right < x1) & (np.abs(np.log(lines.size / em)) < 0.4)
        near = np.flatnonzero(free & (middle > y0 - settings.beneath * em) & (middle < y1 + settings.beneath * em))
        added = False
        for k in near[np.argsort(np.abs(middle[near] - (y0 + y1) / 2))].tolist():
            row = np.flatnonzero((np.abs(middle - middle[k]) < 0.4 * em) & (lines.right > x0) & (lines.left < x1))
            first, last = np.searchsorted(inner, lines.left[row] + em / 4), np.searchsorted(inner, lines.right[row] - em / 4)
            if (first == last).all() and len(set(first.tolist())) > 1 and not taken[row].any():
                ours[row] = added = True
                break
        if not added:
            return np.flatnonzero(ours)


def _with_neighbours(
    lines: Things, group: Numbers, taken: NDArray[np.bool_], column: tuple[float, float], em: float, settings: AlignSettings
) -> Numbers:
    """A single column of cells with what stands beside it in nearly all of its rows: words look less like cells than numbers do."""
    middle = (lines.top + lines.bottom) / 2
    free = ~taken & (np.abs(np.log(lines.size / em)) < 0.4) & ((lines.left > column[1]) | (lines.right < column[0]))
    level = (np.abs(middle[group][:, None] - middle) < 0.4 * em) & free  # (group, lines)
    if level.any(axis=1).mean() < settings.rows_beside:
        return group
    return np.union1d(group, np.flatnonzero(level.any(axis=0)))


def _table(lines: Things, group: Numbers, edges: Floats, settings: AlignSettings) -> Aligned | None:
    em = float(np.median(lines.size[group]))
    left, right = lines.left[group], lines.right[group]
    x, columns = _parts(np.column_stack([left, right]), settings.gap * em, settings)
    if len(x) < 3:
        return None
    y, rows = _rows(lines, group, columns, edges, em, settings)
    for end in (0, len(y) - 2):  # a title over a table, or a note beneath it, that looks like a cell
        alone = np.flatnonzero((rows[:, 0] <= end) & (rows[:, 1] > end))
        if len(alone) != 1 or len(y) < 4 or len(group) < 5:
            continue
        is_wide = columns[alone[0], 1] - columns[alone[0], 0] > 1
        is_wide |= end == 0 and len(x) > settings.title_columns  # a head has more than one name
        if is_wide or lines.kind[group[alone[0]]] == _HEADING or lines.size[group[alone[0]]] > settings.title * em:
            return _table(lines, np.delete(group, alone), edges, settings)
    if len(above := _above_head(lines, group, rows, em, settings)):
        return _table(lines, np.delete(group, above), edges, settings)
    if len(y) < 3:
        return None
    places = {(r, c) for (r, r1), (c, c1) in zip(rows.tolist(), columns.tolist(), strict=True) for r in range(r, r1) for c in range(c, c1)}
    named = lines.kind[group] == _CELL
    if len(places) < settings.filled * (len(x) - 1) * (len(y) - 1):
        return None
    if named.mean() < settings.named and not (
        len(x) == 3 and len(y) > settings.many_rows and max(named[columns[:, 0] == c].mean() for c in (0, 1)) >= settings.rows_beside
    ):
        return None
    return Aligned(group, rows, columns, y, x)


def _above_head(lines: Things, group: Numbers, rows: Numbers, em: float, settings: AlignSettings) -> Numbers:
    """Which lines of the group stand above the table's head, in rows without a cell: an account's number, who is billed. A head itself
    has a name over most columns, and makes no more columns or fewer."""
    cells = rows[lines.kind[group] == _CELL, 0]
    first = int(cells.min()) if len(cells) else 0
    spans = np.column_stack([lines.left[group], lines.right[group]])

    def from_row(row: int) -> tuple[int, Numbers]:
        kept = rows[:, 0] >= row
        places, columns = _parts(spans[kept], settings.gap * em, settings)
        return len(places) - 1, columns[rows[kept, 0] == row]

    count = from_row(first)[0]
    while first:
        with_row, own = from_row(first - 1)
        if with_row != count or len({c for a, b in own.tolist() for c in range(a, b)}) <= settings.alone * count:
            break
        first -= 1
    return np.flatnonzero(rows[:, 0] < first)


def _parts(spans: Floats, gap: float, settings: AlignSettings) -> tuple[list[float], Numbers]:
    """(n, 2) where things begin and end along one axis -> where parts begin, the last one's end, and of each thing its first part and the
    one before which it ends. What lies across white space is the fewest things without which there is more of it."""
    kept = np.ones(len(spans), np.bool_)
    gaps = _gaps(spans, gap)
    most = settings.across * len(spans)
    while (~kept).sum() < most:
        better = None
        for few in _thin_places(spans, kept, max(1, int(most - (~kept).sum()))):
            kept[few] = False
            now = _gaps(spans[kept], gap)
            # a part that they alone make is gone with them
            if len(now) > len(gaps) and (better is None or (len(now), -len(few)) > (len(better[1]), -len(better[0]))):
                better = (few, now)
            kept[few] = True
        if better is None:
            break
        kept[better[0]], gaps = False, better[1]
    middles = np.array([(a + b) / 2 for a, b in gaps])
    places = [float(spans[:, 0].min()), *middles.tolist(), float(spans[:, 1].max())]
    slack = gap / 2
    first = np.searchsorted(middles, spans[:, 0] + slack)
    last = np.searchsorted(middles, spans[:, 1] - slack)
    return places, np.column_stack([first, np.maximum(first, last) + 1])


def _thin_places(spans: Floats, kept: NDArray[np.bool_], most: int) -> list[Numbers]:
    """Those kept that cover a stretch together with at most ``most`` others, for each such stretch, the widest first: nothing else makes
    white space by being left out."""
    which = np.flatnonzero(kept)
    edges = np.unique(spans[which])
    middles = (edges[1:] + edges[:-1]) / 2
    covered = (spans[which, 0][:, None] < middles) & (spans[which, 1][:, None] > middles)  # (lines, stretches)
    thin = np.flatnonzero((covered.sum(axis=0) > 0) & (covered.sum(axis=0) <= most))
    width = spans[:, 1] - spans[:, 0]
    found = {tuple(which[covered[:, k]].tolist()) for k in thin.tolist()}
    return [np.array(few, np.intp) for few in sorted(found, key=lambda few: (-float(width[list(few)].max()), few))]


def _gaps(spans: Floats, least: float) -> list[tuple[float, float]]:
    """White space between spans, at least so wide."""
    found = []
    reached = -np.inf
    for a, b in spans[np.argsort(spans[:, 0])].tolist():
        if np.isfinite(reached) and a - reached >= least:
            found.append((reached, a))
        reached = max(reached, b)
    return found


def _rows(
    lines: Things, group: Numbers, columns: Numbers, edges: Floats, em: float, settings: AlignSettings
) -> tuple[list[float], Numbers]:
    """Where rows begin, the last one's end, and of each line its first row and the one before which it ends."""
    top, bottom = lines.top[group], lines.bottom[group]
    middle = (top + bottom) / 2
    bands = _gaps(np.column_stack([top, bottom]), settings.row_gap * em)
    borders = [(a + b) / 2 for a, b in bands]
    seen = _edges_across(lines, group, edges, em, settings)
    row, count = np.searchsorted(np.array(borders), middle), int(columns[:, 1].max())
    full = sum(len(set(columns[row == r, 0].tolist())) > settings.alone * count for r in range(len(borders) + 1))
    if len(seen) >= max(1, settings.ruled * (full - 1)):
        borders = seen
    else:
        borders = _whole(middle, columns, borders, seen, em, settings)
    at = np.array(borders)
    spans = np.searchsorted(at, middle)
    rows = np.column_stack([spans, spans + 1])
    rows, borders = _split(middle, columns, rows, borders, em, settings)
    return [float(top.min()), *borders, float(bottom.max())], rows


def _edges_across(lines: Things, group: Numbers, edges: Floats, em: float, settings: AlignSettings) -> list[float]:
    """Where edges run between the lines, over most of their width."""
    x0, x1 = float(lines.left[group].min()), float(lines.right[group].max())
    middle = (lines.top[group] + lines.bottom[group]) / 2
    length = np.minimum(edges[:, 2], x1) - np.maximum(edges[:, 1], x0)
    near = edges[(edges[:, 0] > middle.min()) & (edges[:, 0] < middle.max()) & (length > 0), :]
    found: list[float] = []
    for y in np.sort(near[:, 0]).tolist():
        if found and y - found[-1] < 0.5 * em:
            continue
        same = near[np.abs(near[:, 0] - y) < 0.25 * em]
        covered = sum(b - a for a, b in _union(np.clip(same[:, 1:], x0, x1)))
        if covered > settings.wide * (x1 - x0) and (np.abs(middle - y) > 0.3 * em).all():
            found.append(y)
    return found


def _union(spans: Floats) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for a, b in spans[np.argsort(spans[:, 0])].tolist():
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        else:
            found.append((a, b))
    return found


def _whole(
    middle: Floats, columns: Numbers, borders: Sequence[float], seen: Sequence[float], em: float, settings: AlignSettings
) -> list[float]:
    """The borders but those within a cell of several lines."""
    count = int(columns[:, 1].max())
    kept = list(borders)
    while len(kept) > 1:
        row = np.searchsorted(np.array(kept), middle)
        filled = np.array([len(set(columns[row == r, 0].tolist())) / count for r in range(len(kept) + 1)])
        at = np.array([float(np.median(middle[row == r])) for r in range(len(kept) + 1)])
        full = filled > settings.alone
        if full.sum() < 2:
            break
        steps = np.diff(at)
        both = steps[full[1:] & full[:-1]]  # rows beside rows, with nothing between
        usual = float(np.quantile(both, 0.25)) if len(both) else float(np.median(np.diff(at[full])))
        least = settings.near * usual
        may = [
            (steps[r], r)
            for r in range(len(kept))
            if steps[r] < least and not (full[r] and full[r + 1]) and not any(abs(y - kept[r]) < em for y in seen)
        ]
        if not may:
            break
        del kept[min(may)[1]]
    return kept


def _split(
    middle: Floats, columns: Numbers, rows: Numbers, borders: list[float], em: float, settings: AlignSettings
) -> tuple[Numbers, list[float]]:
    """Rows that a cell over several of them holds together, parted: in most of their columns lines stand at the same few levels, as far
    apart as rows are, and what stands between these levels is over both. Of two columns one is enough."""
    starts = [float(middle[rows[:, 0] == r].mean()) for r in range(len(borders) + 1) if (rows[:, 0] == r).any()]
    usual = float(np.median(np.diff(starts))) if len(starts) > 2 else np.inf
    least = float(np.quantile(np.diff(starts), 0.25)) if len(starts) > 3 else np.inf
    found: list[float] = []
    for r in range(len(borders) + 1):
        inside = np.flatnonzero(rows[:, 0] == r)
        levels: list[list[int]] = []
        for k in inside[np.argsort(middle[inside])].tolist():
            if levels and middle[k] - middle[levels[-1][0]] < 0.35 * em:
                levels[-1].append(k)
            else:
                levels.append([k])
        filled = len(set(columns[inside, 0].tolist()))
        main = [float(middle[level].mean()) for level in levels if 2 * len({*columns[level, 0].tolist()}) >= max(filled, 3)]
        if len(main) > 1 and min(np.diff(main)) > 0.6 * min(usual, 10 * em):
            found += [(a + b) / 2 for a, b in pairwise(main)]
        elif filled == 2 and len(main) < 2:
            most = max((middle[inside[columns[inside, 0] == c]] for c in set(columns[inside, 0].tolist())), key=len)
            if len(most) > 1 and np.diff(np.sort(most)).min() > settings.row_step * least:
                found += [(a + b) / 2 for a, b in pairwise(np.sort(most).tolist())]
        if r < len(borders):
            found.append(borders[r])
    if len(found) == len(borders):
        return rows, borders
    at = np.array(found)
    first = np.searchsorted(at, middle - 0.2 * em)
    last = np.searchsorted(at, middle + 0.2 * em)
    return np.column_stack([first, last + 1]), found

"""Boxes of cells -> tables: rows, columns, spans, empty cells, and which lines are in which; and what is no table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasm.pages.cuts import KINDS, Things
from rasm.pages.found import Grid, GridCell
from rasm.pages.tables import Cell, find_tables

SIZE = 20.0


def lines(places: list[tuple[float, float, float]], ltr: float = 0.0) -> Things:
    """places: left, middle, right of each."""
    left, middle, right = np.array(places, np.float64).reshape(-1, 3).T
    n = len(left)
    half, zeros = np.full(n, 0.36 * SIZE), np.zeros(n)
    kind = np.full(n, KINDS.index("cell"), np.intp)
    return Things(left, middle - half, right, middle + half, np.full(n, SIZE), kind, np.full(n, ltr), zeros, zeros)


def grid(rows: int, columns: int, inset: float = 4.0, top: float = 100.0, left: float = 50.0) -> dict[tuple[int, int], list[float]]:
    """Boxes of 150 x 50 by row and column, counted from the left."""
    return {
        (r, c): [left + 150 * c + inset, top + 50 * r + inset, left + 150 * (c + 1) - inset, top + 50 * (r + 1) - inset]
        for r in range(rows)
        for c in range(columns)
    }  # fmt: skip


def within(boxes: list[list[float]]) -> list[tuple[float, float, float]]:
    return [(left + 20, (top + bottom) / 2, right - 20) for left, top, right, bottom in boxes]


def places(cells: tuple[Cell, ...]) -> dict[tuple[int, int], tuple[int, int, list[int]]]:
    return {(c.row, c.column): (c.row_span, c.column_span, list(c.lines)) for c in cells}


@pytest.mark.parametrize("ltr", [0.0, 1.0])
@pytest.mark.parametrize("inset", [0.0, 6.0])
def test_columns_are_counted_as_they_are_read(ltr: float, inset: float) -> None:
    boxes = list(grid(3, 4, inset).values())
    (table,) = find_tables(np.array(boxes), lines(within(boxes), ltr))
    wanted = {(k // 4, k % 4 if ltr else 3 - k % 4): (1, 1, [k]) for k in range(12)}
    assert places(table.cells) == wanted


@pytest.mark.parametrize("page_ltr", [False, True])
@pytest.mark.parametrize("told", [[0.5] * 12, [0.0, 1.0] * 3 + [0.5] * 6, [0.0] * 2 + [1.0] * 4 + [0.5] * 6])
def test_tables_of_figures_and_in_two_languages_are_counted_as_their_page_is_read(told: list[float], page_ltr: bool) -> None:
    boxes = list(grid(3, 4).values())
    (table,) = find_tables(np.array(boxes), replace(lines(within(boxes)), ltr=np.array(told)), page_ltr)
    assert places(table.cells) == {(k // 4, k % 4 if page_ltr else 3 - k % 4): (1, 1, [k]) for k in range(12)}


def test_spans_and_empty_cells() -> None:
    found = grid(4, 3)
    found[0, 0] = [*found[0, 0][:2], *found[0, 1][2:]]  # a head over two columns
    found[1, 2] = [*found[1, 2][:2], *found[2, 2][2:]]  # a cell of two rows
    del found[0, 1], found[2, 2]
    boxes = list(found.values())
    texts = [box for place, box in found.items() if place != (3, 1)]  # which is empty
    (table,) = find_tables(np.array(boxes), lines(within(texts)))
    spans = {place: (down, across) for place, (down, across, _) in places(table.cells).items()}
    assert spans == {
        (0, 0): (1, 1), (0, 1): (1, 2), (1, 0): (2, 1), (1, 1): (1, 1), (1, 2): (1, 1), (2, 1): (1, 1), (2, 2): (1, 1),
        (3, 0): (1, 1), (3, 1): (1, 1), (3, 2): (1, 1),
    }  # fmt: skip
    assert [(c.row, c.column) for c in table.cells if not c.lines] == [(3, 1)]


def test_a_cell_that_was_missed_is_an_empty_cell_that_holds_its_lines() -> None:
    found = grid(3, 3)
    texts = within(list(found.values()))
    del found[1, 1]
    (table,) = find_tables(np.array(list(found.values())), lines(texts))
    assert places(table.cells)[1, 1] == (1, 1, [4])
    assert len(table.cells) == 9


def test_what_begins_in_one_place_is_one_cell() -> None:
    found = grid(3, 3)
    boxes = [box for place, box in found.items() if place != (1, 1)]
    left, top, right, bottom = found[1, 1]
    boxes += [[left, top, right, top + 30], [left + 60, top + 8, right - 5, bottom]]
    (table,) = find_tables(np.array(boxes), lines(within(list(found.values()))))
    assert places(table.cells) == {(k // 3, 2 - k % 3): (1, 1, [k]) for k in range(9)}


def test_tables_one_under_the_other_are_two() -> None:
    boxes = [*grid(3, 3).values(), *grid(2, 2, top=100 + 150 + 0.6 * SIZE).values()]
    tables = find_tables(np.array(boxes), lines(within(boxes)))
    assert [len(table.cells) for table in tables] == [9, 4]


def test_frames_around_columns_of_text_are_no_table() -> None:
    frames = [[0.0, 0.0, 300.0, 40.0], [0.0, 60.0, 300.0, 600.0], [320.0, 300.0, 800.0, 620.0]]
    texts = [(10.0, 90 + 30.0 * k, 700.0) for k in range(16)]  # lines that run on over the frames
    assert find_tables(np.array(frames), lines(texts)) == []
    assert find_tables(np.array(frames[:2]), lines([(10.0, 20.0, 200.0), (10.0, 90.0, 200.0)])) == []  # a column of two


@given(st.integers(2, 8), st.integers(2, 6), st.floats(0.2, 5), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_neither_scale_nor_order_nor_missing_texts_matter(rows: int, columns: int, scale: float, seed: int) -> None:
    g = np.random.default_rng(seed)
    boxes = np.array(list(grid(rows, columns).values()))
    there = np.flatnonzero(g.random(len(boxes)) < 0.7)
    if not len(there):
        there = np.array([0])
    texts = lines(within(boxes[there].tolist()))
    order = g.permutation(len(boxes))
    scaled = Things(
        *(getattr(texts, n) * (scale if n in ("left", "top", "right", "bottom", "size") else 1) for n in texts.__dataclass_fields__)
    )
    (table,) = find_tables(boxes[order] * scale, scaled)
    own = {int(there[line]): (cell.row, columns - 1 - cell.column) for cell in table.cells for line in cell.lines}
    assert own == {int(k): divmod(int(k), columns) for k in there}
    assert len(table.cells) == rows * columns


def test_rows_between_which_there_is_no_rule() -> None:
    """A frame, a rule beneath the head, and rules between columns. A name that is broken stands in its row."""
    rows = ruled_columns([130, 170, 210, 250])
    (table,) = find_tables(NOTHING, rows, grids=[FRAME])
    assert [len([c for c in table.cells if c.row == r]) for r in range(5)] == [3] * 5 and max(c.row for c in table.cells) == 4
    assert all(len(cell.lines) == 1 for cell in table.cells)
    assert [cell.box[1] for cell in table.cells if cell.column == 0] == [60, 100, 150, 190, 230]
    broken = replace(rows, ltr=np.zeros(len(rows)), top=rows.top.copy(), bottom=rows.bottom.copy())
    (whole,) = find_tables(NOTHING, broken, grids=[HIGHER])  # words, in a table that has rules between rows as well
    assert max(c.row for c in whole.cells) == 2 and max(len(c.lines) for c in whole.cells) == 4
    (apart,) = find_tables(NOTHING, broken, grids=[FRAME])  # and in one that has none: each column has as many
    assert max(c.row for c in apart.cells) == 4
    (numbers,) = find_tables(NOTHING, rows, grids=[HIGHER])
    assert max(c.row for c in numbers.cells) == 5


NOTHING = np.zeros((0, 4))


def frame(rows: list[float]) -> Grid:
    columns = [0.0, 200, 400, 600]
    cells = [GridCell(r, c, 1, 1, (columns[c], rows[r], columns[c + 1], rows[r + 1])) for r in range(len(rows) - 1) for c in range(3)]
    return Grid((0, rows[0], 600, rows[-1]), tuple(cells))


FRAME, HIGHER = frame([60, 100, 270]), frame([60, 100, 270, 300])


def ruled_columns(levels: list[float]) -> Things:
    """A head of words, and beneath it a column of words and two of numbers."""
    made = lines([(200.0 * c + 40, y, 200.0 * c + 160) for c in range(3) for y in (80, *levels)])
    each = 1 + len(levels)
    return replace(made, ltr=np.array([0.0 if k % each == 0 or k // each == 2 else 0.5 for k in range(3 * each)]))

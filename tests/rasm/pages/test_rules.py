"""Rules and edges of a page -> grids; lines that stand in rows and columns -> tables; heads, levels and figures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from rasm.document import Cell, Line, Page, Region, Word
from rasm.image import Pixels
from rasm.pages.aligned import aligned_tables
from rasm.pages.cuts import KINDS, Things
from rasm.pages.figures import with_figures
from rasm.pages.found import FoundPage, Grid, TextLine
from rasm.pages.layer_tables import with_tables
from rasm.pages.levels import head_rows, heading_level, list_levels
from rasm.pages.rules import _rows_with, find_edges, grids_of, with_grids
from rasm.pages.tables import find_tables

SIZE = 20.0
EYE = np.eye(3)[:2]


def paper(colour: int = 255) -> Pixels:
    return np.full((600, 800, 3), colour, np.uint8)


def ruled(page: Pixels, rows: list[int], columns: list[int], ink: int = 0, thick: int = 1) -> Pixels:
    for y in rows:
        cv2.line(page, (columns[0], y), (columns[-1], y), (ink, ink, ink), thick)
    for x in columns:
        cv2.line(page, (x, rows[0]), (x, rows[-1]), (ink, ink, ink), thick)
    return page


def grids(page: Pixels, size: float = SIZE) -> list[Grid]:
    return grids_of(*find_edges(page, EYE, size), size)


ROWS, COLUMNS = [100, 150, 200, 250], [100, 300, 450, 700]


@pytest.mark.parametrize(("ink", "thick", "colour"), [(0, 1, 255), (0, 4, 255), (200, 1, 255), (255, 3, 60)])
def test_a_grid_of_rules_of_any_weight_and_lightness(ink: int, thick: int, colour: int) -> None:
    (grid,) = grids(ruled(paper(colour), ROWS, COLUMNS, ink, thick))
    assert len(grid.cells) == 9 and {(c.row_span, c.column_span) for c in grid.cells} == {(1, 1)}
    for cell in grid.cells:
        wanted = (COLUMNS[cell.column], ROWS[cell.row], COLUMNS[cell.column + 1], ROWS[cell.row + 1])
        assert np.allclose(cell.box, wanted, atol=5)


def test_coloured_fields_are_cells() -> None:
    page = paper()
    for r in range(3):
        for c in range(3):
            page[ROWS[r] : ROWS[r + 1], COLUMNS[c] : COLUMNS[c + 1]] = 90 if (r + c) % 2 else 180
    (grid,) = grids(page)
    assert len(grid.cells) == 9


def test_cells_over_several_places() -> None:
    page = ruled(paper(), ROWS, COLUMNS)
    page[101:150, 295:305] = 255  # no rule between the first two cells of the first row
    page[195:205, 451:700] = 255  # nor between the last two of the last column
    (grid,) = grids(page)
    spans = {(c.row, c.column): (c.row_span, c.column_span) for c in grid.cells}
    assert spans[0, 0] == (1, 2) and spans[1, 2] == (2, 1) and len(spans) == 7


def test_an_open_table_reaches_as_far_as_its_rules() -> None:
    page = ruled(paper(), ROWS, COLUMNS)
    page[90:260, 95:105] = page[90:260, 695:705] = 255
    (grid,) = grids(page)
    assert len(grid.cells) == 9 and np.allclose(grid.box, (105, 100, 695, 250), atol=6)


def test_what_is_no_table() -> None:
    frame = paper()
    cv2.rectangle(frame, (50, 50), (750, 550), (0, 0, 0), 2)
    assert grids(frame) == [] and grids(paper()) == []
    lines = paper()
    for y in range(50, 550, 40):
        cv2.line(lines, (50, y), (750, y), (0, 0, 0), 1)
    assert grids(lines) == []
    noise = np.random.default_rng(1).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    assert grids(noise) == []
    assert grids(paper()[:1, :1]) == [] and grids(paper()[:, :2]) == []


def test_stripes_of_the_paper_are_no_rows() -> None:
    page = paper(240)
    for y in range(20, 600, 50):
        page[y : y + 3] = 200
    (grid,) = grids(ruled(page, ROWS, COLUMNS, 0, 3))
    assert len(grid.cells) == 9


def line(left: float, middle: float, right: float) -> TextLine:
    points = np.array([(left, middle), ((left + right) / 2, middle), (right, middle)])
    return TextLine(points, points + np.array([0, 6]), 12.0, 8.0, SIZE, "cell", 0.5, 0.5, 1.0)


def test_a_line_over_a_border_is_cut_there() -> None:
    found = FoundPage([line(120, 125, 430), line(480, 125, 650), line(110, 400, 690)], [], [], [], [], [], 0)
    parts = with_grids(ruled(paper(), ROWS, COLUMNS), found).lines
    assert [(round(v.middle[0, 0]), round(v.middle[-1, 0])) for v in parts] == [(120, 300), (300, 430), (480, 650), (110, 690)]
    assert all(v.middle.shape == v.baseline.shape and np.allclose(v.baseline[:, 1] - v.middle[:, 1], 6) for v in parts)


def test_lines_that_run_out_of_a_grid_are_not_in_it() -> None:
    """Large letters of a watermark cross each other behind text."""
    page = ruled(paper(), [100, 150, 200], [300, 350, 400])
    found = FoundPage([line(100, y, 700) for y in (125, 175, 400)], [], [], [], [], [], 0)
    assert with_grids(page, found).lines == found.lines and not with_grids(page, found).grids
    within = FoundPage([line(305, 125, 345), line(360, 175, 395), line(100, 125, 290)], [], [], [], [], [], 0)
    assert len(with_grids(page, within).grids) == 1


def things(places: list[tuple[float, float, float]], kind: str = "cell") -> Things:
    left, middle, right = np.array(places, np.float64).T
    n, reach = len(left), np.full(len(left), 0.36 * SIZE)
    return Things(
        left, middle - reach, right, middle + reach, np.full(n, SIZE), np.full(n, KINDS.index(kind)), np.zeros(n), reach * 0, reach * 0
    )


NONE = np.zeros((0, 3))
OPEN = [(left, 100.0 + 40 * r, right) for r in range(5) for left, right in ((500, 600), (320, 400), (100, 200))]


def places(lines: Things, edges: np.ndarray = NONE) -> list[list[list[int]]]:
    """Of the one table that there is, of each row each cell's lines."""
    (table,) = find_tables(np.zeros((0, 4)), lines, edges=edges)
    rows = max(cell.row for cell in table.cells) + 1
    return [[list(cell.lines) for cell in table.cells if cell.row == r] for r in range(rows)]


def test_columns_without_rules() -> None:
    assert places(things(OPEN)) == [[[3 * r], [3 * r + 1], [3 * r + 2]] for r in range(5)]
    missing = [place for k, place in enumerate(OPEN) if k not in (4, 11)]
    assert [[len(cell) for cell in row] for row in places(things(missing))] == [[1, 1, 1], [1, 0, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1]]


def test_a_cell_of_several_lines_and_a_head_over_two_columns() -> None:
    lines = [*OPEN[3:], (500.0, 82.0, 600.0), (150.0, 82.0, 350.0), (110.0, 140.0 - 15, 190.0)]
    lines[2] = (110.0, 140.0 + 15, 190.0)  # beneath the one that stands above it, both beside the middle of their row
    (table,) = find_tables(np.zeros((0, 4)), things(lines))
    assert {(c.row, c.column): c.column_span for c in table.cells if c.row == 0} == {(0, 0): 1, (0, 1): 2}
    assert sorted(next(c.lines for c in table.cells if (c.row, c.column) == (1, 2))) == [2, len(lines) - 1]


def test_edges_tell_rows() -> None:
    lines = [(left, y, right) for y in (100.0, 130.0, 160.0, 190.0) for left, right in ((500, 600), (100, 200))]
    edges = np.array([(145.0, 90.0, 610.0)])
    assert [[len(cell) for cell in row] for row in places(things(lines))] == [[1, 1]] * 4
    two = places(things([*lines[:2], (500.0, 130.0, 600.0), *lines[4:6], (500.0, 190.0, 600.0)]), edges)
    assert [[len(cell) for cell in row] for row in two] == [[2, 1], [2, 1]]


def test_prose_and_single_columns_are_no_tables() -> None:
    assert aligned_tables(things(OPEN, "paragraph"), NONE, np.zeros(15, np.bool_)) == []
    column = [(100.0, 100.0 + 40 * r, 200.0) for r in range(6)]
    assert aligned_tables(things(column), NONE, np.zeros(6, np.bool_)) == []


def cells(*rows: list[str]) -> tuple[list[Cell], list[str]]:
    made = [Cell(r, c, 1, 1, (0, 0, 1, 1)) for r, row in enumerate(rows) for c in range(len(row))]
    return made, [text for row in rows for text in row]


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        (["اسم", "قيمة"], 1),
        (["", "2016"], 1),
        (["المجموع", "1,200"], 0),
        (["", "٢٠١٦"], 1),
    ],
)
def test_heads_of_tables(rows: list[str], head: int) -> None:
    assert head_rows(*cells(rows, ["قطن", "1,370.5"], ["حبوب", "12"])) == head


def test_heads_of_several_rows() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    made = [Cell(0, 0, 2, 1, box), Cell(0, 1, 1, 2, box), Cell(1, 1, 1, 1, box), Cell(1, 2, 1, 1, box)]
    made += [Cell(2, c, 1, 1, box) for c in range(3)]
    assert head_rows(made, ["باب", "عدد", "قديم", "جديد", "تاريخ", "1", "2"]) == 2
    title = [Cell(0, 0, 1, 3, box), *[Cell(r, c, 1, 1, box) for r in (1, 2) for c in range(3)]]
    assert head_rows(title, ["عنوان", "أ", "ب", "ج", "د", "1", "2"]) == 2
    assert head_rows(*cells(["وحيد", "صف"])) == 0
    beside = [Cell(0, 0, 1, 1, box), Cell(0, 1, 1, 2, box), *[Cell(r, c, 1, 1, box) for r in (1, 2) for c in range(3)]]
    assert head_rows(beside, ["باب", "عدد", "", "قديم", "جديد", "تاريخ", "1", "2"]) == 2
    assert head_rows(beside, ["اسم", "مكان", "سالم", "بيت", "دار", "خالد", "دكان", "سوق"]) == 1  # what has a name has no second one


def test_figures_in_a_row_are_no_rule() -> None:
    """Their tops and feet may make an edge as long as a cell."""
    page = ruled(paper(), ROWS, COLUMNS)
    page[176, 304:446] = 0
    digits = np.array([[310.0, 176], [440, 176]])
    line = TextLine(digits, digits + np.array([0, 10.0]), 12, 10, 24.0, "cell", 0.5, 0.5, 0.95)
    ((plain,), (made,)) = (with_grids(page, FoundPage([given], [], [], [], [], [], 0)).grids for given in (_elsewhere(line), line))
    assert len(plain.cells) > len(made.cells) == 9


def _elsewhere(line: TextLine) -> TextLine:
    return replace(line, middle=line.middle + np.array([0, 300]), baseline=line.baseline + np.array([0, 300]))


def columns(rows: list[tuple[float, list[tuple[float, float]]]], kinds: list[str] | None = None) -> Things:
    """Lines by rows: the middle, and where each begins and ends."""
    spans = [(left, y, right) for y, row in rows for left, right in row]
    left, middle, right = np.array(spans, np.float64).T
    kind = np.array([KINDS.index(name) for name in kinds or ["cell"] * len(spans)], np.intp)
    n, half = len(spans), 0.36 * SIZE
    zeros = np.zeros(n)
    return Things(left, middle - half, right, middle + half, np.full(n, SIZE), kind, zeros, zeros, zeros)


THREE = [(600.0, 700.0), (400.0, 500.0), (200.0, 300.0)]
NO_EDGES = np.zeros((0, 3))


def shape(things: Things) -> list[tuple[int, int]]:
    return [(len(t.down) - 1, len(t.across) - 1) for t in aligned_tables(things, NO_EDGES, np.zeros(len(things), np.bool_))]


def test_a_title_over_a_table_is_none_of_its_rows() -> None:
    rows = [(100.0 + 40 * r, THREE) for r in range(4)]
    assert shape(columns(rows)) == [(4, 3)]
    assert shape(columns([(60.0, [(380.0, 520.0)]), *rows])) == [(4, 3)]  # within the width of one column
    assert shape(columns([(60.0, [(350.0, 640.0)]), *rows])) == [(4, 3)]  # over two of them


def test_rows_of_two_columns_with_a_cell_over_two_of_them() -> None:
    """A cell beside two rows, whose lines are as far apart as all rows are; lines of one cell are nearer."""
    two = THREE[:2]
    rows = [(100.0, two), (140.0, two), (180.0, two[1:]), (200.0, two[:1]), (220.0, two[1:]), (260.0, two), (300.0, two)]
    (table,) = aligned_tables(columns(rows), NO_EDGES, np.zeros(11, np.bool_))
    assert len(table.down) - 1 == 6 and sorted((table.rows[:, 1] - table.rows[:, 0]).tolist())[-1] == 2
    near = [(100.0, two), (160.0, two), (208.0, two[1:]), (220.0, two[:1]), (232.0, two[1:]), (280.0, two), (340.0, two)]
    assert shape(columns(near)) == [(5, 2)]


def test_a_column_of_names_beside_one_of_cells_is_of_its_table() -> None:
    rows = [(100.0 + 40 * r, THREE[:2]) for r in range(7)]
    assert shape(columns(rows, ["list-item", "cell"] * 7)) == [(7, 2)]
    assert shape(columns(rows, ["list-item", "paragraph"] * 7)) == []
    lone = columns([*rows[:3], *[(y, THREE[1:2]) for y, _ in rows[3:]]], ["list-item", "cell"] * 3 + ["cell"] * 4)
    assert shape(lone) == []


FOUR = [(620.0, 700.0), (420.0, 560.0), (260.0, 330.0), (100.0, 170.0)]


def test_words_of_a_table_that_look_like_items_of_lists() -> None:
    """A statement of an account: a date, what for, paid in or out, and what is left."""
    spans = [*FOUR, (10.0, 60.0)]
    rows = [(100.0 + 40 * r, [*spans[:2], spans[2 + r % 2], spans[4]]) for r in range(6)]
    assert shape(columns(rows, ["list-item", "list-item", "cell", "cell"] * 6)) == [(6, 5)]
    assert shape(columns(rows, ["paragraph", "paragraph", "cell", "cell"] * 6)) != [(6, 5)]  # a text beside figures


@pytest.mark.parametrize("kinds", [["label", "field"], ["list-item", "field"]])
def test_fields_above_a_tables_head_are_none_of_its_rows(kinds: list[str]) -> None:
    """An account's number, its name beside it, beyond the table and within one of its columns."""
    rows = [(150.0 + 40 * r, FOUR) for r in range(5)]
    names = ["label"] * 4 + ["cell"] * 16  # a head of names
    assert shape(columns(rows, names)) == [(5, 4)]
    for beyond in (0.0, 110.0):
        above = [(y, [(140.0 - beyond, 190.0 - beyond), (60.0 - beyond, 120.0 - beyond)]) for y in (70.0, 100.0)]
        assert shape(columns([*above, *rows], [*kinds, *kinds, *names])) == [(5, 4)]


def test_tables_above_each_other_whose_columns_differ_are_two() -> None:
    """An invoice: goods, and further below, in other columns, what they come to."""
    goods = [(100.0 + 40 * r, FOUR) for r in range(5)]
    sums = [(320.0 + 40 * r, [(480.0, 640.0), (200.0, 300.0)]) for r in range(4)]
    assert sorted(shape(columns([*goods, *sums]))) == [(4, 2), (5, 4)]


def test_rows_of_sums_beneath_a_table_are_its_own_where_they_are_no_further_apart() -> None:
    goods = [(100.0 + 40 * r, FOUR) for r in range(5)]
    sums = [(y, [(420.0, 700.0), (100.0, 170.0)]) for y in (300.0, 340.0)]  # each over two columns
    (table,) = aligned_tables(columns([*goods, *sums]), NO_EDGES, np.zeros(24, np.bool_))
    assert (len(table.down) - 1, len(table.across) - 1) == (7, 4)
    assert (table.columns[20] == [2, 4]).all() and (table.columns[22] == [2, 4]).all()


def test_boxes_of_a_part_of_a_table_are_not_the_table() -> None:
    """Five rows, of which boxes were found for two; and a grid in two of them, as of stripes that an edge crosses."""
    rows = [(125.0 + 50 * r, [(600.0, 700.0), (400.0, 500.0)]) for r in range(5)]
    things = columns(rows)
    boxes = np.array([[left - 40, y - 24, right + 60, y + 24] for y, row in rows[1:3] for left, right in row])
    (table,) = find_tables(boxes, things)
    assert max(cell.row for cell in table.cells) == 4
    (table,) = find_tables(NO_BOXES, things, grids=grids(ruled(paper(), [150, 200, 250], [350, 550, 750])))
    assert max(cell.row for cell in table.cells) == 4


NO_BOXES = np.zeros((0, 4))


def test_levels() -> None:
    assert [heading_level(size, 10) for size in (20, 15, 11)] == [1, 2, 3]
    assert list_levels([0, 0, 2, 4, 2, 0, 30], [1] * 7) == [1, 1, 2, 3, 2, 1, 1]


def test_figures_stand_before_what_is_beneath_them() -> None:
    def region(top: float) -> Region:
        box = (100.0, top, 500.0, top + 20)
        return Region("paragraph", box, [Line("نص", 1.0, box)])

    above, below = region(50), region(400)
    figure, under, dot = (100.0, 100.0, 500.0, 380.0), (90.0, 395.0, 510.0, 425.0), (100.0, 300.0, 110.0, 310.0)
    found = with_figures([above, below], [figure, under, dot])
    assert [region.kind for region in found] == ["paragraph", "figure", "paragraph"] and found[1].box == figure
    assert [region.kind for region in with_figures([], [figure])] == ["figure"]


def test_a_text_layer_has_the_tables_of_its_picture() -> None:
    """Lines of several cells that are stored as one are parted; what is no table stays; without rows no picture is asked for."""

    def stored(y: float, *words: tuple[str, float, float]) -> Line:
        made = [Word(text, 1.0, (left, y - 10, right, y + 10)) for text, left, right in words]
        box = (min(w.box[0] for w in made), y - 10, max(w.box[2] for w in made), y + 10)
        return Line(" ".join(text for text, _, _ in words), 1.0, box, [(box[0], y), (box[2], y)], made)

    rows = [stored(y, ("يمين", 500, 600), ("وسط", 350, 420), ("يسار", 120, 200)) for y in (125, 175, 225)]
    prose = stored(400, ("نثر", 600, 700), ("طويل", 500, 590))
    page = Page(1, 800, 600, [Region("paragraph", (100, 100, 700, 250), [*rows, prose])], source="text_layer")
    made = with_tables(page, lambda: ruled(paper(), ROWS, COLUMNS))
    table, rest = made.regions
    assert table.rows == [["يمين", "وسط", "يسار"]] * 3 and (table.head_rows, table.direction) == (1, "rtl")
    assert rest.lines == [prose] and made.source == "text_layer"
    only = Page(1, 800, 600, [Region("paragraph", prose.box, [prose] * 3)])
    assert with_tables(only, lambda: pytest.fail("no picture is needed")) is only
    assert with_tables(page, paper) is page


@pytest.mark.parametrize("seed", range(20))
def test_whatever_stretches_of_rules_are_missing_cells_tile_their_grid(seed: int) -> None:
    """Places that nothing parts may be of any shape, also such as wind around others."""
    g, n, step = np.random.default_rng(seed), 7, 60.0
    places = step * np.arange(n + 1)
    level, upright = (
        np.array(
            [(at, start, start + step) for k, at in enumerate(places) for start in places[:-1] if k in (0, n) or g.random() < 0.6],
            np.float64,
        )
        for _ in "lu"
    )
    for grid in grids_of(level, upright, SIZE):
        left, top, right, bottom = grid.box
        covered = sum((c.box[2] - c.box[0]) * (c.box[3] - c.box[1]) for c in grid.cells)
        assert covered == pytest.approx((right - left) * (bottom - top))


@pytest.mark.parametrize("length", [12, 20, 41])
def test_rows_with_long_edges_are_told_by_groups_of_eight(length: int) -> None:
    """None is missed wherever its edge begins, and one that is far from long enough is left out."""
    edge = np.zeros((64, 203), np.uint8)
    for row in range(16):
        edge[row, 3 + row : 3 + row + length] = 1
        edge[16 + row, 3 + row : 3 + row + length // 3] = 1
    rows = _rows_with(edge, length).tolist()
    assert set(range(16)) <= set(rows)
    assert length < 15 or not set(rows) & set(range(16, 64))  # else all are looked at
    whole = cv2.erode(edge, np.ones((1, length), np.uint8))
    assert set(np.flatnonzero(whole.any(axis=1)).tolist()) <= set(rows)

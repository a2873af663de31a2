"""Lines as plain boxes -> blocks in reading order: columns, headlines, verses, contracts, forms; and every line once, whatever there is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasm.document import Line
from rasm.pages.blocks import Block, Direction, arrange, arrange_boxes, as_region, things_of
from rasm.pages.cuts import Page
from rasm.pages.found import Box, FoundPage, TextLine

SIZE = 20.0


def line(
    left: float, y: float, right: float, size: float = SIZE, kind: str = "paragraph", first: float = 0.2, last: float = 0.2
) -> TextLine:
    middle = np.array([(left, y), ((left + right) / 2, y), (right, y)], np.float64)
    return TextLine(middle, middle + np.array([0, 0.25 * size]), 0.6 * size, 0.5 * size, size, kind, first, last, 0.99)


def page(
    lines: Sequence[TextLine], gutters: list[Box] | None = None, cells: list[Box] | None = None, rules: list[Box] | None = None
) -> FoundPage:
    return FoundPage(list(lines), gutters or [], rules or [], [], cells or [], [], 0)


def column(left: float, right: float, top: float, count: int, pitch: float = 30.0, size: float = SIZE) -> list[TextLine]:
    return [
        line(left, top + k * pitch, right, size, first=float(k == 0), last=float(k == count - 1)) for k in range(count)
    ]  # fmt: skip


def order(blocks: Sequence[Block]) -> list[int]:
    return [i for block in blocks for i in block.lines]


def tilted(found: FoundPage, degrees: float) -> FoundPage:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[c, s], [-s, c]])

    def moved(v: TextLine) -> TextLine:
        return TextLine(
            v.middle @ turn, v.baseline @ turn, v.above_px, v.below_px, v.size_px, v.kind, v.first, v.last, v.confidence
        )  # fmt: skip

    def around(box: Box) -> Box:
        left, top, right, bottom = box
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) @ turn
        return (*map(float, corners.min(axis=0)), *map(float, corners.max(axis=0)))  # type: ignore[return-value]

    gutters, rules, cells = ([around(b) for b in boxes] for boxes in (found.gutters, found.rules, found.cells))
    return FoundPage([moved(v) for v in found.lines], gutters, rules, [], cells, [], 0)


@pytest.mark.parametrize("beneath", ["text", "nothing"])
def test_no_level_cut_goes_through_a_picture_in_a_column(beneath: str) -> None:
    """Six lines beside a picture, and beneath it three more, or nothing: then it is beside the text, and parts nothing."""
    lines = column(400, 700, 30, 9) + (column(50, 350, 210, 3) if beneath == "text" else [])
    found = replace(page(lines), pictures=[(50.0, 10.0, 350.0, 190.0)])
    things, between = things_of(found, ["rtl"] * len(lines))
    cuts = Page(things, between).cuts(np.arange(len(lines))).level
    assert sorted(cuts[:, :9].sum(axis=1).tolist()) == ([6, 7, 8] if beneath == "text" else [1, 2, 3, 4, 5, 6, 7, 8])
    written_on = replace(found, lines=[*lines, line(100, 100, 200)])
    things, between = things_of(written_on, ["rtl"] * (len(lines) + 1))
    assert len(between.pictures) == 0 and len(between.mirrored().pictures) == 0


@pytest.mark.parametrize("columns", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("with_gutters", [True, False])
@pytest.mark.parametrize("degrees", [0.0, 1.0, -1.0])
def test_columns_are_read_from_the_right(columns: int, with_gutters: bool, degrees: float) -> None:
    wide, gap = 240.0, 30.0
    lines = []
    for k in range(columns):
        left = (columns - 1 - k) * (wide + gap)
        lines += column(left, left + wide, 100, 24 - k % 2 * 3)
    gutters = [(k * (wide + gap) - gap, 80.0, k * (wide + gap), 830.0) for k in range(1, columns)] if with_gutters else []
    found = tilted(page(lines, gutters), degrees)
    assert order(arrange(found, ["rtl"] * len(lines))) == list(range(len(lines)))


@pytest.mark.parametrize("columns", [2, 3])
def test_english_columns_are_read_from_the_left(columns: int) -> None:
    lines = [v for k in range(columns) for v in column(k * 330, k * 330 + 300, 100, 20)]
    assert order(arrange(page(lines), ["ltr"] * len(lines))) == list(range(len(lines)))


def test_headline_over_two_of_three_columns() -> None:
    side = column(0, 300, 60, 26)  # the last column, as high as all
    head = [line(330, 70, 930, 60, "heading", 1, 1)]
    right, middle = column(660, 960, 140, 22), column(330, 630, 140, 22)
    lines = head + right + middle + side
    found = page(lines, [(630, 120, 660, 810), (300, 50, 330, 820)])
    assert order(arrange(found, ["rtl"] * len(lines))) == list(range(len(lines)))


def test_a_spread_with_heads_and_numbers() -> None:
    lines = []
    for left in (900, 0):
        lines += [
            line(left + 500, 40, left + 700, kind="header", first=1, last=1),
            line(left + 60, 40, left + 90, kind="page-number", first=1, last=1),
        ]
        lines += column(left + 50, left + 710, 110, 22)
        lines += [line(left + 50, 800 + 24 * k, left + 710, 15, "footnote", 1, 1) for k in range(2)]
    blocks = arrange(page(lines, [(780, 0, 880, 900)]), ["rtl"] * len(lines))
    assert order(blocks) == list(range(len(lines)))
    assert [b.kind for b in blocks if b.kind != "paragraph"] == ["header", "page-number", "footnote", "footnote"] * 2


def test_verses_are_read_row_by_row_with_prose_around() -> None:
    prose = column(0, 700, 60, 4)
    verses = []
    for k in range(6):
        y = 220 + 40 * k
        verses += [line(380, y, 690, kind="verse", first=1, last=0), line(10, y, 320, kind="verse", first=0, last=1)]
    after = column(0, 700, 490, 4)
    lines = prose + verses + after
    blocks = arrange(page(lines), ["rtl"] * len(lines))
    assert order(blocks) == list(range(len(lines)))
    assert [(b.kind, len(b.lines)) for b in blocks] == [("paragraph", 4), ("verse", 12), ("paragraph", 4)]


def test_of_a_contract_in_two_languages_one_is_read_after_the_other() -> None:
    """Clauses stand side by side, each as high as its longer half: whoever reads it reads one of the languages."""
    sides: dict[Direction, list[TextLine]] = {"rtl": [], "ltr": []}
    gutters: list[Box] = []
    y = 60.0
    for arabic, english in ((1, 1), (4, 5), (3, 3), (5, 6), (4, 2)):
        rows = max(arabic, english)
        sides["rtl"] += column(520, 1000, y, arabic)
        sides["ltr"] += column(0, 480, y, english)
        gutters.append((485, y - 15, 515, y + 30 * rows - 15))
        y += 30 * rows + 16
    lines, directions = [*sides["rtl"], *sides["ltr"]], [d for d, side in sides.items() for _ in side]
    assert order(arrange(page(lines, gutters), directions)) == list(range(len(lines)))


def test_labels_and_values_are_read_row_by_row() -> None:
    lines = []
    for k in range(7):
        lines += [line(560, 60 + 44 * k, 700, kind="label", first=1, last=1), line(80, 60 + 44 * k, 260, kind="field", first=1, last=1)]
    blocks = arrange(page(lines), ["rtl"] * len(lines))
    assert order(blocks) == list(range(len(lines)))
    assert len(blocks) == 1  # rows of one form, to be written as rows


def test_contents_keep_titles_and_numbers_together() -> None:
    lines = []
    for k in range(12):
        lines += [
            line(400 - 10 * (k % 5), 60 + 36 * k, 700, kind="list-item", first=1, last=1),
            line(20, 60 + 36 * k, 50, kind="list-item", first=1, last=1),
        ]
    assert order(arrange(page(lines), ["rtl"] * len(lines))) == list(range(len(lines)))


def test_a_table_is_one_block_with_its_empty_cells() -> None:
    cells: list[Box] = []
    lines: list[TextLine] = []
    wanted = []
    before = column(0, 600, 40, 3)
    for r in range(4):
        for c in range(3):
            left = 400 - 200 * c
            cells.append((left + 4, 154 + 60 * r, left + 196, 206 + 60 * r))
            if (r, c) != (2, 1):
                texts = [line(left + 30, y, left + 160, kind="cell") for y in ((165 + 60 * r, 192 + 60 * r) if c == 1 else (178 + 60 * r,))]
                wanted.append(((r, c), [len(lines) + k + 3 for k in range(len(texts))]))
                lines += texts
    lines = before + lines + column(0, 600, 440, 3)
    blocks = arrange(page(lines, cells=cells), ["rtl"] * len(lines))
    assert order(blocks) == list(range(len(lines)))
    (table,) = [b for b in blocks if b.kind == "table"]
    assert [((c.row, c.column), list(c.lines)) for c in table.cells if c.lines] == wanted
    assert [(c.row, c.column) for c in table.cells if not c.lines] == [(2, 1)]


def test_a_page_askew_has_its_cells_where_they_are() -> None:
    cells: list[Box] = [(200.0 * c, 100.0 + 50 * r, 200.0 * c + 190, 145.0 + 50 * r) for r in range(3) for c in range(3)]
    lines = [line(left + 20, top + 22, left + 150, kind="cell") for left, top, _, _ in cells]
    found = tilted(page(lines, cells=cells), 1.0)
    (table,) = arrange(found, ["ltr"] * 9)
    assert [list(c.lines) for c in table.cells] == [[k] for k in range(9)]
    for cell, box in zip(table.cells, found.cells, strict=True):
        assert np.allclose(cell.box, box, atol=2.0)


def test_a_table_of_which_a_line_was_not_read_keeps_its_cells() -> None:
    cells: list[Box] = [(200.0 * c, 100.0 + 50 * r, 200.0 * c + 190, 145.0 + 50 * r) for r in range(2) for c in range(2)]
    lines = [line(left + 20, top + 22, left + 150, kind="cell") for left, top, _, _ in cells]
    (table,) = arrange(page(lines, cells=cells), ["ltr"] * 4)
    read = {k: Line(str(k), 1.0, (*map(float, lines[k].box),)) for k in (0, 2, 3)}  # type: ignore[arg-type]
    region = as_region(table, read, lambda boxes: [(a * 2, b * 2, c * 2, d * 2) for a, b, c, d in boxes])
    assert region is not None and region.kind == "table"
    assert region.rows == [["0", ""], ["2", "3"]]
    assert region.cells[3].box == (400.0, 300.0, 780.0, 390.0)
    assert as_region(table, {}, list) is None


def test_boxes_alone_are_ordered_too() -> None:
    boxes = np.array(
        [(360.0, 40 + 30 * k, 700, 60 + 30 * k) for k in range(12)] + [(0.0, 40 + 30 * k, 330, 60 + 30 * k) for k in range(12)]
    )
    blocks = arrange_boxes(boxes, np.full(24, 18.0), ["rtl"] * 24)
    assert order(blocks) == list(range(24))


def test_nothing_gives_nothing() -> None:
    assert arrange(page([]), []) == []


@st.composite
def pages(draw: st.DrawFn) -> tuple[FoundPage, list[Direction | None]]:
    """Anything at all."""
    number = st.floats(0, 1000, allow_nan=False)
    kinds = st.sampled_from(["paragraph", "cell", "verse", "label", "header", "heading", "page-number", "unheard-of"])
    lines = []
    for _ in range(draw(st.integers(0, 14))):
        left = draw(number)
        right, y, size = left + draw(st.floats(0, 800)), draw(number), draw(st.floats(1, 90))
        lines.append(line(left, y, right, size, draw(kinds), draw(st.floats(0, 1)), draw(st.floats(0, 1))))

    def boxes() -> list[Box]:
        return [(x, y, x + w, y + h) for x, y, w, h in draw(st.lists(st.tuples(number, number, number, number), max_size=9))]

    directions: list[Direction | None] = [draw(st.sampled_from(["rtl", "ltr", None])) for _ in lines]
    return FoundPage(lines, boxes(), boxes(), [], boxes(), [], 0), directions


@given(pages())
@settings(max_examples=150, deadline=None)
def test_every_line_is_in_one_block_once(found_and_directions: tuple[FoundPage, list[Direction | None]]) -> None:
    blocks = arrange(*found_and_directions)
    assert sorted(order(blocks)) == list(range(len(found_and_directions[0].lines)))
    for block in blocks:
        assert block.lines
        assert (block.kind == "table") == bool(block.cells)
        if block.cells:
            assert [i for cell in block.cells for i in cell.lines] == block.lines


def newspaper(rng: random.Random) -> list[TextLine]:
    lines = [line(0, 40, 960, 70, "heading", 1, 1)]
    for top, rows in ((110, rng.randint(6, 14)), (640, rng.randint(6, 14))):
        lines.append(line(20, top, 940, 44, "heading", 1, 1))
        for left in (660, 330, 0):
            lines += column(left, left + 300, top + 60, rows)
    return lines


@given(st.integers(0, 10**6), st.floats(0.2, 5))
@settings(max_examples=25, deadline=None)
def test_neither_scale_nor_the_order_given_matters(seed: int, scale: float) -> None:
    rng = random.Random(seed)
    lines = newspaper(rng)
    wanted = order(arrange(page(lines), ["rtl"] * len(lines)))
    shuffled = rng.sample(range(len(lines)), len(lines))
    scaled = []
    for w in (lines[i] for i in shuffled):
        left, y, right = (float(v) * scale for v in (w.middle[0, 0], w.middle[0, 1], w.middle[-1, 0]))
        scaled.append(line(left, y, right, w.size_px * scale, w.kind, w.first, w.last))
    assert [shuffled[i] for i in order(arrange(page(scaled), ["rtl"] * len(lines)))] == wanted

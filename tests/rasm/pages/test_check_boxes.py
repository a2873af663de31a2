"""Check boxes that are drawn on a page: which outlines are boxes, what is in them, and in which lines they stand."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from rasm import weights
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer, Sign
from rasm.pages.check_boxes import CheckBox, painted, seen, with_lines_of
from rasm.pages.finder import LineFinder
from rasm.pages.found import Box, FoundPage, Grid, GridCell, TextLine
from rasm.pages.reader import PageImage, PageReader
from tests.paper import golden_line, golden_text, sheet
from tests.paths import SHIPPED

EM = 30.0
AROUND: Box = (92.0, 104.0, 132.0, 118.0)  # a finder's areas are no more exact


def line(left: float, right: float, y: float = 112.0) -> TextLine:
    points = np.array([(left, y), ((left + right) / 2, y), (right, y)])
    return TextLine(points, points + np.array([0, 10]), 18.0, 12.0, EM, "label", 0.5, 0.5, 1.0)


def page_with(*lines: TextLine, boxes: tuple[Box, ...] = (AROUND,), grids: tuple[Grid, ...] = ()) -> FoundPage:
    return FoundPage(list(lines), [], [], [], [], list(boxes), 0, grids=grids)


def drawn(what: str, side: int = 26, thick: int = 2, ink: int = 0, colour: int = 255) -> Pixels:
    """A box with its middle at (112, 112)."""
    paper = np.full((240, 400), colour, np.uint8)
    left, right, middle = 112 - side // 2, 112 + side // 2, (112, 112)
    inner = side // 2 - thick - 4
    if what.startswith("round"):
        cv2.circle(paper, middle, side // 2, ink, thick, cv2.LINE_AA)
    elif what != "none":
        cv2.rectangle(paper, (left, left), (right, right), ink, thick)
    if what.endswith("crossed"):
        cv2.line(paper, (112 - inner, 112 - inner), (112 + inner, 112 + inner), ink, 2, cv2.LINE_AA)
        cv2.line(paper, (112 - inner, 112 + inner), (112 + inner, 112 - inner), ink, 2, cv2.LINE_AA)
    elif what.endswith("ticked"):
        cv2.polylines(paper, [np.array([(112 - inner, 112), (110, 112 + inner), (112 + inner, 112 - inner)])], False, ink, 2, cv2.LINE_AA)
    elif what.endswith("filled"):
        cv2.rectangle(paper, (112 - inner, 112 - inner), (112 + inner, 112 + inner), ink, -1)
    return paper


@pytest.mark.parametrize(("ink", "colour"), [(0, 255), (90, 230), (255, 40)])
@pytest.mark.parametrize("thick", [1, 2, 4])
@pytest.mark.parametrize(
    ("what", "sign"), [("empty", "☐"), ("ticked", "☑"), ("crossed", "☒"), ("filled", "☑"), ("round empty", "○"), ("round filled", "●")]
)
def test_what_is_in_a_box(what: str, sign: str, thick: int, ink: int, colour: int) -> None:
    (found,) = seen(drawn(what, thick=thick, ink=ink, colour=colour), page_with(line(150, 300)))
    assert found.sign == sign
    assert np.allclose(found.box, (99, 99, 125, 125), atol=2 + thick / 2)


@pytest.mark.parametrize("side", [10, 70])
def test_what_is_smaller_or_larger_than_type_is_no_box(side: int) -> None:
    assert seen(drawn("empty", side), page_with(line(150, 300))) == []


def test_letters_and_full_squares_are_no_boxes() -> None:
    bracket = drawn("none")
    cv2.rectangle(bracket, (99, 99), (125, 125), 0, 2)
    bracket[:, 108:118] = 255  # [ ]
    square = drawn("none")
    square[99:125, 99:125] = 0
    for paper in (drawn("none"), bracket, square, drawn("empty", ink=225)):  # the last is a stain
        assert seen(paper, page_with(line(150, 300))) == []
    assert seen(drawn("empty"), page_with()) == [], "nor is there one on a page without text"


def test_boxes_of_a_comb_and_cells_are_no_check_boxes() -> None:
    comb = drawn("empty")
    cv2.rectangle(comb, (125, 99), (151, 125), 0, 2)
    assert seen(comb, page_with(line(160, 300))) == []
    framed = cv2.rectangle(drawn("crossed"), (80, 85), (390, 140), 0, 2)
    assert [box.sign for box in seen(np.asarray(framed, np.uint8), page_with(line(150, 300)))] == ["☒"]


def test_a_box_of_a_page_askew_is_where_it_is() -> None:
    level = np.asarray(cv2.getRotationMatrix2D((200, 120), -4, 1.0), np.float64)
    page = np.asarray(cv2.warpAffine(drawn("crossed"), level, (400, 240), borderValue=(255,)), np.uint8)
    (found,) = seen(page, replace(page_with(line(150, 300)), to_page=level))
    assert found.sign == "☒" and np.allclose(found.box, (99, 99, 125, 125), atol=3)


def test_boxes_belong_to_lines() -> None:
    box = CheckBox((99, 99, 125, 125), "☐")
    (near,) = with_lines_of(page_with(line(150, 300)), [box]).lines
    assert (near.middle[0, 0], near.middle[-1, 0]) == (99, 300) and near.baseline.shape == near.middle.shape
    within = with_lines_of(page_with(line(20, 300)), [box]).lines
    assert [(v.middle[0, 0], v.middle[-1, 0]) for v in within] == [(20, 300)]
    for alone in (line(200, 300), line(150, 300, 150)):  # too far to the side, or another row
        assert [v.middle[0, 0] for v in with_lines_of(page_with(alone), [box]).lines] == [alone.middle[0, 0], 99]
    assert len(with_lines_of(page_with(line(150, 300), line(98, 126)), [box]).lines) == 1, "a line of nothing but the box is none"


def test_a_box_in_a_cell_of_its_own_stays_there() -> None:
    cells = (GridCell(0, 0, 1, 1, (80, 90, 140, 140)), GridCell(0, 1, 1, 1, (140, 90, 400, 140)))
    found = with_lines_of(page_with(line(150, 300), grids=(Grid((80, 90, 400, 140), cells),)), [CheckBox((99, 99, 125, 125), "☐")])
    assert len(found.lines) == 2


def test_a_box_is_painted_over() -> None:
    page = drawn("crossed", colour=200)
    assert (painted(page, [CheckBox((99, 99, 126, 126), "☒")], np.eye(3)[:2]) == 200).all()
    assert (page != 200).any(), "the page itself stays as it is"
    in_colour = np.dstack([page, page, np.full_like(page, 90)])
    assert (painted(in_colour, [CheckBox((99, 99, 126, 126), "☒")], np.eye(3)[:2]) == (200, 200, 90)).all()


def test_signs_come_where_they_stand() -> None:
    signs = [Sign(c, 0.9, 100 - 10 * k, 110 - 10 * k) for k, c in enumerate("نعم لا")]
    reading = Reading("نعم لا", 0.9, signs, "rtl", True, "ال معن")
    made = reading.with_signs([Sign("☑", 0.8, 115, 125), Sign("☐", 0.7, 71, 74)])
    assert made.text == "☑ نعم ☐ لا" and made.confidence == 0.9
    assert [sign.confidence for sign in made.signs if sign.text in "☑☐"] == [0.8, 0.7]
    assert Reading("", 0.99, [], "rtl", False, "").with_signs([Sign("☐", 0.7, 1, 9)]).text == "☐"
    latin = Reading("yes", 0.9, [Sign(c, 0.9, 10 * k, 10 * k + 10) for k, c in enumerate("yes")], "ltr", True, "yes")
    assert latin.with_signs([Sign("☐", 0.7, -9, -1)]).text == "☐ yes"


class WithAreas(LineFinder):
    """The shipped finder, which has seen two check boxes."""

    def find(self, page: Pixels) -> FoundPage:
        return replace(super().find(page), check_boxes=[(905.0, 110.0, 935.0, 120.0), (905.0, 200.0, 930.0, 230.0)])


def test_a_form_says_what_is_ticked() -> None:
    words = golden_line("figures")
    page = sheet([(words, 890, 90), (words, 890, 190), (words, 890, 290)], 1000, 400)
    for y, cross in ((100, True), (200, False)):
        cv2.rectangle(page, (905, y), (935, y + 30), 0, 2)
        if cross:
            cv2.line(page, (911, y + 6), (929, y + 24), 0, 2)
            cv2.line(page, (911, y + 24), (929, y + 6), 0, 2)
    finder = WithAreas(weights.FINDER)
    found = PageReader(Recognizer(SHIPPED, threads=1), orient=False, finder=finder).read(PageImage(page))
    said = [line.text for line in found.lines]
    assert said == [f"☒ {golden_text('figures')}", f"☐ {golden_text('figures')}", golden_text("figures")]
    box = found.lines[0].words[0].box
    assert np.allclose(box, (905, 100, 936, 131), atol=4)

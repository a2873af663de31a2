"""Images of lines: straight, of the page's own grey, with their own ink and no other's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rasm.image import Pixels
from rasm.pages.crops import CropSettings, cut_lines, extent
from rasm.pages.found import FoundPage, TextLine
from tests.paper import golden_line


def a_line(y: float, x0: float = 50, x1: float = 250, bend: float = 0.0, above_px: float = 12, below_px: float = 9) -> TextLine:
    xs = np.linspace(x0, x1, 21)
    middle = np.column_stack([xs, y + bend * np.sin((xs - x0) / (x1 - x0) * np.pi)])
    return TextLine(middle, middle + np.array([0, 5]), above_px, below_px, 20, "paragraph", 0, 0, 1)


def found(*lines: TextLine, to_page: np.ndarray | None = None, by_colour: bool = False) -> FoundPage:  # type: ignore[type-arg]
    matrix = np.eye(3)[:2] if to_page is None else to_page
    return FoundPage(list(lines), [], [], [], [], [], 0, 0.0, matrix, by_colour)


def test_a_bent_line_is_cut_straight_and_others_are_painted_over() -> None:
    page = np.full((200, 300), 230, np.uint8)
    line, neighbour = a_line(80, bend=-14), a_line(94)
    for x in range(50, 251):
        y = round(float(np.interp(x, line.middle[:, 0], line.middle[:, 1])))
        page[y - 3 : y + 3, x] = 20
    page[88:100, 50:251] = 90  # of the neighbour, within reach of the line's ends
    crop, _ = cut_lines(page, found(line, neighbour))
    dark = np.nonzero((crop.pixels[:, 4:-4] < 60).mean(axis=1) > 0.8)[0]
    assert 4 <= len(dark) <= 8  # straight: the same rows from end to end
    assert np.median(crop.pixels) == 230
    assert page[90, 60] == 90  # which is as far below the line as its last row
    assert (crop.pixels[-2:] > 200).all()


def test_what_is_painted_over_has_the_level_of_the_paper_beside_it() -> None:
    page = np.repeat(np.linspace(90, 240, 300).astype(np.uint8)[None], 200, axis=0)
    page[108:118, 50:251] = 10  # another line's
    crop, _ = cut_lines(page, found(a_line(100, below_px=14), a_line(113, above_px=5, below_px=9)))
    there = crop.pixels[-1].astype(int)
    assert np.abs(there - page[0, 47 : 47 + len(there)]).max() < 14


def test_faint_ink_is_cut_as_it_is() -> None:
    page = np.full((200, 300), 200, np.uint8)
    page[95:105, 60:240] = 190
    (crop,) = cut_lines(page, found(a_line(100)))
    assert {190, 200} <= set(np.unique(crop.pixels).tolist()) <= set(range(190, 201))


def test_a_line_of_a_turned_page_is_cut_level() -> None:
    line = golden_line("figures")[:, -400:]
    page = np.full((400, 600), 255, np.uint8)
    page[180:228, 100:500] = line
    to_level = np.asarray(cv2.getRotationMatrix2D((300, 200), 8, 1.0))
    turned = np.asarray(cv2.warpAffine(page, cv2.invertAffineTransform(to_level), (600, 400), borderValue=255.0), np.uint8)
    xs = np.linspace(100, 500, 20)
    middle = np.column_stack([xs, np.full(20, 200.0)])
    shape = TextLine(middle, middle + np.array([0, 10]), 20, 28, 34, "paragraph", 0, 0, 1)
    straight, slanting = (
        cut_lines(image, found(shape, to_page=matrix))[0]
        for image, matrix in ((page, np.eye(3)[:2]), (turned, cv2.invertAffineTransform(to_level)))
    )
    assert straight.pixels.shape == slanting.pixels.shape
    assert np.abs(straight.pixels.astype(int) - slanting.pixels).mean() < 12  # two resamplings apart


@pytest.mark.parametrize(("above_px", "below_px"), [(2, 1), (200, 150)], ids=["a dash", "a blot far away"])
def test_a_stray_mark_does_not_make_letters_small(above_px: float, below_px: float) -> None:
    settings = CropSettings()
    above, below = extent(a_line(100, above_px=above_px, below_px=below_px), settings)
    assert above / 20 in (pytest.approx(settings.above[0]), pytest.approx(settings.above[1]))
    assert below / 20 in (pytest.approx(settings.below[0]), pytest.approx(settings.below[1]))


def test_ink_that_differs_in_colour_alone_is_cut_with_contrast() -> None:
    page = np.full((200, 300, 3), (60, 131, 60), np.uint8)
    page[95:105, 60:240] = (200, 60, 60)  # as light as the paper
    grey, coloured = (cut_lines(page, found(a_line(100), by_colour=told))[0].pixels for told in (False, True))
    assert np.ptp(grey) < 20
    assert np.ptp(coloured) > 200


@pytest.mark.parametrize("line", [a_line(2), a_line(198), a_line(100, x0=-30, x1=20), a_line(100, x0=280, x1=330), a_line(100, 70, 70.5)])
def test_lines_at_the_edge_are_cut(line: TextLine) -> None:
    (crop,) = cut_lines(np.full((200, 300), 255, np.uint8), found(line))
    assert min(crop.pixels.shape) >= 2 and crop.rows.shape == (crop.pixels.shape[1],)


def test_where_there_is_ink() -> None:
    for paper, ink in ((255, 0), (20, 230)):
        page = np.full((200, 300), paper, np.uint8)
        page[95:105, 60:240] = ink
        (crop,) = cut_lines(page, found(a_line(100)))
        rows, columns = np.nonzero(crop.ink)
        assert columns.min() + crop.left_px == pytest.approx(60, abs=1) and np.ptp(columns) == pytest.approx(179, abs=2)
        assert np.ptp(rows) == pytest.approx(9, abs=2)


def no_lines(page: Pixels) -> bool:
    return cut_lines(page, found()) == []


def test_a_page_without_lines() -> None:
    assert no_lines(np.full((20, 20), 255, np.uint8)) and no_lines(np.full((20, 20, 3), 255, np.uint8))


@pytest.mark.parametrize("copies", [1, 3], ids=["of a short line", "of a long line, whose ends are looked at"])
@pytest.mark.parametrize("mirrored", [False, True], ids=["at the right", "at the left"])
def test_a_bullet_is_no_letter(mirrored: bool, copies: int) -> None:
    text = np.tile(golden_line("figures", 40)[:, -300:], copies)
    end = 100 + 300 * copies
    page = np.full((200, end + 100), 255, np.uint8)
    page[80:120, 100:end] = text
    plain = page.copy()
    cv2.circle(page, (end + 25, 104), 6, 0, -1)
    xs = np.linspace(100, end + 35, 20)
    middle = np.column_stack([xs, np.full(20, 100.0)])
    line = TextLine(middle, middle + np.array([0, 11]), 20, 20, 30, "list-item", 0, 0, 1)
    if mirrored:
        page, plain = np.ascontiguousarray(page[:, ::-1]), np.ascontiguousarray(plain[:, ::-1])
        mirror = np.column_stack([page.shape[1] - 1 - middle[::-1, 0], middle[:, 1]])
        line = TextLine(mirror, mirror + np.array([0, 11]), 20, 20, 30, "list-item", 0, 0, 1)
    (with_bullet,), (without,) = (cut_lines(image, found(line)) for image in (page, plain))
    assert np.abs(with_bullet.pixels.astype(int) - without.pixels).max() < 60


def test_a_bullet_before_a_word_that_joins_throughout_is_no_letter() -> None:
    """At the end of a long line stand the bullet and one mark more."""
    page = np.full((200, 1100), 255, np.uint8)
    page[80:120, 100:700] = np.tile(golden_line("figures", 40)[:, -300:], 2)
    page[96:108, 720:1000] = 0
    plain = page.copy()
    cv2.circle(page, (1025, 104), 6, 0, -1)
    middle = np.column_stack([np.linspace(100, 1035, 20), np.full(20, 100.0)])
    line = TextLine(middle, middle + np.array([0, 11]), 20, 20, 30, "list-item", 0, 0, 1)
    (with_bullet,), (without,) = (cut_lines(image, found(line)) for image in (page, plain))
    assert np.abs(with_bullet.pixels.astype(int) - without.pixels).max() < 60


def test_only_the_lines_that_are_asked_for_are_cut() -> None:
    page = np.full((300, 400), 255, np.uint8)
    middles = [np.column_stack([np.linspace(50, 350, 5), np.full(5, y)]) for y in (60.0, 100.0, 140.0)]
    page[50:70, 50:350] = page[90:110, 60:340] = page[130:150, 70:330] = 0
    lines = [TextLine(middle, middle + np.array([0, 11]), 20, 20, 30, "paragraph", 0, 0, 1) for middle in middles]
    whole = cut_lines(page, found(*lines))
    some = cut_lines(page, found(*lines), only=[2, 0])
    for crop, other in zip(some, (whole[2], whole[0]), strict=True):  # the others are painted over all the same
        assert np.array_equal(crop.pixels, other.pixels) and crop.left_px == other.left_px

"""Finding lines: each once, with its own ink, in reading order, whatever is around them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from evaluation.line_finding import KnownLine, count_lines
from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.pages.simple import PageSynthesizer
from model.rendering.texts import load_texts
from rasm.image import ImageSettings, Pixels
from rasm.pages.blocks import arrange
from rasm.pages.crops import Crop, cut_lines, ink_of
from rasm.pages.dewarp import straightened
from rasm.pages.finder import shipped_finder
from rasm.pages.found import FoundPage, TextLine, moved
from rasm.pages.pieces import whole_lines
from rasm.text.charset import DEFAULT_CHARSET
from tests.paper import golden_line, prose_page, sheet
from tests.paths import ROOT

DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@dataclass
class Ordered:
    page: Pixels
    found: FoundPage

    @property
    def lines(self) -> list[TextLine]:
        return self.found.lines


def ordered_lines(page: Pixels) -> Ordered:
    found = shipped_finder().find(page)
    order = [i for block in arrange(found, ["rtl"] * len(found.lines)) for i in block.lines]
    return Ordered(page, replace(found, lines=[found.lines[i] for i in order]))


def crops(found: Ordered) -> list[Crop]:
    return cut_lines(found.page, found.found)


def on_page(found: Ordered) -> list[tuple[float, float]]:
    """The middle of each line, in pixels of the page as it was given."""
    middles = np.array([((v.box[0] + v.box[2]) / 2, float(v.middle[:, 1].mean())) for v in found.lines]).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in moved(found.found.to_page, middles)]


def two_columns() -> Pixels:
    line = golden_line("figures")[:, -500:]
    rows = [(line, x, 60 + 70 * row + offset) for x, offset in ((1100, 0), (560, 0)) for row in range(7)]
    return sheet(rows, 1160, 620)


def test_every_line_is_found_once_from_top_to_bottom() -> None:
    page, texts = prose_page()
    places = on_page(ordered_lines(page))
    assert len(places) == len(texts)
    for i, (_, y) in enumerate(places):
        assert abs(y - (80 + 72 * i + 24)) < 12


def test_a_frame_and_rules_change_nothing() -> None:
    page, texts = prose_page()
    cv2.rectangle(page, (30, 40), (1000, 770), 0, 3)
    cv2.rectangle(page, (20, 30), (1010, 780), 0, 2)
    cv2.line(page, (60, 70), (970, 70), 0, 2)
    found = ordered_lines(page)
    assert len(found.lines) == len(texts)
    assert found.found.rules
    for crop in crops(found):
        assert ((crop.pixels < 128).mean(axis=1) < 0.6).all(), "no rule in a line's picture"


def test_light_on_dark_is_the_same_page() -> None:
    page, texts = prose_page()
    assert len(ordered_lines(np.asarray(255 - page, np.uint8)).lines) == len(texts)


def test_colours_that_are_equally_grey_are_told_apart() -> None:
    page, texts = prose_page()
    coloured = np.where(page[..., None] < 128, np.array([200, 60, 60], np.uint8), np.array([60, 131, 60], np.uint8)).astype(np.uint8)
    assert len(ordered_lines(coloured).lines) == len(texts)


def test_bands_hardly_higher_than_their_letters_are_paper() -> None:
    """As the rows of tables have them: white in blue, black in white, black in yellow, one under the other."""
    line = golden_line("figures", 40)[:, -420:]
    page = np.full((700, 900, 3), 255, np.uint8)
    colours = [((40, 80, 160), (255, 255, 255)), ((255, 255, 255), (0, 0, 0)), ((250, 220, 90), (20, 20, 20))] * 3
    for i, (paper, ink) in enumerate(colours):
        band = page[60 + 56 * i : 116 + 56 * i, 50:850]
        share = np.zeros((*band.shape[:2], 1), np.float32)
        share[8:48, 200:620, 0] = 1 - line / 255.0
        band[:] = np.array(paper) * (1 - share) + np.array(ink) * share
    found = ordered_lines(page)
    assert len(found.lines) == len(colours)
    alone = int((line < 128).sum())
    for crop in crops(found):
        assert abs(int(ink_of(crop.pixels, 0.5).sum()) - alone) < 0.2 * alone


@pytest.mark.parametrize("degrees", [-4.0, 1.5, 7.0])
def test_skew_is_found_and_undone(degrees: float) -> None:
    page, texts = prose_page()
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.85)
    turned = np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=255.0), np.uint8)
    found = ordered_lines(turned)
    assert abs(found.found.skew_degrees + degrees) < 0.6
    assert len(found.lines) == len(texts)
    straight = on_page(ordered_lines(page))
    for (x0, y0), (x1, y1) in zip(straight, on_page(found), strict=True):
        expected = matrix @ np.array([x0, y0, 1])
        assert np.hypot(x1 - expected[0], y1 - expected[1]) < 12


def test_a_frame_around_a_table_and_text_is_no_table() -> None:
    line = golden_line("figures", 40)[:, -300:]
    page = sheet([(line, 700, 90), (line, 700, 600), (line, 700, 740)], 800, 820)
    cv2.rectangle(page, (40, 40), (760, 690), 0, 3)
    for row in range(3):
        for left in (120, 420):
            cv2.rectangle(page, (left, 200 + 100 * row), (left + 300, 300 + 100 * row), 0, 2)
            page[230 + 100 * row : 270 + 100 * row, left + 180 : left + 280] = line[:, -100:]
    heights = [y for _, y in on_page(ordered_lines(page))]
    assert len(heights) == 9 and heights[0] < 200 and heights == sorted(heights, key=lambda y: round(y / 100))


def test_what_stands_far_from_a_line_does_not_make_its_letters_small() -> None:
    page, texts = prose_page()
    apart, _ = prose_page()
    cv2.circle(apart, (500, 80 + 72 * (len(texts) - 1) + 85), 3, 0, -1)  # a blot below the last line
    heights = [[crop.pixels.shape[0] for crop in crops(ordered_lines(image))] for image in (page, apart)]
    assert heights[1][: len(texts)] == pytest.approx(heights[0], rel=0.2)


def test_dots_too_small_to_belong_to_a_line_stay_in_its_picture() -> None:
    page, _ = prose_page()
    found = ordered_lines(page.copy())
    left, top, right, _ = map(round, found.lines[2].box)
    x, y = (left + right) // 2, top + 3
    free = next(x + dx for dx in range(200) if (page[y - 3 : y + 4, x + dx - 3 : x + dx + 4] == 255).all())
    page[y, free] = 0
    before, after = (cut_lines(image, found.found)[2].pixels.astype(int) for image in (found.page, page))
    assert (before - after).max() > 100


def test_the_right_column_is_read_first() -> None:
    places = on_page(ordered_lines(two_columns()))
    assert len(places) == 14
    assert all(x > 570 for x, _ in places[:7]) and all(x < 570 for x, _ in places[7:])
    assert [y for _, y in places[:7]] == sorted(y for _, y in places[:7])
    assert [y for _, y in places[7:]] == sorted(y for _, y in places[7:])


RAGGED = (500, 380, 500, 300, 470, 500, 340, 420, 500, 410)  # where the lines of a column end


def ragged_columns(rights: tuple[int, ...], shift: int = 0) -> list[tuple[Pixels, int, int]]:
    """Ten lines in each column, of other lengths than the line beside it; each column ``shift`` lower than the one before."""
    line = golden_line("prose")
    return [
        (line[:, -RAGGED[row - 3 * column] :], x, 60 + 70 * row + shift * column) for column, x in enumerate(rights) for row in range(10)
    ]


@pytest.mark.parametrize("shift", [0, 9, 35], ids=["level", "hardly level", "not level"])
@pytest.mark.parametrize("rights", [(1100, 560), (1640, 1100, 560)], ids=["two", "three"])
def test_ragged_columns_are_read_down(rights: tuple[int, ...], shift: int) -> None:
    places = on_page(ordered_lines(sheet(ragged_columns(rights, shift), rights[0] + 60, 860)))
    assert len(places) == 10 * len(rights)
    for column, right in enumerate(rights):
        ten = places[10 * column : 10 * column + 10]
        assert all(right - 510 < x < right for x, _ in ten)
        assert [y for _, y in ten] == sorted(y for _, y in ten)


def test_a_running_head_comes_first_and_a_number_last_whichever_column_they_are_over() -> None:
    head, number = golden_line("heading")[:, -400:], golden_line("figures")[:, -90:]
    lines = [(image, x, y + 120) for image, x, y in ragged_columns((1640, 1100, 560), 35)]
    places = on_page(ordered_lines(sheet([(head, 1050, 40), (number, 620, 1080), *lines], 1700, 1160)))
    assert len(places) == 32
    assert places[0][1] < 100 and places[-1][1] > 1060


def test_loosely_set_lines_have_no_gutters() -> None:
    word = golden_line("prose")[:, -110:]
    # the spaces between words stand above one another
    loose = [(word, 1100 - 150 * k, 60 + 70 * row) for row in range(10) for k in range(7)]
    rows = [round((y - 84) / 70) for _, y in on_page(ordered_lines(sheet(loose, 1160, 860)))]
    assert rows == sorted(rows) and set(rows) == set(range(10))


def test_rows_of_narrow_cells_are_read_across() -> None:
    cell = golden_line("figures")[:, -160:]
    cells = [(cell, x, 60 + 75 * row) for row in range(5) for x in (1300, 800, 300)]
    found = ordered_lines(sheet(cells, 1400, 480))
    places = on_page(found)
    assert len(places) == 15
    for row in range(5):
        xs = [x for x, _ in places[3 * row : 3 * row + 3]]
        assert xs == sorted(xs, reverse=True)
        assert np.ptp([y for _, y in places[3 * row : 3 * row + 3]]) < 8


def test_a_crop_has_its_own_ink_and_no_neighbours() -> None:
    line = golden_line("figures")
    alone = int((line < 128).sum())
    page = sheet([(line, 930, 60 + 44 * row) for row in range(5)], 1030, 380)  # set so close that their boxes overlap
    found = ordered_lines(page)
    assert len(found.lines) == 5
    for crop in crops(found):
        assert abs(int((crop.pixels < 128).sum()) - alone) < 0.2 * alone


@pytest.mark.parametrize("page", [np.full((900, 700), 255, np.uint8), np.zeros((40, 40), np.uint8), np.full((4, 4), 200, np.uint8)])
def test_paper_without_ink_has_no_lines(page: Pixels) -> None:
    found = ordered_lines(page)
    assert found.lines == [] and crops(found) == []


def test_noise_does_no_harm() -> None:
    rng = np.random.default_rng(1)
    for shape in ((300, 200), (50, 1000), (8, 8), (1000, 10)):
        ordered_lines(rng.integers(0, 256, shape, dtype=np.uint8))


def test_lines_of_rendered_pages_are_found() -> None:
    """Headings, notes, columns, frames, stains, skew: most lines of most pages, in a face with few refinements."""
    fonts = find_fonts([str(DEJAVU)], DEFAULT_CHARSET)
    synthesizer = Synthesizer(load_texts([str(ROOT / "examples" / "text")]), fonts, DEFAULT_CHARSET, ImageSettings())
    pages = PageSynthesizer(synthesizer)
    first, again = pages.page(3), pages.page(3)
    assert np.array_equal(first.pixels, again.pixels) and first.lines == again.lines, "the seed decides"
    scores = []
    for seed in range(3, 11):
        page = pages.page(seed)
        found = ordered_lines(page.pixels)
        corners = np.array([line.box for line in found.lines], np.float64).reshape(-1, 2)
        boxes = moved(found.found.to_page, corners).reshape(-1, 4)
        known = [KnownLine(line.text, line.box) for line in page.lines]
        scores.append(count_lines(known, [tuple(box) for box in boxes.tolist()]))
    assert np.mean([s.recall for s in scores]) > 0.95
    assert np.mean([s.precision for s in scores]) > 0.95
    assert np.mean([s.order for s in scores]) > 0.75


@pytest.mark.parametrize("coloured", [False, True])
def test_a_photographed_page_is_seen_from_above(coloured: bool) -> None:
    page, texts = prose_page()
    height, width = page.shape
    corners = np.array([(260, 180), (1150, 120), (1290, 930), (140, 860)], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32), corners)
    photo = np.asarray(cv2.warpPerspective(page, matrix, (1400, 1050), borderValue=70.0), np.uint8)
    if coloured:
        photo = np.stack([photo, photo // 2 + 100, photo], axis=2).astype(np.uint8)
    straight = straightened(photo)
    assert straight is not None
    flat, to_photo = straight
    found = ordered_lines(flat)
    assert len(found.lines) == len(texts) and abs(found.found.skew_degrees) < 0.5
    for (x, y), (x0, y0) in zip(on_page(found), on_page(ordered_lines(page)), strict=True):
        here, there = to_photo @ (x, y, 1), matrix @ (x0, y0, 1)
        assert np.hypot(*(here[:2] / here[2] - there[:2] / there[2])) < 12


def test_what_is_no_photograph_of_a_page_stays_as_it_is() -> None:
    page, _ = prose_page()
    dark_margin = cv2.copyMakeBorder(page, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=40.0)  # a scan: a rectangle already
    cut_off = np.asarray(np.roll(dark_margin, -300, axis=1), np.uint8)
    for image in (page, 255 - page, dark_margin, cut_off, np.full((900, 900), 128, np.uint8), np.zeros((1200, 900, 3), np.uint8)):
        assert straightened(np.asarray(image, np.uint8)) is None


def test_a_full_stop_that_stands_apart_is_its_lines() -> None:
    """As old print sets it, with a space before it."""

    def piece(left: float, right: float) -> TextLine:
        points = np.array([(left, 100.0), (right, 100.0)])
        return TextLine(points, points, 20.0, 20.0, 40.0, "paragraph", 0.5, 0.5, 0.9)

    assert len(whole_lines([piece(100, 110), piece(135, 900)], [], [])) == 1
    assert len(whole_lines([piece(100, 110), piece(135, 900)], [(112, 0, 133, 300)], [])) == 2, "but not over a gutter"
    assert len(whole_lines([piece(100, 400), piece(425, 900)], [], [])) == 2, "nor are words"


@pytest.mark.parametrize("size", [20.0, 30.0, 38.0])
def test_vowel_signs_above_a_line_are_none_of_their_own(size: float) -> None:
    """However large their type looks: no line stands so close to another. One that is a line's height away is one, and a larger one too."""

    def piece(left: float, right: float, y: float, size: float) -> TextLine:
        points = np.array([(left, y), (right, y)])
        return TextLine(points, points, 0.5 * size, 0.5 * size, size, "paragraph", 0.5, 0.5, 0.9)

    whole = piece(100, 900, 100, 40)
    assert len(whole_lines([whole, piece(300, 500, 84, size)], [], [])) == 1
    assert len(whole_lines([whole, piece(300, 500, 60, size)], [], [])) == 2
    assert len(whole_lines([whole, piece(300, 500, 84, 60.0)], [], [])) == 2

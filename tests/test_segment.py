"""Finding lines: each once, with its own ink, in reading order, whatever is around them."""

from __future__ import annotations

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from model.charset import DEFAULT_CHARSET
from model.flatten import find_skew, flatten
from model.image import ImageSettings, Pixels, decode
from model.line_crops import cut_lines
from model.segment import PageLines, find_lines, is_line
from model.synth import Synthesizer, find_fonts
from model.synth_pages import PageSynthesizer, score_lines
from model.synth_text import load_texts
from tests.paper import GOLDEN, golden_line, prose_page, sheet

ROOT = Path(__file__).parent.parent
DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def on_page(found: PageLines) -> list[tuple[float, float]]:
    """The middle of each line, in pixels of the page as it was given."""
    middles = np.array([((v.box[0] + v.box[2]) / 2, (v.box[1] + v.box[3]) / 2) for v in found.lines])
    return [(float(x), float(y)) for x, y in middles @ found.to_page[:, :2].T + found.to_page[:, 2]]


def two_columns() -> Pixels:
    line = golden_line("figures")[:, -500:]
    rows = [(line, x, 60 + 70 * row + offset) for x, offset in ((1100, 0), (560, 0)) for row in range(7)]
    return sheet(rows, 1160, 620)


def test_every_line_is_found_once_from_top_to_bottom() -> None:
    page, texts = prose_page()
    places = on_page(find_lines(page))
    assert len(places) == len(texts)
    for i, (_, y) in enumerate(places):
        assert abs(y - (80 + 72 * i + 24)) < 12


def test_a_frame_and_rules_change_nothing() -> None:
    page, texts = prose_page()
    cv2.rectangle(page, (30, 40), (1000, 770), 0, 3)
    cv2.rectangle(page, (20, 30), (1010, 780), 0, 2)
    cv2.line(page, (60, 70), (970, 70), 0, 2)
    found = find_lines(page)
    assert len(found.lines) == len(texts)
    assert len(found.rules) >= 5
    for crop in cut_lines(found):
        assert ((crop.pixels < 128).mean(axis=1) < 0.6).all(), "no rule in a line's picture"


def test_light_on_dark_is_the_same_page() -> None:
    page, texts = prose_page()
    assert len(find_lines(np.asarray(255 - page, np.uint8)).lines) == len(texts)


def test_colours_that_are_equally_grey_are_told_apart() -> None:
    page, texts = prose_page()
    coloured = np.where(page[..., None] < 128, np.array([200, 60, 60], np.uint8), np.array([60, 131, 60], np.uint8)).astype(np.uint8)
    assert len(find_lines(coloured).lines) == len(texts)


@pytest.mark.parametrize("degrees", [-4.0, 1.5, 7.0])
def test_skew_is_found_and_undone(degrees: float) -> None:
    page, texts = prose_page()
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.85)
    turned = np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=255.0), np.uint8)
    found = find_lines(turned)
    assert abs(found.flat.skew_degrees + degrees) < 0.4
    assert len(found.lines) == len(texts)
    straight = on_page(find_lines(page))
    for (x0, y0), (x1, y1) in zip(straight, on_page(found), strict=True):
        expected = matrix @ np.array([x0, y0, 1])
        assert np.hypot(x1 - expected[0], y1 - expected[1]) < 12


def test_the_right_column_is_read_first() -> None:
    places = on_page(find_lines(two_columns()))
    assert len(places) == 14
    assert all(x > 570 for x, _ in places[:7]) and all(x < 570 for x, _ in places[7:])
    assert [y for _, y in places[:7]] == sorted(y for _, y in places[:7])
    assert [y for _, y in places[7:]] == sorted(y for _, y in places[7:])


def test_rows_of_narrow_cells_are_read_across() -> None:
    cell = golden_line("figures")[:, -200:]
    cells = [(cell, x, 60 + 75 * row) for row in range(5) for x in (1300, 800, 300)]
    found = find_lines(sheet(cells, 1400, 480))
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
    found = find_lines(page)
    assert len(found.lines) == 5
    for crop in cut_lines(found):
        assert abs(int((crop.pixels < 128).sum()) - alone) < 0.03 * alone


@pytest.mark.parametrize("page", [np.full((900, 700), 255, np.uint8), np.zeros((40, 40), np.uint8), np.full((4, 4), 200, np.uint8)])
def test_paper_without_ink_has_no_lines(page: Pixels) -> None:
    found = find_lines(page)
    assert found.lines == [] and cut_lines(found) == []


def test_noise_does_no_harm() -> None:
    rng = np.random.default_rng(1)
    for shape in ((300, 200), (50, 1000), (8, 8), (1000, 10)):
        find_lines(rng.integers(0, 256, shape, dtype=np.uint8))


def test_skew_of_nothing_is_none() -> None:
    assert find_skew(flatten(np.full((200, 200), 255, np.uint8))[1]) == 0.0


def test_a_line_is_told_from_a_page() -> None:
    for path in GOLDEN.glob("*.png"):
        assert is_line(decode(path.read_bytes())), path.name
    assert not is_line(prose_page()[0])
    assert not is_line(two_columns())


def test_lines_of_rendered_pages_are_found() -> None:
    """Headings, notes, columns, frames, stains, skew: most lines of most pages, in a face with few refinements."""
    fonts = find_fonts([str(DEJAVU)], DEFAULT_CHARSET)
    synthesizer = Synthesizer(load_texts([str(ROOT / "examples" / "text")]), fonts, DEFAULT_CHARSET, ImageSettings())
    pages = PageSynthesizer(synthesizer)
    first, again = pages.page(3), pages.page(3)
    assert np.array_equal(first.pixels, again.pixels) and first.lines == again.lines, "the seed decides"
    scores = []
    for seed in range(3, 7):
        page = pages.page(seed)
        found = find_lines(page.pixels)
        corners = np.array([line.box for line in found.lines], np.float64).reshape(-1, 2, 2)
        moved = corners @ found.to_page[:, :2].T + found.to_page[:, 2]
        scores.append(score_lines([line.box for line in page.lines], [tuple(box) for box in moved.reshape(-1, 4).tolist()]))
    assert np.mean([s.recall for s in scores]) > 0.9
    assert np.mean([s.precision for s in scores]) > 0.9
    assert np.mean([s.order for s in scores]) > 0.85

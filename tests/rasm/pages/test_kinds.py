"""Pages of kinds that were lost or mixed up once: what stands on them is read, all of it, in order. Rendered here, of golden lines."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

import rasm
from rasm.document import Page
from rasm.image import Pixels
from tests.paper import golden_line, golden_text, sheet

PROSE, FIGURES, HEADING = (golden_text(name) for name in ("prose", "figures", "heading"))


@pytest.fixture(scope="module")
def reader() -> rasm.Reader:
    return rasm.Reader(threads=1)


def half(name: str, height_px: int, words: int) -> tuple[Pixels, str]:
    """The first words of a golden line, cut at the space after them."""
    line, text = golden_line(name, height_px), golden_text(name)
    ink = np.flatnonzero((line < 128).any(axis=0))
    gaps = [(a, b) for a, b in itertools.pairwise(ink.tolist()) if b - a > 0.11 * height_px]
    cut = sorted(gaps, key=lambda gap: -gap[0])[words - 1]
    return line[:, (cut[0] + cut[1]) // 2 :], " ".join(text.split()[:words])


def texts(page: Page) -> list[str]:
    """What the lines say. Where that is a known line but for two signs, the known one: where lines are is asked here, and in which order,
    and a pixel more around a line may make the recogniser slip."""
    known = (PROSE, FIGURES, HEADING, half("prose", 40, 11)[1])
    near = [min(known, key=lambda text: Levenshtein.distance(text, line.text)) for line in page.lines]
    return [text if Levenshtein.distance(text, line.text) <= 2 else line.text for text, line in zip(near, page.lines, strict=True)]


def paragraph(x: int, y: int, rows: int, name: str = "figures", height_px: int = 40) -> list[tuple[Pixels, int, int]]:
    return [(golden_line(name, height_px), x, y + round(1.5 * height_px) * row) for row in range(rows)]


def test_a_title_of_four_times_the_bodys_size(reader: rasm.Reader) -> None:
    title = golden_line("heading", 150)
    page = sheet([(title, title.shape[1] + 60, 60), *paragraph(900, 300, 12)], max(960, title.shape[1] + 120), 1080)
    read = texts(reader.read(page).pages[0])
    assert read[0].startswith("الف") and read[1:] == [FIGURES] * 12  # the title's strokes are rough at this size


def test_small_type_under_large_on_a_large_scan(reader: rasm.Reader) -> None:
    title = golden_line("heading", 160)
    rows = [(golden_line("figures", 34), 2300, 500 + 56 * row) for row in range(24)]
    page = sheet([(title, 2300, 100), *rows], 2400, 3300)
    read = texts(reader.read(page).pages[0])
    assert read.count(FIGURES) >= 23 and any(text.startswith("الف") for text in read)


def columns(rights: tuple[int, ...], rows: int, top: int, height_px: int = 30) -> list[tuple[Pixels, int, int]]:
    """Of two lines by turns, so that the ends of no two rows rhyme as those of verses do."""
    lines = [golden_line("figures", height_px), half("prose", height_px, 11)[0]]
    return [(lines[(row + k) % 2], x, top + round(1.55 * height_px) * row) for k, x in enumerate(rights) for row in range(rows)]


def column_texts(count: int, rows: int) -> list[str]:
    return [(FIGURES, half("prose", 40, 11)[1])[(row + k) % 2] for k in range(count) for row in range(rows)]


def test_a_newspaper_is_read_column_by_column_under_its_headline(reader: rasm.Reader) -> None:
    width = golden_line("figures", 30).shape[1]
    rights = tuple(60 + (width + 60) * k + width for k in (2, 1, 0))
    headline = golden_line("heading", 96)
    page = sheet([(headline, (rights[0] + headline.shape[1]) // 2, 60), *columns(rights, 14, 240)], rights[0] + 60, 940)
    read = reader.read(page).pages[0]
    assert texts(read)[0] == HEADING and texts(read).count(FIGURES) >= 17
    column = [int(np.argmin([abs(line.box[2] - right) for right in rights])) for line in read.lines[1:]]
    assert column == sorted(column)


def test_the_pages_of_a_spread_are_read_one_after_the_other(reader: rasm.Reader) -> None:
    line = golden_line("figures", 40)
    width = line.shape[1]
    rights = (2 * width + 260, width + 80)
    page = sheet(columns(rights, 12, 80, 40), 2 * width + 340, 940)
    shade = np.ones(page.shape[1])
    middle = width + 170
    shade[middle - 70 : middle + 70] = 1 - 0.7 * np.cos(np.linspace(-np.pi / 2, np.pi / 2, 140))
    noise = np.random.default_rng(1).normal(0, 9, page.shape)
    photographed = np.clip(page * shade * 0.9 + noise, 0, 255).astype(np.uint8)
    found = reader.read(photographed).pages[0]
    read, lines = texts(found), found.lines
    assert sum(text == wanted for text, wanted in zip(read, column_texts(2, 12), strict=True)) >= 12
    assert all(line.box[0] > middle for line in lines[:12]) and all(line.box[2] < middle for line in lines[12:])


def test_panels_of_a_dark_screen(reader: rasm.Reader) -> None:
    page = np.full((900, 1000, 3), (22, 27, 34), np.uint8)
    colours = [((37, 50, 66), (235, 240, 245)), ((0, 92, 75), (230, 255, 250)), ((240, 240, 240), (20, 20, 20))] * 3
    line = golden_line("figures", 34)
    for row, (panel, ink) in enumerate(colours):
        y = 30 + 95 * row
        page[y : y + 80, 60:940] = panel
        share = (255 - line[..., None].astype(np.float32)) / 255
        part = page[y + 22 : y + 56, 920 - line.shape[1] : 920]
        part[:] = part * (1 - share) + np.array(ink) * share
    assert texts(reader.read(page).pages[0]).count(FIGURES) >= 8


def test_a_title_on_a_photograph(reader: rasm.Reader) -> None:
    rng = np.random.default_rng(3)
    picture = sum(
        cv2.resize(rng.uniform(0, 255, (3 << k, 4 << k, 3)).astype(np.float32), (1500, 700), interpolation=cv2.INTER_CUBIC) / 2**k
        for k in range(1, 6)
    )
    page = np.clip(np.asarray(picture) * 0.55, 0, 165).astype(np.uint8)
    for y, height_px, name in ((120, 110, "heading"), (420, 44, "figures"), (520, 44, "figures")):
        line = golden_line(name, height_px)
        part = page[y : y + height_px, 1450 - line.shape[1] : 1450]
        part[line < 128] = 255
    assert texts(reader.read(page).pages[0]) == [HEADING, FIGURES, FIGURES]


def test_frames_bullets_and_rules_are_no_letters(reader: rasm.Reader) -> None:
    page = sheet(paragraph(900, 120, 8), 1000, 760)
    cv2.rectangle(page, (30, 40), (970, 720), 0, 3)
    cv2.rectangle(page, (42, 52), (958, 708), 0, 1)
    cv2.line(page, (60, 95), (940, 95), 0, 2)
    for row in range(8):
        cv2.circle(page, (925, 140 + 60 * row), 6, 0, -1)
    assert texts(reader.read(page).pages[0]) == [FIGURES] * 8


@pytest.mark.parametrize("degrees", [-12.0, -3.0, 5.0, 14.0])
def test_pages_that_lie_askew(reader: rasm.Reader, degrees: float) -> None:
    page = np.pad(sheet(paragraph(900, 80, 12), 960, 860), 160, constant_values=255)
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    read = reader.read(np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=255.0), np.uint8)).pages[0]
    assert texts(read).count(FIGURES) >= 10 and len(read.lines) == 12
    assert read.skew_degrees == pytest.approx(-degrees, abs=0.7)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_pages_that_lie_on_their_side_or_stand_on_their_head(reader: rasm.Reader, quarters: int) -> None:
    page = sheet(paragraph(900, 80, 12), 960, 860)
    read = reader.read(np.ascontiguousarray(np.rot90(page, -quarters))).pages[0]
    assert read.rotation_degrees == -90 * quarters % 360
    assert texts(read) == [FIGURES] * 12


def test_verses_in_two_halves_between_prose(reader: rasm.Reader) -> None:
    first, first_text = half("prose", 40, 4)
    second, second_text = half("figures", 40, 4)
    prose = golden_line("prose", 40)
    right, middle = 1100, 1100 - prose.shape[1] // 2
    rows = [(prose, right, 60), (prose, right, 120)]
    for row in range(5):
        y = 200 + 62 * row
        rows += [(first, right - 60, y), (second, middle - 90, y)]
    rows += [(prose, right, 540), (prose, right, 600)]
    read = texts(reader.read(sheet(rows, 1160, 700)).pages[0])
    assert read == [PROSE, PROSE, *[first_text, second_text] * 5, PROSE, PROSE]

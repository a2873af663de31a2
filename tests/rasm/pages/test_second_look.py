"""Words on a ground that is no even paper are read with the ground taken away; everything else stays as it was read first."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.crops import Crop, ink_of
from rasm.pages.reader import PageImage, PageReader
from rasm.pages.second_look import looked_again, parted
from tests.paper import golden_line, golden_text, scribble
from tests.paths import SHIPPED


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(SHIPPED, threads=1)


def on_a_picture(line: Pixels, *, light: bool, seed: int = 1) -> Pixels:
    """The letters of a line, in one level, on blots of all the other levels, with edges as sharp as theirs."""
    rng = np.random.default_rng(seed)
    height, width = line.shape
    ground = np.full((height, width), 110 if light else 145, np.uint8)
    for _ in range(width):
        centre, axes = (int(rng.integers(width)), int(rng.integers(height))), (int(rng.integers(2, 14)), int(rng.integers(2, 14)))
        level = int(rng.integers(10, 210) if light else rng.integers(45, 245))
        cv2.ellipse(ground, centre, axes, float(rng.uniform(0, 180)), 0, 360, level, -1)
    return np.where(line < 150, np.uint8(255 if light else 0), ground).astype(np.uint8)


def right(text: str) -> float:
    """How much of the golden line's text is there, 0 to 1."""
    return Levenshtein.normalized_similarity(text, golden_text("figures"))


def crop(pixels: Pixels) -> Crop:
    return Crop(pixels, 0.0, np.zeros(pixels.shape[1]), ink_of(pixels))


@pytest.mark.parametrize("light", [True, False])
def test_letters_are_parted_from_what_is_behind_them(recognizer: Recognizer, light: bool) -> None:
    """On four pictures, since each by itself hangs on where its blots lie."""
    lines = [on_a_picture(golden_line("figures", 96), light=light, seed=seed) for seed in range(1, 5)]
    first = recognizer.read(lines)
    again = [reading for reading in looked_again(recognizer, list(map(crop, lines)), first) if isinstance(reading, Reading)]
    assert len(again) == 4 and max(reading.known_confidence for reading in first) < 0.9
    before, after = ([right(reading.text) for reading in readings] for readings in (first, again))
    assert np.mean(after) > np.mean(before) + 0.15 and np.mean(after) > 0.9
    assert min(reading.known_confidence for reading in again) > 0.93
    signs = again[0].signs
    assert signs[0][2] > signs[-1][2] and signs[0][3] <= lines[0].shape[1], "placed in the image as it was given"


def test_what_is_read_surely_is_not_looked_at_again(recognizer: Recognizer) -> None:
    given = [Reading("x", 0.9, []), "too-wide", Reading("y", 1.0, [])]
    lines = [crop(on_a_picture(golden_line("figures", 96), light=True))] * 3
    assert looked_again(recognizer, lines, given) == given


def test_a_pattern_stays_unsure(recognizer: Recognizer) -> None:
    lines = [scribble(seed=seed) for seed in range(12)]
    first = recognizer.read(lines)
    again = looked_again(recognizer, [crop(line) for line in lines], first)
    assert sum(a is not b for a, b in zip(first, again, strict=True)) <= 1


def test_an_even_image_has_no_letters() -> None:
    for image in parted(np.full((40, 200), 128, np.uint8)):
        assert image.shape == (40, 200) and int(np.ptp(image)) == 0


def test_a_title_on_a_photograph_is_read(recognizer: Recognizer) -> None:
    line, body = golden_line("figures", 96), golden_line("figures")
    found = []
    for seed in range(1, 5):
        page = np.full((700, line.shape[1] + 80), 120, np.uint8)
        page[100:196, 40 : 40 + line.shape[1]] = on_a_picture(line, light=True, seed=seed)
        for k in range(6):
            page[300 + 60 * k : 300 + 60 * k + 48, 40 : 40 + body.shape[1]] = np.minimum(body, 235)
        page[280:] = np.where(page[280:] == 120, 235, page[280:])
        found.append(right(PageReader(recognizer).read(PageImage(page)).text.split("\n")[0]))
    assert np.mean(found) > 0.8 and np.median(found) > 0.85

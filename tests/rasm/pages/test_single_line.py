"""Images of one line, told from pages."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import rasm
from rasm.image import Pixels, decode
from rasm.pages.single_line import is_line
from tests.paper import golden_line, golden_text, nearly, prose_page, sheet
from tests.paths import GOLDEN


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.png")))
def test_lines(name: str) -> None:
    assert is_line(decode((GOLDEN / name).read_bytes()))[0]


def word(padding_px: int) -> Pixels:
    return np.pad(golden_line("figures", 96)[:, -240:], padding_px, constant_values=255)


def plate(border_px: int = 7, name: str = "figures", height_px: int = 96) -> Pixels:
    """A line in a frame, as number plates and signs have it."""
    line = golden_line(name, height_px)
    paper = sheet([(line, line.shape[1] + 60, 42)], line.shape[1] + 120, height_px + 84)
    height, width = paper.shape
    cv2.rectangle(paper, (12, 12), (width - 13, height - 13), 0, border_px)
    return paper


@pytest.mark.parametrize(
    ("image", "line"),
    [
        (word(6), True),  # hardly wider than high
        (np.asarray(255 - word(6), np.uint8), True),
        (word(300), False),  # on a page of its own
        (prose_page()[0], False),
        (np.hstack([prose_page()[0]] * 2), False),
        (sheet([(golden_line("figures"), 900, 20), (golden_line("figures"), 900, 90)], 920, 150), False),
        (plate(), False),
        (np.asarray(255 - plate(2), np.uint8), False),
        (np.full((30, 700), 255, np.uint8), True),
        (np.full((900, 700), 255, np.uint8), False),
        (np.full((200, 900), 255, np.uint8), True),
    ],
    ids=[
        "word",
        "light on dark",
        "word on a page",
        "page",
        "two pages",
        "two lines",
        "plate",
        "dark plate",
        "strip",
        "empty page",
        "empty line",
    ],
)
def test_lines_and_pages(image: Pixels, line: bool) -> None:
    assert is_line(image)[0] == line


@pytest.mark.parametrize("height_px", [60, 80, 96, 120])
def test_what_stands_in_a_frame_is_read_without_it(height_px: int) -> None:
    read = rasm.Reader(threads=1).read(plate(name="heading", height_px=height_px))
    assert nearly(read.text.split("\n"), [golden_text("heading")]), "and nothing of the frame is"

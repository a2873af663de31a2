"""Images of one line, told from pages."""

from __future__ import annotations

import numpy as np
import pytest

from rasm.image import Pixels, decode
from rasm.pages.single_line import is_line
from tests.paper import golden_line, prose_page, sheet
from tests.paths import GOLDEN


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.png")))
def test_lines(name: str) -> None:
    assert is_line(decode((GOLDEN / name).read_bytes()))[0]


def word(padding_px: int) -> Pixels:
    return np.pad(golden_line("figures", 96)[:, -240:], padding_px, constant_values=255)


@pytest.mark.parametrize(
    ("image", "line"),
    [
        (word(6), True),  # hardly wider than high
        (np.asarray(255 - word(6), np.uint8), True),
        (word(300), False),  # on a page of its own
        (prose_page()[0], False),
        (np.hstack([prose_page()[0]] * 2), False),
        (sheet([(golden_line("figures"), 900, 20), (golden_line("figures"), 900, 90)], 920, 150), False),
        (np.full((30, 700), 255, np.uint8), True),
        (np.full((900, 700), 255, np.uint8), False),
        (np.full((200, 900), 255, np.uint8), True),
    ],
    ids=["word", "light on dark", "word on a page", "page", "two pages", "two lines", "strip", "empty page", "empty line"],
)
def test_lines_and_pages(image: Pixels, line: bool) -> None:
    assert is_line(image)[0] == line

"""A page made flat: which way its lines run, however it lies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rasm.pages.flatten import find_skew, flat_page, flatten, is_sideways
from tests.paper import golden_line, prose_page, sheet


@pytest.mark.parametrize("degrees", [-6.0, -2.5, 0.0, 3.0])
def test_skew_is_found_to_a_quarter_of_a_degree(degrees: float) -> None:
    """Degrees by which lines fall to the right; OpenCV turns counter-clockwise, by which they rise."""
    page = prose_page()[0]
    height, width = page.shape
    turned = cv2.warpAffine(page, cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 0.8), (width, height), borderValue=255.0)
    assert find_skew(flatten(np.asarray(turned, np.uint8))[1]) == pytest.approx(degrees, abs=0.25)


@pytest.mark.parametrize("quarters", range(4))
def test_lines_that_run_up_or_down_are_told(quarters: int) -> None:
    line = golden_line("figures", 32)
    page = sheet([(line, 1000 - 97 * i % 170, 60 + 48 * i) for i in range(20)], 1060, 1080)
    ink = flatten(np.ascontiguousarray(np.rot90(page, quarters)))[1]
    assert is_sideways(ink) == (quarters % 2 == 1)


def test_a_page_with_hardly_any_ink_lies_as_it_is() -> None:
    ink = np.zeros((400, 300), np.uint8)
    ink[100:104, 50:90] = 1
    assert not is_sideways(ink) and find_skew(ink) == 0.0


def test_a_strip_is_not_scaled_until_nothing_is_left() -> None:
    assert min(flat_page(np.full((4, 9000), 255, np.uint8)).ink.shape) >= 1

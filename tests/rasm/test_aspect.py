"""Pixels that are not square, as faxes have them: read as they were meant, with boxes in the pixels that were given."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

import rasm
from rasm.image import Pixels, shape_of, squared
from tests.paper import golden_line, golden_text, prose_page

STANDARD_FAX = (204, 98)


def saved(pixels: Pixels, dpi: tuple[float, float] | None, form: str = "TIFF", orientation: int = 1, pages: int = 1) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"save_all": True, "append_images": [image] * (pages - 1)} if pages > 1 else {}
    image.save(buffer, form, exif=exif, **({"dpi": dpi} if dpi else {}), **more)
    return buffer.getvalue()


def squeezed(pixels: Pixels) -> Pixels:
    height = round(pixels.shape[0] * STANDARD_FAX[1] / STANDARD_FAX[0])
    return np.asarray(cv2.resize(pixels, (pixels.shape[1], height), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize(
    ("dpi", "aspect"),
    [
        (STANDARD_FAX, 204 / 98),
        ((98, 204), 98 / 204),
        ((300, 300), 1.0),
        ((204, 1), 1.0),  # no scanner has these
        ((1, 1), 1.0),
        (None, 1.0),
    ],
)
@pytest.mark.parametrize("form", ["TIFF", "PNG", "JPEG"])
def test_what_files_say(dpi: tuple[float, float] | None, aspect: float, form: str) -> None:
    assert shape_of(saved(np.full((40, 40), 255, np.uint8), dpi, form))[0] == pytest.approx(aspect, rel=0.02)


def test_a_file_that_says_nothing_sensible() -> None:
    assert shape_of(b"II*\0") == shape_of(b"") == (1.0, None)


def test_a_turned_photograph_has_its_resolutions_turned() -> None:
    aspect, size_px = shape_of(saved(np.full((40, 60), 255, np.uint8), STANDARD_FAX, orientation=6))
    assert aspect == pytest.approx(98 / 204, rel=0.02) and size_px == (40, 60)


def test_square_pixels_stay() -> None:
    pixels = np.full((40, 60), 255, np.uint8)
    assert squared(pixels, 1.02) is pixels
    assert squared(pixels, 2.0).shape == (80, 60) and squared(pixels, 0.5).shape == (20, 60)


def test_a_page_of_a_fax_is_read() -> None:
    page, texts = prose_page()
    reader = rasm.Reader(threads=1)
    plain, fax = (reader.read(data).pages[0] for data in (saved(page, None), saved(squeezed(page), STANDARD_FAX)))
    assert (fax.width_px, fax.height_px) == squeezed(page).shape[::-1]
    assert sum(line.text == text for line, text in zip(fax.lines, texts, strict=True)) >= len(texts) - 2
    for line, other in zip(fax.lines, plain.lines, strict=True):
        shrunk = [value * (98 / 204 if k % 2 else 1) for k, value in enumerate(other.box)]
        assert line.box == pytest.approx(shrunk, abs=5)


def test_every_page_of_a_fax_and_a_line_of_one() -> None:
    line, text = golden_line("figures"), golden_text("figures")
    reader = rasm.Reader(threads=1)
    document = reader.read(saved(squeezed(line), STANDARD_FAX, pages=2))
    assert [page.text for page in document.pages] == [text] * 2
    assert {(page.width_px, page.height_px) for page in document.pages} == {squeezed(line).shape[::-1]}

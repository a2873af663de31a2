"""Images of more pixels than are read: made smaller while they are decoded, within the same memory, with boxes in pixels of the file."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from rasm import weights
from rasm.errors import ImageTooLarge
from rasm.image import decode, shape_of
from rasm.lines.recognizer import Recognizer
from rasm.pages.files import open_pages
from rasm.pages.reader import PageReader
from tests.paper import prose_page
from tests.paths import ROOT

FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("RGB", "JPEG", {"quality": 95}),
    "progressive JPEG": ("RGB", "JPEG", {"quality": 95, "progressive": True}),
    "grey JPEG": ("L", "JPEG", {"quality": 95}),
    "PNG": ("RGB", "PNG", {}),
    "grey PNG": ("L", "PNG", {}),
    "PNG of a palette": ("P", "PNG", {}),
    "PNG with alpha": ("RGBA", "PNG", {}),
    "PNG of 16 bits": ("I;16", "PNG", {}),
    "bilevel TIFF": ("1", "TIFF", {"compression": "group4"}),
    "TIFF": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "WebP": ("RGB", "WEBP", {"lossless": True}),
    "BMP": ("RGB", "BMP", {}),
}


def saved(pixels: np.ndarray, form: str, orientation: int = 1) -> bytes:
    mode, kind, options = FORMS[form]
    image = Image.fromarray(pixels)
    image = Image.fromarray(pixels.astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    if orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {**options, "exif": exif}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(height: int = 300, width: int = 500) -> np.ndarray:
    """Black above, white below."""
    pixels = np.full((height, width), 255, np.uint8)
    pixels[: height // 2] = 0
    return pixels


@pytest.mark.parametrize("form", FORMS)
def test_it_is_made_smaller_by_a_whole_number(form: str) -> None:
    data = saved(halves(), form)
    small = decode(data, max_pixels=95_000)
    assert small.shape[:2] == (150, 250) and small[:70].max() < 20 and small[-70:].min() > 235
    assert decode(data, max_pixels=150_000).shape[:2] == (300, 500), "as large as is read"
    assert decode(data, max_pixels=149_999).shape[:2] == (150, 250)
    if form in ("JPEG", "grey JPEG"):
        assert decode(data, max_pixels=37_000).shape[:2] == (100, 167)
    assert shape_of(data) == (1.0, (500, 300))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_it_is_upright(form: str) -> None:
    data = saved(halves(), form, orientation=6)  # to be turned clockwise by a quarter
    small = decode(data, max_pixels=75_000)
    assert small.shape[:2] == (250, 150) and small[:, :70].min() > 235 and small[:, -70:].max() < 20
    assert shape_of(data)[1] == (300, 500)


@pytest.mark.parametrize(("form", "pixels"), [("PNG", 59_000), ("grey PNG", 14_000), ("progressive JPEG", 74_000), ("TIFF", 59_000)])
def test_what_would_take_too_much_memory_until_it_is_smaller_is_refused(form: str, pixels: int) -> None:
    with pytest.raises(ImageTooLarge, match=r"500 x 300 px; of this kind at most .* pixels are read"):
        decode(saved(halves(), form), max_pixels=pixels)
    assert decode(saved(halves(), form), max_pixels=pixels + 2_000).size
    assert decode(saved(halves(), "JPEG"), max_pixels=1_000).size <= 3_000


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "second page of a TIFF", "JPEG"])
def test_lines_have_their_boxes_in_pixels_of_the_file(kind: str) -> None:
    reader = PageReader(Recognizer(weights.SHIPPED_MODEL, threads=1))
    paper, texts = prose_page()
    large = np.asarray(cv2.resize(paper, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    image, file = Image.fromarray(large), io.BytesIO()
    if kind.startswith("second"):
        Image.fromarray(paper[:100]).save(file, "TIFF", save_all=True, append_images=[image])
    else:
        image.save(file, kind)
    with open_pages(file.getvalue(), max_pixels=paper.size) as pages:
        index = pages.count - 1
        assert pages.image(index).size == paper.size
        page = reader.read_from(pages, index, mode="page")
    asked = reader.read_from(open_pages(cv2.imencode(".png", paper)[1].tobytes()), 0, mode="page")
    assert (page.width_px, page.height_px) == (large.shape[1], large.shape[0])
    assert len(page.lines) == len(asked.lines) == len(texts)
    for line, other in zip(page.lines, asked.lines, strict=True):
        assert line.text == other.text and np.allclose(line.box, np.array(other.box) * 3, atol=12)
        assert np.allclose(line.words[0].box, np.array(other.words[0].box) * 3, atol=12)


_PEAK = r"""
import re, sys
from rasm.image import decode
decode(open(sys.argv[1], "rb").read(), max_pixels=8_000_000)
print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux, which tells how much memory was used")
def test_it_takes_no_more_memory_than_the_largest_that_is_read_whole(tmp_path: Path) -> None:
    """Of each kind the largest that is read, beside one of as many pixels as are read whole, with alpha."""

    def peak_kib(image: Image.Image, kind: str, **options: Any) -> int:
        image.save(tmp_path / "a", kind, **options)
        command = [sys.executable, "-c", _PEAK, str(tmp_path / "a")]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    small = Image.fromarray(np.random.default_rng(0).integers(200, 256, (300, 250, 3), np.uint8))
    whole = peak_kib(small.resize((2_500, 3_200), Image.Resampling.NEAREST).convert("RGBA"), "PNG", compress_level=1)
    large = small.resize((4_000, 4_990), Image.Resampling.NEAREST)  # ten bytes for each pixel that is read whole
    of_tiff = peak_kib(small.resize((2_500, 3_200), Image.Resampling.NEAREST).convert("RGBA"), "TIFF", compression="tiff_lzw")
    assert peak_kib(large, "PNG", compress_level=1) < whole * 1.05
    assert peak_kib(large, "JPEG") < whole * 1.05
    assert peak_kib(large, "TIFF", compression="tiff_lzw") < of_tiff * 1.05
    assert peak_kib(small.resize((3_990, 4_000), Image.Resampling.NEAREST), "JPEG", progressive=True, subsampling=0) < whole * 1.05
    assert peak_kib(small.resize((8_000, 9_990), Image.Resampling.NEAREST).convert("L"), "PNG", compress_level=1) < whole * 1.05

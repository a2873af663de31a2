"""Files of pages: what is in them, and what is said of those that are broken, too large or no pages at all."""

from __future__ import annotations

import io
import struct

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image, TiffImagePlugin

from rasm.errors import EmptyImage, ImageTooLarge, ImageTooSmall, NoPages, TooManyPages, UnreadableImage
from rasm.pages.files import PixelsFile, open_pages


def tiff(*pages: Image.Image, **options: str) -> bytes:
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:], **options)
    return file.getvalue()


def grey(width_px: int = 60, height_px: int = 40, value: int = 200) -> Image.Image:
    return Image.new("L", (width_px, height_px), value)


def pdf(*sizes: tuple[float, float]) -> bytes:
    """Of empty sheets."""
    document, file = pdfium.PdfDocument.new(), io.BytesIO()
    for size in sizes:
        document.new_page(*size)
    document.save(file)
    return file.getvalue()


@pytest.mark.parametrize("data", [pdf((300, 200)), tiff(grey(), grey(61))], ids=["pdf", "tiff"])
def test_an_open_file_is_as_its_bytes(data: bytes) -> None:
    """From wherever it stands."""
    file = io.BytesIO(data)
    file.read(7)
    with open_pages(file) as there, open_pages(data) as here:
        assert (there.kind, there.count) == (here.kind, here.count)
        assert all(np.array_equal(a, b) for a, b in zip(there, here, strict=True))


def test_an_open_file_with_nothing_in_it() -> None:
    with pytest.raises(EmptyImage):
        open_pages(io.BytesIO())


def test_an_image_that_is_open_already() -> None:
    pixels = np.full((40, 60), 200, np.uint8)
    with PixelsFile(pixels) as file:
        assert (file.kind, file.count) == ("image", 1) and file.image(0) is pixels and file.text_layer(0) is None
    with pytest.raises(ImageTooSmall):
        PixelsFile(np.zeros((0, 60), np.uint8))


def test_later_pages_of_a_tiff_are_upright_and_in_colour() -> None:
    file = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(file) as writer:
        grey().save(writer, "TIFF")
        writer.newFrame()
        Image.new("RGB", (60, 40), (200, 0, 0)).save(writer, "TIFF", tiffinfo={274: 6})  # to be turned by a quarter
        writer.newFrame()
    with open_pages(file.getvalue()) as pages:
        assert [page.shape for page in pages] == [(40, 60), (60, 40, 3)]
        assert (pages.image(1) == (200, 0, 0)).all()


def test_a_page_of_a_tiff_that_is_too_large_is_told_by_its_number() -> None:
    data = tiff(grey(), grey(500, 500), grey(61))
    with open_pages(data, max_pixels=10_000) as file:
        assert file.image(0).size and file.image(2).size
        with pytest.raises(ImageTooLarge, match="page 2 is 500 x 500 px; of this kind at most 100,000"):
            file.image(1)


def test_a_tiff_that_claims_a_huge_page_is_refused_before_it_is_decoded() -> None:
    data = bytearray(tiff(grey(300, 301)))
    for tag, value in ((256, 300), (257, 301)):  # its width and height, each one long number
        entry = struct.pack("<HHI", tag, 4, 1)
        at = data.index(entry + struct.pack("<I", value)) + len(entry)
        data[at : at + 4] = struct.pack("<I", 60_000)
    with pytest.raises(ImageTooLarge, match="pixels"):
        open_pages(bytes(data))


def test_a_broken_page_of_a_tiff_spares_the_others() -> None:
    noise = [Image.fromarray(np.random.default_rng(seed).integers(0, 256, (200, 200), np.uint8)) for seed in range(2)]
    data = bytearray(tiff(*noise, compression="tiff_lzw"))
    data[len(data) * 7 // 10 : len(data) * 9 // 10] = bytes([255]) * (len(data) * 9 // 10 - len(data) * 7 // 10)
    with open_pages(bytes(data)) as file:
        assert file.count == 2 and file.image(0).shape == (200, 200)
        with pytest.raises(UnreadableImage, match="page 2 of the TIFF is broken"):
            file.image(1)
    with pytest.raises(UnreadableImage, match="the TIFF is broken"):
        open_pages(b"II*\0" + b"\xff" * 40)


def test_a_broken_page_of_a_pdf_spares_the_others() -> None:
    data = pdf((300, 200), (300, 200)).replace(b"/Type/Page>", b"/Type/Rage>", 1)
    with open_pages(data) as file:
        assert file.count == 2 and file.image(1).shape == (934, 1400)
        with pytest.raises(UnreadableImage, match="page 1 of the PDF is broken"):
            file.image(0)
        assert file.text_layer(0) is None and file.text_layer(1) is None


def test_a_strip_of_a_pdf_is_too_small() -> None:
    with open_pages(pdf((7200, 0.5))) as file, pytest.raises(ImageTooSmall, match=r"page 1 is .* px a side are needed"):
        file.image(0)


def test_pages_of_a_pdf_are_grey_or_in_colour() -> None:
    file = io.BytesIO()
    Image.new("RGB", (100, 100), (200, 30, 30)).save(file, "PDF", save_all=True, append_images=[grey(100, 100)])
    with open_pages(file.getvalue()) as pages:
        assert pages.image(0).ndim == 3 and pages.image(0)[50, 50, 0] > 190 and pages.image(0)[50, 50, 2] < 40
        assert pages.image(1).ndim == 2


def test_a_pdf_of_no_pages_and_one_of_too_many() -> None:
    with pytest.raises(NoPages):
        open_pages(pdf())
    with pytest.raises(TooManyPages, match="more than 2 pages"):
        open_pages(pdf(*[(300, 200)] * 3), max_pages=2)

"""The library's front door: ``rasm.read`` and ``rasm.Reader`` on paths, bytes, images and arrays; what is not readable is said."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rasm
from rasm.errors import ConfigError, EmptyImage, EncryptedDocument, ImageTooSmall, ModelFileError, TooManyPages, UnsupportedImage
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.pages.reader import LineImage, PageImage, look_at
from rasm.text.languages import write_in
from rasm.text.metrics import letters
from tests.paper import golden_line, golden_text, prose_page
from tests.paths import FIXTURES, GOLDEN, ROOT

LINE = GOLDEN / "heading.png"
TEXT = golden_text("heading")


@pytest.fixture(scope="module")
def reader() -> rasm.Reader:
    return rasm.Reader(threads=1)


def test_a_line_of_a_path() -> None:
    document = rasm.read(str(LINE))
    assert (document.name, document.text) == ("heading.png", TEXT)
    (page,) = document.pages
    (line,) = page.lines
    assert (page.kind, page.source, page.number) == ("line", "ocr", 1)
    assert (line.text, line.box) == (TEXT, (0, 0, page.width_px, page.height_px))
    assert [word.text for word in line.words] == TEXT.split() and 0.9 < line.confidence <= 1
    assert all(word.box[3] == page.height_px for word in line.words)


def test_paths_bytes_images_and_arrays_are_alike(reader: rasm.Reader) -> None:
    whole = reader.read(LINE)
    picture = Image.open(LINE)
    for source in (LINE.read_bytes(), picture, np.asarray(picture.convert("L")), np.asarray(picture.convert("RGB"))):
        document = reader.read(source, name="heading.png")
        assert document == whole


def test_a_page_of_pixels(reader: rasm.Reader) -> None:
    pixels, texts = prose_page()
    document = reader.read(pixels)
    assert document.pages[0].kind == "page" and document.model.startswith("rasm-print ")
    assert [letters(line.text) for line in document.pages[0].lines] == [letters(text) for text in texts]


def test_the_pages_of_a_pdf_come_one_by_one(reader: rasm.Reader) -> None:
    pixels, texts = prose_page()
    pdf = SearchablePdf()
    for number, text in ((1, "نص أول"), (2, "نص ثان")):
        word = rasm.Word(text, 1.0, (100.0, 60.0, 300.0, 100.0), [])
        line = rasm.Line(text, 1.0, (100.0, 60.0, 300.0, 100.0), [(100.0, 90.0), (300.0, 90.0)], [word])
        pdf.add(rasm.Page(number, pixels.shape[1], pixels.shape[0], [rasm.Region("paragraph", line.box, [line])]), pixels)
    data = pdf.finish()
    pages = reader.pages(data)
    first = next(pages)
    assert isinstance(first, rasm.Page) and first.number == 1 and len(first.lines) == len(texts)
    assert len(list(pages)) == 1
    with pytest.raises(TooManyPages):
        reader.read(data, max_pages=1)


def test_a_page_that_cannot_be_read_is_told_beside_the_others(reader: rasm.Reader) -> None:
    good, bad, out = Image.open(LINE).convert("L"), Image.new("L", (2, 2)), io.BytesIO()
    good.save(out, "TIFF", save_all=True, append_images=[bad])
    document = reader.read(out.getvalue())
    assert [page.number for page in document.pages] == [1] and [(e.number, e.code) for e in document.errors] == [(2, "image_too_small")]
    out = io.BytesIO()
    bad.save(out, "TIFF", save_all=True, append_images=[bad])
    with pytest.raises(ImageTooSmall):
        reader.read(out.getvalue())


def test_a_pdfs_own_text_is_taken_unless_its_picture_is_asked_for(reader: rasm.Reader) -> None:
    pixels, _ = prose_page()
    document = reader.read(pixels)
    pdf = SearchablePdf()
    pdf.add(document.pages[0], pixels)
    data = pdf.finish()
    read = reader.read(data, pdf_text="ignore").pages[0]
    assert (read.source, read.has_text_layer) == ("ocr", True)
    for taken in (reader.read(data).pages[0], reader.read(data, pdf_text="use").pages[0]):
        assert (taken.source, taken.kind) == ("text_layer", "page")


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        (b"", EmptyImage, "empty"),
        (b"no image", UnsupportedImage, "PNG"),
        (np.zeros((3, 3), np.uint8), ImageTooSmall, "3 x 3"),
        (np.zeros((40, 40), np.float32), ConfigError, "uint8"),
        (np.zeros((40, 40, 4), np.uint8), ConfigError, "RGB"),
        (17, ConfigError, "a path, bytes"),
        (FIXTURES / "encrypted.pdf", EncryptedDocument, "password"),
    ],
)
def test_what_cannot_be_read_is_said(reader: rasm.Reader, source: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        reader.read(source)  # type: ignore[arg-type]


def test_a_file_that_is_not_there(reader: rasm.Reader, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reader.read(tmp_path / "none.png")


def test_models_by_name_and_by_path() -> None:
    assert rasm.Reader("rasm-synthetic", threads=1).info.name == "rasm-synthetic"
    assert rasm.Reader(FIXTURES / "tiny_v1.onnx", threads=1).info.name == "tiny"
    with pytest.raises(ModelFileError, match="rasm-print, rasm-synthetic"):
        rasm.Reader("rasm-handwriting")


def test_what_deciding_found_is_passed_on() -> None:
    """A wide page takes finding its lines to be told from a line; they are not looked for again."""
    columns, _ = prose_page()
    wide = np.ascontiguousarray(np.hstack([columns, columns]))
    seen = look_at(wide)
    assert isinstance(seen, PageImage) and seen.found is not None
    assert rasm.Reader(threads=1).page_reader.read(seen) == rasm.Reader(threads=1).page_reader.read(PageImage(wide))
    assert isinstance(look_at(golden_line("prose")), LineImage) and isinstance(look_at(wide, mode="line"), LineImage)


def test_importing_rasm_loads_nothing_that_is_not_asked_for() -> None:
    code = "import sys, rasm; sys.exit(bool({'numpy', 'cv2', 'onnxruntime', 'torch'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'write'"):
        rasm.write  # noqa: B018


def test_a_document_is_written_in_one_language(reader: rasm.Reader) -> None:
    document = reader.read(LINE, language="fa")
    assert document.language == "fa" and document.text == write_in(TEXT, "fa") != TEXT
    assert reader.read(LINE).language == "ar"
    [page] = reader.pages(LINE, language="fa")
    assert page == document.pages[0]

"""Document and its pages' pictures -> a PDF that can be searched: what is seen stays, and the text lies under it, invisible.

Where it stands: with the other formats. A PDF that was read is kept as it is and only gains the text; images are put into a new one.

In which order hidden Arabic has to be stored has plagued Tesseract and OCRmyPDF (tesseract #238 and #4428, OCRmyPDF #655). PDF
has no notion of direction: readers take letters by where they stand, and turn right-to-left stretches around themselves. So each
line is one run, as in a PDF that was typeset: its letters stand from left to right, each at its own place. PDFium (Chromium) and
MuPDF then give it back, select it and find it in logical order. A run for each word, or letters in logical order, came out reversed
or lost single letters in one or the other. Where the text of a page is turned, so are its runs, as OCRmyPDF does by hOCR's
``textangle``. A page that is made of a picture is shown upright.

The font has an empty glyph for each character, so that a reader finds the character from the glyph.
``scripts/make_glyphless_font.py`` makes it. PDFium writes the file: no other library is needed.
"""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from rasm.document import Document, Line, Page
from rasm.formats.directions import directions, levelled, turn
from rasm.image import Pixels
from rasm.pages.files import pdfium_lock
from rasm.pages.found import Matrix

_FONT = Path(__file__).with_name("glyphless.ttf")
_ADVANCE = 0.5  # of each glyph, in heights of the type
_SLACK = 0.06  # in heights of the line: by how much the step from letter to letter may be less than the glyphs' width
_LATIN = re.compile("[A-Za-z]")
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")  # as brackets are drawn from right to left
_DPI = 200  # of an image that is put on a page: PDF measures in inches, images do not


class SearchablePdf:
    """A PDF that grows page by page, so that no more than one picture is held at a time; ``finish`` gives the file."""

    def __init__(self, original: bytes | None = None, *, password: str | None = None) -> None:
        """``original``: the PDF that was read; without it, pages are made of pictures."""
        with pdfium_lock:
            self._pdf = pdfium.PdfDocument(original, password=password) if original else pdfium.PdfDocument.new()
            self._keeps_pages = original is not None
            data = _FONT.read_bytes()
            buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
            self._font = pdfium_c.FPDFText_LoadFont(self._pdf.raw, buffer, len(data), pdfium_c.FPDF_FONT_TRUETYPE, 1)

    def add(self, page: Page, picture: Pixels | None = None) -> None:
        """The next page's text; ``picture``: what is to be seen, where there is no original.

        A page of an original that has a sound text of its own gets none, as by OCRmyPDF's ``--skip-text``: it would be found twice.
        """
        with pdfium_lock:
            if self._keeps_pages:
                sheet = self._pdf[page.number - 1]
            else:
                if picture is None:
                    raise ValueError("a page of a new PDF needs its picture")
                sheet = self._pdf.new_page(page.width_px * 72 / _DPI, page.height_px * 72 / _DPI)
                self._put_picture(sheet, picture)
            if page.source == "ocr" and not (self._keeps_pages and page.has_text_layer):
                to_sheet = _to_sheet(sheet, page)
                for line, degrees in zip(page.lines, directions(page), strict=True):
                    self._put_line(sheet, to_sheet, line, degrees)
            if not self._keeps_pages:
                sheet.set_rotation(page.rotation_degrees)  # so it is shown upright; its coordinates stay those of the picture
            sheet.gen_content()
            sheet.close()

    def finish(self) -> bytes:
        """The file. The SearchablePdf cannot be used after this."""
        with pdfium_lock:
            out = io.BytesIO()
            self._pdf.save(out, flags=pdfium_c.FPDF_REMOVE_SECURITY if self._keeps_pages else 0)
            pdfium_c.FPDFFont_Close(self._font)
            self._pdf.close()
        return out.getvalue()

    def _put_picture(self, sheet: pdfium.PdfPage, picture: Pixels) -> None:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=85)
        file.seek(0)
        image = pdfium.PdfImage.new(self._pdf)
        image.load_jpeg(file, inline=True)
        width, height = sheet.get_size()
        image.set_matrix(pdfium.PdfMatrix().scale(width, height))
        sheet.insert_obj(image)

    def _put_line(self, sheet: pdfium.PdfPage, to_sheet: Matrix, line: Line, degrees: float) -> None:
        """One text object: letters in the order in which they stand from left to right, each at its place, along the line's direction.

        ``degrees``: by how much the line is turned counter-clockwise. ``to_sheet``: 2 x 3, from the page's pixels to the sheet's units.
        """
        level = levelled(line, degrees)
        signs = _as_they_stand(level)
        if not signs:
            return
        text = "".join(sign for sign, _, _ in signs)
        axes = to_sheet[:, :2] @ turn(-degrees)  # of the levelled line, on the sheet
        scale = float(np.hypot(*axes[:, 0]))
        right, up = axes[:, 0] / scale, -axes[:, 1] / np.hypot(*axes[:, 1])
        x, y = axes @ (signs[0][1], _baseline_y(level)) + to_sheet[:, 2]
        size = max(1.0, 0.8 * (level.box[3] - level.box[1]) * scale)
        text_object = pdfium_c.FPDFPageObj_CreateTextObj(self._pdf.raw, self._font, size)
        encoded = (text + "\0").encode("utf-16-le")
        pdfium_c.FPDFText_SetText(text_object, (pdfium_c.FPDF_WCHAR * (len(encoded) // 2)).from_buffer_copy(encoded))
        stretch = max(0.05, _glyph_width(level) * scale / (_ADVANCE * size))
        places = [(x - signs[0][1]) * scale / stretch for _, x, _ in signs[1:]]
        if places:
            pdfium_c.FPDFText_SetPositions(text_object, (ctypes.c_float * len(places))(*places), len(places))
        pdfium_c.FPDFTextObj_SetTextRenderMode(text_object, pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE)
        pdfium_c.FPDFPageObj_Transform(text_object, *(stretch * right), *up, x, y)
        pdfium_c.FPDFPage_InsertObject(sheet.raw, text_object)


def _glyph_width(line: Line) -> float:
    """In pixels of the page, that of every glyph of a line: the usual width of its letters."""
    pitches = [(word.box[2] - word.box[0]) / n for word in line.words if (n := sum(len(c.text) for c in word.characters)) for _ in range(n)]
    return max(1.0, sorted(pitches)[len(pitches) // 2] if pitches else 1.0)


def _as_they_stand(line: Line) -> list[tuple[str, float, float]]:
    """(sign as drawn, left edge, width) from left to right: words where they are, the letters of each spread evenly over it.

    PDFium takes any gap between letters for a space; Poppler takes letters that overlap by a tenth of the type's size for two words, and
    words without a gap for one. So steps between letters stay just below the glyphs' width, and the glyphs within their word.
    """
    glyph, slack = _glyph_width(line), _SLACK * (line.box[3] - line.box[1])
    signs: list[tuple[str, float, float]] = []
    words = sorted(line.words, key=lambda word: word.box[0] + word.box[2])
    for k, word in enumerate(words):
        drawn = [sign for c in sorted(word.characters, key=lambda c: c.box[0] + c.box[2]) for sign in reversed(c.text)]
        if not _LATIN.search(word.text):
            drawn = [sign.translate(_MIRROR) for sign in drawn]
        if not drawn:
            continue
        left, right = word.box[0], max(word.box[2], word.box[0] + 1)
        if k:
            left = max(left, words[k - 1].box[2] + 1)
            right = max(right, left + 1)
            before = words[k - 1].box[2]
            signs.append((" ", min(before, left), max(left - before, 0.5)))
        step = (right - left - glyph) / max(1, len(drawn) - 1)
        step = min(max(step, glyph - slack), glyph)
        start = (left + right - glyph - step * (len(drawn) - 1)) / 2
        signs += [(sign, start + i * step, glyph) for i, sign in enumerate(drawn)]
    return signs


def _baseline_y(level: Line) -> float:
    """Of a levelled line: where its letters stand."""
    _, top, _, bottom = level.box
    return level.baseline[len(level.baseline) // 2][1] if level.baseline else bottom - 0.25 * (bottom - top)


def _to_sheet(sheet: pdfium.PdfPage, page: Page) -> Matrix:
    """2 x 3, from the page's pixels to the units of the sheet, however that is cropped and turned."""
    corners = []
    for px, py in ((0, 0), (page.width_px, 0), (0, page.height_px)):
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium_c.FPDF_DeviceToPage(sheet.raw, 0, 0, page.width_px, page.height_px, 0, px, py, x, y)
        corners.append((x.value, y.value))
    origin, right, down = np.array(corners)
    return np.stack([(right - origin) / page.width_px, (down - origin) / page.height_px, origin], axis=1)


def searchable_pdf(document: Document, pictures: Sequence[Pixels]) -> bytes:
    """A PDF of the pictures with the document's text under them."""
    pdf = SearchablePdf()
    for page, picture in zip(document.pages, pictures, strict=True):
        pdf.add(page, picture)
    return pdf.finish()

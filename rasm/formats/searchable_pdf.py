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
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from rasm.document import Document, Line, Page
from rasm.errors import TooComplex
from rasm.formats import glyphless
from rasm.formats.directions import directions, levelled, turn
from rasm.image import Pixels
from rasm.pages.files import pdfium_lock
from rasm.pages.found import Matrix

_SLACK = 0.06  # in heights of the line: by how much the step from letter to letter may be less than the glyphs' width
RLM, LRM = "\u200f", "\u200e"
_BRACKETS = "()[]{}<>«»"
_LOOK_PX = 600  # the longer side of the pictures by which it is seen whether a page has changed
_SAME = 0.5  # grey levels, their mean: hardly any pixel of such pictures differs
_DRAWN_DPI = 300  # at most, of a page that is drawn anew
MOST_GLYPHS = 65_534  # of one font: their numbers have two bytes, and 0 is none
_DPI = 200  # of an image that is put on a page: PDF measures in inches, images do not


class _Piece(NamedTuple):
    """What one glyph says, how many letters it is wide, and its left edge in pixels of the levelled page."""

    says: str
    letters: int
    left: float


PdfLayer = Literal["skip", "redo", "force"]


class SearchablePdf:
    """A PDF that grows page by page, so that no more than one picture is held at a time; ``finish`` gives the file."""

    def __init__(self, original: bytes | None = None, *, password: str | None = None, layer: PdfLayer = "skip") -> None:
        """``original``: the PDF that was read; without it, pages are made of pictures. ``layer``: what becomes of the text it has."""
        self._layer = layer
        with pdfium_lock:
            self._pdf = pdfium.PdfDocument(original, password=password) if original else pdfium.PdfDocument.new()
            self._keeps_pages = original is not None
            self._fonts: list[object] = []  # one of each page

    def add(self, page: Page, picture: Pixels | None = None) -> None:
        """The next page's text; ``picture``: what is to be seen, where there is no original.

        Of an original: "skip" keeps pages that have a sound text of their own as they are; "redo" those whose own text was taken. On
        others hidden text is taken out before the new one is put in, so that nothing is found twice. Where unsound text is seen,
        which cannot be taken out, the page is drawn anew, as a picture; "force" draws all so.
        """
        with pdfium_lock:
            if not self._keeps_pages:
                if picture is None:
                    raise ValueError("a page of a new PDF needs its picture")
                sheet = self._pdf.new_page(page.width_px * 72 / _DPI, page.height_px * 72 / _DPI)
                self._put_picture(sheet, picture)
                self._put_lines(sheet, page)
                sheet.set_rotation(page.rotation_degrees)  # so it is shown upright; its coordinates stay those of the picture
            else:
                sheet = self._pdf[page.number - 1]
                is_kept = page.source == "text_layer" or (self._layer == "skip" and page.has_text_layer)
                if self._layer == "force":
                    sheet = self._drawn_anew(sheet, page)
                elif not is_kept and not _without_hidden_text(sheet):
                    sheet.close()
                    sheet = self._drawn_anew(self._pdf[page.number - 1], page)
                if not is_kept or self._layer == "force":
                    self._put_lines(sheet, page)
            sheet.gen_content()
            sheet.close()

    def add_text(self, page: Page, dpi: float) -> None:
        """A page of the text alone, as the picture lies: it is not set upright."""
        with pdfium_lock:
            sheet = self._pdf.new_page(page.width_px * 72 / dpi, page.height_px * 72 / dpi)
            self._put_lines(sheet, page)
            sheet.gen_content()
            sheet.close()

    def _drawn_anew(self, sheet: pdfium.PdfPage, page: Page) -> pdfium.PdfPage:
        """A page of its picture in the place of one that is closed."""
        width, height = sheet.get_size()
        bitmap = sheet.render(scale=min(page.width_px / width, _DRAWN_DPI / 72), rev_byteorder=True)
        picture = np.ascontiguousarray(bitmap.to_numpy()[..., :3])
        bitmap.close()
        sheet.close()
        self._pdf.del_page(page.number - 1)
        new = self._pdf.new_page(width, height, index=page.number - 1)
        self._put_picture(new, picture[..., 0] if (picture == picture[..., :1]).all() else picture)
        return new

    def _put_lines(self, sheet: pdfium.PdfPage, page: Page) -> None:
        levels = [levelled(line, degrees) for line, degrees in zip(page.lines, directions(page), strict=True)]
        pieces = [_pieces(level) for level in levels]
        codes = {what: code for code, what in enumerate(dict.fromkeys((p.says, p.letters) for line in pieces for p in line), 1)}
        if not codes:
            return
        if len(codes) > MOST_GLYPHS:
            raise TooComplex(
                f"page {page.number} has more than {MOST_GLYPHS:,} different signs and words, the most that a font of a PDF has"
            )
        font = self._load_font([*codes])
        to_sheet = _to_sheet(sheet, page)
        for line, degrees, level in zip(pieces, directions(page), levels, strict=True):
            if line:
                self._put_line(sheet, font, to_sheet, level, degrees, line, [codes[p.says, p.letters] for p in line])

    def _load_font(self, glyphs: list[tuple[str, int]]) -> object:
        data, numbers = glyphless.font([letters for _, letters in glyphs]), glyphless.same_numbers(len(glyphs))
        buffer, map_buffer = ((ctypes.c_uint8 * len(b)).from_buffer_copy(b) for b in (data, numbers))
        cmap = glyphless.to_unicode([says for says, _ in glyphs])
        font = pdfium_c.FPDFText_LoadCidType2Font(self._pdf.raw, buffer, len(data), cmap, map_buffer, len(numbers))
        self._fonts.append(font)
        return font

    def finish(self) -> bytes:
        """The file. The SearchablePdf cannot be used after this."""
        with pdfium_lock:
            out = io.BytesIO()
            self._pdf.save(out, flags=pdfium_c.FPDF_REMOVE_SECURITY if self._keeps_pages else 0)
            for font in self._fonts:
                pdfium_c.FPDFFont_Close(font)
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

    def _put_line(
        self, sheet: pdfium.PdfPage, font: object, to_sheet: Matrix, level: Line, degrees: float, pieces: list[_Piece], codes: list[int]
    ) -> None:
        """One text object: pieces in the order in which they stand from left to right, each at its place, along the line's direction.

        ``degrees``: by how much the line is turned counter-clockwise. ``to_sheet``: 2 x 3, from the page's pixels to the sheet's units.
        """
        axes = to_sheet[:, :2] @ turn(-degrees)  # of the levelled line, on the sheet
        scale = float(np.hypot(*axes[:, 0]))
        right, up = axes[:, 0] / scale, -axes[:, 1] / np.hypot(*axes[:, 1])
        x, y = axes @ (pieces[0].left, _baseline_y(level)) + to_sheet[:, 2]
        size = max(1.0, 0.8 * (level.box[3] - level.box[1]) * scale)
        text_object = pdfium_c.FPDFPageObj_CreateTextObj(self._pdf.raw, font, size)
        pdfium_c.FPDFText_SetCharcodes(text_object, (ctypes.c_uint32 * len(codes))(*codes), len(codes))
        stretch = max(0.05, _glyph_width(level) * scale / (glyphless.ADVANCE * size))
        places = [(piece.left - pieces[0].left) * scale / stretch for piece in pieces[1:]]
        if places:
            pdfium_c.FPDFText_SetPositions(text_object, (ctypes.c_float * len(places))(*places), len(places))
        pdfium_c.FPDFTextObj_SetTextRenderMode(text_object, pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE)
        pdfium_c.FPDFPageObj_Transform(text_object, *(stretch * right), *up, x, y)
        pdfium_c.FPDFPage_InsertObject(sheet.raw, text_object)


def _pieces(line: Line) -> list[_Piece]:
    """What glyphs say, from left to right.

    In a line with letters that run from right to left, digits and Latin letters that stand together are one glyph: readers that put
    right-to-left letters in front of one another (pypdf) then leave their order. Marks that are not seen say of brackets and punctuation
    which way they run: else Poppler takes the space beyond them to their other side, and mirrors no bracket where PDFium does.
    """
    signs = _as_they_stand(line)
    if not any(_is_rtl(sign) for sign, _ in signs):
        says = [sign for sign, _ in signs]
        if says and not says[0].isalnum():
            says[0] = LRM + says[0]
        if says and not says[-1].isalnum():
            says[-1] += LRM
        return [_Piece(said, 1, left) for said, (_, left) in zip(says, signs, strict=True)]
    pieces: list[_Piece] = []
    at = 0
    while at < len(signs):
        sign, left = signs[at]
        end = at + 1
        if _is_ltr(sign):
            k = end
            while k < len(signs) and k - at < glyphless.MOST_LETTERS and not signs[k][0].isspace() and not _is_rtl(signs[k][0]):
                k += 1
                if _is_ltr(signs[k - 1][0]):
                    end = k
            word = "".join(c for c, _ in signs[at:end])
            goes_on = at > 1 and signs[at - 1][0] == " " and signs[at - 2][0].isalpha() and _is_ltr(signs[at - 2][0]) and word[0].isalpha()
            pieces.append(_Piece(word if goes_on else RLM + word, end - at, left))
        elif sign in _BRACKETS:
            pieces.append(_Piece(RLM + sign + LRM, 1, left))
        elif sign.isspace() or _is_rtl(sign) or unicodedata.combining(sign):
            pieces.append(_Piece(sign, 1, left))
        else:
            pieces.append(_Piece(RLM + sign, 1, left))
        at = end
    return pieces


def _is_rtl(sign: str) -> bool:
    return unicodedata.bidirectional(sign[0]) in ("R", "AL")


def _is_ltr(sign: str) -> bool:
    """Digits of all kinds, too."""
    return unicodedata.bidirectional(sign[0]) in ("L", "EN", "AN")


def _glyph_width(line: Line) -> float:
    """In pixels of the page, that of every glyph of a line: the usual width of its letters."""
    pitches = [(word.box[2] - word.box[0]) / n for word in line.words if (n := sum(len(c.text) for c in word.characters)) for _ in range(n)]
    return max(1.0, sorted(pitches)[len(pitches) // 2] if pitches else 1.0)


def _as_they_stand(line: Line) -> list[tuple[str, float]]:
    """Signs as they are typed, and their left edges, from left to right: words where they are, the letters of each spread evenly over it.

    PDFium takes any gap between letters for a space; Poppler takes letters that overlap by a tenth of the type's size for two words, and
    words without a gap for one. So steps between letters stay just below the glyphs' width, and the glyphs within their word.
    """
    glyph, slack = _glyph_width(line), _SLACK * (line.box[3] - line.box[1])
    signs: list[tuple[str, float]] = []
    words = sorted(line.words, key=lambda word: word.box[0] + word.box[2])
    for k, word in enumerate(words):
        drawn = [sign for c in sorted(word.characters, key=lambda c: c.box[0] + c.box[2]) for sign in reversed(c.text)]
        if not drawn:
            continue
        left, right = word.box[0], max(word.box[2], word.box[0] + 1)
        if k:
            left = max(left, words[k - 1].box[2] + 1)
            right = max(right, left + 1)
            signs.append((" ", min(words[k - 1].box[2], left)))
        step = (right - left - glyph) / max(1, len(drawn) - 1)
        step = min(max(step, glyph - slack), glyph)
        start = (left + right - glyph - step * (len(drawn) - 1)) / 2
        signs += [(sign, start + i * step) for i, sign in enumerate(drawn)]
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


def _without_hidden_text(sheet: pdfium.PdfPage) -> bool:
    """Take out invisible text; whether no other text is left, nor anything else is seen differently."""
    if not _says(sheet):
        return True
    before = _seen(sheet)
    for shown in [pdfium_c.FPDFPage_GetObject(sheet.raw, i) for i in range(pdfium_c.FPDFPage_CountObjects(sheet.raw))]:
        if _is_hidden(shown):
            pdfium_c.FPDFPage_RemoveObject(sheet.raw, shown)
            pdfium_c.FPDFPageObj_Destroy(shown)
    sheet.gen_content()
    return not _says(sheet) and bool(np.abs(before.astype(np.int16) - _seen(sheet)).mean() < _SAME)


def _is_hidden(shown: object) -> bool:
    """Invisible text, or a form with nothing else in it."""
    kind = pdfium_c.FPDFPageObj_GetType(shown)
    if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
        return bool(pdfium_c.FPDFTextObj_GetTextRenderMode(shown) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE)
    if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
        count = pdfium_c.FPDFFormObj_CountObjects(shown)
        return count > 0 and all(_is_hidden(pdfium_c.FPDFFormObj_GetObject(shown, i)) for i in range(count))
    return False


def _says(sheet: pdfium.PdfPage) -> bool:
    text = sheet.get_textpage()
    said = text.get_text_range().strip()
    text.close()
    return bool(said)


def _seen(sheet: pdfium.PdfPage) -> Pixels:
    width, height = sheet.get_size()
    bitmap = sheet.render(scale=_LOOK_PX / max(width, height), grayscale=True)
    pixels = np.array(bitmap.to_numpy(), np.uint8).reshape(bitmap.height, -1)[:, : bitmap.width]
    bitmap.close()
    return pixels


def text_alone(page: Page, dpi: float) -> bytes:
    """A PDF of a page's text, invisible, on a sheet as large as its picture at so many dots an inch; others put it under the page."""
    pdf = SearchablePdf()
    pdf.add_text(page, dpi)
    return pdf.finish()


def searchable_pdf(document: Document, pictures: Sequence[Pixels]) -> bytes:
    """A PDF of the pictures with the document's text under them."""
    pdf = SearchablePdf()
    for page, picture in zip(document.pages, pictures, strict=True):
        pdf.add(page, picture)
    return pdf.finish()

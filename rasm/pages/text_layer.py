"""What a PDF's page already says by itself -> the structure that reading it gives.

Where it stands: ``rasm/pages/files.py`` calls it, under its lock of PDFium. A text layer is sound if it is Arabic or Latin
and not the numbers of glyphs, and neither it nor its ligatures are stored backwards. Whether it is used is the caller's choice. Its
lines come as the PDF draws them, in whatever order, and are put into the order in which they are read.
"""

from __future__ import annotations

import ctypes
import itertools
import re
import unicodedata

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rasm.document import Box, Character, Line, Page, Region, Word
from rasm.pages.blocks import arrange_boxes, direction_of

_LEAST_TEXT = 8  # a text layer shorter than this is a page number or a stamp
_ARABIC_WORD = re.compile("[\u0621-\u064a]{4,}")
_ENDS_LIGATURE = "اأإآٱدذرزوؤةىء"  # none of these is joined to the letter that follows
_TYPE = 0.7  # of a line's box, which reaches from the font's ascent to its descent: the size of its type


def sound_text_layer(page: pdfium.PdfPage, index: int, scale: float) -> Page | None:
    """The text of page ``index``, with boxes in pixels, ``scale`` of them for each unit of the page; None where it is not sound."""
    text_page = page.get_textpage()
    if not is_sound_text(text_page.get_text_range()):
        return None
    width, height = page.get_size()
    lines = _lines(page, text_page, width_px := max(1, round(width * scale)), height_px := max(1, round(height * scale)))
    found = Page(index + 1, width_px, height_px, in_regions(lines), source="text_layer", has_text_layer=True)
    return found if has_whole_ligatures(found.text) else None


def is_sound_text(text: str) -> bool:
    """Whether the text of a PDF's page can be what is printed on it."""
    signs = [c for c in text if not c.isspace()]
    if len(signs) < _LEAST_TEXT:
        return False
    bad = sum(c == "\ufffd" or unicodedata.category(c) in ("Co", "Cn", "Cc", "Cs") for c in signs)
    letters = sum(c.isalpha() for c in signs)
    if bad > 0.02 * len(signs) or letters < 0.3 * len(signs):
        return False
    # the article begins words and a backwards article ends them; true words end so too, but far less often
    words = _ARABIC_WORD.findall(unicodedata.normalize("NFKC", text))
    forwards, backwards = sum(w.startswith("ال") for w in words), sum(w.endswith("لا") for w in words)
    return backwards <= max(2, forwards)


def has_whole_ligatures(text: str) -> bool:
    """Whether the lams and alefs of a text in logical order stand as they are written: hardly a word begins with األ, as many with الأ."""
    words = _ARABIC_WORD.findall(unicodedata.normalize("NFKC", text))
    whole, turned = sum(w.startswith(("الأ", "الإ", "الآ")) for w in words), sum(w.startswith(("األ", "اإل", "اآل")) for w in words)
    return turned <= max(2, whole)


def turn_ligatures(characters: list[Character]) -> list[Character]:
    """The letters of a word with those of ligatures in the order in which they are written.

    Letters of one glyph share its box. PDFium turns right-to-left text around letter by letter, and so the letters of glyphs that a PDF
    gives in logical order. What cannot be joined to the next letter shows it: no glyph is an alef followed by a lam.
    """
    turned: list[Character] = []
    for _, glyph in itertools.groupby(characters, key=lambda c: c.box):
        letters = list(glyph)
        backwards = any(c.text in _ENDS_LIGATURE for c in letters[:-1]) and all(c.text.isalpha() for c in letters)
        turned += letters[::-1] if backwards else letters
    return turned


def _lines(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, width_px: int, height_px: int) -> list[Line]:
    """The lines, with their words and characters, as they are stored. PDFium gives text in logical order."""
    to_device = pdfium_c.FPDF_PageToDevice
    x, y = ctypes.c_int(), ctypes.c_int()

    def pixel(px: float, py: float) -> tuple[float, float]:
        to_device(page.raw, 0, 0, width_px, height_px, 0, px, py, x, y)  # knows of crop boxes and rotation
        return float(x.value), float(y.value)

    lines: list[Line] = []
    words: list[Word] = []
    current: list[Character] = []

    def end_word() -> None:
        if current:
            letters = turn_ligatures(current)
            text = unicodedata.normalize("NFKC", "".join(c.text for c in letters))
            words.append(Word(text, 1.0, _union([c.box for c in current]), letters))
            current.clear()

    for i in range(text_page.count_chars()):
        code = pdfium_c.FPDFText_GetUnicode(text_page.raw, i)
        sign = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        if sign in ("\r", "\n"):
            end_word()
            if words:
                lines.append(Line(" ".join(w.text for w in words), 1.0, _union([w.box for w in words]), [], list(words)))
                words.clear()
        elif not sign or sign.isspace():
            end_word()
        elif unicodedata.category(sign) not in ("Cc", "Cf", "Co", "Cn"):  # direction marks and the like are not printed
            left, bottom, right, top = text_page.get_charbox(i, loose=True)
            (x0, y0), (x1, y1) = pixel(left, top), pixel(right, bottom)
            current.append(Character(sign, 1.0, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))))
    end_word()
    if words:
        lines.append(Line(" ".join(w.text for w in words), 1.0, _union([w.box for w in words]), [], list(words)))
    return lines


def in_regions(lines: list[Line]) -> list[Region]:
    """Lines in the order in which they are read, by the rules for pages that are read (``rasm/pages/blocks.py``), and in blocks."""
    if not lines:
        return []
    boxes = np.array([line.box for line in lines], np.float64)  # (lines, 4)
    sizes = np.maximum(1.0, _TYPE * (boxes[:, 3] - boxes[:, 1]))
    blocks = arrange_boxes(boxes, sizes, [direction_of(line.text) for line in lines])
    return [Region(block.kind, _union([lines[i].box for i in block.lines]), [lines[i] for i in block.lines]) for block in blocks]


def _union(boxes: list[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

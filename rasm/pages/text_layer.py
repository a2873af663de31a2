"""What a PDF's page already says by itself -> the structure that reading it gives.

Where it stands: ``rasm/pages/files.py`` calls it, under its lock of PDFium. Whether the text is what is seen on the page, only its
picture can tell: ``rasm/pages/agreement.py`` asks that. Here a layer is dropped that cannot be text: numbers of glyphs, or words
stored backwards.

PDFium guesses logical order from the order of storing, and turns some words of sound PDFs around (Chromium's, whose glyphs each have an
``ActualText``). So only places are taken from it: the letters of a line are put as they stand from left to right, and
``charset.logical_signs`` finds the order in which they are typed, as it does for lines that are read. Lines come as the PDF draws
them, in whatever order, and are put into the order in which they are read.
"""

from __future__ import annotations

import ctypes
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rasm.document import Box, Character, Line, Page, Region, Word
from rasm.pages.blocks import arrange_boxes, direction_of
from rasm.text.charset import logical_signs

_LEAST_TEXT = 8  # a text layer shorter than this is a page number or a stamp
_ARABIC_WORD = re.compile("[\u0621-\u064a]{4,}")
_ENDS_LIGATURE = "اأإآٱدذرزوؤةىء"  # none of these is joined to the letter that follows
_TYPE = 0.7  # of a line's box, which reaches from the font's ascent to its descent: the size of its type
_NO_GAP = (-0.08, 0.06)  # sizes of type: what is so near is one word, whatever is stored between. Spaces have 0.15 and more
_SPACE = 0.15
_WIDE_GAP = 3.0  # sizes of type: columns and cells are so far apart, words of a justified line are not
_FORMS = re.compile("[\ufb00-\ufdff\ufe70-\ufeff]+")  # letters as they are drawn: joined, or several in one
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_PAIRS = {")": "(", "]": "[", "}": "{", "»": "«"}
_PICTURED = 0.05  # of the page, in pictures: less is a logo
_DRAWN_SEGMENTS = 3000  # a page of ruled tables has fewer, one of letters drawn as outlines has more
_MOST_OBJECTS = 50_000  # are looked at, for pictures


_Affine = tuple[float, float, float, float, float, float]  # row by row; numbers of Python's, which are faster one by one than NumPy's


@dataclass(frozen=True)
class TextLayer:
    """The text of a page of a PDF. page: as reading it would give it. is_pictured: whether pictures and drawings may hold text besides, as
    they do on scans."""

    page: Page
    is_pictured: bool


class _Sign(NamedTuple):
    """A letter. x: where it begins, by which letters of a line are put in order. box: pixels."""

    text: str
    x: float
    box: Box


def text_layer_of(page: pdfium.PdfPage, index: int, scale: float) -> TextLayer | None:
    """The text of page ``index``, with boxes in pixels, ``scale`` of them for each unit of the page; None where it cannot be text."""
    text_page = page.get_textpage()
    if not is_legible(text_page.get_text_range()):
        return None
    width, height = page.get_size()
    size_px = max(1, round(width * scale)), max(1, round(height * scale))
    lines = _lines(page, text_page, size_px)
    text = "\n".join(line.text for line in lines)
    if not (is_forwards(text) and has_whole_ligatures(text)):
        return None
    found = Page(index + 1, *size_px, in_regions(lines), source="text_layer", has_text_layer=True)
    return TextLayer(found, _is_pictured(page))


def is_legible(text: str) -> bool:
    """Whether it is letters, and not the numbers of glyphs."""
    signs = [c for c in text if not c.isspace()]
    if len(signs) < _LEAST_TEXT:
        return False
    bad = sum(c == "\ufffd" or unicodedata.category(c) in ("Co", "Cn", "Cc", "Cs") for c in signs)
    letters = sum(c.isalpha() for c in signs)
    return bad <= 0.02 * len(signs) and letters >= 0.3 * len(signs)


def is_forwards(text: str) -> bool:
    """The article begins words, and a backwards article ends them; true words end so too, but far less often."""
    words = _ARABIC_WORD.findall(unicodedata.normalize("NFKC", text))
    forwards, backwards = sum(w.startswith("ال") for w in words), sum(w.endswith("لا") for w in words)
    return backwards <= max(2, forwards)


def has_whole_ligatures(text: str) -> bool:
    """Whether the lams and alefs of a text in logical order stand as they are written: hardly a word begins with األ, as many with الأ."""
    words = _ARABIC_WORD.findall(unicodedata.normalize("NFKC", text))
    whole, turned = sum(w.startswith(("الأ", "الإ", "الآ")) for w in words), sum(w.startswith(("األ", "اإل", "اآل")) for w in words)
    return turned <= max(2, whole)


def turn_ligature(letters: str) -> str:
    """The letters of one glyph in the order in which they are written.

    PDFium turns right-to-left text around letter by letter, and so the letters of glyphs that a PDF gives in logical order. What cannot
    be joined to the next letter shows it: no glyph is an alef followed by a lam.
    """
    backwards = any(c in _ENDS_LIGATURE for c in letters[:-1]) and letters.isalpha()
    return letters[::-1] if backwards else letters


def in_regions(lines: list[Line]) -> list[Region]:
    """Lines in the order in which they are read, by the rules for pages that are read (``rasm/pages/blocks.py``), and in blocks."""
    if not lines:
        return []
    boxes = np.array([line.box for line in lines], np.float64)  # (lines, 4)
    sizes = np.maximum(1.0, _TYPE * (boxes[:, 3] - boxes[:, 1]))
    blocks = arrange_boxes(boxes, sizes, [direction_of(line.text) for line in lines])
    return [Region(block.kind, _union([lines[i].box for i in block.lines]), [lines[i] for i in block.lines]) for block in blocks]


def _lines(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, size_px: tuple[int, int]) -> list[Line]:
    """The lines as they are stored, with their words and characters."""
    pieces = [piece for words in _stored(page, text_page, size_px) for piece in _parted(words)]
    drawn = [_as_drawn(words) for words in pieces]
    mirrored = [[_mirrored(signs) for signs in line] for line in drawn]
    # PDFium mirrors the brackets of what it takes for right-to-left: whether it has, shows where they fit together
    alone = [(_unmatched(_typed(line)), _unmatched(_typed(other))) for line, other in zip(drawn, mirrored, strict=True)]
    as_given = sum(given for given, _ in alone) <= sum(turned for _, turned in alone)
    lines = []
    for line, other, (given, turned) in zip(drawn, mirrored, alone, strict=True):
        is_given = given <= turned if as_given else given < turned
        lines.append(_line(line if is_given else other))
    return lines


def _stored(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, size_px: tuple[int, int]) -> Iterator[list[list[_Sign]]]:
    """Lines of words of signs, as PDFium parts them."""
    raw, to_pixels = text_page.raw, _to_pixels(page, size_px)
    rect, x, y = pdfium_c.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    words: list[list[_Sign]] = []
    word: list[_Sign] = []
    for i in range(text_page.count_chars()):
        code = pdfium_c.FPDFText_GetUnicode(raw, i)
        sign = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        if sign and not sign.isspace() and unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cn"):
            continue  # direction marks and the like are not printed
        if not sign or sign.isspace():
            if word:
                words.append(word)
                word = []
            if sign in ("\r", "\n") and words:
                yield words
                words = []
            continue
        pdfium_c.FPDFText_GetLooseCharBox(raw, i, rect)
        pdfium_c.FPDFText_GetCharOrigin(raw, i, x, y)
        x0, y0 = _moved(to_pixels, rect.left, rect.top)
        x1, y1 = _moved(to_pixels, rect.right, rect.bottom)
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        if 0 <= box[0] + box[2] <= 2 * size_px[0] and 0 <= box[1] + box[3] <= 2 * size_px[1]:
            word.append(_Sign(sign, _moved(to_pixels, x.value, y.value)[0], box))
    if word:
        words.append(word)
    if words:
        yield words


def _parted(words: list[list[_Sign]]) -> list[list[list[_Sign]]]:
    """A line in pieces where gaps are as wide as those between columns."""
    boxes = [_union([sign.box for sign in word]) for word in words]
    size = _TYPE * float(np.median([sign.box[3] - sign.box[1] for word in words for sign in word]))
    order = sorted(range(len(words)), key=lambda k: boxes[k][0])
    pieces: list[list[int]] = []
    right = 0.0
    for k in order:
        if pieces and boxes[k][0] - right <= _WIDE_GAP * size:
            pieces[-1].append(k)
            right = max(right, boxes[k][2])
        else:
            pieces.append([k])
            right = boxes[k][2]
    pieces.sort(key=min)
    return [[words[k] for k in sorted(piece)] for piece in pieces]


def _as_drawn(words: list[list[_Sign]]) -> list[list[_Sign]]:
    """Words, and the signs of each, as they stand from left to right; what stands upright as it is stored."""
    left, top, right, bottom = _union([sign.box for word in words for sign in word])
    count = sum(len(word) for word in words)
    if count > 2 and bottom - top > 2 * (right - left):
        return [[_Sign(c, s.x, s.box) for s in word for c in _letters(s.text)] for word in words]
    drawn = [_word_as_drawn(word) for word in words]
    drawn.sort(key=lambda word: min(sign.box[0] for sign in word) + max(sign.box[2] for sign in word))
    return _respaced(drawn, _TYPE * (bottom - top))


def _respaced(drawn: list[list[_Sign]], size: float) -> list[list[_Sign]]:
    """Words, from left to right, as gaps tell them: PDFium's spaces may be on the wrong side of a bracket, and within words."""
    words = [list(drawn[0])]
    for word in drawn[1:]:
        left, right = words[-1], list(word)
        while len(left) > 1 and _is_loose(left[-1], left[-2], right[0], size):
            right.insert(0, left.pop())
        while len(right) > 1 and _is_loose(right[0], right[1], left[-1], size):
            left.append(right.pop(0))
        if _NO_GAP[0] * size < _gap(left[-1], right[0]) < _NO_GAP[1] * size:
            words[-1] = left + right
        else:
            words.append(right)
    return words


def _gap(a: _Sign, b: _Sign) -> float:
    return max(a.box[0], b.box[0]) - min(a.box[2], b.box[2])


def _is_loose(sign: _Sign, own: _Sign, other: _Sign, size: float) -> bool:
    """Whether a sign of punctuation stands further from its own word than from the other."""
    return not sign.text.isalnum() and _gap(sign, own) > max(_gap(sign, other), _SPACE * size)


def _word_as_drawn(word: list[_Sign]) -> list[_Sign]:
    """Glyphs from left to right by where they begin, those that begin at one place being a ligature; signs above and below with theirs."""
    marks = [sign for sign in word if unicodedata.combining(sign.text)]
    glyphs: list[tuple[float, Box, str, list[str]]] = []  # where it begins, its box, its letters as they are written, signs above and below
    for x, group in itertools.groupby((sign for sign in word if not unicodedata.combining(sign.text)), key=lambda sign: round(sign.x, 1)):
        signs = list(group)
        letters = turn_ligature("".join(_letters(sign.text) for sign in signs))
        glyphs.append((x, signs[0].box if len(signs) == 1 else _union([sign.box for sign in signs]), letters, []))
    if not glyphs:
        return marks
    for mark in marks:
        middle = (mark.box[0] + mark.box[2]) / 2
        nearest = min(glyphs, key=lambda glyph: max(glyph[1][0] - middle, middle - glyph[1][2], 0.0))
        nearest[3].append(mark.text)
    drawn: list[_Sign] = []
    for x, box, letters, above in sorted(glyphs, key=lambda glyph: glyph[0]):
        written, has_marks = _from_left(letters + "".join(above))
        if len(written) == 1 or has_marks:
            drawn += [_Sign(c, x, box) for c in written]
        else:
            step = (box[2] - box[0]) / len(written)  # each letter of a ligature gets a share of it
            places = [(box[0] + step * k, box[1], box[0] + step * (k + 1), box[3]) for k in range(len(written))]
            drawn += [_Sign(c, x, place) for c, place in zip(written, places, strict=True)]
    return drawn


@lru_cache(maxsize=4096)
def _from_left(letters: str) -> tuple[str, bool]:
    """What a glyph says, as it stands from left to right, and whether signs above or below are in it."""
    written = unicodedata.normalize("NFC", letters)
    is_rtl = any(unicodedata.bidirectional(c) in ("R", "AL") for c in written)
    return written[::-1] if is_rtl else written, any(map(unicodedata.combining, written[1:]))


@lru_cache(maxsize=4096)
def _letters(sign: str) -> str:
    """A sign as it is typed: presentation forms are what is drawn for it."""
    return unicodedata.normalize("NFKC", sign).replace(" ", "") or sign if _FORMS.fullmatch(sign) else sign


def _mirrored(signs: list[_Sign]) -> list[_Sign]:
    return [sign._replace(text=sign.text.translate(_MIRROR)) for sign in signs] if any(ord(s.text[0]) in _MIRROR for s in signs) else signs


def _typed(line: list[list[_Sign]]) -> str:
    visual = " ".join("".join(sign.text for sign in word) for word in line)
    return "".join(c for c, _ in logical_signs(visual)) if any(c in visual for c in "()[]{}«»") else ""


def _unmatched(text: str) -> int:
    """How many brackets have no other."""
    open_ones: list[str] = []
    alone = 0
    for c in text:
        if c in "([{«":
            open_ones.append(c)
        elif c in _PAIRS:
            if open_ones and open_ones[-1] == _PAIRS[c]:
                open_ones.pop()
            else:
                alone += 1
    return alone + len(open_ones)


def _line(drawn: list[list[_Sign]]) -> Line:
    flat: list[_Sign | None] = []  # None: a space
    for word in drawn:
        flat += [None, *word] if flat else word
    words: list[Word] = []
    signs: list[Character] = []
    for text, at in [*logical_signs("".join(sign.text if sign else " " for sign in flat)), (" ", -1)]:
        sign = flat[at] if at >= 0 else None
        if sign is not None:
            signs.append(Character(text, 1.0, sign.box))
        elif signs:
            words.append(Word("".join(c.text for c in signs), 1.0, _union([c.box for c in signs]), signs))
            signs = []
    return Line(" ".join(word.text for word in words), 1.0, _union([word.box for word in words]), [], words)


def _to_pixels(page: pdfium.PdfPage, size_px: tuple[int, int]) -> _Affine:
    """From the page's units to pixels, however it is cropped and turned."""
    corners = []
    for px, py in ((0, 0), (size_px[0], 0), (0, size_px[1])):
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium_c.FPDF_DeviceToPage(page.raw, 0, 0, *size_px, 0, px, py, x, y)
        corners.append((x.value, y.value))
    origin, right, down = np.array(corners)
    axes = np.stack([(right - origin) / size_px[0], (down - origin) / size_px[1]], axis=1)
    (a, b), (d, e) = back = np.linalg.inv(axes)
    c, f = -(back @ origin)
    return float(a), float(b), float(c), float(d), float(e), float(f)


def _moved(matrix: _Affine, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + b * y + c, d * x + e * y + f


def _is_pictured(page: pdfium.PdfPage) -> bool:
    width, height = page.get_size()
    pictured, segments = 0.0, 0
    for shown in itertools.islice(_objects(page), _MOST_OBJECTS):
        kind = pdfium_c.FPDFPageObj_GetType(shown)
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            bounds = [ctypes.c_float() for _ in range(4)]
            pdfium_c.FPDFPageObj_GetBounds(shown, *bounds)
            left, bottom, right, top = (bound.value for bound in bounds)
            pictured += (right - left) * (top - bottom)
        elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            segments += max(0, pdfium_c.FPDFPath_CountSegments(shown))
    return pictured > _PICTURED * width * height or segments > _DRAWN_SEGMENTS


def _objects(page: pdfium.PdfPage) -> Iterator[object]:
    """What is drawn, that of forms too."""
    forms = []
    for i in range(pdfium_c.FPDFPage_CountObjects(page.raw)):
        yield (shown := pdfium_c.FPDFPage_GetObject(page.raw, i))
        if pdfium_c.FPDFPageObj_GetType(shown) == pdfium_c.FPDF_PAGEOBJ_FORM:
            forms.append(shown)
    while forms:
        form = forms.pop()
        for i in range(pdfium_c.FPDFFormObj_CountObjects(form)):
            yield (shown := pdfium_c.FPDFFormObj_GetObject(form, i))
            if pdfium_c.FPDFPageObj_GetType(shown) == pdfium_c.FPDF_PAGEOBJ_FORM:
                forms.append(shown)


def _union(boxes: list[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

"""PDFs for tests: typeset by fpdf2 with HarfBuzz, and scans of them with a text layer, sound or spoilt."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import matplotlib
from fpdf import FPDF

from rasm.document import Character, Line, Page, Region, Word
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.pages.files import open_pages

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
TEXTS = (
    "ذهب الولد إلى المدرسة في الصباح الباكر مع أخته الصغيرة",
    "وكان الطريق طويلا بين الحقول والأشجار (نحو 25 دقيقة)",
    "فقرأ الأولاد الدرس الأول ثم الثاني ولا أحد منهم تأخر",
    "ثم عادوا إلى بيوتهم في 18/3/2023 قبل الغروب بقليل",
    "لا شك أن العلم نافع والجهل ضار لأهله في كل زمان",
    "وقد كتب المعلم في دفتره أسماء الذين حضروا ذلك اليوم",
)


@cache
def typeset(texts: tuple[str, ...] = TEXTS, pages: int = 1) -> bytes:
    """A PDF of these lines on each page, set from the right in DejaVu Sans."""
    pdf = FPDF()
    pdf.add_font("dejavu", fname=FONT)
    pdf.set_font("dejavu", size=14)
    pdf.set_text_shaping(True)
    for _ in range(pages):
        pdf.add_page()
        for text in texts:
            pdf.cell(0, 12, text, align="R", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def set_text(data: bytes) -> Page:
    """What the first page of a typeset PDF says itself."""
    with open_pages(data) as file:
        layer = file.text_layer(0)
    assert layer is not None
    return layer.page


def scan(data: bytes, change: Callable[[str], str] = str, keep: Callable[[int], bool] = lambda line: True) -> bytes:
    """A picture of a typeset page over its text, invisible: each word as ``change`` makes it, of those lines that are kept by number."""
    page = set_text(data)
    with open_pages(data) as file:
        picture = file.image(0)
    lines = [_changed(line, change) for line in page.lines]
    region = Region("paragraph", page.regions[0].box, [line for k, line in enumerate(lines) if keep(k)])
    pdf = SearchablePdf()
    pdf.add(replace(page, regions=[region], source="ocr", has_text_layer=False), picture)
    return pdf.finish()


def _changed(line: Line, change: Callable[[str], str]) -> Line:
    """Words of other letters in the place of those that were there, each letter as wide as the next. Numbers run from left to right."""
    words = []
    for word in line.words:
        text = change(word.text)
        left, top, right, bottom = word.box
        step = (right - left) / len(text)
        is_number = not any(c.isalpha() for c in text)
        lefts = [left + step * k if is_number else right - step * (k + 1) for k in range(len(text))]
        boxes = [(x, top, x + step, bottom) for x in lefts]
        signs = [Character(c, 1.0, box) for c, box in zip(text, boxes, strict=True) if c != " "]
        pieces = text.split()
        for piece in pieces:
            letters, signs = signs[: len(piece)], signs[len(piece) :]
            edges = [edge for c in letters for edge in (c.box[0], c.box[2])]
            words.append(Word(piece, 1.0, (min(edges), top, max(edges), bottom), letters))
    return replace(line, text=" ".join(word.text for word in words), words=words)


def saved(pdf: object) -> bytes:
    """A pikepdf.Pdf as a file."""
    out = io.BytesIO()
    pdf.save(out)  # type: ignore[attr-defined]
    return out.getvalue()

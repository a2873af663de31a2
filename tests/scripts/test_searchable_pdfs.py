"""What four readers find in a searchable PDF: Arabic lines with numbers, brackets, punctuation and Latin words, and Latin ones."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from rasm.document import Box, Character, Document, Line, Page, Region, Word
from rasm.formats.searchable_pdf import searchable_pdf
from rasm.text.charset import logical_signs, to_visual
from scripts.searchable_pdfs import READERS, lines_of

TEXTS = [
    "أبرمت هذه الاتفاقية في 1 مارس 2024 بين شركة (أفق) الخليج",
    "يقدم المستشار خدمات فنية لمدة (12) شهرا و 5 أيام.",
    "طبع في «القاهرة»، سنة 1953 (ص 120 - 145) ثم أعيد.",
    "تدفع الشركة 4,500.00 دولار خلال 30 يوما (أي 10%).",
    "شركة Gulf للتجارة 12 15 ذ.م.م: 4471/ش بتاريخ 18/3/2023",
    "1. يجوز لأي من الطرفين [إنهاء] الاتفاقية",
    "٥٠ كتابا في ١٢٠ - ١٤٥ صفحة؟ نعم! ومَدَّ يَدَهُ",
    'This Agreement (of 2024) is between the "Company" and [it]',
]
WIDTH_PX, HEIGHT_PX, RIGHT_PX, LETTER_PX = 1500, 900, 1400, 16


def line(text: str, top: float) -> Line:
    """Its letters side by side, all of one width, as bidirectional text is drawn."""
    direction = "rtl" if "\u0600" <= text[0] <= "\u06ff" or "\u0600" <= text[-1] <= "\u06ff" else "ltr"
    drawn = to_visual(text, direction)
    left = RIGHT_PX - LETTER_PX * len(drawn)
    words: list[Word] = []
    signs: list[Character] = []
    for sign, at in [*logical_signs(drawn, direction), (" ", -1)]:
        if sign != " ":
            box: Box = (left + LETTER_PX * at, top, left + LETTER_PX * (at + 1), top + 40)
            signs.append(Character(sign, 1.0, box))
        elif signs:
            whole = (min(s.box[0] for s in signs), top, max(s.box[2] for s in signs), top + 40)
            words.append(Word("".join(s.text for s in signs), 1.0, whole, signs))
            signs = []
    assert " ".join(word.text for word in words) == text
    return Line(text, 1.0, (left, top, RIGHT_PX, top + 40), [(left, top + 30), (RIGHT_PX, top + 30)], words)


@pytest.mark.parametrize("reader", ["pdftotext", "PDFium", "pypdf"])
def test_every_line_is_found_whole_and_in_order(reader: str) -> None:
    if reader == "pdftotext" and not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (Debian: poppler-utils)")
    lines = [line(text, 60 + 80 * k) for k, text in enumerate(TEXTS)]
    page = Page(1, WIDTH_PX, HEIGHT_PX, [Region("paragraph", (0, 0, WIDTH_PX, HEIGHT_PX), lines)])
    data = searchable_pdf(Document("x", [page]), [np.full((HEIGHT_PX, WIDTH_PX), 255, np.uint8)])
    assert lines_of(READERS[reader](data)) == lines_of("\n".join(TEXTS))

"""The table of docs/pages.md: which order of Arabic in a PDF which reader takes rightly."""

from __future__ import annotations

import re
import shutil

import pytest

from scripts.pdf_orders import WAYS, is_right, made
from scripts.searchable_pdfs import READERS
from tests.paths import ROOT


@pytest.mark.parametrize("reader", READERS)
def test_the_table_in_the_docs(reader: str) -> None:
    if reader == "pdftotext" and not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:letters|a glyph|the same)[^|]*(\|(?: (?:right|wrong) \|){5})$", text, re.MULTILINE)
    order = [
        "letters as drawn",
        "letters as drawn, ReversedChars",
        "letters as typed",
        *[name for name in WAYS if name.startswith("words")],
    ]
    assert len(rows) == len(order) == len(WAYS)
    said = [row.strip("| ").split(" | ")[[*READERS].index(reader)] for row in rows]
    assert said == ["right" if is_right(READERS[reader](made(WAYS[name]))) else "wrong" for name in order]

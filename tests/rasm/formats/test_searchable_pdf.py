"""Searchable PDFs of pages that lie on their side or askew, and of PDFs: what PDFium and Poppler find in them."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest

from rasm.document import Document, Page
from rasm.formats.searchable_pdf import PdfLayer, SearchablePdf, searchable_pdf
from rasm.pages.files import open_pages
from tests.pdfs import TEXTS as PDF_TEXTS
from tests.pdfs import scan, set_text, typeset
from tests.turned import level_page, turned_page

TEXTS = [
    "ذهب الولد الى المدرسة في الصباح الباكر مع اخته",
    "ثم رجع منها وقت الظهر فوجد اباه ينتظر عند الباب",
    "وكان اليوم مشمسا والطريق طويلة بين الحقول والبيوت",
    "فجلسوا تحت شجرة كبيرة قرب النهر وشربوا ماء باردا",
]
WORDS = [text.split() for text in TEXTS]


MARKS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u200e\u200f"))  # of directions: they are not seen


def blank(page: Page) -> np.ndarray:
    return np.full((page.height_px, page.width_px), 255, np.uint8)


def of_pdfium(data: bytes) -> list[list[str]]:
    text = pdfium.PdfDocument(data)[0].get_textpage().get_text_range().translate(MARKS)
    return [line.split() for line in text.split("\r\n") if line]


def blank_pdf(page: Page, rotation: int = 0) -> bytes:
    """Of one empty sheet, which is displayed turned clockwise by ``rotation``, as large as ``page`` then."""
    pdf, out = pdfium.PdfDocument.new(), io.BytesIO()
    size = (page.width_px * 0.36, page.height_px * 0.36)
    pdf.new_page(*(size if rotation % 180 == 0 else size[::-1])).set_rotation(rotation)
    pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_picture_is_put_upright_with_its_text(degrees: int) -> None:
    page = turned_page(level_page(TEXTS), degrees)
    picture = blank(page)
    picture[: page.height_px // 8, : page.width_px // 8] = 0
    data = searchable_pdf(Document("x", [page]), [picture])
    assert of_pdfium(data) == WORDS
    upright = np.rot90(picture, -degrees // 90)
    shown = pdfium.PdfDocument(data)[0].render(scale=200 / 72).to_numpy()[..., 0]
    height, width = np.minimum(shown.shape, upright.shape)
    assert np.abs(shown[:height, :width].astype(int) - upright[:height, :width]).mean() < 4


@pytest.mark.parametrize("degrees", [-8, 5, 10, 95, 183])
def test_askew_text_is_found_where_it_is(degrees: int) -> None:
    page = turned_page(level_page(TEXTS), degrees)
    data = searchable_pdf(Document("x", [page]), [blank(page)])
    assert sorted(word for line in of_pdfium(data) for word in line) == sorted(word for line in WORDS for word in line)
    sheet = pdfium.PdfDocument(data)[0]
    text = sheet.get_textpage()
    for line in page.lines:
        for word in (line.words[0], line.words[-1]):
            at, count = text.search(word.text, match_whole_word=True).get_next()
            boxes = np.array([text.get_charbox(at + i) for i in range(count)]) * 200 / 72
            x, y = (boxes[:, 0].min() + boxes[:, 2].max()) / 2, page.height_px - (boxes[:, 1].min() + boxes[:, 3].max()) / 2
            assert abs(x - (word.box[0] + word.box[2]) / 2) < 12 and abs(y - (word.box[1] + word.box[3]) / 2) < 12


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (Debian: poppler-utils)")
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_pdftotext_reads_turned_pages_as_upright_ones(degrees: int, tmp_path: Path) -> None:
    found = []
    for page in (level_page(TEXTS), turned_page(level_page(TEXTS), degrees)):
        (tmp_path / "a.pdf").write_bytes(searchable_pdf(Document("x", [page]), [blank(page)]))
        done = subprocess.run(["pdftotext", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True, encoding="utf-8")
        wanted = Counter(word for line in WORDS for word in line)
        found.append((Counter(done.stdout.translate(MARKS).split()) & wanted).total())
    assert found[0] == found[1] > 20


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("degrees", [0, 90])
def test_text_stands_right_on_pages_that_a_pdf_turns(rotation: int, degrees: int) -> None:
    page = turned_page(level_page(TEXTS), degrees)
    pdf = SearchablePdf(blank_pdf(page, rotation))
    pdf.add(page)
    data = pdf.finish()
    assert of_pdfium(data) == WORDS
    assert pdfium.PdfDocument(data)[0].get_rotation() == rotation, "a page of a PDF is kept as it is"


def test_a_page_that_says_its_text_itself_gets_none() -> None:
    page = level_page(TEXTS)
    pdf = SearchablePdf(blank_pdf(page))
    pdf.add(replace(page, has_text_layer=True))
    assert of_pdfium(pdf.finish()) == []


def written(data: bytes, page: Page, layer: PdfLayer = "skip") -> bytes:
    pdf = SearchablePdf(data, layer=layer)
    pdf.add(page)
    return pdf.finish()


def seen(data: bytes) -> np.ndarray:
    return np.asarray(pdfium.PdfDocument(data)[0].render(scale=1, grayscale=True).to_numpy()).astype(int)


def words(data: bytes) -> list[str]:
    return sorted(word for line in of_pdfium(data) for word in line)


def gibberish(word: str) -> str:
    return "".join("abdehijlosuwy"[ord(c) % 13] for c in word)


def read(data: bytes) -> Page:
    """A page as if it had been read, at the places where its text is."""
    return replace(set_text(data), source="ocr", has_text_layer=False)


SOUND = sorted(word for text in PDF_TEXTS for word in text.split())


def test_hidden_text_that_is_not_sound_is_replaced() -> None:
    old = scan(typeset(), gibberish)
    assert words(old) != SOUND and len(words(old)) == len(SOUND)
    new = written(old, read(typeset()))
    assert words(new) == SOUND, "and nothing is found twice"
    assert np.abs(seen(new) - seen(old)).mean() < 0.1
    assert len(new) < len(old) * 1.2, "the picture is kept as it is"


def test_hidden_text_that_is_sound_is_kept_or_replaced_as_asked() -> None:
    old, page = scan(typeset()), replace(read(typeset()), has_text_layer=True)
    other = replace(page, regions=[replace(r, lines=r.lines[:1]) for r in page.regions[:1]])
    assert words(written(old, other)) == SOUND
    assert words(written(old, other, "redo")) == sorted(PDF_TEXTS[0].split())
    taken = replace(other, source="text_layer")
    assert words(written(old, taken, "redo")) == SOUND, "what was not read has nothing to put in its place"
    assert words(written(old, taken, "force")) == sorted(PDF_TEXTS[0].split())


@pytest.mark.parametrize("layer", ["skip", "redo"])
def test_a_page_on_which_unsound_text_is_seen_is_drawn_anew(layer: PdfLayer) -> None:
    old = typeset(tuple(gibberish(text) for text in PDF_TEXTS))
    new = written(old, read(typeset()), layer)
    assert words(new) == SOUND
    assert np.abs(seen(new) - seen(old)).mean() < 3


def test_typeset_pages_are_kept_or_drawn_anew() -> None:
    old, page = typeset(), replace(set_text(typeset()), source="text_layer")
    assert words(written(old, page)) == words(old) and abs(len(written(old, page)) - len(old)) < 2_000
    new = written(old, page, "force")
    kinds = {shown.type for shown in pdfium.PdfDocument(new)[0].get_objects()}
    assert pdfium_c.FPDF_PAGEOBJ_IMAGE in kinds and words(new) == SOUND
    assert np.abs(seen(new) - seen(old)).mean() < 3


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_is_drawn_anew_as_it_is_shown(rotation: int) -> None:
    pdf, out = pdfium.PdfDocument(typeset()), io.BytesIO()
    pdf[0].set_rotation(rotation)
    pdf.save(out)
    old = out.getvalue()
    with open_pages(old) as file:
        picture = file.image(0)
    page = Page(1, picture.shape[1], picture.shape[0], [])
    new = written(old, page, "force")
    assert seen(new).shape == seen(old).shape and np.abs(seen(new) - seen(old)).mean() < 3

"""What a PDF says itself: taken where its picture says the same, and nowhere else; each way of being unsound by itself."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from rasm import weights
from rasm.document import Line, Word
from rasm.lines.recognizer import Reading, Recognizer, Sign
from rasm.pages.agreement import compare, most_split, sample
from rasm.pages.files import open_pages
from rasm.pages.pdf_process import PdfProcess
from rasm.pages.reader import PageReader, PdfText
from rasm.text.charset import ARABIC_LETTERS
from tests.pdfs import TEXTS, saved, scan, set_text, typeset

_SHIFTED = dict(zip(map(ord, ARABIC_LETTERS), ARABIC_LETTERS[7:] + ARABIC_LETTERS[:7], strict=True))
_SOME = str.maketrans("هلنمو", "دغثرف")


def gibberish(word: str) -> str:
    """As an OCR that knows Latin letters alone makes of it."""
    return "".join("abdehijlosuwy"[ord(c) % 13] for c in word)


UNSOUND: dict[str, Callable[[str], str]] = {
    "Latin gibberish": gibberish,
    "letters mapped to others": lambda word: word.translate(_SHIFTED),
    "five letters mapped to others": lambda word: word.translate(_SOME),
    "words reversed": lambda word: word[::-1],
    "lam-alef turned round": lambda word: word.replace("لا", "ال").replace("لأ", "أل"),
    "letters split by spaces": " ".join,
    "every other letter split off": lambda word: " ".join(re.findall("..?", word)),
    "letters doubled": lambda word: "".join(c * 2 for c in word),
    "numbers of glyphs": lambda word: "".join(chr(0xE000 + ord(c) % 97) for c in word),
    "numbers": lambda word: "".join(str(ord(c) % 10) for c in word),
}


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(Recognizer(weights.SHIPPED_MODEL, threads=1))


def source(reader: PageReader, data: bytes, pdf_text: PdfText = "auto") -> tuple[str, bool, str]:
    with open_pages(data) as file:
        page = reader.read_from(file, 0, pdf_text=pdf_text)
    return page.source, page.has_text_layer, page.text


def test_a_typeset_page_is_taken_as_it_was_typed(reader: PageReader) -> None:
    found, is_sound, text = source(reader, typeset())
    assert (found, is_sound, [line for line in text.split("\n") if line]) == ("text_layer", True, list(TEXTS))
    read, is_sound, _ = source(reader, typeset(), "ignore")
    assert (read, is_sound) == ("ocr", True), "it is said to be there all the same"


def test_a_scan_with_sound_text_under_it_is_taken(reader: PageReader) -> None:
    found, is_sound, text = source(reader, scan(typeset()))
    assert (found, is_sound) == ("text_layer", True)
    assert text.split() == " ".join(TEXTS).split()


@pytest.mark.parametrize("kind", UNSOUND)
def test_a_scan_with_unsound_text_under_it_is_read(reader: PageReader, kind: str) -> None:
    data = scan(typeset(), UNSOUND[kind])
    found, is_sound, text = source(reader, data)
    assert (found, is_sound) == ("ocr", False)
    assert sum(word in text.split() for word in " ".join(TEXTS).split()) > 40, "what is seen is what is read"


def test_a_scan_with_a_stamp_is_read(reader: PageReader) -> None:
    """Its text is right, and is not all that is on the page."""
    found, is_sound, text = source(reader, scan(typeset(), keep=lambda line: line == 0))
    assert (found, is_sound) == ("ocr", False) and len(text.splitlines()) >= len(TEXTS)


@pytest.mark.parametrize("kind", ["letters mapped to others", "no names of letters"])
def test_a_typeset_page_whose_font_names_letters_wrongly_is_read(reader: PageReader, kind: str) -> None:
    with pikepdf.open(io.BytesIO(typeset())) as pdf:
        for font in pdf.pages[0].Resources.Font.values():
            if kind == "no names of letters":
                del font.ToUnicode
                continue
            names = font.ToUnicode.read_bytes().decode()
            targets = re.findall(r"<[0-9A-F]{4}> <(0[6][0-9A-F]{2})>", names)
            others = dict(zip(targets, targets[5:] + targets[:5], strict=True))
            pieces = re.split(r"(?<= <)(06[0-9A-F]{2})(?=>)", names)
            font.ToUnicode.write("".join(others.get(piece, piece) for piece in pieces).encode())
        data = saved(pdf)
    assert source(reader, data)[:2] == ("ocr", False)


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_what_chromium_prints_is_taken_as_it_was_typed(reader: PageReader, tmp_path: Path) -> None:
    """Each of its glyphs has an ``ActualText``; PDFium turns some words around."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    body = "".join(f"<p>{text}" for text in TEXTS)
    with api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content(f'<html dir=rtl><body style=\'font:16px "Noto Naskh Arabic","DejaVu Sans"\'>{body}')
        data = page.pdf()
        browser.close()
    found, _, text = source(reader, data)
    assert found == "text_layer" and text.split() == " ".join(TEXTS).split()


def test_pages_of_one_file_are_told_apart(reader: PageReader) -> None:
    """Sound text, a scan with unsound text, a scan without any."""
    with pikepdf.open(io.BytesIO(typeset())) as pdf:
        for other in (scan(typeset(), gibberish), scan(typeset(), keep=lambda line: False)):
            pdf.pages.extend(pikepdf.open(io.BytesIO(other)).pages)
        data = saved(pdf)
    with open_pages(data) as file:
        assert [reader.read_from(file, i).source for i in range(3)] == ["text_layer", "ocr", "ocr"]


def test_strips_of_a_page_are_those_of_its_picture() -> None:
    data = typeset()
    boxes = [line.box for line in set_text(data).lines[:2]]
    process = PdfProcess()
    try:
        with open_pages(data) as here, process.open(io.BytesIO(data), password=None, max_pages=9, max_pixels=10**7) as there:
            strips, picture = here.clips(0, boxes), here.image(0)
            assert all((a == b).all() for a, b in zip(strips, there.clips(0, boxes), strict=True))
            layer, same = here.text_layer(0), there.text_layer(0)
            assert layer == same
    finally:
        process.close()
    for (left, top, right, bottom), strip in zip(boxes, strips, strict=True):
        seen = picture[round(top) : round(bottom), round(left) : round(right)]
        assert abs(seen.shape[0] - strip.shape[0]) <= 2 and abs(seen.shape[1] - strip.shape[1]) <= 2
        assert abs(float((seen < 128).mean()) - float((strip < 128).mean())) < 0.01


def test_three_hundred_pages_of_sound_text_take_seconds(reader: PageReader) -> None:
    with open_pages(typeset(pages=300)) as file:
        began = time.process_time()
        assert {reader.read_from(file, i).source for i in range(file.count)} == {"text_layer"}
        assert time.process_time() - began < 60, "of one processor; with nothing else on the machine it is a tenth of that"


def reading(text: str, confidence: float = 0.99) -> Reading:
    return Reading(text, confidence, [Sign(c, confidence, i, i + 1) for i, c in enumerate(text)])


def test_what_is_hard_to_read_need_agree_less() -> None:
    """Each eighth letter read wrongly: as many as the reader's confidence says, or far more."""
    text = "ذهب الولد إلى المدرسة في الصباح الباكر"
    wrong = "".join("ض" if i % 8 == 4 else c for i, c in enumerate(text))
    for confidence, is_sound in ((0.88, True), (0.999, False)):
        found = compare([(text, reading(wrong, confidence))])
        assert found is not None and found.is_sound() == is_sound
    assert compare([(text, reading(text, 0.3))]) is None, "a reading as unsure as this says nothing"


def test_which_lines_are_read() -> None:
    def line(text: str, y: float) -> Line:
        words = [Word(word, 1.0, (0, y, 9, y + 9)) for word in text.split()]
        return Line(text, 1.0, (0, y, 200, y + 9), [], words)

    lines = [line(f"كلمات كثيرة في سطر {'طويل ' * (k % 3)}", 20 * k) for k in range(12)]
    assert [lines.index(v) for v in sample(lines)] == [2, 5, 8, 11], "the longest of each part of the page"
    assert sample([line("12", 0), line("ص", 20)]) == []
    assert most_split([*lines, split := line("ال ت كل ف ة", 400)]) is split and most_split(lines) is None

"""What the formats say of lines that are turned, and the places of letters; without reading anything."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from rasm.document import Document, Line, Page, Region, Word
from rasm.formats import write
from rasm.formats.directions import directions
from rasm.lines.recognizer import Reading, Sign
from rasm.pages.crops import Crop
from rasm.pages.found import TextLine
from rasm.pages.reader import _place
from rasm.pages.text_layer import has_whole_ligatures, turn_ligature
from tests.turned import HEIGHT_PX, level_page, turned_page

TEXTS = ["ذهب الولد الى المدرسة في الصباح الباكر مع اخته"] * 3


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 8, 98])
def test_hocr_says_how_lines_run(degrees: int) -> None:
    root = ET.fromstring(write(Document("x", [turned_page(level_page(TEXTS), degrees)]), "hocr"))
    lines = [str(e.get("title")) for e in root.iter() if e.get("class") == "ocr_line"]
    quarters, askew = degrees // 90 * 90, degrees % 90
    for title in lines:
        told = {part.split()[0]: part.split()[1:] for part in title.split("; ")}
        assert told.get("textangle", ["0"]) == [str(quarters)] and abs(int(told["x_size"][0]) - HEIGHT_PX) <= 2
        slope, offset = map(float, told["baseline"])
        assert slope == pytest.approx(-np.tan(np.radians(askew)), abs=0.01)
        if not askew:
            assert offset == 30 - HEIGHT_PX


def test_all_lines_of_a_flat_page_run_one_way() -> None:
    for degrees, way in ((2, 0), (92, 90), (8, 8), (-8, -8), (188, 188)):
        assert directions(turned_page(level_page([*TEXTS, "قصير"]), degrees)) == [pytest.approx(way, abs=0.1)] * 4


@pytest.mark.parametrize("degrees", [0, 90])
def test_alto_says_how_a_page_is_turned(degrees: int) -> None:
    root = ET.fromstring(write(Document("x", [turned_page(level_page(TEXTS), degrees)]), "alto"))
    (page,) = [e for e in root.iter() if e.tag.endswith("}Page")]
    assert page.get("ROTATION") == (str(degrees) if degrees else None)


def test_every_letter_has_a_width_within_its_word() -> None:
    # the ink ends at 100, and the network has the last letter of the word after that, and the first one before the ink
    pixels = np.full((60, 120), 255, np.uint8)
    pixels[10:50, 20:100] = 0
    middle = np.array([(20.0, 30.0), (100.0, 30.0)])
    line = TextLine(middle, middle + np.array([0, 10]), 20.0, 20.0, 20.0, "paragraph", 0.5, 0.5, 1.0)
    spans = [("ا", 108, 125), ("ب", 60, 100), ("ت", 2, 5)]
    reading = Reading("ابت", 1.0, [Sign(text, 1.0, start, end) for text, start, end in spans])
    (word,) = _place(np.eye(3), line, Crop(pixels, 0.0, np.zeros(120), pixels < 128), reading).words
    for sign in word.characters:
        assert word.box[0] <= sign.box[0] <= sign.box[2] - 1 and sign.box[2] <= word.box[2]


def test_ligatures_of_a_text_layer_are_turned_back() -> None:
    assert turn_ligature("إل") == turn_ligature("لإ") == "لإ", "what is right is left"
    assert turn_ligature("هلل") == "هلل" and turn_ligature("ا") == "ا"


def test_a_text_layer_with_turned_ligatures_is_unsound() -> None:
    assert not has_whole_ligatures("األول اإلحصاء اآلخر األمر")
    assert has_whole_ligatures("الأول الإحصاء الآخر الأمر األول") and has_whole_ligatures("كتاب في النحو")


@pytest.mark.parametrize("lefts", [(60, 10), (10, 60)], ids=["right to left", "left to right"])
def test_alto_has_spaces_between_words_whichever_way_a_line_runs(lefts: tuple[int, int]) -> None:
    words = [Word(text, 1.0, (left, 10, left + 30, 30), []) for text, left in zip(("one", "two"), lefts, strict=True)]
    line = Line("one two", 1.0, (10, 10, 90, 30), [(10, 25), (90, 25)], words)
    root = ET.fromstring(write(Document("x", [Page(1, 100, 40, [Region("paragraph", line.box, [line])])]), "alto"))
    (space,) = [e for e in root.iter() if e.tag.endswith("}SP")]
    assert (space.get("HPOS"), space.get("WIDTH")) == ("40", "20")

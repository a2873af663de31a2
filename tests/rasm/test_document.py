"""Pages read and written: text, boxes, and the formats of other programs, parsed back as those programs would."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from rasm.document import (
    Cell,
    Character,
    Document,
    Line,
    Page,
    PageError,
    Region,
    Unread,
    Word,
    in_language,
    language_of,
    page_from_dict,
    profiled,
)
from rasm.errors import ConfigError, EmptyImage, EncryptedDocument, ImageError, TooManyPages, UnreadableImage, UnsupportedImage
from rasm.formats import write
from rasm.formats.searchable_pdf import SearchablePdf, searchable_pdf
from rasm.lines.recognizer import Recognizer
from rasm.pages.files import open_pages
from rasm.pages.reader import PageImage, PageReader
from rasm.pages.text_layer import in_regions, is_forwards, is_legible
from rasm.text.metrics import letters
from rasm.text.normalisation import Profile
from tests.paper import golden_line, golden_text, prose_page
from tests.paths import ROOT, SHIPPED

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
PAGE = "{http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15}"
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(Recognizer(SHIPPED, threads=1))


@pytest.fixture(scope="module")
def page(reader: PageReader) -> Page:
    return reader.read(PageImage(prose_page()[0]))


@pytest.fixture(scope="module")
def document(page: Page) -> Document:
    return Document("a page & more.png", [page], "rasm-print 0")


def numbers(title: str, key: str) -> list[float]:
    (part,) = [p.strip() for p in title.split(";") if p.strip().startswith(key + " ")]
    return [float(v) for v in part.split()[1:]]


def test_a_page_is_read(page: Page) -> None:
    texts = prose_page()[1]
    assert [letters(line.text) for line in page.lines] == [letters(text) for text in texts]
    assert page.confidence > 0.9 and page.rotation_degrees == 0


def test_words_and_characters_stand_where_they_are(page: Page) -> None:
    for line in page.lines:
        assert " ".join(word.text for word in line.words) == line.text
        rights = [word.box[2] for word in line.words]
        assert rights[0] == max(rights) and rights[-1] == min(rights), "the first word is the rightmost"
        for word in line.words:
            assert 0 < word.confidence <= 1
            left, top, right, bottom = word.box
            assert line.box[0] - 2 <= left < right <= line.box[2] + 2 and line.box[1] - 2 <= top < bottom <= line.box[3] + 2
            ink = prose_page()[0][int(top) : int(bottom), int(left) : int(right)]
            assert (ink < 128).any(), "there is ink in a word's box"
            for character in word.characters:
                assert left - 1 <= character.box[0] < character.box[2] <= right + 1


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_set_upright(reader: PageReader, page: Page, turns: int) -> None:
    turned = np.ascontiguousarray(np.rot90(prose_page()[0], turns))
    read = reader.read(PageImage(turned))
    assert read.rotation_degrees == 90 * turns
    assert [letters(line.text) for line in read.lines] == [letters(line.text) for line in page.lines]
    for line in read.lines:
        left, top, right, bottom = (round(v) for v in line.box)
        assert (turned[max(0, top) : bottom, max(0, left) : right] < 128).mean() > 0.03, "boxes are of the page as it was given"


def test_boxes_of_a_photograph_are_where_its_words_are(reader: PageReader, page: Page) -> None:
    image, _ = prose_page()
    height, width = image.shape
    corners = np.array([(260, 180), (1150, 120), (1290, 930), (140, 860)], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32), corners)
    photographed = reader.read(PageImage(np.asarray(cv2.warpPerspective(image, matrix, (1400, 1050), borderValue=70.0), np.uint8)))
    assert len(photographed.lines) == len(page.lines)
    for seen, straight in zip(photographed.lines, page.lines, strict=True):
        middle = matrix @ ((straight.box[0] + straight.box[2]) / 2, (straight.box[1] + straight.box[3]) / 2, 1)
        assert abs((seen.box[0] + seen.box[2]) / 2 - middle[0] / middle[2]) < 40
        assert abs((seen.box[1] + seen.box[3]) / 2 - middle[1] / middle[2]) < 40


def test_a_page_without_text_is_empty(reader: PageReader) -> None:
    empty = reader.read(PageImage(np.full((500, 400), 255, np.uint8)))
    assert empty.regions == [] and empty.text == "" and empty.confidence == 0
    document = Document("empty", [empty])
    for kind in ("text", "json", "hocr", "alto", "page"):
        assert write(document, kind)
    assert pdfium.PdfDocument(searchable_pdf(document, [np.full((500, 400), 255, np.uint8)]))[0].get_textpage().get_text_range() == ""


def test_text_has_paragraphs_rows_and_pages() -> None:
    def line(text: str, left: float, top: float, right: float) -> Line:
        return Line(text, 1.0, (left, top, right, top + 20))

    prose = Region("paragraph", (0, 0, 100, 50), [line("سطر اول", 0, 0, 100), line("سطر ثان", 0, 30, 100)])
    verse = Region("paragraph", (0, 100, 100, 150), [line("صدر", 60, 100, 100), line("عجز", 0, 102, 40), line("ثم", 60, 130, 100)])
    document = Document(
        "x", [Page(1, 100, 200, [prose, verse]), Page(2, 100, 200, [Region("paragraph", (0, 0, 9, 9), [line("١٢", 0, 0, 9)])])]
    )
    assert document.to_text() == "سطر اول سطر ثان\n\nصدر\tعجز\nثم\n\f١٢\n"
    assert document.to_text(paragraphs=False) == "سطر اول\nسطر ثان\n\nصدر\tعجز\nثم\n\f١٢\n"
    assert document.to_text(profile=Profile(digits="western")).endswith("\f12\n")


def test_json_holds_everything_and_comes_back(document: Document) -> None:
    fields = json.loads(write(document, "json"))
    assert fields["format"] == "rasm-document" and fields["pages"][0]["text"] == document.pages[0].text
    again = page_from_dict(fields["pages"][0])
    assert again.text == document.pages[0].text
    assert [w.text for v in again.lines for w in v.words] == [w.text for v in document.pages[0].lines for w in v.words]
    assert "characters" not in json.dumps(document.to_dict(characters=False))


def test_pages_that_could_not_be_read_have_their_places() -> None:
    line = Line("نص", 1.0, (0, 0, 9, 9))
    document = Document(
        "x", [Page(2, 10, 10, [Region("paragraph", line.box, [line])])], "", [PageError(1, "c", "m"), PageError(3, "c", "m")]
    )
    assert document.to_text() == "\n\fنص\n\f\n"
    assert [page["error"] for page in document.to_dict()["pages"]] == [{"code": "c", "message": "m"}, None, {"code": "c", "message": "m"}]
    assert write(document, "alto").count("<Page ") == 1


def test_a_profile_goes_down_to_the_signs() -> None:
    box = (0.0, 0.0, 9.0, 9.0)
    signs = [Character("\u0640", 0.5, box), Character("٣\u064e", 0.5, box)]
    line = Line("\u0640 ٣\u064e", 0.5, box, [], [Word("\u0640", 0.5, box, signs[:1]), Word("٣\u064e", 0.5, box, signs[1:])])
    page = Page(1, 10, 10, [Region("heading", box, [line])])
    assert profiled(page, Profile()) is page
    (found,) = profiled(page, Profile("strip", "strip", "western")).lines
    assert found.text == " 3" and found.words == [Word("3", 0.5, box, [Character("3", 0.5, box)])]


def test_hocr(document: Document) -> None:
    root = ET.fromstring(write(document, "hocr"))
    (page,) = [e for e in root.iter() if e.get("class") == "ocr_page"]
    assert numbers(str(page.get("title")), "bbox") == [0, 0, 1030, 800]
    lines = [e for e in root.iter() if e.get("class") == "ocr_line"]
    assert ["".join(e.itertext()).split() for e in lines] == [v.text.split() for v in document.pages[0].lines]
    for element in root.iter():
        if element.get("class") == "ocrx_word":
            x0, y0, x1, y1 = numbers(str(element.get("title")), "bbox")
            assert 0 <= x0 < x1 <= 1030 and 0 <= y0 < y1 <= 800
            assert 0 <= numbers(str(element.get("title")), "x_wconf")[0] <= 100
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))


def test_alto(document: Document) -> None:
    root = ET.fromstring(write(document, "alto"))
    assert root.tag == ALTO + "alto"
    assert [child.tag for child in root] == [ALTO + "Description", ALTO + "Tags", ALTO + "Layout"]
    lines = [[str(s.get("CONTENT")) for s in line.iter(ALTO + "String")] for line in root.iter(ALTO + "TextLine")]
    assert lines == [[w.text for w in v.words] for v in document.pages[0].lines]
    known = {e.get("ID") for e in root.iter()}
    for block in root.iter(ALTO + "TextBlock"):
        assert block.get("TAGREFS") in known
    assert {block.get("BASEDIRECTION") for block in root.iter(ALTO + "TextBlock")} == {"rtl"}
    for line in root.iter(ALTO + "TextLine"):  # strings with a space at most between two of them
        kinds = [child.tag.removeprefix(ALTO) for child in line]
        assert kinds == ["String", "SP"] * (len(kinds) // 2) + ["String"]
    for element in root.iter(ALTO + "String"):
        assert int(str(element.get("WIDTH"))) > 0 and 0 <= float(str(element.get("WC"))) <= 1
        for glyph in element:
            assert glyph.tag == ALTO + "Glyph" and len(str(glyph.get("CONTENT"))) == 1 and 0 <= float(str(glyph.get("GC"))) <= 1
    identifiers = [e.get("ID") for e in root.iter() if e.get("ID")]
    assert len(set(identifiers)) == len(identifiers)


def test_page_xml(document: Document) -> None:
    root = ET.fromstring(write(document, "page"))
    lines = [str(line.findtext(f"{PAGE}TextEquiv/{PAGE}Unicode")) for line in root.iter(PAGE + "TextLine")]
    assert lines == [v.text for v in document.pages[0].lines]
    regions = {r.get("id") for r in root.iter(PAGE + "TextRegion")}
    assert {r.get("regionRef") for r in root.iter(PAGE + "RegionRefIndexed")} == regions
    two = Document("two.pdf", [document.pages[0]] * 2)
    with pytest.raises(ConfigError, match="one page"):
        write(two, "page")
    with pytest.raises(ConfigError, match="no format"):
        write(two, "odt")


def test_control_characters_do_not_break_xml() -> None:
    word = Word("a\x00<&\x0b\ufffeb", 1.0, (0, 0, 5, 5))
    page = Page(1, 10, 10, [Region("paragraph", (0, 0, 5, 5), [Line(word.text, 1.0, (0, 0, 5, 5), [], [word])])])
    for kind in ("hocr", "alto", "page"):
        ET.fromstring(write(Document('quote".png', [page]), kind))


def test_the_searchable_pdf_is_found_and_copied_in_logical_order(document: Document) -> None:
    picture = prose_page()[0]
    file = pdfium.PdfDocument(searchable_pdf(document, [picture]))
    assert np.abs(file[0].render(scale=200 / 72).to_numpy()[..., 0].astype(int) - picture).mean() < 8, "the text is not seen"
    text = file[0].get_textpage()
    marks = dict.fromkeys(map(ord, "\u200e\u200f"))  # of directions, which are not seen
    given = [line.translate(marks) for line in text.get_text_range().split("\r\n") if line]
    assert [line.split() for line in given] == [v.text.split() for v in document.pages[0].lines]
    search = text.search(golden_text("figures").split()[2])
    hits = 0
    while (hit := search.get_next()) is not None:
        hits += 1
        left = text.get_charbox(hit[0], loose=True)[0]
        word = document.pages[0].lines[hits - 1].words[2]
        assert word.box[0] - 12 <= left * 200 / 72 <= word.box[2] + 12, "a hit is shown where the word is"
    assert hits == len(document.pages[0].lines)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (Debian: poppler-utils)")
def test_pdftotext_gives_most_words_whole(document: Document, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(searchable_pdf(document, [prose_page()[0]]))
    done = subprocess.run(["pdftotext", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True, encoding="utf-8")
    marks = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u200e\u200f"))  # it marks the directions of stretches
    given = [word for word in done.stdout.translate(marks).split() if word.isalpha()]
    wanted = [word for line in document.pages[0].lines for word in line.text.split() if word.isalpha()]
    whole = (Counter(given) & Counter(wanted)).total()  # it takes a wide gap for one between columns, and parts a few words
    assert whole > 0.7 * len(wanted)


def test_a_pdf_keeps_what_it_was_and_gains_text(reader: PageReader) -> None:
    picture = prose_page()[0]
    scan = searchable_pdf(Document("scan", [Page(1, picture.shape[1], picture.shape[0], [])]), [picture])
    with open_pages(scan) as file:
        assert (file.kind, file.count) == ("pdf", 1)
        assert file.text_layer(0) is None
        read = reader.read_from(file, 0)
    pdf = SearchablePdf(scan)
    pdf.add(read)
    searchable = pdf.finish()
    assert len(searchable) < len(scan) + 20_000
    with open_pages(searchable) as file:
        layer = layer_of.page if (layer_of := file.text_layer(0)) else None
        assert layer is not None and layer.source == "text_layer"
        assert [v.text.split() for v in layer.lines] == [v.text.split() for v in read.lines]
        for ours, theirs in zip(read.lines, layer.lines, strict=True):
            assert abs(ours.box[2] - theirs.box[2]) < 30 and theirs.box[1] < (ours.box[1] + ours.box[3]) / 2 < theirs.box[3]
        used = reader.read_from(file, 0, pdf_text="auto")
        read = reader.read_from(file, 0, pdf_text="ignore")
        assert used.source == "text_layer" and read.source == "ocr"
        assert used.has_text_layer and read.has_text_layer, "it is said to be there, used or not"


def test_unsound_text_layers_are_not_taken() -> None:
    assert is_legible("هذا الكتاب في اللغة العربية") and is_forwards("هذا الكتاب في اللغة العربية")
    assert not is_legible("")
    assert not is_legible("12  34")
    assert not is_legible("\ufffd\ufffd\ufffd\ue001\ue002 abcdefg")
    assert not is_forwards("باتكلا اذه يف ةغللا ةيبرعلا ةسردملا ةبتكملا رادلا ملقلا ةقرولا"), "backwards"


def test_lines_of_a_text_layer_are_put_in_order_whatever_order_they_are_stored_in() -> None:
    """A title, two columns and a number at the foot; PDFs made by word processors store text frames in the order of their making."""
    title = Line("العنوان", 1.0, (300, 100, 700, 140), [])
    right = [Line(f"يمين {i}", 1.0, (520, 250 + 50 * i, 900, 290 + 50 * i), []) for i in range(4)]
    left = [Line(f"يسار {i}", 1.0, (100, 250 + 50 * i, 480, 290 + 50 * i), []) for i in range(4)]
    number = Line("١٢", 1.0, (480, 900, 520, 940), [])
    regions = in_regions([number, *left, *right[2:], title, *right[:2]])
    assert [line.text for region in regions for line in region.lines] == [line.text for line in (title, *right, *left, number)]
    assert [len(region.lines) for region in regions] == [1, 4, 4, 1]
    assert in_regions([]) == []


def test_every_page_of_a_tiff_is_there() -> None:
    frames = [Image.fromarray(np.full((40 + i, 60), 200 - 40 * i, np.uint8)) for i in range(3)]
    data = io.BytesIO()
    frames[0].save(data, "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw")
    with open_pages(data.getvalue()) as file:
        assert (file.kind, file.count) == ("tiff", 3)
        for i, image in enumerate(file):
            assert image.shape == (40 + i, 60) and (image == 200 - 40 * i).all()
    with pytest.raises(TooManyPages, match="more than 2 pages"):
        open_pages(data.getvalue(), max_pages=2)


def test_what_cannot_be_opened_says_why() -> None:
    locked = (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()
    with pytest.raises(EncryptedDocument, match="give its password"):
        open_pages(locked)
    with pytest.raises(EncryptedDocument, match="wrong"):
        open_pages(locked, password="no")
    with open_pages(locked, password="kitab") as file:
        assert file.count == 1 and file.image(0).ndim == 2
    with pytest.raises(UnreadableImage):
        open_pages(b"%PDF-1.7\nnothing that follows is one")
    with pytest.raises(EmptyImage):
        open_pages(b"")
    with pytest.raises(UnsupportedImage):
        open_pages(b"plain text")
    with pytest.raises(ImageError):
        open_pages(b"II*\0" + bytes(40))
    big = pdfium.PdfDocument.new()
    for _ in range(5):
        big.new_page(14_000, 14_000)
    data = io.BytesIO()
    big.save(data)
    with pytest.raises(TooManyPages):
        open_pages(data.getvalue(), max_pages=4)
    with open_pages(data.getvalue(), max_pixels=1_000_000) as file:
        assert file.image(4).size <= 1_010_000, "a huge page is rendered small"


def test_a_line_image_is_read_as_one_line(reader: PageReader) -> None:
    line = cv2.imencode(".png", golden_line("figures", 60))[1].tobytes()
    with open_pages(line) as file:
        page = reader.read_from(file, 0)
    assert [letters(v.text) for v in page.lines] == [letters(golden_text("figures"))]
    assert page.lines[0].box == (0, 0, page.width_px, page.height_px)


def table() -> Region:
    """Two columns, a cell over both, one of two lines, an empty one."""
    box = (0.0, 0.0, 9.0, 9.0)
    cells = [
        Cell(0, 0, 1, 2, box, [0]),
        Cell(1, 0, 1, 1, box, [1, 2]),
        Cell(1, 1, 1, 1, box),
        Cell(2, 0, 1, 1, box),
        Cell(2, 1, 1, 1, box, [3]),
    ]
    return Region("table", box, [Line(text, 0.9, box) for text in ("رأس", "سطر", "ثان", "قيمة")], cells)


def test_a_tables_text_is_a_row_a_line_with_a_tab_between_cells() -> None:
    assert table().text == "رأس\t\nسطر ثان\t\n\tقيمة"
    assert table().rows == [["رأس", ""], ["سطر ثان", ""], ["", "قيمة"]]
    assert table().paragraph == table().text


def test_a_tables_cells_come_back_from_json() -> None:
    page = Page(1, 10, 10, [table()])
    assert page_from_dict(json.loads(Document("", [page]).to_json())["pages"][0]) == page


@pytest.mark.parametrize("at", [(0.0, 0.0, 40.0, 10.0), (60.0, 0.0, 100.0, 10.0)])
def test_what_stands_side_by_side_is_one_row_whichever_is_read_first(at: tuple[float, float, float, float]) -> None:
    other = (60.0, 1.0, 100.0, 11.0) if at[0] == 0 else (0.0, 1.0, 40.0, 11.0)
    assert Region("paragraph", at, [Line("a", 1.0, at), Line("b", 1.0, other)]).text == "a\tb"


# -- languages


def _page_of(*texts: str) -> Page:
    lines = []
    for text in texts:
        words = [
            Word(word, 0.9, (0, 0, 9, 9), [Character(sign, 0.9, (i, 0, i + 1, 9)) for i, sign in enumerate(word)]) for word in text.split()
        ]
        lines.append(Line(text, 0.9, (0, 0, 99, 9), [], words))
    return Page(1, 100, 100, [Region("paragraph", (0, 0, 99, 99), lines)], unread=[Unread((0, 0, 9, 9), "unsure", texts[0], 0.5)])


PERSIAN = "دانشجويان مى\u200cگويند كه پژوهش در ايران ادامه دارد"  # as it is drawn


def test_a_page_is_written_in_its_language() -> None:
    page = _page_of(PERSIAN, "همۀ سال ١٤٠٢")
    language = language_of([page])
    assert language == "fa" and page.language is None
    written = in_language(page, language)
    assert written.language == "fa" and written.text == "دانشجویان می\u200cگویند که پژوهش در ایران ادامه دارد\nهمه\u0654 سال ۱۴۰۲"
    for line in written.lines:
        assert " ".join(word.text for word in line.words) == line.text
        assert all("".join(sign.text for sign in word.characters) == word.text for word in line.words)
    assert written.unread[0].text == written.lines[0].text
    assert [w.box for line in written.lines for w in line.words] == [w.box for line in page.lines for w in line.words]
    assert page_from_dict(Document("", [written]).to_dict()["pages"][0]) == written


def test_a_language_that_has_no_joiner_leaves_it_out_with_its_character() -> None:
    [line] = in_language(_page_of(PERSIAN), "ar").lines
    assert line.text == "دانشجويان مىگويند كه پژوهش در ايران ادامه دارد"
    for word in line.words:
        assert "".join(sign.text for sign in word.characters) == word.text


def test_what_is_asked_for_goes_before_what_is_told() -> None:
    assert language_of([_page_of(PERSIAN)], "ur") == "ur"
    assert language_of([_page_of("English, 12 May")]) is None
    assert language_of([]) is None
    page = _page_of("English, 12 May")
    assert in_language(page, None) == page


def test_what_a_pdf_says_itself_stays_as_it_is() -> None:
    page = replace(_page_of(PERSIAN), source="text_layer")
    assert in_language(page, "fa") == replace(page, language="fa")


@pytest.mark.parametrize("degrees", [0, 3, 45, 90, 180, 270])
@pytest.mark.parametrize("way", ["rtl", "ltr"])
def test_a_tables_direction_is_that_of_its_columns(way: str, degrees: float) -> None:
    """Whatever its words are: a bill in Arabic may have more Latin letters than Arabic ones."""
    turn = np.exp(1j * np.radians(degrees))
    lines, cells = [], []
    for row in range(3):
        for column in range(2 if row else 1):  # the head is one cell over two columns
            at = ((-1 if way == "rtl" else 1) * (100 * column + (0 if row else 50)) + 40j * row) * turn + 500 + 500j
            box = (at.real - 15, at.imag - 15, at.real + 15, at.imag + 15)
            cells.append(Cell(row, column, 1, 1 if row else 2, box, [len(lines)]))
            lines.append(Line("Description الوصف" if way == "rtl" else "الوصف عربي Item", 1.0, box))
    table = Region("table", (0, 0, 1000, 1000), lines, cells)
    assert table.direction == way
    assert replace(table, cells=[replace(cell, box=table.box) for cell in cells]).direction != way  # letters, where places do not tell
    assert replace(table, cells=cells[1:3]).direction != way


def test_lines_and_pages_have_a_direction() -> None:
    rtl, ltr = Line("سطر قصير", 1.0, (0, 0, 9, 9)), Line("a line that is longer", 1.0, (0, 0, 9, 9), direction="ltr")
    page = Page(1, 10, 10, [Region("paragraph", (0, 0, 9, 9), [rtl, ltr])])
    assert rtl.direction == "rtl" and page.direction == "ltr"
    assert page_from_dict(Document("", [page]).to_dict()["pages"][0]) == page
    assert Page(1, 10, 10, []).direction == "rtl"
    old = Document("", [page]).to_dict()["pages"][0]  # as 0.10.0 wrote it
    for line in old["regions"][0]["lines"]:
        del line["direction"]
    assert {line.direction for line in page_from_dict(old).lines} == {"rtl"}

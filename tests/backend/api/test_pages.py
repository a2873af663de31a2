"""Pages through ``POST /api/v1/ocr`` and ``POST /ocr``: scans, TIFFs and PDFs in, results for each page and documents out.

They are read by the shipped model, in this process.
"""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
import zipfile

import docx
import openpyxl
import pypdfium2 as pdfium
import pytest
from rapidfuzz.distance import Levenshtein

from tests.backend.documents import LINE, PAGE, TEXT, paper, saved
from tests.paper import golden_line
from tests.paths import SHIPPED
from tests.serving import content, file_part, form, post, post_form

pytestmark = pytest.mark.usefixtures("django_is_set_up", "shipped_model")


def test_a_page_has_regions_lines_and_words_with_their_places() -> None:
    [result] = post(("page.png", PAGE)).json()["results"]
    assert (result["name"], result["file"], result["page"], result["pages"]) == ("page.png", 0, 1, 1)
    assert (result["kind"], result["source"], result["error"]) == ("page", "ocr", None)
    assert (result["width_px"], result["height_px"], result["bbox"]) == (1030, 376, [0, 0, 1030, 376])
    assert [line["text"] for line in result["lines"]] == [TEXT] * 3
    assert [line for line in result["text_as_read"].split("\n") if line] == [TEXT] * 3
    assert sorted(i for region in result["regions"] for i in region["lines"]) == [0, 1, 2]
    for i, line in enumerate(result["lines"]):
        left, top, right, bottom = line["bbox"]
        assert abs(top - (80 + 72 * i)) < 20 and abs(bottom - (128 + 72 * i)) < 20 and 0 < left < right < 1030
        assert " ".join(word["text"] for word in line["words"]) == line["text"]
        lefts = [word["bbox"][0] for word in line["words"]]
        assert lefts[0] > lefts[-1]  # the first word stands at the right
        assert all(left - 5 <= w["bbox"][0] < w["bbox"][2] <= right + 5 for w in line["words"])
    assert 0.9 < result["confidence"] <= 1


def test_auto_tells_lines_from_pages_and_mode_overrides_it() -> None:
    results = post(("page.png", PAGE), ("line.png", LINE)).json()["results"]
    assert [result["kind"] for result in results] == ["page", "line"]
    assert results[1]["text"] == TEXT and results[1]["regions"] == []
    assert " ".join(word["text"] for word in results[1]["lines"][0]["words"]) == TEXT
    assert post(("page.png", PAGE), options={"mode": "line"}).json()["results"][0]["kind"] == "line"
    [forced] = post(("line.png", LINE), options={"mode": "page"}).json()["results"]
    assert (forced["kind"], forced["text"]) == ("page", TEXT)


def test_the_text_of_a_page_is_joined_into_paragraphs_unless_lines_are_asked_for() -> None:
    joined = post(("page.png", PAGE)).json()["results"][0]["text"]
    kept = post(("page.png", PAGE), options={"line_breaks": "keep", "digits": "western"}).json()["results"][0]
    assert joined.split() == kept["text_as_read"].split() == (TEXT + " ").split() * 3
    assert kept["text"].count("\n") >= 2 and "1953" in kept["text"] and "1953" not in kept["text_as_read"]
    assert "1953" in [word["text"] for word in kept["lines"][0]["words"]]


def test_characters_of_pages() -> None:
    [result] = post(("page.png", PAGE), options={"detail": "characters"}).json()["results"]
    line = result["lines"][0]
    assert "".join(c["text"] for c in line["characters"]) == TEXT.replace(" ", "")


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_each_page_of_a_file_has_its_result(kind: str) -> None:
    data = saved(kind, paper(1), paper(2))
    results = post(("two", data), ("line.png", LINE), options={"mode": "page" if kind == "TIFF" else "auto"}).json()["results"]
    assert [(r["file"], r["page"], r["pages"]) for r in results] == [(0, 1, 2), (0, 2, 2), (1, 1, 1)]
    assert [len(r["lines"]) for r in results] == [1, 2, 1]
    assert all(Levenshtein.distance(line["text"], TEXT) <= 1 for r in results for line in r["lines"])


def test_the_lines_of_a_multi_page_tiff() -> None:
    data = saved("TIFF", golden_line("figures"), golden_line("figures"))
    results = post(("lines.tif", data), options={"mode": "line"}).json()["results"]
    assert [(r["kind"], r["page"], r["text"]) for r in results] == [("line", 1, TEXT), ("line", 2, TEXT)]


def with_text(text: str) -> bytes:
    """A PDF that says something itself, other than its picture."""
    from rasm.document import Character, Line, Page, Region, Word
    from rasm.formats.searchable_pdf import SearchablePdf

    box = (300.0, 80.0, 700.0, 128.0)
    step = 400 / len(text)
    signs = [Character(sign, 1.0, (700 - (i + 1) * step, 80.0, 700 - i * step, 128.0)) for i, sign in enumerate(text)]
    page = Page(1, 1030, 376, [Region("paragraph", box, [Line(text, 1.0, box, [], [Word(text, 1.0, box, signs)])])])
    pdf = SearchablePdf()
    pdf.add(page, paper())
    return pdf.finish()


def test_a_text_layer_is_used_when_asked_for() -> None:
    data = with_text("استقلالية")
    asked: list[tuple[dict[str, str], str]] = [
        ({"pdf_text": "use"}, "text_layer"),
        ({"pdf_text": "ignore"}, "ocr"),
        ({"pdf_text": "auto"}, "ocr"),
        ({}, "ocr"),
        ({"text_layer": "use"}, "text_layer"),  # its name before 0.11.0
        ({"text_layer": "use", "pdf_text": "ignore"}, "ocr"),
    ]
    for options, source in asked:
        [result] = post(("book.pdf", data), options=options).json()["results"]
        assert result["source"] == source
        assert (result["text"] == "استقلالية") == (source == "text_layer")
        assert result["has_text_layer"] == (source == "text_layer"), "the picture says something else"
    sound = content(post(("scan.pdf", saved("PDF", paper(3))), options={"format": "pdf"}))
    for option, source in (("auto", "text_layer"), ("ignore", "ocr")):
        [result] = post(("sound.pdf", sound), options={"pdf_text": option}).json()["results"]
        assert result["source"] == source and result["has_text_layer"]
    [result] = post(("scan.pdf", saved("PDF", paper(1))), options={"pdf_text": "use"}).json()["results"]
    assert not result["has_text_layer"]
    assert (result["source"], result["text"]) == ("ocr", TEXT)


@pytest.mark.parametrize(
    "garbage",
    ["ةيلالقتسلا ةيمالسلا ةيبرعلا ةيخيراتلا ةيداصتقلا ةيعامتجلا", "\ue001\ue002\ue003\ue004\ue005\ue006\ue007\ue008\ue009\ue00a", "١٢"],
)
def test_a_text_layer_that_is_garbage_is_not_used(garbage: str) -> None:
    """Stored backwards, numbers of glyphs, or a stamp: the page is read instead."""
    [result] = post(("book.pdf", with_text(garbage)), options={"pdf_text": "use"}).json()["results"]
    assert (result["source"], result["error"]) == ("ocr", None)
    assert TEXT in result["text_as_read"]


# documents


def test_plain_text_of_pages_and_lines() -> None:
    data = saved("TIFF", paper(1), paper(1))
    reply = post(("l.png", LINE), ("two.tif", data), ("l.png", LINE), ("l.png", LINE), options={"format": "text", "mode": "auto"})
    assert reply["Content-Type"] == "text/plain; charset=utf-8"
    kinds = [r["kind"] for r in post(("two.tif", data)).json()["results"]]
    separator = "\f" if kinds[0] == "page" else ""
    assert content(reply).decode() == f"{TEXT}\n{separator}{TEXT}\n{separator}{TEXT}\n{separator}{TEXT}\n{TEXT}\n"


def test_a_page_that_could_not_be_read_keeps_its_place_in_a_text() -> None:
    from backend.api import results

    first, second, third = (results.empty_result("b.pdf", 0, page=number, pages=3) for number in (1, 2, 3))
    second.kind, second.text = "page", TEXT
    assert "".join(results.plain_text([first, second, third])) == f"\n\f{TEXT}\n\f\n"


@pytest.mark.parametrize(
    ("kind", "media_type", "name"),
    [
        ("markdown", "text/markdown; charset=utf-8", "page.md"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "page.docx"),
        ("csv", "text/csv; charset=utf-8", "page.csv"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "page.xlsx"),
        ("hocr", "text/vnd.hocr+html; charset=utf-8", "page.hocr"),
        ("alto", "application/alto+xml; charset=utf-8", "page.alto.xml"),
        ("page", "application/vnd.prima.page+xml; charset=utf-8", "page.page.xml"),
        ("pdf", "application/pdf", "page.pdf"),
    ],
)
def test_one_file_as_a_document_by_option_and_by_header(kind: str, media_type: str, name: str) -> None:
    by_option = post(("page.png", PAGE), options={"format": kind})
    by_header = post(("page.png", PAGE), Accept=media_type.partition(";")[0])
    for reply in (by_option, by_header):
        assert reply["Content-Type"] == media_type and reply["Content-Disposition"] == f'attachment; filename="{name}"'
        data = content(reply)
        if kind == "pdf":
            assert TEXT.split()[0] in pdfium.PdfDocument(data)[0].get_textpage().get_text_range()
        elif kind == "docx":
            assert TEXT.split()[0] in "".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)
        elif kind == "xlsx":  # of a page without tables
            assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["Sheet1"]
        elif kind == "csv":
            assert data.decode() == "\ufeff"
        elif kind == "markdown":
            assert TEXT.split()[0] in data.decode()
        else:
            assert TEXT.split()[0] in "".join(ET.fromstring(data).itertext()) or TEXT.split()[0] in data.decode()


def test_html_is_a_file_to_keep_and_never_a_page_of_the_service() -> None:
    reply = post(("page.png", PAGE), options={"format": "html"})
    assert reply["Content-Type"] == "text/html; charset=utf-8" and reply["Content-Disposition"] == 'attachment; filename="page.html"'
    assert reply["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in reply["Content-Security-Policy"]
    assert TEXT.split()[0] in content(reply).decode()


@pytest.mark.parametrize("kind", ["hocr", "alto"])
def test_a_document_of_several_pages_is_as_if_written_in_one_go(kind: str) -> None:
    from rasm.document import Document
    from rasm.formats import write
    from rasm.lines.recognizer import Recognizer
    from rasm.pages.reader import PageImage, PageReader

    reader = PageReader(Recognizer(SHIPPED, threads=1))
    pages = [reader.read(PageImage(paper(number), number)) for number in (1, 2)]
    info = reader.recognizer.info
    whole = ET.fromstring(write(Document("two.tif", pages, f"{info.name} {info.version}"), kind).encode())
    options = {"format": kind, "mode": "page"}
    got = ET.fromstring(content(post(("two.tif", saved("TIFF", paper(1), paper(2))), options=options)))
    assert [e.tag for e in got.iter() if "Tag" not in e.tag] == [e.tag for e in whole.iter() if "Tag" not in e.tag]
    bodies = [next(e for e in root if e.tag.endswith(("body", "Layout"))) for root in (got, whole)]
    assert ET.canonicalize(ET.tostring(bodies[0]), strip_text=True) == ET.canonicalize(ET.tostring(bodies[1]), strip_text=True)
    assert len({e.get("id", e.get("ID")) for e in got.iter()} - {None}) == sum(1 for e in got.iter() if e.get("id", e.get("ID")))


def test_the_profile_holds_for_documents_too() -> None:
    data = content(post(("page.png", PAGE), options={"format": "alto", "digits": "western"})).decode()
    assert "1953" in data and "١٩٥٣" not in data


def test_several_files_come_in_an_archive() -> None:
    reply = post(("a.png", PAGE), ("a.tif", PAGE), ("../b.png", LINE), options={"format": "hocr"})
    assert reply["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content(reply))) as packed:
        assert packed.namelist() == ["a.hocr", "a-2.hocr", "b.hocr"]
        assert TEXT.split()[0] in packed.read("b.hocr").decode()
    reply = post(("two.pdf", saved("PDF", paper(1), paper(1))), options={"format": "page"})
    with zipfile.ZipFile(io.BytesIO(content(reply))) as packed:
        assert packed.namelist() == ["two/0001.page.xml", "two/0002.page.xml"]


def test_a_pdf_is_kept_and_gains_its_text() -> None:
    data = saved("PDF", paper(1), paper(2))
    pdf = pdfium.PdfDocument(content(post(("two.pdf", data), options={"format": "pdf"})))
    assert [page.get_size() for page in pdf] == [page.get_size() for page in pdfium.PdfDocument(data)]
    texts = [page.get_textpage().get_text_range() for page in pdf]
    assert [text.count("بيروت") for text in texts] == [1, 2]


@pytest.mark.parametrize("layer", ["skip", "redo", "force"])
def test_what_a_pdf_says_is_replaced_and_not_found_twice(layer: str) -> None:
    """A scan whose hidden text is of another page."""
    data = with_text("هنا كلام آخر لا يقوله أحد")
    made = pdfium.PdfDocument(content(post(("scan.pdf", data), options={"format": "pdf", "pdf_layer": layer})))
    text = made[0].get_textpage().get_text_range()
    assert (text.count("بيروت"), text.count("كلام")) == (3, 0)
    sound = content(post(("scan.pdf", saved("PDF", paper(3))), options={"format": "pdf"}))
    made = pdfium.PdfDocument(content(post(("sound.pdf", sound), options={"format": "pdf", "pdf_layer": layer})))
    assert made[0].get_textpage().get_text_range().count("بيروت") == 3


def test_documents_cannot_hold_errors_so_the_reply_is_the_error_with_all_results() -> None:
    for kind in ("hocr", "pdf", "text"):
        reply = post(("page.png", PAGE), ("b.pdf", b"%PDF-1.7\n"), options={"format": kind})
        assert reply.status_code == 422 and reply.json()["error"]["code"] == "unreadable_image"
        assert [len(result["lines"]) for result in reply.json()["results"]] == [3, 0]


# POST /ocr


def test_liteparse_reads_pages() -> None:
    reply = post_form(form(file_part(PAGE, field=b"file")), "/ocr")
    assert [result["text"] for result in reply.json()["results"]] == [TEXT] * 3
    assert all(len(result["bbox"]) == 4 for result in reply.json()["results"])
    assert json.loads(post_form(form(file_part(saved("PDF", paper(1)), field=b"file")), "/ocr").content)["results"][0]["text"] == TEXT

"""HTML, DOCX, CSV and XLSX: the same document in each, from right to left, and nothing in them that a picture could have run."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import docx
import openpyxl
import pytest
from lxml import etree, html

from rasm.document import Cell, Document, Line, Page, Region, Word
from rasm.formats import write, write_bytes
from rasm.formats.spreadsheet import as_number
from rasm.text.bidi import Direction
from rasm.text.languages import Language
from tests.rasm.formats.documents import DOCUMENTS

BOX = (0.0, 0.0, 10.0, 10.0)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def of_table(rows: list[list[str]], head_rows: int = 1) -> Document:
    lines = [Line(text, 1.0, BOX) for row in rows for text in row]
    cells = [Cell(k // len(rows[0]), k % len(rows[0]), 1, 1, BOX, [k]) for k in range(len(lines))]
    return Document("x", [Page(1, 10, 10, [Region("table", BOX, lines, cells, head_rows=head_rows)])])


def opened(document: Document) -> docx.document.Document:
    return docx.Document(io.BytesIO(write_bytes(document, "docx")))


def test_docx_has_styles_levels_and_directions() -> None:
    made = opened(DOCUMENTS["structure"]())
    said = [(p.style.name, p.text, p._p.pPr.find(f"{W}bidi") is not None) for p in made.paragraphs if p.text]
    assert said == [
        ("Heading 1", "تقرير", True),
        ("Heading 3", "القسم #1", True),
        ("List Bullet", "أول", True),
        ("List Bullet 2", "فرع من الأول يمتد سطرين", True),
        ("List Paragraph", "٢- ثان", True),
        ("Normal", "a*b* <i> [x](y) &amp; _z_ snake_case", False),
        ("Normal", "1. ليس قائمة", True),
    ]
    (table,) = made.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Item | no.", "Price"], ["=A1", "1,200.50"]]
    assert table._tbl.tblPr.find(f"{W}bidiVisual") is None
    assert [row._tr.trPr is not None and row._tr.trPr.find(f"{W}tblHeader") is not None for row in table.rows] == [True, False]


def test_docx_has_spans_and_tables_from_right_to_left() -> None:
    made = opened(DOCUMENTS["tables"]())
    (table,) = made.tables
    assert table._tbl.tblPr.find(f"{W}bidiVisual") is not None
    assert [cell.text for cell in table.rows[0].cells] == ["خلية 0", "خلية 0"], "one cell of two columns"
    assert [cell.text for cell in table.rows[1].cells] == ["خلية 1 خلية 2", ""]


def test_docx_sets_latin_words_in_arabic_by_themselves() -> None:
    text = "راسلنا على mail@example.org قبل ٥ مايو"
    (paragraph,) = opened(Document("x", [Page(1, 10, 10, [Region("paragraph", BOX, [Line(text, 1.0, BOX)])])])).paragraphs
    assert paragraph.text == text
    assert [(run.text, bool(run.font.rtl)) for run in paragraph.runs] == [
        ("راسلنا على ", True),
        ("mail@example.org", False),
        (" قبل ٥ مايو", True),
    ]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_docx_and_xlsx_hold_any_document(name: str) -> None:
    document = DOCUMENTS[name]()
    made = opened(document)
    read = {part for region in (r for page in document.pages for r in page.regions) for line in region.lines for part in [line.text]}
    shown = "\n".join(
        [*(p.text for p in made.paragraphs), *(cell.text for table in made.tables for row in table.rows for cell in row.cells)]
    )
    if name != "nasty":
        assert all(text in shown for text in read)
    book = openpyxl.load_workbook(io.BytesIO(write_bytes(document, "xlsx")))
    assert len(book.worksheets) == max(1, sum(bool(r.cells) for page in document.pages for r in page.regions))


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not installed")
def test_libreoffice_opens_what_is_written(tmp_path: Path) -> None:
    """And gives the text back."""
    (tmp_path / "x.docx").write_bytes(write_bytes(DOCUMENTS["structure"](), "docx"))
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/home", "--headless", "--convert-to", "txt:Text (encoded):UTF8"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(tmp_path / "x.docx")], check=True, capture_output=True, timeout=120)
    text = (tmp_path / "x.txt").read_text(encoding="utf-8-sig")
    for said in ("تقرير", "القسم #1", "فرع من الأول يمتد سطرين", "٢- ثان", "1. ليس قائمة", "Item | no."):
        assert said in text


def test_html_has_the_structure() -> None:
    page = html.fromstring(write(DOCUMENTS["structure"](), "html").encode())
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    (section,) = page.findall("body/section")
    assert [child.tag for child in section] == ["h1", "h3", "ul", "figure", "p", "p", "table"]
    assert section.find("ul/li/ul/li").text == "فرع من الأول يمتد سطرين"
    assert [p.get("dir") for p in section.findall("p")] == ["ltr", None]
    assert section.find("figure").get("data-box") == "10 21 190 60"
    assert [[cell.tag for cell in row] for row in section.find("table")] == [["th", "th"], ["td", "td"]]


@pytest.mark.parametrize(
    ("language", "text", "told", "way"), [("fa", "کتاب", "fa", "rtl"), (None, "كتاب", "ar", "rtl"), (None, "A book", None, "ltr")]
)
def test_the_language_is_the_documents(language: Language | None, text: str, told: str | None, way: Direction) -> None:
    line = Line(text, 1.0, BOX, words=[Word(text, 1.0, BOX)], direction=way)
    document = Document("x", [Page(1, 10, 10, [Region("paragraph", BOX, [line])], language=language)])
    page = html.fromstring(write(document, "html").encode())
    assert (page.get("lang"), page.get("dir"), page.find(".//p").get("dir")) == (told, way, None)
    root = etree.fromstring(write(document, "hocr").encode())
    assert (root.get("lang"), root.get("dir")) == (told, way)
    (said,) = root.xpath("//*[@name='ocr-langs']/@content")
    assert said == (told or "unknown")
    assert etree.fromstring(write(document, "alto").encode()).xpath("//@LANG") == ([told] if told else [])
    written = docx.Document(io.BytesIO(write_bytes(document, "docx")))
    (bidi,) = written.styles.element.xpath(".//w:rPrDefault//w:lang/@w:bidi")
    assert (written.core_properties.language, bidi) == (told or "", "fa" if told == "fa" else "ar-SA")


def test_html_runs_nothing_that_was_read() -> None:
    text = '<script>alert(1)</script> </style> <img src=x onerror="alert(1)"> &lt;'
    document = Document(f"{text}.png", [Page(1, 10, 10, [Region("paragraph", BOX, [Line(text, 1.0, BOX)])])], text)
    page = html.fromstring(write(document, "html").encode())
    assert not page.xpath("//script | //img") and page.find("body/section/p").text == text and page.findtext("head/title") == f"{text}.png"
    assert len(page.xpath("//style")) == 1 and "alert" not in page.findtext("head/style")


def test_csv_has_every_table_and_runs_none_of_it() -> None:
    document = of_table([["اسم", "قيمة"], ["=1+1", "-5"], ["@x", "+966 11 465"], ["-cmd|' /C calc'!A0", '"ج", د']])
    document = Document("x", [*document.pages, *DOCUMENTS["tables"]().pages])
    made = write(document, "csv")
    assert made.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(made.removeprefix("\ufeff")))) == [
        ["اسم", "قيمة"],
        ["'=1+1", "-5"],
        ["'@x", "+966 11 465"],
        ["'-cmd|' /C calc'!A0", '"ج", د'],
        [],
        ["خلية 0", ""],
        ["خلية 1 خلية 2", ""],
    ]


def test_xlsx_has_numbers_spans_and_directions() -> None:
    rows = [["اسم المنتج", "2016", "رمز"], ["قطن", "1,370,565.8", "0501234567"], ["٥٠", "١٠٫٢٪", "=1+1"], ["http://ex.sa", "-3", ""]]
    document = of_table(rows)
    document = Document("x", [*document.pages, *DOCUMENTS["tables"]().pages, *DOCUMENTS["structure"]().pages])
    book = openpyxl.load_workbook(io.BytesIO(write_bytes(document, "xlsx")))
    first, second, _ = book.worksheets
    assert [[cell.value for cell in row] for row in first] == [
        ["اسم المنتج", "2016", "رمز"],
        ["قطن", 1370565.8, "0501234567"],
        [50, pytest.approx(0.102), "=1+1"],
        ["http://ex.sa", -3, None],
    ]
    assert first["B2"].number_format == "#,##0.0" and first["B3"].number_format == "0.0%" and first["C3"].data_type == "s"
    assert first.freeze_panes == "A2" and first["A1"].font.bold and not first["A2"].font.bold
    assert [sheet.sheet_view.rightToLeft for sheet in book.worksheets] == [True, True, None]
    assert [str(area) for area in second.merged_cells.ranges] == ["A1:B1"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("0", 0), ("0.50", 0.5), ("1,200", 1200), ("١٬٢٠٠٫٥", 1200.5), ("-7", -7), ("50%", 0.5), ("٥٠ ٪", 0.5), ("007", None),
        ("12,34", None), ("1.2.3", None), ("2024-01-05", None), ("12 ريال", None), ("", None), ("1234567890123456", None), ("10:30", None),
    ],
)  # fmt: skip
def test_what_is_a_number(text: str, value: float | None) -> None:
    found = as_number(text)
    assert (found is None) if value is None else (found is not None and found[0] == pytest.approx(value))

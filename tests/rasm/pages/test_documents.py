"""Documents of the kinds that people send, typeset here and read from their pictures: an application form, a tax invoice, a table with
empty cells under its title. What comes out as Markdown is what a person would write."""

from __future__ import annotations

import io
from collections.abc import Callable

import docx
import openpyxl
import pytest
from fpdf import FPDF
from rapidfuzz.distance import Levenshtein

import rasm
from rasm.document import Document
from rasm.formats import write, write_bytes
from tests.pdfs import FONT

LINE_MM = 11
CITIES = [
    ["المدينة", "عدد السكان", "المساحة", "الكثافة"],
    ["الرياض", "7,676,654", "1,973", "3,891"],
    ["جدة", "4,697,000", "1,600", "2,936"],
    ["مكة المكرمة", "2,042,000", "", "2,403"],
    ["الدمام", "", "800", "1,440"],
]
GOODS = [
    ["الوصف Description", "الكمية Qty", "المجموع Amount"],
    ["حبر طابعة Laser toner", "4", "1,260.00"],
    ["ورق تصوير Copy paper", "25", "462.50"],
    ["كرسي مكتب Office chair", "2", "1,499.90"],
]


@pytest.fixture(scope="module")
def read() -> Callable[[FPDF], Document]:
    reader = rasm.Reader(threads=1)
    return lambda pdf: reader.read(bytes(pdf.output()), pdf_text="ignore")


def paper() -> FPDF:
    pdf = FPDF()
    pdf.add_font("dejavu", fname=FONT)
    pdf.set_text_shaping(True)
    pdf.add_page()
    pdf.set_font("dejavu", size=14)
    return pdf


def say(pdf: FPDF, text: str, align: str = "R", size: float = 14) -> None:
    pdf.set_font("dejavu", size=size)
    pdf.cell(0, LINE_MM, text, align=align, new_x="LMARGIN", new_y="NEXT")


def set_table(pdf: FPDF, rows: list[list[str]]) -> None:
    """From the right, with all its rules."""
    pdf.set_font("dejavu", size=12)
    with pdf.table(text_align="RIGHT", line_height=LINE_MM, first_row_as_headings=False) as table:
        for row in rows:
            table.row(row[::-1])


def is_nearly(text: str, wanted: str) -> bool:
    """A letter in fifteen may be misread: what is asked here is what stands where."""
    return Levenshtein.distance(" ".join(text.split()), wanted) <= max(1, len(wanted) // 15)


def assert_says(markdown: str, wanted: list[str]) -> None:
    lines = [line.rstrip() for line in markdown.splitlines() if line.strip()]
    assert len(lines) == len(wanted) and all(map(is_nearly, lines, wanted)), lines


def as_markdown(rows: list[list[str]]) -> list[str]:
    head, *rest = [" ".join(f"| {' | '.join(row)} |".split()) for row in rows]
    return [head, " ".join(["|"] + ["--- |"] * len(rows[0])), *rest]


def test_an_application_form(read: Callable[[FPDF], Document]) -> None:
    pdf = paper()
    say(pdf, "استمارة طلب توظيف", "C", 17)
    say(pdf, "الاسم الرباعي: .............................................................")
    say(pdf, "تاريخ الميلاد: ___ / ___ / _______   مكان الميلاد: ............................")
    say(pdf, "العنوان: حي النزهة، شارع الأمير سلطان")
    say(pdf, "المؤهل العلمي: ............................   سنة التخرج: ....................")
    say(pdf, "أقر أنا الموقع أدناه بأن جميع المعلومات صحيحة.")
    say(pdf, "محتويات الملف", "C", 16)
    for text in (
        "الباب الأول: في البيت ........................................ 417",
        "الباب الثاني: في السوق ................................... 425",
    ):
        say(pdf, text)
    assert_says(
        write(read(pdf), "markdown"),
        [
            "# استمارة طلب توظيف",
            "الاسم الرباعي: ....",
            "تاريخ الميلاد: ..../..../.... مكان الميلاد: ....",
            "العنوان: حي النزهة، شارع الأمير سلطان",
            "المؤهل العلمي: .... سنة التخرج: ....",
            "أقر أنا الموقع أدناه بأن جميع المعلومات صحيحة.",
            "## محتويات الملف",
            "- الباب الأول: في البيت .... 417",
            "- الباب الثاني: في السوق .... 425",
        ],
    )


def test_a_table_with_empty_cells_under_its_title(read: Callable[[FPDF], Document]) -> None:
    pdf = paper()
    say(pdf, "سكان المدن الكبرى", "C", 18)
    set_table(pdf, CITIES)
    say(pdf, "المصدر: الهيئة العامة للإحصاء")
    document = read(pdf)
    markdown = [line for line in write(document, "markdown").splitlines() if line]
    assert_says("\n".join(markdown[1:]), [*as_markdown(CITIES), "المصدر: الهيئة العامة للإحصاء"])
    (table,) = docx.Document(io.BytesIO(write_bytes(document, "docx"))).tables
    book = openpyxl.load_workbook(io.BytesIO(write_bytes(document, "xlsx")))
    for given in ([[cell.text for cell in row.cells] for row in table.rows], [[cell.value for cell in row] for row in book.worksheets[0]]):
        assert [[bool(cell) for cell in row] for row in given] == [[bool(cell) for cell in row] for row in CITIES]
    assert [cell.value for cell in book.worksheets[0]["B"][1:]] == [7676654, 4697000, 2042000, None]
    assert book.worksheets[0].sheet_view.rightToLeft


def test_a_tax_invoice_in_two_languages(read: Callable[[FPDF], Document]) -> None:
    pdf = paper()
    say(pdf, "فاتورة ضريبية Tax Invoice", "C", 24)
    say(pdf, "رقم الفاتورة: INV-2024-00871")
    say(pdf, "تاريخ الإصدار: 15/09/2024")
    pdf.ln(LINE_MM)
    set_table(pdf, GOODS)
    pdf.ln(LINE_MM)
    say(pdf, "هاتف: 2210 465 11")
    markdown = write(read(pdf), "markdown")
    assert_says(
        markdown,
        [
            "# فاتورة ضريبية Tax Invoice",
            "رقم الفاتورة: INV-2024-00871",
            "تاريخ الإصدار: 15/09/2024",
            *as_markdown(GOODS),
            "هاتف: 2210 465 11",
        ],
    )
    for exact in ("INV-2024-00871", "15/09/2024", "1,260.00", "462.50", "1,499.90"):
        assert exact in markdown

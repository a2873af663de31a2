"""The tables of pages, for spreadsheets: CSV, one table under the other, and XLSX, a sheet for each.

Where it stands: beside the other formats. What is no table is left out. Rows and columns are in the order in which they are read; sheets
of tables that run from right to left are shown so.

In XLSX a cell that holds nothing but a number is a number, shown with as many decimals as were read; what begins with a nought, as
telephone numbers do, stays text. In CSV all is as it was read, but for one thing: a spreadsheet would run what begins as a formula does,
and a picture must not be able to have that done (OWASP, "CSV Injection"). An apostrophe stands before such cells.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

from rasm.document import Page, Region
from rasm.formats.xml import clean
from rasm.text.normalisation import Profile, apply_profile

_FORMULA = re.compile(r"[=@\t\r]|[+\-](?![\d\s٠-٩.,٫٬%()+-]*$)")
_NUMBER = re.compile(r"([-−]?)((?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?:\.(\d+))?)\s?(%?)")
_MOST_DIGITS = 15  # that Excel keeps of a number
_WIDEST = 60.0  # of a column, in letters
_PLAIN = Profile(digits="western")
_WESTERN = str.maketrans({"٫": ".", "٬": ",", "٪": "%"})


def write_csv(pages: Iterable[Page], file: IO[bytes]) -> None:
    """UTF-8 with a mark at its start, by which Excel knows it; an empty line between tables (RFC 4180 knows nothing of several)."""
    file.write("\ufeff".encode())
    for n, (_, table) in enumerate(_tables(pages)):
        text = io.StringIO()
        writer = csv.writer(text)
        if n:
            writer.writerow([])
        writer.writerows([[_harmless(cell) for cell in row] for row in table.rows])
        file.write(text.getvalue().encode(errors="replace"))


def _tables(pages: Iterable[Page]) -> Iterator[tuple[Page, Region]]:
    for page in pages:
        yield from ((page, region) for region in page.regions if region.cells)


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def write_xlsx(pages: Iterable[Page], file: IO[bytes], *, name: str) -> None:
    """A sheet for each table, named after its page and its number there; one empty sheet where there are none."""
    import xlsxwriter  # for those who ask for it

    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": clean(name)[:255]})
        counts: dict[int, int] = {}
        formats = _Formats(book)
        for page, table in _tables(pages):
            counts[page.number] = counts.get(page.number, 0) + 1
            sheet = book.add_worksheet(f"{page.number}-{counts[page.number]}")
            if table.direction == "rtl":
                sheet.right_to_left()
            _write_sheet(sheet, table, formats)
        if not counts:
            book.add_worksheet()


class _Formats:
    """Of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[bool, str], Any] = {}

    def __call__(self, is_head: bool, number: str = "") -> Any:
        if (is_head, number) not in self._made:
            look = {"text_wrap": True, "valign": "top"} | ({"bold": True} if is_head else {}) | ({"num_format": number} if number else {})
            self._made[is_head, number] = self._book.add_format(look)
        return self._made[is_head, number]


def _write_sheet(sheet: Any, table: Region, formats: _Formats) -> None:
    widths: dict[int, float] = {}
    for cell in table.cells:
        text = clean(" ".join(table.lines[k].text for k in cell.lines))
        is_head = cell.row < table.head_rows
        number = None if is_head else as_number(text)
        value, look = (text, formats(is_head)) if number is None else (number[0], formats(is_head, number[1]))
        if cell.row_span > 1 or cell.column_span > 1:
            sheet.merge_range(cell.row, cell.column, cell.row + cell.row_span - 1, cell.column + cell.column_span - 1, value, look)
        else:
            widths[cell.column] = min(_WIDEST, max(widths.get(cell.column, 8.0), 1.1 * len(text)))
            sheet.write(cell.row, cell.column, value, look) if value != "" else sheet.write_blank(cell.row, cell.column, None, look)
    for column, width in widths.items():
        sheet.set_column(column, column, width)
    if table.head_rows:
        sheet.freeze_panes(table.head_rows, 0)


def as_number(text: str) -> tuple[float, str] | None:
    """The number that ``text`` is, in any digits, and Excel's form to show it as it was read; None where it is none, or no quantity: codes
    and telephone numbers may begin with a nought."""
    found = _NUMBER.fullmatch(apply_profile(text, _PLAIN).translate(_WESTERN).strip())
    if not found or sum(sign.isdigit() for sign in text) > _MOST_DIGITS:
        return None
    sign, digits, decimals, percent = found.groups()
    value = float(digits.replace(",", "")) * (-1 if sign else 1) / (100 if percent else 1)
    form = ("#,##0" if "," in digits else "0") + ("." + "0" * len(decimals) if decimals else "") + percent
    return value, form

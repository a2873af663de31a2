"""Pages -> a Word file (DOCX) to edit: headings as styles, paragraphs, lists and tables, from right to left where the text runs so.

Where it stands: beside the other formats; the only one besides XLSX that is whole in memory until its last page, as text without places.
Every page begins a new one. Figures are left out: their pictures are not here.

python-docx knows nothing of directions: what Word wants for them are the elements ``w:bidi`` of paragraphs, ``w:rtl`` of runs, and
``w:bidiVisual`` of tables (ECMA-376, part 1, 17.3.1.6, 17.3.2.30, 17.4.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Any

from rasm.document import Page, Region, RegionKind
from rasm.formats.structure import has_marker, rows_of, tongue, with_first
from rasm.formats.xml import clean

_STYLES: dict[RegionKind, str] = {"caption": "Caption", "header": "Header", "footer": "Footer", "page-number": "Footer"}
_DEEPEST = 3  # "List Bullet 3" is the last of Word's own styles; headings go to 9
# letters of the Latin script, and what stands between them: a run of its own, which Word sets in the font for it
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f](?:[\w .,'’/&:@+#-]*[A-Za-z0-9\u00c0-\u024f])?", re.ASCII)
_FONT = "Arial"  # has Arabic letters wherever Word and LibreOffice run; the template's own, Calibri, is Microsoft's


def write_docx(pages: Iterable[Page], file: IO[bytes], *, name: str, model: str = "") -> None:
    """name: the file's that was read, the document's title. model: the name and version of what read it."""
    import docx  # 2.9 MB with its template, and an eighth of a second: for those who ask for it

    document = docx.Document()
    document.core_properties.title, document.core_properties.author = clean(name)[:255], ""
    document.core_properties.comments = f"Rasm {clean(model)}".strip()[:255]
    document.core_properties.created = document.core_properties.modified = datetime.now(UTC).replace(tzinfo=None)
    _set_fonts(document)
    first, pages = with_first(pages)
    _set_language(document, tongue(first))
    for n, page in enumerate(pages):
        if n:
            document.add_page_break()
        for region in page.regions:
            if region.cells:
                _add_table(document, region)
            elif region.lines:
                _add_paragraph(document, region)
    document.save(file)


def _set_fonts(document: Any) -> None:
    """The fonts of Arabic letters ("cs", complex scripts): the template leaves them to a theme."""
    for style in document.styles:
        properties = style.element.find(_name("w:rPr"))
        fonts = None if properties is None else properties.find(_name("w:rFonts"))
        if fonts is not None:
            fonts.attrib.clear()
            for script in ("ascii", "hAnsi", "cs", "eastAsia"):
                fonts.set(_name(f"w:{script}"), _FONT)
    normal = document.styles["Normal"].element.get_or_add_rPr()
    if normal.find(_name("w:rFonts")) is None:
        normal.insert(0, _element("w:rFonts", **dict.fromkeys(("ascii", "hAnsi", "cs"), _FONT)))


def _set_language(document: Any, language: str | None) -> None:
    """That of Arabic letters, by which Word checks spelling; the template has Arabic there, and Latin letters keep what it says."""
    if language:
        document.core_properties.language = language
    if language not in (None, "ar"):
        properties = document.styles.element.find(f".//{_name('w:rPrDefault')}//{_name('w:lang')}")
        properties.set(_name("w:bidi"), language)


def _add_paragraph(document: Any, region: Region) -> None:
    rows = rows_of(region)
    style = _STYLES.get(region.kind, "Normal")
    if region.kind == "heading":
        style = f"Heading {min(region.level or 2, 9)}"
    elif region.kind == "list-item":
        deep = min(region.level or 1, _DEEPEST)
        style = "List Paragraph" if has_marker(region.paragraph) else "List Bullet" + (f" {deep}" if deep > 1 else "")
    paragraph = document.add_paragraph(style=style)
    _set_direction(paragraph, region.direction == "rtl")
    for n, row in enumerate(rows):
        if n:
            paragraph.add_run().add_break()
        _add_runs(paragraph, "\t".join(row), region.direction == "rtl")


def _add_table(document: Any, region: Region) -> None:
    rtl = region.direction == "rtl"
    height = max(cell.row + cell.row_span for cell in region.cells)
    width = max(cell.column + cell.column_span for cell in region.cells)
    table = document.add_table(height, width, style="Table Grid")
    if rtl:
        table._tbl.tblPr.append(_element("w:bidiVisual"))
    grid = [row.cells for row in table.rows]  # at once: to ask for one cell takes python-docx as long as the whole table
    for cell in region.cells:
        place = grid[cell.row][cell.column]
        if cell.row_span > 1 or cell.column_span > 1:
            place = place.merge(grid[cell.row + cell.row_span - 1][cell.column + cell.column_span - 1])
        paragraph = place.paragraphs[0]
        _set_direction(paragraph, rtl)
        _add_runs(paragraph, " ".join(region.lines[k].text for k in cell.lines), rtl, bold=cell.row < region.head_rows)
    for row in table.rows[: region.head_rows]:  # which Word repeats on every page that the table reaches
        row._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    document.add_paragraph()  # or the next table would be taken for more of this one


def _set_direction(paragraph: Any, rtl: bool) -> None:
    if rtl:
        paragraph._p.get_or_add_pPr().insert_element_before(_element("w:bidi"), *_AFTER_BIDI)


# what may stand in w:pPr after w:bidi: the schema wants the elements in its order
_AFTER_BIDI = (
    "w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents", "w:suppressOverlap", "w:jc",
    "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange",
)  # fmt: skip


def _add_runs(paragraph: Any, text: str, rtl: bool, *, bold: bool = False) -> None:
    """``text`` in runs, Latin ones by themselves."""
    text = clean(text)
    pieces: list[tuple[str, bool]] = []  # and whether it runs from right to left
    at = 0
    for latin in _LATIN.finditer(text) if rtl else ():
        pieces += [(text[at : latin.start()], True), (latin[0], False)]
        at = latin.end()
    for piece, is_rtl in [*pieces, (text[at:], rtl)]:
        if piece:
            run = paragraph.add_run(piece)
            run.font.bold = run.font.cs_bold = bold or None
            run.font.rtl = is_rtl or None


def _name(tag: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(tag))


def _element(tag: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement

    made: Any = OxmlElement(tag)
    for key, value in attributes.items():
        made.set(_name(f"w:{key}"), value)
    return made

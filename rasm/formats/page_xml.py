"""A page -> PAGE XML 2019-07-15, the XML of ground truth and layout (PRImA), which Transkribus, eScriptorium and OCR-D take.

A table is a TableRegion with a TextRegion for each cell, empty ones too, whose role says its row and column. What PAGE has no type for, as
verses, has it in ``custom``, as Transkribus writes it.

Source: the schema, https://www.primaresearch.org/schema/PAGE/gts/pagecontent/2019-07-15. A PAGE file is of one page: of a document of
several each page has a file of its own. What is unread is a region of the type ``other`` with one line, both without text, and is in no
reading order; ``custom`` says why, as Transkribus writes such things.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Any

from lxml import etree

from rasm.document import Box, Page, Region
from rasm.formats.xml import SCHEMA_LOCATION, clean, whole, xml_file

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"

_TYPES = {"paragraph", "heading", "caption", "header", "footer", "page-number", "footnote", "marginalia", "other"}  # of TextRegions


def write_page_xml(page: Page, file: IO[bytes], *, name: str, model: str = "") -> None:
    """XML, UTF-8. name: the file's that was read. model: the name and version of what read it."""
    with xml_file(file, "PcGts", NAMESPACE, {SCHEMA_LOCATION: f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd"}) as root:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        metadata = etree.Element("Metadata")
        etree.SubElement(metadata, "Creator").text = f"Rasm {clean(model)}".strip()
        etree.SubElement(metadata, "Created").text = now
        etree.SubElement(metadata, "LastChange").text = now
        root.write(metadata)
        root.write(_page(page, name))


def _page(page: Page, name: str) -> Any:
    def coords(parent: Any, box: Box) -> None:
        left, top, right, bottom = whole(box, page.width_px, page.height_px)
        etree.SubElement(parent, "Coords", {"points": f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"})

    def text(parent: Any, content: str, confidence: float | None = None) -> None:
        attributes = {} if confidence is None else {"conf": f"{confidence:.3f}"}
        etree.SubElement(etree.SubElement(parent, "TextEquiv", attributes), "Unicode").text = clean(content)

    attributes = {"imageFilename": clean(name), "imageWidth": str(page.width_px), "imageHeight": str(page.height_px)}
    element = etree.Element("Page", {**attributes, "readingDirection": "right-to-left"})
    if page.regions:
        group = etree.SubElement(etree.SubElement(element, "ReadingOrder"), "OrderedGroup", {"id": "order"})
        for r in range(len(page.regions)):
            etree.SubElement(group, "RegionRefIndexed", {"index": str(r), "regionRef": f"r{r + 1}"})

    def write_lines(area: Any, r: int, region: Region, numbers: Iterable[int]) -> None:
        for k in numbers:
            line = region.lines[k - 1]
            direction = {"readingDirection": "left-to-right"} if line.direction == "ltr" else {}
            text_line = etree.SubElement(area, "TextLine", {"id": f"r{r}l{k}", **direction})
            coords(text_line, line.box)
            if len(line.baseline) > 1:
                points = " ".join(f"{max(0, round(x))},{max(0, round(y))}" for x, y in line.baseline)
                etree.SubElement(text_line, "Baseline", {"points": points})
            for w, word in enumerate(line.words, 1):
                text_word = etree.SubElement(text_line, "Word", {"id": f"r{r}l{k}w{w}"})
                coords(text_word, word.box)
                for g, sign in enumerate(word.characters, 1):
                    glyph = etree.SubElement(text_word, "Glyph", {"id": f"r{r}l{k}w{w}g{g}"})
                    coords(glyph, sign.box)
                    text(glyph, sign.text, sign.confidence)
                text(text_word, word.text, word.confidence)
            text(text_line, line.text, line.confidence)

    for r, region in enumerate(page.regions, 1):
        way = {"readingDirection": "right-to-left" if region.direction == "rtl" else "left-to-right"}
        if region.kind == "figure":
            coords(etree.SubElement(element, "ImageRegion", {"id": f"r{r}"}), region.box)
        elif region.cells:
            rows, columns = (
                max(ends) for ends in zip(*((c.row + c.row_span, c.column + c.column_span) for c in region.cells), strict=True)
            )
            table = etree.SubElement(element, "TableRegion", {"id": f"r{r}", "rows": str(rows), "columns": str(columns)})
            coords(table, region.box)
            for n, cell in enumerate(region.cells, 1):
                area = etree.SubElement(table, "TextRegion", {"id": f"r{r}c{n}", "type": "other", **way})
                coords(area, cell.box)
                place = {"rowIndex": cell.row, "columnIndex": cell.column, "rowSpan": cell.row_span, "colSpan": cell.column_span}
                head = {"header": "true"} if cell.row < region.head_rows else {}
                roles = etree.SubElement(area, "Roles")
                etree.SubElement(roles, "TableCellRole", {name: str(number) for name, number in place.items()} | head)
                write_lines(area, r, region, [k + 1 for k in cell.lines])
                text(area, " ".join(region.lines[k].text for k in cell.lines))
        else:
            own = {} if region.kind in _TYPES else {"custom": f"structure {{type:{region.kind};}}"}
            kind = region.kind if region.kind in _TYPES else "other" if region.kind == "table" else "paragraph"
            attributes = {"id": f"r{r}", **own, "type": kind, **way}
            area = etree.SubElement(element, "TextRegion", attributes)
            coords(area, region.box)
            write_lines(area, r, region, range(1, len(region.lines) + 1))
            text(area, region.text)
    for u, unread in enumerate(page.unread, 1):
        told = {"type": "other", "custom": f"unread {{reason:{unread.reason};}}"}
        area = etree.SubElement(element, "TextRegion", {"id": f"u{u}", **told})
        coords(area, unread.box)
        coords(etree.SubElement(area, "TextLine", {"id": f"u{u}l1"}), unread.box)
    return element

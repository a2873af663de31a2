"""Pages -> one page of HTML: headings, paragraphs, lists, verses, tables and the places of figures, in reading order.

Where it stands: beside the other formats; ``markdown`` takes its tables. It is written page by page, a ``section`` for each. The whole
has the language and direction of its first page; what runs the other way says so with ``dir``. Text stands
between tags only, never in a script or a style.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import IO, Any

from lxml import etree

from rasm.document import Page, Region, RegionKind
from rasm.formats.structure import has_marker, rows_of, tongue, with_first
from rasm.formats.xml import clean
from rasm.text.bidi import Direction

_STYLE = """
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.7 }
section + section { border-top: 1px solid; margin-top: 2rem; padding-top: 2rem }
table { border-collapse: collapse; margin: 1rem 0 } th, td { border: 1px solid; padding: .2rem .6rem; text-align: start }
.marked { list-style: none } .verse { text-align: center } .verse span { margin: 0 1em }
.header, .footer, .page-number, .footnote, .marginalia, figcaption { font-size: .9em }
figure { border: 1px dashed; min-height: 4rem; margin: 1rem 0 }
"""
_TAGS: dict[RegionKind, str] = {"heading": "h2", "header": "header", "footer": "footer", "marginalia": "aside", "figure": "figure"}


def write_html(pages: Iterable[Page], file: IO[bytes], *, name: str, model: str = "") -> None:
    """UTF-8, page by page. name: the file's that was read, its title. model: the name and version of what read it."""
    first, pages = with_first(pages)
    file.write(b"<!DOCTYPE html>\n")
    spoken = {"lang": language} if (language := tongue(first)) else {}
    with etree.htmlfile(file, encoding="utf-8") as html, html.element("html", {**spoken, "dir": first.direction}):
        head = etree.Element("head")
        etree.SubElement(head, "meta", {"charset": "utf-8"})
        etree.SubElement(head, "title").text = clean(name)
        etree.SubElement(head, "meta", {"name": "viewport", "content": "width=device-width"})
        etree.SubElement(head, "meta", {"name": "generator", "content": f"Rasm {clean(model)}".strip()})
        etree.SubElement(head, "style").text = _STYLE
        html.write(head, "\n")
        with html.element("body"):
            for page in pages:
                html.write("\n", _section(page, first.direction))
        html.write("\n")
    file.write(b"\n")


def _section(page: Page, direction: Direction) -> Any:
    """direction: the document's."""
    section = etree.Element("section", {"id": f"page-{page.number}"})
    for is_list, group in groupby(page.regions, key=lambda region: region.kind == "list-item"):
        for element in [list_element([*group], direction)] if is_list else [_element(region, direction) for region in group]:
            element.tail = "\n"
            section.append(element)
    return section


def _element(region: Region, direction: Direction) -> Any:
    if region.cells:
        return table_element(region)
    tag = f"h{min(region.level or 2, 6)}" if region.kind == "heading" else _TAGS.get(region.kind, "p")
    plain = region.kind in ("paragraph", "heading", "other", "table")
    attributes = _direction(region, direction) | ({} if plain else {"class": region.kind})
    if region.kind == "figure":
        left, top, right, bottom = map(round, region.box)
        return etree.Element(tag, attributes | {"data-box": f"{left} {top} {right} {bottom}"})
    element = etree.Element(tag, attributes)
    for n, row in enumerate(rows_of(region)):
        if n:
            etree.SubElement(element, "br")
        _append(element, row)
    return element


def _append(element: Any, row: Sequence[str]) -> None:
    """A row's text; of several pieces side by side, as the halves of a verse, each in a span."""
    if len(row) > 1:
        for piece in row:
            etree.SubElement(element, "span").text = clean(piece)
    elif len(element):
        element[-1].tail = clean(row[0])
    else:
        element.text = clean(row[0])


def _direction(region: Region, usual: Direction) -> dict[str, str]:
    return {"dir": region.direction} if region.direction != usual and region.lines else {}


def list_element(regions: Sequence[Region], direction: Direction) -> Any:
    """Items one after the other; those of a deeper level are a list in the item before. Markers that were read stay in the text, and
    then there are no bullets."""
    whole = etree.Element("ul")
    lists, levels = [whole], [regions[0].level or 1]
    for region in regions:
        level = region.level or 1
        while len(levels) > 1 and level < levels[-1]:
            lists.pop()
            levels.pop()
        if level > levels[-1] and len(lists[-1]):
            lists.append(etree.SubElement(lists[-1][-1], "ul"))
            levels.append(level)
        marked = {"class": "marked"} if has_marker(region.paragraph) else {}
        item = etree.SubElement(lists[-1], "li", marked | _direction(region, direction))
        item.text = clean(region.paragraph)
    return whole


def table_element(region: Region) -> Any:
    """A table with its spans, empty cells and head; columns are in the order in which they are read."""
    table = etree.Element("table", {"dir": region.direction})
    for row, group in groupby(region.cells, key=lambda cell: cell.row):
        element = etree.SubElement(table, "tr")
        for cell in group:
            spans = {"colspan": str(cell.column_span)} if cell.column_span > 1 else {}
            spans |= {"rowspan": str(cell.row_span)} if cell.row_span > 1 else {}
            made = etree.SubElement(element, "th" if row < region.head_rows else "td", spans)
            made.text = clean(" ".join(region.lines[k].text for k in cell.lines))
    return table

"""Pages -> ALTO 4.4, the XML of libraries (METS/ALTO), which eScriptorium, kraken and Transkribus take too.

Source: the schema of the Library of Congress, https://www.loc.gov/standards/alto/. Unit: pixels of the page as given.
What is unread is a block of text without lines, after the others, tagged ``unread`` and with the reason. A table is a ComposedBlock
of the type ``table`` with a TextBlock for each cell, empty ones too. ALTO knows no rows and columns: they are in the cells' IDs, counted
from 0, ``cell_PAGE_BLOCK_row0_column2_span1x2``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, get_args

from lxml import etree

from rasm.document import Box, Line, Page, RegionKind, UnreadReason
from rasm.formats.structure import tongue
from rasm.formats.xml import SCHEMA_LOCATION, clean, whole, xml_file

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"


def write_alto(pages: Iterable[Page], file: IO[bytes], *, name: str, model: str = "") -> None:
    """XML, UTF-8, page by page. name: the file's that was read. model: the name and version of what read it."""
    attributes = {SCHEMA_LOCATION: f"{NAMESPACE} {_SCHEMA}", "SCHEMAVERSION": "4.4"}
    with xml_file(file, "alto", NAMESPACE, attributes) as alto:
        alto.write(_description(name, model))
        tags = etree.Element("Tags")  # every kind: which of them there are is not known before the last page
        for kind in sorted(get_args(RegionKind)):
            etree.SubElement(tags, "LayoutTag", {"ID": f"kind_{kind}", "LABEL": kind})
        for reason in get_args(UnreadReason):
            etree.SubElement(tags, "LayoutTag", {"ID": f"unread_{reason}", "LABEL": f"unread: {reason}"})
        alto.write(tags)
        with alto.within("Layout"):
            for page in pages:
                alto.write(_page(page))


def _description(name: str, model: str) -> Any:
    description = etree.Element("Description")
    etree.SubElement(description, "MeasurementUnit").text = "pixel"
    source = etree.SubElement(description, "sourceImageInformation")
    etree.SubElement(source, "fileName").text = clean(name)
    processing = etree.SubElement(description, "Processing", {"ID": "ocr"})
    etree.SubElement(processing, "processingCategory").text = "contentGeneration"
    software = etree.SubElement(processing, "processingSoftware")
    etree.SubElement(software, "softwareName").text = "Rasm"
    etree.SubElement(software, "softwareVersion").text = clean(model)
    return description


def _page(page: Page) -> Any:
    def place(box: Box) -> dict[str, str]:
        left, top, right, bottom = whole(box, page.width_px, page.height_px)
        return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top)}

    n = page.number
    size = {"WIDTH": str(page.width_px), "HEIGHT": str(page.height_px)}
    turned = {"ROTATION": str(page.rotation_degrees)} if page.rotation_degrees else {}  # counter-clockwise, what the text is turned by
    attributes = {"ID": f"page_{n}", "PHYSICAL_IMG_NR": str(n), **size, **turned, "PC": f"{page.confidence:.3f}"}
    element = etree.Element("Page", attributes)
    space = etree.SubElement(element, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    numbers = {"line": 0, "word": 0}

    def write_lines(block: Any, lines: Iterable[Line]) -> None:
        for line in lines:
            numbers["line"] += 1
            text_line = etree.SubElement(block, "TextLine", {"ID": f"line_{n}_{numbers['line']}", **place(line.box), **_own(line)})
            for w, word in enumerate(line.words):
                numbers["word"] += 1
                box = whole(word.box, page.width_px, page.height_px)
                if w:  # the space between a word and the one before it, which stands to its right, in an English line to its left
                    before = whole(line.words[w - 1].box, page.width_px, page.height_px)
                    left, right = (before, box) if box[0] >= before[2] else (box, before)
                    gap = max(0, right[0] - left[2])
                    etree.SubElement(text_line, "SP", {"HPOS": str(min(left[2], right[0])), "VPOS": str(box[1]), "WIDTH": str(gap)})
                attributes = {
                    "ID": f"word_{n}_{numbers['word']}",
                    "CONTENT": clean(word.text),
                    **place(word.box),
                    "WC": f"{word.confidence:.3f}",
                }
                string = etree.SubElement(text_line, "String", attributes)
                for g, sign in enumerate(word.characters):
                    glyph = {"ID": f"glyph_{n}_{numbers['word']}_{g}", "CONTENT": clean(sign.text), **place(sign.box)}
                    etree.SubElement(string, "Glyph", {**glyph, "GC": f"{sign.confidence:.3f}"})

    for r, region in enumerate(page.regions, 1):
        own = {"ID": f"block_{n}_{r}", **place(region.box), "TAGREFS": f"kind_{region.kind}"}
        way = ({"LANG": language} if (language := tongue(page)) else {}) | {"BASEDIRECTION": region.direction}
        if region.kind == "figure":
            etree.SubElement(space, "Illustration", own)
        elif region.cells:
            table = etree.SubElement(space, "ComposedBlock", {**own, "TYPE": "table"})
            for cell in region.cells:
                key = f"cell_{n}_{r}_row{cell.row}_column{cell.column}_span{cell.row_span}x{cell.column_span}"
                block = etree.SubElement(table, "TextBlock", {"ID": key, **place(cell.box), **way})
                write_lines(block, [region.lines[k] for k in cell.lines])
        else:
            write_lines(etree.SubElement(space, "TextBlock", {**own, **way}), region.lines)
    for u, unread in enumerate(page.unread, 1):
        etree.SubElement(space, "TextBlock", {"ID": f"unread_{n}_{u}", **place(unread.box), "TAGREFS": f"unread_{unread.reason}"})
    return element


def _own(line: Line) -> dict[str, str]:
    """Its baseline, and its direction where that is not the usual one."""
    direction = {"BASEDIRECTION": "ltr"} if line.direction == "ltr" else {}
    return direction | _baseline(line)


def _baseline(line: Line) -> dict[str, str]:
    return {"BASELINE": " ".join(f"{round(x)},{round(y)}" for x, y in line.baseline)} if line.baseline else {}

"""Document -> ALTO 4.4, the XML of libraries (METS/ALTO), which eScriptorium, kraken and Transkribus take too.

Source: the schema of the Library of Congress, https://www.loc.gov/standards/alto/. Unit: pixels of the page as given.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from rasm.document import Box, Document, Line, Page
from rasm.formats.xml import clean, serialise, whole

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"


def to_alto(document: Document) -> str:
    """XML, UTF-8."""
    alto = ET.Element(
        "alto",
        {
            "xmlns": NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{NAMESPACE} {_SCHEMA}",
            "SCHEMAVERSION": "4.4",
        },
    )
    description = ET.SubElement(alto, "Description")
    ET.SubElement(description, "MeasurementUnit").text = "pixel"
    source = ET.SubElement(description, "sourceImageInformation")
    ET.SubElement(source, "fileName").text = clean(document.name)
    processing = ET.SubElement(description, "Processing", {"ID": "ocr"})
    ET.SubElement(processing, "processingCategory").text = "contentGeneration"
    software = ET.SubElement(processing, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "Rasm"
    ET.SubElement(software, "softwareVersion").text = clean(document.model)
    kinds = sorted({region.kind for page in document.pages for region in page.regions})
    if kinds:
        tags = ET.SubElement(alto, "Tags")
        for kind in kinds:
            ET.SubElement(tags, "LayoutTag", {"ID": f"kind_{kind}", "LABEL": kind})
    layout = ET.SubElement(alto, "Layout")
    for page in document.pages:
        _page(layout, page)
    return serialise(alto)


def _page(layout: ET.Element, page: Page) -> None:
    def place(box: Box) -> dict[str, str]:
        left, top, right, bottom = whole(box, page.width_px, page.height_px)
        return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(right - left), "HEIGHT": str(bottom - top)}

    n = page.number
    size = {"WIDTH": str(page.width_px), "HEIGHT": str(page.height_px)}
    turned = {"ROTATION": str(page.rotation_degrees)} if page.rotation_degrees else {}  # counter-clockwise, what the text is turned by
    attributes = {"ID": f"page_{n}", "PHYSICAL_IMG_NR": str(n), **size, **turned, "PC": f"{page.confidence:.3f}"}
    element = ET.SubElement(layout, "Page", attributes)
    space = ET.SubElement(element, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    numbers = {"line": 0, "word": 0}
    for r, region in enumerate(page.regions, 1):
        attributes = {"ID": f"block_{n}_{r}", **place(region.box), "TAGREFS": f"kind_{region.kind}", "LANG": "ar", "BASEDIRECTION": "rtl"}
        block = ET.SubElement(space, "TextBlock", attributes)
        for line in region.lines:
            numbers["line"] += 1
            text_line = ET.SubElement(block, "TextLine", {"ID": f"line_{n}_{numbers['line']}", **place(line.box), **_baseline(line)})
            for w, word in enumerate(line.words):
                numbers["word"] += 1
                box = whole(word.box, page.width_px, page.height_px)
                if w:  # the space to the right of a word, where its neighbour is
                    before = whole(line.words[w - 1].box, page.width_px, page.height_px)
                    gap = max(0, before[0] - box[2])
                    ET.SubElement(text_line, "SP", {"HPOS": str(min(box[2], before[0])), "VPOS": str(box[1]), "WIDTH": str(gap)})
                attributes = {
                    "ID": f"word_{n}_{numbers['word']}",
                    "CONTENT": clean(word.text),
                    **place(word.box),
                    "WC": f"{word.confidence:.3f}",
                }
                string = ET.SubElement(text_line, "String", attributes)
                for g, sign in enumerate(word.characters):
                    glyph = {"ID": f"glyph_{n}_{numbers['word']}_{g}", "CONTENT": clean(sign.text), **place(sign.box)}
                    ET.SubElement(string, "Glyph", {**glyph, "GC": f"{sign.confidence:.3f}"})


def _baseline(line: Line) -> dict[str, str]:
    return {"BASELINE": " ".join(f"{round(x)},{round(y)}" for x, y in line.baseline)} if line.baseline else {}

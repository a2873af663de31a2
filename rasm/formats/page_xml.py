"""Document -> PAGE XML 2019-07-15, the XML of ground truth and layout (PRImA), which Transkribus, eScriptorium and OCR-D take.

Source: the schema, https://www.primaresearch.org/schema/PAGE/gts/pagecontent/2019-07-15. A PAGE file is of one page; a Document
of several gives the first under its own root, and ``page_files`` gives all.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from rasm.document import Box, Document, Page
from rasm.errors import ConfigError
from rasm.formats.xml import clean, serialise, whole

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


def to_page_xml(document: Document) -> str:
    """XML, UTF-8, of a document of one page. Raises ConfigError where it has several: see ``page_files``."""
    if len(document.pages) != 1:
        raise ConfigError(f"a PAGE file holds one page and the document has {len(document.pages)}: write one for each")
    return page_files(document)[0]


def page_files(document: Document) -> list[str]:
    """One PAGE file for each page."""
    return [_page_file(document, page) for page in document.pages]


def _page_file(document: Document, page: Page) -> str:
    def coords(parent: ET.Element, box: Box) -> None:
        left, top, right, bottom = whole(box, page.width_px, page.height_px)
        ET.SubElement(parent, "Coords", {"points": f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"})

    def text(parent: ET.Element, content: str, confidence: float | None = None) -> None:
        attributes = {} if confidence is None else {"conf": f"{confidence:.3f}"}
        ET.SubElement(ET.SubElement(parent, "TextEquiv", attributes), "Unicode").text = clean(content)

    root = ET.Element(
        "PcGts",
        {
            "xmlns": NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{NAMESPACE} {NAMESPACE}/pagecontent.xsd",
        },
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    metadata = ET.SubElement(root, "Metadata")
    ET.SubElement(metadata, "Creator").text = f"Rasm {clean(document.model)}".strip()
    ET.SubElement(metadata, "Created").text = now
    ET.SubElement(metadata, "LastChange").text = now
    attributes = {"imageFilename": clean(document.name), "imageWidth": str(page.width_px), "imageHeight": str(page.height_px)}
    element = ET.SubElement(root, "Page", {**attributes, "readingDirection": "right-to-left"})
    if page.regions:
        group = ET.SubElement(ET.SubElement(element, "ReadingOrder"), "OrderedGroup", {"id": "order"})
        for r in range(len(page.regions)):
            ET.SubElement(group, "RegionRefIndexed", {"index": str(r), "regionRef": f"r{r + 1}"})
    for r, region in enumerate(page.regions, 1):
        area = ET.SubElement(element, "TextRegion", {"id": f"r{r}", "type": region.kind, "readingDirection": "right-to-left"})
        coords(area, region.box)
        for k, line in enumerate(region.lines, 1):
            text_line = ET.SubElement(area, "TextLine", {"id": f"r{r}l{k}"})
            coords(text_line, line.box)
            if len(line.baseline) > 1:
                points = " ".join(f"{max(0, round(x))},{max(0, round(y))}" for x, y in line.baseline)
                ET.SubElement(text_line, "Baseline", {"points": points})
            for w, word in enumerate(line.words, 1):
                text_word = ET.SubElement(text_line, "Word", {"id": f"r{r}l{k}w{w}"})
                coords(text_word, word.box)
                for g, sign in enumerate(word.characters, 1):
                    glyph = ET.SubElement(text_word, "Glyph", {"id": f"r{r}l{k}w{w}g{g}"})
                    coords(glyph, sign.box)
                    text(glyph, sign.text, sign.confidence)
                text(text_word, word.text, word.confidence)
            text(text_line, line.text, line.confidence)
        text(area, region.text)
    return serialise(root)

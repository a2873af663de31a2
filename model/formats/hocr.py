"""Document -> hOCR 1.2, the HTML that hocr-tools, OCRmyPDF and many viewers take.

Source: hOCR 1.2, http://kba.github.io/hocr-spec/1.2/. Boxes are whole pixels of the page as given; ``x_wconf`` is 0 to 100.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from model.document import Box, Document, Line, Page, RegionKind
from model.formats.xml import clean, serialise, whole

_CLASSES: dict[RegionKind, tuple[str, str]] = {  # tag, class
    "paragraph": ("p", "ocr_par"),
    "heading": ("p", "ocr_header"),
    "header": ("p", "ocr_header"),
    "footer": ("p", "ocr_footer"),
    "page-number": ("p", "ocr_pageno"),
    "footnote": ("p", "ocr_par"),
    "marginalia": ("p", "ocr_par"),
    "other": ("p", "ocr_par"),
}
_DOCTYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'


def to_hocr(document: Document) -> str:
    """XHTML, UTF-8."""
    html = ET.Element("html", {"xmlns": "http://www.w3.org/1999/xhtml", "lang": "ar", "dir": "rtl"})
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "title").text = clean(document.name)
    ET.SubElement(head, "meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    ET.SubElement(head, "meta", {"name": "ocr-system", "content": clean(document.model) or "rasm"})
    kinds = sorted({_CLASSES[r.kind][1] for p in document.pages for r in p.regions if r.kind != "heading"} - {"ocr_par"})
    capabilities = " ".join(["ocr_page", "ocr_carea", "ocr_par", "ocr_line", "ocrx_word", "ocrp_wconf", "ocrp_dir", *kinds])
    ET.SubElement(head, "meta", {"name": "ocr-capabilities", "content": capabilities})
    ET.SubElement(head, "meta", {"name": "ocr-number-of-pages", "content": str(len(document.pages))})
    ET.SubElement(head, "meta", {"name": "ocr-langs", "content": "ar"})
    body = ET.SubElement(html, "body")
    for page in document.pages:
        _page(body, document, page)
    return serialise(html, _DOCTYPE)


def _page(body: ET.Element, document: Document, page: Page) -> None:
    def bbox(box: Box) -> str:
        return "bbox " + " ".join(map(str, whole(box, page.width_px, page.height_px)))

    name = clean(document.name).replace('"', "").replace("\\", "/")
    n = page.number
    title = f'image "{name}"; bbox 0 0 {page.width_px} {page.height_px}; ppageno {n - 1}'
    div = ET.SubElement(body, "div", {"class": "ocr_page", "id": f"page_{n}", "title": title})
    lines = words = 0
    for r, region in enumerate(page.regions, 1):
        area = ET.SubElement(div, "div", {"class": "ocr_carea", "id": f"block_{n}_{r}", "title": bbox(region.box)})
        tag, kind = ("p", "ocr_par") if region.kind == "heading" else _CLASSES[region.kind]
        paragraph = ET.SubElement(area, tag, {"class": kind, "id": f"par_{n}_{r}", "lang": "ar", "dir": "rtl", "title": bbox(region.box)})
        for line in region.lines:
            lines += 1
            title = f"{bbox(line.box)}{_baseline(line)}; x_size {max(1, round(line.box[3] - line.box[1]))}"
            span = ET.SubElement(paragraph, "span", {"class": "ocr_line", "id": f"line_{n}_{lines}", "title": title})
            for word in line.words:
                words += 1
                title = f"{bbox(word.box)}; x_wconf {round(100 * word.confidence)}"
                element = ET.SubElement(span, "span", {"class": "ocrx_word", "id": f"word_{n}_{words}", "title": title})
                element.text = clean(word.text)
                element.tail = " "


def _baseline(line: Line) -> str:
    """hOCR's: slope, and the offset from the box's lower left corner."""
    if len(line.baseline) < 2 or line.baseline[-1][0] - line.baseline[0][0] < 1:
        return ""
    (x0, y0), (x1, y1) = line.baseline[0], line.baseline[-1]
    slope = (y1 - y0) / (x1 - x0)
    return f"; baseline {slope:.3f} {y0 + slope * (line.box[0] - x0) - line.box[3]:.0f}"

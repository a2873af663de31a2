"""Pages -> hOCR 1.2, the HTML that hocr-tools, OCRmyPDF and many viewers take.

Source: hOCR 1.2, http://kba.github.io/hocr-spec/1.2/. Boxes are whole pixels of the page as given; ``x_wconf`` is 0 to 100.
A table is a ``table`` with its spans, and each cell has a paragraph of its own. A figure is an empty ``ocr_photo``.
What is unread is an empty ``ocrx_unread`` after a page's areas: classes that begin so are an engine's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import IO, Any

from lxml import etree

from rasm.document import Box, Line, Page, RegionKind
from rasm.formats.directions import directions, levelled
from rasm.formats.structure import tongue, with_first
from rasm.formats.xml import clean, whole, xml_file

_XHTML = "http://www.w3.org/1999/xhtml"
_CLASSES: dict[RegionKind, str] = {
    "paragraph": "ocr_par",
    "heading": "ocr_par",
    "header": "ocr_header",
    "footer": "ocr_footer",
    "page-number": "ocr_pageno",
    "footnote": "ocr_par",
    "marginalia": "ocr_par",
    "list-item": "ocr_par",
    "caption": "ocr_caption",
    "verse": "ocr_par",
    "table": "ocr_table",
    "figure": "ocr_photo",
    "other": "ocr_par",
}
_DOCTYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'


def write_hocr(pages: Iterable[Page], file: IO[bytes], *, name: str, model: str = "", page_count: int | None = None) -> None:
    """XHTML, UTF-8, page by page. name: the file's that was read. model: the name and version of what read it.

    page_count: how many pages will come; where it is not known, the head does not say it.
    """
    first, pages = with_first(pages)
    with xml_file(file, "html", _XHTML, {**_language(first), "dir": first.direction}, _DOCTYPE) as html:
        html.write(_head(name, model, page_count, tongue(first) or "unknown"))
        with html.within("body"):
            for page in pages:
                html.write(_page(page, name))


def _language(page: Page) -> dict[str, str]:
    return {"lang": language} if (language := tongue(page)) else {}


def _head(name: str, model: str, page_count: int | None, language: str) -> Any:
    head = etree.Element("head")
    etree.SubElement(head, "title").text = clean(name)
    etree.SubElement(head, "meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    etree.SubElement(head, "meta", {"name": "ocr-system", "content": clean(model) or "rasm"})
    kinds = sorted({*_CLASSES.values()} - {"ocr_par"})
    capabilities = " ".join(["ocr_page", "ocr_carea", "ocr_par", "ocr_line", "ocrx_word", "ocrp_wconf", "ocrp_dir", "ocrx_unread", *kinds])
    etree.SubElement(head, "meta", {"name": "ocr-capabilities", "content": capabilities})
    if page_count is not None:
        etree.SubElement(head, "meta", {"name": "ocr-number-of-pages", "content": str(page_count)})
    etree.SubElement(head, "meta", {"name": "ocr-langs", "content": language})
    return head


def _page(page: Page, name: str) -> Any:
    def bbox(box: Box) -> str:
        return "bbox " + " ".join(map(str, whole(box, page.width_px, page.height_px)))

    name = clean(name).replace('"', "").replace("\\", "/")
    n = page.number
    title = f'image "{name}"; bbox 0 0 {page.width_px} {page.height_px}; ppageno {n - 1}'
    div = etree.Element("div", {"class": "ocr_page", "id": f"page_{n}", "title": title})
    ways = iter(directions(page))
    counts = {"line": 0, "word": 0}

    def write_lines(paragraph: Any, lines: Iterable[tuple[Line, float]]) -> None:
        for line, way in lines:
            counts["line"] += 1
            title = bbox(line.box) + _as_it_runs(line, page.rotation_degrees, way)
            direction = {"dir": "ltr"} if line.direction == "ltr" else {}
            own = {"class": "ocr_line", "id": f"line_{n}_{counts['line']}", **direction, "title": title}
            span = etree.SubElement(paragraph, "span", own)
            for word in line.words:
                counts["word"] += 1
                title = f"{bbox(word.box)}; x_wconf {round(100 * word.confidence)}"
                element = etree.SubElement(span, "span", {"class": "ocrx_word", "id": f"word_{n}_{counts['word']}", "title": title})
                element.text = clean(word.text)

    for r, region in enumerate(page.regions, 1):
        area = etree.SubElement(div, "div", {"class": "ocr_carea", "id": f"block_{n}_{r}", "title": bbox(region.box)})
        own = {"class": _CLASSES[region.kind], "id": f"par_{n}_{r}", **_language(page), "dir": region.direction}
        own["title"] = bbox(region.box)
        runs = [next(ways) for _ in region.lines]
        if region.kind == "figure":
            etree.SubElement(area, "div", {name: value for name, value in own.items() if name in ("class", "id", "title")})
        elif region.cells:
            table = etree.SubElement(area, "table", own)
            for _, row in groupby(region.cells, key=lambda cell: cell.row):
                element = etree.SubElement(table, "tr")
                for cell in row:
                    spans = {"colspan": str(cell.column_span)} if cell.column_span > 1 else {}
                    spans |= {"rowspan": str(cell.row_span)} if cell.row_span > 1 else {}
                    place = etree.SubElement(element, "th" if cell.row < region.head_rows else "td", {"title": bbox(cell.box), **spans})
                    if cell.lines:
                        write_lines(etree.SubElement(place, "p", {"class": "ocr_par"}), [(region.lines[k], runs[k]) for k in cell.lines])
        else:
            write_lines(etree.SubElement(area, "p", own), zip(region.lines, runs, strict=True))
    for u, unread in enumerate(page.unread, 1):
        title = f"{bbox(unread.box)}; x_reason {unread.reason}"
        etree.SubElement(div, "div", {"class": "ocrx_unread", "id": f"unread_{n}_{u}", "title": title})
    return div


def _as_it_runs(line: Line, rotation_degrees: int, degrees: float) -> str:
    """hOCR's textangle, baseline and x_size of a line that runs ``degrees`` counter-clockwise.

    textangle is the page's. The baseline is a slope, and an offset from the lower left corner of the box once that is turned upright.
    x_size is the height across the direction of the line.
    """
    title = f"; textangle {rotation_degrees}" if rotation_degrees else ""
    _, top, _, bottom = levelled(line, degrees).box
    upright = levelled(replace(line, words=[]), rotation_degrees)
    if len(upright.baseline) > 1:
        (x0, y0), (x1, y1) = upright.baseline[0], upright.baseline[-1]
        if abs(y1 - y0) < x1 - x0:  # beyond 45 degrees it says nothing
            slope = (y1 - y0) / (x1 - x0)
            title += f"; baseline {slope:.3f} {y0 + slope * (upright.box[0] - x0) - upright.box[3]:.0f}"
    return f"{title}; x_size {max(1, round(bottom - top))}"

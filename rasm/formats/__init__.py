"""A document as other programs take it: one module a format.

Where it stands: the very end of reading pages. ``rasm read`` and the service call ``write_pages`` with pages as they come, and each is
written before the next is taken. ``write`` gives a whole Document as a string.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from typing import IO

from rasm.document import Document, Page, PageError
from rasm.errors import ConfigError
from rasm.formats.alto import write_alto
from rasm.formats.docx import write_docx
from rasm.formats.hocr import write_hocr
from rasm.formats.html import write_html
from rasm.formats.markdown import Tables, write_markdown
from rasm.formats.page_xml import write_page_xml
from rasm.formats.spreadsheet import write_csv, write_xlsx

SUFFIXES = {
    "text": ".txt",
    "json": ".json",
    "markdown": ".md",
    "html": ".html",
    "docx": ".docx",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "page": ".page.xml",
    "pdf": ".pdf",
}
BINARY = ("docx", "xlsx", "pdf")
"""Formats that are no text."""

Pages = Iterable[Page | PageError]
"""In order, those that could not be read in their places."""


def write(document: Document, kind: str, *, tables: Tables = "auto") -> str:
    """``document`` in a format that is text: text, json, markdown, html, csv, hocr, alto or page.

    Raises ConfigError where there is no such format, and of PAGE XML, which holds one page, where there are more or none.
    """
    if kind in BINARY:
        raise ConfigError(f"{kind} is no text: " + ("rasm.formats.searchable_pdf" if kind == "pdf" else "write_bytes") + " makes it")
    return write_bytes(document, kind, tables=tables).decode()


def write_bytes(document: Document, kind: str, *, tables: Tables = "auto") -> bytes:
    """``document`` in any format but PDF, which needs the pages' pictures: see ``searchable_pdf``. ``tables``: see ``write_pages``.
    Raises as ``write`` does."""
    file = io.BytesIO()
    pages: list[Page | PageError] = [*document.pages, *document.errors]
    pages.sort(key=attrgetter("number"))
    write_pages(pages, kind, file, name=document.name, model=document.model, page_count=len(document.pages), tables=tables)
    return file.getvalue()


def write_pages(
    pages: Pages,
    kind: str,
    file: IO[bytes],
    *,
    name: str,
    model: str = "",
    page_count: int | None = None,
    paragraphs: bool = True,
    tables: Tables = "auto",
) -> None:
    """What ``write_bytes`` gives, page by page: each is written before the next is taken, but for DOCX and XLSX.

    JSON holds the errors, and text an empty page for each, so that pages keep their numbers. The other formats leave them out.

    Args:
        pages: in order, with the errors of those that could not be read in their places.
        kind: as of ``write_bytes``.
        file: open for bytes; it stays open.
        name: the file's that was read.
        model: the name and version of what read it.
        page_count: how many pages without errors will come, where that is known. Only hOCR tells it.
        paragraphs: whether text has each paragraph on one line; otherwise its lines are as printed.
        tables: "html" has Markdown write all tables as HTML; "auto" those that its own cannot hold.

    Raises:
        ConfigError: as ``write`` does.
    """
    match kind:
        case "text":
            _write_text(pages, file, paragraphs=paragraphs)
        case "json":
            _write_json(pages, file, name=name, model=model)
        case "markdown":
            write_markdown(_read(pages), file, tables=tables)
        case "html":
            write_html(_read(pages), file, name=name, model=model)
        case "docx":
            write_docx(_read(pages), file, name=name, model=model)
        case "csv":
            write_csv(_read(pages), file)
        case "xlsx":
            write_xlsx(_read(pages), file, name=name)
        case "hocr":
            write_hocr(_read(pages), file, name=name, model=model, page_count=page_count)
        case "alto":
            write_alto(_read(pages), file, name=name, model=model)
        case "page":
            write_page_xml(_only(pages), file, name=name, model=model)
        case _:
            raise ConfigError(f"there is no format {kind!r}; there are {', '.join([form for form in SUFFIXES if form != 'pdf'])}")


def _read(pages: Pages) -> Iterable[Page]:
    """Those without errors. An image of one line that was read as empty has that line, which is nothing to write."""
    for page in pages:
        if isinstance(page, Page):
            yield page if page.kind == "page" or page.text else replace(page, regions=[])


def _only(pages: Pages) -> Page:
    first = list(islice(_read(pages), 2))
    if len(first) != 1:
        raise ConfigError(f"a PAGE file holds one page and the document has {'several' if first else 'none'}: write one for each")
    return first[0]


def _alone(page: Page | PageError) -> Document:
    return Document("", [page]) if isinstance(page, Page) else Document("", [], errors=[page])


def _write_text(pages: Pages, file: IO[bytes], *, paragraphs: bool) -> None:
    for n, page in enumerate(pages):
        file.write(_encoded(("\f" if n else "") + _alone(page).to_text(paragraphs=paragraphs)))


def _write_json(pages: Pages, file: IO[bytes], *, name: str, model: str) -> None:
    """What ``Document.to_json`` gives, page by page."""
    between = "{"
    for key, value in Document(name, [], model).to_dict().items():
        file.write(_encoded(f"{between}{json.dumps(key)}: " + ("[" if key == "pages" else json.dumps(value, ensure_ascii=False))))
        if key == "pages":
            for n, page in enumerate(pages):
                [said] = _alone(page).to_dict()["pages"]
                file.write(_encoded((", " if n else "") + json.dumps(said, ensure_ascii=False)))
            file.write(b"]")
        between = ", "
    file.write(b"}")


def _encoded(text: str) -> bytes:
    """UTF-8, which has no lone surrogates: names of files and broken text layers may."""
    return text.encode(errors="replace")

"""Pages -> Markdown as GitHub takes it (GFM): headings, paragraphs, lists, tables.

Where it stands: beside the other formats, for language models, notes and repositories. It is written page by page, an empty line between.
Signs that Markdown would take for its own are escaped, so a reader of Markdown gives the text back as it was read.

A table is one of GFM where that can hold it: where no cell reaches over others and at most one row is its head. Else it is HTML, which
GFM takes too. GFM's tables have a head always: their first row, where none was seen.

Source: https://github.github.com/gfm/, sections 2.4 (escapes), 4.10 (tables), 5.2 (list items).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO, Literal

from lxml import etree

from rasm.document import Page, Region
from rasm.formats.html import table_element
from rasm.formats.structure import marker_of, rows_of

Tables = Literal["auto", "html"]

_ITEM = re.compile(r"[-+*]|\d{1,9}[.)]")  # markers of GFM's own lists
_INDENT = 4  # spaces a level: as deep as any of those markers asks for
_BESIDE = "\u2003"  # between pieces that stand side by side: an em space
_START = re.compile(r"(?:#{1,6}|[-+*]|\d{1,9}[.)]|>|[-_*=]{2,}|~{3,}|:?-+:?)(?=\s|$)|>|[-=]+$|~{3,}|\[[ xX]\]|\[[^\]]+\]:")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_HTML = re.compile(r"<(?=[A-Za-z/!?])")


def write_markdown(pages: Iterable[Page], file: IO[bytes], *, tables: Tables = "auto") -> None:
    """UTF-8, page by page. tables: "html" writes every table as HTML."""
    between = ""
    for page in pages:
        if text := markdown_of(page, tables):
            file.write((between + text + "\n").encode(errors="replace"))
            between = "\n"


def markdown_of(page: Page, tables: Tables = "auto") -> str:
    """One page, without its last line's end."""
    text, before = "", None
    for region in page.regions:
        if not region.lines and not region.cells:
            continue  # a figure: there is no address of its picture
        in_list = before is not None and before.kind == region.kind == "list-item"
        text += ("\n" if in_list else "\n\n" if text else "") + _block(region, tables)
        before = region
    return text


def _block(region: Region, tables: Tables) -> str:
    if region.cells:
        return (
            _table(region)
            if tables == "auto" and _fits(region)
            else etree.tostring(table_element(region), encoding="unicode", pretty_print=True).strip()
        )
    if region.kind == "heading":
        return "#" * min(region.level or 2, 6) + " " + re.sub(r"(#+)$", r"\\\1", escaped(" ".join(region.paragraph.split()), starts=False))
    if region.kind == "list-item":
        return " " * _INDENT * ((region.level or 1) - 1) + _item(" ".join(region.paragraph.split()))
    return "  \n".join(_BESIDE.join(escaped(piece, starts=not k) for k, piece in enumerate(row)) for row in rows_of(region))


def _item(text: str) -> str:
    """With the marker that was read where GFM knows it, else with a dash before all of it."""
    marker = marker_of(text)
    if _ITEM.fullmatch(marker):
        return f"{marker} {escaped(text[len(marker) :].strip())}"
    return f"- {escaped(text)}"


def _fits(region: Region) -> bool:
    return region.head_rows < 2 and all(cell.row_span == cell.column_span == 1 for cell in region.cells)


def _table(region: Region) -> str:
    head, *rows = ("| " + " | ".join(escaped(text, starts=False).replace("|", r"\|") for text in row) + " |" for row in region.rows)
    return "\n".join([head, "|" + " --- |" * len(region.rows[0]), *rows])


def escaped(text: str, *, starts: bool = True) -> str:
    """``text`` as Markdown that says it, with as few backslashes as that takes. starts: whether it begins a block."""
    found = re.sub(r"([\\`*])", r"\\\1", " ".join(text.split("\n")))
    found = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", found)  # within a word it is no sign of Markdown, so most addresses stay whole
    found = re.sub(r"~(?=~)|(?<=~)~", r"\\~", found)
    found = re.sub(r"\](?=[(\[])", r"\\]", found)
    found = _HTML.sub(r"\\<", _ENTITY.sub(r"\\&", found))
    if starts and (start := _START.match(found)):
        sign = start[0]
        number = re.match(r"\d+", sign)
        at = number.end() if number else 0
        found = found[:at] + "\\" + found[at:]
    return found

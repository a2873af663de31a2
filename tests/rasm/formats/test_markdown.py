"""Markdown: what a reader of GFM makes of it is what was read."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from rasm.document import Cell, Document, Line, Page, Region, RegionKind
from rasm.formats import write
from rasm.formats.markdown import escaped
from tests.rasm.formats.documents import DOCUMENTS

GFM = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BOX = (0.0, 0.0, 10.0, 10.0)


def region(kind: RegionKind, *texts: str, level: int | None = None) -> Region:
    return Region(kind, BOX, [Line(text, 1.0, BOX) for text in texts], level=level)


def document(*regions: Region) -> Document:
    return Document("x", [Page(1, 10, 10, [*regions])])


def table(rows: list[list[str]], head_rows: int = 1) -> Region:
    lines = [Line(text, 1.0, BOX) for row in rows for text in row]
    cells = [Cell(k // len(rows[0]), k % len(rows[0]), 1, 1, BOX, [k]) for k in range(len(lines))]
    return Region("table", BOX, lines, cells, head_rows=head_rows)


def rendered(markdown: str) -> etree._Element:
    return etree.fromstring(f"<body>{GFM.render(markdown)}</body>", etree.HTMLParser()).find("body")


def text_of(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


SIGNS = (
    st.text(st.sampled_from("اب a1٢.)(-+*_#`~|\\<>&;[]!:/=\u201c"), min_size=1, max_size=14).map(lambda s: " ".join(s.split())).filter(bool)
)


@given(SIGNS)
@settings(max_examples=400, deadline=None)
@example("1. ليس قائمة")
@example("# ليس عنوانا")
@example("a_b_c _d_ __e__")
@example("&amp; &#65; <b>x</b>")
@example("[x]: y")
@example("[ ] مهمة")
@example("---")
@example("~~a~~")
@example("`a`")
@example("==")
def test_a_paragraph_is_read_back_as_it_was(text: str) -> None:
    (paragraph,) = rendered(write(document(region("paragraph", text)), "markdown"))
    assert paragraph.tag == "p" and text_of(paragraph) == text


@given(SIGNS)
@settings(max_examples=200, deadline=None)
def test_a_heading_and_a_cell_are_read_back_as_they_were(text: str) -> None:
    (heading,) = rendered(write(document(region("heading", text, level=2)), "markdown"))
    assert heading.tag == "h2" and text_of(heading) == text
    (made,) = rendered(write(document(table([["رأس", "آخر"], [text, "قيمة"]])), "markdown"))
    assert made.tag == "table" and [text_of(cell) for cell in made.iter("td", "th")] == ["رأس", "آخر", text, "قيمة"]


def test_addresses_stay_as_they_are() -> None:
    for text in ("https://example.org/a_b?c=d_e&f=1", "ab_c@example.org", "www.example.org/x_y"):
        assert escaped(text) == text
        assert text_of(rendered(escaped(text))) == text


def test_the_structure_of_a_page() -> None:
    body = rendered(write(DOCUMENTS["structure"](), "markdown"))
    assert [child.tag for child in body] == ["h1", "h3", "ul", "p", "p", "table"]
    (outer,) = [child for child in body if child.tag == "ul"]
    assert [text_of(item).partition(" فرع")[0] for item in outer.findall("li")] == ["أول", "٢- ثان"]
    assert text_of(outer.find("li/ul/li")) == "فرع من الأول يمتد سطرين"


@pytest.mark.parametrize("marker", ["-", "*", "+", "1.", "12)"])
def test_markers_that_markdown_has_are_its_own(marker: str) -> None:
    (made,) = rendered(write(document(region("list-item", f"{marker} بند"), region("list-item", f"{marker} آخر")), "markdown"))
    assert made.tag == ("ol" if marker[0].isdigit() else "ul") and [text_of(item) for item in made] == ["بند", "آخر"]


def test_other_markers_are_kept_as_they_were_read() -> None:
    items = ["١- أول", "أ) ثان", "• ثالث", "(٤) رابع", "☑ خامس"]
    (made,) = rendered(write(document(*[region("list-item", item) for item in items]), "markdown"))
    assert [text_of(item) for item in made] == items


def test_tables_with_spans_are_html_and_others_where_it_is_asked_for() -> None:
    plain = table([["أ", "ب"], ["ج", ""]])
    spanning = replace(plain, cells=[Cell(0, 0, 1, 2, BOX, [0]), Cell(1, 0, 1, 1, BOX, [2]), Cell(1, 1, 1, 1, BOX)])
    two_heads = replace(plain, head_rows=2)
    assert "<table" not in write(document(plain), "markdown")
    for given_, tables in ((plain, "html"), (spanning, "auto"), (two_heads, "auto")):
        found = rendered(write(document(given_), "markdown", tables=tables))  # type: ignore[arg-type]
        (made,) = found.iter("table")
        assert made.get("dir") == "rtl"
        cells = [(c.tag, text_of(c), c.get("colspan")) for c in made.iter("td", "th")]
        assert len(cells) == len(given_.cells) and cells[0][0] == "th"
        assert (cells[0][2] == "2") == (given_ is spanning)
        assert [tag for tag, _, _ in cells].count("th") == sum(cell.row < given_.head_rows for cell in given_.cells)


def test_verses_and_rows_keep_their_lines() -> None:
    halves = [
        Line(text, 1.0, box)
        for text, box in (("صدر", (60, 0, 99, 10)), ("عجز", (1, 0, 40, 10)), ("ثان", (60, 20, 99, 30)), ("رابع", (1, 20, 40, 30)))
    ]
    (verse,) = rendered(write(document(Region("verse", BOX, halves)), "markdown"))
    assert len(verse.findall("br")) == 1 and [re.split("\u2003", part) for part in "".join(verse.itertext()).split("\n")] == [
        ["صدر", "عجز"],
        ["ثان", "رابع"],
    ]


def test_pages_are_parted_by_an_empty_line_and_empty_ones_are_nothing() -> None:
    pages = [Page(n, 10, 10, [region("paragraph", text)] if text else []) for n, text in enumerate(("أ", "", "ب"), 1)]
    assert write(Document("x", pages), "markdown") == "أ\n\nب\n"
    assert write(Document("x", []), "markdown") == ""


def test_text_is_escaped_in_html_tables() -> None:
    made = write(document(table([["<script>alert(1)</script>", "&"], ["a", "b"]])), "markdown", tables="html")
    assert "<script" not in made and html.unescape(made).count("<script>alert(1)") == 1

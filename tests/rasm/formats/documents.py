"""Documents whose XML is kept in ``golden/``: one of each thing that the formats tell apart."""

from __future__ import annotations

from rasm.document import Cell, Character, Document, Line, Page, PageError, Region, RegionKind, Word
from tests.turned import level_page, turned_page


def of_every_kind() -> Document:
    """Regions of every kind that 0.8.0 knew on two pages of three: the second could not be read."""
    kinds: tuple[RegionKind, ...] = (
        "paragraph", "heading", "header", "footer", "page-number", "footnote", "marginalia", "other",
    )  # fmt: skip
    box = (10.4, 20.6, 190.2, 60.5)
    regions = [Region(kind, box, [Line(f"سطر {i}", 0.987654, box, [(10.0, 50.0), (190.0, 52.0)])]) for i, kind in enumerate(kinds)]
    pages = [Page(1, 200, 100, regions), Page(3, 200, 100, regions[:1], rotation_degrees=180, skew_degrees=0.4, source="text_layer")]
    return Document("كتاب.pdf", pages, "rasm-print 8", [PageError(2, "unreadable_image", "it cannot be decoded")])


def of_tables() -> Document:
    """The kinds that came after 0.8.0, and a table with a span, an empty cell, and a cell of two lines."""
    box = (10.4, 20.6, 190.2, 60.5)
    kinds: tuple[RegionKind, ...] = ("list-item", "caption", "verse", "table")
    regions = [Region(kind, box, [Line(f"سطر {i}", 0.9, box)]) for i, kind in enumerate(kinds)]
    cells = [Cell(0, 0, 1, 2, (10.0, 20.0, 190.0, 40.0), [0]), Cell(1, 0, 1, 1, (100.0, 40.0, 190.0, 60.0), [1, 2])]
    cells.append(Cell(1, 1, 1, 1, (10.0, 40.0, 100.0, 60.0)))
    regions.append(Region("table", box, [Line(f"خلية {i}", 0.9, box) for i in range(3)], cells))
    return Document("جدول.png", [Page(1, 200, 100, regions)], "rasm-print 8")


def of_structure() -> Document:
    """What 0.11.0 knows besides: levels, a figure, a table from left to right with a head and what formats have to escape."""
    box = (10.4, 20.6, 190.2, 60.5)

    def region(kind: RegionKind, *texts: str, level: int | None = None) -> Region:
        return Region(kind, box, [Line(text, 0.9, box) for text in texts], level=level)

    cells = [
        Cell(r, c, 1, 1, (10.0 + 90 * c, 20.0 + 20 * r, 100.0 + 90 * c, 40.0 + 20 * r), [2 * r + c]) for r in range(2) for c in range(2)
    ]
    regions = [
        region("heading", "تقرير", level=1),
        region("heading", "القسم #1", level=3),
        region("list-item", "أول", level=1),
        region("list-item", "فرع من الأول", "يمتد سطرين", level=2),
        region("list-item", "٢- ثان", level=1),
        Region("figure", box, []),
        region("paragraph", "a*b* <i>", "[x](y) &amp; _z_ snake_case"),
        region("paragraph", "1. ليس قائمة"),
        Region("table", box, [Line(text, 0.9, box) for text in ("Item | no.", "Price", "=A1", "1,200.50")], cells, head_rows=1),
    ]
    return Document("بنية.png", [Page(1, 200, 100, regions)], "rasm-print 11")


def of_lines() -> Document:
    """Words and signs: level, on its side, and askew."""
    level = level_page(["ذهب الولد الى المدرسة", "1996-2000"])
    return Document("page.png", [turned_page(level, degrees) for degrees in (0, 90, 98)], "tiny 1")


def of_nothing() -> Document:
    """An empty page; a line without words, of boxes beyond its page."""
    line = Line("", 0.0, (-5.0, -5.0, 0.2, 0.4))
    return Document("", [Page(1, 30, 20, []), Page(2, 30, 20, [Region("other", (25.0, 15.0, 99.0, 99.0), [line])])])


def of_nasty_text() -> Document:
    """What XML has to escape, and what it cannot hold: control characters, a lone surrogate, what is no character."""
    text = "a\x00<&\x0b\ufffe\ud800\"'>]]>\x1b\U0001f600b"
    box = (0.0, 0.0, 5.0, 5.0)
    word = Word(text, 1.0, box, [Character(sign, 0.5, box) for sign in text])
    return Document(f'C:\\{text}".png', [Page(1, 10, 10, [Region("paragraph", box, [Line(text, 1.0, box, [], [word])])])], f"m {text}")


DOCUMENTS = {
    "kinds": of_every_kind,
    "tables": of_tables,
    "structure": of_structure,
    "lines": of_lines,
    "nothing": of_nothing,
    "nasty": of_nasty_text,
}

"""In which orders a PDF can hold Arabic, and what readers make of each: why no PDF is right in all of them. The table of docs/pages.md.

    python -m scripts.pdf_orders

Each way of writing is a PDF of two lines of Arabic words, put together by hand. Readers are those of ``scripts/searchable_pdfs.py``,
and MuPDF where the package ``pymupdf`` is there. Needs pikepdf.
"""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name

from rasm.command_line import command, run
from rasm.formats import glyphless
from scripts.searchable_pdfs import READERS, lines_of

LINES = ["مرحبا بالعالم في هذا الكتاب القديم", "كتبه مؤلف من أهل العراق"]
_LETTER, _RIGHT, _TOP, _STEP = 6.0, 550.0, 250, 40  # in points; glyphs are half as wide as their type of 12 is high


@dataclass(frozen=True)
class Way:
    """glyphs: of "letters" or "words". order: in which they are stored, as "drawn" from left to right, or as "typed". says: what each
    word's ActualText is, its letters as "drawn" or as "typed"; None without one. reversed_chars: whether lines are marked so."""

    glyphs: str
    order: str
    says: str | None = None
    reversed_chars: bool = False


WAYS = {
    "letters as drawn": Way("letters", "drawn"),
    "letters as typed": Way("letters", "typed"),
    "letters as drawn, ReversedChars": Way("letters", "drawn", reversed_chars=True),
    "words as typed": Way("words", "typed"),
    "words as typed, ActualText as typed": Way("words", "typed", "typed"),
    "words as typed, ActualText as drawn": Way("words", "typed", "drawn"),
}


@command("python -m scripts.pdf_orders", __doc__)
def pdf_orders() -> None:
    readers = READERS | _mupdf()
    print("| stored | " + " | ".join(readers) + " |\n|" + "---|" * (len(readers) + 1))
    for name, way in WAYS.items():
        data = made(way)
        print(f"| {name} | " + " | ".join("right" if is_right(read(data)) else "wrong" for read in readers.values()) + " |")


def is_right(text: str) -> bool:
    return lines_of(text) == LINES


def _mupdf() -> dict[str, Callable[[bytes], str]]:
    if not importlib.util.find_spec("pymupdf"):
        return {}
    pymupdf = importlib.import_module("pymupdf")
    return {"MuPDF": lambda data: "\n".join(page.get_text() for page in pymupdf.open(stream=data, filetype="pdf"))}


def made(way: Way) -> bytes:
    """The PDF. Words stand where they would be printed in every way of writing."""
    glyphs: dict[str, int] = {}
    steps: list[str] = []

    def show(says: str, x: float, y: float) -> str:
        return f"1 0 0 1 {x:.1f} {y} Tm <{glyphs.setdefault(says, len(glyphs) + 1):04X}> Tj"

    for n, line in enumerate(LINES):
        y, right = _TOP - n * _STEP, _RIGHT
        shown: list[str] = []
        for word in line.split():
            left = right - _LETTER * len(word)
            if way.glyphs == "words":
                said = word if way.says == "typed" else word[::-1]
                drawn = show(word, left, y)
                text = b"\xfe\xff" + said.encode("utf-16-be")
                shown.append(f"/Span <</ActualText <{text.hex()}>>> BDC {drawn} EMC" if way.says else drawn)
            else:
                shown += [show(sign, right - _LETTER * (k + 1), y) for k, sign in enumerate(word)]
            right = left - _LETTER
            shown.append(show(" ", right, y))
        ordered = shown[:-1] if way.order == "typed" else shown[-2::-1]
        steps += ["/ReversedChars BMC", *ordered, "EMC"] if way.reversed_chars else ordered
    return _file("BT 3 Tr /F 12 Tf\n" + "\n".join(steps) + "\nET", [*glyphs])


def _file(content: str, glyphs: Sequence[str]) -> bytes:
    """A page with these steps, in a font without ink of which each glyph is as wide as what it says."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(600, 300))
    data = glyphless.font([len(says) for says in glyphs])
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name("/Glyphless"), Flags=4, FontBBox=[0, -200, 1000, 800], ItalicAngle=0, Ascent=800,
        Descent=-200, CapHeight=800, StemV=80, FontFile2=pdf.make_stream(data, Length1=len(data)),
    )  # fmt: skip
    inner = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name("/Glyphless"), FontDescriptor=pdf.make_indirect(descriptor), DW=500,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0), CIDToGIDMap=Name.Identity,
        W=[1, [round(1000 * glyphless.ADVANCE * len(says)) for says in glyphs]],
    )  # fmt: skip
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/Glyphless"), Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(inner)]), ToUnicode=pdf.make_stream(glyphless.to_unicode(glyphs)),
    )  # fmt: skip
    page.Resources = Dictionary(Font=Dictionary(F=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(content.encode())
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    return run(pdf_orders, arguments)


if __name__ == "__main__":
    sys.exit(main())

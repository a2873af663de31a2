"""The words of a page's text file: plain text as it is, Markdown without its marks.

Where it stands: called by ``evaluation/datasets.py``. An engine reads what is printed, so headings' ``#``, tables' ``|`` and
``<td>`` and the place-holder ``<image>`` are no text. Markdown is read by Python-Markdown, its HTML by the standard library.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import markdown

from model.data.pairs import EmptyLabel, NotUtf8
from rasm.errors import TextError

MAX_BYTES = 16_000_000  # of one document's text: a book has less


def read_page_text(path: Path) -> str:
    """The text of a page or document, with its line breaks. Raises OSError, or a TextError."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TextError(f"more than {MAX_BYTES:,} bytes of text for one document")
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as e:
        raise NotUtf8(f"not UTF-8: {e.reason} at byte {e.start}") from e
    if path.suffix.lower() == ".md":
        text = plain_text(text)
    if not text:
        raise EmptyLabel("the file is empty")
    return text


def plain_text(text: str) -> str:
    """Markdown, with HTML in it, -> what a reader sees of it: one line for each heading, paragraph line or table cell."""
    words = _Words()
    words.feed(markdown.markdown(text.replace("<image>", "\n\n"), extensions=["tables"]))  # KITAB-Bench's place-holder
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.pieces).splitlines())
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    """Collects what stands between the tags; a tag that begins or ends a block also ends a line."""

    INLINE = frozenset(("a", "b", "code", "em", "i", "s", "span", "strong", "sub", "sup", "u"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.INLINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.INLINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

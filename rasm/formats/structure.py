"""What formats that keep a document's structure share: rows of text in a region, markers of list items, and the language.

Where it stands: beneath ``markdown``, ``html``, ``docx``, ``hocr`` and ``alto``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from rasm.document import Page, Region

#: What may begin a list item and is kept as it was read: a bullet, or a number or letter with a sign after it, or in brackets.
_MARKER = re.compile(
    r"(?:[-+–—•‣▪▫■□●○◦◆◇★☆*✓✔✗✘☐☑☒➢➤►]|[(\[]\s?(?:\d{1,3}|\w)\s?[)\]]|(?:\d{1,3}(?:\.\d{1,3}){0,3}|[A-Za-zء-ي]|[ivx]{1,4})\s?[.)\-–:/])(?=\s|$)"
)


def marker_of(text: str) -> str:
    """The marker with which a list item begins; empty where it has none that was read."""
    found = _MARKER.match(text)
    return found[0] if found else ""


def has_marker(text: str) -> bool:
    return bool(marker_of(text))


def rows_of(region: Region) -> list[list[str]]:
    """A region's text as it is set: one row of one piece where it is prose, else a row for each line, in pieces as they stand side by
    side. Without rows of pieces lines are joined."""
    return [row.split("\t") for row in region.paragraph.split("\n")]


def tongue(page: Page) -> str | None:
    """The page's language as HTML names it (BCP 47): Arabic where only the script is known, None where it runs from left to right."""
    return page.language or ("ar" if page.direction == "rtl" else None)


def with_first(pages: Iterable[Page]) -> tuple[Page, Iterable[Page]]:
    """The first page, whose language and direction are those of its document, and all of them; an empty page where there is none."""
    left = iter(pages)
    first = next(left, None)
    return (Page(1, 1, 1, []), ()) if first is None else (first, chain([first], left))

"""What formats that keep a document's structure share: rows of text in a region, and markers of list items.

Where it stands: beneath ``markdown``, ``html`` and ``docx``.
"""

from __future__ import annotations

import re

from rasm.document import Region

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

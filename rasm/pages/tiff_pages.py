"""How many pages a TIFF has, found without Pillow: from its directories alone, whose number and size are bounded.

Where it stands: beneath ``files.py``, before Pillow looks at the file. The service asks here too, which TIFFs have several pages.

Pillow reads each directory's entries one by one, in Python. A file of 0.8 MB whose 120 directories of 65,535 entries lie over each other
keeps it busy for 50 s. Source of the layout: TIFF 6.0, section 2; BigTIFF, https://www.awaresystems.be/imaging/tiff/bigtiff.html
"""

from __future__ import annotations

import struct
from typing import Protocol

from rasm.errors import UnreadableImage

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MOST_ENTRIES = 1024  # of one directory: a page has some twenty, and a microscope's with all its own some hundred
MOST_ENTRIES_IN_ALL = 200_000  # Pillow takes some 5 microseconds for each: a second. A file of 2,000 pages has 40,000


class Readable(Protocol):
    """The part of an open file that is used."""

    def read(self, num_bytes: int = ..., /) -> bytes: ...

    def seek(self, position: int, /) -> object: ...


def count_directories(file: Readable, most: int) -> int:
    """At most ``most`` + 1: the rest is not looked at. ``file`` is left at its beginning.

    Raises UnreadableImage: no TIFF, a directory that is not there, or more entries than pages need.
    """
    try:
        return _count(file, most)
    except struct.error as e:
        raise UnreadableImage("the TIFF is broken or truncated; save it again") from e
    finally:
        file.seek(0)


def _count(file: Readable, most: int) -> int:
    head = _read(file, 0, 16)
    order, is_big = (">" if head[:2] == b"MM" else "<"), b"+" in head[:4]
    number, offset = (struct.Struct(order + kind) for kind in ("QQ" if is_big else "HI"))
    entry_bytes = 20 if is_big else 12
    [at] = offset.unpack_from(head, 8 if is_big else 4)
    seen: set[int] = set()
    entries = 0
    while at and at not in seen and len(seen) <= most:
        seen.add(at)
        [count] = number.unpack(_read(file, at, number.size))
        entries += count
        if count > MOST_ENTRIES or entries > MOST_ENTRIES_IN_ALL:
            raise UnreadableImage("the TIFF has more entries than pages need; save it again")
        [at] = offset.unpack(_read(file, at + number.size + count * entry_bytes, offset.size))
    return len(seen)


def _read(file: Readable, at: int, size: int) -> bytes:
    if at >= 2**63:  # no place in a file
        raise struct.error
    file.seek(at)
    return file.read(size)

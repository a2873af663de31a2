"""The font of hidden text: glyphs that cover nothing, as wide as so many letters, and what each says.

Where it stands: ``searchable_pdf.py`` makes one for each page. A glyph may say several letters, as a number does whose digits must stay
together; its width is theirs. Tables and their fields: the OpenType specification 1.9, and of those the ones that PDF 32000-1, 9.9
wants of a font that is embedded.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

ADVANCE = 0.5  # of each letter, in heights of the type
MOST_LETTERS = 60  # of one glyph: wider ones have no number in the table of outlines
_UNITS, _ASCENT, _DESCENT = 1000, 800, -200


def font(letters: Sequence[int]) -> bytes:
    """A TrueType font whose glyphs, from 1 on, are so many letters wide.

    Each is a stroke there and back from corner to corner of the type. Nothing is inside of it, and its box is that of its letters:
    PDFium leaves out letters without a height that stand on their side, and marks what was found by the letters' boxes.
    """
    widths = [round(ADVANCE * _UNITS)] + [round(ADVANCE * _UNITS * n) for n in letters]
    glyphs = [b""] + [_stroke(width) for width in widths[1:]]
    ends = [0]
    for glyph in glyphs:
        ends.append(ends[-1] + len(glyph))
    count, widest = len(glyphs), max(widths)
    head = struct.pack(">IIIIHHQQhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _UNITS, 0, 0, 0, _DESCENT, widest, _ASCENT, 0, 8, 2, 1, 0)
    hhea = struct.pack(">IhhhHhhhhhh4hhH", 0x10000, _ASCENT, _DESCENT, 0, widest, 0, 0, widest, 1, 0, 0, 0, 0, 0, 0, 0, count)
    maxp = struct.pack(">IH13H", 0x10000, count, 2, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)
    tables = {
        b"glyf": b"".join(glyphs),
        b"head": head,
        b"hhea": hhea,
        b"hmtx": b"".join(struct.pack(">Hh", width, 0) for width in widths),
        b"loca": b"".join(struct.pack(">I", end) for end in ends),
        b"maxp": maxp,
    }
    power = len(tables).bit_length() - 1
    header = struct.pack(">IHHHH", 0x10000, len(tables), 16 << power, power, 16 * len(tables) - (16 << power))
    at = len(header) + 16 * len(tables)
    for tag, table in tables.items():
        padded = table + bytes(-len(table) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        header += tag + struct.pack(">III", checksum, at, len(table))
        at += len(padded)
    return header + b"".join(table + bytes(-len(table) % 4) for table in tables.values())


def _stroke(width: int) -> bytes:
    """One contour of two points, with 16-bit steps; 24 bytes."""
    outline = struct.pack(">hhhhhHHBBhhhh", 1, 0, _DESCENT, width, _ASCENT, 1, 0, 1, 1, 0, width, _DESCENT, _ASCENT - _DESCENT)
    return outline + bytes(-len(outline) % 4)


def to_unicode(says: Sequence[str]) -> bytes:
    """The CMap that tells what each glyph says, from 1 on."""
    entries = [f"<{code:04X}> <{text.encode('utf-16-be', 'replace').hex().upper()}>" for code, text in enumerate(says, 1)]
    blocks = [entries[i : i + 100] for i in range(0, len(entries), 100)]
    lines = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{lines}\nendcmap\n"
        "CMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode()


def same_numbers(count: int) -> bytes:
    """A CIDToGIDMap of ``count`` glyphs and .notdef, whose codes are their numbers."""
    return b"".join(number.to_bytes(2, "big") for number in range(count + 1))

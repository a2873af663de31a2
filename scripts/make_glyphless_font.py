"""Make model/formats/glyphless.ttf, the font of the hidden text in searchable PDFs: a glyph without outline for each character.

    python scripts/make_glyphless_font.py

All glyphs are half as wide as the type is high. A glyph of its own for each character lets every PDF reader find the character
from the glyph. Needs fontTools, which matplotlib brings; reading does not.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model.charset import DEFAULT_CHARSET, EXTENDED_DIGITS  # noqa: E402

OUT = ROOT / "model" / "formats" / "glyphless.ttf"
UNITS, ADVANCE = 1000, 500


def main() -> None:
    characters = sorted({*DEFAULT_CHARSET.characters, *EXTENDED_DIGITS, *map(chr, range(0x20, 0x7F)), *map(chr, range(0x621, 0x656))})
    names = {ord(c): f"uni{ord(c):04X}" for c in characters}
    order = [".notdef", *names.values()]
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf({name: Glyph() for name in order})
    builder.setupHorizontalMetrics(dict.fromkeys(order, (ADVANCE, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Rasm Glyphless", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = 0  # the same file every time
    builder.font.recalcTimestamp = False
    builder.save(OUT)
    print(f"{OUT.relative_to(ROOT)}: {len(order)} glyphs, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()

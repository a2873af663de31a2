"""Make rasm/formats/glyphless.ttf, the font of the hidden text in searchable PDFs: a glyph that covers nothing for each character.

    python -m scripts.make_glyphless_font

All glyphs are half as wide as the type is high. A glyph of its own for each character lets every PDF reader find the character
from the glyph. Needs fontTools, which matplotlib brings; reading does not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

from rasm.command_line import command, run
from rasm.text.charset import DEFAULT_CHARSET, EXTENDED_DIGITS

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "rasm" / "formats" / "glyphless.ttf"
UNITS, ADVANCE, ASCENT, DESCENT = 1000, 500, 800, -200


@command("python -m scripts.make_glyphless_font", __doc__)
def make() -> None:
    characters = sorted({*DEFAULT_CHARSET.characters, *EXTENDED_DIGITS, *map(chr, range(0x20, 0x7F)), *map(chr, range(0x621, 0x656))})
    names = {ord(c): f"uni{ord(c):04X}" for c in characters}
    order = [".notdef", *names.values()]
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(order, _stroke()))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (ADVANCE, 0)))
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Rasm Glyphless", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = 0  # the same file every time
    builder.font.recalcTimestamp = False
    builder.save(OUT)
    print(f"{OUT.relative_to(ROOT)}: {len(order)} glyphs, {OUT.stat().st_size} bytes")


def _stroke() -> Glyph:
    """There and back from corner to corner of the type: nothing is inside of it, and its box is that of a letter. PDFium leaves out
    letters without a height that stand on their side, and marks what was found by the letters' boxes."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, DESCENT))
    pen.lineTo((ADVANCE, ASCENT))
    pen.closePath()
    return pen.glyph()


def main(arguments: Sequence[str] | None = None) -> int:
    return run(make, arguments)


if __name__ == "__main__":
    sys.exit(main())

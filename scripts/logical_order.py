"""Does what is typed come back as it was typed? The table of docs/logical-order.md.

    python -m scripts.logical_order --out docs/logical-order.md
    (on Debian: apt install fonts-hosny-amiri fonts-sil-scheherazade fonts-noto-core fonts-dejavu-core)

Each text of the suite is set in every font, undamaged, and read by the shipped model. Two things are counted. Lines that are read
exactly are what users want. Lines in which every sign is read, in whatever order, tell errors of order from errors of sight.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from model.rendering.fonts import Font, find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import LATIN_KEPT, TextSource
from rasm.command_line import PATH, command, option, run, write_page
from rasm.errors import ConfigError
from rasm.image import ImageSettings
from rasm.lines.recognizer import Recognizer
from rasm.text.bidi import Direction
from rasm.text.charset import DEFAULT_CHARSET
from rasm.text.languages import as_drawn, guess_language, write_in
from rasm.text.normalisation import OTHER_LANGUAGES, LabelSettings, normalise_label
from rasm.weights import SHIPPED_MODEL
from scripts.order_suite import AMBIGUOUS, SUITE

ROOT = Path(__file__).resolve().parent.parent
FONTS = ("Amiri-Regular.ttf", "Scheherazade-Regular.ttf", "NotoNaskhArabic-Regular.ttf", "NotoSansArabic-Regular.ttf")
SIGNS_OF = "DejaVuSans.ttf"  # of those that a font lacks
DRAWS = 1  # of each text in each font


@command("python -m scripts.logical_order", __doc__, stopped="; nothing was written")
@option("--model", type=PATH, default=SHIPPED_MODEL, metavar="FILE", show_default="the shipped model", help="Who reads.")
@option("--out", type=PATH, metavar="FILE", help="Write the table here, not to the terminal.")
def measure(model: Path, out: Path | None) -> None:
    by_name = {Path(f.path).name: f for f in find_fonts((), DEFAULT_CHARSET)}
    if missing := {*FONTS, SIGNS_OF} - by_name.keys():
        raise ConfigError(f"wanted are the fonts {', '.join(sorted(missing))}")
    fonts, signs = [by_name[name] for name in FONTS], replace(by_name[SIGNS_OF], arabic=False)
    recognizer = Recognizer(model)
    rows = []
    exact = in_order = alike = drawn = 0
    for kind, strings in itertools.groupby(SUITE, key=lambda string: string[0]):
        title = kind
        for _, typed, direction in strings:
            language = guess_language([typed])
            # of what is drawn alike, the one that Arabic text is written with
            text = typed if language != "ar" else normalise_label(typed, LabelSettings(keep_apart=LATIN_KEPT))
            readings = read(recognizer, fonts, signs, text, direction)
            if language != "ar":
                readings = [write_in(reading, language) for reading in readings]
            right = sum(r == text for r in readings)
            seen = [r for r in readings if Counter(r) == Counter(text)]
            others = Counter(r for r in readings if r != text).most_common(1)
            if right < len(readings):
                rows.append(f"| {title} | {cell(typed)} | {right} of {len(readings)} | {cell(others[0][0]) if others else ''} |")
                title = ""
            exact, in_order, drawn = exact + right, in_order + len(seen), drawn + len(readings)
            alike += len(seen) - right if typed in AMBIGUOUS else 0
    info = recognizer.info
    page = f"""# What is typed comes back as it was typed

`python -m scripts.logical_order --out docs/logical-order.md` wrote this page.
It set each of {len(SUITE)} texts once in each of {len(FONTS)} fonts, undamaged, and {info.name} {info.version} read it.
The fonts are {", ".join(name.removesuffix(".ttf") for name in FONTS)}.

| lines | |
|---|---|
| drawn | {drawn} |
| read exactly as typed | **{exact}** |
| of which every sign was read | {in_order}: {order_claim(in_order - exact, alike)} |

Half of the lines run from right to left, and half from left to right (`scripts/order_suite.py`). The reading finds out which.
A line can be drawn alike from two orders of typing, such as `12-A` and `A-12`.
The reading takes the likelier, by the rules at the top of `rasm/text/charset.py`.
The table has the texts that were not read exactly every time.

| | typed | read exactly | its commonest other reading |
|---|---|---|---|
"""
    page += "\n".join(rows) + "\n"
    write_page(page, out)


def read(recognizer: Recognizer, fonts: Sequence[Font], signs: Font, text: str, direction: Direction) -> list[str]:
    """Readings of the text, set in every font ``DRAWS`` times, in a line of this base direction."""
    drawn, persian = text, guess_language([text]) not in ("ar", "ug")
    if persian:
        drawn = as_drawn(normalise_label(text, LabelSettings(keep_apart=OTHER_LANGUAGES, joiners="keep")))
    scans = []
    for font in fonts:
        synthesizer = Synthesizer([TextSource("suite", [text], 1.0)], [font, signs], DEFAULT_CHARSET, ImageSettings(), clean=True)
        for number in range(DRAWS):
            scan = synthesizer.scan(f"{Path(font.path).name} {number}", drawn, direction, modern=True, persian=persian)
            if scan is not None:
                scans.append(scan)
    return [r.text for r in recognizer.read(scans)]


def order_claim(errors: int, alike: int) -> str:
    """``alike``: those of texts that are drawn as another text is."""
    if not errors:
        return "no error was one of order"
    return f"{errors} errors were of order alone, {alike} of them in texts that are drawn as another is"


def cell(text: str) -> str:
    """Text in a Markdown table: code, so that no viewer reorders it into its neighbours."""
    return f"`{text}`" if text else "(nothing)"


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

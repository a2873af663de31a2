"""Does what is typed come back as it was typed? The table of docs/logical-order.md.

    python -m scripts.logical_order --out docs/logical-order.md
    (on Debian: apt install fonts-hosny-amiri fonts-sil-scheherazade fonts-noto-core)

Each text of the suite is set in every font, undamaged, and read by the shipped model. Two things are counted. Lines that are read
exactly are what users want. Lines in which every sign is read, in whatever order, tell errors of order from errors of sight.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from model.rendering.fonts import Font, find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import TextSource
from rasm.command_line import PATH, command, option, run, write_page
from rasm.errors import ConfigError
from rasm.image import ImageSettings
from rasm.lines.recognizer import Recognizer
from rasm.text.charset import DEFAULT_CHARSET
from rasm.weights import SHIPPED_MODEL

ROOT = Path(__file__).resolve().parent.parent
FONTS = ("Amiri-Regular.ttf", "Scheherazade-Regular.ttf", "NotoNaskhArabic-Regular.ttf", "NotoSansArabic-Regular.ttf")
DRAWS = 5  # of each text in each font: sizes, spaces and ligatures differ
SUITE = {
    "dates": ("التاريخ ٢٠٢٤/٠١/٣١", "في 31/1/2024 وصل الوفد", "سنة ١٣٤٥ هـ / ١٩٢٦ م", "يوم 2024-01-31 مساء"),
    "ranges": ("عام 1996-2000", "عام 1996-2000 م", "(١٩٥٠ - ١٩٦٠) .", "الصفحات ١٢-١٥ من الكتاب"),
    "percentages and money": ("بلغت 25% من الناتج", "نسبة ٣,٥% من السكان", "50% من الطلاب", "السعر 1,250.50 $"),
    "telephone numbers and times": ("هاتف: +966 11 234-5678", "اتصل على 0123-456-789 الآن", "الساعة 12:30 صباحا"),
    "brackets and quotes": ("(ص ١٢) [سكت] {١}", "قال: «نعم» ثم (انصرف)", "﴿قل هو الله أحد﴾", "[قال :] (٧٥) وجعل"),
    "Latin at the end": ("نهاية السطر word.", "كتاب عن Windows 10", "انظر (p. 25)", "اللغة العربية (Arabic)"),
    "Latin at the beginning": ("Windows 10 نظام تشغيل", "PDF هو صيغة", "«Time» مجلة أمريكية"),
    "Latin inside": ("هذا كتاب Smith, J. (1990) في العلم", "عنوان email وحده هنا", "من New York إلى بيروت"),
    "numbered": ("١ - اللهم (٢)", "1. المقدمة", "أ) الباب الأول", "/ 50"),
}


@command("python -m scripts.logical_order", __doc__, stopped="; nothing was written")
@option("--model", type=PATH, default=SHIPPED_MODEL, metavar="FILE", show_default="the shipped model", help="Who reads.")
@option("--out", type=PATH, metavar="FILE", help="Write the table here, not to the terminal.")
def measure(model: Path, out: Path | None) -> None:
    fonts = [f for f in find_fonts((), DEFAULT_CHARSET) if Path(f.path).name in FONTS]
    if {Path(f.path).name for f in fonts} < set(FONTS):
        raise ConfigError(f"wanted are the fonts {', '.join(FONTS)}")
    recognizer = Recognizer(model)
    rows = []
    exact = in_order = drawn = 0
    for kind, texts in SUITE.items():
        for text in texts:
            readings = read(recognizer, fonts, text)
            right = sum(r == text for r in readings)
            seen = [r for r in readings if Counter(r) == Counter(text)]
            others = Counter(r for r in readings if r != text).most_common(1)
            rows.append(f"| {kind} | {cell(text)} | {right} of {len(readings)} | {cell(others[0][0]) if others else ''} |")
            exact, in_order, drawn = exact + right, in_order + len(seen), drawn + len(readings)
            kind = ""
    info = recognizer.info
    page = f"""# What is typed comes back as it was typed

`python -m scripts.logical_order --out docs/logical-order.md` wrote this page.
It set each text {DRAWS} times in each of {len(FONTS)} fonts, undamaged, and {info.name} {info.version} read it.
The fonts are {", ".join(name.removesuffix(".ttf") for name in FONTS)}.

| lines | |
|---|---|
| drawn | {drawn} |
| read exactly as typed | **{exact}** |
| of which every sign was read | {in_order}: {order_claim(exact, in_order)} |

A right-to-left line can be drawn alike from two orders of typing, such as `25 kg` and `kg 25`.
The reading takes the likelier, by the rules at the top of `rasm/text/charset.py`.

| | typed | read exactly | its commonest other reading |
|---|---|---|---|
"""
    page += "\n".join(rows) + "\n"
    write_page(page, out)


def read(recognizer: Recognizer, fonts: Sequence[Font], text: str) -> list[str]:
    """Readings of the text, set in every font ``DRAWS`` times."""
    scans = []
    for font in fonts:
        synthesizer = Synthesizer([TextSource("suite", [text], 1.0)], [font], DEFAULT_CHARSET, ImageSettings(), clean=True)
        for number in range(DRAWS):
            scan = synthesizer.scan(f"{Path(font.path).name} {number}", text)
            if scan is not None:
                scans.append(scan)
    return [r.text for r in recognizer.read(scans)]


def order_claim(exact: int, in_order: int) -> str:
    return "no error was one of order" if exact == in_order else f"{in_order - exact} errors were of order alone"


def cell(text: str) -> str:
    """Text in a Markdown table: code, so that no viewer reorders it into its neighbours."""
    return f"`{text}`" if text else "(nothing)"


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

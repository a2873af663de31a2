"""What stands in bills, forms and tables and hardly in books: how it is read. The table of docs/everyday-lines.md.

    python -m scripts.everyday_lines --fonts FOLDER NotoSans-Regular.ttf --out docs/everyday-lines.md

Lines of each kind are made up, and set undamaged in the fonts of FOLDER, Latin letters in Noto Sans too. The models should not have
been trained with these fonts. The shipped models and Tesseract read the lines. The forms are written here, apart from those that
``model/rendering/texts.py`` trains with.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
from tqdm import tqdm

from evaluation.datasets import open_samples
from evaluation.engines import Engine, RasmLines
from evaluation.tesseract import Tesseract
from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import TextSource
from rasm.command_line import PATH, command, option, run, write_page
from rasm.errors import RasmError
from rasm.image import ImageSettings
from rasm.text import metrics
from rasm.text.charset import DEFAULT_CHARSET, text_direction
from rasm.text.normalisation import LabelSettings, normalise_label
from rasm.weights import shipped_models

ROOT = Path(__file__).resolve().parent.parent
LINES = 150  # of each kind
ENGLISH = """
account number payment order customer address invoice total amount date page report company limited bank branch office manager project
budget annual health school university department network communication system software service quality water energy market export training
table
""".split()
ARABIC = [word for file in sorted((ROOT / "examples" / "text").glob("*.txt")) for word in file.read_text(encoding="utf-8").split()]
CURRENCIES, MONTHS = ("ريال", "دينار", "جنيه", "درهم"), ("يناير", "مارس", "أيار", "شعبان", "ديسمبر")


def arabic(rng: random.Random, words: int) -> str:
    start = rng.randrange(len(ARABIC) - words)
    return " ".join(ARABIC[start : start + words])


def english(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(ENGLISH, k=words))


def amount(rng: random.Random) -> str:
    return f"{rng.randint(1, 10 ** rng.randint(1, 6)):,}.{rng.randint(0, 99):02}"


KINDS: dict[str, Callable[[random.Random], str]] = {
    "whole numbers": lambda r: str(r.randint(0, 10 ** r.randint(1, 5))),
    "numbers ٠-٩": lambda r: "".join(r.choices("٠١٢٣٤٥٦٧٨٩", k=r.randint(1, 5))),
    "amounts": amount,
    "percentages": lambda r: r.choice(("%{}.{}", "{}.{}%", "{}%")).format(r.randint(0, 99), r.randint(0, 9)),
    "dates": lambda r: r.choice(("{0}/{1}/{2}", "{2}-{1:02}-{0:02}", "{0} {3} {2}م")).format(
        r.randint(1, 28), r.randint(1, 12), r.randint(1990, 2030), r.choice(MONTHS)
    ),
    "telephone numbers": lambda r: r.choice(("+966 {0} {1} {2}", "0{0}-{1}{2}", "هاتف: 0{0}{1}{2}")).format(
        r.randint(10, 99), r.randint(100, 999), r.randint(1000, 9999)
    ),
    "bills": lambda r: r.choice(("الإجمالي: {0} {1}", "رقم الفاتورة: INV-{2}", "ضريبة القيمة المضافة ({3}%)", "الكمية: {3}")).format(
        amount(r), r.choice(CURRENCIES), r.randint(1000, 99999), r.randint(5, 15)
    ),
    "mail and web addresses": lambda r: r.choice(("{0}@{1}.com", "www.{0}.org", "https://{0}.net/{1}")).format(
        english(r, 1), english(r, 1)
    ),
    "English": lambda r: r.choice((str.title, str.capitalize, str.lower))(english(r, r.randint(2, 6))),
    "ENGLISH": lambda r: english(r, r.randint(1, 4)).upper(),
    "English inside": lambda r: f"{arabic(r, 3)} {english(r, r.randint(1, 2))} {arabic(r, 3)}",
    "list items": lambda r: r.choice(("- ", "1. ", "2) ", "أ. ")) + arabic(r, 4),
    "single words": lambda r: arabic(r, 1),
    "prose": lambda r: arabic(r, 8),
}


@command("python -m scripts.everyday_lines", __doc__, stopped="; nothing was written")
@option("--model", several=True, type=PATH, default=shipped_models(), metavar="FILE", show_default="the shipped models", help="Who reads.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Folders of fonts.")
@option("--out", type=PATH, metavar="FILE", help="Write the table here, not to the terminal.")
def measure(model: Sequence[Path], fonts: Sequence[str], out: Path | None) -> None:
    engines: list[Engine] = [RasmLines(path, 1, path.stem) for path in model] + [Tesseract(1)]
    found = find_fonts(fonts, DEFAULT_CHARSET)
    synthesizer = Synthesizer([TextSource("everyday", ["-"], 1.0)], found, DEFAULT_CHARSET, ImageSettings(), clean=True)
    rows = [row(kind, engines, synthesizer) for kind in tqdm(KINDS, unit="kind")]
    names = sorted({Path(font.path).stem.split("_")[0].split("-")[0] for font in found if font.arabic})
    versions = [f"{e.about['model']} {e.about['version']}" if isinstance(e, RasmLines) else e.about["engine"] for e in engines]
    page = f"""# What bills, forms and tables hold

`python -m scripts.everyday_lines --fonts FOLDER NotoSans-Regular.ttf --out docs/everyday-lines.md` wrote this page.
It made up {LINES} lines of each kind, and set them undamaged in fonts of {len(names)} families.
The families are {", ".join(names)}.
Tesseract reads with its model `ara` and page mode 13. That model is not for Latin letters.
Character error rates, normalised, and lines that are read exactly:

| | for instance | {" | ".join(versions)} |
|---|---|{"---|" * len(engines)}
"""
    page += "\n".join(rows) + "\n"
    write_page(page, out)


def row(kind: str, engines: Sequence[Engine], synthesizer: Synthesizer) -> str:
    """A row of the table."""
    rng = random.Random(kind)
    with tempfile.TemporaryDirectory(prefix="rasm-everyday-") as folder:
        for number in range(LINES):
            text = normalise_label(KINDS[kind](rng), LabelSettings())
            scan = synthesizer.scan(f"{kind} {number}", text, text_direction(text))
            if scan is None:
                raise RasmError(f"no font has all the signs of {text}")
            cv2.imwrite(str(Path(folder, f"{number:04}.png")), scan)
            Path(folder, f"{number:04}.gt.txt").write_text(text, encoding="utf-8")
        samples = open_samples([Path(folder)], "lines", 0).items
        cells = []
        for engine in engines:
            readings = [reading.text for reading in engine.read(engine.prepare(samples))]
            rates = metrics.error_rates([sample.truth for sample in samples], readings, metrics.normalised)
            cells.append(f"{rates.cer:.1%}, {rates.exact:.0%}")
        return f"| {kind} | `{samples[0].truth}` | {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

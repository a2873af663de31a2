"""What stands in bills, forms and tables and hardly in books: how it is read. The table of docs/everyday-lines.md.

    python -m scripts.everyday_lines --fonts FOLDER NotoSans-Regular.ttf --out docs/everyday-lines.md

Lines of each kind are made up, and set undamaged in the fonts of FOLDER, Latin letters in Noto Sans too. The models should not have
been trained with these fonts. The shipped models and Tesseract read the lines. The forms are written here, apart from those that
``model/rendering/texts.py`` trains with.
"""

from __future__ import annotations

import argparse
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
from rasm.command_line import exit_code, write_page
from rasm.errors import RasmError
from rasm.image import ImageSettings
from rasm.text import metrics
from rasm.text.charset import DEFAULT_CHARSET
from rasm.text.normalisation import LabelSettings, normalise_label

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "rasm" / "weights"
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, nargs="+", default=[WEIGHTS / "rasm-print.onnx", WEIGHTS / "rasm-synthetic.onnx"])
    parser.add_argument("--fonts", nargs="+", help="folders of fonts (default: the machine's)")
    parser.add_argument("--out", type=Path, help="write the table here, not to the terminal")
    args = parser.parse_args()
    return exit_code("everyday_lines.py", lambda: run(args), "; nothing was written")


def run(args: argparse.Namespace) -> int:
    engines: list[Engine] = [RasmLines(model, 1, model.stem) for model in args.model] + [Tesseract(1)]
    fonts = find_fonts(args.fonts, DEFAULT_CHARSET)
    synthesizer = Synthesizer([TextSource("everyday", ["-"], 1.0)], fonts, DEFAULT_CHARSET, ImageSettings(), clean=True)
    rows = [row(kind, engines, synthesizer) for kind in tqdm(KINDS, unit="kind")]
    names = sorted({Path(font.path).stem.split("_")[0].split("-")[0] for font in fonts if font.arabic})
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
    write_page(page, args.out)
    return 0


def row(kind: str, engines: Sequence[Engine], synthesizer: Synthesizer) -> str:
    """A row of the table."""
    rng = random.Random(kind)
    with tempfile.TemporaryDirectory(prefix="rasm-everyday-") as folder:
        for number in range(LINES):
            text = normalise_label(KINDS[kind](rng), LabelSettings())
            scan = synthesizer.scan(f"{kind} {number}", text)
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


if __name__ == "__main__":
    sys.exit(main())

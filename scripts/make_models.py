"""Rebuild the released models from text, fonts and lines: the recipe, in the order in which it is cooked.

    make model TEXT=texts LINES=lines PAGES=pages            (about four hours on two cores)

Every step is a command that could be typed by hand, and is shown before it runs. A step that was stopped goes on where it
was, and one that is done is not done again: everything lies in ``runs/models``. What the folders hold, and where to get it,
says MODEL_CARD.md; their names are those of its tables. Without LINES and PAGES only rasm-synthetic is made.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "runs" / "models"
VERSION = "0.2.0"

# how often each text is drawn from: prose most, vowelled text less, what repeats itself least
TEXT_WEIGHTS = {
    "books_hindawi": 4, "books_hindawi_partial_diac": 2.5, "law_saudi": 1.2, "news_antcorpus": 1, "wiki_misc": 0.7,
    "mixed_business": 0.7, "diac_classical_tashkeela": 1.3, "diac_modern_tashkeela2": 0.7, "diac_hadith": 0.3,
}  # fmt: skip
BOOKS = ("Dhahabi_Tarikh", "IbnAthir_Kamil", "IbnFaqihHamadhani_Buldan_a", "IbnFaqihHamadhani_Buldan_b", "Yacqubi_Tarikh", "Jahiz_Hayawan")
# what the journal's transcribers left out; of its diacritics they wrote fathatan only
JOURNAL_UNLABELLED = "dammatan kasratan fatha damma kasra shadda sukun superscript-alef tatweel".split()
COMMON = "--columns-per-batch 12288 --max-width-px 1408 --average 0.998 --learning-rate 1.5e-3 --final-share 0.01".split()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True, help="folder of text folders")
    parser.add_argument("--lines", type=Path, help="folder of line folders (jstor, books)")
    parser.add_argument("--pages", type=Path, help="folder of page folders with their texts")
    parser.add_argument("--device", default="", help="cpu or cuda (default: train.py's choice)")
    args = parser.parse_args()
    for folder in (args.text, args.lines, args.pages):
        if folder and not folder.is_dir():
            print(f"make_models.py: error: {folder}: no such folder", file=sys.stderr)
            return 2
    device = ["--device", args.device] if args.device else []
    texts = ["--text", *(f"{args.text / name}={weight}" for name, weight in TEXT_WEIGHTS.items() if (args.text / name).is_dir())]
    try:
        make_synthetic(texts, device)
        if args.lines:
            make_print(args.lines, args.pages, texts, device)
    except subprocess.CalledProcessError as e:
        return e.returncode
    except KeyboardInterrupt:
        print("\nmake_models.py: stopped; run it again to go on", file=sys.stderr)
        return 130
    return 0


def make_synthetic(texts: list[str], device: list[str]) -> None:
    """rasm-synthetic: rendered lines alone. Short ones first: CTC begins to align on few characters much sooner."""
    if not (OUT / "rendered-val" / "manifest.json").exists():
        run("synthesize.py", *texts, "--out", str(OUT / "rendered"), "--count", "400", "--seed", "validation")
        run("preprocess.py", str(OUT / "rendered"), "--out", str(OUT / "rendered-val"))
    validation = ["--val", str(OUT / "rendered-val")]
    train("short", *texts, *validation, "--steps", "2000", "--constant-share", "1", "--short-lines-steps", "1200", "--seed", "1", *device)
    train("synthetic", *texts, *validation, "--init", str(OUT / "short" / "last.pt"), "--steps", "4371", "--warmup-steps", "100",
          "--constant-share", "0.4", "--seed", "2", *device)  # fmt: skip
    export("synthetic", "rasm-synthetic", OUT / "rendered-val")


def make_print(lines: Path, pages: Path | None, texts: list[str], device: list[str]) -> None:
    """rasm-print: on from rasm-synthetic, half real lines and half rendered ones."""
    replace = ["--replace", "صعلم=ﷺ"]
    if not (OUT / "jstor" / "train").exists():
        run("preprocess.py", str(lines / "jstor"), "--out", str(OUT / "jstor"), "--digits", "arabic_indic", *replace,
            "--val-fraction", "0.08", "--group-by", "(.+)", "--unlabelled", *JOURNAL_UNLABELLED)  # fmt: skip
    prepared = [OUT / "jstor" / "train"]
    for name, folders in (("books", [lines / "books" / book for book in BOOKS]), ("pages", [OUT / "aligned"] if pages else [])):
        if not folders:
            continue
        if name == "pages" and not (OUT / "aligned").exists():
            run("align.py", *(str(p) for p in sorted(pages.iterdir()) if any(p.glob("*.gt.txt"))), "--out", str(OUT / "aligned"))  # type: ignore[union-attr]
        if not (OUT / name / "manifest.json").exists():
            run("preprocess.py", *map(str, folders), "--out", str(OUT / name), "--unlabelled", "diacritics", "tatweel", *replace)
        prepared.append(OUT / name)
    train("print", *map(str, prepared), *texts, "--val", str(OUT / "jstor" / "val"), "--init", str(OUT / "synthetic" / "best.pt"),
          "--steps", "6293", "--warmup-steps", "100", "--constant-share", "0.25", "--seed", "3", *device)  # fmt: skip
    export("print", "rasm-print", OUT / "jstor" / "val")


def train(name: str, *arguments: str) -> None:
    """A run of train.py; one that was begun goes on, and one that is done ends at once."""
    resume = ["--resume"] if (OUT / name / "last.pt").exists() else []
    run("train.py", *arguments, "--out", str(OUT / name), *COMMON, *resume)


def export(run_name: str, model: str, arrays: Path) -> None:
    run("export.py", str(OUT / run_name / "best.pt"), "--out", str(OUT / f"{model}.onnx"), "--name", model, "--version", VERSION,
        "--arrays", str(arrays), "--int8")  # fmt: skip


def run(*arguments: str) -> None:
    print("\n$ python " + " ".join(a.replace(str(ROOT) + "/", "") for a in arguments), flush=True)
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())

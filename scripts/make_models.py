"""Rebuild the released models from text, fonts and lines: the recipe, in the order in which it is cooked.

    make model TEXT=texts LINES=lines PAGES=pages            (about four hours on two cores)
    make model TEXT=texts LINES=lines REHEARSAL=1            (the same steps, a two-hundredth as long: does everything fit together?)

Every step is a command that could be typed by hand, and is shown before it runs. A step that was stopped goes on where it
was, and one that is done is not done again: everything lies in ``runs/models``. What the folders hold, and where to get it,
says MODEL_CARD.md; their names are those of its tables. Without LINES only rasm-synthetic is made.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.3.0"

# how often each text is drawn from: prose most, vowelled text less, what repeats itself least
TEXT_WEIGHTS = {
    "books_hindawi": 4, "books_hindawi_partial_diac": 2.5, "law_saudi": 1.2, "news_antcorpus": 1, "wiki_misc": 0.7,
    "mixed_business": 0.8, "diac_classical_tashkeela": 3.6, "diac_modern_tashkeela2": 2.2, "diac_hadith": 0.6,
}  # fmt: skip
BOOKS = ("Dhahabi_Tarikh", "IbnAthir_Kamil", "IbnFaqihHamadhani_Buldan_a", "IbnFaqihHamadhani_Buldan_b", "Yacqubi_Tarikh")
HELD_OUT_BOOK = "Jahiz_Hayawan"  # to know how a typeface that was never seen is read
ALIGNED_PAGES = ("ustadh_1892_pages", "haqaiq_1910_pages", "cairo_capr_pages")
# a third of the journal of 1910, to know how print of that time is read
HELD_OUT_PAGES = {f"oclc_644997575-v_1-i_2-p_{page}" for page in ("034", "038", "044", "050", "054", "060", "066", "072")}
# what the journal's transcribers left out; of its diacritics they wrote fathatan only
JOURNAL_UNLABELLED = "dammatan kasratan fatha damma kasra shadda sukun superscript-alef tatweel".split()
COMMON = "--columns-per-batch 12288 --max-width-px 1408 --average 0.998 --final-share 0.01 --warmup-steps 100".split()


@dataclass(frozen=True)
class Stage:
    """One run of train.py. Each goes on from the one before it, with a learning rate that rises again and falls."""

    name: str
    steps: int
    options: str
    lines: tuple[str, ...] = ()  # beside the rendered ones


SYNTHETIC = (
    # short lines first: CTC begins to align on few characters much sooner
    Stage("short", 2000, "--learning-rate 1.5e-3 --constant-share 1 --short-lines-steps 1200 --seed 1"),
    Stage("synthetic-1", 4371, "--learning-rate 1.5e-3 --constant-share 0.4 --seed 2"),
    Stage("synthetic-2", 6273, "--learning-rate 1.5e-3 --constant-share 0.3 --seed 11"),
)
# what is named twice is drawn twice as often
PRINT_LINES = ("jstor/train", "books", "pages", "pages")
PRINT = (
    Stage("print-1", 9509, "--learning-rate 1.5e-3 --constant-share 0.3 --synthetic-share 0.45 --augment-share 0.65 --seed 3", PRINT_LINES),
    Stage(
        "print-2",
        3758,
        "--learning-rate 1e-3 --constant-share 0.2 --synthetic-share 0.4 --augment-share 0.65 --seed 5",
        (*PRINT_LINES, "held-out"),
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True, help="folder of text folders")
    parser.add_argument("--lines", type=Path, help="folder of line folders (jstor, books)")
    parser.add_argument("--pages", type=Path, help="folder of page folders with their texts")
    parser.add_argument("--device", default="", help="cpu or cuda (default: train.py's choice)")
    parser.add_argument("--rehearsal", action="store_true", help="a two-hundredth of the steps, in runs/rehearsal")
    args = parser.parse_args()
    for folder in (args.text, args.lines, args.pages):
        if folder and not folder.is_dir():
            print(f"make_models.py: error: {folder}: no such folder", file=sys.stderr)
            return 2
    texts = [f"{args.text / name}={weight}" for name, weight in TEXT_WEIGHTS.items() if (args.text / name).is_dir()]
    if not texts:
        print(f"make_models.py: error: {args.text} holds none of the folders {', '.join(TEXT_WEIGHTS)}", file=sys.stderr)
        return 2
    recipe = Recipe(ROOT / "runs" / ("rehearsal" if args.rehearsal else "models"), texts, args.device, 200 if args.rehearsal else 1)
    try:
        recipe.make_synthetic()
        if args.lines:
            recipe.make_print(args.lines, args.pages)
    except subprocess.CalledProcessError as e:
        return e.returncode
    except KeyboardInterrupt:
        print("\nmake_models.py: stopped; run it again to go on", file=sys.stderr)
        return 130
    return 0


class Recipe:
    """What is made, in ``out``; with every stage's steps divided by ``shortened``."""

    def __init__(self, out: Path, texts: list[str], device: str, shortened: int) -> None:
        self.out, self.texts, self.shortened = out, texts, shortened
        self.device = ["--device", device] if device else []

    def make_synthetic(self) -> None:
        """rasm-synthetic: rendered lines alone."""
        if not (self.out / "rendered-val" / "manifest.json").exists():
            shutil.rmtree(self.out / "rendered", ignore_errors=True)  # of a rendering that was stopped
            run("synthesize.py", "--text", *self.texts, "--out", str(self.out / "rendered"), "--count", "400", "--seed", "1000")
            run("preprocess.py", str(self.out / "rendered"), "--out", str(self.out / "rendered-val"))
        last = self.train(SYNTHETIC, None, [], [self.out / "rendered-val"])
        self.export(last, "rasm-synthetic", self.out / "rendered-val")

    def make_print(self, lines: Path, pages: Path | None) -> None:
        """rasm-print: on from rasm-synthetic, half real lines and half rendered ones."""
        replace = ["--replace", "صعلم=ﷺ"]
        if not (self.out / "jstor" / "train").exists():
            run("preprocess.py", str(lines / "jstor"), "--out", str(self.out / "jstor"), "--digits", "arabic_indic", *replace,
                "--val-fraction", "0.08", "--group-by", "(.+)", "--unlabelled", *JOURNAL_UNLABELLED)  # fmt: skip
        sources = {"books": [lines / "books" / book for book in BOOKS], "held-out": [lines / "books" / HELD_OUT_BOOK]}
        if pages:
            sources["pages"] = [self.out / "aligned"]
            if not (self.out / "pages" / "manifest.json").exists():
                # a rehearsal's network reads nothing, and could align nothing
                reader = [] if self.shortened > 1 else ["--model", str(self.out / "rasm-synthetic.onnx")]
                folders = [self.pages_to_train_on(pages / name) for name in ALIGNED_PAGES]
                run("align.py", *map(str, folders), "--out", str(self.out / "aligned"), *reader)
        for name, folders in sources.items():
            if not (self.out / name / "manifest.json").exists():
                run("preprocess.py", *map(str, folders), "--out", str(self.out / name), "--unlabelled", "diacritics", "tatweel", *replace)
        last = self.train(
            PRINT, self.out / SYNTHETIC[-1].name / "best.pt", ["jstor/train", *sources], [self.out / "jstor" / "val", self.out / "held-out"]
        )
        self.export(last, "rasm-print", self.out / "jstor" / "val")

    def pages_to_train_on(self, folder: Path) -> Path:
        """A folder of links to the files of ``folder`` but for those of the held-out pages."""
        links = self.out / "pages-to-train-on" / folder.name
        links.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            if file.name.split(".")[0] not in HELD_OUT_PAGES and not (links / file.name).exists():
                (links / file.name).symlink_to(file.resolve())
        return links

    def train(self, stages: Sequence[Stage], start: Path | None, prepared: Sequence[str], validation: Sequence[Path]) -> Path:
        """The stages one after the other; the last one's checkpoint. One that was begun goes on, and one that is done ends at once."""
        for stage in stages:
            out = self.out / stage.name
            lines = [str(self.out / name) for name in stage.lines if name in prepared]
            begin = ["--resume"] if (out / "last.pt").exists() else ["--init", str(start)] if start else []
            steps = -(-stage.steps // self.shortened)
            unseen = [str(arrays) for arrays in validation if arrays.name not in stage.lines]
            run("train.py", *lines, "--text", *self.texts, "--val", *unseen, "--out", str(out), "--steps", str(steps),
                *stage.options.split(), *COMMON, *self.device, *begin)  # fmt: skip
            start = out / "best.pt"
        assert start is not None
        return start

    def export(self, checkpoint: Path, model: str, arrays: Path) -> None:
        # a network of a few steps reads nothing, whatever its precision
        loss = ["--max-cer-loss", "1"] if self.shortened > 1 else []
        run("export.py", str(checkpoint), "--out", str(self.out / f"{model}.onnx"), "--name", model, "--version", VERSION,
            "--arrays", str(arrays), "--int8", *loss)  # fmt: skip


def run(*arguments: str) -> None:
    print("\n$ python " + " ".join(a.replace(str(ROOT) + "/", "") for a in arguments), flush=True)
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())

"""Rebuild the released models from text, fonts and lines: the recipe, in the order in which it is cooked.

    make model TEXT=texts LINES=lines PAGES=pages FONTS=fonts    (about fifteen hours on two cores)
    make model TEXT=texts LINES=lines REHEARSAL=1                (the same steps, a two-hundredth as long: does everything fit together?)

Every step is a command that could be typed by hand, and is shown before it runs. A step that was stopped goes on where it
was, and one that is done is not done again: everything lies in ``runs/models``. What the folders hold, and where to get it,
says MODEL_CARD.md; their names are those of its tables. Without LINES only rasm-synthetic is made, and without FONTS with the
machine's fonts alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.rendering.fonts import FONT_FOLDERS
from rasm import command_line
from rasm.command_line import PATH, command, option
from rasm.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.8.0"

# how often each text is drawn from: prose most, vowelled text less, what repeats itself least
TEXT_WEIGHTS = {
    "books_hindawi": 4, "books_hindawi_partial_diac": 2.5, "law_saudi": 1.2, "news_antcorpus": 1, "wiki_misc": 0.8,
    "mixed_business": 1, "diac_classical_tashkeela": 4, "diac_modern_tashkeela2": 2.6, "diac_hadith": 0.6,
}  # fmt: skip
BOOKS = ("Dhahabi_Tarikh", "IbnAthir_Kamil", "IbnFaqihHamadhani_Buldan_a", "IbnFaqihHamadhani_Buldan_b", "Yacqubi_Tarikh")
HELD_OUT_BOOK = "Jahiz_Hayawan"  # to know how a typeface that was never seen is read
UNTRANSCRIBED_PAGES = "unlabelled"
ALIGNED_PAGES = ("ustadh_1892_pages", "haqaiq_1910_pages", "cairo_capr_pages")
# pages of the journals of 1910 and 1892, to know how print of that time is read
HELD_OUT_PAGES = {f"oclc_644997575-v_1-i_2-p_{page}" for page in ("034", "038", "044", "050", "054", "060", "066", "072")} | {
    f"oclc_1036721166-v_1-i_{page}"
    for page in ("1-p_019", "15-p_340", "2-p_029", "24-p_567", "29-p_689", "34-p_794", "38-p_917", "41-p_997", "9-p_200")
}
# ways in which the books' transcribers wrote the sign ﷺ, which is what is printed
REPLACED = ("صعلم", "صلعم", "صلي الله عليه و سلم", "صلي الله عليه و صلم", "صلى الله عليه وآله وسلم")
# what the journal's transcribers left out; of its diacritics they wrote fathatan only
JOURNAL_UNLABELLED = "dammatan kasratan fatha damma kasra shadda sukun superscript-alef tatweel".split()
COMMON = "--columns-per-batch 12288 --max-width-px 1408 --average 0.998 --final-share 0.01 --warmup-steps 100".split()


@dataclass(frozen=True)
class Stage:
    """One run of train.py. Each goes on from the one before it, or the mean of several, with a learning rate that rises again and falls."""

    name: str
    steps: int
    options: str
    lines: tuple[str, ...] = ()  # beside the rendered ones
    checked: bool = False  # those lines without the labels that the stage before reads quite differently, and pages aligned by it
    start: tuple[str, ...] = ()  # the stages whose mean it goes on from


SYNTHETIC = (
    # short lines first: CTC begins to align on few characters much sooner
    Stage("short", 2000, "--learning-rate 1.5e-3 --constant-share 1 --short-lines-steps 1200 --seed 1"),
    Stage("synthetic-1", 4371, "--learning-rate 1.5e-3 --constant-share 0.4 --seed 2"),
    Stage("synthetic-2", 6273, "--learning-rate 1.5e-3 --constant-share 0.3 --seed 11"),
    Stage("synthetic-3", 5922, "--dropout 0 --learning-rate 1e-3 --constant-share 0.15 --final-share 0.005 --seed 37"),
    Stage("synthetic-4", 2084, "--dropout 0 --learning-rate 6e-4 --constant-share 0.1 --average 0.997 --seed 39"),
    # with letters cut anew and vowel signs at one place
    Stage(
        "synthetic-5",
        8350,
        "--dropout 0 --learning-rate 1e-3 --constant-share 0.1 --final-share 0.005 --seed 41",
        start=("synthetic-2", "synthetic-3", "synthetic-4"),
    ),
    # with more fonts, and more figures, addresses and Latin words
    Stage("synthetic-6", 9894, "--dropout 0 --learning-rate 1e-3 --constant-share 0.1 --final-share 0.005 --seed 45"),
    # with what metal type does and fonts do not
    Stage("synthetic-7", 20000, "--dropout 0 --learning-rate 1e-3 --constant-share 0.1 --final-share 0.005 --seed 47"),
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
    Stage(
        "print-3",
        23273,
        "--learning-rate 1.3e-3 --constant-share 0.35 --synthetic-share 0.45 --augment-share 0.65 --seed 21",
        (*PRINT_LINES, "held-out"),
        checked=True,
    ),
    # nothing was learned by heart by then: dropout only kept the network from learning more
    Stage(
        "print-4",
        6000,
        "--dropout 0 --learning-rate 1.1e-3 --constant-share 1 --synthetic-share 0.45 --augment-share 0.6 --seed 31",
        (*PRINT_LINES, "held-out"),
        checked=True,
    ),
    Stage(
        "print-5",
        9867,
        "--dropout 0 --learning-rate 1e-3 --constant-share 0.05 --final-share 0.27 --synthetic-share 0.38 --augment-share 0.5 --seed 33",
        (*PRINT_LINES, "held-out"),
        checked=True,
    ),
    Stage(
        "print-6",
        3649,
        "--dropout 0 --learning-rate 2.7e-4 --constant-share 0 --final-share 0.2 --synthetic-share 0.5 --augment-share 0.6 --seed 35",
        (*PRINT_LINES, "held-out"),
        checked=True,
    ),
    Stage(
        "print-7",
        21354,
        "--dropout 0 --learning-rate 1e-3 --constant-share 0.05 --final-share 0.005 --synthetic-share 0.4 --augment-share 0.55 --seed 61",
        (*PRINT_LINES, "held-out"),
        checked=True,
        start=("print-3", "print-4", "print-5", "print-6"),
    ),
    # with what the stage before surely reads on pages that nobody transcribed
    Stage(
        "print-8",
        5190,
        "--dropout 0 --learning-rate 7e-4 --constant-share 0.1 --synthetic-share 0.4 --augment-share 0.6 --seed 81",
        (*PRINT_LINES, "held-out", "own-readings", "own-readings"),
        checked=True,
    ),
    # the first with letters cut anew, vowel signs at one place and the other augmentation of model/data/augment.py
    Stage(
        "print-9",
        22377,
        "--dropout 0 --learning-rate 1e-3 --constant-share 0.1 --final-share 0.005 --synthetic-share 0.42 --augment-share 0.6 --seed 91",
        (*PRINT_LINES, "held-out", "own-readings", "own-readings"),
        checked=True,
        start=("print-3", "print-4", "print-5", "print-6", "print-7", "print-8"),
    ),
    # the same with rendered lines as of synthetic-6, a third of them in batches of their own
    Stage(
        "print-10",
        15849,
        "--dropout 0 --learning-rate 1e-3 --constant-share 0.1 --final-share 0.005 --synthetic-share 0.45 --augment-share 0.6 --seed 101",
        (*PRINT_LINES, "held-out", "own-readings", "own-readings"),
        checked=True,
    ),
    # the same with rendered lines as of synthetic-7
    Stage(
        "print-11",
        20000,
        "--dropout 0 --learning-rate 1e-3 --constant-share 0.1 --final-share 0.005 --synthetic-share 0.5 --augment-share 0.6 --seed 111",
        (*PRINT_LINES, "held-out", "own-readings", "own-readings"),
        checked=True,
        start=("print-10", "print-10", "print-10", "print-9"),
    ),
    Stage(
        "print-12",
        11000,
        "--dropout 0 --learning-rate 8e-4 --constant-share 0.1 --final-share 0.005 --synthetic-share 0.55 --augment-share 0.6 --seed 121",
        (*PRINT_LINES, "held-out", "own-readings", "own-readings"),
        checked=True,
        start=(*("print-11",) * 8, *("print-10",) * 3, "print-9"),
    ),
)
# the stages whose mean each released model is: of one it is that one
AVERAGED = {
    "rasm-synthetic": ("synthetic-7", "synthetic-7", "synthetic-6"),
    "rasm-print": (*("print-12",) * 12, *("print-11",) * 8, *("print-10",) * 3, "print-9"),
}


@command("python -m scripts.make_models", __doc__, stopped="; run it again to go on")
@option("--text", type=PATH, required=True, metavar="FOLDER", help="Folder of text folders.")
@option("--lines", type=PATH, metavar="FOLDER", help="Folder of line folders (jstor, books).")
@option("--pages", type=PATH, metavar="FOLDER", help="Folder of page folders with their texts.")
@option("--fonts", type=PATH, metavar="FOLDER", help="More fonts to render with, beside the machine's (docs/training.md).")
@option("--device", metavar="NAME", show_default="train.py's choice", help="cpu or cuda.")
@option("--rehearsal", is_flag=True, help="A two-hundredth of the steps, in runs/rehearsal.")
def make(text: Path, lines: Path | None, pages: Path | None, fonts: Path | None, device: str | None, rehearsal: bool) -> None:
    for folder in (text, lines, pages, fonts):
        if folder and not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder")
    texts = [f"{text / name}={weight}" for name, weight in TEXT_WEIGHTS.items() if (text / name).is_dir()]
    if not texts:
        raise ConfigError(f"{text} holds none of the folders {', '.join(TEXT_WEIGHTS)}")
    out = ROOT / "runs" / ("rehearsal" if rehearsal else "models")
    recipe = Recipe(out, texts, fonts, device, 200 if rehearsal else 1)
    recipe.make_synthetic()
    if lines:
        recipe.make_print(lines, pages)


class Recipe:
    """What is made, in ``out``; with every stage's steps divided by ``shortened``."""

    def __init__(self, out: Path, texts: list[str], fonts: Path | None, device: str | None, shortened: int) -> None:
        self.out, self.shortened = out, shortened
        self.rendering = ["--text", *texts] + (["--fonts", *FONT_FOLDERS, str(fonts)] if fonts else [])
        self.device = ["--device", device] if device else []

    def make_synthetic(self) -> None:
        """rasm-synthetic: rendered lines alone."""
        if not (self.out / "rendered-val" / "manifest.json").exists():
            shutil.rmtree(self.out / "rendered", ignore_errors=True)  # of a rendering that was stopped
            run("-m", "model.rendering", *self.rendering, "--out", str(self.out / "rendered"), "--count", "400", "--seed", "1000")
            run("preprocess.py", str(self.out / "rendered"), "--out", str(self.out / "rendered-val"))
        self.train(SYNTHETIC, None, self.out, [self.out / "rendered-val"])
        self.release("rasm-synthetic", self.out / "rendered-val")

    def make_print(self, lines: Path, pages: Path | None) -> None:
        """rasm-print: on from rasm-synthetic, half real lines and half rendered ones."""
        last, reader = self.out / "rasm-synthetic.pt", self.out / "rasm-synthetic.onnx"
        for stage in PRINT:
            arrays = self.out / ("checked-lines" if stage.checked else "lines")
            self.prepare(lines, pages, arrays, reader, stage)
            last = self.train([stage], last, arrays, [arrays / "jstor" / "val", arrays / "held-out"])
            reader = self.export([last], stage.name, arrays / "jstor" / "val")
        self.release("rasm-print", arrays / "jstor" / "val")

    def prepare(self, lines: Path, pages: Path | None, arrays: Path, reader: Path, stage: Stage) -> None:
        """Arrays of the real lines, of those that ``reader`` aligns with the texts of pages, and of those that it reads surely."""
        replace = [option for old in REPLACED for option in ("--replace", f"{old}=ﷺ")]
        # a rehearsal's network reads nothing, and could neither align nor check anything
        can_read = self.shortened == 1
        checking = ["--check-with", str(reader)] if stage.checked and can_read else []
        if not (arrays / "jstor" / "train").exists():
            run("preprocess.py", str(lines / "jstor"), "--out", str(arrays / "jstor"), "--digits", "arabic_indic", *replace, *checking,
                "--val-fraction", "0.08", "--group-by", "(.+)", "--unlabelled", *JOURNAL_UNLABELLED)  # fmt: skip
        sources = {"books": [lines / "books" / book for book in BOOKS], "held-out": [lines / "books" / HELD_OUT_BOOK]}
        if pages:
            sources["pages"] = [arrays / "aligned"]
            if not (arrays / "pages" / "manifest.json").exists():
                folders = [self.pages_to_train_on(pages / name) for name in ALIGNED_PAGES]
                shutil.rmtree(arrays / "aligned", ignore_errors=True)
                run(
                    "-m",
                    "model.data.align",
                    *map(str, folders),
                    "--out",
                    str(arrays / "aligned"),
                    *(["--model", str(reader)] if can_read else []),
                )
        if pages and "own-readings" in stage.lines and can_read:
            sources["own-readings"] = [arrays / "read"]
            if not (arrays / "own-readings" / "manifest.json").exists():
                shutil.rmtree(arrays / "read", ignore_errors=True)  # of a run that was stopped
                run(
                    "-m",
                    "model.data.align",
                    str(pages / UNTRANSCRIBED_PAGES),
                    "--out",
                    str(arrays / "read"),
                    "--model",
                    str(reader),
                    "--own-readings",
                )
        for name, folders in sources.items():
            if not (arrays / name / "manifest.json").exists():
                unlabelled = ["--unlabelled", "diacritics", "tatweel"]
                run("preprocess.py", *map(str, folders), "--out", str(arrays / name), *unlabelled, *replace, *checking)

    def pages_to_train_on(self, folder: Path) -> Path:
        """A folder of links to the files of ``folder`` but for those of the held-out pages."""
        links = self.out / "pages-to-train-on" / folder.name
        links.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            if file.name.split(".")[0] not in HELD_OUT_PAGES and not (links / file.name).exists():
                (links / file.name).symlink_to(file.resolve())
        return links

    def train(self, stages: Sequence[Stage], start: Path | None, arrays: Path, validation: Sequence[Path]) -> Path:
        """The stages one after the other; the last one's checkpoint. One that was begun goes on, and one that is done ends at once."""
        for stage in stages:
            out = self.out / stage.name
            lines = [str(arrays / name) for name in stage.lines if (arrays / name).exists()]
            if stage.start:
                start = self.out / f"before-{stage.name}.pt"
                self.export([self.out / name / "best.pt" for name in stage.start], start.stem, validation[0])
            begin = ["--resume"] if (out / "last.pt").exists() else ["--init", str(start)] if start else []
            steps = -(-stage.steps // self.shortened)
            unseen = [str(held_out) for held_out in validation if held_out.name not in stage.lines]
            run("train.py", *lines, *self.rendering, "--val", *unseen, "--out", str(out), "--steps", str(steps),
                *COMMON, *stage.options.split(), *self.device, *begin)  # fmt: skip
            start = out / "best.pt"
        assert start is not None
        return start

    def release(self, model: str, arrays: Path) -> None:
        self.export([self.out / stage / "best.pt" for stage in AVERAGED[model]], model, arrays)

    def export(self, checkpoints: Sequence[Path], model: str, arrays: Path) -> Path:
        """One model of the mean of the checkpoints."""
        out = self.out / f"{model}.onnx"
        if not out.exists():
            # a network of a few steps reads nothing, whatever its precision
            loss = ["--max-cer-loss", "1"] if self.shortened > 1 else []
            run("export.py", *map(str, checkpoints), "--out", str(out), "--weights", str(out.with_suffix(".pt")), "--name", model,
                "--version", VERSION, "--arrays", str(arrays), "--int8", *loss)  # fmt: skip
        return out


def run(*arguments: str) -> None:
    print("\n$ python " + " ".join(a.replace(str(ROOT) + "/", "") for a in arguments), flush=True)
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT)


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(make, arguments)


if __name__ == "__main__":
    sys.exit(main())

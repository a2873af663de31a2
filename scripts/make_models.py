"""Rebuild the released models from text, fonts and lines: the recipe, in three stages.

    make model TEXT=texts LINES=lines PAGES=pages FONTS=fonts MORE_FONTS=gpl DEVICE=cuda    (half an hour on one H100 with 16 cores)
    make model TEXT=texts LINES=lines PAGES=pages FONTS=fonts MORE_FONTS=gpl                (on a CPU some days: it resumes)
    make model TEXT=texts LINES=lines REHEARSAL=1      (the same steps, a two-hundredth as long: does everything fit together?)

1. ``synthetic``: from nothing, rendered lines alone, of texts and fonts whose licences allow everything. It is rasm-synthetic.
2. ``print``: from it, with real lines, all texts and all fonts, in batches of a third.
3. ``finish``: the same in batches of a sixteenth. The mean of both stages' weights is rasm-print.

Every step is a command that could be typed by hand, and is shown before it runs. A step that was stopped goes on where it was, and
one that is done is not done again: everything lies in ``runs/models``. What the folders hold, and where to get it, says MODEL_CARD.md;
their names are those of its tables. Without LINES only rasm-synthetic is made.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rasm import command_line
from rasm.command_line import PATH, command, option
from rasm.errors import ConfigError
from rasm.weights import SHIPPED_MODEL

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.16.0"

# how often each text is drawn from, against those of its kind: Arabic, Latin, or another language. Their licences: CC BY-SA, CC BY, MIT,
# Apache-2.0, public domain
FREE_TEXTS = {
    "law_saudi": 2, "news_antcorpus": 2, "wiki_misc": 1.2, "diac_classical_tashkeela": 5, "quran": 1,
    "mixed_business/ms_security101_ar.txt": 0.25, "mixed_business/opensource_guide_ar.txt": 0.25,
    "mixed_business/react_docs_ar.txt": 0.25, "mixed_business/tldr_ar.txt": 0.25,
    "persian_ud": 2.2, "persian_words": 1, "urdu_words": 1.6, "kurdish_words": 1.8, "pashto_words": 1.2, "uyghur_words": 1,
    "english_ud": 3, "french_ud": 1.6, "words_en": 2.5, "words_fr": 0.8, "words_de": 0.6, "words_tr": 0.6, "words_es": 0.3,
}  # fmt: skip
# GPL, no licence stated, or a translation of which nobody says whose it is
OTHER_TEXTS = {
    "books_hindawi": 4, "books_hindawi_partial_diac": 2.5, "diac_modern_tashkeela2": 4, "diac_hadith": 0.6, "quran_ur": 2,
    **{f"mixed_business/{name}_ar.txt": 0.075 for name in (
        "akaunting", "crater_invoice", "frappe_hrms", "frappe_lms", "invoiceninja", "monica", "snipeit", "vue_docs",
    )},
}  # fmt: skip
BESIDE_OTHERS = {"law_saudi": 1.2, "news_antcorpus": 1}
BOOKS = ("Dhahabi_Tarikh", "IbnAthir_Kamil", "IbnFaqihHamadhani_Buldan_a", "IbnFaqihHamadhani_Buldan_b")
HELD_OUT_BOOKS = ("Jahiz_Hayawan", "Yacqubi_Tarikh")  # to know how a typeface that was never seen is read: nothing is trained on them
LITHOGRAPHS = "persian_litho"
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
COMMON = "--max-width-px 1408 --final-share 0.005 --dropout 0".split()
CPU_COLUMNS = 12_288  # where there is no GPU: the same lines in smaller batches


@dataclass(frozen=True)
class Stage:
    """One run of train.py, that goes on from the one before it with a learning rate that rises again and falls."""

    name: str
    steps: int
    columns: int  # pixel columns a batch
    options: str
    lines: tuple[str, ...] = ()  # beside the rendered ones; what is named twice is drawn twice as often


SYNTHETIC = Stage(
    "synthetic", 2502, 196_608, "--learning-rate 2e-3 --constant-share 0.35 --average 0.998 --short-lines-steps 300 --seed 201"
)
PRINT_LINES = ("jstor/train", "books", "pages", "pages", "own-readings")
SHARES = "--synthetic-share 0.68 --augment-share 0.65"
PRINT = (
    Stage(
        "print", 70_000, 65_536,
        f"--learning-rate 1.5e-3 --constant-share 0.25 --average 0.999 {SHARES} --seed 401", (*PRINT_LINES, "lithographs"),
    ),
    Stage(
        "finish", 12_000, CPU_COLUMNS,
        f"--warmup-steps 100 --learning-rate 5e-4 --constant-share 0.2 --average 0.998 {SHARES} --seed 403",
        (*PRINT_LINES, "lithographs"),
    ),
)  # fmt: skip
MEAN = ("finish", "print")  # of the weights of these stages


@command("python -m scripts.make_models", __doc__, stopped="; run it again to go on")
@option("--text", type=PATH, required=True, metavar="FOLDER", help="Folder of text folders.")
@option("--lines", type=PATH, metavar="FOLDER", help="Folder of line folders (jstor, books).")
@option("--pages", type=PATH, metavar="FOLDER", help="Folder of page folders with their texts.")
@option("--fonts", type=PATH, metavar="FOLDER", show_default="the machine's", help="Fonts whose licences allow everything.")
@option("--more-fonts", type=PATH, metavar="FOLDER", help="Other fonts, which rasm-print is trained with, too.")
@option("--device", metavar="NAME", default="", show_default="cpu", help="cpu or cuda.")
@option("--rehearsal", is_flag=True, help="A two-hundredth of the steps, in runs/rehearsal.")
def make(
    text: Path, lines: Path | None, pages: Path | None, fonts: Path | None, more_fonts: Path | None, device: str, rehearsal: bool
) -> None:
    for folder in (text, lines, pages, fonts, more_fonts):
        if folder and not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder")
    if not weighted(text, FREE_TEXTS):
        raise ConfigError(f"{text} holds none of the folders {', '.join(FREE_TEXTS)}")
    out = ROOT / "runs" / ("rehearsal" if rehearsal else "models")
    recipe = Recipe(out, text, fonts, more_fonts, device, 200 if rehearsal else 1)
    recipe.make_synthetic()
    if lines:
        recipe.make_print(lines, pages)


def weighted(folder: Path, texts: dict[str, float]) -> list[str]:
    """``PATH=WEIGHT`` of those texts that the folder holds."""
    return [f"{folder / name}={weight}" for name, weight in texts.items() if (folder / name).exists()]


class Recipe:
    """What is made, in ``out``; with every stage's steps divided by ``shortened``."""

    def __init__(self, out: Path, text: Path, fonts: Path | None, more_fonts: Path | None, device: str, shortened: int) -> None:
        self.out, self.shortened = out, shortened
        every = weighted(text, {**FREE_TEXTS, **BESIDE_OTHERS, **OTHER_TEXTS})
        more = [str(more_fonts)] if more_fonts else []
        self.free = ["--text", *weighted(text, FREE_TEXTS), *(["--fonts", str(fonts)] if fonts else [])]
        self.all = ["--text", *every, *(["--fonts", str(fonts), *more] if fonts else [])]
        self.device = ["--device", device or "cpu"]
        self.on_gpu = device.startswith("cuda")

    def make_synthetic(self) -> None:
        """rasm-synthetic: rendered lines alone."""
        if not (self.out / "rendered-val" / "manifest.json").exists():
            shutil.rmtree(self.out / "rendered", ignore_errors=True)  # of a rendering that was stopped
            run("-m", "model.rendering", *self.free, "--out", str(self.out / "rendered"), "--count", "400", "--seed", "1000")
            run("preprocess.py", str(self.out / "rendered"), "--out", str(self.out / "rendered-val"))
        self.train(SYNTHETIC, None, self.free, self.out, [self.out / "rendered-val"])
        self.export([SYNTHETIC.name], "rasm-synthetic", self.out / "rendered-val")

    def make_print(self, lines: Path, pages: Path | None) -> None:
        """rasm-print: from rasm-synthetic, a quarter real lines and the rest rendered ones."""
        arrays, last = self.out / "lines", self.out / SYNTHETIC.name / "best.pt"
        self.prepare(lines, pages, arrays)
        for stage in PRINT:
            last = self.train(stage, last, self.all, arrays, [arrays / "jstor" / "val"])
        self.export(MEAN, "rasm-print", arrays / "jstor" / "val")

    def prepare(self, lines: Path, pages: Path | None, arrays: Path) -> None:
        """Arrays of the real lines, of those that are aligned with the texts of pages, and of those that are surely read on others."""
        replace = [option for old in REPLACED for option in ("--replace", f"{old}=ﷺ")]
        reader = ["--model", str(SHIPPED_MODEL)]  # aligns pages with their texts, and checks labels
        checking = ["--check-with", str(SHIPPED_MODEL)] if self.shortened == 1 else []
        if not (arrays / "jstor" / "train").exists():
            run("preprocess.py", str(lines / "jstor"), "--out", str(arrays / "jstor"), "--digits", "arabic_indic", *replace, *checking,
                "--val-fraction", "0.08", "--group-by", "(.+)", "--unlabelled", *JOURNAL_UNLABELLED)  # fmt: skip
        if (lines / LITHOGRAPHS).exists() and not (arrays / "lithographs" / "manifest.json").exists():
            # unchecked: the reader that checks labels knows no Persian
            run("preprocess.py", str(lines / LITHOGRAPHS), "--out", str(arrays / "lithographs"), "--unlabelled", "diacritics", "tatweel")
        sources = {"books": [lines / "books" / book for book in BOOKS]}
        if pages:
            sources |= {"pages": [arrays / "aligned"], "own-readings": [arrays / "read"]}
            if not (arrays / "pages" / "manifest.json").exists():
                folders = [self.pages_to_train_on(pages / name) for name in ALIGNED_PAGES]
                shutil.rmtree(arrays / "aligned", ignore_errors=True)
                run("-m", "model.data.align", *map(str, folders), "--out", str(arrays / "aligned"), *reader)
            if not (arrays / "own-readings" / "manifest.json").exists():
                shutil.rmtree(arrays / "read", ignore_errors=True)  # of a run that was stopped
                run("-m", "model.data.align", str(pages / UNTRANSCRIBED_PAGES), "--out", str(arrays / "read"), *reader, "--own-readings")
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

    def train(self, stage: Stage, start: Path | None, rendering: list[str], arrays: Path, validation: Sequence[Path]) -> Path:
        """A stage's best checkpoint. One that was begun goes on, and one that is done ends at once."""
        out = self.out / stage.name
        lines = [str(arrays / name) for name in stage.lines if (arrays / name).exists()]
        begin = ["--resume"] if (out / "last.pt").exists() else ["--init", str(start)] if start else []
        columns = stage.columns if self.on_gpu else CPU_COLUMNS
        steps = -(-stage.steps * stage.columns // columns // self.shortened)
        run("train.py", *lines, *rendering, "--val", *map(str, validation), "--out", str(out), "--steps", str(steps),
            "--columns-per-batch", str(columns), *COMMON, *stage.options.split(), *self.device, *begin)  # fmt: skip
        return out / "best.pt"

    def export(self, stages: Sequence[str], model: str, arrays: Path) -> None:
        """The released model: the mean of the weights of stages."""
        out = self.out / f"{model}.onnx"
        if not out.exists():
            # a network of a few steps reads nothing, whatever its precision
            loss = ["--max-cer-loss", "1"] if self.shortened > 1 else []
            best = [str(self.out / stage / "best.pt") for stage in stages]
            run("export.py", *best, "--out", str(out), "--weights", str(out.with_suffix(".pt")), "--name", model,
                "--version", VERSION, "--arrays", str(arrays), "--int8", *loss)  # fmt: skip


def run(*arguments: str) -> None:
    print("\n$ python " + " ".join(a.replace(str(ROOT) + "/", "") for a in arguments), flush=True)
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT)


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(make, arguments)


if __name__ == "__main__":
    sys.exit(main())

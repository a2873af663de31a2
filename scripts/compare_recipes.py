"""What each choice of the recipe is worth: the same short training run again and again, each with one thing changed.

    python -m scripts.compare_recipes --init runs/models/synthetic/best.pt --arrays runs/models/{jstor/train,books} \\
        --val journal=runs/models/jstor/val book=runs/models/held-out vowelled=ARRAYS --text TEXTS… --out runs/recipes --steps 250

Prints the table of docs/choices.md: error rates on each of ``--val``, normalised, and raw where diacritics are labelled. Every run begins
with the same weights, sees the same batches as far as its change allows, and ends with the learning rate run down. The runs are short, so
the order of the variants tells more than their distance. A run that is done is not done again, and one that was stopped goes on.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from model.checkpoint import load_checkpoint
from model.data.arrays import LineArrays
from rasm.command_line import PATH, command, count, option, positive, run
from train import validate

ROOT = Path(__file__).resolve().parent.parent
BASE = "--learning-rate 1e-3 --warmup-steps 20 --constant-share 0.3 --final-share 0.02 --average 0.98 --seed 9 " + (
    "--columns-per-batch 12288 --max-width-px 1408 --validate-lines 32 --validate-every 100000"
)
NAIVE = "labels without diacritics taken at their word"
RENDERED_ALONE = "no real lines"
# a flag that is given twice counts as given last
VARIANTS = {
    "as released: half real, half rendered, 60% of the real augmented": "",
    "no augmentation": "--augment-share 0",
    "all real lines augmented": "--augment-share 1",
    "a fifth rendered": "--synthetic-share 0.2",
    "four fifths rendered": "--synthetic-share 0.8",
    RENDERED_ALONE: "",
    NAIVE: "",
    "half as large batches, twice as many": "--columns-per-batch 6144 --warmup-steps 40 --average 0.99",
    "learning rate 3e-4": "--learning-rate 3e-4",
    "learning rate 3e-3": "--learning-rate 3e-3",
}


@dataclass(frozen=True)
class Options:
    """Those of the command line, which says what each means."""

    init: Path
    arrays: Sequence[Path]
    text: Sequence[str]
    fonts: Sequence[str]
    val: Sequence[str]
    out: Path
    steps: int
    limit: int
    only: Sequence[int]


@command("python -m scripts.compare_recipes", __doc__, stopped="; run it again to go on")
@option("--init", type=PATH, required=True, metavar="CHECKPOINT", help="Where every run begins.")
@option("--arrays", several=True, type=PATH, required=True, metavar="FOLDER", help="Prepared real lines.")
@option("--text", several=True, required=True, metavar="PATH[=WEIGHT]", help="Texts to render.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts to render with.")
@option("--val", several=True, required=True, metavar="NAME=ARRAYS", help="Arrays to measure on.")
@option("--out", type=PATH, required=True, metavar="FOLDER", help="Of the runs.")
@option("--steps", type=positive, default=250, metavar="N", help="Of each run.")
@option("--limit", type=count, default=0, metavar="N", help="Validation lines of each set; 0: all.")
@option("--only", several=True, type=count, metavar="N", help="These variants, counted from 0.")
def compare(**given: Any) -> None:
    args = Options(**given)
    validations = {name: LineArrays(Path(path)) for name, _, path in (value.partition("=") for value in args.val)}
    rows = []
    for i, (name, change) in tqdm(list(enumerate(VARIANTS.items())), "runs", disable=None):
        if args.only and i not in args.only:
            continue
        folder = args.out / str(i)
        if not (folder / "done").exists():
            train(args, folder, name, change, next(iter(validations.values())).path)
            (folder / "done").touch()
        rows.append((name, {key: score(folder / "best.pt", arrays, args.limit) for key, arrays in validations.items()}))
    print(f"{args.steps} steps each from {args.init.name}, torch {torch.__version__}\n")
    print("| what was changed | " + " | ".join(validations) + " |\n|---|" + "---|" * len(validations))
    for name, figures in rows:
        print(f"| {name} | " + " | ".join(figures.values()) + " |")


def train(args: Options, folder: Path, name: str, change: str, validation: Path) -> None:
    arrays = [] if name == RENDERED_ALONE else args.arrays
    if name == NAIVE:
        arrays = [fully_labelled(path, args.out / "naive" / str(i)) for i, path in enumerate(arrays)]
    steps = args.steps * 2 if "--columns-per-batch" in change else args.steps
    fonts = ["--fonts", *args.fonts] if args.fonts else []
    begin = ["--resume"] if (folder / "last.pt").exists() else ["--init", str(args.init)]
    subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *map(str, arrays), "--text", *args.text, *fonts, "--val", str(validation),
         "--out", str(folder), *begin, "--steps", str(steps), *BASE.split(), *change.split()],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def fully_labelled(arrays: Path, out: Path) -> Path:
    """The same arrays with a manifest that says that nothing was left out of their labels."""
    shutil.copytree(arrays, out, dirs_exist_ok=True)
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(manifest | {"unlabelled": ""}, ensure_ascii=False))
    return out


def score(checkpoint: Path, arrays: LineArrays, limit: int) -> str:
    """Normalised CER, and raw where the labels have diacritics."""
    trained = load_checkpoint(checkpoint)
    figures, _ = validate(trained.crnn, trained.weights, [arrays], limit, torch.device("cpu"))
    raw = "" if arrays.unlabelled else f", raw {figures['cer']:.2%}"
    return f"{figures['cer_normalised']:.2%}{raw}"


def main(arguments: Sequence[str] | None = None) -> int:
    return run(compare, arguments)


if __name__ == "__main__":
    sys.exit(main())

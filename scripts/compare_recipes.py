"""What each choice of the recipe is worth: the same short training run again and again, each with one thing changed.

    python -m scripts.compare_recipes --init runs/models/synthetic/best.pt --arrays runs/models/{jstor/train,books} \\
        --val journal=runs/models/jstor/val book=runs/models/held-out vowelled=ARRAYS --text TEXTS… --out runs/recipes --steps 250

Prints the table of docs/choices.md: error rates on each of ``--val``, normalised, and raw where diacritics are labelled. Every run begins
with the same weights, sees the same batches as far as its change allows, and ends with the learning rate run down. The runs are short, so
the order of the variants tells more than their distance. A run that is done is not done again, and one that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from model.checkpoint import load_checkpoint
from model.data.arrays import LineArrays
from rasm.errors import RasmError
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", type=Path, required=True, metavar="CHECKPOINT", help="where every run begins")
    parser.add_argument("--arrays", nargs="+", type=Path, required=True, help="prepared real lines")
    parser.add_argument("--text", nargs="+", required=True, metavar="PATH[=WEIGHT]", help="texts to render")
    parser.add_argument("--fonts", nargs="+", default=[], metavar="FOLDER", help="fonts to render with (default: the machine's)")
    parser.add_argument("--val", nargs="+", required=True, metavar="NAME=ARRAYS")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--limit", type=int, default=0, help="validation lines of each set; 0: all")
    parser.add_argument("--only", nargs="+", type=int, metavar="N", help="these variants, counted from 0")
    args = parser.parse_args()
    try:
        validations = {name: LineArrays(Path(path)) for name, _, path in (value.partition("=") for value in args.val)}
        rows = []
        for i, (name, change) in tqdm(list(enumerate(VARIANTS.items())), "runs", disable=None):
            if args.only and i not in args.only:
                continue
            run = args.out / str(i)
            if not (run / "done").exists():
                train(args, run, name, change, next(iter(validations.values())).path)
                (run / "done").touch()
            rows.append((name, {key: score(run / "best.pt", arrays, args.limit) for key, arrays in validations.items()}))
    except RasmError as e:
        print(f"compare_recipes.py: error: {e}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as e:
        return e.returncode
    except KeyboardInterrupt:
        print("\ncompare_recipes.py: stopped; run it again to go on", file=sys.stderr)
        return 130
    print(f"{args.steps} steps each from {args.init.name}, torch {torch.__version__}\n")
    print("| what was changed | " + " | ".join(validations) + " |\n|---|" + "---|" * len(validations))
    for name, figures in rows:
        print(f"| {name} | " + " | ".join(figures.values()) + " |")
    return 0


def train(args: argparse.Namespace, run: Path, name: str, change: str, validation: Path) -> None:
    arrays = [] if name == RENDERED_ALONE else args.arrays
    if name == NAIVE:
        arrays = [fully_labelled(path, args.out / "naive" / str(i)) for i, path in enumerate(arrays)]
    steps = args.steps * 2 if "--columns-per-batch" in change else args.steps
    fonts = ["--fonts", *args.fonts] if args.fonts else []
    begin = ["--resume"] if (run / "last.pt").exists() else ["--init", str(args.init)]
    subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *map(str, arrays), "--text", *args.text, *fonts, "--val", str(validation),
         "--out", str(run), *begin, "--steps", str(steps), *BASE.split(), *change.split()],
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


if __name__ == "__main__":
    sys.exit(main())

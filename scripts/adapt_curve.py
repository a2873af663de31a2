"""How many corrected lines ``rasm adapt`` wants: the curve of docs/training.md.

    python -m scripts.adapt_curve LINES --out runs/curve --lines 50 100 200 400 --steps 200

LINES is a folder of pairs of one book. A quarter of them, drawn once, is only measured with. Of the rest so many are adapted to, the
fewer among the more.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from model.data.pairs import find_pairs, open_datasets
from rasm import command_line
from rasm.command_line import PATH, argument, command, option, positive
from rasm.errors import ConfigError
from rasm.weights import SHIPPED_MODEL
from scripts import adapt, adapt_figures

HELD_OUT = 4  # a quarter


@command("python -m scripts.adapt_curve", __doc__, stopped="; the same command goes on from here")
@argument("lines", "A folder of pairs", type=PATH, metavar="LINES")
@option("--out", type=PATH, required=True, metavar="DIR", help="For what is made.")
@option("--lines", "counts", several=True, type=positive, default=(50, 100, 200, 400), metavar="N", help="So many lines.")
@option("--steps", type=positive, default=200, metavar="N", help="Of each training.")
@option("--threads", type=positive, metavar="N", show_default="one for each core", help="Threads of the training.")
def curve(lines: Path, out: Path, counts: Sequence[int], steps: int, threads: int | None) -> None:
    found = find_pairs(open_datasets([lines])[0])[0]
    random.Random(1).shuffle(found)
    held_out, rest = found[: len(found) // HELD_OUT], found[len(found) // HELD_OUT :]
    if len(rest) < max(counts):
        raise ConfigError(f"{lines}: {len(rest)} lines are left to adapt to, fewer than {max(counts)}")
    sets = {"held-out": held_out, **{str(n): rest[:n] for n in counts}}
    for name, pairs in sets.items():
        folder = out / "lines" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            for pair in pairs:
                shutil.copy(pair.image_path, folder)
                shutil.copy(pair.text_path, folder)
    arrays = out / "held-out"
    if not arrays.exists():
        adapt.run("preprocess.py", str(out / "lines" / "held-out"), "--out", str(arrays), *adapt.workers(threads))
    models = {}
    for n in counts:
        models[str(n)] = out / f"{n}.onnx"
        if not models[str(n)].exists():
            own = ["--out", str(models[str(n)]), "--steps", str(steps), *(["--threads", str(threads)] if threads else [])]
            adapt.main([str(out / "lines" / str(n)), *own])
    figures = adapt_figures.measure({"before": SHIPPED_MODEL, **models}, arrays, adapt.fonts_at_hand())
    print(f"\n| lines corrected | {' | '.join(f'{f.kind} ({f.lines})' for f in figures)} |\n|---|{'---|' * len(figures)}")
    for name in ("before", *models):
        print(f"| {'none' if name == 'before' else name} | {' | '.join(f'{f.rates[name]:.1%}' for f in figures)} |")


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(curve, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Adapt a model to lines that were corrected by hand: prepare, train, export and measure, in one command.

    rasm adapt corrected --out mine.onnx
    rasm adapt corrected more-lines --out mine.onnx --minutes 20 --text texts
    rasm read book.pdf --model mine.onnx

PAIRS are folders of NAME.png beside NAME.gt.txt, as the page at / hands them out. A fifth of the lines is held out, to measure with.
The others are trained on beside rendered lines, so that the model keeps what it knew. At the end a table says how the held-out lines,
and rendered lines of several kinds, were read before and after.

Ctrl-C stops between two steps; the same command goes on from there. What is made on the way lies in NAME.adapt beside the model.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rasm import command_line, weights
from rasm.command_line import PATH, command, fraction, option, positive
from rasm.errors import ConfigError, DatasetError, RasmError

if TYPE_CHECKING:
    from scripts.adapt_figures import Figure

ROOT = Path(__file__).resolve().parent.parent
# rendered beside the lines, with the lines' own words and those of --text: one source a file, each drawn from as often
TEXTS = [f"{path}=1" for folder in ("text", "kept") for path in sorted((ROOT / "examples" / folder).glob("*.txt"))]
LEAST_LINES = 10  # with fewer, two lines would be held out at most
MOST_STEPS = 1_000_000
CUT = 0.4  # so much of what is wrong stands at the ends of lines where these are cut: six signs of fifty are an eighth
TRAINING = [
    *"--learning-rate 1.2e-3 --warmup-steps 50 --constant-share 0.3 --final-share 0.01 --average 0.99 --dropout 0".split(),
    *"--synthetic-share 0.5 --columns-per-batch 8192 --max-width-px 1408".split(),
    *f"--validate-every {MOST_STEPS}".split(),  # once, at the end: what is held out chooses nothing, so it can be measured with
]
PACKAGES = ("torch", "onnx", "onnxscript", "uharfbuzz", "freetype", "scipy")


@dataclass(frozen=True)
class Asked:
    """What decides what is made; another answer begins anew. files: a hash of the lines' names and contents."""

    files: str
    init: str
    minutes: float
    steps: int | None
    held_out: float
    text: tuple[str, ...]
    fonts: tuple[str, ...]


@command("rasm adapt", __doc__, stopped="; the same command goes on from here")
@command_line.argument("pairs", "Folders of line images and their texts", nargs=-1, required=True, type=PATH, metavar="PAIRS...")
@option("--out", type=PATH, required=True, metavar="FILE", help="The model to write, as mine.onnx.")
@option("--minutes", type=click.FloatRange(min=0, min_open=True), default=10.0, metavar="N", help="Of training.")
@option("--steps", type=positive, metavar="N", help="In place of --minutes: the same on any machine, however busy.")
@option("--init", default=weights.SHIPPED_MODEL.stem, metavar="MODEL", help="The model to begin with: one of `rasm models`, or a .pt file.")
@option("--held-out", type=fraction, default=0.2, metavar="SHARE", help="Of the lines: these are measured with, and not trained on.")
@option("--text", several=True, metavar="PATH[=WEIGHT]", help="Further texts to render beside.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts to render with.")
@option("--threads", type=positive, metavar="N", show_default="one for each core", help="Threads of the training.")
def adapt(
    pairs: Sequence[Path],
    out: Path,
    minutes: float,
    steps: int | None,
    init: str,
    held_out: float,
    text: Sequence[str],
    fonts: Sequence[str],
    threads: int | None,
) -> int:
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise ConfigError(f"{', '.join(missing)}: not installed, and needed to train; in a checkout of Rasm: pip install -e '.[train]'")
    if out.suffix != ".onnx":
        raise ConfigError(f"--out {out}: the name of a model ends in .onnx")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = weights_of(init)
    work = out.with_suffix(".adapt")
    asked = Asked(fingerprint(pairs), str(start), minutes, steps, held_out, tuple(text), tuple(fonts))
    begin(work, asked)
    fonts = list(fonts) or fonts_at_hand()

    arrays = work / "arrays"
    if not arrays.exists():
        every = ["--val-fraction", str(held_out), "--group-by", "(.+)"]  # each line a group of its own
        run("preprocess.py", *map(str, pairs), "--out", str(arrays), *every, *workers(threads))
    words = work / "labels.txt"
    if not words.exists():
        words.write_text("\n".join(labels(arrays / "train")) + "\n", encoding="utf-8")
    if not (work / "run" / "best.pt").exists():
        rendering = ["--text", *(f"{words}=1", *TEXTS, *text), *(["--fonts", *fonts] if fonts else [])]
        long = ["--steps", str(steps)] if steps else ["--minutes", str(minutes), "--steps", str(MOST_STEPS)]
        goes_on = ["--resume"] if (work / "run" / "last.pt").exists() else ["--init", str(start)]
        run("train.py", str(arrays / "train"), *rendering, "--val", str(arrays / "val"), "--out", str(work / "run"), *goes_on,
            *long, *TRAINING, *(["--threads", str(threads)] if threads else []), *workers(threads))  # fmt: skip
    # the adapted weights, and means of them and those before: these forget less
    best = work / "run" / "best.pt"
    stages = {"adapted": [best], "two thirds": [start, best, best], "half": [start, best]}
    candidates = {name: exported(of, work / f"{name.replace(' ', '-')}.onnx", out.stem) for name, of in stages.items()}
    return finish(out, work, candidates, start, fonts)


def exported(checkpoints: Sequence[Path], out: Path, name: str) -> Path:
    if not out.exists():
        run("export.py", *map(str, checkpoints), "--out", str(out), "--name", name)
    return out


def finish(out: Path, work: Path, candidates: dict[str, Path], start: Path, fonts: Sequence[str]) -> int:
    """Measure, choose, tell, and put the chosen model in place; 1 where it reads the held-out lines no better."""
    from scripts import adapt_figures

    shipped = {model.stem: model for model in weights.shipped_models()}
    before = shipped.get(start.stem) or exported([start], work / "before.onnx", start.stem)
    figures = adapt_figures.measure({"before": before, **candidates}, work / "arrays" / "val", fonts)
    chosen = adapt_figures.choose(figures)
    (work / "figures.json").write_text(
        json.dumps({"chosen": chosen, "figures": [asdict(f) for f in figures]}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    adapt_figures.write_calibrated(candidates[chosen], out, start.stem)
    print(f"\n{table(figures, chosen)}\n")
    for line in verdict(figures, chosen):
        print(line)
    print(f"wrote {out}; to read with it: rasm read page.png --model {out}")
    return 0 if figures[0].rates[chosen] < figures[0].rates["before"] else 1


def table(figures: Sequence[Figure], chosen: str) -> str:
    """Signs read wrong, before and after, of each kind of lines."""
    rows = [("signs read wrong", "lines", "before", "after")]
    rows += [(f.kind, str(f.lines), f"{f.rates['before']:.2%}", f"{f.rates[chosen]:.2%}{f.mark(chosen)}") for f in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:]))]) for row in rows)


def verdict(figures: Sequence[Figure], chosen: str) -> list[str]:
    own = figures[0]
    said = [
        f"Of the {own.lines} held-out lines of these pairs {own.rates['before']:.1%} of the signs were read wrong before, "
        f"and {own.rates[chosen]:.1%} are now."
    ]
    if not own.is_better(chosen):
        said.append("That may be chance: correct more lines, or train longer (--minutes).")
    worse = [f.kind for f in figures[1:] if f.is_worse(chosen)]
    said.append(f"Read worse than before: {', '.join(worse)}." if worse else "Of the rendered lines, no kind is read worse than before.")
    if own.at_ends.get(chosen, 0.0) > CUT:
        said.append(f"Of what is wrong in them {own.at_ends[chosen]:.0%} stands at the ends of lines: look whether their pictures are cut.")
    if own.worst.get(chosen, 0.0) > CUT / 4:
        said.append(f"One line has {own.worst[chosen]:.0%} of what is wrong in them: look whether its text is that of its picture.")
    if chosen != "adapted":
        said.append(f"The model is a mean of weights, {chosen} of them adapted: those alone forgot more.")
    return said


# What there is


def weights_of(name: str) -> Path:
    """The checkpoint of a shipped model, or a file. Raises ConfigError where there is none."""
    path = Path(name) if name.endswith(".pt") else ROOT / "model" / "weights" / f"{name}.pt"
    if not path.is_file():
        known = ", ".join(model.stem for model in weights.shipped_models())
        raise ConfigError(f"--init {name}: no such weights; there are: {known}, and files .pt of train.py")
    return path.resolve()


def fingerprint(folders: Sequence[Path]) -> str:
    """A hash of the lines. Raises DatasetError where there are too few."""
    from model.data.pairs import find_pairs, open_datasets

    found = [pair for dataset in open_datasets(folders) for pair in find_pairs(dataset)[0]]
    if len(found) < LEAST_LINES:
        where = ", ".join(map(str, folders))
        raise DatasetError(f"{len(found)} pairs of an image and a text in {where}: at least {LEAST_LINES} are needed, and 100 do better")
    known = hashlib.sha256()
    for pair in found:
        known.update(f"{pair.name}\0".encode("utf-8", "surrogateescape"))
        for path in (pair.image_path, pair.text_path):
            with contextlib.suppress(OSError), path.open("rb") as file:  # preprocess.py tells of what cannot be read
                known.update(hashlib.file_digest(file, "sha256").digest())
    return known.hexdigest()


def begin(work: Path, asked: Asked) -> None:
    """The folder of what is made on the way: kept where the same was asked for, emptied where not. Raises ConfigError for another's."""
    note = work / "asked.json"
    if work.exists() and not note.exists() and any(work.iterdir()):
        raise ConfigError(f"{work} is none of `rasm adapt`: name another --out")
    now: dict[str, Any] = json.loads(json.dumps(asdict(asked)))
    if note.exists() and json.loads(note.read_text(encoding="utf-8")) == now:
        return
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    note.write_text(json.dumps(now, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def labels(arrays: Path) -> list[str]:
    from model.data.arrays import LineArrays

    lines = LineArrays(arrays)
    return [lines.text(i) for i in range(len(lines))]


def fonts_at_hand() -> list[str]:
    """Nothing where the machine has Arabic fonts, and else the one that comes in matplotlib's wheel."""
    from model.rendering.fonts import find_fonts
    from rasm.text.charset import DEFAULT_CHARSET

    try:
        find_fonts((), DEFAULT_CHARSET)
    except DatasetError:
        import matplotlib

        print("No Arabic fonts on this machine: lines are rendered in DejaVu Sans alone, which keeps less (docs/training.md names fonts).")
        return [str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")]
    return []


def workers(threads: int | None) -> list[str]:
    """Processes beside the one that trains: they render."""
    return ["--workers", str(max(1, (threads or len(os.sched_getaffinity(0))) - 1))]


# Running a step


def run(*arguments: str) -> None:
    """One of the scripts, as it could be typed by hand. Ctrl-C reaches it once, and it is waited for: it saves what it has.

    Raises KeyboardInterrupt then, and RasmError where it fails; it has said itself why.
    """
    print("\n$ python " + " ".join(a.replace(str(ROOT) + "/", "") for a in arguments), flush=True)
    # a process group of its own: the terminal's Ctrl-C would reach it beside ours, and asked twice it ends without saving
    step = subprocess.Popen([sys.executable, str(ROOT / arguments[0]), *arguments[1:]], process_group=0)
    stopped = False
    while True:
        try:
            code = step.wait()
            break
        except KeyboardInterrupt:
            step.send_signal(signal.SIGKILL if stopped else signal.SIGTERM)
            stopped = True
    if stopped:
        raise KeyboardInterrupt
    if code:
        raise RasmError(f"{arguments[0]} ended with exit code {code}: it says above why")


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(adapt, arguments)


if __name__ == "__main__":
    sys.exit(main())

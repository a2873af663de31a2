"""How many lines a second train.py trains on, with its defaults.

Where it stands: called by ``python -m benchmarking training``. The real scripts run, on a folder of pairs: preprocess.py, then some steps.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarking.machine import ROOT
from evaluation.datasets import open_samples
from rasm.errors import RasmError


def measure(folders: Sequence[Path], threads: int, steps: int, limit: int) -> dict[str, Any]:
    """Lines a second over ``steps`` steps, the first included, in which shapes are compiled.

    limit: the lines, spread evenly over all, that are trained on; 0: all.
    """
    from model.checkpoint import load_checkpoint  # torch

    with tempfile.TemporaryDirectory(prefix="rasm-training-") as folder:
        arrays, run = Path(folder) / "arrays", Path(folder) / "run"
        lines = Path(folder) / "lines"
        _link(folders, limit, lines)
        _run("preprocess.py", str(lines), "--out", str(arrays), "--workers", str(threads))
        options = ("--steps", str(steps), "--validate-every", str(steps), "--validate-lines", "16", "--threads", str(threads))
        _run("train.py", str(arrays), "--val", str(arrays), "--out", str(run), *options)
        last = load_checkpoint(run / "last.pt")
    return {"steps": last.step, "threads": threads, "lines_per_second": last.metrics["lines_per_second"], "seconds": last.seconds}


def _link(folders: Sequence[Path], limit: int, target: Path) -> None:
    """The chosen pairs as links in a folder, under names that cannot clash."""
    target.mkdir()
    for i, sample in enumerate(open_samples(folders, "lines", limit).items):
        (target / f"{i}{sample.file.suffix}").symlink_to(sample.file.resolve())
        (target / f"{i}.gt.txt").write_text(sample.truth + "\n", encoding="utf-8")


def _run(script: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, script, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode:
        raise RasmError(f"{script} failed: {(done.stderr.strip().splitlines() or ['it gave no reason'])[-1]}")

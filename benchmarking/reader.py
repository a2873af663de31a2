"""How fast lines and pages are read, by Rasm and, in turns, by Tesseract; how long one line takes; how long it takes to start.

Where it stands: called by ``benchmark.py``. Rasm's seconds begin with the bytes of an image file and end with its text; Tesseract's
are those of its process, which opens the image files itself, without the time that the process takes to start and to read a blank
image. So neither is helped by what happens outside. Rasm has read a blank image too when it is opened.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarking.machine import ROOT, peak_rss_mb
from evaluation.datasets import Kind, Sample, open_samples
from evaluation.engines import Engine, RasmLines
from evaluation.tesseract import Tesseract
from evaluation.timing import Run, take_turns
from model.errors import DatasetError, RasmError
from model.metrics import error_rates, kitab, normalised

_COLD_STARTS = 5
_START = """
import sys, time
started = time.perf_counter()
from model.image import decode
from model.recognizer import Recognizer
imported = time.perf_counter()
recognizer = Recognizer(sys.argv[1], threads=int(sys.argv[3]))
loaded = time.perf_counter()
with open(sys.argv[2], "rb") as file:
    recognizer.read([decode(file.read())])
print(imported - started, loaded - imported, time.perf_counter() - loaded)
"""


def measure(folders: Sequence[Path], model: Path, threads: int, against: str | None, limit: int, kind: Kind = "lines") -> dict[str, Any]:
    """The main comparison: reading, errors (normalised CER; of pages KITAB's), memory and loading. Rates are None where not measured."""
    found = open_samples(folders, kind, limit)
    started = time.perf_counter()
    rasm = _open(model, threads, kind)
    load_s = time.perf_counter() - started
    engines: list[Engine] = [rasm]
    if against == "tesseract":
        engines.append(Tesseract(threads, kind))
    runs = take_turns(engines, found.items, kind.removesuffix("s"))
    read = found.items[: len(runs["rasm"].readings)]
    if len(read) < len(found.items):
        print(f"\nbenchmark.py: stopped; the figures are those of {len(read)} of {len(found.items)} {kind}", file=sys.stderr)
    rates = {engine.name: (runs[engine.name].per_second, _cer(read, runs[engine.name], kind)) for engine in engines}
    rasm_speed, rasm_cer = rates["rasm"]
    peer_speed, peer_cer = rates.get("tesseract", (None, None))
    return {
        kind: len(read),
        f"rasm_{kind}_per_second": rasm_speed,
        f"tesseract_{kind}_per_second": peer_speed,
        "ratio": rasm_speed / peer_speed if peer_speed else None,
        "rasm_cer": rasm_cer,
        "tesseract_cer": peer_cer,
        "peak_rss_mb": peak_rss_mb(),
        "load_s": load_s,
    }


def _open(model: Path, threads: int, kind: Kind) -> Engine:
    if kind == "lines":
        return RasmLines(model, threads, characters=False)  # they would be counted in the memory
    from evaluation.pages import RasmPages  # lines need nothing of what finds them

    return RasmPages(model, threads)


def _cer(samples: Sequence[Sample], run: Run, kind: Kind) -> float:
    texts = [sample.visible(reading.text) for sample, reading in zip(samples, run.readings, strict=True)]
    return error_rates([sample.truth for sample in samples], texts, normalised if kind == "lines" else kitab).cer


def latency(folders: Sequence[Path], model: Path, threads: int, limit: int) -> dict[str, Any]:
    """Milliseconds from the bytes of one line's image file to its text, each line by itself."""
    engine = RasmLines(model, threads, characters=False)
    prepared = [engine.prepare([sample]) for sample in open_samples(folders, "lines", limit).items]
    for one in prepared:
        engine.read(one)  # the first line of each width plans it
    milliseconds = []
    for one in tqdm(prepared, "one by one", unit="line", leave=False, disable=None):
        started = time.perf_counter()
        engine.read(one)
        milliseconds.append(1e3 * (time.perf_counter() - started))
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99]).tolist()
    return {"lines": len(prepared), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "mean_ms": statistics.fmean(milliseconds)}


def start(folders: Sequence[Path], model: Path, threads: int) -> dict[str, Any]:
    """Seconds from starting Python to the first line's text: medians of a few processes, files being in the system's cache."""
    sample = next((s for s in open_samples(folders, "lines", 16).items if s.path is not None), None)
    if sample is None:
        raise DatasetError("starting is measured with an image file: give a folder of pairs")
    rows = []
    for _ in tqdm(range(_COLD_STARTS), "starting", leave=False, disable=None):
        started = time.perf_counter()
        command = [sys.executable, "-c", _START, str(model.resolve()), str(sample.file), str(threads)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise RasmError(f"a process that reads one line failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        rows.append([time.perf_counter() - started, *map(float, done.stdout.split())])
    whole, imports, load, first = (statistics.median(column) for column in zip(*rows))
    return {"whole_s": whole, "imports_s": imports, "load_s": load, "first_line_s": first, "starts": _COLD_STARTS}

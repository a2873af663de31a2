"""How fast lines and pages are read, by Rasm and, in turns, by Tesseract; how long one line takes; how long it takes to start.

Where it stands: called by ``python -m benchmarking``. Rasm's seconds begin with the bytes of an image file and end with its text.
Tesseract's are those of its process, which opens the image files itself, less the time to start and to read a blank image. So neither
is helped by what happens outside. Rasm has read a blank image too when it is opened.

Of one line and of starting, Tesseract's time is that of a whole process: its command line has no other way to read one image.
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

from benchmarking.machine import ROOT, peak_rss_mb, peak_rss_mb_of
from evaluation.datasets import Kind, Sample, open_samples
from evaluation.engines import Engine, RasmLines
from evaluation.tesseract import Tesseract
from evaluation.timing import MAX_TURN, Run, take_turns
from rasm.errors import DatasetError, RasmError
from rasm.text.metrics import error_rates, kitab, normalised

_COLD_STARTS = 5
_ONE_BY_ONE = 20  # lines that one engine reads, each by itself, before the other takes its turn
_START = """
import sys, time
started = time.perf_counter()
from rasm.image import decode
from rasm.lines.recognizer import Recognizer
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
    if peer := _peer(against, threads, kind):
        engines.append(peer)
    runs = take_turns(engines, found.items, kind.removesuffix("s"))
    read = found.items[: len(runs["rasm"].readings)]
    if len(read) < len(found.items):
        print(f"\npython -m benchmarking: stopped; the figures are those of {len(read)} of {len(found.items)} {kind}", file=sys.stderr)
    rates = {engine.name: (runs[engine.name].per_second, _cer(read, runs[engine.name], kind)) for engine in engines}
    rasm_speed, rasm_cer = rates["rasm"]
    peer_speed, peer_cer = rates.get("tesseract", (None, None))
    peak_mb = peak_rss_mb()  # before anything else is done here
    return {
        kind: len(read),
        f"rasm_{kind}_per_second": rasm_speed,
        f"tesseract_{kind}_per_second": peer_speed,
        "ratio": rasm_speed / peer_speed if peer_speed else None,
        "rasm_cer": rasm_cer,
        "tesseract_cer": peer_cer,
        "peak_rss_mb": peak_mb,
        "load_s": load_s,
        "tesseract_peak_rss_mb": _peak_of(peer, read[:MAX_TURN]) if peer else None,
    }


def _peer(against: str | None, threads: int, kind: Kind = "lines") -> Tesseract | None:
    return Tesseract(threads, kind) if against == "tesseract" else None


def _peak_of(peer: Tesseract, samples: Sequence[Sample]) -> float:
    """Of a process that reads all of these, as those that are timed do."""
    files = peer.prepare(samples)
    with peer.command(files.paths) as command:
        return peak_rss_mb_of(command, peer.environment)


def _open(model: Path, threads: int, kind: Kind) -> Engine:
    if kind == "lines":
        return RasmLines(model, threads, characters=False)  # they would be counted in the memory
    from evaluation.pages import RasmPages  # lines need nothing of what finds them

    return RasmPages(model, threads)


def _cer(samples: Sequence[Sample], run: Run, kind: Kind) -> float:
    texts = [sample.visible(reading.text) for sample, reading in zip(samples, run.readings, strict=True)]
    return error_rates([sample.truth for sample in samples], texts, normalised if kind == "lines" else kitab).cer


def latency(folders: Sequence[Path], model: Path, threads: int, against: str | None, limit: int) -> dict[str, Any]:
    """Milliseconds from the bytes of one line's image file to its text, each line by itself; of Tesseract, by a process for each.

    ``tesseract_reading_p50_ms`` is without the time in which such a process starts and reads a blank image. None where not measured.
    """
    rasm, peer = RasmLines(model, threads, characters=False), _peer(against, threads)
    engines: list[Engine] = [rasm, peer] if peer else [rasm]
    samples = open_samples(folders, "lines", limit).items
    for sample in samples:
        rasm.read(rasm.prepare([sample]))  # the first line of each width plans it
    milliseconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    with tqdm(total=len(samples) * len(engines), desc="one by one", unit="line", leave=False, disable=None) as bar:
        for first in range(0, len(samples), _ONE_BY_ONE):
            for engine in engines:
                for sample in samples[first : first + _ONE_BY_ONE]:
                    prepared = engine.prepare([sample])
                    started = time.perf_counter()
                    engine.read(prepared)
                    milliseconds[engine.name].append(1e3 * (time.perf_counter() - started))
                    bar.update()
    of_rasm = _percentiles(milliseconds["rasm"])
    of_peer = _percentiles(milliseconds["tesseract"]) if peer else {}
    return {
        "lines": len(samples),
        **of_rasm,
        **{f"tesseract_{name}": of_peer.get(name) for name in of_rasm},
        "tesseract_reading_p50_ms": of_peer["p50_ms"] - 1e3 * peer.start_s if peer else None,
    }


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99]).tolist()
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "mean_ms": statistics.fmean(milliseconds)}


def start(folders: Sequence[Path], model: Path, threads: int, against: str | None) -> dict[str, Any]:
    """Seconds from starting Python, or Tesseract, to the first line's text: medians of a few processes, files being in the system's cache.

    Those of Tesseract are None where not measured.
    """
    sample = next((s for s in open_samples(folders, "lines", 16).items if s.path is not None), None)
    if sample is None:
        raise DatasetError("starting is measured with an image file: give a folder of pairs")
    peer = _peer(against, threads)
    of_rasm, of_peer = [], []
    for _ in tqdm(range(_COLD_STARTS), "starting", leave=False, disable=None):
        command = [sys.executable, "-c", _START, str(model.resolve()), str(sample.file.resolve()), str(threads)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        took = time.perf_counter() - started
        if done.returncode:
            raise RasmError(f"a process that reads one line failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        of_rasm.append([took, *map(float, done.stdout.split())])
        if peer:
            prepared = peer.prepare([sample])
            started = time.perf_counter()
            peer.read(prepared)
            of_peer.append(time.perf_counter() - started)
    whole, imports, load, first = (statistics.median(column) for column in zip(*of_rasm))
    return {
        "whole_s": whole,
        "imports_s": imports,
        "load_s": load,
        "first_line_s": first,
        "tesseract_whole_s": statistics.median(of_peer) if of_peer else None,
        "starts": _COLD_STARTS,
    }

"""All benchmarks, one after the other, as the tables of docs/benchmarks.md.

Where it stands: ``python -m benchmarking all``. Each figure comes from a process of its own, ``python -m benchmarking WHAT …
--json``, which a reader can run by itself. What fails is named in its table's place, and the others go on.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarking.machine import ROOT, describe
from evaluation.datasets import open_samples
from rasm.errors import ConfigError, RasmError
from rasm.weights import SHIPPED_MODEL

THREADS = (1, 2)
_PEEK = 16  # samples that are opened before anything is measured
_PARTS = ("reader", "latency", "start", "arithmetic", "pages", "service", "training")

Figures = dict[str, Any]
Column = tuple[str, Callable[[Figures], str]]


@dataclass(frozen=True)
class Asked:
    """What ``python -m benchmarking all`` was asked for."""

    folders: Sequence[Path]
    limit: int
    models: Sequence[Path]
    pages: Sequence[Path]
    skip: Sequence[str]
    out: Path


def write(args: Asked) -> None:
    """Measures everything that ``python -m benchmarking all`` was asked for, and writes ``args.out``. Raises a RasmError where
    nothing can be."""
    if missing := [model for model in args.models if not model.is_file()]:
        raise ConfigError(f"{missing[0]}: no such model file")
    if unknown := set(args.skip) - set(_PARTS):
        raise ConfigError(f"--skip {', '.join(sorted(unknown))}: there are {', '.join(_PARTS)}")
    open_samples(args.folders, "lines", _PEEK)  # what is wrong with them is said at once, and not in every row
    if args.pages:
        open_samples(args.pages, "pages", _PEEK)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[tuple[str, Figures | str]]] = {}
    with tempfile.TemporaryDirectory(prefix="rasm-fp32-") as folder:
        models = args.models or [SHIPPED_MODEL, _in_fp32(SHIPPED_MODEL, Path(folder))]
        try:
            for part, label, arguments in tqdm(_jobs(args, models), "benchmarks", disable=None):
                rows.setdefault(part, []).append((label, _run(part, arguments)))
        except KeyboardInterrupt:  # what was measured is kept
            if not rows:
                raise
            print("\npython -m benchmarking: stopped; the file holds what was measured by then", file=sys.stderr)
    args.out.write_text(document(rows, describe(), _command(args)), encoding="utf-8")
    print(f"wrote {args.out}")


def _in_fp32(model: Path, folder: Path) -> Path:
    """The network of a shipped model before it was quantised, from its checkpoint in ``model/weights``."""
    out = folder / f"{model.stem}-fp32.onnx"
    command = [sys.executable, "export.py", str(ROOT / "model" / "weights" / f"{model.stem}.pt"), "--out", str(out), "--name", out.stem]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RasmError(f"the model cannot be exported in fp32: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return out


def _jobs(args: Asked, models: Sequence[Path]) -> list[tuple[str, str, list[str]]]:
    """(part, label of the row, arguments) of every row, in the order of the tables."""
    folders = [str(path.resolve()) for path in args.folders]
    pages = [str(path.resolve()) for path in args.pages]
    limit = ["--limit", str(args.limit)] if args.limit else []
    against = ["--against", "tesseract"] if shutil.which("tesseract") else []
    jobs: list[tuple[str, str, list[str]]] = []
    for model in models:
        at = ["--model", str(model.resolve())]
        for threads in THREADS:
            label, on = f"{model.stem}, {threads}", ["--threads", str(threads)]
            jobs.append(("reader", label, [*folders, *limit, *at, *on, *against]))
            jobs.append(("latency", label, [*folders, *limit, *at, *on, *against]))
            jobs.append(("arithmetic", label, [*folders, *limit, *at, *on]))
            if pages:
                jobs.append(("pages", label, [*pages, *at, *on, *against]))
        jobs.append(("start", f"{model.stem}, 1", [*folders, *at, "--threads", "1", *against]))
        jobs.append(("service", f"{model.stem}, 2", [*folders, *limit, *at, "--threads", "2"]))
    jobs += [("training", str(threads), [*folders, *limit, "--threads", str(threads)]) for threads in THREADS]
    return sorted((job for job in jobs if job[0] not in args.skip), key=lambda job: _PARTS.index(job[0]))


def _command(args: Asked) -> str:
    """What was asked for, without the folders that files lie in."""
    words = ["python -m benchmarking all", *(path.name for path in args.folders)]
    for option, values in (("--models", args.models), ("--pages", args.pages)):
        words += [option, *(path.name for path in values)] if values else []
    words += ["--limit", str(args.limit)] if args.limit else []
    words += ["--skip", *args.skip] if args.skip else []
    return " ".join(words)


def _run(part: str, arguments: Sequence[str]) -> Figures | str:
    """The figures of one subcommand, or what went wrong."""
    done = subprocess.run([sys.executable, "-m", "benchmarking", part, *arguments, "--json"], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1].rpartition(": error: ")[2]
    figures: Figures = json.loads(done.stdout)
    return figures


_ELSEWHERE = (
    "These tables tell how fast Rasm is. Other commands tell how well pages are read ([evaluation.md](evaluation.md)):",
    "",
    "| measure | command |",
    "| --- | --- |",
    "| error rates of pages, infix too, beside Tesseract's | `python -m evaluation PAGES --engine rasm tesseract` |",
    "| words found and in order, kind by kind and by script | `python -m evaluation DRAWN --engine rasm tesseract --languages ara+eng` |",
    "| lines read where there is no text | `python -m scripts.false_lines PHOTOGRAPHS --count 1000` |",
    "| lines found, and their outlines | `python -m scripts.compare_finders DRAWN --models finder.onnx` |",
)


def document(rows: dict[str, list[tuple[str, Figures | str]]], machine: dict[str, str], command: str) -> str:
    """The Markdown of docs/benchmarks.md."""
    out = [
        "# Benchmarks",
        "",
        f"Written by `{command}`: run it again rather than edit this file. It ran on",
        "",
        *table(("", ""), list(machine.items())),
        "",
        *_ELSEWHERE,
    ]
    for part, measured in rows.items():
        title, text, first, columns = _TABLES[part]
        body = [
            (label, *(show(figures) for _, show in columns)) if isinstance(figures, dict) else (label, f"not measured: {figures}")
            for label, figures in measured
        ]
        out += ["", f"## {title}", "", text, "", *table((first, *(name for name, _ in columns)), body)]
    return "\n".join(out) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; short rows are filled up."""
    lines = [head, ["---"] * len(head), *(list(row) + [""] * (len(head) - len(row)) for row in rows)]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines]


def _number(key: str, digits: int = 1, scale: float = 1.0) -> Callable[[Figures], str]:
    def show(figures: Figures) -> str:
        value = figures[key]
        return "–" if value is None else f"{scale * value:.{digits}f}"

    return show


def _percent(key: str, digits: int = 2) -> Callable[[Figures], str]:
    return lambda figures: "–" if figures[key] is None else f"{figures[key]:.{digits}%}"


def _comparison(kind: str, digits: int) -> tuple[Column, ...]:
    return (
        (kind, _number(kind, 0)),
        (f"Rasm, {kind}/s", _number(f"rasm_{kind}_per_second", digits)),
        (f"Tesseract, {kind}/s", _number(f"tesseract_{kind}_per_second", digits)),
        ("ratio", _number("ratio", 1)),
        ("Rasm, CER", _percent("rasm_cer")),
        ("Tesseract, CER", _percent("tesseract_cer")),
        ("Rasm, peak MB", _number("peak_rss_mb", 0)),
        ("Tesseract, peak MB", _number("tesseract_peak_rss_mb", 0)),
        ("loading, s", _number("load_s", 2)),
    )


_TABLES: dict[str, tuple[str, str, str, tuple[Column, ...]]] = {
    "reader": (
        "Lines",
        "`python -m benchmarking reader LINES --model M --threads N --against tesseract` measures it.\n"
        "Both read the same lines in turns, each on as many threads. CER is normalised.\n\n"
        "| | Rasm | Tesseract (`-l ara --psm 13`, one process for many lines) |\n| --- | --- | --- |\n"
        "| seconds | from the bytes of image files to texts | those of its process, without the time to start and read a blank image |\n"
        "| *loading* | opening the model, and reading a blank image | not counted |\n"
        "| memory, the most that a process has held | it read all lines; Python and libraries included | it read the first 200 lines |",
        "model, threads",
        _comparison("lines", 1),
    ),
    "latency": (
        "One line",
        "`python -m benchmarking latency LINES --against tesseract` measures it.\n"
        "Milliseconds from the bytes of one image file to its text, each line by itself.\n"
        "Rasm is loaded and has read a line of each width, as in the service.\n"
        "Tesseract is a process for one image: it starts, loads its model, reads the file and ends.\n"
        "*Less start* is its p50 without the time in which such a process reads a blank image: about what a loaded Tesseract would take.",
        "model, threads",
        (
            ("lines", _number("lines", 0)),
            ("Rasm, p50", _number("p50_ms")),
            ("p95", _number("p95_ms")),
            ("p99", _number("p99_ms")),
            ("Tesseract, p50", _number("tesseract_p50_ms", 0)),
            ("p95", _number("tesseract_p95_ms", 0)),
            ("p99", _number("tesseract_p99_ms", 0)),
            ("less start, p50", _number("tesseract_reading_p50_ms", 0)),
        ),
    ),
    "start": (
        "Starting",
        "`python -m benchmarking start LINES --against tesseract` measures it.\n"
        "Seconds from starting Python, or Tesseract, to the first line's text, both of the same line.\n"
        "Each is the median of five processes, in turns, with files in the system's cache.",
        "model, threads",
        (
            ("Rasm", _number("whole_s", 2)),
            ("of it imports", _number("imports_s", 2)),
            ("loading the model", _number("load_s", 2)),
            ("the first line", _number("first_line_s", 3)),
            ("Tesseract", _number("tesseract_whole_s", 2)),
        ),
    ),
    "arithmetic": (
        "Share of the arithmetic peak",
        "`python -m benchmarking arithmetic LINES` measures it.\n"
        "The network's operations on the lines that were read, divided by the seconds from image files to texts.\n"
        "A multiplication and its addition are two operations.\n"
        "The peak is the most that products of large matrices reach on as many threads of this machine.",
        "model, threads",
        (
            ("GFLOP a line", _number("gflop_per_line", 2)),
            ("mean width, px", _number("mean_padded_width_px", 0)),
            ("GFLOP/s reached", _number("gflops_reached", 0)),
            ("peak, fp32", _number("gflops_peak_fp32", 0)),
            ("share", _percent("share_of_fp32_peak", 0)),
            ("peak, int8", _number("gflops_peak_int8", 0)),
            ("share", _percent("share_of_int8_peak", 0)),
        ),
    ),
    "pages": (
        "Pages",
        "`python -m benchmarking pages PAGES --against tesseract` measures it.\n"
        "From image files or PDFs to texts, Tesseract with `--psm 3` and from images alone. A document of several pages counts once.\n"
        "CER is that of KITAB-Bench's normalisation, without regard to line breaks.",
        "model, threads",
        _comparison("pages", 2),
    ),
    "service": (
        "The service",
        "`python -m benchmarking service LINES --clients 32` measures it.\n"
        "wrk asks the service, as `make serve` starts it, over 32 connections, one line a request.\n"
        "It takes turns on the same cores, wrk's included, with the bare recogniser, which reads the same files in full batches.\n"
        "Of each the best turn counts.\n\n"
        "| column | is |\n| --- | --- |\n"
        "| *bare* | the recogniser as a process a core, or as one process with a thread a core |\n"
        "| *share* | of the quicker of these two |\n"
        "| *alone* | a single connection |\n"
        "| *more* | what it waits beyond the bare reading of a line |\n"
        "| *processor* | processor time of one line |",
        "model, cores",
        (
            ("clients", _number("clients", 0)),
            ("lines/s", _number("lines_per_second")),
            ("bare, a process a core", _number("bare_process_a_core")),
            ("bare, one process", _number("bare_one_process")),
            ("share", _percent("share_of_bare", 0)),
            ("p50, ms", _number("p50_ms", 0)),
            ("p95, ms", _number("p95_ms", 0)),
            ("p99, ms", _number("p99_ms", 0)),
            ("alone p50, ms", _number("alone_p50_ms")),
            ("more", _number("alone_more_p50_ms")),
            ("alone p99, ms", _number("alone_p99_ms")),
            ("more", _number("alone_more_p99_ms")),
            ("processor, ms", _number("cpu_ms_service")),
            ("of the bare one", _number("cpu_ms_bare")),
            ("refused", _number("refused", 0)),
            ("broken", _number("broken", 0)),
        ),
    ),
    "training": (
        "Training",
        "`python -m benchmarking training LINES` measures it: train.py with its defaults, for a hundred steps from the first on.",
        "threads",
        (("steps", _number("steps", 0)), ("lines/s", _number("lines_per_second", 0))),
    ),
}

"""How fast Rasm reads, trains and serves, in how much memory, and beside Tesseract.

    python -m benchmarking reader LINES --threads 1 --against tesseract --json    lines a second and errors of both, in turns
    python -m benchmarking latency LINES --against tesseract                      one line at a time: p50, p95, p99
    python -m benchmarking start LINES --against tesseract                        from nothing to the first line's text
    python -m benchmarking arithmetic LINES                                       the share of the machine's measured peak
    python -m benchmarking pages PAGES --against tesseract                        pages a second
    python -m benchmarking training LINES                                         lines a second of train.py
    python -m benchmarking service LINES --clients 32                             the service under wrk, an outside load generator
    python -m benchmarking service PAGES --pages --clients 16 --seconds 120       the same with pages, beside what rasm read does
    python -m benchmarking all LINES --pages PAGES --out docs/benchmarks.md       all of them, as tables

Where it stands: beside ``python -m evaluation``, which says how well an engine reads; here it is how fast. Any folder of image and text
pairs will do. Each subcommand measures in a process of its own, and ``all`` runs them one after the other.
What each figure means: ``docs/benchmarks.md``, which ``all`` writes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarking.machine import ROOT
from rasm.command_line import PATH, argument, command, count, group, option, positive, run
from rasm.weights import SHIPPED_MODEL

# Each subcommand imports what it needs alone, since memory is among the figures


@group("python -m benchmarking", __doc__)
def benchmarking() -> None:
    pass


_folders = argument("folders", "Folders of images and their texts", nargs=-1, required=True, type=PATH)
_limit = option("--limit", type=count, default=0, metavar="N", help="Use only so many, spread evenly over all; 0: all.")
_threads = option("--threads", type=positive, default=1, metavar="N", help="Threads of each engine.")
_model = option("--model", type=PATH, default=SHIPPED_MODEL, metavar="FILE", show_default="the shipped model", help="An ONNX file.")
_against = option("--against", type=click.Choice(("tesseract",)), help="Measure this peer too, in turns on the same.")
_json = option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@command("reader", "Lines a second, errors, memory.")
@_folders
@_limit
@_threads
@_model
@_against
@_json
def reader(folders: Sequence[Path], limit: int, threads: int, model: Path, against: str | None, as_json: bool) -> None:
    from benchmarking.reader import measure

    show(measure(folders, model, threads, against, limit), as_json)


@command("pages", "Pages a second, errors, memory.")
@_folders
@_limit
@_threads
@_model
@_against
@_json
def pages(folders: Sequence[Path], limit: int, threads: int, model: Path, against: str | None, as_json: bool) -> None:
    from benchmarking.reader import measure

    show(measure(folders, model, threads, against, limit, "pages"), as_json)


@command("latency", "Milliseconds of one line, each read by itself.")
@_folders
@_limit
@_threads
@_model
@_against
@_json
def latency(folders: Sequence[Path], limit: int, threads: int, model: Path, against: str | None, as_json: bool) -> None:
    from benchmarking.reader import latency

    show(latency(folders, model, threads, against, limit), as_json)


@command("start", "Seconds from starting Python to the first line's text.")
@_folders
@_threads
@_model
@_against
@_json
def start(folders: Sequence[Path], threads: int, model: Path, against: str | None, as_json: bool) -> None:
    from benchmarking.reader import start

    show(start(folders, model, threads, against), as_json)


@command("arithmetic", "The share of the machine's arithmetic peak.")
@_folders
@_limit
@_threads
@_model
@_json
def arithmetic(folders: Sequence[Path], limit: int, threads: int, model: Path, as_json: bool) -> None:
    from benchmarking.arithmetic import share_of_peak

    show(share_of_peak(folders, model, threads, limit), as_json)


@command("training", "Lines a second of train.py with its defaults.")
@_folders
@_limit
@_threads
@option("--steps", type=positive, default=100, metavar="N", help="Steps to train for.")
@_json
def training(folders: Sequence[Path], limit: int, threads: int, steps: int, as_json: bool) -> None:
    from benchmarking.training import measure

    show(measure(folders, threads, steps, limit), as_json)


@command("service", "The service under wrk, on as many cores as --threads.")
@_folders
@_limit
@_threads
@_model
@option("--clients", type=positive, default=32, metavar="N", help="Connections that ask at the same time.")
@option("--seconds", type=positive, default=20, metavar="N", help="How long they ask.")
@option("--url", metavar="URL", show_default="one is started, with the model", help="A service that runs already.")
@option("--pages", "of_pages", is_flag=True, help="Send pages, each file as one, in place of lines.")
@_json
def service(
    folders: Sequence[Path],
    limit: int,
    threads: int,
    model: Path,
    clients: int,
    seconds: int,
    url: str | None,
    of_pages: bool,
    as_json: bool,
) -> None:
    from benchmarking.service import measure

    show(measure(folders, model, threads, clients, seconds, limit, url, "pages" if of_pages else "lines"), as_json)


@command("all", "All of these, as tables in one file.")
@_folders
@_limit
@option(
    "--models",
    several=True,
    type=PATH,
    metavar="FILE",
    show_default="the shipped model, and its weights in fp32",
    help="ONNX files.",
)
@option("--pages", several=True, type=PATH, metavar="FOLDER", help="Folders of pages with their texts.")
@option("--skip", several=True, metavar="WHAT", help="Subcommands to leave out, such as service.")
@option("--out", type=PATH, default=ROOT / "docs" / "benchmarks.md", metavar="FILE", show_default="docs/benchmarks.md", help="The tables.")
def everything(folders: Sequence[Path], limit: int, models: Sequence[Path], pages: Sequence[Path], skip: Sequence[str], out: Path) -> None:
    from benchmarking.tables import Asked, write

    write(Asked(folders, limit, models, pages, skip, out))


for each in (reader, latency, start, arithmetic, pages, training, service, everything):
    benchmarking.add_command(each)


def show(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures))
    else:
        print_figures(figures)


def print_figures(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name.endswith("_cer") or name.startswith("share"):
            shown = "-" if value is None else f"{value:.2%}"
        else:
            shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        print(f"{name:28}{shown:>14}")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(benchmarking, arguments)


if __name__ == "__main__":
    sys.exit(main())

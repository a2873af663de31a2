"""How fast Rasm reads, trains and serves, in how much memory, and beside Tesseract.

    python -m benchmarking reader LINES --threads 1 --against tesseract --json    lines a second and errors of both, in turns
    python -m benchmarking latency LINES --against tesseract                      one line at a time: p50, p95, p99
    python -m benchmarking start LINES --against tesseract                        from nothing to the first line's text
    python -m benchmarking arithmetic LINES                                       the share of the machine's measured peak
    python -m benchmarking pages PAGES --against tesseract                        pages a second
    python -m benchmarking training LINES                                         lines a second of train.py
    python -m benchmarking service LINES --clients 32                             the service under wrk, an outside load generator
    python -m benchmarking all LINES --pages PAGES --out docs/benchmarks.md       all of them, as tables

Where it stands: beside ``python -m evaluation``, which says how well an engine reads; here it is how fast. Any folder of image and text
pairs will do. Each subcommand measures in a process of its own, and ``all`` runs them one after the other.
What each figure means: ``docs/benchmarks.md``, which ``all`` writes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarking.machine import ROOT
from rasm.errors import ConfigError, RasmError
from rasm.weights import SHIPPED_MODEL


def main(arguments: Sequence[str] | None = None) -> int:
    args = parse_arguments(arguments)
    try:
        for name, least in (("threads", 1), ("limit", 0), ("steps", 1), ("clients", 1), ("seconds", 1)):
            if vars(args).get(name, least) < least:
                raise ConfigError(f"--{name} must be at least {least}")
        if args.what == "all":
            from benchmarking import tables

            tables.write(args)
            return 0
        figures = measure(args)
    except (RasmError, OSError) as e:
        print(f"python -m benchmarking: error: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nbenchmark.py: stopped", file=sys.stderr)
        return 130
    if args.json:
        print(json.dumps(figures))
    else:
        print_figures(figures)
    return 0


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarking", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")

    def command(name: str, help: str, model: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, allow_abbrev=False)
        sub.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folders of images and their texts")
        sub.add_argument("--limit", type=int, default=0, metavar="N", help="use only so many, spread evenly over all")
        sub.add_argument("--threads", type=int, default=1, help="threads of each engine (default: 1)")
        if name != "all":
            sub.add_argument("--json", action="store_true", help="print one JSON object")
        if model:
            sub.add_argument("--model", type=Path, default=SHIPPED_MODEL, help="an ONNX file (default: the shipped model)")
        return sub

    for name, help in (
        ("reader", "lines a second, errors, memory"),
        ("pages", "pages a second, errors, memory"),
        ("latency", "milliseconds of one line, each read by itself"),
        ("start", "seconds from starting Python to the first line's text"),
    ):
        command(name, help).add_argument("--against", choices=("tesseract",), help="measure this peer too, in turns on the same")
    command("arithmetic", "the share of the machine's measured arithmetic peak that reading reaches")
    training = command("training", "lines a second of train.py with its defaults", model=False)
    training.add_argument("--steps", type=int, default=100, help="steps to train for (default: 100)")
    service = command("service", "the service under wrk; --threads: the cores that it, wrk and the bare recogniser run on")
    service.add_argument("--clients", type=int, default=32, help="connections that ask at the same time (default: 32)")
    service.add_argument("--seconds", type=int, default=20, help="how long they ask (default: 20)")
    service.add_argument("--url", help="a service that runs already (default: one is started, with the model)")
    everything = command("all", "every one of these, beside Tesseract where it is installed, as tables in one file", model=False)
    everything.add_argument(
        "--models", nargs="+", type=Path, metavar="M", help="ONNX files (default: the shipped model, and its weights in fp32)"
    )
    everything.add_argument("--pages", nargs="+", type=Path, default=[], metavar="FOLDER", help="folders of pages with their texts")
    everything.add_argument("--skip", nargs="+", default=[], metavar="WHAT", help="subcommands to leave out, such as service")
    everything.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md", help="default: docs/benchmarks.md")
    return parser.parse_args(arguments)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """The figures of one subcommand. Each imports what it needs alone, since memory is among the figures."""
    if args.what == "training":
        from benchmarking import training

        return training.measure(args.folders, args.threads, args.steps, args.limit)
    if args.what == "service":
        from benchmarking import service

        return service.measure(args.folders, args.model, args.threads, args.clients, args.seconds, args.limit, args.url)
    if args.what == "arithmetic":
        from benchmarking import arithmetic

        return arithmetic.share_of_peak(args.folders, args.model, args.threads, args.limit)
    from benchmarking import reader

    if args.what == "latency":
        return reader.latency(args.folders, args.model, args.threads, args.against, args.limit)
    if args.what == "start":
        return reader.start(args.folders, args.model, args.threads, args.against)
    return reader.measure(args.folders, args.model, args.threads, args.against, args.limit, "pages" if args.what == "pages" else "lines")


def print_figures(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name.endswith("_cer") or name.startswith("share"):
            shown = "-" if value is None else f"{value:.2%}"
        else:
            shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        print(f"{name:28}{shown:>14}")


if __name__ == "__main__":
    sys.exit(main())

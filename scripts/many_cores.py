"""How many pages a second several processes of ``rasm read`` read, beside one.

    python -m scripts.many_cores PAGES [--workers 2] [--copies 4] [--turns 3]

Each turn reads all pages with one process of one thread, then with ``--workers``; each turn's seconds are those of the whole command, its
start included. Of each the best turn counts, since other work on the machine makes turns slower and never faster. Efficiency is the rate
of the workers, divided by as many times that of the one.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarking.machine import ROOT
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import DatasetError, RasmError
from rasm.pages.files import PAGE_SUFFIXES


@command("python -m scripts.many_cores", __doc__)
@argument("folders", "Folders of pages", nargs=-1, required=True, type=PATH)
@option("--workers", type=positive, default=2, metavar="N", help="Processes, beside the one.")
@option("--copies", type=positive, default=4, metavar="N", help="How often each page is read.")
@option("--turns", type=positive, default=3, metavar="N", help="How often each is measured.")
def many_cores(folders: Sequence[Path], workers: int, copies: int, turns: int) -> int:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix.lower() in PAGE_SUFFIXES]
    if not files:
        raise DatasetError(f"no PDF and no image in {', '.join(map(str, folders))}")
    best: dict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as name:
        pages = Path(name) / "pages"
        pages.mkdir()
        for copy in range(copies):
            for number, path in enumerate(files):
                (pages / f"{copy:03d}-{number:05d}{path.suffix.lower()}").symlink_to(path.resolve())
        for turn in range(turns):
            for title, words in _commands(pages, workers).items():
                count, seconds = _measured([*words, "--out", f"{name}/{title}-{turn}", "--format", "json"], Path(name) / f"{title}-{turn}")
                best[title] = max(best[title], count / seconds)
    print("| | pages/s | a process | efficiency |\n|---|---|---|---|")
    for title, rate in best.items():
        processes = 1 if title == "read, 1" else workers
        print(f"| {title} | {rate:.2f} | {rate / processes:.2f} | {rate / processes / best['read, 1']:.2f} |")
    return 0


def _commands(pages: Path, workers: int) -> dict[str, list[str]]:
    own = [sys.executable, "-m", "rasm"]
    return {
        f"read, {count}": [*own, "read", str(pages), "--workers", str(count), "--threads", str(count), "--quiet"] for count in (1, workers)
    }


def _measured(words: Sequence[str], out: Path) -> tuple[int, float]:
    """Pages, and seconds. Raises RasmError where the command failed."""
    started = time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    pages = sum(len(re.findall(r'"number": \d+', path.read_text(encoding="utf-8"))) for path in out.rglob("*.json"))
    if done.returncode not in (0, 1) or not pages:
        raise RasmError(f"{' '.join(words)}: {(done.stderr.strip().splitlines() or ['nothing was read'])[-1]}")
    return pages, seconds


def main(arguments: Sequence[str] | None = None) -> int:
    return run(many_cores, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""How many pages a second several processes read, beside one: of ``rasm read``, and of ``rasm read-many`` on Ray.

    python -m scripts.many_cores PAGES [--workers 2] [--copies 4] [--turns 3] [--ray]

Each turn reads all pages with one process of one thread, then with ``--workers``; with ``--ray`` also with ``read-many`` on this machine,
and on a cluster of two nodes on it. What a command takes for a page a process is its start; pages/s are of the seconds beyond it. Of each
the best turn counts, since other work on the machine makes turns slower and never faster. Efficiency is the rate of the workers, divided
by as many times that of the one.

The last row, with ``--ray``: documents a second where reading takes no time, which is how many one run can give out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path

from benchmarking.machine import ROOT
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import DatasetError, RasmError
from rasm.pages.files import PAGE_SUFFIXES

GIVEN_OUT = 5000  # documents in which nothing is read
FIRST = 100  # of them: while processes start


@command("python -m scripts.many_cores", __doc__)
@argument("folders", "Folders of pages", nargs=-1, required=True, type=PATH)
@option("--workers", type=positive, default=2, metavar="N", help="Processes, beside the one.")
@option("--copies", type=positive, default=4, metavar="N", help="How often each page is read.")
@option("--turns", type=positive, default=3, metavar="N", help="How often each is measured.")
@option("--ray", is_flag=True, help="Measure rasm read-many, too.")
def many_cores(folders: Sequence[Path], workers: int, copies: int, turns: int, ray: bool) -> int:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix.lower() in PAGE_SUFFIXES]
    if not files:
        raise DatasetError(f"no PDF and no image in {', '.join(map(str, folders))}")
    rates: dict[str, float] = defaultdict(float)
    starts: dict[str, float] = defaultdict(lambda: float("inf"))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        few, pages = Path(name) / "few", Path(name) / "pages"
        for folder, paths in ((few, islice(chain.from_iterable([files] * workers), workers)), (pages, files * copies)):
            folder.mkdir()
            for number, path in enumerate(paths):
                (folder / f"{number:06d}{path.suffix.lower()}").symlink_to(path.resolve())
        commands = _commands(workers)
        if ray:
            os.environ.update({"RAY_worker_niceness": "0"})  # like that of rasm read's processes
            address = stack.enter_context(_two_nodes(workers))
            commands[f"read-many, {workers}"] = ["read-many", "--workers", str(workers)]
            commands[f"read-many on two nodes, {workers}"] = ["read-many", "--workers", str(workers), "--address", address]
        for turn in range(turns):
            for title, words in commands.items():
                out = Path(name) / f"{title}-{turn}"
                starts[title] = min(starts[title], _measured([*words, str(few)], out / "few")[1])
                count, seconds = _measured([*words, str(pages)], out / "all")
                rates[title] = max(rates[title], (count - workers) / (seconds - starts[title]))
    print("| | start, s | pages/s | a process | efficiency |\n|---|---|---|---|---|")
    for title, rate in rates.items():
        processes = 1 if title == "read, 1" else workers
        print(f"| {title} | {starts[title]:.1f} | {rate:.2f} | {rate / processes:.2f} | {rate / processes / rates['read, 1']:.2f} |")
    if ray:
        print(f"\ndocuments that one run gives out: {_given_out(workers):.0f} a second")
    return 0


def _commands(workers: int) -> dict[str, list[str]]:
    return {
        f"read, {count}": ["read", "--workers", str(count), "--threads", str(count), "--quiet"] for count in dict.fromkeys((1, workers))
    }


def _measured(words: Sequence[str], out: Path) -> tuple[int, float]:
    """Pages, and seconds. Raises RasmError where the command failed."""
    started = time.perf_counter()
    full = [sys.executable, "-m", "rasm", *words, "--out", str(out), "--format", "json"]
    done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    pages = sum(len(re.findall(r'"number": \d+', path.read_text(encoding="utf-8"))) for path in out.rglob("*.json"))
    if done.returncode not in (0, 1) or not pages:
        raise RasmError(f"{' '.join(words)}: {(done.stderr.strip().splitlines() or ['nothing was read'])[-1]}")
    return pages, seconds


@contextmanager
def _two_nodes(workers: int) -> Iterator[str]:
    """The address of a cluster of Ray's on this machine, which has one core for each of the ``workers``."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    first = (workers + 1) // 2
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": first, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=max(1, workers - first))
        yield cluster.address
    finally:
        cluster.shutdown()


def _given_out(workers: int) -> float:
    from rasm.many.reading import Done, Job, Task, Worker
    from rasm.many.run import Run, connected
    from rasm.many.sources import Sources
    from rasm.results import Settings
    from rasm.workers import Opening

    class Idle(Worker):
        def __init__(self, job: Job) -> None:
            pass

        def do(self, task: Task, data: bytes | None = None) -> Done:
            return Done(1, (0,), whole=True)

    with tempfile.TemporaryDirectory() as name, connected("local", workers) as ray:
        folder, out = Path(name) / "pages", Path(name) / "out"
        folder.mkdir()
        for number in range(GIVEN_OUT):
            (folder / f"{number}.png").touch()
        job = Job(Opening("", 1, 0), "", Settings(), ("text",), False, str(out))
        told: list[float] = []  # after each document
        Run(ray, job, Sources([str(folder)], str(out)), workers, lambda _: told.append(time.monotonic()), Idle)()
        return (len(told) - FIRST) / (told[-1] - told[FIRST])


def main(arguments: Sequence[str] | None = None) -> int:
    return run(many_cores, arguments)


if __name__ == "__main__":
    sys.exit(main())

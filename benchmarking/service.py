"""The service under load: started for real, asked by wrk, and held against bare reading of the same lines, or pages, on the same cores.

Where it stands: called by ``python -m benchmarking service``. wrk (Debian: wrk) is a load generator in C that takes little of the
processor itself.

The method. All run on the same cores (``--threads`` of them), one after the other, in several turns. What else the machine does slows
a turn and never quickens one, so of each the best turn counts. The bare recogniser decodes the same image files and reads them in
full batches, without a service around it. It does so in one process with a thread a core, and in a process a core with one thread
each. Of pages it does what ``rasm read`` does with each file: from its bytes to its JSON. The service's share is of the quicker of the
two. A lone client's latency is held against reading the same images one by one. Processor time per line, of the service, of wrk and of
the bare recogniser, says where the rest goes. It hardly depends on what else the machine does.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal

import cv2
import httpx
import numpy as np
from tqdm import tqdm

from benchmarking.machine import ROOT
from evaluation.datasets import open_samples
from evaluation.engines import RasmLines, open_recognizer
from evaluation.timing import MAX_TURN
from rasm.errors import ConfigError, DatasetError, RasmError
from rasm.reader import Reader

Kind = Literal["lines", "pages"]
TURNS = 4
WARM_UP_S = 3
_START_TIMEOUT_S = 120
_BOUNDARY = "rasm-benchmark"
#: wrk runs this in each of its threads: all bodies are read once, and sent in turn.
_LUA = """
local bodies = {}
for path in io.lines("%(listing)s") do
  local file = assert(io.open(path, "rb"))
  bodies[#bodies + 1] = file:read("*a")
  file:close()
end
local n = 0
local headers = {["Content-Type"] = "multipart/form-data; boundary=%(boundary)s"}
function request()
  n = n %% #bodies + 1
  return wrk.format("POST", "/api/v1/ocr", headers, bodies[n])
end
function done(summary, latency, requests)
  local e = summary.errors
  io.stderr:write(string.format(
    '{"requests":%%d,"seconds":%%f,"refused":%%d,"broken":%%d,"p50_ms":%%f,"p95_ms":%%f,"p99_ms":%%f}\\n',
    summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end
"""


def measure(
    folders: Sequence[Path], model: Path, threads: int, clients: int, seconds: int, limit: int, url: str | None, kind: Kind = "lines"
) -> dict[str, Any]:
    """Lines, or files of pages, a second and latencies of the service at ``url``, or of one that is started here, for ``seconds`` in all.

    Raises ConfigError without wrk, and a RasmError where the model cannot be used or the service does not answer.
    """
    if not shutil.which("wrk"):
        raise ConfigError("wrk, the load generator, is not installed; on Debian: apt install wrk")
    samples = [sample for sample in open_samples(folders, kind, limit).items if sample.path is not None]
    if not samples:
        raise DatasetError("the service is sent files: give a folder of pairs")
    images = [sample.file.read_bytes() for sample in samples]
    open_recognizer(model, threads)  # what is wrong with it is said here, and not in the log of a service
    with (
        _on_cores(threads),
        tempfile.TemporaryDirectory(prefix="rasm-service-") as folder,
        running(url, model, Path(folder)) as (address, process),
        _Bare(model, threads, 1, kind) as one_process,
        _Bare(model, 1, threads, kind) as process_a_core,
    ):
        script = _script(Path(folder), [sample.file for sample in samples], "line" if kind == "lines" else "page")
        _wrk(script, address, clients, WARM_UP_S)
        turns = [
            {
                "one process": one_process.read(images),
                "a process a core": process_a_core.read(images),
                "alone": process_a_core.read_one_by_one(images),
                "service": _asked(script, address, clients, max(1, seconds // TURNS), process),
                "service alone": _asked(script, address, 1, max(1, seconds // TURNS // 2), process),
            }
            for _ in tqdm(range(TURNS), "turns", disable=None, leave=False)
        ]
    bare = {way: max((turn[way] for turn in turns), key=_rate) for way in ("one process", "a process a core")}
    loaded = max((turn["service"] for turn in turns), key=_rate)
    quicker = max(bare, key=lambda way: _rate(bare[way]))
    alone = {f"{p}_ms": min(turn["service alone"][f"{p}_ms"] for turn in turns) for p in ("p50", "p99")}
    reading = {f"{p}_ms": min(turn["alone"][f"{p}_ms"] for turn in turns) for p in ("p50", "p99")}
    return {
        "clients": clients,
        "cores": threads,
        "seconds": loaded["seconds"],
        f"{kind}_per_second": _rate(loaded),
        f"bare_{kind}_per_second": _rate(bare[quicker]),
        "share_of_bare": _rate(loaded) / _rate(bare[quicker]),
        "bare_was_quicker_as": quicker,
        "bare_one_process": _rate(bare["one process"]),
        "bare_process_a_core": _rate(bare["a process a core"]),
        **{key: loaded[key] for key in ("p50_ms", "p95_ms", "p99_ms", "refused", "broken")},
        "cpu_ms_service": loaded["cpu_ms"],
        "cpu_ms_wrk": loaded["wrk_cpu_ms"],
        "cpu_ms_bare": min(turn[quicker]["cpu_ms"] for turn in turns),
        "alone_p50_ms": alone["p50_ms"],
        "alone_p99_ms": alone["p99_ms"],
        "reading_p50_ms": reading["p50_ms"],
        "reading_p99_ms": reading["p99_ms"],
        "alone_more_p50_ms": alone["p50_ms"] - reading["p50_ms"],
        "alone_more_p99_ms": alone["p99_ms"] - reading["p99_ms"],
    }


def _rate(turn: dict[str, Any]) -> float:
    """Lines read a second."""
    return float((turn["requests"] - turn["refused"]) / turn["seconds"])


class _Bare:
    """Reading without a service, in processes of its own."""

    def __init__(self, model: Path, threads: int, processes: int, kind: Kind) -> None:
        spawn = multiprocessing.get_context("spawn")
        # a pool for each, so that each gets the same work
        self._pools = [ProcessPoolExecutor(1, spawn, _open, (model, threads, kind)) for _ in range(processes)]

    def __enter__(self) -> _Bare:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def read(self, images: Sequence[bytes]) -> dict[str, Any]:
        """Every process reads all of them, all at the same time."""
        list(self._map(_read, images[:1]))  # they are there, and warm
        began = time.perf_counter()
        cpu_s = sum(self._map(_read, images))
        lines = len(images) * len(self._pools)
        return {"requests": lines, "refused": 0, "seconds": time.perf_counter() - began, "cpu_ms": cpu_s * 1e3 / lines}

    def read_one_by_one(self, images: Sequence[bytes]) -> dict[str, Any]:
        """In one process, each line by itself."""
        took_ms = np.array(self._pools[0].submit(_read_one_by_one, images).result()) * 1e3
        return {f"p{p}_ms": float(np.percentile(took_ms, p)) for p in (50, 99)}

    def _map(self, function: Callable[[Sequence[bytes]], float], images: Sequence[bytes]) -> Iterator[float]:
        return (task.result() for task in [pool.submit(function, images) for pool in self._pools])


class _Pages:
    """What ``rasm read`` does with each file."""

    def __init__(self, model: Path, threads: int) -> None:
        cv2.setNumThreads(threads)
        self._reader = Reader(model, threads=threads)

    def read(self, images: Sequence[bytes]) -> list[str]:
        return [json.dumps(self._reader.read(image, mode="page").to_dict(), ensure_ascii=False) for image in images]


_engines: list[RasmLines | _Pages] = []  # of a process of a _Bare: one


def _open(model: Path, threads: int, kind: Kind) -> None:
    _engines.append(RasmLines(model, threads, characters=False) if kind == "lines" else _Pages(model, threads))


def _read(images: Sequence[bytes]) -> float:
    """Seconds of the processor that it took."""
    began = time.process_time()
    for start in range(0, len(images), MAX_TURN):
        _engines[0].read(images[start : start + MAX_TURN])
    return time.process_time() - began


def _read_one_by_one(images: Sequence[bytes]) -> list[float]:
    """Seconds that each took."""
    took = []
    for image in images:
        began = time.perf_counter()
        _engines[0].read([image])
        took.append(time.perf_counter() - began)
    return took


@contextlib.contextmanager
def _on_cores(count: int) -> Iterator[None]:
    """This process and all that it starts, wrk too, on so many cores."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _asked(script: Path, url: str, clients: int, seconds: int, process: int | None) -> dict[str, Any]:
    """What wrk says, and milliseconds of the processor for each request, of the service and of wrk."""
    before, wrk_before = _cpu_s(process), os.times()
    out = _wrk(script, url, clients, seconds)
    after, wrk_after = _cpu_s(process), os.times()
    wrk_s = wrk_after.children_user - wrk_before.children_user + wrk_after.children_system - wrk_before.children_system
    out["cpu_ms"] = (after - before) * 1e3 / out["requests"] if before is not None and after is not None else None
    out["wrk_cpu_ms"] = wrk_s * 1e3 / out["requests"]
    return out


def _cpu_s(process: int | None) -> float | None:
    """Seconds of the processor that a process and its children have taken; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children = [int(pid) for task in Path(f"/proc/{process}/task").iterdir() for pid in (task / "children").read_text().split()]
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(_cpu_s(child) or 0 for child in children)


def _script(folder: Path, images: Sequence[Path], mode: str) -> Path:
    listing = folder / "bodies.txt"
    paths = []
    for i, image in enumerate(images):
        asked = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="mode"\r\n\r\n{mode}\r\n'
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{mode}{image.suffix}"\r\n'
        body = (
            (asked + head).encode()
            + b"Content-Type: application/octet-stream\r\n\r\n"
            + image.read_bytes()
            + f"\r\n--{_BOUNDARY}--\r\n".encode()
        )
        paths.append(folder / f"{i}.body")
        paths[-1].write_bytes(body)
    listing.write_text("".join(f"{path}\n" for path in paths))
    script = folder / "ask.lua"
    script.write_text(_LUA % {"listing": listing, "boundary": _BOUNDARY})
    return script


def _wrk(script: Path, url: str, clients: int, seconds: int) -> dict[str, Any]:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        out: dict[str, Any] = json.loads(done.stderr.strip().splitlines()[-1])
    except (ValueError, IndexError) as e:
        raise RasmError(f"wrk failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}") from e
    if out["requests"] == 0:
        raise RasmError(f"{url} answered nothing within {seconds} s")
    return out


@contextlib.contextmanager
def running(url: str | None, model: Path, folder: Path, **settings: str) -> Iterator[tuple[str, int | None]]:
    """``url``, or the address and the process of a service under its production server, stopped at the end. ``settings``: more of its
    environment."""
    if url:
        yield url.rstrip("/"), None
        return
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "RASM_MODEL": str(model.resolve()),
        "RASM_JOB_WORKERS": "0",
        "DATABASE_URL": f"sqlite:///{folder / 'service.sqlite3'}",
        **settings,
    }
    log = folder / "service.log"
    subprocess.run([sys.executable, "backend/manage.py", "migrate", "--noinput", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    with log.open("w") as output:
        command = [sys.executable, "-m", "gunicorn", "-c", "backend/gunicorn.conf.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, process, log)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url + "/health/ready", trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise RasmError(f"the service did not start: {(log.read_text().strip().splitlines() or ['no word from it'])[-1]}")

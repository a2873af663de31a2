"""The service under load: started for real, asked by wrk, and held against the bare recogniser on the same lines.

Where it stands: called by ``benchmark.py service``. wrk (Debian: wrk) is a load generator in C that takes little of the processor
that it shares with the service. Every request is one line image; each connection waits for its reply before it asks again.
The bare recogniser reads the same images before and after, so that a change of the machine's mood would show.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarking.machine import ROOT
from evaluation.datasets import open_samples
from evaluation.engines import RasmLines
from evaluation.timing import take_turns
from model.errors import ConfigError, DatasetError, RasmError

_START_TIMEOUT_S = 60
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


def measure(folders: Sequence[Path], model: Path, threads: int, clients: int, seconds: int, limit: int, url: str | None) -> dict[str, Any]:
    """Lines a second and latencies of the service at ``url``, or of one that is started here. Raises ConfigError without wrk."""
    if not shutil.which("wrk"):
        raise ConfigError("wrk, the load generator, is not installed; on Debian: apt install wrk")
    samples = [sample for sample in open_samples(folders, "lines", limit).items if sample.path is not None]
    if not samples:
        raise DatasetError("the service is sent image files: give a folder of pairs")
    engine = RasmLines(model, threads, characters=False)
    before = take_turns([engine], samples)["rasm"]
    with tempfile.TemporaryDirectory(prefix="rasm-service-") as folder, _service(url, model, Path(folder)) as address:
        script = _script(Path(folder), [sample.file for sample in samples])
        _wrk(script, address, clients, 3)  # warms it up
        loaded = _wrk(script, address, clients, seconds)
        alone = _wrk(script, address, 1, max(3, seconds // 3))
    after = take_turns([engine], samples)["rasm"]
    bare = 2 * len(samples) / (sum(before.seconds) + sum(after.seconds))
    rate = (loaded["requests"] - loaded["refused"]) / loaded["seconds"]
    return {
        "clients": clients,
        "seconds": loaded["seconds"],
        "lines_per_second": rate,
        "bare_lines_per_second": bare,
        "share_of_bare": rate / bare,
        **{key: loaded[key] for key in ("p50_ms", "p95_ms", "p99_ms", "refused", "broken")},
        "alone_p50_ms": alone["p50_ms"],
        "alone_p99_ms": alone["p99_ms"],
    }


def _script(folder: Path, images: Sequence[Path]) -> Path:
    listing = folder / "bodies.txt"
    paths = []
    for i, image in enumerate(images):
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="line{image.suffix}"\r\n'
        body = head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + image.read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()
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
def _service(url: str | None, model: Path, folder: Path) -> Iterator[str]:
    """``url``, or the address of a service under its production server, stopped at the end."""
    if url:
        yield url.rstrip("/")
        return
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "RASM_MODEL": str(model.resolve()),
        "DATABASE_URL": f"sqlite:///{folder / 'service.sqlite3'}",
        "LOG_LEVEL": "WARNING",
    }
    log = folder / "service.log"
    subprocess.run([sys.executable, "backend/manage.py", "migrate", "--noinput", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    with log.open("w") as output:
        command = [sys.executable, "-m", "gunicorn", "-c", "backend/gunicorn.conf.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, process, log)
            yield address
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

"""Two servers and two workers on one Postgres; one of each is killed under load: is a job lost, and how long does it take?

    python -m scripts.failover [--jobs 12] [--pages 40] [--lease 60]

Clients send jobs to both servers in turns, and to the other one where the first does not answer, as a proxy does. When half of the jobs are
sent and pages are being read, a server with its processes and a worker are killed (SIGKILL). The other two go on.

Exit codes: 0 · 1 a job that was accepted is not done, or has fewer pages than were sent.
"""

from __future__ import annotations

import contextlib
import getpass
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarking.machine import ROOT
from rasm.command_line import command, option, positive, run
from rasm.errors import RasmError

LINE = ROOT / "tests" / "golden" / "figures.png"
PATIENCE_S = 1800


@command("python -m scripts.failover", __doc__)
@option("--jobs", type=positive, default=12, metavar="N", help="Jobs that are sent.")
@option("--pages", type=positive, default=40, metavar="N", help="Pages of each.")
@option("--lease", type=positive, default=60, metavar="S", help="RASM_JOB_LEASE_S of the service.")
def failover(jobs: int, pages: int, lease: int) -> int:
    document = _pdf(pages)
    with tempfile.TemporaryDirectory(prefix="rasm-") as folder, postgres() as database:
        settings = {"DATABASE_URL": database, "RASM_JOB_LEASE_S": str(lease), "RASM_MAX_JOBS": str(jobs), "SECRET_KEY": "of a try"}
        settings |= {"RASM_JOB_WORKERS": "0", "WEB_CONCURRENCY": "1", "HOST": "127.0.0.1", "LOG_LEVEL": "ERROR", "RASM_DATA": folder}
        _manage(settings, "migrate", "--noinput", "--verbosity", "0").wait()
        ports = [_free_port() for _ in range(2)]
        started = [_started(settings | {"PORT": str(port)}, "-m", "gunicorn", "-c", "backend/gunicorn.conf.py") for port in ports]
        started += [_manage(settings, "jobs", "work") for _ in range(2)]
        try:
            urls = [f"http://127.0.0.1:{port}" for port in ports]
            for url in urls:
                _wait(url)
            begun = time.monotonic()
            accepted = [_send(urls[k % 2 :] + urls[: k % 2], document) for k in range(jobs // 2)]
            while not any(_of(urls[1], job)["pages_done"] for job in accepted):
                _expect(started)
                time.sleep(0.1)
            for process in (started[0], started[2]):
                os.killpg(process.pid, signal.SIGKILL)
            killed = time.monotonic()
            accepted += [_send(urls[k % 2 :] + urls[: k % 2], document) for k in range(jobs // 2, jobs)]
            done = _wait_for(urls[1], accepted, (started[1], started[3]))
            ended = time.monotonic()
        finally:
            for process in started:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    lost = [job for job in done if job["state"] != "done" or job["pages_done"] != pages]
    print(f"{len(accepted)} jobs of {pages} pages accepted, {len(accepted) - len(lost)} done, {len(lost)} lost")
    print(f"a server and a worker killed after {killed - begun:.0f} s; all done {ended - killed:.0f} s later; lease {lease} s")
    return 1 if lost else 0


def _pdf(pages: int) -> bytes:
    line = Image.open(LINE).convert("L")
    page = Image.new("L", (line.width + 200, 6 * (line.height + 20) + 80), 255)
    for row in range(6):
        page.paste(line, (100, 40 + row * (line.height + 20)))
    file = io.BytesIO()
    page.save(file, "PDF", save_all=True, append_images=[page] * (pages - 1))
    return file.getvalue()


def _send(urls: Sequence[str], document: bytes) -> str:
    """The id of the job, of the first server that accepts it."""
    for url in urls:
        with contextlib.suppress(httpx.TransportError):
            reply = httpx.post(f"{url}/api/v1/jobs", files={"files": ("book.pdf", document)}, trust_env=False, timeout=60)
            reply.raise_for_status()
            return str(reply.json()["id"])
    raise RasmError("no server accepts a job")


def _of(url: str, job: str) -> dict[str, Any]:
    return dict(httpx.get(f"{url}/api/v1/jobs/{job}", trust_env=False, timeout=60).raise_for_status().json())


def _expect(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Raises RasmError where one has ended by itself: a worker does when a page takes it longer than the lease."""
    if any(process.poll() is not None for process in processes):
        raise RasmError("a process ended that was not killed: on a busy machine, give a longer --lease")


def _wait_for(url: str, jobs: Sequence[str], processes: Sequence[subprocess.Popen[bytes]]) -> list[dict[str, Any]]:
    end = time.monotonic() + PATIENCE_S
    while True:
        _expect(processes)
        found = [_of(url, job) for job in jobs]
        if all(job["state"] in ("done", "failed", "cancelled") for job in found) or time.monotonic() > end:
            return found
        time.sleep(1)


def _wait(url: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health/ready", trust_env=False, timeout=60).status_code == 200:
                return
        time.sleep(0.2)
    raise RasmError(f"no server answers at {url}")


def _started(settings: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    """In a group of its own, which can be killed as a whole."""
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env={**os.environ, **settings}, start_new_session=True)


def _manage(settings: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    return _started(settings, "backend/manage.py", *words)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def initdb_of_postgres() -> str | None:
    """The program that makes a database, where Postgres is installed; Debian's is not on the path."""
    return shutil.which("initdb") or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database of a server of its own, which does not run as root. Raises RasmError where there is no Postgres."""
    if (initdb := initdb_of_postgres()) is None:
        raise RasmError("this needs Postgres (Debian: postgresql)")
    user = ("runuser", "-u", "postgres", "--") if getpass.getuser() == "root" else ()
    with tempfile.TemporaryDirectory(prefix="rasm-postgres-") as name:
        Path(name).chmod(0o777)
        data, port = f"{name}/data", _free_port()
        subprocess.run([*user, initdb, "-D", data, "-U", "rasm", "--auth=trust"], check=True, capture_output=True)
        control = [*user, str(Path(initdb).resolve().with_name("pg_ctl")), "-D", data, "-w"]
        options = f"-p {port} -k {name} -c listen_addresses=127.0.0.1"
        subprocess.run([*control, "-l", f"{name}/log", "-o", options, "start"], check=True, capture_output=True)
        try:
            yield f"postgres://rasm@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)


def main(arguments: Sequence[str] | None = None) -> int:
    return run(failover, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Jobs: sent to the service in this process or to a running one, and worked on."""

from __future__ import annotations

import contextlib
import io
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pypdfium2 as pdfium

from tests.conftest import copied
from tests.serving import Service, get, post, running_service

WAIT_S = 120.0


def pdf(pages: int) -> bytes:
    """A PDF of empty pages of different widths."""
    document = pdfium.PdfDocument.new()
    for i in range(pages):
        document.new_page(100 + i, 100)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def send(*files: tuple[str, bytes], options: dict[str, Any] | None = None, **headers: str) -> Any:
    return post(*files, options=options, path="/api/v1/jobs", **headers)


def delete(path: str, **headers: str) -> Any:
    from django.test import Client

    return Client().delete(path, headers=headers)


def finish_jobs() -> int:
    """Do in this process what workers do, until nothing waits; how many parts there were."""
    from backend.jobs import queue, work

    count = 0
    while (part := queue.take()) is not None:
        work.do(part)
        count += 1
    return count


def described(address: str) -> dict[str, Any]:
    reply = get(address)
    assert reply.status_code == 200
    return dict(reply.json())


@contextlib.contextmanager
def keyed_service(folder: Path, database: Path, **variables: str) -> Iterator[tuple[Service, str]]:
    url = copied(database, folder)
    with running_service(folder / "log", DATABASE_URL=url, **variables) as service:
        yield service, url


def wait_for(client: httpx.Client, address: str, done: Any) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_S
    while not done(job := client.get(address).json()):
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    return dict(job)


def workers_of(service: Service) -> list[int]:
    """The process ids of the workers: children of a child of the server."""
    children = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout.splitlines()[1:]
    rows = [(int(pid), int(parent), args) for pid, parent, args in (line.split(None, 2) for line in children)]
    keepers = {pid for pid, parent, args in rows if parent == service.pid and "backend.jobs.supervisor" in args}
    return [pid for pid, parent, args in rows if parent in keepers and "jobs work" in args]

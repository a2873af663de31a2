"""Real servers and workers that are killed, hang, or are told to end: no page is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.backend.jobs_at_work import keyed_service, pdf, wait_for, workers_of
from tests.conftest import copied
from tests.serving import PATIENCE_S, ROOT, environment, running_service

pytestmark = pytest.mark.usefixtures("django_is_set_up")
WAIT_S = 120.0


def run_out(url: str, *workers: int) -> None:
    """Let the leases of these workers, or of all, run out: as time does, however slow the machine is.

    A lease short enough to wait for would end a busy machine's living workers, too: those take several seconds for their first page.
    """
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=PATIENCE_S)) as database, database:
        for name in [f"%:{pid}:%" for pid in workers] or ["%"]:
            past = "UPDATE jobs_jobpart SET lease = '2000-01-01 00:00:00' WHERE lease IS NOT NULL AND NOT done AND worker LIKE ?"
            database.execute(past, [name])


@pytest.mark.skipif(sys.platform == "win32", reason="needs ps and signals")
def test_a_killed_worker_and_a_killed_server_lose_no_page(tmp_path: Path, empty_database: Path) -> None:
    variables = {"RASM_JOB_WORKERS": "1", "LOG_FORMAT": "text"}
    data = pdf(150)
    with (
        keyed_service(tmp_path, empty_database, **variables) as (service, url),
        httpx.Client(base_url=service.url, trust_env=False) as client,
    ):
        reply = client.post("/api/v1/jobs", files=[("files", ("book.pdf", data))])
        assert reply.status_code == 202
        address = reply.headers["Location"]
        before = wait_for(client, address, lambda job: job["pages_done"] >= 5)
        killed = workers_of(service)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        run_out(url, *killed)
        after = client.get(address).json()
        assert after["state"] == "running" and after["pages_done"] >= before["pages_done"]
        wait_for(client, address, lambda job: job["pages_done"] > after["pages_done"])
        kept = client.get(address).json()["pages_done"]
    run_out(url)  # nobody is left who could hold any
    (tmp_path / "again").mkdir()
    with running_service(tmp_path / "again" / "log", DATABASE_URL=url, **variables) as service:  # noqa: SIM117
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            assert client.get(address).json()["pages_done"] >= kept
            job = wait_for(client, address, lambda job: job["state"] == "done")
            reply = client.get(job["result"])
            assert (job["pages_done"], job["error_count"]) == (150, 0), reply.json().get("errors", reply.text[:2000])
            assert reply.json()["request_id"] == reply.headers["X-Request-ID"]
            results = reply.json()["results"]
            assert [r["page"] for r in results] == list(range(1, 151))
            widths = [round(r["width_px"] / r["height_px"], 2) for r in results]
            assert widths == [round((100 + i) / 100, 2) for i in range(150)]  # each page in its place


# a worker in a process of its own, with pages that take as long as the test wants
WORKER = """if True:
    import sys, time
    import django; django.setup()
    from backend.jobs import work, worker
    read = work._read_page
    def slow(part, number):
        time.sleep(float(sys.argv[1]))
        return read(part, number)
    work._read_page = slow
    worker.run(interval_s=0.1, until_empty=True)
"""


@pytest.fixture
def waiting(tmp_path: Path, empty_database: Path) -> Iterator[tuple[httpx.Client, str, dict[str, str]]]:
    """A job of ten pages at a service without workers: a client, the job's address, and what a worker's environment is."""
    url = copied(empty_database, tmp_path)
    with running_service(tmp_path / "log", DATABASE_URL=url) as service, httpx.Client(base_url=service.url, trust_env=False) as client:
        address = client.post("/api/v1/jobs", files=[("files", ("book.pdf", pdf(10)))]).headers["Location"]
        yield client, address, environment(DATABASE_URL=url, LOG_FORMAT="text")


def worker(variables: dict[str, str], page_s: float) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(page_s)], cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_end_does_so_after_its_page_and_another_goes_on_at_once(
    number: signal.Signals, waiting: tuple[httpx.Client, str, dict[str, str]]
) -> None:
    client, address, variables = waiting
    told = worker(variables, 0.5)
    wait_for(client, address, lambda job: job["pages_done"] >= 2)
    told.send_signal(number)
    told.send_signal(number)  # Ctrl-C, and what the supervisor sends because of it
    _, said = told.communicate(timeout=PATIENCE_S)
    assert told.returncode == 0 and "Traceback" not in said, said
    job = client.get(address).json()
    assert job["state"] == "running" and 2 <= job["pages_done"] < 10
    _, said = worker(variables, 0).communicate(timeout=PATIENCE_S)  # it would find nothing, were the part still leased
    job = client.get(address).json()
    assert (job["state"], job["pages_done"], job["error_count"]) == ("done", 10, 0), said


def test_a_worker_that_hangs_ends_itself(waiting: tuple[httpx.Client, str, dict[str, str]]) -> None:
    client, address, variables = waiting
    _, said = (hanging := worker({**variables, "RASM_JOB_LEASE_S": "3"}, 3600)).communicate(timeout=PATIENCE_S)
    assert hanging.returncode == 1 and "a page took longer than 3 s" in said
    time.sleep(3.5)  # until its lease has run out
    _, said = worker(variables, 0).communicate(timeout=PATIENCE_S)
    assert "has died, or did not get on" in said
    job = client.get(address).json()
    assert (job["state"], job["pages_done"], job["error_count"]) == ("done", 10, 0)

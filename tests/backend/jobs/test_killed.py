"""Real servers and workers that are killed, hang, or are told to end: no page is lost."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.backend.jobs_at_work import keyed_service, pdf, wait_for, workers_of
from tests.serving import running_service

pytestmark = pytest.mark.usefixtures("django_is_set_up")
WAIT_S = 120.0


@pytest.mark.skipif(sys.platform == "win32", reason="needs ps and signals")
def test_a_killed_worker_and_a_killed_server_lose_no_page(tmp_path: Path, empty_database: Path) -> None:
    variables = {"RASM_JOB_WORKERS": "1", "RASM_JOB_LEASE_S": "2", "LOG_FORMAT": "text"}
    data = pdf(150)
    with (
        keyed_service(tmp_path, empty_database, **variables) as (service, url),
        httpx.Client(base_url=service.url, trust_env=False) as client,
    ):
        reply = client.post("/api/v1/jobs", files=[("files", ("book.pdf", data))])
        assert reply.status_code == 202
        address = reply.headers["Location"]
        before = wait_for(client, address, lambda job: job["pages_done"] >= 5)
        for pid in workers_of(service):
            os.kill(pid, signal.SIGKILL)
        after = client.get(address).json()
        assert after["state"] == "running" and after["pages_done"] >= before["pages_done"]
        wait_for(client, address, lambda job: job["pages_done"] > after["pages_done"])
        kept = client.get(address).json()["pages_done"]
    (tmp_path / "again").mkdir()
    with running_service(tmp_path / "again" / "log", DATABASE_URL=url, **variables) as service:  # noqa: SIM117
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            assert client.get(address).json()["pages_done"] >= kept
            job = wait_for(client, address, lambda job: job["state"] == "done")
            assert (job["pages_done"], job["error_count"]) == (150, 0)
            reply = client.get(job["result"])
            assert reply.json()["request_id"] == reply.headers["X-Request-ID"]
            results = reply.json()["results"]
            assert [r["page"] for r in results] == list(range(1, 151))
            widths = [round(r["width_px"] / r["height_px"], 2) for r in results]
            assert widths == [round((100 + i) / 100, 2) for i in range(150)]  # each page in its place

"""What a service keeps of others' documents: who can read it, what is kept of passwords, and what replies say of themselves."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.backend.documents import ENCRYPTED
from tests.backend.jobs_at_work import finish_jobs, keyed_service, send
from tests.serving import PATIENCE_S, content, get, line_png, manage

pytestmark = pytest.mark.usefixtures("django_is_set_up")


@pytest.mark.usefixtures("no_jobs")
def test_a_password_is_gone_once_the_file_is_open() -> None:
    """The file is kept without it, and read, drawn and written as one that never had any."""
    from backend.jobs.models import Job, JobChunk

    address = send(("locked.pdf", ENCRYPTED), options={"password": "kitab"})["Location"]
    assert [job.password for job in Job.objects.all()] == [""]
    assert b"/Encrypt" not in b"".join(bytes(chunk.data) for chunk in JobChunk.objects.all())
    assert finish_jobs() == 1
    [result] = json.loads(content(get(f"{address}/result")))["results"]
    assert result["error"] is None
    assert get(f"{address}/picture?page=1").status_code == 200
    assert get(f"{address}/result?format=pdf").status_code == 202
    finish_jobs()
    assert content(get(f"{address}/result?format=pdf")).startswith(b"%PDF-")


@pytest.mark.usefixtures("no_jobs")
def test_what_needs_no_password_is_kept_as_it_was_sent() -> None:
    from backend.jobs.models import JobChunk
    from tests.backend.jobs_at_work import pdf

    data = pdf(2)
    assert send(("a.pdf", data), options={"password": "unused"}).status_code == 202
    assert b"".join(bytes(chunk.data) for chunk in JobChunk.objects.all()) == data
    assert send(("locked.pdf", ENCRYPTED), options={"password": "wrong"}).status_code == 422


@pytest.mark.parametrize("is_there", [True, False])
def test_an_sqlite_file_is_its_owners_alone(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "rasm.sqlite3"
    if is_there:
        path.touch(0o644)
    assert manage("migrate", "--verbosity", "0", DATABASE_URL=f"sqlite:///{path}").returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_replies_with_a_keys_data_are_not_to_be_stored(django_is_set_up: None, no_jobs: None) -> None:
    address = send(("a.png", line_png()))["Location"]
    finish_jobs()
    private = ["/api/v1/jobs", address, f"{address}/pages", f"{address}/result", f"{address}/result?format=text", f"{address}/picture"]
    for path in [*private, "/api/v1/models", "/metrics", "/api/v1/jobs/x"]:
        assert get(path)["Cache-Control"] == "no-store", path
    assert get("/")["Cache-Control"] == "no-cache"


def test_who_writes_to_the_database_delays_nobody_who_reads(tmp_path: Path, empty_database: Path) -> None:
    """For as long as somebody else holds it: with keys that were not used today, and requests that have to wait for it beside them."""
    with keyed_service(tmp_path, empty_database, RASM_API_KEYS="on") as (service, url):
        key = manage("apikey", "create", "a", DATABASE_URL=url).stdout.strip()
        headers = {"X-API-Key": key}

        def seconds(method: str, path: str) -> float:
            began = time.monotonic()
            assert httpx.request(method, service.url + path, headers=headers, trust_env=False, timeout=PATIENCE_S).status_code < 500
            return time.monotonic() - began

        files = {"files": ("a.png", line_png())}
        jobs = [
            re.findall(
                "[^/]+$", httpx.post(f"{service.url}/api/v1/jobs", files=files, headers=headers, trust_env=False).headers["Location"]
            )[0]
            for _ in range(6)
        ]
        held = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        held.execute("UPDATE ocr_apikey SET last_used = NULL")
        held.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(20) as pool:
            waiting = [pool.submit(seconds, "DELETE", f"/api/v1/jobs/{job}") for job in jobs]
            time.sleep(0.5)
            took = [seconds("GET", path) for path in ("/api/v1/models", "/", f"/api/v1/jobs/{jobs[0]}", "/health/ready") for _ in range(3)]
            held.execute("ROLLBACK")
            assert all(reply.result() for reply in waiting)
        assert max(took) < 5
        deadline = time.monotonic() + PATIENCE_S
        while held.execute("SELECT last_used FROM ocr_apikey").fetchone() == (None,) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert held.execute("SELECT last_used FROM ocr_apikey").fetchone() != (None,)
        held.close()

"""Full disks: nobody's request ends the server or takes a slot for good, and what makes room works all the same."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.backend.small_disk import filled, small_disk
from tests.conftest import copied
from tests.serving import PATIENCE_S, Service, ask, connect, field_part, figures, file_part, form, line_png, received, running_service

pytestmark = pytest.mark.usefixtures("django_is_set_up")
LINE = form(field_part(b"mode", b"line"), file_part(line_png()))
HEAD = b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n"
PADDED = 600_000  # bytes: such a body lies on the disk


def padded(length: int = PADDED) -> bytes:
    """A form with a line and so many bytes of something else."""
    return form(field_part(b"mode", b"line"), file_part(line_png()), file_part(b"\0" * length, b"b.png"))


def sent(service: Service, body: bytes) -> tuple[int, Any]:
    """Status and content; its last bytes come a little later."""
    with connect(service) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-100])
        time.sleep(0.1)
        connection.sendall(body[-100:])
        head, _, content = received(connection).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def ready(service: Service) -> httpx.Response:
    return httpx.get(service.url + "/health/ready", trust_env=False, timeout=PATIENCE_S)


def test_a_full_disk_is_told_and_passes(tmp_path: Path) -> None:
    """Neither bodies nor metrics end a process: both processes are the same afterwards, and the log has no traceback."""
    log = tmp_path / "log"
    with small_disk(tmp_path / "tmp", 16) as disk:
        (disk / "metrics").mkdir()
        variables = {"TMPDIR": str(disk), "PROMETHEUS_MULTIPROC_DIR": str(disk / "metrics")}
        with running_service(log, WEB_CONCURRENCY="2", RASM_MAX_FILE_BYTES="1000000", **variables) as service:
            processes = children(service)
            with filled(disk):
                seen = [sent(service, padded()) for _ in range(12)]
                assert {(status, reply["error"]["code"]) for status, reply in seen} == {(503, "disk_full")}
                for method, path in [(m, p) for m in ("GET", "PUT", "DELETE", "POST") for p in ("/", "/x", "/api/v1/models", "/api/docs")]:
                    assert httpx.request(method, service.url + path, trust_env=False).status_code < 500
                assert ask(service.url, line_png()).status_code == 200  # it fits into memory
                assert (ready(service).status_code, ready(service).json()["error"]["code"]) == (503, "disk_full")
            assert sent(service, padded())[0] == ready(service).status_code == 200
            assert sent(service, padded(9_000_000))[0] == 200  # it lies there once
            assert children(service) == processes
            assert figures(service.url)['rasm_errors_total{code="disk_full"}'] >= 12
    assert "bodies may take" in log.read_text()  # more than this disk has
    assert "Traceback" not in log.read_text() and "exited" not in log.read_text().lower()


def children(service: Service) -> set[str]:
    return set(Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split())


def test_what_does_not_fit_at_its_very_end_takes_no_slot_for_good(tmp_path: Path) -> None:
    with small_disk(tmp_path / "tmp", 8) as disk:
        variables = {"TMPDIR": str(disk), "RASM_MAX_REQUESTS": "2", "RASM_MAX_FILE_BYTES": "1000000"}
        with running_service(tmp_path / "log", **variables) as service:
            page = os.sysconf("SC_PAGESIZE")
            body = padded(150 * page)
            with filled(disk, but=len(body) // page * page):
                assert {sent(service, body)[1]["error"]["code"] for _ in range(6)} == {"disk_full"}
            assert sent(service, LINE)[0] == sent(service, padded())[0] == 200
            assert figures(service.url)["rasm_requests_active"] == 0


def test_of_a_full_database_jobs_can_be_deleted(tmp_path: Path, empty_database: Path) -> None:
    """Its disk is filled by others, while jobs are there: one that waits, and one that is to be taken away."""
    with small_disk(tmp_path / "data", 48) as disk:
        url = copied(empty_database, disk)
        with running_service(tmp_path / "log", DATABASE_URL=url) as service, httpx.Client(base_url=service.url, trust_env=False) as client:
            noise = os.urandom(3_000_000)
            files = [("files", ("a.png", line_png())), ("files", ("a.png", line_png() + noise))]
            jobs = [client.post("/api/v1/jobs", files=files, timeout=PATIENCE_S).headers["Location"] for _ in range(2)]
            (disk / "fill").write_bytes(b"x" * (room(disk) - 4096))
            large = [*files, ("files", ("b.png", line_png() + 7 * noise))]
            refused = client.post("/api/v1/jobs", files=large, timeout=PATIENCE_S)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "disk_full")
            (disk / "more").write_bytes(b"x" * (room(disk)))
            assert [client.delete(job).status_code for job in jobs] == [204, 204]
            assert client.get("/api/v1/jobs").json()["jobs"][0]["state"] == "cancelled"
            (disk / "fill").unlink()
            assert client.post("/api/v1/jobs", files=files, timeout=PATIENCE_S).status_code == 202


def room(disk: Path) -> int:
    left = os.statvfs(disk)
    return left.f_bavail * left.f_frsize

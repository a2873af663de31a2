"""Jobs: taken in, worked on by processes that may be killed, given out in all formats, bounded, and taken away.

What a job's work does is tested in this process; that a killed worker loses no page, with real servers and workers.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pypdfium2 as pdfium
import pytest

from tests.backend.test_bad_input import BAD_FILES
from tests.backend.test_pages import BAD_DOCUMENTS
from tests.conftest import copied
from tests.serving import Service, content, error, get, line_png, manage, post, running_service

pytestmark = pytest.mark.usefixtures("django_is_set_up")
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


@pytest.fixture(autouse=True)
def no_jobs(django_is_set_up: None) -> Iterator[None]:
    yield
    from django_tasks_db.models import DBTaskResult
    from ocr import job_work
    from ocr.models import Job

    Job.objects.all().delete()
    DBTaskResult.objects.all().delete()
    job_work.close_file()
    job_work.stopping.clear()


def work() -> int:
    """Do in this process what a worker does with the tasks that are waiting; how many there were."""
    from django_tasks_db.models import DBTaskResult

    count = 0
    while (task := DBTaskResult.objects.ready().first()) is not None:
        task.claim("test")
        task.task.call(*task.args_kwargs["args"])
        task.set_successful(None)
        count += 1
    return count


def described(address: str) -> dict[str, Any]:
    reply = get(address)
    assert reply.status_code == 200
    return dict(reply.json())


def test_a_job_from_end_to_end() -> None:
    reply = send(("book.pdf", pdf(20)), ("line.png", line_png()), ("notes.txt", b"notes"), options={"mode": "auto"})
    assert reply.status_code == 202 and int(reply["Retry-After"]) > 0
    job = reply.json()
    assert reply["Location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["state"], job["pages"], job["pages_done"], job["result"]) == ("queued", 21, 0, None)
    assert [(f["name"], f["pages"]) for f in job["files"]] == [("book.pdf", 20), ("line.png", 1), ("notes.txt", None)]
    assert [(e["file"], e["page"], e["code"]) for e in job["errors"]] == [(2, None, "unsupported_format")]
    assert error(get(f"{reply['Location']}/result")) == (409, "job_not_done")
    assert work() == 3  # 16 pages, four pages, and the line
    done = described(reply["Location"])
    assert (done["state"], done["pages_done"], done["error_count"]) == ("done", 21, 1)
    assert done["started"] and done["finished"] and done["result"] == f"{reply['Location']}/result"
    assert "Retry-After" not in get(reply["Location"])
    result = json.loads(content(get(done["result"])))
    assert result["model"] == done["model"] == {"name": "tiny", "version": "1"}
    assert [(r["file"], r["page"], r["kind"]) for r in result["results"]] == [
        *[(0, n, "page") for n in range(1, 21)],
        (1, 1, "line"),
        (2, None, None),
    ]


def test_pages_are_given_out_as_they_are_read() -> None:
    """Those that follow the one named, up to the first that is missing; the whole result has the same ones."""
    from django_tasks_db.models import DBTaskResult

    address = send(("book.pdf", pdf(40)), ("line.png", line_png()), ("notes.txt", b"notes"))["Location"]

    def pages(query: str = "") -> list[dict[str, Any]]:
        reply = get(f"{address}/pages?{query}")
        assert reply.status_code == 200 and reply.json()["model"] == {"name": "tiny", "version": "1"}
        return list(reply.json()["results"])

    def do(task: Any) -> None:
        task.claim("test")
        task.task.call(*task.args_kwargs["args"])
        task.set_successful(None)

    tasks = list(DBTaskResult.objects.ready())  # of the book's parts, and of the line
    assert pages() == []
    do(tasks[0])
    first = pages()
    assert [(page["page"], page["pages"], page["kind"]) for page in first] == [(n, 40, "page") for n in range(1, 17)]
    assert [page["page"] for page in pages("after=12&detail=characters")] == [13, 14, 15, 16] and pages("after=16") == []
    assert work() == len(tasks) - 1
    assert described(address)["state"] == "done"
    assert [page["page"] for page in pages("after=32")] == list(range(33, 41)) and pages("after=40") == []
    assert [page["name"] for page in pages("file=1")] == ["line.png"] and pages("file=2") == []
    whole = json.loads(content(get(f"{address}/result?file=0")))["results"]
    assert whole == first + pages("after=16") + pages("after=32")
    assert error(get(f"{address}/pages?file=3")) == error(get(f"{address}/result?file=3")) == (404, "no_such_file")
    assert error(get(f"{address}/pages?after=-1")) == error(get(f"{address}/pages?format=pdf")) == (422, "invalid_request")


def test_pages_after_a_gap_wait_for_it() -> None:
    from ocr import job_store
    from ocr.models import JobFile, JobPage

    address = send(("book.pdf", pdf(20)))["Location"]
    work()
    JobPage.objects.filter(number=18).delete()  # as if another worker were still at it
    assert [page.number for page in job_store.pages_after(JobFile.objects.get(), 16, 16)] == [17]
    assert [page["page"] for page in get(f"{address}/pages?after=16").json()["results"]] == [17]
    assert delete(address).status_code == 204


def test_a_file_that_waits_on_the_disk_is_kept_as_it_was_sent() -> None:
    """Above 256 KiB; another process has counted its pages meanwhile."""
    from ocr import job_store
    from ocr.models import JobFile

    data = pdf(600) + b"%" + bytes(range(1, 10)) * 40_000
    assert send(("book.pdf", data)).status_code == 202
    assert b"".join(job_store.chunks(JobFile.objects.get(), "upload")) == data


@pytest.mark.parametrize("kind", ["text", "hocr", "alto", "page", "pdf"])
def test_results_in_other_formats(kind: str) -> None:
    job = send(("a.png", line_png()), ("b.pdf", pdf(2)), options={"mode": "line"}).json()
    work()
    address = f"/api/v1/jobs/{job['id']}/result?format={kind}"
    if kind == "pdf":  # written by a worker, when it is first asked for
        waiting = get(address)
        assert waiting.status_code == 202 and waiting.json() == {"state": "preparing"} and waiting["Retry-After"]
        assert get(address + "&file=1").status_code == 202
        assert work() == 2
    whole, one = get(address), get(address + "&file=0")
    if kind == "text":
        assert content(whole).decode().count("\f") == 2
    else:
        assert whole["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(content(whole))) as packed:
            endings = {"hocr": ".hocr", "alto": ".alto.xml", "page": ".page.xml", "pdf": ".pdf"}
            pages = ["b/0001", "b/0002"] if kind == "page" else ["b"]
            assert packed.namelist() == [name + endings[kind] for name in ("a", *pages)]
    assert content(one)
    assert error(get(address + "&file=2")) == (404, "no_such_file")


def test_only_what_can_be_read_is_taken_in() -> None:
    reply = send(("a.txt", b"notes"), ("b.pdf", b"%PDF-1.7"))
    assert reply.status_code == 415
    assert [r["error"]["code"] for r in reply.json()["results"]] == ["unsupported_format", "unreadable_image"]
    assert error(send()) == (422, "no_files")
    assert error(send(("a.png", line_png()), options={"format": "text"})) == (422, "invalid_request")
    assert error(send(("a.png", line_png()), options={"model": "huge"})) == (404, "unknown_model")
    assert get("/api/v1/jobs").json() == {"jobs": []}


@pytest.mark.parametrize("name", sorted(BAD_FILES.keys() | BAD_DOCUMENTS.keys() - {"PDF of too many pages", "TIFF of too many pages"}))
def test_a_bad_file_is_refused_at_once_or_fails_its_job(name: str) -> None:
    """A file is opened and its pages are counted when it is sent; what is wrong with the pixels of one is found when it is read."""
    data, status, code = BAD_DOCUMENTS[name] if name in BAD_DOCUMENTS else (*BAD_FILES[name][:1], None, BAD_FILES[name][1])
    reply = send((name, data))
    if reply.status_code == 202:
        work()
        job = described(reply["Location"])
        assert (job["state"], job["error"]["code"]) == ("failed", code)
    else:
        assert reply.json()["error"]["code"] == code
        assert 400 <= reply.status_code < 500 and status in (None, reply.status_code)


@pytest.mark.parametrize("path", ["", "/result", "/pages"])
def test_what_is_not_there(path: str) -> None:
    assert error(get(f"/api/v1/jobs/{uuid4()}{path}")) == (404, "job_not_found")
    assert error(get(f"/api/v1/jobs/none{path}"))[0] == 422
    assert error(delete(f"/api/v1/jobs/{uuid4()}")) == (404, "job_not_found")


def test_limits() -> None:
    from django.test import override_settings

    with override_settings(RASM_MAX_JOBS=1):
        assert send(("a.png", line_png())).status_code == 202
        refusal = send(("a.png", line_png()))
        assert error(refusal) == (429, "too_many_jobs") and refusal["Retry-After"]
        work()
        assert send(("a.png", line_png())).status_code == 202
    with override_settings(RASM_JOB_STORE_BYTES=10_000):
        refusal = send(("a.pdf", pdf(100)))
        assert error(refusal) == (503, "job_storage_full") and refusal["Retry-After"]
    with override_settings(RASM_MAX_JOB_PAGES=5):
        reply = send(("a.pdf", pdf(4)), ("b.pdf", pdf(4)), ("c.png", line_png()))
        assert [f["error"] and f["error"]["code"] for f in reply.json()["files"]] == [None, "too_many_pages", None]
        assert send(("a.pdf", pdf(6))).status_code == 413
    assert len(get("/api/v1/jobs").json()["jobs"]) == 3


# cancelling and expiring


def test_delete_cancels_and_then_takes_away() -> None:
    from ocr.models import JobChunk, JobPage

    address = send(("a.pdf", pdf(20)))["Location"]
    assert delete(address).status_code == 204
    job = described(address)
    assert (job["state"], job["pages_done"]) == ("cancelled", 0)
    assert work() == 2 and not JobPage.objects.exists() and not JobChunk.objects.exists()
    assert error(get(address + "/result")) == (409, "job_not_done")
    assert delete(address).status_code == 204
    assert error(get(address)) == (404, "job_not_found")


def test_a_job_that_is_cancelled_while_it_is_read_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    from ocr import job_work
    from ocr.models import JobPage

    address = send(("a.pdf", pdf(10)))["Location"]
    read = job_work._read_page
    seen: list[int] = []

    def watched(part: Any, number: int) -> Any:
        seen.append(number)
        if number == 3:
            delete(address)
        return read(part, number)

    monkeypatch.setattr(job_work, "_read_page", watched)
    work()
    assert seen == [1, 2, 3]
    assert described(address)["state"] == "cancelled" and not JobPage.objects.exists()


def test_jobs_expire_with_all_that_belongs_to_them() -> None:
    from django.core.management import call_command
    from django.utils import timezone
    from ocr.models import Job, JobChunk, JobFile, JobPage, JobPart

    kept, old = (send(("a.png", line_png()))["Location"] for _ in range(2))
    work()
    Job.objects.filter(pk=old.rpartition("/")[2]).update(expires=timezone.now() - timedelta(seconds=1))
    out = io.StringIO()
    call_command("jobs", "expire", stdout=out)
    assert out.getvalue() == "expired: 1\n"
    assert error(get(old)) == (404, "job_not_found")
    assert described(kept)["state"] == "done"
    assert [table.objects.count() for table in (Job, JobFile, JobChunk, JobPart, JobPage)] == [1] * 5


def test_the_command_lists_and_deletes() -> None:
    from django.core.management import CommandError, call_command

    pk = send(("a.png", line_png())).json()["id"]
    out = io.StringIO()
    call_command("jobs", "list", stdout=out)
    assert f"{pk}\tqueued\t0/1\t-" in out.getvalue()
    call_command("jobs", "delete", pk, stdout=out)
    assert described(f"/api/v1/jobs/{pk}")["state"] == "cancelled"
    for wrong in ("none", str(uuid4())):
        with pytest.raises(CommandError, match="there is no job"):
            call_command("jobs", "delete", wrong)


# workers that die


def test_the_pages_of_a_dead_worker_are_read_by_another_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult
    from ocr import job_work
    from ocr.models import JobPart

    address = send(("a.pdf", pdf(10)))["Location"]
    read = job_work._read_page
    seen: list[int] = []

    def dying(part: Any, number: int) -> Any:
        if number == 5 and 5 not in seen:
            seen.append(number)
            raise KeyboardInterrupt  # as near to kill -9 as one process can come
        seen.append(number)
        return read(part, number)

    monkeypatch.setattr(job_work, "_read_page", dying)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert described(address)["pages_done"] == 4
    assert job_work.recover() == 0 and work() == 0  # it may still be alive
    JobPart.objects.update(lease=timezone.now() - timedelta(seconds=1))
    assert job_work.recover() == 1 and job_work.recover() == 0
    work()
    assert described(address)["state"] == "done"
    assert seen == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]
    assert DBTaskResult.objects.ready().count() == 0


def test_a_task_that_is_lost_before_its_part_is_leased_is_put_into_the_queue_again() -> None:
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult
    from ocr import job_work
    from ocr.models import JobPart

    address = send(("a.pdf", pdf(2)))["Location"]
    long_ago = timezone.now() - timedelta(hours=1)
    JobPart.objects.update(looked_at=long_ago)
    assert job_work.recover() == 0  # it waits, and was looked at
    [task] = DBTaskResult.objects.ready()
    task.claim("a worker that dies at once")
    assert job_work.recover() == 0
    JobPart.objects.update(looked_at=long_ago)
    assert job_work.recover() == 1
    work()
    assert described(address)["state"] == "done"


def test_a_page_that_ends_its_worker_every_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import timezone
    from ocr import job_work
    from ocr.models import JobPart

    address = send(("a.pdf", pdf(4)))["Location"]
    read = job_work._read_page

    def dying(part: Any, number: int) -> Any:
        if number == 2:
            raise SystemExit
        return read(part, number)

    monkeypatch.setattr(job_work, "_read_page", dying)
    for _ in range(job_work.MOST_ATTEMPTS):
        with pytest.raises(SystemExit):
            work()
        JobPart.objects.update(lease=timezone.now() - timedelta(seconds=1))
        job_work.recover()
    work()
    job = described(address)
    assert (job["state"], job["pages_done"]) == ("done", 4)
    assert [(e["page"], e["code"]) for e in job["errors"]] == [(2, "page_failed")]
    results = json.loads(content(get(address + "/result")))["results"]
    assert [r["error"] and r["error"]["code"] for r in results] == [None, "page_failed", None, None]


def test_a_fault_in_one_page_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from ocr import job_work

    address = send(("a.pdf", pdf(3)))["Location"]
    read = job_work._read_page
    monkeypatch.setattr(job_work, "_read_page", lambda part, number: 1 / 0 if number == 2 else read(part, number))
    work()
    job = described(address)
    assert (job["state"], [(e["page"], e["code"]) for e in job["errors"]]) == ("done", [(2, "page_failed")])
    assert "ZeroDivision" not in json.dumps(job)


def test_a_worker_that_is_told_to_end_gives_its_pages_back() -> None:
    from ocr import job_work

    address = send(("a.pdf", pdf(3)))["Location"]
    job_work.stopping.set()
    from django_tasks_db.models import DBTaskResult

    task = DBTaskResult.objects.ready().get()
    task.claim("test")
    task.task.call(*task.args_kwargs["args"])
    task.set_successful(None)
    assert described(address)["pages_done"] == 0
    job_work.stopping.clear()
    assert work() == 1
    assert described(address)["state"] == "done"


def test_a_job_none_of_whose_pages_can_be_read_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    from ocr import job_work

    address = send(("a.pdf", pdf(2)))["Location"]
    monkeypatch.setattr(job_work, "_read_page", lambda part, number: 1 / 0)
    work()
    job = described(address)
    assert (job["state"], job["error"]["code"], job["result"]) == ("failed", "page_failed", None)
    assert error(get(address + "/result")) == (409, "job_not_done")


def test_jobs_take_turns() -> None:
    """A short job does not wait for all of a long one: its pages come after the first sixteen of that."""
    from django_tasks_db.models import DBTaskResult
    from ocr.models import JobPart

    first, second = (send(("a.pdf", pdf(pages))).json()["id"] for pages in (48, 1))
    order = [JobPart.objects.get(pk=task.args_kwargs["args"][0]) for task in DBTaskResult.objects.ready()]
    assert [(str(part.job_id), part.first) for part in order] == [(first, 0), (second, 0), (first, 16), (first, 32)]


# the real thing


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
    keepers = {pid for pid, parent, args in rows if parent == service.pid and "workers.py" in args}
    return [pid for pid, parent, args in rows if parent in keepers and "jobs work" in args]


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


def test_keys_see_their_own_jobs_only(tmp_path: Path, empty_database: Path) -> None:
    url = copied(empty_database, tmp_path)
    keys = [manage("apikey", "create", name, DATABASE_URL=url).stdout.strip() for name in ("one", "two")]
    with running_service(tmp_path / "log", DATABASE_URL=url, RASM_API_KEYS="on") as service:
        one, two = (httpx.Client(base_url=service.url, headers={"X-API-Key": key}, trust_env=False) for key in keys)
        with one, two:
            address = one.post("/api/v1/jobs", files=[("files", ("a.png", line_png()))]).headers["Location"]
            assert one.get(address).status_code == 200
            assert len(one.get("/api/v1/jobs").json()["jobs"]) == 1
            assert two.get("/api/v1/jobs").json() == {"jobs": []}
            for refusal in (two.get(address), two.get(address + "/result"), two.get(address + "/pages"), two.delete(address)):
                assert (refusal.status_code, refusal.json()["error"]["code"]) == (404, "job_not_found")
            assert httpx.get(service.url + address, trust_env=False).status_code == 401
            assert one.get(address).json()["state"] == "queued"


def test_a_database_without_tables_is_told_and_no_fault(tmp_path: Path) -> None:
    with running_service(tmp_path / "log", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}") as service:
        reply = httpx.get(service.url + "/api/v1/jobs", trust_env=False)
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "database_unavailable")

"""What a job gives out: the same as ``/api/v1/ocr`` at once, streamed, and counted."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from rasm.lines.recognizer import Reading, Recognizer, Sign
from tests.backend.exchanges import EMPTY, Exchange, http_scope
from tests.backend.jobs_at_work import finish_jobs, pdf, send, wait_for
from tests.conftest import copied
from tests.serving import PATIENCE_S, content, get, line_png, parsed_figures, post, running_service
from tests.serving import figures as service_figures

pytestmark = pytest.mark.usefixtures("django_is_set_up", "no_jobs")


def figures() -> dict[str, float]:
    return parsed_figures(get("/metrics").content.decode())


# counted


def test_what_jobs_read_and_what_waits_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work

    read_page = work._read_page

    def failing(part: Any, number: int) -> Any:
        return 1 / 0 if number == 2 else read_page(part, number)

    monkeypatch.setattr(work, "_read_page", failing)
    before = figures()
    send(("a.png", line_png()), ("b.png", line_png()), ("c.pdf", pdf(2)), ("d.txt", b"notes"), options={"mode": "line"})
    waiting = figures()["rasm_job_parts_waiting"]
    finish_jobs()
    after = figures()
    assert (before["rasm_job_parts_waiting"], waiting, after["rasm_job_parts_waiting"]) == (0, 3, 0)
    names = ('lines_total{model="tiny"}', 'errors_total{code="unsupported_format"}', 'errors_total{code="page_failed"}')
    assert [after[f"rasm_{name}"] - before.get(f"rasm_{name}", 0) for name in names] == [2, 1, 1]


def test_what_the_workers_read_is_in_the_figures_of_the_service(tmp_path: Path, empty_database: Path) -> None:
    variables = {"DATABASE_URL": copied(empty_database, tmp_path), "RASM_JOB_WORKERS": "1"}
    with running_service(tmp_path / "log", **variables) as service, httpx.Client(base_url=service.url, trust_env=False) as client:
        address = client.post("/api/v1/jobs", files=[("files", ("a.png", line_png()))]).headers["Location"]
        wait_for(client, address, lambda job: job["state"] == "done")
        assert service_figures(service.url)['rasm_lines_total{model="tiny"}'] == 1


# the same as at once

FILES = [("a.png", line_png(seed=1)), ("b.png", line_png(640, seed=2)), ("c.pdf", pdf(2)), ("d.png", line_png(64, seed=3))]


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of each line: the tiny model reads none."""

    def read_arrays(self: Recognizer, *arguments: Any) -> list[Reading]:
        readings = []
        for reading in read(self, *arguments):
            signs = reading.signs
            half = len(signs) // 2
            space = Sign(" ", 0.5, signs[half].start_px, signs[half].start_px)
            signs = [*signs[:half], space, *signs[half:]]
            readings.append(replace(reading, text="".join(sign.text for sign in signs), signs=signs))
        return readings

    read = Recognizer.read_arrays
    monkeypatch.setattr(Recognizer, "read_arrays", read_arrays)


@pytest.fixture
def done(spaces: None) -> str:
    """The address of a job's result: line images, and pages among them."""
    address = send(*FILES, options={"mode": "line"})["Location"]
    finish_jobs()
    return f"{address}/result"


@pytest.mark.parametrize("options", [{}, {"detail": "characters"}, {"digits": "western", "tatweel": "strip", "detail": "characters"}])
def test_a_job_reads_as_it_does_at_once(done: str, options: dict[str, str]) -> None:
    at_once = post(*FILES, options={"mode": "line", **options}).json()["results"]
    later = json.loads(content(get(f"{done}?{urlencode(options)}")))["results"]
    for result in (*at_once, *later):
        result.pop("milliseconds")
    assert later == at_once
    if options:
        signs = [sign["text"] for result in later for line in result["lines"] for sign in line["characters"]]
        assert " " not in signs and any(len(line["words"]) > 1 for result in later for line in result["lines"])


def test_a_job_gives_the_same_text_as_at_once(done: str) -> None:
    options = {"format": "text"}
    at_once = post(*FILES, options={"mode": "line", **options})
    later = get(f"{done}?{urlencode(options)}")
    assert content(later) == content(at_once)
    assert later["Content-Type"] == at_once["Content-Type"]


def test_a_job_gives_the_same_documents_as_at_once(done: str) -> None:
    at_once, later = (content(reply) for reply in (post(*FILES, options={"mode": "line", "format": "alto"}), get(f"{done}?format=alto")))
    with zipfile.ZipFile(io.BytesIO(at_once)) as first, zipfile.ZipFile(io.BytesIO(later)) as second:
        assert first.namelist() == second.namelist()
        for name in first.namelist():
            assert first.read(name) == second.read(name)


# as it is sent


def streamed(path: str) -> Exchange:
    """A request to the production application, and what it has answered."""
    from backend.config.asgi import Bridge
    from backend.config.wsgi import application

    async def story() -> Exchange:
        exchange = Exchange(Bridge(application), http_scope("GET", path.encode()), EMPTY)
        await asyncio.wait_for(exchange.task, PATIENCE_S)
        return exchange

    return asyncio.run(story())


def identity_of(exchange: Exchange) -> str:
    return str(dict(exchange.sent[0]["headers"])[b"x-request-id"].decode())


def test_the_id_in_a_result_is_the_requests() -> None:
    address = send(("a.pdf", pdf(2)))["Location"]
    finish_jobs()
    exchange = streamed(f"{address}/result")
    body = json.loads(b"".join(message["body"] for message in exchange.sent[1:]))
    assert body["request_id"] == identity_of(exchange) != "-"


@pytest.mark.parametrize("code", ["job_not_found", "internal_error"])
def test_a_result_that_cannot_be_made_to_its_end_is_broken_off_and_told(
    code: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The job is deleted meanwhile, which is no fault; or there is one."""
    from backend.api.operations import jobs as api_jobs
    from backend.jobs.models import Job

    def result(*arguments: Any) -> Any:
        if code == "internal_error":
            raise ZeroDivisionError
        Job.objects.all().delete()
        return made(*arguments)

    address = send(("a.pdf", pdf(3)))["Location"]
    finish_jobs()
    made = api_jobs._result
    monkeypatch.setattr(api_jobs, "_result", result)
    before = figures().get(f'rasm_errors_total{{code="{code}"}}', 0)
    with caplog.at_level(logging.WARNING):
        exchange = streamed(f"{address}/result")
    assert exchange.sent[0]["status"] == 200 and all(message["more_body"] for message in exchange.sent[1:])
    [record] = [record for record in caplog.records if "broken off" in record.getMessage()]
    assert record.request_id == identity_of(exchange)  # type: ignore[attr-defined]
    assert bool(record.exc_info) == (code == "internal_error")
    assert figures()[f'rasm_errors_total{{code="{code}"}}'] == before + 1

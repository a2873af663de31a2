"""What is asked for of a job while its time runs out: all of it, or that it is gone. Never a part, and no fault."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.backend.jobs_at_work import finish_jobs, pdf, send
from tests.serving import get, line_png

pytestmark = pytest.mark.usefixtures("django_is_set_up")
ASKED = [
    "",
    "/pages?file=0",
    "/pages?file=1",
    "/picture?page=1",
    "/result",
    "/result?format=text",
    "/result?format=markdown",
    "/result?format=alto&file=1",
    "/result?format=pdf&file=0",
]


def finished() -> str:
    """The address of a job of three files, one of which is none."""
    address = str(send(("a.png", line_png()), ("b.pdf", pdf(2)), ("c.txt", b"no file"), options={"mode": "line"})["Location"])
    finish_jobs()
    return address


class TakenAway:
    """A wrapper around each query of the database: before the one of this number, from 0, all jobs are taken away."""

    def __init__(self, number: int) -> None:
        self.number, self.seen, self.is_at_it = number, 0, False

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        from backend.jobs.models import Job

        if not self.is_at_it and sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            self.seen += 1
            if self.seen == self.number + 1:
                self.is_at_it = True
                Job.objects.all().delete()
                self.is_at_it = False
        return execute(sql, *rest)


def asked(path: str, before: int = 1000, *, for_good: bool = False) -> tuple[int, bytes | None, bool]:
    """Status, body (None: broken off), and whether it came to the query before which the job was to be taken away. It is there again
    afterwards, but ``for_good``."""
    from django.db import connection, transaction

    from backend.jobs.errors import JobNotFound

    taken = TakenAway(before)
    with contextlib.ExitStack() as held:
        if not for_good:
            held.enter_context(transaction.atomic())
            held.callback(transaction.set_rollback, True)
        with connection.execute_wrapper(taken):
            reply = get(path, **{"X-Request-ID": "a"})
            try:
                body: bytes | None = b"".join(reply.streaming_content) if reply.streaming else reply.content
            except JobNotFound:  # the server breaks the reply off: test_results.py
                body = None
    return reply.status_code, body, taken.seen > before


@pytest.fixture(scope="module")
def job(django_is_set_up: None) -> Iterator[str]:
    """The address of one that is done, whose searchable PDFs are there."""
    from backend.jobs.models import Job

    address = finished()
    assert get(f"{address}/result?format=pdf").status_code == 202
    finish_jobs()
    yield address
    Job.objects.all().delete()


@pytest.mark.parametrize("path", ASKED)
def test_a_job_that_is_taken_away_meanwhile_is_given_out_whole_or_not_at_all(job: str, path: str) -> None:
    """At every query that a request makes."""
    status, whole, _ = asked(job + path)
    assert status == 200 and whole
    answers: list[tuple[int, bytes | None]] = []
    while True:
        now, body, is_taken = asked(job + path, len(answers))
        is_whole, is_gone = (now, body) in [(200, whole), (200, None)], now == 404 and b'"job_not_found"' in (body or b"")
        # that a PDF is asked for of what is gone is seen where a transaction ends: the next test
        assert is_whole or is_gone or (now == 202 and "pdf" in path), (len(answers), now, body)
        if not is_taken:
            break
        answers.append((now, body))
    assert answers and answers[0][0] == 404 and (now, body) == (200, whole)


def test_a_searchable_pdf_that_is_asked_for_meanwhile_is_told_to_be_gone() -> None:
    """In earnest: that nobody refers to what is gone, the database sees in the end."""
    statuses, is_taken = list[int](), True
    while is_taken:
        status, _, is_taken = asked(finished() + "/result?format=pdf", len(statuses), for_good=True)
        statuses.append(status)
    assert set(statuses) == {202, 404} and statuses[0] == 404 and statuses[-1] == 202


def test_a_list_of_jobs_has_those_that_are_there(job: str) -> None:
    _, whole, _ = asked("/api/v1/jobs")
    all_of_them = json.loads(whole or b"")["jobs"]
    before, is_taken = 0, True
    while is_taken:
        status, body, is_taken = asked("/api/v1/jobs", before)
        assert status == 200
        assert all(one in all_of_them for one in json.loads(body or b"")["jobs"])
        before += 1

"""Jobs when clocks jump and when nothing can be written to the database."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.backend.jobs_at_work import delete, described, finish_jobs, pdf, send
from tests.serving import content, error, get, line_png, post

pytestmark = pytest.mark.usefixtures("django_is_set_up", "no_jobs")
Jump = Callable[[float], None]


@pytest.fixture
def jump(django_is_set_up: None, monkeypatch: pytest.MonkeyPatch) -> Jump:
    """So many hours from the true time, from then on."""
    from django.utils import timezone

    now = timezone.now
    return lambda hours: monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(hours=hours))


def test_a_clock_that_is_set_back_keeps_no_part_of_a_dead_worker(jump: Jump) -> None:
    from backend.jobs import queue

    address = send(("a.png", line_png()), options={"mode": "line"})["Location"]
    jump(1)
    dead = queue.take()
    assert dead is not None
    assert queue.take() is None
    jump(0)
    assert finish_jobs() == 1
    assert described(address)["state"] == "done"
    assert not queue.renew(dead)


def test_a_clock_that_is_set_forward_costs_the_living_a_part_and_no_page(jump: Jump, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker takes it. Both go on; each page is kept once."""
    from backend.jobs import work
    from backend.jobs.models import JobPage

    address = send(("a.pdf", pdf(3)))["Location"]
    read, seen = work._read_page, list[int]()

    def jumping(part: Any, number: int) -> Any:
        seen.append(number)
        if seen == [1, 2]:
            jump(1)
            assert finish_jobs() == 1
        return read(part, number)

    monkeypatch.setattr(work, "_read_page", jumping)
    finish_jobs()
    assert described(address)["state"] == "done"
    assert list(JobPage.objects.values_list("number", flat=True)) == [1, 2, 3]
    result = json.loads(content(get(f"{address}/result")))
    assert [page["page"] for page in result["results"]] == [1, 2, 3]
    jump(0)
    assert json.loads(content(get(f"{address}/result")))["milliseconds"] >= 0


def test_a_job_that_is_finished_before_it_began_took_no_time(jump: Jump) -> None:
    address = send(("a.png", line_png()), options={"mode": "line"})["Location"]
    jump(1)
    from backend.jobs import queue, work

    part = queue.take()
    assert part is not None
    jump(0)
    work.do(part)
    assert json.loads(content(get(f"{address}/result")))["milliseconds"] == 0


def test_what_is_being_received_while_a_clock_is_set_forward_is_kept(jump: Jump, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import store

    kept = store._store

    def jumping(*arguments: Any) -> Any:
        jump(1)
        store.expire()
        return kept(*arguments)

    monkeypatch.setattr(store, "_store", jumping)
    reply = send(("a.png", line_png()))
    assert reply.status_code == 202
    assert finish_jobs() == 1
    assert described(reply["Location"])["state"] == "done"


def test_rates_do_not_go_by_a_clock_that_is_set() -> None:
    from ninja.throttling import SimpleRateThrottle

    from backend.api.access import AddressThrottle, KeyThrottle

    assert SimpleRateThrottle.timer is time.time  # whoever is refused would be for as long as the clock is set back
    assert AddressThrottle.timer is KeyThrottle.timer is time.monotonic


@contextlib.contextmanager
def written_by_nobody() -> Iterator[None]:
    """As of a file that may only be read: SQLite says the same. Of this connection, and of those that are made meanwhile."""
    from django.db import connection
    from django.db.backends.signals import connection_created

    def only_read(connection: Any, **_: Any) -> None:
        connection.cursor().execute("PRAGMA query_only = ON")

    connection_created.connect(only_read)
    try:
        only_read(connection)
        yield
    finally:
        connection_created.disconnect(only_read)
        connection.close()


def test_what_cannot_be_written_to_is_told_and_lines_are_read() -> None:
    from backend.jobs import worker
    from backend.jobs.models import Job

    address = send(("a.png", line_png()), options={"mode": "line"})["Location"]
    with written_by_nobody():
        assert post(("a.png", line_png())).status_code == 200
        assert described(address)["state"] == "queued"
        for refused in (send(("b.png", line_png())), delete(address)):
            assert error(refused) == (503, "database_unavailable")
            assert "cannot be written" in refused.json()["error"]["message"] and refused["Retry-After"]
        assert not worker._work_on_one()
    assert Job.objects.count() == 1
    assert finish_jobs() == 1
    with written_by_nobody():
        assert get(f"{address}/result").status_code == 200
        assert error(get(f"{address}/result?format=pdf"))[0] == 503
    assert delete(address).status_code == 204

"""What a worker does with a part, and what becomes of it when it dies, is told to end or meets a fault."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.backend.jobs_at_work import described, finish_jobs, pdf, send
from tests.serving import content, error, get

pytestmark = pytest.mark.usefixtures("django_is_set_up", "no_jobs")


def let_leases_run_out() -> None:
    from django.utils import timezone

    from backend.jobs.models import JobPart

    JobPart.objects.exclude(lease=None).update(lease=timezone.now() - timedelta(seconds=1))


def test_the_pages_of_a_dead_worker_are_read_by_another_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work

    address = send(("a.pdf", pdf(10)))["Location"]
    read = work._read_page
    seen: list[int] = []

    def dying(part: Any, number: int) -> Any:
        if number == 5 and 5 not in seen:
            seen.append(number)
            raise KeyboardInterrupt  # as near to kill -9 as one process can come
        seen.append(number)
        return read(part, number)

    monkeypatch.setattr(work, "_read_page", dying)
    with pytest.raises(KeyboardInterrupt):
        finish_jobs()
    assert described(address)["pages_done"] == 4
    assert finish_jobs() == 0  # it may still be alive
    let_leases_run_out()
    assert finish_jobs() == 1
    assert described(address)["state"] == "done"
    assert seen == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]
    assert finish_jobs() == 0


def test_a_worker_that_was_taken_for_dead_and_lives_keeps_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one has its part: what it has read is dropped, and it stops."""
    from backend.jobs import queue, work
    from backend.jobs.models import JobPage

    address = send(("a.pdf", pdf(3)))["Location"]
    slow = queue.take()
    assert slow is not None
    let_leases_run_out()
    quick = queue.take()
    assert quick is not None and quick.pk == slow.pk and quick.worker != slow.worker
    work.do(slow)
    assert not JobPage.objects.exists()
    work.do(quick)
    assert described(address)["state"] == "done" and JobPage.objects.count() == 3


def test_a_page_that_ends_its_worker_every_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work

    address = send(("a.pdf", pdf(4)))["Location"]
    read = work._read_page

    def dying(part: Any, number: int) -> Any:
        if number == 2:
            raise SystemExit
        return read(part, number)

    monkeypatch.setattr(work, "_read_page", dying)
    for _ in range(work.MOST_ATTEMPTS):
        with pytest.raises(SystemExit):
            finish_jobs()
        let_leases_run_out()
    finish_jobs()
    job = described(address)
    assert (job["state"], job["pages_done"]) == ("done", 4)
    assert [(e["page"], e["code"]) for e in job["errors"]] == [(2, "page_failed")]
    results = json.loads(content(get(address + "/result")))["results"]
    assert [r["error"] and r["error"]["code"] for r in results] == [None, "page_failed", None, None]


def test_a_fault_in_one_page_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work

    address = send(("a.pdf", pdf(3)))["Location"]
    read = work._read_page
    monkeypatch.setattr(work, "_read_page", lambda part, number: 1 / 0 if number == 2 else read(part, number))
    finish_jobs()
    job = described(address)
    assert (job["state"], [(e["page"], e["code"]) for e in job["errors"]]) == ("done", [(2, "page_failed")])
    assert "ZeroDivision" not in json.dumps(job)


def test_a_worker_that_is_told_to_end_gives_its_part_back_which_is_not_counted_against_a_page() -> None:
    from backend.jobs import queue, work

    address = send(("a.pdf", pdf(3)))["Location"]
    work.stopping.set()
    for _ in range(work.MOST_ATTEMPTS + 1):
        part = queue.take()
        assert part is not None and part.attempts == 1
        work.do(part)
    assert described(address)["pages_done"] == 0
    work.stopping.clear()
    assert finish_jobs() == 1
    job = described(address)
    assert (job["state"], job["error_count"]) == ("done", 0)


def test_a_job_none_of_whose_pages_can_be_read_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work

    address = send(("a.pdf", pdf(2)))["Location"]
    monkeypatch.setattr(work, "_read_page", lambda part, number: 1 / 0)
    finish_jobs()
    job = described(address)
    assert (job["state"], job["error"]["code"], job["result"]) == ("failed", "page_failed", None)
    assert error(get(address + "/result")) == (409, "job_not_done")


def test_jobs_take_turns_and_what_somebody_waits_for_comes_first() -> None:
    """A short job does not wait for all of a long one: its pages come after the first sixteen of that."""
    from backend.jobs import queue
    from backend.jobs.models import JobPart

    done = send(("done.pdf", pdf(1))).json()["id"]
    finish_jobs()
    first, second = (send(("a.pdf", pdf(pages))).json()["id"] for pages in (48, 1))
    assert get(f"/api/v1/jobs/{done}/result?format=pdf").status_code == 202
    taken = []
    while (part := queue.take()) is not None:
        taken.append((str(part.job_id), part.kind, part.first))
    read, write = JobPart.Kind.READ, JobPart.Kind.PDF
    assert taken == [(done, write, 0), (first, read, 0), (second, read, 0), (first, read, 16), (first, read, 32)]


def test_a_part_is_never_two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen it free; one was quicker."""
    from backend.jobs import queue

    send(("a.pdf", pdf(20)))
    seen = queue._unchanged
    taken = []

    def late(part: Any) -> Any:
        if not taken:
            monkeypatch.setattr(queue, "_unchanged", seen)
            taken.append(queue.take())
        return seen(part)

    monkeypatch.setattr(queue, "_unchanged", late)
    taken.append(queue.take())
    assert [part.first for part in taken] == [0, 16] and queue.take() is None

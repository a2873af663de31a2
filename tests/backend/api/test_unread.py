"""What looks like text and is not in the text: in results, headers, documents and jobs."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.documents import LINE, PAGE, paper, saved
from tests.backend.jobs_at_work import described, finish_jobs, send
from tests.paper import page_with_a_scribble
from tests.serving import content, error, file_part, form, get, post, post_form

pytestmark = pytest.mark.usefixtures("django_is_set_up", "shipped_model")
SCRIBBLE = saved("PNG", page_with_a_scribble())
HEADER = "X-Rasm-Warnings"


@pytest.fixture
def new_worker(no_jobs: None) -> Iterator[None]:
    """One that has opened no model yet: of other tests it has the tiny one."""
    _forget_models()
    yield
    _forget_models()


def _forget_models() -> None:
    from backend.jobs import work

    work._Open.models = None
    work._Open.readers.clear()


def test_a_result_has_what_is_unread_and_warnings() -> None:
    scribble, whole, line = post(("a.png", SCRIBBLE), ("b.png", PAGE), ("c.png", LINE)).json()["results"]
    [place] = scribble["unread"]
    assert place["reason"] == "unsure" and place["text"] and place["text"] not in scribble["text"]
    assert [warning["code"] for warning in scribble["warnings"]] == ["unread-text", "much-of-page-unread"]
    assert scribble["confidence"] < min(one["confidence"] for one in scribble["lines"])
    for result in (whole, line):
        assert (result["unread"], result["warnings"]) == ([], [])


def test_the_bound_is_an_option() -> None:
    [result] = post(("a.png", SCRIBBLE), options={"least_confidence": "0"}).json()["results"]
    assert result["unread"] == [] and len(result["lines"]) == 3
    [result] = post(("a.png", SCRIBBLE), options={"least_confidence": "1"}).json()["results"]
    assert result["lines"] == [] and len(result["unread"]) == 3 and result["text"] == "" and result["confidence"] == 0


def test_a_page_that_was_not_read_does_not_look_like_an_empty_one() -> None:
    blank = saved("PNG", paper(0))
    [lost, empty] = post(("a.png", PAGE), ("b.png", blank), options={"least_confidence": "1", "mode": "page"}).json()["results"]
    assert lost["text"] == empty["text"] == ""
    assert [[warning["code"] for warning in result["warnings"]] for result in (lost, empty)] == [
        ["unread-text", "much-of-page-unread"],
        ["no-text"],
    ]


def test_texts_of_what_is_unread_are_in_the_form_that_is_asked_for() -> None:
    [as_read] = post(("a.png", SCRIBBLE)).json()["results"][0]["unread"]
    [arabic] = post(("a.png", SCRIBBLE), options={"digits": "arabic_indic"}).json()["results"][0]["unread"]
    assert as_read["text"] != arabic["text"] == as_read["text"].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"])
def test_replies_that_cannot_hold_warnings_have_a_header(kind: str) -> None:
    pages = saved("TIFF", page_with_a_scribble(), paper(), page_with_a_scribble())
    reply = post(("book.tif", pages), options={"format": kind, "mode": "page"})
    assert reply[HEADER] == "much-of-page-unread=2, unread-text=2" and content(reply)
    assert HEADER not in post(("b.png", PAGE), options={"format": kind})
    assert HEADER not in post(("book.tif", pages), options={"mode": "page"}), "JSON has them itself"


def test_the_header_of_liteparse() -> None:
    reply = post_form(form(file_part(SCRIBBLE, field=b"file")), "/ocr")
    assert reply[HEADER] == "much-of-page-unread=1, unread-text=1" and len(reply.json()["results"]) == 2
    assert HEADER not in post_form(form(file_part(PAGE, field=b"file")), "/ocr")


@pytest.mark.usefixtures("new_worker")
def test_a_job_keeps_the_bound_and_tells_of_warnings() -> None:
    files: list[tuple[str, bytes]] = [("book.tif", saved("TIFF", page_with_a_scribble(), paper())), ("b.png", PAGE)]
    counts = {"unread-text": 1, "much-of-page-unread": 1}
    for bound, warned in (("0.7", counts), ("0", {})):
        address = send(*files, options={"mode": "page", "least_confidence": bound})["Location"]
        assert described(address)["warning_counts"] == {}
        finish_jobs()
        assert described(address)["warning_counts"] == warned
        results: list[dict[str, Any]] = json.loads(content(get(f"{address}/result")))["results"]
        assert [len(result["unread"]) for result in results] == [len(warned) // 2, 0, 0]
        assert [bool(result["warnings"]) for result in results] == [bool(warned), False, False]
        assert get(f"{address}/pages").json()["results"] == results[:2]
        for kind in ("text", "alto"):
            header = "much-of-page-unread=1, unread-text=1" if warned else None
            assert get(f"{address}/result?format={kind}").get(HEADER) == header
            assert HEADER not in get(f"{address}/result?format={kind}&file=1")
    assert error(send(*files, options={"least_confidence": "2"})) == (422, "invalid_request")


@pytest.mark.usefixtures("new_worker")
def test_another_worker_goes_on_with_the_same_bound() -> None:
    """The first has read a page and died; nothing of the bound was in its memory alone."""
    from backend.jobs import queue, work
    from backend.jobs.models import JobPage, JobPart

    address = send(("book.tif", saved("TIFF", paper(), paper())), options={"mode": "page", "least_confidence": "1"})["Location"]
    part = queue.take()
    assert part is not None
    work.do(part)
    JobPage.objects.filter(number=2).delete()
    JobPart.objects.update(done=False, worker="", lease=None)
    type(part.job).objects.update(state="running")
    _forget_models()
    finish_jobs()
    results = json.loads(content(get(f"{address}/result")))["results"]
    assert [len(result["lines"]) for result in results] == [0, 0] and all(result["unread"] for result in results)
    assert described(address)["warning_counts"] == {"unread-text": 2, "much-of-page-unread": 2}


def test_pages_that_0_9_kept_are_given_out_without() -> None:
    from backend.jobs import store
    from rasm.document import Line, Page, Region

    box = (0.0, 0.0, 9.0, 9.0)
    page = Page(1, 10, 10, [Region("paragraph", box, [Line("نص", 1.0, box)])])
    kept = json.loads(zlib.decompress(store.pack(page, 1.0)))
    for name in ("unread", "warnings"):
        del kept["page"][name]
    assert store.unpack(zlib.compress(json.dumps(kept).encode()))[0] == page

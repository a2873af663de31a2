"""Pages by their numbers, ``pages=1-3,7``: in requests and in jobs, under the numbers that they have in the file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend.documents import PAGE, page_tree, paper, saved
from tests.backend.jobs_at_work import described, finish_jobs, pdf, send
from tests.serving import content, error, get, line_png, post, with_settings

pytestmark = pytest.mark.usefixtures("django_is_set_up", "no_jobs")


def numbers(reply: Any) -> list[tuple[int | None, int | None, int | None]]:
    """Number, number of pages and height of each result."""
    assert reply.status_code == 200, reply.content
    return [(result["page"], result["pages"], result["height_px"]) for result in reply.json()["results"]]


def test_a_request_gives_those_pages_under_their_own_numbers() -> None:
    data = pdf(6)  # each a little wider
    every = numbers(post(("book.pdf", data)))
    assert len({height for _, _, height in every}) == 6
    assert numbers(post(("book.pdf", data), options={"pages": "5-,2"})) == [every[1], every[4], every[5]]
    tiff = saved("TIFF", *[paper(n) for n in (1, 2, 3)])
    assert [page for page, _, _ in numbers(post(("scan.tif", tiff), options={"pages": "2-3"}))] == [2, 3]
    assert [page for page, _, _ in numbers(post(("page.png", PAGE), ("b.pdf", data), options={"pages": "1"}))] == [1, 1]


def test_some_pages_of_a_book_that_is_longer_than_a_request_may_be() -> None:
    data = pdf(40)
    assert post(("book.pdf", data)).json()["error"]["code"] == "too_many_pages"
    assert [page for page, _, _ in numbers(post(("book.pdf", data), options={"pages": "38-40,1"}))] == [1, 38, 39, 40]
    refused = post(("book.pdf", data), options={"pages": "1-33"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_many_pages")
    assert content(post(("book.pdf", data), options={"pages": "39-", "format": "pdf"})).startswith(b"%PDF-")


def test_a_file_with_as_many_pages_as_atoms_is_refused_all_the_same() -> None:
    refused = post(("book.pdf", page_tree(6)), options={"pages": "1"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_many_pages")


def test_pages_that_a_file_does_not_have_are_its_error() -> None:
    reply = post(("book.pdf", pdf(3)), ("line.png", line_png()), options={"pages": "2", "mode": "line"}).json()
    first, second = reply["results"]
    assert (first["page"], first["error"]) == (2, None)
    assert second["error"] == {"code": "no_such_page", "message": "the file has 1 page; page 2 was asked for"}
    refused = post(("book.pdf", pdf(3)), options={"pages": "2-5"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "no_such_page")
    assert refused.json()["error"]["message"] == "the file has 3 pages; page 5 was asked for"


@pytest.mark.parametrize("pages", ["0", "3-1", "a", "1,,2", "-3"])
def test_what_is_no_list_of_pages_is_refused(pages: str) -> None:
    for ask in (post, send):
        refusal = ask(("book.pdf", pdf(3)), options={"pages": pages})
        assert error(refusal) == (422, "invalid_request")
        assert refusal.json()["error"]["message"].startswith("pages: ")


def test_a_job_reads_those_pages_alone() -> None:
    reply = send(("book.pdf", pdf(60)), ("notes.txt", b"notes"), options={"pages": "3-5,30-50"})
    job = reply.json()
    assert (job["pages"], job["pages_done"]) == (24, 0)
    assert [(file["pages"], file["chosen"]) for file in job["files"]] == [(60, "3-5,30-50"), (None, None)]
    assert finish_jobs() == 3  # three pages, 16, and five
    address = reply["Location"]
    assert (described(address)["state"], described(address)["pages_done"]) == ("done", 24)
    wanted = [*range(3, 6), *range(30, 51)]
    whole = json.loads(content(get(f"{address}/result?file=0")))["results"]
    assert [(page["page"], page["pages"]) for page in whole] == [(number, 60) for number in wanted]
    found: list[int] = []
    while pages := get(f"{address}/pages?after={found[-1] if found else 0}").json()["results"]:
        found += [page["page"] for page in pages]
    assert found == wanted
    assert [page["page"] for page in get(f"{address}/pages?after=10").json()["results"]] == list(range(30, 46))


def test_a_job_of_all_pages_says_so() -> None:
    files = send(("book.pdf", pdf(3)), options={"pages": "1-"}).json()["files"]
    assert [(file["pages"], file["chosen"]) for file in files] == [(3, None)]


def test_pages_after_a_gap_that_was_asked_for_wait_for_those_before() -> None:
    from backend.jobs.models import JobPage

    address = send(("book.pdf", pdf(9)), options={"pages": "2-3,7-9"})["Location"]
    finish_jobs()
    JobPage.objects.filter(number=8).delete()  # as if another worker were still at it
    assert [page["page"] for page in get(f"{address}/pages").json()["results"]] == [2, 3, 7]


def test_the_pages_of_a_job_are_bounded_by_what_is_asked_for() -> None:
    with with_settings(max_job_pages=10):
        assert send(("book.pdf", pdf(10)), ("other.pdf", pdf(10)), options={"pages": "1-5"}).json()["pages"] == 10
        reply = send(("book.pdf", pdf(10)), ("other.pdf", pdf(10)), options={"pages": "1-6"}).json()
        assert (reply["pages"], [error["code"] for error in reply["errors"]]) == (6, ["too_many_pages"])
        assert send(("book.pdf", pdf(11)), options={"pages": "1"}).json()["error"]["code"] == "too_many_pages"

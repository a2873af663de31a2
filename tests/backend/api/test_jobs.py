"""Jobs: taken in, worked on by processes that may be killed, given out in all formats, bounded, and taken away.

What a job's work does is tested in this process; that a killed worker loses no page, with real servers and workers.
"""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pypdfium2 as pdfium
import pytest

from rasm.document import Character, Line, Page, Region, Word
from rasm.formats import SUFFIXES
from tests.backend.api.test_bad_input import BAD_FILES
from tests.backend.documents import BAD_DOCUMENTS
from tests.backend.jobs_at_work import delete, described, finish_jobs, pdf, send
from tests.conftest import copied
from tests.serving import content, error, get, line_png, manage, running_service, with_settings

pytestmark = pytest.mark.usefixtures("django_is_set_up", "no_jobs")
WAIT_S = 120.0


def test_a_job_from_end_to_end() -> None:
    reply = send(("book.pdf", pdf(20)), ("line.png", line_png()), ("notes.txt", b"notes"), options={"mode": "auto"})
    assert reply.status_code == 202 and int(reply["Retry-After"]) > 0
    job = reply.json()
    assert reply["Location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["state"], job["pages"], job["pages_done"], job["result"]) == ("queued", 21, 0, None)
    assert [(f["name"], f["pages"]) for f in job["files"]] == [("book.pdf", 20), ("line.png", 1), ("notes.txt", None)]
    assert [(e["file"], e["page"], e["code"]) for e in job["errors"]] == [(2, None, "unsupported_format")]
    assert error(get(f"{reply['Location']}/result")) == (409, "job_not_done")
    assert finish_jobs() == 3  # 16 pages, four pages, and the line
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
    from backend.jobs import queue, work

    address = send(("book.pdf", pdf(40)), ("line.png", line_png()), ("notes.txt", b"notes"))["Location"]

    def pages(query: str = "") -> list[dict[str, Any]]:
        reply = get(f"{address}/pages?{query}")
        assert reply.status_code == 200 and reply.json()["model"] == {"name": "tiny", "version": "1"}
        return list(reply.json()["results"])

    waiting = queue.waiting().count()  # the book's parts, and the line
    assert pages() == []
    part = queue.take()
    assert part is not None
    work.do(part)
    first = pages()
    assert [(page["page"], page["pages"], page["kind"]) for page in first] == [(n, 40, "page") for n in range(1, 17)]
    assert [page["page"] for page in pages("after=12&detail=characters")] == [13, 14, 15, 16] and pages("after=16") == []
    assert finish_jobs() == waiting - 1
    assert described(address)["state"] == "done"
    assert [page["page"] for page in pages("after=32")] == list(range(33, 41)) and pages("after=40") == []
    assert [page["name"] for page in pages("file=1")] == ["line.png"] and pages("file=2") == []
    whole = json.loads(content(get(f"{address}/result?file=0")))["results"]
    assert whole == first + pages("after=16") + pages("after=32")
    assert error(get(f"{address}/pages?file=3")) == error(get(f"{address}/result?file=3")) == (404, "no_such_file")
    assert error(get(f"{address}/pages?after=-1")) == error(get(f"{address}/pages?format=pdf")) == (422, "invalid_request")


def test_pages_after_a_gap_wait_for_it() -> None:
    from backend.jobs import store
    from backend.jobs.models import JobFile, JobPage

    address = send(("book.pdf", pdf(20)))["Location"]
    finish_jobs()
    JobPage.objects.filter(number=18).delete()  # as if another worker were still at it
    assert [page.number for page in store.pages_after(JobFile.objects.get(), 16, 16)] == [17]
    assert [page["page"] for page in get(f"{address}/pages?after=16").json()["results"]] == [17]
    assert delete(address).status_code == 204


def test_a_file_that_waits_on_the_disk_is_kept_as_it_was_sent() -> None:
    """Above 256 KiB; another process has counted its pages meanwhile."""
    from backend.jobs import store
    from backend.jobs.models import JobFile

    data = pdf(600) + b"%" + bytes(range(1, 10)) * 40_000
    assert send(("book.pdf", data)).status_code == 202
    assert b"".join(store.chunks(JobFile.objects.get(), "upload")) == data


@pytest.mark.parametrize("kind", ["text", "markdown", "docx", "xlsx", "hocr", "alto", "page", "pdf"])
def test_results_in_other_formats(kind: str) -> None:
    job = send(("a.png", line_png()), ("b.pdf", pdf(2)), options={"mode": "line"}).json()
    finish_jobs()
    address = f"/api/v1/jobs/{job['id']}/result?format={kind}"
    if kind == "pdf":  # written by a worker, when it is first asked for
        waiting = get(address)
        assert waiting.status_code == 202 and waiting.json() == {"state": "preparing"} and waiting["Retry-After"]
        assert get(address + "&file=1").status_code == 202
        assert finish_jobs() == 2
    whole, one = get(address), get(address + "&file=0")
    if kind == "text":
        assert content(whole).decode().count("\f") == 2
    else:
        assert whole["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(content(whole))) as packed:
            pages = ["b/0001", "b/0002"] if kind == "page" else ["b"]
            assert packed.namelist() == [name + SUFFIXES[kind] for name in ("a", *pages)]
    assert content(one)
    assert error(get(address + "&file=2")) == (404, "no_such_file")


def test_searchable_pdfs_of_one_job_in_several_ways() -> None:
    job = send(("b.pdf", pdf(1))).json()
    finish_jobs()
    address = f"/api/v1/jobs/{job['id']}/result?format=pdf"
    made = {}
    for layer in ("skip", "force"):
        assert get(f"{address}&pdf_layer={layer}").status_code == 202
        assert finish_jobs() == 1
        made[layer] = content(get(f"{address}&pdf_layer={layer}"))
    assert made["skip"] == content(get(address)) != made["force"]
    assert all(data.startswith(b"%PDF") for data in made.values())
    assert error(get(f"{address}&pdf_layer=all")) == (422, "invalid_request")


def test_the_searchable_pdf_is_in_the_language_and_form_that_was_asked_for() -> None:
    from backend.jobs import store
    from backend.jobs.models import JobPage

    assert store.PDF_WAYS[:3] == tuple(store.PdfWay(layer) for layer in ("skip", "redo", "force"))  # as parts of 0.11.0 are numbered
    job = send(("b.pdf", pdf(1))).json()
    finish_jobs()
    signs = [Character(sign, 1.0, (20.0 * k, 50.0, 20.0 * k + 20, 90.0)) for k, sign in enumerate("٤كي")]
    box = (0.0, 50.0, 60.0, 90.0)
    line = Line("يك٤", 1.0, box, [(0.0, 85.0), (60.0, 85.0)], [Word("يك٤", 1.0, box, signs)])
    page = Page(1, 1000, 1000, [Region("paragraph", box, [line])])
    JobPage.objects.update(data=store.pack(page, 1.0), error_code="")
    address = f"/api/v1/jobs/{job['id']}/result?format=pdf"

    def text(options: str) -> str:
        assert get(address + options).status_code == 202
        assert finish_jobs() == 1
        said = pdfium.PdfDocument(content(get(address + options)))[0].get_textpage().get_text_range()
        return said.translate(dict.fromkeys(map(ord, "\u200e\u200f\r\n"), None))

    assert sorted(text("")) == sorted("يك٤") and sorted(text("&language=fa")) == sorted("یک۴")
    assert sorted(text("&language=fa&digits=western")) == sorted("یک4")


def test_no_more_than_a_few_searchable_pdfs_of_a_file_are_kept() -> None:
    from backend.jobs import store
    from backend.jobs.models import Job, JobChunk

    job = send(("b.pdf", pdf(1))).json()
    finish_jobs()
    address = f"/api/v1/jobs/{job['id']}/result?format=pdf&language="
    languages = ("ar", "fa", "ur", "ckb", "ps", "ug", "sd")
    assert len(languages) == store.MOST_PDFS + 1
    for language in languages:
        get(address + language)
        finish_jobs()
    kinds = set(JobChunk.objects.values_list("kind", flat=True)) - {"upload"}
    assert len(kinds) == store.MOST_PDFS
    assert Job.objects.get().bytes == sum(len(chunk.data) for chunk in JobChunk.objects.all()) + sum(
        len(page.data) for page in Job.objects.get().jobpage_set.all()
    )
    assert get(address + "sd").status_code == 200 and get(address + "ar").status_code == 202


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
        finish_jobs()
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
    with with_settings(max_jobs=1):
        assert send(("a.png", line_png())).status_code == 202
        refusal = send(("a.png", line_png()))
        assert error(refusal) == (429, "too_many_jobs") and refusal["Retry-After"]
        finish_jobs()
        assert send(("a.png", line_png())).status_code == 202
    with with_settings(job_store_bytes=10_000):
        refusal = send(("a.pdf", pdf(100)))
        assert error(refusal) == (503, "job_storage_full") and refusal["Retry-After"]
    with with_settings(max_job_pages=5):
        reply = send(("a.pdf", pdf(4)), ("b.pdf", pdf(4)), ("c.png", line_png()))
        assert [f["error"] and f["error"]["code"] for f in reply.json()["files"]] == [None, "too_many_pages", None]
        assert send(("a.pdf", pdf(6))).status_code == 413
    assert len(get("/api/v1/jobs").json()["jobs"]) == 3


# cancelling and expiring


def test_delete_cancels_and_then_takes_away() -> None:
    from backend.jobs.models import JobChunk, JobPage

    address = send(("a.pdf", pdf(20)))["Location"]
    assert delete(address).status_code == 204
    job = described(address)
    assert (job["state"], job["pages_done"]) == ("cancelled", 0)
    assert finish_jobs() == 0 and not JobPage.objects.exists() and not JobChunk.objects.exists()
    assert error(get(address + "/result")) == (409, "job_not_done")
    assert delete(address).status_code == 204
    assert error(get(address)) == (404, "job_not_found")


def test_a_job_that_is_cancelled_while_it_is_read_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work
    from backend.jobs.models import JobPage

    address = send(("a.pdf", pdf(10)))["Location"]
    read = work._read_page
    seen: list[int] = []

    def watched(part: Any, number: int) -> Any:
        seen.append(number)
        if number == 3:
            delete(address)
        return read(part, number)

    monkeypatch.setattr(work, "_read_page", watched)
    finish_jobs()
    assert seen == [1, 2, 3]
    assert described(address)["state"] == "cancelled" and not JobPage.objects.exists()


def test_jobs_expire_with_all_that_belongs_to_them() -> None:
    from django.core.management import call_command
    from django.utils import timezone

    from backend.jobs.models import Job, JobChunk, JobFile, JobPage, JobPart

    kept, old = (send(("a.png", line_png()))["Location"] for _ in range(2))
    finish_jobs()
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


def test_a_document_comes_when_it_is_whole_and_nothing_else_before() -> None:
    """So the first success is the document: ``curl --fail --retry 1000 --retry-all-errors -o book.pdf`` waits for it."""
    address = send(("book.pdf", pdf(2)))["Location"]
    for format in ("text", "pdf", "alto"):
        waiting = get(f"{address}/document?format={format}")
        assert error(waiting) == (409, "job_not_done") and int(waiting["Retry-After"]) > 0
    finish_jobs()
    assert get(f"{address}/document?format=alto")["Content-Type"].startswith("application/alto+xml")
    waiting = get(f"{address}/document?format=pdf")
    assert error(waiting) == (409, "job_not_done") and int(waiting["Retry-After"]) > 0
    assert "written" in waiting.json()["error"]["message"]
    finish_jobs()
    reply = get(f"{address}/document?format=pdf")
    assert reply["Content-Type"] == "application/pdf" and content(reply).startswith(b"%PDF-")
    assert error(get(f"{address}/document")) == error(get(f"{address}/document?format=json")) == (422, "invalid_request")
    assert error(get(f"{address}/document?format=text&kind=x")) == (422, "invalid_request")


def test_a_document_without_some_of_its_pages_has_to_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.jobs import work

    read_page = work._read_page
    monkeypatch.setattr(work, "_read_page", lambda part, number: 1 / 0 if number == 2 else read_page(part, number))
    address = send(("book.pdf", pdf(3)), ("line.png", line_png()), ("notes.txt", b"notes"))["Location"]
    finish_jobs()
    refusal = get(f"{address}/document?format=text")
    assert error(refusal) == (422, "pages_missing")
    assert refusal.json()["error"]["message"].startswith("2 pages or files could not be read")
    assert error(get(f"{address}/document?format=text&file=0")) == (422, "pages_missing")
    assert content(get(f"{address}/document?format=text&file=1")) == content(get(f"{address}/result?format=text&file=1"))
    assert content(get(f"{address}/document?format=text&missing=leave_out")) == content(get(f"{address}/result?format=text"))


def test_a_job_that_will_have_no_document_says_so() -> None:
    address = send(("book.pdf", pdf(2)))["Location"]
    delete(address)
    reply = get(f"{address}/document?format=text")
    assert error(reply) == (409, "job_not_done") and "Retry-After" not in reply

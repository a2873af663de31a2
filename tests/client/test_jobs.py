"""Long documents: jobs, from Python and on the command line."""

import asyncio
import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client import AsyncRasmClient, FileRefused, RasmClient, Result, ServiceError, main
from tests.client.replies import GOOD, JOB, MODEL, REFUSAL, WRITTEN, one_after_the_other, pages_tiff
from tests.serving import PATIENCE_S, ROOT, Service


@pytest.mark.parametrize("form", WRITTEN)
def test_a_job_from_end_to_end(form: str, working_service: Service, scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Posted, followed, fetched into a file and deleted; what cannot be read is told beside it."""
    bad = scan.with_name("bad.tif")
    bad.write_bytes(b"no image")
    arguments = ["--url", working_service.url, "--mode", "page", "--job", "--format", form, "--beside", "--progress"]
    assert main([str(scan), str(bad), "missing.pdf", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "4/4" in err and f"{bad}: " in err and "missing.pdf: No such file" in err and "--resume" not in err
    target = scan.with_name(f"scan{WRITTEN[form]}")
    least = 0 if form == "markdown" else 2  # in which pages without text are nothing
    assert sorted(path.name for path in target.iterdir()) == ["0001.xml", "0002.xml"] if form == "page" else target.stat().st_size >= least
    assert not scan.with_name(f"bad{WRITTEN[form]}").exists()
    with RasmClient(working_service.url) as client:
        assert client.jobs() == []


def test_a_job_printed_is_what_is_read_at_once(working_service: Service, scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--digits", "western"], ["--json", "--detail", "characters"]):
        said = []
        for job in ([], ["--job"]):
            assert main([str(scan), "--url", working_service.url, "--mode", "page", *options, *job]) == 0
            said.append(re.sub(r'"milliseconds": [\d.]+', "", capsys.readouterr().out))
        assert said[0] == said[1] and said[0]


def test_jobs_in_the_library_sync_and_async(working_service: Service, scan: Path, tmp_path: Path) -> None:
    with RasmClient(working_service.url) as client:
        job = client.submit([scan, ("bad", b"no image")], mode="page")
        assert (job.state, job.pages, job.pages_done, job.files) == ("queued", 2, 0, ("scan.tif", "bad"))
        assert [(e.code, e.file, e.page) for e in job.errors] == [("unsupported_format", 1, None)]
        seen = list(client.follow(job.id))
        assert seen[-1].is_finished and not any(j.is_finished for j in seen[:-1]) and seen[-1].pages_done == 2
        results = client.results(job.id, diacritics="strip")
        assert [(r.name, r.page, r.error is None) for r in results] == [("scan.tif", 1, True), ("scan.tif", 2, True), ("bad", None, False)]
        assert [j.id for j in client.jobs()] == [job.id] and client.job(job.id) == seen[-1]

        async def again() -> tuple[list[Result], bytes]:
            async with AsyncRasmClient(working_service.url) as client:
                with (tmp_path / "scan.pdf").open("w+b") as file:
                    await client.download(job.id, file, "pdf", file=0)
                found = await client.results(job.id, diacritics="strip")
                await client.delete(job.id)
                return found, (tmp_path / "scan.pdf").read_bytes()

        found, pdf = asyncio.run(again())
        assert found == results and pdf.startswith(b"%PDF")
        client.delete(job.id)  # which is no error
        with pytest.raises(ServiceError) as raised:
            client.results(job.id)
        assert raised.value.code == "job_not_found"
        with pytest.raises(FileRefused, match="unsupported_format") as refused:
            client.submit([("bad", b"no image")])
        assert refused.value.error.code == refused.value.code == "unsupported_format" and refused.value.status == 415
        with pytest.raises(TypeError, match="digits"):
            client.submit([scan], digits="western")  # type: ignore[call-arg]


def test_pages_are_followed_while_they_are_read(working_service: Service, tmp_path: Path) -> None:
    """Eighteen pages are given out in two turns, 16 and 2, by both clients alike."""
    with RasmClient(working_service.url) as client:
        job = client.submit([("a.tif", pages_tiff(18)), ("b.tif", pages_tiff(1))], mode="page")
        pages = list(client.follow_pages(job.id, diacritics="strip"))
        assert [page.page for page in pages] == list(range(1, 19)) and {page.name for page in pages} == {"a.tif"}
        done = client.wait(job.id)
        assert done.state == "done" and done.pages_done == 19 and client.wait(job.id) == done
        [other] = client.follow_pages(job.id, file=1)

        async def again() -> list[Result]:
            async with AsyncRasmClient(working_service.url) as client:
                assert await client.wait(job.id) == done
                return [page async for page in client.follow_pages(job.id, diacritics="strip")]

        assert asyncio.run(again()) == pages == client.results(job.id, diacritics="strip")[:18]
        assert other == client.results(job.id)[18]
        client.delete(job.id)
        with pytest.raises(ServiceError) as raised:
            list(client.follow_pages(job.id))
        assert raised.value.code == "job_not_found"
        with pytest.raises(TypeError, match="mode"):
            list(client.follow_pages(job.id, mode="page"))  # type: ignore[call-arg]


def test_of_a_cancelled_job_no_pages_come() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/pages"):
            return httpx.Response(200, json={"model": MODEL, "results": []})
        return httpx.Response(200, json={**JOB, "state": "cancelled"})

    with RasmClient(transport=httpx.MockTransport(handle)) as client:
        assert list(client.follow_pages("1")) == [] and client.wait("1").state == "cancelled"


def chosen_pages(*numbers: int, pages: int = 3) -> httpx.MockTransport:
    """A job of some pages of a long file: their numbers are larger than how many there are. Two are given out at a time."""

    def handle(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/pages"):
            return httpx.Response(200, json={**JOB, "pages": pages, "pages_done": pages})
        after = int(request.url.params["after"])
        results = [{**GOOD, "page": number, "pages": 900} for number in numbers if number > after][:2]
        return httpx.Response(200, json={"model": MODEL, "results": results})

    return httpx.MockTransport(handle)


def test_pages_that_were_chosen_come_under_their_own_numbers() -> None:
    with RasmClient(transport=chosen_pages(3, 500, 501)) as client:
        assert [page.page for page in client.follow_pages("1")] == [3, 500, 501]
        assert [page.page for page in client.results("1")] == [3, 500, 501]


def test_more_pages_than_the_job_has_are_no_answer() -> None:
    with RasmClient(transport=chosen_pages(1, 2, 3, 4)) as client:
        for ask in (client.follow_pages, client.results):
            with pytest.raises(ServiceError, match="does not answer as Rasm does"):
                list(ask("1"))


def test_the_job_of_a_file_is_found_by_its_name() -> None:
    files = [{"name": "b.png"}]
    replies = [httpx.Response(200, json={"jobs": [JOB, {**JOB, "id": "2", "files": files}, {**JOB, "id": "3", "files": files * 2}]})]
    with RasmClient(transport=one_after_the_other(*replies)) as client:
        assert [job.id for job in client.jobs() if job.is_of("scans/b.png")] == ["2"]


def test_several_jobs_at_once(working_service: Service) -> None:
    """What the command line does, with public methods: one job for each document, in order."""
    with RasmClient(working_service.url, concurrency=2) as client:

        def read(name: str) -> tuple[str, int]:
            job = client.submit([(name, pages_tiff(1))], mode="page")
            results = client.results(client.wait(job.id).id)
            client.delete(job.id)
            return name, len(results)

        assert list(client.map(read, ["a", "b", "c"])) == [("a", 1), ("b", 1), ("c", 1)]
        assert client.jobs() == []


def test_ctrl_c_leaves_the_job_and_tells_how_to_go_on(service: Service, working_service: Service, scan: Path) -> None:
    """The first service has no worker: the job waits for ever."""
    command = [sys.executable, ROOT / "client.py", scan, "--job", "--url", service.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with RasmClient(service.url) as client:
        deadline = time.monotonic() + PATIENCE_S
        while not (jobs := client.jobs()) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # until its reply has come
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        [job] = jobs
        hint = f"client.py: a job goes on at the service; to fetch it, use the same command again with --resume {job.id}\n"
        assert (process.returncode, out, err) == (130, "", hint)
        assert client.job(job.id).state == "queued"
        client.delete(job.id)
        client.delete(job.id)


def test_a_job_is_resumed(working_service: Service, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the file it is of, for its place, or without any."""
    resume = ["--url", working_service.url, "--resume"]
    with RasmClient(working_service.url) as client:
        job = client.submit([scan], mode="page")
        assert main(["other.png", *resume, job.id]) == 2
        assert "is of a file named scan.tif, as are 0 of those given" in capsys.readouterr().err
        assert main([str(scan), "--beside", *resume, job.id]) == 0
        assert scan.with_suffix(".txt").exists()
        job = client.submit([scan], mode="page")
        assert main(["--out", str(tmp_path / "out"), "--format", "alto", *resume, job.id]) == 0
        assert (tmp_path / "out" / "scan.alto.xml").exists()
        assert main([*resume, job.id]) == 2
        assert "job_not_found" in capsys.readouterr().err
        job = client.submit([scan, scan])
        assert main([*resume, job.id]) == 2
        assert "has 2 files" in capsys.readouterr().err
        client.delete(job.id)
        client.delete(job.id)


def test_a_job_is_posted_once_and_asked_for_again(images: list[str], waits: list[float]) -> None:
    for failure in (httpx.ReadTimeout(""), httpx.ReadError(""), httpx.ConnectError(""), httpx.Response(502)):
        with RasmClient(transport=one_after_the_other(failure)) as client, pytest.raises(ServiceError):
            client.submit(images)
    assert waits == []
    replies = [httpx.Response(503, json=REFUSAL), httpx.Response(202, json={**JOB, "state": "queued"})]
    replies += [httpx.Response(200, json={**JOB, "state": "running"}, headers={"Retry-After": "7"}), httpx.ConnectError("")]  # type: ignore[list-item]
    replies += [httpx.ReadTimeout(""), httpx.Response(200, json=JOB)]  # type: ignore[list-item]
    with RasmClient(transport=one_after_the_other(*replies)) as client:
        job = client.submit(images)
        assert [j.state for j in client.follow(job.id)] == ["running", "done"]
    assert waits[1] == 7 and len(waits) == 4


def test_a_download_that_breaks_off_begins_again(waits: list[float]) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise httpx.ReadError("")

    replies = [
        httpx.Response(202, json={}, headers={"Retry-After": "3"}),
        httpx.Response(200, content=broken()),
        httpx.Response(200, content=b"all"),
    ]
    with RasmClient(transport=one_after_the_other(*replies)) as client:
        file = io.BytesIO()
        client.download("1", file, "pdf")
    assert file.getvalue() == b"all" and waits[0] == 3 and len(waits) == 2


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_job_that_comes_to_nothing(state: str, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "page_failed", "message": "m"} if state == "failed" else None
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(204) if request.method == "DELETE" else httpx.Response(200, json={**JOB, "state": state, "error": error})

    assert main([images[0], "--job", "--json"], transport=httpx.MockTransport(handle)) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == ("page_failed" if error else "job_cancelled") and len(err.splitlines()) == 1
    assert asked == ["POST", "GET", "DELETE"]


def test_a_job_whose_result_cannot_be_written_stays(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "out").write_text("a file")
    replies = [httpx.Response(202, json=JOB), httpx.Response(200, json=JOB)]
    assert main(["b.png", "--job", "--format", "pdf", "--out", "out"], transport=one_after_the_other(*replies)) == 2
    assert capsys.readouterr().err.splitlines()[1].endswith("--resume 1")

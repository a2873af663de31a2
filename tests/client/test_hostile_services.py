"""Services that mean harm, and files and folders that others have prepared: one line and an exit code, and nothing written elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import os
import socketserver
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import AsyncRasmClient, RasmClient, ServiceError, main
from rasm_client import aio, exchange, output
from rasm_client.inputs import file_name
from rasm_client.printable import printable
from tests.client.replies import GOOD, JOB, MODEL, answering

MIB = 2**20
ESCAPES = "\x1b]0;OWNED\x07\x1b[2J\x9b31m\r\nsecond\u202e\u2028"
NAMES = [
    "../../escaped",
    "/abs/escaped.png",
    "..",
    ".",
    "",
    "a\0b",
    "\ud800.png",
    "~/x",
    "a" * 300,
    "..\\..\\x.png",
    "C:\\x.png",
    "con.png",
    "a\x1b[2J\nb",
]


def result(**changed: Any) -> httpx.Response:
    return httpx.Response(200, content=json.dumps({"model": MODEL, "results": [{**GOOD, **changed}]}).encode())


def job_service(name: str, **changed: Any) -> httpx.MockTransport:
    """One that says it holds a finished job of that file."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/pages"):
            return (
                result(name=name, page=1)
                if request.url.params["after"] == "0"
                else httpx.Response(200, json={"model": MODEL, "results": []})
            )
        if request.url.path.endswith("/result"):
            return httpx.Response(200, content=b"%PDF-evil")
        return httpx.Response(200, content=json.dumps({**JOB, "files": [{"name": name}], **changed}).encode())

    return httpx.MockTransport(handle)


def everything(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


# 11: names


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["text", "pdf"])
@pytest.mark.parametrize("place", [["--out", "out"], ["--beside"]])
def test_names_from_a_service_are_names_and_not_places(
    name: str, form: str, place: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "a" / "b" / "here"
    (here / "out").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = everything(tmp_path)
    assert main(["--resume", "1", "--format", form, *place], transport=job_service(name)) == 0
    [made] = everything(tmp_path) - before
    assert made.parent == Path("a/b/here") / ("out" if "--out" in place else "")
    assert len(made.name.encode()) <= 200 and printable(made.name) == made.name and not made.name.startswith((".", "~/"))
    assert len(capsys.readouterr().err.splitlines()) <= 1


@pytest.mark.parametrize(
    ("said", "name"), [("كتاب.pdf", "كتاب.pdf"), ("a/b/c.png", "c.png"), ("aux", "_aux"), ("COM1.pdf", "_COM1.pdf"), ("..", "_")]
)
def test_what_becomes_of_a_name(said: str, name: str) -> None:
    assert file_name(said) == name


@pytest.mark.parametrize("job_id", ["../../../admin/x?y=", "x; rm -rf ~ #" + ESCAPES, "a b", ""])
def test_what_is_no_jobs_id_is_asked_for_nowhere(job_id: str, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(202, content=json.dumps({**JOB, "id": job_id, "state": "queued"}).encode())

    assert main([images[0], "--job"], transport=httpx.MockTransport(handle)) == 2
    assert asked == ["/api/v1/jobs"] and len(capsys.readouterr().err.splitlines()) == 1
    assert main(["--resume", job_id or "?"], transport=httpx.MockTransport(handle)) == 2
    assert len(asked) == 1


# 12: size and time


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[Any], None]], str]]:
    """Starts a service that answers each request in its own way, and gives its address."""
    servers = []

    def start(answer: Callable[[Any], None]) -> str:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                length = 0
                while (line := self.rfile.readline().strip()) != b"":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.rfile.read(length)
                with contextlib.suppress(OSError):
                    answer(self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        server = Server(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def asynchronous(url: str, images: list[str], **settings: Any) -> None:
    async def read() -> None:
        async with AsyncRasmClient(url, retries=0, **settings) as client:
            async for _ in client.read(images[:1]):
                pass

    asyncio.run(read())


def blocking(url: str, images: list[str], **settings: Any) -> None:
    with RasmClient(url, retries=0, **settings) as client:
        list(client.read(images[:1]))


BOTH = pytest.mark.parametrize("read", [asynchronous, blocking])


@BOTH
def test_an_endless_answer_is_given_up(read: Any, serving: Any, images: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_REPLY_BYTES", 4 * MIB)
    sent = 0

    def answer(file: Any) -> None:
        nonlocal sent
        file.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(2000):
            file.write(b" " * MIB)
            sent += 1

    monkeypatch.setattr(aio, "MOST_REPLY_BYTES", 4 * MIB)
    with pytest.raises(ServiceError, match="sends more than 4 MiB"):
        read(serving(answer), images)
    assert sent < 100


@BOTH
def test_what_is_packed_is_not_unpacked(read: Any, serving: Any, images: list[str]) -> None:
    """A thousandfold: no service of Rasm's packs what it was not asked to."""
    bomb = gzip.compress(b" " * (64 * MIB))

    def answer(file: Any) -> None:
        file.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)

    with pytest.raises(ServiceError, match="packs"):
        read(serving(answer), images)


@BOTH
def test_an_answer_that_drips_has_one_deadline(read: Any, serving: Any, images: list[str]) -> None:
    def answer(file: Any) -> None:
        file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(200):
            file.write(b" ")
            time.sleep(0.2)

    began = time.monotonic()
    with pytest.raises(ServiceError, match="has not answered within 1 seconds"):
        read(serving(answer), images, timeout_s=1)
    assert time.monotonic() - began < 10  # to take all of it takes forty


def test_headers_that_drip_have_the_same(serving: Any, images: list[str]) -> None:
    def answer(file: Any) -> None:
        for sign in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 500:
            file.write(bytes([sign]))
            time.sleep(0.1)

    began = time.monotonic()
    with pytest.raises(ServiceError, match="has not answered within 1 seconds"):
        asynchronous(serving(answer), images, timeout_s=1)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("value", ["9" * 25, "9" * 5000, "Mon, 01 Jan 9999 00:00:00 -9999", "Mon, 01 Jan 0001 00:00:00 +2359", "86400"])
def test_nobody_is_waited_for_as_long_as_it_asks(value: str, images: list[str], waits: list[float]) -> None:
    """A job that goes on is asked for again within reason; a service that is busy is given up."""
    busy = answering(503, json={"error": {"code": "a", "message": "b"}}, headers={"Retry-After": value})
    with RasmClient(transport=busy) as client, pytest.raises(ServiceError):
        list(client.read(images[:1]))
    states = iter(["running", "running", "done"])
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, json={**JOB, "state": next(states)}, headers={"Retry-After": value})
    )
    with RasmClient(transport=transport) as client:
        assert client.wait("1").state == "done"
    assert max(waits) <= 31


def never_finished(request: httpx.Request) -> httpx.Response:
    """Says of a job that it is being read, and of its searchable PDF that it is being written, whenever it is asked."""
    if request.url.path.endswith("/pages"):
        return httpx.Response(200, json={"model": MODEL, "results": []})
    if request.url.path.endswith("/result"):
        return httpx.Response(202, json={}, headers={"Retry-After": "1"})
    return httpx.Response(202 if request.method == "POST" else 200, json={**JOB, "state": "running"}, headers={"Retry-After": "1"})


def endless_pages(request: httpx.Request) -> httpx.Response:
    """Says of a job that it is done, and has another page whenever it is asked."""
    if request.url.path.endswith("/pages"):
        return result(page=int(request.url.params["after"]) + 1)
    return httpx.Response(200, json={**JOB, "pages": 10**9, "pages_done": 10**9})


WAITING: dict[str, tuple[Callable[[httpx.Request], httpx.Response], Callable[[RasmClient], Any]]] = {
    "its end": (never_finished, lambda client: client.wait("1")),
    "its pages as they are read": (never_finished, lambda client: list(client.follow_pages("1"))),
    "its document": (never_finished, lambda client: client.download("1", io.BytesIO(), "pdf")),
    "all its pages": (endless_pages, lambda client: client.results("1")),
}


@pytest.mark.parametrize("what", WAITING)
def test_a_job_is_not_waited_for_for_ever(what: str) -> None:
    service, wait = WAITING[what]
    given_up = r"has not finished with job 1 within 0\.2 seconds \(--wait\)"
    with RasmClient(transport=httpx.MockTransport(service), wait_s=0.2) as client, pytest.raises(ServiceError, match=given_up):
        wait(client)


def test_a_job_that_is_given_up_is_left_at_the_service(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was read before it is written; the same command goes on with it."""
    states = {"1": "running", "2": "done"}  # of the jobs for two files, of which the second is read at once
    taken_away: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        job_id = "2" if "/jobs/2" in request.url.path or b'"a.JPG"' in request.read() else "1"
        if request.method == "DELETE":
            taken_away.append(job_id)
            return httpx.Response(204)
        if request.url.path.endswith("/pages"):
            return result(page=1) if request.url.params["after"] == "0" else httpx.Response(200, json={"model": MODEL, "results": []})
        name = {"1": "b.png", "2": "a.JPG"}[job_id]
        return httpx.Response(200, json={**JOB, "id": job_id, "state": states[job_id], "files": [{"name": name}]})

    command = ["a.JPG", "b.png", "--out", "out", "--existing", "skip", "--wait", "0.5"]
    assert main([*command, "--job"], transport=httpx.MockTransport(handle)) == 2
    given_up, goes_on = capsys.readouterr().err.splitlines()
    assert given_up == "client.py: http://127.0.0.1:8000 has not finished with job 1 within 0.5 seconds (--wait)"
    assert goes_on.endswith("--resume 1") and taken_away == ["2"]
    assert everything(tree / "out") == {Path("a.txt")}
    states["1"] = "done"
    assert main([*command, "--resume", "1"], transport=httpx.MockTransport(handle)) == 0
    assert everything(tree / "out") == {Path("a.txt"), Path("b.txt")} and taken_away == ["2", "1"]


def test_pages_that_never_end_are_given_up() -> None:
    with (
        RasmClient(transport=httpx.MockTransport(lambda request: result(page=1) if "pages" in request.url.path else job_reply())) as client,
        pytest.raises(ServiceError, match="does not answer as Rasm does"),
    ):
        client.results("1")


def job_reply() -> httpx.Response:
    return httpx.Response(200, json=JOB)


# 13: what reaches the terminal


def test_nothing_that_a_terminal_obeys_reaches_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From texts, errors, warnings, reasons, and files' own names; lines stay lines."""
    odd = tmp_path / "a\x1b[2J\nb.png"
    odd.write_bytes(b"x")
    error = {"code": f"c{ESCAPES}", "message": f"m{ESCAPES}"}
    replies = [
        result(text=f"one{ESCAPES}"),
        result(text=None, error=error),
        result(warnings=[error]),
        httpx.Response(400, json={"error": error}),
        httpx.Response(418, extensions={"reason_phrase": b"tea\x1b[2J\x9b"}),
    ]
    for reply in replies:
        for form in ([], ["--json"]):
            main([str(odd), str(odd), "-j", "1", *form], transport=answering_again(reply))
            out, err = capsys.readouterr()
            assert not [sign for sign in out + err if (sign < " " and sign not in "\t\n") or "\x7f" <= sign <= "\x9f"], (out, err)
            assert not form or all(json.loads(line) for line in out.split("\n") if line)
            assert "\u202e" not in err and all(line.startswith("client.py: ") for line in err.splitlines())
    main([str(tmp_path / "missing\x1b[2J\n.png")], transport=answering_again(replies[0]))
    assert capsys.readouterr().err.count("\n") == 1


def answering_again(reply: httpx.Response) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        count = request.read().count(b'name="files"')
        content = json.loads(reply.content or b"{}")
        if "results" in content:
            content["results"] = [{**content["results"][0], "file": i} for i in range(count)]
        return httpx.Response(reply.status_code, json=content, extensions=reply.extensions)

    return httpx.MockTransport(handle)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("نص عادي", "نص عادي"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u0651", "a\u0651"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202ex", "\\u202ex"),
        ("\ud800", "\\ud800"),
        ("\udce4", "\udce4"),
    ],
)
def test_what_is_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


# 14: odd content


DEEP = b"[" * 200_000
ODD = [
    DEEP,
    b'{"model": {"name": "m", "version": "1"}, "results": ' + b"9" * 6000 + b"}",
    b"null",
    "{}".encode("utf-16"),
    b'{"a": "\xff\xfe"}',
    *[
        json.dumps({"model": MODEL, "results": [{**GOOD, **changed}]}).encode()
        for changed in (
            {"file": -1},
            {"file": "0"},
            {"file": True, "text": 1},
            {"text": 5},
            {"text": ["a"]},
            {"error": "boom"},
            {"lines": None},
            {"lines": [{"text": 1}]},
            {"bbox": "abcd"},
            {"bbox": [1, 2, 3]},
            {"page": "1"},
            {"warnings": [{"code": "a"}]},
        )
    ],
]


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("status", [200, 413, 400])
def test_odd_json_is_one_line_and_exit_2(content: bytes, status: int, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0]], transport=answering(status, content=content)) in ((2,) if status != 413 else (1, 2))
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "error",
    [
        ["x"],
        {"code": 5, "message": {"a": 1}},
        {"code": "a"},
        "text",
        {"code": "a", "message": "b", "request_id": 7},
        {"code": "a\ud800", "message": "b"},
    ],
)
def test_odd_refusals_are_one_line_and_exit_2(error: Any, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0]], transport=answering(400, content=json.dumps({"error": error}).encode())) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_half_a_character_becomes_a_mark(images: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("text", "json"):
        assert main([images[0], "--format", form], transport=answering_with(b"a\\ud800b")) == 0
        assert "a?b" in capsys.readouterr().out
        assert main([images[0], "--format", form, "--out", str(tmp_path / "out")], transport=answering_with(b"a\\ud800b")) == 0
    assert (tmp_path / "out" / "0.txt").read_text(encoding="utf-8") == "a?b\n"


def answering_with(text: bytes) -> httpx.MockTransport:
    content = json.dumps({"model": MODEL, "results": [{**GOOD, "text": "TEXT"}]}).encode().replace(b"TEXT", text)
    return answering(200, content=content)


@pytest.mark.parametrize(
    "changed",
    [{"pages": "x"}, {"files": 5}, {"files": [{"name": 5}]}, {"errors": [1]}, {"id": 5}, {"state": None}, {"warning_counts": [1]}],
)
def test_odd_jobs_are_one_line_and_exit_2(changed: dict[str, Any], images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "--job"], transport=answering(202, json={**JOB, **changed})) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def zipped(*entries: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def spoilt(kind: str) -> bytes:
    data = bytearray(zipped(("0001.page.xml", os.urandom(900)), ("0002.page.xml", b"<x/>")))
    if kind == "encrypted":
        data[6] |= 1
        data[data.find(b"PK\1\2") + 8] |= 1
    elif kind == "broken":
        data[60:90] = b"\0" * 30
    elif kind == "unknown method":
        data[8] = data[data.find(b"PK\1\2") + 10] = 77
    else:
        del data[300:400]
    return bytes(data)


ARCHIVES = {
    **{kind: spoilt(kind) for kind in ("encrypted", "broken", "unknown method", "truncated")},
    "a folder above": zipped(("../../../evil.page.xml", b"<x/>")),
    "a place": zipped(("/etc/evil2.xml", b"<x/>")),
    "dots": zipped(("..", b"<x/>")),
    "another system's place": zipped(("C:\\x\\0003.xml", b"<x/>")),
    "twice the same": zipped(("0001.page.xml", b"<x/>"), ("b/0001.xml", b"<y/>")),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_odd_archives_are_one_line_and_exit_2(kind: str, images: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(tmp_path)
    assert main([images[0], "--format", "page", "--out", str(tmp_path / "out")], transport=answering(200, content=ARCHIVES[kind])) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert everything(tmp_path) - before == {Path("out")}


def test_an_archive_that_becomes_too_large_is_given_up(
    images: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "MOST_PAGE_BYTES", MIB)
    bomb = answering(200, content=zipped(("0001.page.xml", b"\0" * 64 * MIB)))
    assert main([images[0], "--format", "page", "--out", str(tmp_path / "out")], transport=bomb) == 2
    assert "more than 1 MiB" in capsys.readouterr().err


# 15: what others have put where results go


@pytest.mark.parametrize("name", ["0.txt", "0.txt.part", ".0.txt.draft"])
def test_links_that_wait_where_a_result_goes_are_not_followed(name: str, images: list[str], tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(precious)
    arguments = [images[0], "--out", str(tmp_path / "out"), "--existing", "overwrite"]
    assert main(arguments, transport=answering(200, json={"model": MODEL, "results": [GOOD]})) == 0
    assert precious.read_text() == "mine" and (tmp_path / "out" / "0.txt").read_text(encoding="utf-8") == "نص\n"

"""client.py: against the real service, and against a transport that fails in each way a service can."""

import asyncio
import errno
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

import client as client_module
from client import AsyncRasmClient, Document, FileError, Model, RasmClient, Region, Result, ServiceError, main
from tests.conftest import copied
from tests.serving import PATIENCE_S, ROOT, Service, free_port, line_png, running_service


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RASM_URL", "RASM_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(line_png(200 + 40 * i, seed=i))
    return [str(p) for p in paths]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the clients would have waited."""
    seconds: list[float] = []

    async def sleep(self: AsyncRasmClient, s: float) -> None:
        seconds.append(s)

    for kind in (AsyncRasmClient, client_module._Blocking):
        monkeypatch.setattr(kind, "_sleep", sleep)
    return seconds


def answering(status: int, **content: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, **content))


def raising(error: BaseException) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(handle)


def one_after_the_other(*replies: httpx.Response | Exception) -> httpx.MockTransport:
    rest = iter(replies)

    def handle(request: httpx.Request) -> httpx.Response:
        reply = next(rest)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.MockTransport(handle)


def read_async(paths: Sequence[Any], *, url: str = client_module.DEFAULT_URL, transport: Any = None, **options: Any) -> list[Result]:
    async def read() -> list[Result]:
        async with AsyncRasmClient(url, transport=transport) as client:
            return [result async for result in client.read(paths, **options)]

    return asyncio.run(read())


# against the real service


def test_prints_the_text_of_one_image(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "--url", service.url]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1 and out.strip() and "\t" not in out
    assert err == ""


def test_prints_names_before_the_texts_of_several(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*images, "--url", service.url + "/"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _ in rows] == images
    assert all(text for _, text in rows)


def test_json_is_one_object_a_line_in_order(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    broken = Path(images[0]).with_name("broken.png")
    broken.write_bytes(b"not an image")
    missing = str(broken.with_name("missing.png"))
    given = [images[0], missing, str(broken), images[1]]
    assert main([*given, "--json", "--url", service.url]) == 1
    out, err = capsys.readouterr()
    results = [json.loads(line) for line in out.splitlines()]
    assert [r["name"] for r in results] == given
    assert [r["error"] and r["error"]["code"] for r in results] == [None, "unreadable_file", "unsupported_format", None]
    assert results[0]["model"] == {"name": "tiny", "version": "1"} and results[0]["width_px"] == 200
    assert len({frozenset(r) for r in results if not r["error"]}) == 1
    assert len(err.splitlines()) == 2 and missing in err and "No such file" in err


def test_the_others_are_printed_beside_a_bad_file(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "missing.png", images[1], "--url", service.url]) == 1
    out, err = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.splitlines()] == images[:2]
    assert err == "client.py: missing.png: No such file or directory (unreadable_file)\n"


def test_a_bad_file_alone_is_its_own_error(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The service answers 415 where no file could be read; that is no refusal of the client."""
    path = tmp_path / "notes.png"
    path.write_bytes(b"notes")
    assert main([str(path), "--url", service.url]) == 1
    assert "(unsupported_format)" in capsys.readouterr().err


def test_as_a_program_in_a_plain_locale(service: Service, images: list[str]) -> None:
    """Copied elsewhere, run with ASCII as the locale, on a name that is not UTF-8."""
    folder = Path(images[0]).parent
    program = folder / "client.py"
    program.write_bytes((ROOT / "client.py").read_bytes())
    name = os.fsdecode(b"\xff\xd8.png")
    (folder / name).write_bytes(line_png())
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": ""}
    done = subprocess.run([sys.executable, program, name, "0.png", "--url", service.url], cwd=folder, env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    first, second = done.stdout.splitlines()
    assert first.startswith(b"\xff\xd8.png\t") and second.decode("utf-8").startswith("0.png\t")


def test_batches_respect_the_services_limits(tmp_path: Path) -> None:
    """A service that takes two files a request still reads seven, and says which one is too large."""
    paths = [tmp_path / f"{i}.png" for i in range(7)]
    for i, path in enumerate(paths):
        path.write_bytes(line_png(200, seed=i))
    paths[4].write_bytes(b"x" * 100_000)
    with (
        running_service(tmp_path / "log", RASM_MAX_FILES="2", RASM_MAX_REQUEST_BYTES="50000") as service,
        RasmClient(service.url) as client,
    ):
        results = list(client.read(paths))
    assert [r.name for r in results] == [str(p) for p in paths]
    assert [r.error and r.error.code for r in results] == [None] * 4 + ["file_too_large"] + [None] * 2


def test_typed_results_sync_and_async(service: Service, images: list[str]) -> None:
    """Both clients say the same, and what the JSON says."""
    given: list[Any] = [images[0], Path(images[1]), ("from memory", Path(images[2]).read_bytes()), "missing.png"]
    with RasmClient(service.url) as client:
        results = list(client.read(given, detail="characters"))
    first, _, third, missing = results
    assert first.model == Model("tiny", "1") and (first.width_px, first.height_px, first.page) == (200, 32, 1)
    assert first.bbox == (0, 0, 200, 32) and first.text and first.error is None
    [line] = first.lines
    assert line.text == first.text and line.confidence == first.confidence and line.characters
    assert "".join(c.text for c in line.characters).split() == line.text_as_read.split()
    assert third.name == "from memory" and third.text
    assert missing.error == FileError("unreadable_file", "No such file or directory") and missing.text is None
    assert [r.json["text"] for r in results] == [r.text for r in results]

    def timeless(results: Sequence[Result]) -> list[Any]:
        return [(r.name, r.text, r.lines, r.error) for r in results]

    assert timeless(read_async(given, url=service.url, detail="characters")) == timeless(results)


def test_every_option_reaches_the_service(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    options = "--mode line --model tiny --diacritics strip --tatweel strip --digits western --detail characters --json".split()
    assert main([images[0], "--url", service.url, *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["lines"][0]["characters"]
    assert not set(result["text"]) & set("٠١٢٣٤٥٦٧٨٩ـًٌٍَُِّْ")
    assert main([images[0], "--url", service.url, "--model", "none"]) == 2
    assert "unknown_model" in capsys.readouterr().err


def test_convert_gives_the_services_own_files(service: Service, images: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"bad")
    with RasmClient(service.url) as client:
        texts = [result.text for result in client.read(images)]
        documents = list(client.convert([images[0], bad, "missing.png", images[1]], "text"))
    assert [d.data and d.data.decode() for d in documents] == [f"{texts[0]}\n", None, None, f"{texts[1]}\n"]
    assert [d.error and d.error.code for d in documents] == [None, "unsupported_format", "unreadable_file", None]


def test_an_image_and_names_on_standard_input(service: Service, images: list[str]) -> None:
    def run(data: bytes, *arguments: str) -> list[str]:
        command = [sys.executable, ROOT / "client.py", "--url", service.url, *arguments]
        done = subprocess.run(command, input=data, cwd=Path(images[0]).parent, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode().splitlines()

    [text] = run(Path(images[0]).read_bytes(), "-")
    for names in ("0.png\n1.png\n", "0.png\r\n1.png", "0.png\0001.png\0"):
        rows = run(names.encode(), "--files-from", "-")
        assert rows[0] == f"0.png\t{text}" and rows[1].startswith("1.png\t")


# an API key


def test_the_key_is_sent_and_told_to_nobody_else(images: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization"))
        return httpx.Response(200, json={"model": MODEL, "results": [GOOD]})

    transport = httpx.MockTransport(handle)
    assert main([images[0]], transport=transport) == 0
    assert main([images[0], "--api-key", "flag"], transport=transport) == 0
    monkeypatch.setenv("RASM_API_KEY", "environment")
    assert main([images[0]], transport=transport) == 0
    assert main([images[0], "--api-key", "flag"], transport=transport) == 0
    assert seen == [None, "Bearer flag", "Bearer environment", "Bearer flag"]
    moved = answering(307, headers={"Location": "https://elsewhere.example/"})
    assert main([images[0]], transport=moved) == 2  # redirections are not followed


def test_a_key_that_cannot_be_one(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "--api-key", "مفتاح"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


# against services that fail


def test_a_service_that_is_down(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert main([*images, "--url", url]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert url in err and "is the service running?" in err


MODEL = {"name": "m", "version": "1"}
REFUSAL = {"error": {"code": "overloaded", "message": "too much to do", "request_id": "7"}}
GOOD = {"name": "0.png", "file": 0, "width_px": 1, "height_px": 1, "text": "نص", "confidence": 1.0, "error": None}


def good(files: int = 1) -> httpx.Response:
    return httpx.Response(200, json={"model": MODEL, "results": [{**GOOD, "file": i} for i in range(files)]})


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        (raising(httpx.ReadTimeout("")), "has not answered within 7 seconds"),
        (raising(httpx.ConnectTimeout("")), "has not answered within 7 seconds"),
        (raising(httpx.ConnectError("refused")), "is the service running?"),
        (raising(httpx.RemoteProtocolError("disconnected")), "broke the connection off (disconnected)"),
        (raising(httpx.WriteError("")), "broke the connection off (WriteError)"),
        (answering(503, json=REFUSAL), "refused: too much to do (503 overloaded)"),
        (answering(502, text="<html>"), "answered 502 Bad Gateway, and not as Rasm does"),
        (answering(301, headers={"Location": "/"}), "answered 301 Moved Permanently"),
        (answering(200, text="hello"), "does not answer as Rasm does"),
        (answering(200, json=[1]), "does not answer as Rasm does"),
        (answering(200, json={"model": MODEL, "results": [1]}), "does not answer as Rasm does"),
        (answering(200, json={"model": {}, "results": [GOOD]}), "does not answer as Rasm does"),
        (answering(200, json={"model": MODEL, "results": []}), "answered for 0 files of 1"),
        (answering(200, json={"model": MODEL, "results": [{**GOOD, "file": 1}]}), "does not answer as Rasm does"),
        (answering(422, json={"error": 1}), "answered 422 Unprocessable Entity, and not as Rasm does"),
    ],
)
def test_failures_of_the_service_are_one_line(
    transport: httpx.AsyncBaseTransport, words: str, images: list[str], capsys: pytest.CaptureFixture[str], waits: list[float]
) -> None:
    assert main([images[0], "--timeout", "7"], transport=transport) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("client.py: ") and words in err


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:8000", "http://[", "http://localhost:99999"])
def test_what_is_no_url(url: str, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "--url", url]) == 2
    assert url in capsys.readouterr().err


def test_the_error_of_the_library_says_what_the_reply_said(images: list[str]) -> None:
    with RasmClient(transport=answering(401, json=REFUSAL)) as client, pytest.raises(ServiceError) as raised:
        list(client.read(images))
    assert (raised.value.status, raised.value.code, raised.value.request_id) == (401, "overloaded", "7")


def test_interrupted(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0]], transport=raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "")


def test_interrupted_while_it_waits_for_an_answer(images: list[str]) -> None:
    """Ctrl-C ends it at once, although the service never answers."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        command = [sys.executable, ROOT / "client.py", *images, "--url", url, "--progress"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection, _ = deaf.accept()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)  # less than its own time-out
        connection.close()
    assert process.returncode == 130 and out == b"" and b"Traceback" not in err


def test_only_local_failures_need_no_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["missing.png"], transport=raising(AssertionError("no request is due"))) == 1


def test_what_was_read_before_a_failure_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client_module, "FILES_PER_REQUEST", 1)
    path = tmp_path / "0.png"
    path.write_bytes(b"any")
    transport = one_after_the_other(good(), httpx.ConnectError("refused"))
    assert main([str(path), str(path), "-j", "1"], transport=transport) == 2
    assert capsys.readouterr().out == f"{path}\tنص\n"


# retries


@pytest.mark.parametrize("read", [lambda path, transport: list(RasmClient(transport=transport).read([path])), None], ids=["sync", "async"])
def test_a_busy_service_is_asked_again(read: Any, images: list[str], waits: list[float]) -> None:
    """429, 503, a proxy's 502 and a broken connection; each wait longer than the one before, never shorter than was asked for."""
    read = read or (lambda path, transport: read_async([path], transport=transport))
    busy = [
        httpx.Response(503, json=REFUSAL),
        httpx.Response(429, json=REFUSAL, headers={"Retry-After": "20"}),
        httpx.Response(502),
        httpx.RemoteProtocolError("disconnected"),
        httpx.Response(503, json=REFUSAL, headers={"Retry-After": "0"}),
    ]
    [result] = read(images[0], one_after_the_other(*busy, good()))
    assert result.text == "نص"
    for seconds, (least, most) in zip(waits, [(0.25, 0.5), (20.5, 21), (1, 2), (2, 4), (4, 8)], strict=True):
        assert least <= seconds <= most


def test_it_is_given_up_in_time(images: list[str], waits: list[float]) -> None:
    tries = []

    def handle(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return httpx.Response(503, json=REFUSAL)

    for retries in (0, 2):
        with RasmClient(transport=httpx.MockTransport(handle), retries=retries) as client, pytest.raises(ServiceError) as raised:
            list(client.read(images[:1]))
        assert raised.value.status == 503
    assert len(tries) == 1 + 3 and len(waits) == 2


def test_a_date_to_come_back_at(images: list[str], waits: list[float]) -> None:
    for date, least, most in ((datetime.now(UTC) + timedelta(seconds=100), 90, 101), (datetime.now(UTC) - timedelta(days=1), 0, 1)):
        waits.clear()
        later = httpx.Response(503, json=REFUSAL, headers={"Retry-After": format_datetime(date)})
        with RasmClient(transport=one_after_the_other(later, good())) as client:
            assert len(list(client.read(images[:1]))) == 1
        assert least <= waits[0] <= most


def test_who_is_sent_away_for_hours_is_told_at_once(images: list[str], waits: list[float]) -> None:
    transport = one_after_the_other(httpx.Response(429, json=REFUSAL, headers={"Retry-After": "86400"}))
    with RasmClient(transport=transport) as client, pytest.raises(ServiceError, match="too much to do"):
        list(client.read(images[:1]))
    assert waits == []


@pytest.mark.parametrize("status", [400, 401, 404, 415, 422, 500])
def test_other_refusals_are_final(status: int, images: list[str], waits: list[float]) -> None:
    with RasmClient(transport=one_after_the_other(httpx.Response(status, json=REFUSAL))) as client, pytest.raises(ServiceError):
        list(client.read(images[:1]))


# images


def counting(sizes: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        sizes.append(request.read().count(b'name="files"'))
        return good(sizes[-1])

    return handle


def named(names: list[str]) -> httpx.MockTransport:
    """A service whose texts are the names it was sent."""

    def handle(request: httpx.Request) -> httpx.Response:
        parts = [part.partition(b'filename="')[2].partition(b'"')[0].decode() for part in request.read().split(b'name="files"')[1:]]
        parts = [part for part in parts if part]
        names.extend(parts)
        return httpx.Response(200, json={"model": MODEL, "results": [{**GOOD, "file": i, "text": part} for i, part in enumerate(parts)]})

    return httpx.MockTransport(handle)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.png", "a.JPG", "deep/c.tif", "deep/notes.txt", "other/b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_and_patterns(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in (
        (["."], ["a.JPG", "b.png", "c.tif", "b.png"]),
        (["deep"], ["c.tif"]),
        (["*.png"], ["b.png"]),
        (["**/*.png"], ["b.png", "b.png"]),
        ([str(tree / "*" / "b.png")], ["b.png"]),
    ):
        names: list[str] = []
        assert main(arguments, transport=named(names)) == 0
        assert names == expected, arguments
    capsys.readouterr()
    assert main(["empty", "*.gif", "b.png"], transport=named([])) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "client.py: empty: no image or PDF is in this folder (no_images)",
        "client.py: *.gif: No such file or directory (unreadable_file)",
    ]
    assert out == "b.png\tb.png\n"


def test_a_name_with_brackets_is_no_pattern(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "scan[1].png").write_bytes(b"x")
    assert main(["scan[1].png"], transport=named([])) == 0
    assert capsys.readouterr().out == "scan[1].png\n"


def test_batches_by_number_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"x" * 100)
    sizes: list[int] = []
    with RasmClient(transport=httpx.MockTransport(counting(sizes)), concurrency=1) as client:
        assert len(list(client.read([path] * 40))) == 40
        assert sizes == [16, 16, 8]
        sizes.clear()
        monkeypatch.setattr(client_module, "BYTES_PER_REQUEST", 250)
        assert [r.text for r in client.read([path] * 5)] == ["نص"] * 5
        assert sizes == [2, 2, 1]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_order_holds_however_late_a_reply_is(concurrency: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request is answered last, and no more are under way than may be."""
    monkeypatch.setattr(client_module, "FILES_PER_REQUEST", 1)
    under_way, most = 0, 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        number = int((await request.aread()).partition(b'filename="')[2].partition(b'"')[0])
        for _ in range(20 - number):
            await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, json={"model": MODEL, "results": [{**GOOD, "text": str(number)}]})

    async def read() -> list[str | None]:
        async with AsyncRasmClient(transport=httpx.MockTransport(handle), concurrency=concurrency) as client:
            return [result.text async for result in client.read([(str(i), b"x") for i in range(12)])]

    assert asyncio.run(read()) == [str(i) for i in range(12)]
    assert most == concurrency


def test_results_come_as_the_replies_do(tmp_path: Path) -> None:
    """Paths are taken from an iterator as they are needed: a million of them need no more memory than a few batches."""
    path = tmp_path / "image.png"
    path.write_bytes(b"x")
    with RasmClient(transport=httpx.MockTransport(counting([]))) as client:
        results = client.read(path for _ in iter(int, 1))
        assert [next(results).name for _ in range(50)] == [str(path)] * 50


def test_pages_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service that reads pages gives several results for one file: two pages, then an image that could not be decoded."""
    pages = [{**GOOD, "page": 1, "text": "س\nص"}, {**GOOD, "page": 2, "text": "ع"}]
    bad = {**GOOD, "file": 1, "page": None, "text": None, "error": {"code": "c", "message": "m"}}
    transport = answering(200, json={"model": MODEL, "results": [*pages, bad, {**pages[0], "file": 2}]})
    with RasmClient(transport=transport) as client:
        results = list(client.read([("a", b""), ("b", b""), ("c", b"")]))
    assert [(r.name, r.page) for r in results] == [("a", 1), ("a", 2), ("b", None), ("c", 1)]
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"")
    given = [str(tmp_path / f"{name}.png") for name in "abc"]
    assert main(given, transport=transport) == 1
    assert capsys.readouterr().out == "".join(f"{given[i]}\t{text}\n" for i, text in ((0, "س"), (0, "ص"), (0, "ع"), (2, "س"), (2, "ص")))
    assert main([*given, "--beside"], transport=transport) == 1
    assert [p.name for p in sorted(tmp_path.glob("*.txt"))] == ["a.txt", "c.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "س\nص\n\fع\n"


def test_unknown_options_are_refused() -> None:
    with RasmClient(transport=raising(AssertionError())) as client, pytest.raises(TypeError, match="diacritic"):
        list(client.read(["a"], diacritic="strip"))  # type: ignore[call-arg]


def test_unreadable_files_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(self: Path) -> bytes:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", forbid)
    with RasmClient(transport=raising(AssertionError("no request is due"))) as client:
        [result] = client.read([tmp_path / "a.png"])
        [document] = client.convert([tmp_path / "a.png"], "pdf")
    assert result.error == document.error == FileError("unreadable_file", "Permission denied")


# pages


def pages_tiff(count: int = 2) -> bytes:
    """Pages of one line each, to be read as pages."""
    pages = [Image.open(io.BytesIO(line_png(640, 48, seed=i))).resize((640, 48)) for i in range(count)]
    sheets = [Image.new("L", (800, 400), 255) for _ in pages]
    for paper, line in zip(sheets, pages):
        paper.paste(line, (80, 100))
    file = io.BytesIO()
    sheets[0].save(file, "TIFF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    path.write_bytes(pages_tiff())
    return path


WRITTEN = {"text": ".txt", "json": ".json", "hocr": ".hocr", "alto": ".alto.xml", "page": ".page.xml", "pdf": ".pdf"}


@pytest.mark.parametrize("form", WRITTEN)
def test_every_format_of_pages_becomes_a_file(form: str, service: Service, scan: Path, tmp_path: Path) -> None:
    arguments = [str(scan), "--url", service.url, "--mode", "page", "--format", form, "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    target = tmp_path / "out" / f"scan{WRITTEN[form]}"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [target.name]
    if form == "page":  # which has a file for each page
        assert sorted(path.name for path in target.iterdir()) == ["0001.xml", "0002.xml"]
        assert all(b"<PcGts" in path.read_bytes() for path in target.iterdir())
    else:
        marks = {"text": b"\f", "json": b'"results"', "hocr": b"ocr_page", "alto": b"<alto", "pdf": b"%PDF"}
        assert marks[form] in target.read_bytes()
    assert main(arguments) == 1  # it is there already
    assert main([*arguments, "--existing", "overwrite"]) == 0


def test_pages_have_regions_lines_and_words(service: Service, scan: Path) -> None:
    with RasmClient(service.url) as client:
        results = list(client.read([scan], mode="page", line_breaks="keep"))
        documents = list(client.convert([scan, "missing.png"], "hocr", mode="page"))
    assert [(r.page, r.pages, r.kind, r.source) for r in results] == [(1, 2, "page", "ocr"), (2, 2, "page", "ocr")]
    for result in results:
        assert sorted(i for region in result.regions for i in region.lines) == list(range(len(result.lines)))
    assert b"ocr_page" in (documents[0].data or b"") and documents[1].error
    schema = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    [example] = schema["components"]["schemas"]["OcrReply"]["examples"]
    example["results"][0]["regions"] = [{"kind": "heading", "bbox": [0, 0, 736, 58], "lines": [0]}]
    with RasmClient(transport=answering(200, json=example)) as client:
        first, second = client.read([("a", b""), ("b", b"")])
    assert first.regions == (Region("heading", (0, 0, 736, 58), (0,)),) and first.source == "ocr"
    shown = example["results"][0]["lines"][0]["words"]
    assert [word.text for word in first.lines[0].words] == (first.text or "").split()
    assert [list(word.bbox) for word in first.lines[0].words] == [word["bbox"] for word in shown]
    assert second.error and second.error.code == "unsupported_format" and second.pages is None


def test_a_password_and_the_text_that_a_pdf_has(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    locked = str(ROOT / "tests" / "fixtures" / "encrypted.pdf")
    assert main([locked, "--url", service.url]) == 1
    assert "encrypted_document" in capsys.readouterr().err
    assert main([locked, "--url", service.url, "--password", "kitab", "--text-layer", "use", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["page"] == 1


def test_what_has_too_many_pages_left_is_sent_alone() -> None:
    """A request may have so many pages in all: the first file of two has used them up."""
    bad = {**GOOD, "file": 1, "text": None, "error": {"code": "too_many_pages", "message": "m"}}
    transport = one_after_the_other(httpx.Response(200, json={"model": MODEL, "results": [GOOD, bad]}), good())
    with RasmClient(transport=transport) as client:
        assert [(r.name, r.text) for r in client.read([("a", b""), ("b", b"")])] == [("a", "نص"), ("b", "نص")]


def test_what_can_be_read_of_a_document_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [{**GOOD, "page": i, "pages": 3, "text": "نص"} for i in (1, 2, 3)]
    pages[1] |= {"text": None, "error": {"code": "unreadable_image", "message": "m"}}
    (tmp_path / "a.pdf").write_bytes(b"")
    assert main([str(tmp_path / "a.pdf"), "--beside"], transport=answering(200, json={"model": MODEL, "results": pages})) == 1
    assert capsys.readouterr().err == f"client.py: {tmp_path}/a.pdf: page 2: m (unreadable_image)\n"
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "نص\n\f\n\fنص\n"


def test_documents_that_are_too_long_are_told_of_jobs(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "too_many_pages", "message": "m"}
    body = {"error": {**error, "request_id": "1"}, "model": MODEL, "results": [{**GOOD, "text": None, "error": error}]}
    for form in ("text", "pdf"):
        assert main([images[0], "--format", form, "--beside"], transport=answering(413, json=body)) == 1
        assert capsys.readouterr().err == f"client.py: {images[0]}: m (too_many_pages) - --job takes longer documents\n"


def test_wsgi_and_other_transports_can_be_given(images: list[str]) -> None:
    """As in a test of one's own: an application in this process answers."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"model": MODEL, "results": [GOOD]}).encode()]

    with RasmClient(transport=httpx.WSGITransport(application)) as client:  # type: ignore[arg-type]
        assert [r.text for r in client.read(images[:1])] == ["نص"]


# jobs


@pytest.fixture(scope="module")
def working_service(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Service]:
    """A service with a worker for jobs."""
    folder = tmp_path_factory.mktemp("working-service")
    database = copied(empty_database, folder)
    with running_service(folder / "log", DATABASE_URL=database, RASM_JOB_WORKERS="1") as service:
        yield service


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
    assert sorted(path.name for path in target.iterdir()) == ["0001.xml", "0002.xml"] if form == "page" else target.stat().st_size > 1
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
        with pytest.raises(ServiceError, match="unsupported_format"):
            client.submit([("bad", b"no image")])
        with pytest.raises(TypeError, match="digits"):
            client.submit([scan], digits="western")  # type: ignore[call-arg]


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


JOB = {
    "id": "1",
    "state": "done",
    "pages": 1,
    "pages_done": 1,
    "files": [{"name": "0.png"}],
    "errors": [],
    "error_count": 0,
    "error": None,
    "expires": "2026-01-01T00:00:00Z",
}


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


# files as output


def test_files_beside_the_images(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--beside"], transport=named([])) == 0
    assert capsys.readouterr().out == ""
    assert (tree / "a.txt").read_text() == "a.JPG\n" and (tree / "deep" / "c.txt").read_text() == "c.tif\n"
    assert main(["b.png", "--beside", "--json"], transport=named([])) == 0
    assert json.loads((tree / "b.json").read_text())["results"][0]["text"] == "b.png"


def test_files_in_a_folder_of_their_own(tree: Path) -> None:
    assert main([".", "--out", "out"], transport=named([])) == 0
    assert sorted(str(p.relative_to(tree / "out")) for p in (tree / "out").rglob("*.*")) == ["a.txt", "b.txt", "deep/c.txt", "other/b.txt"]


def test_nothing_is_overwritten_unasked(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "b.txt").write_text("a transcription")
    assert main(["b.png", "a.JPG", "--beside"], transport=named([])) == 1
    assert "b.txt is there already" in capsys.readouterr().err
    assert (tree / "b.txt").read_text() == "a transcription" and (tree / "a.txt").exists()
    names: list[str] = []
    assert main([".", "--beside", "--existing", "skip"], transport=named(names)) == 0
    assert names == ["c.tif", "b.png"]  # the one in other/
    assert (tree / "b.txt").read_text() == "a transcription"
    assert main(["b.png", "--beside", "--existing", "overwrite"], transport=named([])) == 0
    assert (tree / "b.txt").read_text() == "b.png\n"


def test_two_images_never_share_a_file(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["b.png", "other/b.png", "--out", "out", "--existing", "overwrite"], transport=named([])) == 1
    assert "is already for b.png" in capsys.readouterr().err


def test_a_pdf_is_not_overwritten_by_its_own(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "a.pdf").write_bytes(b"given")
    for place in (["--beside"], ["--out", "."], ["--out", str(tree)]):
        assert main(["a.pdf", "--format", "pdf", "--existing", "overwrite", *place], transport=answering(200, content=b"new")) == 1
        assert "a.pdf: its result would take its place: choose another folder with --out" in capsys.readouterr().err
        assert (tree / "a.pdf").read_bytes() == b"given"


def test_no_folder_is_overwritten_but_a_result(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as pages:
        pages.writestr("b/0001.page.xml", "new")
    for form, name, there in (
        ("page", "b.page.xml", "0001.xml.txt"),
        ("page", "b.page.xml", "0001.xml/letter.txt"),
        ("text", "b.txt", "0001.xml"),
    ):
        (tree / name / there).parent.mkdir(parents=True)
        (tree / name / there).write_text("mine")
        asks = raising(AssertionError("no request is due"))
        assert main(["b.png", "--format", form, "--beside", "--existing", "overwrite"], transport=asks) == 1
        told = capsys.readouterr().err
        assert f"{name} is a folder with more than PAGE XML in it: move it away" in told and told.count("\n") == 1
        assert (tree / name / there).read_text() == "mine"
        shutil.rmtree(tree / name)
    (tree / "b.page.xml").mkdir()
    (tree / "b.page.xml" / "0002.xml").write_text("old")
    transport = answering(200, content=archive.getvalue())
    assert main(["b.png", "--format", "page", "--beside", "--existing", "overwrite"], transport=transport) == 0
    assert [(p.name, p.read_text()) for p in (tree / "b.page.xml").iterdir()] == [("0001.xml", "new")]


def test_what_cannot_be_written_is_one_line(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "out").write_text("a file")
    assert main(["b.png", "--out", "out"], transport=named([])) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tree.glob(".*"))


def test_documents_are_written_as_they_came(tree: Path) -> None:
    transport = answering(200, content=b"%PDF")
    assert main(["b.png", "--format", "pdf", "--out", "out"], transport=transport) == 0
    assert (tree / "out" / "b.pdf").read_bytes() == b"%PDF"
    assert list(RasmClient(transport=transport).convert(["b.png"], "pdf")) == [Document("b.png", b"%PDF")]


def test_progress_is_a_bar_on_standard_error(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*images, "--progress"], transport=named([])) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3 and "3/3" in err
    assert main(images, transport=named([])) == 0
    assert capsys.readouterr().err == ""  # it is no terminal


# the command line


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.png", "--timeout", "0"],
        ["a.png", "--timeout", "soon"],
        ["a.png", "--nothing"],
        ["a.png", "-j", "0"],
        ["a.png", "--retries", "-1"],
        ["a.png", "--digits", "roman"],
        ["-", "-"],
        ["-", "--files-from", "-"],
        ["a.png", "--format", "pdf"],
        ["a.png", "--beside", "--out", "x"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments, transport=raising(AssertionError("no request is due")))
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--timeout", "abc"], "--timeout: 'abc' is not a number of seconds above 0"),
        (["--timeout", "nan"], "--timeout: 'nan' is not a number of seconds above 0"),
        (["-j", "x"], "-j/--concurrency: 'x' is not a whole number of at least 1"),
        (["--retries", "-1"], "--retries: '-1' is not a whole number of at least 0"),
    ],
)
def test_what_is_no_number_is_told_what_is_wanted(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["a.png", *arguments])
    assert says in capsys.readouterr().err


def test_the_first_tab_ends_the_name(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of tables hold tabs themselves, as the help says."""
    results = [{**GOOD, "file": i, "text": "صدر\tعجز"} for i in (0, 1)]
    assert main(images[:2], transport=answering(200, json={"model": MODEL, "results": results})) == 0
    assert [line.split("\t", 1) for line in capsys.readouterr().out.splitlines()] == [[name, "صدر\tعجز"] for name in images[:2]]
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "``cut -f2-`` gives the texts alone" in capsys.readouterr().out


def test_a_list_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--files-from", "missing.txt"]) == 2
    assert capsys.readouterr().err == "client.py: missing.txt: No such file or directory\n"


def test_whoever_reads_the_output_may_have_enough(images: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(images, transport=named([])) == 0

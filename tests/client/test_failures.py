"""Services that refuse, break off, answer late or not at all, and keys that they ask for."""

import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import RasmClient, ServiceError, main
from rasm_client import aio
from tests.client.replies import GOOD, MODEL, REFUSAL, answering, good, one_after_the_other, raising, read_async
from tests.serving import ROOT, free_port


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


def test_a_service_that_is_down(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert main([*images, "--url", url]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert url in err and "is the service running?" in err


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
    monkeypatch.setattr(aio, "FILES_PER_REQUEST", 1)
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

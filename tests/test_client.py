"""client.py: against the real service, and against a transport that fails in each way a service can."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import client as client_module
from client import RasmClient, ServiceError, main
from tests.serving import ROOT, Service, free_port, line_png, running_service


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(line_png(200 + 40 * i, seed=i))
    return [str(p) for p in paths]


def answering(status: int, **content: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, **content))


def raising(error: Exception) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(handle)


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
    folder = str(broken.parent)
    given = [images[0], missing, str(broken), folder, images[1]]
    assert main([*given, "--json", "--url", service.url]) == 1
    out, err = capsys.readouterr()
    results = [json.loads(line) for line in out.splitlines()]
    assert [r["name"] for r in results] == given
    assert [r["error"] and r["error"]["code"] for r in results] == [None, "unreadable_file", "unsupported_format", "unreadable_file", None]
    assert results[0]["model"] == {"name": "tiny", "version": "1"} and results[0]["width_px"] == 200
    assert len(err.splitlines()) == 3 and missing in err and "No such file" in err


def test_the_others_are_printed_beside_a_bad_file(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "missing.png", images[1], "--url", service.url]) == 1
    out, err = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.splitlines()] == images[:2]
    assert err == "client.py: missing.png: No such file or directory (unreadable_file)\n"


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
    assert [r["name"] for r in results] == [str(p) for p in paths]
    assert [r["error"] and r["error"]["code"] for r in results] == [None] * 4 + ["file_too_large"] + [None] * 2


# against services that fail


def test_a_service_that_is_down(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert main([*images, "--url", url]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert url in err and "is the service running?" in err


REFUSAL = {"error": {"code": "model_unavailable", "message": "no model", "request_id": "1"}}
GOOD = {"name": "0.png", "width_px": 1, "height_px": 1, "text": "نص", "confidence": 1.0, "error": None}


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        (raising(httpx.ReadTimeout("")), "has not answered within 7 seconds"),
        (raising(httpx.ConnectTimeout("")), "has not answered within 7 seconds"),
        (raising(httpx.ConnectError("refused")), "is the service running?"),
        (raising(httpx.RemoteProtocolError("disconnected")), "broke the connection off (disconnected)"),
        (raising(httpx.WriteError("")), "broke the connection off (WriteError)"),
        (answering(503, json=REFUSAL), "refused: no model (503 model_unavailable)"),
        (answering(502, text="<html>"), "answered 502 Bad Gateway, and not as Rasm does"),
        (answering(301, headers={"Location": "/"}), "answered 301 Moved Permanently"),
        (answering(200, text="hello"), "answered 200 OK, and not as Rasm does"),
        (answering(200, json=[1]), "does not answer as Rasm does"),
        (answering(200, json={"model": {}, "results": [1]}), "does not answer as Rasm does"),
        (answering(200, json={"model": {}, "results": [GOOD, GOOD]}), "2 results for 1 images"),
    ],
)
def test_failures_of_the_service_are_one_line(
    transport: httpx.BaseTransport, words: str, images: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([images[0], "--timeout", "7"], transport=transport) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("client.py: ") and words in err


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:8000", "http://[", "http://localhost:99999"])
def test_what_is_no_url(url: str, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "--url", url]) == 2
    assert url in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a.png", "--timeout", "0"], ["a.png", "--timeout", "soon"], ["a.png", "--nothing"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_interrupted(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    assert main([images[0]], transport=httpx.MockTransport(interrupt)) == 130
    assert capsys.readouterr() == ("", "")


def test_only_local_failures_need_no_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["missing.png"], transport=raising(AssertionError("no request is due"))) == 1


def test_what_was_read_before_a_failure_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client_module, "FILES_PER_REQUEST", 1)
    path = tmp_path / "0.png"
    path.write_bytes(b"any")
    replies = iter([httpx.Response(200, json={"model": {}, "results": [GOOD]})])

    def handle(request: httpx.Request) -> httpx.Response:
        if reply := next(replies, None):
            return reply
        raise httpx.ConnectError("refused")

    assert main([str(path), str(path)], transport=httpx.MockTransport(handle)) == 2
    assert capsys.readouterr().out == f"{path}\tنص\n"


# as a library


def counting(sizes: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        sizes.append(request.read().count(b'name="files"'))
        return httpx.Response(200, json={"model": {"name": "m", "version": "1"}, "results": [GOOD] * sizes[-1]})

    return handle


def test_batches_by_number_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"x" * 100)
    sizes: list[int] = []
    with RasmClient(transport=httpx.MockTransport(counting(sizes))) as client:
        assert len(list(client.read([path] * 40))) == 40
        assert sizes == [16, 16, 8]
        sizes.clear()
        monkeypatch.setattr(client_module, "BYTES_PER_REQUEST", 250)
        assert [r["text"] for r in client.read([path] * 5)] == ["نص"] * 5
        assert sizes == [2, 2, 1]


def test_results_come_as_the_replies_do(tmp_path: Path) -> None:
    """Paths are taken from an iterator as they are needed: a million of them need no more memory than a batch."""
    path = tmp_path / "image.png"
    path.write_bytes(b"x")
    with RasmClient(transport=httpx.MockTransport(counting([]))) as client:
        results = client.read(path for _ in iter(int, 1))
        assert [next(results)["name"] for _ in range(50)] == [str(path)] * 50


def test_the_library_raises_one_error() -> None:
    with RasmClient(transport=raising(httpx.ConnectError("refused"))) as client, pytest.raises(ServiceError):
        list(client.read([__file__]))


def test_unreadable_files_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(self: Path) -> bytes:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", forbid)
    with RasmClient(transport=raising(AssertionError("no request is due"))) as client:
        [result] = client.read([tmp_path / "a.png"])
    assert result["error"] == {"code": "unreadable_file", "message": "Permission denied"}

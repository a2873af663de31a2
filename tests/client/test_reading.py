"""client.py against the real service."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import DEFAULT_URL, FileError, Model, RasmClient, Result, main
from tests.client.replies import GOOD, MODEL, read_async
from tests.serving import ROOT, Service, line_png, running_service


def test_prints_the_text_of_one_image(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "--url", service.url, "--quiet"]) == 0
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
    assert main([*given, "--json", "--quiet", "--url", service.url]) == 1
    out, err = capsys.readouterr()
    results = [json.loads(line) for line in out.splitlines()]
    assert [r["name"] for r in results] == given
    assert [r["error"] and r["error"]["code"] for r in results] == [None, "unreadable_file", "unsupported_format", None]
    assert results[0]["model"] == {"name": "tiny", "version": "1"} and results[0]["width_px"] == 200
    assert len({frozenset(r) for r in results if not r["error"]}) == 1
    assert len(err.splitlines()) == 2 and missing in err and "No such file" in err


def test_the_others_are_printed_beside_a_bad_file(service: Service, images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([images[0], "missing.png", images[1], "--quiet", "--url", service.url]) == 1
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
    """Copied elsewhere with its folder, run with ASCII as the locale, on a name that is not UTF-8."""
    folder = Path(images[0]).parent
    program = folder / "client.py"
    program.write_bytes((ROOT / "client.py").read_bytes())
    shutil.copytree(ROOT / "rasm_client", folder / "rasm_client", ignore=shutil.ignore_patterns("__pycache__"))
    name = os.fsdecode(b"\xff\xd8.png")
    (folder / name).write_bytes(line_png())
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": ""}
    done = subprocess.run(
        [sys.executable, program, name, "0.png", "--quiet", "--url", service.url], cwd=folder, env=environment, capture_output=True
    )
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
        command = [sys.executable, ROOT / "client.py", "--url", service.url, "--quiet", *arguments]
        done = subprocess.run(command, input=data, cwd=Path(images[0]).parent, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode().splitlines()

    [text] = run(Path(images[0]).read_bytes(), "-")
    for names in ("0.png\n1.png\n", "0.png\r\n1.png", "0.png\0001.png\0"):
        rows = run(names.encode(), "--files-from", "-")
        assert rows[0] == f"0.png\t{text}" and rows[1].startswith("1.png\t")


def test_wsgi_and_other_transports_can_be_given(images: list[str]) -> None:
    """As in a test of one's own: an application in this process answers."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"model": MODEL, "results": [GOOD]}).encode()]

    with RasmClient(transport=httpx.WSGITransport(application)) as client:  # type: ignore[arg-type]
        assert [r.text for r in client.read(images[:1])] == ["نص"]


def heard(seen: list[httpx.Request]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(200, json={"model": MODEL, "results": [GOOD]})

    return httpx.MockTransport(handle)


def test_the_service_and_its_key_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []
    monkeypatch.setenv("RASM_URL", "http://there.example:81/ocr-of-ours")
    monkeypatch.setenv("RASM_API_KEY", "secret")
    list(RasmClient(transport=heard(seen)).read([("a", b"x")]))
    read_async([("a", b"x")], url=None, transport=heard(seen))
    for request in seen:
        assert str(request.url) == "http://there.example:81/ocr-of-ours/api/v1/ocr"
        assert request.headers["Authorization"] == "Bearer secret"
    list(RasmClient("http://here.example", api_key="", transport=heard(seen)).read([("a", b"x")]))
    list(RasmClient("http://here.example", api_key="mine", transport=heard(seen)).read([("a", b"x")]))
    assert [str(request.url.host) for request in seen[2:]] == ["here.example"] * 2
    assert [request.headers.get("Authorization") for request in seen[2:]] == [None, "Bearer mine"]


def test_without_either_it_is_the_usual_address(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []
    monkeypatch.setenv("RASM_URL", "")
    monkeypatch.setenv("RASM_API_KEY", "")
    list(RasmClient(transport=heard(seen)).read([("a", b"x")], pages="1-3,7"))
    assert str(seen[0].url).startswith(DEFAULT_URL) and "Authorization" not in seen[0].headers
    assert b'name="pages"\r\n\r\n1-3,7\r\n' in seen[0].content

"""The service: what it reads, what it refuses and in which words, and how it is set up.

Most tests use Django's test client, in this process; those that are about starting use the real server.
"""

import http.client
import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from rasm.image import decode
from rasm.lines.recognizer import Recognizer
from tests.serving import (
    TINY_MODEL,
    Service,
    error,
    exchange,
    free_port,
    get,
    line_png,
    post,
    running_service,
    upload,
    with_settings,
)

pytestmark = pytest.mark.usefixtures("django_is_set_up")


def expected_text(data: bytes) -> str:
    return Recognizer(TINY_MODEL).read([decode(data)])[0].text


# reading


def test_reads_a_line_as_the_recognizer_does() -> None:
    reply = post(("line.png", line_png(320)))
    assert reply.status_code == 200
    body = reply.json()
    assert body["model"] == {"name": "tiny", "version": "1"}
    [result] = body["results"]
    assert result.pop("text") == expected_text(line_png(320)) != ""
    assert 0 < result.pop("confidence") <= 1
    [line] = result.pop("lines")
    assert result.pop("text_as_read") == expected_text(line_png(320)) == line["text"] == line["text_as_read"]
    assert result.pop("milliseconds") > 0 and body["milliseconds"] > 0
    assert result.pop("bbox") == line["bbox"] == [0, 0, 320, 32]
    assert line["characters"] is None and " ".join(word["text"] for word in line["words"]) == line["text"]
    assert result == {
        "name": "line.png",
        "file": 0,
        "page": 1,
        "pages": 1,
        "kind": "line",
        "source": "ocr",
        "has_text_layer": False,
        "width_px": 320,
        "height_px": 32,
        "rotation_degrees": 0,
        "skew_degrees": 0.0,
        "direction": "rtl",
        "language": "ar",
        "regions": [],
        "unread": [],
        "warnings": [{"code": "low-confidence", "message": "about 52% of the characters that were read are expected to be wrong"}],
        "error": None,
    }
    assert body["request_id"] == reply["X-Request-ID"]


def test_arabic_is_sent_as_letters() -> None:
    reply = post(("line.png", line_png(320)))
    assert reply.json()["results"][0]["text"] in reply.content.decode()


def test_many_files_keep_their_order() -> None:
    files = [(f"{i}.png", line_png(100 + 60 * i, seed=i)) for i in range(8)]
    results = post(*files).json()["results"]
    assert [r["name"] for r in results] == [name for name, _ in files]
    assert [r["text"] for r in results] == [expected_text(data) for _, data in files]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"not an image", "unsupported_format"),
        (line_png()[:200], "unreadable_image"),
        (line_png(4000), "line_too_long"),
    ],
)
def test_a_bad_file_has_its_error_beside_the_others(data: bytes, code: str) -> None:
    reply = post(("first.png", line_png()), ("bad.png", data), ("last.png", line_png()))
    assert reply.status_code == 200
    first, bad, last = reply.json()["results"]
    assert bad["name"] == "bad.png"
    assert bad["error"]["code"] == code and bad["error"]["message"]
    assert bad["text"] is None and bad["confidence"] is None
    assert first["text"] == last["text"] == expected_text(line_png())


@pytest.mark.parametrize(("data", "status"), [(b"not an image", 415), (b"", 422), (line_png(4000), 422)])
def test_if_no_file_can_be_read_the_status_says_so_and_the_results_are_there(data: bytes, status: int) -> None:
    reply = post(("bad.png", data), ("worse.png", b"not an image"))
    assert reply.status_code == status
    body = reply.json()
    assert body["error"].pop("request_id") == reply["X-Request-ID"]
    assert body["error"] == body["results"][0]["error"]
    assert [result["name"] for result in body["results"]] == ["bad.png", "worse.png"]
    assert body["model"]["name"] == "tiny"


# limits


def test_limits_of_a_file_are_told_in_its_result() -> None:
    with with_settings(max_file_bytes=len(line_png(64))):
        small, large = post(("small.png", line_png(64)), ("large.png", line_png(600))).json()["results"]
    assert small["error"] is None
    assert large["error"]["code"] == "file_too_large"
    with with_settings(max_pixels=32 * 100):
        small, large = post(("small.png", line_png(64)), ("large.png", line_png(2_000))).json()["results"]
    assert small["error"] is None
    assert large["error"]["code"] == "image_too_large"


def test_too_many_files() -> None:
    with with_settings(max_files=2):
        assert post(*[("a.png", line_png(64))] * 2).status_code == 200
        assert error(post(*[("a.png", line_png(64))] * 3)) == (413, "too_many_files")


def test_a_large_body_is_refused_before_it_is_read(service: Service) -> None:
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/api/v1/ocr")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    reply = connection.getresponse()
    assert reply.status == 413
    assert json.load(reply)["error"]["code"] == "request_too_large"
    connection.close()


def test_chunked_bodies_are_refused_in_words(service: Service) -> None:
    reply = httpx.post(f"{service.url}/api/v1/ocr", content=iter([b"a", b"b"]), trust_env=False)
    assert reply.status_code == 411
    assert reply.json()["error"]["code"] == "length_required"


# refusals


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("--b--\r\n", "multipart/form-data; boundary=b", (422, "no_files")),
        (
            '--b\r\nContent-Disposition: form-data; name="files"\r\n\r\ntext\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            (422, "no_files"),
        ),
        ("x", "multipart/form-data", (400, "bad_request")),
        ("{}", "application/json", (415, "unsupported_media_type")),
        ("files=1", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        ("x", "", (415, "unsupported_media_type")),
    ],
)
def test_bodies_that_hold_no_files(body: str, content_type: str, expected: tuple[int, str]) -> None:
    from django.test import Client

    assert error(Client().generic("POST", "/api/v1/ocr", body, content_type=content_type)) == expected


def test_wrong_method_and_address() -> None:
    reply = get("/api/v1/ocr")
    assert error(reply) == (405, "method_not_allowed")
    assert reply["Allow"] == "POST"
    for path in ("/nothing", "/api/v1/nothing", "/api/v1/ocr/", "/static/nothing.js"):
        assert error(get(path)) == (404, "not_found"), path


@pytest.mark.parametrize("path", ["/", "/api/docs", "/api/openapi.json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_what_is_only_read_says_so(path: str, method: str) -> None:
    from django.test import Client

    reply = Client(enforce_csrf_checks=True).generic(method, path)
    assert error(reply) == (405, "method_not_allowed")
    assert reply["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/health/live", "/api/v1/models", "/metrics", "/api/docs", "/api/openapi.json"])
def test_head_is_answered_as_get_without_the_body(path: str, service: Service) -> None:
    got, head = (httpx.request(method, service.url + path, trust_env=False) for method in ("GET", "HEAD"))
    assert head.status_code == got.status_code == 200 and head.content == b""
    assert head.headers["Content-Type"] == got.headers["Content-Type"] and "Content-Length" in head.headers
    assert httpx.head(service.url + "/api/v1/ocr", trust_env=False).headers["Allow"] == "POST"


@pytest.mark.parametrize("path", [b"/health/live", b"/health/live?x=1", b"", b"?lang=ar"])
def test_a_whole_address_is_as_good_as_its_path(path: bytes, service: Service) -> None:
    def status(host: bytes) -> int:
        return exchange(service, b"GET http://" + host + path + b" HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n")[0]

    assert (status(b"LOCALHOST:80"), status(b"elsewhere.example")) == (200, 400)


def test_a_form_without_its_token_is_refused_in_the_shape_of_every_error() -> None:
    from django.test import Client

    assert error(Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a", "password": "b"})) == (403, "forbidden")


def test_other_hosts_are_refused() -> None:
    assert error(get("/health/live", Host="elsewhere.example")) == (400, "bad_request")


def test_a_fault_is_told_without_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test import Client

    from backend.api.operations import reading

    monkeypatch.setattr(reading, "read_files", lambda request: 1 / 0)
    client = Client(raise_request_exception=False)
    reply = client.post("/api/v1/ocr", {"files": upload("a.png", line_png())})
    assert error(reply) == (500, "internal_error")
    assert "ZeroDivision" not in reply.content.decode()


def test_request_ids() -> None:
    assert get("/health/live", X_Request_ID="Mine-1.2_3")["X-Request-ID"] == "Mine-1.2_3"
    for unusable in ("", "a b", "x" * 65, "a\tb", "é"):
        assert re.fullmatch("[0-9a-f]{32}", get("/health/live", X_Request_ID=unusable)["X-Request-ID"]), unusable


# models and health


@pytest.fixture
def folder_of_models(tmp_path: Path) -> Path:
    for name in ("default.onnx", "another.onnx"):
        shutil.copy(TINY_MODEL, tmp_path / name)
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    return tmp_path


def test_models_lists_those_of_the_folder_and_leaves_out_what_is_none(folder_of_models: Path, fresh_models: Any) -> None:
    with fresh_models(folder_of_models / "default.onnx"):
        models = get("/api/v1/models").json()["models"]
    assert [m["default"] for m in models] == [True, False]
    assert models[0]["name"] == "tiny" and models[0]["height_px"] == 32 and "ع" in models[0]["characters"]


def test_ready_only_after_the_model_has_answered(fresh_models: Any) -> None:
    with fresh_models(TINY_MODEL):
        assert get("/health/live").status_code == 200
        assert error(get("/health/ready")) == (503, "model_unavailable")
        assert post(("line.png", line_png())).status_code == 200
        assert get("/health/ready").status_code == 200


def test_without_a_model_it_lives_and_says_so(tmp_path: Path, fresh_models: Any) -> None:
    with fresh_models(tmp_path / "missing.onnx"):
        assert get("/health/live").status_code == 200
        for reply in (get("/health/ready"), get("/api/v1/models"), post(("line.png", line_png()))):
            assert error(reply) == (503, "model_unavailable")
            assert str(tmp_path) not in reply.content.decode()


@pytest.fixture
def fresh_models(django_is_set_up: None) -> Any:
    """A context in which no model has been opened yet, and ``path`` is the default one."""
    import contextlib

    from backend.reading.engines import models

    @contextlib.contextmanager
    def context(path: Path) -> Any:
        with with_settings(model=path):
            models.cache_clear()
            try:
                yield
            finally:
                models.cache_clear()

    return context


# the documentation page


def test_the_docs_need_no_other_host() -> None:
    """Neither the page nor, among what it loads, a style sheet or the settings of the script names an address elsewhere."""
    page = get("/api/docs")
    assert page.status_code == 200
    html = page.content.decode()
    assert not re.findall(r"(?:https?:)?//[\w.-]+", html)
    loaded = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert len(loaded) >= 4
    for address in loaded:
        reply = get(address)
        assert reply.status_code == 200, address
        if address.endswith(".css"):
            assert not re.findall(rb"(?:url\(|@import)\s*['\"]?https?:", b"".join(reply))
    assert get("/api/openapi.json").json()["info"]["title"] == "Rasm"


def test_the_docs_under_the_production_server(service: Service) -> None:
    page = httpx.get(f"{service.url}/api/docs", trust_env=False)
    [script] = re.findall(r'src="(/static/[^"]+bundle\.js)"', page.text)
    assert httpx.get(service.url + script, trust_env=False).headers["Content-Type"].startswith("text/javascript")


def test_runserver_works_too(tmp_path: Path) -> None:
    port = free_port()
    with running_service(tmp_path / "log", ("backend/manage.py", "runserver", "--noreload", str(port)), port) as service:
        reply = httpx.post(f"{service.url}/api/v1/ocr", files=[("files", ("a.png", line_png()))], trust_env=False)
    assert reply.json()["results"][0]["text"] == expected_text(line_png())

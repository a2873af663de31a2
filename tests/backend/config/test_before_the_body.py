"""What the server says by a request's head alone: before a body is taken in, and whatever the head holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tests.backend.jobs_at_work import keyed_service
from tests.serving import Service, connect, exchange, file_part, form, line_png, manage, received

pytestmark = pytest.mark.usefixtures("django_is_set_up")
PATHS = ("/api/v1/ocr", "/ocr", "/api/v1/jobs", "/api/v1/picture")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[tuple[Service, str]]:
    """A service that asks for keys, and one."""
    with keyed_service(tmp_path_factory.mktemp("guarded"), empty_database, RASM_API_KEYS="on", RASM_BODY_TIMEOUT_S="60") as (service, url):
        yield service, manage("apikey", "create", "a", DATABASE_URL=url).stdout.strip()


def head(method: str, path: str, *lines: str, length: int = 0) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, f"Content-Length: {length}", "", ""]).encode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["", "X-API-Key: rasm_wrong", "Authorization: Bearer rasm_wrong"])
def test_a_large_body_without_a_key_is_refused_before_it_comes(guarded: tuple[Service, str], path: str, key: str) -> None:
    with connect(guarded[0]) as connection:
        lines = ["Content-Type: multipart/form-data; boundary=b", *([key] if key else [])]
        connection.sendall(head("POST", path, *lines, length=50_000_000) + b"--b\r\n")
        began = time.monotonic()
        assert received(connection).startswith(b"HTTP/1.1 401 ")
        assert time.monotonic() - began < 30


def test_a_large_body_with_a_key_is_read(guarded: tuple[Service, str]) -> None:
    body = form(file_part(line_png()), file_part(b"\0" * 400_000, b"b.png"))
    for key in (f"X-API-Key: {guarded[1]}", f"Authorization: Bearer {guarded[1]}"):
        lines = [key, "Connection: close", "Content-Type: multipart/form-data; boundary=b"]
        status, reply = exchange(guarded[0], head("POST", "/api/v1/ocr", *lines, length=len(body)) + body)
        assert (status, reply["results"][0]["error"], reply["results"][1]["error"]["code"]) == (200, None, "unsupported_format")


def test_a_large_body_for_an_address_that_takes_none_is_refused_before_it_comes(service: Service) -> None:
    for path in ("/", "/nothing", "/admin/login/", "/api/v1/models"):
        with connect(service) as connection:
            connection.sendall(head("POST", path, length=20_000_000))
            assert received(connection).startswith(b"HTTP/1.1 413 ")


ODD = ["text/plain; a*=nosuch''%41", "text/plain; a*=hex''%41", "text/plain; a*=undefined''%41", "text/plain; a*=idna''%41" + "a" * 3000]


@pytest.mark.parametrize(
    "name", ["Content-Type", "Accept", "Accept-Language", "Content-Disposition", "If-Modified-Since", "Range", "Cookie"]
)
@pytest.mark.parametrize("value", ODD)
def test_headers_in_encodings_that_nobody_knows_are_no_fault_of_the_service(service: Service, name: str, value: str) -> None:
    """To any address, by any method."""
    requests = [
        ("GET", "/health/live"),
        ("GET", "/"),
        ("GET", "/static/web/page.js"),
        ("POST", "/api/v1/ocr"),
        ("DELETE", "/api/v1/jobs/x"),
    ]
    for method, path in requests:
        status, _ = exchange(service, head(method, path, "Connection: close", f"{name}: {value}"))
        assert status < 500
    body = form(file_part(line_png()))
    kind = [] if name == "Content-Type" else ["Content-Type: multipart/form-data; boundary=b"]
    status, _ = exchange(service, head("POST", "/api/v1/ocr", "Connection: close", *kind, f"{name}: {value}", length=len(body)) + body)
    assert status == (415 if name == "Content-Type" else 200)


def test_what_says_that_it_closes_the_connection_closes_it(service: Service) -> None:
    refusals = {
        b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 411,
        b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n": 413,
        b"GET /health/live HTTP/1.1\r\n\r\n": 400,
    }
    for request, status in refusals.items():
        with connect(service) as connection:
            connection.settimeout(20)
            connection.sendall(request)
            reply = received(connection)  # until it is closed
        assert int(reply.split()[1]) == status and b"connection: close" in reply.lower()


def test_http_1_1_without_a_host_is_refused_and_1_0_is_not(service: Service) -> None:
    status, reply = exchange(service, b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert (status, reply["error"]["code"]) == (400, "bad_request")
    port = urlparse(service.url).port
    whole = b"GET http://localhost:%d/health/live HTTP/1.1\r\nConnection: close\r\n\r\n" % (port or 0)
    assert exchange(service, whole)[0] == 400  # an address with a host does not replace it
    assert exchange(service, b"GET /health/live HTTP/1.0\r\n\r\n")[0] in (200, 400)  # by its name; ALLOWED_HOSTS decides

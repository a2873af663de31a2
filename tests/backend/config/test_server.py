"""The production server under load: slow clients, overload, SIGTERM, several processes."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from rasm.image import decode
from rasm.lines.recognizer import Recognizer
from tests.serving import (
    PATIENCE_S,
    PRODUCTION_SERVER,
    ROOT,
    TINY_MODEL,
    Service,
    ask,
    connect,
    environment,
    exchange,
    field_part,
    figures,
    file_part,
    form,
    line_png,
    received,
    running_service,
)

pytestmark = pytest.mark.usefixtures("django_is_set_up")


STOP_S = 20.0  # gunicorn's 30 are for requests that are slow; a server without any ends in one or two
HEAD = b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"


def test_slow_clients_block_no_one(service: Service) -> None:
    """More of them than there are threads of any kind, in the middle of their headers and of their bodies; some go on byte by byte."""
    slow = [connect(service) for _ in range(100)]
    try:
        for i, connection in enumerate(slow):
            connection.sendall(HEAD + (b"Content-Length: 100000\r\n\r\n--b" if i % 2 else b""))
        for _ in range(3):
            for connection in slow:
                connection.sendall(b"a")
            assert ask(service.url, line_png()).status_code == 200
        assert httpx.get(service.url + "/health/ready", trust_env=False, timeout=PATIENCE_S).status_code == 200
    finally:
        for connection in slow:
            connection.close()


def test_who_never_asks_is_sent_away_and_connections_are_bounded(tmp_path: Path) -> None:
    with running_service(tmp_path / "log", RASM_HEADER_TIMEOUT_S="1", RASM_MAX_CONNECTIONS="8") as small:
        for sent in (b"", HEAD):  # nothing at all; headers that never end
            with connect(small) as connection:
                connection.sendall(sent)
                assert received(connection) == b""
        held = [connect(small) for _ in range(7)]
        for connection in held:
            connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n")  # in their bodies, they have more time
        with contextlib.ExitStack() as more:
            others = [more.enter_context(connect(small)) for _ in range(8)]
            for connection in others:
                connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            replies = [received(connection) for connection in others]
        refused = next(reply for reply in replies if reply.startswith(b"HTTP/1.1 503"))
        assert b"Retry-After: 1" in refused and json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] == "overloaded"
        for connection in held:
            connection.close()
        while True:  # until the server has noticed
            with contextlib.suppress(httpx.HTTPError):
                if ask(small.url, line_png()).status_code == 200:
                    break


def test_many_clients_at_once_get_their_own_lines(service: Service) -> None:
    images = [line_png(96 + 64 * (i % 5), seed=i) for i in range(24)]
    expected = [reading.text for reading in Recognizer(TINY_MODEL).read([decode(image) for image in images])]
    with ThreadPoolExecutor(24) as pool:
        assert list(pool.map(lambda image: ask(service.url, image).json()["results"][0]["text"], images)) == expected


def test_a_client_that_goes_away_has_its_lines_left_unread(tmp_path: Path) -> None:
    body = form(field_part(b"mode", b"line"), *[file_part(line_png(seed=i)) for i in range(64)])
    with running_service(tmp_path / "log", RASM_THREADS="1") as service:
        with connect(service) as connection:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            now: dict[str, float] = {}
            while not (now.get("rasm_queue_lines") or now.get('rasm_lines_total{model="tiny"}')):  # they may be read between two looks
                now = figures(service.url)
        while figures(service.url)["rasm_requests_active"]:
            pass
        after = figures(service.url)
        assert after["rasm_queue_lines"] == 0
        # unless it had read them all before it could notice
        assert after.get('rasm_errors_total{code="client_gone"}') == 1 or after['rasm_lines_total{model="tiny"}'] == 64


def resident_mb(pid: int) -> float:
    """Of a process and its children."""
    own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    return own + sum(resident_mb(int(child)) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what a process holds")
def test_memory_is_flat_under_overload(tmp_path: Path) -> None:
    """As many again and again as it refuses most of, with a megabyte each: after the first rounds nothing is added."""
    body = form(file_part(line_png()), file_part(b"\0" * 2**20, b"b.png"))
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with running_service(tmp_path / "log", RASM_QUEUE_LINES="4", RASM_MAX_REQUESTS="4", RASM_MAX_BUFFERED_BYTES="4000000") as small:

        def status(_: int) -> int:
            return exchange(small, head + body)[0]

        with ThreadPoolExecutor(16) as pool:
            seen = set(pool.map(status, range(64)))
            before_mb = resident_mb(small.pid)
            for _ in range(4):
                seen |= set(pool.map(status, range(64)))
        assert resident_mb(small.pid) - before_mb < 30
        assert seen == {200, 503}


def test_overload_of_the_real_server_is_refused_and_passes(tmp_path: Path) -> None:
    images = [line_png(seed=i) for i in range(8)]
    with running_service(tmp_path / "log", RASM_QUEUE_LINES="8", RASM_THREADS="1") as small:
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: ask(small.url, *images), range(32)))
        assert {reply.status_code for reply in replies} == {200, 503}
        for reply in replies:
            if reply.status_code == 503:
                assert reply.headers["Retry-After"] and reply.json()["error"]["code"] == "overloaded"
            else:
                assert len(reply.json()["results"]) == 8
        assert ask(small.url, *images).status_code == 200


def test_sigterm_finishes_what_was_accepted_and_the_log_is_structured(tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = form(field_part(b"mode", b"line"), *[file_part(line_png(seed=i)) for i in range(64)])
    with running_service(log, RASM_THREADS="1") as service:
        with connect(service) as connection:
            connection.sendall(HEAD + b"X-Request-ID: last-one\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            is_active = False
            while not is_active and not select.select([connection], [], [], 0)[0]:  # unless the reply is there already
                is_active = figures(service.url)["rasm_requests_active"] == 1
            os.kill(service.pid, signal.SIGTERM)
            reply = received(connection)
        assert reply.startswith(b"HTTP/1.1 200")
        assert len(json.loads(reply.partition(b"\r\n\r\n")[2])["results"]) == 64
    records = [json.loads(line) for line in log.read_text().splitlines()]
    [record] = [record for record in records if record["request_id"] == "last-one"]
    assert record["status"] == 200 and record["path"] == "/api/v1/ocr" and record["method"] == "POST" and record["milliseconds"] > 0
    assert not [record for record in records if record["level"] in ("ERROR", "CRITICAL")]


def test_sigterm_closes_idle_connections_at_once_and_finishes_requests(tmp_path: Path) -> None:
    """One that was answered, one that never asked; one in the middle of its headers, one in the middle of its body, which go on after."""
    body = form(field_part(b"mode", b"line"), file_part(line_png()))
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    with running_service(tmp_path / "log") as service, contextlib.ExitStack() as opened:
        answered, silent, in_headers, in_body = (opened.enter_context(connect(service)) for _ in range(4))
        answered.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answered.recv(65536).startswith(b"HTTP/1.1 200")
        in_headers.sendall(head[:40])
        in_body.sendall(head + body[:100])
        figures(service.url)  # what was sent before it has arrived
        os.kill(service.pid, signal.SIGTERM)
        for connection in (answered, silent):
            connection.settimeout(STOP_S)
            while connection.recv(65536):
                pass
        in_headers.sendall(head[40:] + body)
        in_body.sendall(body[100:])
        for connection in (in_headers, in_body):
            reply = received(connection)
            assert reply.startswith(b"HTTP/1.1 200") and b"onnection: close" in reply
        deadline = time.monotonic() + STOP_S
        while os.waitid(os.P_PID, service.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            assert time.monotonic() < deadline, "the server has not ended"
            time.sleep(0.05)


def test_several_processes_share_nothing_and_their_metrics_are_added_up(tmp_path: Path) -> None:
    with running_service(tmp_path / "log", WEB_CONCURRENCY="2") as service:
        with ThreadPoolExecutor(8) as pool:
            assert {reply.status_code for reply in pool.map(lambda i: ask(service.url, line_png(seed=i)), range(16))} == {200}
        after = figures(service.url)
    assert after['rasm_lines_total{model="tiny"}'] == after["rasm_batch_lines_sum"] == 16


def test_a_second_service_on_the_same_address_says_so(service: Service) -> None:
    port = service.url.rpartition(":")[2]
    done = subprocess.run([sys.executable, *PRODUCTION_SERVER], cwd=ROOT, env=environment(PORT=port), capture_output=True, text=True)
    assert done.returncode == 1 and f"cannot listen on 127.0.0.1:{port}" in done.stderr

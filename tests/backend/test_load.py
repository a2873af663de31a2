"""Many at once: batches, bounded queues, slow clients, clients that go away, an orderly end, several processes."""

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from rasm.image import Pixels, decode
from rasm.lines.recognizer import Reading, Recognizer
from tests.serving import (
    PATIENCE_S,
    PRODUCTION_SERVER,
    ROOT,
    TINY_MODEL,
    Service,
    ask,
    connect,
    environment,
    error,
    exchange,
    field_part,
    figures,
    file_part,
    form,
    line_png,
    post,
    received,
    running_service,
)

pytestmark = pytest.mark.usefixtures("django_is_set_up")
WIDTHS = [320, 320, 96, 320, 96, 200]
IMAGES = [decode(line_png(width, seed=i)) for i, width in enumerate(WIDTHS)]


class Held(Recognizer):
    """A recogniser that notes its batches, and waits to be let go before it reads."""

    def __init__(self) -> None:
        super().__init__(TINY_MODEL, threads=1)
        self.batches: list[int] = []
        self.taken, self.go = threading.Semaphore(0), threading.Event()

    def read_arrays(self, lines: Sequence[Pixels], widths_px: Sequence[int] | None = None) -> list[Reading]:
        self.batches.append(len(lines))
        self.taken.release()
        assert self.go.wait(PATIENCE_S)
        return super().read_arrays(lines, widths_px)


def held_batcher() -> Any:
    from ocr.batching import Batcher

    reader = Held()
    return reader, Batcher(reader, 1)


def submit(reader: Recognizer, batcher: Any, images: Sequence[Pixels], gone: threading.Event | None = None) -> Any:
    return [batcher.submit(reader.prepare(image), image.shape[1], gone) for image in images]


# batches


def test_while_one_is_read_the_others_gather_by_width_oldest_first_and_read_as_if_alone() -> None:
    reader, batcher = held_batcher()
    first = submit(reader, batcher, IMAGES[2:3])
    assert reader.taken.acquire(timeout=PATIENCE_S)  # it was not kept waiting for company
    others = [job for image in IMAGES for job in submit(reader, batcher, [image])]
    reader.go.set()
    readings = [job.reading.result(PATIENCE_S) for job in first + others]
    batcher.close()
    assert reader.batches == [1, 3, 2, 1]
    alone = Recognizer(TINY_MODEL)
    assert readings == [alone.read([image])[0] for image in [IMAGES[2], *IMAGES]]


def test_no_batch_is_larger_than_the_recogniser_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, batcher = held_batcher()
    monkeypatch.setattr(reader, "batch_size", lambda width_px: 4)
    submit(reader, batcher, IMAGES[:1])
    assert reader.taken.acquire(timeout=PATIENCE_S)
    jobs = submit(reader, batcher, [IMAGES[0]] * 10)
    reader.go.set()
    assert len({job.reading.result(PATIENCE_S).text for job in jobs}) == 1
    batcher.close()
    assert reader.batches == [1, 4, 4, 2]


def test_an_int8_model_gets_one_line_at_a_time() -> None:
    reader, batcher = held_batcher()
    reader.info = replace(reader.info, precision="int8")
    reader.go.set()
    for job in submit(reader, batcher, [IMAGES[0]] * 5):
        job.reading.result(PATIENCE_S)
    batcher.close()
    assert reader.batches == [1] * 5


def test_lines_that_nobody_waits_for_are_not_read() -> None:
    from ocr.errors import ClientGone

    reader, batcher = held_batcher()
    submit(reader, batcher, IMAGES[:1])
    assert reader.taken.acquire(timeout=PATIENCE_S)
    gone = threading.Event()
    [dropped] = submit(reader, batcher, IMAGES[:1], gone)
    [wanted] = submit(reader, batcher, IMAGES[:1])
    gone.set()
    reader.go.set()
    assert wanted.reading.result(PATIENCE_S)
    assert isinstance(dropped.reading.exception(PATIENCE_S), ClientGone)
    batcher.close()
    assert reader.batches == [1, 1]


def test_a_fault_in_reading_is_told_to_who_waits_and_the_thread_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from ocr.errors import InternalError

    reader, batcher = held_batcher()
    reader.go.set()
    with monkeypatch.context() as broken:
        broken.setattr(Recognizer, "log_probabilities", lambda self, images: 1 / 0)
        [job] = submit(reader, batcher, IMAGES[:1])
        assert isinstance(job.reading.exception(PATIENCE_S), InternalError)
    [job] = submit(reader, batcher, IMAGES[:1])
    assert job.reading.result(PATIENCE_S).text
    batcher.close()


# bounds


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    from ocr import services

    services.room.take(10**6)
    try:
        reply = post(("a.png", line_png()))
        assert error(reply) == (503, "overloaded")
        assert int(reply["Retry-After"]) >= 1
    finally:
        services.room.give_back(10**6)
    assert post(("a.png", line_png())).status_code == 200


def http_scope(method: str = "POST", path: bytes = b"/x", length: int = 1) -> dict[str, Any]:
    headers = [(b"host", b"localhost"), *([(b"content-length", b"%d" % length)] if method == "POST" else [])]
    return {
        "type": "http",
        "method": method,
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": headers,
    }


class Exchange:
    """One request to an ASGI application: what it is sent, and what it has answered."""

    def __init__(self, application: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> None:
        self._messages = list(messages)
        self._end = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self.task = asyncio.ensure_future(application(scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self._end.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def disconnect(self) -> None:
        self._end.set()

    async def status(self) -> int:
        await asyncio.wait_for(self.task, PATIENCE_S)
        return int(self.sent[0]["status"])

    def error(self) -> str:
        return str(json.loads(self.sent[1]["body"])["error"]["code"])


WHOLE = {"type": "http.request", "body": b"x", "more_body": False}
EMPTY = {"type": "http.request", "body": b"", "more_body": False}


class Waiting:
    """A WSGI application whose replies to requests with a body, and to those named in ``slow``, wait until they are let go, or until the
    client has gone."""

    slow = ("/api/v1/jobs/1/picture", "/api/v1/jobs/1/result", "/slow")

    def __init__(self) -> None:
        self.begun, self.go, self.gone = threading.Semaphore(0), threading.Event(), threading.Event()

    def __call__(self, environment: dict[str, Any], start_response: Any) -> list[bytes]:
        if refusal := environment.get("rasm.refusal"):
            start_response(f"{refusal.status} refused", [])
            return [json.dumps({"error": {"code": refusal.code}}).encode()]
        if environment["REQUEST_METHOD"] == "POST" or environment["PATH_INFO"] in self.slow:
            self.begun.release()
            while not self.go.wait(0.01):
                if environment["rasm.gone"].is_set():
                    self.gone.set()
                    break
        start_response("200 OK", [])
        return [environment["wsgi.input"].read()]


@contextlib.contextmanager
def bridge(application: Any, **settings: Any) -> Iterator[Any]:
    """A bridge made under these settings."""
    from config.asgi import Bridge
    from django.test import override_settings

    with override_settings(**settings):
        yield Bridge(application)


def test_over_capacity_it_answers_at_once_health_among_it_and_recovers() -> None:
    async def story() -> None:
        application = Waiting()
        with bridge(application, RASM_MAX_REQUESTS=2, RASM_REQUEST_THREADS=1) as app:
            accepted = [Exchange(app, http_scope(), WHOLE) for _ in range(2)]
            await asyncio.to_thread(application.begun.acquire)
            refused = Exchange(app, http_scope(), WHOLE)
            refused.disconnect()
            assert await refused.status() == 503 and refused.error() == "overloaded"
            assert await Exchange(app, http_scope("GET")).status() == 200
            application.go.set()
            assert [await exchange.status() for exchange in accepted] == [200, 200]
            assert await Exchange(app, http_scope(), WHOLE).status() == 200

    asyncio.run(story())


@pytest.mark.parametrize("path", [path.encode() for path in Waiting.slow])
def test_health_answers_whatever_occupies_the_other_threads(path: bytes) -> None:
    """Pictures and results of jobs, which take many seconds, and leave room for other requests without a body; and these themselves."""
    from config.asgi import LIGHT_THREADS

    async def story() -> None:
        application = Waiting()
        with bridge(application, RASM_MAX_REQUESTS=LIGHT_THREADS + 1) as app:
            held = [Exchange(app, http_scope("GET", path), EMPTY) for _ in range(LIGHT_THREADS + 1)]
            for _ in range(LIGHT_THREADS):
                await asyncio.to_thread(application.begun.acquire)
            for light in (b"/health/live", b"/metrics", *([b"/x"] if path != b"/slow" else [])):
                assert await Exchange(app, http_scope("GET", light)).status() == 200
            if path != b"/slow":
                refused = Exchange(app, http_scope("GET", path), EMPTY)
                refused.disconnect()
                assert await refused.status() == 503 and refused.error() == "overloaded"
            application.go.set()
            assert [await exchange.status() for exchange in held] == [200] * len(held)

    asyncio.run(story())


def test_a_client_that_goes_away_frees_its_work_begun_or_not() -> None:
    async def story() -> None:
        application = Waiting()
        with bridge(application, RASM_REQUEST_THREADS=1) as app:
            begun, waiting = Exchange(app, http_scope(), WHOLE), Exchange(app, http_scope(), WHOLE)
            await asyncio.to_thread(application.begun.acquire)
            for exchange in (waiting, begun):
                exchange.disconnect()
                await asyncio.wait_for(exchange.task, PATIENCE_S)
                assert exchange.sent == []
            assert await asyncio.to_thread(application.gone.wait, PATIENCE_S)
            application.go.set()
            assert await Exchange(app, http_scope(), WHOLE).status() == 200
            assert not application.begun.acquire(blocking=False) or not application.begun.acquire(blocking=False)

    asyncio.run(story())


def test_a_body_that_comes_too_slowly_or_not_whole_or_on_top_of_too_many_is_refused() -> None:
    part = {"type": "http.request", "body": b"x" * 50, "more_body": True}

    async def story() -> None:
        with bridge(Waiting(), RASM_BODY_TIMEOUT_S=0.01) as app:
            slow = Exchange(app, http_scope(length=100), part)
            while not slow.sent:
                await asyncio.sleep(0.01)
            slow.disconnect()
            assert await slow.status() == 408 and slow.error() == "request_timeout"
        with bridge(Waiting()) as app:
            broken = Exchange(app, http_scope(length=100), part, {"type": "http.disconnect"})
            assert await broken.status() == 400 and broken.error() == "incomplete_body"
        with bridge(Waiting(), RASM_MAX_BUFFERED_BYTES=120) as app:
            first = Exchange(app, http_scope(length=100), part)
            await asyncio.sleep(0)
            second = Exchange(app, http_scope(length=100), part, part)
            second.disconnect()
            assert await second.status() == 503 and second.error() == "overloaded"
            first.disconnect()
            assert await first.status() == 400
            third = Exchange(app, http_scope(length=100), part, {**part, "more_body": False})
            third.disconnect()
            await asyncio.wait_for(third.task, PATIENCE_S)  # there is room again

    asyncio.run(story())


# the real server


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

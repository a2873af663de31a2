"""The bridge of the production server: bodies collected on the loop, bounds, refusals at once, clients that go away."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.exchanges import EMPTY, WHOLE, Exchange, http_scope
from tests.serving import (
    PATIENCE_S,
    with_settings,
)

pytestmark = pytest.mark.usefixtures("django_is_set_up")


class Waiting:
    """A WSGI application whose replies to requests with a body, and to those named in ``slow``, wait until they are let go, or until the
    client has gone."""

    slow = (*(f"/api/v1/jobs/1/{what}" for what in ("document", "pages", "picture", "result")), "/slow")

    def __init__(self) -> None:
        self.begun, self.go, self.gone = threading.Semaphore(0), threading.Event(), threading.Event()

    def __call__(self, environment: dict[str, Any], start_response: Any) -> list[bytes]:
        if refusal := environment.get("rasm.refusal"):
            from backend.api.errors import STATUSES

            start_response(f"{STATUSES[type(refusal)][0]} refused", [])
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
    from backend.config.asgi import Bridge

    with with_settings(**settings):
        yield Bridge(application)


def test_over_capacity_it_answers_at_once_health_among_it_and_recovers() -> None:
    async def story() -> None:
        application = Waiting()
        with bridge(application, max_requests=2, request_threads=1) as app:
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
    from backend.config.asgi import LIGHT_THREADS

    async def story() -> None:
        application = Waiting()
        with bridge(application, max_requests=LIGHT_THREADS + 1) as app:
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


def test_whatever_a_job_gives_out_is_no_light_work() -> None:
    from backend.api.app import api

    given = {path for path in api.get_openapi_schema()["paths"] if path.startswith("/api/v1/jobs/{job_id}/")}
    assert len(given) >= 3 and {path.replace("{job_id}", "1") for path in given} <= {*Waiting.slow}


def test_a_client_that_goes_away_frees_its_work_begun_or_not() -> None:
    async def story() -> None:
        application = Waiting()
        with bridge(application, request_threads=1) as app:
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
        with bridge(Waiting(), body_timeout_s=0.01) as app:
            slow = Exchange(app, http_scope(length=100), part)
            while not slow.sent:
                await asyncio.sleep(0.01)
            slow.disconnect()
            assert await slow.status() == 408 and slow.error() == "request_timeout"
        with bridge(Waiting()) as app:
            broken = Exchange(app, http_scope(length=100), part, {"type": "http.disconnect"})
            assert await broken.status() == 400 and broken.error() == "incomplete_body"
        with bridge(Waiting(), max_buffered_bytes=120) as app:
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

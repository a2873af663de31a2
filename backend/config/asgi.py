"""The ASGI application of the production server: takes requests in on an event loop, and has Django answer them in threads.

Django's own ASGI handler costs three times the processor time of its WSGI handler (see docs/dependencies.md). A WSGI server gives
each connection a thread, which a client that sends one byte a second keeps. So bodies are collected here, on the loop, and
Django's WSGI handler answers what is complete in a thread:

- a body that is announced as too large, that arrives too slowly or that breaks off is refused, and a large one without a valid key;
- no more than RASM_MAX_REQUESTS are worked on at a time, and more are refused at once;
- health checks and metrics have threads of their own, which nothing else can occupy;
- a client that goes away has its work thrown away: the event ``rasm.gone`` in its environment is set.

Django answers what is refused here, too (``rasm.refusal`` in the environment). So every reply has the same shape, headers, line in
the log and place in the metrics.
"""

import asyncio
import contextlib
import io
import logging
import re
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.db import DatabaseError, close_old_connections

# first: it sets Django up, which the database's models need
from backend.config.wsgi import Request
from backend.config.wsgi import application as wsgi_application

# isort: split

from backend.api.access import KEY_WANTED, has_key
from backend.api.errors import BadRequest, Unauthorised, of_database
from backend.api.limits import most_bytes, takes_files
from backend.api.request_id import request_id
from backend.api.spool import MEMORY_BYTES
from backend.config.bodies import Bodies, Held, Message, Receive
from backend.reading import engines
from backend.reading.errors import InternalError, Refusal
from backend.reading.metrics import ERRORS

logger = logging.getLogger(__name__)

Send = Callable[[Message], Awaitable[None]]
# status, headers, and the body: whole, or in pieces where it is streamed
Reply = tuple[str, list[tuple[str, str]], bytes | Iterator[bytes]]

LINGER_S = 2.0  # what a refused client goes on sending is thrown away for so long, so that it comes to read the refusal
LIGHT_THREADS = 4  # for requests that only look, and as many for health and metrics
_ABSOLUTE = re.compile(rb"https?://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)
_WATCHING = re.compile(r"/health/.*|/metrics")
_LOOKING = ("GET", "HEAD", "OPTIONS", "TRACE")
_LONG = re.compile(r"/api/v1/jobs/[^/]+/(document|pages|picture|result)")  # without a body, and yet work for many seconds


class BrokenOffError(Exception):
    """A reply that is streamed could not be made to its end."""


class Bridge:
    """Bodies collected on the loop, replies made by a WSGI application in threads."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._application = application
        self._heavy = ThreadPoolExecutor(settings.RASM.request_threads, "request")
        self._light = ThreadPoolExecutor(LIGHT_THREADS, "light")
        self._watching = ThreadPoolExecutor(LIGHT_THREADS, "watching")
        self._bodies = Bodies()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            headers = dict(scope["headers"])
            if scope["http_version"] == "1.1" and b"host" not in headers:  # RFC 9112, 3.2
                await self._refuse(BadRequest("a request of HTTP/1.1 has a header Host"), scope, receive, send)
                return
            scope = _in_origin_form(scope)
            has_body = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
            # what may write to the database waits for who writes there, and must not keep those who only look
            if has_body or scope["method"] not in _LOOKING or _LONG.fullmatch(scope["path"]):
                await self._in_turn(scope, receive, send, headers)
            else:
                threads = self._watching if _WATCHING.fullmatch(scope["path"]) else self._light
                await self._answer(threads, scope, receive, send, None)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._heavy.shutdown()
        self._light.shutdown()
        self._watching.shutdown()
        engines.models().close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _in_turn(self, scope: Message, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        length = int(headers.get(b"content-length", b"0"))
        most, _ = most_bytes(scope["path"])
        if b"transfer-encoding" in headers or length > most:
            await self._refuse(None, scope, receive, send)  # Django does, by the headers
            return
        try:
            if length > MEMORY_BYTES and takes_files(scope["path"]):
                await self._check_key(scope)
            body = await self._bodies.collect(receive, length, scope["path"], headers.get(b"content-type", b"").decode("latin-1"))
        except Refusal as e:
            await self._refuse(e, scope, receive, send)
        else:
            await self._answer(self._heavy, scope, receive, send, body)

    async def _check_key(self, scope: Message) -> None:
        """Before a body goes to the disk. Raises Unauthorised, DatabaseUnavailable."""
        environment = _environment(scope, io.BytesIO())

        def is_known() -> bool:
            close_old_connections()
            try:
                return has_key(Request(environment))
            except DatabaseError as e:
                raise of_database(e) from e
            finally:
                close_old_connections()

        if settings.RASM.api_keys and not await asyncio.get_running_loop().run_in_executor(self._light, is_known):
            raise Unauthorised(KEY_WANTED)

    async def _refuse(self, refusal: Refusal | None, scope: Message, receive: Receive, send: Send) -> None:
        """Answer at once, on the loop, without the body; then let the client finish sending, for a while."""
        environment = _environment(scope, io.BytesIO())
        environment["rasm.refusal"] = refusal
        await _send(scope, send, *_run(self._application, environment), close=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                    pass

    async def _answer(self, threads: ThreadPoolExecutor, scope: Message, receive: Receive, send: Send, body: Held | None) -> None:
        """Have Django answer in a thread, while watching whether the client is still there."""
        loop = asyncio.get_running_loop()
        gone = threading.Event()
        environment = _environment(scope, body.input if body else io.BytesIO())
        environment["rasm.gone"] = gone
        environment.update(body.environment if body else {})
        answer: asyncio.Future[Reply | None] = loop.create_future()

        def settle(reply: Reply | BaseException | None) -> None:
            if answer.done():
                pass
            elif isinstance(reply, BaseException):
                answer.set_exception(reply)
            else:
                answer.set_result(reply)

        def work() -> None:
            reply: Reply | BaseException | None = None
            try:
                if not gone.is_set():  # or else nobody waits for it any more
                    reply = _run(self._application, environment)
            except BaseException as e:  # told to the server, which logs it
                reply = e
            finally:
                if body:
                    body.close()
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, reply)

        def leave(_: asyncio.Task[None]) -> None:
            gone.set()
            settle(None)

        waiting = threads.submit(work)
        # a task and a future take less of the processor than ``asyncio.wait`` and ``wrap_future``, and every request has them
        watch = loop.create_task(_until_gone(receive))
        watch.add_done_callback(leave)
        try:
            if (reply := await answer) is not None:
                await _send(scope, send, *reply, gone=gone)
        finally:
            gone.set()
            watch.cancel()
            if waiting.cancel() and body:  # it had not begun
                body.close()


def _in_origin_form(scope: Message) -> Message:
    """A request for a whole address, as it is sent to proxies, as one for its path; its host counts, not the header (RFC 9112, 3.2.2)."""
    absolute = None if scope["raw_path"].startswith(b"/") else _ABSOLUTE.fullmatch(scope["raw_path"])
    if absolute is None:
        return scope
    path = absolute[2] or b"/"
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {
        **scope,
        "raw_path": path,
        "path": unquote_to_bytes(path).decode(errors="replace"),
        "headers": [*headers, (b"host", absolute[1])],
    }


def _environment(scope: Message, body: IO[bytes]) -> dict[str, Any]:
    """PEP 3333's environment of a request. Every string in it is bytes read as Latin-1, so nothing that is sent can fail here."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"].partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        key = name if name in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{name}"
        joint = "; " if name == "COOKIE" else ","
        environment[key] = f"{environment[key]}{joint}{value}" if key in environment else value
    return environment


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _run(application: Callable[..., Any], environment: dict[str, Any]) -> Reply:
    """What a WSGI application replies. A reply that it streams is made as it is sent."""
    start: list[Any] = []
    content = application(environment, lambda status, headers, exc_info=None: start.extend((status, headers)))
    if getattr(content, "streaming", False):
        return start[0], start[1], _pieces(content, dict(start[1]).get("X-Request-ID", "-"))
    try:
        return start[0], start[1], b"".join(content)
    finally:
        if hasattr(content, "close"):
            content.close()


def _pieces(content: Any, identity: str) -> Iterator[bytes]:
    """The reply to the request of that id, as it is made. Raises BrokenOffError, having told the log and the metrics."""
    with contextlib.closing(content):  # also when this is thrown away before its end
        try:
            yield from content
        except Exception as e:
            request_id.set(identity)  # for the records alone: each piece is made in a context of its own
            if isinstance(e, Refusal):
                logger.warning("a reply was broken off: %s", e)
            else:
                logger.exception("a reply was broken off")
            ERRORS.labels(e.code if isinstance(e, Refusal) else InternalError.code).inc()
            raise BrokenOffError from e


async def _send(
    scope: Message,
    send: Send,
    status: str,
    headers: list[tuple[str, str]],
    body: bytes | Iterator[bytes],
    *,
    close: bool = False,
    gone: threading.Event | None = None,
) -> None:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if isinstance(body, bytes) and not any(name == b"content-length" for name, _ in raw):
        raw.append((b"content-length", b"%d" % len(body)))
    if close:
        raw.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": int(status.split(" ", 1)[0]), "headers": raw})
    if isinstance(body, bytes):
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return
    with contextlib.suppress(BrokenOffError):  # the server closes the connection, so that the client sees that this is not all
        while not (gone and gone.is_set()) and (piece := await asyncio.to_thread(next, body, None)) is not None:
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


application = Bridge(wsgi_application)

"""gunicorn's ASGI worker with what it lacks against clients that only take up room: a time for headers, a bound on connections, an end of
idle connections when the server ends; and with refusals in the shape of every error.

gunicorn waits for ever for a connection's first request, and takes as many connections as the system has file numbers for. A
request's body has its time in ``asgi.py``, and a connection between two requests in gunicorn's ``keepalive``. A server that is told to
end waits for every connection, whether it asks for anything or not.
"""

import asyncio
import contextlib
import json
import resource
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

_SPARE_FILES = 200  # of the numbers that the system gives: for the database, models, libraries, and those refused
_MOST_REFUSED = 100  # at a time; more are not answered at all
_LINGER_S = 1.0
_LAST_HEADERS_S = 5.0  # that a request gets which is in its headers when the server is told to end; they are one packet, or a few
# of what gunicorn refuses by itself; the others are 400 bad_request
_CODES = {414: "address_too_long", 431: "headers_too_large", 500: "internal_error", 501: "unsupported_transfer_coding", 503: "overloaded"}


def _reply(status: int, message: str, extra_headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """An error before there is a request: it has no id."""
    body = json.dumps({"error": {"code": _CODES.get(status, "bad_request"), "message": message, "request_id": "-"}}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close"), *extra_headers]
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


_FULL_REPLY = _reply(503, "more connections are open than the service holds: try again in a moment", [("Retry-After", "1")])


class BoundedProtocol(ASGIProtocol):
    """One connection."""

    _first_request: asyncio.TimerHandle | None = None
    _is_last_reply = False
    _is_in_headers = False  # some of a request's have arrived, and not all

    def connection_made(self, transport: asyncio.Transport) -> None:
        if self.worker.nr_conns >= self.worker.most_connections:
            self._refuse(transport)
            return
        super().connection_made(transport)
        self.worker.connections.add(self)
        self._first_request = self.worker.loop.call_later(settings.RASM.header_timeout_s, self._keepalive_timeout)

    def _refuse(self, transport: asyncio.Transport) -> None:
        """Answer without listening. What is closed with something unread in it takes its own reply back: so it lingers a little."""
        self._conn_lost_handled = True  # it was never counted
        if self.worker.refused >= _MOST_REFUSED:
            transport.abort()
            return
        self.worker.refused += 1
        transport.write(_FULL_REPLY)
        transport.write_eof()

        def end() -> None:
            self.worker.refused -= 1
            transport.abort()

        self.worker.loop.call_later(_LINGER_S, end)

    def data_received(self, data: bytes) -> None:
        if self._conn_lost_handled:
            return
        try:
            super().data_received(data)
        except ValueError:  # the only one: a Content-Length of more digits than Python makes a number of
            self._send_error_response(400, "Invalid Content-Length value")
            self._close_transport()

    def _feed_callback_parser(self, data: bytes) -> bool:
        if self._current_request is None:
            self._is_in_headers = True
        return bool(super()._feed_callback_parser(data))

    def end(self) -> None:
        """The server ends: a connection that asks for nothing is closed; a request's reply closes it by itself."""
        if self._is_in_headers:
            self.worker.loop.call_later(_LAST_HEADERS_S, self._end_unless_asked)
        else:
            self._end_unless_asked()

    def _end_unless_asked(self) -> None:
        if self._current_request is None and not self._finishing_calls:
            self._keepalive_timeout()

    def _send_error_response(self, status: int, message: str, extra_headers: Iterable[tuple[str, str]] = ()) -> None:
        self._safe_write(_reply(status, message, extra_headers))

    def _send_response_start(self, status: int, headers: Iterable[tuple[bytes, bytes]], request: Any, **options: Any) -> None:
        """A reply may say that it closes the connection: gunicorn passes that on, and keeps the connection."""
        headers = list(headers)
        self._is_last_reply = (b"connection", b"close") in headers
        super()._send_response_start(status, headers, request, **options)

    async def _serve_http_request(self, request: Any, *addresses: Any) -> bool:
        """Whether the connection is kept."""
        return bool(await super()._serve_http_request(request, *addresses)) and not self._is_last_reply

    def _on_headers_complete(self) -> bool:
        self._is_in_headers = False
        if self._first_request is not None:
            self._first_request.cancel()
        return bool(super()._on_headers_complete())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._first_request is not None:
            self._first_request.cancel()
        self.worker.connections.discard(self)
        super().connection_lost(exc)


class Worker(gasgi.ASGIWorker):
    """One process."""

    def init_process(self) -> None:
        most_files, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
            most_files = allowed
        # each may have its body on the disk
        self.refused = 0
        self.connections: set[BoundedProtocol] = set()
        self.most_connections = min(settings.RASM.max_connections, max(1, (most_files - _SPARE_FILES) // 2))
        gasgi.ASGIProtocol = BoundedProtocol  # which the worker makes of each connection; it has no setting
        super().init_process()

    async def _shutdown(self) -> None:
        if not self._quick_shutdown:
            for server in self.servers:
                server.close()  # first: what is taken after this would be closed by nobody
            for connection in list(self.connections):
                connection.end()
        await super()._shutdown()

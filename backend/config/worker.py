"""gunicorn's ASGI worker with what it lacks against clients that only take up room: a time for headers, a bound on connections.

gunicorn waits for ever for a connection's first request, and takes as many connections as the system has file numbers for. A
request's body has its time in ``asgi.py``, and a connection between two requests in gunicorn's ``keepalive``.
"""

import asyncio
import contextlib
import json
import resource

from django.conf import settings
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

_SPARE_FILES = 200  # of the numbers that the system gives: for the database, models, libraries, and those refused
_MOST_REFUSED = 100  # at a time; more are not answered at all
_LINGER_S = 1.0
_FULL = json.dumps(
    {
        "error": {
            "code": "overloaded",
            "message": "more connections are open than the service holds: try again in a moment",
            "request_id": "-",
        }
    }
).encode()
_FULL_REPLY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_FULL), _FULL)
)


class BoundedProtocol(ASGIProtocol):
    """One connection."""

    _first_request: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        if self.worker.nr_conns >= self.worker.most_connections:
            self._refuse(transport)
            return
        super().connection_made(transport)
        self._first_request = self.worker.loop.call_later(settings.RASM_HEADER_TIMEOUT_S, self._keepalive_timeout)

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
        if not self._conn_lost_handled:
            super().data_received(data)

    def _on_headers_complete(self) -> bool:
        if self._first_request is not None:
            self._first_request.cancel()
        return bool(super()._on_headers_complete())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._first_request is not None:
            self._first_request.cancel()
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
        self.most_connections = min(settings.RASM_MAX_CONNECTIONS, max(1, (most_files - _SPARE_FILES) // 2))
        gasgi.ASGIProtocol = BoundedProtocol  # which the worker makes of each connection; it has no setting
        super().init_process()

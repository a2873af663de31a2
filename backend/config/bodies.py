"""The bodies of requests, collected on the server's loop: within their time, within the room there is, each byte written once.

Where it stands: beneath ``asgi.py``. What a body is taken up with is given back in one place, however it ends: ``held``.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import IO, Any

from django.conf import settings
from django.http.multipartparser import MultiPartParser
from django.utils.http import parse_header_parameters

from backend.api.errors import Incomplete, RequestTimeout
from backend.api.metrics import ACTIVE
from backend.api.spool import Spool
from backend.api.uploads import FORM_KEY, Form
from backend.reading.room import Room

SLOWEST_BYTES_PER_S = 4_096  # a body may take RASM_BODY_TIMEOUT_S, and more as long as it comes at this rate

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Bodies:
    """How many there may be, and how many bytes of them."""

    def __init__(self) -> None:
        self._slots = Room(settings.RASM.max_requests, "more requests are waiting than the service holds: try again in a moment")
        self._bytes = Room(settings.RASM.max_buffered_bytes, "too much is being sent at once: try again in a moment")

    async def collect(self, receive: Receive, length: int, path: str, content_type: str) -> "Held":
        """A whole body. Whoever gets it closes it, when the request has been answered.

        Raises RequestTimeout, Overloaded, Incomplete, DiskFull.
        """
        with contextlib.ExitStack() as held:
            body = Body(held, self._bytes, length, path, content_type)
            self._slots.check(1)
            await _collect(receive, body, length)
            held.enter_context(self._slots.held(1))
            held.enter_context(ACTIVE.track_inprogress())
            return Held(body, held.pop_all())


class Held:
    """A body that has arrived, and the room that it takes up. ``close`` may be called twice."""

    def __init__(self, body: "Body", held: contextlib.ExitStack) -> None:
        self.input, self.close = body.input, held.close
        self.environment = {} if body.form is None else {FORM_KEY: body.form}


class Body:
    """One as it arrives: a form, which is parsed meanwhile, or bytes. ``held`` gives back what it takes up."""

    def __init__(self, held: contextlib.ExitStack, room: Room, length: int, path: str, content_type: str) -> None:
        """Raises DiskFull."""
        self.size = 0
        self._room = room
        held.callback(lambda: room.give_back(self.size))
        self._spool = held.enter_context(Spool(length))
        boundary = _boundary(content_type)
        self.form = None if boundary is None else Form(boundary, length, path, self._spool)

    def write(self, chunk: bytes) -> None:
        """Raises Overloaded if there is no room, DiskFull if there is none on the disk."""
        self._room.take(len(chunk))
        self.size += len(chunk)
        (self.form.feed if self.form is not None else self._spool.write)(chunk)

    @property
    def input(self) -> IO[bytes]:
        """What is there to be read, from its beginning: nothing of a form."""
        return self._spool.piece(0, 0 if self.form is not None else self.size)


def _boundary(content_type: str) -> bytes | None:
    """Between the parts of a form; None if it is none that Django would have parsed."""
    try:
        kind, parameters = parse_header_parameters(content_type)
    except (ValueError, LookupError):  # an encoding that nobody knows
        return None
    boundary = parameters.get("boundary", "")
    return boundary.encode("ascii") if kind == "multipart/form-data" and MultiPartParser.boundary_re.fullmatch(boundary) else None


async def _collect(receive: Receive, body: Body, length: int) -> None:
    """Raises RequestTimeout, Overloaded, Incomplete, DiskFull."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    more = True
    try:
        async with asyncio.timeout_at(began + settings.RASM.body_timeout_s) as limit:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Incomplete(f"the connection was closed after {body.size:,} of {length:,} bytes")
                body.write(message.get("body", b""))
                if more := message.get("more_body", False):
                    limit.reschedule(began + settings.RASM.body_timeout_s + body.size / SLOWEST_BYTES_PER_S)
    except TimeoutError as e:
        raise RequestTimeout(f"of {length:,} bytes {body.size:,} arrived in {loop.time() - began:.0f} s: send them faster") from e
    if body.size != length:
        raise Incomplete(f"of the {length:,} bytes that Content-Length says {body.size:,} arrived")

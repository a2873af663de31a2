"""One request and its reply, within bounds of time and size, whatever the service sends.

Where it stands: beneath ``aio.py`` and ``blocking.py``, above httpx.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import IO, Any

import httpx

from rasm_client.replies import Reply
from rasm_client.types import ServiceError

MIB = 2**20
MOST_REPLY_BYTES = 64 * MIB  # of JSON: 16 pages with all their characters have ten
MOST_DOCUMENT_BYTES = 128 * MIB  # of one that is kept in memory: twice what a request may have
MOST_DOWNLOAD_BYTES = 4096 * MIB  # of one that goes to the disk: all that a service keeps of jobs, unless it is set up for more
SLOWEST_BYTES_PER_S = 16_384  # an answer may take its time-out, and more as long as it comes at this rate: a telephone line of 1998


class Patience:
    """How long a job is waited for in all, whatever the service says of it."""

    def __init__(self, url: str, job_id: str, wait_s: float) -> None:
        self._url, self._job_id, self._wait_s = url, job_id, wait_s
        self._began = time.monotonic()

    def left_s(self) -> float:
        """Above 0. Raises ServiceError if none is left."""
        if (left_s := self._began + self._wait_s - time.monotonic()) <= 0:
            raise ServiceError(f"{self._url} has not finished with job {self._job_id} within {self._wait_s:g} seconds (--wait)")
        return left_s


class Arriving:
    """A reply as it comes. ``into``: a file that takes its content if it is good."""

    def __init__(self, url: str, timeout_s: float, sent_bytes: int, most_bytes: int, into: IO[bytes] | None) -> None:
        self._url, self._timeout_s, self._sent_bytes, self._most_bytes, self._into = url, timeout_s, sent_bytes, most_bytes, into
        self._kept = bytearray()
        self._bytes = 0
        self._began = time.monotonic()

    @property
    def left_s(self) -> float:
        """Until it should have come, as far as it has."""
        return self._began + self._timeout_s + (self._sent_bytes + self._bytes) / SLOWEST_BYTES_PER_S - time.monotonic()

    def begin(self, reply: httpx.Response) -> None:
        """Raises ServiceError: what is packed may become a thousand times as much, and was not asked for."""
        if reply.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise ServiceError(f"{self._url} packs what it sends, which it was not asked to: is it Rasm?")
        if reply.status_code != 200:
            self._into, self._most_bytes = None, MOST_REPLY_BYTES

    def take(self, chunk: bytes) -> None:
        """Raises ServiceError if it is too much, OSError if the file cannot be written."""
        self._bytes += len(chunk)
        if self._bytes > self._most_bytes:
            raise ServiceError(f"{self._url} sends more than {self._most_bytes // MIB} MiB in one answer")
        if self._into is None:
            self._kept += chunk
        else:
            self._into.write(chunk)

    def whole(self, reply: httpx.Response) -> Reply:
        return Reply(reply.status_code, reply.reason_phrase, reply.headers, bytes(self._kept))


async def exchange(http: httpx.AsyncClient, arriving: Arriving, method: str, path: str, **content: Any) -> Reply:
    """Raises httpx.HTTPError, ServiceError, OSError of the file that is written."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(arriving.left_s) as limit, http.stream(method, path, **content) as reply:
            arriving.begin(reply)
            async for chunk in reply.aiter_bytes():
                arriving.take(chunk)
                limit.reschedule(loop.time() + arriving.left_s)
    except TimeoutError as e:
        raise httpx.ReadTimeout("") from e
    return arriving.whole(reply)


def exchange_blocking(http: httpx.Client, arriving: Arriving, method: str, path: str, **content: Any) -> Reply:
    """The same without a loop. Its head alone may take longer: httpx bounds each piece of that, and not the whole."""
    with http.stream(method, path, **content) as reply:
        arriving.begin(reply)
        for chunk in reply.iter_bytes():
            arriving.take(chunk)
            if arriving.left_s < 0:
                raise httpx.ReadTimeout("")
    return arriving.whole(reply)


def sent_bytes(files: Iterable[tuple[str, tuple[str, bytes]]]) -> int:
    return sum(len(data) for _, (_, data) in files)

"""RasmClient: AsyncRasmClient without asyncio.

Where it stands: beside ``aio.py``, whose coroutines it runs where they are called.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import IO, Any, TypeVar, Unpack

import httpx

from rasm_client.aio import AsyncRasmClient, batches, form_fields
from rasm_client.exchange import Arriving, exchange_blocking
from rasm_client.replies import Reply
from rasm_client.types import Document, Format, Image, Job, Options, OutputOptions, ReadingOptions, Result, Settings

A = TypeVar("A")
T = TypeVar("T")


class Blocking(AsyncRasmClient):
    """The same coroutines, which never wait for a loop: they send and sleep where they are called."""

    def _open(self, **settings: Any) -> None:
        self.http = httpx.Client(**settings)

    async def _send(self, arriving: Arriving, method: str, path: str, **content: Any) -> Reply:
        return exchange_blocking(self.http, arriving, method, path, **content)

    async def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _run(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The result of a coroutine of Blocking's."""
    try:
        start().send(None)
    except StopIteration as over:
        value: T = over.value
        return value
    raise RuntimeError("a blocking client has nothing to wait for")


def _each(items: AsyncIterator[T]) -> Iterator[T]:
    """What an asynchronous iterator of Blocking's gives."""
    with contextlib.suppress(StopAsyncIteration):
        while True:
            yield _run(items.__anext__)  # type: ignore[arg-type]


class RasmClient:
    """AsyncRasmClient without asyncio: what it says there holds here. It may be used by several threads."""

    def __init__(self, url: str | None = None, *, transport: httpx.BaseTransport | None = None, **settings: Unpack[Settings]) -> None:
        self._client = Blocking(url, transport=transport, **settings)

    def __enter__(self) -> RasmClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.http.close()

    def read(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> Iterator[Result]:
        for pages in self.read_files(images, **options):
            yield from pages

    def read_files(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> Iterator[list[Result]]:
        fields = form_fields(options)
        for files in self.map(lambda batch: _run(partial(self._client._read, batch, fields)), batches(images)):
            yield from files

    def convert(self, images: Iterable[Image | Result], format: Format, **options: Unpack[Options]) -> Iterator[Document]:
        fields = form_fields(options) | {"format": format}
        yield from self.map(lambda image: _run(partial(self._client._convert, image, fields)), images)

    def map(self, function: Callable[[A], T], items: Iterable[A]) -> Iterator[T]:
        """As that of AsyncRasmClient, in threads; what is under way when it ends is left to end by itself."""
        pool = ThreadPoolExecutor(self._client._concurrency)
        pending: deque[Future[T]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                while pending and (len(pending) > self._client._concurrency or pending[0].done()):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, images: Iterable[Image], **options: Unpack[ReadingOptions]) -> Job:
        return _run(partial(self._client.submit, images, **options))

    def jobs(self) -> list[Job]:
        return _run(self._client.jobs)

    def job(self, job_id: str) -> Job:
        return _run(partial(self._client.job, job_id))

    def follow(self, job_id: str) -> Iterator[Job]:
        return _each(self._client.follow(job_id))

    def wait(self, job_id: str) -> Job:
        return _run(partial(self._client.wait, job_id))

    def follow_pages(self, job_id: str, *, file: int = 0, **options: Unpack[OutputOptions]) -> Iterator[Result]:
        return _each(self._client.follow_pages(job_id, file=file, **options))

    def results(self, job_id: str, **options: Unpack[OutputOptions]) -> list[Result]:
        return _run(partial(self._client.results, job_id, **options))

    def download(self, job_id: str, into: IO[bytes], format: Format, *, file: int | None = None, **options: Unpack[OutputOptions]) -> None:
        _run(partial(self._client.download, job_id, into, format, file=file, **options))

    def delete(self, job_id: str) -> None:
        _run(partial(self._client.delete, job_id))

#!/usr/bin/env python3
"""Read images and PDFs of Arabic text with a Rasm service, from the command line or from Python.

    client.py [FILE | FOLDER | GLOB | -]… [--files-from LIST] [options]

A folder stands for the images and PDFs in it and in the folders below; ``-`` is a file on standard input; ``--files-from -`` takes
names from it, one a line. What is read is printed as it comes in, in order: one line for each line of text. If several files were
given, ``NAME<tab>`` stands before each, so that ``grep`` shows which file has a word and ``cut -f2-`` gives the texts alone. Tabs part
the cells of tables and the halves of verses, too. ``--format json`` (or ``--json``) prints one JSON object for each page, as the service
gives it, for those that failed too. With ``--beside`` or ``--out DIR`` each file gets one of its own instead: ``a.txt``, ``a.json``,
``a.md``, ``a.html``, ``a.docx``, ``a.csv`` and ``a.xlsx`` of its tables, ``a.hocr``, ``a.alto.xml``, ``a.page.xml`` or ``a.pdf`` for
``a.png``.

``--job`` is for long documents: each is put away at the service, read while this program waits, fetched, and taken away again.
Ctrl-C leaves it there; ``--resume`` goes on.

What fails is told on standard error, one line each; so are the warnings of a page, such as of places that look like text and were not
read. Exit codes: 0 all were read, with warnings or without · 1 something could not be read · 2 wrong usage, or the service cannot be
reached, refuses, or takes too long · 130 interrupted.

It needs httpx and nothing else of Rasm: copy it where you want it. From Python:

    with RasmClient() as client:
        for result in client.read(["a.png", "b.pdf"], diacritics="strip"):
            print(result.name, result.page, result.text, result.confidence)

    async with AsyncRasmClient("https://rasm.example", api_key=key) as client:
        async for result in client.read(paths):
            print(result.text)
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import email.utils
import glob
import io
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import IO, Any, Literal, TypedDict, TypeVar, Unpack, get_args, get_type_hints

import httpx

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT_S = 60.0
DEFAULT_CONCURRENCY = 4
DEFAULT_RETRIES = 5
OCR, JOBS = "api/v1/ocr", "api/v1/jobs"
FILES_PER_REQUEST = 16
BYTES_PER_REQUEST = 16 * 2**20
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0  # of the back-off, which doubles
LONGEST_RETRY_AFTER_S = 300.0  # a service that asks for more is given up
ASK_AGAIN_S = 2.0  # how a job stands, where the service does not say when
RETRIED_STATUSES = (429, 502, 503)  # 502 is a proxy's, while the service behind it starts anew
BAR_WIDTH = 24  # characters
SUFFIX_OF = {
    "text": ".txt",
    "json": ".json",
    "markdown": ".md",
    "html": ".html",
    "docx": ".docx",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "page": ".page.xml",
    "pdf": ".pdf",
}  # rasm read's
SUFFIXES = frozenset((".pdf", ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"))

Image = str | os.PathLike[str] | tuple[str, bytes]
"""What can be read: a path, or a name with the bytes of a file."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels from the top left of the upright image."""
Format = Literal["text", "json", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"]
A = TypeVar("A")
T = TypeVar("T")


class ReadingOptions(TypedDict, total=False):
    """How to read; the service's own defaults for what is left out. See /api/docs."""

    mode: Literal["auto", "line", "page"]
    pdf_text: Literal["auto", "use", "ignore"]
    least_confidence: float
    model: str
    password: str


class OutputOptions(TypedDict, total=False):
    """What to give out."""

    diacritics: Literal["keep", "strip"]
    tatweel: Literal["keep", "strip"]
    digits: Literal["as_printed", "western", "arabic_indic"]
    language: Literal["auto", "ar", "fa", "ur", "ckb", "ps", "ug", "sd"]
    unknown: Literal["mark", "leave_out"]
    line_breaks: Literal["join", "keep"]
    detail: Literal["lines", "characters"]
    tables: Literal["auto", "html"]


class Options(ReadingOptions, OutputOptions, total=False):
    """How to read, and what to give out."""


class Settings(TypedDict, total=False):
    """Of a client: ``timeout_s`` is that of one answer, ``concurrency`` how many requests are under way."""

    api_key: str | None
    timeout_s: float
    retries: int
    concurrency: int


@dataclass(frozen=True)
class FileError:
    """``file`` (from 0) and ``page`` (from 1) only among the errors of a job."""

    code: str
    message: str
    file: int | None = None
    page: int | None = None


@dataclass(frozen=True)
class Model:
    name: str
    version: str


@dataclass(frozen=True)
class Word:
    text: str
    confidence: float
    bbox: Box


class Character(Word):
    """One sign, as it was read."""


@dataclass(frozen=True)
class Line:
    """``characters`` is None unless ``detail="characters"`` asked for them."""

    text: str
    text_as_read: str
    confidence: float
    bbox: Box
    words: tuple[Word, ...] = ()
    characters: tuple[Character, ...] | None = None
    direction: Literal["rtl", "ltr"] = "rtl"


@dataclass(frozen=True)
class Cell:
    """A cell of a table, empty or not: its first row and column, from 0, how many it is over, and indices of the page's lines."""

    row: int
    column: int
    row_span: int
    column_span: int
    bbox: Box
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Region:
    """A paragraph, a heading, a table …: ``lines`` are indices of the page's lines; a table has ``cells`` too, of which the first
    ``head_rows`` say what stands beneath. ``level``: of a heading, from 1, or how deep a list item is nested."""

    kind: str
    bbox: Box
    lines: tuple[int, ...]
    cells: tuple[Cell, ...] = ()
    direction: Literal["rtl", "ltr"] = "rtl"
    level: int | None = None
    head_rows: int = 0


@dataclass(frozen=True)
class Unread:
    """A place that looks like text and is not in the text; ``text``: what was read there all the same, if anything was."""

    bbox: Box
    reason: str
    text: str = ""
    confidence: float = 0.0


@dataclass(frozen=True)
class PageWarning:
    """What the reader of a page should know; the service's ``/api/docs`` lists the codes."""

    code: str
    message: str


@dataclass(frozen=True)
class Result:
    """What the service says of one page or line. ``name`` is the path or name that was given; ``json`` all that the service said.

    Of what could not be read, here or by the service, ``error`` says why, and what is not known is None.
    """

    name: str
    page: int | None = None
    pages: int | None = None
    kind: Literal["line", "page"] | None = None
    source: Literal["ocr", "text_layer"] | None = None
    width_px: int | None = None
    height_px: int | None = None
    rotation_degrees: int = 0
    skew_degrees: float = 0.0
    direction: Literal["rtl", "ltr"] = "rtl"
    language: str | None = None
    text: str | None = None
    text_as_read: str | None = None
    confidence: float | None = None
    bbox: Box | None = None
    regions: tuple[Region, ...] = ()
    lines: tuple[Line, ...] = ()
    unread: tuple[Unread, ...] = ()
    warnings: tuple[PageWarning, ...] = ()
    milliseconds: float | None = None
    model: Model | None = None
    error: FileError | None = None
    json: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def failed(cls, name: str, code: str, message: str) -> Result:
        """Of a file that could not be read here. Its ``json`` has nulls where the service's results have what was read."""
        error = {"code": code, "message": message}
        unknown = dict.fromkeys(("page", "pages", "kind", "source", "width_px", "height_px", "text", "text_as_read", "confidence", "bbox"))
        nothing: dict[str, Any] = {"regions": [], "lines": [], "unread": [], "warnings": [], "error": error, "model": None}
        return cls(name, error=FileError(code, message), json={"name": name, **unknown, **nothing})

    @classmethod
    def unopened(cls, name: str, error: Exception) -> Result:
        """Of a file that cannot be opened."""
        return cls.failed(name, "unreadable_file", getattr(error, "strerror", None) or str(error))


@dataclass(frozen=True)
class Document:
    """One file in another format: ``data`` is what the service made of it, None where ``error`` says why not. ``warning_counts``: how many
    of its pages have each warning."""

    name: str
    data: bytes | None
    error: FileError | None = None
    warning_counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job as it stands: ``files`` are the names that the service keeps, ``errors`` the first of ``error_count``. ``warning_counts``: how
    many of its pages have each warning."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    pages: int
    pages_done: int
    files: tuple[str, ...]
    errors: tuple[FileError, ...]
    error_count: int
    error: FileError | None
    expires: str
    warning_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return self.state not in ("queued", "running")

    def is_of(self, name: str) -> bool:
        """Whether its one file was sent under this name or path: how to find the job that was begun for a file."""
        return self.files == (_sent_name(name),)


class ServiceError(Exception):
    """The service cannot be reached, refuses, takes too long, or is not Rasm's. The message is one line.

    ``status``, ``code`` and ``request_id`` are those of its reply, where it gave one.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.request_id = status, code, request_id


class FileRefused(ServiceError):
    """None of the files that were sent can be read, or they are too large: ``error`` says what is wrong with the first."""

    def __init__(self, message: str, error: FileError, **reply: Any) -> None:
        super().__init__(message, code=error.code, **reply)
        self.error = error


@dataclass(frozen=True)
class _File:
    """A file's bytes under the name that was given for it."""

    name: str
    data: bytes

    @property
    def field(self) -> tuple[str, tuple[str, bytes]]:
        return "files", (_sent_name(self.name), self.data)


class AsyncRasmClient:
    """A connection to a Rasm service, for asyncio. ``transport`` is httpx's: a test passes its own."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: int = DEFAULT_RETRIES,
        concurrency: int = DEFAULT_CONCURRENCY,
        transport: Any = None,
    ) -> None:
        """See Settings. Raises ServiceError if ``url`` is none."""
        if concurrency < 1 or retries < 0:
            raise ValueError("concurrency is 1 or more, retries 0 or more")
        self._url, self._timeout_s, self._retries, self._concurrency = url, timeout_s, retries, concurrency
        try:
            address = httpx.URL(url)
            if address.scheme not in ("http", "https") or (address.port or 0) > 65535:
                raise ValueError("it begins with http:// or https://, and its port is at most 65535")
        except (httpx.InvalidURL, ValueError) as e:
            raise ServiceError(f"{url} is not a URL: {e}") from e
        try:
            headers = httpx.Headers({"Accept": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {}))
        except UnicodeEncodeError as e:
            raise ServiceError("the API key has characters that no key has") from e
        # the environment's proxy cannot reach this machine's loopback address
        trust_env = address.host not in ("127.0.0.1", "localhost", "::1")
        self._open(base_url=address, timeout=timeout_s, headers=headers, trust_env=trust_env, transport=transport)

    def _open(self, **settings: Any) -> None:
        self._http = httpx.AsyncClient(**settings)

    async def __aenter__(self) -> AsyncRasmClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # reading while you wait

    async def read(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> AsyncIterator[Result]:
        """A result for each page, in order, as the replies come in.

        What cannot be opened here has an error in its result, like what the service cannot read; a Result among the images is
        handed through. Raises ServiceError, and TypeError of an unknown option.
        """
        async for pages in self.read_files(images, **options):
            for result in pages:
                yield result

    async def read_files(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> AsyncIterator[list[Result]]:
        """As ``read``, but a list for each file, of the results of its pages."""
        async for files in self.map(partial(self._read, fields=_fields(options)), _batches(images)):
            for pages in files:
                yield pages

    async def convert(self, images: Iterable[Image | Result], format: Format, **options: Unpack[Options]) -> AsyncIterator[Document]:
        """Each file in one of the service's formats, in order; PAGE XML of several pages is a ZIP archive. Raises as ``read`` does."""
        async for document in self.map(partial(self._convert, fields=_fields(options) | {"format": format}), images):
            yield document

    async def map(self, function: Callable[[A], Awaitable[T]], items: Iterable[A]) -> AsyncIterator[T]:
        """``function`` of each item, in order, as many at a time as ``concurrency`` says: to follow several jobs at once, for example.

        Items are taken as they are needed. What ``function`` raises ends it, and what is under way then is cancelled.
        """
        pending: deque[asyncio.Task[T]] = deque()
        free = asyncio.Semaphore(self._concurrency)

        async def turn(item: A) -> T:
            async with free:
                return await function(item)

        try:
            for item in items:
                pending.append(asyncio.create_task(turn(item)))
                await asyncio.sleep(0)  # images are opened without waiting: let what came meanwhile be taken in
                while pending and (len(pending) > self._concurrency or pending[0].done()):
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _read(self, batch: Sequence[_File | Result], fields: Mapping[str, str]) -> list[list[Result]]:
        """For each of the batch, in order, the results of its pages."""
        files = [entry for entry in batch if isinstance(entry, _File)]
        read = iter(await self._read_files(files, fields) if files else [])
        return [[entry] if isinstance(entry, Result) else next(read) for entry in batch]

    async def _read_files(self, files: Sequence[_File], fields: Mapping[str, str]) -> list[list[Result]]:
        """The results of each file. Where they are too much for one request, of each half; of one that has too many pages left, alone."""
        reply = await self._exchange("POST", OCR, data=fields, files=[file.field for file in files])
        content = _json(reply)
        if not reply.is_success and not (isinstance(content, dict) and "results" in content):
            if reply.status_code != 413:
                raise self._refusal(reply)
            if len(files) == 1:
                return [[Result.failed(files[0].name, "file_too_large", str(self._refusal(reply)))]]
            middle = len(files) // 2
            return [*await self._read_files(files[:middle], fields), *await self._read_files(files[middle:], fields)]
        by_file: list[list[Result]] = [[] for _ in files]
        for number, result in self._results(content, [file.name for file in files]):
            by_file[number].append(result)
        if not all(by_file):
            raise ServiceError(f"{self._url} answered for {sum(map(bool, by_file))} files of {len(files)}")
        for i, pages in enumerate(by_file):
            if len(files) > 1 and any(page.error and page.error.code == "too_many_pages" for page in pages):
                by_file[i] = (await self._read_files([files[i]], fields))[0]
        return by_file

    def _results(self, content: Any, names: Sequence[str] | None = None) -> list[tuple[int, Result]]:
        """A reply's results, each with the number of its file; named as in ``names``, or as the service names them.

        Raises ServiceError if it is no reply of Rasm's.
        """
        try:
            model = Model(content["model"]["name"], content["model"]["version"])
            return [(r["file"], _result(r, names[r["file"]] if names else r["name"], model)) for r in content["results"]]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as e:
            raise self._foreign() from e

    async def _convert(self, image: Image | Result, fields: Mapping[str, str]) -> Document:
        entry = _opened(image)
        if isinstance(entry, Result):
            return Document(entry.name, None, entry.error)
        reply = await self._exchange("POST", OCR, data=fields, files=[entry.field])
        if reply.is_success:
            return Document(entry.name, reply.content, warning_counts=_warning_counts(reply))
        refusal = self._refusal(reply)
        if isinstance(refusal, FileRefused):
            return Document(entry.name, None, refusal.error)
        raise refusal

    # jobs: long documents

    async def submit(self, images: Iterable[Image], **options: Unpack[ReadingOptions]) -> Job:
        """Have files read while nobody waits, as one job. Raises FileRefused if none of them can be read, ServiceError and OSError."""
        fields = _fields(options, ReadingOptions)
        files = [_File(*image) if isinstance(image, tuple) else _File(os.fspath(image), Path(image).read_bytes()) for image in images]
        return self._job(await self._accepted("POST", JOBS, data=fields, files=[file.field for file in files]))

    async def jobs(self) -> list[Job]:
        """Your own, newest first."""
        said = _json(await self._accepted("GET", JOBS))
        try:
            return [_job(job) for job in said["jobs"]]
        except (KeyError, TypeError) as e:
            raise self._foreign() from e

    async def job(self, job_id: str) -> Job:
        """As it stands now; also how to take up again one that was submitted before."""
        return self._job(await self._accepted("GET", f"{JOBS}/{job_id}"))

    async def follow(self, job_id: str) -> AsyncIterator[Job]:
        """The job as it stands, whenever the service says to ask again, until it is finished."""
        while True:
            reply = await self._accepted("GET", f"{JOBS}/{job_id}")
            job = self._job(reply)
            yield job
            if job.is_finished:
                return
            await self._sleep(_retry_after_s(reply) or ASK_AGAIN_S)

    async def wait(self, job_id: str) -> Job:
        """The job once it is finished."""
        return [job async for job in self.follow(job_id)][-1]

    async def follow_pages(self, job_id: str, *, file: int = 0, **options: Unpack[OutputOptions]) -> AsyncIterator[Result]:
        """The pages of one of its files, in order, as they are read; of a job that was cancelled no more come."""
        params = _fields(options, OutputOptions) | {"file": str(file)}
        params.pop("tables", None)  # of Markdown, which pages are not
        last = 0
        async for _ in self.follow(job_id):
            while pages := await self._pages(job_id, params | {"after": str(last)}):
                for page in pages:
                    yield page
                    last = page.page or last + 1

    async def _pages(self, job_id: str, params: Mapping[str, str]) -> list[Result]:
        reply = await self._accepted("GET", f"{JOBS}/{job_id}/pages", params=params)
        return [result for _, result in self._results(_json(reply))]

    async def results(self, job_id: str, **options: Unpack[OutputOptions]) -> list[Result]:
        """What was read of a job that is done, page by page, under the names that the service keeps."""
        reply = await self._accepted("GET", f"{JOBS}/{job_id}/result", params=_fields(options, OutputOptions))
        return [result for _, result in self._results(_json(reply))]

    async def download(
        self, job_id: str, into: IO[bytes], format: Format, *, file: int | None = None, **options: Unpack[OutputOptions]
    ) -> None:
        """Write a job that is done, or one ``file`` of it, into a file open for writing. Of several files it is a ZIP archive."""
        wanted = {"format": format, **({} if file is None else {"file": str(file)})}
        params = _fields(options, OutputOptions) | wanted
        while (reply := await self._accepted("GET", f"{JOBS}/{job_id}/result", params=params, into=into)).status_code == 202:
            await self._sleep(_retry_after_s(reply) or ASK_AGAIN_S)  # a searchable PDF is written when it is first asked for

    async def delete(self, job_id: str) -> None:
        """Cancel a job, or take away one that is finished; none is there afterwards, nor need be before."""
        reply = await self._exchange("DELETE", f"{JOBS}/{job_id}")
        if not reply.is_success and reply.status_code != 404:
            raise self._refusal(reply)

    def _job(self, reply: httpx.Response) -> Job:
        try:
            return _job(_json(reply))
        except (KeyError, TypeError) as e:
            raise self._foreign() from e

    # one request and its reply

    async def _send(self, method: str, path: str, into: IO[bytes] | None = None, **content: Any) -> httpx.Response:
        async with self._http.stream(method, path, **content) as reply:
            if into is None or reply.status_code != 200:
                await reply.aread()
            else:
                async for chunk in reply.aiter_bytes():
                    into.write(chunk)
        return reply

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _accepted(self, method: str, path: str, **content: Any) -> httpx.Response:
        reply = await self._exchange(method, path, **content)
        if not reply.is_success:
            raise self._refusal(reply)
        return reply

    async def _exchange(self, method: str, path: str, *, into: IO[bytes] | None = None, **content: Any) -> httpx.Response:
        """One request, again while the service is busy or the connection breaks: reading twice does no harm, but a job is posted once."""
        is_post, once = method == "POST", (method, path) == ("POST", JOBS)
        retry = 0
        while True:
            asked_s = 0.0
            if into is not None:
                into.seek(0)
                into.truncate()
            try:
                reply = await self._send(method, path, into, **content)
            except httpx.HTTPError as e:
                problem = self._unanswered(e)
                if once or (is_post and isinstance(e, httpx.TimeoutException | httpx.ConnectError)):
                    raise problem from e
            else:
                if reply.status_code not in RETRIED_STATUSES or (once and reply.status_code == 502):
                    return reply
                problem, asked_s = self._refusal(reply), _retry_after_s(reply)
            if retry == self._retries or asked_s > LONGEST_RETRY_AFTER_S:
                raise problem
            # spread out, or all who were sent away together would come back together
            await self._sleep(asked_s + random.uniform(0.5, 1) * min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**retry))
            retry += 1

    def _unanswered(self, e: httpx.HTTPError) -> ServiceError:
        if isinstance(e, httpx.TimeoutException):
            return ServiceError(f"{self._url} has not answered within {self._timeout_s:g} seconds (--timeout)")
        if isinstance(e, httpx.ConnectError):
            return ServiceError(f"{self._url} cannot be reached: is the service running? ({e})")
        return ServiceError(f"{self._url} broke the connection off ({str(e) or type(e).__name__})")

    def _foreign(self) -> ServiceError:
        return ServiceError(f"{self._url} does not answer as Rasm does: is it another service?")

    def _refusal(self, reply: httpx.Response) -> ServiceError:
        """FileRefused where it is the files that are refused, and not the request."""
        content, status = _json(reply), reply.status_code
        try:
            error = content["error"]
            code, message, request_id = error["code"], error["message"], error.get("request_id")
        except (KeyError, TypeError, AttributeError):
            return ServiceError(f"{self._url} answered {status} {reply.reason_phrase}, and not as Rasm does", status=status)
        words = f"{self._url} refused: {message} ({status} {code})"
        if "results" in content or status == 413:
            return FileRefused(words, FileError(code, message), status=status, request_id=request_id)
        return ServiceError(words, status=status, code=code, request_id=request_id)


class _Blocking(AsyncRasmClient):
    """The same coroutines, which never wait for a loop: they send and sleep where they are called."""

    def _open(self, **settings: Any) -> None:
        self.http = httpx.Client(**settings)

    async def _send(self, method: str, path: str, into: IO[bytes] | None = None, **content: Any) -> httpx.Response:
        with self.http.stream(method, path, **content) as reply:
            if into is None or reply.status_code != 200:
                reply.read()
            else:
                for chunk in reply.iter_bytes():
                    into.write(chunk)
        return reply

    async def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _run(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The result of a coroutine of _Blocking's."""
    try:
        start().send(None)
    except StopIteration as over:
        value: T = over.value
        return value
    raise RuntimeError("a blocking client has nothing to wait for")


def _each(items: AsyncIterator[T]) -> Iterator[T]:
    """What an asynchronous iterator of _Blocking's gives."""
    with contextlib.suppress(StopAsyncIteration):
        while True:
            yield _run(items.__anext__)  # type: ignore[arg-type]


class RasmClient:
    """AsyncRasmClient without asyncio: what it says there holds here. It may be used by several threads."""

    def __init__(self, url: str = DEFAULT_URL, *, transport: httpx.BaseTransport | None = None, **settings: Unpack[Settings]) -> None:
        self._client = _Blocking(url, transport=transport, **settings)

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
        fields = _fields(options)
        for files in self.map(lambda batch: _run(partial(self._client._read, batch, fields)), _batches(images)):
            yield from files

    def convert(self, images: Iterable[Image | Result], format: Format, **options: Unpack[Options]) -> Iterator[Document]:
        fields = _fields(options) | {"format": format}
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


def _json(reply: httpx.Response) -> Any:
    """None if it is none."""
    try:
        return reply.json()
    except ValueError:
        return None


def _retry_after_s(reply: httpx.Response) -> float:
    """The header's seconds, or the time until its date; 0 without it, or where it is neither."""
    value = reply.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _warning_counts(reply: httpx.Response) -> dict[str, int]:
    """How many pages have each warning: the header's ``unread-text=3, turned=1``; without it, or where it is something else, none."""
    found = re.findall(r"([a-z][a-z-]*)=(\d+)", reply.headers.get("X-Rasm-Warnings", ""))
    return {code: int(count) for code, count in found}


def _fields(options: Mapping[str, Any], kind: Any = Options) -> dict[str, str]:
    """The form fields that ask for ``options``."""
    known = sorted(kind.__optional_keys__)
    if unknown := sorted(options.keys() - set(known)):
        raise TypeError(f"no option is named {', '.join(unknown)}; there are: {', '.join(known)}")
    return {name: str(value) for name, value in options.items() if value is not None}


def _sent_name(name: str) -> str:
    return PurePath(name).name.encode(errors="replace").decode()  # a name need not be UTF-8; HTTP is


def _opened(image: Image | Result) -> _File | Result:
    """The file's bytes, or the result that says why there are none."""
    if isinstance(image, Result):
        return image
    if isinstance(image, tuple):
        return _File(*image)
    name = os.fspath(image)
    try:
        return _File(name, Path(name).read_bytes())
    except (OSError, ValueError) as e:
        return Result.unopened(name, e)


def _batches(images: Iterable[Image | Result]) -> Iterator[list[_File | Result]]:
    """What goes into one request, with the results of those that cannot be opened in their places."""
    batch: list[_File | Result] = []
    size = 0
    for image in images:
        entry = _opened(image)
        length = len(entry.data) if isinstance(entry, _File) else 0
        if batch and (len(batch) == FILES_PER_REQUEST or size + length > BYTES_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def _typed(kind: Callable[..., T], said: Mapping[str, Any], **more: Any) -> T:
    """``said`` as one of the classes above, without what that does not know. Raises TypeError where something is missing."""
    known = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if name in known}
    return kind(**{**values, **more})


def _result(said: Mapping[str, Any], name: str, model: Model) -> Result:
    """Raises KeyError, TypeError or AttributeError where ``said`` is no result of Rasm's."""
    lines = []
    for line in said.get("lines", ()):
        signs = line.get("characters")
        characters = None if signs is None else tuple(_typed(Character, sign) for sign in signs)
        lines.append(_typed(Line, line, words=tuple(_typed(Word, word) for word in line.get("words", ())), characters=characters))
    return _typed(
        Result,
        said,
        name=name,
        text=said["text"],
        regions=tuple(
            _typed(Region, region, cells=tuple(_typed(Cell, cell) for cell in region.get("cells", ())))
            for region in said.get("regions", ())
        ),
        lines=tuple(lines),
        unread=tuple(_typed(Unread, place) for place in said.get("unread", ())),
        warnings=tuple(_typed(PageWarning, warning) for warning in said.get("warnings", ())),
        model=model,
        error=_typed(FileError, said["error"]) if said["error"] else None,
        json={**said, "name": name, "model": dataclasses.asdict(model)},
    )


def _job(said: Mapping[str, Any]) -> Job:
    error = _typed(FileError, said["error"]) if said["error"] else None
    errors = tuple(_typed(FileError, one) for one in said["errors"])
    return _typed(Job, said, files=tuple(file["name"] for file in said["files"]), errors=errors, error=error)


# the command line


def main(arguments: Sequence[str] | None = None, *, transport: httpx.AsyncBaseTransport | None = None) -> int:
    """The command line; returns the exit code."""
    given = _given(arguments)
    left: list[str] = []  # the jobs at the service that have not been fetched
    try:
        return asyncio.run(_read_all(given, transport, left))
    except (ServiceError, _UsageError) as e:
        asks_for_key = isinstance(e, ServiceError) and e.status == 401
        print(f"client.py: {e}{' - set RASM_API_KEY to it, or use --api-key' if asks_for_key else ''}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if left:
            goes_on = "a job goes on" if len(left) == 1 else f"{len(left)} jobs go on"
            again = " ".join(f"--resume {job_id}" for job_id in left)
            print(f"client.py: {goes_on} at the service; to fetch it, use the same command again with {again}", file=sys.stderr)


class _UsageError(Exception):
    pass


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="client.py", description=(__doc__ or "").partition("It needs httpx")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("images", nargs="*", metavar="FILE", help="an image, a PDF, a folder, a pattern such as 'scans/**/*.png', or - for standard input")
    add("--files-from", metavar="LIST", help="take names from this file, one a line (NULs between them will do too); - is standard input")
    add = parser.add_argument_group("the service").add_argument
    add("--url", default=os.environ.get("RASM_URL") or DEFAULT_URL, help="where it is (default: RASM_URL, or %(default)s)")
    add("--api-key", metavar="KEY", help="if it wants one; RASM_API_KEY is safer, since others see your command lines")
    add("--timeout", type=_seconds, default=DEFAULT_TIMEOUT_S, metavar="S", help="of one answer (default: %(default)g)")
    add("--retries", type=_count(0), default=DEFAULT_RETRIES, metavar="N", help="when it is busy (default: %(default)d)")
    add("-j", "--concurrency", type=_count(1), default=DEFAULT_CONCURRENCY, metavar="N", help="requests at a time (default: %(default)d)")
    add("--job", action="store_true", help="for long documents: have each read as a job, and wait for it")
    add("--resume", action="append", default=[], metavar="ID", help="go on with this job, of one of the files named, or of none")
    choices = {name: get_args(kind) for name, kind in get_type_hints(Options).items()}
    add = parser.add_argument_group("how to read").add_argument
    add("--mode", choices=choices["mode"], help="what the images are: lines, or pages")
    add(
        "--pdf-text", "--text-layer", choices=choices["pdf_text"], help="of PDFs: take the text that is in them where it is sound, or never"
    )
    add("--least-confidence", type=_share, metavar="SHARE", help="of a page: leave out, and warn of, lines read less surely; 0: none")
    add("--password", default=os.environ.get("RASM_PASSWORD"), help="of PDFs; RASM_PASSWORD is safer")
    add("--model", help="one that /api/v1/models lists")
    add("--diacritics", choices=choices["diacritics"])
    add("--tatweel", choices=choices["tatweel"])
    add("--digits", choices=choices["digits"])
    add("--language", choices=choices["language"], help="in whose letters the text is written (default: as the document's letters tell)")
    add("--unknown", choices=choices["unknown"], help="signs that are not known, as emoji: as U+FFFD, or not at all")
    add("--line-breaks", choices=choices["line_breaks"], help="of a page: join the lines of a paragraph, or keep them as printed")
    add("--tables", choices=choices["tables"], help="in Markdown: as its own where that can hold them (auto), or all as HTML")
    add("--detail", choices=choices["detail"], help="characters: each with its place and confidence, in the JSON")
    output = parser.add_argument_group("what comes out")
    add = output.add_argument
    add("--format", choices=SUFFIX_OF, default="text", help="(default: text)")
    add("--json", dest="format", action="store_const", const="json", help="--format json")
    place = output.add_mutually_exclusive_group()
    place.add_argument("--beside", action="store_true", help="a file beside each that is read")
    place.add_argument("--out", type=Path, metavar="DIR", help="a file for each in DIR, in folders like those that were given")
    add("--existing", choices=("refuse", "skip", "overwrite"), default="refuse", help="of a file that is there (default: refuse)")
    add("--quiet", action="store_true", help="no warnings; errors are told all the same")
    add("--progress", action=argparse.BooleanOptionalAction, help="a bar (default: where standard error is a terminal)")

    given = parser.parse_args(arguments)
    given.job = given.job or bool(given.resume)
    if not (given.images or given.files_from or given.resume):
        parser.error("nothing to read: name files, folders or patterns, or - for standard input")
    if given.images.count("-") + (given.files_from == "-") > 1:
        parser.error("standard input can be read once only")
    if given.format not in ("text", "json") and not (given.beside or given.out):
        parser.error(f"--format {given.format} makes a file of each: say where to with --beside or --out DIR")
    return given


@dataclass
class _Task:
    """What is to be read, into which file if any, and with which job if it has one. ``path`` is that under the folder that was given."""

    entry: Image | Result
    path: PurePath
    target: Path | None = None
    job_id: str | None = None

    @property
    def name(self) -> str:
        return self.entry.name if isinstance(self.entry, Result) else self.entry[0] if isinstance(self.entry, tuple) else str(self.entry)


@dataclass(frozen=True)
class _Outcome:
    """What came of a task: results, or a document's bytes unless they are in its file already; and what went wrong."""

    results: Sequence[Result] = ()
    data: bytes | None = None
    errors: Sequence[FileError] = ()
    warnings: Sequence[str] = ()
    job_id: str | None = None


async def _read_all(given: argparse.Namespace, transport: httpx.AsyncBaseTransport | None, left: list[str]) -> int:
    settings = {"timeout_s": given.timeout, "retries": given.retries, "concurrency": given.concurrency, "transport": transport}
    async with AsyncRasmClient(given.url, api_key=given.api_key or os.environ.get("RASM_API_KEY"), **settings) as client:
        tasks = list(_tasks(given))
        if given.resume:
            await _take_up(tasks, client, given.resume)
        tasks = list(_aimed(tasks, given))
        failed = False
        with _Progress(len(tasks), given) as bar:
            at = iter(tasks)
            async for outcome in _outcomes(tasks, client, given, bar, left):
                task = next(at)
                bar.clear()
                failed |= bool(outcome.errors)
                _tell_errors(task, outcome, given)
                for warning in [] if given.quiet else outcome.warnings:
                    print(f"client.py: {task.name}: {warning}", file=sys.stderr)
                _give_out(task, outcome, given.format, named=len(tasks) > 1)
                if outcome.job_id:
                    await client.delete(outcome.job_id)
                    left.remove(outcome.job_id)
                else:
                    bar.move(1)
    return 1 if failed else 0


async def _outcomes(
    tasks: Sequence[_Task], client: AsyncRasmClient, given: argparse.Namespace, bar: _Progress, left: list[str]
) -> AsyncIterator[_Outcome]:
    """Of each task, in order, in one of three ways: by jobs, by requests for several files at a time, or by requests for one document."""
    entries, options = [task.entry for task in tasks], _options(given, Options)
    if given.job:
        async for outcome in client.map(partial(_by_job, client=client, given=given, bar=bar, left=left), tasks):
            yield outcome
    elif given.format in ("text", "json"):
        async for results in client.read_files(entries, **options):
            yield _of_results(results)
    else:
        async for made in client.convert(entries, given.format, **options):
            yield _Outcome(data=made.data, errors=[made.error] if made.error else [], warnings=_counted(made.warning_counts))


async def _by_job(task: _Task, client: AsyncRasmClient, given: argparse.Namespace, bar: _Progress, left: list[str]) -> _Outcome:
    """Post it, follow it, fetch it; whoever has given it out deletes it."""
    if isinstance(task.entry, Result):
        return _of_results([task.entry])
    if task.job_id is None:
        try:
            job = await client.submit([task.entry], **_options(given, ReadingOptions))
        except FileRefused as e:
            return _of_results([Result.failed(task.name, e.error.code, e.error.message)])
        except (OSError, ValueError) as e:
            return _of_results([Result.unopened(task.name, e)])
        task.job_id = job.id
    left.append(task.job_id)
    done, total = 0, 1
    async for job in client.follow(task.job_id):
        bar.move(job.pages_done - done, job.pages - total)
        done, total = job.pages_done, job.pages
    if job.state != "done":
        error = job.error or FileError(f"job_{job.state}", f"the job was {job.state}")
        return _of_results([Result.failed(task.name, error.code, error.message)], job.id)
    output = _options(given, OutputOptions)
    if given.format in ("text", "json"):
        results = await client.results(job.id, **output)
        return _of_results([dataclasses.replace(r, name=task.name, json={**r.json, "name": task.name}) for r in results], job.id)
    assert task.target
    with _whole(task.target) as file:
        await client.download(job.id, file, given.format, **output)
    errors = list(job.errors)
    if more := job.error_count - len(errors):
        errors.append(FileError("page_failed", f"{more} more pages could not be read"))
    return _Outcome(errors=errors, warnings=_counted(job.warning_counts), job_id=job.id)


def _of_results(results: Sequence[Result], job_id: str | None = None) -> _Outcome:
    errors = [dataclasses.replace(r.error, page=r.page) for r in results if r.error]
    warnings = []
    for result in results:
        if result.warnings:
            place = f"page {result.page}: " if (result.pages or 1) > 1 else ""
            warnings.append(f"{place}warning: {'; '.join(warning.message for warning in result.warnings)}")
    return _Outcome(results, errors=errors, warnings=warnings, job_id=job_id)


def _counted(warning_counts: Mapping[str, int]) -> list[str]:
    """What is told of a document: its pages' own warnings are in JSON alone."""
    counts = ", ".join(f"{code} on {count} page{'s' if count > 1 else ''}" for code, count in sorted(warning_counts.items()))
    return [f"warning: {counts}; --format json says where"] if counts else []


def _options(given: argparse.Namespace, kind: Any) -> Any:
    return {name: getattr(given, name) for name in sorted(kind.__optional_keys__) if getattr(given, name) not in (None, "")}


def _tasks(given: argparse.Namespace) -> Iterator[_Task]:
    """Every file that the command line means, in order; what is not there is left for the opening to complain of."""
    for argument in given.images:
        path = Path(argument)
        if argument == "-":
            yield _Task(("-", b"" if given.resume else sys.stdin.buffer.read()), PurePath("stdin"))
        elif path.is_dir():
            yield from _folder(path)
        elif glob.has_magic(argument) and not path.exists():
            found = sorted(glob.glob(argument, recursive=True)) or [argument]  # noqa: PTH207 (Path.glob takes no absolute pattern)
            yield from (_Task(name, PurePath(PurePath(name).name)) for name in found if not Path(name).is_dir())
        else:
            yield _Task(argument, PurePath(path.name))
    if given.files_from:
        try:
            data = sys.stdin.buffer.read() if given.files_from == "-" else Path(given.files_from).read_bytes()
        except OSError as e:
            raise _UsageError(f"{given.files_from}: {e.strerror}") from e
        names = [os.fsdecode(name) for name in data.split(b"\0" if b"\0" in data else b"\n")]
        yield from (_Task(name, PurePath(PurePath(name).name)) for name in (name.rstrip("\r") for name in names) if name)


def _folder(folder: Path) -> Iterator[_Task]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        yield _Task(Result.failed(str(folder), "no_images", "no image or PDF is in this folder"), PurePath())
    yield from (_Task(str(path), path.relative_to(folder)) for path in found)


async def _take_up(tasks: list[_Task], client: AsyncRasmClient, job_ids: Sequence[str]) -> None:
    """Give each of these jobs to the task whose file has its name; where no files were named, make tasks of the jobs."""
    were_named = bool(tasks)
    for job_id in job_ids:
        job = await client.job(job_id)
        if len(job.files) != 1:
            raise _UsageError(f"job {job_id} has {len(job.files)} files: fetch it from its address")
        [name] = job.files
        if not were_named:
            tasks.append(_Task((name, b""), PurePath(name), job_id=job_id))
            continue
        fitting = [task for task in tasks if job.is_of(task.name) and task.job_id is None]
        if len(fitting) != 1:
            raise _UsageError(f"job {job_id} is of a file named {name}, as are {len(fitting)} of those given: name the one it is of")
        fitting[0].job_id = job_id


def _aimed(tasks: Iterable[_Task], given: argparse.Namespace) -> Iterator[_Task]:
    """Each with the file that is to be written, if any; without those that ``--existing skip`` leaves out."""
    taken: dict[Path, str] = {}
    for task in tasks:
        if isinstance(task.entry, Result) or not (given.beside or given.out):
            yield task
            continue
        folder = given.out / task.path.parent if given.out else Path() if task.name == "-" else Path(task.name).parent
        target = folder / f"{task.path.stem}{SUFFIX_OF[given.format]}"
        code = why = ""
        if other := taken.get(target):
            code, why = "same_output", f"{target} is already for {other}"
        elif target.exists() and target.resolve() == Path(task.name).resolve():
            code, why = "same_output", "its result would take its place: choose another folder with --out"
        elif target.exists() and given.existing == "refuse":
            code, why = "output_exists", f"{target} is there already (--existing skip or overwrite)"
        elif target.is_dir() and given.existing == "overwrite" and not _is_result(target):
            code, why = "output_exists", f"{target} is a folder with more than PAGE XML in it: move it away"
        if why:
            yield _Task(Result.failed(task.name, code, why), task.path)
        elif not (target.exists() and given.existing == "skip"):
            yield dataclasses.replace(task, target=target)
        taken[target] = task.name


def _tell_errors(task: _Task, outcome: _Outcome, given: argparse.Namespace) -> None:
    for error in outcome.errors:
        place = f"page {error.page}: " if error.page else ""
        hint = " - --job takes longer documents" if not given.job and error.code in ("too_many_pages", "file_too_large") else ""
        print(f"client.py: {task.name}: {place}{error.message} ({error.code}){hint}", file=sys.stderr)


def _give_out(task: _Task, outcome: _Outcome, form: str, *, named: bool) -> None:
    good = [result for result in outcome.results if not result.error]
    if task.target is None:
        for result in outcome.results if form == "json" else good:
            if form == "json":
                print(json.dumps(result.json, ensure_ascii=False), flush=True)
            else:
                for line in (result.text or "").split("\n"):
                    print(f"{result.name}\t{line}" if named else line, flush=True)
    elif outcome.data is not None or good:
        content = outcome.data
        if form == "json":
            content = (json.dumps({"results": [result.json for result in outcome.results]}, ensure_ascii=False, indent=1) + "\n").encode()
        elif form == "text":
            # a form feed between pages, as Tesseract has it; without an empty page for each that failed the others would be misnumbered
            content = "\f".join(f"{result.text or ''}\n" for result in outcome.results).encode()
        with _whole(task.target) as file:
            file.write(content or b"")


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """A file to be written that takes its place when it is whole. An archive of PAGE XML becomes a folder, as rasm read makes it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
            draft = Path(name) / "draft"
            with draft.open("wb") as file:
                yield file
            if target.name.endswith(SUFFIX_OF["page"]) and zipfile.is_zipfile(draft):
                archive, draft = draft, Path(name) / "pages"
                draft.mkdir()
                with zipfile.ZipFile(archive) as pages:
                    for page in pages.namelist():
                        (draft / f"{PurePath(page).name.partition('.')[0]}.xml").write_bytes(pages.read(page))
            if _is_result(target):
                shutil.rmtree(target)
            draft.replace(target)  # which fails where another folder is
    except OSError as e:
        raise _UsageError(f"{target} cannot be written: {e.strerror}") from e


def _is_result(folder: Path) -> bool:
    """Whether it is what an archive of PAGE XML becomes: a folder of that name with nothing but 0001.xml, 0002.xml, …"""
    if not folder.is_dir() or folder.is_symlink() or not folder.name.endswith(SUFFIX_OF["page"]):
        return False
    return all(path.is_file() and re.fullmatch(r"[0-9]{4,}\.xml", path.name) for path in folder.iterdir())


class _Progress:
    """How far it is, in one line on standard error: files, or pages of jobs. There is none where text is printed on the same terminal."""

    def __init__(self, total: int, given: argparse.Namespace) -> None:
        printing = not (given.beside or given.out) and sys.stdout.isatty()
        terminal = sys.stderr.isatty() and (total > 1 or given.job) and (given.job or not printing)
        self._on = terminal if given.progress is None else given.progress
        self._total, self._done, self._began, self._drawn = total, 0, time.monotonic(), 0.0

    def __enter__(self) -> _Progress:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            self._draw()
            print(file=sys.stderr, flush=True)

    def move(self, done: int, more: int = 0) -> None:
        """So many are done that were not, and so many more are known of."""
        self._done, self._total = self._done + done, self._total + more
        if time.monotonic() - self._drawn > 0.1:
            self._draw()

    def clear(self) -> None:
        if self._on:
            print("\r\033[K", end="", file=sys.stderr)

    def _draw(self) -> None:
        if not self._on:
            return
        self._drawn = time.monotonic()
        rate = self._done / max(self._drawn - self._began, 1e-6)
        filled = BAR_WIDTH * self._done // max(self._total, 1)
        left_s = round((self._total - self._done) / rate) if rate else 0
        bar = f"{'█' * filled}{'·' * (BAR_WIDTH - filled)} {self._done}/{self._total}"
        left = f"  {rate:.1f}/s  {left_s // 60}:{left_s % 60:02d} left" if self._done else ""
        print(f"\r\033[K{bar}{left}", end="", file=sys.stderr, flush=True)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def _share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= (number := float(text)) <= 1:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")


def _count(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")

    return number


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Arabic, and names that are not UTF-8, whatever the locale
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    sys.exit(main())

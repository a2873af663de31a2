#!/usr/bin/env python3
"""Read images of Arabic text with a Rasm service, from the command line or from Python.

    client.py [IMAGE | FOLDER | GLOB | -]… [--files-from FILE] [options]

A folder stands for the images in it and in the folders below; ``-`` is an image on standard input; ``--files-from -`` takes
names from it, one a line. What is read is printed as it comes in, in order: one line for each line of text, after ``NAME<tab>``
if several images were given, so that ``grep`` shows which image has a word and ``cut -f2`` gives the texts alone.
``--format json`` (or ``--json``) prints one JSON object a line, as the service gives it, for those that failed too. With
``--beside`` or ``--out DIR`` each image gets a file of its own instead: ``a.txt`` or ``a.json`` for ``a.png``. What fails is
told on standard error, one line each.

Exit codes: 0 all were read · 1 some image could not be read · 2 wrong usage, or the service cannot be reached, refuses, or
takes too long · 130 interrupted.

It needs httpx and nothing else of Rasm: copy it where you want it. From Python:

    with RasmClient() as client:
        for result in client.read(["a.png", "b.png"], diacritics="strip"):
            print(result.text, result.confidence)

    async with AsyncRasmClient("https://rasm.example", api_key=key) as client:
        async for result in client.read(paths):
            print(result.text)
"""

from __future__ import annotations

import argparse
import asyncio
import email.utils
import glob
import io
import json
import os
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Literal, TypedDict, Unpack

import httpx

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT_S = 60.0
DEFAULT_CONCURRENCY = 4
DEFAULT_RETRIES = 5
FILES_PER_REQUEST = 16
BYTES_PER_REQUEST = 16 * 2**20
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0  # of the back-off, which doubles
LONGEST_RETRY_AFTER_S = 300.0  # a service that asks for more is given up
RETRIED_STATUSES = (429, 502, 503)  # 502 is a proxy's, while the service behind it starts anew
BAR_WIDTH = 24  # characters
SUFFIX_OF = {"text": ".txt", "json": ".json", "hocr": ".hocr", "alto": ".xml", "pdf": ".pdf"}
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"))

Image = str | os.PathLike[str] | tuple[str, bytes]
"""What can be read: a path, or a name with the bytes of a file."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels from the top left of the upright image."""
Format = Literal["text", "json", "hocr", "alto", "pdf"]


class Options(TypedDict, total=False):
    """How to read and what to give out; the service's own defaults for what is left out. See /api/docs."""

    mode: Literal["auto", "line", "page"]
    model: str
    diacritics: Literal["keep", "strip"]
    tatweel: Literal["keep", "strip"]
    digits: Literal["as_printed", "western", "arabic_indic"]
    detail: Literal["lines", "characters"]


@dataclass(frozen=True)
class FileError:
    code: str
    message: str


@dataclass(frozen=True)
class Model:
    name: str
    version: str


@dataclass(frozen=True)
class Character:
    text: str
    confidence: float
    bbox: Box


@dataclass(frozen=True)
class Line:
    """``characters`` is None unless ``detail="characters"`` asked for them."""

    text: str
    text_as_read: str
    confidence: float
    bbox: Box
    characters: tuple[Character, ...] | None = None


@dataclass(frozen=True)
class Result:
    """What the service says of one image. ``name`` is the path or name that was given; ``json`` all that the service said.

    Of an image that could not be read, here or by the service, ``error`` says why, and what is not known is None.
    """

    name: str
    page: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    text: str | None = None
    text_as_read: str | None = None
    confidence: float | None = None
    bbox: Box | None = None
    lines: tuple[Line, ...] = ()
    milliseconds: float | None = None
    model: Model | None = None
    error: FileError | None = None
    json: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Document:
    """One image in another format: ``data`` is the file that the service made of it, None where ``error`` says why not."""

    name: str
    data: bytes | None
    error: FileError | None = None


class ServiceError(Exception):
    """The service cannot be reached, refuses, takes too long, or is not Rasm's. The message is one line.

    ``status``, ``code`` and ``request_id`` are those of its reply, where it gave one.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.request_id = status, code, request_id


@dataclass(frozen=True)
class _File:
    """An image's bytes under the name that was given for it."""

    name: str
    data: bytes

    @property
    def sent_name(self) -> str:
        return PurePath(self.name).name.encode(errors="replace").decode()  # a name need not be UTF-8; HTTP is


@dataclass(frozen=True)
class _Wait:
    seconds: float


# what a conversation with the service yields: a request to send, as httpx's keywords, or a time to wait; it is sent the reply
_Request = dict[str, Any]
_Conversation = Generator[_Request | _Wait, httpx.Response | None, Any]


class _Service:
    """What both clients do alike: they differ in how they send and wait, so the rest is written once, as generators."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float, retries: int, concurrency: int) -> None:
        if concurrency < 1 or retries < 0:
            raise ValueError("concurrency is 1 or more, retries 0 or more")
        self._url, self._timeout_s, self._retries, self._concurrency = url, timeout_s, retries, concurrency
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._settings: dict[str, Any] = {"timeout": timeout_s, "headers": headers}
        try:
            address = httpx.URL(url)
            if address.scheme not in ("http", "https") or (address.port or 0) > 65535:
                raise ValueError("it begins with http:// or https://, and its port is at most 65535")
        except (httpx.InvalidURL, ValueError) as e:
            raise ServiceError(f"{url} is not a URL: {e}") from e
        # the environment's proxy cannot reach this machine's loopback address
        self._settings |= {"base_url": address, "trust_env": address.host not in ("127.0.0.1", "localhost", "::1")}
        try:
            httpx.Headers(headers)
        except UnicodeEncodeError as e:
            raise ServiceError("the API key has characters that no key has") from e

    def _read(self, batch: Sequence[_File | Result], fields: Mapping[str, str]) -> _Conversation:
        """A list of results for each image of one batch, in order: those of its pages."""
        files = [entry for entry in batch if isinstance(entry, _File)]
        read = iter((yield from self._read_files(files, fields)) if files else [])
        return [[entry] if isinstance(entry, Result) else next(read) for entry in batch]

    def _read_files(self, files: Sequence[_File], fields: Mapping[str, str]) -> _Conversation:
        """The results of each file, a list for its pages. Where it is too much for the service, of each half."""
        reply = yield from self._exchange(files, fields)
        content = _json(reply)
        if not reply.is_success and not (isinstance(content, dict) and "results" in content):
            error = self._refusal(reply)
            if reply.status_code != 413:
                raise error
            if len(files) == 1:
                return [[_failed(files[0].name, "file_too_large", str(error))]]
            middle = len(files) // 2
            first = yield from self._read_files(files[:middle], fields)
            return first + (yield from self._read_files(files[middle:], fields))
        try:
            model = Model(content["model"]["name"], content["model"]["version"])
            by_file = _by_file(content["results"])
            if len(by_file) != len(files):
                raise ServiceError(f"{self._url} answered with {len(by_file)} results for {len(files)} images")
            return [[_result(page, file.name, model) for page in pages] for file, pages in zip(files, by_file)]
        except (KeyError, TypeError, ValueError) as e:
            raise ServiceError(f"{self._url} does not answer as Rasm does: is it another service?") from e

    def _convert(self, entry: _File | Result, fields: Mapping[str, str]) -> _Conversation:
        """One Document."""
        if isinstance(entry, Result):
            return Document(entry.name, None, entry.error)
        reply = yield from self._exchange([entry], fields)
        if reply.is_success:
            return Document(entry.name, reply.content)
        content = _json(reply)
        if not (isinstance(content, dict) and "results" in content):  # it refused the request, not the file
            raise self._refusal(reply)
        try:
            return Document(entry.name, None, FileError(content["error"]["code"], content["error"]["message"]))
        except (KeyError, TypeError) as e:
            raise ServiceError(f"{self._url} does not answer as Rasm does: is it another service?") from e

    def _exchange(self, files: Sequence[_File], fields: Mapping[str, str]) -> _Conversation:
        """One request, again while the service is busy or the connection breaks: reading twice does no harm."""
        request = {"url": "api/v1/ocr", "data": dict(fields), "files": [("files", (file.sent_name, file.data)) for file in files]}
        retry = 0
        while True:
            asked_s = 0.0
            try:
                reply = yield request
            except httpx.TimeoutException as e:
                raise ServiceError(f"{self._url} has not answered within {self._timeout_s:g} seconds (--timeout)") from e
            except httpx.ConnectError as e:
                raise ServiceError(f"{self._url} cannot be reached: is the service running? ({e})") from e
            except httpx.HTTPError as e:
                problem = ServiceError(f"{self._url} broke the connection off ({str(e) or type(e).__name__})")
            else:
                assert reply is not None
                if reply.status_code not in RETRIED_STATUSES:
                    return reply
                problem, asked_s = self._refusal(reply), _retry_after_s(reply)
            if retry == self._retries or asked_s > LONGEST_RETRY_AFTER_S:
                raise problem
            # spread out, or all who were sent away together would come back together
            yield _Wait(asked_s + random.uniform(0.5, 1) * min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**retry))
            retry += 1

    def _refusal(self, reply: httpx.Response) -> ServiceError:
        try:
            error = _json(reply)["error"]
            code, message, request_id = error["code"], error["message"], error.get("request_id")
        except (KeyError, TypeError, AttributeError):
            words = f"{self._url} answered {reply.status_code} {reply.reason_phrase}, and not as Rasm does"
            return ServiceError(words, status=reply.status_code)
        words = f"{self._url} refused: {message} ({reply.status_code} {code})"
        return ServiceError(words, status=reply.status_code, code=code, request_id=request_id)


class RasmClient(_Service):
    """A connection to a Rasm service. It may be used by several threads. ``transport`` is httpx's: a test passes its own."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: int = DEFAULT_RETRIES,
        concurrency: int = DEFAULT_CONCURRENCY,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """``timeout_s`` is that of one answer; ``concurrency`` how many requests are under way. Raises ServiceError if ``url`` is none."""
        super().__init__(url, api_key, timeout_s, retries, concurrency)
        self._http = httpx.Client(transport=transport, **self._settings)

    def __enter__(self) -> RasmClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def read(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> Iterator[Result]:
        """One result for each image, in order, as the replies come in; several of one that has several pages.

        An image that cannot be opened here has an error in its result, like one that the service cannot read; a Result
        among the images is handed through.
        Raises ServiceError, and TypeError of an unknown option.
        """
        fields = _fields(options)
        for read in self._in_order(self._read(batch, fields) for batch in _batches(images)):
            for pages in read:
                yield from pages

    def convert(self, images: Iterable[Image | Result], format: Format, **options: Unpack[Options]) -> Iterator[Document]:
        """Each image as a file in one of the service's formats, in order. Raises as ``read`` does."""
        fields = {**_fields(options), "format": format}
        return self._in_order(self._convert(_opened(image), fields) for image in images)

    def _in_order(self, conversations: Iterable[_Conversation]) -> Iterator[Any]:
        """What comes of each conversation; so many are held at once as may be, and no more are begun than that."""
        pool = ThreadPoolExecutor(self._concurrency)
        pending: deque[Future[Any]] = deque()
        try:
            for conversation in conversations:
                pending.append(pool.submit(self._hold, conversation))
                while pending and (len(pending) > self._concurrency or pending[0].done()):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _hold(self, conversation: _Conversation) -> Any:
        """Do what a conversation asks for until it is over; its result."""
        try:
            step = next(conversation)
            while True:
                if isinstance(step, _Wait):
                    self._sleep(step.seconds)
                    step = next(conversation)
                    continue
                try:
                    reply = self._http.post(**step)
                except httpx.HTTPError as e:
                    step = conversation.throw(e)
                else:
                    step = conversation.send(reply)
        except StopIteration as over:
            return over.value

    def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class AsyncRasmClient(_Service):
    """RasmClient for asyncio: the same, with ``async for`` and ``await``."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: int = DEFAULT_RETRIES,
        concurrency: int = DEFAULT_CONCURRENCY,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(url, api_key, timeout_s, retries, concurrency)
        self._http = httpx.AsyncClient(transport=transport, **self._settings)
        self._free = asyncio.Semaphore(concurrency)

    async def __aenter__(self) -> AsyncRasmClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def read(self, images: Iterable[Image | Result], **options: Unpack[Options]) -> AsyncIterator[Result]:
        """See RasmClient.read."""
        async for pages in self._read_by_image(images, options):
            for result in pages:
                yield result

    async def _read_by_image(self, images: Iterable[Image | Result], options: Options) -> AsyncIterator[list[Result]]:
        fields = _fields(options)
        async for read in self._in_order(self._read(batch, fields) for batch in _batches(images)):
            for pages in read:
                yield pages

    def convert(self, images: Iterable[Image | Result], format: Format, **options: Unpack[Options]) -> AsyncIterator[Document]:
        """See RasmClient.convert."""
        fields = {**_fields(options), "format": format}
        return self._in_order(self._convert(_opened(image), fields) for image in images)

    async def _in_order(self, conversations: Iterable[_Conversation]) -> AsyncIterator[Any]:
        """See RasmClient._in_order."""
        pending: deque[asyncio.Task[Any]] = deque()
        try:
            for conversation in conversations:
                pending.append(asyncio.create_task(self._hold(conversation)))
                await asyncio.sleep(0)  # images are opened without waiting: let what came meanwhile be taken in
                while pending and (len(pending) > self._concurrency or pending[0].done()):
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _hold(self, conversation: _Conversation) -> Any:
        async with self._free:
            try:
                step = next(conversation)
                while True:
                    if isinstance(step, _Wait):
                        await self._sleep(step.seconds)
                        step = next(conversation)
                        continue
                    try:
                        reply = await self._http.post(**step)
                    except httpx.HTTPError as e:
                        step = conversation.throw(e)
                    else:
                        step = conversation.send(reply)
            except StopIteration as over:
                return over.value

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


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


def _fields(options: Mapping[str, Any]) -> dict[str, str]:
    """The form fields that ask for ``options``."""
    if unknown := options.keys() - Options.__annotations__.keys():
        raise TypeError(f"no option is named {', '.join(sorted(unknown))}; there are: {', '.join(Options.__annotations__)}")
    return {name: str(value) for name, value in options.items() if value is not None}


def _opened(image: Image | Result) -> _File | Result:
    """The image's bytes, or the result that says why there are none."""
    if isinstance(image, Result):
        return image
    if isinstance(image, tuple):
        return _File(*image)
    name = os.fspath(image)
    try:
        return _File(name, Path(name).read_bytes())
    except (OSError, ValueError) as e:
        return _failed(name, "unreadable_file", getattr(e, "strerror", None) or str(e))


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


def _by_file(results: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """A list for each file: its pages are numbered from 1, and what could not be decoded has no number."""
    files: list[list[dict[str, Any]]] = []
    for result in results:
        if files and (result.get("page") or 1) > 1:
            files[-1].append(result)
        else:
            files.append([result])
    return files


def _result(said: dict[str, Any], name: str, model: Model) -> Result:
    """Raises KeyError or TypeError where ``said`` is no result of Rasm's."""
    error = said["error"]
    return Result(
        name=name,
        page=said.get("page"),
        width_px=said["width_px"],
        height_px=said["height_px"],
        text=said["text"],
        text_as_read=said.get("text_as_read"),
        confidence=said["confidence"],
        bbox=_box(said["bbox"]) if said.get("bbox") else None,
        lines=tuple(_line(line) for line in said.get("lines", ())),
        milliseconds=said.get("milliseconds"),
        model=model,
        error=FileError(error["code"], error["message"]) if error else None,
        json={**said, "name": name, "model": {"name": model.name, "version": model.version}},
    )


def _line(said: dict[str, Any]) -> Line:
    signs = said.get("characters")
    return Line(
        text=said["text"],
        text_as_read=said["text_as_read"],
        confidence=said["confidence"],
        bbox=_box(said["bbox"]),
        characters=None if signs is None else tuple(Character(c["text"], c["confidence"], _box(c["bbox"])) for c in signs),
    )


def _box(said: Sequence[int]) -> Box:
    left, top, right, bottom = said
    return left, top, right, bottom


def _failed(name: str, code: str, message: str) -> Result:
    error = {"code": code, "message": message}
    unknown = dict.fromkeys(("page", "width_px", "height_px", "text", "text_as_read", "confidence", "bbox"))
    return Result(name, error=FileError(code, message), json={"name": name, **unknown, "lines": [], "error": error, "model": None})


# the command line


def main(arguments: Sequence[str] | None = None, *, transport: httpx.AsyncBaseTransport | None = None) -> int:
    """The command line; returns the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not given.images and not given.files_from:
        parser.error("no images: name files, folders or patterns, or - for standard input")
    if given.images.count("-") + (given.files_from == "-") > 1:
        parser.error("standard input can be read once only")
    if given.format in ("hocr", "alto", "pdf") and not (given.beside or given.out):
        parser.error(f"--format {given.format} makes a file of each image: say where to with --beside or --out DIR")
    try:
        return asyncio.run(_read_all(given, transport))
    except (ServiceError, _UsageError) as e:
        asks_for_key = isinstance(e, ServiceError) and e.status == 401
        print(f"client.py: {e}{' - set RASM_API_KEY to it, or use --api-key' if asks_for_key else ''}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


class _UsageError(Exception):
    pass


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="client.py", description=(__doc__ or "").partition("It needs httpx")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "images", nargs="*", metavar="IMAGE", help="a file, a folder, a pattern such as 'scans/**/*.png', or - for standard input"
    )
    parser.add_argument(
        "--files-from", metavar="FILE", help="take names from FILE, one a line (NULs between them will do too); - is standard input"
    )
    service = parser.add_argument_group("the service")
    service.add_argument("--url", default=os.environ.get("RASM_URL") or DEFAULT_URL, help="where it is (default: RASM_URL, or %(default)s)")
    service.add_argument("--api-key", metavar="KEY", help="if it wants one; RASM_API_KEY is safer, since others see your command lines")
    service.add_argument("--timeout", type=_seconds, default=DEFAULT_TIMEOUT_S, metavar="S", help="of one answer (default: %(default)g)")
    service.add_argument("--retries", type=_count(0), default=DEFAULT_RETRIES, metavar="N", help="when it is busy (default: %(default)d)")
    service.add_argument(
        "-j", "--concurrency", type=_count(1), default=DEFAULT_CONCURRENCY, metavar="N", help="requests at a time (default: %(default)d)"
    )
    reading = parser.add_argument_group("how to read")
    reading.add_argument("--mode", choices=("auto", "line", "page"), help="what the images are: lines, or pages")
    reading.add_argument("--model", help="one that /api/v1/models lists")
    reading.add_argument("--diacritics", choices=("keep", "strip"))
    reading.add_argument("--tatweel", choices=("keep", "strip"))
    reading.add_argument("--digits", choices=("as_printed", "western", "arabic_indic"))
    reading.add_argument("--detail", choices=("lines", "characters"), help="characters: each with its place and confidence, in the JSON")
    output = parser.add_argument_group("what comes out")
    output.add_argument("--format", choices=SUFFIX_OF, default="text", help="(default: text)")
    output.add_argument("--json", dest="format", action="store_const", const="json", help="--format json")
    place = output.add_mutually_exclusive_group()
    place.add_argument("--beside", action="store_true", help="a file beside each image")
    place.add_argument("--out", type=Path, metavar="DIR", help="a file for each image in DIR, in folders like those that were given")
    output.add_argument(
        "--existing", choices=("refuse", "skip", "overwrite"), default="refuse", help="of a file that is there (default: refuse)"
    )
    output.add_argument("--progress", action=argparse.BooleanOptionalAction, help="a bar (default: where standard error is a terminal)")
    return parser


async def _read_all(given: argparse.Namespace, transport: httpx.AsyncBaseTransport | None) -> int:
    options: Options = {name: getattr(given, name) for name in Options.__annotations__ if getattr(given, name)}  # type: ignore[assignment]
    sources = list(_sources(given))
    work = list(_aimed(sources, given)) if given.beside or given.out else [(source.entry, None) for source in sources]
    entries = [entry for entry, _ in work]
    bar = _Progress(len(work), given.progress, printing=not (given.beside or given.out))
    failed = False
    async with AsyncRasmClient(
        given.url,
        api_key=given.api_key or os.environ.get("RASM_API_KEY"),
        timeout_s=given.timeout,
        retries=given.retries,
        concurrency=given.concurrency,
        transport=transport,
    ) as client:
        outcomes: AsyncIterator[Any]
        if given.format in ("hocr", "alto", "pdf"):
            outcomes = client.convert(entries, given.format, **options)
        else:
            outcomes = client._read_by_image(entries, options)
        with bar:
            at = iter(work)
            async for outcome in outcomes:
                _, target = next(at)
                bar.clear()
                parts = [outcome] if isinstance(outcome, Document) else outcome
                failed |= _tell_errors(parts)
                if target is None and not isinstance(outcome, Document):
                    _print(outcome, given.format, named=len(work) > 1)
                elif target and not any(part.error for part in parts):
                    _write(target, _content(outcome, given.format))
                bar.advance()
    return 1 if failed else 0


@dataclass(frozen=True)
class _Source:
    """``relative`` is its path under the folder that was given, or its name alone."""

    entry: Image | Result
    relative: PurePath


def _sources(given: argparse.Namespace) -> Iterator[_Source]:
    """Every image that the command line means, in order; what is not there is left for the opening to complain of."""
    for argument in given.images:
        path = Path(argument)
        if argument == "-":
            yield _Source(("-", sys.stdin.buffer.read()), PurePath("stdin"))
        elif path.is_dir():
            yield from _folder(path)
        elif glob.has_magic(argument) and not path.exists():
            found = sorted(glob.glob(argument, recursive=True)) or [argument]  # noqa: PTH207 (Path.glob takes no absolute pattern)
            yield from (_Source(name, PurePath(PurePath(name).name)) for name in found if not Path(name).is_dir())
        else:
            yield _Source(argument, PurePath(path.name))
    if given.files_from:
        try:
            data = sys.stdin.buffer.read() if given.files_from == "-" else Path(given.files_from).read_bytes()
        except OSError as e:
            raise _UsageError(f"{given.files_from}: {e.strerror}") from e
        names = [os.fsdecode(name) for name in data.split(b"\0" if b"\0" in data else b"\n")]
        yield from (_Source(name, PurePath(PurePath(name).name)) for name in (name.rstrip("\r") for name in names) if name)


def _folder(folder: Path) -> Iterator[_Source]:
    images = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not images:
        yield _Source(_failed(str(folder), "no_images", "no image is in this folder"), PurePath())
    yield from (_Source(str(path), path.relative_to(folder)) for path in images)


def _aimed(sources: Iterable[_Source], given: argparse.Namespace) -> Iterator[tuple[Image | Result, Path | None]]:
    """Each image with the file that is to be written; without those that ``--existing skip`` leaves out."""
    taken: dict[Path, str] = {}
    for source in sources:
        if isinstance(source.entry, Result):
            yield source.entry, None
            continue
        name = source.entry[0] if isinstance(source.entry, tuple) else os.fspath(source.entry)
        folder = given.out / source.relative.parent if given.out else Path() if name == "-" else Path(name).parent
        target = folder / f"{source.relative.stem}{SUFFIX_OF[given.format]}"
        if other := taken.get(target):
            yield _failed(name, "same_output", f"{target} is already for {other}"), None
        elif target.exists() and given.existing == "refuse":
            yield _failed(name, "output_exists", f"{target} is there already (--existing skip or overwrite)"), None
        elif not (target.exists() and given.existing == "skip"):
            yield source.entry, target
        taken[target] = name


def _tell_errors(parts: Iterable[Result | Document]) -> bool:
    failed = False
    for part in parts:
        if part.error:
            failed = True
            print(f"client.py: {part.name}: {part.error.message} ({part.error.code})", file=sys.stderr)
    return failed


def _print(pages: Sequence[Result], form: str, *, named: bool) -> None:
    for result in pages:
        if form == "json":
            print(json.dumps(result.json, ensure_ascii=False), flush=True)
        elif not result.error:
            for line in (result.text or "").split("\n"):
                print(f"{result.name}\t{line}" if named else line, flush=True)


def _content(outcome: Sequence[Result] | Document, form: str) -> bytes:
    if isinstance(outcome, Document):
        return outcome.data or b""
    if form == "json":
        return (json.dumps({"results": [result.json for result in outcome]}, ensure_ascii=False, indent=1) + "\n").encode()
    return "\f".join(f"{result.text}\n" for result in outcome).encode()  # a form feed between pages, as Tesseract has it


def _write(target: Path, content: bytes) -> None:
    """All or nothing: who finds the file finds it whole."""
    draft = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            draft = Path(file.name)
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        draft.chmod(0o666 & ~umask)  # a temporary file is its maker's alone
        draft.replace(target)
    except OSError as e:
        if draft:
            draft.unlink(missing_ok=True)
        raise _UsageError(f"{target} cannot be written: {e.strerror}") from e


class _Progress:
    """How far it is, in one line on standard error; there is none where what is read is printed on the same terminal."""

    def __init__(self, total: int, wanted: bool | None, *, printing: bool) -> None:
        terminal = sys.stderr.isatty() and total > 1 and not (printing and sys.stdout.isatty())
        self._on = terminal if wanted is None else wanted
        self._total, self._done, self._began, self._drawn = total, 0, time.monotonic(), 0.0

    def __enter__(self) -> _Progress:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            self._draw()
            print(file=sys.stderr, flush=True)

    def advance(self) -> None:
        self._done += 1
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
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def _count(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return number


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Arabic, and names that are not UTF-8, whatever the locale
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    sys.exit(main())

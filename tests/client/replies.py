"""Services that answer as a test wants it, and what they answer."""

import asyncio
import io
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from PIL import Image

from client import DEFAULT_URL, AsyncRasmClient, Result
from tests.serving import line_png

MODEL = {"name": "m", "version": "1"}
REFUSAL = {"error": {"code": "overloaded", "message": "too much to do", "request_id": "7"}}
GOOD = {"name": "0.png", "file": 0, "width_px": 1, "height_px": 1, "text": "نص", "confidence": 1.0, "error": None}

JOB = {
    "id": "1",
    "state": "done",
    "pages": 1,
    "pages_done": 1,
    "files": [{"name": "0.png"}],
    "errors": [],
    "error_count": 0,
    "error": None,
    "expires": "2026-01-01T00:00:00Z",
}

WRITTEN = {"text": ".txt", "json": ".json", "markdown": ".md", "html": ".html", "docx": ".docx", "csv": ".csv", "xlsx": ".xlsx"} | {
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "page": ".page.xml",
    "pdf": ".pdf",
}


def answering(status: int, **content: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, **content))


def raising(error: BaseException) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(handle)


def one_after_the_other(*replies: httpx.Response | Exception) -> httpx.MockTransport:
    rest = iter(replies)

    def handle(request: httpx.Request) -> httpx.Response:
        reply = next(rest)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.MockTransport(handle)


def good(files: int = 1) -> httpx.Response:
    return httpx.Response(200, json={"model": MODEL, "results": [{**GOOD, "file": i} for i in range(files)]})


def counting(sizes: list[int]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        sizes.append(request.read().count(b'name="files"'))
        return good(sizes[-1])

    return handle


def named(names: list[str]) -> httpx.MockTransport:
    """A service whose texts are the names it was sent."""

    def handle(request: httpx.Request) -> httpx.Response:
        parts = [part.partition(b'filename="')[2].partition(b'"')[0].decode() for part in request.read().split(b'name="files"')[1:]]
        parts = [part for part in parts if part]
        names.extend(parts)
        return httpx.Response(200, json={"model": MODEL, "results": [{**GOOD, "file": i, "text": part} for i, part in enumerate(parts)]})

    return httpx.MockTransport(handle)


def read_async(paths: Sequence[Any], *, url: str | None = DEFAULT_URL, transport: Any = None, **options: Any) -> list[Result]:
    async def read() -> list[Result]:
        async with AsyncRasmClient(url, transport=transport) as client:
            return [result async for result in client.read(paths, **options)]

    return asyncio.run(read())


def pages_tiff(count: int = 2) -> bytes:
    """Pages of one line each, to be read as pages."""
    pages = [Image.open(io.BytesIO(line_png(640, 48, seed=i))).resize((640, 48)) for i in range(count)]
    sheets = [Image.new("L", (800, 400), 255) for _ in pages]
    for paper, line in zip(sheets, pages):
        paper.paste(line, (80, 100))
    file = io.BytesIO()
    sheets[0].save(file, "TIFF", save_all=True, append_images=sheets[1:])
    return file.getvalue()

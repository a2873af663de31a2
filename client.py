#!/usr/bin/env python3
"""Read images of Arabic lines with a Rasm service, from the command line or from Python.

    client.py IMAGE… [--url URL] [--json] [--timeout S]

It prints one line of text for each image, in order; of several images, as ``NAME<tab>TEXT``, so that ``grep`` shows which
image has a word, ``cut -f2`` gives the texts alone, and a name may hold a colon. ``--json`` prints one JSON object a line,
as the service gives it, for those that failed too. What fails is told on standard error, one line each.

Exit codes: 0 all were read · 1 some image could not be read · 2 wrong usage, or the service cannot be reached, refuses, or
takes too long · 130 interrupted.

It needs httpx and nothing else of Rasm: copy it where you want it. From Python:

    with RasmClient() as client:
        for result in client.read(["a.png", "b.png"]):
            print(result["text"])
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

import httpx

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT_S = 60.0
FILES_PER_REQUEST = 16
BYTES_PER_REQUEST = 16 * 2**20


class FileError(TypedDict):
    code: str
    message: str


class Model(TypedDict):
    name: str
    version: str


class Result(TypedDict):
    """What the service says of one image, and what newer services add to it. ``name`` is the path that was given."""

    name: str
    width_px: int | None
    height_px: int | None
    text: str | None
    confidence: float | None
    error: FileError | None
    model: Model | None


class ServiceError(Exception):
    """The service cannot be reached, refuses, takes too long, or is not Rasm's. The message is one line."""


class TooMuch(ServiceError):
    """More files or bytes than this service takes in one request."""


class RasmClient:
    """A connection to a Rasm service. ``transport`` is httpx's: a test passes its own."""

    def __init__(
        self, url: str = DEFAULT_URL, *, timeout_s: float = DEFAULT_TIMEOUT_S, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Raises ServiceError if ``url`` is not one."""
        try:
            self._http = httpx.Client(
                base_url=url,
                timeout=timeout_s,
                transport=transport,
                # a new connection for each batch: a server may drop an idle one, or one whose body it refused to read
                limits=httpx.Limits(max_keepalive_connections=0),
                # the environment's proxy cannot reach this machine's loopback address
                trust_env=httpx.URL(url).host not in ("127.0.0.1", "localhost", "::1"),
            )
        except (httpx.InvalidURL, ValueError) as e:
            raise ServiceError(f"{url} is not a URL: {e}") from e
        self._url, self._timeout_s = url, timeout_s

    def __enter__(self) -> RasmClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def read(self, paths: Iterable[str | Path]) -> Iterator[Result]:
        """One result for each image, in order, as the replies come in. Raises ServiceError.

        An image that cannot be opened here has an error in its result, like one that the service cannot read.
        """
        for batch in _batches(paths):
            readable = [image for image in batch if isinstance(image, _Image)]
            results = iter(self._post(readable) if readable else [])
            for image in batch:
                yield next(results) if isinstance(image, _Image) else image

    def _post(self, images: Sequence[_Image]) -> list[Result]:
        """One request; where it is too much for the service, two of half the images."""
        try:
            reply = self._send(images)
        except TooMuch as e:
            if len(images) == 1:
                return [_failed(images[0].path, "file_too_large", str(e))]
            middle = len(images) // 2
            return self._post(images[:middle]) + self._post(images[middle:])
        try:
            model, results = reply["model"], reply["results"]
            if len(results) != len(images):
                raise ServiceError(f"{self._url} answered with {len(results)} results for {len(images)} images")
            return [
                cast(Result, {**result, "name": image.path, "text": result["text"], "error": result["error"], "model": model})
                for image, result in zip(images, results)
            ]
        except (KeyError, TypeError) as e:
            raise ServiceError(f"{self._url} does not answer as Rasm does: is it another service?") from e

    def _send(self, images: Sequence[_Image]) -> Any:
        try:
            reply = self._http.post("/api/v1/ocr", files=[("files", (image.file_name, image.data)) for image in images])
        except httpx.TimeoutException as e:
            raise ServiceError(f"{self._url} has not answered within {self._timeout_s:g} seconds (--timeout)") from e
        except httpx.ConnectError as e:
            raise ServiceError(f"{self._url} cannot be reached: is the service running? ({e})") from e
        except httpx.UnsupportedProtocol as e:
            raise ServiceError(f"{self._url} is not a URL: it must begin with http:// or https://") from e
        except httpx.HTTPError as e:
            raise ServiceError(f"{self._url} broke the connection off ({str(e) or type(e).__name__})") from e
        try:
            content = reply.json()
            if reply.is_success:
                return content
            code, message = content["error"]["code"], content["error"]["message"]
        except (ValueError, KeyError, TypeError) as e:
            raise ServiceError(f"{self._url} answered {reply.status_code} {reply.reason_phrase}, and not as Rasm does") from e
        refusal = TooMuch if reply.status_code == 413 else ServiceError
        raise refusal(f"{self._url} refused: {message} ({reply.status_code} {code})")


class _Image:
    """A file's bytes under the path that was given for it."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.data = Path(path).read_bytes()
        self.file_name = Path(path).name.encode(errors="replace").decode()  # a name need not be UTF-8; HTTP is


def _batches(paths: Iterable[str | Path]) -> Iterator[list[_Image | Result]]:
    """What goes into one request, with the results of those that cannot be opened in their places."""
    batch: list[_Image | Result] = []
    size = 0
    for path in paths:
        entry: _Image | Result
        try:
            entry = _Image(path)
        except (OSError, ValueError) as e:
            entry = _failed(path, "unreadable_file", getattr(e, "strerror", None) or str(e))
        length = len(entry.data) if isinstance(entry, _Image) else 0
        if batch and (len(batch) == FILES_PER_REQUEST or size + length > BYTES_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def _failed(path: str | Path, code: str, message: str) -> Result:
    return {
        "name": str(path),
        "width_px": None,
        "height_px": None,
        "text": None,
        "confidence": None,
        "error": {"code": code, "message": message},
        "model": None,
    }


def main(arguments: Sequence[str] | None = None, *, transport: httpx.BaseTransport | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="client.py", description=(__doc__ or "").partition("From Python:")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a file with a picture of one line")
    parser.add_argument("--url", default=DEFAULT_URL, help="where the service is (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--timeout", type=_seconds, default=DEFAULT_TIMEOUT_S, metavar="S", help="seconds (default: %(default)g)")
    options = parser.parse_args(arguments)
    failed = False
    try:
        with RasmClient(options.url, timeout_s=options.timeout, transport=transport) as client:
            for result in client.read(options.images):
                if error := result["error"]:
                    failed = True
                    print(f"client.py: {result['name']}: {error['message']} ({error['code']})", file=sys.stderr)
                if options.json:
                    print(json.dumps(result, ensure_ascii=False), flush=True)
                elif not error:
                    print(f"{result['name']}\t{result['text']}" if len(options.images) > 1 else result["text"], flush=True)
    except ServiceError as e:
        print(f"client.py: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1 if failed else 0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Arabic, and names that are not UTF-8, whatever the locale
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    sys.exit(main())

"""Uploaded files -> results, one for each page. Nothing here knows HTTP.

Where it stands: between ``api.py`` and the reading way. A file is a line image, which waits in the queue of lines
(``batching.py``) while the next file is decoded, or it has pages, which are read in turn (``page_pool.py``).
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from django.conf import settings

from ocr import page_pool
from ocr.batching import Job, Room
from ocr.documents import Source
from ocr.engines import Reader, models
from ocr.errors import FileTooLarge
from ocr.metrics import ERRORS, QUEUE
from ocr.page_files import has_pages, is_pdf_file, open_file
from ocr.page_pool import check, turn_to_decode
from ocr.results import Output, empty_result, fill_line, fill_page, page_of_line
from ocr.schemas import FileError, Model, Result
from rasm.document import Page
from rasm.errors import ImageError, TooManyPages
from rasm.image import Pixels, decode
from rasm.lines import recognizer
from rasm.pages.files import PageFile
from rasm.pages.reader import LineImage, Mode, PageImage, PageReader, TextLayer, look, look_at

room = Room(settings.RASM_QUEUE_LINES, "more is waiting to be read than the service holds: try again in a moment")


class Upload(Protocol):
    """The part of Django's UploadedFile that is used."""

    name: str | None
    size: int | None

    def read(self, num_bytes: int | None = None) -> bytes: ...

    def seek(self, position: int) -> object: ...


@dataclass(frozen=True)
class Request:
    """What is asked for. ``gone`` is set when nobody waits for it any more."""

    files: Sequence[Upload]
    mode: Mode = "auto"
    text_layer: TextLayer = "ignore"
    model: str = ""
    password: str = ""
    output: Output = field(default_factory=Output)
    gone: threading.Event | None = None


@dataclass
class Reading:
    """A page or a line on its way: its result so far, its line once it waits to be read, and what was read."""

    result: Result
    began: float
    job: Job | None = None
    read: Page | recognizer.Reading | None = None

    def finished(self, *_: object) -> None:
        self.result.milliseconds = round((time.perf_counter() - self.began) * 1000, 1)

    def fail(self, error: ImageError) -> None:
        ERRORS.labels(error.code).inc()
        self.result.error = FileError(code=error.code, message=str(error))
        self.finished()


def read_files(request: Request) -> tuple[Model, list[Reading]]:
    """Read each file. A file or a page that cannot be read has an error in its place; the others are read.

    Raises ModelUnavailable, UnknownModel, Overloaded, ClientGone.
    """
    reader = models().reader(request.model)
    room.take(len(request.files))
    QUEUE.inc(len(request.files))
    try:
        with _Files(request, reader) as files:
            readings = [reading for number in range(len(request.files)) for reading in files.take_up(number)]
        for reading in readings:
            if reading.job is not None:
                reading.read = line = reading.job.reading.result()
                fill_line(reading.result, line, request.output)
    finally:
        room.give_back(len(request.files))
        QUEUE.dec(len(request.files))
    info = reader.recognizer.info
    return Model(name=info.name, version=info.version), readings


class _Files:
    """The files of one request, taken up one after the other; a place among the requests that read pages, once it has any."""

    def __init__(self, request: Request, reader: Reader) -> None:
        self._request, self._reader = request, reader
        self._pages_left = settings.RASM_MAX_PAGES
        self._page_reader: PageReader | None = None

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *_: object) -> None:
        if self._page_reader is not None:
            page_pool.requests.give_back(1)

    def take_up(self, number: int) -> list[Reading]:
        """Decode one file, and read its pages or put its line into the queue."""
        upload = self._request.files[number]
        name = upload.name or ""
        first = Reading(empty_result(name, number), time.perf_counter())
        check(self._request.gone)
        try:
            if (upload.size or 0) > settings.RASM_MAX_FILE_BYTES:
                raise FileTooLarge(f"the file has {upload.size:,} bytes; at most {settings.RASM_MAX_FILE_BYTES:,} are read")
            if not has_pages(upload):
                first.result.page = first.result.pages = 1
                return [self._image(first, upload.read())]
            if is_pdf_file(upload):  # whoever waits for the process that opens it occupies a thread
                self._take_place()
            with _open(upload, self._request, self._pages_left) as file:
                return list(self._pages(file, name, number))
        except ImageError as e:
            first.result.page = first.result.pages = None
            first.fail(e)
            return [first]

    def _image(self, reading: Reading, data: bytes) -> Reading:
        """Raises ImageError."""
        with turn_to_decode(self._request.gone, is_pdf=False):
            image = decode(data, max_pixels=settings.RASM_MAX_PIXELS, single=True)
            seen = look_at(image, mode=self._request.mode)
            if isinstance(seen, LineImage):
                self._queue_line(reading, seen.pixels)
                return reading
        self._count_page()
        self._read_page(reading, seen)
        return reading

    def _queue_line(self, reading: Reading, image: Pixels) -> None:
        """Raises ImageError."""
        result = reading.result
        result.height_px, result.width_px = image.shape[:2]
        prepared = self._reader.recognizer.prepare(image)
        reading.job = self._reader.batcher.submit(prepared, image.shape[1], self._request.gone)
        reading.job.reading.add_done_callback(reading.finished)

    def _pages(self, file: PageFile, name: str, number: int) -> Iterator[Reading]:
        """Each page of a PDF or a TIFF."""
        for index in range(file.count):
            reading = Reading(empty_result(name, number, page=index + 1, pages=file.count), time.perf_counter())
            try:
                self._one_of_pages(reading, file, index)
            except ImageError as e:
                if file.count == 1 and file.kind != "pdf":
                    raise
                reading.fail(e)
            yield reading

    def _one_of_pages(self, reading: Reading, file: PageFile, index: int) -> None:
        """Raises ImageError."""
        self._count_page()
        with turn_to_decode(self._request.gone, is_pdf=file.kind == "pdf"):
            seen = look(file, index, mode=self._request.mode, text_layer=self._request.text_layer)
            if isinstance(seen, LineImage):
                self._queue_line(reading, seen.pixels)
                self._pages_left += 1
                return
        if isinstance(seen, Page):
            self._finish(reading, seen)
        else:
            self._read_page(reading, seen)

    def _count_page(self) -> None:
        """Raises TooManyPages, Overloaded."""
        if not self._pages_left:
            raise _too_many_pages()
        self._pages_left -= 1
        self._take_place()

    def _take_place(self) -> None:
        """Raises Overloaded."""
        if self._page_reader is None:
            page_pool.requests.take(1)
            self._page_reader = page_pool.page_reader(self._reader, self._request.gone)

    def _read_page(self, reading: Reading, image: PageImage) -> None:
        assert self._page_reader is not None
        with page_pool.turn(self._request.gone):
            page = self._page_reader.read(replace(image, number=reading.result.page or 1))
        self._finish(reading, page)

    def _finish(self, reading: Reading, page: Page) -> None:
        reading.read = page
        fill_page(reading.result, page, self._request.output)
        reading.finished()


def _open(upload: Upload, request: Request, most_pages: int) -> PageFile:
    """Raises ClientGone, an ImageError; TooManyPages says where so many can be sent."""
    try:
        return open_file(upload, request.password, max(1, most_pages), request.gone)
    except TooManyPages as e:
        raise _too_many_pages() from e


def _too_many_pages() -> TooManyPages:
    return TooManyPages(
        f"the files of a request may have {settings.RASM_MAX_PAGES} pages in all: send fewer at a time, or send a job to POST /api/v1/jobs"
    )


def sources(request: Request, readings: Sequence[Reading]) -> list[Source]:
    """The files as documents are made of them; all their pages must have been read."""
    return [_source(upload, [r for r in readings if r.result.file == number], request) for number, upload in enumerate(request.files)]


def _source(upload: Upload, readings: list[Reading], request: Request) -> Source:
    pages = []
    for reading in readings:
        result, read = reading.result, reading.read
        if isinstance(read, Page):
            pages.append(read)
        elif read is not None:
            pages.append(page_of_line(read, result.width_px or 0, result.height_px or 0, number=result.page or 1))

    def opened() -> tuple[PageFile, bytes | None]:
        upload.seek(0)
        data = upload.read()
        file = _open(upload, request, settings.RASM_MAX_PAGES)
        return file, data if file.kind == "pdf" else None

    return Source(upload.name or "", len(pages), lambda: pages, opened, request.password or None)

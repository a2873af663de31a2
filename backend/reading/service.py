"""Uploaded files -> what became of each of their pages.

Where it stands: between the API and ``rasm.pages``. ``rasm.pages.reader`` decides what each page is. A line waits in the queue of lines
(``batching.py``) while the next file is decoded; pages are read in turn (``turns.py``).
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from backend.reading import turns
from backend.reading.batching import QueuedLine
from backend.reading.engines import OpenModel, models
from backend.reading.errors import FileTooLarge
from backend.reading.files import Upload, has_pages, is_apart, open_file
from backend.reading.gone import Gone, check
from backend.reading.metrics import ERRORS, QUEUE
from backend.reading.room import Room
from rasm.document import Page
from rasm.errors import ImageError, TooManyPages
from rasm.image import decode, shape_of
from rasm.lines.recognizer import ModelInfo
from rasm.pages.chosen import Chosen
from rasm.pages.files import PageFile
from rasm.pages.reader import LineImage, Mode, PageImage, PageReader, PdfText, look_at, page_of_line
from rasm.pages.unread import LEAST_CONFIDENCE

Seen = Page | LineImage | PageImage
room = Room(settings.RASM.queue_lines, "more is waiting to be read than the service holds: try again in a moment")


@dataclass(frozen=True)
class Request:
    """What is asked for. ``gone`` is set when nobody waits for it any more."""

    files: Sequence[Upload]
    mode: Mode = "auto"
    pdf_text: PdfText = "auto"
    model: str = ""
    password: str = ""
    gone: Gone | None = None
    least_confidence: float = LEAST_CONFIDENCE
    pages: str = ""  # of each file, as "1-3,7"; all if empty


@dataclass
class Outcome:
    """What became of one page of a file: a Page, or why there is none. ``number``: from 1, of ``count``; both None of a file that could not
    be opened. ``size_px``: width and height, once it was decoded. ``milliseconds``: from taking it up, waiting included."""

    name: str
    file: int
    number: int | None = None
    count: int | None = None
    page: Page | None = None
    error: ImageError | None = None
    size_px: tuple[int, int] | None = None
    milliseconds: float = 0.0


class _Taken:
    """A page on its way. ``line``: its line, once it waits to be read."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.line: QueuedLine | None = None
        self._began = time.perf_counter()

    def finished(self, *_: object) -> None:
        self.outcome.milliseconds = round((time.perf_counter() - self._began) * 1000, 1)

    def succeed(self, page: Page) -> None:
        self.outcome.page, self.outcome.size_px = page, (page.width_px, page.height_px)
        self.finished()

    def fail(self, error: ImageError) -> None:
        ERRORS.labels(error.code).inc()
        self.outcome.error = error
        self.finished()

    def done(self) -> Outcome:
        """Waits for the line. Raises ClientGone, InternalError."""
        if self.line is not None:
            reading, (width_px, height_px) = self.line.reading.result(), self.outcome.size_px or (0, 0)
            self.outcome.page = page_of_line(reading, width_px, height_px, number=self.outcome.number or 1)
        return self.outcome


def read_files(request: Request) -> tuple[ModelInfo, list[Outcome]]:
    """Read each page of each file. One that cannot be read has its error in its place; the others are read.

    Raises ModelUnavailable, UnknownModel, Overloaded, ClientGone.
    """
    model = models().open(request.model)
    with contextlib.ExitStack() as held:
        files = _Files(request, model, held)
        taken = [page for number in range(len(request.files)) for page in files.take_up(number)]
        return model.recognizer.info, [page.done() for page in taken]


class _Files:
    """The files of one request, taken up one after the other.

    Its images hold room among the lines, at first: most are lines. Once there is a page it holds a place among the requests with pages
    instead, whose number bounds what they all have in the queue. So what waits for pages takes no room from lines.
    """

    def __init__(self, request: Request, model: OpenModel, held: contextlib.ExitStack) -> None:
        """``held`` keeps its room and its place. Raises Overloaded."""
        self._request, self._model, self._chosen = request, model, Chosen(request.pages)
        self._pages_left = settings.RASM.max_pages
        self._page_reader: PageReader | None = None
        self._held, self._lines = held, held.enter_context(contextlib.ExitStack())
        lines = sum(not has_pages(upload) for upload in request.files)
        self._lines.enter_context(room.held(lines))
        self._lines.enter_context(_queued(lines))

    def take_up(self, number: int) -> list[_Taken]:
        """Decode one file, and read its pages or put its line into the queue."""
        upload = self._request.files[number]
        first = _Taken(Outcome(upload.name or "", number))
        check(self._request.gone)
        try:
            if (upload.size or 0) > settings.RASM.max_file_bytes:
                raise FileTooLarge(f"the file has {upload.size:,} bytes; at most {settings.RASM.max_file_bytes:,} are read")
            if not has_pages(upload):
                self._chosen.of(1)
                first.outcome.number = first.outcome.count = 1
                self._take_image(first, upload)
                return [first]
            self._take_place()  # whoever waits for the process that opens it occupies a thread
            with open_upload(upload, self._request, self._pages_left) as file:
                return list(self._pages(file, first.outcome.name, number, apart=is_apart(upload)))
        except ImageError as e:
            first.outcome.number = first.outcome.count = None
            first.fail(e)
            return [first]

    def _pages(self, file: PageFile, name: str, number: int, *, apart: bool) -> Iterator[_Taken]:
        """Each page of a PDF or a TIFF that is asked for. Raises NoSuchPage, TooManyPages."""
        indices = self._chosen.of(file.count)
        if not self._chosen.is_all and len(indices) > max(1, self._pages_left):
            raise _too_many_pages()
        for index in indices:
            taken = _Taken(Outcome(name, number, index + 1, file.count))
            try:
                self._count_page()
                self._take_page(taken, file, index, apart=apart)
            except ImageError as e:
                if file.count == 1 and file.kind != "pdf":
                    raise
                taken.fail(e)
            yield taken

    def _take_page(self, taken: _Taken, file: PageFile, index: int, *, apart: bool) -> None:
        """No name in a loop holds its pixels: they go when this ends. Raises ImageError, ClientGone."""
        assert self._page_reader is not None
        wanted = partial(self._page_reader.look, file, index, mode=self._request.mode, pdf_text=self._request.pdf_text)
        with turns.in_hand(self._request.gone, is_apart=apart):
            seen = self._look(taken, wanted, apart=apart)
            if isinstance(seen, Page):
                taken.succeed(seen)
            elif isinstance(seen, PageImage):
                self._read_page(taken, seen)
            else:
                self._pages_left += 1

    def _take_image(self, taken: _Taken, upload: Upload) -> None:
        """Raises ImageError, TooManyPages, Overloaded, ClientGone."""
        aspect, size_px = shape_of(upload.read())
        with self._in_hand(size_px):
            seen = self._look(taken, partial(self._look_at, upload, aspect, size_px), apart=False)
            if isinstance(seen, PageImage):
                self._count_page()
                self._read_page(taken, seen)

    def _count_page(self) -> None:
        """Raises TooManyPages, Overloaded."""
        if not self._pages_left:
            raise _too_many_pages()
        self._pages_left -= 1
        self._take_place()

    def _take_place(self) -> None:
        """Raises Overloaded."""
        if self._page_reader is None:
            self._held.enter_context(turns.place())
            self._lines.close()
            self._page_reader = turns.page_reader(self._model, self._request.gone, self._request.least_confidence)

    def _in_hand(self, size_px: tuple[int, int] | None) -> AbstractContextManager[None]:
        """Of an image that is as large as pages are; what cannot be told is no image, and refused without waiting. Raises Overloaded,
        ClientGone."""
        if size_px is None or size_px[0] * size_px[1] <= turns.SMALL_PIXELS:
            return contextlib.nullcontext()
        self._take_place()  # whoever waits for pages to be read occupies a thread
        return turns.in_hand(self._request.gone, is_apart=False)

    def _look_at(self, upload: Upload, aspect: float, size_px: tuple[int, int] | None) -> LineImage | PageImage:
        """Raises ImageError."""
        upload.seek(0)
        pixels = decode(upload.read(), max_pixels=settings.RASM.max_pixels, single=True)
        return look_at(pixels, mode=self._request.mode, aspect=aspect, size_px=size_px)

    def _look(self, taken: _Taken, wanted: Callable[[], Seen], *, apart: bool) -> Seen:
        """What the page is, in a turn of its own; a line is put into the queue. Raises ImageError, ClientGone."""
        with turns.turn_to_decode(self._request.gone, is_apart=apart):
            seen = wanted()
            if isinstance(seen, LineImage):
                taken.outcome.size_px = seen.size_px
                taken.line = self._model.batcher.submit(self._model.recognizer.prepare(seen.pixels), seen.size_px[0], self._request.gone)
                taken.line.reading.add_done_callback(taken.finished)
            return seen

    def _read_page(self, taken: _Taken, image: PageImage) -> None:
        assert self._page_reader is not None
        with turns.turn(self._request.gone):
            page = self._page_reader.read(image)
        taken.succeed(page)


@contextlib.contextmanager
def _queued(lines: int) -> Iterator[None]:
    QUEUE.inc(lines)
    try:
        yield
    finally:
        QUEUE.dec(lines)


def open_upload(upload: Upload, request: Request, most_pages: int) -> PageFile:
    """Raises ClientGone, an ImageError; TooManyPages says where so many can be sent. Where some pages are chosen, the file may have as
    many as one of a job, and ``most_pages`` is for the caller to hold."""
    most = max(1, most_pages) if Chosen(request.pages).is_all else settings.RASM.max_job_pages
    try:
        return open_file(upload, request.password, most, request.gone)
    except TooManyPages as e:
        raise _too_many_pages() from e


def _too_many_pages() -> TooManyPages:
    return TooManyPages(f"the files of a request may have {settings.RASM.max_pages} pages in all: send fewer at a time, or send a job")

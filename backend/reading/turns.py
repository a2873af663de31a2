"""Pages of requests, read beside the lines of other requests without getting into their way.

Where it stands: between ``service.py`` and ``rasm.pages.reader.PageReader``; pictures of pages and documents of jobs take their places
and turns here too.

Finding a page's lines is work for the processor in the thread of its request, so only so many pages are worked on at a time.
Their lines go through the same queue as everyone's (``batching.py``). Only a few of one page are in it at a time, so a line that is
sent alone waits for these few, and not for the whole page.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import cast

from django.conf import settings

from backend.reading.batching import QueuedLine
from backend.reading.engines import OpenModel
from backend.reading.gone import Gone, check
from backend.reading.room import Room
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.reader import PageReader

SMALL_PIXELS = 2_000_000  # an image up to here is most likely a line, and takes 6 MB at most: it does not wait for pages
LINES_AT_A_TIME = 8  # of one page in the queue: enough for a full batch or two of what a page's lines are wide
_TURN_S = 0.5  # how often a request that waits for its turn looks whether its client is still there

# requests that open files for jobs, read or draw pages or write a job's documents, or wait for it; each occupies a thread of the server
requests = Room(
    settings.RASM.page_requests, "more pages are waiting to be read or drawn than the service holds: try again later, or send a job"
)
_reading = threading.BoundedSemaphore(settings.RASM.threads)
# an image may take forty times its file's bytes once decoded: as many at a time as there are cores bounds the memory
_decoding = threading.BoundedSemaphore(settings.RASM.threads)
# pages that are there as pixels: those that are read, and one more, so that nobody who reads waits for a page to be decoded. What is drawn
# apart has as many of its own: a page that takes its process long is none that images of pages wait for
_in_hand, _in_hand_apart = (threading.BoundedSemaphore(settings.RASM.threads + 1) for _ in range(2))


def place() -> AbstractContextManager[None]:
    """A place among the requests with pages. Raises Overloaded."""
    return requests.held(1)


def turn(gone: Gone | None) -> AbstractContextManager[None]:
    """Wait until a page may be worked on. Raises ClientGone."""
    return _turn(_reading, gone)


def in_hand(gone: Gone | None, *, is_apart: bool) -> AbstractContextManager[None]:
    """Wait until a page may be there as pixels, from before it is decoded until it has been read. Raises ClientGone."""
    return _turn(_in_hand_apart if is_apart else _in_hand, gone)


def turn_to_decode(gone: Gone | None, *, is_apart: bool) -> AbstractContextManager[None]:
    """Wait until an image may be decoded. Raises ClientGone.

    What is drawn apart does not wait here: the process that draws it does one at a time, and may be at it for 20 s, in which no line could
    be decoded.
    """
    return contextlib.nullcontext() if is_apart else _turn(_decoding, gone)


@contextlib.contextmanager
def _turn(turns: threading.BoundedSemaphore, gone: Gone | None) -> Iterator[None]:
    while not turns.acquire(timeout=_TURN_S):
        check(gone)
    try:
        check(gone)
        yield
    finally:
        turns.release()


class QueuedRecognizer:
    """What a PageReader asks of a Recognizer, with the lines read in the queue of all requests."""

    def __init__(self, model: OpenModel, gone: Gone | None) -> None:
        self._model, self._gone = model, gone
        self.info = model.recognizer.info
        self.prepare: Callable[[Pixels], Pixels] = model.recognizer.prepare

    def read(self, lines: Sequence[Pixels]) -> list[Reading]:
        return self.read_arrays([self.prepare(line) for line in lines], [line.shape[1] for line in lines])

    def read_arrays(self, lines: Sequence[Pixels], widths_px: Sequence[int] | None = None) -> list[Reading]:
        """Raises ClientGone."""
        widths_px = widths_px if widths_px is not None else [line.shape[1] for line in lines]
        # lines of like widths one after the other, so that they make full batches
        order = sorted(range(len(lines)), key=lambda i: lines[i].shape[1])
        readings: dict[int, Reading] = {}
        waiting: list[tuple[int, QueuedLine]] = []
        for i in order:
            if len(waiting) == LINES_AT_A_TIME:
                first, line = waiting.pop(0)
                readings[first] = line.reading.result()
            line = self._model.batcher.submit(lines[i], widths_px[i], self._gone)
            waiting.append((i, line))
        readings.update((i, line.reading.result()) for i, line in waiting)
        return [readings[i] for i in range(len(lines))]


def page_reader(model: OpenModel, gone: Gone | None, least_confidence: float) -> PageReader:
    """Reads pages with the lines queued among those of other requests."""
    return PageReader(cast(Recognizer, QueuedRecognizer(model, gone)), least_confidence=least_confidence)

"""Lines of all requests, read together by a few threads.

Where it stands: between ``service.py`` and ``turns.py``, whose threads wait here for their lines, and ``rasm.lines.recognizer.Recognizer``.

Each reading thread runs the network on one core (ONNX Runtime lets go of Python's lock meanwhile). Whenever one is free it
takes the line that has waited longest, and with it as many others of the same padded width as make a full batch. So nothing
waits while a thread is idle, and the busier the service is, the larger are its batches. A line is padded by its own width
alone, so what it reads does not depend on its company; the int8 network does, and gets one line at a time.

The queue is bounded: whoever finds it full is told so at once, before anything is decoded.
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from backend.reading import memory, metrics
from backend.reading.errors import ClientGone, InternalError
from backend.reading.gone import Gone
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.finder import shipped_finder

logger = logging.getLogger(__name__)

IDLE_S = 2.0  # without a line: what is read next may take its memory anew


@dataclass
class QueuedLine:
    """One line that waits for its turn. ``gone`` is set when nobody waits for it any more."""

    array: Pixels
    width_px: int
    gone: Gone | None
    reading: Future[Reading] = field(default_factory=Future)


class Batcher:
    """Reads lines with one model, on ``threads`` threads."""

    def __init__(self, recognizer: Recognizer, threads: int) -> None:
        self._recognizer = recognizer
        self._waiting: OrderedDict[int, deque[tuple[int, QueuedLine]]] = OrderedDict()  # by padded width, each with its number in the queue
        self._number = 0
        self._changed = threading.Condition()
        self._is_open = True
        self._holds_memory = True  # since something was read last
        self._threads = [threading.Thread(target=self._work, name=f"reader-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, array: Pixels, width_px: int, gone: Gone | None = None) -> QueuedLine:
        """A line that ``Recognizer.prepare`` has made, with the width of the image it was made of."""
        line = QueuedLine(array, width_px, gone)
        bucket_px = self._recognizer.info.image.bucket_width(array.shape[1])
        with self._changed:
            self._waiting.setdefault(bucket_px, deque()).append((self._number, line))
            self._number += 1
            self._changed.notify()
        return line

    def close(self) -> None:
        """Let the threads end once they have read what is waiting."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _take(self) -> list[QueuedLine] | None:
        """The next batch; None when closed. Waits for one; whoever has waited for a while gives memory back, once."""
        with self._changed:
            while not self._waiting:
                if not self._is_open:
                    return None
                if not self._changed.wait(IDLE_S if self._holds_memory else None) and self._holds_memory:
                    self._holds_memory = False
                    self._changed.release()
                    try:
                        self._recognizer.give_back_memory()
                        shipped_finder().give_back_memory()
                        memory.give_back()
                    except Exception:  # whatever ONNX Runtime raises: the thread has to live on
                        logger.exception("memory could not be given back")
                    finally:
                        self._changed.acquire()
            self._holds_memory = True
            bucket_px = min(self._waiting, key=lambda width_px: self._waiting[width_px][0][0])
            queue = self._waiting[bucket_px]
            lines = [queue.popleft()[1] for _ in range(min(len(queue), self._recognizer.batch_size(bucket_px)))]
            if not queue:
                del self._waiting[bucket_px]
            return lines

    def _work(self) -> None:
        while (lines := self._take()) is not None:
            wanted = []
            for line in lines:
                if line.gone is not None and line.gone.is_set():
                    line.reading.set_exception(ClientGone("the client has gone"))
                else:
                    wanted.append(line)
            if wanted:
                self._read(wanted)

    def _read(self, lines: list[QueuedLine]) -> None:
        began = time.perf_counter()
        try:
            readings = self._recognizer.read_arrays([line.array for line in lines], [line.width_px for line in lines])
        except Exception as e:  # whatever ONNX Runtime raises: the thread has to live on, and whoever waits has to know
            for line in lines:
                error = InternalError("the line could not be read")
                error.__cause__ = e
                line.reading.set_exception(error)
            return
        metrics.READ_SECONDS.observe(time.perf_counter() - began)
        metrics.BATCH.observe(len(lines))
        metrics.LINES.labels(self._recognizer.info.name).inc(len(lines))
        for line, reading in zip(lines, readings, strict=True):
            line.reading.set_result(reading)

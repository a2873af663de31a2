"""Lines of all requests, read together by a few threads.

Where it stands: between ``services.py``, whose threads wait here for their lines, and ``rasm.lines.recognizer.Recognizer``.

Each reading thread runs the network on one core (ONNX Runtime lets go of Python's lock meanwhile). Whenever one is free it
takes the line that has waited longest, and with it as many others of the same padded width as make a full batch. So nothing
waits while a thread is idle, and the busier the service is, the larger are its batches. A line is padded by its own width
alone, so what it reads does not depend on its company; the int8 network does, and gets one line at a time.

The queue is bounded: whoever finds it full is told so at once, before anything is decoded.
"""

import threading
import time
from collections import OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from ocr import metrics
from ocr.errors import ClientGone, InternalError, Overloaded
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer


@dataclass
class Job:
    """One line. ``gone`` is set when nobody waits for it any more."""

    line: Pixels
    width_px: int
    gone: threading.Event | None
    reading: Future[Reading] = field(default_factory=Future)


class Room:
    """How much there may be of something: requests, lines waiting or being read over all models, bytes of bodies."""

    def __init__(self, size: int, complaint: str) -> None:
        self._size, self._taken, self._complaint = size, 0, complaint
        self._lock = threading.Lock()

    def take(self, amount: int) -> None:
        """Raises Overloaded if there is not room for all. Something larger than the room itself gets in when nothing else is there."""
        with self._lock:
            self.check(amount)
            self._taken += amount

    def check(self, amount: int) -> None:
        """Raises Overloaded if there is not room for so much at this moment."""
        if self._taken and self._taken + amount > self._size:
            raise Overloaded(self._complaint)

    def give_back(self, amount: int) -> None:
        with self._lock:
            self._taken -= amount


class Batcher:
    """Reads lines with one model, on ``threads`` threads."""

    def __init__(self, recognizer: Recognizer, threads: int) -> None:
        self._recognizer = recognizer
        self._waiting: OrderedDict[int, deque[tuple[int, Job]]] = OrderedDict()  # by padded width, each with its number in the queue
        self._number = 0
        self._changed = threading.Condition()
        self._is_open = True
        self._threads = [threading.Thread(target=self._work, name=f"reader-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, line: Pixels, width_px: int, gone: threading.Event | None = None) -> Job:
        """A line that ``Recognizer.prepare`` has made, with the width of the image it was made of."""
        job = Job(line, width_px, gone)
        bucket_px = self._recognizer.info.image.bucket_width(line.shape[1])
        with self._changed:
            self._waiting.setdefault(bucket_px, deque()).append((self._number, job))
            self._number += 1
            self._changed.notify()
        return job

    def close(self) -> None:
        """Let the threads end once they have read what is waiting."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _take(self) -> list[Job] | None:
        """The next batch; None when closed. Waits for one."""
        with self._changed:
            while not self._waiting:
                if not self._is_open:
                    return None
                self._changed.wait()
            bucket_px = min(self._waiting, key=lambda width_px: self._waiting[width_px][0][0])
            queue = self._waiting[bucket_px]
            jobs = [queue.popleft()[1] for _ in range(min(len(queue), self._recognizer.batch_size(bucket_px)))]
            if not queue:
                del self._waiting[bucket_px]
            return jobs

    def _work(self) -> None:
        while (jobs := self._take()) is not None:
            wanted = []
            for job in jobs:
                if job.gone is not None and job.gone.is_set():
                    job.reading.set_exception(ClientGone("the client has gone"))
                else:
                    wanted.append(job)
            if wanted:
                self._read(wanted)

    def _read(self, jobs: list[Job]) -> None:
        began = time.perf_counter()
        try:
            readings = self._recognizer.read_arrays([job.line for job in jobs], [job.width_px for job in jobs])
        except Exception as e:  # whatever ONNX Runtime raises: the thread has to live on, and whoever waits has to know
            for job in jobs:
                error = InternalError("the line could not be read")
                error.__cause__ = e
                job.reading.set_exception(error)
            return
        metrics.READ_SECONDS.observe(time.perf_counter() - began)
        metrics.BATCH.observe(len(jobs))
        metrics.LINES.labels(self._recognizer.info.name).inc(len(jobs))
        for job, reading in zip(jobs, readings, strict=True):
            job.reading.set_result(reading)

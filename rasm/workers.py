"""Processes that read, each with a model of its own: one a core, or this process alone.

Where it stands: beneath ``rasm/batch.py``, which asks for pages and files, above ``rasm/reader.py``. What is asked for is a function and
its arguments; the function gets a ``Desk``, which has the process's reader and the file that it opened last.

Threads of one process read a page hardly faster than one thread does: most of a page is many small steps. Processes share nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Concatenate, ParamSpec, Self, TypeVar

import cv2

from rasm.cores import cores
from rasm.errors import WorkerEnded
from rasm.lines.recognizer import ModelInfo
from rasm.pages.files import PageFile, open_pages
from rasm.reader import Reader

P = ParamSpec("P")
T = TypeVar("T")

FEW_PAGES = 8  # are read sooner without other processes, each of which takes half a second of a core to start: some four pages
AHEAD = 4  # tasks a process that are given out before the first of them is needed: one slow page does not keep the others waiting


def shared_out(pages: int, threads: int | None, workers: int | None) -> tuple[int, int | None]:
    """For so many pages: how many processes, and how many threads each has; None: as many as there are cores.

    ``threads``: of all together. ``workers``: the processes asked for.
    """
    most = threads or cores()
    if workers is None and pages <= FEW_PAGES:
        return 1, threads
    count = max(1, min(workers or most, pages))
    return (1, threads) if count == 1 else (count, max(1, most // count))


class Desk:
    """A reader, and the file that it is at."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._key: tuple[object, ...] = ()
        self._bytes: BinaryIO | None = None
        self._file: PageFile | None = None

    def open(self, path: Path, password: str | None, max_pages: int) -> PageFile:
        """The file's pages. It stays open until another is asked for. Raises an ImageError, OSError."""
        found = path.stat()
        key = (path, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, password, max_pages)
        if self._file is None or key != self._key:
            self.clear()
            self._bytes = path.open("rb")  # of a PDF only what is asked for is read: it may be as large as the memory
            self._file, self._key = open_pages(self._bytes, password=password, max_pages=max_pages), key
        return self._file

    def clear(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._bytes is not None:
            self._bytes.close()
            self._bytes = None


@dataclass(frozen=True)
class Opening:
    """How each process opens its reader: the arguments of ``Reader``."""

    model: str
    threads: int | None
    least_confidence: float

    def __call__(self) -> Reader:
        if self.threads:
            cv2.setNumThreads(self.threads)
        return Reader(self.model, threads=self.threads, least_confidence=self.least_confidence)


class Workers:
    """``count`` processes, or this one where ``count`` is 1. A context manager: whatever leaves it ends the processes."""

    def __init__(self, opening: Opening, count: int) -> None:
        """Raises what ``Reader`` raises; the other processes open theirs when they are first needed."""
        self.count = count
        self.desk = Desk(opening())
        self._others = set(multiprocessing.active_children())
        self._pool: ProcessPoolExecutor | None = None
        if count > 1:
            # not forked: ONNX Runtime, OpenCV and PDFium have threads and locks, which a fork would copy as they happen to be
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(count, context, _start, (opening,))

    @property
    def info(self) -> ModelInfo:
        return self.desk.reader.info

    @property
    def ahead(self) -> int:
        """How many tasks are worth giving out before the first one's result is taken."""
        return AHEAD * self.count if self._pool else 1

    def submit(self, task: Callable[Concatenate[Desk, P], T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """``task`` is called with a desk and the arguments; here, at once, where there are no other processes."""
        if self._pool:
            # this may start a process, which inherits what is blocked: Ctrl-C is for this process, which then ends the others
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                return self._pool.submit(_run, task, *args, **kwargs)
            except BrokenProcessPool as e:
                raise _ended() from e
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        done: Future[T] = Future()
        try:
            done.set_result(task(self.desk, *args, **kwargs))
        except Exception as e:  # Ctrl-C goes on
            done.set_exception(e)
        return done

    @staticmethod
    def result(future: Future[T]) -> T:
        """Raises what the task raised, or WorkerEnded."""
        try:
            return future.result()
        except BrokenProcessPool as e:
            raise _ended() from e

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.desk.clear()
        if self._pool:
            if kind is not None:  # nobody wants what they are at
                for process in set(multiprocessing.active_children()) - self._others:
                    process.kill()
            self._pool.shutdown(cancel_futures=True)


def _ended() -> WorkerEnded:
    return WorkerEnded("a process that read was ended from outside; where memory is short, ask for fewer with --workers")


# in the processes

_desk: Desk


def _start(opening: Opening) -> None:
    global _desk
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _desk = Desk(opening())


def _end_with_parent() -> None:
    """Of a parent that was killed a process would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _run(task: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return task(_desk, *args, **kwargs)

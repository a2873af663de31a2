"""PDFs and long TIFFs from strangers: opened and drawn in a process of its own, which may take so much time and memory and no more.

Where it stands: between ``rasm/pages/files.py``, which does the work in that process, and the service, which asks for it here.

A PDF of 600 bytes whose forms draw themselves keeps PDFium busy for hours, and another makes it take all memory. Nothing stops it but
the end of its process. A TIFF of thousands of pages keeps Pillow busy, too. The limit is on processor time, so that it does not matter
what else the machine does. PDFium keeps what it has read of a file, so one that is open for many pages is opened anew every now and then.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import IO, Any, Literal, cast

import pypdfium2 as pdfium

from rasm.document import Box
from rasm.errors import ImageError, TooComplex
from rasm.image import Pixels
from rasm.pages.file_piece import FilePiece
from rasm.pages.files import CLIP_PX, PageFile, open_pages
from rasm.pages.text_layer import TextLayer

ROOT = Path(__file__).resolve().parents[2]
PROCESSOR_S = 20  # for opening a file, or for one page
MEMORY_BYTES = 2**30  # a colour scan of A3 at 600 dots an inch takes half of it
REOPENED_AFTER = 50  # pages
MOST_ENDS = 3  # a file of which so many pages in a row have ended the process is not looked at any more
_ENDED_S = 1.0  # how long a process that no longer answers has to end by itself
LOOK_EVERY_S = 0.5  # how often whoever waits looks whether the answer is still wanted

Operation = Literal["open", "image", "aspect", "text_layer", "clips", "unlocked", "close"]


@dataclass(frozen=True)
class _Request:
    operation: Operation
    file: int
    arguments: Any = None


class _Killed(EOFError):
    """Somebody else has ended the process: an administrator, or a system that has run out of memory. The file need not be why: what a
    page takes too much of ends it otherwise."""


class PdfProcess:
    """One such process, started when it is first needed, and again whenever it has ended."""

    def __init__(self, processor_s: int = PROCESSOR_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self.limits = processor_s, memory_bytes
        self._numbers = count()
        self._lock = threading.RLock()
        self._child: _Child | None = None

    def open(
        self, file: IO[bytes], *, password: str | None, max_pages: int, max_pixels: int, check: Callable[[], None] = lambda: None
    ) -> PageFile:
        """A PDF or a TIFF, as ``rasm.pages.files.open_pages`` opens it; whoever opened ``file`` closes it, later. Raises an ImageError.

        ``check``: called every now and then while anything of this file is waited for; what it raises ends the waiting.
        """
        return _Pages(self, next(self._numbers), file, {"password": password, "max_pages": max_pages, "max_pixels": max_pixels}, check)

    def ask(self, pdf: _Pages, operation: Operation, what: Any, into: IO[bytes] | None = None) -> Any:
        """``into``: a file that the process writes into.

        Raises an ImageError, what ``pdf.check`` raises, _Killed, or EOFError if the process has ended over it.
        """
        with self._turn(pdf.check):
            if self._child is None or self._child.process.poll() is not None:
                self.close()
                self._child = _Child(*self.limits)
            try:
                if pdf.child is not self._child:
                    arguments = (pdf.file.start, pdf.file.size_bytes, pdf.options)
                    pdf.kind, pdf.count = self._child.ask(_Request("open", pdf.number, arguments), pdf.check, pdf.file)
                    pdf.child = self._child
                if operation == "open":
                    return None
                return self._child.ask(_Request(operation, pdf.number, what), pdf.check, into)
            except ImageError:
                raise
            except (EOFError, OSError) as e:
                was_killed = self._child.was_killed()
                self.close()
                raise (_Killed if was_killed else EOFError) from e
            except BaseException:  # it is still at what nobody wants any more, and its answer must not be taken for another one's
                self.close()
                raise

    @contextmanager
    def _turn(self, check: Callable[[], None]) -> Iterator[None]:
        """The process does one thing at a time."""
        while not self._lock.acquire(timeout=LOOK_EVERY_S):
            check()
        try:
            yield
        finally:
            self._lock.release()

    def forget(self, pdf: _Pages) -> None:
        if pdf.child is not self._child:  # it ended meanwhile, or was never asked: no need to wait for others
            return
        with self._lock:
            if self._child is not None and pdf.child is self._child and self._child.process.poll() is None:
                self._child.ask(_Request("close", pdf.number), lambda: None)

    def close(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.end()
                self._child = None


class _Child:
    def __init__(self, processor_s: int, memory_bytes: int) -> None:
        ours, its = socket.socketpair()
        with its:
            command = [sys.executable, "-m", "rasm.pages.pdf_process", str(its.fileno()), str(processor_s), str(memory_bytes)]
            self.process = subprocess.Popen(command, cwd=ROOT, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL)
        self._connection = Connection(ours.detach())

    def ask(self, request: _Request, check: Callable[[], None], file: FilePiece | IO[bytes] | None = None) -> Any:
        """Raises an ImageError; what ``check`` raises; EOFError or OSError if the process has ended."""
        self._connection.send(request)
        if file is not None:
            send_handle(self._connection, file.fileno(), self.process.pid)
        while not self._connection.poll(LOOK_EVERY_S):
            check()
        answer = self._connection.recv()
        if isinstance(answer, ImageError):
            raise answer
        return answer

    def was_killed(self) -> bool:
        """Whether somebody else has ended it, now that it does not answer any more."""
        try:
            return self.process.wait(_ENDED_S) in (-signal.SIGKILL, -signal.SIGTERM)
        except subprocess.TimeoutExpired:
            return False

    def end(self) -> None:
        self._connection.close()
        self.process.kill()
        self.process.wait()


class _Pages(PageFile):
    kind = "pdf"
    count = 0

    def __init__(self, process: PdfProcess, number: int, file: IO[bytes], options: dict[str, Any], check: Callable[[], None]) -> None:
        self.number, self.options, self.check = number, options, check
        self.child: _Child | None = None
        self._process = process
        self._ends = 0
        self._copy: IO[bytes] | None = None
        if isinstance(file, FilePiece):
            self.file = FilePiece(file, file.start, file.size_bytes)
        else:
            try:
                file.fileno()
            except io.UnsupportedOperation:  # it is in memory
                file.seek(0)
                self._copy = tempfile.TemporaryFile()  # noqa: SIM115
                self._copy.write(file.read())
            owned = self._copy or file
            owned.flush()
            self.file = FilePiece(owned)
        try:
            self._ask("open", 0)
        except BaseException:
            self.close()
            raise

    def image(self, index: int) -> Pixels:
        return cast(Pixels, self._ask("image", index))

    def aspect(self, index: int) -> float:
        return float(self._ask("aspect", index))

    def text_layer(self, index: int) -> TextLayer | None:
        return cast("TextLayer | None", self._ask("text_layer", index))

    def clips(self, index: int, boxes: Sequence[Box], most_px: int = CLIP_PX) -> list[Pixels]:
        return cast("list[Pixels]", self._ask("clips", (index, list(boxes), most_px)))

    def write_unlocked(self, into: IO[bytes]) -> None:
        """The PDF into an open file of the system's, without its password. Raises an ImageError."""
        self._ask("unlocked", 0, into)

    def close(self) -> None:
        self._process.forget(self)
        if self._copy is not None:
            self._copy.close()

    def _ask(self, operation: Operation, what: Any, into: IO[bytes] | None = None) -> Any:
        kills = 0
        while self._ends < MOST_ENDS:
            try:
                answer = self._process.ask(self, operation, what, into)
                self._ends = 0
                return answer
            except _Killed:
                kills += 1
                if kills < MOST_ENDS:
                    if into is not None:  # it has written a part
                        into.seek(0)
                        into.truncate()
                    continue
                self._ends += 1
            except EOFError:
                self._ends += 1
            break
        seconds, memory = self._process.limits
        raise TooComplex(
            f"to draw the file's pages takes more than {seconds} s or {memory / 2**20:,.0f} MiB: print them into a PDF, or send pictures"
        )


# in the process


class _Received:
    """An open file that the parent sent."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def fileno(self) -> int:
        return self._handle

    def close(self) -> None:
        os.close(self._handle)


class _Opened:
    def __init__(self, received: _Received, start: int, size_bytes: int, options: dict[str, Any]) -> None:
        self._received, self._options, self._pages_seen = received, options, 0
        self._raw = io.BufferedReader(FilePiece(received, start, size_bytes))
        self._open()

    def _open(self) -> None:
        self._file = open_pages(self._raw, **self._options)
        self.kind, self.count = self._file.kind, self._file.count

    def page(self, operation: Operation, what: Any) -> Any:
        self._pages_seen += 1
        if self._pages_seen % REOPENED_AFTER == 0:
            self._file.close()
            self._open()
        if operation == "clips":
            return self._file.clips(*what)
        return getattr(self._file, operation)(what)

    def write_unlocked(self, handle: int) -> None:
        with os.fdopen(handle, "wb") as into:
            self._file.write_unlocked(into)

    def close(self) -> None:
        self._file.close()
        self._raw.close()
        self._received.close()


def _main(handle: int, processor_s: int, memory_bytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its parent, which may have something to finish
    pdfium.PdfDocument.new().close()  # what PDFium takes in any case
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if Path("/proc/self/statm").exists() else 2**33
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = Connection(handle)
    files: dict[int, _Opened] = {}
    while True:
        try:
            request: _Request = connection.recv()
        except (EOFError, OSError):
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        # the kernel ends the process when it has used so much, whatever it is at
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + processor_s, resource.RLIM_INFINITY))
        try:
            connection.send(_answer(connection, request, files))
        except ImageError as e:
            connection.send(e)
        except MemoryError:
            os._exit(1)
        except BrokenPipeError:  # whoever asked has ended meanwhile
            return


def _answer(connection: Connection, request: _Request, files: dict[int, _Opened]) -> Any:
    if request.operation == "open":
        received = _Received(recv_handle(connection))
        try:
            opened = files[request.file] = _Opened(received, *request.arguments)
        except BaseException:
            received.close()
            raise
        return opened.kind, opened.count
    if request.operation == "close":
        if request.file in files:
            files.pop(request.file).close()
        return None
    if request.operation == "unlocked":
        return files[request.file].write_unlocked(recv_handle(connection))
    return files[request.file].page(request.operation, request.arguments)


if __name__ == "__main__":
    from rasm.pages import pdf_process  # whose classes are those that the parent knows, and not this module's by the name of __main__

    pdf_process._main(*map(int, sys.argv[1:]))

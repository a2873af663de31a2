"""PDFs drawn in a process of their own: as in this one, and what ends the process is told of the page that did it."""

import io
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rasm.errors import EncryptedDocument, ImageError, TooComplex
from rasm.pages.files import open_pages
from rasm.pages.pdf_process import MOST_ENDS, REOPENED_AFTER, PdfProcess, _Child
from tests.backend.documents import ENDLESS
from tests.serving import ROOT

LIMITS: dict[str, Any] = {"password": None, "max_pages": 100, "max_pixels": 40_000_000}


def pdf(pages: int) -> bytes:
    file = io.BytesIO()
    first, *others = [Image.new("L", (100, 100 + i), i) for i in range(pages)]
    first.save(file, "PDF", save_all=True, append_images=others)
    return file.getvalue()


@pytest.fixture
def process() -> Iterator[PdfProcess]:
    process = PdfProcess()
    yield process
    process.close()


def test_pages_are_as_if_drawn_here_however_many_are_asked_for(process: PdfProcess) -> None:
    data = pdf(REOPENED_AFTER + 2)
    with open_pages(data) as here, process.open(io.BytesIO(data), **LIMITS) as there:
        assert here.count == there.count == REOPENED_AFTER + 2
        for index in (0, 1, *[2] * REOPENED_AFTER, REOPENED_AFTER + 1):
            assert np.array_equal(here.image(index), there.image(index))
        assert there.text_layer(0) is None


def test_what_nobody_waits_for_any_more_is_not_drawn_to_its_end(process: PdfProcess) -> None:
    """Neither while it is drawn, nor while others are: the next file does not wait for it, and gets its own answer."""

    class GoneError(Exception):
        pass

    gone = threading.Event()

    def check() -> None:
        if gone.is_set():
            raise GoneError

    endless = process.open(io.BytesIO(ENDLESS["a form that draws itself"]), **LIMITS, check=check)
    gone.set()
    with pytest.raises(GoneError):
        endless.image(0)
    with process.open(io.BytesIO(pdf(1)), **LIMITS) as next_one:
        assert next_one.image(0).size
        with process._lock, ThreadPoolExecutor(1) as pool, pytest.raises(GoneError):
            pool.submit(endless.image, 0).result()
        assert next_one.image(0).size


def test_the_file_can_be_read_here_as_well(process: PdfProcess, tmp_path: Path) -> None:
    """Both have the same open file: where one stands in it is nothing to the other."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (800, 800), np.uint8)).save(file, "PDF")
    (tmp_path / "a.pdf").write_bytes(file.getvalue())
    with (tmp_path / "a.pdf").open("r+b") as shared:
        shared.read(1024)
        with process.open(shared, **LIMITS) as there:
            for _ in range(2):
                assert there.image(0).size
                shared.seek(0)
                assert shared.read() == file.getvalue()
                shared.seek(0)
                shared.read(1024)


def test_a_file_is_not_moved_from_where_its_owner_reads(process: PdfProcess, tmp_path: Path) -> None:
    """Both have the same handle: what the owner has buffered and what it then reads must fit."""
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(60) + b"%" + b"rubbish" * 20_000)
    with path.open("rb") as file:
        file.read(1)
        file.seek(0)
        with process.open(file, **LIMITS) as pages:
            pages.image(59)
            file.seek(0)
            assert file.read() == path.read_bytes()


def test_errors_are_as_here(process: PdfProcess) -> None:
    encrypted = (ROOT / "tests" / "fixtures" / "encrypted.pdf").open("rb")
    with encrypted, pytest.raises(EncryptedDocument, match="give its password"):
        process.open(encrypted, **LIMITS)


def test_a_process_that_somebody_ends_is_started_again_and_no_page_is_blamed(process: PdfProcess) -> None:
    with process.open(io.BytesIO(pdf(2)), **LIMITS) as file:
        first = file.image(0)
        assert process._child is not None
        os.kill(process._child.process.pid, signal.SIGKILL)
        process._child.process.wait()
        assert np.array_equal(file.image(0), first)


def test_a_page_that_ends_the_process_is_told_and_a_file_of_such_pages_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    process = PdfProcess(processor_s=7, memory_bytes=2**25)
    asked: list[int] = []

    def ended(child: Any, request: Any, check: Any, file: Any = None) -> Any:
        if request.operation == "image":
            asked.append(request.arguments)
            child.process.send_signal(signal.SIGXCPU)  # as the kernel does
            child.process.wait()
        return ask(child, request, check, file)

    ask = _Child.ask
    monkeypatch.setattr(_Child, "ask", ended)
    try:
        with process.open(io.BytesIO(pdf(9)), **LIMITS) as file:
            for index in range(9):
                with pytest.raises(TooComplex, match="7 s or 32 MiB"):
                    file.image(index)
        assert asked == list(range(MOST_ENDS))
    finally:
        process.close()


@pytest.mark.parametrize("operation", ["open", "image", "unlocked"])
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_file_that_somebody_kills_the_process_over_is_asked_for_again(
    operation: str, by: signal.Signals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While it is opened, drawn or written. Who does so each time is believed in the end."""
    process, kills, left = PdfProcess(), 0, MOST_ENDS - 1

    def killed(child: Any, request: Any, check: Any, file: Any = None) -> Any:
        nonlocal kills, left
        if request.operation == operation and left:
            kills, left = kills + 1, left - 1
            if operation == "unlocked":
                file.write(b"a part")
                file.flush()
            child.process.send_signal(signal.SIGSTOP)  # it is at it
            threading.Timer(0.2, child.process.send_signal, [by]).start()
            threading.Timer(0.3, child.process.send_signal, [signal.SIGCONT]).start()
        return ask(child, request, check, file)

    ask = _Child.ask
    monkeypatch.setattr(_Child, "ask", killed)
    data = pdf(1)
    try:
        with process.open(io.BytesIO(data), **LIMITS) as file, (tmp_path / "out").open("w+b") as out:
            assert file.count == 1
            assert file.image(0).ndim in (2, 3)
            file.write_unlocked(out)
            out.seek(0)
            assert out.read().startswith(b"%PDF-")
            assert kills == MOST_ENDS - 1
        left = MOST_ENDS
        with pytest.raises(TooComplex), process.open(io.BytesIO(data), **LIMITS) as file, (tmp_path / "out").open("w+b") as out:
            file.image(0)
            file.write_unlocked(out)
        assert left == 0
    finally:
        process.close()


def test_a_page_takes_no_more_than_its_memory() -> None:
    process = PdfProcess(memory_bytes=2**22)
    try:
        with process.open(io.BytesIO(pdf(1)), **LIMITS) as file, pytest.raises(ImageError):
            file.image(0)
    finally:
        process.close()

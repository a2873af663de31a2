"""Files that take long to be opened: they keep nobody else from a line."""

from __future__ import annotations

import io
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rasm.errors import UnreadableImage
from rasm.pages.files import PageFile, open_pages
from tests.backend.documents import LINE, PAGE, TEXT, paper, saved
from tests.serving import PATIENCE_S, error, post

pytestmark = pytest.mark.usefixtures("django_is_set_up", "shipped_model")
PDF = saved("PDF", paper(1))


def overlapping_tiff(directories: int, entries: int, big: bool = False) -> bytes:
    """Each begins some bytes after the one before, and has as many entries. What one calls the next one's place is another's entry."""
    head = b"II+\0\x08\0\0\0" if big else b"II*\0"
    entry, number, place = (20, "<Q", "<Q") if big else (12, "<H", "<I")
    step = 16  # of a multiple of which no number and no place of the next one touches another's
    data = bytearray(b"\0" * (16 + directories * step + entries * entry + 32))
    data[: len(head)] = head
    struct.pack_into(place, data, 8 if big else 4, 16)
    for i in range(directories):
        at = 16 + i * step
        struct.pack_into(number, data, at, entries)
        struct.pack_into(place, data, at + struct.calcsize(number) + entries * entry, at + step)
    return bytes(data)


@pytest.mark.parametrize("big", [False, True])
def test_directories_that_lie_over_each_other_are_not_read(big: bool) -> None:
    data = overlapping_tiff(30, 65_535, big)
    began = time.monotonic()
    with pytest.raises(UnreadableImage, match="entries"):
        open_pages(data)
    assert time.monotonic() - began < 2  # to read them takes twenty
    assert post(("a.tif", data)).status_code == 422


def test_tiffs_of_many_small_directories_are_bounded_in_all() -> None:
    """They need no file that is as large: these lie over each other, too."""
    with pytest.raises(UnreadableImage, match="entries"):
        open_pages(overlapping_tiff(400, 1000))


def test_tiffs_of_several_pages_are_opened_where_they_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """And read as they are here, faxes' oblong pixels among it; one of one page is an image like others."""
    from backend.reading import files

    asked: list[str] = []
    ask = files.pdfs.ask
    monkeypatch.setattr(files.pdfs, "ask", lambda pdf, operation, *rest: (asked.append(operation), ask(pdf, operation, *rest))[1])
    file = io.BytesIO(saved("TIFF", paper(1), paper(2)))
    with open_pages(file.getvalue()) as here, files.open_file(file, "", 9) as there:
        assert there.kind == here.kind == "tiff" and there.count == here.count == 2
        assert [there.aspect(i) for i in range(2)] == [here.aspect(i) for i in range(2)]
        assert all((there.image(i) == here.image(i)).all() for i in range(2))
    assert {"open", "image", "aspect"} <= set(asked)
    asked.clear()
    with files.open_file(io.BytesIO(saved("TIFF", paper(1))), "", 9) as one:
        assert one.count == 1
    assert asked == []


class Slow(PageFile):
    """What is opened until it is let go."""

    kind, count = "pdf", 0

    def __init__(self, begun: threading.Semaphore, go: threading.Event) -> None:
        begun.release()
        assert go.wait(PATIENCE_S)
        raise UnreadableImage("slow")

    def image(self, index: int) -> Any:
        raise NotImplementedError


@pytest.fixture
def slow_pdfs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A context in which so many requests of 64 PDFs wait for them to be opened."""
    from backend.reading import files

    begun, go = threading.Semaphore(0), threading.Event()
    monkeypatch.setattr(files.pdfs, "open", lambda *_, **__: Slow(begun, go))

    def asked(path: str, requests: int, meanwhile: Callable[[], None]) -> list[Any]:
        with ThreadPoolExecutor(requests) as pool:
            waiting = [pool.submit(post, *[("a.pdf", PDF)] * 64, path=path) for _ in range(requests)]
            try:
                for _ in range(requests):
                    assert begun.acquire(timeout=PATIENCE_S)
                meanwhile()
            finally:
                go.set()
            return [reply.result() for reply in waiting]

    return asked


def reads_a_line() -> None:
    reply = post(("line.png", LINE))
    assert reply.status_code == 200 and reply.json()["results"][0]["text"] == TEXT


@pytest.mark.parametrize("path", ["/api/v1/ocr", "/api/v1/jobs"])
def test_pdfs_that_wait_to_be_opened_take_no_room_from_lines(slow_pdfs: Any, path: str) -> None:
    """Nine requests of 64: more than there is room for lines."""
    from django.conf import settings

    assert settings.RASM.queue_lines < 9 * 64
    assert {reply.status_code for reply in slow_pdfs(path, 9, reads_a_line)} == {422}


@pytest.mark.parametrize("path", ["/api/v1/ocr", "/api/v1/jobs"])
def test_above_the_bound_of_those_that_wait_to_be_opened_the_answer_is_503_at_once(slow_pdfs: Any, path: str) -> None:
    from django.conf import settings

    def one_more() -> None:
        refused = post(("a.pdf", PDF), path=path)
        assert error(refused) == (503, "overloaded") and refused["Retry-After"] == "1"
        reads_a_line()

    assert settings.RASM.page_requests < settings.RASM.request_threads
    slow_pdfs(path, settings.RASM.page_requests, one_more)


def test_images_that_turn_out_to_be_pages_take_no_room_from_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.reading import service, turns
    from backend.reading.room import Room

    monkeypatch.setattr(service, "room", Room(8, "full"))
    waiting = threading.BoundedSemaphore(1)
    waiting.acquire()
    monkeypatch.setattr(turns, "_reading", waiting)
    with ThreadPoolExecutor(1) as pool:
        pages = pool.submit(post, *[("page.png", PAGE)] * 8)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not turns.requests._taken and time.monotonic() < deadline:
                time.sleep(0.01)
            reads_a_line()
        finally:
            waiting.release()
        assert pages.result(PATIENCE_S).status_code == 200

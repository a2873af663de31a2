"""Pages beside lines: places, turns, and how few lines of a page wait at a time."""

from __future__ import annotations

import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from rasm.document import Page
from rasm.image import Pixels
from rasm.pages.files import PageFile
from tests.backend.documents import LINE, PAGE, TEXT, paper, saved
from tests.serving import PATIENCE_S, error, file_part, form, post, post_form

pytestmark = pytest.mark.usefixtures("django_is_set_up", "shipped_model")


def test_more_requests_with_pages_than_are_held_are_refused_and_lines_are_not() -> None:
    from django.conf import settings

    from backend.reading import turns

    turns.requests.take(settings.RASM.page_requests)
    try:
        reply = post(("page.png", PAGE))
        assert error(reply) == (503, "overloaded") and reply["Retry-After"] == "1"
        assert post(("line.png", LINE)).status_code == 200
    finally:
        turns.requests.give_back(settings.RASM.page_requests)
    assert post(("page.png", PAGE)).status_code == 200


class Held(PageFile):
    """A PDF whose page is drawn until it is let go."""

    kind, count = "pdf", 1

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def image(self, index: int) -> Pixels:
        self.begun.release()
        assert self.go.wait(PATIENCE_S)
        return paper(1)


def test_lines_are_read_while_pdfs_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and for pictures: as many as images are decoded at a time."""
    from django.conf import settings

    from backend.reading import files as page_files

    held = Held()
    monkeypatch.setattr(page_files.pdfs, "open", lambda *_, **__: held)
    pdf = saved("PDF", paper(1))
    with ThreadPoolExecutor(2 * settings.RASM.threads + 1) as pool:
        read = [pool.submit(post, ("a.pdf", pdf)) for _ in range(settings.RASM.threads)]
        shown = [pool.submit(picture, pdf) for _ in range(settings.RASM.threads)]
        try:
            for _ in (*read, *shown):
                assert held.begun.acquire(timeout=PATIENCE_S)
            assert pool.submit(post, ("line.png", LINE)).result(PATIENCE_S).json()["results"][0]["text"] == TEXT
        finally:
            held.go.set()
        assert [reply.result().status_code for reply in (*read, *shown)] == [200] * 2 * settings.RASM.threads


def picture(data: bytes) -> Any:
    return post_form(form(file_part(data, b"a.pdf", field=b"file")), "/api/v1/picture")


def test_pictures_take_places_among_the_requests_with_pages() -> None:
    from django.conf import settings

    from backend.reading import turns

    turns.requests.take(settings.RASM.page_requests)
    try:
        reply = picture(PAGE)
        assert error(reply) == (503, "overloaded") and reply["Retry-After"] == "1"
        assert post(("broken.pdf", b"%PDF-1.7")).status_code == 503  # who waits for it to be opened occupies a thread, too
    finally:
        turns.requests.give_back(settings.RASM.page_requests)
    assert picture(PAGE).status_code == 200


def test_a_page_never_has_more_than_a_few_lines_in_the_queue() -> None:
    """So that a line that is sent meanwhile waits for these only."""
    from backend.reading import engines, turns
    from backend.reading.batching import QueuedLine

    reader = engines.models().open()
    waiting: list[QueuedLine] = []
    most = 0
    submit = reader.batcher.submit

    def watched(*arguments: Any) -> QueuedLine:
        nonlocal most
        waiting.append(job := submit(*arguments))
        most = max(most, sum(not job.reading.done() for job in waiting))
        return job

    reader.batcher.submit = watched  # type: ignore[method-assign]
    try:
        queued = turns.QueuedRecognizer(reader, None)
        lines = [np.full((48, 100 + 40 * i), 255, np.uint8) for i in range(40)]
        alone = reader.recognizer.read(lines)
        assert queued.read(lines) == alone
    finally:
        del reader.batcher.submit  # type: ignore[method-assign]
    assert len(waiting) == 40 and most <= turns.LINES_AT_A_TIME


def test_pages_that_wait_to_be_read_are_not_all_there_as_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those that wait nor those that have been read: as many as are read and one more, of images and of what is drawn apart."""
    from django.conf import settings

    from backend.reading import service, turns
    from rasm.pages.reader import LineImage, PageImage, PageReader

    there = most = 0
    lock = threading.Lock()

    def count(change: int) -> None:
        nonlocal there, most
        with lock:
            there += change
            most = max(most, there)

    def watched(look: Any) -> Any:
        def watching(*arguments: Any, **options: Any) -> Page | LineImage | PageImage:
            seen: Page | LineImage | PageImage = look(*arguments, **options)
            if isinstance(seen, PageImage):
                count(1)
                weakref.finalize(seen.pixels, count, -1)
            return seen

        return watching

    monkeypatch.setattr(service, "look_at", watched(service.look_at))
    monkeypatch.setattr(PageReader, "look", watched(PageReader.look))
    nobody_reads = threading.BoundedSemaphore(settings.RASM.threads)
    for _ in range(settings.RASM.threads):
        nobody_reads.acquire()
    monkeypatch.setattr(turns, "_reading", nobody_reads)
    image, pdf, bound = saved("PNG", large_paper()), saved("PDF", paper(1), paper(2)), settings.RASM.threads + 1
    waiting = min(bound + 3, settings.RASM.page_requests // 2)
    assert waiting > bound
    with ThreadPoolExecutor(2 * waiting) as pool:
        replies = [pool.submit(post, *[file] * 2) for file in [("a.png", image), ("a.pdf", pdf)] * waiting]
        try:
            deadline = time.monotonic() + PATIENCE_S
            while (turns.requests._taken < 2 * waiting or there < 2 * bound) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(1)  # in which others would be decoded
            reply = post(("line.png", LINE))
            assert reply.status_code == 200 and reply.json()["results"][0]["text"] == TEXT
        finally:
            for _ in range(settings.RASM.threads):
                nobody_reads.release()
        assert [reply.result(PATIENCE_S).status_code for reply in replies] == [200] * 2 * waiting
    assert most == 2 * bound
    assert there == 0


def large_paper() -> Pixels:
    from backend.reading import turns

    page = paper(2)
    height = turns.SMALL_PIXELS // page.shape[1] + 1
    return np.pad(page, ((0, max(0, height - page.shape[0])), (0, 0)), constant_values=255)


def test_a_client_that_goes_away_stops_its_pages() -> None:
    from backend.reading import service
    from backend.reading.errors import ClientGone
    from tests.serving import upload

    gone = threading.Event()
    gone.set()
    with pytest.raises(ClientGone):
        service.read_files(service.Request([upload("p.png", PAGE)], gone=gone))

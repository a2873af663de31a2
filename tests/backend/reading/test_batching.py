"""Lines of all requests in one queue: batches, bounds, those that nobody waits for."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rasm.image import Pixels, decode
from rasm.lines.recognizer import Reading, Recognizer
from tests.serving import (
    PATIENCE_S,
    TINY_MODEL,
    error,
    line_png,
    post,
)

pytestmark = pytest.mark.usefixtures("django_is_set_up")

WIDTHS = [320, 320, 96, 320, 96, 200]
IMAGES = [decode(line_png(width, seed=i)) for i, width in enumerate(WIDTHS)]


class Held(Recognizer):
    """A recogniser that notes its batches, and waits to be let go before it reads."""

    def __init__(self) -> None:
        super().__init__(TINY_MODEL, threads=1)
        self.batches: list[int] = []
        self.taken, self.go = threading.Semaphore(0), threading.Event()

    def read_arrays(self, lines: Sequence[Pixels], widths_px: Sequence[int] | None = None) -> list[Reading]:
        self.batches.append(len(lines))
        self.taken.release()
        assert self.go.wait(PATIENCE_S)
        return super().read_arrays(lines, widths_px)


def held_batcher() -> Any:
    from backend.reading.batching import Batcher

    reader = Held()
    return reader, Batcher(reader, 1)


def submit(reader: Recognizer, batcher: Any, images: Sequence[Pixels], gone: threading.Event | None = None) -> Any:
    return [batcher.submit(reader.prepare(image), image.shape[1], gone) for image in images]


# batches


def test_while_one_is_read_the_others_gather_by_width_oldest_first_and_read_as_if_alone() -> None:
    reader, batcher = held_batcher()
    first = submit(reader, batcher, IMAGES[2:3])
    assert reader.taken.acquire(timeout=PATIENCE_S)  # it was not kept waiting for company
    others = [job for image in IMAGES for job in submit(reader, batcher, [image])]
    reader.go.set()
    readings = [job.reading.result(PATIENCE_S) for job in first + others]
    batcher.close()
    assert reader.batches == [1, 3, 2, 1]
    alone = Recognizer(TINY_MODEL)
    assert readings == [alone.read([image])[0] for image in [IMAGES[2], *IMAGES]]


def test_no_batch_is_larger_than_the_recogniser_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, batcher = held_batcher()
    monkeypatch.setattr(reader, "batch_size", lambda width_px: 4)
    submit(reader, batcher, IMAGES[:1])
    assert reader.taken.acquire(timeout=PATIENCE_S)
    jobs = submit(reader, batcher, [IMAGES[0]] * 10)
    reader.go.set()
    assert len({job.reading.result(PATIENCE_S).text for job in jobs}) == 1
    batcher.close()
    assert reader.batches == [1, 4, 4, 2]


def test_an_int8_model_gets_one_line_at_a_time() -> None:
    reader, batcher = held_batcher()
    reader.info = replace(reader.info, precision="int8")
    reader.go.set()
    for job in submit(reader, batcher, [IMAGES[0]] * 5):
        job.reading.result(PATIENCE_S)
    batcher.close()
    assert reader.batches == [1] * 5


def test_lines_that_nobody_waits_for_are_not_read() -> None:
    from backend.reading.errors import ClientGone

    reader, batcher = held_batcher()
    submit(reader, batcher, IMAGES[:1])
    assert reader.taken.acquire(timeout=PATIENCE_S)
    gone = threading.Event()
    [dropped] = submit(reader, batcher, IMAGES[:1], gone)
    [wanted] = submit(reader, batcher, IMAGES[:1])
    gone.set()
    reader.go.set()
    assert wanted.reading.result(PATIENCE_S)
    assert isinstance(dropped.reading.exception(PATIENCE_S), ClientGone)
    batcher.close()
    assert reader.batches == [1, 1]


def test_a_fault_in_reading_is_told_to_who_waits_and_the_thread_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.reading.errors import InternalError

    reader, batcher = held_batcher()
    reader.go.set()
    with monkeypatch.context() as broken:
        broken.setattr(Recognizer, "log_probabilities", lambda self, images: 1 / 0)
        [job] = submit(reader, batcher, IMAGES[:1])
        assert isinstance(job.reading.exception(PATIENCE_S), InternalError)
    [job] = submit(reader, batcher, IMAGES[:1])
    assert job.reading.result(PATIENCE_S).text
    batcher.close()


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    from backend.reading import service

    service.room.take(10**6)
    try:
        reply = post(("a.png", line_png()))
        assert error(reply) == (503, "overloaded")
        assert int(reply["Retry-After"]) >= 1
    finally:
        service.room.give_back(10**6)
    assert post(("a.png", line_png())).status_code == 200

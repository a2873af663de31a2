"""Drawn pages -> files, by several processes, each with a browser of its own.

Where it stands: what ``python -m model.rendering.pages`` calls. The processes are spawned: a fork of one that has a browser cannot start
another.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from model.rendering.pages.browser import Browser
from model.rendering.pages.documents import page_of
from model.rendering.pages.faces import Faces
from model.rendering.pages.pictures import Pictures
from model.rendering.pages.synthesis import DrawnPage, PageArtist
from model.rendering.pages.wording import Wording
from rasm import formats

_JPEG_QUALITY = 92  # what is coarser, degrade.py makes


@dataclass(frozen=True)
class PageSource:
    """What pages are drawn from."""

    wording: Wording
    faces: Faces
    pictures: Pictures
    kinds: list[str]
    seed: str

    def artist(self, browser: Browser) -> PageArtist:
        return PageArtist(browser, self.wording, self.faces, self.pictures, self.kinds)


def write_pages(source: PageSource, out: Path, numbers: Sequence[int], form: Sequence[str], workers: int) -> Iterator[str]:
    """Write the pages of these numbers; the kind of each, as it is done. form: alto, page. Stopped, it ends processes and browsers."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start, initargs=(source,)) as pool:
        try:
            for done in as_completed([pool.submit(_write, out, number, tuple(form)) for number in numbers]):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_artist: PageArtist | None = None
_source: PageSource | None = None


def _start(source: PageSource) -> None:
    global _source
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop: after the page in hand
    cv2.setNumThreads(1)
    _source = source


def _write(out: Path, number: int, form: Sequence[str]) -> str:
    """Page ``number``, to its files: the labels last, and whole, so that a page that has them is there. Its kind."""
    page = _page(number)
    stem = out / f"{number:06d}"
    cv2.imwrite(f"{stem}.jpg", np.ascontiguousarray(page.pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    for name in form:
        with Path(f"{stem}{formats.SUFFIXES[name]}").open("wb") as file:
            formats.write_pages([page_of(page.labels)], name, file, name=f"{stem.name}.jpg")
    temporary = Path(f"{stem}.json.tmp")
    temporary.write_text(page.labels.to_json(), encoding="utf-8")
    temporary.replace(f"{stem}.json")
    return page.labels.kind


def _page(number: int) -> DrawnPage:
    """The page, by this process's browser; where that fails, by a new one, once: in a long run it may have run out of something."""
    global _artist
    assert _source is not None
    if _artist is not None:
        from playwright.sync_api import Error

        try:
            return _artist.page(f"{_source.seed} {number}")
        except Error:
            _artist.browser.close()
    _artist = _source.artist(Browser())
    return _artist.page(f"{_source.seed} {number}")

"""Rendered pages with known lines: columns, headings, running heads, footnotes, verses, rules, frames, stains, skew.

Where it stands: beside ``model/rendering/lines.py``, whose type it sets; ``python -m model.rendering --pages`` writes them, tests
and ``python -m evaluation`` find lines on them. ``PageSynthesizer.page(seed)`` is a pure function, as ``Synthesizer.line`` is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.rendering.lines import Levels, Synthesizer, _noise
from rasm.errors import DatasetError
from rasm.image import Pixels

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class TrueLine:
    """A line that was set. box: left, top, right, bottom of its ink in pixels of the page. kind: as in ``rasm.document``."""

    text: str
    box: Box
    kind: str


@dataclass(frozen=True)
class SynthPage:
    """A rendered page, uint8 (height, width), and its lines in reading order."""

    pixels: Pixels
    lines: list[TrueLine]
    skew_degrees: float


@dataclass(frozen=True)
class _Placed:
    text: str
    kind: str
    box: tuple[int, int, int, int]


class PageSynthesizer:
    """Sets pages in the fonts and texts of a Synthesizer."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self.synthesizer = synthesizer

    def page(self, seed: int | str) -> SynthPage:
        """The page of this seed."""
        rng = random.Random(f"page {seed}")
        setter = _Setter(self.synthesizer, rng)
        setter.fill()
        ink, matrix, degrees = _turn(rng, setter.ink)
        lines = [TrueLine(line.text, _moved(matrix, line.box), line.kind) for line in setter.lines]
        return SynthPage(_print(rng, ink, setter.size_px), lines, degrees)


class _Setter:
    """A sheet that is filled from the top, column by column, the right one first."""

    def __init__(self, synthesizer: Synthesizer, rng: random.Random) -> None:
        self.synthesizer, self.rng = synthesizer, rng
        self.style = rng.random()
        self.font = rng.choices(synthesizer.arabic, synthesizer.arabic_weights)[0]
        self.size_px = self._set("الحمد لله", 1.0)[2]
        self.pitch = round(self.size_px * rng.uniform(1.45, 2.1))
        self.columns = rng.choice((1, 1, 1, 2, 2, 3))
        column_px = round(self.size_px * rng.uniform(11, 15) if self.columns > 1 else self.size_px * rng.uniform(18, 26))
        self.gutter = round(self.size_px * rng.uniform(1.2, 2.2))
        margin = round(self.size_px * rng.uniform(2, 4))
        text_px = self.columns * column_px + (self.columns - 1) * self.gutter
        self.column_px, self.left, self.right = column_px, margin, margin + text_px
        height = round((text_px + 2 * margin) * rng.uniform(1.25, 1.5))
        self.top, self.bottom = margin, height - margin
        self.ink: Levels = np.zeros((height, text_px + 2 * margin), np.float32)
        self.lines: list[_Placed] = []

    def fill(self) -> None:
        rng = self.rng
        framed = rng.random() < 0.25
        y = self.top + self.pitch
        if rng.random() < 0.6:  # a running head, with the page's number beside it
            self._place(self._text(rng.randint(10, 24)), (self.left + self.right) // 2, y, "header", align="centre")
            self._place(str(rng.randint(1, 400)).translate(_DIGITS), self.right if rng.random() < 0.5 else self.left, y, "page-number")
            self.lines.sort(key=lambda line: -line.box[2])  # as all that stands in one row, from the right
            if rng.random() < 0.6:
                self._rule(y + round(0.6 * self.pitch), self.left, self.right)
            y += round(1.7 * self.pitch)
        if rng.random() < 0.4:
            self._place(self._text(rng.randint(6, 18)), (self.left + self.right) // 2, y + self.pitch // 3, "heading", 1.35, "centre")
            y += round(2 * self.pitch)
        notes = rng.randint(1, 4) if rng.random() < 0.4 and self.columns == 1 else 0
        bottom = self.bottom - (notes + 1) * round(0.85 * self.pitch) if notes else self.bottom
        for column in range(self.columns):
            right = self.right - column * (self.column_px + self.gutter)
            self._column(right, y, bottom)
            if column and rng.random() < 0.3:
                middle = right + self.gutter // 2
                cv2.line(self.ink, (middle, y - self.pitch // 2), (middle, bottom), 255.0, max(1, self.size_px // 20))
        if notes:
            note_y = bottom + round(0.5 * self.pitch)
            self._rule(note_y - round(0.6 * self.pitch), self.right - self.column_px // rng.choice((1, 3)), self.right)
            for n in range(1, notes + 1):
                mark = f"({n}) ".translate(_DIGITS)
                self._place(mark + self._text(rng.randint(15, 40)), self.right, note_y + round(0.2 * self.pitch), "footnote", 0.8)
                note_y += round(0.85 * self.pitch)
        if framed:
            gap = round(0.7 * self.size_px)
            for k in range(rng.randint(1, 2)):
                corner = (self.left - gap - 6 * k, self.top - gap - 6 * k), (self.right + gap + 6 * k, self.bottom + self.pitch + 6 * k)
                cv2.rectangle(self.ink, *corner, 255.0, rng.randint(1, 4))

    def _column(self, right: int, y: int, bottom: int) -> None:
        rng = self.rng
        start = True
        while y < bottom:
            if self.columns == 1 and rng.random() < 0.03:
                y = self._verses(right, y, min(bottom, y + rng.randint(1, 9) * self.pitch))
                start = True
                continue
            last = rng.random() < 0.15
            indent = round(1.3 * self.size_px) if start else 0
            width = round((self.column_px - indent) * (rng.uniform(0.3, 0.9) if last else 1.0))
            self._place(self._text(round(width / self.size_px * 2.4)), right - indent, y, "paragraph", width_px=width)
            start = last
            y += self.pitch
            if last and rng.random() < 0.2:
                y += self.pitch // 2

    def _verses(self, right: int, y: int, bottom: int) -> int:
        """Verses of one rhyme down to ``bottom``, their halves under one another; where the next line stands."""
        gap = round(self.size_px * self.rng.uniform(1.5, 4))
        half = (self.column_px - gap) // 2
        rhyme = _last_letter(self._text(20))
        while y < bottom:
            for x, ending in ((right, None), (right - half - gap, rhyme)):
                self._place(self._half(half, ending), x, y, "paragraph", width_px=half)
            y += self.pitch
        return y

    def _half(self, width_px: int, ending: str | None) -> str:
        """A text that fills nearly ``width_px``, and ends in this letter. Where none is found, any."""
        for _ in range(60):
            words = self._text(round(width_px / self.size_px * self.rng.uniform(2.0, 2.6))).split()
            while len(words) > 2 and ending and _last_letter(words[-1]) != ending:
                words.pop()
            text = " ".join(words)
            if not ending or _last_letter(text) == ending:
                width = self._set(text, 1.0)[0].shape[1]
                if 0.83 * width_px < width <= width_px:
                    break
        return text

    def _text(self, characters: int) -> str:
        return self.synthesizer.sampler.sample(self.rng, max(4, characters))

    def _set(self, text: str, scale: float) -> tuple[NDArray[np.uint8], int, int]:
        """Ink, baseline and size of a text in this page's style; the ink is empty where the fonts lack a character."""
        try:
            ink, baseline, size_px = self.synthesizer._ink(random.Random(self.style), text, self.font)
        except DatasetError:
            return np.zeros((0, 0), np.uint8), 0, 0
        if ink.size and scale != 1.0:
            ink = np.asarray(cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
            baseline = round(baseline * scale)
        return ink, baseline, size_px

    def _place(self, text: str, x: int, y: int, kind: str, scale: float = 1.0, align: str = "right", width_px: int | None = None) -> None:
        """Set ``text`` with its right end, or its middle, at ``x`` and its baseline at ``y``; words are left out until it fits."""
        limit = width_px or (self.right - self.left if align == "centre" else max(x - self.left, 4 * self.size_px))
        words = text.split()
        while words:
            ink, baseline, _ = self._set(" ".join(words), scale)
            if ink.size == 0:
                return
            if ink.shape[1] <= limit:
                break
            words = words[: min(len(words) - 1, int(len(words) * limit / ink.shape[1]) or 1)]
        if not words:
            return
        if width_px and 0.82 * width_px < ink.shape[1]:  # justified
            ink = np.asarray(cv2.resize(ink, (width_px, ink.shape[0])), np.uint8)
        height, width = ink.shape
        left = x - width // 2 if align == "centre" else max(0, x - width) if x > self.left else x
        top = y - baseline
        part = self.ink[max(0, top) : top + height, left : left + width]
        if part.shape[0] < height - max(0, -top) or part.shape[1] < width:
            return
        np.maximum(part, ink[max(0, -top) :], out=part)
        self.lines.append(_Placed(" ".join(words), kind, (left, max(0, top), left + width, top + height)))

    def _rule(self, y: int, left: int, right: int) -> None:
        cv2.line(self.ink, (left, y), (right, y), 255.0, max(1, self.size_px // 18))


_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def _last_letter(text: str) -> str:
    return next((c for c in reversed(text) if c.isalpha()), "")


def _turn(rng: random.Random, ink: Levels) -> tuple[Levels, NDArray[Any], float]:
    degrees = rng.gauss(0, 1.0) if rng.random() < 0.6 else 0.0
    height, width = ink.shape
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0))
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32), matrix, degrees


def _moved(matrix: NDArray[Any], box: tuple[int, int, int, int]) -> Box:
    left, top, right, bottom = box
    corners = np.array([(left, top, 1), (right, top, 1), (left, bottom, 1), (right, bottom, 1)]) @ matrix.T
    return tuple(float(v) for v in (*corners.min(axis=0), *corners.max(axis=0)))  # type: ignore[return-value]


def _print(rng: random.Random, ink: Levels, size_px: int) -> Pixels:
    """Ink on paper: its spread, the paper's colour, a shadow, stains, a mark of water, noise, and the file's compression."""
    shape = ink.shape
    ink = cv2.GaussianBlur(ink, (0, 0), size_px * rng.uniform(0.008, 0.022))
    cut = rng.uniform(70, 140)
    ink = np.clip((ink - cut) * rng.uniform(1.5, 4) + 128, 0, 255) / 255
    if rng.random() < 0.3:
        return np.asarray(255 - 255 * (ink > 0.5), np.uint8)  # bilevel, as most scans of books
    paper = np.full(shape, rng.uniform(190, 255), np.float32)
    if rng.random() < 0.4:
        paper *= np.linspace(rng.uniform(0.65, 1), 1, shape[1], dtype=np.float32)
    if rng.random() < 0.4:
        paper += _noise(rng, shape, 30) * rng.uniform(1, 5)
    for _ in range(rng.randint(0, 3)):  # stains
        spot = np.zeros(shape, np.float32)
        cv2.circle(spot, (rng.randrange(shape[1]), rng.randrange(shape[0])), round(size_px * rng.uniform(1, 4)), 1.0, -1)
        paper -= cv2.GaussianBlur(spot, (0, 0), size_px * 0.5) * rng.uniform(10, 50)
    if rng.random() < 0.15:
        mark = np.zeros(shape, np.uint8)
        place = (shape[1] // 4, shape[0] // 2)
        cv2.putText(mark, "ARCHIVE", place, cv2.FONT_HERSHEY_TRIPLEX, size_px / 12, 1.0, max(2, size_px // 6))
        paper -= mark.astype(np.float32) * rng.uniform(20, 50)
    page = paper * (1 - ink) + rng.uniform(0, 60) * ink + _noise(rng, shape) * rng.uniform(0, 6)
    pixels = np.clip(page, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(40, 90)])
        pixels = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return pixels

"""Pages for tests: golden lines, whose texts are known, pasted on white paper."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from rasm.image import Pixels, decode, to_grey
from tests.paths import GOLDEN


def golden_line(name: str, height_px: int = 48) -> Pixels:
    """A golden line, bilevel, ``height_px`` high."""
    grey = to_grey(decode((GOLDEN / f"{name}.png").read_bytes()))
    grey = np.asarray(cv2.normalize(grey, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]
    grey = np.asarray(
        cv2.resize(grey, (round(grey.shape[1] * height_px / grey.shape[0]), height_px), interpolation=cv2.INTER_AREA), np.uint8
    )
    return np.where(grey < 150, grey, 255).astype(np.uint8)


def golden_text(name: str) -> str:
    return (GOLDEN / f"{name}.gt.txt").read_text(encoding="utf-8").strip()


def nearly(read: Sequence[str], wanted: Sequence[str], edits: int = 2) -> bool:
    """Whether each line is the wanted one but for two signs. Where lines are, and in which order, is asked: a pixel more around a line
    may make the recogniser slip, on full stops that stand apart above all."""
    pairs = zip(read, wanted, strict=False)
    return len(read) == len(wanted) and all(Levenshtein.distance(" ".join(a.split()), b) <= edits for a, b in pairs)


def sheet(lines: list[tuple[Pixels, int, int]], width_px: int, height_px: int) -> Pixels:
    """White paper with each line's right upper corner at (x, y)."""
    paper = np.full((height_px, width_px), 255, np.uint8)
    for line, x, y in lines:
        part = paper[y : y + line.shape[0], x - line.shape[1] : x]
        np.minimum(part, line, out=part)
    return paper


def prose_page() -> tuple[Pixels, list[str]]:
    """A page of nine lines, and their texts."""
    line, text = golden_line("figures"), golden_text("figures")
    # each a little further in: what stood exactly under one another would be columns of signs
    return sheet([(line, 960 - 31 * i % 70, 80 + 72 * i) for i in range(9)], 1030, 800), [text] * 9


def scribble(width_px: int = 700, seed: int = 0) -> Pixels:
    """Ink in the shape of a line that says nothing: a golden line, cut into strips that stand on their heads in another order. Of 120 such
    lines the models are sure of two to more than 0.7, of none to 0.75."""
    line = golden_line("figures")[:, :width_px]
    strips = [np.flipud(line[:, x : x + 14]) for x in range(0, width_px, 14)]
    np.random.default_rng(seed).shuffle(strips)
    return np.ascontiguousarray(np.hstack(strips))


def page_with_a_scribble() -> Pixels:
    """Two stretches of a line that are read, and below them one that cannot be, with more than a quarter of the page's signs."""
    line = golden_line("figures")
    return sheet([(line[:, 250:], 960, 80), (line[:, 545:], 930, 152), (scribble(), 900, 300)], 1030, 460)

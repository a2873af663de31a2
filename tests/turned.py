"""Pages whose text is known without reading, level or turned, with boxes as the reader gives them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rasm.document import Box, Character, Line, Page, Region, Word

LETTER_PX, HEIGHT_PX = 14, 40


def level_page(texts: list[str]) -> Page:
    """Lines of letters that are all as wide, in one paragraph."""
    width = 2 * 60 + LETTER_PX * max(map(len, texts))
    lines = [_line(text, width - 60, 80 + 80 * i) for i, text in enumerate(texts)]
    box = (60.0, 80.0, width - 60.0, lines[-1].box[3])
    return Page(1, width, 160 + 80 * len(texts), [Region("paragraph", box, lines)])


def _line(text: str, right: float, top: float) -> Line:
    words, end = [], right
    for word in text.split():
        signs = [
            Character(sign, 1.0, (end - LETTER_PX * (i + 1), top, end - LETTER_PX * i, top + HEIGHT_PX)) for i, sign in enumerate(word)
        ]
        words.append(Word(word, 1.0, (signs[-1].box[0], top, end, top + HEIGHT_PX), signs))
        end = signs[-1].box[0] - LETTER_PX
    left = words[-1].box[0]
    return Line(
        text, 1.0, (left, top, right, top + HEIGHT_PX), [(left, top + 30), ((left + right) / 2, top + 30), (right, top + 30)], words
    )


def turned_page(page: Page, degrees: float) -> Page:
    """A level page as it is read once its picture is turned counter-clockwise, on paper that is large enough."""
    radians = math.radians(degrees)
    turn = np.array([[math.cos(radians), math.sin(radians)], [-math.sin(radians), math.cos(radians)]])

    def moved(points: list[tuple[float, float]]) -> np.ndarray:
        return np.array(points) @ turn.T

    def box(b: Box) -> Box:
        corners = moved([(b[0], b[1]), (b[2], b[1]), (b[2], b[3]), (b[0], b[3])]) - origin
        return (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())

    def line(v: Line) -> Line:
        words = [replace(w, box=box(w.box), characters=[replace(c, box=box(c.box)) for c in w.characters]) for w in v.words]
        return replace(v, box=box(v.box), words=words, baseline=sorted(map(tuple, (moved(v.baseline) - origin).tolist())))

    paper = moved([(0, 0), (page.width_px, 0), (page.width_px, page.height_px), (0, page.height_px)])
    origin = paper.min(axis=0)
    width, height = (paper.max(axis=0) - origin).round().astype(int).tolist()
    rotation = round(degrees / 90) * 90 % 360
    regions = [replace(r, box=box(r.box), lines=[line(v) for v in r.lines]) for r in page.regions]
    skew = round(degrees - 90 * round(degrees / 90), 2)
    return replace(page, width_px=width, height_px=height, regions=regions, rotation_degrees=rotation, skew_degrees=skew)

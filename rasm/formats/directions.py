"""Which way the lines of a page run on the picture as it was given, and how they stand once it is turned level.

Where it stands: between ``rasm/document.py``, whose boxes are upright on the picture as it was given, and the formats that say how
text is turned. A direction is the degrees, counter-clockwise, by which the text is turned. 0 is level and upright, 90 runs from the
bottom to the top. hOCR and ALTO count so too.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rasm.document import Box, Character, Line, Page, Word

_OWN_DEGREES = 1.0  # a line that differs less from the page's other lines runs as they do: its baseline is no better than that
_LONG = 10.0  # a line has to be so many times as long as it is high to show its direction
_LEVEL_DEGREES = 2.5  # less is taken to be level: it is half a line at a line's ends, and Poppler parts words that are turned


def directions(page: Page) -> list[float]:
    """That of each line of ``page.lines``. All lines of a flat page have one; those of a photograph may fan out."""
    askew = [_askew(line, page.rotation_degrees) for line in page.lines]
    known = [(own, len(line.words)) for own, line in zip(askew, page.lines, strict=True) if own is not None]
    usual = float(np.median(np.repeat(*map(np.array, zip(*known, strict=True))))) if known else 0.0
    ways = [usual if own is None or abs(own - usual) < _OWN_DEGREES else own for own in askew]
    return [page.rotation_degrees + (way if abs(way) > _LEVEL_DEGREES else 0.0) for way in ways]


def _askew(line: Line, rotation_degrees: int) -> float | None:
    """By how much its baseline is turned besides; None where it is too short to tell."""
    upright = levelled(line, rotation_degrees)
    if len(upright.baseline) < 2:
        return None
    (x0, y0), (x1, y1) = upright.baseline[0], upright.baseline[-1]
    heights = [word.box[3] - word.box[1] for word in upright.words]
    if not heights or x1 - x0 < _LONG * float(np.median(heights)):
        return None
    return -math.degrees(math.atan2(y1 - y0, x1 - x0))


def turn(degrees: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """2 x 2: points (x, y) of the picture, y downwards, turned clockwise around its upper left corner."""
    radians = math.radians(degrees)
    return np.round([[math.cos(radians), -math.sin(radians)], [math.sin(radians), math.cos(radians)]], 12)


def levelled(line: Line, degrees: float) -> Line:
    """The line when its picture is turned clockwise by ``degrees``, its own direction: as if it had been read so. Turned around the
    upper left corner, so coordinates may be below 0."""

    def word(w: Word) -> Word:
        return replace(w, box=_levelled(w.box, degrees), characters=[sign(c) for c in w.characters])

    def sign(c: Character) -> Character:
        return replace(c, box=_levelled(c.box, degrees))

    words = [word(w) for w in line.words]
    boxes = [w.box for w in words] or [_levelled(line.box, degrees)]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    baseline = sorted((x, y) for x, y in (np.array(line.baseline).reshape(-1, 2) @ turn(degrees).T).tolist())
    return replace(line, box=box, words=words, baseline=baseline)


def _levelled(box: Box, degrees: float) -> Box:
    """The rectangle that stands level when the picture is turned, and around which ``box`` is. Where that cannot be, as of boxes that
    are not around anything level, one of at least a pixel each way."""
    width, height = box[2] - box[0], box[3] - box[1]
    quarters = round(degrees / 90)
    if quarters % 2:
        width, height = height, width
    askew = math.radians(abs(degrees - 90 * quarters))
    if askew > math.radians(30):  # hardly anything can be told of them
        askew = 0.0
    c, s = math.cos(askew), math.sin(askew)
    width, height = (width * c - height * s) / (c * c - s * s), (height * c - width * s) / (c * c - s * s)
    x, y = turn(degrees) @ ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    half_width, half_height = max(1.0, width) / 2, max(1.0, height) / 2
    return x - half_width, y - half_height, x + half_width, y + half_height

"""A page of a file -> a Page: decide what it is, then straighten, find, order, crop, read, and put together.

Where it stands: at the top of ``rasm/pages``. ``rasm/reader.py``, ``python -m evaluation`` and the service call it. ``look`` decides, for
all of them, whether a page's own text is taken, or its picture is read as one line or as a page.

Which way is up is best seen by reading: a page that reads badly is tried the other ways, and the surest reading is kept. What the
recogniser is very unsure of is no text: pictures and ornaments leave such lines. The page tells them as unread (``unread.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rasm.document import Box, Character, Line, Page, Region, RegionKind, Unread, UnreadReason, Word
from rasm.errors import ImageTooSmall, LineTooLong
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages import verses
from rasm.pages.crops import Crop, cut_lines
from rasm.pages.dewarp import straightened
from rasm.pages.files import PageFile
from rasm.pages.flatten import Matrix, is_sideways
from rasm.pages.order import PageLines, in_reading_order
from rasm.pages.segment import FoundLines, LineShape, find_lines, look_for_line
from rasm.pages.unread import LEAST_CONFIDENCE, Unreadable, checked, judged
from rasm.text.normalisation import finish_reading

Mode = Literal["auto", "page", "line"]
TextLayer = Literal["ignore", "use"]

_UNSURE = 0.85  # a page below this is tried the other ways up: upside down it is read to 0.75, the right way up to 0.97
_SURE = 0.95  # nor is a page above this, whatever its profile
_CLEARLY = 0.1  # by how much surer another way has to be
_SAMPLE_LINES = 6  # of a page, to tell which way is up
_LINE_BASELINE = 0.7  # of the height of an image of one line
_NUMBER = re.compile(r"[\W_]*[0-9٠-٩۰-۹]{1,4}[\W_]*")
_NOTE = re.compile(r"[(\[«]? ?([0-9٠-٩۰-۹]{1,2}|\*) ?[)\]»\-.]")


_Sign = tuple[str, float, float, float]  # text, confidence, left and right on the levelled page


@dataclass(frozen=True)
class LineImage:
    """An image of one line. pixels: (height, width) or (height, width, 3). number: its page's, from 1."""

    pixels: Pixels
    number: int = 1


@dataclass(frozen=True)
class PageImage:
    """An image of a page. has_text_layer: whether the page has sound text of its own as well. found: its lines, where deciding that it is
    a page took finding them."""

    pixels: Pixels
    number: int = 1
    has_text_layer: bool = False
    found: FoundLines | None = field(default=None, repr=False)


def look(file: PageFile, index: int, *, mode: Mode = "auto", text_layer: TextLayer = "ignore") -> Page | LineImage | PageImage:
    """What page ``index``, from 0, of an open file is: a Page where its own text is taken, else the picture that has to be read.

    ``mode``: whether images are of lines or of pages; "auto" looks. A PDF has pages in any case. ``text_layer``: "use" what a PDF says
    by itself where it is sound. Raises an ImageError where the page cannot be used.
    """
    layer = file.text_layer(index)
    if text_layer == "use" and layer is not None:
        return layer
    return look_at(file.image(index), number=index + 1, mode="page" if file.kind == "pdf" else mode, has_text_layer=layer is not None)


def look_at(pixels: Pixels, *, number: int = 1, mode: Mode = "auto", has_text_layer: bool = False) -> LineImage | PageImage:
    """``look`` at a picture alone, as ``rasm.image.decode`` gives it."""
    is_line, found = (mode == "line", None) if mode != "auto" else look_for_line(pixels)
    return LineImage(pixels, number) if is_line else PageImage(pixels, number, has_text_layer, found)


def page_of_line(reading: Reading, width: int, height: int, *, number: int = 1) -> Page:
    """What was read on an image of one line, ``width`` by ``height`` pixels, as a Page of kind "line". Its words are as high as the image.
    A line that was read as empty is there too: its confidence says how sure that is."""
    whole = (0.0, 0.0, float(width), float(height))
    words = []
    for signs in _signs_of_words(reading, 0):
        boxes = [(left, 0.0, max(right, left + 1), whole[3]) for _, _, left, right in signs]
        box = (min(box[0] for box in boxes), 0.0, max(box[2] for box in boxes), whole[3])
        words.append(_word(box, signs, iter(boxes)))
    baseline = [(0.0, _LINE_BASELINE * height), (whole[2], _LINE_BASELINE * height)]
    line = Line(reading.text, reading.confidence, whole, baseline, words)
    return Page(number, width, height, [Region("paragraph", whole, [line])], kind="line")


def crops_of(pixels: Pixels) -> list[Pixels]:
    """The images of the lines of a page, in reading order; an image of one line is that line."""
    image = look_at(pixels)
    if isinstance(image, LineImage):
        return [pixels]
    found = find_lines(pixels) if image.found is None else image.found
    return [crop.pixels for crop in cut_lines(in_reading_order(found))]


@dataclass(frozen=True)
class _Found:
    """A page without perspective, turned by ``rotation_degrees`` clockwise, its lines, and the 3 x 3 way back to the page as given."""

    lines: PageLines
    crops: list[Crop]
    to_page: Matrix
    rotation_degrees: int


class PageReader:
    """Reads lines and pages with a recogniser. May be called from several threads at once."""

    def __init__(self, recognizer: Recognizer, *, least_confidence: float = LEAST_CONFIDENCE, orient: bool = True) -> None:
        """``least_confidence``: what a line needs to be text; see ``unread.py``. ``orient``: whether pages that lie on their side or stand
        on their head are to be recognised as such. Raises ConfigError."""
        self.recognizer = recognizer
        self.least_confidence = checked(least_confidence)
        self.orient = orient

    def asking(self, least_confidence: float) -> PageReader:
        """The same reader with another bound; what is heavy is shared. Raises ConfigError."""
        other = copy(self)
        other.least_confidence = checked(least_confidence)
        return other

    def read(self, image: PageImage) -> Page:
        """A page without text has no regions."""
        pixels = image.pixels
        straight = straightened(pixels)
        flat, to_photo = (pixels, np.eye(3)) if straight is None else straight
        found = _find(flat, 0, to_photo, image.found if straight is None else None)
        readings = self._read(found.crops)
        sureness = _sureness(readings)
        if self.orient and found.crops and (sureness < _UNSURE or (sureness < _SURE and is_sideways(found.lines.flat.ink))):
            found, readings = self._oriented(flat, to_photo, found, readings)
        regions: dict[int, list[tuple[LineShape, Line]]] = {}
        unread: list[Unread] = []
        for line, crop, reading in zip(found.lines.lines, found.crops, readings, strict=True):
            verdict = judged(reading, self.least_confidence)
            if verdict == "text" and isinstance(reading, Reading):
                regions.setdefault(line.region, []).append((line, _place(found.to_page, line, crop, reading)))
            elif verdict != "nothing" and verdict != "text":
                unread.append(_unread(_boxes(found.to_page, [line.box])[0], verdict, reading))
        return Page(
            image.number,
            pixels.shape[1],
            pixels.shape[0],
            _regions(verses.joined(list(regions.values())), found.lines),
            found.rotation_degrees,
            round(found.lines.flat.skew_degrees, 2),
            has_text_layer=image.has_text_layer,
            unread=unread,
        )

    def read_line(self, image: LineImage) -> Page:
        """Raises LineTooLong, ImageTooSmall."""
        (reading,) = self.recognizer.read([image.pixels])
        height, width = image.pixels.shape[:2]
        return page_of_line(reading, width, height, number=image.number)

    def read_from(self, file: PageFile, index: int, *, mode: Mode = "auto", text_layer: TextLayer = "ignore") -> Page:
        """Page ``index``, from 0, of an open file: ``look``, and read what has to be read. Raises an ImageError."""
        seen = look(file, index, mode=mode, text_layer=text_layer)
        if isinstance(seen, Page):
            return seen
        return self.read_line(seen) if isinstance(seen, LineImage) else self.read(seen)

    def _oriented(
        self, page: Pixels, to_photo: Matrix, found: _Found, readings: list[Reading | Unreadable]
    ) -> tuple[_Found, list[Reading | Unreadable]]:
        """The way up in which a few lines read best, and what the page says that way."""
        best, sureness = found, _sureness([readings[i] for i in _sample_of(found, _SAMPLE_LINES)]) + _CLEARLY
        for degrees in (180, 90, 270):
            turned = _find(page, degrees, to_photo)
            if (now := _sureness(self._read(_sample(turned, _SAMPLE_LINES)))) > sureness:
                best, sureness = turned, now
        return (found, readings) if best is found else (best, self._read(best.crops))

    def _read(self, crops: Sequence[Crop]) -> list[Reading | Unreadable]:
        """Of a crop that is no line, why it is none."""
        found: dict[int, Reading | Unreadable] = {}
        prepared: dict[int, Pixels] = {}
        for i, crop in enumerate(crops):
            try:
                prepared[i] = self.recognizer.prepare(crop.pixels)
            except LineTooLong:
                found[i] = "too-wide"
            except ImageTooSmall:
                found[i] = "too-small"
        readings = self.recognizer.read_arrays([*prepared.values()], [crops[i].pixels.shape[1] for i in prepared])
        found.update(zip(prepared, readings, strict=True))
        return [found[i] for i in range(len(crops))]


def _find(page: Pixels, rotation_degrees: int, to_photo: Matrix, found: FoundLines | None = None) -> _Found:
    """``found``: the lines, where they are known already."""
    turned = np.ascontiguousarray(np.rot90(page, -rotation_degrees // 90)) if rotation_degrees else page
    lines = in_reading_order(find_lines(turned) if found is None else found)
    height, width = page.shape[:2]
    back = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, 1, 0], [-1, 0, height]],
        180: [[-1, 0, width], [0, -1, height]],
        270: [[0, -1, width], [1, 0, 0]],
    }[rotation_degrees]
    to_page = to_photo @ np.array([*back, [0, 0, 1]], np.float64) @ np.vstack([lines.to_page, [0, 0, 1]])
    return _Found(lines, cut_lines(lines), to_page, rotation_degrees)


def _sample_of(found: _Found, count: int) -> list[int]:
    """The lines with the most ink."""
    return sorted(range(len(found.crops)), key=lambda i: -found.lines.lines[i].ink_px)[:count]


def _sample(found: _Found, count: int) -> list[Crop]:
    return [found.crops[i] for i in _sample_of(found, count)]


def _sureness(readings: Sequence[Reading | Unreadable]) -> float:
    """The mean confidence, weighted by length."""
    read = [reading for reading in readings if isinstance(reading, Reading)]
    length = sum(len(reading.text) for reading in read)
    return sum(reading.confidence * len(reading.text) for reading in read) / length if length else 0.0


def _unread(box: Box, reason: UnreadReason, reading: Reading | Unreadable) -> Unread:
    """``box``: on the page as it was given."""
    return Unread(box, reason, reading.text, reading.confidence) if isinstance(reading, Reading) and reading.text else Unread(box, reason)


def _signs_of_words(reading: Reading, left_px: float) -> list[list[_Sign]]:
    """The signs between spaces, ``left_px`` to the right of where they were read."""
    groups: list[list[_Sign]] = [[]]
    for text, confidence, start_px, end_px in reading.signs:
        if not text.isspace():
            groups[-1].append((text, confidence, left_px + start_px, left_px + end_px))
        elif groups[-1]:
            groups.append([])
    return [signs for signs in groups if signs]


def _place(to_page: Matrix, line: LineShape, crop: Crop, reading: Reading) -> Line:
    """A reading with the boxes of its words and characters, in pixels of the page as it was given."""
    groups = _signs_of_words(reading, crop.left_px)
    boxes: list[Box] = [line.box]
    for signs, (left, top, right, bottom) in zip(groups, _word_boxes(line, groups), strict=True):
        boxes.append((left, top, right, bottom))
        for _, _, a, b in signs:  # the ink may end before the network says that a letter begins
            first = min(max(a, left), max(left, right - 1))
            boxes.append((first, top, min(max(b, first + 1), max(right, first + 1)), bottom))
    moved = iter(_boxes(to_page, boxes))  # all at once: NumPy is slow at single boxes
    box = next(moved)
    words = [_word(next(moved), signs, moved) for signs in groups]
    points = _moved(to_page, line.baseline)
    if points[0][0] > points[-1][0]:
        points = points[::-1]
    return Line(reading.text, reading.confidence, box, points, words)


def _word_boxes(line: LineShape, words: Sequence[Sequence[_Sign]]) -> list[Box]:
    """Where each word stands on the levelled page."""
    if not words:
        return []
    lefts = np.array([[min(s[2] for s in signs)] for signs in words])
    rights = np.array([[max(s[3] for s in signs)] for signs in words])
    middles = (line.parts[:, 0] + line.parts[:, 2]) / 2
    own = (middles > lefts - 0.2 * line.size_px) & (middles < rights + 0.2 * line.size_px)  # (words, parts)
    far = np.int64(1 << 40)
    first, top = (np.where(own, line.parts[:, i], far).min(axis=1, initial=far) for i in (0, 1))
    last, bottom = (np.where(own, line.parts[:, i], -far).max(axis=1, initial=-far) for i in (2, 3))
    # the ink is where it is; the network's borders are good to half a letter
    slack = 0.6 * line.size_px
    lefts, rights = lefts[:, 0], rights[:, 0]
    inked = own.any(axis=1)
    edges = (
        np.where(inked, np.maximum(lefts - slack, np.minimum(first, lefts + slack)), lefts),
        np.where(inked, top, line.box[1]),
        np.where(inked, np.minimum(rights + slack, np.maximum(last, rights - slack)), rights),
        np.where(inked, bottom, line.box[3]),
    )
    return list(zip(*(edge.astype(float).tolist() for edge in edges), strict=True))


def _word(box: Box, signs: Sequence[_Sign], boxes: Iterator[Box]) -> Word:
    """A word of ``signs``, whose own boxes come next in ``boxes``."""
    characters = [Character(text, confidence, next(boxes)) for text, confidence, _, _ in signs]
    confidence = sum(s[1] for s in signs) / len(signs)
    return Word(finish_reading("".join(s[0] for s in signs)), confidence, box, characters)


def _moved(matrix: Matrix, points: NDArray[np.float64]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in _project(matrix, points).tolist()]


def _boxes(matrix: Matrix, boxes: Sequence[Sequence[float]]) -> list[Box]:
    """The upright boxes around where ``matrix`` moves the corners of ``boxes``."""
    corners = np.array(boxes, np.float64)[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 2)  # (4 * boxes, xy)
    moved = _project(matrix, corners).reshape(-1, 4, 2)
    return [tuple(box) for box in np.hstack([moved.min(1), moved.max(1)]).tolist()]


def _project(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(points, xy) -> (points, xy)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return moved[:, :2] / moved[:, 2:]


def _union(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _regions(groups: list[list[tuple[LineShape, Line]]], lines: PageLines) -> list[Region]:
    """Regions with their kinds; what stands in the margins comes last."""
    if not groups:
        return []
    kinds = [
        _kind(i, [[found for found, _ in group] for group in groups], [line for _, line in groups[i]], lines) for i in range(len(groups))
    ]
    numbered = [Region(kind, _union([line.box for _, line in group]), [line for _, line in group]) for kind, group in zip(kinds, groups)]
    return [r for r in numbered if r.kind != "marginalia"] + [r for r in numbered if r.kind == "marginalia"]


def _kind(index: int, groups: list[list[LineShape]], read: list[Line], page: PageLines) -> RegionKind:
    """By its place, the size of its type, the rules around it and how it begins. All measures are of the levelled page."""
    boxes = [_union([line.box for line in group]) for group in groups]
    everything = [line for group in groups for line in group]
    size = float(np.median(np.repeat([line.size_px for line in everything], [max(1, line.ink_px // 50) for line in everything])))
    text = _union(boxes)
    left, top, right, bottom = boxes[index]
    own_size = float(np.median([line.size_px for line in groups[index]]))
    rows_high = (bottom - top) / (2.2 * size)
    wide = [line.box for line in everything if line.box[2] - line.box[0] > 0.6 * (text[2] - text[0])]
    column = (float(np.median([b[0] for b in wide])), float(np.median([b[2] for b in wide]))) if wide else (text[0], text[2])
    if _NUMBER.fullmatch(" ".join(line.text for line in read)) and (top < text[1] + 4 * size or bottom > text[3] - 4 * size):
        return "page-number"
    if len(wide) >= 4 and (left > column[1] - size or right < column[0] + size) and right - left < 9 * size:
        return "marginalia"
    rules = [r for r in page.rules if r[2] - r[0] > 3 * size and r[3] - r[1] < size and min(r[2], right) > max(r[0], left)]
    if top < text[1] + 2 * size and rows_high < 1.6 and len(groups) > 1:
        numbers = any(_NUMBER.fullmatch(line.text) for line in read)
        if numbers or any(bottom - 0.5 * size < r[1] < bottom + 2.5 * size for r in rules):
            return "header"
    if top > (text[1] + text[3]) / 2:
        ruled = any((text[1] + text[3]) / 2 < r[3] < top + 0.6 * size and r[2] - r[0] < 0.98 * (column[1] - column[0]) for r in rules)
        if _NOTE.match(read[0].text) and (ruled or own_size < 0.92 * size):
            return "footnote"
        if ruled and own_size < 0.95 * size:
            return "footnote"
    if rows_high < 2.5 and len(everything) > 3:
        margins = left - column[0], column[1] - right
        centred = min(margins) > 0.12 * (column[1] - column[0]) and abs(margins[0] - margins[1]) < 0.25 * max(margins)
        single = all(line.box[2] <= b.box[0] or line.box[0] >= b.box[2] or line is b for line in groups[index] for b in groups[index])
        if own_size > 1.3 * size or (centred and len(groups[index]) <= 2 and not (single and len(groups[index]) == 2)):
            return "heading"
    return "paragraph"

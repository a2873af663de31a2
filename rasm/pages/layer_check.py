"""A page's own text and its picture -> whether the text may be believed.

Where it stands: between ``rasm/pages/reader.py`` and ``agreement.py``, which compares. A page that is typeset is checked by a few strips
of its picture, which takes milliseconds. Where pictures may hold text, lines are found on the whole page: the text must cover them, and
a scan's invisible letters hardly stand where its lines do. If the layer is not believed, the lines are found already.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rasm.document import Box, Line, Page
from rasm.errors import ImageTooSmall, LineTooLong
from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.agreement import SETTINGS, compare, most_split, sample
from rasm.pages.crops import cut_lines
from rasm.pages.files import PageFile
from rasm.pages.finder import LineFinder
from rasm.pages.found import FoundPage, moved
from rasm.pages.text_layer import TextLayer

_SAME_PLACE = 0.5  # of what two boxes cover together, the least that both cover; of a line, the least that text has to cover
_RULES_PX = 1400  # the height of a picture in which rules are looked for: twelve pixels for type of seven points on A4
_SIDE = 0.3  # of a line's height, that its strip is longer at either end


class PictureOfLayer:
    """The picture of a page with a text layer, drawn, and its lines found, when they are first asked for."""

    def __init__(self, file: PageFile, index: int, finder: LineFinder) -> None:
        self._file, self._index, self._finder = file, index, finder
        self.found_already: FoundPage | None = None

    @cached_property
    def pixels(self) -> Pixels:
        """Raises an ImageError."""
        return self._file.image(self._index)

    @cached_property
    def found(self) -> FoundPage:
        self.found_already = self._finder.find(self.pixels)
        return self.found_already

    def of_rules(self, page: Page) -> Pixels:
        """The whole ``page``, at least as large as rules are seen on it. Raises an ImageError."""
        if "pixels" in self.__dict__:  # drawn already
            return self.pixels
        return self._file.clips(self._index, [(0.0, 0.0, page.width_px, page.height_px)], _RULES_PX)[0]

    def strips(self, lines: Sequence[Line]) -> list[Pixels]:
        """Raises an ImageError."""
        sides = [_SIDE * (line.box[3] - line.box[1]) for line in lines]
        boxes = [(line.box[0] - side, line.box[1], line.box[2] + side, line.box[3]) for line, side in zip(lines, sides, strict=True)]
        return self._file.clips(self._index, boxes)


def says_what_is_seen(layer: TextLayer, seen: PictureOfLayer, recognizer: Recognizer) -> bool:
    """Whether the layer's text is that of the picture, as far as a few lines tell. Raises an ImageError."""
    lines = layer.page.lines
    if not layer.is_pictured:
        return _agree(lines, seen.strips, recognizer)
    boxes = _boxes_of(seen.found)
    if _covered(boxes, [line.box for line in lines]) < SETTINGS.covered:
        return False
    places = {id(line): place for line in lines if (place := _place(line.box, boxes)) is not None}

    def crops(chosen: Sequence[Line]) -> list[Pixels]:
        return [crop.pixels for crop in cut_lines(seen.pixels, seen.found, only=[places[id(line)] for line in chosen])]

    return _agree([line for line in lines if id(line) in places], crops, recognizer)


def _agree(lines: Sequence[Line], pictures: Callable[[Sequence[Line]], list[Pixels]], recognizer: Recognizer) -> bool:
    chosen, doubtful = sample(lines), most_split(lines)
    readings = _read(pictures([*chosen, *([doubtful] if doubtful else [])]), recognizer)
    pairs = [(line.text, reading) for line, reading in zip(chosen, readings, strict=False) if reading is not None]
    together = compare(pairs)
    if together is None or not together.is_sound():
        return False
    if doubtful is None or (reading := readings[-1]) is None:
        return True
    alone = compare([(doubtful.text, reading)])
    return alone is None or alone.is_sound()


def _read(lines: Sequence[Pixels], recognizer: Recognizer) -> list[Reading | None]:
    """None for what is no line."""
    prepared: dict[int, Pixels] = {}
    for i, line in enumerate(lines):
        with contextlib.suppress(LineTooLong, ImageTooSmall):
            prepared[i] = recognizer.prepare(line)
    read = recognizer.read_arrays([*prepared.values()], [lines[i].shape[1] for i in prepared])
    readings = dict(zip(prepared, read, strict=True))
    return [readings.get(i) for i in range(len(lines))]


def _boxes_of(found: FoundPage) -> NDArray[np.float64]:
    """(lines, 4): the upright boxes on the page of the lines that were found."""
    boxes = np.array([line.box for line in found.lines], np.float64).reshape(-1, 4)
    corners = moved(found.to_page, boxes[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 2)).reshape(-1, 4, 2)
    return np.hstack([corners.min(1), corners.max(1)])


def _shared(box: Box, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of ``boxes``, the area of each that is in ``box``."""
    width = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    height = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0))


def _covered(found: NDArray[np.float64], layer: Iterable[Box]) -> float:
    """Of the lines that were found, the share that the layer has text for, each counting as much as it is long for its height."""
    sizes = found[:, 2:] - found[:, :2]
    area = np.maximum(1e-6, sizes.prod(axis=1))
    has_text = sum((_shared(box, found) for box in layer), np.zeros(len(found))) >= _SAME_PLACE * area
    weights = sizes[:, 0] / np.maximum(1e-6, sizes[:, 1])
    return float(weights[has_text].sum() / max(1e-6, weights.sum()))


def _place(box: Box, found: NDArray[np.float64]) -> int | None:
    """The number of the line that was found where the box is."""
    if not len(found):
        return None
    shared = _shared(box, found)
    either = (box[2] - box[0]) * (box[3] - box[1]) + (found[:, 2:] - found[:, :2]).prod(axis=1) - shared
    best = int((shared / np.maximum(1e-6, either)).argmax())
    return best if shared[best] >= _SAME_PLACE * either[best] else None

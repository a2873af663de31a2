"""A page of a file -> a Page: decide what it is, then straighten, find, order, crop, read, and put together.

Where it stands: at the top of ``rasm/pages``. ``rasm/reader.py``, ``python -m evaluation`` and the service call it. ``PageReader.look``
decides, for all of them, whether a page's own text is taken, or its picture is read as one line or as a page.

Which way is up is best seen by reading: a page that reads badly is tried the other ways, and the surest reading is kept. What the
recogniser is very unsure of is no text: pictures and ornaments leave such lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rasm.document import Box, Character, Line, Page, Region, RegionKind, Unread, UnreadReason, Word
from rasm.errors import ImageTooSmall, LineTooLong
from rasm.image import Pixels, squared
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages import check_boxes, verses
from rasm.pages.base_direction import settled
from rasm.pages.blanks import leader
from rasm.pages.blocks import Block, Direction, arrange, as_region
from rasm.pages.check_boxes import CheckBox, with_signs
from rasm.pages.combs import Span, as_numbers, without_rules
from rasm.pages.crops import Crop, cut_lines
from rasm.pages.dewarp import straightened
from rasm.pages.fields import as_fields, leader_of, with_titles
from rasm.pages.figures import with_figures
from rasm.pages.files import PageFile
from rasm.pages.finder import LineFinder, shipped_finder
from rasm.pages.found import FoundPage, Matrix, TextLine, moved
from rasm.pages.gaps import parted
from rasm.pages.layer_check import PictureOfLayer, says_what_is_seen
from rasm.pages.layer_tables import with_tables
from rasm.pages.numbered import by_their_marks
from rasm.pages.rules import with_grids
from rasm.pages.second_look import looked_again
from rasm.pages.single_line import is_line
from rasm.pages.unread import LEAST_CONFIDENCE, Unreadable, among_text, checked, is_dots, judged
from rasm.text.normalisation import finish_reading

Mode = Literal["auto", "page", "line"]
PdfText = Literal["auto", "use", "ignore"]

_UNSURE = 0.85  # a page below this is tried the other ways up: upside down it is read to 0.75, the right way up to 0.97
_SURE = 0.95  # nor is a page above this, whatever its profile
_CLEARLY = 0.1  # by how much surer another way has to be
_SAMPLE_LINES = 6  # of a page, to tell which way is up
_LINE_BASELINE = 0.7  # of the height of an image of one line
_SLACK = 0.4  # of the size of type: how far a word's ink may end from where the network says


_Sign = tuple[str, float, float, float]  # text, confidence, left and right on the levelled page


@dataclass(frozen=True)
class LineImage:
    """An image of one line. pixels: (height, width) or (height, width, 3), square. number: its page's, from 1. size_px: width and height of
    the image as it was given."""

    pixels: Pixels
    number: int
    size_px: tuple[int, int]


@dataclass(frozen=True)
class PageImage:
    """An image of a page. has_text_layer: whether the page has sound text of its own as well. found: its lines, where deciding that it is
    a page took finding them. aspect: how many times as high as wide its pixels are. size_px: width and height of the page as it was given,
    where the image is smaller."""

    pixels: Pixels
    number: int = 1
    has_text_layer: bool = False
    found: FoundPage | None = field(default=None, repr=False)
    aspect: float = 1.0
    size_px: tuple[int, int] | None = None


def look_at(
    pixels: Pixels, *, number: int = 1, mode: Mode = "auto", aspect: float = 1.0, size_px: tuple[int, int] | None = None
) -> LineImage | PageImage:
    """What a picture is, as ``rasm.image.decode`` gives it: of a line or of a page. ``mode``: "auto" looks."""
    square = squared(pixels, aspect)
    line, found = (mode == "line", None) if mode != "auto" else is_line(square)
    if line:
        return LineImage(square, number, (pixels.shape[1], pixels.shape[0]))
    return PageImage(pixels, number, found=found, aspect=aspect, size_px=size_px)


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
    line = Line(reading.text, reading.confidence, whole, baseline, words, reading.direction)
    return Page(number, width, height, [Region("paragraph", whole, [line])], kind="line")


def crops_of(pixels: Pixels) -> list[Pixels]:
    """The images of the lines of a page, in reading order; an image of one line is that line."""
    image = look_at(pixels)
    if isinstance(image, LineImage):
        return [pixels]
    found = shipped_finder().find(pixels) if image.found is None else image.found
    crops = cut_lines(pixels, found)
    return [crops[i].pixels for block in arrange(found, ["rtl"] * len(crops)) for i in block.lines]


@dataclass(frozen=True)
class _Found:
    """A page without perspective, turned by ``rotation_degrees`` clockwise, its lines, and the 3 x 3 way back from the level page to the
    page as given."""

    page: FoundPage
    crops: list[Crop]
    to_page: Matrix
    rotation_degrees: int
    check_boxes: list[CheckBox]


class PageReader:
    """Reads lines and pages with a recogniser. May be called from several threads at once."""

    def __init__(
        self,
        recognizer: Recognizer,
        *,
        least_confidence: float = LEAST_CONFIDENCE,
        orient: bool = True,
        finder: LineFinder | None = None,
    ) -> None:
        """``least_confidence``: what a line needs to be text; see ``unread.py``. ``orient``: whether pages that lie on their side or stand
        on their head are to be recognised as such. ``finder``: what finds the lines; the one that comes with Rasm if None. Raises
        ConfigError."""
        self.recognizer = recognizer
        self.least_confidence = checked(least_confidence)
        self.orient = orient
        self._finder = finder or shipped_finder()

    def asking(self, least_confidence: float) -> PageReader:
        """The same reader with another bound; what is heavy is shared. Raises ConfigError."""
        other = copy(self)
        other.least_confidence = checked(least_confidence)
        return other

    def look(self, file: PageFile, index: int, *, mode: Mode = "auto", pdf_text: PdfText = "auto") -> Page | LineImage | PageImage:
        """What page ``index``, from 0, of an open file is: a Page where its own text is taken, else the picture that has to be read.

        ``mode``: whether images are of lines or of pages; "auto" looks. A PDF has pages in any case. ``pdf_text``: what becomes of the
        text that a PDF's page says itself; "auto" takes it where the same is read in a few lines of the picture, "use" wherever it can be
        text, "ignore" never. Raises an ImageError where the page cannot be used.
        """
        layer = file.text_layer(index)
        if layer is None:
            pixels, mode = file.image(index), "page" if file.kind == "pdf" else mode
            return look_at(pixels, number=index + 1, mode=mode, aspect=file.aspect(index), size_px=file.size_px(index))
        seen = PictureOfLayer(file, index, self._finder)
        if pdf_text == "use":
            return with_tables(layer.page, lambda: seen.of_rules(layer.page))
        is_sound = says_what_is_seen(layer, seen, self.recognizer)
        if is_sound and pdf_text == "auto":
            return with_tables(layer.page, lambda: seen.of_rules(layer.page))
        return PageImage(seen.pixels, index + 1, is_sound, seen.found_already)

    def read(self, image: PageImage) -> Page:
        """A page without text has no regions."""
        pixels = image.pixels
        square = squared(pixels, image.aspect)
        straight = straightened(square)
        flat, to_photo = (square, np.eye(3)) if straight is None else straight
        width_px, height_px = image.size_px or (pixels.shape[1], pixels.shape[0])
        to_photo = np.diag([width_px / square.shape[1], height_px / square.shape[0], 1.0]) @ to_photo
        found = self._find(flat, 0, to_photo, image.found if straight is None else None)
        readings = self._read(found.crops, found.page.lines)
        if self.orient and (found.page.turn or (found.crops and _sureness(readings) < _UNSURE)):
            found, readings = self._oriented(flat, to_photo, found, readings)
        readings = looked_again(self.recognizer, found.crops, readings)
        if found.check_boxes:
            whole = zip(readings, found.page.lines, found.crops, strict=True)
            pairs = [with_signs(reading, line, crop, found.check_boxes) for reading, line, crop in whole]
            readings, found = [reading for reading, _ in pairs], replace(found, crops=[crop for _, crop in pairs])
        blocks = arrange(found.page, [_direction(reading) for reading in readings])
        said = [reading.text if isinstance(reading, Reading) else "" for reading in readings]
        blocks = by_their_marks(blocks, found.page.lines, said)
        lines: dict[int, Line] = {}
        unread: list[Unread] = []
        readings = settled(readings, blocks)
        tables = (block.lines for block in blocks if block.cells)
        in_cells = {i for lines_of in tables if not all(is_dots(readings[i]) for i in lines_of) for i in lines_of}
        among = among_text(found.page, readings, self.least_confidence)
        for i, (line, crop, reading) in enumerate(zip(found.page.lines, found.crops, readings, strict=True)):
            verdict = judged(reading, self.least_confidence, chance=line.confidence, among_text=among[i], in_cell=i in in_cells)
            if verdict == "text" and isinstance(reading, Reading):
                lines[i] = _place(found.to_page, line, crop, reading)
                if i not in in_cells and (box := leader_of(i, found.page, reading)):
                    lines[i] = _with_leader(lines[i], _boxes(found.to_page, [box])[0])
            elif verdict != "nothing" and verdict != "text":
                unread.append(_unread(_boxes(found.to_page, [line.box])[0], verdict, reading))
        regions = as_fields(_regions(blocks, found.page.lines, lines, found.to_page))
        if found.rotation_degrees in (0, 180):
            regions = with_titles(regions, width_px)
        regions = with_figures(regions, _boxes(found.to_page, found.page.pictures) if found.page.pictures else [])
        return Page(
            image.number,
            width_px,
            height_px,
            regions,
            found.rotation_degrees,
            round(found.page.skew_degrees, 2),
            has_text_layer=image.has_text_layer,
            unread=unread,
        )

    def read_line(self, image: LineImage) -> Page:
        """Raises LineTooLong, ImageTooSmall."""
        (reading,) = self.recognizer.read([image.pixels])
        return page_of_line(reading, *image.size_px, number=image.number)

    def read_from(self, file: PageFile, index: int, *, mode: Mode = "auto", pdf_text: PdfText = "auto") -> Page:
        """Page ``index``, from 0, of an open file: ``look``, and read what has to be read. Raises an ImageError."""
        seen = self.look(file, index, mode=mode, pdf_text=pdf_text)
        if isinstance(seen, Page):
            return seen
        return self.read_line(seen) if isinstance(seen, LineImage) else self.read(seen)

    def _oriented(
        self, page: Pixels, to_photo: Matrix, found: _Found, readings: list[Reading | Unreadable]
    ) -> tuple[_Found, list[Reading | Unreadable]]:
        """The way up in which a few lines read best, and what the page says that way. The one that the finder sees is tried first; where
        it reads well, the others are not."""
        best, sureness = found, _sureness([readings[i] for i in _sample_of(found, _SAMPLE_LINES)]) + _CLEARLY
        seen = -90 * found.page.turn % 360
        for degrees in sorted((180, 90, 270), key=lambda degrees: degrees != seen):
            turned = self._find(page, degrees, to_photo)
            if (now := _sureness(self._read(_sample(turned, _SAMPLE_LINES)))) > sureness:
                best, sureness = turned, now
            if sureness > _SURE:
                break
        return (found, readings) if best is found else (best, self._read(best.crops, best.page.lines))

    def _find(self, page: Pixels, rotation_degrees: int, to_photo: Matrix, found: FoundPage | None = None) -> _Found:
        """``found``: the lines, where they are known already."""
        turned = np.ascontiguousarray(np.rot90(page, -rotation_degrees // 90)) if rotation_degrees else page
        lines = with_grids(turned, self._finder.find(turned) if found is None else found)
        height, width = page.shape[:2]
        back = {
            0: [[1, 0, 0], [0, 1, 0]],
            90: [[0, 1, 0], [-1, 0, height]],
            180: [[-1, 0, width], [0, -1, height]],
            270: [[0, -1, width], [1, 0, 0]],
        }[rotation_degrees]
        to_page = to_photo @ np.array([*back, [0, 0, 1]], np.float64) @ np.vstack([lines.to_page, [0, 0, 1]])
        boxes = check_boxes.seen(turned, lines)
        if boxes:
            lines, turned = check_boxes.with_lines_of(lines, boxes), check_boxes.painted(turned, boxes, lines.to_page)
        return _Found(*parted(lines, cut_lines(turned, lines)), to_page, rotation_degrees, boxes)

    def _read(self, crops: Sequence[Crop], lines: Sequence[TextLine] = ()) -> list[Reading | Unreadable]:
        """Of a crop that is no line, why it is none. ``lines``: theirs, where boxes with a digit each are to be read as numbers."""
        combs: dict[int, list[Span]] = {}
        whole = list(crops)
        for i, line in enumerate(lines):
            whole[i], spans = without_rules(crops[i], line.size_px)
            if spans:
                combs[i] = spans
        found = self._read_crops(whole)
        for i, spans in combs.items():
            if isinstance(reading := found[i], Reading):
                found[i] = as_numbers(reading, spans)
        return found

    def _read_crops(self, crops: Sequence[Crop]) -> list[Reading | Unreadable]:
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


def _direction(reading: Reading | Unreadable) -> Direction | None:
    """Which way a line runs; None where it has no letters that tell."""
    has_letters = isinstance(reading, Reading) and any(sign.isalpha() for sign in reading.text)
    return reading.direction if has_letters else None  # type: ignore[union-attr]


def _regions(blocks: Sequence[Block], found: Sequence[TextLine], lines: Mapping[int, Line], to_page: Matrix) -> list[Region]:
    """``lines``: what was read, by the numbers of what was found. Blocks of which nothing was read are left out."""
    regions: list[Region] = []
    for is_table, group in itertools.groupby(blocks, key=lambda block: block.kind == "table"):
        whole = [(block, region) for block in group if (region := as_region(block, lines, lambda boxes: _boxes(to_page, boxes)))]
        if is_table:
            regions += [region for _, region in whole]
            continue
        by_line = {id(line): region for _, region in whole for line in region.lines}
        placed = [[(found[i], lines[i]) for i in block.lines if i in lines] for block, _ in whole]
        for is_verse, together in verses.joined(placed):
            read = [line for _, line in together]
            own = by_line[id(read[0])]
            kind: RegionKind = "verse" if is_verse else own.kind
            regions.append(Region(kind, _union([line.box for line in read]), read, level=None if is_verse else own.level))
    return regions


def _sample_of(found: _Found, count: int) -> list[int]:
    """The longest lines."""
    lengths = [float(line.middle[-1, 0] - line.middle[0, 0]) / line.size_px for line in found.page.lines]
    return sorted(range(len(lengths)), key=lambda i: -lengths[i])[:count]


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


def _place(to_page: Matrix, line: TextLine, crop: Crop, reading: Reading) -> Line:
    """A reading with the boxes of its words and characters, in pixels of the page as it was given."""
    groups = _signs_of_words(reading, 0.0)
    spans: list[tuple[float, float, float, float]] = []  # on the crop
    for signs, (left, top, right, bottom) in zip(groups, _word_boxes(crop, line.size_px, groups), strict=True):
        spans.append((left, top, right, bottom))
        for _, _, a, b in signs:  # the ink may end before the network says that a letter begins
            first = min(max(a, left), max(left, right - 1))
            spans.append((first, top, min(max(b, first + 1), max(right, first + 1)), bottom))
    boxes = np.array([line.box, *spans], np.float64)  # all at once: NumPy is slow at single boxes
    rows = np.interp((boxes[1:, 0] + boxes[1:, 2]) / 2, np.arange(len(crop.rows)), crop.rows)
    boxes[1:, [0, 2]] += crop.left_px
    boxes[1:, [1, 3]] += rows[:, None]
    placed = iter(_boxes(to_page, boxes))
    box = next(placed)
    words = [_word(next(placed), signs, placed) for signs in groups]
    points = [(x, y) for x, y in moved(to_page, line.baseline).tolist()]
    if points[0][0] > points[-1][0]:
        points = points[::-1]
    return Line(reading.text, reading.confidence, box, points, words, reading.direction)


def _with_leader(line: Line, box: Box) -> Line:
    """The line with a leader after it. ``box``: where that is drawn, on the page as it was given."""
    word = leader(box, line.confidence)
    return replace(line, text=f"{line.text} {word.text}", box=_union([line.box, box]), words=[*line.words, word])


def _word_boxes(crop: Crop, size_px: float, words: Sequence[Sequence[_Sign]]) -> list[Box]:
    """Where each word stands on its crop. The ink is where it is; the network's borders are good to half a letter."""
    ink = crop.ink
    height, width = ink.shape
    rows = np.arange(height, dtype=np.int16)[:, None]
    # of each column, the first row with ink and the row after the last
    first, after = np.where(ink, rows, np.int16(height)).min(axis=0), np.where(ink, rows + np.int16(1), np.int16(0)).max(axis=0)
    has_ink = (after > 0).tobytes()
    slack = max(1, round(_SLACK * size_px))
    found = []
    for signs in words:
        left, right = (min(max(0, round(edge)), width) for edge in (min(s[2] for s in signs), max(s[3] for s in signs)))
        left, right = _edge(has_ink, left, -1, slack), _edge(has_ink, max(left + 1, right), 1, slack)
        top, bottom = int(first[left:right].min(initial=height)), int(after[left:right].max(initial=0))
        if bottom == 0:
            top, bottom = 0, height
        found.append((float(left), float(top), float(max(right, left + 1)), float(bottom)))
    return found


def _edge(has_ink: bytes, at: int, step: int, slack: int) -> int:
    """The end of the ink nearest to ``at``, within ``slack``; outwards where ``at`` is within ink. ``step``: -1 of a left end, 1 of a
    right one. has_ink: of each column."""
    width = len(has_ink)
    inner = at if step < 0 else at - 1  # the outermost column within the word
    if not 0 <= inner < width:
        return at
    if has_ink[inner]:
        for k in range(1, slack + 1):
            if not 0 <= inner + k * step < width or not has_ink[inner + k * step]:
                return at + (k - 1) * step
        return at
    for k in range(1, slack + 1):
        if not 0 <= inner - k * step < width:
            break
        if has_ink[inner - k * step]:
            return at - k * step
    return at


def _word(box: Box, signs: Sequence[_Sign], boxes: Iterator[Box]) -> Word:
    """A word of ``signs``, whose own boxes come next in ``boxes``."""
    characters = [Character(text, confidence, next(boxes)) for text, confidence, _, _ in signs]
    confidence = sum(s[1] for s in signs) / len(signs)
    return Word(finish_reading("".join(s[0] for s in signs)), confidence, box, characters)


def _boxes(matrix: Matrix, boxes: Sequence[Sequence[float]] | NDArray[np.float64]) -> list[Box]:
    """The upright boxes around where ``matrix`` moves the corners of ``boxes``."""
    corners = np.array(boxes, np.float64)[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 2)  # (4 * boxes, xy)
    on_page = moved(matrix, corners).reshape(-1, 4, 2)
    return [tuple(box) for box in np.hstack([on_page.min(1), on_page.max(1)]).tolist()]


def _union(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

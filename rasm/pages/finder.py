"""A page -> its lines with their outlines, and the columns, rules, pictures and cells between them: by a network.

Where it stands: after ``rasm/pages/files.py``, before ``rasm/pages/crops.py`` and ``rasm/pages/blocks.py``. The network
(``model/finder``) is an ONNX file that tells the names of its maps.

1. The page in grey is shrunk until its longer side has ``FinderSettings.side_px``. Where most of the type is too small then, the page
   is looked at once more, larger.
2. The network gives for each pixel the chance that it is in the core of a line. What hangs together is a line; its middle is followed
   from column to column, so a line may bend.
3. Within it, the network tells how far its ink reaches, the size of its type and where its baseline is.
4. The page is taken to be turned as far as its lines slant; from here on all is said of the level page.
5. Pieces that a small gap parts are one line, unless a gutter stands between: ``rasm/pages/pieces.py``.

Source: Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization", for lines by their shrunken cores.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from rasm import weights
from rasm.errors import ModelFileError
from rasm.image import Pixels, shrink, to_grey
from rasm.lines.recognizer import shrinking
from rasm.pages.found import Box, FoundPage, Matrix, TextLine, moved
from rasm.pages.pieces import whole_lines
from rasm.pages.slant import slope_of

FORMAT_VERSION = 1
METADATA = "rasm_finder"  # the key of the file's metadata, JSON
_STRIDE = 64  # heights and widths are padded to multiples of this


@dataclass(frozen=True)
class FinderSettings:
    """Numbers that decide, and where they are from. Sizes are of type, in pixels of what the network sees.

    side_px: the page's longer side that it was trained around. most_enlarged: a small page is not made larger than this.
    core, sure: the least chance of a core's pixels, and of the surest of them (the prototype's, chosen on its 23 cases).
    area: the least chance of an area's pixels. check_box: and of a check box's, which ``rasm/pages/check_boxes.py`` looks at.
    small_px: where a quarter of the type is below this, the page is looked at again, so large that it is above, up to most_side_px.
    large_px: and where most of it is above this, so small that it is below: gutters between columns of large type look like spaces
    (three quarters of the drawn pages that the network learned from have type below 33).
    glance_px, many, even, glanced: a page of so many lines or more whose type is even, the smallest a share of ``even`` of the largest, and
    above large_px as a glance at so many pixels tells, is looked at as small at once. A glance takes type for so many times as large (on 60
    pages of 1892 and 1910, nine tenths are from 1.07 to 1.14).
    covered, kept: a line of one look is added to those of another that covers less of it than this, if it is as sure as this.
    edge, hidden: where more than a share of ``hidden`` of a coloured page has edges of more than ``edge`` levels in one colour, and of
    less than a quarter of that in grey, it is looked at in that colour, too (red on green of one lightness: 0.07; 364 pages and
    photographs: 0.004 at most, but for one page of such letters).
    level_degrees: a page whose lines slant by less is level.
    short: a line of fewer ems is as high as its ink, and ``margin`` more on each side, in its size: what is darker or lighter than its
    paper by this share (``ink``) of what most is. Not where that is less than least_high.
    smooth: over how much of a line its middle is evened out, by its size.
    """

    side_px: int = 1280
    core: float = 0.5
    sure: float = 0.7
    most_enlarged: float = 2.0
    small_px: float = 9.0
    large_px: float = 28.0
    glance_px: int = 384
    many: int = 16
    even: float = 0.6
    glanced: float = 1.1
    most_side_px: int = 2560
    area: float = 0.5
    check_box: float = 0.3
    covered: float = 0.3
    kept: float = 0.8
    level_degrees: float = 0.15
    short: float = 4.0
    ink: float = 0.4
    margin: float = 0.04
    least_high: float = 0.3
    smooth: float = 1.25
    edge: float = 60.0
    hidden: float = 0.005


@dataclass(frozen=True)
class _Maps:
    """cores: (height / 2, width / 2). maps: (n, height / 4, width / 4). scale: of the page, in what the network saw."""

    cores: NDArray[np.float32]
    maps: NDArray[np.float32]
    turn: int
    scale: float


class LineFinder:
    """A finder's ONNX file, ready. Raises ModelFileError where it is none."""

    def __init__(self, path: str | os.PathLike[str], threads: int = 1, settings: FinderSettings = FinderSettings()) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # a plan would be kept for each size of a page
        try:
            self._session = onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
        except Exception as e:
            raise ModelFileError(f"{os.fspath(path)}: not a model file that can be read ({type(e).__name__})") from e
        self.info = _info(self._session.get_modelmeta().custom_metadata_map, os.fspath(path))
        self._index = {name: k for k, name in enumerate(self.info["maps"])}
        self._kinds = [name.removeprefix("kind:") for name in self.info["maps"] if name.startswith("kind:")]
        self.settings = settings

    def find(self, page: Pixels) -> FoundPage:
        """``page``: uint8 (height, width[, channels]), RGB or grey."""
        grey, settings = to_grey(page), self.settings
        plain_px = self._plain_side(grey)
        side_px = plain_px or _side(grey, settings)
        found = self._look(grey, side_px)
        lines = self._lines(found)
        if (channel := _hidden_in_grey(page, settings)) is not None:
            lines = _either(lines, self._lines(self._look(channel, side_px)), settings)
        wide = _wider_than_a_letter(lines)
        if wide and not plain_px and (better_px := self._better_side(wide, found.scale, max(grey.shape))):
            found = self._look(grey, better_px)
            lines = _either(self._lines(found), lines, settings)
        lines = [_close_to_ink(line, grey, settings) for line in lines]
        skew_degrees = math.degrees(math.atan(slope_of(lines)))
        if abs(skew_degrees) < settings.level_degrees:
            skew_degrees = 0.0
        height, width = grey.shape
        to_level = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), skew_degrees, 1.0), np.float64)
        to_page = np.asarray(cv2.invertAffineTransform(to_level), np.float64)
        if skew_degrees:
            lines = [replace(v, middle=moved(to_level, v.middle), baseline=moved(to_level, v.baseline)) for v in lines]
        areas = {name: self._areas(found, name, to_level) for name in ("gutter", "rule", "picture", "cell", "check-box")}
        lines = _wider_than_a_letter(whole_lines(lines, areas["gutter"], areas["cell"]))
        return FoundPage(
            lines, areas["gutter"], areas["rule"], areas["picture"], areas["cell"], areas["check-box"],
            found.turn, skew_degrees, to_page, channel is not None,
        )  # fmt: skip

    def give_back_memory(self) -> None:
        """To the system, all but what the network itself takes. For a process that has nothing to find; see ``_look``."""
        self._session.run(None, {"page": np.full((1, 1, _STRIDE, _STRIDE), 255, np.uint8)}, shrinking())

    def _plain_side(self, grey: Pixels) -> int | None:
        """How large a page of many lines in large type is to be seen, as old books and journals are, told at a glance; else None."""
        settings = self.settings
        glance = self._look(grey, settings.glance_px)
        cores = np.asarray(glance.cores[::2, ::2] > settings.sure)
        if cv2.connectedComponents(cores.view(np.uint8), connectivity=8)[0] <= settings.many:
            return None
        rows, columns = (min(sides) for sides in zip(cores.shape, glance.maps.shape[1:], strict=True))
        sizes = 16 * np.exp(glance.maps[self._index["size"], :rows, :columns][cores[:rows, :columns]]) / glance.scale
        smallest, usual, largest = np.percentile(sizes, (10, 50, 90)).tolist()
        side_px = _side(grey, settings)
        usual_px = usual * min(side_px / max(grey.shape), settings.most_enlarged)
        if smallest < settings.even * largest or usual_px < settings.large_px * settings.glanced:
            return None
        return max(_STRIDE, round(side_px * settings.large_px * settings.glanced / usual_px * 0.8))

    def _better_side(self, lines: Sequence[TextLine], scale: float, longer_px: int) -> int | None:
        """How large a page is to be seen where most of its type is smaller, or larger, than what the network knows best; else None."""
        settings = self.settings
        small, usual = np.percentile([line.size_px * scale for line in lines], (25, 50)).tolist()
        side_px = round(longer_px * scale)
        if small < settings.small_px and longer_px > side_px:
            return min(settings.most_side_px, longer_px, round(side_px * settings.small_px / small * 1.2))
        if usual > settings.large_px:
            return max(_STRIDE, round(side_px * settings.large_px / usual * 0.8))
        return None

    def _look(self, grey: Pixels, side_px: int) -> _Maps:
        height, width = grey.shape
        scale = min(side_px / max(height, width), self.settings.most_enlarged)
        rows, columns = max(8, round(height * scale)), max(8, round(width * scale))
        seen = shrink(grey, columns, rows)
        padded = cv2.copyMakeBorder(seen, 0, -rows % _STRIDE, 0, -columns % _STRIDE, cv2.BORDER_REPLICATE)
        # ONNX Runtime keeps its memory from page to page: where it gave it back, glibc before 2.38 would not use again what was aligned
        # (its bug 14581), and a process might grow with every page
        cores, maps, turns = self._session.run(None, {"page": np.asarray(padded, np.uint8)[None, None]})
        return _Maps(
            cores[0, 0, : -(-rows // 2), : -(-columns // 2)], maps[0, :, : -(-rows // 4), : -(-columns // 4)], int(turns[0].argmax()), scale
        )

    def _lines(self, found: _Maps) -> list[TextLine]:
        settings, scale = self.settings, found.scale
        height, width = found.cores.shape
        gutters = np.repeat(np.repeat(found.maps[self._index["gutter"]] > settings.area, 2, axis=0), 2, axis=1)[:height, :width]
        cores = (found.cores > settings.core) & ~gutters  # no line crosses one
        count, labels = cv2.connectedComponents(cores.view(np.uint8), connectivity=4)
        if count == 1:
            return []
        all_ys, all_xs = np.nonzero(cores)
        of = labels[all_ys, all_xs]
        order = np.argsort(of, kind="stable")  # the pixels of each core together
        of, all_ys, all_xs = of[order], all_ys[order], all_xs[order]
        # of all cores at once: NumPy is slow at single ones
        areas = np.bincount(of, minlength=count)[1:]
        starts = np.cumsum(areas) - areas
        tops, lefts, rights = np.minimum.reduceat(all_ys, starts), np.minimum.reduceat(all_xs, starts), np.maximum.reduceat(all_xs, starts)
        all_chances = found.cores[all_ys, all_xs]
        most_chances = np.maximum.reduceat(all_chances, starts)
        mean_chances = (np.add.reduceat(all_chances, starts) / areas).tolist()
        # a pixel of the maps is two columns of the cores
        even = (all_xs % 2 == 0) | (lefts == rights)[of - 1]
        rows, columns = np.minimum(all_ys[even] // 2, found.maps.shape[1] - 1), np.minimum(all_xs[even] // 2, found.maps.shape[2] - 1)
        all_maps = found.maps.reshape(len(found.maps), -1)[:, rows * found.maps.shape[2] + columns]  # (maps, pixels)
        counts = np.bincount(of[even], minlength=count)[1:]
        map_starts = np.cumsum(counts) - counts
        means = np.add.reduceat(all_maps, map_starts, axis=1) / counts  # (maps, cores)
        first_kind = self._index[f"kind:{self._kinds[0]}"]
        kinds = means[first_kind : first_kind + len(self._kinds)].argmax(axis=0).tolist()
        firsts, lasts = means[self._index["first"]].tolist(), means[self._index["last"]].tolist()
        lines = []
        for n in np.flatnonzero((areas >= 4) & (rights > lefts) & (most_chances >= settings.sure)).tolist():
            x, y, width = int(lefts[n]), int(tops[n]), int(rights[n] - lefts[n]) + 1
            own = slice(int(starts[n]), int(starts[n] + areas[n]))
            ys, xs = all_ys[own] - y, all_xs[own] - x
            in_column = np.bincount(xs, minlength=width)
            middle = np.bincount(xs, ys, minlength=width) / np.maximum(in_column, 1)
            of_maps = slice(int(map_starts[n]), int(map_starts[n] + counts[n]))
            above, below, size, baseline = np.median(all_maps[:4, of_maps], axis=1).tolist()
            size_px = 16 * math.exp(size)
            middle = _smooth(middle, max(1, int(settings.smooth * size_px)) | 1)
            points = np.column_stack([np.arange(width) + x + 0.5, middle + y + 0.5]) * (2 / scale)
            points = points[np.linspace(0, width - 1, max(2, min(width, int(width * 4 / size_px)))).round().astype(int)]
            points[0, 0] -= 1 / scale
            points[-1, 0] += 1 / scale
            lines.append(
                TextLine(
                    points, points + np.array([0, baseline * size_px / scale]), 10 * math.exp(above) / scale, 10 * math.exp(below) / scale,
                    size_px / scale, self._kinds[kinds[n]], firsts[n], lasts[n], mean_chances[n],
                )
            )  # fmt: skip
        return lines

    def _areas(self, found: _Maps, name: str, to_level: Matrix) -> list[Box]:
        """The boxes of what hangs together in this map, on the level page."""
        least = self.settings.check_box if name == "check-box" else self.settings.area
        mask = (found.maps[self._index[name]] > least).astype(np.uint8)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        k = 4 / found.scale
        areas: list[Box] = []
        for n in range(1, count):
            x, y, width, height, area = boxes[n].tolist()
            if area <= 3:
                continue
            if to_level[0, 1] == 0:
                areas.append((x * k, y * k, (x + width) * k, (y + height) * k))
                continue
            ys, xs = np.nonzero(labels[y : y + height, x : x + width] == n)
            points = moved(to_level, (np.column_stack([xs + x, ys + y]) + 0.5) * k)
            (left, top), (right, bottom) = points.min(axis=0) - k / 2, points.max(axis=0) + k / 2
            areas.append((float(left), float(top), float(right), float(bottom)))
        return areas


def _wider_than_a_letter(lines: Sequence[TextLine]) -> list[TextLine]:
    """What is narrower is a sign of another line, or a speck."""
    return [line for line in lines if line.middle[-1, 0] - line.middle[0, 0] >= 0.25 * line.size_px]


def _close_to_ink(line: TextLine, grey: Pixels, settings: FinderSettings) -> TextLine:
    """A short line as high as its ink: it may have no letter that reaches up or down, and the network expects both."""
    if line.middle[-1, 0] - line.middle[0, 0] > settings.short * line.size_px:
        return line
    xs = np.arange(round(line.middle[0, 0]), max(round(line.middle[-1, 0]), round(line.middle[0, 0]) + 1))
    ys = np.arange(-round(line.above_px), round(line.below_px) + 1)
    rows = np.rint(np.interp(xs, line.middle[:, 0], line.middle[:, 1])).astype(np.intp) + ys[:, None]
    seen = grey[rows.clip(0, grey.shape[0] - 1), xs.clip(0, grey.shape[1] - 1)].astype(np.float32)
    away = np.abs(seen - np.median(seen))
    inked = np.flatnonzero((away > settings.ink * np.percentile(away, 98)).any(axis=1))
    if not len(inked):
        return line
    margin = settings.margin * line.size_px
    above, below = margin - float(ys[inked[0]]), margin + float(ys[inked[-1]]) + 1
    if above + below < settings.least_high * line.size_px:  # a dash, whose place in the line its height tells
        return line
    return replace(line, above_px=min(line.above_px, above), below_px=min(line.below_px, below))


def _side(grey: Pixels, settings: FinderSettings) -> int:
    """How long the longer side of a page is to be seen. A strip is seen with as many pixels as a page of paper has (ISO 216)."""
    longer, shorter = max(grey.shape), min(grey.shape)
    as_page = settings.side_px * math.sqrt(longer / shorter / math.sqrt(2))
    return round(min(settings.most_side_px, max(settings.side_px, as_page)))


def _hidden_in_grey(page: Pixels, settings: FinderSettings) -> Pixels | None:
    """The colour in which a page has edges that it has not in grey, (height, width); None where it has none."""
    if page.ndim == 2:
        return None
    step = max(1, max(page.shape[:2]) // 800)
    small = np.ascontiguousarray(page[::step, ::step])

    def edges(image: Pixels) -> NDArray[np.uint8]:
        return np.asarray(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), np.uint8)

    flat = edges(to_grey(small)) < settings.edge / 4
    shares = [float(((edges(np.ascontiguousarray(small[..., k])) > settings.edge) & flat).mean()) for k in range(3)]
    best = int(np.argmax(shares))
    return np.ascontiguousarray(page[..., best]) if shares[best] > settings.hidden else None


def _either(second: list[TextLine], first: Sequence[TextLine], settings: FinderSettings) -> list[TextLine]:
    """The lines of the second look, and those of the first that it does not see: type may be too large for it."""
    if not second or not first:
        return [*second, *first]
    shrink = 8.0
    corner = np.max([line.polygon.max(axis=0) for line in (*second, *first)], axis=0) / shrink
    seen = np.zeros((int(corner[1]) + 2, int(corner[0]) + 2), np.uint8)
    for line in second:
        cv2.fillPoly(seen, [np.round(line.polygon / shrink).astype(np.int32)], 1)
    found = list(second)
    for line in first:
        if line.confidence < settings.kept:
            continue
        outline = np.round(line.polygon / shrink).astype(np.int32)
        (left, top), (right, bottom) = np.maximum(outline.min(axis=0), 0), outline.max(axis=0) + 1
        own = np.zeros((max(0, bottom - top), max(0, right - left)), np.uint8)
        cv2.fillPoly(own, [outline - np.array([left, top], np.int32)], 1)
        if int((own & seen[top:bottom, left:right]).sum()) < settings.covered * int(own.sum()):
            found.append(line)
    return found


@cache
def shipped_finder() -> LineFinder:
    """The finder that comes with Rasm, opened once. It may be called from several threads at once."""
    return LineFinder(weights.FINDER)


def _info(metadata: dict[str, str], path: str) -> dict[str, Any]:
    try:
        info: dict[str, Any] = json.loads(metadata[METADATA])
        if info["format_version"] != FORMAT_VERSION:
            raise ModelFileError(f"{path}: format version {info['format_version']}; this Rasm reads version {FORMAT_VERSION}")
        return info | {"maps": [str(name) for name in info["maps"]]}
    except (KeyError, ValueError, TypeError) as e:
        raise ModelFileError(f"{path}: not a finder of lines: export.py writes them of what python -m model.finder trained") from e


def _smooth(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """A moving mean, along the line of least squares: a slanting line goes on straight at its ends."""
    x = np.arange(len(values)) - (len(values) - 1) / 2
    straight = values.mean() + x * float(x @ values / max(1.0, float(x @ x)))
    row = (values - straight)[None].astype(np.float32)
    return straight + np.asarray(cv2.blur(row, (window, 1), borderType=cv2.BORDER_REPLICATE)[0], np.float64)

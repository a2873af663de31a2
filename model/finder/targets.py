"""Drawn pages -> windows of them, degraded, with the maps that the network should give.

Where it stands: between ``model/rendering/pages`` and ``training``. A batch is a pure function of its number, so that a training that
goes on sees what it would have seen.

Of each line the core is a target, at half the resolution: nine tenths of the band that holds the middle of its ink. Within it, at a
quarter: above and below, the logarithm of the distance from the core's middle to the ends of the ink, in tens of pixels; size, the
logarithm of the size of type, in sixteens; baseline, how far the baseline is below the core's middle, in sizes of type.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.finder.config import AREAS, KINDS, SAME_KIND
from model.rendering.pages.degrade import degrade, random_warp
from model.rendering.pages.labels import PageLabels, read_labels
from model.rendering.pages.warp import Warp
from rasm.errors import DatasetError
from rasm.image import Pixels

_LONGER_SIDE_PX = (750, 1750)  # how large a page is seen
_LEAST_SIZE_PX = 5.5  # type that is smaller cannot be found, and is not learned from
_USUAL_SIZE_PX = 6.5  # a page is seen at least so large that half of its type is larger
_PHOTOGRAPH_SHARE = 0.15
_CORE = 0.9  # of the band of a line's core; two lines' cores must not touch
_SEEN_PX, _SEEN_DEVIATION = (
    (15, 61),
    2.5,
)  # ink is seen where grey levels differ by this, within so many half pixels: of small and of large type
_SHIFT = 4  # bits of fractions of a pixel in cv2.fillPoly
_UNREAD_WEIGHT, _BETWEEN_WEIGHT, _GAP_WEIGHT, _LINE_WEIGHT = 0.0, 4.0, 5.0, 1.0


@dataclass(frozen=True)
class _PageFile:
    """What is kept of a page: its labels as arrays; its picture is read when needed.

    lines: (n, 8) x0, x1, baseline, above, below, core above, core below, size. kinds: (n,) of KINDS. ends: (n, 2) first and last of their
    blocks. ignored: (n,). areas: for each of AREAS, boxes (m, 4).
    """

    path: Path
    lines: NDArray[np.float64]
    kinds: NDArray[np.int64]
    ends: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    areas: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class Window:
    """pixels: uint8 (side, side). cores, weights: (side / 2, side / 2), 0 or 1, and how much each pixel counts. measures: (4, side / 4,
    side / 4). within: (side / 4, side / 4), whether a line's core is there. areas: (5, …). ends: (2, …). kinds: (…) of KINDS.
    turn: quarters; where it is not 0, nothing else is to be learned.
    """

    pixels: Pixels
    cores: NDArray[np.uint8]
    weights: NDArray[np.float32]
    measures: NDArray[np.float32]
    within: NDArray[np.float32]
    areas: NDArray[np.uint8]
    ends: NDArray[np.uint8]
    kinds: NDArray[np.int64]
    turn: int


class PageSource:
    """The pages of some folders. Raises DatasetError where there are none, or where one's labels cannot be read."""

    def __init__(self, folders: Sequence[Path], photographs: Sequence[Pixels] = ()) -> None:
        """photographs: grey ones, of which some lie around a page that does not fill its window."""
        self._photographs = photographs
        self._files = sorted(p for folder in folders for p in folder.glob("*.json"))
        if not self._files:
            raise DatasetError(f"{', '.join(map(str, folders))}: no pages; python -m model.rendering.pages draws some")
        self._kept: dict[int, _PageFile] = {}

    def __len__(self) -> int:
        return len(self._files)

    def _page(self, index: int) -> tuple[_PageFile, Pixels]:
        if index not in self._kept:
            self._kept[index] = _arrays(self._files[index], read_labels(self._files[index]))
        page = self._kept[index]
        pixels = cv2.imread(str(page.path.with_suffix(".jpg")), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise DatasetError(f"{page.path}: its picture is missing")
        return page, np.asarray(pixels, np.uint8)

    def windows(self, seed: str, count: int, side_px: int, turned_share: float = 0.0, clean: bool = False) -> list[Window]:
        """``count`` windows, two of each page. clean: level and as drawn."""
        rng = random.Random(seed)
        found: list[Window] = []
        other: Pixels | None = None
        while len(found) < count:
            page, pixels = self._page(rng.randrange(len(self._files)))
            for _ in range(min(2, count - len(found))):
                turn = rng.randrange(1, 4) if rng.random() < turned_share else 0
                found.append(_window(rng, page, pixels, other, side_px, turn, clean, self._photographs))
            other = pixels
        return found


def _arrays(path: Path, labels: PageLabels) -> _PageFile:
    lines, kinds, ends = [], [], []
    for n, line in enumerate(labels.lines):
        (x0, y), (x1, _) = line.baseline[0], line.baseline[-1]
        lines.append((x0, x1, y, line.above_px, line.below_px, line.core_above_px, line.core_below_px, line.size_px))
        kind = labels.blocks[line.block].kind
        kinds.append(KINDS.index(SAME_KIND.get(kind, kind)))
        before = labels.lines[n - 1].block if n else None
        after = labels.lines[n + 1].block if n + 1 < len(labels.lines) else None
        ends.append((line.block != before, line.block != after))
    boxes = {
        "gutter": labels.gutters,
        "rule": labels.rules,
        "picture": labels.pictures,
        "cell": [b.box for b in labels.blocks if b.kind == "cell"],
        "check-box": [b.box for b in labels.blocks if b.kind == "check-box"],
    }
    return _PageFile(
        path,
        np.array(lines, np.float64).reshape(-1, 8),
        np.array(kinds, np.int64),
        np.array(ends, np.bool_).reshape(-1, 2),
        np.array([line.ignored for line in labels.lines], np.bool_),
        tuple(np.array(boxes[name], np.float64).reshape(-1, 4) for name in AREAS),
    )


def _window(
    rng: random.Random,
    page: _PageFile,
    pixels: Pixels,
    other: Pixels | None,
    side: int,
    turn: int,
    clean: bool,
    photographs: Sequence[Pixels],
) -> Window:
    height, width = pixels.shape
    scale = (1280 if clean else math.exp(rng.uniform(*map(math.log, _LONGER_SIDE_PX)))) / max(height, width)
    if len(page.lines):
        scale = max(scale, _USUAL_SIZE_PX / float(np.median(page.lines[:, 7])))
    if not clean and rng.random() < 0.06:
        scale *= rng.uniform(1.3, 2.2)
    if len(page.lines) and rng.random() < 0.85:  # about some line
        line = page.lines[rng.randrange(len(page.lines))]
        centre = (rng.uniform(line[0], line[1]), float(line[2]))
    else:
        centre = (rng.uniform(0, width), rng.uniform(0, height))
    place = (side / 2 + rng.uniform(-0.35, 0.35) * side, side / 2 + rng.uniform(-0.35, 0.35) * side)
    warp = random_warp(rng, scale, centre, place, level=clean)
    around: int | Pixels = int(np.median(pixels[::16, ::16])) if rng.random() < 0.7 else rng.randint(0, 255)
    if photographs and not clean and rng.random() < _PHOTOGRAPH_SHARE:
        around = np.asarray(cv2.resize(rng.choice(photographs), (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    seen = warp.picture(pixels, side, side, around)
    if not clean:
        seen = degrade(rng, seen, other)
    cores, weights, measures, within, areas, ends, kinds = _maps(page, warp, side)
    weights[(cores > 0) & _invisible(seen)] = _UNREAD_WEIGHT
    if turn:
        seen = np.ascontiguousarray(np.rot90(seen, -turn))
    return Window(seen, cores, weights, measures, within, areas, ends, kinds, turn)


def _invisible(pixels: Pixels) -> NDArray[np.bool_]:
    """Where a window, at half its resolution, is as good as even: text that deep shade or a glare has swallowed."""
    small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    even = np.ones(small.shape, np.bool_)
    for reach in _SEEN_PX:
        even &= cv2.blur(small * small, (reach, reach)) - cv2.blur(small, (reach, reach)) ** 2 < _SEEN_DEVIATION**2
    return even


_Maps = tuple[
    NDArray[np.uint8],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.uint8],
    NDArray[np.uint8],
    NDArray[np.int64],
]


def _maps(page: _PageFile, warp: Warp, side: int) -> _Maps:
    """The fields of Window from ``cores`` on, but ``turn``."""
    half, quarter = (side // 2, side // 2), (side // 4, side // 4)
    numbers = np.zeros(half, np.float32)  # which line's core is there
    unread = np.zeros(half, np.uint8)
    measures = np.zeros((4, *quarter), np.float32)
    which = np.zeros(quarter, np.float32)
    drawn: list[tuple[float, float, float, float]] = []
    rows: list[int] = []
    for n, (x0, x1, baseline, above, below, core_above, core_below, size) in enumerate(page.lines.tolist()):
        ends = warp.points(np.array([(x0, baseline - above), (x1, baseline - above), (x0, baseline + below), (x1, baseline + below)]))
        if (ends.max(axis=0) < -8).any() or (ends.min(axis=0) > side + 8).any():
            continue
        middle = baseline + (core_below - core_above) / 2
        scale = float(warp.scale_at(np.array([((x0 + x1) / 2, middle)]))[0])
        if page.ignored[n] or size * scale < _LEAST_SIZE_PX:
            cv2.fillPoly(unread, [_fixed(_band(warp, x0, x1, baseline - above, baseline + below, scale), 2)], 1, shift=_SHIFT)
            continue
        thick = max((core_above + core_below) / 2 * _CORE, 1.6 / scale)
        band = _band(warp, x0, x1, middle - thick, middle + thick, scale)
        rows.append(n)
        cv2.fillPoly(numbers, [_fixed(band, 2)], float(len(rows)), shift=_SHIFT)
        cv2.fillPoly(which, [_fixed(band, 4)], float(len(rows)), shift=_SHIFT)
        drawn.append(
            (
                math.log(max(2.0, (middle - baseline + above) * scale) / 10),
                math.log(max(2.0, (baseline + below - middle) * scale) / 10),
                math.log(max(4.0, size * scale) / 16),
                (baseline - middle) / size,
            )
        )
    here = which.astype(np.int64)
    values = np.array([(0.0, 0.0, 0.0, 0.0), *drawn], np.float32)
    measures[:] = values[here].transpose(2, 0, 1)
    kinds = np.concatenate([[0], page.kinds[rows]]).astype(np.int64)[here]
    ends = np.concatenate([np.zeros((1, 2), np.uint8), page.ends[rows].astype(np.uint8)])[here].transpose(2, 0, 1)
    areas = np.zeros((len(AREAS), *quarter), np.uint8)
    for k, boxes in enumerate(page.areas):
        for left, top, right, bottom in boxes.tolist():
            if AREAS[k] == "cell":  # shrunk, so that neighbouring cells do not touch
                inset = min(4.0, (right - left) / 6, (bottom - top) / 6)
                left, top, right, bottom = left + inset, top + inset, right - inset, bottom - inset
            outline = _outline(warp, left, top, right, bottom)
            cv2.fillPoly(areas[k], [_fixed(outline, 4)], 1, shift=_SHIFT)
    cores = (numbers > 0).astype(np.uint8)
    return cores, _weights(numbers, unread, len(rows)), measures, (here > 0).astype(np.float32), areas, ends.astype(np.uint8), kinds


def _weights(numbers: NDArray[np.float32], unread: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """More where two lines are near each other: that is where they are joined by mistake."""
    weights = np.full(numbers.shape, _LINE_WEIGHT, np.float32)
    turned = np.where(numbers > 0, count + 1 - numbers, 0).astype(np.float32)
    for reach, weight in (((3, 33), _GAP_WEIGHT), ((7, 9), _BETWEEN_WEIGHT)):
        kernel = np.ones(reach, np.uint8)
        greatest, least = cv2.dilate(numbers, kernel), cv2.dilate(turned, kernel)
        weights[(greatest > 0) & (greatest != count + 1 - least) & (numbers == 0)] = weight
    weights[unread > 0] = _UNREAD_WEIGHT
    return weights


def _band(warp: Warp, x0: float, x1: float, top: float, bottom: float, scale: float) -> NDArray[np.float64]:
    """The outline of a level band of the page, as it is seen, followed closely enough for bent ones."""
    xs = np.linspace(x0, x1, max(2, min(40, int((x1 - x0) * scale / 24) + 2)))
    upper, lower = (np.column_stack([xs, np.full(len(xs), y)]) for y in (top, bottom))
    return warp.points(np.concatenate([upper, lower[::-1]]))


def _outline(warp: Warp, left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    """As ``_band``, with points along its sides too."""
    t = np.linspace(0, 1, 9)[:-1, None]
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return warp.points(np.concatenate([a + (b - a) * t for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]))


def _fixed(points: NDArray[np.float64], shrink: int) -> NDArray[np.int32]:
    """Points in a map ``shrink`` times smaller, in the fractions that cv2.fillPoly takes: a pixel's centre is at its middle."""
    return np.round((points / shrink - 0.5) * 2**_SHIFT).astype(np.int32)

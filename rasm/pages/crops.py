"""Lines found on a page -> their images, straightened, without the ink of other lines, for the recogniser.

Where it stands: between ``rasm/pages/finder.py`` and ``rasm/lines/recognizer.py``. Pixels are the page's own grey levels: what is faint
stays faint, and the recogniser makes of it what it can. How much paper is left above and below a line matters as much as anything, since
the recogniser sees every line at one height: a stray mark must not make all letters small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels, to_grey
from rasm.pages.found import FoundPage, TextLine, moved

_LEVEL = np.eye(3)[:2]  # the way back from a page that is level as it is
_SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)  # of how far a line's ink reaches: the nearer the middle, the later it is drawn
_END = 4.0  # sizes of type at a line's end: a bullet, its gap and some signs of the text after it
_SPECK = 0.002  # of a type's size squared: ink that is less is no mark


@dataclass(frozen=True)
class CropSettings:
    """Lengths are in sizes of type, from the baseline. above, below: the least and the most that is cut; between, it is what the network
    says that ink reaches, and margin. side: beyond the ends. owners_px: the longer side of the map that says which line a pixel belongs
    to. level: a line that bends by less is cut straight out. ink: of the difference between paper and ink, what is ink. whole: what
    hangs together and has more than this share of its ink in one line, belongs to it as a whole. bullet, solid, apart: a bullet's height
    (a full stop has 0.1 to 0.17), how much of its box is ink (of a disc 0.79), and how far it stands from the text."""

    above: tuple[float, float] = (0.75, 1.35)
    below: tuple[float, float] = (0.35, 0.75)
    margin: float = 0.08
    side: float = 0.15
    owners_px: int = 2000
    level: float = 0.08
    ink: float = 0.4
    whole: float = 0.7
    bullet: tuple[float, float] = (0.22, 0.6)
    solid: float = 0.6
    apart: float = 0.25


@dataclass(frozen=True)
class Crop:
    """A line cut out of its page and straightened. rows: (width,) where on the level page its first row is, for each of its columns.
    left_px: where its first column is. ink: where there is ink, (height, width)."""

    pixels: Pixels
    left_px: float
    rows: NDArray[np.float64] = field(repr=False)
    ink: NDArray[np.bool_] = field(repr=False)


def cut_lines(page: Pixels, found: FoundPage, settings: CropSettings = CropSettings(), *, only: Sequence[int] | None = None) -> list[Crop]:
    """The image of each of ``found.lines``, or of those with the numbers ``only``. ``page``: as it was given to the finder.

    Each pixel within several lines' outlines belongs to that whose middle is nearest, by its own height.
    """
    grey = page if found.by_colour else to_grey(page)
    scale = min(1.0, settings.owners_px / max(grey.shape[:2]))
    owners = np.zeros([max(1, round(side * scale)) for side in grey.shape[:2]], np.float32)  # what cv2.remap takes
    outlines = [_outlines(line, found.to_page, scale) for line in found.lines]
    for k in range(len(_SHARES)):
        for n, outline in enumerate(outlines, 1):
            cv2.fillPoly(owners, [outline[k]], n)
    numbers = range(len(found.lines)) if only is None else only
    return [_cut(grey, owners, scale, n + 1, found.lines[n], found.to_page, settings) for n in numbers]


def _outlines(line: TextLine, to_page: NDArray[np.float64], scale: float) -> NDArray[np.int32]:
    """(shares, points, xy): of the line's outline, and within it, on the map of owners."""
    above, below = np.array(_SHARES) * line.above_px, np.array(_SHARES) * line.below_px
    middle = np.concatenate([line.middle, line.middle[::-1]])
    points = np.repeat(middle[None], len(_SHARES), axis=0)
    points[:, : len(line.middle), 1] -= above[:, None]
    points[:, len(line.middle) :, 1] += below[:, None]
    return np.round(moved(to_page, points.reshape(-1, 2)) * scale).astype(np.int32).reshape(points.shape)


def _cut(
    grey: Pixels,
    owners: NDArray[np.float32],
    scale: float,
    number: int,
    line: TextLine,
    to_page: NDArray[np.float64],
    settings: CropSettings,
) -> Crop:
    size = line.size_px
    above, below = extent(line, settings)
    x0, x1 = line.middle[0, 0] - settings.side * size, line.middle[-1, 0] + settings.side * size
    xs = np.arange(np.floor(x0), max(x1, x0 + 2), dtype=np.float32)
    top = np.interp(xs, line.baseline[:, 0], line.baseline[:, 1]) - above
    is_straight = np.ptp(top) < settings.level * size
    if is_straight:  # whole pixels: resampling blurs
        top = np.full(len(xs), round(float(np.median(top))), np.float64)
    ys = top.astype(np.float32) + np.arange(max(2, round(above + below)), dtype=np.float32)[:, None]
    owner: NDArray[np.float32] | None = None  # the number of the line that each pixel belongs to; None where no other has any
    if is_straight and np.array_equal(to_page, _LEVEL):  # nothing is between two pixels
        cut = _piece(grey, int(ys[0, 0]), int(xs[0]), ys.shape)
        rows, columns = (np.rint(at * np.float32(scale)).astype(np.intp) for at in (ys[:, 0], xs))
        inside = [(at >= 0) & (at < side) for at, side in zip((rows, columns), owners.shape, strict=True)]
        near = owners[max(0, rows[0]) : rows[-1] + 1, max(0, columns[0]) : columns[-1] + 1]
        if ((near != 0) & (near != number)).any():  # else there is no one else
            owner = np.zeros(cut.shape[:2], np.float32)
            owner[np.ix_(*inside)] = owners[np.ix_(rows[inside[0]], columns[inside[1]])]
    else:
        (a, b, c), (d, e, f) = to_page.astype(np.float32)
        map_x, map_y = a * xs + b * ys + c, d * xs + e * ys + f
        cut = np.asarray(cv2.remap(grey, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        # of every second pixel each way: nobody's border is known better
        sparse = np.asarray(cv2.remap(owners, map_x[::2, ::2] * scale, map_y[::2, ::2] * scale, cv2.INTER_NEAREST), np.float32)
        if ((sparse != 0) & (sparse != number)).any():
            owner = sparse.repeat(2, 0)[: cut.shape[0]].repeat(2, 1)[:, : cut.shape[1]]
    if cut.ndim == 3:
        cut = _of_most_contrast(cut)
    if owner is not None:
        others = np.asarray((owner != 0) & (owner != number))
        if others.any() and not others.all():
            cut = _without(cut, others, owner == number, settings)
    cut, ink = _without_bullets(cut, size, above / (above + below), settings)
    return Crop(cut, float(xs[0]), top, ink)


def _piece(image: Pixels, top: int, left: int, shape: tuple[int, ...]) -> Pixels:
    """(height, width, …) of the image; beyond its edges, what is there."""
    height, width = shape
    inner = image[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    beyond = max(0, -top), max(0, top + height - image.shape[0]), max(0, -left), max(0, left + width - image.shape[1])
    if not any(beyond):
        return np.ascontiguousarray(inner)
    if min(inner.shape) > 0 and inner.shape[0] + beyond[0] + beyond[1] == height and inner.shape[1] + beyond[2] + beyond[3] == width:
        return np.asarray(cv2.copyMakeBorder(inner, *beyond, cv2.BORDER_REPLICATE), np.uint8)
    rows, columns = (np.clip(np.arange(n) + at, 0, side - 1) for n, at, side in zip(shape, (top, left), image.shape, strict=False))
    return np.ascontiguousarray(image[rows[:, None], columns])


def _without(cut: Pixels, others: NDArray[np.bool_], own: NDArray[np.bool_], settings: CropSettings) -> Pixels:
    """The image with what belongs to other lines painted over in the level of the paper around. What hangs together belongs to the line
    that has most of it; only where lines touch, pixel by pixel."""
    paper = _paper(cut, others)
    _, labels = cv2.connectedComponents(_ink(cut, paper, settings.ink).astype(np.uint8))
    count = int(labels.max()) + 1
    theirs = np.bincount(labels[others], minlength=count)
    share = theirs / np.maximum(1, theirs + np.bincount(labels[own], minlength=count))
    share[0] = 0.0
    hidden = (share > settings.whole)[labels] | (others & (share > 1 - settings.whole)[labels])
    kept = (labels > 0) & ~hidden
    around = cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # edges of letters are fainter than what counts as ink
    return np.where(around & ~(cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0), paper, cut)


def _without_bullets(cut: Pixels, size: float, baseline: float, settings: CropSettings) -> tuple[Pixels, NDArray[np.bool_]]:
    """The image without a disc or square that stands by itself before or after the text, which reads as ه or ٥ else; and where its ink is.
    baseline: where it is, of the image's height."""
    ink, paper = _ink_of(cut, settings.ink)
    # what stands at an end, and what is next to it: nothing else of a long line need be looked at
    reach = round(_END * size)
    is_short = cut.shape[1] < 3 * reach
    ends = [slice(None)] * 2 if is_short else [slice(cut.shape[1] - reach, None), slice(reach)]
    fewest = 3 if is_short else 2  # marks; a word that joins throughout is one, and of a long line there is more beyond its end
    given = cut
    for part, at_right in zip(ends, (True, False), strict=True):
        end = ink[:, part]
        if _stands_apart(end, at_right, size, settings) and (where := _bullet(end, at_right, size, baseline, fewest, settings)) is not None:
            cut = cut.copy() if cut is given else cut
            cut[:, part][where] = np.uint8(paper)
    return cut, ink if cut is given else _ink_of(cut, settings.ink)[0]


def _stands_apart(ink: NDArray[np.bool_], at_right: bool, size: float, settings: CropSettings) -> bool:
    """Whether something no wider than a bullet may stand at this end, with a gap after it: of few lines, the rest need no closer look."""
    columns = cv2.reduce(np.ascontiguousarray(ink).view(np.uint8), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() > _SPECK * size * size
    filled = np.flatnonzero(columns[::-1] if at_right else columns)
    if not len(filled):
        return False
    gaps = np.flatnonzero(np.diff(filled) > settings.apart * size)
    return bool(len(gaps)) and filled[gaps[0]] - filled[0] < 1.4 * settings.bullet[1] * size


def _bullet(
    ink: NDArray[np.bool_], at_right: bool, size: float, baseline: float, fewest: int, settings: CropSettings
) -> NDArray[np.bool_] | None:
    """Where there is one at this end, with the fainter edge around it; None where fewer than ``fewest`` marks stand there."""
    _, labels, boxes, centres = cv2.connectedComponentsWithStats(np.ascontiguousarray(ink).view(np.uint8))
    marks = np.flatnonzero(boxes[:, cv2.CC_STAT_AREA] > _SPECK * size * size)[1:]  # the first is the paper
    if len(marks) < fewest:
        return None
    x0 = boxes[marks, cv2.CC_STAT_LEFT]
    x1 = x0 + boxes[marks, cv2.CC_STAT_WIDTH]
    k = int(x1.argmax() if at_right else x0.argmin())
    gap = int(x0[k] - np.partition(x1, -2)[-2]) if at_right else int(np.partition(x0, 1)[1] - x1[k])
    _, _, width, height, area = boxes[marks[k]].tolist()
    least, most = settings.bullet
    is_solid = area > settings.solid * width * height and 0.7 < width / height < 1.4
    level = (centres[marks[k]][1] / len(ink) - baseline) * len(ink) / size  # how far below the baseline its middle is
    if gap > settings.apart * size and is_solid and least * size < height < most * size and abs(level + 0.25) < 0.35:
        return np.asarray(cv2.dilate((labels == marks[k]).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    return None


def _ink(pixels: Pixels, paper: Pixels, share: float) -> NDArray[np.bool_]:
    """What differs from the paper by a ``share`` of the greatest difference."""
    difference = np.abs(pixels.astype(np.float32) - paper)
    return np.asarray(difference > max(12.0, share * float(np.percentile(difference[::2, ::2], 98))))


def ink_of(pixels: Pixels, share: float = CropSettings.ink) -> NDArray[np.bool_]:
    """Where a line has ink, on paper of the median's level."""
    return _ink_of(pixels, share)[0]


def _ink_of(pixels: Pixels, share: float) -> tuple[NDArray[np.bool_], float]:
    """As ``_ink`` on paper of the median's level, which comes with it. There are 256 levels: they are counted, nothing is sorted."""
    all_counts = _counts(np.ascontiguousarray(pixels[::2, ::2]))
    paper = _median(all_counts)
    differences = np.abs(np.arange(256, dtype=np.float32) - paper)
    order = np.argsort(differences, kind="stable")
    counts = all_counts[order]
    at = 0.98 * (int(counts.sum()) - 1)
    near = np.searchsorted(np.cumsum(counts), (math.floor(at - 0.01), math.ceil(at + 0.01)), side="right")
    # between two levels it is for NumPy to say
    most = differences[order[near[0]]] if near[0] == near[1] else np.percentile(np.repeat(differences[order], counts), 98)
    is_ink = differences > max(12.0, share * float(most))
    return np.asarray(cv2.LUT(pixels, is_ink.view(np.uint8))).view(np.bool_), paper


def _counts(pixels: Pixels) -> NDArray[np.int64]:
    """Of each of the 256 levels."""
    return cv2.calcHist([pixels], [0], None, [256], [0, 256]).ravel().astype(np.int64)


def _median(counts: NDArray[np.int64]) -> float:
    reached, total = np.cumsum(counts), int(counts.sum())
    low, high = np.searchsorted(reached, ((total - 1) // 2, total // 2), side="right").tolist()
    return (low + high) / 2


def _of_most_contrast(cut: Pixels) -> Pixels:
    """A coloured image of a line in grey: along the colours between its paper and its ink (their principal component)."""
    colours = cut.reshape(-1, 3).astype(np.float32)
    centred = colours - colours.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    along = centred @ vectors[:, -1]
    low, high = np.percentile(along, (0.5, 99.5))
    levels = np.clip((along - low) / max(1.0, float(high - low)), 0, 1) * 255 if high - low > 1 else np.full(len(along), 255.0)
    return np.asarray(levels.reshape(cut.shape[:2]).round(), np.uint8)


def extent(line: TextLine, settings: CropSettings = CropSettings()) -> tuple[float, float]:
    """How far above and below its baseline a line is cut, in pixels."""
    size = line.size_px
    offset = float(np.mean(line.baseline[:, 1] - line.middle[:, 1]))
    ink_above, ink_below = line.above_px + offset, line.below_px - offset
    return (
        float(np.clip(ink_above + settings.margin * size, settings.above[0] * size, settings.above[1] * size)),
        float(np.clip(ink_below + settings.margin * size, settings.below[0] * size, settings.below[1] * size)),
    )


def _paper(cut: Pixels, hidden: NDArray[np.bool_]) -> Pixels:
    """The level of the paper at each pixel: the median of what is not hidden, in pieces as wide as the line is high, between which it
    changes evenly."""
    height, width = cut.shape
    count = max(1, round(width / max(1, height)))
    levels = []
    for piece, away in zip(np.array_split(cut, count, axis=1), np.array_split(hidden, count, axis=1), strict=True):
        seen = piece[~away]
        levels.append(float(np.median(seen)) if seen.size > 0.1 * piece.size else np.nan)
    row = np.array(levels)
    known = np.flatnonzero(~np.isnan(row))
    overall = float(np.median(cut[~hidden]))
    centres = (np.arange(count) + 0.5) * width / count
    smooth = np.interp(np.arange(width), centres[known], row[known]) if len(known) else np.full(width, overall)
    return np.broadcast_to(smooth.round().astype(np.uint8), cut.shape)

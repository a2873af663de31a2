"""A page's pixels -> dark ink on white paper, upright as far as the lines go: what ``rasm/pages/segment.py`` looks for lines in.

Where it stands: the first half of finding lines. A page may be yellowed, shadowed, printed in colour, light on dark in one
place and dark on light in another, and scanned askew. The paper is taken to be the median of a neighbourhood some letters
wide, or the colour of a larger even stretch beside it: bands and cells may be hardly higher than their letters. Ink is what
differs from it in any colour channel, whichever way. So dark margins of a scan and coloured boxes are paper, and white letters
in them are ink.

Sources: the local median as background is common in document binarisation (DIBCO reports). The skew is the angle at which the
row profile is sharpest (Postl 1986), as in most OCR programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels

WORK_SIDE_PX = 1600  # the longer side of what lines are looked for in, unless the letters would be too small then
_BLOCK_PX = 8  # the paper is looked at in blocks of this size
_PAPER_BLOCKS = 15  # the median is taken over so many blocks each way
_INK_SHARE = 0.45  # of the strongest difference nearby, what counts as ink
_LEAST_INK = 28  # a difference from the paper below this is never ink
_PANEL_PX = 4  # coloured bands and cells are looked for in blocks of this size
_PANEL_GRADIENT = 14  # between neighbouring blocks; noise and shadows have less
_PANEL_LEAST = 5  # blocks each way without such a gradient are paper and no stroke
_PANEL_WINDOW = (9, 5)  # blocks around one in which the colour of its paper is seen
_PANEL_SHARE = 0.15  # of them, at least
_MAX_SKEW_DEGREES = 12.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FlatPage:
    """ink: uint8 0 or 1, upright. grey: 255 paper, 0 ink, of the same shape. to_page: 2 x 3, from (x, y) here to the page's."""

    ink: Pixels
    grey: Pixels
    to_page: Matrix
    skew_degrees: float


def flatten(page: Pixels) -> tuple[Pixels, Pixels]:
    """(height, width) or (height, width, 3) -> (grey with paper at 255 and the ink dark, ink as 0 or 1), both (height, width)."""
    height, width = page.shape[:2]
    small = _averaged(page, _BLOCK_PX)
    paper = cv2.resize(cv2.medianBlur(small, _PAPER_BLOCKS), (width, height), interpolation=cv2.INTER_LINEAR)
    paper = _with_panels(page, np.asarray(paper, np.uint8))
    difference = cv2.absdiff(page, paper)
    if difference.ndim == 3:
        difference = cv2.max(cv2.max(difference[..., 0], difference[..., 1]), difference[..., 2])
    strongest = cv2.dilate(_block_maximum(np.asarray(difference, np.uint8)), np.ones((9, 9), np.uint8))
    strongest = cv2.resize(cv2.blur(strongest, (9, 9)), (width, height), interpolation=cv2.INTER_LINEAR)
    threshold = cv2.max(cv2.convertScaleAbs(strongest, alpha=_INK_SHARE), np.array([_LEAST_INK], np.uint8))
    ink = cv2.compare(difference, threshold, cv2.CMP_GT)
    # full black where ink is strong; what is below a third of the threshold is paper
    level = max(float(np.percentile(difference[ink > 0][::16], 60)), 2.0 * _LEAST_INK) if ink.any() else 255.0
    scaled = cv2.convertScaleAbs(cv2.subtract(difference, np.array([level * 0.12], np.float64)), alpha=255.0 / (0.8 * level))
    return np.asarray(255 - scaled, np.uint8), np.asarray(np.asarray(ink, np.uint8) >> 7, np.uint8)


def _with_panels(page: Pixels, paper: Pixels) -> Pixels:
    """The paper with coloured bands and cells that the median passed over, because they are hardly higher than their letters.

    A stretch without a gradient that is larger than any stroke is paper, whatever its colour.
    """
    height, width = page.shape[:2]
    small = _averaged(page, _PANEL_PX)
    size = small.shape[1::-1]
    around = np.ones((3, 3), np.uint8)
    steep = _most(cv2.morphologyEx(small, cv2.MORPH_GRADIENT, around))
    even = cv2.morphologyEx((steep < _PANEL_GRADIENT).astype(np.uint8), cv2.MORPH_OPEN, np.ones((_PANEL_LEAST, _PANEL_LEAST), np.uint8))
    known = np.asarray(cv2.resize(paper, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    if not ((_most(cv2.absdiff(small, known)) > _LEAST_INK) & (even > 0)).any():
        return paper
    found = _paper_around(small, even > 0, known)
    other = _most(cv2.absdiff(found, known)) > _LEAST_INK
    if not other.any():
        return paper
    places = cv2.resize(other.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    paper = paper.copy()
    paper[places] = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST)[places]
    return paper


def _paper_around(small: Pixels, even: NDArray[np.bool_], known: Pixels) -> Pixels:
    """For each block, a colour of paper: that of the even stretches beside, above and below it and of the ``known`` paper which is seen
    most around the block. Between letters there is paper."""
    height, width = even.shape
    columns, rows = np.arange(width), np.arange(height)[:, None]
    left = np.maximum.accumulate(np.where(even, columns, -1), axis=1)
    right = np.minimum.accumulate(np.where(even, columns, width)[:, ::-1], axis=1)[:, ::-1]
    above = np.maximum.accumulate(np.where(even, rows, -1), axis=0)
    below = np.minimum.accumulate(np.where(even, rows, height)[::-1], axis=0)[::-1]
    found, most = known, np.full(even.shape, -1.0, np.float32)
    beside = [(y, side[y[:, 0]]) for y in (rows, np.maximum(rows - 1, 0), np.minimum(rows + 1, height - 1)) for side in (left, right)]
    for y, x in (*beside, (above, columns), (below, columns)):  # the next rows, since a band's own edge is not even
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        colour = small[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        seen = cv2.blur((inside & (_most(cv2.absdiff(small, colour)) < _LEAST_INK)).astype(np.float32), _PANEL_WINDOW)
        better = inside & (seen > most)
        most = np.where(better, seen, most)
        found = np.where(_as_wide(better, small), colour, found)
    seen = cv2.blur((_most(cv2.absdiff(small, known)) < _LEAST_INK).astype(np.float32), _PANEL_WINDOW)
    clear = most > np.maximum(seen, _PANEL_SHARE)
    return np.where(_as_wide(clear, small), found, known).astype(np.uint8)


def _as_wide(mask: NDArray[np.bool_], like: Pixels) -> NDArray[np.bool_]:
    """For every colour."""
    return mask if like.ndim == 2 else mask[..., None]


def _most(difference: Any) -> Pixels:
    """Over the colours."""
    return np.asarray(difference if difference.ndim == 2 else difference.max(axis=2), np.uint8)


def _block_maximum(values: Pixels) -> Pixels:
    height, width = values.shape
    padded = np.pad(values, ((0, -height % _BLOCK_PX), (0, -width % _BLOCK_PX)))
    rows = padded.reshape(-1, _BLOCK_PX, padded.shape[1]).max(axis=1)
    return np.asarray(rows.reshape(rows.shape[0], -1, _BLOCK_PX).max(axis=2), np.uint8)


def find_skew(ink: Pixels) -> float:
    """Degrees by which the lines of ``ink`` fall to the right: the angle at which the row profile is sharpest."""
    places = cv2.findNonZero(np.ascontiguousarray(ink[::2, ::2]))  # (points, xy), with an axis more in OpenCV 4
    if places is None or len(places) < 200:
        return 0.0
    best = 0.0
    for step, reach, most in ((1.0, _MAX_SKEW_DEGREES, 10_000), (0.25, 1.0, 20_000), (0.05, 0.2, 30_000)):
        x, y = places.reshape(-1, 2)[:: len(places) // most + 1].T
        x = x - x.mean()
        angles = best + np.arange(-reach, reach + step / 2, step)
        best = float(angles[int(np.argmax([_sharpness(x, y, angle) for angle in angles]))])
    return best


def _sharpness(x: NDArray[Any], y: NDArray[Any], degrees: float) -> float:
    rows = (y - x * np.tan(np.radians(degrees))).astype(np.int64)
    profile = np.bincount(rows - rows.min()).astype(np.float64)
    # the squares of the profile itself: at a true angle ink gathers in fewer rows. Slightly better if the angle is small
    return float((profile**2).sum()) * (1 - 0.002 * abs(degrees))


def is_sideways(ink: Pixels) -> bool:
    """Whether lines run up or down rather than across: their profile is then the sharper one."""
    sharp = []
    for turned in (ink, ink.T):
        degrees = find_skew(np.ascontiguousarray(turned))
        y, x = np.nonzero(turned)
        if len(x) < 200:
            return False
        rows = (y - (x - x.mean()) * np.tan(np.radians(degrees))).astype(np.int64)
        profile = np.bincount(rows - rows.min()).astype(np.float64)
        fine = np.diff(cv2.GaussianBlur(profile[:, None], (1, 9), 2)[:, 0])
        sharp.append(float((fine**2).sum()) / max(1.0, float((profile**2).sum()) / len(profile)) / len(profile))
    return sharp[1] > 1.5 * sharp[0]


def shrunk(page: Pixels, scale: float) -> Pixels:
    """The page at ``scale``, which is below 1."""
    size = (max(1, round(page.shape[1] * scale)), max(1, round(page.shape[0] * scale)))
    return np.asarray(cv2.resize(_averaged(page, max(1, int(1 / scale))), size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _averaged(page: Pixels, block_px: int) -> Pixels:
    """The mean of each block of ``block_px`` pixels each way; what is left over at the right and below is left out.

    OpenCV averages over a whole number of pixels in a tenth of the time of a broken one.
    """
    height, width = (max(1, side // block_px) for side in page.shape[:2])
    if block_px == 1:
        return page
    return np.asarray(cv2.resize(page[: height * block_px, : width * block_px], (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def flat_page(page: Pixels, work_side_px: int = WORK_SIDE_PX) -> FlatPage:
    """The page flattened, scaled so that its longer side is at most ``work_side_px``, and turned until its lines are level."""
    scale = min(1.0, work_side_px / max(page.shape[:2]))
    if scale * min(page.shape[:2]) < 1:  # a strip that would vanish
        scale = 1.0
    grey, ink = flatten(page if scale == 1.0 else shrunk(page, scale))
    degrees = find_skew(ink)
    height, width = ink.shape
    to_level = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0, 0, 1]])
    if abs(degrees) >= 0.1:
        size = (width, height)
        grey = np.asarray(cv2.warpAffine(grey, to_level[:2], size, flags=cv2.INTER_LINEAR, borderValue=255), np.uint8)
        ink = np.asarray(cv2.warpAffine(ink, to_level[:2], size, flags=cv2.INTER_NEAREST, borderValue=0), np.uint8)
    else:
        to_level, degrees = np.eye(3), 0.0
    to_page = np.diag([page.shape[1] / width, page.shape[0] / height, 1.0]) @ np.linalg.inv(to_level)
    return FlatPage(ink, grey, to_page[:2], degrees)

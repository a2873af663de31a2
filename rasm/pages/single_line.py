"""Whether an image is of one line, or of a page.

Where it stands: called by ``rasm/pages/reader.py`` where the caller does not say. What it takes finding lines to tell, it passes on.
"""

from __future__ import annotations

import cv2
import numpy as np

from rasm.image import Pixels, to_grey
from rasm.pages.finder import shipped_finder
from rasm.pages.found import FoundPage

_LEAST_PAGE_PX = 40
_FILLED = 0.35  # of the image's height, has the ink of the line that it is of
_RULED = 0.9  # of the image's width: no row of letters has ink in so much of it, tatweels and underscores included


def is_line(image: Pixels) -> tuple[bool, FoundPage | None]:
    """Whether an image is of one line, and not of a page: one row of text that fills the image's height. With it come the lines that
    were found, where telling took that."""
    height, width = image.shape[:2]
    # two lines have no room in so few rows, and a word alone is as wide as high
    if height < _LEAST_PAGE_PX or width > 40 * height:
        return True, None
    if width <= 0.8 * height:  # a page upright
        return False, None
    has_rule = _has_rule(image)
    if width > 3 * height and not has_rule and not _has_gap(image):
        return True, None
    found = shipped_finder().find(image)
    if not found.lines:
        return width > 3 * height, found
    if has_rule:  # a plate, a sign, a cell: the line is what stands within
        return False, found
    length = np.array([line.middle[-1, 0] - line.middle[0, 0] for line in found.lines])
    main = found.lines[int(length.argmax())]
    level, size = float(main.middle[:, 1].mean()), main.size_px
    in_row = [abs(float(line.middle[:, 1].mean()) - level) < 0.5 * size for line in found.lines]
    others = float(length[~np.array(in_row)].max(initial=0.0))
    return others < 0.1 * float(length.max()) and main.above_px + main.below_px > _FILLED * height, found


def _has_rule(image: Pixels) -> bool:
    """Whether a frame or a rule goes along the image."""
    height, width = image.shape[:2]
    columns = min(width, 256)
    grey = to_grey(np.asarray(cv2.resize(image, (columns, height), interpolation=cv2.INTER_AREA), np.uint8)).astype(np.int16)
    paper = float(np.median(grey))
    away = np.abs(grey - paper)
    inked = (away > 0.5 * float(np.percentile(away, 99))).mean(axis=1)
    return bool((inked > _RULED).any())


def _has_gap(image: Pixels) -> bool:
    """Whether the rows of a wide image may be of two lines: in its middle a row with far less ink than rows above and below it.

    Spares nearly all line images the search for lines, which takes longer than reading them.
    """
    height, width = image.shape[:2]
    small = to_grey(np.asarray(cv2.resize(image, (min(width, 256), min(height, 32)), interpolation=cv2.INTER_AREA), np.uint8))
    rows = np.abs(small - np.median(small)).mean(axis=1)
    above, below = np.maximum.accumulate(rows)[:-2], np.maximum.accumulate(rows[::-1])[::-1][2:]
    valleys = rows[1:-1] / np.maximum(np.minimum(above, below), 1e-6)
    third = len(rows) // 3
    return bool((valleys[max(0, third - 1) : len(rows) - third - 1] < 0.5).any())

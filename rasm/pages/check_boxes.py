"""Check boxes that are drawn, ticked or empty -> signs of the lines that they stand in.

Where it stands: ``rasm/pages/reader.py`` calls ``seen`` and ``placed`` before lines are cut out, and ``with_signs`` after they are read. A
box that is drawn is no letter: it is larger than type, its rule is thinner or thicker, and a tick reaches out of it. So the finder sees
where one is, the page's pixels whether it is one and what is in it, and the recogniser does not see it at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels
from rasm.lines.recognizer import Reading, Sign
from rasm.pages.crops import Crop
from rasm.pages.found import Box, FoundPage, Matrix, TextLine, moved
from rasm.pages.unread import Unreadable

EMPTY, TICKED, CROSSED = "☐", "☑", "☒"
ROUND = {EMPTY: "○", TICKED: "●", CROSSED: "●"}
CONFIDENCE = 0.98  # of 377 boxes seen on drawn forms, in typefaces kept aside, 371 are seen as what they are


@dataclass(frozen=True)
class CheckBoxSettings:
    """Numbers that decide; ems are sizes of type.

    around: how much of the page around what the finder found is looked at, in ems. contrast: the least difference from paper, of 255. ink:
    of the greatest difference from paper, what is ink; faint: in a box. side: of a box, in ems: digits have less. long: how many times as
    long as the other a side may be. fills: the least share of its box that an outline fills: a disc has 0.79. round: and a square has more
    than this. convex: the least share of its hull. rule: the share of ink in what is rule. thick: the most of a side that it takes. tick:
    the least share of the inside that has ink. full: a stroke that is wider, of the inside, fills the box. corner: the least share of each
    quarter that has ink in what is crossed. row: how far from the middle of a line a box may be, in ems. gap: and how far from its end.
    """

    around: float = 1.2
    contrast: int = 40
    ink: float = 0.4
    faint: float = 0.3
    side: tuple[float, float] = (0.5, 2.0)
    long: float = 1.35
    fills: float = 0.7
    round: float = 0.88
    convex: float = 0.88
    rule: float = 0.6
    thick: float = 0.25
    tick: float = 0.06
    full: float = 0.35
    corner: float = 0.04
    row: float = 0.5
    gap: float = 1.2


@dataclass(frozen=True)
class CheckBox:
    """box: on the level page. sign: ☐ ☑ ☒, or ○ ● of a round one."""

    box: Box
    sign: str


def seen(page: Pixels, found: FoundPage, settings: CheckBoxSettings = CheckBoxSettings()) -> list[CheckBox]:
    """Those of the finder's check boxes that are outlines. ``page``: as it was given to the finder."""
    boxes: list[CheckBox] = []
    for box in found.check_boxes if found.lines else ():
        size_px = min(found.lines, key=lambda line: _distance(line, box)).size_px
        check_box = _look(page, box, size_px, found.to_page, settings)
        if check_box is not None and not any(_overlap(check_box.box, other.box) for other in boxes):
            boxes.append(check_box)
    return boxes


def with_lines_of(found: FoundPage, boxes: Sequence[CheckBox], settings: CheckBoxSettings = CheckBoxSettings()) -> FoundPage:
    """``found`` with each box in a line: that at whose end it stands, which then reaches over it, or one of its own."""
    lines = [line for line in found.lines if not any(_is_only(line, box.box) for box in boxes)]
    for box in boxes:
        near = [k for k, line in enumerate(lines) if _gap(line, box, found, settings) is not None]
        if near:
            k = min(near, key=lambda k: _gap(lines[k], box, found, settings) or 0.0)
            lines[k] = _reaching(lines[k], box.box)
        else:
            lines.append(_line_of(box, found))
    return replace(found, lines=lines)


def painted(page: Pixels, boxes: Sequence[CheckBox], to_page: Matrix) -> Pixels:
    """The page without the boxes: in each, and two pixels around, the colour of what is around it."""
    page = page.copy()
    for box in boxes:
        left, top, right, bottom = box.box
        corners = np.array([(left - 2, top - 2), (right + 2, top - 2), (right + 2, bottom + 2), (left - 2, bottom + 2)])
        outline = np.round(moved(to_page, corners)).astype(np.int32)
        (x0, y0), (x1, y1) = np.maximum(outline.min(axis=0), 0), outline.max(axis=0) + 1
        rim = np.concatenate([page[y0:y1, [x0, min(x1, page.shape[1] - 1)]].reshape(-1, *page.shape[2:]),
                              page[[y0, min(y1, page.shape[0] - 1)], x0:x1].reshape(-1, *page.shape[2:])])  # fmt: skip
        cv2.fillConvexPoly(page, outline, np.atleast_1d(np.median(rim, axis=0)).tolist())
    return page


def with_signs(reading: Reading | Unreadable, line: TextLine, crop: Crop, boxes: Sequence[CheckBox]) -> tuple[Reading | Unreadable, Crop]:
    """The reading with the signs of the boxes in its line, and the crop with their ink."""
    own = [box for box in boxes if _stands_in(line, box.box)]
    if not own or not isinstance(reading, Reading):
        return reading, crop
    ink = crop.ink.copy()
    signs = []
    for box in own:
        left, right = (round(min(max(edge - crop.left_px, 0), ink.shape[1])) for edge in (box.box[0], box.box[2]))
        if left < right:
            row = float(crop.rows[left:right].mean())
            ink[max(0, round(box.box[1] - row)) : max(0, round(box.box[3] - row)), left:right] = True
        signs.append(Sign(box.sign, CONFIDENCE, left, max(right, left + 1)))
    return reading.with_signs(signs), replace(crop, ink=ink)


def _stands_in(line: TextLine, box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    inside = line.middle[0, 0] <= x <= line.middle[-1, 0]
    return inside and abs(float(np.interp(x, line.middle[:, 0], line.middle[:, 1])) - y) < CheckBoxSettings.row * line.size_px


def _is_only(line: TextLine, box: Box) -> bool:
    """Whether the line is nothing but the box."""
    return _stands_in(line, box) and bool(line.middle[0, 0] > 2 * box[0] - box[2]) and bool(line.middle[-1, 0] < 2 * box[2] - box[0])


def _gap(line: TextLine, box: CheckBox, found: FoundPage, settings: CheckBoxSettings) -> float | None:
    """How far the box is from the line's end, in ems; None where it is not of the line."""
    left, _, right, _ = box.box
    x, y = (left + right) / 2, (box.box[1] + box.box[3]) / 2
    if abs(float(np.interp(x, line.middle[:, 0], line.middle[:, 1])) - y) > settings.row * line.size_px:
        return None
    gap = max(line.middle[0, 0] - right, left - line.middle[-1, 0], 0.0) / line.size_px
    cells = [cell.box for grid in found.grids for cell in grid.cells]
    middle_x, middle_y = line.middle.mean(axis=0)
    in_cells = [(c[0] < x < c[2] and c[1] < y < c[3], c[0] < middle_x < c[2] and c[1] < middle_y < c[3]) for c in cells]
    return float(gap) if gap < settings.gap and all(a == b for a, b in in_cells) else None


def _reaching(line: TextLine, box: Box) -> TextLine:
    """The line, from where it begins to where the box ends."""
    middle, baseline = line.middle, line.baseline
    if box[0] < middle[0, 0]:
        middle, baseline = (np.vstack([[box[0], points[0, 1]], points]) for points in (middle, baseline))
    if box[2] > middle[-1, 0]:
        middle, baseline = (np.vstack([points, [box[2], points[-1, 1]]]) for points in (middle, baseline))
    return replace(line, middle=middle, baseline=baseline)


def _line_of(box: CheckBox, found: FoundPage) -> TextLine:
    left, top, right, bottom = box.box
    near = min(found.lines, key=lambda line: _distance(line, box.box))
    middle = np.array([(left, (top + bottom) / 2), (right, (top + bottom) / 2)])
    baseline = np.array([(left, bottom), (right, bottom)])
    half = (bottom - top) / 2
    return replace(near, middle=middle, baseline=baseline, above_px=half, below_px=half, first=0.5, last=0.5, confidence=CONFIDENCE)


def _look(page: Pixels, box: Box, size_px: float, to_page: Matrix, settings: CheckBoxSettings) -> CheckBox | None:
    """The largest outline that touches ``box``."""
    margin = settings.around * size_px
    left, top = box[0] - margin, box[1] - margin
    size = round(box[2] + margin - left), round(box[3] + margin - top)
    there = np.column_stack([to_page[:, :2], moved(to_page, np.array([[left, top]]))[0]])
    patch = cv2.warpAffine(page, there, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    far = np.abs(patch.astype(np.int16) - np.median(patch, axis=(0, 1)).astype(np.int16))
    far = far if far.ndim == 2 else far.max(axis=2)
    if far.max() < settings.contrast:
        return None
    ink, faint = ((far > share * far.max()).astype(np.uint8) for share in (settings.ink, settings.faint))
    hint = box[0] - left, box[1] - top, box[2] - left, box[3] - top
    found, levels = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # of what hangs together alone: a box within a comb, or a cell of a table, is a hole in it
    outlines = [outline for outline, level in zip(found, levels[0] if found else (), strict=True) if level[3] < 0]
    for outline in sorted(outlines, key=cv2.contourArea, reverse=True):
        x, y, width, height = cv2.boundingRect(outline)
        around = x, y, x + width, y + height
        sides = sorted((width, height))
        if not settings.side[0] * size_px < sides[0] <= sides[1] < min(settings.side[1] * size_px, settings.long * sides[0]):
            continue
        area, hull = cv2.contourArea(outline), cv2.contourArea(cv2.convexHull(outline))
        if area < settings.fills * (width - 1) * (height - 1) or area < settings.convex * hull or not _overlap(around, hint):
            continue
        whole = cv2.drawContours(np.zeros_like(ink), [outline], -1, 1, cv2.FILLED)
        if (sign := _sign(ink, faint, whole, sides[0], settings)) is not None:
            is_round = area < settings.round * (width - 1) * (height - 1)
            return CheckBox((left + x, top + y, left + x + width, top + y + height), ROUND[sign] if is_round else sign)
    return None


def _sign(ink: NDArray[np.uint8], faint: NDArray[np.uint8], whole: NDArray[np.uint8], side: int, settings: CheckBoxSettings) -> str | None:
    """What is within an outline; None where there is no rule around, or nothing but ink. faint: ink, and what is fainter. whole: the
    outline, filled."""
    inside = whole
    for _ in range(max(2, round(settings.thick * side))):
        smaller = _eroded(inside)
        if float(ink[inside > smaller].mean()) < settings.rule:
            break
        inside = smaller
    else:
        return None
    if inside is whole:
        return None
    inside = _eroded(smaller)  # a rule's edge is blurred, and a ring's steps
    x, y, width, height = cv2.boundingRect(inside)
    if min(width, height) < 4:
        return None
    within = np.where(inside, faint, 0)[y : y + height, x : x + width]
    share = float(within.sum()) / float(inside.sum())
    if share < settings.tick:
        return EMPTY
    if 2 * float(cv2.distanceTransform(within, cv2.DIST_L2, 3).max()) > settings.full * min(width, height):
        return TICKED
    rows, columns = height // 2, width // 2
    quarters = within[:rows, :columns], within[:rows, columns:], within[rows:, :columns], within[rows:, columns:]
    return CROSSED if min(float(quarter.mean()) for quarter in quarters) > settings.corner else TICKED


def _eroded(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8)), np.uint8)


def _distance(line: TextLine, box: Box) -> float:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    across = max(line.middle[0, 0] - x, x - line.middle[-1, 0], 0.0)
    return float(across + abs(np.interp(x, line.middle[:, 0], line.middle[:, 1]) - y))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

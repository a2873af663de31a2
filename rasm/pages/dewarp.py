"""A photograph of a page that lies on something darker -> the page seen from straight above.

Where it stands: before lines are looked for (``rasm/pages/reader.py``). Only a page whose four corners are all in the picture is
straightened: the sides of a light quadrilateral, where they are not those of a rectangle. Skew alone is left to ``rasm/pages/finder.py``,
and so are scans, whose paper reaches the picture's edge.

Source: the page's outline as a four-cornered polygon (Douglas and Peucker 1973, as OpenCV has it), as in most document scanners.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels, shrink, to_grey

_LOOK_PX = 500  # the longer side of what the outline is looked for in
_LEAST_AREA = 0.25  # of the picture
_LEAST_CONTRAST = 40  # between the page and what it lies on
_LEAST_KEYSTONE = 0.02  # by how much opposite sides differ in length, else there is nothing to undo
_LIGHT_EDGE = 0.5  # of the picture's edge
_EDGE = 0.005  # a corner so near to the picture's edge is not the page's


def straightened(page: Pixels) -> tuple[Pixels, NDArray[np.float64]] | None:
    """The page without its perspective, and the 3 x 3 way back to the pixels of ``page``. None where there is nothing to undo."""
    corners = _corners(page)
    if corners is None:
        return None
    top_left, top_right, bottom_right, bottom_left = corners
    top, bottom = np.linalg.norm(top_right - top_left), np.linalg.norm(bottom_right - bottom_left)
    left, right = np.linalg.norm(bottom_left - top_left), np.linalg.norm(bottom_right - top_right)
    if max(abs(top - bottom) / max(top, bottom), abs(left - right) / max(left, right)) < _LEAST_KEYSTONE:
        return None
    width, height = round(float(max(top, bottom))), round(float(max(left, right)))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target), np.float64)
    flat = cv2.warpPerspective(page, matrix, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8), np.asarray(np.linalg.inv(matrix), np.float64)


def _corners(page: Pixels) -> NDArray[np.float64] | None:
    """Of the page in the picture: top left, top right, bottom right, bottom left."""
    height, width = page.shape[:2]
    scale = _LOOK_PX / max(height, width)
    if scale >= 1 or scale * min(height, width) < 1:  # too small for a photograph of a page, or a strip
        return None
    grey = to_grey(shrink(page, round(width * scale), round(height * scale)))
    _, light = cv2.threshold(cv2.GaussianBlur(grey, (5, 5), 0), 0, 255, cv2.THRESH_OTSU)
    # all around the page is what it lies on: where the picture's edge is light, it is a scan
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    if np.count_nonzero(edge) > _LIGHT_EDGE * edge.size:
        return None
    light = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0.0)
    outlines, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
    shape = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)[:, 0].astype(np.float64)
    if len(shape) != 4 or cv2.contourArea(hull) < _LEAST_AREA * grey.size:
        return None
    # the outline fills its four corners, and they are in the picture
    size = np.array([grey.shape[1], grey.shape[0]])
    inside = (shape > _EDGE * size).all() and (shape < (1 - _EDGE) * size - 1).all()
    filled = cv2.contourArea(max(outlines, key=cv2.contourArea)) > 0.93 * cv2.contourArea(shape.astype(np.float32))
    mask = np.asarray(cv2.fillConvexPoly(np.zeros_like(grey), shape.astype(np.int32), 1), np.uint8) > 0
    if not inside or not filled or float(np.median(grey[mask])) - float(np.median(grey[~mask])) < _LEAST_CONTRAST:
        return None
    return _in_order(shape / scale)


def _in_order(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    around = shape - shape.mean(axis=0)
    clockwise = shape[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]  # y runs downwards
    return np.asarray(np.roll(clockwise, -int(clockwise.sum(axis=1).argmin()), axis=0))

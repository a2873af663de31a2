"""Pages with what is known of them drawn in, and many of them on one sheet, to be looked at.

Where it stands: ``python -m model.rendering.pages --preview``. Lines in red with their order, cores filled, baselines in blue, blocks in
the colour of their kind, gutters in green, rules in orange, pictures in violet, ignored lines in grey.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from model.rendering.pages.labels import BLOCK_KINDS, PageLabels, Point
from rasm.image import Pixels

_PALETTE = [
    tuple(int(v) for v in np.asarray(cv2.applyColorMap(np.array([[k * 255 // len(BLOCK_KINDS)]], np.uint8), cv2.COLORMAP_HSV))[0, 0][::-1])
    for k in range(len(BLOCK_KINDS))
]


def draw_labels(pixels: Pixels, labels: PageLabels) -> Pixels:
    """A copy of the page, RGB, with its labels drawn in."""
    page: Pixels = np.ascontiguousarray(pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    shade: Pixels = np.asarray(page.copy(), np.uint8)
    for box in labels.pictures:
        _fill(shade, [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])], (160, 60, 220))
    for box in labels.gutters:
        _fill(shade, [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])], (40, 200, 40))
    for line in labels.lines:
        _fill(shade, line.core, (150, 150, 150) if line.ignored else (255, 40, 40))
    page = np.asarray(cv2.addWeighted(page, 0.6, shade, 0.4, 0), np.uint8)
    for left, top, right, bottom in labels.rules:
        cv2.rectangle(page, (round(left), round(top)), (round(right), round(bottom)), (255, 150, 0), 2)
    for block in labels.blocks:
        left, top, right, bottom = block.box
        cv2.rectangle(
            page, (round(left) - 2, round(top) - 2), (round(right) + 2, round(bottom) + 2), _PALETTE[BLOCK_KINDS.index(block.kind)], 2
        )
    for n, line in enumerate(labels.lines):
        colour = (128, 128, 128) if line.ignored else (220, 0, 0)
        cv2.polylines(page, [_points(line.polygon)], True, colour, 1)
        cv2.polylines(page, [_points(line.baseline)], False, (0, 0, 255), 1)
        x, y = line.baseline[-1]
        cv2.putText(
            page, str(n + 1), (round(x) - 8, round(y - line.above_px) + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 90, 0), 1, cv2.LINE_AA
        )
    return page


def contact_sheet(pages: Sequence[Pixels], names: Sequence[str], columns: int = 4, cell_px: int = 620) -> Pixels:
    """Pages beside and under one another, each shrunk into a square with its name."""
    rows = -(-len(pages) // columns)
    sheet = np.full((rows * (cell_px + 24), columns * cell_px, 3), 225, np.uint8)
    for n, (page, name) in enumerate(zip(pages, names, strict=True)):
        scale = min((cell_px - 8) / page.shape[1], (cell_px - 8) / page.shape[0], 1.0)
        small = np.asarray(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        y, x = n // columns * (cell_px + 24), n % columns * cell_px
        cv2.putText(sheet, name, (x + 6, y + 17), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
        sheet[y + 22 : y + 22 + small.shape[0], x + 4 : x + 4 + small.shape[1]] = small
    return sheet


def _points(points: Sequence[Point]) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.round(np.array(points)).astype(np.int32)


def _fill(picture: Pixels, points: Sequence[Point], colour: tuple[int, int, int]) -> None:
    cv2.fillPoly(picture, [_points(points)], colour)

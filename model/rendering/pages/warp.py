"""How paper lies before the camera: turned, in perspective, curled; for pictures and the points on them alike.

Where it stands: beneath ``degrade`` and what learns from pages. A point of the page is first bent, then seen: both have exact inverses, so
that labels go where their ink goes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Wave:
    """Lines that bend: each column of the page is moved down by a sine of its place. All in pixels of the page, but ``phase``."""

    amplitude: float
    period: float
    phase: float

    def at(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        return self.amplitude * np.sin(2 * math.pi * x / self.period + self.phase)


@dataclass(frozen=True)
class Warp:
    """matrix: (3, 3), the perspective from the page, once bent, to the picture. waves: how it is bent."""

    matrix: Points
    waves: tuple[Wave, ...] = ()

    def points(self, points: Points) -> Points:
        """Points (n, 2) of the page -> of the picture."""
        moved = np.array(points, np.float64)
        for wave in self.waves:
            moved[:, 1] += wave.at(points[:, 0])
        seen = np.column_stack([moved, np.ones(len(moved))]) @ self.matrix.T
        return np.asarray(seen[:, :2] / seen[:, 2:], np.float64)

    def scale_at(self, points: Points) -> Points:
        """How much larger the page's pixels are there: (n,), the square root of what an area grows by."""
        steps = [self.points(points + np.array(offset)) - self.points(points) for offset in ((1.0, 0.0), (0.0, 1.0))]
        return np.asarray(np.sqrt(np.abs(steps[0][:, 0] * steps[1][:, 1] - steps[0][:, 1] * steps[1][:, 0])), np.float64)

    def picture(self, page: Pixels, width: int, height: int, around: int | Pixels) -> Pixels:
        """The page as it is seen, uint8 (height, width). around: the level beyond its edges, or a picture of this size.

        What is shrunk below three quarters is averaged first.
        """
        centre = np.array([[page.shape[1] / 2, page.shape[0] / 2]])
        scale = float(self.scale_at(centre)[0])
        matrix, waves = self.matrix, self.waves
        if scale < 0.75:
            page = np.asarray(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
            matrix = matrix @ np.diag([1 / scale, 1 / scale, 1.0])
            waves = tuple(Wave(w.amplitude * scale, w.period * scale, w.phase) for w in waves)
        level = around if isinstance(around, int) else 0
        mask = None if isinstance(around, int) else np.full(page.shape, 255, np.uint8)
        if not waves:
            shown = [
                cv2.warpPerspective(v, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=level)
                for v in (page, mask)
                if v is not None
            ]
        else:
            grid = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
            places = cv2.perspectiveTransform(grid, np.linalg.inv(matrix))
            x = np.ascontiguousarray(places[..., 0], np.float32)
            y = np.asarray(places[..., 1] - sum(wave.at(x) for wave in waves), np.float32)
            shown = [cv2.remap(v, x, y, cv2.INTER_LINEAR, borderValue=level) for v in (page, mask) if v is not None]
        if isinstance(around, int):
            return np.asarray(shown[0], np.uint8)
        return np.where(shown[1] > 127, shown[0], around).astype(np.uint8)

"""What scanners, telephones and fax machines make of a page, in grey levels; labels follow where it moves.

Where it stands: after ``synthesis``, at training time: a page is drawn once and degraded anew each time. ``warp`` moves pixels and labels;
the effects here change levels only. Each effect has the share of pages that show it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from model.rendering.pages.warp import Warp, Wave
from rasm.image import Pixels

Levels = NDArray[np.float32]
Effect = Callable[[random.Random, np.random.Generator, Levels], Levels]


def random_warp(rng: random.Random, scale: float, centre: tuple[float, float], place: tuple[float, float], level: bool = False) -> Warp:
    """A way to see a page: its point ``centre`` comes to ``place``, at about ``scale``. level: neither turned nor bent."""
    x, y = centre
    stretch = 1.0 if level else 1 + rng.uniform(-0.1, 0.1)
    tilt = 0.0
    if not level and rng.random() < 0.85:
        tilt = rng.gauss(0, 0.8) if rng.random() < 0.75 else rng.uniform(-15, 15)
    turn = math.radians(tilt)
    matrix = np.array(
        [
            [scale * stretch * math.cos(turn), -scale * math.sin(turn), 0],
            [scale * stretch * math.sin(turn), scale * math.cos(turn), 0],
            [0, 0, 1],
        ]
    )
    if not level and rng.random() < 0.3:  # from aslant
        matrix[0, 1] += scale * rng.uniform(-0.06, 0.06)
        matrix = matrix @ np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]])
        far = np.eye(3)
        far[2, :2] = rng.uniform(-2e-4, 2e-4), rng.uniform(-2e-4, 2e-4)
        matrix = far @ matrix
    else:
        matrix = matrix @ np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]])
    matrix = np.array([[1, 0, place[0]], [0, 1, place[1]], [0, 0, 1.0]]) @ matrix
    waves: tuple[Wave, ...] = ()
    if not level and rng.random() < 0.18:
        waves = tuple(
            Wave(rng.uniform(1, 10) / scale, rng.uniform(250, 1600) / scale, rng.uniform(0, 6.3)) for _ in range(rng.randint(1, 2))
        )
    return Warp(matrix, waves)


def degrade(rng: random.Random, pixels: Pixels, other: Pixels | None = None) -> Pixels:
    """The page, uint8 (height, width), as a bad copy of it. other: a page whose back shows through, sometimes."""
    noise = np.random.default_rng(rng.getrandbits(32))
    levels: Levels = pixels.astype(np.float32)
    if rng.random() < 0.08:
        levels = 255 - levels
    if other is not None and rng.random() < 0.08:
        levels = _show_through(rng, levels, other)
    for share, effect in EFFECTS:
        if rng.random() < share:
            levels = effect(rng, noise, levels)
    page = np.clip(levels, 0, 255).astype(np.uint8)
    if rng.random() < 0.14:
        page = _bilevel(rng, noise, page)
    if rng.random() < 0.35:
        _, file = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(12, 85)])
        page = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return page


def _show_through(rng: random.Random, levels: Levels, other: Pixels) -> Levels:
    back = cv2.resize(cv2.flip(other, 1), (levels.shape[1], levels.shape[0])).astype(np.float32)
    if back.mean() < 140:
        return levels
    back = np.asarray(cv2.GaussianBlur(back, (0, 0), rng.uniform(0.8, 2)), np.float32)
    return np.minimum(levels, 255 - (255 - back) * rng.uniform(0.05, 0.3)).astype(np.float32)


def _shade(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    height, width = levels.shape
    coarse: Levels = noise.normal(0, 1, (rng.randint(2, 5), rng.randint(2, 5))).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(levels * np.clip(1 + field * rng.uniform(0.02, 0.2), 0.25, 1.3), np.float32)


def _shadow(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """Of a hand or a telephone: an edge, more or less soft."""
    height, width = levels.shape
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = (x - rng.uniform(0, width)) * math.cos(angle) + (y - rng.uniform(0, height)) * math.sin(angle)
    dark = 1 / (1 + np.exp(np.clip(-distance / rng.uniform(2, 40), -30, 30)))
    return np.asarray(levels * (1 - rng.uniform(0.2, 0.65) * dark), np.float32)


def _fold(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """The dark of a book's fold, or of a scanner's edge."""
    along = np.arange(levels.shape[1]) - rng.uniform(-0.1, 1.1) * levels.shape[1]
    dark = 1 - rng.uniform(0.4, 1) * np.exp(-((along / rng.uniform(8, 80)) ** 2))
    return np.asarray(levels * dark[None].astype(np.float32), np.float32)


def _edge(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """A black or white edge, as scanners leave."""
    levels = levels.copy()
    thick, level = rng.randint(4, 60), rng.choice((rng.uniform(0, 60), 255.0))
    side = rng.randrange(4)
    view = (levels[:, :thick], levels[:, -thick:], levels[:thick], levels[-thick:])[side]
    view[:] = level
    return levels


def _finger(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """A thumb that holds the page from one side."""
    height, width = levels.shape
    mask: Levels = np.zeros((height, width), np.float32)
    x, y = rng.choice((0, width)), rng.randrange(height)
    cv2.ellipse(mask, (x, y), (rng.randint(20, 70), rng.randint(14, 34)), rng.uniform(-30, 30), 0, 360, 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2), np.float32)
    return np.asarray(levels * (1 - mask) + mask * rng.uniform(70, 190), np.float32)


def _moire(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """Bands that a screen's or a print's raster leaves."""
    y, x = np.mgrid[0 : levels.shape[0], 0 : levels.shape[1]].astype(np.float32)
    angle = rng.uniform(0, math.pi)
    period = rng.uniform(2.5, 14)
    wave = np.sin(2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / period + np.sin(x / rng.uniform(40, 200)) * 3)
    return np.asarray(levels + wave * rng.uniform(4, 26), np.float32)


def _contrast(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    return np.asarray((levels - 128) * rng.uniform(0.4, 1.1) + 128 + rng.uniform(-40, 40), np.float32)


def _ink(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """Thicker or thinner strokes."""
    if rng.random() < 0.65:
        return np.asarray(cv2.erode(levels, np.ones((2, 2) if rng.random() < 0.75 else (3, 3), np.uint8)), np.float32)
    return np.asarray(cv2.dilate(levels, np.ones((2, 2), np.uint8)), np.float32)


def _broken(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """Strokes with holes, as worn type prints."""
    field = cv2.GaussianBlur(noise.normal(0, 1, levels.shape).astype(np.float32), (0, 0), rng.uniform(0.7, 1.5))
    holes = field > rng.uniform(0.8, 1.8) * field.std()
    ground = float(np.median(levels))
    return np.where(holes, levels + (ground - levels) * rng.uniform(0.5, 1), levels).astype(np.float32)


def _blur(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    if rng.random() < 0.25:  # the camera moved
        length = rng.randint(3, 7)
        kernel = np.zeros((length, length), np.float32)
        end = (rng.randrange(length), rng.randrange(length))
        cv2.line(kernel, (length - 1 - end[0], length - 1 - end[1]), end, 1.0)
        return np.asarray(cv2.filter2D(levels, -1, kernel / max(1.0, float(kernel.sum()))), np.float32)
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), rng.uniform(0.4, 1.8)), np.float32)


def _coarse(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    """Low resolution, of a fax twice as low from top to bottom."""
    height, width = levels.shape
    across = rng.uniform(0.4, 0.85)
    down = across * rng.choice((1.0, 1.0, 1.0, 0.5))
    small = cv2.resize(levels, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(small, (width, height), interpolation=rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST))), np.float32
    )


def _grain(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    grain: Levels = noise.normal(0, rng.uniform(2, 22), levels.shape).astype(np.float32)
    if rng.random() < 0.4:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.5)) * 1.7, np.float32)
    return np.asarray(levels + grain, np.float32)


def _stains(rng: random.Random, noise: np.random.Generator, levels: Levels) -> Levels:
    spots = np.zeros(levels.shape, np.float32)
    for _ in range(rng.randint(1, 6)):
        cv2.circle(spots, (rng.randrange(levels.shape[1]), rng.randrange(levels.shape[0])), rng.randint(2, 40), rng.uniform(0.1, 1), -1)
    return np.asarray(levels * (1 - cv2.GaussianBlur(spots, (0, 0), rng.uniform(1, 8)) * rng.uniform(0.1, 0.5)), np.float32)


# how often each is seen, in the order in which they come about: the paper, the light, the machine
EFFECTS: tuple[tuple[float, Effect], ...] = (
    (0.12, _ink),
    (0.12, _broken),
    (0.08, _stains),
    (0.35, _shade),
    (0.08, _shadow),
    (0.07, _fold),
    (0.06, _edge),
    (0.03, _finger),
    (0.5, _contrast),
    (0.05, _moire),
    (0.35, _blur),
    (0.2, _coarse),
    (0.45, _grain),
)


def _bilevel(rng: random.Random, noise: np.random.Generator, page: Pixels) -> Pixels:
    """Black and white alone, by one threshold or by that of each neighbourhood, often with specks."""
    if rng.random() < 0.5:
        _, page = cv2.threshold(page, 0, 255, cv2.THRESH_OTSU)  # type: ignore[assignment]
    else:
        around, below = 2 * rng.randint(8, 25) + 1, rng.uniform(6, 18)
        page = np.asarray(cv2.adaptiveThreshold(page, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, around, below), np.uint8)
    if rng.random() < 0.5:
        chance, share = noise.random(page.shape), rng.uniform(0.0005, 0.006)
        page = np.where(chance < share, 0, np.where(chance > 1 - share, 255, page)).astype(np.uint8)
    return page

"""Drawn patterns without text: screens of dots, weaves, lattices, engraved lines, leaves, cracked stones, fronts of houses.

Where it stands: beneath ``pictures``, which lays them on pages as photographs are. They teach the finder that rows of small dark things
need not be letters. ``evaluation/textless.py`` draws its patterns by other code, so that what is measured there was not learned.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels

_Plane = NDArray[np.float32]  # (height, width), 0 to 1


def texture(rng: random.Random, width: int, height: int) -> Pixels:
    """A pattern in two colours, a little uneven, uint8 (height, width, 3)."""
    plane = rng.choice(_PATTERNS)(rng, width, height)
    dark, light = (np.array([rng.uniform(a, b) for _ in range(3)], np.float32) for a, b in ((0, 130), (120, 255)))
    if rng.random() < 0.5:  # ink on paper
        dark, light = np.full(3, rng.uniform(0, 90), np.float32), np.full(3, rng.uniform(170, 255), np.float32)
    if rng.random() < 0.3:
        dark, light = light, dark
    shade = 1 + 0.25 * (_smooth(rng, width, height, 4) - 0.5)
    picture = (light + (dark - light) * plane[..., None]) * shade[..., None]
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.6))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _smooth(rng: random.Random, width: int, height: int, cells: int) -> _Plane:
    """Hills, some ``cells`` across."""
    noise = np.random.default_rng(rng.getrandbits(32)).random((cells + 1, cells + 1), np.float32)
    return np.clip(np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.float32), 0, 1)


def _turned(rng: random.Random, width: int, height: int) -> tuple[_Plane, _Plane]:
    """Coordinates of each pixel along two axes at right angles, most often those of the page."""
    angle = rng.choice((0.0, 0.0, math.pi / 4, math.radians(rng.uniform(-45, 45))))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return (x * math.cos(angle) + y * math.sin(angle)).astype(np.float32), (y * math.cos(angle) - x * math.sin(angle)).astype(np.float32)


def _screen(rng: random.Random, width: int, height: int) -> _Plane:
    """Dots in a grid, larger where the picture is darker: how presses print photographs. Some rows may be moved by a half."""
    u, v = _turned(rng, width, height)
    pitch = math.exp(rng.uniform(math.log(5), math.log(44)))
    row = np.floor(v / pitch)
    du, dv = (u / pitch + rng.choice((0, 0.5)) * (row % 2)) % 1 - 0.5, (v / pitch) % 1 - 0.5
    reach = 0.08 + 0.55 * _smooth(rng, width, height, rng.randint(2, 7)) ** rng.uniform(0.5, 2)
    away = np.hypot(du, dv * rng.uniform(0.7, 1.5)) if rng.random() < 0.8 else np.maximum(abs(du), abs(dv))
    return np.clip((reach - away) * pitch + 0.5, 0, 1).astype(np.float32)


def _weave(rng: random.Random, width: int, height: int) -> _Plane:
    u, v = _turned(rng, width, height)
    thread = rng.uniform(4, 30)
    over = (np.floor(u / thread) + np.floor(v / thread)) % rng.choice((2, 3, 4)) < 1
    round_u, round_v = abs(np.sin(u * math.pi / thread)), abs(np.sin(v * math.pi / thread))
    return np.where(over, 1 - round_u, 1 - round_v * rng.uniform(0.5, 1)).astype(np.float32)


def _lattice(rng: random.Random, width: int, height: int) -> _Plane:
    """Bars or wires that cross: fences, nets, grilles, tiles."""
    u, v = _turned(rng, width, height)
    across, along = rng.uniform(12, 90), rng.uniform(12, 90) * rng.choice((1, 1, 3))
    thick = rng.uniform(0.05, 0.35)
    bars = ((u / across) % 1 < thick) | ((v / along) % 1 < thick * rng.uniform(0.3, 1))
    return np.asarray(cv2.GaussianBlur(bars.astype(np.float32), (0, 0), 0.8), np.float32)


def _engraving(rng: random.Random, width: int, height: int) -> _Plane:
    """Lines that are thicker where the picture is darker, bent along its hills: banknotes, old plates."""
    u, v = _turned(rng, width, height)
    hills = _smooth(rng, width, height, rng.randint(2, 6))
    pitch = rng.uniform(4, 18)
    wave = (v + rng.uniform(0, 60) * hills + rng.uniform(0, 6) * np.sin(u / rng.uniform(8, 60))) / pitch % 1
    return np.clip((0.1 + 0.7 * hills - abs(wave - 0.5) * 2) * pitch / 2 + 0.5, 0, 1).astype(np.float32)


def _leaves(rng: random.Random, width: int, height: int) -> _Plane:
    """Small spindles, strewn or in rows, some with a stalk."""
    plane = np.zeros((height, width), np.float32)
    length = math.exp(rng.uniform(math.log(5), math.log(60)))
    step, strewn, tilt = length * rng.uniform(0.9, 2.5), rng.choice((0.1, 0.4, 1.0)), rng.uniform(0, 180)
    for y in np.arange(0, height, step * rng.uniform(0.6, 1.6)).tolist():
        for x in np.arange(0, width, step).tolist():
            if rng.random() < 0.12:
                continue
            centre = (int(x + strewn * step * rng.uniform(-1, 1)), int(y + strewn * step * rng.uniform(-1, 1)))
            angle = tilt + strewn * rng.uniform(-180, 180)
            axes = (max(1, int(length / 2 * rng.uniform(0.5, 1.2))), max(1, int(length / 6 * rng.uniform(0.5, 1.6))))
            cv2.ellipse(plane, centre, axes, angle, 0, 360, rng.uniform(0.4, 1), -1, cv2.LINE_AA)
    return plane


def _stones(rng: random.Random, width: int, height: int) -> _Plane:
    """Cracked ground, paving, scales: what is nearest to each of many points, with joints."""
    count = rng.randint(40, 900)
    picture = np.full((height, width), 255, np.uint8)
    for _ in range(count):
        picture[rng.randrange(height), rng.randrange(width)] = 0
    away, labels = cv2.distanceTransformWithLabels(picture, cv2.DIST_L2, 5)
    edges = cv2.morphologyEx(labels.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((rng.choice((2, 3, 5)),) * 2, np.uint8)) > 0
    ground = rng.uniform(0, 0.5) * away / max(1.0, float(away.max()))
    return np.maximum(edges.astype(np.float32), ground.astype(np.float32))


def _windows(rng: random.Random, width: int, height: int) -> _Plane:
    """Rows of dark oblongs with frames: houses, keyboards, shelves, seats."""
    plane = np.full((height, width), rng.uniform(0, 0.2), np.float32)
    high = rng.uniform(8, 70)
    y = rng.uniform(0, high)
    while y < height:
        x, wide = rng.uniform(0, high), high * rng.uniform(0.4, 1.4)
        gap = high * rng.uniform(0.2, 0.8)
        while x < width:
            own = wide * rng.uniform(0.8, 1.2)
            if rng.random() < 0.93:
                corners = ((int(x), int(y)), (int(x + own), int(y + high * 0.8)))
                cv2.rectangle(plane, *corners, rng.uniform(0.4, 1), -1 if rng.random() < 0.7 else max(1, int(high / 12)))
                if rng.random() < 0.3:
                    cv2.line(plane, (int(x + own / 2), int(y)), (int(x + own / 2), int(y + high * 0.8)), 0.2, 1)
            x += own + gap
        y += high * rng.uniform(1.05, 1.6)
    return plane


_PATTERNS: tuple[Callable[[random.Random, int, int], _Plane], ...] = (
    _screen, _screen, _screen, _weave, _lattice, _engraving, _leaves, _leaves, _stones, _windows,
)  # fmt: skip

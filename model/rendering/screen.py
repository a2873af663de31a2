"""How documents of today look as pictures: on screens, in colour, on photographs, from a fax, through a phone.

Where it stands: ``model/rendering/lines.py`` calls ``display`` for lines that a program set. It calls ``spoil`` for those that are
printed.
"""

from __future__ import annotations

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.image import Pixels

Levels = NDArray[Any]  # float32; OpenCV's stubs do not say so
_SUBPIXELS = np.array([[0.08, 0.24, 0.36, 0.24, 0.08]], np.float32)  # what smoothing over three colours of a pixel does to its grey
_LEAST_CONTRAST = 70


def display(rng: random.Random, ink: Levels, size_px: int) -> Pixels:
    """Coverage 0..255 as a grey picture, uint8."""
    kind = rng.random()
    if kind < 0.06:
        return _fax(rng, ink, size_px)
    # letters of 12 to 16 px are those of programs and pages of the web; of 20 to 45, print at 150 to 300 dpi and titles
    em_px = rng.uniform(9.5, 19) if kind < 0.62 else rng.uniform(19, 46)
    if em_px < size_px:
        if rng.random() < 0.3:
            ink = cv2.filter2D(ink, -1, _SUBPIXELS)
        scale = em_px / size_px
        ink = cv2.resize(ink, (max(4, round(ink.shape[1] * scale)), max(6, round(ink.shape[0] * scale))), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.25:  # programs draw small letters darker, or lighter
        ink = 255 * (np.clip(ink, 0, 255) / 255) ** rng.uniform(0.6, 1.5)
    if rng.random() < 0.06:
        ink = _underlined(rng, ink)
    picture = _coloured(rng, ink)
    if rng.random() < 0.22:  # shown larger or smaller than it was drawn
        scale = rng.uniform(0.75, 1.7)
        shape = (max(4, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
        picture = cv2.resize(picture, shape, interpolation=rng.choice((cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC)))
    if rng.random() < 0.16:
        picture = _photographed(rng, picture)
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(28, 90)])
        pixels = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return pixels


FILLED_BOXES = frozenset("☑☒")


def filled_box(rng: random.Random, size_px: int, sign: str) -> tuple[NDArray[np.uint8], int]:
    """A ticked or crossed box as programs draw it, full of colour with the tick left out: (coverage 0..255, rows above the baseline)."""
    side = max(8, round(size_px * rng.uniform(0.75, 1.1)))
    fine = 4 * side  # drawn four times as large, and made smaller: OpenCV's own smoothing leaves corners
    box = np.zeros((fine, fine), np.uint8)
    edge, corner = round(fine * rng.uniform(0, 0.08)), round(fine * rng.uniform(0.02, 0.25))
    tone = rng.choice((255, 255, rng.randint(140, 255)))
    cv2.rectangle(box, (edge + corner, edge), (fine - edge - corner, fine - edge), tone, -1)
    cv2.rectangle(box, (edge, edge + corner), (fine - edge, fine - edge - corner), tone, -1)
    for x in (edge + corner, fine - edge - corner):
        for y in (edge + corner, fine - edge - corner):
            cv2.circle(box, (x, y), corner, tone, -1)
    thick = max(2, round(fine * rng.uniform(0.07, 0.15)))
    reach = rng.uniform(0.2, 0.3)
    ends = ((reach, 0.5), (0.42, 1 - reach), (1 - reach * 0.9, reach)) if sign == "☑" else ((reach, reach), (1 - reach, 1 - reach))
    cv2.polylines(box, [np.array([(x * fine, y * fine) for x, y in ends], np.int32)], False, 0, thick)
    if sign == "☒":
        cv2.line(box, (round((1 - reach) * fine), round(reach * fine)), (round(reach * fine), round((1 - reach) * fine)), 0, thick)
    return np.asarray(cv2.resize(box, (side, side), interpolation=cv2.INTER_AREA), np.uint8), round(side * rng.uniform(0.8, 0.95))


def _coloured(rng: random.Random, ink: Levels) -> Levels:
    """Two greys that two colours may have, on paper that is plain mostly."""
    share = np.clip(ink, 0, 255).astype(np.float32) / 255
    if (kind := rng.random()) < 0.55:
        paper, letters = rng.choice((255.0, 255.0, 255.0, rng.uniform(225, 255))), rng.choice((0.0, 0.0, rng.uniform(0, 90)))
    else:
        paper, letters = rng.uniform(0, 255), rng.uniform(0, 255)
        if abs(paper - letters) < _LEAST_CONTRAST:
            letters = paper - 128 if paper > 128 else paper + 128
    if kind > 0.82:  # dark mode
        paper, letters = rng.uniform(0, 60), rng.uniform(150, 255)
    page: Levels = np.full(share.shape, paper, np.float32)
    if rng.random() < 0.14:  # on a photograph, a gradient or a texture: never as strong as the letters
        strength = abs(paper - letters) * rng.uniform(0.08, 0.4)
        page += strength * _texture(rng, share.shape)
    if rng.random() < 0.08:  # a link, a tag or a highlighted word in another colour
        start = rng.randrange(page.shape[1])
        end = min(page.shape[1], start + rng.randint(8, max(9, page.shape[1] // 2)))
        other = paper + (letters - paper) * rng.uniform(0.55, 1.0)
        colours = np.full(page.shape[1], letters, np.float32)
        colours[start:end] = other
        return page * (1 - share) + colours * share
    return page * (1 - share) + letters * share


def _texture(rng: random.Random, shape: tuple[int, ...]) -> Levels:
    """Something smooth with edges in it, within -1..1."""
    height, width = shape
    cells = (
        np.random.default_rng(rng.getrandbits(32))
        .uniform(-1, 1, (rng.randint(2, 5), rng.randint(2, max(3, width // 24))))
        .astype(np.float32)
    )
    texture: Levels = cv2.resize(cells, (width, height), interpolation=rng.choice((cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_NEAREST)))
    if rng.random() < 0.4:
        grain = np.random.default_rng(rng.getrandbits(32)).standard_normal((height, width), np.float32)
        texture = texture * 0.6 + 0.3 * cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 2))
    return np.clip(texture, -1, 1)


def _underlined(rng: random.Random, ink: Levels) -> Levels:
    """A link's line, or the edge of a cell or a button."""
    ink = ink.copy()
    height, width = ink.shape
    thick = max(1, height // 24)
    row = rng.choice((0, height - thick, height - thick, round(0.84 * height)))
    if rng.random() < 0.6:
        ink[row : row + thick] = np.maximum(ink[row : row + thick], rng.uniform(120, 255))
    else:
        column = rng.choice((0, width - thick))
        ink[:, column : column + thick] = np.maximum(ink[:, column : column + thick], rng.uniform(120, 255))
    return ink


def _photographed(rng: random.Random, picture: Levels) -> Levels:
    """With a phone: light, blur, noise, a little turned."""
    height, width = picture.shape
    picture = picture * np.linspace(rng.uniform(0.65, 1), rng.uniform(0.65, 1), width, dtype=np.float32)
    turn = rng.gauss(0, 0.006) * min(1.0, 900 / width)
    matrix = np.array([[1, rng.gauss(0, 0.04), 0], [turn, 1, -turn * width / 2]], np.float32)
    picture = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.9))
    noise = np.random.default_rng(rng.getrandbits(32)).standard_normal(picture.shape, np.float32)
    return picture + noise * rng.uniform(1, 9)


def _fax(rng: random.Random, ink: Levels, size_px: int) -> Pixels:
    """204 dots an inch across, 98 or 196 along: black or white, and half as high as it should be, or made even again."""
    across = rng.uniform(24, 38) / size_px  # letters of 9 to 13 points
    along = across * (0.48 if rng.random() < 0.7 else 0.96)
    small = cv2.resize(ink, (max(4, round(ink.shape[1] * across)), max(8, round(ink.shape[0] * along))), interpolation=cv2.INTER_AREA)
    cut = rng.uniform(70, 140)
    if float((small > cut).mean()) < 0.7 * float(ink.mean()) / 255:  # hairlines would vanish, and with them letters
        cut = 45.0
    dots = np.where(small + rng.uniform(0, 14) * _grain(rng, small.shape) > cut, 0, 255).astype(np.uint8)
    # as high as it was
    return np.asarray(
        cv2.resize(
            dots, (dots.shape[1], max(8, round(ink.shape[0] * across))), interpolation=rng.choice((cv2.INTER_NEAREST, cv2.INTER_LINEAR))
        ),
        np.uint8,
    )


def _grain(rng: random.Random, shape: tuple[int, ...]) -> Levels:
    return np.random.default_rng(rng.getrandbits(32)).standard_normal(shape, np.float32)

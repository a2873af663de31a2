"""Signs that the charset has no character for: emoji, other scripts, logos, scribbles, textures. The reader is to call each U+FFFD.

Where it stands: ``model/rendering/lines.py`` draws one wherever a rendered text has U+FFFD. A word of another script is one stranger, as is
a row of emoji.
"""

from __future__ import annotations

import functools
import random

import cv2
import freetype
import numpy as np
from numpy.typing import NDArray

from model.rendering.fonts import Font, open_face

Bitmap = NDArray[np.uint8]


class Strangers:
    """Draws strangers, out of fonts where there are any and made up otherwise."""

    def __init__(self, fonts: list[Font]) -> None:
        self.blocks: dict[str, list[tuple[str, str]]] = {}  # block: font files, and their characters in it
        for font in fonts:
            for block, characters in font.strangers:
                self.blocks.setdefault(block, []).append((font.path, characters))
        self.scripts = sorted(block for block in self.blocks if block not in ("emoji", "ornaments"))

    def draw(self, rng: random.Random, size_px: int, *, alone: bool = False) -> tuple[Bitmap, int]:
        """(coverage 0..255, how many rows of it stand above the baseline). alone: of a line in which nothing else stands, which is mostly
        a piece of a picture that was taken for one."""
        kind = rng.random()
        if kind > (0.3 if alone else 0.95):
            return _texture(rng, size_px)
        if kind < 0.43 and "emoji" in self.blocks:
            return self._signs(rng, size_px, "emoji", rng.choice((1, 1, 1, 1, 2, 3)))
        if kind < 0.52 and "ornaments" in self.blocks:
            return self._signs(rng, size_px, "ornaments", 1)
        if kind < 0.78 and self.scripts:
            return self._signs(rng, size_px, rng.choice(self.scripts), rng.randint(1, 6))
        return _scribble(rng, size_px)

    def _signs(self, rng: random.Random, size_px: int, block: str, count: int) -> tuple[Bitmap, int]:
        path, characters = rng.choice(self.blocks[block])
        text = "".join(rng.choices(characters, k=count))
        parts: list[tuple[Bitmap, int, int]] = []
        pen = 0.0
        colours = _colour_face(path)
        if colours is not None:
            for c in text:
                bitmap = _coloured(path, c)
                if bitmap is None:
                    continue
                height = round(size_px * rng.uniform(0.95, 1.2))
                scaled = cv2.resize(
                    bitmap, (max(1, round(bitmap.shape[1] * height / bitmap.shape[0])), height), interpolation=cv2.INTER_AREA
                )
                parts.append((np.asarray(scaled, np.uint8), round(pen), -round(0.85 * height)))
                pen += scaled.shape[1]
        else:
            face = open_face(path)
            scale = size_px / face.units
            for glyph, dx, dy, advance, _ in face.shape(text, True, {}):
                bitmap, left, top, _ = face.glyph(glyph, size_px)
                parts.append((bitmap, round(pen + dx * scale) + left, -top - round(dy * scale)))
                pen += advance * scale
        parts = [part for part in parts if part[0].size]
        if not parts:
            return _scribble(rng, size_px)
        if block != "emoji" or colours is None:
            parts = [(_turned(rng, bitmap), x, y) for bitmap, x, y in parts]
        x0, y0 = min(x for _, x, _ in parts), min(y for *_, y in parts)
        x1, y1 = max(x + b.shape[1] for b, x, _ in parts), max(y + b.shape[0] for b, _, y in parts)
        canvas = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for bitmap, x, y in parts:
            part = canvas[y - y0 : y - y0 + bitmap.shape[0], x - x0 : x - x0 + bitmap.shape[1]]
            np.maximum(part, bitmap, out=part)
        return canvas, -y0


@functools.cache
def _colour_face(path: str) -> freetype.Face | None:
    """The face of a font whose glyphs are coloured pictures, else None."""
    face = freetype.Face(path)
    if face.is_scalable or not face.num_fixed_sizes:
        return None
    face.select_size(0)
    return face


@functools.lru_cache(maxsize=800)
def _coloured(path: str, character: str) -> Bitmap | None:
    """A coloured picture as ink on white paper, 0..255."""
    face = _colour_face(path)
    assert face is not None
    try:
        face.load_char(character, freetype.FT_LOAD_COLOR)
    except freetype.FT_Exception:
        return None
    slot = face.glyph.bitmap
    if not slot.rows or slot.pixel_mode != freetype.FT_PIXEL_MODE_BGRA:
        return None
    bgra = np.array(slot.buffer, np.int32).reshape(slot.rows, slot.pitch // 4, 4)[:, : slot.width]
    grey = (bgra[..., 0] * 29 + bgra[..., 1] * 150 + bgra[..., 2] * 77) >> 8  # premultiplied
    ink = np.clip(bgra[..., 3] - grey, 0, 255)
    return np.asarray(np.where(bgra[..., 3] > 64, np.maximum(ink, 24), ink), np.uint8)


def _turned(rng: random.Random, bitmap: Bitmap) -> Bitmap:
    """Now and then mirrored or on its head: a sign that no font has is as strange, and what is strange must not be learned by heart."""
    way = rng.random()
    if way < 0.15:
        return np.ascontiguousarray(bitmap[:, ::-1])
    return np.ascontiguousarray(bitmap[::-1, ::-1]) if way < 0.25 else bitmap


def _scribble(rng: random.Random, size_px: int) -> tuple[Bitmap, int]:
    """A logo or a stroke of a pen: shapes that no letter has."""
    height, width = round(size_px * rng.uniform(0.8, 1.3)), round(size_px * rng.uniform(0.9, 2.8))
    canvas = np.zeros((height, width), np.uint8)
    thick = max(2, round(size_px * rng.uniform(0.035, 0.09)))
    if rng.random() < 0.45:  # handwriting: up and down, and back over itself
        count = rng.randint(9, 18)
        xs = np.linspace(0.05, 0.95, count) * width + np.array([rng.uniform(-0.25, 0.25) for _ in range(count)]) * height
        ys = np.array([rng.uniform(0.05, 0.45) if i % 2 else rng.uniform(0.55, 0.95) for i in range(count)]) * height
        curve = _smooth(np.stack([xs, ys], 1).astype(np.float32))
        cv2.polylines(canvas, [np.round(curve).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
        return canvas, round(height * rng.uniform(0.7, 0.9))
    middle, radius = (width // 2, height // 2), round(height * rng.uniform(0.38, 0.48))
    fill = -1 if rng.random() < 0.5 else thick
    if rng.random() < 0.5:
        cv2.circle(canvas, middle, radius, 255, fill, cv2.LINE_AA)
    else:
        cv2.rectangle(canvas, (thick, thick), (width - thick, height - thick), 255, fill)
    for _ in range(rng.randint(2, 5)):
        value = 0 if fill < 0 else 255
        corners = np.array([[rng.gauss(middle[0], radius / 2), rng.gauss(middle[1], radius / 2)] for _ in range(rng.randint(3, 6))]).astype(
            np.int32
        )
        if rng.random() < 0.5:
            cv2.fillPoly(canvas, [corners], value, cv2.LINE_AA)
        else:
            cv2.polylines(canvas, [corners], True, value, thick, cv2.LINE_AA)
    return canvas, round(height * rng.uniform(0.7, 0.9))


def _texture(rng: random.Random, size_px: int) -> tuple[Bitmap, int]:
    """What printed pictures, fabrics and walls are made of, row by row as letters stand: dots, bars, crosses, zigzags, rings."""
    height, pitch = round(size_px * rng.uniform(0.6, 1.4)), size_px * rng.uniform(0.12, 0.8)
    columns, rows = (
        rng.randint(3, 26),
        max(2, round(height / pitch * rng.choice((0.5, 1, 1)))),
    )  # one row of them may be bullets, or letters
    canvas = np.zeros((height, max(8, round(columns * pitch))), np.uint8)
    shape, radius = rng.choice(("dot", "dot", "bar", "cross", "ring", "zigzag", "brick")), pitch * rng.uniform(0.15, 0.48)
    thick, lean, uneven = max(1, round(size_px * rng.uniform(0.03, 0.1))), rng.uniform(-0.5, 0.5), rng.choice((0.0, 0.0, 0.1, 0.3))
    shifted = rng.choice((0.0, 0.5))
    fading = rng.choice((0.0, rng.uniform(-0.9, 0.9)))  # dots of a printed picture grow and shrink along it
    for row in range(rows):
        for column in range(columns + 1):
            x = (column + shifted * (row % 2) + rng.gauss(0, uneven)) * pitch
            y = (row + 0.5 + rng.gauss(0, uneven)) * height / rows
            r = max(1.0, radius * (1 + fading * (column / columns - 0.5)))
            middle = (round(x), round(y))
            if shape == "dot":
                cv2.circle(canvas, middle, round(r), 255, -1, cv2.LINE_AA)
            elif shape == "ring":
                cv2.circle(canvas, middle, round(r), 255, thick, cv2.LINE_AA)
            elif shape == "brick":
                cv2.rectangle(canvas, (round(x - r), round(y - r / 2)), (round(x + r), round(y + r / 2)), 255, rng.choice((thick, -1)))
            else:
                up, down = (round(x + lean * r), round(y - r)), (round(x - lean * r), round(y + r))
                cv2.line(canvas, up, down, 255, thick, cv2.LINE_AA)
                if shape == "cross":
                    cv2.line(canvas, (round(x - r), round(y - lean * r)), (round(x + r), round(y + lean * r)), 255, thick, cv2.LINE_AA)
                elif shape == "zigzag":
                    cv2.line(canvas, down, (round(x + pitch + lean * r), round(y - r)), 255, thick, cv2.LINE_AA)
    return canvas, round(height * rng.uniform(0.7, 0.9))


def _smooth(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chaikin's corner cutting, twice."""
    for _ in range(2):
        a, b = points[:-1], points[1:]
        points = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2)
    return points

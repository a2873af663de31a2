"""Pictures for drawn pages: photographs of the user's, or of installed packages, and drawn ones: clouds, bars, codes, signatures.

Where it stands: beneath ``kinds``. Photographs are files named with ``--photos``; where none are named, those that scikit-image, scikit-learn and matplotlib carry, if they are installed, without importing them; and where there
are none at all, noise of many scales.
"""

# ruff: noqa: E501  (drawings in SVG)
from __future__ import annotations

import importlib.util
import math
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from model.rendering.pages.textures import texture
from rasm.errors import DatasetError
from rasm.image import Pixels

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_PACKAGES = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
_NOT_PHOTOGRAPHS = ("text", "page", "logo", "chessboard", "phantom", "horse", "color", "blue_pack", "cell", "microaneurysms", "multipage")
_PHOTOGRAPHS = 0.8  # the share of pictures that are photographs, where there are any
_CLOUDS, _TEXTURES = 12, 28


class Pictures:
    """Files of pictures. ``folders``: of photographs, searched through."""

    def __init__(self, folders: Sequence[str] | None = None) -> None:
        if folders:
            roots = [Path(f) for f in folders]
        else:
            roots = []
            for package, place in _PACKAGES.items():
                spec = importlib.util.find_spec(package)
                roots += [Path(spec.origin).parent / place] if spec and spec.origin else []
        self.files = sorted(
            p
            for root in roots
            for p in (root.rglob("*") if root.is_dir() else [root])
            if p.suffix.lower() in _SUFFIXES and not any(word in p.stem.lower() for word in _NOT_PHOTOGRAPHS)
        )
        if folders and not self.files:
            raise DatasetError(f"{', '.join(folders)}: no photographs (.jpg, .png, .webp)")
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made: list[Path] = []

    def __getstate__(self) -> dict[str, object]:
        return {"files": self.files, "_folder": None, "_made": []}

    def file(self, rng: random.Random) -> str:
        """The URL of a picture."""
        if self.files and rng.random() < _PHOTOGRAPHS:
            return rng.choice(self.files).resolve().as_uri()
        if not self._made:
            for n in range(_CLOUDS + _TEXTURES):
                made = (clouds if n < _CLOUDS else texture)(random.Random(f"picture {n}"), 700, 500)
                self._made.append(self._write(f"{n}.jpg", made))
        return rng.choice(self._made).as_uri()

    def pattern(self, rng: random.Random, width: int, height: int) -> str:
        """The URL of a texture of its own, as large as it is drawn: dots of a screen are not to be smeared."""
        return self._write(f"pattern-{rng.getrandbits(48):012x}.png", texture(rng, width, height)).as_uri()

    def _write(self, name: str, pixels: Pixels) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="rasm-pictures-")
        path = Path(self._folder.name) / name
        cv2.imwrite(str(path), pixels)
        return path

    def pixels(self, rng: random.Random) -> Pixels:
        """A grey photograph, uint8, of any size."""
        if self.files:
            read = cv2.imread(str(rng.choice(self.files)), cv2.IMREAD_GRAYSCALE)
            if read is not None:
                return np.asarray(read, np.uint8)
        return np.asarray(cv2.cvtColor(clouds(rng, 700, 500), cv2.COLOR_BGR2GRAY), np.uint8)

    def image(self, rng: random.Random, style: str = "", cls: str = "", mark: bool = True) -> str:
        """An <img> that fills its box with some part of a picture, in some colours. mark: as a picture, in the labels."""
        filters = rng.choice(
            ("", "", "grayscale(1)", "sepia(.6)", f"hue-rotate({rng.randint(0, 360)}deg)", f"brightness({rng.uniform(0.6, 1.3):.2f})")
        )
        flip = "transform:scaleX(-1);" if rng.random() < 0.5 else ""
        where = f"object-fit:cover;object-position:{rng.randint(0, 100)}% {rng.randint(0, 100)}%;{flip}{f'filter:{filters};' if filters else ''}"
        return f'<img {"data-picture" if mark else ""} class="{cls}" src="{self.file(rng)}" style="{where}{style}">'


def clouds(rng: random.Random, width: int, height: int) -> Pixels:
    """Noise of many scales in two or three colours, with edges: what a photograph is to a finder of lines, uint8 (height, width, 3)."""
    noise = np.random.default_rng(rng.getrandbits(32))
    picture = np.zeros((height, width, 3), np.float32)
    for scale in (3, 6, 12, 40, 120):
        part = noise.normal(0, 1, (max(2, height * scale // 500), max(2, width * scale // 500), 3)).astype(np.float32)
        picture += cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) * (40 / scale**0.5)
    picture = picture + noise.uniform(40, 210, 3).astype(np.float32)
    for _ in range(rng.randint(0, 14)):  # things
        colour = [rng.randint(0, 255) for _ in range(3)]
        centre = (rng.randrange(width), rng.randrange(height))
        axes = (rng.randint(8, 160), rng.randint(8, 160))
        if rng.random() < 0.5:
            cv2.ellipse(picture, centre, axes, rng.uniform(0, 180), 0, 360, colour, -1)
        else:
            corners = [(centre[0] + rng.randint(-120, 120), centre[1] + rng.randint(-120, 120)) for _ in range(4)]
            cv2.fillPoly(picture, [np.array(corners, np.int32)], colour)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 2.5)), 0, 255).astype(np.uint8)


def signature(rng: random.Random, width: int, height: int, colour: str) -> str:
    """A scrawl."""
    x, y = 0.1 * width, 0.5 * height
    path = f"M{x:.0f} {y:.0f}"
    for _ in range(rng.randint(4, 9)):
        x += width * rng.uniform(-0.05, 0.22)
        points = [f"{x + rng.uniform(-0.25, 0.1) * width:.0f} {rng.uniform(0, 1) * height:.0f}" for _ in range(2)]
        path += f"C{points[0]} {points[1]} {x:.0f} {rng.uniform(0.2, 0.8) * height:.0f}"
    line = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{rng.uniform(1, 3):.1f}"/>'
    return f'<svg width="{width}" height="{height}" data-picture>{line}</svg>'


def barcode(rng: random.Random, width: int, height: int) -> str:
    bars, x = "", 0.0
    while x < width:
        w = rng.choice((1, 1, 2, 3)) * width / 120
        bars += f'<rect x="{x:.1f}" width="{w:.1f}" height="{height}"/>'
        x += w + rng.choice((1, 1, 2, 3)) * width / 120
    return f'<svg width="{width}" height="{height}" data-picture>{bars}</svg>'


def square_code(rng: random.Random, side: int) -> str:
    """What looks like a QR code."""
    n = rng.choice((21, 25, 29))
    cell = side / n
    cells = "".join(
        f'<rect x="{c * cell:.1f}" y="{r * cell:.1f}" width="{cell + 0.2:.1f}" height="{cell + 0.2:.1f}"/>'
        for r in range(n)
        for c in range(n)
        if rng.random() < 0.5 and not any(r - a < 8 and c - b < 8 and r >= a and c >= b for a, b in ((0, 0), (0, n - 8), (n - 8, 0)))
    )
    for r, c in ((0, 0), (0, n - 7), (n - 7, 0)):
        cells += f'<rect x="{(c + 0.5) * cell}" y="{(r + 0.5) * cell}" width="{6 * cell}" height="{6 * cell}" fill="none" stroke="#000" stroke-width="{cell}"/>'
        cells += f'<rect x="{(c + 2) * cell}" y="{(r + 2) * cell}" width="{3 * cell}" height="{3 * cell}"/>'
    return f'<svg width="{side}" height="{side}" style="background:#fff" data-picture>{cells}</svg>'


def chart(rng: random.Random, width: int, height: int, colours: Sequence[str]) -> str:
    """Bars, a curve or a pie, without its words."""
    kind = rng.choice(("bars", "curve", "pie"))
    parts = ""
    if kind == "pie":
        radius, angle = 0.45 * min(width, height), 0.0
        shares = [rng.uniform(0.5, 2) for _ in range(rng.randint(3, 6))]
        for k, share in enumerate(shares):
            end = angle + 2 * math.pi * share / sum(shares)
            a, b = ((width / 2 + radius * math.cos(t), height / 2 + radius * math.sin(t)) for t in (angle, end))
            large = int(end - angle > math.pi)
            parts += f'<path d="M{width / 2} {height / 2}L{a[0]:.0f} {a[1]:.0f}A{radius} {radius} 0 {large} 1 {b[0]:.0f} {b[1]:.0f}Z" fill="{colours[k % len(colours)]}"/>'
            angle = end
    else:
        n = rng.randint(4, 12)
        heights = [rng.uniform(0.1, 0.95) * height for _ in range(n)]
        for k in range(rng.randint(0, 6)):
            y = height * k / 6
            parts += f'<line x1="0" x2="{width}" y1="{y:.0f}" y2="{y:.0f}" stroke="#bbb"/>'
        if kind == "bars":
            for k, h in enumerate(heights):
                parts += f'<rect x="{width * (k + 0.15) / n:.0f}" y="{height - h:.0f}" width="{0.7 * width / n:.0f}" height="{h:.0f}" fill="{colours[k % len(colours)]}"/>'
        else:
            points = " ".join(f"{width * (k + 0.5) / n:.0f},{height - h:.0f}" for k, h in enumerate(heights))
            parts += f'<polyline points="{points}" fill="none" stroke="{colours[0]}" stroke-width="3"/>'
        parts += f'<path d="M0 0V{height}H{width}" fill="none" stroke="#333" stroke-width="2"/>'
    return f'<svg width="{width}" height="{height}" data-picture>{parts}</svg>'


def emblem(rng: random.Random, side: int, colour: str) -> str:
    """A sign such as companies have: circles, stars, leaves."""
    parts = f'<circle cx="50" cy="50" r="{rng.randint(36, 48)}" fill="{"none" if rng.random() < 0.4 else colour}" stroke="{colour}" stroke-width="{rng.randint(2, 8)}"/>'
    points = []
    for k in range(n := rng.choice((6, 8, 10, 12, 16))):
        radius, angle = (38, 16)[k % 2], 2 * math.pi * k / n
        points.append(f"{50 + radius * math.cos(angle):.0f},{50 + radius * math.sin(angle):.0f}")
    parts += f'<polygon points="{" ".join(points)}" fill="{rng.choice(("#fff", colour, "#d4a017"))}"/>'
    return f'<svg width="{side}" height="{side}" viewBox="0 0 100 100" data-picture>{parts}</svg>'

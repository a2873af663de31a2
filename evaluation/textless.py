"""Pictures without text: parts of photographs, textures and blank pages, drawn by number from a seed.

Where it stands: what ``scripts/false_lines.py`` has read. The drawn ones are made here and not by ``model/rendering/pages``, so that
nothing that learns from its pages has seen their like. Colours and sizes are those that scanners and telephones give, by eye.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rasm.errors import DatasetError, RasmError
from rasm.image import IMAGE_SUFFIXES, Pixels, decode

Floats = NDArray[np.float32]

_PHOTOGRAPHS, _TEXTURES = 0.6, 0.25  # shares of all pictures, where there are photographs; the others are blank pages
_LONGER_PX = (640, 2000)  # of photographs and textures
_PAGE_PX = (1000, 2400)  # the height of blank pages: some 85 to 200 dots an inch


@dataclass(frozen=True)
class TextlessPicture:
    """kind: "photograph", "texture" or "blank page"; of what: its file's name, or what was drawn."""

    kind: str
    of_what: str
    pixels: Pixels


def find_photographs(folders: Sequence[Path], without: Sequence[str] = ()) -> list[Path]:
    """Image files in ``folders``, less those whose names contain a word of ``without``. Raises DatasetError where a folder has none."""
    found: list[Path] = []
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
        if not files:
            raise DatasetError(f"{folder}: no photographs")
        found += [path for path in files if not any(word in path.stem for word in without)]
    return found


def draw_textless(number: int, seed: str, photographs: Sequence[Path]) -> TextlessPicture:
    """Picture ``number`` of ``seed``: the same for the same photographs. Raises DatasetError where a photograph cannot be opened."""
    rng = random.Random(f"{seed} {number}")
    chance = rng.random() if photographs else rng.uniform(_PHOTOGRAPHS, 1)
    if chance < _PHOTOGRAPHS:
        path = rng.choice(photographs)
        return TextlessPicture("photograph", path.name, _part(path, rng))
    drawn, kind = (TEXTURES, "texture") if chance < _PHOTOGRAPHS + _TEXTURES else (BLANK_PAGES, "blank page")
    name = rng.choice(sorted(drawn))
    return TextlessPicture(kind, name, drawn[name](rng))


def _part(path: Path, rng: random.Random) -> Pixels:
    """A part of a photograph, mirrored, turned and scaled at random."""
    try:
        pixels = decode(path.read_bytes())
    except (OSError, RasmError) as e:
        raise DatasetError(f"{path}: cannot be opened as a photograph ({e})") from e
    height, width = pixels.shape[:2]
    share = rng.uniform(0.35, 1.0)
    wide, high = (max(16, int(share * side * rng.uniform(0.7, 1.0))) for side in (width, height))
    x, y = rng.randint(0, max(0, width - wide)), rng.randint(0, max(0, height - high))
    part = np.rot90(pixels[y : y + high, x : x + wide], rng.randrange(4))
    if rng.random() < 0.5:
        part = part[:, ::-1]
    part = np.ascontiguousarray(part)
    longer = rng.randint(*_LONGER_PX)
    scale = min(longer / max(part.shape[:2]), 2.5)
    part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.5:  # askew, its own edge repeated around it
        rows, columns = part.shape[:2]
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.uniform(-25, 25), 1.0)
        part = np.asarray(cv2.warpAffine(part, turn, (columns, rows), borderMode=cv2.BORDER_REFLECT), np.uint8)
    if rng.random() < 0.3:
        part = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.uint8)
    return part


# Textures: each (height, width) of chances 0 to 1, coloured afterwards


def _size(rng: random.Random) -> tuple[int, int]:
    longer = rng.randint(*_LONGER_PX)
    shorter = int(longer * rng.uniform(0.55, 1.0))
    return (longer, shorter) if rng.random() < 0.5 else (shorter, longer)


def _numpy(rng: random.Random) -> np.random.Generator:
    return np.random.default_rng(rng.getrandbits(32))


def _noise(rng: random.Random, height: int, width: int, scales_px: Sequence[float], aspect: float = 1.0) -> Floats:
    """Smooth noise of several scales, 0 to 1. aspect: how much longer than high its spots are."""
    noise, total = _numpy(rng), np.zeros((height, width), np.float32)
    for scale in scales_px:
        rows, columns = max(2, round(height / scale)), max(2, round(width / scale / aspect))
        spots = noise.standard_normal((rows, columns)).astype(np.float32)
        total += np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC), np.float32) * math.sqrt(scale)
    return _stretched(total)


def _stretched(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-6)).astype(np.float32)


def _grid(rng: random.Random, height: int, width: int) -> tuple[Floats, Floats]:
    """x and y of each pixel, turned by any angle, in pixels."""
    angle = rng.choice((0.0, math.pi / 2, rng.uniform(0, math.pi)))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def _coloured(rng: random.Random, values: Floats) -> Pixels:
    """Between two colours."""
    low, high = (np.array([rng.uniform(0, 255) for _ in range(3)], np.float32) for _ in range(2))
    if rng.random() < 0.3:
        low, high = np.full(3, rng.uniform(0, 110), np.float32), np.full(3, rng.uniform(140, 255), np.float32)
    return np.clip(low + (high - low) * values[..., None], 0, 255).astype(np.uint8)


def _grains(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    smallest = rng.choice((1, 1.5, 3, 6, 12))
    return _coloured(rng, _noise(rng, height, width, [smallest * 2**k for k in range(rng.randint(1, 6))]))


def _grating(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    along, _ = _grid(rng, height, width)
    along = along + rng.uniform(0, 30) * _noise(rng, height, width, [200])
    wave = (np.sin(along * (2 * math.pi / rng.uniform(4, 120))) + 1) / 2
    return _coloured(rng, (wave > rng.uniform(0.3, 0.7)).astype(np.float32) if rng.random() < 0.5 else wave.astype(np.float32))


def _cloth(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    along, across = _grid(rng, height, width)
    thread = rng.uniform(3, 24)
    weave = np.sin(along * math.pi / thread) * np.sin(across * math.pi / (thread * rng.uniform(0.7, 1.4)))
    stripes = np.sin(along * math.pi / (thread * rng.randint(6, 20))) * rng.uniform(0, 1.5)
    return _coloured(rng, _stretched((weave + stripes + 0.8 * _noise(rng, height, width, [2, 40])).astype(np.float32)))


def _wood(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    _, across = _grid(rng, height, width)
    bent = across + rng.uniform(20, 160) * _noise(rng, height, width, [150, 400], rng.uniform(1, 4))
    rings = np.sin(bent * (2 * math.pi / rng.uniform(8, 60)))
    return _coloured(rng, _stretched((rings + 0.6 * _noise(rng, height, width, [2, 5], 8.0)).astype(np.float32)))


def _gradient(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    along, across = _grid(rng, height, width)
    bands = rng.choice((0, 0, rng.randint(3, 30)))
    values = _stretched(along + rng.uniform(-1, 1) * across)
    return _coloured(rng, np.asarray(np.floor(values * bands) / bands, np.float32) if bands else values)


def _halftone(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    along, across = _grid(rng, height, width)
    pitch = rng.uniform(4, 40)
    dots = (np.cos(along * (2 * math.pi / pitch)) + np.cos(across * (2 * math.pi / pitch))) / 4 + 0.5
    return _coloured(rng, (dots > 0.15 + 0.7 * _noise(rng, height, width, [120, 400])).astype(np.float32))


def _things(rng: random.Random) -> Pixels:
    """Ellipses, corners and strokes on a smooth ground."""
    height, width = _size(rng)
    picture = _coloured(rng, _noise(rng, height, width, [150, 500]))
    for _ in range(rng.randint(3, 60)):
        colour = [rng.randint(0, 255) for _ in range(3)]
        x, y, reach = rng.randrange(width), rng.randrange(height), int(math.exp(rng.uniform(1.6, 5.3)))
        points = np.array([(x + rng.randint(-reach, reach), y + rng.randint(-reach, reach)) for _ in range(4)], np.int32)
        shape = rng.randrange(3)
        if shape == 0:
            cv2.ellipse(picture, (x, y), (reach, max(2, int(reach * rng.random()))), rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        elif shape == 1:
            cv2.fillPoly(picture, [points], colour, cv2.LINE_AA)
        else:
            cv2.polylines(picture, [points], False, colour, rng.randint(1, 9), cv2.LINE_AA)
    return picture


def _bricks(rng: random.Random) -> Pixels:
    height, width = _size(rng)
    along, across = _grid(rng, height, width)
    brick, joint = rng.uniform(12, 120), rng.uniform(0.04, 0.25)
    rows = np.floor(across / brick)
    shifted = along / (brick * rng.uniform(1, 3)) + 0.5 * (rows % 2)
    walls = ((across / brick) % 1 > joint) & (shifted % 1 > joint / 2)
    return _coloured(rng, _stretched((walls + 0.5 * _noise(rng, height, width, [2, 8, 60])).astype(np.float32)))


TEXTURES: dict[str, Callable[[random.Random], Pixels]] = {
    "grains": _grains, "grating": _grating, "cloth": _cloth, "wood": _wood, "gradient": _gradient, "halftone": _halftone,
    "things": _things, "bricks": _bricks,
}  # fmt: skip


# Blank pages


def _paper(rng: random.Random, *, white: bool = False) -> Floats:
    """(height, width, 3), a little uneven."""
    height = rng.randint(*_PAGE_PX)
    width = int(height / rng.uniform(1.25, 1.55))
    if rng.random() < 0.2:
        height, width = width, height
    colour = np.array((255, 255, 255) if white else (rng.uniform(225, 250), rng.uniform(215, 240), rng.uniform(180, 230)), np.float32)
    paper = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    if not white:
        paper = paper - rng.uniform(2, 25) * _noise(rng, height, width, [30, 200, 600])[..., None]
        paper = paper + _numpy(rng).normal(0, rng.uniform(0.5, 6), (height, width, 1)).astype(np.float32)
    return np.ascontiguousarray(paper, np.float32)


def _finished(paper: Floats) -> Pixels:
    return np.clip(paper, 0, 255).astype(np.uint8)


def _white(rng: random.Random) -> Pixels:
    return _finished(_paper(rng, white=True))


def _yellowed(rng: random.Random) -> Pixels:
    """With spots of age."""
    paper = _paper(rng)
    height, width = paper.shape[:2]
    spots = np.zeros((height, width), np.float32)
    for _ in range(rng.randint(0, 120)):
        cv2.circle(spots, (rng.randrange(width), rng.randrange(height)), rng.randint(1, 9), rng.uniform(10, 90), -1)
    return _finished(paper - cv2.GaussianBlur(spots, (0, 0), 1.5)[..., None])


def _ruled(rng: random.Random) -> Pixels:
    """Lines to write on, or squares, or staves."""
    paper = _paper(rng, white=rng.random() < 0.4)
    height, width = paper.shape[:2]
    step, ink = rng.randint(14, 70), [rng.uniform(60, 200) for _ in range(3)]
    margin, squares, of_five = rng.randint(0, width // 8), rng.random() < 0.3, rng.random() < 0.25
    for n, y in enumerate(range(rng.randint(step, height // 6), height - step, step)):
        if not of_five or n % 8 < 5:
            cv2.line(paper, (margin, y), (width - margin, y), ink, rng.choice((1, 1, 2)))
    for x in range(margin, width - margin, step) if squares else [width - margin - step] if rng.random() < 0.5 else []:
        cv2.line(paper, (x, 0), (x, height), ink, 1)
    return _finished(paper)


def _framed(rng: random.Random) -> Pixels:
    """Frames, empty tables, or boxes of a form."""
    paper = _paper(rng, white=rng.random() < 0.5)
    height, width = paper.shape[:2]
    ink, thick = [rng.uniform(0, 140)] * 3, rng.randint(1, 6)
    left, top = rng.randint(width // 20, width // 5), rng.randint(height // 20, height // 5)
    right, bottom = width - left, height - rng.randint(height // 20, height // 5)
    for k in range(rng.randint(1, 3)):
        cv2.rectangle(paper, (left + 9 * k, top + 9 * k), (right - 9 * k, bottom - 9 * k), ink, thick)
    if rng.random() < 0.6:
        for x in sorted(rng.sample(range(left, right), rng.randint(1, 8))):
            cv2.line(paper, (x, top), (x, bottom), ink, thick)
        for y in sorted(rng.sample(range(top, bottom), rng.randint(1, 25))):
            cv2.line(paper, (left, y), (right, y), ink, thick)
    return _finished(paper)


def _dark_edges(rng: random.Random) -> Pixels:
    """What a copier sees beside a book: black edges, holes of a punch, a fold, dust."""
    paper = _paper(rng)
    height, width = paper.shape[:2]
    wavy = _noise(rng, height, width, [60, 300])
    for side in rng.sample(range(4), rng.randint(1, 4)):
        reach = rng.uniform(0.01, 0.12)
        place = (np.linspace(0, 1, width)[None] if side % 2 else np.linspace(0, 1, height)[:, None]) + 0.03 * wavy
        paper[(place < reach) if side < 2 else (place > 1 - reach + 0.03)] = rng.uniform(0, 70)
    for y in rng.choice(([], [height // 3, 2 * height // 3])):
        cv2.circle(paper, (width // 20 + 20, y), max(6, height // 110), [40, 40, 40], -1, cv2.LINE_AA)
    fold = (np.linspace(0, 1, width)[None] - rng.uniform(0.3, 0.7)) / rng.uniform(0.004, 0.05)
    paper -= (rng.choice((0, rng.uniform(30, 150))) * np.exp(-(fold**2)))[..., None].astype(np.float32)
    for _ in range(rng.randint(0, 60)):
        cv2.circle(paper, (rng.randrange(width), rng.randrange(height)), rng.randint(1, 3), [60, 60, 60], -1)
    return _finished(paper)


def _show_through(rng: random.Random) -> Pixels:
    """Grey bands as of another side's lines, mirrored and too blurred to be letters."""
    paper = _paper(rng)
    height, width = paper.shape[:2]
    pitch = rng.uniform(0.018, 0.04) * height
    y = np.linspace(0, height, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width)[None]
    bands = (np.sin(y * (2 * math.pi / pitch)) > rng.uniform(0.1, 0.6)) & (x > 0.12) & (x < 0.88)
    words = _noise(rng, height, width, [pitch * 0.7], 2.5) > 0.42
    faint = cv2.GaussianBlur((bands & words).astype(np.float32), (0, 0), pitch * rng.uniform(0.12, 0.25))
    return _finished(paper - rng.uniform(6, 28) * faint[..., None])


BLANK_PAGES: dict[str, Callable[[random.Random], Pixels]] = {
    "white": _white, "yellowed": _yellowed, "ruled": _ruled, "framed": _framed, "dark edges": _dark_edges, "show-through": _show_through,
}  # fmt: skip

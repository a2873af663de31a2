"""Augmentation of lines from arrays: small changes of shape, ink and light that leave the text as it is.

Where it stands: ``model/data/batches.py`` calls it in its workers. Rendered lines are not augmented here:
``model/rendering/lines.py`` spoils them already. torchvision's transforms draw from torch's generator, so that the caller's seed
decides.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import library

from rasm.image import Pixels


def _import_transforms():  # type: ignore[no-untyped-def]
    """torchvision from a package index is built for CUDA and, beside a CPU-only torch, fails on operators it lacks there.

    Declaring the two it looks up lets the rest of it load; nothing here calls them.
    """
    try:
        from torchvision.transforms import v2
    except RuntimeError:
        operators = library.Library("torchvision", "FRAGMENT")
        operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _import_transforms.operators = operators  # type: ignore[attr-defined]  # collected, it would take them along
        from torchvision.transforms import v2
    return v2


v2 = _import_transforms()

_PAPER = 255
Levels = NDArray[Any]  # float32; OpenCV's stubs do not say so
# Applied to (1, height, width) uint8. Shear is the slant of a typeface, rotation a crooked cut
_SHAPE = v2.RandomChoice(
    [
        v2.RandomAffine(
            degrees=0.7, translate=(0.004, 0.05), scale=(0.9, 1.06), shear=(-7, 7), fill=_PAPER, interpolation=v2.InterpolationMode.BILINEAR
        ),
        v2.RandomAffine(
            degrees=0.3, translate=(0.004, 0.08), scale=(0.8, 1.0), shear=(-3, 3), fill=_PAPER, interpolation=v2.InterpolationMode.BILINEAR
        ),
    ],
    p=[0.56, 0.44],
)
_LIGHT = v2.RandomChoice(
    [
        v2.GaussianBlur(3, sigma=(0.3, 1.0)),
        v2.ColorJitter(brightness=0.25, contrast=0.4),
        v2.RandomAdjustSharpness(2.5, p=1.0),
        v2.Identity(),
    ]
)


def augment_line(line: Pixels, max_width_px: int) -> Pixels:
    """A varied copy of a line, uint8 (height, width), at most ``max_width_px`` wide. Random by torch's generator."""
    if torch.rand(1) < 0.3:
        line = _respaced(line)
    height_px, width_px = line.shape
    stretched = min(max_width_px, round(width_px * _between(0.88, 1.12)))
    line = np.asarray(cv2.resize(line, (max(4, stretched), height_px), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    if torch.rand(1) < 0.3:
        line = _reproportioned(line)
    if torch.rand(1) < 0.14:
        line = _pulled(line)
    tensor = torch.from_numpy(np.ascontiguousarray(line))[None]
    if torch.rand(1) < 0.56:
        tensor = _SHAPE(tensor)
    if torch.rand(1) < 0.6:
        tensor = _LIGHT(tensor)
    line = tensor[0].numpy()
    ink = float(torch.rand(1))
    if ink < 0.3:  # thicker or thinner strokes, all of them or only those that stand or lie, by a part of what a whole pixel would do
        kernel = np.ones(((2, 2), (2, 2), (1, 2), (2, 1))[int(torch.randint(4, ()))], np.uint8)
        changed = cv2.erode(line, kernel) if ink < 0.15 else cv2.dilate(line, kernel)
        part = _between(0.3, 0.7)
        line = np.asarray(cv2.addWeighted(line, 1 - part, changed, part, 0), dtype=np.uint8)
    if torch.rand(1) < 0.3:
        noise = torch.randn(line.shape) * _between(2, 18)
        line = np.clip(line + noise.numpy(), 0, 255).astype(np.uint8)
    return line


def _between(low: float, high: float) -> float:
    return float(torch.empty(1).uniform_(low, high))


def _respaced(line: Pixels) -> Pixels:
    """The gaps between words, and between letters that do not join, wider or narrower: each printer spaces in a way of his own."""
    paper = np.median(line)
    if paper < 128:  # light on dark
        return line
    empty = line.min(axis=0) > paper - 60  # (width,)
    edges = np.flatnonzero(np.diff(empty)) + 1
    starts = np.concatenate([[0], edges])
    widths = np.diff(np.concatenate([starts, [line.shape[1]]]))
    scale = torch.empty(len(widths)).uniform_(0.85, 1.15).numpy() * _between(0.55, 1.5)
    wanted = np.where(empty[starts], np.maximum(1, np.round(widths * scale)), widths).astype(int)
    columns = np.concatenate([start + np.arange(new) * width // new for start, width, new in zip(starts, widths, wanted, strict=True)])
    return line[:, columns]


def _reproportioned(line: Pixels) -> Pixels:
    """Ascenders, bodies and descenders of other heights, as another typeface of the same kind would have them."""
    rows = line.shape[0]
    knots = np.linspace(0, rows - 1, 5)
    moved = torch.empty(5).uniform_(-0.07, 0.07).numpy() * rows  # less than half of what the knots stand apart
    return _moved(line, np.zeros((1, 1), np.float32), np.interp(np.arange(rows), knots, moved)[:, None])


def _pulled(line: Pixels) -> Pixels:
    """Every part pulled a little in a direction of its own: torchvision's ElasticTransform in a fiftieth of its time."""
    rows, columns = line.shape
    pull = 0.7 * torch.randn(2, rows // 8 + 2, columns // 8 + 2).numpy()
    right, down = (cv2.resize(p, (columns, rows), interpolation=cv2.INTER_CUBIC) for p in pull)
    return _moved(line, right, down)


def _moved(line: Pixels, right: Levels, down: Levels) -> Pixels:
    """What stood ``right`` and ``down`` of each pixel, in pixels; both broadcast to (height, width)."""
    rows, columns = line.shape
    x = (np.arange(columns)[None] + np.broadcast_to(right, line.shape)).astype(np.float32)
    y = (np.arange(rows)[:, None] + np.broadcast_to(down, line.shape)).astype(np.float32)
    paper = int(np.median(line))
    return np.asarray(cv2.remap(line, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper), dtype=np.uint8)

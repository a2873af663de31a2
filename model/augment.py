"""Augmentation of lines from arrays: small changes of shape, ink and light that leave the text as it is.

Where it stands: ``model/data.py`` calls it in its workers. Rendered lines are not augmented here: ``model/synth.py`` spoils
them already. torchvision's transforms draw from torch's generator, so that the caller's seed decides.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import library

from model.image import Pixels


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
# Applied to (1, height, width) uint8. Shear is the slant of a typeface, rotation a crooked cut, elastic an uneven pull
_SHAPE = v2.RandomChoice(
    [
        v2.RandomAffine(
            degrees=0.7, translate=(0.004, 0.05), scale=(0.9, 1.06), shear=(-7, 7), fill=_PAPER, interpolation=v2.InterpolationMode.BILINEAR
        ),
        v2.RandomAffine(
            degrees=0.3, translate=(0.004, 0.08), scale=(0.8, 1.0), shear=(-3, 3), fill=_PAPER, interpolation=v2.InterpolationMode.BILINEAR
        ),
        v2.ElasticTransform(alpha=18.0, sigma=4.0, fill=_PAPER),
    ],
    p=[0.45, 0.35, 0.2],
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
    height_px, width_px = line.shape
    stretched = min(max_width_px, round(width_px * float(torch.empty(1).uniform_(0.88, 1.12))))
    line = np.asarray(cv2.resize(line, (max(4, stretched), height_px), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    tensor = torch.from_numpy(np.ascontiguousarray(line))[None]
    if torch.rand(1) < 0.7:
        tensor = _SHAPE(tensor)
    if torch.rand(1) < 0.6:
        tensor = _LIGHT(tensor)
    line = tensor[0].numpy()
    ink = float(torch.rand(1))
    if ink < 0.3:  # thicker or thinner strokes, by half of what a whole pixel would do
        kernel = np.ones((2, 2), np.uint8)
        changed = cv2.erode(line, kernel) if ink < 0.15 else cv2.dilate(line, kernel)
        line = np.asarray(cv2.addWeighted(line, 0.5, changed, 0.5, 0), dtype=np.uint8)
    if torch.rand(1) < 0.3:
        noise = torch.randn(line.shape) * float(torch.empty(1).uniform_(2, 18))
        line = np.clip(line + noise.numpy(), 0, 255).astype(np.uint8)
    return line

"""What the finder's maps cost where they differ from what they should be.

Where it stands: called by ``training`` for each batch and each validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.finder.config import AREAS, ENDS, KINDS, MEASURES
from model.finder.targets import Window

_SIZES = (len(MEASURES), len(AREAS), len(ENDS), len(KINDS))
# how much each counts: cores are what lines are found by; the figures are those that the prototype's were best with, and for what it
# had not, what keeps them from pulling at the cores
CORES, DICE, MEASURED, AREA, END, KIND, TURN = 2.0, 1.0, 0.7, 0.5, 0.1, 0.15, 0.1
# a core's pixel counts for three: most of a page is none
_CORE_WEIGHT = 2.0
_AREA_WEIGHT = 3.0  # of a pixel within, against one without: gutters and rules are thin


@dataclass(frozen=True)
class Batch:
    """Windows as tensors, each with a first dimension more than in ``Window``."""

    pixels: Tensor
    cores: Tensor
    weights: Tensor
    measures: Tensor
    within: Tensor
    areas: Tensor
    ends: Tensor
    kinds: Tensor
    turn: Tensor

    @classmethod
    def of(cls, windows: Sequence[Window]) -> Batch:
        return cls(**{f.name: torch.from_numpy(np.stack([np.asarray(getattr(w, f.name)) for w in windows])) for f in fields(cls)})

    def to(self, device: torch.device) -> Batch:
        return Batch(**{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})


def losses(cores: Tensor, maps: Tensor, turns: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Each part, unweighted, as a scalar."""
    upright = (batch.turn == 0).float()[:, None, None]  # (batch, 1, 1)
    cores, maps = cores[:, 0].float(), maps.float()
    target, weights = batch.cores.float(), batch.weights * upright
    counted = weights * (1 + _CORE_WEIGHT * target)
    core = (F.binary_cross_entropy_with_logits(cores, target, reduction="none") * counted).sum() / weights.sum().clamp(min=1)
    seen = weights.clamp(max=1)
    chance, wanted = torch.sigmoid(cores) * seen, target * seen
    overlap = 1 - (2 * (chance * wanted).sum((1, 2)) + 50) / (chance.sum((1, 2)) + wanted.sum((1, 2)) + 50)  # Milletari et al. 2016, V-Net
    within = batch.within * upright
    inside = within.sum().clamp(min=1)
    measures, areas, ends, kinds = maps.split(_SIZES, 1)
    measured = (F.smooth_l1_loss(measures, batch.measures, beta=0.1, reduction="none").mean(1) * within).sum() / inside
    area_target = batch.areas.float()
    area = F.binary_cross_entropy_with_logits(areas, area_target, reduction="none") * (1 + (_AREA_WEIGHT - 1) * area_target)
    ended = F.binary_cross_entropy_with_logits(ends, batch.ends.float(), reduction="none").mean(1)
    kind = F.cross_entropy(kinds, batch.kinds, reduction="none")
    return {
        "core": core,
        "dice": (overlap * upright[:, 0, 0]).sum() / upright.sum().clamp(min=1),
        "measured": measured,
        "area": (area.mean(1) * upright).mean(),
        "ends": (ended * within).sum() / inside,
        "kind": (kind * within).sum() / inside,
        "turn": F.cross_entropy(turns.float(), batch.turn),
    }


def total(parts: dict[str, Tensor]) -> Tensor:
    """Their weighted sum."""
    weights = {"core": CORES, "dice": DICE, "measured": MEASURED, "area": AREA, "ends": END, "kind": KIND, "turn": TURN}
    return torch.stack([weights[name] * value for name, value in parts.items()]).sum()

"""Which way the lines of a page slant.

Where it stands: beneath ``rasm/pages/finder.py``, which sets the page level by it, and ``rasm/pages/blocks.py``, for what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rasm.pages.found import TextLine


@dataclass(frozen=True)
class SlantSettings:
    """Numbers that decide. word: what is shorter, in sizes of its type, slants by chance. row, alike: two lines that stand side by side are
    in one row where their baselines are nearer than this, by the smaller one's size, and their sizes, as logarithms, too."""

    word: float = 3.0
    row: float = 0.5
    alike: float = 0.4


def slope_of(lines: Sequence[TextLine], settings: SlantSettings = SlantSettings()) -> float:
    """By how much most of the lines' length sinks from left to right; of each line, as the line of least squares through its middle does.

    A short line's own slant is chance, and that of figures after words is not even that: their middles stand higher. So lines that stand
    in one row tell it as well, each two with what is between their middles as their length.
    """
    own = [line for line in lines if line.middle[-1, 0] - line.middle[0, 0] > settings.word * line.size_px]
    if not own:
        return 0.0
    offsets = [(line.middle - line.middle.mean(axis=0)).T for line in own]
    slopes = np.array([float(x @ y / (x @ x)) for x, y in offsets])
    lengths = np.array([float(line.middle[-1, 0] - line.middle[0, 0]) for line in own])
    slope = _weighted_median(slopes, lengths)
    x, y = np.array([line.baseline.mean(axis=0) for line in lines]).T
    size, left, right = np.array([(line.size_px, line.middle[0, 0], line.middle[-1, 0]) for line in lines]).T
    across, down = x - x[:, None], y - y[:, None]  # from the first to the second
    in_row = (left > right[:, None]) & (np.abs(down - slope * across) < settings.row * np.minimum(size, size[:, None]))
    in_row &= np.abs(np.log(size / size[:, None])) < settings.alike
    between = across[in_row]
    return _weighted_median(np.append(slopes, down[in_row] / between), np.append(lengths, between))


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])

"""Where a block ends: what is measured about two things of which one is read right after the other.

Where it stands: beside ``rasm/pages/cuts.py``, whose network judges these features too; ``rasm/pages/blocks.py`` asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rasm.pages.cuts import KINDS_TOGETHER, Between, Floats, Things, kinds_together

_REACH = 5  # so many things before and after are looked at for the edges and the pitch of a column


def end_features(things: Things, between: Between, order: Sequence[int]) -> Floats:
    """(len(order) - 1, features), of each thing in ``order`` and the next."""
    n = len(order)
    if n < 2:
        return np.zeros((0, END_FEATURES))
    ordered = things.of(np.array(order, np.intp))
    if float(ordered.ltr.mean()) <= 0.5:
        ordered = ordered.mirrored()  # lines begin at the left
        between = between.mirrored()
    left, right, size = ordered.left, ordered.right, ordered.size
    middle = (ordered.top + ordered.bottom) / 2
    em = size[:-1]
    step = middle[1:] - middle[:-1]
    overlap = np.minimum(right[1:], right[:-1]) - np.maximum(left[1:], left[:-1])
    # what stands in the same column nearby
    at = np.arange(n - 1)[:, None] + np.arange(-_REACH, _REACH + 2)
    there = (at >= 0) & (at < n)
    at = at.clip(0, n - 1)
    there &= (left[at] < right[:-1, None]) & (right[at] > left[:-1, None])
    steps = np.full(n, np.nan)
    steps[:-1] = np.where((overlap > 0) & (step > 0), step, np.nan)
    edge_left, edge_right = np.where(there, left[at], np.inf).min(axis=1), np.where(there, right[at], -np.inf).max(axis=1)
    usual_left, pitch = _middle(left[at], there), _middle(steps[at], there & np.isfinite(steps[at]))
    pitch = np.where(np.isfinite(pitch) & (pitch > 0), pitch, 2 * em)
    kinds = kinds_together(ordered.kind)
    ruled = np.zeros(n - 1)
    for rule in between.rules[(between.rules[:, 2] - between.rules[:, 0]) > (between.rules[:, 3] - between.rules[:, 1])]:
        y = (rule[1] + rule[3]) / 2
        over = (np.minimum(rule[2], right[:-1]) - np.maximum(rule[0], left[:-1])) / np.maximum(right[:-1] - left[:-1], 1e-6)
        ruled = np.maximum(ruled, np.where((y > middle[:-1]) & (y < middle[1:]), over, 0))
    columns = [
        np.clip(step / em, -4, 8) / 4, np.clip(step / pitch, -2, 4), np.clip(overlap / em, -4, 4) / 4, np.log(size[1:] / size[:-1]),
        ordered.last[:-1], ordered.first[1:],
        np.clip((left[1:] - left[:-1]) / em, -6, 6) / 3, np.clip((right[1:] - right[:-1]) / em, -9, 9) / 3,
        np.clip((edge_right - right[:-1]) / em, 0, 12) / 4, np.clip((edge_right - right[1:]) / em, 0, 12) / 4,
        np.clip((left[1:] - usual_left) / em, -5, 5) / 3, np.clip((left[:-1] - usual_left) / em, -5, 5) / 3,
        np.clip((left[1:] - edge_left) / em, 0, 12) / 4, np.clip((left[:-1] - edge_left) / em, 0, 12) / 4,
        np.log1p((right - left)[:-1] / em), np.log1p((right - left)[1:] / em), ordered.kind[1:] == ordered.kind[:-1],
        ordered.ltr[:-1], ordered.ltr[1:], ruled, np.abs(step) < 0.4 * em, np.clip(pitch / em, 0, 6) / 3,
    ]  # fmt: skip
    return np.hstack([np.stack(columns, axis=1).astype(np.float64), kinds[:-1], kinds[1:]])


def _middle(values: Floats, which: NDArray[np.bool_]) -> Floats:
    """The median of those of each row that count; infinite where none does."""
    ordered = np.sort(np.where(which, values, np.inf), axis=1)
    return np.asarray(ordered[np.arange(len(ordered)), which.sum(axis=1) // 2])


END_FEATURES = 22 + 2 * len(KINDS_TOGETHER)

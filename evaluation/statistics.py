"""How sure a figure is, and whether two engines differ: by resampling lines.

Where it stands: called by ``evaluation/scoring.py`` and ``evaluation/comparison.py``. SciPy does the resampling.

Intervals are percentile bootstrap intervals over lines (Bisani and Ney 2004, "Bootstrap estimates for confidence intervals in ASR
performance evaluation"). Lines are drawn with replacement, and the figure is computed of each draw, over the set as always. So an
interval tells how much a figure owes to the choice of lines among lines like these, not how another book would read.

A paired permutation test compares two engines on the same lines. If they were alike, it would not matter whose reading is whose.
It is two-sided, and exact for few lines, else of 9,999 random exchanges.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_LEVEL = 0.95
RESAMPLES = 1_000
EXCHANGES = 9_999
SEED = 0
_AT_ONCE = 4_000_000  # lines of all draws that are in memory together

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Interval = tuple[float, float] | None


def intervals(counts: Floats, figures: Callable[[Floats], Floats]) -> list[Interval]:
    """An interval for each figure, or None where lines are too few or the figure is undefined in some draws.

    counts: (lines, columns), what each line adds. figures: sums over lines (draws, columns) -> (draws, k) figures.
    """
    lines = len(counts)

    def of_draws(drawn: Indices) -> Floats:
        draws = len(drawn)
        # how often each line was drawn: sums over the drawn lines are then one matrix product
        times = np.bincount((drawn + lines * np.arange(draws)[:, None]).ravel(), minlength=draws * lines)
        return figures(times.reshape(draws, lines).astype(float) @ counts)

    return _bootstrap(lines, of_draws)


def intervals_of_samples(values: Floats, figures: Sequence[Callable[..., Any]]) -> list[Interval]:
    """As ``intervals``, of figures that are no ratios of sums: means and medians (``axis=``) of one value (lines,) of each line."""
    return _bootstrap(len(values), lambda drawn: np.stack([figure(values[drawn], axis=-1) for figure in figures], axis=-1))


def _bootstrap(lines: int, figures: Callable[[Indices], Floats]) -> list[Interval]:
    """figures: indices of the lines that were drawn (draws, lines) -> (draws, k) figures."""
    from scipy.stats import DegenerateDataWarning, bootstrap  # here, since it takes a second to load, which --help should not

    everything = np.arange(lines)
    if lines < 2:
        return [None] * figures(everything[None]).shape[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # a figure that is undefined in some draws has no interval
        result = bootstrap(
            (everything,),
            lambda drawn, axis: figures(drawn).T,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=max(1, _AT_ONCE // lines),
            confidence_level=CONFIDENCE_LEVEL,
            method="percentile",
            rng=np.random.default_rng(SEED),
        )
    bounds = zip(result.confidence_interval.low.tolist(), result.confidence_interval.high.tolist())
    return [(low, high) if np.isfinite([low, high]).all() else None for low, high in bounds]


def paired_permutation_p(differences: Floats) -> float:
    """The probability of a sum of differences at least as far from 0, if each might as well have had the other sign.

    differences: (lines,), the edits of one engine less those of the other on each line.
    """
    from scipy.stats import permutation_test

    told_apart = differences[differences != 0]  # lines that both read alike tell nothing
    if len(told_apart) < 2:
        return 1.0
    result = permutation_test(
        (told_apart,),
        np.sum,
        permutation_type="samples",
        vectorized=True,
        n_resamples=EXCHANGES,
        batch=max(1, _AT_ONCE // len(told_apart)),
        rng=np.random.default_rng(SEED),
    )
    return float(result.pvalue)

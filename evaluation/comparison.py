"""Two engines on the same samples: how far apart they are, how sure that is, and which is faster.

Where it stands: called by ``python -m evaluation`` for every two engines of a run. The tests are those of ``evaluation/statistics.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.scoring import Scored
from evaluation.statistics import Floats, intervals, intervals_of_samples, paired_permutation_p
from evaluation.timing import Run
from rasm.text.metrics import NORMALISATIONS


def compare(scored: Mapping[str, Scored], runs: Mapping[str, Run], timed: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Each pair in the order of the engines. ``difference`` is the first engine's rate less the second's: below 0, the first errs less."""
    out = []
    for first, second in itertools.combinations(scored, 2):
        row: dict[str, Any] = {"first": first, "second": second}
        for rule in NORMALISATIONS:
            row[rule] = {
                figure: _difference(scored[first], scored[second], f"{rule} {above}", f"{rule} {below}")
                for figure, above, below in (("cer", "edits", "characters"), ("wer", "word edits", "words"))
            }
            row[rule]["ratio_of_samples"] = _ratio_of_samples(scored[first].column(f"{rule} edits"), scored[second].column(f"{rule} edits"))
        edits = scored[first].column("normalised edits") - scored[second].column("normalised edits")
        row["lines"] = {
            "first_better": int((edits < 0).sum()),
            "second_better": int((edits > 0).sum()),
            "alike": int((edits == 0).sum()),
        }
        row["speed"] = _speed(runs[first], runs[second]) if timed[first] and timed[second] else None
        out.append(row)
    return out


def _difference(first: Scored, second: Scored, above: str, below: str) -> dict[str, Any]:
    counts = np.stack([first.column(above), second.column(above), first.column(below)], axis=1)

    def rates(sums: Floats) -> Floats:
        """The difference, and the first's errors as a share of the second's: (..., 3) -> (..., 2)."""
        of_first, of_second, characters = np.moveaxis(sums, -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.stack([(of_first - of_second) / characters, of_first / of_second], axis=-1)

    value, ratio = rates(counts.sum(axis=0)).tolist()
    of_value, of_ratio = intervals(counts, rates)
    return {
        "difference": value if np.isfinite(value) else None,
        "difference_interval": of_value,
        "ratio": ratio if np.isfinite(ratio) else None,
        "ratio_interval": of_ratio,
        "p": paired_permutation_p(counts[:, 0] - counts[:, 1]),
    }


def _ratio_of_samples(first: Floats, second: Floats) -> dict[str, Any]:
    """The first's errors as a share of the second's on each line or document, and the mean and the median of these shares.

    Long samples decide no more than short ones, and in the median one that went wrong altogether decides nothing. Where the
    second made no error, it is taken to have made one.
    """
    shares = first / np.maximum(second, 1.0)
    mean, median = intervals_of_samples(shares, (np.mean, np.median))
    return {"mean": float(np.mean(shares)), "mean_interval": mean, "median": float(np.median(shares)), "median_interval": median}


def _speed(first: Run, second: Run) -> dict[str, Any]:
    """How many times as many samples a second the first reads: over all turns, and in the slowest and quickest of them."""
    seconds = np.array([first.seconds, second.seconds]).T
    of_turns = seconds[:, 1] / seconds[:, 0]
    (interval,) = intervals(seconds, lambda sums: sums[..., [1]] / sums[..., [0]])  # over turns, whose samples are the same
    return {
        "ratio": first.per_second / second.per_second,
        "ratio_interval": interval,
        "ratio_lowest": float(of_turns.min()),
        "ratio_highest": float(of_turns.max()),
    }

"""Do confidences mean what they say? Of signs read with confidence 0.9, nine in ten should be right.

Where it stands: called by ``evaluation/scoring.py``. Two questions are asked of an engine's confidences:

    characters   a sign's confidence against whether it is right: whether the alignment with the truth leaves it alone
    lines        a line's confidence against the share of its characters that is right: 1 - its normalised CER, not below 0

The expected calibration error (Guo et al. 2017, "On Calibration of Modern Neural Networks") has ten bins of equal width. A bin's error
is the distance between its mean confidence and the share that was right. The mean of these is weighted by the bins' sizes.

Signs are compared as the normalised CER compares them: diacritics and tatweel, which labels often leave out, are not asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from evaluation.statistics import Floats, Interval
from rasm.text.charset import LEADER
from rasm.text.metrics import normalised

BINS = 10
COLUMNS = 3 * BINS  # for each bin: how many, the sum of their confidences, and of what was right


def sums(confidences: Sequence[float], right: Sequence[float]) -> Floats:
    """(COLUMNS,): what the figures are made of; the sums of several lines add up to the sums of all."""
    table = np.zeros((3, BINS))
    p = np.asarray(confidences, dtype=float)
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    np.add.at(table[0], bins, 1.0)
    np.add.at(table[1], bins, p)
    np.add.at(table[2], bins, np.asarray(right, dtype=float))
    return table.ravel()


def expected_calibration_error(total: Floats) -> Any:
    """Of the added-up ``sums`` of all lines (..., COLUMNS) -> (...); NaN where there is nothing."""
    count, confidence, right = _tables(total)
    with np.errstate(invalid="ignore"):
        return np.abs(confidence - right).sum(axis=-1) / count.sum(axis=-1)


def right_by_bin(total: Floats) -> Floats:
    """The share of each bin that is right, (..., COLUMNS) -> (..., BINS); NaN of empty bins."""
    count, _, right = _tables(total)
    with np.errstate(invalid="ignore"):
        return right / count


def reliability(total: Floats, intervals: Sequence[Interval]) -> list[dict[str, Any]]:
    """The bins that have something in them, lowest first. intervals: of ``right_by_bin``."""
    count, confidence, right = _tables(total)
    return [
        {
            "from": i / BINS,
            "to": (i + 1) / BINS,
            "count": int(count[i]),
            "confidence": float(confidence[i] / count[i]),
            "right": float(right[i] / count[i]),
            "right_interval": intervals[i],
        }
        for i in range(BINS)
        if count[i]
    ]


def _tables(total: Floats) -> Floats:
    """(..., COLUMNS) -> (3, ..., BINS)."""
    return np.moveaxis(total.reshape(*total.shape[:-1], 3, BINS), -2, 0)


def right_characters(truth: str, characters: Sequence[tuple[str, float]]) -> tuple[list[float], list[bool]]:
    """The confidences of a line's signs and whether each is right; signs that normalisation drops are left out."""
    read: list[str] = []
    confidences: list[float] = []
    for text, confidence in characters:
        for character in _normalised_sign(text):
            read.append(character)
            confidences.append(confidence)
    right = [False] * len(read)
    for code in Levenshtein.opcodes(normalised(truth), "".join(read)):
        if code.tag == "equal":
            right[code.dest_start : code.dest_end] = [True] * (code.dest_end - code.dest_start)
    return confidences, right


@lru_cache(maxsize=4096)
def _normalised_sign(sign: str) -> str:
    return sign if sign in (" ", LEADER) else normalised(sign)

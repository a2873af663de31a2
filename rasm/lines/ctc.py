"""CTC: from the network's steps to labels, and what fits into the steps.

Where it stands: after the network in reading, and in ``preprocess.py`` to reject labels that cannot be aligned.
Source: Graves et al. 2006, "Connectionist Temporal Classification"; the decoder follows docTR's ``ctc_best_path`` and,
like kraken's ``greedy_decoder``, takes lengths.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rasm.text.charset import BLANK

WIDTH_STRIDE = 4  # pixel columns a step: what model/crnn.py's strides come to

# Nastaliq and vowelled text set more signs above each other than a line has steps to tell them in. A line with more than DENSE signs a
# step is read once more, drawn out until it has so many as its model was trained with (docs/choices.md)
DENSE = 0.41
MOST_STRETCH = 2.0


def stretch_of(signs: int, width_px: int, spread: float) -> float:
    """How many times its width, ``width_px`` at the network's height, a line of ``signs`` signs is to have; 1 where it is not dense.

    ``spread``: signs a step that it has then; 0: no line is drawn out.
    """
    density = WIDTH_STRIDE * signs / width_px
    return max(1.0, min(MOST_STRETCH, density / spread)) if spread and density > DENSE else 1.0


@dataclass(frozen=True)
class Decoded:
    """One line's best path. ``classes`` from left to right as drawn, with a step and a probability for each."""

    classes: list[int]
    steps: list[int]
    probabilities: list[float]


def steps_needed(classes: Sequence[int]) -> int:
    """The fewest steps that can spell ``classes``: one each, and a blank between two that are the same."""
    return len(classes) + sum(a == b for a, b in itertools.pairwise(classes))


def best_path(log_probabilities: NDArray[np.float32], lengths: Sequence[int]) -> list[Decoded]:
    """Greedy decoding of (batch, steps, classes) log-probabilities, each line up to its own length in steps.

    A character's probability is the highest that its run of steps reaches.
    """
    best = log_probabilities.argmax(axis=2)  # (batch, steps)
    top = np.exp(np.take_along_axis(log_probabilities, best[:, :, None], axis=2)[:, :, 0])
    decoded = []
    for row, scores, length in zip(best.tolist(), top.tolist(), lengths, strict=True):  # lists: NumPy is slow at single numbers
        classes: list[int] = []
        steps: list[int] = []
        probabilities: list[float] = []
        previous = BLANK
        for step, (current, probability) in enumerate(zip(row[:length], scores)):
            if current == previous:
                if current != BLANK and probability > probabilities[-1]:
                    probabilities[-1], steps[-1] = probability, step
            elif current != BLANK:
                classes.append(current)
                steps.append(step)
                probabilities.append(probability)
            previous = current
        decoded.append(Decoded(classes, steps, probabilities))
    return decoded

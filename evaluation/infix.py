"""Errors of letters where a label leaves out text that is printed: running heads, notes, page numbers.

Where it stands: called by ``evaluation/scoring.py``. Both texts are those of ``letters`` in ``rasm/text/metrics.py``, without digits and
spaces. What a label has and the reading lacks is an error. What the reading has beyond the label is none

    before and after the label         the infix distance, as edlib's mode HW has it
    between two parts of it as well    a part is a line of the label's text: a paragraph, a heading, a cell of a table

Parts keep their order, and no letter is read for two of them. So a part that is read in another place is still an error, and a short one
cannot be found just anywhere.

Source: Sellers 1980, "The theory and computation of evolutionary distances: pattern recognition", for the first row of zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rasm.text import metrics


@dataclass(frozen=True)
class InfixCounts:
    """letters: of the label. edits: with text of the reading free at both ends. parted_edits: and between parts."""

    letters: int
    edits: int
    parted_edits: int


def count_infix(truth: str, read: str) -> InfixCounts:
    """A page's label and what was read of it, as they are."""
    parts = [letters for line in truth.splitlines() if (letters := only_letters(line))]
    whole, found = "".join(parts), only_letters(read)
    if whole in found:
        return InfixCounts(len(whole), 0, 0)
    return InfixCounts(len(whole), infix_distance([whole], found), infix_distance(parts, found))


def only_letters(text: str) -> str:
    return "".join(c for c in metrics.letters(text) if c.isalpha())


def infix_distance(parts: Sequence[str], read: str) -> int:
    """The fewest edits that make ``parts``, in their order, of stretches of ``read`` that do not overlap."""
    signs = _codes(read)
    place = np.arange(len(signs) + 1)
    row = np.zeros(len(signs) + 1, np.int64)  # (letters read + 1,): edits so far, if what follows is still to be read
    for part in parts:
        for sign in _codes(part):
            missed = row + 1
            missed[1:] = np.minimum(missed[1:], row[:-1] + (signs != sign))
            row = np.minimum.accumulate(missed - place) + place  # each further letter read is one that was invented
        row = np.minimum.accumulate(row)  # after a part it is free
    return int(row[-1])


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)

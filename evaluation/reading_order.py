"""The order in which lines were put, against the order that is known.

Where it stands: beside ``outlines``, which tells which found line is which known one. ``scripts/order_pages.py`` calls it.

The figure: of all pairs of lines that are read one after the other, both of which were found, the share that was put one right after
the other. Lines that are not among the known ones do not count. One line in the wrong place costs three pairs; a column in the wrong place
as many, however long it is. So there is a second figure, for how far things are from their places: of all pairs of lines, whatever is
between them, the share whose first was put first (Kendall's tau, from 0 to 1).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OrderCounts:
    """Of one page, or sums of several. neighbours: pairs of neighbouring lines, and in_succession, those that still are. pairs: of all
    lines, and in_order."""

    pages: int = 0
    neighbours: int = 0
    in_succession: int = 0
    pairs: int = 0
    in_order: int = 0

    def __add__(self, other: OrderCounts) -> OrderCounts:
        return OrderCounts(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def succession(self) -> float:
        return self.in_succession / max(1, self.neighbours)

    @property
    def order(self) -> float:
        return self.in_order / max(1, self.pairs)


def count_order(known: Sequence[int], put: Sequence[int]) -> OrderCounts:
    """known: numbers of lines in the order that is known. put: the numbers in the order in which they were put; others are passed over."""
    among = set(put)
    wanted = [number for number in known if number in among]
    place = {number: k for k, number in enumerate(n for n in put if n in set(known))}
    places = np.array([place[number] for number in wanted])
    n = len(places)
    both = [(place[a], place[b]) for a, b in itertools.pairwise(known) if a in place and b in place]
    return OrderCounts(1, len(both), sum(b - a == 1 for a, b in both), n * (n - 1) // 2, int(np.triu(places[:, None] < places, 1).sum()))

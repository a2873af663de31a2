"""Outlines of lines that were found against those that are known: found at all, found whole, joined with others.

Where it stands: beside ``line_finding``, which compares boxes of level pages; outlines may bend and slant. ``scripts/compare_finders.py``
calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]  # (n, 2), x and y in pixels of the page

_MATCHED = 0.5  # intersection over union, as of most published figures of finding text
_COVERED = 0.6  # of a known line's area: then a found line has it, whatever else it has
_RASTER_PX = 48.0  # the height to which outlines are drawn for comparing


@dataclass(frozen=True)
class OutlineCounts:
    """Counts of one page, or sums of several. matched: known lines with a found one of half their union, one to one. covered: known
    lines of which a found one, or several, have most. joined: found lines that have most of two known lines or more."""

    known: int = 0
    found: int = 0
    matched: int = 0
    covered: int = 0
    joined: int = 0

    def __add__(self, other: OutlineCounts) -> OutlineCounts:
        return OutlineCounts(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def recall(self) -> float:
        return self.matched / max(1, self.known)

    @property
    def precision(self) -> float:
        return self.matched / max(1, self.found)


def count_outlines(known: Sequence[Outline], found: Sequence[Outline]) -> OutlineCounts:
    """Compare the lines of a page, in any order."""
    pairs, shares = _compared(known, found)
    has = shares > _COVERED
    return OutlineCounts(
        len(known), len(found), len(_one_to_one(pairs)), int((shares.sum(axis=1) > _COVERED).sum()), int((has.sum(axis=0) > 1).sum())
    )


def match_outlines(known: Sequence[Outline], found: Sequence[Outline]) -> dict[int, int]:
    """For each known line that was found, by its number, the number of the line that it was found as."""
    return _one_to_one(_compared(known, found)[0])


def _compared(known: Sequence[Outline], found: Sequence[Outline]) -> tuple[list[tuple[float, int, int]], NDArray[np.float64]]:
    """The pairs that overlap enough, with how much; and (known, found) the share of each known line that each found one has."""
    known_boxes, found_boxes = _boxes(known), _boxes(found)
    pairs: list[tuple[float, int, int]] = []
    shares = np.zeros((len(known), len(found)))
    for i, box in enumerate(known_boxes):
        near = np.flatnonzero((found_boxes[:, :2] < box[2:]).all(axis=1) & (found_boxes[:, 2:] > box[:2]).all(axis=1))
        for j in near.tolist():
            union, share = _overlap(known[i], found[j])
            shares[i, j] = share
            if union >= _MATCHED:
                pairs.append((union, i, j))
    return pairs, shares


def _one_to_one(pairs: Sequence[tuple[float, int, int]]) -> dict[int, int]:
    taken: dict[int, int] = {}
    found: set[int] = set()
    for _, i, j in sorted(pairs, reverse=True):
        if i not in taken and j not in found:
            taken[i] = j
            found.add(j)
    return taken


def _boxes(outlines: Sequence[Outline]) -> NDArray[np.float64]:
    return np.array([(*o.min(axis=0), *o.max(axis=0)) for o in outlines], np.float64).reshape(-1, 4)


def _overlap(known: Outline, found: Outline) -> tuple[float, float]:
    """Intersection over union, and the share of the known one that the found one has."""
    both = np.concatenate([known, found])
    corner = both.min(axis=0)
    scale = _RASTER_PX / max(1.0, float(min(np.ptp(known[:, 1]), np.ptp(found[:, 1]))))
    scale = min(scale, 4000 / max(1.0, float(np.ptp(both, axis=0).max())))
    width, height = (np.ceil(np.ptp(both, axis=0) * scale) + 2).astype(int).tolist()
    masks = []
    for outline in (known, found):
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [np.round((outline - corner) * scale).astype(np.int32)], 1)
        masks.append(mask > 0)
    shared = int((masks[0] & masks[1]).sum())
    return shared / max(1, int((masks[0] | masks[1]).sum())), shared / max(1, int(masks[0].sum()))

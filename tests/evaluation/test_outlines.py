"""Outlines of lines compared: bent, slanting, joined, split."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.outlines import OutlineCounts, count_outlines


def band(x0: float, x1: float, y: float, high: float = 20, slope: float = 0.0, bend: float = 0.0) -> np.ndarray:  # type: ignore[type-arg]
    xs = np.linspace(x0, x1, 9)
    ys = y + slope * (xs - x0) + bend * np.sin((xs - x0) / (x1 - x0) * np.pi)
    return np.concatenate([np.column_stack([xs, ys]), np.column_stack([xs, ys + high])[::-1]])


def test_what_is_the_same_is_matched() -> None:
    lines = [band(10, 300, 10), band(10, 300, 40, slope=0.2), band(10, 300, 120, bend=30)]
    counts = count_outlines(lines, lines[::-1])
    assert counts == OutlineCounts(known=3, found=3, matched=3, covered=3, joined=0)
    assert counts.recall == counts.precision == 1


def test_slanting_lines_are_no_boxes() -> None:
    """Their boxes overlap by much, and they by nothing."""
    lines = [band(0, 400, 0, slope=0.3), band(0, 400, 30, slope=0.3)]
    assert count_outlines(lines[:1], lines[1:]) == OutlineCounts(known=1, found=1)


def test_lines_joined_over_a_gutter_are_counted() -> None:
    counts = count_outlines([band(0, 190, 10), band(210, 400, 10)], [band(0, 400, 10)])
    assert counts == OutlineCounts(known=2, found=1, matched=0, covered=2, joined=1)


def test_a_line_in_pieces_is_covered_but_not_found() -> None:
    counts = count_outlines([band(0, 400, 10)], [band(0, 130, 10), band(135, 265, 10), band(270, 400, 10)])
    assert counts == OutlineCounts(known=1, found=3, matched=0, covered=1, joined=0)


@pytest.mark.parametrize(("known", "found"), [([], [band(0, 9, 0)]), ([band(0, 9, 0)], []), ([], [])])
def test_nothing_is_compared_with_nothing(known: list, found: list) -> None:  # type: ignore[type-arg]
    counts = count_outlines(known, found)
    assert (counts.known, counts.found, counts.matched) == (len(known), len(found), 0)
    assert counts + counts == OutlineCounts(2 * len(known), 2 * len(found))

"""Figures of order, by hand."""

from __future__ import annotations

from evaluation.reading_order import OrderCounts, count_order


def test_order_as_known_is_perfect() -> None:
    assert count_order([3, 1, 2], [3, 1, 2]) == OrderCounts(1, 2, 2, 3, 3)


def test_lines_that_were_not_found_and_lines_that_are_unknown_do_not_count() -> None:
    counts = count_order([0, 1, 2, 3], [9, 0, 8, 1, 3])  # 2 was not found: neither 1, 2 nor 2, 3 are neighbours that can be told
    assert (counts.neighbours, counts.in_succession) == (1, 1)
    assert (counts.pairs, counts.in_order) == (3, 3)


def test_two_columns_read_across() -> None:
    counts = count_order([0, 1, 2, 3], [0, 2, 1, 3])
    assert (counts.succession, counts.order) == (0.0, 5 / 6)


def test_sums() -> None:
    counts = count_order([0, 1], [0, 1]) + count_order([0, 1], [1, 0])
    assert (counts.pages, counts.succession, counts.order) == (2, 0.5, 0.5)

"""Answers are read in the order in which they count themselves, and brackets beside their questions."""

from __future__ import annotations

import numpy as np
import pytest

from rasm.pages.blocks import Block
from rasm.pages.found import TextLine
from rasm.pages.numbered import by_their_marks

EM = 20.0


def line(x: float, y: float, width: float = 120.0) -> TextLine:
    points = np.array([(x, y), (x + width, y)])
    return TextLine(points, points, EM / 2, EM / 2, EM, "paragraph", 0.5, 0.5, 0.95)


def read(placed: list[tuple[str, float, float]], order: list[list[int]]) -> list[str]:
    """What is said of blocks of lines, given as (text, left in ems, row), that were put in this order."""
    lines = [line(x * EM, 40.0 * row + 50.0) for _, x, row in placed]
    texts = [text for text, _, _ in placed]
    blocks = [Block("paragraph", numbers) for numbers in order]
    found = by_their_marks(blocks, lines, texts)
    assert sorted(i for block in found for i in block.lines) == list(range(len(placed))), "nothing is lost, and nothing twice"
    return [texts[i] for block in found for i in block.lines]


LATIN = [("1- Which?", 0, 0), ("a) one", 1, 1), ("b) two", 14, 1), ("c) three", 1, 2), ("d) four", 14, 2), ("2- And?", 0, 3)]
ARABIC = [("١- أين؟", 14, 0), ("أ) في", 13, 1), ("ب) على", 0, 1), ("ج) من", 13, 2), ("د) إلى", 0, 2), ("٢- متى؟", 14, 3)]


@pytest.mark.parametrize("placed", [LATIN, ARABIC])
@pytest.mark.parametrize("order", [[[0], [1, 3], [2, 4], [5]], [[0, 1, 3, 5], [2, 4]], [[0], [1], [2], [4], [3], [5]]])
def test_answers_in_two_columns_are_read_as_they_count(placed: list[tuple[str, float, float]], order: list[list[int]]) -> None:
    assert read(placed, order) == [text for text, _, _ in placed]


def test_answers_that_count_down_their_columns_stay_so() -> None:
    placed = [("a) one", 1, 0), ("b) two", 1, 1), ("c) three", 14, 0), ("d) four", 14, 1)]
    for order in ([[0, 1], [2, 3]], [[0, 2], [1, 3]]):
        assert read(placed, order) == ["a) one", "b) two", "c) three", "d) four"]


def test_an_answer_of_two_lines_keeps_its_second_and_takes_no_question() -> None:
    placed = [("أ) في", 30, 0), ("ب) على", 15, 0), ("ج) من الذي", 0, 0), ("تحته", -1, 0.8), ("٢- متى؟", 31, 0.8)]
    assert read(placed, [[0], [1], [4], [2], [3]])[:4] == ["أ) في", "ب) على", "ج) من الذي", "تحته"]


def test_what_counts_elsewhere_is_left_alone() -> None:
    apart = [("a) one", 0, 0), ("b) two", 0, 12), ("c) three", 0, 24)]
    assert read(apart, [[2], [0], [1]]) == ["c) three", "a) one", "b) two"], "rows that far apart are no answers to one question"
    prose = [("a cat sat", 1, 0), ("by the", 14, 0), ("door and", 1, 1)]
    assert read(prose, [[0, 2], [1]]) == ["a cat sat", "door and", "by the"]
    two = [("a) yes", 1, 0), ("b) no", 14, 0), ("text", 1, 1)]
    assert read(two, [[0, 2], [1]]) == ["a) yes", "text", "b) no"], "two may be anything"


@pytest.mark.parametrize("bracket", ["( )", "(....)", "[ ]", "☐"])
def test_a_bracket_for_an_answer_stands_by_its_question(bracket: str) -> None:
    placed = [("١- السماء زرقاء", 30, 0), (bracket, 0, 0), ("٢- البحر جاف", 30, 1), (bracket, 0, 1)]
    assert read(placed, [[0, 2], [1, 3]]) == [placed[k][0] for k in range(4)]
    before = [("The sky is blue", 10, 0), (bracket, 0, 0), ("The sea is dry", 10, 1), (bracket, 0, 1)]
    assert read(before, [[0, 2], [1, 3]]) == [bracket, "The sky is blue", bracket, "The sea is dry"]

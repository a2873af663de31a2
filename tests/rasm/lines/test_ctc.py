"""Greedy CTC decoding: repeats, lengths and probabilities."""

import numpy as np
import pytest

from rasm.lines.ctc import best_path, steps_needed, stretch_of


def scores(path: list[int], probabilities: list[float] | None = None, classes: int = 4) -> np.ndarray:
    """Log-probabilities (1, steps, classes) of which ``path`` is the best path."""
    tops = probabilities or [0.9] * len(path)
    table = np.array([[p if c == best else (1 - p) / (classes - 1) for c in range(classes)] for best, p in zip(path, tops, strict=True)])
    return np.log(table, dtype=np.float32, casting="unsafe").reshape(1, len(path), classes)


@pytest.mark.parametrize(
    ("path", "classes", "steps"),
    [
        ([0, 0, 0], [], []),
        ([1, 2, 3], [1, 2, 3], [0, 1, 2]),
        ([1, 1, 1], [1], [0]),
        ([1, 0, 1], [1, 1], [0, 2]),  # a blank between makes two of them
        ([0, 2, 2, 0, 0, 2, 1, 1], [2, 2, 1], [1, 5, 6]),
        ([3], [3], [0]),
    ],
)
def test_repeats_are_one_unless_a_blank_is_between(path: list[int], classes: list[int], steps: list[int]) -> None:
    (decoded,) = best_path(scores(path), [len(path)])
    assert (decoded.classes, decoded.steps) == (classes, steps)


def test_a_character_has_the_step_and_probability_of_its_peak() -> None:
    (decoded,) = best_path(scores([0, 1, 1, 1, 0, 2], [0.9, 0.5, 0.8, 0.6, 0.9, 0.7]), [6])
    assert decoded.classes == [1, 2]
    assert decoded.steps == [2, 5]
    assert decoded.probabilities == pytest.approx([0.8, 0.7])


def test_steps_after_a_lines_length_are_not_read() -> None:
    batch = np.concatenate([scores([1, 0, 2, 3]), scores([1, 0, 2, 3]), scores([1, 0, 2, 3])])
    assert [line.classes for line in best_path(batch, [4, 3, 0])] == [[1, 2, 3], [1, 2], []]


def test_a_batch_of_one_is_a_batch_of_many() -> None:
    rng = np.random.default_rng(0)
    batch = np.log(rng.dirichlet(np.ones(5), (7, 40))).astype(np.float32)
    lengths = [40, 39, 1, 0, 20, 33, 7]
    assert best_path(batch, lengths) == [best_path(batch[i : i + 1], [length])[0] for i, length in enumerate(lengths)]


def test_no_steps_and_no_lines() -> None:
    assert best_path(np.zeros((0, 5, 4), dtype=np.float32), []) == []
    assert best_path(np.zeros((1, 0, 4), dtype=np.float32), [0])[0].classes == []


@pytest.mark.parametrize(("classes", "steps"), [([], 0), ([1], 1), ([1, 2, 1], 3), ([1, 1], 3), ([2, 2, 2, 1, 1], 8)])
def test_steps_needed_counts_the_blanks_of_repeats(classes: list[int], steps: int) -> None:
    assert steps_needed(classes) == steps


@pytest.mark.parametrize(
    ("signs", "width_px", "spread", "times"),
    [
        (40, 400, 0.39, 1.0),  # 0.40 signs a step: not dense
        (50, 400, 0.39, 0.5 / 0.39),
        (50, 400, 0.0, 1.0),  # a model that saw none drawn out
        (190, 400, 0.39, 2.0),  # no further than twice
        (50, 400, 0.6, 1.0),  # never narrower
        (0, 400, 0.39, 1.0),
    ],
)
def test_dense_lines_are_drawn_out_to_the_spread(signs: int, width_px: int, spread: float, times: float) -> None:
    assert stretch_of(signs, width_px, spread) == pytest.approx(times)

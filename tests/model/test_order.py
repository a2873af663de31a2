"""Learning order: what is collected of pages, and that the networks learn it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.order.__main__ import main
from model.order.samples import Samples, as_found, collect, collect_columns, collect_found, collect_pairs, found_of
from model.rendering.pages.labels import BlockLabel, LineLabel, PageLabels
from rasm.pages.blocks import arrange, things_of
from rasm.pages.cuts import Scorer


def two_columns(seed: int = 0) -> PageLabels:
    """Two columns of Arabic of two paragraphs each, under a heading."""
    rng = random.Random(seed)
    rows = rng.randint(4, 9)
    blocks = [BlockLabel("heading", (0, 0, 900, 60))]
    lines = [line(100, 800, 40, 0, 40)]
    for left in (480, 20):
        for part in (0, 1):
            blocks.append(BlockLabel("paragraph", (left, 0, left + 400, 900)))
            top = 110 + part * (rows * 32 + 20)
            lines += [line(left, left + 400 - (k == rows - 1) * 90 * part, top + 32 * k, len(blocks) - 1) for k in range(rows)]
    return PageLabels("book", str(seed), 900, 1000, "rtl", [], blocks, lines, gutters=[(425.0, 90.0, 475.0, 900.0)])


def line(left: float, right: float, baseline: float, block: int, size: float = 20) -> LineLabel:
    return LineLabel("نص", block, [(left, baseline), (right, baseline)], 0.8 * size, 0.3 * size, 0.5 * size, 0.0, size)


def test_right_cuts_are_told_from_wrong_ones() -> None:
    samples = Samples()
    labels = two_columns()
    collect(samples, labels, random.Random(1), 0)
    assert samples.right["upright"] and all(samples.right["upright"])  # between the columns, once the heading is cut off
    assert samples.right["level"][0]  # under the heading
    assert not any(samples.right["level"][1 : len({v.baseline[0][1] for v in labels.lines}) - 1])  # across both columns
    assert sum(samples.right["end"]) == 4


def test_what_a_bad_finder_gives_is_still_a_page() -> None:
    found, _ = found_of(two_columns())
    things, between = things_of(found, ["rtl"] * len(found.lines))
    for seed in range(20):
        seen, white, kept = as_found(things, between, random.Random(seed))
        assert len(seen) == len(kept) <= len(things)
        assert (seen.right > seen.left).all() and (seen.bottom > seen.top).all()
        assert white.gutters.shape[1:] == (4,)
        assert np.isfinite(np.column_stack([seen.first, seen.last, seen.size])).all()


def test_what_a_finder_found_is_learned_from_without_what_is_no_line() -> None:
    labels = two_columns()
    found, _ = found_of(labels)
    samples, more = Samples(), Samples()
    collect(samples, labels, random.Random(1), 0)
    ghost = replace(found.lines[0], middle=found.lines[0].middle + 2000, baseline=found.lines[0].baseline + 2000)
    collect_found(more, labels, replace(found, lines=[ghost, *found.lines[::-1]]), random.Random(1))
    assert sum(more.right["end"]) == 2 * sum(samples.right["end"])  # with tables and without
    assert len(more.right["end"]) == 2 * len(samples.right["end"])
    assert all(more.right["upright"])


def test_plain_columns_are_known_to_be_columns() -> None:
    samples = Samples()
    for seed in range(5):
        collect_columns(samples, random.Random(seed))
    assert np.mean(samples.right["upright"]) > 0.9


def test_what_a_bill_says_in_two_languages_is_known_to_be_read_row_by_row() -> None:
    samples = Samples()
    for seed in range(5):
        collect_pairs(samples, random.Random(seed))
    assert np.mean(samples.right["upright"]) < 0.2  # but for the last two, where they are not quite level
    assert all(samples.right["level"])


def test_the_networks_learn_what_they_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for seed in range(12):
        (pages / f"{seed}.json").write_text(two_columns(seed).to_json(), encoding="utf-8")
    out = tmp_path / "order.json"
    assert main([str(pages), "--out", str(out), "--epochs", "30", "--hidden", "8", "--plain-share", "0", "--pairs-share", "0"]) == 0
    assert "upright: " in capsys.readouterr().out
    found, numbers = found_of(two_columns(99))
    blocks = arrange(found, ["rtl"] * len(numbers), Scorer(json.loads(out.read_text(encoding="utf-8"))))
    assert [i for block in blocks for i in block.lines] == list(range(len(numbers)))
    assert [len(block.lines) for block in blocks] == [1, *[(len(numbers) - 1) // 4] * 4]


def test_pages_from_which_nothing_can_be_learned_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = two_columns()
    (tmp_path / "0.json").write_text(replace(labels, lines=labels.lines[:1]).to_json(), encoding="utf-8")
    assert main([str(tmp_path), "--out", str(tmp_path / "x.json"), "--plain-share", "0", "--pairs-share", "0"]) != 0
    assert "too few pages" in capsys.readouterr().err


def test_no_pages_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "x.json")]) != 0
    assert "no pages" in capsys.readouterr().err

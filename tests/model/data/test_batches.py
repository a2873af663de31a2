"""Batches are a function of their number: fixed shapes, every line once an epoch, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch

from model.config import TrainConfig
from model.data.arrays import ArrayWriter, LineArrays
from model.data.augment import _respaced, augment_line
from model.data.batches import Batch, BatchSource
from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import load_texts
from rasm.errors import DatasetError
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET
from tests.paths import ROOT

DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
CONFIG = TrainConfig(columns_per_batch=512, bucket_px=64, max_width_px=256, augment_share=0.0)
IMAGE = ImageSettings()


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> LineArrays:
    """Twenty lines, each of a grey of its own, so that it can be told in a batch."""
    path = tmp_path_factory.mktemp("arrays")
    with ArrayWriter(path, IMAGE, DEFAULT_CHARSET, unlabelled="َ") as writer:
        for n in range(20):
            writer.add(np.full((48, 40 + 15 * n), n, np.uint8), DEFAULT_CHARSET.encode("اب" if n % 2 else "ا"), f"{n}", "g")
        writer.finish({})
    return LineArrays(path)


def source(arrays: LineArrays, config: TrainConfig = CONFIG, batches: int = 100) -> BatchSource:
    return BatchSource([arrays], None, DEFAULT_CHARSET, IMAGE, config, batches)


def test_shapes_are_those_of_buckets(arrays: LineArrays) -> None:
    data = source(arrays)
    for k in range(20):
        batch = data[k]
        lines, channels, height, width = batch.images.shape
        assert (channels, height, lines) == (1, 48, 512 // width) and width % 64 == 0
        assert batch.images.dtype == torch.uint8
        assert batch.targets.shape[0] == batch.target_lengths.sum()


def test_an_epoch_has_every_line_that_fits(arrays: LineArrays) -> None:
    data = source(arrays)
    seen = Counter(int(line[0, 0, 0]) for k in range(sum(data.epoch_batches)) for line in data[k].images)
    assert sorted(seen) == [n for n in range(20) if 40 + 15 * n <= 256]
    assert data.too_wide == 20 - len(seen)


def test_beside_arrays_some_batches_are_of_rendered_lines_of_every_length(arrays: LineArrays) -> None:
    synthesizer = Synthesizer(
        load_texts([str(ROOT / "examples" / "text")]), find_fonts([str(DEJAVU)], DEFAULT_CHARSET), DEFAULT_CHARSET, IMAGE, clean=True
    )
    data = BatchSource([arrays], synthesizer, DEFAULT_CHARSET, IMAGE, replace(CONFIG, synthetic_share=0.45), 100)
    batches = [data[k] for k in range(data.rendered_every * 8)]
    # a line of the arrays is of one grey, paper included
    greys = [
        [int(line[0, 0, 0]) for line in batch.images if line[0, :, 0].unique().numel() == 1 and line[0, 0, 0] < 20] for batch in batches
    ]
    with_arrays = [grey for grey in greys if grey]
    epoch = [grey for batch in with_arrays[: sum(data.epoch_batches)] for grey in batch]
    assert sorted(set(epoch)) == [n for n in range(20) if 40 + 15 * n <= 256], "an epoch still has every line"
    assert len(with_arrays) == len(batches) - 8
    assert len({batch.images.shape[3] for batch, grey in zip(batches, greys, strict=True) if not grey}) > 1
    assert 0.3 < 1 - sum(map(len, greys)) / sum(len(batch.images) for batch in batches) < 0.6


def equal(a: Batch, b: Batch) -> bool:
    return a.images.equal(b.images) and a.targets.equal(b.targets)


def test_the_number_and_the_seed_decide(arrays: LineArrays) -> None:
    config = replace(CONFIG, augment_share=1.0)
    in_order = source(arrays, config)
    batches = [in_order[k] for k in range(12)]
    assert equal(source(arrays, config)[11], batches[11]), "whatever was made before"
    assert not all(equal(source(arrays, replace(config, seed=2))[k], batches[k]) for k in range(12))


def test_what_labels_leave_out_is_marked(arrays: LineArrays) -> None:
    batch = source(arrays)[0]
    assert batch.unlabelled.sum(dim=1).tolist() == [1] * len(batch.images)
    assert batch.unlabelled[0, DEFAULT_CHARSET.index["َ"]]


def test_nothing_to_train_on_is_said(arrays: LineArrays) -> None:
    with pytest.raises(DatasetError, match="32 px"):
        source(arrays, replace(CONFIG, bucket_px=32, max_width_px=32))


def test_dense_lines_are_drawn_out_as_a_reader_does_it(tmp_path: Path) -> None:
    """Half a sign a step: most of them are shown wider, none wider than its batch, and the sparse one stays."""
    with ArrayWriter(tmp_path, IMAGE, DEFAULT_CHARSET) as writer:
        writer.add(np.full((48, 160), 7, np.uint8), DEFAULT_CHARSET.encode("ابتث" * 5), "dense", "g")
        writer.add(np.full((48, 160), 9, np.uint8), DEFAULT_CHARSET.encode("ابتث"), "sparse", "g")
        writer.finish({})

    def widths(spread: float) -> dict[int, set[int]]:
        lines = source(LineArrays(tmp_path), replace(CONFIG, spread=spread))
        seen: dict[int, set[int]] = {7: set(), 9: set()}
        for k in range(30):
            for image in lines[k].images[:, 0].numpy():
                seen[int(image[0, 0])].add(int((image[0] < 255).sum()))
        return seen

    assert widths(0.0) == {7: {160}, 9: {160}}
    drawn_out = widths(0.39)
    assert drawn_out[9] == {160}
    assert 160 in drawn_out[7] and len(drawn_out[7]) > 3 and 190 < max(drawn_out[7]) <= 256


def test_augmentation_keeps_height_and_bound_and_follows_the_seed() -> None:
    line = np.full((48, 200), 255, np.uint8)
    line[15:35, 20:180:7] = 0
    varied = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        varied.append([augment_line(line, 210) for _ in range(20)])
    assert all(v.shape[0] == 48 and v.shape[1] <= 210 and v.dtype == np.uint8 for v in varied[0])
    assert all(np.array_equal(a, b) for a, b in zip(varied[0], varied[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(varied[0], varied[2], strict=True))
    assert all(int(v.max()) - int(v.min()) > 60 for v in varied[0]), "the ink is still there"


def test_respacing_changes_gaps_and_no_letter() -> None:
    line = np.full((48, 120), 250, np.uint8)
    for start, end in ((10, 30), (33, 50), (70, 110)):
        line[20:30, start:end] = np.arange(start, end)  # each column of the letters is another
    torch.manual_seed(4)
    widths = set()
    for _ in range(8):
        varied = _respaced(line)
        letters = varied[:, varied.min(axis=0) < 200]
        assert (letters == line[:, line.min(axis=0) < 200]).all()
        widths.add(varied.shape[1])
    assert len(widths) > 3
    light_on_dark = np.asarray(255 - line, dtype=np.uint8)
    assert np.array_equal(_respaced(light_on_dark), light_on_dark)

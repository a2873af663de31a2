"""The finder of lines: what it learns from, one step of learning, going on, and the file that finds as PyTorch does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from export import main as export_models
from model.finder import export as finder_export
from model.finder.__main__ import main as train_main
from model.finder.checkpoint import FinderCheckpoint, averaged, load_checkpoint, save_checkpoint, save_weights
from model.finder.config import KINDS, MAPS, FinderConfig, FinderTrainConfig
from model.finder.export import check_parity, export, random_pages
from model.finder.losses import Batch, losses, total
from model.finder.network import Finder, input_of
from model.finder.targets import PageSource
from model.rendering.pages.labels import BlockLabel, LineLabel, PageLabels
from rasm.errors import CheckpointError, ConfigError, DatasetError, ExportError, ModelFileError
from rasm.image import Pixels
from rasm.pages.finder import LineFinder

SMALL = FinderConfig(channels=(16, 16, 16, 16, 16), fine=16, coarse=16)
SIZE = 24.0


def write_page(folder: Path, number: int) -> PageLabels:
    """A page of bars that stand for lines: two columns, a gutter between, a picture, a rule."""
    pixels = np.full((900, 700), 245, np.uint8)
    lines, blocks = [], []
    for column, (left, right) in enumerate(((380, 640), (60, 320))):
        blocks.append(BlockLabel("heading" if column else "paragraph", (left, 100, right, 700)))
        for row in range(12):
            y = 130.0 + 50 * row + number
            for x in range(left, right, 10):  # strokes
                cv2.rectangle(pixels, (x, round(y) - 16), (x + 5, round(y) + 4), 20, -1)
            lines.append(LineLabel("نص", column, [(float(left), y), (float(right), y)], 16, 5, 12, 1, SIZE))
    lines[3] = replace(lines[3], ignored=True)
    cv2.rectangle(pixels, (100, 760), (400, 860), 120, -1)
    labels = PageLabels(
        "book", str(number), 700, 900, "rtl", [], blocks, lines, [], [(330, 100, 370, 720)], [(50, 60, 650, 64)], [(100, 760, 400, 860)]
    )
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / f"{number}.jpg"), pixels)
    (folder / f"{number}.json").write_text(labels.to_json(), encoding="utf-8")
    return labels


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "drawn"
    for number in range(3):
        write_page(folder, number)
    return folder


# -- targets


def strokes(pixels: Pixels) -> NDArray[np.bool_]:
    """Where, at half the resolution, there is ink nearby."""
    small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small, (9, 3)) < 190, np.bool_)


def test_windows_say_where_lines_are(pages: Path) -> None:
    for window in PageSource([pages]).windows("1", 12, 256, clean=True):
        core = window.cores > 0
        assert (strokes(window.pixels) & core).sum() > 0.93 * core.sum()  # what is a core has ink
        here = window.within > 0
        measures = window.measures[:, here]
        scale = 1280 / 900
        if here.any():
            assert np.allclose(16 * np.exp(measures[2]), SIZE * scale, rtol=1e-3)
            assert np.allclose(10 * (np.exp(measures[0]) + np.exp(measures[1])), 21 * scale, rtol=1e-3)
            assert np.allclose(measures[3], 5.5 / SIZE, atol=1e-3)
            assert set(np.unique(window.kinds[here])) <= {KINDS.index("paragraph"), KINDS.index("heading")}
        assert not (core & (window.weights == 0)).any()
        gutter = window.areas[0] > 0
        assert not (gutter & here).any()
        assert not window.measures[:, ~here].any()


def test_what_is_ignored_does_not_count(pages: Path) -> None:
    source = PageSource([pages])
    unread = [w for k in range(6) for w in source.windows(str(k), 4, 256, clean=True) if (w.weights == 0).any()]
    assert unread
    for window in unread:
        assert strokes(window.pixels)[window.weights == 0].mean() > 0.5
        assert not window.cores[window.weights == 0].any()


def test_a_batch_is_a_function_of_its_number(pages: Path) -> None:
    first, again, other = (PageSource([pages]).windows(seed, 4, 256, 0.5) for seed in ("1 1", "1 1", "1 2"))
    for a, b in zip(first, again, strict=True):
        assert all(np.array_equal(getattr(a, name), getattr(b, name)) for name in vars(a))
    assert any(not np.array_equal(a.pixels, b.pixels) for a, b in zip(first, other, strict=True))
    assert {w.turn for w in first} - {0}


def test_a_folder_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no pages"):
        PageSource([tmp_path])


# -- the network


def test_the_maps_have_the_sizes_that_are_promised() -> None:
    cores, maps, turns = Finder(FinderConfig()).eval()(input_of(torch.zeros(2, 128, 192, dtype=torch.uint8)))
    assert cores.shape == (2, 1, 64, 96)
    assert maps.shape == (2, len(MAPS), 32, 48)
    assert turns.shape == (2, 4)


def test_channels_that_corrupt_memory_are_refused() -> None:
    with pytest.raises(ConfigError, match="multiples of 16"):
        FinderConfig(channels=(24, 48, 64, 96, 96))


def test_turned_windows_teach_turns_alone(pages: Path) -> None:
    batch = Batch.of(PageSource([pages]).windows("1", 4, 256, turned_share=1.0))
    assert (batch.turn > 0).all()
    network = Finder(SMALL)
    total(losses(*network(input_of(batch.pixels)), batch)).backward()
    assert network.turns.weight.grad is not None
    assert network.turns.weight.grad.abs().sum() > 0
    assert network.cores.weight.grad is None or network.cores.weight.grad.abs().sum() < 1e-6


# -- learning

TINY = ["--channels", "16", "16", "16", "16", "16", "--fine", "16", "--coarse", "16", "--windows", "2", "--window-px", "128"]
TINY += ["--validate-windows", "2", "--validate-every", "2", "--workers", "0", "--device", "cpu", "--threads", "1"]


def run_training(pages: Path, out: Path, *more: str) -> int:
    return train_main([str(pages), "--val", str(pages), "--out", str(out), *TINY, *more])


def test_stopping_and_going_on_is_as_not_stopping(pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the learning rate depends on how far the run is: told by --steps, which a run that goes on may change
    monkeypatch.setattr("model.finder.training.learning_rate", lambda *_: 1e-3)
    assert run_training(pages, tmp_path / "whole", "--steps", "4") == 0
    assert run_training(pages, tmp_path / "parts", "--steps", "2") == 0
    assert run_training(pages, tmp_path / "parts", "--steps", "4", "--resume") == 0
    whole, parts = (load_checkpoint(tmp_path / name / "last.pt") for name in ("whole", "parts"))
    assert whole.step == parts.step == 4
    for name, value in whole.weights.items():
        assert torch.equal(value, parts.weights[name]), name
    assert whole.metrics["loss"] == pytest.approx(parts.metrics["loss"])


def test_it_learns_where_lines_are(pages: Path) -> None:
    torch.manual_seed(1)
    batch = Batch.of(PageSource([pages]).windows("1", 4, 128, clean=True))
    network = Finder(SMALL)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    figures = []
    for _ in range(30):
        loss = total(losses(*network(input_of(batch.pixels)), batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        figures.append(float(loss.detach()))
    assert figures[-1] < 0.5 * figures[0]


def test_a_run_is_not_overwritten(pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_training(pages, tmp_path / "run", "--steps", "1") == 0
    assert run_training(pages, tmp_path / "run", "--steps", "1") == 2
    assert "add --resume" in capsys.readouterr().err
    assert run_training(pages, tmp_path / "run", "--steps", "2", "--resume", "--windows", "3") == 2
    assert "cannot change windows" in capsys.readouterr().err


# -- the files


def a_checkpoint() -> FinderCheckpoint:
    torch.manual_seed(2)
    return FinderCheckpoint("tiny", SMALL, FinderTrainConfig(), Finder(SMALL).state_dict(), sources=["bars"])


def test_checkpoints_survive_their_file(tmp_path: Path) -> None:
    checkpoint = a_checkpoint()
    save_checkpoint(tmp_path / "a.pt", checkpoint)
    save_weights(tmp_path / "half.pt", checkpoint)
    read, half = load_checkpoint(tmp_path / "a.pt"), load_checkpoint(tmp_path / "half.pt")
    assert (read.finder, read.train, read.sources) == (checkpoint.finder, checkpoint.train, ["bars"])
    assert all(torch.equal(value, read.weights[name]) for name, value in checkpoint.weights.items())
    assert all(torch.allclose(value, half.weights[name], atol=1e-2) for name, value in checkpoint.weights.items())
    assert (tmp_path / "half.pt").stat().st_size < 0.7 * (tmp_path / "a.pt").stat().st_size


@pytest.mark.parametrize("change", [{"format_version": 9}, {"format": "rasm"}, {"maps": ["above"]}])
def test_other_checkpoints_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    save_checkpoint(tmp_path / "a.pt", a_checkpoint())
    torch.save({**torch.load(tmp_path / "a.pt", weights_only=True), **change}, tmp_path / "b.pt")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "b.pt")


def test_the_mean_of_two_trainings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = a_checkpoint()
    other = replace(one, weights={k: v + 1 if v.is_floating_point() else v for k, v in one.weights.items()}, sources=["more"])
    mean = averaged([one, other])
    assert all(torch.allclose(mean.weights[k], v + 0.5 if v.is_floating_point() else v) for k, v in one.weights.items())
    assert mean.sources == [*one.sources, "more"] and averaged([one]) is one
    save_checkpoint(tmp_path / "a.pt", one)
    save_checkpoint(tmp_path / "b.pt", replace(one, finder=replace(SMALL, fine=32)))
    assert export_models([str(tmp_path / "a.pt"), str(tmp_path / "b.pt"), "--out", str(tmp_path / "none.onnx")]) == 2
    assert "cannot be averaged" in capsys.readouterr().err and not (tmp_path / "none.onnx").exists()


def test_what_is_exported_finds_as_pytorch_does(tmp_path: Path) -> None:
    export(a_checkpoint(), tmp_path / "a.onnx", "tiny", "1", [], int8=False)
    network = a_checkpoint().network()
    assert check_parity(tmp_path / "a.onnx", network, random_pages([(64, 128), (320, 64)])) < 1e-3
    with torch.no_grad():
        network.cores.bias += 0.1
    with pytest.raises(ExportError, match="differs from PyTorch's"):
        check_parity(tmp_path / "a.onnx", network, random_pages([(64, 128)]))


def test_int8_is_held_to_the_cores_it_finds(pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--pages"):
        export(a_checkpoint(), tmp_path / "a.onnx", "tiny", "1", [], int8=True)
    monkeypatch.setattr(finder_export, "LEAST_AGREEMENT", 2.0)
    with pytest.raises(ExportError, match="other cores"):
        export(a_checkpoint(), tmp_path / "a.onnx", "tiny", "1", [pages], int8=True)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(finder_export, "LEAST_AGREEMENT", 0.5)
    export(a_checkpoint(), tmp_path / "a.onnx", "tiny", "1", [pages], int8=True)
    assert LineFinder(tmp_path / "a.onnx").info["precision"] == "int8"


def test_a_file_that_is_no_finder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="not a model file"):
        LineFinder(tmp_path / "missing.onnx")
    export(a_checkpoint(), tmp_path / "a.onnx", "tiny", "1", [], int8=False)
    model = onnx.load(tmp_path / "a.onnx")
    (prop,) = model.metadata_props
    for value in ("{}", json.dumps(json.loads(prop.value) | {"format_version": 9})):
        prop.value = value
        onnx.save(model, tmp_path / "b.onnx")
        with pytest.raises(ModelFileError):
            LineFinder(tmp_path / "b.onnx")

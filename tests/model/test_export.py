"""From a checkpoint to an ONNX file: what is written reads as PyTorch does, and what does not is not written."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

import export as export_module
from export import check_graph, check_parity, main, random_lines, spread
from model.checkpoint import averaged, load_checkpoint, save_checkpoint
from model.data.arrays import ArrayWriter
from rasm.errors import ExportError
from rasm.image import ImageSettings
from rasm.lines.recognizer import ModelInfo, Recognizer
from rasm.text.charset import DEFAULT_CHARSET
from tests.fixtures.make import CHARSET, CONFIG, SETTINGS, blocky_line, tiny_checkpoint, untrained_network
from tests.paths import FIXTURES

LABELS = ("ابت", "من 12 سلع", "عدد (01)", "يوم", "d.c")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "best.pt"
    save_checkpoint(path, tiny_checkpoint(seed=3))
    return path


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("arrays") / "val"
    with ArrayWriter(path, SETTINGS, CHARSET) as writer:
        for i in range(20):
            writer.add(blocky_line(60 + 31 * i, seed=i), CHARSET.encode(LABELS[i % len(LABELS)]), f"line {i}", "group")
        writer.finish()
    return path


@pytest.fixture(scope="module")
def exported(checkpoint: Path, arrays: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line writes."""
    out = tmp_path_factory.mktemp("out") / "deep" / "model.onnx"
    options = ["--name", "rasm-tiny", "--version", "0.2.0", "--arrays", str(arrays), "--weights", str(out.parent.parent / "model.pt")]
    assert main([str(checkpoint), "--out", str(out), *options]) == 0
    assert [p.name for p in out.parent.iterdir()] == ["model.onnx"]  # nothing is left beside it
    return out


@pytest.fixture
def exported_before(exported: Path, monkeypatch: pytest.MonkeyPatch) -> onnx.ModelProto:
    """The graph as ``to_onnx`` would give it again, which takes seconds; to be changed before ``main`` is called."""
    model = onnx.load(exported)
    monkeypatch.setattr(export_module, "to_onnx", lambda network, info, feature_range=None: model)
    return model


def test_metadata_tell_what_the_checkpoint_is(exported: Path, checkpoint: Path) -> None:
    info, made_of = Recognizer(exported).info, load_checkpoint(checkpoint)
    assert (info.name, info.version, info.precision, info.format_version) == ("rasm-tiny", "0.2.0", "fp32", 1)
    assert (info.charset, info.image, info.settings_digest) == (CHARSET, SETTINGS, SETTINGS.digest())
    assert "look-alikes" in info.normalisation
    assert info.spread == made_of.train.spread > 0
    assert (info.step, info.seconds, list(info.sources)) == (made_of.step, made_of.seconds, made_of.sources)
    assert info.metrics.items() >= made_of.metrics.items()


def test_the_weights_beside_it_are_those_of_the_checkpoint_in_half_the_room(exported: Path, checkpoint: Path) -> None:
    """What ``train.py --init`` goes on from: tests/model/test_train.py."""
    path = exported.parent.parent / "model.pt"
    halved, whole = load_checkpoint(path), load_checkpoint(checkpoint)
    assert (halved.name, halved.crnn, halved.charset, halved.image) == ("rasm-tiny", whole.crnn, whole.charset, whole.image)
    assert halved.resume == {} and path.stat().st_size < 0.7 * checkpoint.stat().st_size
    for name, weight in whole.weights.items():
        assert halved.weights[name].dtype == weight.dtype
        assert torch.allclose(halved.weights[name], weight, rtol=1e-3, atol=1e-6), name


def test_the_graph_is_clean(exported: Path) -> None:
    model = onnx.load(exported)
    onnx.checker.check_model(model, full_check=True)
    shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*model.graph.input, *model.graph.output)}
    assert shapes == {"images": ["batch", 1, 32, "width"], "log_probabilities": ["batch", "steps", CHARSET.classes]}
    assert not {"BatchNormalization", "If", "Loop", "Scan"} & {node.op_type for node in model.graph.node}
    assert str(Path.cwd()).encode() not in exported.read_bytes()


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_log_probabilities_are_pytorchs_at_every_shape(exported: Path, batch: int) -> None:
    recognizer, network = Recognizer(exported, threads=1), untrained_network(seed=3)
    for width_px in (4, 32, 64, 96, 192, 352, 704):
        (images,) = random_lines([(batch, width_px)], SETTINGS.height_px)
        with torch.inference_mode():
            expected = network(torch.from_numpy(images)).permute(1, 0, 2).numpy()
        got = recognizer.log_probabilities(images)
        assert got.shape == expected.shape == (batch, width_px // 4, CHARSET.classes)
        assert np.abs(got - expected).max() < 1e-4
        assert np.exp(got).sum(axis=2) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("precision", [[], ["--int8", "--max-cer-loss", "9"]])
def test_a_network_that_takes_two_steps_at_a_time_is_exported_too(
    arrays: Path, tmp_path: Path, precision: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "pairs.pt", tiny_checkpoint(seed=3, config=dataclasses.replace(CONFIG, steps_at_once=2)))
    assert main([str(tmp_path / "pairs.pt"), "--out", str(tmp_path / "pairs.onnx"), "--arrays", str(arrays), *precision]) == 0
    assert "the same texts" in capsys.readouterr().out  # the parity gate has passed, before it was made int8
    (images,) = random_lines([(3, 192)], SETTINGS.height_px)
    assert Recognizer(tmp_path / "pairs.onnx").log_probabilities(images).shape == (3, 48, CHARSET.classes)


def test_several_checkpoints_give_the_mean_of_their_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / "a.pt", tmp_path / "b.pt"]
    for seed, path in enumerate(paths):
        one = dataclasses.replace(tiny_checkpoint(seed=seed), sources=["both", path.stem], metrics={"cer": 0.1})
        save_checkpoint(path, one)
    arguments = ["--out", str(tmp_path / "mean.onnx"), "--weights", str(tmp_path / "mean.pt")]
    assert main([*map(str, paths), *arguments]) == 0
    info = Recognizer(tmp_path / "mean.onnx").info
    assert info.sources == ("both", "a", "b") and info.metrics == {}, "trained on what either was; no one measured it"
    a, b = (load_checkpoint(path).weights for path in paths)
    for name, mean in load_checkpoint(tmp_path / "mean.pt").weights.items():
        assert torch.allclose(mean.float(), (a[name].float() + b[name].float()) / 2, atol=2e-3) or not a[name].is_floating_point()
    more = dataclasses.replace(CHARSET, characters=CHARSET.characters[::-1] + "☐")
    fine = tiny_checkpoint(seed=4)
    wider = {k: torch.cat([v, v[:1]]) if k.startswith("output.") else v for k, v in fine.weights.items()}
    mean = averaged([fine, dataclasses.replace(fine, charset=more, weights=wider)])
    before, after = fine.weights["output.weight"], mean.weights["output.weight"]
    assert mean.charset == more and torch.equal(after[more.index["☐"]], before[0]), "what the last alone has is read as it reads it"
    a, b = CHARSET.index["ا"], more.index["ا"]
    assert torch.allclose(after[b], (before[a] + wider["output.weight"][b]) / 2), "a character keeps its row, wherever it stands"
    save_checkpoint(tmp_path / "other.pt", tiny_checkpoint(seed=3, config=dataclasses.replace(CONFIG, steps_at_once=2)))
    assert main([str(paths[0]), str(tmp_path / "other.pt"), "--out", str(tmp_path / "none.onnx")]) == 2
    assert "cannot be averaged" in capsys.readouterr().err and not (tmp_path / "none.onnx").exists()


def test_the_stored_checkpoint_of_version_1_still_reads_as_its_model() -> None:
    network = load_checkpoint(FIXTURES / "tiny_v1.pt").network()
    recognizer = Recognizer(FIXTURES / "tiny_v1.onnx", threads=1)
    assert check_parity(recognizer, network, random_lines([(1, 64), (3, 320)], recognizer.info.image.height_px)) < 1e-3
    # neither says anything of dense lines: it was not trained on any that were drawn out
    assert load_checkpoint(FIXTURES / "tiny_v1.pt").train.spread == recognizer.info.spread == 0


def disturbed(weights: np.ndarray) -> np.ndarray:
    weights = weights.copy()
    weights.flat[::7] += 0.05
    return weights


def with_gates_in_pytorchs_order(weights: np.ndarray) -> np.ndarray:
    i, o, f, g = np.split(weights, 4, axis=1)
    return np.concatenate([i, f, g, o], axis=1)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("network.cnn.0.weight", disturbed),
        ("w0", disturbed),
        ("r1", disturbed),
        ("r1", with_gates_in_pytorchs_order),
        ("network.output.bias", disturbed),
    ],
)
def test_a_graph_that_computes_something_else_is_not_written(
    exported_before: onnx.ModelProto,
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    (tensor,) = (t for t in exported_before.graph.initializer if t.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), name))
    assert main([str(checkpoint), "--out", str(tmp_path / "model.onnx")]) == 2
    assert list(tmp_path.iterdir()) == []
    assert_one_line_of_error(capsys, "differs from PyTorch's by")


def test_a_file_that_is_there_stays_when_the_gate_fails(
    exported_before: onnx.ModelProto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "other.pt", tiny_checkpoint(seed=4))
    (tmp_path / "model.onnx").write_bytes(b"the model of yesterday")
    assert main([str(tmp_path / "other.pt"), "--out", str(tmp_path / "model.onnx")]) == 2
    assert (tmp_path / "model.onnx").read_bytes() == b"the model of yesterday"
    assert_one_line_of_error(capsys, "differs from PyTorch's")


def test_texts_are_compared_too(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "TOLERANCE", float("inf"))
    with pytest.raises(ExportError, match="another text"):
        check_parity(Recognizer(exported, threads=1), untrained_network(seed=4), random_lines([(4, 256)], SETTINGS.height_px))


@pytest.mark.parametrize("axis", [0, 3])
def test_a_frozen_batch_or_width_is_refused(exported: Path, axis: int) -> None:
    model = onnx.load(exported)
    model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = 192
    with pytest.raises(ExportError, match="192"):
        check_graph(model, ModelInfo("tiny", "1", CHARSET, SETTINGS))


def test_int8_is_written_with_its_figures_and_reads_one_line_as_many(
    checkpoint: Path, arrays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "int8.onnx"
    options = [str(checkpoint), "--out", str(out), "--arrays", str(arrays), "--int8", "--max-cer-loss"]
    assert main([*options, "9"]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("fp32  CER", "int8  CER", "lines/s"))
    operators = {node.op_type for node in onnx.load(out).graph.node}
    assert {"QuantizeLinear", "DynamicQuantizeLSTM"} <= operators and "LSTM" not in operators

    recognizer = Recognizer(out, threads=1)
    assert (recognizer.info.precision, recognizer.info.charset) == ("int8", CHARSET)
    assert recognizer.info.metrics.keys() >= {"cer", "cer_before_int8", "cer_int8"}
    lines = [blocky_line(w, seed) for seed, w in enumerate((30, 64, 64, 64, 200, 210, 220, 700))]
    together = recognizer.read_arrays(lines)
    for line, reading in zip(lines, together, strict=True):
        (alone,) = recognizer.read_arrays([line])
        assert alone.text == reading.text
        assert alone.confidence == pytest.approx(reading.confidence, abs=1e-5)

    # and not where the CER must not be what it is
    out.unlink()
    assert main([*options, "-9"]) == 2
    assert list(tmp_path.iterdir()) == []
    assert_one_line_of_error(capsys, "int8 raises the CER")


def test_what_cannot_be_exported_is_said_on_one_line(
    checkpoint: Path, arrays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / "model.onnx"
    other = tmp_path / "other-height"
    with ArrayWriter(other, ImageSettings(height_px=48), DEFAULT_CHARSET) as writer:
        writer.add(np.full((48, 90), 255, np.uint8), [1], "line", "group")
        writer.finish()
    for arguments, message in (
        ([str(tmp_path / "missing.pt"), "--out", str(out)], "no such checkpoint"),
        ([str(FIXTURES / "tiny_v1.onnx"), "--out", str(out)], "not a checkpoint"),
        ([str(checkpoint), "--out", str(tmp_path)], "is a folder"),
        ([str(checkpoint), "--out", str(out), "--int8"], "--int8 needs --arrays"),
        ([str(checkpoint), "--out", str(out), "--arrays", str(tmp_path)], "no arrays"),
        ([str(checkpoint), "--out", str(out), "--arrays", str(other)], "does not match the checkpoint"),
    ):
        assert main(arguments) == 2
        assert_one_line_of_error(capsys, message)
    assert not out.exists()


def test_spread_takes_both_ends_and_no_more_than_there_are() -> None:
    assert spread(range(100), 3) == [0, 50, 99]
    assert spread(range(1, 10, 2), 100) == [1, 3, 5, 7, 9]


def assert_one_line_of_error(capsys: pytest.CaptureFixture[str], message: str) -> None:
    errors = capsys.readouterr().err
    assert errors.startswith("export.py: error: ") and errors.count("\n") == 1, errors
    assert message in errors


@pytest.mark.parametrize(("sure_of_wrong", "is_kept"), [((3.0, 3.0), True), ((3.0, -3.0), False)])
def test_a_calibration_is_kept_where_it_does_good(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sure_of_wrong: tuple[float, float], is_kept: bool
) -> None:
    """Two halves that err alike at one confidence, and two of which what is true of one is false of the other."""
    rng = np.random.default_rng(0)

    def judged(offset: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        logits = rng.normal(2, 1, 4000)
        return logits, (rng.random(4000) < 1 / (1 + np.exp(-(logits - offset)))).astype(np.float64)

    halves = iter([judged(offset) for offset in sure_of_wrong])
    monkeypatch.setattr(export_module, "_judged_characters", lambda *_: next(halves))
    model = tmp_path / "model.onnx"
    shutil.copy(exported, model)
    export_module.calibrate(model, range(8))  # type: ignore[arg-type]
    assert (Recognizer(model).info.calibration != (1.0, 0.0)) == is_kept

"""A checkpoint -> one ONNX file for ``rasm/lines/recognizer.py``, only if it reads as PyTorch does.

    python export.py runs/NAME/best.pt --out model.onnx [--arrays DIR] [--int8] [--weights model.pt]
    python export.py runs/A/best.pt runs/B/best.pt --out model.onnx …       (B went on from A: the mean of their weights)

Where it stands: after ``train.py``, before ``python -m evaluation`` and the service. The graph takes uint8 and ends in log-softmax,
and carries charset, image settings, version and training summary in its metadata: see ``rasm/lines/recognizer.py``.

The way through torch.onnx is ``dynamo=True``. torch 2.13 cannot export a bidirectional ``nn.LSTM`` of dynamic width, so
``ExportableCRNN`` emits the ONNX operator LSTM, with the gates in ONNX's order. ``dynamo=False`` would work too, but is deprecated.

Nothing is written unless it passes the parity gate: log-probabilities are within ``TOLERANCE`` of PyTorch's, and texts are the same.
The gate reads random lines, and real ones with ``--arrays``, at batch sizes and widths other than the traced ones.

With ``--arrays``, confidences are calibrated on their lines: a slope and an offset of their logit (Platt 1999,
"Probabilistic outputs for support vector machines"; Guo et al. 2017, "On Calibration of Modern Neural Networks").

``--int8`` writes the quantised network in place of the other: convolutions with static, per-channel scales, LSTMs and the output
with scales found while reading. It cannot be held to PyTorch's figures, so it is held to its CER on ``--arrays``.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rasm import __version__  # before ONNX Runtime, which rasm/__init__.py keeps from telling what it runs

# isort: split
import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from torch import Tensor, nn
from tqdm import tqdm

from evaluation.calibration import expected_calibration_error, right_characters, sums
from model.checkpoint import Checkpoint, averaged, load_checkpoint, save_weights
from model.crnn import CRNN
from model.data.arrays import LineArrays, check_match
from model.finder import checkpoint as finder_checkpoint
from model.finder import export as finder_export
from rasm.command_line import PATH, argument, command, option, run
from rasm.errors import ConfigError, ExportError
from rasm.image import ImageSettings, Pixels, pad_lines
from rasm.lines.ctc import best_path
from rasm.lines.recognizer import LogProbabilities, ModelInfo, Recognizer
from rasm.text.charset import Charset
from rasm.text.metrics import error_rates
from rasm.text.normalisation import LOOK_ALIKES, finish_reading

OPSET = 20
TOLERANCE = 1e-3  # of log-probabilities; what is rounded differently stays far below, a wrong gate or a frozen width far above
TRACED_SHAPE = (2, 192)  # (batch, width_px): torch.export takes a batch of 1 for a constant
GATE_SHAPES = ((1, 64), (1, 832), (3, 448), (8, 128), (2, 1216))
GATE_LINES = 64
CALIBRATION_LINES = 128
MEASURED_LINES = 600
NORMALISATION = (
    "rasm.text.normalisation.normalise_label, as by default: NFC; letters for presentation forms; no control marks; leaders of four "
    "or more as one; "
    f"single spaces; look-alikes unified: {', '.join(row.name for row in LOOK_ALIKES)}"
)
_SATURATED = 30.0  # a sigmoid or a tanh of it is 1
LINES_A_TURN = 32  # lines that one network reads before the other takes its turn


class ExportableCRNN(nn.Module):
    """A CRNN with its LSTMs as ONNX operators: (batch, 1, height, width) uint8 -> log-probabilities (batch, steps, classes).

    For torch.onnx alone: the operators are symbols, which PyTorch cannot compute.

    ``feature_range``: for int8. ONNX Runtime's int8 LSTM takes the scales of its inputs from the least and greatest number in
    the whole batch, so a line would read differently in other company. With a range given, the scales are always the same.
    Features are cut at it, and one more feature is always as large. Each LSTM has two more units that are always 1 and -1. No
    weight looks at any of these. They come in fours, the others zero, since that is what its kernels are fast with.
    """

    first_h: Tensor
    first_c: Tensor
    greatest: Tensor
    output_weight: Tensor

    def __init__(self, network: CRNN, feature_range: float | None = None) -> None:
        super().__init__()
        self.network = network
        self.feature_range = feature_range
        lstm = network.lstm
        self.constant = 0 if feature_range is None else 4  # units of each direction
        for layer in range(lstm.num_layers):
            directions = [f"l{layer}", f"l{layer}_reverse"]
            w = torch.stack([_onnx_gates(getattr(lstm, f"weight_ih_{d}")) for d in directions])
            r = torch.stack([_onnx_gates(getattr(lstm, f"weight_hh_{d}")) for d in directions])
            b = torch.stack([torch.cat([_onnx_gates(getattr(lstm, f"bias_{x}_{d}")) for x in ("ih", "hh")]) for d in directions])
            if self.constant:
                w, r, b = self._with_constants(w, r, b, first=layer == 0)
            for name, tensor in (("w", w), ("r", r), ("b", b)):
                self.register_buffer(f"{name}{layer}", tensor.detach())  # (direction, 4 * hidden[, inputs])
        if self.constant:
            size = lstm.hidden_size
            for name, far in (("h", 1.0), ("c", _SATURATED)):
                start = torch.zeros(2, 1, size + self.constant)
                start[:, :, size], start[:, :, size + 1] = far, -far
                self.register_buffer(f"first_{name}", start)
            self.register_buffer("greatest", torch.tensor([[[feature_range or 0.0, 0.0, 0.0, 0.0]]]))
            wide = size + self.constant
            weight = torch.zeros(network.output.out_features, 2 * wide)
            weight[:, :size], weight[:, wide : wide + size] = network.output.weight[:, :size], network.output.weight[:, size:]
            self.register_buffer("output_weight", weight.detach())

    def _with_constants(self, w: Tensor, r: Tensor, b: Tensor, first: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Weights for the added inputs and units. An added unit keeps its cell for ever: forget gate 1, input gate 0, output gate 1."""
        size, wide = r.shape[2], r.shape[2] + self.constant
        wide_w = torch.zeros(2, 4 * wide, w.shape[2] + self.constant * (1 if first else 2))
        wide_r = torch.zeros(2, 4 * wide, wide)
        wide_b = torch.zeros(2, 2, 4 * wide)
        inputs = list(range(w.shape[2])) if first else [*range(size), *range(wide, wide + size)]
        for g, constant in enumerate((-_SATURATED, _SATURATED, _SATURATED, 0.0)):  # i o f g
            old, new = slice(g * size, (g + 1) * size), slice(g * wide, g * wide + size)
            wide_w[:, new, inputs] = w[:, old]
            wide_r[:, new, :size] = r[:, old]
            wide_b[:, :, new] = b.view(2, 2, -1)[:, :, old]
            wide_b[:, 0, new.stop : new.stop + self.constant] = constant
        return wide_w, wide_r, wide_b.flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.network.lstm.hidden_size + self.constant
        x = self.network.features(images)  # (steps / steps_at_once, batch, projection), and so on to the output
        steps, batch, _ = x.shape
        start: tuple[Tensor | None, ...] = ()
        if self.feature_range is not None:
            x = torch.cat([x.clamp(max=self.feature_range), self.greatest.expand(steps, batch, 4)], 2)
            start = (None, self.first_h.expand(2, batch, hidden), self.first_c.expand(2, batch, hidden))
        for layer in range(self.network.lstm.num_layers):
            y, _, _ = torch.onnx.ops.symbolic_multi_out(
                "LSTM",
                (x, *(getattr(self, f"{name}{layer}") for name in "wrb"), *start),
                attrs={"hidden_size": hidden, "direction": "bidirectional"},
                dtypes=(torch.float32,) * 3,
                shapes=((steps, 2, batch, hidden), (2, batch, hidden), (2, batch, hidden)),
            )
            x = y.permute(0, 2, 1, 3).flatten(2)  # (steps, batch, 2 * hidden)
        if self.constant:
            scores = nn.functional.linear(x, self.output_weight, self.network.output.bias)
        else:
            scores = self.network.output(x)
        return self.network.apart(scores).log_softmax(2).permute(1, 0, 2)  # (batch, steps, classes)


def _onnx_gates(weights: Tensor) -> Tensor:
    """PyTorch stacks the gates as i f g o, ONNX as i o f g."""
    i, f, g, o = weights.chunk(4)
    return torch.cat([i, o, f, g])


def to_onnx(network: CRNN, info: ModelInfo, feature_range: float | None = None) -> onnx.ModelProto:
    """The graph with its metadata, of dynamic batch and width; ``feature_range`` as in ``ExportableCRNN``.

    Raises ExportError where torch.onnx has made something else.
    """
    batch, width_px = TRACED_SHAPE
    example = torch.zeros(batch, 1, info.image.height_px, width_px, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside torch.onnx
        program = torch.onnx.export(
            ExportableCRNN(network, feature_range).eval(),
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["images"],
            output_names=["log_probabilities"],
            dynamic_shapes={"images": {0: "batch", 3: "width"}},
        )
    assert program is not None  # it is None of dynamo=False alone
    model = program.model_proto
    # traces of the exporter: names of this machine's folders, and half of what there is to read in the file
    for noted in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        del noted.metadata_props[:]
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "steps"
    onnx.helper.set_model_props(model, info.to_metadata())
    check_graph(model, info)
    return model


def check_graph(model: onnx.ModelProto, info: ModelInfo) -> None:
    """Raises ExportError unless the graph is valid ONNX of dynamic batch and width, its BatchNorms folded into the convolutions."""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as e:
        raise ExportError(f"onnx.checker refuses the graph: {e}") from e
    wanted = {"images": ["batch", 1, info.image.height_px, "width"], "log_probabilities": ["batch", "steps", info.charset.classes]}
    got = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*model.graph.input, *model.graph.output)}
    if got != wanted:
        raise ExportError(f"the graph's inputs and outputs are {got}, not {wanted}")
    if any(node.op_type == "BatchNormalization" for node in model.graph.node):
        raise ExportError("the graph still has BatchNormalization: is the network in eval mode?")


def random_lines(shapes: Iterable[tuple[int, int]], height_px: int) -> Iterator[Pixels]:
    """Batches (batch, 1, height_px, width_px) of noise in blocks as large as strokes: a network's convolutions average finer noise out."""
    rng = np.random.default_rng(0)
    for batch, width_px in shapes:
        blocks = rng.integers(0, 256, (batch, 1, -(-height_px // 4), -(-width_px // 4)), dtype=np.uint8)
        yield blocks.repeat(4, axis=2).repeat(4, axis=3)[:, :, :height_px, :width_px]


def real_lines(lines: Iterable[Pixels], settings: ImageSettings) -> Iterator[Pixels]:
    """Batches (batch, 1, height_px, width_px) of the lines of each padded width."""
    by_width: dict[int, list[Pixels]] = defaultdict(list)
    for line in lines:
        by_width[settings.bucket_width(line.shape[1])].append(line)
    for width_px, same in sorted(by_width.items()):
        yield pad_lines(same, width_px)


def check_parity(recognizer: Recognizer, network: CRNN, batches: Iterable[Pixels]) -> float:
    """The greatest difference of log-probabilities. Raises ExportError where it is too great, or where a text differs."""
    greatest = 0.0
    charset = recognizer.info.charset
    for images in batches:
        with torch.inference_mode():
            expected = network(torch.from_numpy(images)).permute(1, 0, 2).numpy()  # (batch, steps, classes)
        got = recognizer.log_probabilities(images)
        where = f"for a batch of {images.shape[0]} lines of {images.shape[3]} px"
        if got.shape != expected.shape:
            raise ExportError(f"the exported network gives {got.shape}, PyTorch's {expected.shape}, {where}; nothing was written")
        difference = float(np.abs(got - expected).max())
        if not difference <= TOLERANCE:  # NaN is no parity either
            raise ExportError(
                f"the exported network differs from PyTorch's by {difference:.2g} {where}, more than {TOLERANCE:g}; nothing was written"
            )
        if _texts(got, charset) != _texts(expected, charset):
            raise ExportError(f"the exported network reads another text than PyTorch's {where}; nothing was written")
        greatest = max(greatest, difference)
    return greatest


def _texts(log_probabilities: LogProbabilities, charset: Charset) -> list[str]:
    batch, steps, _ = log_probabilities.shape
    return [charset.decode(line.classes) for line in best_path(log_probabilities, [steps] * batch)]


class _Calibration(CalibrationDataReader):
    """Lines as ONNX Runtime's calibration asks for them: one by one, None at the end."""

    def __init__(self, lines: Sequence[Pixels], settings: ImageSettings) -> None:
        batches = real_lines(lines, settings)
        self._inputs = iter(
            tqdm((image[None] for images in batches for image in images), "calibrating", len(lines), leave=False, disable=None)
        )

    def get_next(self) -> dict[str, Pixels] | None:
        return next(({"images": image} for image in self._inputs), None)


def quantise(source: Path, target: Path, lines: Sequence[Pixels], info: ModelInfo) -> None:
    """The int8 twin of the ONNX file ``source``, its convolutions calibrated on ``lines``."""
    nodes = onnx.load(source).graph.node
    first_conv = next(node.name for node in nodes if node.op_type == "Conv")
    scores = next(node.output[0] for node in reversed(nodes) if node.op_type == "MatMul")
    bias = next(node.name for node in nodes if node.op_type == "Add" and scores in node.input)
    convolutions = target.with_suffix(".static.onnx")
    quantize_static(
        source,
        convolutions,
        _Calibration(lines, info.image),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Relu", "Add"],
        # a single channel in is quicker, and more exact, in fp32; and eight bits are too few for scores
        nodes_to_exclude=[first_conv, bias],
        per_channel=True,
        reduce_range=True,  # seven bits: with eight, sums saturate on CPUs without VNNI, where this gate is not run
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    quantize_dynamic(convolutions, target, op_types_to_quantize=["LSTM", "MatMul"], per_channel=True, weight_type=QuantType.QInt8)
    write_info(target, info)
    check_graph(onnx.load(target), info)


def write_info(path: Path, info: ModelInfo) -> None:
    """Replaces the metadata of an ONNX file."""
    model = onnx.load(path)
    onnx.helper.set_model_props(model, info.to_metadata())
    onnx.save(model, path)


@dataclass(frozen=True)
class Measured:
    """How a model reads given lines, on one thread."""

    cer: float
    lines_per_s: float


def measure(models: Sequence[Path], lines: Sequence[Pixels], texts: Sequence[str], unlabelled: str) -> list[Measured]:
    """Each model's CER and speed on the same lines. The models take turns, so that a busy machine slows all of them alike.

    ``unlabelled``: characters that the labels leave out though they may be printed, and so are not counted.
    """
    recognizers = [Recognizer(path, threads=1) for path in models]
    seconds = [0.0] * len(models)
    read: list[list[str]] = [[] for _ in models]
    for recognizer in recognizers:
        recognizer.read_arrays(lines[:LINES_A_TURN])  # the first run of each width plans it
    for start in tqdm(range(0, len(lines), LINES_A_TURN), "measuring", leave=False, disable=None):
        turn = slice(start, start + LINES_A_TURN)
        for i, recognizer in enumerate(recognizers):
            began = time.perf_counter()
            readings = recognizer.read_arrays(lines[turn])
            seconds[i] += time.perf_counter() - began
            read[i] += [reading.text for reading in readings]
    hidden = str.maketrans("", "", unlabelled)
    labels = [finish_reading(text).translate(hidden) for text in texts]
    cers = [error_rates(labels, [text.translate(hidden) for text in some]).cer for some in read]
    return [Measured(cer, len(lines) / s) for cer, s in zip(cers, seconds)]


def spread(indices: Sequence[int], count: int) -> list[int]:
    """At most ``count`` of ``indices``, evenly spread."""
    return [indices[i] for i in np.linspace(0, len(indices) - 1, min(count, len(indices))).round().astype(int)]


def normalisation(checkpoint: Checkpoint) -> str:
    """What was done to the labels: what always is, and what preprocess.py was asked to do to each of the arrays."""
    return "; ".join([NORMALISATION, *(json.dumps(labels, ensure_ascii=False) for labels in checkpoint.labels)])


def export(checkpoint: Checkpoint, out: Path, name: str, version: str, arrays: LineArrays | None, int8: bool, max_cer_loss: float) -> None:
    """Writes ``out``, or raises ExportError and writes nothing."""
    if arrays is not None:
        check_match(arrays, checkpoint.image, checkpoint.charset, "the checkpoint")
    info = ModelInfo(
        name,
        version,
        checkpoint.charset,
        checkpoint.image,
        spread=checkpoint.train.spread,
        normalisation=normalisation(checkpoint),
        sources=tuple(checkpoint.sources),
        step=checkpoint.step,
        seconds=checkpoint.seconds,
        metrics=dict(checkpoint.metrics),
    )
    network = checkpoint.network()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as folder:  # beside ``out``: moving is then one step
        written = Path(folder) / "fp32.onnx"
        onnx.save(to_onnx(network, info), written)
        widest_px = info.image.bucket_width(info.image.max_width_px)
        batches = list(random_lines((*GATE_SHAPES, (1, widest_px)), info.image.height_px))
        if arrays is not None:
            batches += real_lines((arrays.line(i) for i in spread(range(len(arrays)), GATE_LINES)), info.image)
        difference = check_parity(Recognizer(written, threads=1), network, tqdm(batches, "comparing", leave=False, disable=None))
        print(f"parity: greatest difference {difference:.1e} in {len(batches)} batches (tolerance {TOLERANCE:g}), the same texts")
        if int8:
            if arrays is None or len(arrays) < 2:
                raise ConfigError("--int8 needs --arrays with lines to calibrate and to measure with")
            written = _int8(network, written, info, arrays, max_cer_loss)
        if arrays is not None and len(arrays) > 1:
            calibrate(written, arrays)
        written.replace(out)
    print(f"wrote {out}: {name} {version}, {out.stat().st_size / 1e6:.1f} MB")


def _int8(network: CRNN, fp32: Path, info: ModelInfo, arrays: LineArrays, max_cer_loss: float) -> Path:
    """The path of the quantised twin beside ``fp32``. Raises ExportError where it reads worse by more than ``max_cer_loss``."""
    int8_info = replace(info, precision="int8", fixed_ranges=True)
    quantised = fp32.with_name("int8.onnx")
    # every other line, so that it is not measured on what it was calibrated on
    calibration = [arrays.line(i) for i in spread(range(0, len(arrays), 2), CALIBRATION_LINES)]
    with torch.inference_mode():
        largest = max(float(network.features(torch.from_numpy(images)).max()) for images in real_lines(calibration, info.image))
    ranged = fp32.with_name("ranged.onnx")
    onnx.save(to_onnx(network, int8_info, largest), ranged)
    quantise(ranged, quantised, calibration, int8_info)
    measured = spread(range(1, len(arrays), 2), MEASURED_LINES)
    lines, texts = [arrays.line(i) for i in measured], [arrays.text(i) for i in measured]
    before, after = measure([fp32, quantised], lines, texts, arrays.unlabelled)
    print(f"{len(lines)} lines of {arrays.path}, one thread of ONNX Runtime {onnxruntime.__version__}:")
    for label, m in (("fp32", before), ("int8", after)):
        print(f"  {label}  CER {m.cer:.4f}  {m.lines_per_s:.1f} lines/s")
    if after.cer - before.cer > max_cer_loss:
        raise ExportError(
            f"int8 raises the CER from {before.cer:.4f} to {after.cer:.4f}, more than --max-cer-loss {max_cer_loss:g} allows; "
            "nothing was written"
        )
    figures = info.metrics | {"cer_before_int8": before.cer, "cer_int8": after.cer}  # the others are those of fp32
    write_info(quantised, replace(int8_info, metrics=figures))
    return quantised


def calibrate(path: Path, arrays: LineArrays) -> None:
    """Fits the calibration of a model file on each half of ``arrays``, and tells what that does on the other half.

    The mean of both fits is kept, if it does any good: errors are few, and half of them leave the slope to chance.
    """
    recognizer = Recognizer(path)
    halves = [_judged_characters(recognizer, arrays, spread(range(first, len(arrays), 2), MEASURED_LINES)) for first in (0, 1)]
    fits = [fit_logistic(logits, right) for logits, right in halves]
    if not all(math.isfinite(slope) and slope > 0 for slope, _ in fits):
        print("confidences: too few errors to calibrate them on; they are left as they are")
        return
    before, after = (
        float(np.mean([_calibration_error(half, fit) for half, fit in zip(halves, asked, strict=True)]))
        for asked in ([(1.0, 0.0)] * 2, fits[::-1])
    )
    signs = sum(len(right) for _, right in halves)
    left = "; they are left as they are" if after >= before else ""
    print(f"confidences of {signs:,} signs: expected calibration error {before:.4f}, calibrated {after:.4f}{left}")
    if left:
        return
    figures = recognizer.info.metrics | {"ece_before_calibration": before, "ece": after}
    slope, offset = np.mean(fits, axis=0).tolist()
    write_info(path, replace(recognizer.info, calibration=(slope, offset), metrics=figures))


def _calibration_error(half: tuple[NDArray[np.float64], NDArray[np.float64]], fit: tuple[float, float]) -> float:
    """Of signs whose confidences have these logits, with this slope and offset."""
    (logits, right), (slope, offset) = half, fit
    confidences = 1 / (1 + np.exp(-(slope * logits + offset)))
    return float(expected_calibration_error(sums(confidences.tolist(), right.tolist())))


def _judged_characters(
    recognizer: Recognizer, arrays: LineArrays, indices: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The logit of each sign's confidence, and 1 where it was right."""
    confidences: list[float] = []
    right: list[bool] = []
    for i, reading in zip(indices, recognizer.read_arrays([arrays.line(i) for i in indices]), strict=True):
        some, judged = right_characters(finish_reading(arrays.text(i)), [(c.text, c.confidence) for c in reading.signs])
        confidences += some
        right += judged
    p = np.clip(np.asarray(confidences, float), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p)), np.asarray(right, float)


def fit_logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset of the logistic curve nearest to ``y`` (0 or 1): the greatest likelihood."""
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
    line = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([line], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = nn.functional.binary_cross_entropy_with_logits(line[0] * inputs + line[1], targets)
        value.backward()
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    slope, offset = line.tolist()
    return slope, offset


@command("export.py", __doc__)
@argument(
    "checkpoints",
    "Checkpoints of train.py, such as runs/NAME/best.pt; of several, stages of one training, the mean of their weights. Or those of "
    "python -m model.finder",
    nargs=-1,
    required=True,
    type=PATH,
)
@option("--out", type=PATH, required=True, metavar="FILE", help="The ONNX file to write.")
@option("--weights", type=PATH, metavar="FILE", help="Also write the weights, in half precision, to train on from (train.py --init).")
@option("--name", metavar="NAME", show_default="the run's", help="The model's name.")
@option("--version", default=__version__, metavar="VERSION", help="The model's version.")
@option("--arrays", type=PATH, metavar="DIR", help="Prepared arrays, best held out from training: real lines to compare and to measure on.")
@option("--pages", several=True, type=PATH, metavar="PAGES", help="Of a finder: drawn pages to calibrate int8 on, and to compare with.")
@option("--int8", is_flag=True, help="Quantise, and write only if the CER on --arrays stays, or the lines found on --pages.")
@option("--max-cer-loss", type=float, default=0.001, metavar="SHARE", help="By how much int8 may raise the CER.")
def command_line(
    checkpoints: Sequence[Path],
    out: Path,
    weights: Path | None,
    name: str | None,
    version: str,
    arrays: Path | None,
    pages: Sequence[Path],
    int8: bool,
    max_cer_loss: float,
) -> None:
    logging.getLogger().setLevel(logging.ERROR)  # ONNX Runtime's quantiser asks for a clean-up that torch.onnx has done already
    torch.set_num_threads(1)  # single lines give more threads little to do, and they wait long for each other on a busy machine
    if out.is_dir():
        raise ConfigError(f"{out} is a folder; --out names a file")
    if all(finder_checkpoint.is_finder(path) for path in checkpoints):
        finder = finder_checkpoint.averaged([finder_checkpoint.load_checkpoint(path) for path in checkpoints])
        finder_export.export(finder, out, name or finder.name, version, pages, int8)
        if weights:
            finder_checkpoint.save_weights(weights, replace(finder, name=name or finder.name))
            print(f"wrote {weights}: to train on from, {weights.stat().st_size / 1e6:.1f} MB")
        return
    if int8 and arrays is None:
        raise ConfigError("--int8 needs --arrays")
    checkpoint = averaged([load_checkpoint(path) for path in checkpoints])
    lines = LineArrays(arrays) if arrays is not None else None
    export(checkpoint, out, name or checkpoint.name, version, lines, int8, max_cer_loss)
    if weights:
        save_weights(weights, replace(checkpoint, name=name or checkpoint.name))
        print(f"wrote {weights}: to train on from, {weights.stat().st_size / 1e6:.1f} MB")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(command_line, arguments)


if __name__ == "__main__":
    sys.exit(main())

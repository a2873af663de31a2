"""A checkpoint of the finder -> one ONNX file for ``rasm/pages/finder.py``, only if it gives what PyTorch gives.

    python export.py runs/finder/best.pt --out finder.onnx [--weights finder.pt]
    python export.py runs/finder/best.pt --out finder.onnx --int8 --pages held-out

Where it stands: after ``python -m model.finder``; ``export.py`` calls it for a finder's checkpoints. The graph takes uint8 pages of any
size in multiples of 64 and gives chances; its metadata tell the names of its maps.

Nothing is written unless it passes the parity gate: at sizes other than the traced one, every number is within ``TOLERANCE`` of PyTorch's.
``--int8`` quantises weights and activations, calibrated on windows of --pages, and is held to the cores that it finds on others: nothing
is written where fewer than ``LEAST_AGREEMENT`` of their pixels agree.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import rasm  # before ONNX Runtime, which rasm/__init__.py keeps from telling what it runs  # noqa: F401

# isort: split
import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from model.finder.checkpoint import FinderCheckpoint
from model.finder.config import AREAS, ENDS, KINDS, MAPS, MEASURES, STRIDE
from model.finder.network import Finder
from model.finder.targets import PageSource
from rasm.errors import ConfigError, ExportError
from rasm.image import Pixels
from rasm.pages.finder import FORMAT_VERSION, METADATA

OPSET = 20
TOLERANCE = 1e-3  # of chances and logarithms
TRACED_SHAPE = (256, 320)
GATE_SHAPES = ((64, 64), (512, 256), (1280, 896))
LEAST_AGREEMENT = 0.97  # F1 of the pixels of cores, int8 against fp32
_CALIBRATION_WINDOWS, _MEASURED_WINDOWS = 48, 24
_MAP_NAMES = [f"kind:{name}" if k >= len(MAPS) - len(KINDS) else name for k, name in enumerate(MAPS)]  # "cell" is an area and a kind


class ExportableFinder(nn.Module):
    """(1, 1, height, width) uint8 -> chances of cores, maps (measures and scores of kinds as they are, the others as
    chances), chances of turns. The kinds' chances would take a quarter of the time, and only the greatest is asked for."""

    def __init__(self, network: Finder) -> None:
        super().__init__()
        self.network = network

    def forward(self, page: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        cores, maps, turns = self.network(page.float() / 255 - 0.5)
        measures, chances, kinds = maps.split((len(MEASURES), len(AREAS) + len(ENDS), len(KINDS)), 1)
        return torch.sigmoid(cores), torch.cat([measures, torch.sigmoid(chances), kinds], 1), torch.softmax(turns, 1)


def to_onnx(network: Finder, info: dict[str, object]) -> onnx.ModelProto:
    """The graph with its metadata, of dynamic height and width."""
    height, width = TRACED_SHAPE
    high, wide = (STRIDE * torch.export.Dim(name, min=1, max=128) for name in ("high", "wide"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside torch.onnx
        program = torch.onnx.export(
            ExportableFinder(network).eval(),
            (torch.zeros(1, 1, height, width, dtype=torch.uint8),),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["page"],
            output_names=["cores", "maps", "turns"],
            dynamic_shapes={"page": {2: high, 3: wide}},
        )
    assert program is not None  # it is None of dynamo=False alone
    model = program.model_proto
    for noted in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        del noted.metadata_props[:]  # traces of the exporter: names of this machine's folders
    onnx.helper.set_model_props(model, {METADATA: json.dumps(info, ensure_ascii=False)})
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as e:
        raise ExportError(f"onnx.checker refuses the graph: {e}") from e
    return model


def random_pages(shapes: Sequence[tuple[int, int]]) -> list[Pixels]:
    """Noise in blocks as large as strokes: finer noise is averaged out."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (1, 1, h // 4, w // 4), dtype=np.uint8).repeat(4, axis=2).repeat(4, axis=3) for h, w in shapes]


def check_parity(path: Path, network: Finder, pages: Sequence[Pixels]) -> float:
    """The greatest difference. Raises ExportError where it is too great."""
    session, reference = session_of(path), ExportableFinder(network).eval()
    greatest = 0.0
    for page in pages:
        with torch.inference_mode():
            expected = reference(torch.from_numpy(page))
        for got, wanted in zip(session.run(None, {"page": page}), expected, strict=True):
            if got.shape != tuple(wanted.shape):
                raise ExportError(f"the exported network gives {got.shape}, PyTorch's {tuple(wanted.shape)}; nothing was written")
            difference = float(np.abs(got - wanted.numpy()).max())
            if not difference <= TOLERANCE:  # NaN is no parity either
                raise ExportError(
                    f"the exported network differs from PyTorch's by {difference:.2g} for a page of {page.shape[3]} x {page.shape[2]}, "
                    f"more than {TOLERANCE:g}; nothing was written"
                )
            greatest = max(greatest, difference)
    return greatest


def session_of(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class _Windows(CalibrationDataReader):
    """Windows as ONNX Runtime's calibration asks for them: one by one, None at the end."""

    def __init__(self, windows: Sequence[Pixels]) -> None:
        self._inputs = iter({"page": window[None, None]} for window in windows)

    def get_next(self) -> dict[str, Pixels] | None:
        return next(self._inputs, None)


def quantise(source: Path, target: Path, windows: Sequence[Pixels]) -> None:
    """The int8 twin of the ONNX file ``source``: QDQ, per channel. Its last convolutions stay as they are: their numbers are what is
    measured by."""
    prepared = target.with_suffix(".prepared.onnx")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    graph = onnx.load(prepared).graph
    outputs = {name for node in graph.node for name in node.output}
    last = [node.name for node in graph.node if node.op_type == "Conv" and _is_output(graph, node.output[0])]
    assert outputs and last
    quantize_static(
        prepared,
        target,
        _Windows(windows),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        op_types_to_quantize=["Conv", "Relu", "Add", "Resize"],
        nodes_to_exclude=last,
    )
    props = {prop.key: prop.value for prop in onnx.load(source).metadata_props}
    model = onnx.load(target)
    onnx.helper.set_model_props(model, {METADATA: json.dumps(json.loads(props[METADATA]) | {"precision": "int8"}, ensure_ascii=False)})
    onnx.save(model, target)


def _is_output(graph: onnx.GraphProto, name: str) -> bool:
    """Whether no other convolution comes after."""
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        for node in graph.node:
            if current in node.input and node.name not in seen:
                seen.add(node.name)
                if node.op_type == "Conv":
                    return False
                waiting += node.output
    return True


def agreement(before: Path, after: Path, windows: Sequence[Pixels]) -> float:
    """F1 of the pixels of cores that the second file finds, against the first's."""
    first, second = session_of(before), session_of(after)
    both = one = 0
    for window in windows:
        a, b = (session.run(["cores"], {"page": window[None, None]})[0] > 0.5 for session in (first, second))
        both += int((a & b).sum())
        one += int(a.sum()) + int(b.sum())
    return 2 * both / max(1, one)


def milliseconds(path: Path, shape: tuple[int, int] = (1280, 896), tries: int = 7) -> float:
    """The median time of a page on one thread."""
    session, (page,) = session_of(path), random_pages([shape])
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        session.run(None, {"page": page})
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def export(checkpoint: FinderCheckpoint, out: Path, name: str, version: str, pages: Sequence[Path], int8: bool) -> None:
    """Writes ``out``. Raises ExportError where what was exported is not the network, ConfigError where int8 has no pages."""
    info = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "version": version,
        "precision": "fp32",
        "maps": _MAP_NAMES,
        "sources": checkpoint.sources,
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "metrics": checkpoint.metrics,
    }
    if int8 and not pages:
        raise ConfigError("--int8 needs --pages to calibrate and to measure with")
    network = checkpoint.network()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as folder:  # beside ``out``: moving is then one step
        written = Path(folder) / "fp32.onnx"
        onnx.save(to_onnx(network, info), written)
        print(f"parity: greatest difference {check_parity(written, network, random_pages(GATE_SHAPES)):.1e} (tolerance {TOLERANCE:g})")
        if int8:
            source = PageSource(pages)
            calibration, measured = (
                [w.pixels for w in source.windows(seed, count, 512)]
                for seed, count in (("calibration", _CALIBRATION_WINDOWS), ("measured", _MEASURED_WINDOWS))
            )
            quantised = Path(folder) / "int8.onnx"
            quantise(written, quantised, calibration)
            agreed = agreement(written, quantised, measured)
            print(f"int8: cores agree with F1 {agreed:.4f}; a page {milliseconds(quantised):.0f} ms, fp32 {milliseconds(written):.0f} ms")
            if agreed < LEAST_AGREEMENT:
                raise ExportError(f"int8 finds other cores: F1 {agreed:.4f}, less than {LEAST_AGREEMENT}; nothing was written")
            written = quantised
        written.replace(out)
    print(f"wrote {out}: {name} {version}, {out.stat().st_size / 1e6:.2f} MB")

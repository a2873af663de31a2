"""How much of what the machine can compute the recogniser makes use of.

Where it stands: called by ``python -m benchmarking arithmetic``. Three numbers:

    peak        the most that large matrix products reach on as many threads: in fp32 the better of NumPy's BLAS and ONNX
                Runtime's, in int8 ONNX Runtime's (uint8 x int8 -> int32)
    operations  of one line: two for each multiplication with its addition in convolutions, matrix products and LSTMs, from the
                shapes that ONNX Runtime's profiler reports, at the padded width that the line is read at
    share       operations of all lines / seconds of reading them / peak. Reading is everything: decoding, transform, decoder

An int8 model is held against both peaks: part of it (the first convolution, the gates) is computed in fp32.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from threadpoolctl import threadpool_limits

from evaluation.datasets import open_samples
from evaluation.engines import RasmLines
from evaluation.timing import take_turns
from rasm.errors import DatasetError
from rasm.image import line_to_array

_SIZE = 512  # of the square matrices: large enough for the best speed, and done before the system turns to something else
_SECONDS = 1.5  # of each measurement
_CONVOLUTIONS = ("Conv", "QLinearConv", "ConvInteger", "FusedConv")
_PRODUCTS = ("MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "QGemm", "FusedMatMul")
_LSTMS = ("LSTM", "DynamicQuantizeLSTM")


def peak_gflops(threads: int) -> dict[str, float]:
    """Billions of operations a second of large matrix products, by arithmetic."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((_SIZE, _SIZE), dtype=np.float32) for _ in range(2))
    with threadpool_limits(threads, user_api="blas"):
        blas = _best(lambda: a @ b)
    runtime = _best(_product(threads, "MatMul", onnx.TensorProto.FLOAT, b, a))
    signed, unsigned = rng.integers(-64, 64, (_SIZE, _SIZE), dtype=np.int8), rng.integers(0, 128, (_SIZE, _SIZE), dtype=np.uint8)
    integers = _best(_product(threads, "MatMulInteger", onnx.TensorProto.UINT8, signed, unsigned))
    return {"fp32": max(blas, runtime), "int8": integers}


def _product(threads: int, operator: str, kind: int, constant: Any, given: Any) -> Callable[[], object]:
    """``given`` times ``constant`` by ONNX Runtime, the constant packed as a model's weights are."""
    helper = onnx.helper
    result = onnx.TensorProto.FLOAT if operator == "MatMul" else onnx.TensorProto.INT32
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", kind, given.shape)],
        [helper.make_tensor_value_info("y", result, given.shape)],
        [onnx.numpy_helper.from_array(constant, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": given})


def _best(run: Callable[[], object]) -> float:
    """The speed of the quickest run: others were disturbed."""
    run()
    quickest, until = math.inf, time.perf_counter() + _SECONDS
    while time.perf_counter() < until:
        started = time.perf_counter()
        run()
        quickest = min(quickest, time.perf_counter() - started)
    return 2 * _SIZE**3 / quickest / 1e9


def operations(model: Path, height_px: int, width_px: int) -> float:
    """Of one image (1, 1, height_px, width_px): multiplications and additions of convolutions, matrix products and LSTMs."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # nodes as they are in the file
    options.enable_profiling = True
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory(prefix="rasm-profile-") as folder:
        options.profile_file_prefix = f"{folder}/profile"
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        session.run(None, {"images": np.full((1, 1, height_px, width_px), 255, dtype=np.uint8)})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    total = 0.0
    for event in events:
        details = event.get("args", {})
        if event.get("cat") == "Node" and "output_type_shape" in details:
            inputs = [next(iter(shape.values())) for shape in details["input_type_shape"]]
            outputs = [next(iter(shape.values())) for shape in details["output_type_shape"]]
            total += node_operations(details["op_name"], inputs, outputs)
    return total


def node_operations(operator: str, inputs: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]]) -> float:
    """Of one node, from the shapes of what goes in and comes out; 0 of operators that are no products."""
    if operator in _CONVOLUTIONS:
        # (c_out, c_in / groups, h, w) is the only other input of four dimensions
        weights = next(shape for shape in inputs[1:] if len(shape) == 4)
        return 2.0 * math.prod(outputs[0]) * math.prod(weights[1:])
    if operator in _PRODUCTS:
        return 2.0 * math.prod(outputs[0]) * inputs[0][-1]
    if operator in _LSTMS:
        steps, directions, batch, hidden = outputs[0]
        return 2.0 * steps * directions * batch * 4 * hidden * (inputs[0][-1] + hidden)
    return 0.0


def share_of_peak(folders: Sequence[Path], model: Path, threads: int, limit: int) -> dict[str, Any]:
    """What the recogniser reaches on these lines, and of what."""
    samples = open_samples(folders, "lines", limit).items
    engine = RasmLines(model, threads, characters=False)
    image = engine.recognizer.info.image
    peak = peak_gflops(threads)
    run = take_turns([engine], samples)["rasm"]
    # operations grow evenly with the width: two widths give all
    narrow, wide = image.bucket_width(256), image.bucket_width(1_024)
    at_narrow, at_wide = (operations(model, image.height_px, width) for width in (narrow, wide))
    slope = (at_wide - at_narrow) / (wide - narrow)
    widths: Counter[int] = Counter()
    for sample, reading in zip(samples, run.readings):
        if not reading.failed:
            widths[image.bucket_width(line_to_array(sample.pixels(), image).shape[1])] += 1
    if not widths:
        raise DatasetError("the model can read none of these lines")
    total = sum(count * (at_narrow + slope * (width - narrow)) for width, count in widths.items())
    reached = total / sum(run.seconds) / 1e9
    return {
        "lines": len(run.readings),
        "mean_padded_width_px": sum(width * count for width, count in widths.items()) / widths.total(),
        "gflop_per_line": total / len(run.readings) / 1e9,
        "gflop_per_1000_px": (at_narrow + slope * (1_000 - narrow)) / 1e9,
        "lines_per_second": run.per_second,
        "gflops_reached": reached,
        "gflops_peak_fp32": peak["fp32"],
        "gflops_peak_int8": peak["int8"],
        "share_of_fp32_peak": reached / peak["fp32"],
        "share_of_int8_peak": reached / peak["int8"],
    }

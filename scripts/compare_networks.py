"""How fast networks of other shapes would read: the first table of docs/choices.md.

    python -m scripts.compare_networks --lines FOLDER     (pairs of line images and texts, for widths and for int8's scales)

The weights are random, since arithmetic takes as long whatever it gives. Each shape is exported and quantised as a trained
one would be. All then read the same lines in turns, on one thread, so that a busy moment slows all of them alike.
"""

from __future__ import annotations

import dataclasses
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from tqdm import tqdm

from export import quantise, to_onnx
from model.config import CRNNConfig
from model.crnn import CRNN
from rasm.command_line import PATH, command, option, run
from rasm.errors import ConfigError
from rasm.image import IMAGE_SUFFIXES, ImageSettings, Pixels, decode, line_to_array
from rasm.lines.recognizer import ModelInfo, Recognizer
from rasm.text.charset import DEFAULT_CHARSET

LINES = 64
CALIBRATION_LINES = 16
FEATURE_RANGE = 6.0
TURNS = 9
SHIPPED = CRNNConfig()
SHAPES: dict[str, tuple[CRNNConfig, int]] = {
    "as shipped: height 48, channels 16-32-64-128, two steps at a time of 256 features, LSTM 2 x 128": (SHIPPED, 48),
    "height 32": (SHIPPED, 32),
    "height 64": (SHIPPED, 64),
    "the LSTM takes one step at a time, of 192 features (0.2.0)": (dataclasses.replace(SHIPPED, steps_at_once=1, projection=192), 48),
    "the LSTM takes four steps at a time": (dataclasses.replace(SHIPPED, steps_at_once=4), 48),
    "the LSTM sees 384 features": (dataclasses.replace(SHIPPED, projection=384), 48),
    "one LSTM layer": (dataclasses.replace(SHIPPED, lstm_layers=1), 48),
    "LSTM 96": (dataclasses.replace(SHIPPED, lstm_size=96), 48),
    "LSTM 192": (dataclasses.replace(SHIPPED, lstm_size=192), 48),
    "two residual blocks a stage": (dataclasses.replace(SHIPPED, blocks=(2, 2, 2)), 48),
    "channels 32-64-128-192, LSTM 192 (3.5 M parameters, of the first trials)": (
        CRNNConfig(channels=(32, 64, 128, 192), steps_at_once=1, projection=192, lstm_size=192),
        48,
    ),
}


@command("python -m scripts.compare_networks", __doc__)
@option("--lines", type=PATH, required=True, metavar="FOLDER", help="Line images; their texts are not needed.")
def compare(lines: Path) -> None:
    files = sorted(p for p in lines.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES) if lines.is_dir() else []
    if len(files) < LINES:
        raise ConfigError(f"{lines} holds {len(files)} line images; {LINES} are needed")
    images = [decode(path.read_bytes()) for path in random.Random(0).sample(files, LINES)]
    with tempfile.TemporaryDirectory() as folder:
        readers: list[tuple[list[Pixels], list[Recognizer]]] = []
        parameters: list[int] = []
        for name, (config, height_px) in tqdm(SHAPES.items(), "exporting", leave=False, disable=None):
            settings = ImageSettings(height_px=height_px)
            network = CRNN(config, height_px, DEFAULT_CHARSET.classes).eval()
            parameters.append(sum(p.numel() for p in network.parameters()))
            arrays = [line_to_array(image, settings) for image in images]
            paths = [Path(folder) / f"{len(readers)}.{kind}.onnx" for kind in ("fp32", "ranged", "int8")]
            info = ModelInfo(name, "0", DEFAULT_CHARSET, settings)
            exact = dataclasses.replace(info, precision="int8", fixed_ranges=True)
            onnx.save(to_onnx(network, info), paths[0])
            onnx.save(to_onnx(network, exact, FEATURE_RANGE), paths[1])
            quantise(paths[1], paths[2], arrays[:CALIBRATION_LINES], exact)
            readers.append((arrays, [Recognizer(paths[0], threads=1), Recognizer(paths[2], threads=1)]))
        seconds: list[list[list[float]]] = [[[], []] for _ in readers]
        for _ in tqdm(range(TURNS), "reading", leave=False, disable=None):
            for times, (arrays, recognizers) in zip(seconds, readers, strict=True):
                for precision, recognizer in enumerate(recognizers):
                    started = time.perf_counter()
                    recognizer.read_arrays(arrays)
                    times[precision].append(time.perf_counter() - started)
    base = [statistics.median(times) for times in seconds[0]]
    print(f"{LINES} lines, one thread, torch {torch.__version__}; lines/s in int8 of the first: {LINES / base[1]:.0f}\n")
    print("| shape | parameters | speed in fp32 | speed in int8 |\n|---|---|---|---|")
    for name, count, times in zip(SHAPES, parameters, seconds, strict=True):
        fp32, int8 = (base[1] / statistics.median(t) for t in times)
        print(f"| {name} | {count / 1e6:.2f} M | {fp32:.2f} | {int8:.2f} |")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(compare, arguments)


if __name__ == "__main__":
    sys.exit(main())

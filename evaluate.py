"""How well, and how fast, an engine reads lines with known text: Rasm, a checkpoint of it, or Tesseract.

    python evaluate.py LINES                                          (the shipped model)
    python evaluate.py LINES --model runs/mine/best.pt --engine rasm tesseract

Where it stands: the end of the training way. Several engines read the same lines in one run and are scored by the same
rules (``model/metrics.py``). LINES are folders of image and text pairs, as ``preprocess.py`` takes them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from model import metrics
from model.errors import ConfigError, DatasetError, RasmError, TextError
from model.image import Pixels, decode
from model.pairs import find_pairs, open_datasets, read_label
from model.recognizer import Recognizer

SHIPPED_MODEL = Path(__file__).parent / "model" / "weights" / "rasm-print.onnx"
LINES_A_TURN = 25  # lines that one engine reads before the next takes its turn, so that a busy moment slows them alike

Engine = Callable[[Sequence[Pixels]], list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="evaluate.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("datasets", nargs="+", type=Path, metavar="LINES", help="folders of line images and their texts")
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL, help="an ONNX file or a checkpoint (default: the shipped model)")
    parser.add_argument("--engine", nargs="+", choices=("rasm", "tesseract"), default=["rasm"], help="who reads (default: rasm)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each engine (default: 1)")
    parser.add_argument("--limit", type=int, default=0, help="read only so many lines, spread evenly over all")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="write name, truth and each engine's reading, as TSV")
    args = parser.parse_args()
    try:
        return run(args)
    except RasmError as e:
        print(f"evaluate.py: error: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nevaluate.py: stopped", file=sys.stderr)
        return 130


def run(args: argparse.Namespace) -> int:
    lines = load_lines(args.datasets, args.limit)
    engines = {
        name: open_rasm(args.model, args.threads) if name == "rasm" else open_tesseract(args.threads) for name in dict.fromkeys(args.engine)
    }
    readings: dict[str, list[str]] = {name: [] for name in engines}
    seconds = dict.fromkeys(engines, 0.0)
    for read in engines.values():
        read([lines[0].image])  # loading and planning are not reading
    turns = [lines[i : i + LINES_A_TURN] for i in range(0, len(lines), LINES_A_TURN)]
    with tqdm(total=len(lines), unit="line", disable=None) as bar:
        for turn in turns:
            for name, read in engines.items():
                started = time.perf_counter()
                readings[name] += read([line.image for line in turn])
                seconds[name] += time.perf_counter() - started
            bar.update(len(turn))
    if args.predictions:
        rows = ["\t".join(("name", "truth", *engines))]
        rows += ["\t".join((line.name, line.truth, *texts)) for line, *texts in zip(lines, *readings.values(), strict=True)]
        args.predictions.write_text("\n".join(rows) + "\n", encoding="utf-8")
    truths = [line.truth for line in lines]
    figures = {
        name: {
            "lines_per_second": len(lines) / seconds[name],
            **{kind: asdict(metrics.error_rates(truths, readings[name], rule)) for kind, rule in metrics.NORMALISATIONS.items()},
        }
        for name in engines
    }
    if args.json:
        print(json.dumps({"lines": len(lines), "threads": args.threads, "model": args.model.name, "engines": figures}))
    else:
        print_table(len(lines), figures)
    return 0


@dataclass(frozen=True)
class Line:
    """One line to read: its image, and what it says."""

    name: str
    image: Pixels
    truth: str


def load_lines(paths: list[Path], limit: int) -> list[Line]:
    """The pairs of the folders; those that cannot be used are counted on standard error."""
    pairs = [pair for dataset in open_datasets(paths) for pair in find_pairs(dataset)[0]]
    if limit and limit < len(pairs):
        pairs = [pairs[i] for i in np.linspace(0, len(pairs) - 1, limit).astype(int)]
    lines, unusable = [], 0
    for pair in pairs:
        try:
            lines.append(Line(pair.name, decode(pair.image_path.read_bytes()), read_label(pair.text_path)))
        except (RasmError, TextError, OSError):
            unusable += 1
    if unusable:
        print(f"{unusable} pairs cannot be used and are left out: preprocess.py tells why", file=sys.stderr)
    if not lines:
        raise DatasetError(f"no line with its text in {', '.join(map(str, paths))}")
    return lines


def open_rasm(model: Path, threads: int) -> Engine:
    """Rasm: an ONNX file through ONNX Runtime, as it is served, or a checkpoint through PyTorch."""
    if model.suffix == ".pt":
        return _open_checkpoint(model, threads)
    recognizer = Recognizer(model, threads=threads)

    def read(images: Sequence[Pixels]) -> list[str]:
        arrays: list[Pixels | None] = []
        for image in images:
            try:
                arrays.append(recognizer.prepare(image))
            except RasmError:  # what cannot be read counts as read wrong
                arrays.append(None)
        texts = iter([reading.text for reading in recognizer.read_arrays([a for a in arrays if a is not None])])
        return ["" if a is None else next(texts) for a in arrays]

    return read


def _open_checkpoint(path: Path, threads: int) -> Engine:
    import torch  # only for checkpoints: an ONNX file is evaluated without

    from model import ctc
    from model.checkpoint import load_checkpoint
    from model.image import line_to_array, pad_line
    from model.text import finish_reading

    torch.set_num_threads(threads)
    checkpoint = load_checkpoint(path)
    network, image, charset = checkpoint.network(), checkpoint.image, checkpoint.charset

    def read(images: Sequence[Pixels]) -> list[str]:
        texts = []
        for pixels in images:
            try:
                line = line_to_array(pixels, image)
            except RasmError:
                texts.append("")
                continue
            padded = pad_line(line, image.bucket_width(line.shape[1]))
            with torch.inference_mode():
                log_probabilities = network(torch.from_numpy(padded)[None, None]).permute(1, 0, 2).numpy()
            texts.append(finish_reading(charset.decode(ctc.best_path(log_probabilities, [log_probabilities.shape[1]])[0].classes)))
        return texts

    return read


def open_tesseract(threads: int) -> Engine:
    """Tesseract's command line, with its Arabic model, a line an image. One process reads a whole turn, as a list of files."""
    if not shutil.which("tesseract"):
        raise ConfigError("tesseract is not installed; on Debian: apt install tesseract-ocr tesseract-ocr-ara")
    languages = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True).stdout.split()
    if "ara" not in languages:
        raise ConfigError("tesseract has no Arabic model; on Debian: apt install tesseract-ocr-ara")
    environment = {**os.environ, "OMP_THREAD_LIMIT": str(threads)}

    def read(images: Sequence[Pixels]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for i, image in enumerate(images):
                names.append(f"{folder}/{i}.png")
                # a little paper around the ink, a stated resolution, and page mode 13 (raw line): of the borders 0, 10, 30 px and
                # the modes 6, 7, 13 this errs least on scanned lines
                framed = cv2.copyMakeBorder(image, 10, 10, 10, 10, cv2.BORDER_CONSTANT, value=(255, 255, 255))
                cv2.imwrite(names[-1], framed[..., ::-1] if framed.ndim == 3 else framed)
            listing = Path(folder) / "list.txt"
            listing.write_text("\n".join(names) + "\n")
            command = ["tesseract", str(listing), "stdout", "-l", "ara", "--psm", "13", "--dpi", "300"]
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
        pages = done.stdout.split("\f")[: len(images)]  # each image's text ends with a form feed
        if done.returncode or len(pages) != len(images):
            raise DatasetError(f"tesseract failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
        return [" ".join(page.split()) for page in pages]

    return read


def print_table(lines: int, figures: dict[str, dict[str, object]]) -> None:
    columns = [f"{kind} {what}" for kind in metrics.NORMALISATIONS for what in ("CER", "WER")] + ["exact lines", "lines/s"]
    print(f"{lines} lines\n{'':12}" + "".join(f"{c:>16}" for c in columns))
    for name, values in figures.items():
        rates: list[dict[str, float]] = [values[kind] for kind in metrics.NORMALISATIONS]  # type: ignore[misc]
        cells = [f"{r[what]:.2%}" for r in rates for what in ("cer", "wer")] + [
            f"{rates[1]['exact']:.1%}",
            f"{values['lines_per_second']:.1f}",
        ]
        print(f"{name:12}" + "".join(f"{c:>16}" for c in cells))


if __name__ == "__main__":
    sys.exit(main())

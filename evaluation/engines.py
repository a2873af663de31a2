"""Who reads: Rasm through ONNX Runtime, a checkpoint through PyTorch, or readings that anything else has written down.

Where it stands: ``python -m evaluation`` and ``python -m benchmarking`` open engines and let them take turns (``evaluation/timing.py``).
Tesseract has a file of its own, and so have documents of several pages.

``prepare`` puts images where the engine takes them from, and is not timed; ``read`` begins with encoded images and ends with
texts, and is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np

from evaluation.datasets import Sample
from evaluation.line_finding import Box
from rasm.errors import ConfigError, RasmError
from rasm.image import Pixels, decode
from rasm.lines import recognizer
from rasm.lines.recognizer import Recognizer

Decoder = Literal["greedy", "beam"]


@dataclass(frozen=True)
class EngineReading:
    """What an engine has read of one sample.

    confidence: 0 to 1, or None of an engine that gives none. characters: each sign that was read, in logical order, with its
    confidence. failed: why nothing could be read, which counts as read wrong. lines: of a page, the boxes of the lines that were
    read, in reading order, or None of an engine that tells none.
    """

    text: str
    confidence: float | None = None
    characters: tuple[tuple[str, float], ...] | None = None
    failed: str = ""
    lines: tuple[Box, ...] | None = None


class Engine(Protocol):
    """Reads samples. ``name`` tells it from the others of a run; ``about`` says what it is, for reports.

    timed: whether its seconds say anything. start_s: what each call of ``read`` spends on starting and not on reading.
    """

    name: str
    about: dict[str, Any]
    timed: bool
    start_s: float

    def prepare(self, samples: Sequence[Sample]) -> Any: ...

    def read(self, prepared: Any) -> list[EngineReading]: ...


class RasmLines:
    """Rasm on lines, as it is served: decoded, transformed, read in batches."""

    timed = True
    start_s = 0.0

    def __init__(self, model: Path, threads: int, name: str = "rasm", *, decoder: Decoder = "greedy", characters: bool = True) -> None:
        """``decoder``: as ``Recognizer`` takes it. ``characters``: whether readings keep each sign's confidence, some kilobytes a line.

        Raises a RasmError where the model, an ONNX file or a checkpoint (``.pt``), cannot be used.
        """
        self._characters = characters
        self.recognizer = open_recognizer(model, threads, decoder)
        self.name, self.about = name, about(self.recognizer, model) | {"decoder": decoder}

    def prepare(self, samples: Sequence[Sample]) -> list[bytes | Pixels]:
        """Bytes of image files; arrays made by the model's own transform as they are; others as images."""
        return [sample.array if sample.array is not None else sample.file.read_bytes() for sample in samples]

    def read(self, prepared: Sequence[bytes | Pixels]) -> list[EngineReading]:
        arrays: list[Pixels | None] = []
        failures: list[str] = []
        for image in prepared:
            try:
                # preprocess.py's arrays go through the transform again, which leaves what it has made as it is
                arrays.append(self.recognizer.prepare(decode(image) if isinstance(image, bytes) else image))
                failures.append("")
            except RasmError as e:
                arrays.append(None)
                failures.append(e.code)
        readings = iter(self.recognizer.read_arrays([array for array in arrays if array is not None]))
        return [EngineReading("", failed=failed) if failed else self._reading(next(readings)) for failed in failures]

    def _reading(self, reading: recognizer.Reading) -> EngineReading:
        characters = tuple((c.text, c.confidence) for c in reading.signs) if self._characters else None
        return EngineReading(reading.text, reading.confidence, characters)


def open_recognizer(model: Path, threads: int, decoder: Decoder = "greedy") -> Recognizer:
    """An ONNX file through ONNX Runtime, or a checkpoint through PyTorch, with as many threads for OpenCV too.

    It has read one blank image when it is returned: what is paid once in a process is no reading speed. Nor is Tesseract's start.
    Raises a RasmError where the model cannot be used, or where a checkpoint is to be decoded by another way than greedily.
    """
    cv2.setNumThreads(threads)
    if model.suffix != ".pt":
        opened = Recognizer(model, threads=threads, decoder=decoder)
    elif decoder != "greedy":
        raise ConfigError(f"{model}: checkpoints are decoded greedily; export it to try the {decoder} decoder")
    else:
        from evaluation.checkpoint import CheckpointRecognizer  # torch is needed for checkpoints alone

        opened = CheckpointRecognizer(model, threads)
    _, png = cv2.imencode(".png", np.full((32, 320), 255, dtype=np.uint8))
    opened.read([decode(png.tobytes())])
    return opened


def about(recognizer: Recognizer, model: Path) -> dict[str, Any]:
    """What a model says about itself, for reports."""
    info = recognizer.info
    engine = "PyTorch" if model.suffix == ".pt" else "ONNX Runtime"
    return {"engine": engine, "file": model.name, "model": info.name, "version": info.version, "precision": info.precision}

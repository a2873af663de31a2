"""Tesseract's command line with its Arabic model, or others, as a peer: on lines, and on pages.

Where it stands: an engine of ``python -m evaluation`` and ``python -m benchmarking``. One process reads all images of a turn from
a list of files, as its manual advises for many images. So its model is loaded once a turn, and even that is measured and not counted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from evaluation.datasets import Kind, Sample
from evaluation.engines import EngineReading
from rasm.errors import ConfigError, DatasetError, RasmError
from rasm.image import Pixels

#: Page modes: 13 (raw line) errs least of 6, 7 and 13 on scanned lines; 3 is Tesseract's default for pages.
PAGE_MODES: dict[Kind, int] = {"lines": 13, "pages": 3}
BORDER_PX = 10  # paper around a line: of 0, 10 and 30 px this errs least on scanned lines
_STARTS = 3


class Tesseract:
    """Reads samples with ``tesseract``. Its confidences are those of words and on a scale of its own: none are taken."""

    timed = True

    def __init__(self, threads: int, kind: Kind = "lines", page_mode: int | None = None, models: str = "ara") -> None:
        """``models``: as ``-l`` takes them. Raises ConfigError where Tesseract or one of these is not installed."""
        if not shutil.which("tesseract"):
            raise ConfigError("tesseract is not installed; on Debian: apt install tesseract-ocr tesseract-ocr-ara")
        languages = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True).stdout.split()
        if missing := [model for model in models.split("+") if model not in languages]:
            raise ConfigError(f"tesseract has no model {missing[0]}; on Debian: apt install tesseract-ocr-{missing[0].replace('_', '-')}")
        self.name, self._kind, self._models = "tesseract", kind, models
        self._page_mode = PAGE_MODES[kind] if page_mode is None else page_mode
        self.environment = {**os.environ, "OMP_THREAD_LIMIT": str(threads)}
        version = subprocess.run(["tesseract", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
        self.about = {"engine": version, "model": models, "page_mode": self._page_mode}
        self.start_s = self._measure_start()

    def _measure_start(self) -> float:
        """What a process spends before it reads: the median time of a few that read an empty image."""
        with tempfile.TemporaryDirectory(prefix="rasm-tesseract-") as folder:
            path = Path(folder) / "empty.png"
            cv2.imwrite(str(path), np.full((32, 32), 255, dtype=np.uint8))
            seconds = []
            for _ in range(_STARTS):
                started = time.perf_counter()
                self._run([path])
                seconds.append(time.perf_counter() - started)
        return statistics.median(seconds)

    def prepare(self, samples: Sequence[Sample]) -> _Files:
        """The images as files that Tesseract opens; lines get a little paper around their ink."""
        files = _Files(tempfile.TemporaryDirectory(prefix="rasm-tesseract-"))
        for i, sample in enumerate(samples):
            files.of_sample.append([])
            try:
                for image in [sample.pixels()] if self._kind == "lines" else sample.pages():
                    files.of_sample[-1].append(files.write(self._framed(image)))
            except RasmError as e:
                files.failed[i] = e.code
        return files

    def _framed(self, image: Pixels) -> Pixels:
        if self._kind == "pages":
            return image
        white = (255, 255, 255)
        return np.asarray(
            cv2.copyMakeBorder(image, BORDER_PX, BORDER_PX, BORDER_PX, BORDER_PX, cv2.BORDER_CONSTANT, value=white), dtype=np.uint8
        )

    def read(self, prepared: _Files) -> list[EngineReading]:
        texts = iter(self._run(prepared.paths) if prepared.paths else [])
        readings = []
        for i, some in enumerate(prepared.of_sample):
            pages = [next(texts) for _ in some]
            text = "\n".join(pages) if self._kind == "pages" else " ".join(" ".join(pages).split())
            readings.append(EngineReading(text, failed=prepared.failed.get(i, "")))
        return readings

    def _run(self, paths: Sequence[Path]) -> list[str]:
        """The text of each image."""
        with self.command(paths) as command:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=self.environment)
        texts = done.stdout.split("\f")[: len(paths)]  # each image's text ends with a form feed
        if done.returncode or len(texts) != len(paths):
            raise DatasetError(f"tesseract failed: {(done.stderr.strip().splitlines() or ['it gave no reason'])[-1]}")
        return texts

    @contextlib.contextmanager
    def command(self, paths: Sequence[Path]) -> Iterator[list[str]]:
        """What is run, in ``environment``, to read these images."""
        with tempfile.NamedTemporaryFile("w", prefix="rasm-tesseract-", suffix=".txt") as listing:
            listing.write("".join(f"{path}\n" for path in paths))
            listing.flush()
            # a stated resolution, since it guesses one for images of single lines; 300 is what its models were trained at
            yield ["tesseract", listing.name, "stdout", "-l", self._models, "--psm", str(self._page_mode), "--dpi", "300"]


class _Files:
    """Images of one turn, as files in a folder that goes with them."""

    def __init__(self, folder: tempfile.TemporaryDirectory[str]) -> None:
        self._folder = folder
        self._written = 0
        self.of_sample: list[list[Path]] = []
        self.failed: dict[int, str] = {}

    @property
    def paths(self) -> list[Path]:
        return [path for some in self.of_sample for path in some]

    def write(self, image: Pixels) -> Path:
        path = Path(self._folder.name) / f"{self._written}.png"
        cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
        self._written += 1
        return path

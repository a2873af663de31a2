"""Rasm as an engine that reads documents of one or more pages.

Where it stands: opened by ``python -m evaluation`` and ``python -m benchmarking`` where datasets hold pages. The texts of all lines
in reading order are the reading; scoring does not look at line breaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluation.datasets import Sample
from evaluation.engines import Decoder, EngineReading, about, open_recognizer
from rasm.errors import RasmError
from rasm.pages.reader import PageImage, PageReader


class RasmPages:
    """Rasm on pages: their lines found, read and put in order."""

    timed = True
    start_s = 0.0

    def __init__(self, model: Path, threads: int, name: str = "rasm", *, decoder: Decoder = "greedy") -> None:
        """Raises a RasmError where the model cannot be used."""
        recognizer = open_recognizer(model, threads, decoder)
        self._reader = PageReader(recognizer)
        self.name, self.about = name, about(recognizer, model) | {"decoder": decoder}

    def prepare(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        return samples

    def read(self, prepared: Sequence[Sample]) -> list[EngineReading]:
        return [self._read(sample) for sample in prepared]

    def _read(self, sample: Sample) -> EngineReading:
        try:
            pages = [self._reader.read(PageImage(pixels, number)) for number, pixels in enumerate(sample.pages(), start=1)]
        except RasmError as e:
            return EngineReading("", failed=e.code)
        lines = tuple(line.box for page in pages for region in page.regions for line in region.lines)
        return EngineReading("\n".join(region.text for page in pages for region in page.regions), lines=lines)

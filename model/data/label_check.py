"""Labels that a model reads quite differently: another line's, typed in the order in which they are drawn, or half of a line.

Where it stands: ``preprocess.py --check-with`` calls it, once a first model reads well. A label is held against a reading of its own
line (the idea of "confident learning": Northcutt, Jiang and Chuang 2021). Only letters and digits count. How spaces and
punctuation are typed is the transcriber's to say: a model that judged them would teach itself.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from rasm.errors import ConfigError
from rasm.image import ImageSettings, Pixels
from rasm.text.metrics import letters

if TYPE_CHECKING:
    from rasm.lines.recognizer import Recognizer

_LEAST_EDITS = 3  # of a page number one digit is a third


@dataclass(frozen=True)
class LabelCheck:
    """``model``: an ONNX file; ``most``: edits of letters and digits over the label's length, from which on a label is doubtful."""

    model: Path
    most: float

    def fits(self, image: ImageSettings) -> None:
        """Raises ModelFileError where the model cannot be opened, ConfigError where it takes lines made by other settings."""
        if (taken := _recognizer(self.model).info.image) != image:
            raise ConfigError(f"{self.model} reads lines made with {taken}, and not with {image}")

    def doubts(self, lines: Sequence[Pixels], labels: Sequence[str]) -> list[str]:
        """For each of the lines, as ``line_to_array`` gives them, what the model reads in place of its label; nothing where they agree."""
        readings = _recognizer(self.model).read_arrays(lines)
        return [self._doubt(letters(label), letters(reading.text)) for label, reading in zip(labels, readings, strict=True)]

    def _doubt(self, label: str, read: str) -> str:
        edits = Levenshtein.distance(label, read)
        return f"read as: {read}" if edits >= _LEAST_EDITS and edits > self.most * len(label) else ""


@functools.cache
def _recognizer(model: Path) -> Recognizer:
    """One of each process, on one thread: there is a process for each core."""
    from rasm.lines.recognizer import Recognizer  # ONNX Runtime only where labels are checked: each worker would import it

    return Recognizer(model, threads=1)

"""A checkpoint of train.py read through PyTorch, with the recogniser's own batches, decoding and confidences.

Where it stands: imported by ``evaluation/engines.py`` where a ``.pt`` file is given; needs torch, as nothing else of reading does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from model.checkpoint import load_checkpoint
from rasm.image import Pixels
from rasm.lines.ctc import best_path
from rasm.lines.recognizer import LogProbabilities, ModelInfo, Recognizer


class CheckpointRecognizer(Recognizer):
    """A Recognizer whose network is PyTorch's."""

    def __init__(self, path: Path, threads: int) -> None:
        """Raises CheckpointError."""
        torch.set_num_threads(threads)
        checkpoint = load_checkpoint(path)
        self.info = ModelInfo(checkpoint.name, checkpoint.rasm_version, checkpoint.charset, checkpoint.image, step=checkpoint.step)
        self._network = checkpoint.network()
        self._decode = best_path

    def log_probabilities(self, images: Pixels) -> LogProbabilities:
        with torch.inference_mode():
            return np.ascontiguousarray(self._network(torch.from_numpy(images)).permute(1, 0, 2).numpy())

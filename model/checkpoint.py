"""Checkpoints: everything a run needs to go on, and everything ``export.py`` needs, in one file.

Where it stands: written by ``train.py``, read by ``train.py`` (resume, fine-tune), ``export.py`` and ``python -m evaluation``.
The file is one of ``model/saved.py``:

    format_version, rasm_version, name
    crnn, train, image     the dataclasses CRNNConfig, TrainConfig, ImageSettings as dictionaries
    charset                JSON of the Charset
    weights                the network's state_dict, in 32 bits or (save_weights) in 16
    step, seconds          how far the run is
    metrics                figures of the validation that the file was written after
    sources                what it was trained on, for people: a list of strings
    labels                 what preprocess.py was asked to do to the labels of each of its arrays; older files lack it
    resume                 optimiser, averaged weights, best figures; empty in ``best.pt``

There are no random states in it: what a step draws depends on the seed and the step alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.config import CRNNConfig, TrainConfig
from model.crnn import CRNN
from model.saved import in_16_bits, in_32_bits, read_saved, write_saved
from rasm import __version__
from rasm.config import from_dict
from rasm.errors import CheckpointError
from rasm.image import ImageSettings
from rasm.text.charset import Charset

FORMAT_VERSION = 1
_PLAIN = ("rasm_version", "name", "weights", "step", "seconds", "metrics", "sources", "labels", "resume")  # saved as they are


@dataclass
class Checkpoint:
    """The contents of a checkpoint file; see the module's docstring."""

    name: str
    crnn: CRNNConfig
    train: TrainConfig
    image: ImageSettings
    charset: Charset
    weights: dict[str, Any]
    step: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    resume: dict[str, Any] = field(default_factory=dict)
    rasm_version: str = __version__

    def network(self) -> CRNN:
        """The trained network, ready for reading."""
        network = CRNN(self.crnn, self.image.height_px, self.charset.classes)
        network.load_state_dict(self.weights)
        return network.eval()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """The file, whole or not at all."""
    contents = {
        "format_version": FORMAT_VERSION,
        **{k: getattr(checkpoint, k) for k in _PLAIN},
        **{k: asdict(getattr(checkpoint, k)) for k in ("crnn", "train", "image")},
        "charset": checkpoint.charset.to_json(),
    }
    write_saved(path, contents)


def averaged(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """One network of several whose trainings went on from each other: the mean of their weights. It often reads better than any of them.

    It was trained on what any of them was, its error rates are unknown, and everything else is the last one's. Characters that only the
    last one has are read as it reads them. Source: Wortsman et al. 2022, "Model soups". Raises CheckpointError where they are of
    different shapes, or the last one lacks characters that others have.
    """
    last = checkpoints[-1]
    for other in checkpoints:
        same_network = replace(other.crnn, dropout=last.crnn.dropout) == last.crnn
        if not same_network or other.image.height_px != last.image.height_px or last.charset.missing(other.charset.characters):
            raise CheckpointError(
                f"the checkpoints cannot be averaged: {other.name} and {last.name} differ in network, height or characters"
            )
    alike = [c.weights if c.charset == last.charset else move_rows(c, last.weights, last.charset) for c in checkpoints]
    weights = {
        name: torch.stack([w[name].float() for w in alike]).mean(0) if value.is_floating_point() else value
        for name, value in last.weights.items()
    }
    if len(checkpoints) == 1:
        return replace(last, resume={})
    sources = list(dict.fromkeys(s for c in checkpoints for s in c.sources))
    every = [label for c in checkpoints for label in c.labels]
    labels = [label for i, label in enumerate(every) if label not in every[:i]]
    return replace(last, weights=weights, metrics={}, sources=sources, labels=labels, resume={})


def move_rows(before: Checkpoint, fresh: Mapping[str, Tensor], charset: Charset) -> dict[str, Tensor]:
    """``before``'s weights for another charset: the output's rows of shared characters (and the blank) are kept, others are ``fresh``'s."""
    weights = dict(before.weights)
    shared = [c for c in charset.characters if c in before.charset.index]
    new = [0] + [charset.index[c] for c in shared]
    old = [0] + [before.charset.index[c] for c in shared]
    for name in (name for name in before.weights if name.startswith("output.")):
        kept = before.weights[name].unflatten(0, (-1, before.charset.classes))  # (steps_at_once, classes, …)
        rows = fresh[name].clone().unflatten(0, (-1, charset.classes))
        rows[:, new] = kept[:, old].to(rows.dtype)
        weights[name] = rows.flatten(0, 1)
    return weights


def save_weights(path: Path, checkpoint: Checkpoint) -> None:
    """What others train on from: no optimiser, and weights in 16 bits, which read the same and take half the room."""
    save_checkpoint(path, replace(checkpoint, weights=in_16_bits(checkpoint.weights), resume={}))


def load_checkpoint(path: Path) -> Checkpoint:
    """Raises CheckpointError where the file is missing, broken or of another format version."""
    contents = read_saved(path, FORMAT_VERSION)
    if "crnn" not in contents:
        raise CheckpointError(f"{path}: not a checkpoint of a recogniser of lines")
    contents["crnn"].setdefault("steps_at_once", 1)  # older files lack it
    contents["train"].setdefault("spread", 0.0)  # before 0.15.0 no line was drawn out
    for key, cls in (("crnn", CRNNConfig), ("train", TrainConfig), ("image", ImageSettings)):
        contents[key] = from_dict(cls, contents[key])
    contents["charset"] = Charset.from_json(contents["charset"])
    contents["weights"] = in_32_bits(contents["weights"])
    return Checkpoint(**contents)

"""Checkpoints of the finder: everything a training needs to go on, and everything ``export`` needs, in one file.

Where it stands: written and read by ``training``, read by ``export``. The file is one of ``model/saved.py``:

    format_version, rasm_version, name
    finder, train   the dataclasses FinderConfig and FinderTrainConfig as dictionaries
    maps            the names of the network's maps, in order
    weights         its state_dict, in 32 bits or (save_weights) in 16
    step, seconds   how far the training is
    metrics         figures of the validation that the file was written after
    sources         what it was trained on, for people
    resume          optimiser, average, best figure; empty in ``best.pt``
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from model.finder.config import MAPS, FinderConfig, FinderTrainConfig
from model.finder.network import Finder
from model.saved import in_16_bits, in_32_bits, read_saved, write_saved
from rasm import __version__
from rasm.config import from_dict
from rasm.errors import CheckpointError

FORMAT = "rasm-finder"
FORMAT_VERSION = 1
_PLAIN = ("rasm_version", "name", "maps", "weights", "step", "seconds", "metrics", "sources", "resume")  # saved as they are


@dataclass
class FinderCheckpoint:
    """The contents of a checkpoint file; see the module's docstring."""

    name: str
    finder: FinderConfig
    train: FinderTrainConfig
    weights: dict[str, Any]
    step: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    resume: dict[str, Any] = field(default_factory=dict)
    maps: list[str] = field(default_factory=lambda: list(MAPS))
    rasm_version: str = __version__

    def network(self) -> Finder:
        """The trained network, ready for finding."""
        network = Finder(self.finder)
        network.load_state_dict(self.weights)
        return network.eval()


def averaged(checkpoints: Sequence[FinderCheckpoint]) -> FinderCheckpoint:
    """One network of several whose trainings went on from each other: the mean of their weights, and all else the last one's.

    Source: Wortsman et al. 2022, "Model soups". Raises CheckpointError where they are of different shapes.
    """
    last = checkpoints[-1]
    if other := next((c for c in checkpoints if c.finder != last.finder), None):
        raise CheckpointError(f"the checkpoints cannot be averaged: {other.name} and {last.name} differ in network")
    if len(checkpoints) == 1:
        return last
    weights = {
        name: torch.stack([c.weights[name].float() for c in checkpoints]).mean(0) if value.is_floating_point() else value
        for name, value in last.weights.items()
    }
    sources = list(dict.fromkeys(source for c in checkpoints for source in c.sources))
    return replace(last, weights=weights, metrics={}, sources=sources, resume={})


def save_checkpoint(path: Path, checkpoint: FinderCheckpoint) -> None:
    """The file, whole or not at all."""
    contents = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **{k: getattr(checkpoint, k) for k in _PLAIN},
        **{k: asdict(getattr(checkpoint, k)) for k in ("finder", "train")},
    }
    write_saved(path, contents)


def save_weights(path: Path, checkpoint: FinderCheckpoint) -> None:
    """What others train on from: no optimiser, and weights in 16 bits."""
    save_checkpoint(path, replace(checkpoint, weights=in_16_bits(checkpoint.weights), resume={}))


def is_finder(path: Path) -> bool:
    """Whether it is a checkpoint of a finder. What is wrong with a file that cannot be read, ``load_checkpoint`` says."""
    try:
        contents = torch.load(path, map_location="meta", weights_only=True)
    except Exception:
        return False
    return isinstance(contents, dict) and contents.get("format") == FORMAT


def load_checkpoint(path: Path) -> FinderCheckpoint:
    """Raises CheckpointError where the file is missing, broken, of another format version, or of a network with other maps."""
    contents = read_saved(path, FORMAT_VERSION)
    if contents.pop("format", None) != FORMAT:
        raise CheckpointError(f"{path}: not a checkpoint of Rasm's finder")
    if contents["maps"] != list(MAPS):
        raise CheckpointError(f"{path}: its network gives other maps than this Rasm's")
    contents["finder"] = from_dict(FinderConfig, contents["finder"])
    contents["train"] = from_dict(FinderTrainConfig, contents["train"])
    contents["weights"] = in_32_bits(contents["weights"])
    return FinderCheckpoint(**contents)

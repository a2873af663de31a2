"""Files of weights: how checkpoints of any of the networks lie on the disk.

Where it stands: beneath ``model/checkpoint.py`` and ``model/finder/checkpoint.py``. A file is a ``torch.save`` of plain data, and is loaded
with ``weights_only=True``, so that it cannot run code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from rasm.errors import CheckpointError


def write_saved(path: Path, contents: Mapping[str, Any]) -> None:
    """Written beside and moved into place, so that a training killed in between still has the last one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(dict(contents), temporary)
    temporary.replace(path)


def read_saved(path: Path, version: int) -> dict[str, Any]:
    """What was written. Raises CheckpointError where the file is missing, broken, none of Rasm's or of another format version."""
    try:
        contents = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as e:
        raise CheckpointError(f"{path}: no such checkpoint") from e
    except Exception as e:
        raise CheckpointError(f"{path}: not a checkpoint that can be read ({type(e).__name__})") from e
    if not isinstance(contents, dict) or "format_version" not in contents:
        raise CheckpointError(f"{path}: not a checkpoint of Rasm")
    if (found := contents.pop("format_version")) != version:
        raise CheckpointError(f"{path}: format version {found}; this Rasm reads version {version}")
    return contents


def in_16_bits(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Weights that read the same and take half the room."""
    return {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}


def in_32_bits(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.float() if v.dtype == torch.float16 else v for k, v in weights.items()}

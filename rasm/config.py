"""What all configurations share: one frozen dataclass each, saved with every artefact; an unknown key raises (nanoGPT's ``GPTConfig``).

Where it stands: beneath ``rasm/lines/recognizer.py``, which reads settings out of ONNX metadata, and ``model/config.py``.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from rasm.errors import ConfigError

T = TypeVar("T")


def from_dict(cls: type[T], values: dict[str, Any]) -> T:
    """A configuration from a saved dictionary. Raises ConfigError naming unknown and missing keys."""
    names = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := values.keys() - names:
        raise ConfigError(f"{cls.__name__} has no {', '.join(sorted(unknown))}: the file is from another version of Rasm")
    if missing := names - values.keys():
        raise ConfigError(f"{cls.__name__} lacks {', '.join(sorted(missing))}: the file is from another version of Rasm")
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

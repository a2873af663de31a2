"""One frozen dataclass a configuration, saved with every artefact; an unknown key raises (nanoGPT's ``GPTConfig``).

Where it stands: ``train.py`` makes its flags from these fields, and checkpoints and ONNX metadata carry them.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rasm import command_line
from rasm.errors import ConfigError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def option(default: Any, help: str, least: float = 0, most: float = math.inf) -> Any:
    """A dataclass field with the help text of its flag, and the least and the most that it may be."""
    return field(default=default, metadata={"help": help, "least": least, "most": most})


def check_ranges(config: Any) -> None:
    """Raises ConfigError for the first field of a dataclass (each number of a tuple) that is out of its range."""
    for f in dataclasses.fields(config):
        least, most, value = f.metadata["least"], f.metadata["most"], getattr(config, f.name)
        for number in value if isinstance(value, tuple) else (value,):
            if not least <= number <= most:  # as is no NaN
                allowed = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
                raise ConfigError(f"--{f.name.replace('_', '-')} takes {allowed}, not {number:g}")


@dataclass(frozen=True)
class CRNNConfig:
    """The network's shape; see ``model/crnn.py``."""

    channels: tuple[int, ...] = option((16, 32, 64, 128), "channels of the stem and of the three residual stages", least=1)
    blocks: tuple[int, ...] = option((1, 1, 1), "residual blocks of the three stages", least=1)
    steps_at_once: int = option(2, "steps that the LSTM takes at a time; each still has its own softmax", least=1)
    projection: int = option(256, "features that the LSTM sees of what it takes at a time", least=1)
    lstm_size: int = option(128, "hidden units of the LSTM, each direction", least=1)
    lstm_layers: int = option(2, "bidirectional LSTM layers", least=1)
    dropout: float = option(0.1, "dropout between the LSTM layers and before the output", most=0.9)

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.channels) != 4 or len(self.blocks) != 3:
            raise ConfigError("channels takes 4 numbers and blocks 3")


@dataclass(frozen=True)
class TrainConfig:
    """How ``train.py`` trains."""

    # how long
    steps: int = option(20_000, "optimiser steps, at most", least=1)
    minutes: float = option(0.0, "stop, with the learning rate run down, after this many minutes of training; 0: no limit")
    patience: int = option(0, "stop after this many validations without a better CER; 0: never")
    # optimiser: AdamW, warm-up, constant, cosine
    learning_rate: float = option(1.2e-3, "peak learning rate of AdamW", most=1)
    weight_decay: float = option(1e-2, "AdamW's weight decay", most=10)
    warmup_steps: int = option(200, "steps of linear warm-up")
    constant_share: float = option(0.3, "share of the run after which the learning rate begins to fall, as a cosine", most=1)
    final_share: float = option(0.01, "the learning rate at the end, as a share of the peak", most=1)
    clip: float = option(5.0, "gradient norm at which gradients are clipped", least=1e-6)
    # batches
    columns_per_batch: int = option(16_384, "pixel columns a batch: a bucket of width w has columns/w lines", least=1)
    bucket_px: int = option(128, "widths are padded to multiples of this, so that few shapes are compiled", least=8)
    max_width_px: int = option(1_664, "wider lines are left out of training", least=8)
    short_lines_steps: int = option(0, "curriculum: over these first steps the widest bucket grows from 256 px to all")
    # data
    synthetic_share: float = option(0.5, "share of rendered lines where arrays are given too", most=1)
    augment_share: float = option(0.6, "share of lines from arrays that are augmented", most=1)
    spread: float = option(0.39, "signs a step that denser lines are drawn out to, here and in reading; 0: none is", most=1)
    workers: int = option(2, "processes that render, load and augment")
    seed: int = option(1, "of the weights, the batches, the rendering and the augmentation")
    # watching
    validate_every: int = option(500, "steps between validations", least=1)
    validate_lines: int = option(600, "lines of each validation, evenly spread over the arrays; 0: all")
    average: float = option(0.0, "decay of a moving average of the weights, which is validated and saved as best; 0: none", most=0.99999)

    def __post_init__(self) -> None:
        check_ranges(self)


def flags(cls: type, section: str) -> Callable[[F], F]:
    """An option of ``rasm.command_line`` for each field of the dataclass ``cls``. None has a default: what is not given is left alone."""

    def decorate(function: F) -> F:
        types = typing.get_type_hints(cls)
        for f in reversed(dataclasses.fields(cls)):  # a decorator that is applied later stands further up
            several = isinstance(f.default, tuple)
            option_ = command_line.option(
                "--" + f.name.replace("_", "-"),
                f.name,
                several=several,
                last_counts=several,
                type=int if several else types[f.name],
                metavar="N",
                section=section,
                show_default=" ".join(map(str, f.default)) if several else str(f.default),
                help=f"{f.metadata['help'][0].upper()}{f.metadata['help'][1:]}.",
            )
            function = option_(function)
        return function

    return decorate


def from_flags(cls: type[T], given: Mapping[str, Any], base: T | None = None) -> T:
    """``base``, or the defaults, with what was given on the command line."""
    values = {f.name: given[f.name] for f in dataclasses.fields(cls) if given[f.name] not in (None, ())}  # type: ignore[arg-type]
    return dataclasses.replace(base, **values) if base is not None else cls(**values)  # type: ignore[type-var]

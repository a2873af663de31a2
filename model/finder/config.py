"""Configurations of the finder: one frozen dataclass each, saved with every artefact.

Where it stands: beneath ``network`` and ``training``; ``rasm/pages/finder.py`` knows the names of the maps from the ONNX metadata.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.config import check_ranges, option
from model.rendering.pages.labels import BlockKind
from rasm.errors import ConfigError

# maps at a quarter of the page's resolution, in this order
MEASURES = ("above", "below", "size", "baseline")  # of the line there: see targets.py for their units
AREAS = ("gutter", "rule", "picture", "cell", "check-box")  # chances, each by itself
ENDS = ("first", "last")  # chances that the line there is the first, or the last, of its block
KINDS: tuple[BlockKind, ...] = (
    "paragraph", "heading", "list-item", "cell", "caption", "footnote", "header", "page-number", "marginalia", "verse", "field", "label",
)  # fmt: skip
SAME_KIND: dict[BlockKind, BlockKind] = {"footer": "header", "mark": "label", "check-box": "field"}
MAPS = (*MEASURES, *AREAS, *ENDS, *KINDS)
TURNS = 4  # quarters by which a page was turned, clockwise
STRIDE = 64  # heights and widths are padded to multiples of this


@dataclass(frozen=True)
class FinderConfig:
    """The network's shape; see ``network.py``."""

    channels: tuple[int, ...] = option((32, 48, 64, 96, 96), "channels at a quarter, an eighth, … a 64th of the resolution", least=16)
    fine: int = option(32, "channels of the way up at a quarter and an eighth", least=16)
    coarse: int = option(64, "channels of the way up below that", least=16)

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.channels) != 5 or any(c % 16 for c in (*self.channels, self.fine, self.coarse)):
            raise ConfigError("channels takes 5 numbers, and all numbers of channels are multiples of 16")


@dataclass(frozen=True)
class FinderTrainConfig:
    """How ``python -m model.finder`` trains."""

    steps: int = option(20_000, "optimiser steps, at most", least=1)
    minutes: float = option(0.0, "stop, with the learning rate run down, after this many minutes of training; 0: no limit")
    learning_rate: float = option(3e-3, "peak learning rate of AdamW", most=1)
    weight_decay: float = option(1e-2, "AdamW's weight decay", most=10)
    warmup_steps: int = option(100, "steps of linear warm-up")
    clip: float = option(5.0, "gradient norm at which gradients are clipped", least=1e-6)
    windows: int = option(8, "windows a batch", least=2)
    window_px: int = option(512, "side of a window", least=128)
    turned_share: float = option(0.08, "share of windows that are turned by quarters, from which only that is learned", most=1)
    workers: int = option(1, "processes that degrade pages")
    seed: int = option(1, "of the weights and of the windows")
    validate_every: int = option(200, "steps between validations", least=1)
    validate_windows: int = option(96, "windows of each validation", least=1)
    average: float = option(0.995, "decay of a moving average of the weights, which is validated and saved as best", most=0.99999)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.window_px % STRIDE:
            raise ConfigError(f"--window-px takes multiples of {STRIDE}, not {self.window_px}")

"""Learn from drawn pages where a page is cut, in which order it is read, and where its blocks end.

    python -m model.rendering.pages --text texts --out pages --count 2000
    python -m model.order pages --out rasm/weights/order.json

Where it stands: after ``python -m model.rendering.pages``; ``rasm/pages/cuts.py`` and ``rasm/pages/ends.py`` order by what it writes. It
takes a few minutes on one core. ``python -m scripts.order_pages`` measures.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from model.config import check_ranges, flags, from_flags
from model.config import option as setting
from model.order.samples import Samples, collect, collect_columns, collect_found, collect_pairs
from model.rendering.pages.labels import read_labels
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import DatasetError
from rasm.image import Pixels
from rasm.pages.finder import LineFinder

Weights = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class OrderTrainConfig:
    """How ``python -m model.order`` trains."""

    networks: int = setting(2, "networks of each kind, begun differently, whose mean is taken", least=1)
    hidden: int = setting(24, "units of the hidden layer of each network", least=1)
    copies: int = setting(3, "copies of each page as a finder with errors might find it")
    plain_share: float = setting(0.6, "pages of plain columns, of which nothing else is known, by the drawn ones", most=1)
    pairs_share: float = setting(0.3, "heads of bills in two languages, by the drawn pages", most=1)
    found_share: float = setting(0.5, "pages of which what a finder finds is learned from too", most=1)
    epochs: int = setting(30, "times that all samples are seen", least=1)
    batch: int = setting(512, "samples a batch", least=1)
    learning_rate: float = setting(4e-3, "peak learning rate of AdamW", most=1)
    weight_decay: float = setting(2e-2, "AdamW's weight decay", most=10)
    seed: int = setting(1, "of the weights and of the copies")

    def __post_init__(self) -> None:
        check_ranges(self)


@command("python -m model.order", __doc__)
@argument("pages", "Folders that python -m model.rendering.pages wrote", nargs=-1, type=PATH, required=True)
@option("--out", type=PATH, required=True, metavar="FILE", help="Where the weights go, JSON.")
@option("--count", type=positive, metavar="N", show_default="all", help="Pages of each folder.")
@option("--finder", type=PATH, metavar="FILE", help="Learn from what it finds too: it errs as no noise does.")
@flags(OrderTrainConfig, "Training")
def learn(pages: Sequence[Path], out: Path, count: int | None, finder: Path | None, **settings: Any) -> None:
    config = from_flags(OrderTrainConfig, settings, None)
    files = [file for folder in pages for file in sorted(folder.glob("*.json"))[:count]]
    if not files:
        raise DatasetError(f"{', '.join(map(str, pages))}: no pages; python -m model.rendering.pages draws some")
    torch.set_num_threads(1)
    rng = random.Random(config.seed)
    samples = Samples()
    lines_of = None if finder is None else LineFinder(finder)
    for file in tqdm(files, unit="page", disable=None):
        labels = read_labels(file)
        collect(samples, labels, rng, config.copies)
        if lines_of is not None and rng.random() < config.found_share:
            collect_found(samples, labels, lines_of.find(_picture(file)), rng)
        if rng.random() < config.plain_share:
            collect_columns(samples, rng)
        if rng.random() < config.pairs_share:
            collect_pairs(samples, rng)
    networks = {
        name: mean_of(
            [fit(name, np.array(samples.features[name]), np.array(samples.right[name]), config, k) for k in range(config.networks)]
        )
        for name in samples.features
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(networks, separators=(",", ":")) + "\n", encoding="utf-8")


def _picture(file: Path) -> Pixels:
    pixels = cv2.imread(str(file.with_suffix(".jpg")), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise DatasetError(f"{file}: its picture is missing")
    return np.asarray(pixels, np.uint8)


def fit(name: str, features: np.ndarray[Any, Any], right: np.ndarray[Any, Any], config: OrderTrainConfig, number: int = 0) -> Weights:
    """The weights of a network with one hidden layer."""
    if len(features) < 2:
        raise DatasetError(f"too few pages to learn from: {len(features)} samples of kind {name!r}")
    torch.manual_seed(config.seed + number)
    x, y = torch.tensor(features, dtype=torch.float32), torch.tensor(right, dtype=torch.float32)
    mean, scale = x.mean(dim=0), 1 / (x.std(dim=0) + 0.01)
    x = (x - mean) * scale
    network = nn.Sequential(nn.Linear(x.shape[1], config.hidden), nn.Tanh(), nn.Linear(config.hidden, 1))
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    steps = config.epochs * -(-len(x) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=steps, pct_start=0.1)
    loss_of = nn.BCEWithLogitsLoss()
    for _ in range(config.epochs):
        total = 0.0
        for batch in torch.randperm(len(x)).split(config.batch):
            loss = loss_of(network(x[batch])[:, 0], y[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
    print(f"{name}: {len(x)} samples, {float(y.mean()):.0%} right, loss {total / len(x):.4f}")
    first, last = network[0], network[2]
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    parts = {"mean": mean, "scale": scale, "in": first.weight.T, "in_bias": first.bias, "out": last.weight[0], "out_bias": last.bias[0]}
    return {key: value.detach().numpy().astype(np.float64) for key, value in parts.items()}


def mean_of(networks: Sequence[Weights]) -> dict[str, Any]:
    """Networks as one, as ``rasm.pages.cuts.Scorer`` takes it: their hidden units side by side, its score's logit the mean of theirs."""
    into = np.hstack([w["scale"][:, None] * w["in"] for w in networks])
    biases = [w["in_bias"] - (w["mean"] * w["scale"]) @ w["in"] for w in networks]
    parts = {
        "in": into,
        "in_bias": np.concatenate(biases),
        "out": np.concatenate([w["out"] / len(networks) for w in networks]),
        "out_bias": sum(w["out_bias"] for w in networks) / len(networks),
    }
    return {key: _rounded(np.asarray(value).tolist()) for key, value in parts.items()}


def _rounded(values: Any) -> Any:
    return [_rounded(value) for value in values] if isinstance(values, list) else float(f"{values:.5g}")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(learn, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""The loop that teaches the finder, to be read from top to bottom.

Where it stands: ``python -m model.finder`` calls ``train``. Its way is ``train.py``'s: AdamW, warm-up, a cosine down to the end of the
steps or of the minutes; a moving average of the weights, which is validated and saved as ``best.pt``; ``last.pt`` to go on from. Batch k
is a function of k and the seed.
"""

from __future__ import annotations

import dataclasses
import math
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from model.config import from_flags
from model.finder.checkpoint import FinderCheckpoint, load_checkpoint, save_checkpoint
from model.finder.config import FinderConfig, FinderTrainConfig
from model.finder.losses import Batch, losses, total
from model.finder.network import Finder, input_of, parameters_of
from model.finder.targets import PageSource
from model.rendering.pages.pictures import Pictures
from rasm.errors import ConfigError

_PHOTOGRAPHS = 40  # kept, to lay pages on
_VALIDATION_SEED = "validation"
# what a training that goes on may be told anew
_CHANGEABLE = ("steps", "minutes", "learning_rate", "workers", "validate_every")


class _Batches(Dataset[Batch]):
    """Batch k: for a DataLoader, which calls it in its processes."""

    def __init__(self, source: PageSource, config: FinderTrainConfig) -> None:
        self._source, self._config = source, config

    def __len__(self) -> int:
        return self._config.steps

    def __getitem__(self, k: int) -> Batch:
        config = self._config
        return Batch.of(self._source.windows(f"{config.seed} {k}", config.windows, config.window_px, config.turned_share))


def learning_rate(config: FinderTrainConfig, step: int, progress: float) -> float:
    """Warm-up, then half a cosine down to a three-hundredth."""
    warm = min(1.0, (step + 1) / max(1, config.warmup_steps))
    return config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, progress)) + 1 / 300)


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line; see its help. settings: of FinderConfig and FinderTrainConfig."""

    pages: Sequence[Path]
    val: Sequence[Path]
    out: Path
    photos: Sequence[str]
    resume: bool
    init: Path | None
    device: str
    precision: Literal["fp32", "bf16"]
    threads: int | None
    settings: Mapping[str, Any]


def train(args: Options) -> int:
    """Returns 130 where it was asked to stop, 0 otherwise."""
    # -- what to train: a new training, one that goes on, or weights of another
    last = args.out / "last.pt"
    if last.exists() and not args.resume:
        raise ConfigError(f"{args.out} holds a training already: add --resume to go on with it, or choose another --out")
    if args.resume and args.init:
        raise ConfigError("--resume goes on with the weights in --out, and --init begins with others: give one of them")
    before = load_checkpoint(last) if args.resume else load_checkpoint(args.init) if args.init else None
    config = from_flags(FinderTrainConfig, args.settings, before.train if before and args.resume else None)
    shape = from_flags(FinderConfig, args.settings, before.finder if before else None)
    if before and before.finder != shape:
        raise ConfigError(f"the checkpoint's network is {before.finder}, not {shape}")
    if before and args.resume:
        differ = [f.name for f in dataclasses.fields(config) if getattr(before.train, f.name) != getattr(config, f.name)]
        if fixed := [name for name in differ if name not in _CHANGEABLE]:
            raise ConfigError(f"a training that goes on cannot change {', '.join(fixed)}")

    # -- the pages
    pictures = Pictures(args.photos or None)
    photographs = [pictures.pixels(random.Random(n)) for n in range(_PHOTOGRAPHS)]
    source, held_out = PageSource(args.pages, photographs), PageSource(args.val)
    sources = [f"{folder.name}: drawn pages" for folder in args.pages]
    validation = []
    for k in range(-(-config.validate_windows // config.windows)):
        windows = held_out.windows(f"{_VALIDATION_SEED} {k}", config.windows, config.window_px)
        validation.append(Batch.of(windows))

    # -- the network and its optimiser
    device = torch.device(args.device)
    if device.type == "cpu" and args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(config.seed)
    network = Finder(shape)
    if before:
        network.load_state_dict(before.weights)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98))
    averaged = {k: v.clone() for k, v in network.state_dict().items()}
    step, seconds, best = 0, 0.0, math.inf
    if before and args.resume:
        step, seconds, best = before.step, before.seconds, before.resume["best"]
        optimiser.load_state_dict(before.resume["optimiser"])
        averaged = {k: v.to(device) for k, v in before.resume["averaged"].items()}
    workers = {"prefetch_factor": 3, "worker_init_fn": _start_worker, "multiprocessing_context": "spawn"} if config.workers else {}
    loader = DataLoader(_Batches(source, config), None, sampler=range(step, config.steps), num_workers=config.workers, **workers)  # type: ignore[arg-type]
    print(f"{parameters_of(network):,} parameters on {device}; {len(source)} pages, {len(held_out)} to validate on", flush=True)

    def save(name: str, weights: dict[str, Tensor], figures: dict[str, float], resume: dict[str, object]) -> None:
        weights = {k: v.detach().cpu().clone() for k, v in weights.items()}
        save_checkpoint(args.out / name, FinderCheckpoint(args.out.name, shape, config, weights, step, seconds, figures, sources, resume))

    # -- the loop
    stopping = StopRequest()
    bar = tqdm(total=config.steps, initial=step, unit="step", dynamic_ncols=True, mininterval=1 if sys.stderr.isatty() else 60)
    seen: list[float] = []
    figures: dict[str, float] = {}
    since = time.monotonic()
    network.train()
    for batch in loader:
        progress = max(step / config.steps, seconds / 60 / config.minutes if config.minutes else 0.0)
        rate = learning_rate(config, step, progress)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = batch.to(device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=args.precision == "bf16"):
            cores, maps, turns = network(input_of(batch.pixels))
        loss = total(losses(cores, maps, turns, batch))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        if torch.isfinite(norm):  # one bad batch must not end a long training
            optimiser.step()
        _average(averaged, network.state_dict(), min(config.average, (1 + step) / (10 + step)))
        step += 1
        seen.append(float(loss.detach()))
        now = time.monotonic()
        seconds, since = seconds + now - since, now
        bar.update()
        bar.set_postfix_str(f"loss {sum(seen[-50:]) / len(seen[-50:]):.3f}", refresh=False)
        done = step >= config.steps or bool(config.minutes and seconds >= config.minutes * 60)
        if not (done or stopping or step % config.validate_every == 0):
            continue

        # -- validation
        if not stopping or done:
            figures = validate(shape, averaged, validation, device)
            told = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
            tqdm.write(f"step {step:6d} {seconds / 60:6.1f} min  training {sum(seen) / len(seen):.4f}  {told}", file=sys.stdout)
            sys.stdout.flush()
            seen.clear()
            if figures["loss"] < best:
                best = figures["loss"]
                save("best.pt", averaged, figures, {})
        save("last.pt", network.state_dict(), figures, {"optimiser": optimiser.state_dict(), "averaged": averaged, "best": best})
        since = time.monotonic()  # validation is not training time
        if done or stopping:
            break
    bar.close()
    if stopping:
        print(f"stopped at step {step}; go on with --resume", file=sys.stderr)
        return 130
    print(f"loss {best:.4f} at best: {args.out / 'best.pt'}; next: python export.py {args.out / 'best.pt'} --out finder.onnx")
    return 0


@torch.no_grad()
def validate(shape: FinderConfig, weights: dict[str, Tensor], batches: list[Batch], device: torch.device) -> dict[str, float]:
    """The means of the losses of these weights: their sum, and each."""
    network = Finder(shape).to(device)
    network.load_state_dict(weights)
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    sums: dict[str, float] = {}
    for batch in batches:
        batch = batch.to(device)
        cores, maps, turns = network(input_of(batch.pixels))
        parts = losses(cores, maps, turns, batch)
        for name, value in {"loss": total(parts), **parts}.items():
            sums[name] = sums.get(name, 0.0) + float(value)
    return {name: value / len(batches) for name, value in sums.items()}


@torch.no_grad()
def _average(averaged: dict[str, Tensor], weights: dict[str, Tensor], decay: float) -> None:
    for name, value in weights.items():
        if value.is_floating_point():
            averaged[name].mul_(decay).add_(value, alpha=1 - decay)
        else:
            averaged[name].copy_(value)


class StopRequest:
    """True once Ctrl-C or SIGTERM has come: the loop then saves between two steps, never in the middle of one."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _: object) -> None:
        self._asked = True
        signal.signal(number, signal.SIG_DFL)  # asked twice, it stops at once

    def __bool__(self) -> bool:
        return self._asked


def _start_worker(_: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)

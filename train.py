"""Train a CRNN with CTC: from prepared arrays, rendered lines, or both, to a checkpoint.

    python train.py arrays/train --val arrays/val --out runs/mine
    python train.py --text texts --val arrays/val --out runs/rendered          (lines rendered as they are needed)
    python train.py arrays/train --val arrays/val --out runs/mine --resume     (go on after a stop)
    python train.py arrays/train --val arrays/val --out runs/tuned --init runs/rendered/best.pt
    torchrun --nproc-per-node 2 train.py …                                     (several processes or GPUs)

Where it stands: between ``preprocess.py`` and ``export.py``. One visible loop, to be read from top to bottom (nanoGPT's
train.py). Two files are kept in ``--out``: ``last.pt``, from which ``--resume`` goes on as if it had not stopped, and
``best.pt``, the weights with the lowest character error rate on ``--val``. TensorBoard's scalars and samples lie beside.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from model.checkpoint import Checkpoint, load_checkpoint, move_rows, save_checkpoint
from model.config import CRNNConfig, TrainConfig, flags, from_flags
from model.crnn import CRNN, ctc_loss
from model.data.arrays import LineArrays, check_match
from model.data.batches import Batch, BatchSource, start_worker
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import CheckpointError, ConfigError
from rasm.image import ImageSettings, pad_lines
from rasm.lines import ctc
from rasm.text import metrics
from rasm.text.charset import Charset

# what a resumed run may change: when to stop and how to watch, nothing that the weights depend on so far
CHANGEABLE = {"steps", "minutes", "patience", "workers", "validate_every", "validate_lines"}


@dataclass(frozen=True)
class Options:
    """Those of the command line, which says what each means. settings: the fields of CRNNConfig and TrainConfig that were given."""

    arrays: Sequence[Path]
    val: Sequence[Path]
    out: Path
    text: Sequence[str]
    fonts: Sequence[str]
    resume: bool
    init: Path | None
    device: str
    precision: Literal["auto", "fp32", "bf16", "fp16"]
    threads: int | None
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """This process among those of torchrun."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0


def start_processes() -> World:
    if "RANK" not in os.environ:
        return World()
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return World(dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_RANK"]))


def train(args: Options, world: World) -> int:
    # -- what to train: a new run, a run that goes on, or weights of another run
    last = args.out / "last.pt"
    if last.exists() and not args.resume:
        raise ConfigError(f"{args.out} holds a run already: add --resume to go on with it, or choose another --out")
    if args.resume and args.init:
        raise ConfigError("--resume goes on with the weights in --out, and --init begins with others: give one of them")
    if not args.arrays and not args.text:
        raise ConfigError("nothing to train on: name arrays that preprocess.py wrote, or texts to render with --text")
    before = load_checkpoint(last) if args.resume else load_checkpoint(args.init) if args.init else None
    train_arrays, val_arrays = [LineArrays(p) for p in args.arrays], [LineArrays(p) for p in args.val]
    image = (train_arrays + val_arrays)[0].image
    charset = (train_arrays + val_arrays)[0].charset
    for arrays in train_arrays + val_arrays:
        check_match(arrays, image, charset)
    config = from_flags(TrainConfig, args.settings, before.train if before and args.resume else None)
    crnn = from_flags(CRNNConfig, args.settings, before.crnn if before else None)
    sources = [f"{p.name}: {len(a)} lines" for p, a in zip(args.arrays, train_arrays, strict=True)]
    sources += [f"rendered from {Path(t).name}" for t in args.text]
    if before:
        refuse_mismatch(before, crnn, config, image, charset, sources if args.resume else None)
    if args.arrays and args.text and config.synthetic_share == 1:
        raise ConfigError("--synthetic-share 1 leaves no room for lines of the arrays: leave out the arrays, or give a smaller share")

    # -- the network and its optimiser
    device = choose_device(args.device, world)
    if device.type == "cpu" and args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(config.seed)
    network = CRNN(crnn, image.height_px, charset.classes)
    if before:
        fresh = network.output.state_dict(prefix="output.")  # rows of characters that it has and they lack start anew
        network.load_state_dict(before.weights if before.charset == charset else move_rows(before, fresh, charset))
    network.to(device)
    precision = choose_precision(args.precision, device)
    scaler = torch.amp.GradScaler(device.type, enabled=precision == torch.float16)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=config.learning_rate,
        fused=True,
    )
    averaged = {k: v.clone() for k, v in network.state_dict().items()} if config.average else None
    model: nn.Module = (
        DistributedDataParallel(network, device_ids=[device.index] if device.type == "cuda" else None) if world.size > 1 else network
    )

    # -- where the run stands
    step, seconds, best_cer, stale = 0, 0.0, math.inf, 0
    if before and args.resume:
        step, seconds, best_cer, stale = before.step, before.seconds, before.resume["best_cer"], before.resume["stale"]
        optimiser.load_state_dict(before.resume["optimiser"])
        scaler.load_state_dict(before.resume["scaler"])
        if averaged is not None:
            averaged = {k: v.to(device) for k, v in before.resume["averaged"].items()}

    # -- the data: batch k is a function of k, so that going on is starting at another k
    synthesizer = make_synthesizer(args, charset, image, config.spread)
    source = BatchSource(train_arrays, synthesizer, charset, image, config, config.steps * world.size)
    numbers = range(step * world.size + world.rank, config.steps * world.size, world.size)
    workers = {"prefetch_factor": 8, "worker_init_fn": start_worker} if config.workers else {}
    loader = DataLoader(source, batch_size=None, sampler=numbers, num_workers=config.workers, pin_memory=device.type == "cuda", **workers)  # type: ignore[arg-type]
    leads = world.rank == 0
    labels = [{**a.manifest["labels"], "unlabelled": a.unlabelled} for a in train_arrays if "labels" in a.manifest]
    if leads:
        args.out.mkdir(parents=True, exist_ok=True)
        parameters = sum(p.numel() for p in network.parameters())
        print(
            f"{parameters:,} parameters, {charset.classes} classes, {str(precision).removeprefix('torch.')} on {device}; "
            + "; ".join(sources),
            flush=True,
        )
        if source.too_wide:
            print(f"{source.too_wide} lines wider than {config.max_width_px} px are left out (--max-width-px)", flush=True)
    board = SummaryWriter(str(args.out)) if leads else None

    def save(name: str, weights: dict[str, Tensor], figures: dict[str, float], resume: dict[str, object]) -> None:
        weights = {k: v.detach().cpu().clone() for k, v in weights.items()}
        save_checkpoint(
            args.out / name,
            Checkpoint(args.out.name, crnn, config, image, charset, weights, step, seconds, figures, sources, labels, resume),
        )

    def save_last(figures: dict[str, float]) -> None:
        resume = {
            "optimiser": optimiser.state_dict(),
            "scaler": scaler.state_dict(),
            "best_cer": best_cer,
            "stale": stale,
            "averaged": averaged,
        }
        save("last.pt", network.state_dict(), figures, resume)

    # -- the loop
    bar = tqdm(
        total=config.steps, initial=step, unit="step", disable=not leads, dynamic_ncols=True, mininterval=1 if sys.stderr.isatty() else 60
    )
    figures: dict[str, float] = {}
    losses: list[Tensor] = []  # a line's, by its length; on the device, since asking for each would have the device wait
    lines, waited, started, since = 0, 0.0, time.monotonic(), time.monotonic()
    done = step >= config.steps
    stopping = StopRequest()
    model.train()
    if not done:
        for batch in loader:
            waited += time.monotonic() - since  # for data, rather than for the device
            progress = max(step / config.steps, seconds / 60 / config.minutes if config.minutes else 0.0)
            rate = learning_rate(config, step, progress)
            for group in optimiser.param_groups:
                group["lr"] = rate
            torch.manual_seed(config.seed * 1_000_003 + step)  # dropout depends on the step alone: a resumed run drops the same
            batch = to_device(batch, device)
            with torch.autocast(device.type, dtype=precision, enabled=precision != torch.float32):
                log_probabilities = model(batch.images)  # (steps, lines, classes)
            loss = ctc_loss(log_probabilities, batch.targets, batch.target_lengths, batch.unlabelled)
            optimiser.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.unscale_(optimiser)
            norm = nn.utils.clip_grad_norm_(network.parameters(), config.clip)
            step_unless_broken(optimiser, scaler, norm)
            if averaged is not None:
                average_weights(averaged, network.state_dict(), min(config.average, (1 + step) / (10 + step)))

            step += 1
            lines += batch.images.shape[0] * world.size
            losses.append(loss.detach() / (batch.target_lengths.float().mean() + 1))
            now = time.monotonic()
            seconds, since = seconds + now - since, now
            if world.size > 1:  # all processes stop at the same step
                seconds = share_from_lead(seconds, device) if config.minutes else seconds
                stop = bool(share_from_lead(float(bool(stopping)), device))
            else:
                stop = bool(stopping)
            done = step >= config.steps or bool(config.minutes and seconds >= config.minutes * 60)
            if leads:
                bar.update()
                if step % 20 == 0:
                    bar.set_postfix_str(
                        f"loss {mean(losses[-50:]):.3f} {lines / (now - started):.0f} lines/s, {waited / (now - started):.0%} of the time"
                        " waiting for them" + time_left(config, seconds),
                        refresh=False,
                    )
            if stop and not done:
                if leads:
                    save_last(figures)
                break
            if step % config.validate_every and not done:
                continue

            # -- validation
            stop_early = False
            if leads:
                tested = averaged if averaged is not None else network.state_dict()
                figures, samples = validate(crnn, tested, val_arrays, config.validate_lines, device)
                network.train()
                figures |= {"loss": mean(losses), "lines_per_second": lines / (now - started)}
                losses.clear()
                tqdm.write(
                    f"step {step:6d} {seconds / 60:6.1f} min  loss {figures['loss']:.4f}  CER {figures['cer']:.2%}"
                    f"  normalised {figures['cer_normalised']:.2%}  letters {figures['cer_letters']:.2%}"
                    f"  WER {figures['wer']:.2%}  {figures['lines_per_second']:.0f} lines/s",
                    file=sys.stdout,
                )
                sys.stdout.flush()
                report(board, step, figures, samples, rate)
                if figures["cer_normalised"] < best_cer:
                    best_cer, stale = figures["cer_normalised"], 0
                    save("best.pt", tested, figures, {})
                else:
                    stale += 1
                save_last(figures)
                stop_early = bool(config.patience and stale >= config.patience)
            if world.size > 1:
                stop_early = bool(share_from_lead(float(stop_early), device))
            since = time.monotonic()  # validation is not training time
            if stop_early or done:
                break
    if stopping and not done:
        bar.close()
        if leads:
            print(f"stopped at step {step}; go on with --resume", file=sys.stderr)
        return 130
    bar.close()
    if leads and board:
        board.close()
        print(f"best normalised CER {best_cer:.2%}: {args.out / 'best.pt'}; next: python export.py {args.out / 'best.pt'} --out model.onnx")
    return 0


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


def choose_device(asked: str, world: World) -> torch.device:
    """The device, or this process's GPU. Raises ConfigError where there is none of the kind."""
    try:
        device = torch.device(asked if asked != "cuda" else f"cuda:{world.local_rank}")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as e:  # what torch raises depends on how it was built
        raise ConfigError(f"--device {asked}: {str(e).splitlines()[0]}") from e
    return device


def refuse_mismatch(
    before: Checkpoint, crnn: CRNNConfig, config: TrainConfig, image: ImageSettings, charset: Charset, resumed: list[str] | None
) -> None:
    """A checkpoint that does not fit what is asked of it is refused with what differs; ``resumed``: the sources of a run that goes on."""
    differs = [
        f"{f.name} {getattr(before.crnn, f.name)} there, {getattr(crnn, f.name)} here"
        for f in dataclasses.fields(CRNNConfig)
        if getattr(before.crnn, f.name) != getattr(crnn, f.name) and (resumed is not None or f.name != "dropout")
    ]
    if before.image.height_px != image.height_px:
        differs.append(f"height {before.image.height_px} px there, {image.height_px} px here")
    if resumed is not None:
        differs += [
            f"{f.name} {getattr(before.train, f.name)} there, {getattr(config, f.name)} here"
            for f in dataclasses.fields(TrainConfig)
            if f.name not in CHANGEABLE and getattr(before.train, f.name) != getattr(config, f.name)
        ]
        if before.charset != charset:
            differs.append("the charset")
        if before.sources != resumed:
            differs.append(f"trained on {', '.join(before.sources)} there, {', '.join(resumed)} here")
        if not before.resume:
            differs.append("it has no optimiser (a best.pt is for --init)")
    if differs:
        raise CheckpointError("the checkpoint does not match: " + "; ".join(differs))


def choose_precision(asked: str, device: torch.device) -> torch.dtype:
    """bf16 where the device multiplies it faster than fp32, fp16 on older GPUs, fp32 elsewhere."""
    if asked != "auto":
        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[asked]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    # AVX512_BF16, with AMX or without: a third more steps a second than in fp32 (EPYC without AMX)
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def make_synthesizer(args: Options, charset: Charset, image: ImageSettings, spread: float):  # type: ignore[no-untyped-def]
    if not args.text:
        return None
    from model.rendering.fonts import find_fonts
    from model.rendering.lines import Synthesizer  # the text-rendering libraries, only where lines are rendered
    from model.rendering.texts import load_texts

    return Synthesizer(load_texts(args.text), find_fonts(args.fonts, charset), charset, image, spread=spread)


def learning_rate(config: TrainConfig, step: int, progress: float) -> float:
    """Linear warm-up, constant, then a cosine down to ``final_share``."""
    warm = min(1.0, (step + 1) / max(1, config.warmup_steps))
    falling = min(1.0, max(0.0, (progress - config.constant_share) / max(1e-9, 1 - config.constant_share)))
    share = config.final_share + (1 - config.final_share) * (1 + math.cos(math.pi * falling)) / 2
    return config.learning_rate * warm * share


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Images and labels. What the loss asks on its way stays in the CPU's memory: a device answers when it has done all before."""
    if device.type == "cpu":
        return batch
    return Batch(
        batch.images.to(device, non_blocking=True), batch.targets.to(device, non_blocking=True), batch.target_lengths, batch.unlabelled
    )


def step_unless_broken(optimiser: torch.optim.Optimizer, scaler: torch.amp.GradScaler, norm: Tensor) -> None:
    """A step, or none where the gradients are not finite: one bad batch must not end a long run.

    Nobody asks the device whether they are. The fused optimiser looks at ``found_inf`` there, as it does for what overflows in 16 bits.
    """
    if scaler.is_enabled():
        scaler.step(optimiser)
        scaler.update()
    else:
        optimiser.found_inf = (~torch.isfinite(norm)).float()  # type: ignore[attr-defined]
        optimiser.step()


def average_weights(averaged: dict[str, Tensor], weights: dict[str, Tensor], decay: float) -> None:
    """Polyak averaging, in place; counters are copied."""
    floats = [name for name, value in weights.items() if value.is_floating_point()]
    torch._foreach_lerp_([averaged[name] for name in floats], [weights[name] for name in floats], 1 - decay)
    for name, value in weights.items():
        if not value.is_floating_point():
            averaged[name].copy_(value)


def mean(losses: list[Tensor]) -> float:
    return float(torch.stack(losses).float().mean())


def share_from_lead(value: float, device: torch.device) -> float:
    shared = torch.tensor(value, dtype=torch.float64, device=device)
    dist.broadcast(shared, 0)
    return float(shared)


def time_left(config: TrainConfig, seconds: float) -> str:
    return f" {max(0.0, config.minutes - seconds / 60):.0f} min left" if config.minutes else ""


def validate(
    crnn: CRNNConfig, weights: dict[str, Tensor], arrays: list[LineArrays], limit: int, device: torch.device
) -> tuple[dict[str, float], list[tuple[str, str]]]:
    """Greedy readings of validation lines, padded exactly as the recogniser pads them: error rates and some samples."""
    image, charset = arrays[0].image, arrays[0].charset
    network = CRNN(crnn, image.height_px, charset.classes)
    network.load_state_dict(weights)
    network.to(device).eval()
    every = [(a, i) for a in range(len(arrays)) for i in range(len(arrays[a]))]
    chosen = every if not limit else [every[j] for j in np.linspace(0, len(every) - 1, min(limit, len(every))).astype(int)]
    readings: dict[tuple[int, int], str] = {}
    for group in batches_by_width(arrays, chosen, image):
        width_px = image.bucket_width(int(arrays[group[0][0]].widths[group[0][1]]))
        images = pad_lines([arrays[a].line(i) for a, i in group], width_px)
        with torch.inference_mode():
            log_probabilities = network(torch.from_numpy(images).to(device)).permute(1, 0, 2).float().cpu().numpy()
        decoded = ctc.best_path(log_probabilities, [log_probabilities.shape[1]] * len(group))
        readings |= {key: charset.decode(d.classes) for key, d in zip(group, decoded, strict=True)}
    truths = [arrays[a].text(i) for a, i in chosen]
    texts = [readings[key] for key in chosen]
    # what these labels leave out (diacritics, say) is no error to read
    blind = [str.maketrans("", "", arrays[a].unlabelled) for a, _ in chosen]
    texts = [text.translate(table) for text, table in zip(texts, blind, strict=True)]
    figures = {}
    for name, normalise in metrics.NORMALISATIONS.items():
        rates = metrics.error_rates(truths, texts, normalise)
        figures["cer" if name == "raw" else f"cer_{name}"] = rates.cer
        if name == "raw":
            figures |= {"wer": rates.wer, "exact": rates.exact}
    return figures, list(zip(truths, texts, strict=True))[:: max(1, len(chosen) // 8)]


def batches_by_width(arrays: list[LineArrays], chosen: list[tuple[int, int]], image: ImageSettings) -> Iterator[list[tuple[int, int]]]:
    """Lines of the same padded width together, 16 at most."""
    by_width: dict[int, list[tuple[int, int]]] = {}
    for a, i in chosen:
        by_width.setdefault(image.bucket_width(int(arrays[a].widths[i])), []).append((a, i))
    for _, members in sorted(by_width.items()):
        yield from (members[j : j + 16] for j in range(0, len(members), 16))


def report(board: SummaryWriter | None, step: int, figures: dict[str, float], samples: list[tuple[str, str]], rate: float) -> None:
    assert board is not None
    for name, value in figures.items():
        board.add_scalar(name, value, step)
    board.add_scalar("learning_rate", rate, step)
    with contextlib.suppress(ValueError):
        board.add_text("samples", "\n\n".join(f"truth: {truth}\n\nread: {text}" for truth, text in samples), step)


# The command line


@command("train.py", __doc__, stopped=" before the first step")
@argument("arrays", "Folders that preprocess.py wrote", nargs=-1, type=PATH)
@option("--val", several=True, type=PATH, required=True, metavar="ARRAYS", help="Arrays to validate on.")
@option("--out", type=PATH, required=True, metavar="DIR", help="The run's folder.")
@option("--text", several=True, metavar="PATH[=WEIGHT]", help="Texts to render: .txt files or folders of them.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts to render with.")
@option("--resume", is_flag=True, help="Go on with the run in --out.")
@option("--init", type=PATH, metavar="CHECKPOINT", help="Begin with these weights (fine-tuning, also to another charset).")
@option("--device", default="cuda" if torch.cuda.is_available() else "cpu", metavar="NAME", help="cpu, cuda, ...")
@option(
    "--precision",
    type=click.Choice(("auto", "fp32", "bf16", "fp16")),
    default="auto",
    help="Of the convolutions; auto: what the device is fast in.",
)
@option("--threads", type=positive, metavar="N", show_default="one a core", help="Threads of a CPU's arithmetic.")
@flags(CRNNConfig, "The network")
@flags(TrainConfig, "Training")
def command_line(
    arrays: Sequence[Path],
    val: Sequence[Path],
    out: Path,
    text: Sequence[str],
    fonts: Sequence[str],
    resume: bool,
    init: Path | None,
    device: str,
    precision: Literal["auto", "fp32", "bf16", "fp16"],
    threads: int | None,
    **settings: Any,
) -> int:
    world = start_processes()
    try:
        return train(Options(arrays, val, out, text, fonts, resume, init, device, precision, threads, settings), world)
    finally:
        if world.size > 1:
            dist.destroy_process_group()


def main(arguments: Sequence[str] | None = None) -> int:
    return run(command_line, arguments)


if __name__ == "__main__":
    sys.exit(main())

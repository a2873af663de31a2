"""Batches for training: which lines go together, where they come from, and what shape they have.

Where it stands: between prepared arrays (``model/data/arrays.py``) or rendered lines (``model/rendering/lines.py``) and
``train.py``'s loop.

Batch ``k`` is a pure function of the seed and ``k``: whichever worker makes it, and whether or not the run was stopped
before it. Every batch has one of a few fixed shapes, since oneDNN and cuDNN prepare each new shape anew.
"""

from __future__ import annotations

import bisect
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from model.config import TrainConfig
from model.data.arrays import LineArrays
from model.data.augment import augment_line
from model.rendering.lines import Synthesizer, draw_out
from rasm.errors import DatasetError
from rasm.image import ImageSettings, Pixels, pad_lines
from rasm.lines.ctc import stretch_of
from rasm.text.charset import Charset


@dataclass
class Batch:
    """Lines of one bucket. images: (lines, 1, height, width) uint8; targets: all labels in a row; unlabelled: (lines, classes)."""

    images: Tensor
    targets: Tensor
    target_lengths: Tensor
    unlabelled: Tensor

    def pin_memory(self) -> Batch:
        return Batch(*(t.pin_memory() for t in (self.images, self.targets, self.target_lengths, self.unlabelled)))


# So many of the rendered lines beside those of arrays are in batches of their own, of every length alike. The lines of books are long,
# and a network that reads nothing else forgets how cells of tables and page numbers are read
_RENDERED_BATCHES = 1 / 3


class BatchSource(Dataset[Batch]):
    """All batches of a run, by number. At least one of ``arrays`` and ``synthesizer`` is needed."""

    def __init__(
        self,
        arrays: Sequence[LineArrays],
        synthesizer: Synthesizer | None,
        charset: Charset,
        image: ImageSettings,
        config: TrainConfig,
        batches: int,
    ) -> None:
        self.arrays, self.synthesizer, self.charset, self.image, self.config, self.batches = (
            arrays,
            synthesizer,
            charset,
            image,
            config,
            batches,
        )
        count = -(-config.max_width_px // config.bucket_px)
        self.widths_px = [config.bucket_px * (i + 1) for i in range(count)]
        self.sizes = [max(1, config.columns_per_batch // w) for w in self.widths_px]
        share = config.synthetic_share if synthesizer and arrays else (1.0 if synthesizer else 0.0)
        # beside arrays, every n-th batch is of rendered lines alone (0: none is)
        self.rendered_every = max(2, round(1 / (share * _RENDERED_BATCHES))) if arrays and share else 0
        if self.rendered_every:
            share = max(0.0, (share * self.rendered_every - 1) / (self.rendered_every - 1))
        # lines from arrays in each batch of a bucket
        self.array_lines = [max(1, round(size * (1 - share))) if share < 1 else 0 for size in self.sizes]
        self.unlabelled = [charset.indices(a.unlabelled) for a in arrays]
        self.buckets: list[list[tuple[int, int]]] = [[] for _ in self.widths_px]  # (arrays, line) of each bucket
        self.too_wide = 0
        for a, lines in enumerate(arrays):
            for i, width in enumerate(lines.widths.tolist()):
                # dense lines are drawn out, as a reader does it
                width = min(max(width, self.widths_px[-1]), round(width * stretch_of(len(lines.label(i)), width, config.spread)))
                if width <= self.widths_px[-1]:
                    self.buckets[bisect.bisect_left(self.widths_px, width)].append((a, i))
                else:
                    self.too_wide += 1
        self.epoch_batches = [-(-len(b) // n) if n else 0 for b, n in zip(self.buckets, self.array_lines, strict=True)]
        if arrays and not sum(self.epoch_batches):
            raise DatasetError(f"no line of the arrays is at most {config.max_width_px} px wide")
        self._epoch: tuple[int, list[tuple[int, list[tuple[int, int]]]]] = (-1, [])

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, k: int) -> Batch:
        rng = random.Random(f"{self.config.seed} batch {k}")
        chosen: list[tuple[int, int]] = []
        if not self.arrays:
            bucket = self._draw_bucket(rng, k)
        elif self.rendered_every and (k + 1) % self.rendered_every == 0:
            bucket = rng.randrange(len(self.sizes))
        else:  # counted without the batches of rendered lines, so that an epoch has every line
            bucket, chosen = self._from_arrays(k - (k + 1) // self.rendered_every if self.rendered_every else k)
        width_px, size = self.widths_px[bucket], self.sizes[bucket]
        lines: list[Pixels] = []
        labels: list[Sequence[int] | NDArray[np.int16]] = []
        unlabelled = torch.zeros(size, self.charset.classes, dtype=torch.bool)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(rng.getrandbits(63))
            for a, i in chosen:
                line, label = self.arrays[a].line(i), self.arrays[a].label(i)
                line = draw_out(rng, line, len(label), self.config.spread, width_px)
                if rng.random() < self.config.augment_share:
                    varied = augment_line(line, width_px)
                    line = varied if varied.shape[1] // 4 > len(label) * 1.2 else line
                unlabelled[len(lines), self.unlabelled[a]] = True
                lines.append(line)
                labels.append(label)
        while len(lines) < size:
            assert self.synthesizer is not None
            drawn = self.synthesizer.line(f"{self.config.seed} {k} {len(lines)}", width_px=width_px)
            lines.append(drawn.pixels)
            labels.append(drawn.classes)
        images = pad_lines(lines, width_px)  # (lines, 1, height, width)
        targets = torch.tensor([c for label in labels for c in label], dtype=torch.long)
        return Batch(torch.from_numpy(images), targets, torch.tensor([len(label) for label in labels]), unlabelled[: len(lines)])

    def _from_arrays(self, k: int) -> tuple[int, list[tuple[int, int]]]:
        """The lines of the k-th batch with lines from arrays: epoch after epoch, each in an order of its own."""
        epoch, at = divmod(k, sum(self.epoch_batches))
        if self._epoch[0] != epoch:
            rng = random.Random(f"{self.config.seed} epoch {epoch}")
            batches = []
            for bucket, (members, count) in enumerate(zip(self.buckets, self.array_lines, strict=True)):
                order = rng.sample(members, len(members))
                for start in range(0, len(order), count):
                    chosen = order[start : start + count]
                    # the last batch of a bucket is filled up, so that its shape is one of the fixed ones
                    batches.append((bucket, chosen + rng.choices(members, k=count - len(chosen))))
            rng.shuffle(batches)
            self._epoch = (epoch, batches)
        return self._epoch[1][at]

    def _draw_bucket(self, rng: random.Random, k: int) -> int:
        """Short lines first, if the curriculum says so; then mostly lines as long as a book's."""
        progress = 1.0 if not self.config.short_lines_steps else min(1.0, k / self.config.short_lines_steps)
        widest = 256 + (self.widths_px[-1] - 256) * progress
        allowed = [i for i, w in enumerate(self.widths_px) if w <= max(widest, self.widths_px[0])]
        return rng.choices(allowed, [min(1.0, self.widths_px[i] / 640) if self.widths_px[i] <= 1152 else 0.3 for i in allowed])[0]


def start_worker(_: int) -> None:
    """Each worker has one thread: the network wants the cores. Ctrl-C is for the main process to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
    torch.set_num_threads(1)

"""Engines take turns on the same samples, so that a busy moment slows them alike: readings, and seconds of each turn.

Where it stands: called by ``python -m evaluation`` and ``python -m benchmarking``. The order of the engines is turned around with
every turn. Ctrl-C ends it after the last full turn, so that what was read by then can be scored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from evaluation.datasets import Sample
from evaluation.engines import Engine, EngineReading
from evaluation.statistics import Interval, intervals

MAX_TURN = 200  # lines: enough for full batches, and for what a process spends on starting to matter little
MIN_TURNS = 2  # more would be of so few lines that batches, which are of one width, are hardly filled


@dataclass
class Run:
    """What one engine did: a reading for each sample, and what each turn took."""

    readings: list[EngineReading] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)  # of each turn

    @property
    def per_second(self) -> float:
        """Samples read a second, over all turns."""
        return sum(self.samples) / sum(self.seconds)

    @property
    def per_second_interval(self) -> Interval:
        """Over turns."""
        turns = np.array([self.samples, self.seconds], dtype=float).T
        (interval,) = intervals(turns, lambda sums: sums[..., [0]] / sums[..., [1]])
        return interval


def take_turns(engines: Sequence[Engine], samples: Sequence[Sample], unit: str = "line") -> dict[str, Run]:
    """Every engine reads every sample, or, after Ctrl-C, the samples of the turns that were finished.

    Raises KeyboardInterrupt where not even one was.
    """
    size = max(1, min(MAX_TURN, -(-len(samples) // MIN_TURNS)))
    runs = {engine.name: Run() for engine in engines}
    with tqdm(total=len(samples) * len(engines), unit=unit, disable=None, leave=False) as bar:
        try:
            for engine in engines:
                engine.read(engine.prepare(samples[:1]))  # the first call plans and warms up
            for number, start in enumerate(range(0, len(samples), size)):
                turn = samples[start : start + size]
                done: list[tuple[str, list[EngineReading], float]] = []
                for engine in engines if number % 2 == 0 else engines[::-1]:
                    done.append((engine.name, *_read(engine, turn)))
                    bar.update(len(turn))
                for name, readings, seconds in done:
                    runs[name].readings += readings
                    runs[name].seconds.append(seconds)
                    runs[name].samples.append(len(turn))
        except KeyboardInterrupt:
            if not runs[engines[0].name].readings:
                raise
    return runs


def _read(engine: Engine, samples: Sequence[Sample]) -> tuple[list[EngineReading], float]:
    """The readings, and the seconds that reading took."""
    prepared = engine.prepare(samples)
    started = time.perf_counter()
    readings = engine.read(prepared)
    took = time.perf_counter() - started
    # never less than a tenth: a start that happened to be quicker than those that were measured is no reading speed
    return readings, max(took - engine.start_s, took / 10)

"""Boxes with a digit each -> one number: the rules between are painted over before reading, and the spaces between left out after.

Where it stands: ``rasm/pages/reader.py`` calls both. Forms have such combs for numbers of all sorts. The rules read as ا, 1 or | else, and
the digits as so many numbers, whose order in a line of Arabic is the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rasm.lines.recognizer import Reading
from rasm.pages.crops import Crop

Span = tuple[float, float]


@dataclass(frozen=True)
class CombSettings:
    """Numbers that decide; ems are sizes of type.

    tall: the share of a line's height that a rule has at least: lam has two thirds. thin: how wide it is at most, in ems, besides the two
    pixels that a scan blurs. narrow, wide: of a box, in ems. alike: by which share of the usual width boxes differ at most. boxes: how
    many there are at least: two rules may be letters. long: the share of a comb's width that a level rule covers.
    open_box: of a box's width, how much at an end of the line is a box whose other rule is not on it.
    """

    tall: float = 0.8
    thin: float = 0.14
    narrow: float = 0.55
    wide: float = 2.5
    alike: float = 0.2
    boxes: int = 3
    long: float = 0.8
    open_box: float = 1.1


def without_rules(crop: Crop, size_px: float, settings: CombSettings = CombSettings()) -> tuple[Crop, list[Span]]:
    """The line without the rules of its combs, and where these are, in pixels of the crop. ``size_px``: of its type."""
    ink = crop.ink
    full = np.flatnonzero(ink.mean(axis=0) >= settings.tall)
    if len(full) <= settings.boxes:
        return crop, []
    runs = np.split(full, np.flatnonzero(np.diff(full) > 1) + 1)
    runs = [run for run in runs if len(run) <= settings.thin * size_px + 2]
    combs = _combs([float(run.mean()) for run in runs], size_px, settings)
    if not combs:
        return crop, []
    pixels, rest = crop.pixels.copy(), ink.copy()
    spans: list[Span] = []
    for first, last in combs:
        left, right = int(runs[first][0]), int(runs[last][-1]) + 1
        box_px = settings.open_box * (right - left) / (last - first)
        at_edges = 0 if left < box_px else left, ink.shape[1] if ink.shape[1] - right < box_px else right
        spans.append(at_edges)  # a line may end before its last box does
        inside = crop.pixels[:, left:right]
        paper = np.uint8(np.median(inside))
        for run in runs[first : last + 1]:
            where = slice(max(0, run[0] - 2), run[-1] + 3)
            pixels[:, where], rest[:, where] = paper, False
        level = np.flatnonzero(ink[:, left:right].mean(axis=1) > settings.long)
        for row in level.tolist():
            across = slice(max(0, row - 1), row + 2)
            pixels[across, left:right], rest[across, left:right] = paper, False
    return replace(crop, pixels=pixels, ink=rest), spans


def _combs(rules: Sequence[float], size_px: float, settings: CombSettings) -> list[tuple[int, int]]:
    """Rules at equal steps: of each comb its first and last rule."""
    found = []
    first = 0
    for k in range(1, len(rules) + 1):
        usual = float(np.median(np.diff(rules[first:k]))) if k - first > 1 else 0.0
        step = rules[k] - rules[k - 1] if k < len(rules) else np.inf
        fits = settings.narrow * size_px < step < settings.wide * size_px
        if fits and (not usual or abs(step - usual) < settings.alike * usual):
            continue
        if k - first > settings.boxes:
            found.append((first, k - 1))
        first = k if not fits or k - first > 2 else k - 1
    return found


def as_numbers(reading: Reading, combs: Sequence[Span]) -> Reading:
    """The reading without spaces within combs that hold nothing but digits and Latin letters."""
    places: set[int] = set()
    for left, right in combs:
        inside = [(at, sign) for at, sign in reading.drawn() if left < (sign.start_px + sign.end_px) / 2 < right]
        said = {at: sign.text for at, sign in inside if not sign.text.isspace()}
        if said and all(text.isdigit() or (text.isascii() and text.isalnum()) for text in said.values()):
            places |= {at for at, sign in inside if sign.text.isspace() and min(said) < at < max(said)}
    return reading.without(places) if places else reading

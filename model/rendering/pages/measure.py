"""A drawing -> its labels: words joined to lines, and each line's ink measured.

Where it stands: after ``browser``, before ``labels``. The browser knows where words stand by their fonts; how far their ink reaches is
measured, since a font's height says little of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.rendering.pages.browser import Drawing
from model.rendering.pages.labels import BlockLabel, Box, LineLabel, PageLabels, TableLabel, WordLabel


@dataclass(frozen=True)
class MeasureSettings:
    """ink: least difference of a pixel, of 255, with and without text. same_row: how far words of one line may differ in baseline, and
    tallest, deepest: how far ink is looked for above and below it, by the size of type (fonts of Nastaliq reach furthest).
    gap: the widest space within a line that is not told to be one, by the size of type; justified lines have wide ones.
    core: shares of a line's ink above and below its core (chosen in the prototype: the body of the letters in all fonts seen).
    faint: a line whose ink differs from its ground by less is ignored."""

    ink: int = 24
    same_row: float = 0.45
    tallest: float = 1.6
    deepest: float = 1.1
    gap: float = 6.0
    core: tuple[float, float] = (0.2, 0.8)
    faint: float = 34.0
    least_ink_px: int = 6


@dataclass
class _Row:
    words: list[dict[str, Any]] = field(default_factory=list)

    @property
    def baseline(self) -> float:
        return float(self._main["baseline"])

    @property
    def size(self) -> float:
        return float(self._main["size"])

    @property
    def _main(self) -> dict[str, Any]:
        """The word of the largest type: its neighbours may be raised numbers of notes."""
        return max(self.words, key=lambda w: w["size"])

    @property
    def span(self) -> tuple[float, float]:
        return min(w["box"][0] for w in self.words), max(w["box"][2] for w in self.words)


def measure(drawing: Drawing, kind: str, seed: str, families: Sequence[str], settings: MeasureSettings = MeasureSettings()) -> PageLabels:
    """The labels of a drawing. kind: of document. seed: what it was drawn from. families: its fonts."""
    found = drawing.found
    difference = np.abs(drawing.pixels.astype(np.int16) - drawing.without_text).max(axis=2)
    height, width = difference.shape
    rows = _rows(found["words"], found["gutters"], settings)
    lines = [line for row, limits in zip(rows, _limits(rows, settings), strict=True) if (line := _line(row, limits, difference, settings))]
    blocks, numbers = _blocks(found["blocks"], lines)
    lines = [LineLabel(**{**vars(line), "block": numbers[line.block]}) for line in lines]
    inside = [(box[0] < width and box[1] < height and box[2] > 0 and box[3] > 0) for box in found["rules"]]
    characters = {direction: sum(len(v.text) for v in lines if v.direction == direction) for direction in ("rtl", "ltr")}
    return PageLabels(
        kind=kind,
        seed=seed,
        width_px=width,
        height_px=height,
        direction="rtl" if characters["rtl"] >= characters["ltr"] else "ltr",
        families=list(families),
        blocks=blocks,
        lines=lines,
        tables=[TableLabel(**{**table, "box": tuple(table["box"])}) for table in found["tables"]],
        gutters=[_within(box, width, height) for box in found["gutters"]],
        rules=[_within(box, width, height) for box, there in zip(found["rules"], inside, strict=True) if there],
        pictures=[_within(box, width, height) for box in found["pictures"]],
    )


def _rows(words: Sequence[dict[str, Any]], gutters: Sequence[Sequence[float]], settings: MeasureSettings) -> list[_Row]:
    """Words in the order of the document -> rows of words of one line. A row ends where its container does, or where the next word stands
    lower or higher: a paragraph that runs over columns goes on at the top of the next one. Then it is cut at gutters and wide gaps."""
    rows: list[_Row] = []
    for word in words:
        if rows and _goes_on(rows[-1], word, settings):
            rows[-1].words.append(word)
        else:
            rows.append(_Row([word]))
    return [part for row in rows for part in _parts(row, gutters, settings)]


def _goes_on(row: _Row, word: dict[str, Any], settings: MeasureSettings) -> bool:
    last = row.words[-1]
    together = last["line"] == word["line"] and last["ignored"] == word["ignored"]
    return bool(together and abs(word["baseline"] - row.baseline) <= settings.same_row * max(row.size, word["size"]))


def _parts(row: _Row, gutters: Sequence[Sequence[float]], settings: MeasureSettings) -> list[_Row]:
    """The row, or what gaps part it into, from word to word as they stand: in a line of two directions they do not stand in order."""
    order = sorted(range(len(row.words)), key=lambda k: row.words[k]["box"][0])
    part_of, part = [0] * len(order), 0
    reach = -float("inf")
    for k in order:
        left, _, right, _ = row.words[k]["box"]
        if reach > -float("inf") and (
            left - reach > settings.gap * row.size or any(reach < (g[0] + g[2]) / 2 < left and g[1] < row.baseline < g[3] for g in gutters)
        ):
            part += 1
        part_of[k] = part
        reach = max(reach, right)
    found: dict[int, _Row] = {}  # by their first words, in the order of the document
    for word, number in zip(row.words, part_of, strict=True):
        found.setdefault(number, _Row()).words.append(word)
    return list(found.values())


def _limits(rows: Sequence[_Row], settings: MeasureSettings) -> list[tuple[float, float]]:
    """The rows of pixels between which each line's ink is looked for: as far as fonts reach, but not into a neighbour's letters."""
    spans = np.array([row.span for row in rows]).reshape(-1, 2)
    baselines, sizes = np.array([row.baseline for row in rows]), np.array([row.size for row in rows])
    limits = []
    for k, row in enumerate(rows):
        beside = (spans[:, 0] < spans[k, 1]) & (spans[:, 1] > spans[k, 0])
        beside[k] = False
        above, below = beside & (baselines < row.baseline - 0.2 * row.size), beside & (baselines > row.baseline + 0.2 * row.size)
        top, bottom = row.baseline - settings.tallest * row.size, row.baseline + settings.deepest * row.size
        if above.any():  # what hangs below the line above belongs to it, a third of the way at most
            nearest = np.flatnonzero(above)[np.argmax(baselines[above])]
            top = max(
                top,
                baselines[nearest] + (row.baseline - baselines[nearest]) * sizes[nearest] * 0.42 / (0.42 * sizes[nearest] + 0.8 * row.size),
            )
        if below.any():
            nearest = np.flatnonzero(below)[np.argmin(baselines[below])]
            bottom = min(
                bottom, row.baseline + (baselines[nearest] - row.baseline) * row.size * 0.42 / (0.42 * row.size + 0.8 * sizes[nearest])
            )
        limits.append((top, bottom))
    return limits


def _line(row: _Row, limits: tuple[float, float], difference: NDArray[np.int16], settings: MeasureSettings) -> LineLabel | None:
    """None where nothing of the row is to be seen."""
    height, width = difference.shape
    left, right = row.span
    x0, x1 = max(0, int(left - 0.12 * row.size)), min(width, int(right + 0.12 * row.size) + 1)
    y0, y1 = max(0, round(limits[0])), min(height, round(limits[1]))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    part = difference[y0:y1, x0:x1]
    ink = part > settings.ink
    if (total := int(ink.sum())) < settings.least_ink_px:
        return None
    profile = ink.sum(axis=1)
    there = np.flatnonzero(profile)
    columns = np.flatnonzero(ink.any(axis=0))
    share = np.cumsum(profile) / total
    core = [y0 + float(np.searchsorted(share, s)) for s in settings.core]
    core[1] = max(core[1] + 1, core[0] + 2)
    left, right = x0 + float(columns[0]), x0 + float(columns[-1]) + 1
    baseline = row.baseline
    contrast = float(np.percentile(part[ink], 75))
    text = "".join((" " if k and word["space"] else "") + word["text"] for k, word in enumerate(row.words))
    return LineLabel(
        text=text,
        block=row.words[0]["block"],
        baseline=[(left, baseline), (right, baseline)],
        above_px=baseline - (y0 + float(there[0])),
        below_px=y0 + float(there[-1]) + 1 - baseline,
        core_above_px=baseline - core[0],
        core_below_px=core[1] - baseline,
        size_px=row.size,
        direction=row.words[0]["direction"],
        ignored=bool(row.words[0]["ignored"]) or contrast < settings.faint,
        words=_words(row.words),
    )


def _words(words: Sequence[dict[str, Any]]) -> list[WordLabel]:
    """Pieces with no space between are one word."""
    joined: list[WordLabel] = []
    for word in words:
        box: Box = tuple(word["box"])
        if joined and not word["space"]:
            last = joined.pop()
            union = (min(last.box[0], box[0]), min(last.box[1], box[1]), max(last.box[2], box[2]), max(last.box[3], box[3]))
            joined.append(WordLabel(last.text + word["text"], union))
        else:
            joined.append(WordLabel(word["text"], box))
    return joined


def _blocks(found: Sequence[dict[str, Any]], lines: Sequence[LineLabel]) -> tuple[list[BlockLabel], dict[int, int]]:
    """Blocks that have lines, or are places for text; and their numbers by those of ``found``."""
    boxes: dict[int, Box] = {}
    for line in lines:
        box, other = line.box, boxes.get(line.block, line.box)
        boxes[line.block] = (min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]))
    blocks: list[BlockLabel] = []
    numbers: dict[int, int] = {}
    for number, block in enumerate(found):
        place = block["kind"] in ("cell", "field", "check-box")
        left, top, right, bottom = block["box"]
        if number not in boxes and not (place and block["empty"] and right - left > 2 and bottom - top > 2):
            continue
        numbers[number] = len(blocks)
        values = {key: value for key, value in block.items() if key not in ("box", "empty")}
        blocks.append(BlockLabel(box=(left, top, right, bottom) if place else boxes[number], **values))
    return blocks, numbers


def _within(box: Sequence[float], width: int, height: int) -> Box:
    left, top, right, bottom = box
    return max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom)

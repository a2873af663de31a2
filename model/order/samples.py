"""Drawn pages -> cuts and ends of blocks, each with whether it is right: what order is learned from.

Where it stands: between ``model/rendering/pages`` and ``python -m model.order``. A cut is right if all before it is read before all
behind it. Which cuts there are depends on those that were made before: a page is cut up several times, by right cuts drawn by chance.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from model.finder.config import SAME_KIND
from model.rendering.pages.labels import LineLabel, PageLabels
from rasm.pages.blocks import Direction, things_of, with_tables
from rasm.pages.cuts import KINDS, SETTINGS, Between, Floats, Page, Things
from rasm.pages.ends import end_features
from rasm.pages.found import Box, FoundPage, TextLine
from rasm.pages.tables import find_tables

UNORDERED = frozenset({"map"})  # their labels stand in no order


@dataclass
class Samples:
    """For each network the features of its samples, and whether they are right."""

    features: dict[str, list[Floats]] = field(default_factory=lambda: {"level": [], "upright": [], "end": []})
    right: dict[str, list[bool]] = field(default_factory=lambda: {"level": [], "upright": [], "end": []})

    def add(self, name: str, features: Floats, right: Sequence[bool]) -> None:
        self.features[name] += list(features)
        self.right[name] += list(right)


def found_of(labels: PageLabels) -> tuple[FoundPage, list[int]]:
    """What a finder without an error finds on a drawn page, and the number of each of its lines among the labels'."""
    numbers = [n for n, line in enumerate(labels.lines) if not line.ignored]
    blocks = [labels.lines[n].block for n in numbers]
    lines = []
    for k, n in enumerate(numbers):
        kind = labels.blocks[blocks[k]].kind
        first, last = k == 0 or blocks[k - 1] != blocks[k], k + 1 == len(blocks) or blocks[k + 1] != blocks[k]
        lines.append(_as_found(labels.lines[n], SAME_KIND.get(kind, kind), float(first), float(last)))
    boxes = {kind: [block.box for block in labels.blocks if block.kind == kind] for kind in ("cell", "check-box")}
    return FoundPage(lines, labels.gutters, labels.rules, labels.pictures, boxes["cell"], boxes["check-box"], 0), numbers


def _as_found(line: LineLabel, kind: str, first: float, last: float) -> TextLine:
    baseline = np.array(line.baseline, np.float64)
    rise = (line.core_above_px - line.core_below_px) / 2
    return TextLine(
        baseline - np.array([0, rise]), baseline, line.above_px - rise, line.below_px + rise, line.size_px, kind, first, last, 1.0
    )


def collect(samples: Samples, labels: PageLabels, rng: random.Random, copies: int) -> None:
    """Add those of a page: as it is labelled, and of ``copies`` as a finder with errors might find it."""
    found, numbers = found_of(labels)
    if len(numbers) < 2 or labels.kind in UNORDERED:
        return
    directions: list[Direction | None] = [labels.lines[n].direction for n in numbers]
    things, between = things_of(found, directions)
    cells = _level_boxes(found.cells)
    blocks = np.array([labels.lines[n].block for n in numbers])
    for copy in range(copies + 1):
        rank = np.arange(len(things))
        seen, white, kept = (things, between, rank) if not copy else as_found(things, between, rng)
        tables = find_tables(cells, seen) if not copy or rng.random() < 0.5 else []
        whole, members = with_tables(seen, tables)
        place = np.array([min(kept[lines]) for lines in members])
        _cut_up(samples, Page(whole, white), place, rng)
        order = np.argsort(place).tolist()
        block = np.array([blocks[kept[lines[0]]] for lines in members])[order]
        samples.add("end", end_features(whole, white, order), (block[1:] != block[:-1]).tolist())


def collect_found(samples: Samples, labels: PageLabels, found: FoundPage, rng: random.Random) -> None:
    """Add those of a page as a finder found it. Lines that are none of the labels' are left out."""
    known = [n for n, line in enumerate(labels.lines) if not line.ignored]
    if labels.kind in UNORDERED or not known or not found.lines:
        return
    numbers = _matched(np.array([labels.lines[n].box for n in known]), np.array([line.box for line in found.lines]))
    kept = np.flatnonzero(numbers >= 0)
    if len(kept) < 2:
        return
    rank = numbers[kept]
    verses = [labels.blocks[labels.lines[known[n]].block].kind == "verse" for n in rank]
    if sum(verses) and sum(found.lines[k].kind == "verse" for k, is_one in zip(kept, verses, strict=True) if is_one) < 0.7 * sum(verses):
        return  # see ``as_found``
    lines = [found.lines[k] for k in kept]
    seen = replace(found, lines=lines)
    things, between = things_of(seen, [labels.lines[known[k]].direction for k in rank])
    cells = _level_boxes(found.cells)
    blocks = np.array([labels.lines[known[k]].block for k in rank])
    for tables in ([], find_tables(cells, things)):
        whole, members = with_tables(things, tables)
        place = np.array([min(rank[line] for line in lines) for lines in members])
        _cut_up(samples, Page(whole, between), place, rng)
        order = np.argsort(place).tolist()
        block = np.array([blocks[lines[0]] for lines in members])[order]
        samples.add("end", end_features(whole, between, order), (block[1:] != block[:-1]).tolist())


def _level_boxes(boxes: Sequence[Box]) -> Floats:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _matched(known: Floats, found: Floats) -> NDArray[np.intp]:
    """Boxes (n, 4) and (m, 4) -> (m,) for each found one the known one that it shares half of their union with, or -1."""
    both = np.minimum(known[:, None, 2:], found[None, :, 2:]) - np.maximum(known[:, None, :2], found[None, :, :2])
    shared = both.clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (known, found)]
    share = shared / (areas[0][:, None] + areas[1] - shared)
    return np.where(share.max(axis=0) >= 0.5, share.argmax(axis=0), -1)


def _cut_up(samples: Samples, page: Page, place: NDArray[np.intp], rng: random.Random) -> None:
    """place: of each thing, in the order that is right."""
    parts = [np.arange(len(place))]
    while parts:
        part = parts.pop()
        if len(part) < 2 or page.is_one_column(part) or page.in_one_row(part) is not None:
            continue
        cuts = page.cuts(part)
        usable: list[NDArray[np.bool_]] = []
        for name, sides, features in (("level", cuts.level, cuts.of_level), ("upright", cuts.upright, cuts.of_upright)):
            right = [bool(place[part[side]].max() < place[part[~side]].min()) for side in sides]
            samples.add(name, features, right)
            usable += [side for side, is_right in zip(sides, right, strict=True) if is_right]
        if usable:
            side = rng.choice(usable) if rng.random() < 0.5 else max(usable, key=lambda s: min(s.sum(), (~s).sum()))
            parts += [part[side], part[~side]]


def collect_columns(samples: Samples, rng: random.Random) -> None:
    """Add those of a page of plain columns of which nothing is known but where its lines stand, as of a PDF's own text: what is not known
    to be verses or cells is columns."""
    count, em, ltr = rng.randint(2, 6), rng.uniform(8, 40), float(rng.random() < 0.25)
    wide, gap, pitch = rng.uniform(9, 40) * em, rng.uniform(0.9, 3) * em, rng.uniform(1.15, 2) * em
    ragged = rng.choice((0.0, 0.0, 0.1, 0.3, 0.9))  # share of lines that end early
    least = rng.uniform(0.2, 0.6)
    lower = rng.choice((0.0, 0.0, 0.2, 0.5, rng.random())) * pitch  # each column begins lower than the one before
    rows = rng.randint(3, 40)
    boxes: list[tuple[float, float, float]] = []  # left, middle, right, as they are read from the left
    begins = [True]  # whether a block begins with each
    top = 0.0
    if rng.random() < 0.5:
        boxes.append((0.0, 0.0, rng.uniform(0.4, 1) * (count * (wide + gap) - gap)))
        top = rng.uniform(1.5, 4) * pitch
        begins.append(True)
    for column in range(count):
        left = column * (wide + gap)
        for row in range(rows if column < count - 1 or rng.random() < 0.6 else rng.randint(1, rows)):
            short, indented = rng.uniform(least, 1) if rng.random() < ragged else 1.0, rng.random() < min(ragged, 0.3) / 2
            middle = top + row * pitch + column * lower
            boxes.append((left + indented * em, middle, left + em + (wide - em) * short))
            begins[-1] |= row == 0 or indented
            begins.append(short < 1 and ragged < 0.5)
    if rng.random() < 0.4:
        middle = count * (wide + gap) / 2
        boxes.append((middle - em, top + (rows + 2) * pitch + (count - 1) * lower, middle + em))
        begins[-1] = True
    left, middle, right = np.array(boxes).T
    if not ltr:
        left, right = -right, -left
    n, half, unknown = len(left), SETTINGS.body * em, np.full(len(left), 0.5)
    nothing = np.zeros((0, 4))
    kind = np.full(n, rng.choice((0, 0, KINDS.index("list-item"))), np.intp)  # which every line of such columns may look like
    things = Things(left, middle - half, right, middle + half, np.full(n, em), kind, np.full(n, ltr), unknown, unknown)
    _cut_up(samples, Page(things, Between(nothing, nothing)), np.arange(n), rng)
    samples.add("end", end_features(things, Between(nothing, nothing), range(n)), begins[1:n])


def collect_pairs(samples: Samples, rng: random.Random) -> None:
    """Add those of the head of a bill or a form in two languages: what is said in one stands at the right, the same in the other at the
    left, in one row and read together. Paragraphs that stand so are columns."""
    em = rng.uniform(8, 40)
    wide, pitch = rng.uniform(28, 70) * em, rng.uniform(1.6, 3.2) * em
    kinds = rng.choice((("label",), ("field",), ("paragraph",), ("list-item",), ("label", "field", "paragraph")))
    rows: list[tuple[float, float, float, str, float]] = []  # left, middle, right, kind, ltr
    top = 0.0
    if rng.random() < 0.7:
        rows.append((0.3 * wide, 0.0, 0.7 * wide, "heading", 0.0))
        top = rng.uniform(1.5, 4) * em
    for row in range(rng.randint(2, 8)):
        y = top + row * pitch
        for ltr in (0.0, 1.0):
            reach = rng.uniform(0.1, 0.42) * wide
            left, right = (0.0, reach) if ltr else (wide - reach, wide)
            rows.append((left, y + rng.gauss(0, 0.05) * em, right, rng.choice(kinds), ltr))
    end = rows[-1][1] + rng.uniform(1.5, 5) * em
    if rng.random() < 0.6:
        rows += [(0.0, end + k * 1.6 * em, wide, "table" if k == 0 else "paragraph", 0.0) for k in range(rng.randint(1, 4))]
    lefts, middles, rights, kinds_of, ltrs = zip(*rows, strict=True)
    n, half, nothing, level = len(rows), SETTINGS.body * em, np.zeros((0, 4)), np.array(middles)
    chances = np.clip(np.array([rng.gauss(0.8, 0.2) for _ in range(2 * n)]).reshape(2, n), 0, 1)
    things = Things(
        np.array(lefts), level - half, np.array(rights), level + half, np.full(n, em),
        np.array([KINDS.index(k) for k in kinds_of], np.intp), np.array(ltrs), chances[0], chances[1],
    )  # fmt: skip
    between = Between(np.array([(0.45 * wide, top - em, 0.55 * wide, end)]) if rng.random() < 0.4 else nothing, nothing)
    _cut_up(samples, Page(things, between), np.arange(n), rng)


def as_found(things: Things, between: Between, rng: random.Random) -> tuple[Things, Between, NDArray[np.intp]]:
    """Things as a finder with errors might find them: some missing, a little beside their places, of wrong kinds, with gutters and rules
    missing or in pieces. How bad it is differs from page to page. Which they are is told besides."""
    g = np.random.default_rng(rng.randrange(1 << 32))
    n = len(things)
    kept = np.flatnonzero(g.random(n) > rng.choice((0.0, 0.0, 0.03)))
    if len(kept) < 2:
        kept = np.arange(n)
    t, n = things.of(kept), len(kept)
    kind = t.kind.copy()
    # halves of verses look like columns: without their kind they are to be read as columns, which are more
    verses = (kind == KINDS.index("verse")).any()
    wrong = g.random(n) < (0.1 if verses else rng.choice((0.0, 0.05, 0.2, 0.5)))
    kind[wrong] = g.integers(0, KINDS.index("table"), int(wrong.sum()))
    if rng.random() < 0.25 and not verses:  # as of a finder that has not learned kinds
        kind[:] = 0
    trust = rng.choice((0.0, 1.0, 2.0, 4.0, 8.0))  # what is doubtful is near what is usual
    first, last = (_doubtful(chances, trust, g) for chances in (t.first, t.last))
    x, y = g.normal(0, 0.12, (2, n)) * t.size, g.normal(0, rng.choice((0.02, 0.07)), n) * t.size
    size = t.size * g.uniform(0.92, 1.08, n) * np.where(g.random(n) < 0.03, g.uniform(0.7, 1.3, n), 1.0)
    ltr = np.where(g.random(n) < 0.04, 0.5, t.ltr)
    seen = replace(
        t, left=t.left + x[0], right=np.maximum(t.right + x[1], t.left + x[0] + 1), top=t.top + y, bottom=t.bottom + y, size=size,
        kind=kind, ltr=ltr, first=first, last=last,
    )  # fmt: skip
    gutters = _broken(between.gutters, rng, g)
    if rng.random() < 0.5:
        gutters = np.concatenate([gutters, _false_gutters(seen, rng)])
    return seen, Between(gutters, _broken(between.rules, rng, g)), kept


def _false_gutters(things: Things, rng: random.Random) -> Floats:
    """White space between the columns of tables, and between labels and their values, that a finder takes for gutters."""
    y, found = (things.top + things.bottom) / 2, []
    usual = np.flatnonzero(np.isin(things.kind, [KINDS.index(kind) for kind in ("cell", "label", "field", "list-item")]))
    for k in rng.sample(usual.tolist(), min(len(usual), rng.randint(1, 4))):
        reach = things.left[k] - things.right
        beside = np.where((np.abs(y - y[k]) < 0.4 * things.size[k]) & (reach > 0.5 * things.size[k]), reach, np.inf)
        if np.isfinite(beside.min()):
            left, right = things.right[beside.argmin()], things.left[k]
            over = y[(things.left < right) & (things.right > left)]
            up, down = over[over < y[k] - 1], over[over > y[k] + 1]
            far = rng.uniform(1, 40) * things.size[k]
            top = max(y[k] - rng.random() * far, up.max(initial=-np.inf))
            bottom = min(y[k] + rng.random() * far, down.min(initial=np.inf))
            if bottom > top:
                found.append((left, top, right, bottom))
    return np.array(found, np.float64).reshape(-1, 4)


def _doubtful(chances: Floats, trust: float, g: np.random.Generator) -> Floats:
    logits = trust * (chances - 0.5) * 2 + g.normal(0, max(0.3, trust * 0.45), len(chances)) + (2 * float(chances.mean()) - 1)
    return np.asarray(1 / (1 + np.exp(-logits)))


def _broken(boxes: Floats, rng: random.Random, g: np.random.Generator) -> Floats:
    left = boxes[g.random(len(boxes)) > rng.choice((0.0, 0.1, 0.4, 1.0))].copy()
    high = left[:, 3] - left[:, 1] > left[:, 2] - left[:, 0]
    reach = np.where(high, left[:, 3] - left[:, 1], left[:, 2] - left[:, 0]) * rng.choice((0.0, 0.1, 0.25))
    starts, ends = g.uniform(-0.15, 1, len(left)) * reach, g.uniform(-0.15, 1, len(left)) * reach
    left[:, 1] += starts * high
    left[:, 3] -= ends * high
    left[:, 0] += starts * ~high
    left[:, 2] -= ends * ~high
    return left

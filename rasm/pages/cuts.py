"""Things that stand on a page -> the order in which they are read: the page is cut in two, and each part again, while it can be cut.

Where it stands: beneath ``rasm/pages/blocks.py``, which makes things of lines and tables. A cut is white space across all of a part,
level or upright. Where there are several, a small network tells of each how sure it is that all on one side is read before all on
the other; the surest is made. ``python -m model.order`` learns the networks' weights from drawn pages, whose order is known.

What no white space cuts is ordered by Breuel's two rules: what stands above comes first, and of what stands side by side, the one at
which lines begin, unless something across both stands between.

Sources: Nagy and Seth 1984, "Hierarchical Representation of Optically Scanned Documents", for cutting; Breuel 2003, "High Performance
Document Layout Analysis", for the rules.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

KINDS = (
    "paragraph", "heading", "list-item", "cell", "caption", "footnote", "header", "page-number", "marginalia", "verse", "field", "label",
    "table",
)  # fmt: skip
KINDS_TOGETHER = (
    ("header", "page-number"), ("footnote",), ("cell", "table"), ("verse",), ("label", "field"), ("list-item",), ("heading",),
    ("marginalia",), ("caption",),
)  # fmt: skip


@dataclass(frozen=True)
class CutSettings:
    """Numbers that decide. ems: sizes of type, the median of the part that is cut.

    body: how high and low a line reaches from its middle for cutting, in its size: less than half of the pitch of the closest lines.
    slack: by how much its ends are shortened, in ems, since found lines reach a little over gutters. bin: the unit in which white space is
    measured along lines, in ems, and most_bins, how many there are at most. sure: all level cuts as sure as this are made at once.
    latin: a page of which more than this share runs from left to right is read from the left, a part of it where more than all_latin
    does. right_of: but a page whose Arabic stands so far to the right of the rest, in widths of the page, is read from the right.
    """

    body: float = 0.36
    slack: float = 0.15
    bin: float = 0.3
    most_bins: int = 320
    sure: float = 0.9
    latin: float = 0.65
    all_latin: float = 0.8
    right_of: float = 0.25


SETTINGS = CutSettings()
_LEVEL = 0.25  # in ems: lines whose middles are no further apart stand in one row


@dataclass(frozen=True)
class Things:
    """n lines or tables on a level page. left, top, right, bottom: of what a cut may not cross, in pixels. size: of type. kind: numbers of
    KINDS. ltr: 1 where it runs from left to right, 0 from right to left, 0.5 where it does not tell. first, last: the chances that it
    begins or ends its block. All (n,)."""

    left: Floats
    top: Floats
    right: Floats
    bottom: Floats
    size: Floats
    kind: Numbers
    ltr: Floats
    first: Floats
    last: Floats

    def __len__(self) -> int:
        return len(self.left)

    def of(self, which: Numbers) -> Things:
        return Things(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def mirrored(self) -> Things:
        return replace(self, left=-self.right, right=-self.left)


def join_things(things: Things, rows: Floats) -> Things:
    """Those and some more: (m, 9), in the order of the fields of Things."""
    return Things(
        *(
            np.concatenate([getattr(things, name), rows[:, k].astype(getattr(things, name).dtype)])
            for k, name in enumerate(things.__dataclass_fields__)
        )
    )


@dataclass(frozen=True)
class Between:
    """What stands between things: boxes (n, 4) of gutters, of rules and of pictures on which nothing stands, left, top, right, bottom."""

    gutters: Floats
    rules: Floats
    pictures: Floats = field(default_factory=lambda: np.zeros((0, 4)))

    def mirrored(self) -> Between:
        return Between(*(boxes[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1]) for boxes in (self.gutters, self.rules, self.pictures)))


@dataclass(frozen=True)
class Cuts:
    """The cuts of one part. level, upright: of each, whether a thing comes before it, (cuts, things). of_level, of_upright: (cuts,
    features). Upright cuts have at their first side what is read first. backwards: whether the part is read from the left."""

    level: NDArray[np.bool_]
    upright: NDArray[np.bool_]
    of_level: Floats
    of_upright: Floats
    backwards: bool


class Scorer:
    """Networks with one hidden layer: features -> how sure it is, 0 to 1, that a level or an upright cut is right, or that a block ends."""

    def __init__(self, weights: dict[str, Any]) -> None:
        self._layers = {
            name: [np.array(weights[name][part], np.float64) for part in ("in", "in_bias", "out", "out_bias")]
            for name in ("level", "upright", "end")
        }

    def __call__(self, name: str, features: Floats) -> Floats:
        into, into_bias, out, out_bias = self._layers[name]
        hidden = np.tanh(features @ into + into_bias)
        return np.asarray(1 / (1 + np.exp(-np.clip(hidden @ out + out_bias, -30, 30))))


@cache
def default_scorer() -> Scorer:
    """With the weights that Rasm comes with."""
    return Scorer(json.loads(resources.files("rasm.weights").joinpath("order.json").read_text(encoding="utf-8")))


def reading_order(things: Things, between: Between, scorer: Scorer | None = None) -> list[int]:
    """Their numbers, each once, in the order in which they are read."""
    if len(things) < 2:
        return list(range(len(things)))
    scorer = default_scorer() if scorer is None else scorer
    page = Page(things, between)
    order: list[int] = []
    parts = [np.arange(len(things))]
    while parts:
        part = parts.pop()
        if len(part) < 2:
            order += part.tolist()
            continue
        if page.is_one_column(part):
            order += part[np.argsort(page.things.top[part] + page.things.bottom[part], kind="stable")].tolist()
            continue
        if (row := page.in_one_row(part)) is not None:
            order += row.tolist()
            continue
        cuts = page.cuts(part)
        level, upright = scorer("level", cuts.of_level), scorer("upright", cuts.of_upright)
        best_level, best_upright = level.max(initial=-1.0), upright.max(initial=-1.0)
        if best_level < 0 and best_upright < 0:
            order += part[breuel_order(things.of(part), cuts.backwards)].tolist()
        elif best_upright > best_level:
            before = cuts.upright[upright.argmax()]
            parts += [part[~before], part[before]]
        else:
            made = level >= min(best_level, SETTINGS.sure)
            piece = (~cuts.level[made]).sum(axis=0)  # the things' numbers of level cuts above them
            parts += [part[piece == k] for k in range(int(made.sum()), -1, -1)]
    return order


class Page:
    """What all parts of a page share."""

    def __init__(self, things: Things, between: Between) -> None:
        self.things, self.between = things, between
        self._sides = {False: (things, between), True: (things.mirrored(), between.mirrored())}
        self._kinds = kinds_together(things.kind)
        weight = (things.right - things.left) / np.maximum(things.size, 1e-6)
        self._weight = np.maximum(weight, 1e-6)
        self._width = max(1.0, float(np.ptp(np.concatenate([things.left, things.right])))) if len(things) else 1.0
        self._height = max(1.0, float(np.ptp(np.concatenate([things.top, things.bottom])))) if len(things) else 1.0
        share = self._share_ltr(np.arange(len(things))) if len(things) else 0.0
        self._backwards = share > SETTINGS.latin and not (share < SETTINGS.all_latin and self._arabic_is_right())

    def _arabic_is_right(self) -> bool:
        """Whether what runs from right to left stands to the right of the rest: a page in two languages that begins with Arabic."""
        middles = (self.things.left + self.things.right) / 2
        rtl, ltr = (float(np.average(middles, weights=self._weight * side + 1e-9)) for side in (1 - self.things.ltr, self.things.ltr))
        return rtl - ltr > SETTINGS.right_of * self._width

    def _share_ltr(self, part: Numbers) -> float:
        return float(np.average(self.things.ltr[part], weights=self._weight[part]))

    def is_one_column(self, part: Numbers) -> bool:
        """Whether each of its things stands wholly below another, and reaches over it: then there is nothing to decide."""
        order = part[np.argsort(self.things.top[part], kind="stable")]
        left, right = self.things.left[order], self.things.right[order]
        return bool((self.things.top[order][1:] >= self.things.bottom[order][:-1]).all() and left.max() < right.min())

    def in_one_row(self, part: Numbers) -> Numbers | None:
        """Its things as they are read, where each overlaps each other in height and none in width."""
        order = part[np.argsort(self.things.left[part], kind="stable")]
        left, right = self.things.left[order], self.things.right[order]
        if (left[1:] < right[:-1]).any() or self.things.top[order].max() >= self.things.bottom[order].min():
            return None
        return order if self._is_backwards(self._share_ltr(part)) else order[::-1]

    def _is_backwards(self, share: float) -> bool:
        """Whether a part of which this share runs from left to right is read from the left."""
        return share > SETTINGS.all_latin or (self._backwards and share > 1 - SETTINGS.all_latin)

    def cuts(self, part: Numbers) -> Cuts:
        """All cuts of a part of the page, with their features."""
        share = self._share_ltr(part)
        backwards = self._is_backwards(share)
        # mirrored where it is read from the right, so that what is read first is at the left
        all_things, between = self._sides[not backwards]
        things = all_things.of(part)
        left, top, right, bottom = (getattr(things, name) for name in ("left", "top", "right", "bottom"))
        em = max(1e-6, median(things.size))
        slack = np.minimum(SETTINGS.slack * em, (right - left) / 3)
        starts, bands = _parted(top, bottom)
        starts_x, pieces = _parted(left + slack, right - slack)
        x0, x1, y0, y1 = left.min(), right.max(), top.min(), bottom.max()
        gutters = between.gutters[(between.gutters[:, 0] < x1) & (between.gutters[:, 2] > x0)]
        gutters = gutters[(gutters[:, 1] < y1) & (gutters[:, 3] > y0)]
        rules = between.rules[(between.rules[:, 0] < x1) & (between.rules[:, 2] > x0)]
        rules = rules[(rules[:, 1] < y1 + em) & (rules[:, 3] > y0 - em)]
        view = _View(things, self._kinds[part], em, (x0, y0, x1, y1), gutters, rules, share, bands, starts, pieces, starts_x)
        common = view.common(self._width, self._height)
        upright = view.upright()
        level = view.level(upright)
        is_first = bands < np.arange(1, len(starts))[:, None]  # (cuts, things)
        if len(level) and (through := _through(things, is_first, between.pictures)).any():
            level, is_first = level[~through], is_first[~through]
        return Cuts(
            is_first,
            pieces < np.arange(1, len(starts_x))[:, None],
            np.hstack([level, np.broadcast_to(common, (len(level), len(common)))]),
            np.hstack([upright, np.broadcast_to(common, (len(upright), len(common)))]),
            backwards,
        )


def _through(things: Things, is_first: NDArray[np.bool_], pictures: Floats) -> NDArray[np.bool_]:
    """Which level cuts go through a picture that stands in a column, with text above or beneath it and other text beside it."""
    found = np.zeros(len(is_first), np.bool_)
    middle = (things.top + things.bottom) / 2
    for left, top, right, bottom in pictures:
        over = np.minimum(things.right, right) - np.maximum(things.left, left) > 0
        beside = ~over & (middle > top) & (middle < bottom)
        if (over & ((middle < top) | (middle > bottom))).any() and beside.any():
            # where what is beside it is in two parts
            found |= (is_first & beside).any(axis=1) & (~is_first & beside).any(axis=1)
    return found


def kinds_together(kind: Numbers) -> Floats:
    """(n,) numbers of KINDS -> (n, len(KINDS_TOGETHER)), 1 where it is of these."""
    return np.asarray(_TOGETHER[kind])


_TOGETHER = np.array([[float(kind in names) for names in KINDS_TOGETHER] for kind in KINDS])


def median(values: Floats) -> float:
    """As NumPy's, but the greater of the two in the middle, and a tenth of the time."""
    return float(np.sort(values)[len(values) // 2])


def _parted(start: Floats, end: Floats) -> tuple[Numbers, Numbers]:
    """Spans along one axis -> where in their order the groups begin between which there is white space, and the group of each."""
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    begins = np.concatenate([[True], start[order][1:] >= reach[:-1]])
    group = np.empty(len(start), np.intp)
    group[order] = np.cumsum(begins) - 1
    return np.flatnonzero(begins), group


def _log(values: Any) -> Floats:
    return np.asarray(np.log1p(np.clip(values, 0, 1e4)))


def _group_sums(values: Floats, group: Numbers, count: int) -> Floats:
    """(n, k) -> (count, k)."""
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, group, values)
    return sums


def _running(values: Floats, most: bool, first: bool) -> Floats:
    """The extremes of all before each cut, or, without ``first``, of all behind it."""
    accumulate = (np.maximum if most else np.minimum).accumulate
    return np.asarray(accumulate(values)[:-1] if first else accumulate(values[::-1])[::-1][1:])


def _extreme(values: Floats, group: Numbers, count: int, most: bool) -> Floats:
    found = np.full(count, -np.inf if most else np.inf)
    (np.maximum if most else np.minimum).at(found, group, values)
    return found


@dataclass(frozen=True)
class _View:
    """A part that is to be cut, mirrored so that what is read first is at the left. box: around it. share: of it that runs from left to
    right. bands, pieces: of each thing, the number of the group that level, or upright, white space parts from others."""

    things: Things
    kinds: Floats
    em: float
    box: tuple[float, float, float, float]
    gutters: Floats
    rules: Floats
    share: float
    bands: Numbers
    starts: Numbers
    pieces: Numbers
    starts_x: Numbers

    def common(self, width: float, height: float) -> Floats:
        """Features that all cuts of the part share."""
        x0, y0, x1, y1 = self.box
        things, n = self.things, len(self.things)
        widths = (things.right - things.left) / self.em
        return np.array([
            _log(n), len(self.starts) / n, _log(len(self.starts)), _log(len(self.starts_x)),
            (x1 - x0) / width, (y1 - y0) / height, _log((x1 - x0) / self.em), _log(median(widths)),
            self.share, 4 * self.share * (1 - self.share), *self.kinds.mean(axis=0),
        ])  # fmt: skip

    def upright(self) -> Floats:
        """(cuts, features) of the upright cuts, from what is read first."""
        pieces = len(self.starts_x)
        if pieces < 2:
            return np.zeros((0, UPRIGHT_FEATURES))
        _, y0, _, y1 = self.box
        things, em, own = self.things, self.em, self.pieces
        left, right, top, bottom = (
            _extreme(edge, own, pieces, most)
            for edge, most in ((things.left, False), (things.right, True), (things.top, False), (things.bottom, True))
        )
        wide = things.right - things.left
        whole = np.column_stack([np.ones(len(wide)), wide, wide / em, things.ltr, things.first, np.log(things.size / em), self.kinds])
        sums = np.cumsum(_group_sums(whole, own, pieces), axis=0)
        sides: list[Floats] = []
        spans: list[tuple[Floats, Floats]] = []
        for side in (sums[:-1], sums[-1] - sums[:-1]):
            first = not sides
            low, up, start, end = (
                _running(edge, most, first) for edge, most in ((top, False), (bottom, True), (left, False), (right, True))
            )
            spans.append((low, up))
            extent = np.maximum(end - start, 1e-6)
            count = side[:, :1]
            means = side[:, 1:] / count
            sides.append(
                np.hstack([_log(count), _log(extent / em)[:, None], means[:, :1] / extent[:, None], _log(means[:, 1:2]), means[:, 2:]])
            )
        (a0, a1), (b0, b1) = spans
        both = np.minimum(a1, b1) - np.maximum(a0, b0)
        ends, begins = np.maximum.accumulate(right)[:-1], np.minimum.accumulate(left[::-1])[::-1][1:]
        gaps = (begins - ends) / em
        low, high = np.minimum(ends, begins) - 0.3 * em, np.maximum(ends, begins) + 0.3 * em
        inner_top, inner_bottom = np.where(both > 0, np.maximum(a0, b0), y0), np.where(both > 0, np.minimum(a1, b1), y1)
        upright_rules = self.rules[self.rules[:, 3] - self.rules[:, 1] > self.rules[:, 2] - self.rules[:, 0]]
        along = [
            [self._along(boxes, *place) for place in zip(low, high, inner_top, inner_bottom, strict=True)]
            for boxes in (self.gutters, upright_rules)
        ]
        middles = (things.top + things.bottom) / 2
        level = np.abs(middles[:, None] - middles) < _LEVEL * em  # what stands in one row
        beside, fewer = np.empty(pieces - 1), np.empty(pieces - 1)
        for k in range(pieces - 1):
            first_side = own <= k
            across = level[first_side][:, ~first_side]
            axis = int(across.shape[0] < across.shape[1])
            beside[k], fewer[k] = across.any(axis=axis).mean(), min(across.shape)
        shorter, taller = np.minimum(a1 - a0, b1 - b0), np.maximum(a1 - a0, b1 - b0)
        columns = [
            _log(gaps * 4), gaps >= gaps.max() - 1e-9, _log(np.arange(pieces - 1)), both / np.maximum(1e-6, shorter),
            both / np.maximum(1e-6, taller), beside, np.clip((b0 - a0) / em, -8, 8) / 4, np.clip((b1 - a1) / em, -8, 8) / 4,
            *np.array(along), _log(both / em), _log(fewer),
        ]  # fmt: skip
        return np.hstack([np.stack(columns, axis=1).astype(np.float64), *sides])

    def _along(self, boxes: Floats, low: float, high: float, top: float, bottom: float) -> float:
        """The share of the height from ``top`` to ``bottom`` at which one of the boxes stands between ``low`` and ``high``."""
        if not len(boxes):
            return 0.0
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        near = boxes[(middle > low) & (middle < high)]
        covered, reach = 0.0, top
        for start, end in sorted(near[:, [1, 3]].tolist()):
            start, end = max(start, reach), min(end, bottom)
            if end > start:
                covered += end - start
                reach = end
        return float(covered / max(1e-6, bottom - top))

    def level(self, upright: Floats) -> Floats:
        """(cuts, features) of the level cuts, from above."""
        count = len(self.starts) - 1
        if count < 1:
            return np.zeros((0, LEVEL_FEATURES))
        x0, y0, x1, y1 = self.box
        things, em, bands = self.things, self.em, self.bands
        n, rows = len(things), count + 1
        tops, bottoms = _extreme(things.top, bands, rows, False), _extreme(things.bottom, bands, rows, True)
        gaps = (tops[1:] - bottoms[:-1]) / em
        at = (tops[1:] + bottoms[:-1]) / 2
        members = np.bincount(bands, minlength=rows).astype(np.float64)
        shares = _group_sums(self.kinds, bands, rows) / members[:, None]
        other = _group_sums(np.column_stack([things.last, things.ltr]), bands, rows) / members[:, None]
        first, last = _extreme(things.first, bands, rows, False), _extreme(things.last, bands, rows, False)
        any_first = _extreme(things.first, bands, rows, True)
        largest, smallest = _extreme(things.size, bands, rows, True), _extreme(things.size, bands, rows, False)
        left, right = _extreme(things.left, bands, rows, False), _extreme(things.right, bands, rows, True)
        above = np.cumsum(members)[:-1]
        depth, both, wide, covered = self._white_runs(rows)
        across = (self.rules[:, 2] - self.rules[:, 0]) > (self.rules[:, 3] - self.rules[:, 1])
        rule = np.zeros(count)
        for left_x, top_y, right_x, bottom_y in self.rules[across].tolist():
            y = (top_y + bottom_y) / 2
            k = int(np.searchsorted(at, y))  # the nearest cuts
            for j in (k - 1, k):
                if 0 <= j < count and bottoms[j] - 0.4 * em <= y <= tops[j + 1] + 0.4 * em:
                    rule[j] += (min(right_x, x1) - max(left_x, x0)) / max(1e-6, x1 - x0)
        crossed = [_crossing(boxes, at) / em for boxes in (self.gutters, self.rules[~across])]
        best = upright[upright[:, 0].argmax()] if len(upright) else np.zeros(UPRIGHT_FEATURES)
        widest = np.array([float(len(upright) > 0), *best[[0, 5, 8, 9, 10, 11]], upright[:, 8].max(initial=0.0)])
        places = np.arange(count)
        usual = max(0.02, median(gaps))
        columns = [
            _log(gaps * 4), _log(gaps / usual), gaps >= gaps.max() - 1e-9, _log(above), _log(n - above), places == 0, places == count - 1,
            _log(members[:-1]), _log(members[1:]), _log(depth), _log(both), _log(wide), covered[:-1], covered[1:],
            _log(crossed[0]), _log(crossed[1]), np.minimum(rule, 1.0),
            np.log(largest[1:] / em), np.log(largest[:-1] / em), np.log(smallest[1:] / em), np.log(smallest[:-1] / em),
            other[:-1, 0], first[1:], last[:-1], any_first[1:], other[:-1, 1], other[1:, 1],
            (left[1:] - left[:-1]) / max(1e-6, x1 - x0), (right[1:] - right[:-1]) / max(1e-6, x1 - x0), (at - y0) / max(1e-6, y1 - y0),
            (at - y0) / em / 40, (y1 - at) / em / 40,
        ]  # fmt: skip
        return np.hstack([
            np.stack(columns, axis=1).astype(np.float64), shares[:-1], shares[1:], np.broadcast_to(widest, (count, len(widest))),
        ])  # fmt: skip

    def _white_runs(self, rows: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Of each level cut, how far upright white space goes on over it: the rows that it parts above and below, the fewer and both
        together, and how wide it is, in bins; and of each band, how much of the part's width is covered."""
        x0, _, x1, _ = self.box
        unit = max(SETTINGS.bin * self.em, (x1 - x0) / SETTINGS.most_bins)
        bins = int((x1 - x0) / unit) + 3
        steps = np.zeros((rows, bins + 1))
        slack = np.minimum(SETTINGS.slack * self.em, (self.things.right - self.things.left) / 3)
        low, high = (np.round((edge - x0) / unit).astype(np.intp) + 1 for edge in (self.things.left + slack, self.things.right - slack))
        np.add.at(steps, (self.bands, low), 1)
        np.add.at(steps, (self.bands, np.maximum(high, low + 1)), -1)
        ink = np.cumsum(steps, axis=1)[:, :bins] > 0
        white = ~ink
        white[:, 1:-1] = white[:, 1:-1] & white[:, 2:] & white[:, :-2]
        inner = np.logical_or.accumulate(ink, axis=1) & np.logical_or.accumulate(ink[:, ::-1], axis=1)[:, ::-1] & white
        down, up = np.zeros((rows, bins)), np.zeros((rows, bins))
        down[0] = inner[0]
        for k in range(1, rows):
            down[k] = (down[k - 1] + inner[k]) * white[k]
        up[-1] = inner[-1]
        for k in range(rows - 2, -1, -1):
            up[k] = (up[k + 1] + inner[k]) * white[k]
        fewer, together = np.minimum(down[:-1], up[1:]), (down[:-1] + up[1:]) * (white[:-1] & white[1:])
        widths = (fewer > 0).sum(axis=1)
        return fewer.max(axis=1), together.max(axis=1), widths.astype(np.float64), ink.mean(axis=1)


def _crossing(boxes: Floats, at: Floats) -> Floats:
    """How far the box that reaches furthest to both sides of each of some heights does, in pixels."""
    if not len(boxes):
        return np.zeros(len(at))
    return np.asarray(np.minimum(at[:, None] - boxes[:, 1], boxes[:, 3] - at[:, None]).max(axis=1).clip(0))


UPRIGHT_FEATURES = 12 + 2 * (7 + len(KINDS_TOGETHER))
LEVEL_FEATURES = 32 + 2 * len(KINDS_TOGETHER) + 8
COMMON_FEATURES = 10 + len(KINDS_TOGETHER)


def breuel_order(things: Things, backwards: bool) -> list[int]:
    """What no cut parts. backwards: whether it is read from the left."""
    if not backwards:
        things = things.mirrored()
    left, right, middle, em = things.left, things.right, (things.top + things.bottom) / 2, median(things.size)
    beside = np.minimum(right[:, None], right) - np.maximum(left[:, None], left) > SETTINGS.slack * em
    before = beside & (middle[:, None] < middle)
    apart = (right[:, None] <= left + SETTINGS.slack * em) & ~beside
    for a, b in np.argwhere(apart):
        low, high = sorted((middle[a], middle[b]))
        if not (beside[a] & beside[b] & (middle > low) & (middle < high)).any():
            before[a, b] = True
    order: list[int] = []
    blocked = before.sum(axis=0)
    waiting = np.ones(len(things), np.bool_)
    while waiting.any():
        # where the rules contradict each other, what the fewest stand before goes first
        cost = np.where(waiting, blocked * 1e6 + (middle - middle.min()) + 1e-3 * (left - left.min()), np.inf)
        chosen = int(cost.argmin())
        order.append(chosen)
        waiting[chosen] = False
        blocked = blocked - before[chosen]
    return order

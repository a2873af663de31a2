"""Lines out of a network's maps: outlines, pieces joined but over no gutter, other lines painted over. The network is told what to say."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from rasm.image import Pixels, to_grey
from rasm.pages.finder import FinderSettings, LineFinder
from rasm.pages.found import Box, moved

NAMES = [
    "above",
    "below",
    "size",
    "baseline",
    "gutter",
    "rule",
    "picture",
    "cell",
    "check-box",
    "first",
    "last",
    "kind:paragraph",
    "kind:heading",
]
SIZE = 20.0


class Told(LineFinder):
    """A finder whose network says that there are these lines: (x0, x1, y of the middle), in pixels of a page that is seen as it is."""

    def __init__(self, lines: list[tuple[float, float, float]], gutters: list[Box] = [], slope: float = 0.0) -> None:  # noqa: B006
        self.info = {"maps": NAMES}
        self._index = {name: k for k, name in enumerate(NAMES)}
        self._kinds = ["paragraph", "heading"]
        self.settings = FinderSettings(most_enlarged=1.0)
        self._session = self  # type: ignore[assignment]
        self.lines, self.gutters, self.slope, self.seen = lines, gutters, slope, []  # type: ignore[var-annotated]

    def run(self, _: None, inputs: dict[str, Pixels], options: object = None) -> list[np.ndarray]:  # type: ignore[type-arg]
        _, _, height, width = inputs["page"].shape
        self.seen.append((height, width))
        cores, maps = np.zeros((height // 2, width // 2), np.float32), np.zeros((len(NAMES), height // 4, width // 4), np.float32)
        for x0, x1, y in self.lines:
            ends = [(x / 2 - 0.5, (y + self.slope * (x - x0)) / 2 - 0.5) for x in (x0, x1)]
            corners = [(x, y - 1) for x, y in ends] + [(x, y + 1) for x, y in reversed(ends)]
            cv2.fillPoly(cores, [np.round(corners).astype(np.int32)], 1.0)
        maps[0] = math.log(10 / 10)
        maps[1] = math.log(8 / 10)
        maps[2] = math.log(SIZE / 16)
        maps[3] = 0.25
        maps[self._index["kind:heading"]] = 1.0
        maps[self._index["first"]] = 0.9
        for left, top, right, bottom in self.gutters:
            maps[self._index["gutter"]][round(top / 4) : round(bottom / 4), round(left / 4) : round(right / 4)] = 1.0
        return [cores[None, None], maps[None], np.array([[0.1, 0.7, 0.1, 0.1]], np.float32)]


PAGE = np.full((320, 640), 255, np.uint8)


def test_a_line_has_its_outline_and_its_baseline() -> None:
    found = Told([(100, 500, 160)]).find(PAGE)
    (line,) = found.lines
    assert line.box == pytest.approx((100, 150, 500, 168), abs=3)
    assert line.baseline[:, 1] == pytest.approx(165, abs=2)
    assert (line.size_px, line.kind, line.first) == (pytest.approx(SIZE), "heading", pytest.approx(0.9))
    assert line.confidence > 0.9
    assert found.turn == 1


def test_a_slanting_line_is_followed() -> None:
    found = Told([(100, 500, 100)], slope=0.2).find(PAGE)
    x, y = moved(found.to_page, found.lines[0].middle).T
    assert np.interp([120, 480], x, y) == pytest.approx([104, 176], abs=3)


def test_pieces_of_a_line_are_joined_but_over_no_gutter() -> None:
    pieces = [(100.0, 300.0, 160.0), (306.0, 500.0, 160.0), (100.0, 300.0, 220.0), (340.0, 500.0, 220.0)]
    boxes = [line.box for line in Told(pieces).find(PAGE).lines]
    assert sorted((round(b[0], -1), round(b[2], -1)) for b in boxes) == [(100, 300), (100, 500), (340, 500)]
    found = Told(pieces, [(298, 100, 308, 260)]).find(PAGE)
    assert len(found.lines) == 4
    assert found.gutters[0] == pytest.approx((298, 100, 308, 260), abs=4)


def test_an_empty_page_has_no_lines() -> None:
    found = Told([]).find(PAGE)
    assert found.lines == [] and found.gutters == [] and found.pictures == []


def test_small_type_is_looked_at_again_larger() -> None:
    finder = Told([(100, 1000, 600)])
    finder.find(np.full((2600, 1900), 255, np.uint8))  # type of 20 px at either size: large enough
    assert [max(side) for side in finder.seen] == [384, 1280]  # the first is a glance
    finder.settings = FinderSettings(small_px=30.0)
    finder.find(np.full((2600, 1900), 255, np.uint8))
    assert len(finder.seen) == 5
    assert finder.seen[4] > finder.seen[3]


def test_a_page_of_many_lines_in_large_type_is_looked_at_once() -> None:
    """A glance tells it: type of 20 px at 384 is one of 67 at 1,280. Not where there are few lines, or some are smaller."""
    lines = [(60.0, 240.0, 15.0 + 20 * k) for k in range(18)]
    page = np.full((2600, 1900), 255, np.uint8)
    finder = Told(lines)
    finder.find(page)
    assert len(finder.seen) == 2 and 384 < max(finder.seen[1]) < 600
    few = Told(lines[:10])
    few.find(page)
    assert max(few.seen[1]) == 1280

    class TwoSizes(Told):
        def run(self, session: None, inputs: dict[str, Pixels], options: object = None) -> list[np.ndarray]:  # type: ignore[type-arg]
            cores, maps, turns = super().run(session, inputs, options)
            maps[0, NAMES.index("size"), maps.shape[2] // 2 :] = math.log(SIZE / 3 / 16)
            return [cores, maps, turns]

    mixed = TwoSizes(lines)
    mixed.find(page)
    assert max(mixed.seen[1]) == 1280


@pytest.mark.parametrize("slope", [-0.12, 0.05, 0.2])
def test_a_page_is_level_as_far_as_its_lines_slant(slope: float) -> None:
    lines = [(100.0, 500.0, 100.0), (100.0, 500.0, 200.0)]
    found = Told(lines, slope=slope).find(np.full((512, 640), 255, np.uint8))
    assert found.skew_degrees == pytest.approx(math.degrees(math.atan(slope)), abs=0.3)
    for line, (x0, x1, y) in zip(sorted(found.lines, key=lambda v: float(v.middle[0, 1])), lines, strict=True):
        assert np.ptp(line.middle[:, 1]) < 4
        ends = moved(found.to_page, line.middle[[0, -1]])
        assert ends == pytest.approx(np.array([(x0, y), (x1, y + slope * (x1 - x0))]), abs=5)


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_lines_in_a_row_tell_how_a_page_lies(slope: float) -> None:
    """Each line's figures, at its left, stand higher than its words: each slants, and the rows do not."""
    own, rows = 0.02, [(x, y) for y in (100, 140, 180, 220) for x in (40, 240, 440)]

    class Slanting(Told):
        def run(self, session: None, inputs: dict[str, Pixels], options: object = None) -> list[np.ndarray]:  # type: ignore[type-arg]
            self.slope = own + slope
            return super().run(session, inputs, options)

    lines = [(float(x), x + 120.0, y + slope * x) for x, y in rows]
    found = Slanting(lines).find(np.full((512, 640), 255, np.uint8))
    assert found.skew_degrees == pytest.approx(math.degrees(math.atan(slope)), abs=0.2)


def test_short_lines_are_as_high_as_their_ink() -> None:
    """A page's number in a face whose figures are as high as its small letters, at three places: dark, light on dark, and without ink."""
    page = PAGE.copy()
    page[200:260] = 30
    page[96:104, 102:118] = 0
    page[226:234, 102:118] = 220
    found = Told([(100, 120, 100), (100, 120, 230), (100, 120, 300), (300, 500, 100)]).find(page)
    heights = [line.box[3] - line.box[1] for line in sorted(found.lines, key=lambda v: (v.box[0] > 200, v.box[1]))]
    assert heights[:2] == pytest.approx([8, 8], abs=3.5)
    assert heights[2:] == pytest.approx([18, 18], abs=1)


def test_no_line_crosses_a_gutter() -> None:
    found = Told([(100.0, 500.0, 160.0)], [(290, 100, 310, 260)]).find(PAGE)
    assert sorted(round(line.box[2], -1) for line in found.lines) == [290, 500]


def test_large_type_that_the_second_look_misses_stays() -> None:
    class Second(Told):
        def run(self, name: None, inputs: dict[str, Pixels], options: object = None) -> list[np.ndarray]:  # type: ignore[type-arg]
            if len(self.seen) == 2:  # at the higher resolution it sees but the small line
                scale = (inputs["page"].shape[2] // 64 * 64 - 32) / 2560  # without the padding, about
                self.lines = [(200 * scale, 1200 * scale, 1200 * scale)]
            return super().run(name, inputs)

    finder = Second([(100, 600, 300), (100, 600, 600)])
    finder.settings = FinderSettings(small_px=SIZE + 1, most_side_px=2560)
    found = finder.find(np.full((2560, 1900), 255, np.uint8))
    assert len(finder.seen) == 3
    assert len(found.lines) == 2


def test_ink_of_the_papers_lightness_is_looked_for_by_its_colour() -> None:
    page = np.full((320, 640, 3), (60, 131, 60), np.uint8)
    page[100:220:4, 100:500:6] = (200, 60, 60)
    finder = Told([(100, 500, 160)])
    assert finder.find(page).by_colour and len(finder.seen) == 3
    finder = Told([(100, 500, 160)])
    assert not finder.find(np.repeat(to_grey(page)[..., None], 3, axis=2)).by_colour and len(finder.seen) == 2


def test_a_coloured_pattern_without_lines_has_none() -> None:
    page = np.full((320, 640, 3), (60, 131, 60), np.uint8)
    page[::4, ::6] = (200, 60, 60)
    found = Told([]).find(page)
    assert found.by_colour and found.lines == []

"""Lines out of a network's maps: outlines, pieces joined but over no gutter, other lines painted over. The network is told what to say."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from rasm.image import Pixels
from rasm.pages.finder import Box, FinderSettings, LineFinder, TextLine, cut_lines

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

    def run(self, _: None, inputs: dict[str, Pixels]) -> list[np.ndarray]:  # type: ignore[type-arg]
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
    (line,) = Told([(100, 500, 100)], slope=0.2).find(PAGE).lines
    assert np.interp([120, 480], line.middle[:, 0], line.middle[:, 1]) == pytest.approx([104, 176], abs=3)


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
    assert cut_lines(PAGE, []) == []


def test_small_type_is_looked_at_again_larger() -> None:
    finder = Told([(100, 1000, 600)])
    finder.find(np.full((2600, 1900), 255, np.uint8))  # type of 20 px at either size: large enough
    assert len(finder.seen) == 1
    finder.settings = FinderSettings(small_px=30.0)
    finder.find(np.full((2600, 1900), 255, np.uint8))
    assert len(finder.seen) == 3
    assert finder.seen[2] > finder.seen[1]


def a_line(y: float, x0: float = 50, x1: float = 250, bend: float = 0.0) -> TextLine:
    xs = np.linspace(x0, x1, 21)
    middle = np.column_stack([xs, y + bend * np.sin((xs - x0) / (x1 - x0) * np.pi)])
    return TextLine(middle, middle + np.array([0, 5]), 12, 9, 20, "paragraph", 0, 0, 1)


def test_a_bent_line_is_cut_straight_and_others_are_painted_over() -> None:
    page = np.full((200, 300), 230, np.uint8)
    line, neighbour = a_line(80, bend=-14), a_line(94)
    for x in range(50, 251):
        y = round(float(np.interp(x, line.middle[:, 0], line.middle[:, 1])))
        page[y - 3 : y + 3, x] = 20
    page[88:100, 50:251] = 90  # of the neighbour, within reach of the line's ends
    cut, _ = cut_lines(page, [line, neighbour])
    dark = np.nonzero((cut < 60).mean(axis=1) > 0.8)[0]
    assert 4 <= len(dark) <= 8  # straight: the same rows from end to end
    assert np.median(cut) == 230
    assert page[90, 60] == 90  # which is as far below the line as its last row
    assert (cut[-2:] > 220).all()

"""What scanners and telephones do to pages: labels go where the ink goes, and a seed gives the same copy."""

from __future__ import annotations

import random

import numpy as np
import pytest

from model.rendering.pages.degrade import EFFECTS, degrade, random_warp
from model.rendering.pages.warp import Warp, Wave
from rasm.image import Pixels

SIDE = 400


def dotted(points: list[tuple[int, int]]) -> Pixels:
    page = np.full((700, 500), 255, np.uint8)
    for x, y in points:
        page[y - 4 : y + 5, x - 4 : x + 5] = 0
    return page


def centre_of_ink(picture: Pixels) -> tuple[float, float]:
    ys, xs = np.nonzero(picture < 128)
    return float(xs.mean()), float(ys.mean())


@pytest.mark.parametrize("seed", range(25))
def test_points_go_where_their_ink_goes(seed: int) -> None:
    rng = random.Random(seed)
    warp = random_warp(rng, rng.uniform(0.5, 1.6), (250, 350), (200, 200))
    for point in ((250, 350), (200, 300), (290, 380)):
        picture = warp.picture(dotted([point]), SIDE, SIDE, 255)
        ((x, y),) = warp.points(np.array([point], np.float64))
        if 10 < x < SIDE - 10 and 10 < y < SIDE - 10:
            assert centre_of_ink(picture) == pytest.approx((x, y), abs=1.3)


def test_a_level_view_is_neither_turned_nor_bent() -> None:
    warp = random_warp(random.Random(1), 2.0, (100, 100), (50, 60), level=True)
    assert not warp.waves
    assert warp.points(np.array([(100.0, 100.0), (110.0, 100.0)])).tolist() == [[50, 60], [70, 60]]
    assert warp.scale_at(np.array([(100.0, 100.0)])) == pytest.approx([2.0])


def test_around_a_page_lies_what_it_is_laid_on() -> None:
    warp = Warp(np.array([[1, 0, 100], [0, 1, 100], [0, 0, 1.0]]), (Wave(5, 200, 0),))
    desk = np.full((SIDE, SIDE), 77, np.uint8)
    picture = warp.picture(dotted([]), SIDE, SIDE, desk)
    assert (picture[:90, :] == 77).all()
    assert (picture[120:, 110:] == 255).all()
    assert (warp.picture(dotted([]), SIDE, SIDE, 33)[:90] == 33).all()


@pytest.mark.parametrize(("_", "effect"), EFFECTS)
def test_every_effect_keeps_the_page_and_changes_it(_: float, effect: object) -> None:
    page = dotted([(50 * x, 60 * y) for x in range(1, 10) for y in range(1, 11)]).astype(np.float32)
    changed = []
    for seed in range(5):
        after = effect(random.Random(seed), np.random.default_rng(seed), page.copy())  # type: ignore[operator]
        assert after.shape == page.shape
        assert after.dtype == np.float32
        assert np.isfinite(after).all()
        changed.append(bool(np.abs(after - page).max() > 1))
    assert any(changed)


def test_a_seed_gives_the_same_copy() -> None:
    page, other = dotted([(200, 300)]), dotted([(100, 100)])
    copies = [degrade(random.Random(n), page, other) for n in (1, 1, 2)]
    assert all(copy.shape == page.shape and copy.dtype == np.uint8 for copy in copies)
    assert np.array_equal(copies[0], copies[1])
    assert not np.array_equal(copies[0], copies[2])

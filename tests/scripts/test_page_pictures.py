"""Pages with what was read on them drawn in: each thing in its colour, where it stands."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from model.rendering.pages.kinds import KINDS
from rasm.document import Line, Page, Region, Unread
from rasm.image import Pixels
from scripts import page_pictures
from scripts.page_pictures import DOCS, colour_of, draw_page, outline
from tests.paper import prose_page

WHITE = np.full((400, 600, 3), 255, np.uint8)
TITLE = Line("رأس", 0.99, (200, 20, 500, 60), [(200, 50), (500, 50)])
BODY = [Line("قال زيد", 0.99, (100, y, 550, y + 30), [(100, y + 22), (550, y + 22)]) for y in (120, 160)]


def page(*regions: Region, unread: list[Unread] | None = None) -> Page:
    return Page(1, 600, 400, list(regions), unread=unread or [])


def share_of(picture: Pixels, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> float:
    """How much of the box is in this colour, as it is or thinned over white."""
    left, top, right, bottom = box
    part = picture[top:bottom, left:right].astype(int)
    thin = np.array(colour) * 0.28 + 255 * 0.72
    return float(((abs(part - colour) < 12).all(axis=-1) | (abs(part - thin) < 12).all(axis=-1)).mean())


def test_lines_and_blocks_are_in_the_colour_of_their_kind() -> None:
    regions = Region("heading", TITLE.box, [TITLE]), Region("paragraph", (100, 120, 550, 190), BODY)
    picture = draw_page(WHITE, page(*regions), width_px=600)
    assert picture.shape == (426, 600, 3), "a legend below"
    assert share_of(picture, (220, 25, 450, 55), colour_of("heading")) > 0.95
    assert share_of(picture, (120, 165, 300, 185), colour_of("paragraph")) > 0.7, "but for the arrow"
    assert share_of(picture, (5, 250, 595, 390), (255, 255, 255)) == 1.0
    assert colour_of("heading") != colour_of("paragraph") and colour_of("of another way") == colour_of("other")


def test_the_order_is_drawn_from_each_block_to_the_next() -> None:
    first, second = Region("paragraph", BODY[0].box, BODY[:1]), Region("paragraph", TITLE.box, [TITLE])
    orange = (240, 140, 0)
    between = (360, 65, 600, 100)  # the title lies above the body; it is entered at its right end
    assert share_of(draw_page(WHITE, page(first, second), 600), between, orange) > 0
    assert share_of(draw_page(WHITE, page(first), 600), between, orange) == 0


def test_what_was_not_read_stands_out() -> None:
    place = Unread((50, 300, 250, 360), "unsure", "م", 0.4)
    picture = draw_page(WHITE, page(unread=[place]), 600)
    assert share_of(picture, (50, 300, 250, 360), (225, 40, 20)) > 0.9
    assert share_of(draw_page(WHITE, page(), 600), (50, 300, 250, 360), (225, 40, 20)) == 0


def test_a_line_is_outlined_along_its_baseline() -> None:
    slanting = Line("قال", 0.9, (100, 80, 500, 180), [(100, 170), (500, 110)])
    assert outline(slanting).tolist() == [[100, 140], [500, 80], [500, 120], [100, 180]]
    upright = Line("قال", 0.9, (100, 80, 130, 300), [(120, 80), (120, 300)])
    assert outline(upright).tolist() == [[100, 80], [130, 80], [130, 300], [100, 300]]
    assert outline(Line("قال", 0.9, (1, 2, 3, 4))).shape == (4, 2)


def test_grey_pages_are_scaled() -> None:
    assert draw_page(WHITE[..., 0], page(Region("paragraph", TITLE.box, [TITLE])), 300).shape == (226, 300, 3)


def test_files_are_read_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "prose.png"), prose_page()[0])
    assert page_pictures.main([str(tmp_path / "prose.png"), "--out", str(tmp_path / "out"), "--width", "500"]) == 0
    assert "9 lines" in capsys.readouterr().out
    drawn = cv2.imread(str(tmp_path / "out" / "prose.jpg"))
    assert drawn is not None and drawn.shape[1] == 500
    assert page_pictures.main([str(tmp_path / "none.png"), "--out", str(tmp_path / "out")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_pictures_of_the_docs_are_of_kinds_there_are() -> None:
    assert {picture.kind for picture in DOCS} <= set(KINDS)
    assert len({picture.name for picture in DOCS}) == len(DOCS)

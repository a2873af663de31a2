"""Pictures without text, and what reading gives of them."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.textless import BLANK_PAGES, TEXTURES, draw_textless, find_photographs
from rasm.errors import DatasetError
from scripts import false_lines
from tests.paper import prose_page


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    y, x = np.mgrid[:120, :200]
    for name, value in (("hill", x), ("number-plate", y)):
        cv2.imwrite(str(folder / f"{name}.png"), np.stack([value, y, x], axis=-1).astype(np.uint8))
    return folder


@pytest.mark.parametrize("name", [*TEXTURES, *BLANK_PAGES])
def test_each_is_drawn_from_its_seed(name: str) -> None:
    draw = (TEXTURES | BLANK_PAGES)[name]
    first, same, other = (draw(random.Random(seed)) for seed in ("1", "1", "2"))
    assert first.dtype == np.uint8 and first.ndim == 3 and min(first.shape[:2]) >= 300
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_pictures_are_of_all_kinds_and_different(photographs: Path) -> None:
    files = find_photographs([photographs], without=["plate"])
    assert [path.name for path in files] == ["hill.png"]
    pictures = [draw_textless(number, "0", files) for number in range(60)]
    kinds = [picture.kind for picture in pictures]
    assert 24 < kinds.count("photograph") < 48 and 6 < kinds.count("texture") < 25 and kinds.count("blank page") > 2
    assert len({picture.pixels.tobytes() for picture in pictures}) > 55, "but for blank white pages"
    assert np.array_equal(draw_textless(7, "0", files).pixels, pictures[7].pixels)
    assert all(draw_textless(number, "0", []).kind != "photograph" for number in range(20))


def test_folders_without_photographs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="cannot be opened"):
        for number in range(9):
            draw_textless(number, "0", find_photographs([tmp_path]))
    (tmp_path / "broken.jpg").unlink()
    with pytest.raises(DatasetError, match="no photographs"):
        find_photographs([tmp_path])


def test_lines_that_are_read_are_told_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page of text among the photographs is what a false line looks like."""
    folder = tmp_path / "pages"
    folder.mkdir()
    cv2.imwrite(str(folder / "prose.png"), prose_page()[0])
    assert false_lines.main([str(folder), "--count", "5", "--out", str(tmp_path / "wrong")]) == 0
    rows = capsys.readouterr().out.splitlines()
    told = [row for row in rows if "prose.png" in row]
    assert told and len(list((tmp_path / "wrong").glob("*.jpg"))) == len([row for row in rows if " lines, " in row])
    total = next(row for row in rows if row.startswith("all"))
    assert total.split()[1:5] == ["5", "pictures,", str(len(list((tmp_path / "wrong").glob("*.jpg")))), "with"]

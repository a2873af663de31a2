"""Folders of pairs of an image and its text, and what preprocess.py makes and says of them."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from preprocess import main
from tests.paths import SHIPPED

MODEL = SHIPPED


def line_image(width: int = 200, height: int = 40, format: str = "PNG") -> bytes:
    """Blots, one at the left edge of each 20 pixels."""
    grey = np.full((height, width), 255, np.uint8)
    grey[height // 3 : -height // 4, ::20] = 0
    grey[height // 3 : -height // 4, 1::20] = 0
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format)
    return buffer.getvalue()


def add(folder: Path, stem: str, text: str | bytes | None = "سلام", image: bytes | None = None, suffix: str = ".gt.txt") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / f"{stem}{suffix}").write_bytes(text.encode() if isinstance(text, str) else text)
    if image != b"no file":
        (folder / f"{stem}.png").write_bytes(line_image() if image is None else image)


def rejected(out: Path) -> dict[str, tuple[str, str]]:
    with (out / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return {row["path"]: (row["reason"], row["detail"]) for row in csv.DictReader(file)}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fails(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """The one line that a failing run ends with."""
    assert main([str(a) for a in argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("preprocess.py: error: ")
    return line.removeprefix("preprocess.py: error: ")


def picture(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

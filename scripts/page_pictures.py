"""Pages with what reading found on them drawn in: lines, blocks, their order, and what was not read.

    python -m scripts.page_pictures FILE… --out FOLDER            images and PDFs: a picture of each page
    python -m scripts.page_pictures --fonts FOLDER --out docs/images            the pictures of docs/pages.md

Where it stands: for people who want to see how a page was read, and for the docs. It takes a ``Document``, and so shows whatever way of
reading made it. The pages of the docs are drawn by Chromium from ``examples/text``, each from its own seed, and some are degraded.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import rasm
from model.rendering.pages.browser import Browser
from model.rendering.pages.degrade import degrade
from model.rendering.pages.faces import Faces, find_families
from model.rendering.pages.pictures import Pictures, clouds
from model.rendering.pages.synthesis import PageArtist
from model.rendering.pages.warp import Warp
from model.rendering.pages.wording import Wording
from model.rendering.texts import load_texts
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.document import Box, Line, Page
from rasm.errors import DatasetError
from rasm.image import Pixels, to_grey
from rasm.pages.files import open_pages
from rasm.text.charset import text_direction

ROOT = Path(__file__).resolve().parent.parent
WIDTH_PX = 760
Colour = tuple[int, int, int]
Corner = tuple[int, int]

COLOURS: dict[str, Colour] = {
    "paragraph": (30, 110, 220),
    "heading": (200, 30, 160),
    "header": (0, 150, 150),
    "footer": (0, 150, 150),
    "page-number": (110, 110, 110),
    "footnote": (150, 100, 20),
    "marginalia": (110, 60, 200),
    "list-item": (100, 150, 0),
    "table": (0, 120, 90),
    "caption": (170, 90, 140),
    "verse": (80, 80, 160),
}
_OTHER: Colour = (60, 60, 60)  # of every other kind
_UNREAD: Colour = (225, 40, 20)
_ORDER: Colour = (240, 140, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_MANY = 30  # blocks: their numbers and arrows are drawn smaller
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 82]  # some 100 kB a picture


@dataclass(frozen=True)
class DocsPicture:
    """A page of the docs. kind, seed: of the drawn page. tilt_degrees: as a telephone sees it, askew and degraded, or None: as drawn."""

    name: str
    kind: str
    seed: str
    tilt_degrees: float | None = None


DOCS = (
    DocsPicture("page-newspaper", "newspaper", "docs 0"),
    DocsPicture("page-magazine", "magazine", "docs 0"),
    DocsPicture("page-spread", "spread", "docs 0", 3.0),
    DocsPicture("page-statement", "statement", "docs 0"),
    DocsPicture("page-slide", "slide", "docs 0"),
    DocsPicture("page-form", "form", "docs 0", -4.0),
    DocsPicture("page-poem", "poem", "docs 0"),
    DocsPicture("page-diagram", "diagram", "docs 0"),
)


@command("python -m scripts.page_pictures", __doc__)
@argument("files", "Images and PDFs", nargs=-1, type=PATH)
@option("--out", type=PATH, required=True, metavar="FOLDER", help="Where the pictures go, as NAME.jpg.")
@option("--width", type=positive, default=WIDTH_PX, metavar="PX", help="Of a picture.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts of the pages of the docs.")
def page_pictures(files: Sequence[Path], out: Path, width: int, fonts: Sequence[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    reader = rasm.Reader(threads=1)
    for name, pixels in _given(files) if files else _drawn(fonts):
        page = reader.read(pixels, mode="page").pages[0]
        path = out / f"{name}.jpg"
        cv2.imwrite(str(path), draw_page(pixels, page, width)[..., ::-1], _JPEG)
        print(f"{path}: {len(page.regions)} blocks, {len(page.lines)} lines, {len(page.unread)} places not read")


def _given(files: Sequence[Path]) -> Iterator[tuple[str, Pixels]]:
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as e:
            raise DatasetError(f"{path}: {e.strerror}") from e
        with open_pages(data) as pages:
            for number, pixels in enumerate(pages, 1):
                yield path.stem if pages.count == 1 else f"{path.stem}-{number}", pixels


def _drawn(fonts: Sequence[str]) -> Iterator[tuple[str, Pixels]]:
    wording, faces = Wording(load_texts([str(ROOT / "examples" / "text")])), Faces(find_families(fonts or None))
    with tempfile.TemporaryDirectory(prefix="rasm-pictures-") as folder, Browser() as browser:
        for n in range(6):  # in place of photographs, which other machines do not have
            cv2.imwrite(str(Path(folder, f"{n}.jpg")), clouds(random.Random(n), 900, 600))
        artist = PageArtist(browser, wording, faces, Pictures([folder]))
        for picture in DOCS:
            pixels = artist.page(picture.seed, picture.kind).pixels
            yield picture.name, pixels if picture.tilt_degrees is None else _copied(pixels, picture)


def _copied(pixels: Pixels, picture: DocsPicture) -> Pixels:
    """The page as a telephone sees it, in grey."""
    height, width = pixels.shape[:2]
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), picture.tilt_degrees or 0.0, 0.94), [0, 0, 1]])
    grey = to_grey(pixels)
    return degrade(random.Random(picture.seed), Warp(turn).picture(grey, width, height, int(np.median(grey))))


def draw_page(pixels: Pixels, page: Page, width_px: int = WIDTH_PX) -> Pixels:
    """The page, RGB, ``width_px`` wide, with its lines, blocks, order and unread places, and below it what the colours mean."""
    scale = width_px / pixels.shape[1]
    colour = pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    small = cv2.resize(colour, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas: Pixels = np.ascontiguousarray(small, np.uint8)
    shade = canvas.copy()
    for region in page.regions:
        for line in region.lines:
            cv2.fillPoly(shade, [_points(outline(line), scale)], colour_of(region.kind))
    for place in page.unread:
        cv2.rectangle(shade, *_corners(place.box, scale), _UNREAD, -1)
    canvas = np.asarray(cv2.addWeighted(canvas, 0.72, shade, 0.28, 0), np.uint8)
    for region in page.regions:
        for line in region.lines:
            cv2.polylines(canvas, [_points(outline(line), scale)], True, colour_of(region.kind), 1, cv2.LINE_AA)
        cv2.rectangle(canvas, *_corners(region.box, scale, 3), colour_of(region.kind), 2)
    for place in page.unread:
        cv2.rectangle(canvas, *_corners(place.box, scale), _UNREAD, 2)
    _draw_order(canvas, page, scale)
    return np.concatenate([canvas, _legend(page, canvas.shape[1])])


def outline(line: Line) -> NDArray[np.float64]:
    """Around its ink, (n, 2): along its baseline, as far above and below as its box reaches. Of upright lines, the box."""
    left, top, right, bottom = line.box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
    if len(line.baseline) < 2:
        return corners
    base = np.array(line.baseline, np.float64)
    above, below = base[:, 1].min() - top, bottom - base[:, 1].max()
    if np.ptp(base[:, 0]) < np.ptp(base[:, 1]) or above <= 0:
        return corners
    return np.concatenate([base - np.array([0, above]), base[::-1] + np.array([0, max(0.0, below)])])


def colour_of(kind: str) -> Colour:
    return COLOURS.get(kind, _OTHER)


def _draw_order(canvas: Pixels, page: Page, scale: float) -> None:
    """An arrow from each block's end to the next one's beginning, a number at each block, and small ones at its lines if it has several."""
    blocks = [region for region in page.regions if region.lines]
    for block, following in itertools.pairwise(blocks):
        end, start = _ends(block.lines[-1], scale)[1], _ends(following.lines[0], scale)[0]
        length = max(1.0, float(np.hypot(end[0] - start[0], end[1] - start[1])))
        cv2.arrowedLine(canvas, end, start, _ORDER, 2 if len(blocks) < _MANY else 1, cv2.LINE_AA, tipLength=min(0.3, 12 / length))
    number = 0
    for k, block in enumerate(blocks, 1):
        for line in block.lines:
            number += 1
            if len(block.lines) > 1:
                _write(canvas, str(number), _ends(line, scale)[0], 0.33, colour_of(block.kind))
        left, top, right, _ = block.box
        x = right if text_direction(block.lines[0].text) == "rtl" else left
        _write(canvas, str(k), (round(x * scale), round(top * scale)), 0.5 if len(blocks) < _MANY else 0.35, _ORDER, disc=True)


def _ends(line: Line, scale: float) -> tuple[Corner, Corner]:
    """Where the line begins and ends for who reads it, on the picture."""
    left, top, right, bottom = line.box
    first, last = (line.baseline[0], line.baseline[-1]) if line.baseline else ((left, bottom), (right, bottom))
    rise = (bottom - top) / 4
    ends = [(round(x * scale), round((y - rise) * scale)) for x, y in (first, last)]
    return (ends[1], ends[0]) if text_direction(line.text) == "rtl" else (ends[0], ends[1])


def _write(canvas: Pixels, text: str, place: Corner, size: float, colour: Colour, disc: bool = False) -> None:
    (wide, high), _ = cv2.getTextSize(text, _FONT, size, 1)
    x, y = min(max(place[0], wide // 2 + 4), canvas.shape[1] - wide // 2 - 4), max(place[1], high // 2 + 4)
    if disc:
        cv2.circle(canvas, (x, y), max(wide, high) // 2 + 4, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(canvas, (x - wide // 2 - 1, y - high // 2 - 2), (x + wide // 2 + 1, y + high // 2 + 1), (255, 255, 255), -1)
    ink = (255, 255, 255) if disc else colour
    cv2.putText(canvas, text, (x - wide // 2, y + high // 2), _FONT, size, ink, 1 + disc, cv2.LINE_AA)


def _legend(page: Page, width: int) -> Pixels:
    kinds = list(dict.fromkeys(region.kind for region in page.regions))
    entries = [(str(kind), colour_of(kind)) for kind in kinds]
    entries += [("reading order", _ORDER)] if len(page.regions) > 1 else []
    entries += [("not read", _UNREAD)] if page.unread else []
    strip, x = np.full((26, width, 3), 255, np.uint8), 8
    for text, colour in entries or [("nothing was found", (90, 90, 90))]:
        cv2.rectangle(strip, (x, 8), (x + 12, 18), colour, -1)
        cv2.putText(strip, text, (x + 17, 18), _FONT, 0.42, (40, 40, 40), 1, cv2.LINE_AA)
        x += 17 + cv2.getTextSize(text, _FONT, 0.42, 1)[0][0] + 14
    return strip


def _points(points: NDArray[np.float64], scale: float) -> NDArray[np.int32]:
    return np.round(points * scale).astype(np.int32)


def _corners(box: Box, scale: float, margin: int = 0) -> tuple[Corner, Corner]:
    left, top, right, bottom = (round(v * scale) for v in box)
    return (left - margin, top - margin), (right + margin, bottom + margin)


def main(arguments: Sequence[str] | None = None) -> int:
    return run(page_pictures, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""How many lines each way of finding them finds, on pages whose lines are known.

    python -m scripts.compare_finders held-out --models finder.onnx other.onnx
    python -m scripts.compare_finders held-out --models finder.onnx --degraded       (as scanners and telephones copy them, tilted and bent)

Where it stands: beside ``python -m evaluation``, for pages of ``python -m model.rendering.pages``. The finder that comes with Rasm is
always among them.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from evaluation.outlines import Outline, OutlineCounts, count_outlines
from model.rendering.pages.degrade import degrade, random_warp
from model.rendering.pages.labels import PageLabels, read_labels
from model.rendering.pages.warp import Warp
from rasm import weights
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import DatasetError
from rasm.image import Pixels
from rasm.pages.finder import LineFinder
from rasm.pages.found import moved

Way = Callable[[Pixels], list[Outline]]


@command("python -m scripts.compare_finders", __doc__)
@argument("pages", "Folders that python -m model.rendering.pages wrote", nargs=-1, type=PATH, required=True)
@option("--models", several=True, type=PATH, metavar="FILE", help="Other finders, as export.py writes them.")
@option("--degraded", is_flag=True, help="Copies of the pages, in place of them as drawn.")
@option("--count", type=positive, metavar="N", show_default="all", help="Pages of each folder.")
def compare(pages: Sequence[Path], models: Sequence[Path], degraded: bool, count: int | None) -> None:
    ways: dict[str, Way] = {path.name: learned(LineFinder(path)) for path in (weights.FINDER, *models)}
    files = [file for folder in pages for file in sorted(folder.glob("*.json"))[:count]]
    if not files:
        raise DatasetError(f"{', '.join(map(str, pages))}: no pages; python -m model.rendering.pages draws some")
    sums: dict[tuple[str, str], OutlineCounts] = {}
    seconds = dict.fromkeys(ways, 0.0)
    for file in tqdm(files, unit="page", disable=None):
        labels = read_labels(file)
        pixels, known, ignored = picture(file, labels, degraded)
        for name, way in ways.items():
            start = time.perf_counter()
            found = way(pixels)
            seconds[name] += time.perf_counter() - start
            counts = count_outlines(known, without(found, ignored))
            for kind in (labels.kind, "all"):
                sums[name, kind] = sums.get((name, kind), OutlineCounts()) + counts
    for kind in [*sorted({kind for _, kind in sums} - {"all"}), "all"]:
        for name in ways:
            c = sums[name, kind]
            shares = f"found {c.recall:6.1%}  right {c.precision:6.1%}  covered {c.covered / max(1, c.known):6.1%}  joined {c.joined:4}"
            speed = f"  {1000 * seconds[name] / len(files):.0f} ms a page" if kind == "all" else ""
            print(f"{kind:12} {name:24} lines {c.known:6}  {shares}{speed}")


def without(found: Sequence[Outline], ignored: Sequence[Outline]) -> list[Outline]:
    """What was found, but for what nobody has to find: watermarks, what is cut off."""
    return [outline for outline in found if not ignored or not count_outlines([outline], ignored).covered]


def picture(file: Path, labels: PageLabels, degraded: bool) -> tuple[Pixels, list[Outline], list[Outline]]:
    """The page, grey, and the outlines of the lines that are to be found on it, and of those that are ignored."""
    read = cv2.imread(str(file.with_suffix(".jpg")), cv2.IMREAD_GRAYSCALE)
    if read is None:
        raise DatasetError(f"{file}: its picture is missing")
    pixels = np.asarray(read, np.uint8)
    height, width = pixels.shape
    warp = Warp(np.eye(3))
    if degraded:
        rng = random.Random(file.stem)
        middle = (width / 2, height / 2)
        warp = random_warp(rng, min(1.0, 1600 / max(height, width)), middle, middle)
        corners = warp.points(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64))
        low = corners.min(axis=0)
        warp = Warp(np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ warp.matrix, warp.waves)
        wide, high = np.ceil(np.ptp(corners, axis=0)).astype(int).tolist()
        pixels = degrade(rng, warp.picture(pixels, wide, high, int(np.median(pixels[::16, ::16]))))
    outlines: tuple[list[Outline], list[Outline]] = ([], [])
    for line in labels.lines:
        (x0, y), (x1, _) = line.baseline[0], line.baseline[-1]
        xs = np.linspace(x0, x1, 17)
        rows = [np.column_stack([xs, np.full(17, v)]) for v in (y - line.above_px, y + line.below_px)]
        outlines[line.ignored].append(warp.points(np.concatenate([rows[0], rows[1][::-1]])))
    return pixels, *outlines


def learned(finder: LineFinder) -> Way:
    def outlines(pixels: Pixels) -> list[Outline]:
        found = finder.find(pixels)
        return [moved(found.to_page, line.polygon) for line in found.lines]

    return outlines


def main(arguments: Sequence[str] | None = None) -> int:
    return run(compare, arguments)


if __name__ == "__main__":
    sys.exit(main())

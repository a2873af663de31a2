"""How well the lines of drawn pages are put into the order in which they are read.

    python -m scripts.order_pages held-out                          (the lines and areas that are known: what ordering alone does)
    python -m scripts.order_pages held-out --model finder.onnx      (what a finder finds)

Where it stands: beside ``scripts/compare_finders.py``, for pages of ``python -m model.rendering.pages``. ``evaluation/reading_order.py``
says what the figures are. Which way a line runs is taken from the labels, since nothing is read.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from evaluation.outlines import match_outlines
from evaluation.reading_order import OrderCounts, count_order
from model.order.samples import found_of
from model.rendering.pages.labels import PageLabels, read_labels
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.errors import DatasetError
from rasm.pages.blocks import Direction, arrange
from rasm.pages.finder import LineFinder
from rasm.pages.found import FoundPage, moved
from rasm.pages.numbered import by_their_marks
from rasm.pages.rules import with_grids


@command("python -m scripts.order_pages", __doc__)
@argument("pages", "Folders that python -m model.rendering.pages wrote", nargs=-1, type=PATH, required=True)
@option("--model", type=PATH, metavar="FILE", show_default="the labels", help="A finder, as export.py writes it.")
@option("--count", type=positive, metavar="N", show_default="all", help="Pages of each folder.")
@option("--worst", type=positive, metavar="N", show_default="none", help="Name so many of the pages with the most pairs put wrong.")
def measure(pages: Sequence[Path], model: Path | None, count: int | None, worst: int | None) -> None:
    files = [file for folder in pages for file in sorted(folder.glob("*.json"))[:count]]
    if not files:
        raise DatasetError(f"{', '.join(map(str, pages))}: no pages; python -m model.rendering.pages draws some")
    finder = None if model is None else LineFinder(model)
    sums: dict[str, OrderCounts] = {}
    wrong: list[tuple[int, str, str]] = []
    seconds = 0.0
    for file in tqdm(files, unit="page", disable=None):
        labels = read_labels(file)
        found, known = found_of(labels) if finder is None else _found_on(file, labels, finder)
        directions: list[Direction | None] = [None if n is None else labels.lines[n].direction for n in known]
        start = time.perf_counter()
        blocks = arrange(found, directions)
        blocks = by_their_marks(blocks, found.lines, ["" if n is None else labels.lines[n].text for n in known])
        seconds += time.perf_counter() - start
        put = [n for block in blocks for line in block.lines if (n := known[line]) is not None]
        counts = count_order([n for n, line in enumerate(labels.lines) if not line.ignored], put)
        for kind in (labels.kind, "all"):
            sums[kind] = sums.get(kind, OrderCounts()) + counts
        wrong.append((counts.neighbours - counts.in_succession, labels.kind, str(file)))
    for kind in [*sorted(set(sums) - {"all"}), "all"]:
        c = sums[kind]
        print(f"{kind:12} pages {c.pages:4}  pairs {c.neighbours:6}  in succession {c.succession:6.1%}  in order {c.order:6.1%}")
    print(f"{1000 * seconds / len(files):.1f} ms a page")
    for lost, kind, name in sorted(wrong, reverse=True)[: worst or 0]:
        print(f"{lost:4} {kind:12} {name}")


def _found_on(file: Path, labels: PageLabels, finder: LineFinder) -> tuple[FoundPage, list[int | None]]:
    """What a finder finds on a page, and of each of its lines the number of the known one that it is."""
    pixels = cv2.imread(str(file.with_suffix(".jpg")), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise DatasetError(f"{file}: its picture is missing")
    page = np.asarray(pixels, np.uint8)
    found = with_grids(page, finder.find(page))
    numbers = [n for n, line in enumerate(labels.lines) if not line.ignored]
    outlines = [moved(found.to_page, line.polygon) for line in found.lines]
    matched = match_outlines([np.array(labels.lines[n].polygon) for n in numbers], outlines)
    known_of = {j: numbers[i] for i, j in matched.items()}
    return found, [known_of.get(j) for j in range(len(found.lines))]


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

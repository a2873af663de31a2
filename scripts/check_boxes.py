"""How many check boxes of drawn forms are seen, and as what they are. The figure of docs/documents.md.

    python -m model.rendering.pages --kinds form --held-out --count 40 --text texts --out forms
    python -m scripts.check_boxes forms

Where it stands: beside ``scripts/compare_finders.py``, for pages of ``python -m model.rendering.pages``. Asked is what the finder and
``rasm/pages/check_boxes.py`` see, before anything is read.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from model.rendering.pages.labels import read_labels
from rasm.command_line import PATH, argument, command, option, run
from rasm.errors import DatasetError
from rasm.pages.check_boxes import EMPTY, ROUND, seen
from rasm.pages.finder import LineFinder, shipped_finder
from rasm.pages.found import moved

_SLACK_PX = 3


@command("python -m scripts.check_boxes", __doc__)
@argument("pages", "Folders that python -m model.rendering.pages wrote", nargs=-1, type=PATH, required=True)
@option("--model", type=PATH, metavar="FILE", show_default="the shipped one", help="A finder, as export.py writes it.")
def measure(pages: Sequence[Path], model: Path | None) -> None:
    files = [file for folder in pages for file in sorted(folder.glob("*.json"))]
    finder = shipped_finder() if model is None else LineFinder(model)
    boxes = found = right = extra = 0
    for file in tqdm(files, unit="page", disable=None):
        pixels = cv2.imread(str(file.with_suffix(".jpg")))
        if pixels is None:
            raise DatasetError(f"{file}: its picture is missing")
        page = np.asarray(pixels[..., ::-1], np.uint8)
        on_page = finder.find(page)
        known = [block for block in read_labels(file).blocks if block.kind == "check-box"]
        boxes += len(known)
        left = list(range(len(known)))
        for box in seen(page, on_page):
            ((x, y),) = moved(on_page.to_page, np.array([((box.box[0] + box.box[2]) / 2, (box.box[1] + box.box[3]) / 2)])).tolist()
            at = [k for k in left if _within(x, y, known[k].box)]
            extra += not at
            if at:
                left.remove(at[0])
                found += 1
                right += (box.sign in (EMPTY, ROUND[EMPTY])) != bool(known[at[0]].checked)
    if not boxes:
        raise DatasetError(f"{', '.join(map(str, pages))}: no check boxes; python -m model.rendering.pages --kinds form draws some")
    print(f"{len(files)} pages, {boxes} check boxes: {found} seen, {found / boxes:.1%}; {right} of these as what they are; {extra} more")


def _within(x: float, y: float, box: tuple[float, float, float, float]) -> bool:
    return box[0] - _SLACK_PX < x < box[2] + _SLACK_PX and box[1] - _SLACK_PX < y < box[3] + _SLACK_PX


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

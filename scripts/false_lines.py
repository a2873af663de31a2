"""How often reading finds lines where there is no text: on photographs, textures and blank pages.

    python -m scripts.false_lines PHOTOGRAPHS --count 1000
    python -m scripts.false_lines PHOTOGRAPHS --without board plate --out wrong     (less those with letters; pictures with lines)
    python -m scripts.false_lines                                                   (textures and blank pages alone)

Where it stands: beside ``python -m evaluation``, for what has no text. Each picture is read as a page. It counts where a line comes back
that the reader was sure enough of to give it out. Where it only tells that something may be unread is counted apart. Pictures are made
by number: the same seed, photographs and count are the same pictures, and 1,000 of 64 photographs are different parts of them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
from tqdm import tqdm

import rasm
from evaluation.textless import draw_textless, find_photographs
from rasm.command_line import PATH, argument, command, option, positive, run


@command("python -m scripts.false_lines", __doc__)
@argument("photographs", "Folders of photographs without text", nargs=-1, type=PATH)
@option("--without", several=True, metavar="WORD", help="Leave out photographs whose names have one of these words.")
@option("--count", type=positive, default=1000, metavar="N", help="Pictures.")
@option("--seed", default="0", metavar="WORD", help="Another seed gives other pictures.")
@option("--out", type=PATH, metavar="FOLDER", help="Write the pictures on which lines were read there.")
def false_lines(photographs: Sequence[Path], without: Sequence[str], count: int, seed: str, out: Path | None) -> None:
    files = find_photographs(photographs, without)
    reader = rasm.Reader(threads=1)
    if out:
        out.mkdir(parents=True, exist_ok=True)
    drawn: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for number in tqdm(range(count), unit="picture", disable=None):
        picture = draw_textless(number, seed, files)
        page = reader.read(picture.pixels, mode="page").pages[0]
        drawn[picture.kind] += 1
        told[picture.kind] += bool(page.unread)
        lines = [line for line in page.lines if line.text]
        if not lines:
            continue
        wrong[picture.kind] += 1
        surest = max(lines, key=lambda line: line.confidence)
        print(f"{number:5} {picture.kind:10} {picture.of_what:30} {len(lines):3} lines, {surest.confidence:.2f}: {surest.text}")
        if out:
            cv2.imwrite(str(out / f"{number:05}.jpg"), picture.pixels[..., ::-1] if picture.pixels.ndim == 3 else picture.pixels)
    for kind in (*sorted(drawn), "all"):
        of, lined, unread = (counts.total() if kind == "all" else counts[kind] for counts in (drawn, wrong, told))
        print(f"{kind:10} {of:5} pictures, {lined:4} with a line: {lined / of:.1%}, {unread:4} with unread places: {unread / of:.1%}")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(false_lines, arguments)


if __name__ == "__main__":
    sys.exit(main())

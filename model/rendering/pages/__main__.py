"""Draw pages of documents, with exact labels of all that stands on them.

    python -m model.rendering.pages --text texts --out pages --count 10000
    python -m model.rendering.pages --text texts --out held-out --count 200 --held-out      (kinds and typefaces kept aside)
    python -m model.rendering.pages --text texts --preview sheet.png --count 12             (a contact sheet, with the labels drawn in)

For each page NAME.jpg and NAME.json, and NAME.alto.xml or NAME.page.xml where asked for. docs/page-data.md tells what is in them. The same
seed, texts, fonts, photographs and Chromium give the same pages. Stopped with Ctrl-C, or killed, it goes on where it was: files that
are there are not drawn again.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from model.rendering.lines import default_workers
from model.rendering.pages.browser import Browser, find_chromium
from model.rendering.pages.faces import Faces, find_families
from model.rendering.pages.kinds import KINDS
from model.rendering.pages.pictures import Pictures
from model.rendering.pages.preview import contact_sheet, draw_labels
from model.rendering.pages.synthesis import chosen_kinds
from model.rendering.pages.wording import Wording
from model.rendering.pages.writing import PageSource, write_pages
from model.rendering.texts import load_texts
from rasm import command_line
from rasm.command_line import PATH, command, option, positive, run
from rasm.errors import ConfigError

FALLBACK_TEXT = "examples/text"


@command("python -m model.rendering.pages", __doc__, stopped="; what was written stays, and the same command goes on")
@option("--text", several=True, default=[FALLBACK_TEXT], metavar="PATH[=WEIGHT]", help="Texts: .txt files or folders of them.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts, or folders of them.")
@option("--photos", several=True, metavar="FOLDER", show_default="those of installed packages", help="Photographs.")
@option("--out", type=PATH, metavar="DIR", help="The folder to write to; what is there already stays, and is not drawn again.")
@option("--count", type=command_line.count, default=1000, metavar="N", help="Pages.")
@option("--kinds", several=True, metavar="KIND", show_default="all", help=f"Kinds of documents: {', '.join(KINDS)}.")
@option("--held-out", is_flag=True, help="The kinds and the typefaces that training pages do not have.")
@option("--formats", several=True, type=click.Choice(("alto", "page")), help="Beside the labels as JSON.")
@option("--seed", default="1", metavar="TEXT", help="Another one gives other pages.")
@option("--workers", type=positive, default=default_workers(), metavar="N", show_default="as many as there are cores", help="Processes.")
@option("--preview", type=PATH, metavar="FILE.png", help="The pages on one sheet, with their labels, in place of --out.")
def draw(
    text: Sequence[str],
    fonts: Sequence[str],
    photos: Sequence[str],
    out: Path | None,
    count: int,
    kinds: Sequence[str],
    held_out: bool,
    formats: Sequence[str],
    seed: str,
    workers: int,
    preview: Path | None,
) -> None:
    if not out and not preview:
        raise ConfigError("nothing to do: give --out DIR or --preview FILE.png")
    find_chromium()
    faces = Faces(find_families(fonts or None), held_out)
    chosen = chosen_kinds(kinds or None, held_out)
    source = PageSource(Wording(load_texts(list(text))), faces, Pictures(photos or None), chosen, seed)
    print(
        f"{len(faces.arabic)} Arabic families, {len(faces.latin)} others, {len(source.pictures.files)} photographs, {len(chosen)} kinds",
        flush=True,
    )
    if preview:
        _preview(source, count, preview)
    if not out:
        return
    numbers = [n for n in range(count) if not (out / f"{n:06d}.json").exists()]
    counts: Counter[str] = Counter()
    for kind in tqdm(write_pages(source, out, numbers, tuple(formats), workers), total=len(numbers), unit="page", disable=None):
        counts[kind] += 1
    print(", ".join(f"{kind} {n}" for kind, n in counts.most_common()) or "all pages are there already")


def _preview(source: PageSource, count: int, path: Path) -> None:
    with Browser() as browser:
        artist = source.artist(browser)
        pages = [artist.page(f"{source.seed} {n}", source.kinds[n % len(source.kinds)]) for n in range(count)]
    sheet = contact_sheet([draw_labels(p.pixels, p.labels) for p in pages], [f"{p.labels.kind} {p.labels.seed}" for p in pages])
    if not cv2.imwrite(str(path), np.ascontiguousarray(sheet[..., ::-1])):
        raise ConfigError(f"{path}: cannot be written; give a name that ends in .png, in a folder that exists")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(draw, arguments)


if __name__ == "__main__":
    sys.exit(main())

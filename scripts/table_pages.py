"""Tables that Chromium draws, as they are read: TEDS with their texts, and of the structure alone. The figures of docs/documents.md.

    python -m scripts.table_pages --text texts --fonts FOLDER                  100 ruled tables and 100 without upright rules
    python -m scripts.table_pages --text texts --fonts FOLDER --keep pages --show 10

Pages are of the kind ``figures`` of ``model/rendering/pages``, in the typefaces that no training page has. A ruled table has a grid; the
others have rules between rows, stripes, or nothing but a head of another colour or weight. Of every style each has a share.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from lxml import etree
from tqdm import tqdm

from evaluation.teds import teds
from model.rendering.pages.browser import Browser, find_chromium
from model.rendering.pages.faces import Faces, find_families
from model.rendering.pages.html import document
from model.rendering.pages.labels import PageLabels
from model.rendering.pages.measure import measure as label
from model.rendering.pages.pictures import Pictures
from model.rendering.pages.synthesis import DrawnPage, PageArtist
from model.rendering.pages.wording import Wording
from model.rendering.texts import load_texts
from rasm import weights
from rasm.command_line import PATH, command, option, positive, run
from rasm.document import Box, Cell, Line, Page, Region
from rasm.formats.html import table_element
from rasm.pages.reader import PageImage
from rasm.reader import Reader

_RULED = "th,td{border"  # in the CSS of tables with a grid
_MOST_CELLS = 160  # the distance of two trees takes as many steps as the square of their nodes


@command("python -m scripts.table_pages", __doc__, stopped="; nothing was written")
@option("--text", several=True, required=True, metavar="PATH[=WEIGHT]", help="Texts: .txt files or folders of them.")
@option("--fonts", several=True, metavar="FOLDER", show_default="the machine's", help="Fonts, or folders of them.")
@option("--model", type=PATH, default=weights.SHIPPED_MODEL, metavar="FILE", show_default="the shipped model", help="Who reads.")
@option("--tables", type=positive, default=100, metavar="N", help="So many of each sort.")
@option("--seed", default="tables", metavar="TEXT", help="Another one gives other pages.")
@option("--keep", type=PATH, metavar="FOLDER", help="Keep the pages here.")
@option("--show", type=positive, metavar="N", help="Tell of the N tables that are least like what was drawn.")
def measure(text: Sequence[str], fonts: Sequence[str], model: Path, tables: int, seed: str, keep: Path | None, show: int | None) -> None:
    find_chromium()
    reader = Reader(model, threads=1)
    found: dict[str, list[tuple[float, float, str]]] = {"ruled": [], "without upright rules": []}
    with Browser() as browser, tqdm(total=2 * tables, unit="table", disable=None) as bar:
        artist = PageArtist(browser, Wording(load_texts(list(text))), Faces(find_families(fonts or None), True), Pictures([]), ["figures"])
        for n, (sort, drawn) in enumerate(_drawn(artist, browser, seed)):
            wanted = tables - len(found[sort])
            if wanted > 0:
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(keep / f"{n:04d}.png"), np.ascontiguousarray(drawn.pixels[..., ::-1]))
                page = reader.page_reader.read(PageImage(drawn.pixels))
                marks = [(*mark, f"{n:04d}, table {k}") for k, mark in enumerate(marks_of(drawn.labels, page), 1)][:wanted]
                found[sort] += marks
                bar.update(len(marks))
            if all(len(marks) >= tables for marks in found.values()):
                break
    print("| tables | | TEDS | of the structure |\n|---|---|---|---|")
    for sort, marks in found.items():
        whole, structure = (100 * statistics.mean(column) for column in ([m[0] for m in marks], [m[1] for m in marks]))
        print(f"| {sort} | {len(marks)} | {whole:.1f} | {structure:.1f} |")
    for mark in sorted(mark for marks in found.values() for mark in marks)[: show or 0]:
        print(f"page {mark[2]}: {100 * mark[0]:.1f}, structure {100 * mark[1]:.1f}")


def _drawn(artist: PageArtist, browser: Browser, seed: str) -> Iterator[tuple[str, DrawnPage]]:
    """Pages without end, and which sort of tables each has."""
    n = 0
    while True:
        n += 1
        kind, draw, sheet = artist.sheet(f"{seed} {n}")
        drawing = browser.draw(document(sheet, draw.families), sheet.width_px, sheet.height_px)
        labels = label(drawing, kind, seed, [family.name for family in draw.families])
        yield "ruled" if _RULED in sheet.css else "without upright rules", DrawnPage(drawing.pixels, labels)


def marks_of(labels: PageLabels, page: Page) -> list[tuple[float, float]]:
    """Of each table that is wholly on its page, and not too large: TEDS, and that of its structure; 0 where nothing was found there."""
    given = [region for region in page.regions if region.cells]
    marks = []
    for number in range(len(labels.tables)):
        wanted = _wanted(labels, number)
        if sum(cell.row_span * cell.column_span for cell in wanted.cells) < labels.tables[number].rows * labels.tables[number].columns:
            continue
        best = max(given, key=lambda region: _common(region.box, wanted.box), default=None)
        if best is None or _common(best.box, wanted.box) <= 0:
            marks.append((0.0, 0.0))
        elif max(len(wanted.cells), len(best.cells)) <= _MOST_CELLS:
            first, second = _html(wanted), _html(best)
            marks.append((teds(first, second), teds(first, second, structure_only=True)))
    return marks


def _wanted(labels: PageLabels, number: int) -> Region:
    """A table as it was drawn: its first row is its head."""
    lines: list[Line] = []
    cells: list[Cell] = []
    for k, block in enumerate(labels.blocks):
        if block.kind == "cell" and block.table == number and block.row is not None and block.column is not None:
            own = [Line(line.text, 1.0, line.box) for line in labels.lines if line.block == k]
            numbers = list(range(len(lines), len(lines) + len(own)))
            cells.append(Cell(block.row, block.column, block.row_span, block.column_span, block.box, numbers))
            lines += own
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Region("table", labels.tables[number].box, lines, cells, head_rows=1)


def _html(region: Region) -> str:
    return str(etree.tostring(table_element(region), encoding="unicode"))


def _common(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    raise SystemExit(main())

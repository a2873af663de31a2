"""Make line pairs of pages: of pages whose text is known, or of pages that nobody has transcribed.

    python -m model.data.align PAGES --out LINES            (PAGES: a.png with a.gt.txt or a.txt, the text of the whole page)
    python -m model.data.align PAGES --out LINES --own-readings                  (PAGES: images of pages or of lines, no texts)
    python preprocess.py LINES --out data/LINES --unlabelled diacritics tatweel

Where it stands: before ``preprocess.py``, for those who have the text of their pages but not of each line: editions, mostly.
Lines are found as reading finds them (``rasm/pages/finder.py``) and read by a model. The readings are aligned with the page's text,
and each line gets the stretch that it stands beside (as in Stoekl Ben Ezra et al. 2021, "Transcription alignment"). Lines whose
stretch does not fit are left out: running heads, notes, and what was cut or read badly.

An edition differs from the print on purpose: modern hamza, modern punctuation, no diacritics. So its letters are taken. What
it does not decide comes from the reading: the seat of a hamza, ى or ي, ة or ه, digits, and punctuation with its spaces.

With ``--own-readings`` no text is needed. The label of a line is what the beam search reads, and lines that it is not sure of are left
out. A model trained on them for some minutes, beside the lines it knows, reads that book better than before. This is self-training
(Das and Jawahar 2020, "Adapting OCR with limited supervision"); docs/training.md has the figures. What it misreads
surely it goes on misreading.
"""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
from rapidfuzz.distance import Levenshtein
from tqdm import tqdm

from model.data.page_text import read_page_text
from rasm.command_line import PATH, argument, command, option, positive, run, share
from rasm.errors import ConfigError, DatasetError, ImageTooSmall, LineTooLong, RasmError
from rasm.image import Pixels, decode
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.reader import crops_of
from rasm.text.charset import DIACRITICS, TATWEEL
from rasm.text.metrics import normalised
from rasm.weights import SHIPPED_MODEL

LEAST_CHARACTERS = 8  # of --own-readings: a page number or a stain is easily read surely and wrongly
_FOLD = str.maketrans("أإآٱةىئؤ", "اااا" + "هييو")
_OMITTED = str.maketrans("", "", DIACRITICS + TATWEEL)


@command("python -m model.data.align", __doc__, stopped="; the pairs in --out are whole: delete them and run again for all of them")
@argument("pages", "Folders of page images and their texts", nargs=-1, required=True, type=PATH)
@option("--out", type=PATH, required=True, metavar="DIR", help="The folder to write pairs to, empty or new.")
@option("--model", type=PATH, default=SHIPPED_MODEL, metavar="FILE", show_default="the shipped model", help="Who reads.")
@option("--max-cer", type=share, default=0.25, metavar="SHARE", help="Lines whose letters differ more from the text are left out.")
@option("--own-readings", is_flag=True, help="Label lines with what is read on them: no texts are needed.")
@option("--min-confidence", type=share, default=0.96, metavar="SHARE", help="Of --own-readings: lines that are less sure are left out.")
@option("--threads", type=positive, metavar="N", show_default="one a core", help="Threads of the reading.")
def align(
    pages: Sequence[Path], out: Path, model: Path, max_cer: float, own_readings: bool, min_confidence: float, threads: int | None
) -> None:
    books = [Book(folder, find_pages(folder, with_texts=not own_readings)) for folder in pages]
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty, and what is in it would be taken for pairs of these pages: choose another --out")
    recognizer = Recognizer(model, threads=threads, decoder="beam" if own_readings else "greedy")
    out.mkdir(parents=True, exist_ok=True)
    found = written = failed = 0
    with tqdm(total=sum(len(book.pages) for book in books), unit="page", disable=None) as bar:
        for folder, book in zip(output_folders(out, books), books, strict=True):
            for image_path, text_path in book.pages:
                try:
                    crops, readings = read_lines(recognizer, decode(image_path.read_bytes()))
                    text = read_page_text(text_path) if text_path else None
                except (RasmError, OSError) as e:  # one bad scan must not cost a book
                    failed += 1
                    tqdm.write(f"{image_path}: left out: {e}", file=sys.stderr)
                    continue
                finally:
                    bar.update()
                labels = labels_of_lines([r.text for r in readings], text, max_cer) if text else sure(readings, min_confidence)
                found += len(crops)
                written += write_pairs(folder, book.stem(image_path), crops, labels)
    count = sum(len(book.pages) for book in books)
    if failed == count:
        raise DatasetError("no page could be read")
    print(f"{count - failed} of {count} pages read, {found} lines found, {written} of them written to {out}")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(align, arguments)


@dataclass(frozen=True)
class Book:
    """A folder, and its pages: images, with their texts where those are asked for."""

    folder: Path
    pages: list[tuple[Path, Path | None]]

    def stem(self, image: Path) -> str:
        """What the names of a page's lines begin with: no other page's do."""
        shared = sum(other.stem == image.stem for other, _ in self.pages) > 1
        return image.name if shared else image.stem


def find_pages(folder: Path, *, with_texts: bool) -> list[tuple[Path, Path | None]]:
    """Images of a folder, and the texts beside them if those are asked for. Raises DatasetError where there are none."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    images = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"))
    if not with_texts:
        if not images:
            raise DatasetError(f"{folder}: no images (.png, .jpg, .tif, .webp, .bmp)")
        return [(image, None) for image in images]
    pages: list[tuple[Path, Path | None]] = []
    for image in images:
        text = next((t for ending in (".gt.txt", ".txt") if (t := image.with_name(image.stem + ending)).is_file()), None)
        if text:
            pages.append((image, text))
    if not pages:
        raise DatasetError(f"{folder}: no image with a text of the same name (a.png with a.gt.txt or a.txt); without texts: --own-readings")
    return pages


def output_folders(out: Path, books: list[Book]) -> list[Path]:
    """A folder for each book, named as its own is; those of the same name are numbered."""
    names = [book.folder.resolve().name for book in books]
    return [out / (name if names.count(name) == 1 else f"{name}-{names[: i + 1].count(name)}") for i, name in enumerate(names)]


def read_lines(recognizer: Recognizer, page: Pixels) -> tuple[list[Pixels], list[Reading]]:
    """The lines of a page that could be trained on, and what is read on them."""
    crops, lines = [], []
    for crop in crops_of(page):
        with contextlib.suppress(LineTooLong, ImageTooSmall):  # a speck, a rule
            lines.append(recognizer.prepare(crop))
            crops.append(crop)
    return crops, recognizer.read_arrays(lines)


def sure(readings: list[Reading], min_confidence: float) -> list[str | None]:
    """For each line what is read on it, or None where that is not sure."""
    return [r.text if r.confidence >= min_confidence and len(r.text) >= LEAST_CHARACTERS else None for r in readings]


def write_pairs(folder: Path, stem: str, crops: list[Pixels], labels: list[str | None]) -> int:
    """Writes the lines that have a label; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    labelled = [(i, crop, label) for i, (crop, label) in enumerate(zip(crops, labels, strict=True)) if label]
    for i, crop, label in labelled:
        write_image(folder / f"{stem}_{i:03}.png", crop)
        (folder / f"{stem}_{i:03}.gt.txt").write_text(label + "\n", encoding="utf-8")
    return len(labelled)


def write_image(path: Path, image: Pixels) -> None:
    encoded, data = cv2.imencode(".png", image)
    assert encoded
    path.write_bytes(data.tobytes())


@dataclass(frozen=True)
class Letters:
    """The letters of a text, folded; where each stands in it; and what stands between them, one piece more than letters."""

    folded: str
    places: list[int]
    between: list[str]

    @classmethod
    def of(cls, text: str) -> Letters:
        found = [(folded, i) for i, c in enumerate(text) if (folded := _fold(c)).isalpha()]
        places = [i for _, i in found]
        borders = zip([-1, *places], [*places, len(text)], strict=True)
        return cls("".join(c for c, _ in found), places, [text[a + 1 : b] for a, b in borders])


def _fold(character: str) -> str:
    """A letter without what an edition changes; '' for marks that it leaves out."""
    return normalised(character).translate(_FOLD)[:1] if not unicodedata.combining(character) else ""


def labels_of_lines(readings: list[str], text: str, max_cer: float) -> list[str | None]:
    """For each line of a page its label, or None where no stretch of the page's text fits its reading."""
    text = " ".join(unicodedata.normalize("NFC", text).translate(_OMITTED).split())
    readings = [" ".join(reading.translate(_OMITTED).split()) for reading in readings]
    page = Letters.of(text)
    lines = [Letters.of(reading) for reading in readings]
    whole = "".join(line.folded for line in lines)
    to_text = _map_positions(whole, page.folded)
    labels: list[str | None] = []
    start = 0
    for reading, line in zip(readings, lines, strict=True):
        end = start + len(line.folded)
        stretch = _stretch(text, page, to_text[start], to_text[end])
        start = end
        told = Letters.of(stretch).folded
        fits = len(told) >= 4 and Levenshtein.normalized_distance(line.folded, told) <= max_cer
        labels.append(merge(reading, stretch) if fits else None)
    return labels


def _map_positions(source: str, target: str) -> list[int]:
    """For each position between letters of ``source``, the one in ``target`` that it is aligned with."""
    positions = [0] * (len(source) + 1)
    for op in Levenshtein.opcodes(source, target):
        for i in range(op.src_end - op.src_start + 1):
            positions[op.src_start + i] = op.dest_start + min(i, op.dest_end - op.dest_start)
    return positions


def _stretch(text: str, letters: Letters, start: int, end: int) -> str:
    """The whole words of ``text`` nearest to its letters ``start`` to ``end``: a line of Arabic never breaks a word."""

    def nearest_border(letter: int) -> int:
        if letter >= len(letters.places):
            return len(text)
        at = letters.places[letter]
        before = text.rfind(" ", 0, at) + 1
        after = text.find(" ", at)
        after = len(text) if after < 0 else after + 1
        return before if at - before <= after - at else after

    return text[nearest_border(start) : nearest_border(end)].strip()


def merge(reading: str, text: str) -> str:
    """The label of a line: the letters of ``text``, and what the print decides as ``reading`` has it (see the top)."""
    reading, text = reading.translate(_OMITTED), text.translate(_OMITTED)
    read, told = Letters.of(reading), Letters.of(text)

    def between(r: int | None, t: int | None) -> str:
        if r is not None and read.between[r].strip():
            return read.between[r]  # signs, with their spaces
        return " " if t is not None and told.between[t] else ""  # of spaces alone the edition knows better

    out: list[str] = []
    for op in Levenshtein.opcodes(read.folded, told.folded):
        for i in range(max(op.src_end - op.src_start, op.dest_end - op.dest_start)):
            r = op.src_start + i if op.src_start + i < op.src_end else None
            t = op.dest_start + i if op.dest_start + i < op.dest_end else None
            out.append(between(r, t))
            if op.tag == "equal":
                out.append(reading[read.places[op.src_start + i]])
            elif t is not None:
                out.append(text[told.places[t]])
    out.append(between(len(read.folded), len(told.folded)))
    return " ".join("".join(out).split())


if __name__ == "__main__":
    sys.exit(main())

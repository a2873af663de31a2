"""PDFs -> Markdown, as KITAB-Bench marks it: chrF of the text, TEDS of the tables, and the mean of both.

Where it stands: ``python -m evaluation FOLDER --task kitab-markdown`` calls it. A folder holds PDFs, and beside each its label of the same
name, Markdown whose tables are HTML.

- Text is a document without its tables, without diacritics and tatweel; letters that are often mixed up are written as one. chrF is of
  all documents together: sacrebleu's, characters up to six in a row, recall twice as heavy as precision.
- Of each table of a label the TEDS of the likest table that was given counts; of a document their mean; and of all documents that have
  tables in their labels the mean of those.

Source: KITAB-Bench, ``pdfs_eval/metrics.py`` (github.com/mbzuai-oryx/KITAB-Bench, MIT); Popović 2015, "chrF: character n-gram F-score".
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sacrebleu import corpus_chrf

from evaluation.datasets import Sample
from evaluation.teds import teds
from evaluation.tesseract import Tesseract
from rasm import weights
from rasm.errors import ConfigError, DatasetError
from rasm.formats import write
from rasm.pages.reader import PdfText
from rasm.reader import Reader

_TABLE = re.compile(r"<table[\s\S]*?</table>", re.IGNORECASE)
_LETTERS = str.maketrans("إأٱآةى", "ااااهي")
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")


@dataclass(frozen=True)
class Label:
    """A PDF and the Markdown that it should give."""

    name: str
    pdf: Path
    markdown: str


@dataclass(frozen=True)
class Marks:
    """chrf, teds, mean: 0 to 100; None where no label has a table. by_document: name, chrF, TEDS. pages_per_second: None where the engine
    was not timed."""

    chrf: float
    teds: float | None
    mean: float | None
    by_document: list[tuple[str, float, float | None]]
    pages: int = 0
    seconds: float = 0.0


class Converter(Protocol):
    """What makes Markdown of a PDF: its text, and how many pages it has."""

    name: str

    def __call__(self, pdf: Path) -> tuple[str, int]: ...


class RasmMarkdown:
    """Rasm, with every table as HTML, as the benchmark asks for them."""

    def __init__(self, model: Path = weights.SHIPPED_MODEL, threads: int = 1, pdf_text: PdfText = "ignore", name: str = "rasm") -> None:
        self.name, self._pdf_text = name, pdf_text
        self._reader = Reader(model, threads=threads)

    def __call__(self, pdf: Path) -> tuple[str, int]:
        document = self._reader.read(pdf, pdf_text=self._pdf_text)
        return write(document, "markdown", tables="html"), len(document.pages)


class TesseractText:
    """Tesseract's text, which has no tables, of the pictures that Rasm sees."""

    name = "tesseract"

    def __init__(self, threads: int = 1, languages: str = "ara") -> None:
        self._engine = Tesseract(threads, "pages", None, languages)

    def __call__(self, pdf: Path) -> tuple[str, int]:
        files = self._engine.prepare([Sample(pdf.stem, "", "", pdf)])
        (reading,) = self._engine.read(files)
        return reading.text, len(files.paths)


def labels(folders: Sequence[Path], limit: int = 0) -> list[Label]:
    """Raises DatasetError where there are none. limit: so many, spread evenly; 0: all."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder")
        for path in sorted(folder.glob("*.md")):
            pdf = path.with_suffix(".pdf")
            if pdf.exists():
                found.append(Label(path.stem, pdf, path.read_text(encoding="utf-8")))
    if not found:
        raise DatasetError(f"no PDF with a label NAME.md beside it in {', '.join(map(str, folders))}")
    return found[:: -(-len(found) // limit)] if limit else found


def convert(converter: Converter, given: Sequence[Label]) -> tuple[list[str], int, float]:
    """The Markdown of each, how many pages they have, and in how many seconds."""
    texts, pages = [], 0
    began = time.perf_counter()
    for label in given:
        text, count = converter(label.pdf)
        texts.append(text)
        pages += count
    return texts, pages, time.perf_counter() - began


def marks(given: Sequence[Label], texts: Sequence[str], pages: int = 0, seconds: float = 0.0) -> Marks:
    """``texts``: the Markdown that was made of each."""
    said, meant, by_document = [], [], []
    for label, text in zip(given, texts, strict=True):
        said.append(plain(text))
        meant.append(plain(label.markdown))
        by_document.append((label.name, chrf(said[-1:], meant[-1:]), table_mark(label.markdown, text)))
    of_tables = [mark for _, _, mark in by_document if mark is not None]
    tables = statistics.mean(of_tables) if of_tables else None
    whole = chrf(said, meant)
    return Marks(whole, tables, None if tables is None else (whole + tables) / 2, by_document, pages, seconds)


def chrf(said: Sequence[str], meant: Sequence[str]) -> float:
    return float(corpus_chrf(said, [meant]).score)


def table_mark(meant: str, said: str) -> float | None:
    """The mean TEDS, 0 to 100, of a label's tables; None where it has none."""
    wanted, given = ([normal(table) for table in _TABLE.findall(text)] for text in (meant, said))
    best = [max((teds(table, other) for other in given), default=0.0) for table in wanted]
    return 100 * statistics.mean(best) if best else None


def plain(markdown: str) -> str:
    """A document's text as it is compared."""
    return normal(_TABLE.sub("", markdown))


def normal(text: str) -> str:
    """One line, without diacritics and tatweel, letters that are often mixed up as one."""
    return " ".join(_MARKS.sub("", text.replace("<image>", "").translate(_LETTERS)).split())


def as_json(results: Mapping[str, Marks]) -> dict[str, Any]:
    """Every figure, an engine a key."""
    return {
        name: {
            "chrf": found.chrf,
            "teds": found.teds,
            "mean": found.mean,
            "pages": found.pages,
            "seconds": found.seconds,
            "by_document": [{"name": document, "chrf": text, "teds": tables} for document, text, tables in found.by_document],
        }
        for name, found in results.items()
    }


def report(results: dict[str, Marks]) -> str:
    """For the terminal: an engine a column."""
    names, first = list(results), next(iter(results.values()))
    rows = [[f"{len(first.by_document)} documents", *names]]
    for title, what in (("chrF", "chrf"), ("TEDS", "teds"), ("mean", "mean")):
        rows.append([title, *(_shown(getattr(found, what)) for found in results.values())])
    rows.append(["seconds a page", *(f"{found.seconds / found.pages:.2f}" if found.pages else "-" for found in results.values())])
    rows += [["", *("" for _ in names)], ["chrF, TEDS of", *names]]
    for k, (document, _, _) in enumerate(first.by_document):
        cells = [found.by_document[k][1:] for found in results.values()]
        rows.append([f"  {document}", *(f"{_shown(text)}, {_shown(table)}" for text, table in cells)])
    return "\n".join(f"{row[0]:24}" + "".join(f"{cell:>20}" for cell in row[1:]) for row in rows)


def _shown(mark: float | None) -> str:
    return "-" if mark is None else f"{mark:.2f}"

"""What is read: lines or pages with their known text, from folders or from prepared arrays.

Where it stands: the beginning of ``python -m evaluation`` and ``python -m benchmarking``. Three kinds of folders are told apart:

    arrays   a manifest.json is there: what preprocess.py wrote (``model/data/arrays.py``)
    pages    images or PDFs, each with a text of the same stem (.gt.txt, .md or .txt) that mostly has several lines; or drawn
             pages, each with its labels (``model/rendering/pages``), whose sources are their kinds
    lines    image and text pairs, as preprocess.py takes them (``model/data/pairs.py``)

Images are opened when they are read, so that a folder of any size fits into memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from evaluation.line_finding import KnownLine, read_known_lines
from model.data.arrays import LineArrays
from model.data.page_text import read_page_text
from model.data.pairs import Dataset, find_pairs, open_datasets, read_label
from model.rendering.pages.labels import is_labels, read_labels
from rasm.errors import DatasetError, RasmError
from rasm.image import IMAGE_SUFFIXES, ImageSettings, Pixels, decode

Kind = Literal["lines", "pages"]

PDF_SUFFIX = ".pdf"
KNOWN_LINES_SUFFIX = ".lines.json"  # beside a page's image: where its lines are
_LABELS_SUFFIX = ".json"  # beside a drawn page: all that is known of it
_PAGE_TEXTS = (".gt.txt", ".md", ".txt", _LABELS_SUFFIX)  # the first that exists
_PEEK = 20  # texts that are looked at to tell pages from lines


@dataclass(frozen=True)
class Sample:
    """One line, or one document of one or more pages, and what it says.

    source: the folder or group it comes from; of a drawn page its kind. path or array: its image file, or the array that preprocess.py
    made of it by the settings ``prepared``. unlabelled: characters that its label leaves out though they may be printed; they are taken
    out of readings before scoring. lines: of a rendered page, where each of its lines is, in reading order.
    """

    name: str
    source: str
    truth: str
    path: Path | None = None
    array: Pixels | None = None
    prepared: ImageSettings | None = None
    unlabelled: str = ""
    lines: tuple[KnownLine, ...] = ()

    @property
    def file(self) -> Path:
        """The image file of a sample that is not from arrays."""
        assert self.path is not None
        return self.path

    def pixels(self) -> Pixels:
        """The image of a line. Raises an ImageError."""
        return self.array if self.array is not None else decode(self.file.read_bytes())

    def visible(self, text: str) -> str:
        """A reading without what the label leaves out though it may be printed."""
        return text.translate(dict.fromkeys(map(ord, self.unlabelled)))

    def pages(self) -> Iterator[Pixels]:
        """The images of a document, one a page, each only while it is looked at. Raises an ImageError."""
        from rasm.pages.files import open_pages  # lines need no renderer of PDFs

        with open_pages(self.file.read_bytes()) as pages:
            yield from pages


@dataclass(frozen=True)
class Samples:
    """What one run reads, and how many files of the datasets cannot be used."""

    kind: Kind
    items: list[Sample]
    unusable: int = 0


@dataclass(frozen=True)
class _Pair:
    """An image and its text, found and not yet opened."""

    name: str
    image: Path
    text: Path


def open_samples(paths: Sequence[Path], kind: Kind | Literal["auto"] = "auto", limit: int = 0) -> Samples:
    """The samples of all ``paths`` in the order of their names; ``limit`` of them, evenly spread, if it is not 0.

    Raises DatasetError where a path is missing, where nothing can be used, or where lines and pages are mixed.
    """
    arrays = [path for path in paths if (path / "manifest.json").is_file()]
    datasets = open_datasets([path for path in paths if path not in arrays])
    kinds = {dataset.path: _kind(dataset) if kind == "auto" else kind for dataset in datasets}
    if arrays and "pages" in (kind, *kinds.values()):
        raise DatasetError(f"{arrays[0]} holds prepared lines: evaluate it apart from pages")
    if len(set(kinds.values())) > 1:
        raise DatasetError("some of these folders hold lines and some pages: evaluate them apart, or say which with --kind")
    of_pages = "pages" in kinds.values()
    found: list[_Pair | Sample] = [sample for path in arrays for sample in _from_arrays(path)]
    for dataset in datasets:
        found += _page_pairs(dataset) if of_pages else _line_pairs(dataset)
    if limit and limit < len(found):
        found = [found[i] for i in np.linspace(0, len(found) - 1, limit).astype(int)]
    items = [sample for item in found if (sample := item if isinstance(item, Sample) else _open(item, of_pages)) is not None]
    if not items:
        what = "page" if of_pages else "line"
        raise DatasetError(f"no {what} with its text in {', '.join(map(str, paths))}: wanted are images and texts of the same name")
    return Samples("pages" if of_pages else "lines", items, len(found) - len(items))


def _kind(dataset: Dataset) -> Kind:
    """Pages are told by a PDF, Markdown or labels of drawn pages, or by texts of which most have several lines."""
    pairs = _page_pairs(dataset)
    if any(pair.image.suffix.lower() == PDF_SUFFIX or pair.text.suffix in (".md", _LABELS_SUFFIX) for pair in pairs):
        return "pages"
    peeked = pairs[:: max(1, len(pairs) // _PEEK)]
    several = 0
    for pair in peeked:
        try:
            several += len(read_page_text(pair.text).splitlines()) > 1
        except (OSError, RasmError):
            continue
    return "pages" if several * 2 > len(peeked) else "lines"


def _from_arrays(path: Path) -> list[Sample]:
    arrays = LineArrays(path)
    return [
        Sample(
            name,
            # preprocess.py makes a group of each line where a single folder is split by lines: its folder then tells more
            group if group != name else str(Path(name).parent),
            arrays.text(i),
            array=arrays.line(i),
            prepared=arrays.image,
            unlabelled=arrays.unlabelled,
        )
        for i, (name, group) in enumerate(zip(arrays.names, arrays.groups, strict=True))
    ]


def _line_pairs(dataset: Dataset) -> list[_Pair]:
    return [_Pair(pair.name, pair.image_path, pair.text_path) for pair in find_pairs(dataset)[0]]


def _page_pairs(dataset: Dataset) -> list[_Pair]:
    """Images and PDFs with a text of the same stem, in the order of their names."""
    found = []
    for folder, subfolders, files in os.walk(dataset.path):
        subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
        present = set(files)
        for file in sorted(files):
            image = Path(folder, file)
            text = next((image.stem + suffix for suffix in _PAGE_TEXTS if image.stem + suffix in present), None)
            if text == image.stem + _LABELS_SUFFIX and not is_labels(Path(folder, text)):
                text = None  # what another program says of an image
            if text is not None and not file.startswith(".") and image.suffix.lower() in (*IMAGE_SUFFIXES, PDF_SUFFIX):
                name = (Path(dataset.name) / image.relative_to(dataset.path)).as_posix()
                found.append(_Pair(name, image, Path(folder, text)))
    return found


def _open(pair: _Pair, of_pages: bool) -> Sample | None:
    """The sample with its text, or None where the text or the image cannot be used."""
    try:
        labels = read_labels(pair.text) if pair.text.suffix == _LABELS_SUFFIX else None
        truth = labels.text if labels else read_page_text(pair.text) if of_pages else read_label(pair.text)
        if pair.image.suffix.lower() != PDF_SUFFIX:  # rendering takes long: a broken PDF shows when it is read
            decode(pair.image.read_bytes())
    except (OSError, RasmError):
        return None
    known = pair.image.with_suffix(KNOWN_LINES_SUFFIX)
    lines = read_known_lines(known) if of_pages and known.is_file() else ()
    return Sample(pair.name, labels.kind if labels else str(Path(pair.name).parent), truth, pair.image, lines=lines)

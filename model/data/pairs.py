"""Finding image/text pairs in folders, and reading their labels.

Where it stands: the beginning of ``preprocess.py`` and ``python -m evaluation``. Nothing is dropped in silence: what is not half
of a pair comes back as a Rejection with its reason.

A text goes with the image of the same stem: ``a.gt.txt`` (preferred) or ``a.txt`` with ``a.png``. kraken and ocropus
name the image of ``a.gt.txt`` ``a.bin.png``; that is a pair too, where ``a.gt.txt`` has no other image.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rasm.errors import DatasetError, TextError
from rasm.image import IMAGE_SUFFIXES

MAX_LABEL_BYTES = 65_536  # no line is as long: the rest of a larger file is not even read

_TAKEN = {*IMAGE_SUFFIXES, ".txt"}
_STEP_OF_WORK = re.compile(r"\.[A-Za-z]+$")  # .bin, .nrm; not .pdf_0012, which tells lines apart


class EmptyLabel(TextError):
    """A text file in which nothing is written."""

    code = "empty_text"


class NotUtf8(TextError):
    """A text file in another encoding."""

    code = "not_utf8"


class SeveralLines(TextError):
    """More than one line of text for the image of one line."""

    code = "several_lines"


@dataclass(frozen=True)
class Dataset:
    """A folder of pairs. ``name`` is the folder's, with a number where two are called the same."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Pair:
    """An image of a line and its label, as paths inside the dataset's folder."""

    dataset: Dataset
    image: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.dataset.name}/{self.image}"

    @property
    def image_path(self) -> Path:
        return self.dataset.path / self.image

    @property
    def text_path(self) -> Path:
        return self.dataset.path / self.text


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that is not used: where it is (dataset's name / path), a stable code, and what a person needs to know."""

    path: str
    reason: str
    detail: str


def open_datasets(paths: Sequence[Path]) -> list[Dataset]:
    """Raises DatasetError for a folder that is missing, or that is given twice or inside another."""
    datasets: list[Dataset] = []
    names: Counter[str] = Counter()
    for path in paths:
        if not path.is_dir():
            raise DatasetError(f"{path}: no such folder" if not path.exists() else f"{path} is not a folder")
        resolved = path.resolve()
        for other in datasets:
            if resolved.is_relative_to(other.path) or other.path.is_relative_to(resolved):
                raise DatasetError(f"{path} and {other.path} are one inside the other: lines would be taken twice")
        name = resolved.name or "root"
        names[name] += 1
        datasets.append(Dataset(name if names[name] == 1 else f"{name}-{names[name]}", resolved))
    return datasets


def find_pairs(dataset: Dataset, skip: Path | None = None) -> tuple[list[Pair], list[Rejection]]:
    """The pairs of a folder and of those in it, in the order of their names. ``skip`` is a folder not to look into."""
    pairs: list[Pair] = []
    rejections: list[Rejection] = []

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename).relative_to(dataset.path).as_posix()
        rejections.append(Rejection(f"{dataset.name}/{folder}", "unreadable_folder", error.strerror or type(error).__name__))

    seen: set[str] = set()
    for folder, subfolders, files in os.walk(dataset.path, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen or (skip is not None and Path(real) == skip):
            subfolders.clear()
            continue
        seen.add(real)  # links may lead back to where we are
        subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
        inside = Path(folder).relative_to(dataset.path).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        named = sorted(f for f in files if not f.startswith("."))
        # a pipe is waited for, and a device has no end
        odd = {f for f in named if Path(f).suffix.lower() in _TAKEN and not (at := Path(folder, f)).is_file() and at.exists()}
        couples, rejected = _match(f for f in named if f not in odd)
        rejected += [(f, "no_file", "it is a pipe, a device or a socket") for f in sorted(odd)]
        pairs += [Pair(dataset, prefix + image, prefix + text) for image, text in couples]
        rejections += [Rejection(f"{dataset.name}/{prefix}{file}", reason, detail) for file, reason, detail in rejected]
    return pairs, rejections


def _match(files: Iterable[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """The files of one folder -> (image, text) couples, and (file, reason, detail) of those that are not in one."""
    texts: dict[str, str] = {}
    images: list[tuple[str, str]] = []
    for file in files:
        stem, _, suffix = file.rpartition(".")
        if f".{suffix.lower()}" in IMAGE_SUFFIXES:
            images.append((stem, file))
        elif suffix.lower() == "txt" and stem.lower().endswith(".gt"):
            texts[stem[: -len(".gt")]] = file
        elif suffix.lower() == "txt":
            texts.setdefault(stem, file)

    exact: defaultdict[str, list[str]] = defaultdict(list)
    loose: defaultdict[str, list[str]] = defaultdict(list)
    rejected = []
    for stem, file in images:
        shorter = stem
        while shorter not in texts and _STEP_OF_WORK.search(shorter):
            shorter = _STEP_OF_WORK.sub("", shorter)
        if shorter not in texts:
            rejected.append((file, "image_without_text", f"there is no {stem}.gt.txt or {stem}.txt"))
        else:
            (exact if shorter == stem else loose)[shorter].append(file)

    couples = []
    for stem, text in texts.items():
        candidates = exact[stem] or loose[stem]
        if len(candidates) == 1:
            couples.append((candidates[0], text))
            rejected += [(file, "ambiguous_pair", f"{text} goes with {candidates[0]}") for file in loose[stem] if exact[stem]]
        elif candidates:
            several = sorted(exact[stem] + loose[stem])
            rejected += [(file, "ambiguous_pair", f"{text} could go with {', '.join(several)}") for file in several]
        else:
            rejected.append((text, "text_without_image", f"there is no image called {stem}"))
    return sorted(couples), sorted(rejected)


def read_label(path: Path) -> str:
    """The line of text in a file, as written but for white space around it. Raises OSError, or a TextError."""
    with path.open("rb") as file:
        data = file.read(MAX_LABEL_BYTES + 1)
    if len(data) > MAX_LABEL_BYTES:
        raise SeveralLines(f"more than {MAX_LABEL_BYTES:,} bytes of text for the image of one line")
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as e:
        raise NotUtf8(f"not UTF-8: {e.reason} at byte {e.start}") from e
    if not text:
        raise EmptyLabel("the file is empty")
    if len(lines := [line for line in text.splitlines() if line.strip()]) > 1:
        raise SeveralLines(f"{len(lines)} lines of text for the image of one line")
    return text

"""Prepared lines on disk: written once by ``preprocess.py``, memory-mapped by ``train.py`` and ``export.py``.

Where it stands: the end of preparing data and the start of training. One folder holds, for ``n`` lines:

    images.npy          uint8, 1-D: every line, (height_px x width_px) row by row and unpadded, one after the other
    offsets.npy         int64 (n + 1): where each line begins in images.npy
    widths.npy          int32 (n), in pixels
    labels.npy          int16 (n, longest label): classes in VISUAL order, as Charset.encode gives them, padded with 0
    label_lengths.npy   int32 (n)
    names.txt           dataset's name / path in the dataset, one a line
    groups.txt          the group of each line: what --val-fraction keeps together
    manifest.json       format version, counts, image settings and their digest, charset, what was done to the labels

No file holds a time, an absolute path or anything else of the machine: the same input gives the same bytes.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from rasm.config import from_dict
from rasm.errors import CharsetError, ConfigError, DatasetError
from rasm.image import ImageSettings, Pixels
from rasm.text.charset import Charset, describe

FORMAT = "rasm-arrays"
FORMAT_VERSION = 1
FILES = ("images.npy", "offsets.npy", "widths.npy", "labels.npy", "label_lengths.npy", "names.txt", "groups.txt", "manifest.json")

_HEADER_BYTES = 128
_ROWS_AT_ONCE = 65_536  # of labels.npy, when it is padded


class ArrayWriter:
    """Writes one folder of arrays line by line: no more than a few bytes a line are held in memory.

    Use as a context manager and call ``finish`` once, last: a folder without a manifest is not read by anything.
    """

    def __init__(self, path: Path, image: ImageSettings, charset: Charset, unlabelled: str = "") -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path, self.image, self.charset, self.unlabelled = path, image, charset, unlabelled
        self._widths, self._label_lengths = array("i"), array("i")
        self._raw_labels = path / "labels.raw"  # unpadded, until the longest label is known
        self._images_file: BinaryIO = (path / "images.npy").open("wb")
        self._images_file.write(bytes(_HEADER_BYTES))  # filled in by finish
        self._labels_file: BinaryIO = self._raw_labels.open("wb")
        self._names_file = (path / "names.txt").open("w", encoding="utf-8", newline="\n")
        self._groups_file = (path / "groups.txt").open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> ArrayWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in (self._images_file, self._labels_file, self._names_file, self._groups_file):
            file.close()

    def __len__(self) -> int:
        return len(self._widths)

    def add(self, line: Pixels, classes: Sequence[int], name: str, group: str) -> None:
        """One line: what ``line_to_array`` and ``Charset.encode`` gave, where it came from, and its group."""
        if line.shape[0] != self.image.height_px or line.dtype != np.uint8:
            raise DatasetError(f"{name}: a line of {line.dtype} {line.shape}, not uint8 of height {self.image.height_px}")
        self._images_file.write(np.ascontiguousarray(line).data)
        self._labels_file.write(np.asarray(classes, dtype="<i2").tobytes())
        self._widths.append(line.shape[1])
        self._label_lengths.append(len(classes))
        self._names_file.write(f"{one_line(name)}\n")
        self._groups_file.write(f"{one_line(group)}\n")

    def finish(self, details: dict[str, Any] | None = None) -> dict[str, Any]:
        """Complete the files and write the manifest, with ``details`` at its end. Returns the manifest."""
        if not len(self):
            raise DatasetError(f"{self.path}: no line was kept")
        widths = np.array(self._widths, dtype=np.int32)
        label_lengths = np.array(self._label_lengths, dtype=np.int32)
        offsets = np.concatenate([[0], np.cumsum(widths.astype(np.int64) * self.image.height_px)]).astype(np.int64)
        self._images_file.seek(0)
        self._images_file.write(_vector_header("|u1", int(offsets[-1])))
        self.__exit__(None, None, None)
        np.save(self.path / "offsets.npy", offsets)
        np.save(self.path / "widths.npy", widths)
        np.save(self.path / "label_lengths.npy", label_lengths)
        self._pad_labels(label_lengths)
        manifest = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "lines": len(self),
            "characters": int(label_lengths.sum()),
            "longest_label": int(label_lengths.max()),
            "widest_line_px": int(widths.max()),
            "image": asdict(self.image),
            "image_digest": self.image.digest(),
            "charset": {"version": self.charset.version, "characters": self.charset.characters},
            "unlabelled": self.unlabelled,
            **(details or {}),
        }
        (self.path / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")
        return manifest

    def _pad_labels(self, lengths: NDArray[np.int32]) -> None:
        shape = (len(lengths), int(lengths.max()))
        padded = np.lib.format.open_memmap(self.path / "labels.npy", "w+", np.dtype("<i2"), shape)  # zeros, as new files are
        with self._raw_labels.open("rb") as raw:
            for start in range(0, len(lengths), _ROWS_AT_ONCE):
                some = lengths[start : start + _ROWS_AT_ONCE]
                real = np.arange(shape[1])[None, :] < some[:, None]  # (rows, longest label)
                padded[start : start + len(some)][real] = np.frombuffer(raw.read(2 * int(some.sum())), dtype="<i2")
        padded.flush()
        self._raw_labels.unlink()


class LineArrays:
    """A folder of arrays, read. Cheap to open, to pickle and to keep open in many processes: the pages are shared.

    Raises DatasetError where the folder is missing, broken or of another format version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = read_manifest(path)
        try:
            self.image = from_dict(ImageSettings, self.manifest["image"])
            self.charset = Charset(**self.manifest["charset"])
            self.unlabelled: str = self.manifest["unlabelled"]
            self._length = int(self.manifest["lines"])
        except (KeyError, TypeError, ValueError, ConfigError, CharsetError) as e:
            raise DatasetError(f"{path / 'manifest.json'} is broken ({e}): run preprocess.py again") from e
        # a label or an image cut off would be read as nonsense, lines later
        sizes = {
            "offsets.npy": self._offsets.shape == (self._length + 1,),
            "widths.npy": self.widths.shape == (self._length,),
            "label_lengths.npy": self.label_lengths.shape == (self._length,),
            "labels.npy": self._labels.ndim == 2 and len(self._labels) == self._length,
            "images.npy": self._images.shape == (self._offsets[-1],),
        }
        if wrong := [name for name, right in sizes.items() if not right]:
            raise DatasetError(f"{path}: {', '.join(wrong)} does not fit the manifest's {self._length} lines: run preprocess.py again")

    def __reduce__(self) -> tuple[type[LineArrays], tuple[Path]]:
        return LineArrays, (self.path,)  # a process opens its own memory maps, rather than be sent the bytes

    def __len__(self) -> int:
        return self._length

    def line(self, i: int) -> Pixels:
        """The ``i``-th line, uint8 (height_px, width_px): a read-only view of the file."""
        i = range(self._length)[i]
        return self._images[self._offsets[i] : self._offsets[i + 1]].reshape(self.image.height_px, -1)

    def label(self, i: int) -> NDArray[np.int16]:
        """The ``i``-th line's classes in visual order, without padding."""
        return self._labels[i, : self.label_lengths[i]]

    def text(self, i: int) -> str:
        """The ``i``-th line's label in logical order."""
        return self.charset.decode(self.label(i).tolist())

    @cached_property
    def widths(self) -> NDArray[np.int32]:
        return self._load("widths.npy")

    @cached_property
    def label_lengths(self) -> NDArray[np.int32]:
        return self._load("label_lengths.npy")

    @cached_property
    def names(self) -> list[str]:
        return self._load_strings("names.txt")

    @cached_property
    def groups(self) -> list[str]:
        return self._load_strings("groups.txt")

    @cached_property
    def _images(self) -> Pixels:
        return self._load("images.npy")

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        return self._load("offsets.npy")

    @cached_property
    def _labels(self) -> NDArray[np.int16]:
        return self._load("labels.npy")

    def _load(self, name: str) -> NDArray[Any]:
        try:
            mapped = np.load(self.path / name, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as e:
            raise DatasetError(f"{self.path / name} is missing or broken ({e}): run preprocess.py again") from e
        return np.asarray(mapped)  # a plain array over the map: slicing np.memmap itself is many times slower

    def _load_strings(self, name: str) -> list[str]:
        try:
            strings = (self.path / name).read_text(encoding="utf-8").split("\n")[:-1]
        except (OSError, ValueError) as e:
            raise DatasetError(f"{self.path / name} is missing or broken ({e}): run preprocess.py again") from e
        if len(strings) != self._length:
            raise DatasetError(f"{self.path / name} has {len(strings)} lines for {self._length} images: run preprocess.py again")
        return strings


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a folder of arrays. Raises DatasetError where there is none, or one of another version."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as e:
        if (path / "train" / "manifest.json").exists():
            raise DatasetError(f"{path} holds two sets of arrays: give {path / 'train'} or {path / 'val'}") from e
        raise DatasetError(f"{path}: no arrays of preprocess.py here (no manifest.json)") from e
    except (OSError, ValueError) as e:
        raise DatasetError(f"{path / 'manifest.json'} cannot be read: {e}") from e
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DatasetError(f"{path / 'manifest.json'} is not one of preprocess.py")
    if (version := manifest.get("format_version")) != FORMAT_VERSION:
        raise DatasetError(f"{path}: arrays of format version {version}; this Rasm reads {FORMAT_VERSION}: run preprocess.py again")
    return manifest


def check_match(arrays: LineArrays, image: ImageSettings, charset: Charset, what: str = "the model") -> None:
    """Raises DatasetError saying what differs between ``arrays`` and the settings of ``what`` they are to be used with."""
    different = [
        f"{f.name} is {getattr(arrays.image, f.name)}, {what} has {getattr(image, f.name)}"
        for f in fields(ImageSettings)
        if getattr(arrays.image, f.name) != getattr(image, f.name)
    ]
    if not different and arrays.manifest.get("image_digest") != image.digest():
        different.append("they were made by another version of the image transform")
    theirs, ours = set(arrays.charset.characters), set(charset.characters)
    if theirs - ours:
        different.append(f"their charset has {describe(theirs - ours)}, which {what} lacks")
    if ours - theirs:
        different.append(f"their charset lacks {describe(ours - theirs)}, which {what} has")
    if theirs == ours and arrays.charset.characters != charset.characters:
        different.append("their charset has the same characters in another order")
    if different:
        raise DatasetError(f"{arrays.path} does not match {what}: {'; '.join(different)}. Run preprocess.py again with {what}'s settings")


def one_line(name: str) -> str:
    """A file's name as names.txt can hold it: no line breaks, and bytes that are not UTF-8 spelled out."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\r", "\\r").replace("\n", "\\n")


def _vector_header(dtype: str, length: int) -> bytes:
    """The .npy header of a vector, always of ``_HEADER_BYTES``: it is written again once the length is known."""
    description = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({length},), }}"
    return b"\x93NUMPY\x01\x00" + (_HEADER_BYTES - 10).to_bytes(2, "little") + description.ljust(_HEADER_BYTES - 11).encode() + b"\n"

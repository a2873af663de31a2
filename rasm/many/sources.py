"""Folders, patterns, lists, archives, Parquet files and object stores -> documents, one after the other.

Where it stands: the beginning of ``rasm read-many``. A place is a path of this machine or an address (``s3://bucket/scans``): pyarrow
opens those that it knows, fsspec the others. Documents of an archive or a Parquet file are read here and handed on as bytes; of all
others only the address is handed on, and who reads the document opens it.
"""

from __future__ import annotations

import fnmatch
import lzma
import os
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from rasm.errors import ConfigError
from rasm.pages.files import PAGE_SUFFIXES

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
LISTS = (".txt", ".lst")
LARGEST_BYTES = 1 << 30  # of a document in an archive: it is held in memory, and an archive of zeros is larger than any memory
#: What broken archives, Parquet files and stores raise. RuntimeError: encrypted members of a ZIP.
ERRORS = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, pa.ArrowException, RuntimeError)
_OF_ADDRESSES = "/:?&=@*%+,;!$'()~#"  # are not quoted; all others that ASCII lacks, and spaces, are
_NAMES = ("path", "name", "file_name", "filename", "key", "id")  # columns of a Parquet file that name its rows, if they are there


@dataclass(frozen=True)
class Item:
    """A document. name: its results', unique among all. place: the file that it is, or is in. size: its bytes, or its share of those of
    its container. load: gets it out of a container, until the next item is asked for; None where ``place`` is the document itself."""

    name: str
    place: str
    size: int
    load: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)


def open_place(place: str) -> tuple[fs.FileSystem, str]:
    """The file system of a path or an address, and the path in it. Raises ConfigError."""
    if "://" not in place:
        return fs.LocalFileSystem(), os.path.abspath(place)  # noqa: PTH100 - a link keeps its own name
    try:
        return fs.FileSystem.from_uri(quote(place, safe=_OF_ADDRESSES))
    except pa.ArrowInvalid as e:
        try:
            from fsspec.core import url_to_fs

            system, path = url_to_fs(place)
            return fs.PyFileSystem(fs.FSSpecHandler(system)), path
        except (ImportError, ValueError):
            raise ConfigError(f"{place}: {first_line(e)}") from e


def _address(system: fs.FileSystem, place: str, path: str) -> str:
    """Of another ``path`` in ``system``, that of ``place``."""
    if "://" not in place:
        return path
    if isinstance(system, fs.PyFileSystem):
        return str(system.handler.fs.unstrip_protocol(path))
    parts = urlsplit(place)
    user, at, host = parts.netloc.rpartition("@")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{user}{at}{host if path.startswith('/') else ''}{quote(path)}{query}"


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


class Sources:
    """All that was named. files: what was found, with sizes; documents are looked for in them one after the other."""

    def __init__(self, named: Sequence[str], without: str) -> None:
        """``without``: the place of the results, which is not searched. Raises ConfigError where there is nothing."""
        self._system, self._results = open_place(without)
        self.broken: list[tuple[str, str]] = []  # containers that cannot be read, or no further, and why
        files: dict[str, tuple[str, int]] = {}  # place -> name, bytes: named twice is read once
        for place in named:
            try:
                found = sorted(self._find(place))
            except OSError as e:
                raise ConfigError(f"{place}: {first_line(e)}") from e
            if not found:
                raise ConfigError(f"{place}: nothing that can be read is there")
            for name, where, size in found:
                files.setdefault(where, (name, size))
        self.files = [(name, place, size) for place, (name, size) in files.items()]
        twice = [name for name, count in Counter(name for name, _, _ in self.files).items() if count > 1]
        if twice:
            raise ConfigError(f"two files are named {twice[0]}, and so would their results be: read them into places of their own")
        self.size = sum(size for _, _, size in self.files)

    def __iter__(self) -> Iterator[Item]:
        for name, place, size in self.files:
            try:
                yield from _documents(name, place, size)
            except ERRORS as e:
                self.broken.append((place, first_line(e)))

    def _find(self, place: str) -> Iterator[tuple[str, str, int]]:
        """Name, place and bytes of each file."""
        system, path = open_place(place)
        info = system.get_file_info(path)
        if info.type == fs.FileType.Directory:
            for one in _below(system, path):
                if one.path.lower().endswith((*PAGE_SUFFIXES, *ARCHIVES, ".parquet")) and self._counts(system, one.path):
                    yield _safe(PurePosixPath(one.path).relative_to(path)), _address(system, place, one.path), one.size
        elif info.type == fs.FileType.NotFound:
            if not _is_pattern(path):
                raise ConfigError(f"{place}: there is no such file or folder")
            fixed = PurePosixPath(*_until_pattern(PurePosixPath(path).parts))
            for one in _below(system, str(fixed)):
                if fnmatch.fnmatchcase(one.path, path) and self._counts(system, one.path):
                    yield _safe(PurePosixPath(one.path).relative_to(fixed)), _address(system, place, one.path), one.size
        elif path.lower().endswith(LISTS):
            with system.open_input_file(path) as file:
                lines = [line.strip() for line in file.read().decode("utf-8-sig").splitlines()]
            for line in lines:
                if line and not line.startswith("#"):
                    yield from self._find(line if "://" in line or line.startswith("/") else f"{place.rpartition('/')[0] or '.'}/{line}")
        else:
            yield _safe(PurePosixPath(PurePosixPath(path).name)), _address(system, place, path), info.size

    def _counts(self, system: fs.FileSystem, path: str) -> bool:
        return system.type_name != self._system.type_name or not path.startswith(f"{self._results}/")


def _documents(name: str, place: str, size: int) -> Iterator[Item]:
    lower = place.lower()
    if lower.endswith(".zip"):
        return _zipped(name, place)
    if lower.endswith(ARCHIVES):
        return _tarred(name, place)
    if lower.endswith(".parquet"):
        return _rows(name, place)
    return iter([Item(name, place, size)])


def _is_pattern(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _until_pattern(parts: Sequence[str]) -> Iterator[str]:
    for part in parts:
        if _is_pattern(part):
            return
        yield part


def _below(system: fs.FileSystem, path: str) -> list[fs.FileInfo]:
    return [info for info in system.get_file_info(fs.FileSelector(path, recursive=True)) if info.type == fs.FileType.File]


def _safe(name: PurePosixPath) -> str:
    """A name that stays within the folder of the results, whatever an archive calls its members."""
    parts = [part for part in name.parts if part not in ("/", ".", "")]
    return "/".join("_" if part == ".." else part.replace("\0", "_") for part in parts) or "_"


def _is_page(name: str) -> bool:
    return name.lower().endswith(PAGE_SUFFIXES)


def _zipped(name: str, place: str) -> Iterator[Item]:
    system, path = open_place(place)
    unique = _Unique()
    with system.open_input_file(path) as file, zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if not member.is_dir() and _is_page(member.filename):
                load = partial(_bytes, partial(archive.open, member), member.file_size)
                yield Item(f"{name}/{unique(member.filename)}", place, member.compress_size, load)


def _tarred(name: str, place: str) -> Iterator[Item]:
    system, path = open_place(place)
    unique = _Unique()
    with system.open_input_stream(path, compression=None) as file, tarfile.open(fileobj=file, mode="r|*") as archive:
        for member in archive:
            if member.isfile() and _is_page(member.name):
                load = partial(_bytes, partial(archive.extractfile, member), member.size)
                yield Item(f"{name}/{unique(member.name)}", place, member.size, load)


class _Unique:
    """Names of an archive's members, which may hold one twice: the second is NAME~2."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def __call__(self, name: str) -> str:
        safe = _safe(PurePosixPath(name))
        self._seen[safe] += 1
        return safe if self._seen[safe] == 1 else f"{safe}~{self._seen[safe]}"


def _bytes(opened: Callable[[], IO[bytes] | None], size: int) -> bytes:
    if size > LARGEST_BYTES:
        raise OSError(f"it has {size:,} bytes, and in an archive at most {LARGEST_BYTES:,} are read: unpack it")
    file = opened()
    assert file is not None  # of a file of a TAR it is none
    with file:
        return file.read()


def _rows(name: str, place: str) -> Iterator[Item]:
    """Of a column of bytes, or of structs of bytes and their path, as Hugging Face's images are."""
    system, path = open_place(place)
    with pq.ParquetFile(system.open_input_file(path)) as file:
        schema = file.schema_arrow
        column = next((f for f in schema if _bytes_of(f.type)), None)
        if column is None:
            raise OSError("none of its columns is of bytes")
        named = next((n for n in _NAMES if n in schema.names and n != column.name), None)
        number = 0
        for batch in file.iter_batches(batch_size=16, columns=[column.name, *([named] if named else [])]):
            for row in batch.to_pylist():
                value = row[column.name]
                data, own = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, None)
                label = row[named] if named else own
                number += 1
                unique = f"{number:08d}" + (f"-{_safe(PurePosixPath(str(label)))}" if label is not None else "")
                if data:
                    yield Item(f"{name}/{unique}", place, len(data), partial(bytes, data))


def _bytes_of(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(field.name == "bytes" and _bytes_of(field.type) for field in kind)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

"""Where results go: a folder, or an object store. What is there is whole: files are put in place when they are.

Where it stands: beneath ``reading.py`` and ``run.py``. Parquet is written in parts, each of three tables. The part of the pages is written
last: lines and words whose pages are not there are of a run that was stopped, and are cleared away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from rasm.document import PageError
from rasm.errors import TargetFailed
from rasm.many.sources import open_place
from rasm.text.languages import LanguageOption

PARTIAL = ".rasm-partial"  # pages of documents that are not finished
TABLES = ("words", "lines", "pages")  # in the order in which a part is written


@dataclass
class Held:
    """What the tables hold of a document of ``count`` pages: the numbers of pages, and those that could not be read."""

    count: int
    language: LanguageOption | None
    pages: set[int] = field(default_factory=set)
    errors: list[PageError] = field(default_factory=list)


class Target:
    """A folder of a file system. Every method raises TargetFailed where the system refuses."""

    def __init__(self, place: str) -> None:
        """Raises ConfigError where the address is none."""
        self.place = place
        self.system, self.root = open_place(place)
        self._has_folders = "://" not in place or place.startswith("file://")

    def path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def names(self, folder: str = "") -> list[str]:
        """Of the files in a folder and below, from the root."""
        where = self.path(folder) if folder else self.root
        with self._failing():
            found = self.system.get_file_info(fs.FileSelector(where, recursive=True, allow_not_found=True))
        return sorted(info.path.removeprefix(self.root).lstrip("/") for info in found if info.type == fs.FileType.File)

    def read(self, name: str) -> bytes:
        with self._failing(), self.system.open_input_file(self.path(name)) as file:
            return bytes(file.read())

    def write(self, name: str, data: bytes) -> None:
        path = self.path(name)
        with self._failing():
            if self._has_folders:
                self._put_in_place(path, data)
            else:  # an object is there when all of it is
                with self.system.open_output_stream(path) as file:
                    file.write(data)

    def _put_in_place(self, path: str, data: bytes) -> None:
        self.system.create_dir(str(PurePosixPath(path).parent), recursive=True)
        half = path + ".part"
        try:
            with self.system.open_output_stream(half) as file:
                file.write(data)
            self.system.move(half, path)
        except OSError:
            with suppress(OSError):
                self.system.delete_file(half)
            raise

    def remove(self, names: Iterable[str]) -> None:
        with self._failing():
            for name in names:
                self.system.delete_file(self.path(name))

    def remove_if_there(self, names: Iterable[str]) -> None:
        with self._failing():
            found = self.system.get_file_info([self.path(name) for name in names])
            for info in found:
                if info.type == fs.FileType.File:
                    self.system.delete_file(info.path)

    def remove_folder(self, folder: str) -> None:
        with self._failing():
            if self.system.get_file_info(self.path(folder)).type == fs.FileType.Directory:
                self.system.delete_dir(self.path(folder))

    def write_part(self, number: str, tables: Mapping[str, pa.Table]) -> None:
        for kind in TABLES:
            buffer = pa.BufferOutputStream()
            pq.write_table(tables[kind], buffer, compression="zstd")
            self.write(f"{kind}/part-{number}.parquet", buffer.getvalue().to_pybytes())

    def pages_in_tables(self) -> dict[str, Held]:
        """Of each document the pages that the tables hold. What a stopped run left of a part is removed."""
        whole = {PurePosixPath(name).name for name in self.names("pages")}
        for kind in ("lines", "words"):
            self.remove(name for name in self.names(kind) if PurePosixPath(name).name not in whole)
        found: dict[str, Held] = {}
        columns = ["document", "page", "pages", "language", "error_code", "error"]
        for name in self.names("pages"):
            with self._failing(), pq.ParquetFile(self.system.open_input_file(self.path(name))) as file:
                for batch in file.iter_batches(columns=columns):
                    rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
                    for document, page, count, language, code, message in rows:
                        held = found.setdefault(document, Held(count, language))
                        held.pages.add(page)
                        if code:
                            held.errors.append(PageError(page, code, message))
        return found

    def clear_tables(self) -> None:
        for kind in reversed(TABLES):  # without its pages a part is none
            self.remove_folder(kind)

    def record(self, name: str) -> dict[str, Any]:
        """An earlier run's record of pages that could not be read; of a broken one nothing."""
        try:
            return dict(json.loads(self.read(name)))
        except (ValueError, TypeError):
            return {}

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            why = (e.strerror or str(e) or type(e).__name__).splitlines()[0]
            raise TargetFailed(f"{self.place}: {why}; what is written stays, and the same command goes on from here") from e

"""What one process of ``rasm read-many`` does: read some pages of a document, and write results of what is whole.

Where it stands: between ``run.py``, which gives out tasks, and ``rasm/results.py``, which does for one file what ``rasm read`` does. It
knows nothing of Ray, so a task can be done, and tested, in any process.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pyarrow as pa

from rasm.document import Document, Page, PageError, in_language, language_of, page_from_dict
from rasm.errors import ImageError
from rasm.formats import SUFFIXES
from rasm.many.sources import Item, open_place
from rasm.many.tables import tables_of
from rasm.many.target import PARTIAL, Target
from rasm.pages.chosen import Chosen
from rasm.pages.files import PageFile
from rasm.results import ERRORS, WARNINGS, Input, Output, Settings, as_asked, finish, read_page, write_log
from rasm.text.languages import LanguageOption
from rasm.workers import Desk, Opening

PAGES_A_TASK = 8  # a second or two: few enough that little is lost with a process, and many enough that giving them out costs nothing
WHOLE = ".whole"  # in a folder of several PAGE XML files, when all are there
_STAGE = re.compile(r"(\d{8,})-(\d{8,})\.jsonl$")


@dataclass(frozen=True)
class Job:
    """What is wanted of every document. model: its name and version. formats: of files. tables: whether Parquet is wanted as well."""

    opening: Opening
    model: str
    settings: Settings
    formats: tuple[str, ...]
    tables: bool
    target: str

    def wanted(self, count: int) -> Sequence[int]:
        """The indices of the pages to be read, of ``count``. Raises NoSuchPage."""
        return Chosen(self.settings.pages).of(count)

    def stage(self, item: Item) -> str:
        """The folder of the pages of a document that is not finished; of another file, or read otherwise, they are in another."""
        s = self.settings
        how = (self.opening.model, self.model, s.mode, s.pdf_text, s.pages, s.least_confidence, s.again, item.size)
        return f"{PARTIAL}/{item.name}/{hashlib.sha256(repr(how).encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Task:
    """what: "begin" a document that nobody has opened yet, with its first pages; "count" its pages and no more, where beginning it ended a
    process; "read" some ``pages``, numbers from 0; "finish" a document of several tasks.
    count: the document's pages, where they are known. tries: how many processes have ended over it."""

    what: Literal["begin", "count", "read", "finish"]
    item: Item
    pages: tuple[int, ...] = ()
    count: int = 0
    language: LanguageOption = "auto"
    tries: int = 0


@dataclass(frozen=True)
class Done:
    """count: the document's pages. pages: those that are read, or could not be, with why. whole: nothing more is to be done for the
    document: its results are written, or why there are none. tables: of the pages."""

    count: int
    pages: tuple[int, ...] = ()
    errors: tuple[PageError, ...] = ()
    whole: bool = False
    language: LanguageOption = "auto"
    tables: dict[str, pa.Table] | None = field(default=None, repr=False)


class Worker:
    def __init__(self, job: Job) -> None:
        self.job = job
        self._desk = Desk(job.opening())
        self._target = Target(job.target)
        self._folder = TemporaryDirectory(prefix="rasm-")
        self._at: tuple[str, Path] = ("", Path())

    def ready(self) -> None:
        """Answers when the model is loaded."""

    def do(self, task: Task, data: bytes | None = None) -> Done:
        """``data``: the document, where it was in an archive. Raises TargetFailed; OSError where the document cannot be had; and what
        reading a page raises beyond ImageErrors."""
        path = self._path(task.item, data)
        try:
            count = task.count or self._open(path).count
            wanted = self.job.wanted(count)
        except ImageError as e:
            return refused(self.job, self._target, task.item, PageError(1, e.code, str(e)))
        if task.what == "count":
            return Done(count)
        if task.what == "finish":
            staged = self._staged(task.item, wanted)
            return self._finish(task.item, path, count, [staged[index] for index in wanted])
        return self._read(task, path, count, wanted)

    def _read(self, task: Task, path: Path, count: int, wanted: Sequence[int]) -> Done:
        indices = task.pages or tuple(wanted[:PAGES_A_TASK])
        job, is_alone = self.job, len(indices) == len(wanted)
        staged = {} if is_alone or not job.formats else self._staged(task.item, indices)
        pages = [_page(json.loads(staged[i])) if i in staged else self.page(self._open(path), i) for i in indices]
        errors = [page for page in pages if isinstance(page, PageError)]
        language = task.language
        if language == "auto":
            language = language_of((page for page in pages if isinstance(page, Page)), job.settings.language) or "auto"
        tables = self._tables(task.item, pages, count, language) if job.tables else None
        if job.formats:
            lines = [json.dumps(as_dict(page), ensure_ascii=False) for page in pages]
            if is_alone:
                errors += self._finish(task.item, path, count, lines).errors
            elif len(staged) < len(indices):
                write_stage(job, self._target, task.item, indices, lines)
        return Done(count, indices, tuple(errors), is_alone, language, tables)

    def page(self, file: PageFile, index: int) -> Page | PageError:
        return read_page(file, index, self._desk.reader, self.job.settings)

    def _open(self, path: Path) -> PageFile:
        return self._desk.open(path, self.job.settings.password, self.job.settings.max_pages)

    def _tables(self, item: Item, pages: Sequence[Page | PageError], count: int, language: LanguageOption) -> dict[str, pa.Table]:
        known = None if language == "auto" else language
        asked = [as_asked(in_language(page, known), self.job.settings) if isinstance(page, Page) else page for page in pages]
        return tables_of(item.name, self.job.model, [as_dict(page, characters=False) for page in asked], count)

    def _staged(self, item: Item, indices: Sequence[int]) -> dict[int, str]:
        """Of these pages those that are read, or given up: their lines in the log."""
        found: dict[int, str] = {}
        for name in self._target.names(self.job.stage(item)):
            held = _STAGE.search(name)
            if held and any(int(held[1]) <= index + 1 <= int(held[2]) for index in indices):
                for line in self._target.read(name).decode().splitlines():
                    found[json.loads(line)["number"] - 1] = line
        return found

    def _finish(self, item: Item, path: Path, count: int, lines: Sequence[str]) -> Done:
        """Write the results of a document whose pages are all read, or why there are none. errors: those that no page has told."""
        job = self.job
        untold: tuple[PageError, ...] = ()
        with TemporaryDirectory(dir=self._folder.name) as folder:
            output, given = Output(Path(folder), job.formats), Input(path, Path(item.name))
            write_log(given, output, lines)
            try:
                finish(self._desk, given, job.settings, output)
            except ImageError as e:
                told = [page for page in map(_page, map(json.loads, lines)) if isinstance(page, PageError)]
                untold = () if len(told) == len(lines) else (PageError(1, e.code, str(e)),)
                record_refusal(job, self._target, item, [*told, *untold])
            if "page" in job.formats:  # a folder of them may be there, of more pages
                self._target.remove_folder(f"{item.name}{SUFFIXES['page']}")
            for file in sorted((file for file in output.folder.rglob("*") if file.is_file()), key=_records_first):
                self._target.write(file.relative_to(output.folder).as_posix(), file.read_bytes())
            if "page" in job.formats and output.result(given, "page").is_dir():
                self._target.write(f"{item.name}{SUFFIXES['page']}/{WHOLE}", b"")
            if not untold:
                missing = (f"{item.name}{end}" for end in (ERRORS, WARNINGS) if not (output.folder / f"{item.name}{end}").exists())
                self._target.remove_if_there(missing)
        if len(lines) > 1:
            self._target.remove_folder(f"{PARTIAL}/{item.name}")
        return Done(count, errors=untold, whole=True)

    def _path(self, item: Item, data: bytes | None) -> Path:
        """The document as a file of this machine: a copy, where it is in an archive or elsewhere. Raises OSError."""
        if data is None and "://" not in item.place:
            return Path(item.place)
        name, path = self._at
        if name != item.name:
            self._desk.clear()
            if name:
                path.unlink(missing_ok=True)
            path = Path(self._folder.name) / Path(item.name).name[-100:]  # as results name it
            with path.open("wb") as copy:
                if data is not None:
                    copy.write(data)
                else:
                    system, there = open_place(item.place)
                    with system.open_input_stream(there, compression=None) as given:
                        shutil.copyfileobj(given, copy, 1 << 20)
            self._at = item.name, path
        return path


def _records_first(file: Path) -> tuple[bool, str]:
    """What is there without a record counts as whole."""
    return not file.name.endswith((ERRORS, WARNINGS)), str(file)


def refused(job: Job, target: Target, item: Item, error: PageError) -> Done:
    """A document of which nothing can be read is recorded, so that the next run knows. Raises TargetFailed."""
    record_refusal(job, target, item, [error])
    return Done(1, (0,), (error,), True, tables=tables_of(item.name, job.model, [as_dict(error)], 1) if job.tables else None)


def record_refusal(job: Job, target: Target, item: Item, errors: Sequence[PageError]) -> None:
    if job.formats:
        said = [{"page": error.number, "code": error.code, "message": error.message} for error in errors]
        content = {"format": "rasm-errors", "version": 1, "name": item.name, "whole": True, "errors": said}
        target.write(f"{item.name}{ERRORS}", json.dumps(content, ensure_ascii=False, indent=1).encode())


def write_stage(job: Job, target: Target, item: Item, indices: Sequence[int], lines: Sequence[str]) -> None:
    name = f"{job.stage(item)}/{indices[0] + 1:08d}-{indices[-1] + 1:08d}.jsonl"
    target.write(name, "".join(line + "\n" for line in lines).encode())


def as_dict(page: Page | PageError, *, characters: bool = True) -> dict[str, Any]:
    one = Document("", [page]) if isinstance(page, Page) else Document("", [], errors=[page])
    return dict(one.to_dict(characters=characters)["pages"][0])


def _page(fields: dict[str, Any]) -> Page | PageError:
    return PageError(fields["number"], **fields["error"]) if fields["error"] else page_from_dict(fields)


def tasks_of(item: Item, indices: Sequence[int], count: int, language: LanguageOption) -> Iterator[Task]:
    """Of the pages that are left: neighbours together."""
    for start in range(0, len(indices), PAGES_A_TASK):
        yield Task("read", item, tuple(indices[start : start + PAGES_A_TASK]), count, language)

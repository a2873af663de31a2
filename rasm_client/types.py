"""What goes to the service and comes back: options, results, jobs, errors. Plain data.

Where it stands: beneath all of the client.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal, TypedDict

from rasm_client.printable import printable

Image = str | os.PathLike[str] | tuple[str, bytes]
"""What can be read: a path, or a name with the bytes of a file."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels from the top left of the upright image."""
Format = Literal["text", "json", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"]


class ReadingOptions(TypedDict, total=False):
    """How to read; the service's own defaults for what is left out. See /api/docs."""

    mode: Literal["auto", "line", "page"]
    pdf_text: Literal["auto", "use", "ignore"]
    least_confidence: float
    model: str
    pages: str
    password: str


class OutputOptions(TypedDict, total=False):
    """What to give out."""

    diacritics: Literal["keep", "strip"]
    tatweel: Literal["keep", "strip"]
    digits: Literal["as_printed", "western", "arabic_indic"]
    language: Literal["auto", "ar", "fa", "ur", "ckb", "ps", "ug", "sd"]
    unknown: Literal["mark", "leave_out"]
    line_breaks: Literal["join", "keep"]
    detail: Literal["lines", "characters"]
    tables: Literal["auto", "html"]
    pdf_layer: Literal["skip", "redo", "force"]


class Options(ReadingOptions, OutputOptions, total=False):
    """How to read, and what to give out."""


class Settings(TypedDict, total=False):
    """Of a client: ``timeout_s`` is that of one answer, ``wait_s`` how long a job is waited for in all, ``concurrency`` how many requests
    are under way."""

    api_key: str | None
    timeout_s: float
    wait_s: float
    retries: int
    concurrency: int


@dataclass(frozen=True)
class FileError:
    """``file`` (from 0) and ``page`` (from 1) only among the errors of a job."""

    code: str
    message: str
    file: int | None = None
    page: int | None = None


@dataclass(frozen=True)
class Model:
    name: str
    version: str


@dataclass(frozen=True)
class Word:
    text: str
    confidence: float
    bbox: Box


class Character(Word):
    """One sign, as it was read."""


@dataclass(frozen=True)
class Line:
    """``characters`` is None unless ``detail="characters"`` asked for them."""

    text: str
    text_as_read: str
    confidence: float
    bbox: Box
    words: tuple[Word, ...] = ()
    characters: tuple[Character, ...] | None = None
    direction: Literal["rtl", "ltr"] = "rtl"


@dataclass(frozen=True)
class Cell:
    """A cell of a table, empty or not: its first row and column, from 0, how many it is over, and indices of the page's lines."""

    row: int
    column: int
    row_span: int
    column_span: int
    bbox: Box
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Region:
    """A paragraph, a heading, a table …: ``lines`` are indices of the page's lines; a table has ``cells`` too, of which the first
    ``head_rows`` say what stands beneath. ``level``: of a heading, from 1, or how deep a list item is nested."""

    kind: str
    bbox: Box
    lines: tuple[int, ...]
    cells: tuple[Cell, ...] = ()
    direction: Literal["rtl", "ltr"] = "rtl"
    level: int | None = None
    head_rows: int = 0


@dataclass(frozen=True)
class Unread:
    """A place that looks like text and is not in the text; ``text``: what was read there all the same, if anything was."""

    bbox: Box
    reason: str
    text: str = ""
    confidence: float = 0.0


@dataclass(frozen=True)
class PageWarning:
    """What the reader of a page should know; the service's ``/api/docs`` lists the codes."""

    code: str
    message: str


@dataclass(frozen=True)
class Result:
    """What the service says of one page or line. ``name`` is the path or name that was given; ``json`` all that the service said.

    Of what could not be read, here or by the service, ``error`` says why, and what is not known is None.
    """

    name: str
    page: int | None = None
    pages: int | None = None
    kind: Literal["line", "page"] | None = None
    source: Literal["ocr", "text_layer"] | None = None
    width_px: int | None = None
    height_px: int | None = None
    rotation_degrees: int = 0
    skew_degrees: float = 0.0
    direction: Literal["rtl", "ltr"] = "rtl"
    language: str | None = None
    text: str | None = None
    text_as_read: str | None = None
    confidence: float | None = None
    bbox: Box | None = None
    regions: tuple[Region, ...] = ()
    lines: tuple[Line, ...] = ()
    unread: tuple[Unread, ...] = ()
    warnings: tuple[PageWarning, ...] = ()
    milliseconds: float | None = None
    model: Model | None = None
    error: FileError | None = None
    json: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def failed(cls, name: str, code: str, message: str) -> Result:
        """Of a file that could not be read here. Its ``json`` has nulls where the service's results have what was read."""
        error = {"code": code, "message": message}
        unknown = dict.fromkeys(("page", "pages", "kind", "source", "width_px", "height_px", "text", "text_as_read", "confidence", "bbox"))
        nothing: dict[str, Any] = {"regions": [], "lines": [], "unread": [], "warnings": [], "error": error, "model": None}
        return cls(name, error=FileError(code, message), json={"name": name, **unknown, **nothing})

    @classmethod
    def unopened(cls, name: str, error: Exception) -> Result:
        """Of a file that cannot be opened."""
        return cls.failed(name, "unreadable_file", getattr(error, "strerror", None) or str(error))


@dataclass(frozen=True)
class Document:
    """One file in another format: ``data`` is what the service made of it, None where ``error`` says why not. ``warning_counts``: how many
    of its pages have each warning."""

    name: str
    data: bytes | None
    error: FileError | None = None
    warning_counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job as it stands: ``files`` are the names that the service keeps, ``errors`` the first of ``error_count``. ``warning_counts``: how
    many of its pages have each warning."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    pages: int
    pages_done: int
    files: tuple[str, ...]
    errors: tuple[FileError, ...]
    error_count: int
    error: FileError | None
    expires: str
    warning_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return self.state not in ("queued", "running")

    def is_of(self, name: str) -> bool:
        """Whether its one file was sent under this name or path: how to find the job that was begun for a file."""
        return self.files == (sent_name(name),)


class ServiceError(Exception):
    """The service cannot be reached, refuses, takes too long, or is not Rasm's. The message is one line.

    ``status``, ``code`` and ``request_id`` are those of its reply, where it gave one.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(printable(message))
        self.status, self.code, self.request_id = status, code, request_id


class FileRefused(ServiceError):
    """None of the files that were sent can be read, or they are too large: ``error`` says what is wrong with the first."""

    def __init__(self, message: str, error: FileError, **reply: Any) -> None:
        super().__init__(message, code=error.code, **reply)
        self.error = error


@dataclass(frozen=True)
class SentFile:
    """A file's bytes under the name that was given for it."""

    name: str
    data: bytes

    @property
    def field(self) -> tuple[str, tuple[str, bytes]]:
        return "files", (sent_name(self.name), self.data)


def sent_name(name: str) -> str:
    return PurePath(name).name.encode(errors="replace").decode()  # a name need not be UTF-8; HTTP is

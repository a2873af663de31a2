"""One file -> the log of its pages, its results in every format asked for, and records of what was not read.

Where it stands: beneath ``rasm/batch.py``, which reads many files. What takes a ``Desk`` runs in one of the processes of
``rasm/workers.py``. A long PDF goes on at the page where it stopped, by a log of its pages in ``PARTIAL``. Pages that could not be read
are recorded in NAME.errors.json. Pages with warnings, and what is unread on them, are recorded in NAME.warnings.json: text and PDFs
cannot hold them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from rasm.command_line import shown
from rasm.document import Document, Page, PageError, in_language, language_of, page_from_dict, profiled
from rasm.errors import ImageError
from rasm.formats import SUFFIXES, write_pages
from rasm.formats.markdown import Tables
from rasm.formats.searchable_pdf import PdfLayer, SearchablePdf
from rasm.lines.recognizer import ModelInfo
from rasm.pages.chosen import Chosen, spelled
from rasm.pages.files import HEAD_BYTES, MAX_PAGES, PageFile, has_pages, open_pages
from rasm.pages.reader import Mode, PdfText
from rasm.pages.unread import LEAST_CONFIDENCE
from rasm.reader import Reader
from rasm.text.languages import Language, LanguageOption, write_in
from rasm.text.normalisation import Profile
from rasm.workers import Desk, Workers

PARTIAL = ".rasm-partial"  # in the folder of the results: the pages of documents that are not finished
ERRORS = ".errors.json"  # after a result's name: the pages that could not be read
WARNINGS = ".warnings.json"  # likewise: the pages of which something is unread, or unsure


@dataclass(frozen=True)
class Settings:
    """How every file is read, and how its text is given. The options of ``rasm read``."""

    mode: Mode = "auto"
    pdf_text: PdfText = "auto"
    pdf_layer: PdfLayer = "skip"  # what becomes, in a searchable PDF, of the text that the PDF had
    profile: Profile = field(default_factory=Profile)
    join_lines: bool = True  # of a paragraph, in text
    password: str | None = None
    pages: str = ""  # those that are read, as "1-3,7"; all if empty
    max_pages: int = MAX_PAGES
    again: bool = False  # read again what has been read already
    least_confidence: float = LEAST_CONFIDENCE  # what a line needs to be text
    quiet: bool = False  # print no warnings
    language: LanguageOption = "auto"  # in whose letters the text is written
    tables: Tables = "auto"  # in Markdown


@dataclass(frozen=True)
class Output:
    """Where the results go, and in which formats."""

    folder: Path
    formats: Sequence[str]

    def result(self, item: Input, kind: str) -> Path:
        return self.folder / f"{item.name}{SUFFIXES[kind]}"


@dataclass(frozen=True)
class Input:
    """A file to read, and the name of its results without their suffix, relative to --out."""

    path: Path
    name: Path


@dataclass(frozen=True)
class Finished:
    """A file whose results are written. warned: how many of its pages have warnings. lines: what is to be told, on standard error."""

    warned: int
    lines: Sequence[str]


def logged_page(desk: Desk, path: Path, index: int, settings: Settings) -> str:
    """Page ``index``, from 0, or why it cannot be read: its line in the log. Raises an ImageError where the file cannot be opened."""
    page = read_page(desk.open(path, settings.password, settings.max_pages), index, desk.reader, settings)
    one = Document("", [page]) if isinstance(page, Page) else Document("", [], errors=[page])
    return json.dumps(one.to_dict()["pages"][0], ensure_ascii=False)


def read_alone(desk: Desk, item: Input, settings: Settings, output: Output) -> Finished:
    """A file of which one page is read. Raises an ImageError, OSError."""
    file = desk.open(item.path, settings.password, settings.max_pages)  # what cannot be opened leaves no log
    (index,) = indices = Chosen(settings.pages).of(file.count)
    start, log = open_log(item, desk.reader.info, indices, settings, output)
    with log:
        if start == 0:
            log.write(logged_page(desk, item.path, index, settings) + "\n")
    return finish(desk, item, settings, output)


def finish(desk: Desk, item: Input, settings: Settings, output: Output) -> Finished:
    """Write the results of a file whose pages are all logged, and records of pages that could not be read and of warnings.
    Raises an ImageError where no page could be read."""
    partial = _partial(item, output)
    file = desk.open(item.path, settings.password, settings.max_pages)
    count = len(Chosen(settings.pages).of(file.count))
    errors, warned, own = [], [], 0
    for line in _logged(partial):  # a page is a hundred kilobytes: each time that it is parsed counts
        if line["error"]:
            errors.append(PageError(line["number"], **line["error"]))
        if line["warnings"]:
            warned.append(line)
        own += line["source"] == "text_layer"
    if len(errors) == count:
        _discard(partial, output.folder)  # or the next time would find no page that is left to read
        raise ImageError(errors[0].message if count == 1 else f"no page could be read: {errors[0].message}")
    lines = []
    if own:
        lines.append(shown(own_text_line(str(item.path), own, count)))
    lines += [shown(warning_line(str(item.path), line["number"], file.count, _messages(line))) for line in warned]
    record_errors(item, output.folder, errors)  # before the results: what is there without a record counts as whole
    language = language_of((page for page in _pages(partial) if isinstance(page, Page)), settings.language)
    record_warnings(item, output.folder, warned, language)
    write_results(item, file, partial, desk.reader.info, replace(settings, language=language or "auto"), output, count, len(errors))
    _discard(partial, output.folder)
    return Finished(len(warned), [] if settings.quiet else lines)


def pages_of(path: Path, indices: Sequence[int], workers: Workers, settings: Settings) -> Iterator[Page | PageError]:
    """Pages of one file, by their indices from 0. Raises an ImageError where the file cannot be opened."""
    ahead: deque[Future[str]] = deque()
    for index in indices:
        ahead.append(workers.submit(logged_page, path, index, settings))
        if len(ahead) == workers.ahead:
            yield _page(json.loads(workers.result(ahead.popleft())))
    while ahead:
        yield _page(json.loads(workers.result(ahead.popleft())))


def chosen_pages(path: Path, settings: Settings) -> Sequence[int]:
    """The indices, from 0, of a file's pages that are to be read, without decoding an image. Raises an ImageError, OSError."""
    chosen = Chosen(settings.pages)
    with path.open("rb") as data:
        if not has_pages(data.read(HEAD_BYTES)):
            return chosen.of(1)
        with open_pages(data, password=settings.password, max_pages=settings.max_pages) as file:
            return chosen.of(file.count)


def _partial(item: Input, output: Output) -> Path:
    return output.folder / PARTIAL / f"{item.name}.jsonl"


def open_log(item: Input, info: ModelInfo, indices: Sequence[int], settings: Settings, output: Output) -> tuple[int, IO[str]]:
    """How many of a file's pages ``indices`` are logged, and the log, which takes one more line for each page. It has one line more, which
    tells what was read and how: of anything else it begins anew."""
    partial = _partial(item, output)
    with item.path.open("rb") as data:
        digest = hashlib.file_digest(data, lambda: hashlib.blake2b(digest_size=16)).hexdigest()  # type: ignore[arg-type, return-value]
    same: dict[str, str | bool | float] = {"file": digest, "model": info.name, "version": info.version}
    same |= {"mode": settings.mode, "pdf_text": settings.pdf_text, "again": settings.again}
    same |= {"least_confidence": settings.least_confidence, "pages": spelled(indices)}
    for link in (output.folder / PARTIAL, partial):
        if link.is_symlink():  # somebody else's: what it points to is not ours to write
            link.unlink()
    partial.parent.mkdir(parents=True, exist_ok=True)
    start = _resume(partial, same)
    log = partial.open("a" if start else "w", encoding="utf-8")
    if not start:
        log.write(json.dumps(same) + "\n")
        log.flush()
    return start, log


def write_log(item: Input, output: Output, pages: Iterable[str]) -> None:
    """The log of a file whose pages were read elsewhere, for ``finish``."""
    partial = _partial(item, output)
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text("".join(line + "\n" for line in ("{}", *pages)), encoding="utf-8")


def record_errors(item: Input, out: Path, errors: list[PageError]) -> None:
    """Write, or remove, the record of the pages that could not be read; the next time they are told from it."""
    said = [{"page": error.number, "code": error.code, "message": error.message} for error in errors]
    _record(out / f"{item.name}{ERRORS}", {"format": "rasm-errors", "version": 1, "name": item.path.name, "errors": said}, said)


def record_warnings(item: Input, out: Path, warned: list[dict[str, Any]], language: Language | None = None) -> None:
    """Write, or remove, the record of the pages with warnings. ``warned``: those pages, as JSON has them, their letters as drawn."""
    if language:
        for place in (place for page in warned for place in page["unread"]):
            place["text"] = write_in(place["text"], language)
    said = [{"page": page["number"], "warnings": page["warnings"], "unread": page["unread"]} for page in warned]
    _record(out / f"{item.name}{WARNINGS}", {"format": "rasm-warnings", "version": 1, "name": item.path.name, "pages": said}, said)


def _record(path: Path, content: dict[str, Any], said: Sequence[object]) -> None:
    """Without anything to say there is no record."""
    path.unlink(missing_ok=True)
    if said:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _messages(page: Mapping[str, Any]) -> list[str]:
    return [warning["message"] for warning in page["warnings"]]


def _discard(partial: Path, out: Path) -> None:
    """Remove a log, and the folders in ``out`` that are empty then."""
    partial.unlink()
    for folder in partial.parents:
        if folder == out or any(folder.iterdir()):
            break
        folder.rmdir()


def _logged(partial: Path) -> Iterator[dict[str, Any]]:
    with partial.open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            yield json.loads(line)


def _pages(partial: Path) -> Iterator[Page | PageError]:
    """Every page that was read, or why it was not."""
    return map(_page, _logged(partial))


def _page(line: dict[str, Any]) -> Page | PageError:
    return PageError(line["number"], **line["error"]) if line["error"] else page_from_dict(line)


def _resume(partial: Path, settings: Mapping[str, object]) -> int:
    """How many pages were read before, with the same settings; what was half written is cut off."""
    if not partial.exists():
        return 0
    lines = partial.read_bytes().split(b"\n")[:-1]  # what follows the last line's end is half a line
    try:
        if not lines or json.loads(lines[0]) != settings:
            return 0
        for line in lines[1:]:
            json.loads(line)
    except ValueError:
        return 0
    partial.write_bytes(b"\n".join(lines) + b"\n")
    return len(lines) - 1


def write_results(
    item: Input, file: PageFile, partial: Path, info: ModelInfo, settings: Settings, output: Output, count: int, failed: int
) -> None:
    """Every format of the ``count`` pages, of which ``failed`` could not be read, page by page, each put in place when it is whole."""
    for kind in output.formats:
        target = output.result(item, kind)
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(target.name + ".part")
        _clear(half)
        if kind == "pdf":
            data = item.path.read_bytes() if file.kind == "pdf" else None
            pdf = SearchablePdf(data, password=settings.password, layer=settings.pdf_layer)
            for page in _pages(partial):
                if isinstance(page, Page):
                    pdf.add(as_asked(page, settings), None if file.kind == "pdf" else file.image(page.number - 1))
            with half.open("xb") as whole:
                whole.write(pdf.finish())
        elif kind == "page" and count > 1:  # PAGE XML knows no files of several pages: a folder of them
            half.mkdir()
            for page in _pages(partial):
                if isinstance(page, Page):
                    with (half / f"{page.number:04d}.xml").open("wb") as one:
                        write_text([page], kind, one, item.path.name, info, settings)
        else:
            with half.open("xb") as whole:
                write_text(_pages(partial), kind, whole, item.path.name, info, settings, page_count=count - failed)
        if target.is_dir():  # of PAGE XML alone: check_targets has looked
            shutil.rmtree(target)
        half.replace(target)


def _clear(path: Path) -> None:
    """What is left of an earlier run goes, and so does a link that somebody has put there: what it points to is not ours to write."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# Of one file, wherever its results go


def read_page(file: PageFile, index: int, reader: Reader, settings: Settings) -> Page | PageError:
    """Page ``index``, from 0, or why it cannot be read."""
    try:
        return reader.page_reader.read_from(file, index, mode=settings.mode, pdf_text=settings.pdf_text)
    except ImageError as e:
        return PageError(index + 1, e.code, str(e))


def own_text_line(name: str, own: int, pages: int) -> str:
    """What is told of a PDF of which ``own`` of the pages need not be read."""
    return f"{name}: of {own} of {pages} pages the PDF's own text is taken; --pdf-text ignore reads their pictures"


def warning_line(name: str, number: int, pages: int, messages: Iterable[str]) -> str:
    """What is told of a page with warnings."""
    return f"{name}: {f'page {number}: ' if pages > 1 else ''}warning: {'; '.join(messages)}"


def as_asked(page: Page, settings: Settings) -> Page:
    """In the letters of the language and the form of text that ``settings`` ask for; "auto": as the page has it already."""
    written = page if settings.language == "auto" else in_language(page, settings.language)
    return profiled(written, settings.profile)


def write_text(
    pages: Iterable[Page | PageError],
    kind: str,
    out: IO[bytes],
    name: str,
    info: ModelInfo,
    settings: Settings,
    page_count: int | None = None,
) -> None:
    """Any format but PDF, each page as it comes, its text as was asked for."""
    asked = (as_asked(page, settings) if isinstance(page, Page) else page for page in pages)
    model = f"{info.name} {info.version}"
    write_pages(asked, kind, out, name=name, model=model, page_count=page_count, paragraphs=settings.join_lines, tables=settings.tables)

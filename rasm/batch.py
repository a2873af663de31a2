"""Read many files into a folder: each gives one result in each format, named after it.

Where it stands: beneath ``rasm read``, above the page reader and the formats. Reading can be stopped and started again: what is there is
not read again, and a long PDF goes on at the page where it stopped, by a log of its pages in ``PARTIAL``. Folders are searched for PDFs
and images. Pages that could not be read are recorded in NAME.errors.json, and told again until they are read. Pages with warnings, and
what is unread on them, are recorded in NAME.warnings.json: text and PDFs cannot hold them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from rasm.command_line import shown
from rasm.document import Document, Page, PageError, in_language, language_of, page_from_dict, profiled
from rasm.errors import ConfigError, ImageError
from rasm.formats import SUFFIXES, write_pages
from rasm.formats.markdown import Tables
from rasm.formats.searchable_pdf import PdfLayer, SearchablePdf
from rasm.pages.chosen import Chosen, spelled
from rasm.pages.files import MAX_PAGES, PAGE_SUFFIXES, PageFile, open_pages
from rasm.pages.reader import Mode, PdfText
from rasm.pages.unread import LEAST_CONFIDENCE
from rasm.reader import Reader
from rasm.text.languages import Language, LanguageOption, write_in
from rasm.text.normalisation import Profile

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


def read_files(inputs: Sequence[Input], reader: Reader, settings: Settings, output: Output) -> int:
    """Read what has not been read yet, and print what came of it; how many errors there were, those of earlier times included."""
    output.folder.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    counts: Counter[str] = Counter()
    with tqdm(total=len(inputs), unit="file", disable=None) as files, tqdm(unit="page", disable=None, leave=False) as pages:
        for item in inputs:
            if not settings.again and all(output.result(item, kind).exists() for kind in output.formats):
                counts["there already"] += 1
                errors += _told(item, output.folder)
            else:
                try:
                    counts["warned"] += read_file(item, reader, settings, output, pages)
                    counts["read"] += 1
                    errors += _told(item, output.folder)
                except (ImageError, OSError) as e:
                    errors.append(f"{item.path}: {e if isinstance(e, ImageError) else e.strerror}")
            files.update()
    warned = f", {counts['warned']} pages with warnings" if counts["warned"] else ""
    print(f"{counts['read']} read, {counts['there already']} there already, {len(errors)} errors{warned}; results in {output.folder}")
    for message in errors:
        print(f"  {shown(message)}", file=sys.stderr)
    return len(errors)


def find_inputs(paths: Sequence[Path], out: Path | None) -> list[Input]:
    """The files, and those of the folders; each with a name of its own. Raises ConfigError where there are none.

    What lies in ``out``, a folder in one of the folders, is not searched: it holds the results of the last time.
    """
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in PAGE_SUFFIXES and p.is_file())
            names = [p.relative_to(path) for p in files]
            if out and _is_below(out, path):
                results = out.resolve().relative_to(path.resolve())
                names = [name for name in names if not name.is_relative_to(results)]
            found += [(path / name, name) for name in names]
        elif path.exists():
            found.append((path, Path(path.name)))
        else:
            raise ConfigError(f"{path}: no such file or folder")
    if not found:
        raise ConfigError(f"no PDF and no image in {', '.join(map(str, paths))}")
    unique = {path.resolve(): (path, name) for path, name in reversed(found)}  # named twice is read once
    found = list(reversed(unique.values()))
    stems = Counter(name.with_suffix("") for _, name in found)
    inputs = [Input(path, name.with_suffix("") if stems[name.with_suffix("")] == 1 else name) for path, name in found]
    twice = [str(name) for name, count in Counter(i.name for i in inputs).items() if count > 1]
    if twice:
        raise ConfigError(f"two inputs are named {twice[0]}, and so would their results be: read them into folders of their own")
    return inputs


def _is_below(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def check_targets(inputs: Sequence[Input], output: Output, folders: Sequence[Path]) -> None:
    """Raises ConfigError where a result would take the place of a file that is to be read or of a folder that is none, or be found in
    ``folders`` and read itself."""
    sources = {_identity(item.path) for item in inputs}
    searched = [folder for folder in folders if not _is_below(output.folder, folder)]
    for target in (output.result(item, kind) for item in inputs for kind in output.formats):
        if target.is_dir() and not _is_result(target):
            raise ConfigError(f"{target} is a folder with more than PAGE XML in it: move it away, or choose another with --out")
        if target.exists() and _identity(target) in sources:
            raise ConfigError(f"{target} is to be read, and a result would take its place: choose another folder with --out")
        if target.suffix in PAGE_SUFFIXES and any(_is_below(target, folder) for folder in searched):
            raise ConfigError(f"{target} would be read itself the next time: choose a folder with --out that is not read, or one in it")


def _is_result(folder: Path) -> bool:
    """Whether it is what PAGE XML of several pages becomes: a folder of that name with nothing but 0001.xml, 0002.xml, …"""
    if folder.is_symlink() or not folder.name.endswith(SUFFIXES["page"]):
        return False
    return all(path.is_file() and re.fullmatch(r"[0-9]{4,}\.xml", path.name) for path in folder.iterdir())


def _identity(path: Path) -> tuple[int, int]:
    """The same for each name of a file: through links, and in other letters' case where the file system does not tell them apart."""
    found = path.stat()
    return found.st_dev, found.st_ino


def read_file(item: Input, reader: Reader, settings: Settings, output: Output, bar: tqdm) -> int:
    """Read one file; write its results, and records of pages that could not be read and of warnings. How many pages have warnings.
    Raises an ImageError where no page can be read."""
    data = item.path.read_bytes()
    partial = output.folder / PARTIAL / f"{item.name}.jsonl"
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    same: dict[str, str | bool | float] = {"file": digest, "model": reader.info.name, "version": reader.info.version}
    same |= {"mode": settings.mode, "pdf_text": settings.pdf_text, "again": settings.again}
    same["least_confidence"] = settings.least_confidence
    with open_pages(data, password=settings.password, max_pages=settings.max_pages) as file:
        indices = Chosen(settings.pages).of(file.count)
        same["pages"] = spelled(indices)
        for link in (output.folder / PARTIAL, partial):
            if link.is_symlink():  # somebody else's: what it points to is not ours to write
                link.unlink()
        partial.parent.mkdir(parents=True, exist_ok=True)
        start = _resume(partial, same)
        bar.reset(total=len(indices))
        bar.update(start)
        with partial.open("a" if start else "w", encoding="utf-8") as log:
            if not start:
                log.write(json.dumps(same) + "\n")
            for index in indices[start:]:
                page = read_page(file, index, reader, settings)
                one = Document("", [page]) if isinstance(page, Page) else Document("", [], errors=[page])
                log.write(json.dumps(one.to_dict()["pages"][0], ensure_ascii=False) + "\n")
                log.flush()
                bar.update()
        errors = [page for page in _pages(partial) if isinstance(page, PageError)]
        if len(errors) == len(indices):
            _discard(partial, output.folder)  # or the next time would find no page that is left to read
            raise ImageError(errors[0].message if len(indices) == 1 else f"no page could be read: {errors[0].message}")
        own = sum(line["source"] == "text_layer" for line in _logged(partial))
        if own and not settings.quiet:
            tqdm.write(shown(own_text_line(str(item.path), own, len(indices))), file=sys.stderr)
        warned = [line for line in _logged(partial) if line["warnings"]]
        if not settings.quiet:
            for line in warned:
                tqdm.write(shown(warning_line(str(item.path), line["number"], file.count, _messages(line))), file=sys.stderr)
        record_errors(item, output.folder, errors)  # before the results: what is there without a record counts as whole
        language = language_of((page for page in _pages(partial) if isinstance(page, Page)), settings.language)
        record_warnings(item, output.folder, warned, language)
        write_results(item, file, data, partial, reader, replace(settings, language=language or "auto"), output, len(indices))
    _discard(partial, output.folder)
    return len(warned)


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


def _told(item: Input, out: Path) -> list[str]:
    """A line for each page of which there is a record that it could not be read."""
    record = out / f"{item.name}{ERRORS}"
    if not record.exists():
        return []
    try:
        errors = json.loads(record.read_bytes())["errors"]
        return [f"{item.path}: page {error['page']}: {error['message']}" for error in errors]
    except (ValueError, KeyError, TypeError):
        return [f"{item.path}: some pages could not be read, but {record} is broken: --again reads them again"]


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
    return (PageError(line["number"], **line["error"]) if line["error"] else page_from_dict(line) for line in _logged(partial))


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
    item: Input, file: PageFile, data: bytes, partial: Path, reader: Reader, settings: Settings, output: Output, count: int
) -> None:
    """Every format of the ``count`` pages, page by page, each put in place only when it is whole."""

    failed = sum(isinstance(page, PageError) for page in _pages(partial))
    for kind in output.formats:
        target = output.result(item, kind)
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(target.name + ".part")
        _clear(half)
        if kind == "pdf":
            pdf = SearchablePdf(data if file.kind == "pdf" else None, password=settings.password, layer=settings.pdf_layer)
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
                        write_text([page], kind, one, item.path.name, reader, settings)
        else:
            with half.open("xb") as whole:
                write_text(_pages(partial), kind, whole, item.path.name, reader, settings, page_count=count - failed)
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
    reader: Reader,
    settings: Settings,
    page_count: int | None = None,
) -> None:
    """Any format but PDF, each page as it comes, its text as was asked for."""
    asked = (as_asked(page, settings) if isinstance(page, Page) else page for page in pages)
    model = f"{reader.info.name} {reader.info.version}"
    write_pages(asked, kind, out, name=name, model=model, page_count=page_count, paragraphs=settings.join_lines, tables=settings.tables)

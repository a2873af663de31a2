"""``rasm mcp``: files read for a language model, over the Model Context Protocol, by standard input and output.

Where it stands: on top of reading, beside the command line; the official SDK speaks the protocol (the extra ``mcp``). Whoever asks is a
program that a text may have talked into anything. So it reads and never writes, only below the folders that were named when it was
started, links that lead out of them included, within bounds on bytes, pages and characters, and it asks no network. PDFs and TIFFs are
opened and drawn in a process of their own, which is stopped when one of them takes for ever.
"""

from __future__ import annotations

import atexit
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field
from typing_extensions import TypedDict  # what pydantic asks for before Python 3.12

from rasm import __version__
from rasm.document import Document, Page, PageError
from rasm.errors import RasmError
from rasm.formats import write
from rasm.image import MAX_PIXELS
from rasm.pages.chosen import Chosen, spelled
from rasm.pages.files import HEAD_BYTES, MAX_PAGES, PAGE_SUFFIXES, PageFile, has_pages, open_pages
from rasm.reader import Reader
from rasm.text.languages import LanguageOption

MOST_LISTED = 500  # files in one answer
# no link that came meanwhile, and a pipe is not waited for; binary, on Windows
_NEVER_ELSEWHERE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_INSTRUCTIONS = (
    "Reads scans, photographs and PDFs, above all of Arabic, Persian, Urdu and other languages in Arabic letters. "
    "Texts are in logical order. Begin with list_files. "
    "What looks like text and could not be read is told in warnings: never take a text for whole that has some."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

PathArgument = Annotated[str, Field(description="A PDF or an image, as list_files names it.")]
PagesArgument = Annotated[str, Field(description="Which pages, as 1-3,7 or 5-; all if empty.")]
LanguageArgument = Annotated[LanguageOption, Field(description="In whose letters to write; auto looks.")]


@dataclass(frozen=True)
class Bounds:
    """Of what is read for a call: a file, its pages, and the characters of the answer."""

    file_bytes: int = 100 * 2**20
    pages: int = 50
    characters: int = 100_000  # some 30,000 to 50,000 tokens of Arabic
    processor_s: int = 20  # to open a PDF or a TIFF, or to draw one of its pages


class FileEntry(TypedDict):
    path: str
    bytes: int


class PageText(TypedDict):
    page: int
    asked: str  # all that were asked for, as 1-3,7: what is missing in the answer was too long for it
    text: str
    confidence: float
    language: str | None
    warnings: list[str]
    error: str | None


class TableText(TypedDict):
    page: int
    head_rows: int
    rows: list[list[str]]


class Files:
    """The files below some folders, and no others."""

    def __init__(self, roots: Sequence[Path], bounds: Bounds) -> None:
        self.roots = [root.resolve(strict=True) for root in roots]
        self._bounds = bounds

    def listed(self) -> Iterator[FileEntry]:
        """What can be read, by full paths."""
        for root in self.roots:
            if root.is_file():
                yield FileEntry(path=str(root), bytes=root.stat().st_size)
            for folder, folders, names in os.walk(root):  # which follows no links
                folders.sort()
                for name in sorted(names):
                    path = Path(folder, name)
                    if path.suffix.lower() in PAGE_SUFFIXES and path.is_file() and self._is_allowed(path.resolve()):
                        yield FileEntry(path=str(path), bytes=path.stat().st_size)

    def data(self, path: str) -> bytes:
        """A file's bytes. Raises ToolError; of what lies elsewhere it does not say whether it is there."""
        try:
            found = (self.roots[0] / path).resolve(strict=True)  # a path that begins at the root of all stays itself
            if not self._is_allowed(found):
                raise FileNotFoundError
            with os.fdopen(os.open(found, os.O_RDONLY | _NEVER_ELSEWHERE), "rb") as file:
                if not found.is_file():
                    raise FileNotFoundError
                data = file.read(self._bounds.file_bytes + 1)
        except (OSError, ValueError, RuntimeError) as e:  # a name with a NUL, a ring of links
            raise ToolError("there is no such file in the folders that may be read; list_files names those that are there") from e
        if len(data) > self._bounds.file_bytes:
            raise ToolError(f"the file has more than {self._bounds.file_bytes:,} bytes, the most that are read")
        return data

    def _is_allowed(self, path: Path) -> bool:
        return any(path == root or root in path.parents for root in self.roots)


def _opening(bounds: Bounds, password: str | None) -> Callable[[bytes], PageFile]:
    """What opens a file's bytes; it raises an ImageError."""
    try:
        from rasm.pages.pdf_process import PdfProcess
    except ImportError:  # Windows has no limits on a process
        return lambda data: open_pages(data, password=password)
    apart = PdfProcess(bounds.processor_s)
    atexit.register(apart.close)

    def opened(data: bytes) -> PageFile:
        if not has_pages(data[:HEAD_BYTES]):
            return open_pages(data)
        return apart.open(io.BytesIO(data), password=password, max_pages=MAX_PAGES, max_pixels=MAX_PIXELS)

    return opened


def server(reader: Reader, roots: Sequence[Path], bounds: Bounds, password: str | None = None) -> MCPServer:
    """The server; ``run`` has it answer. ``password``: of encrypted PDFs. Raises OSError of a root that is not there."""
    files, opened = Files(roots, bounds), _opening(bounds, password)
    mcp = MCPServer("rasm", version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING")

    @mcp.tool(annotations=_READS)
    def list_files() -> list[FileEntry]:
        """The PDFs and images that can be read, by their paths; 500 at most."""
        return [entry for entry, _ in zip(files.listed(), range(MOST_LISTED))]

    @mcp.tool(annotations=_READS, structured_output=False)
    def read_file(
        path: PathArgument,
        format: Annotated[Literal["markdown", "text"], Field(description="markdown has headings, lists and tables.")] = "markdown",
        pages: PagesArgument = "",
        language: LanguageArgument = "auto",
    ) -> str:
        """Read a PDF or an image: its text, page after page. If that is long it ends with the pages that are left to ask for."""
        parts: list[str] = []
        left = bounds.characters
        notes: list[str] = []
        with _told():
            numbers, read = _read(reader, opened(files.data(path)), pages, language, bounds.pages)
            for page in read:
                if isinstance(page, PageError):
                    text, warnings = "", [page.message]
                else:
                    text, warnings = write(Document("", [page]), format).strip("\n\f"), [warning.message for warning in page.warnings]
                if parts and len(text) > left:
                    break
                if len(text) > left:
                    text = text[:left]
                    warnings.append(f"only its first {left:,} characters are here")
                left -= len(text)
                parts.append(text)
                notes += [f"[page {page.number}: {warning}]" for warning in warnings]
        if rest := numbers[len(parts) :]:
            notes.append(f'[{len(rest)} pages are left: ask for pages="{spelled([number - 1 for number in rest])}"]')
        return "\n\n".join(["\f\n".join(parts) if format == "text" else "\n\n---\n\n".join(parts), *notes])

    @mcp.tool(annotations=_READS)
    def read_pages(path: PathArgument, pages: PagesArgument = "", language: LanguageArgument = "auto") -> list[PageText]:
        """Read pages of a PDF or an image one by one: text, confidence from 0 to 1, language, and what was not read."""
        found: list[PageText] = []
        with _told():
            numbers, read = _read(reader, opened(files.data(path)), pages, language, bounds.pages)
            for page in _within(read, bounds.characters):
                found.append(_page_text(page, asked=spelled([number - 1 for number in numbers])))
        return found

    @mcp.tool(annotations=_READS)
    def read_tables(path: PathArgument, pages: PagesArgument = "", language: LanguageArgument = "auto") -> list[TableText]:
        """The tables of a PDF or an image, row by row, each cell where it begins; the first head_rows say what stands in the columns."""
        with _told():
            _, read = _read(reader, opened(files.data(path)), pages, language, bounds.pages)
            return [
                TableText(page=page.number, head_rows=region.head_rows, rows=region.rows)
                for page in _within(read, bounds.characters)
                if isinstance(page, Page)
                for region in page.regions
                if region.cells
            ]

    return mcp


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a file, the model is told; any other error is a fault, and stays in the log."""
    try:
        yield
    except RasmError as e:
        raise ToolError(str(e)) from e


def _read(reader: Reader, file: PageFile, pages: str, language: LanguageOption, most: int) -> tuple[list[int], Iterator[Page | PageError]]:
    """The numbers of the pages that are asked for, and the first of them, ``most`` at most, as they are read. Raises RasmError."""
    try:
        numbers = [index + 1 for index in Chosen(pages).of(file.count)]
    except RasmError:
        file.close()
        raise
    return numbers, reader.pages(file, pages=numbers[:most], language=language)


def _within(pages: Iterator[Page | PageError], characters: int) -> Iterator[Page | PageError]:
    """The first of them, as long as their texts are no longer than that in all; one at least."""
    left = characters
    for n, page in enumerate(pages):
        left -= len(page.text) if isinstance(page, Page) else 0
        if n and left < 0:
            return
        yield page


def _page_text(page: Page | PageError, asked: str) -> PageText:
    if isinstance(page, PageError):
        return PageText(page=page.number, asked=asked, text="", confidence=0.0, language=None, warnings=[], error=page.message)
    return PageText(
        page=page.number,
        asked=asked,
        text=page.text,
        confidence=round(page.confidence, 4),
        language=page.language,
        warnings=[warning.message for warning in page.warnings],
        error=None,
    )

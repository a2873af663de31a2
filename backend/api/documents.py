"""Pages -> files that other programs take: Markdown, HTML, DOCX, tables, hOCR, ALTO, PAGE XML, searchable PDF; several in a ZIP archive.

Where it stands: beside ``results.py``, for the formats that are not JSON; ``rasm/formats`` writes each page. A document is
written page by page, so that one of a thousand pages takes no more memory than its largest.
"""

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from rasm.document import Page, in_language, profiled
from rasm.formats import BINARY, SUFFIXES, write_pages
from rasm.formats.markdown import Tables
from rasm.formats.searchable_pdf import PdfLayer, SearchablePdf
from rasm.pages.files import PageFile
from rasm.text.languages import Language
from rasm.text.normalisation import Profile

MEDIA_TYPES = {
    "json": "application/json",
    "text": "text/plain",
    "markdown": "text/markdown",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "hocr": "text/vnd.hocr+html",  # and not text/html, which a browser would show as a page of this service
    "alto": "application/alto+xml",
    "page": "application/vnd.prima.page+xml",
    "pdf": "application/pdf",
}
ZIP = "application/zip"
MOST_NAME_BYTES = 200  # of one in an archive: most file systems take 255
_ENDING_BYTES = 24  # of these for a number and an ending, such as "-1000/0001.page.xml"
# names that Windows takes for devices, whatever ending they have: learn.microsoft.com, "Naming Files, Paths, and Namespaces"
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A file that was read. ``pages``: asked for anew each time. ``open``: its pictures, for a PDF, and its bytes if it
    is one; None where workers write the PDFs. ``is_seen``: its pages were opened and drawn for this request, so that can be done here."""

    name: str
    page_count: int
    pages: Callable[[], Iterable[Page]]
    open: Callable[[], tuple[PageFile, bytes | None]] | None = None
    password: str | None = None
    language: Language | None = None
    is_seen: bool = True

    def written(self, form: "Form") -> Iterator[Page]:
        """Its pages, in the letters of its language and as ``form`` asks for them."""
        return (profiled(in_language(page, self.language), form.profile) for page in self.pages())


@dataclass(frozen=True)
class Form:
    """What is to be made of it."""

    kind: str
    profile: Profile = field(default_factory=Profile)
    join_lines: bool = True
    model: str = ""
    tables: Tables = "auto"
    pdf_layer: PdfLayer = "skip"


def document_reply(sources: list[Source], form: Form) -> HttpResponseBase:
    """One file as itself, several in an archive; PAGE XML has a file for each page."""
    if len(sources) == 1 and (form.kind != "page" or sources[0].page_count == 1):
        [source] = sources
        content_type = MEDIA_TYPES[form.kind] + ("" if form.kind in BINARY else "; charset=utf-8")
        return _download(write_document(source, form), content_type, _stem(source.name) + SUFFIXES[form.kind])
    return _download(archive(sources, form), ZIP, (_stem(sources[0].name) if len(sources) == 1 else "rasm") + ".zip")


def write_document(source: Source, form: Form) -> IO[bytes]:
    """One file's document, as a temporary file that stands at its beginning."""
    file = _temporary()
    if form.kind == "pdf":
        file.write(searchable(source, form))
    else:
        write_pages(
            source.written(form),
            form.kind,
            file,
            name=source.name,
            model=form.model,
            page_count=source.page_count,
            paragraphs=form.join_lines,
            tables=form.tables,
        )
    file.seek(0)
    return file


def searchable(source: Source, form: Form) -> bytes:
    """The PDF with its text, or a new one of the pictures."""
    assert source.open, "a job's PDF is its workers' to write"
    file, original = source.open()
    with file:
        pdf = SearchablePdf(original, password=source.password, layer=form.pdf_layer)
        for page in source.written(form):
            was_drawn = source.is_seen and (page.source == "ocr" or form.pdf_layer != "force")
            # a page that was not drawn may take for ever, or all memory: the process for that is asked first, which can be stopped
            picture = file.image(page.number - 1) if original is None or not was_drawn else None
            pdf.add(page, picture if original is None else None)
        return pdf.finish()


def archive(sources: list[Source], form: Form) -> IO[bytes]:
    """A ZIP of one document for each file, or for each page if it is PAGE XML."""
    file = _temporary()
    taken: set[str] = set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for source in sources:
            stem = _unlike(_stem(source.name), taken)
            if form.kind == "page":
                for page in source.pages():
                    name = stem if source.page_count == 1 else f"{stem}/{page.number:04d}"
                    one = Source(source.name, 1, partial(iter, [page]), language=source.language)
                    with write_document(one, form) as content:
                        packed.writestr(name + SUFFIXES["page"], content.read())
            else:
                with write_document(source, form) as content, packed.open(stem + SUFFIXES[form.kind], "w", force_zip64=True) as entry:
                    while chunk := content.read(2**20):
                        entry.write(chunk)
    file.seek(0)
    return file


def written_reply(files: list[tuple[str, Callable[[], Iterator[bytes]]]]) -> HttpResponseBase:
    """Searchable PDFs that are there already, piece by piece: one as itself, several in an archive."""
    if len(files) == 1:
        [(name, pieces)] = files
        reply = StreamingHttpResponse(pieces(), content_type=MEDIA_TYPES["pdf"])
        reply["Content-Disposition"] = content_disposition_header(True, _stem(name) + SUFFIXES["pdf"])
        return reply
    file = _temporary()
    taken: set[str] = set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, pieces in files:
            with packed.open(_unlike(_stem(name), taken) + SUFFIXES["pdf"], "w", force_zip64=True) as entry:
                for piece in pieces():
                    entry.write(piece)
    file.seek(0)
    return _download(file, ZIP, "rasm.zip")


def _temporary() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=2**22)  # type: ignore[return-value]


def _download(file: IO[bytes], content_type: str, name: str) -> HttpResponseBase:
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


def _stem(name: str) -> str:
    """A file's name without its ending, fit for a name in an archive on any system."""
    stem = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", PurePosixPath(name).stem).strip(". ")
    if _DEVICE.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return _cut(stem, MOST_NAME_BYTES - _ENDING_BYTES).rstrip(". ") or "page"


def _cut(text: str, most_bytes: int) -> str:
    """Without what is too much of it, in whole characters."""
    return text.encode(errors="replace")[:most_bytes].decode(errors="ignore")


def _unlike(stem: str, taken: set[str]) -> str:
    """``stem``, with a number if there is one of that name already."""
    name, n = stem, 1
    while name.casefold() in taken:  # as systems that do not tell capitals apart see it
        n += 1
        name = f"{stem}-{n}"
    taken.add(name.casefold())
    return name

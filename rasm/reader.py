"""A file, an image or pixels -> a Document: the library's front door.

Where it stands: on top of all reading. It opens what it is given (``rasm/pages/files.py``), and has each page read
(``rasm/pages/reader.py``) by one recogniser. ``rasm read`` uses it too. The service queues the lines of many requests, so it calls the
same steps itself.

    import rasm

    document = rasm.read("page.png")
    print(document.text)
    for page in document.pages:
        for line in page.lines:
            print(line.text, line.confidence, line.box)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rasm import weights
from rasm.document import Document, Page, PageError, in_language, language_of
from rasm.errors import ConfigError, ImageError
from rasm.image import from_pillow
from rasm.lines.recognizer import ModelInfo, Recognizer
from rasm.pages.chosen import Chosen, Pages
from rasm.pages.files import MAX_PAGES, PageFile, PixelsFile, open_pages
from rasm.pages.reader import Mode, PageReader, PdfText
from rasm.pages.unread import LEAST_CONFIDENCE
from rasm.text.languages import Evidence, LanguageOption

Source = str | os.PathLike[str] | bytes | Image.Image | NDArray[np.uint8] | PageFile
Decoder = Literal["greedy", "beam"]


class Reader:
    """A model, opened once, that reads as many files as wanted. May be called from several threads at once."""

    def __init__(
        self,
        model: str | os.PathLike[str] = weights.SHIPPED_MODEL,
        *,
        threads: int | None = None,
        decoder: Decoder = "greedy",
        least_confidence: float = LEAST_CONFIDENCE,
        orient: bool = True,
    ) -> None:
        """Open a model.

        Args:
            model: the name of a shipped model (``rasm models`` lists them), or the path of an ONNX file of ``export.py``.
            threads: those of one call; all cores if None.
            decoder: "greedy" takes the likeliest sign of each step; "beam" searches with a language model, reads better and takes
                longer, and needs the extra ``beam``.
            least_confidence: a line of a page that is read below this, from 0 to 1, is left out of the text, and in the page's
                ``unread``.
            orient: whether pages that lie on their side or stand on their head are set upright.

        Raises:
            ModelFileError: the model cannot be used.
            ConfigError: ``least_confidence`` is not from 0 to 1.
        """
        self.recognizer = Recognizer(weights.find(model), threads=threads, decoder=decoder)
        self.page_reader = PageReader(self.recognizer, least_confidence=least_confidence, orient=orient)

    @property
    def info(self) -> ModelInfo:
        """What the model says about itself: its name, its version, its characters."""
        return self.recognizer.info

    def read(
        self,
        source: Source,
        *,
        mode: Mode = "auto",
        pdf_text: PdfText = "auto",
        language: LanguageOption = "auto",
        password: str | None = None,
        pages: Pages | None = None,
        max_pages: int = MAX_PAGES,
        name: str = "",
    ) -> Document:
        """Read all pages of a file.

        Args:
            source: the path of a PDF or an image (PNG, JPEG, WebP, BMP, TIFF), its bytes, a Pillow image, or an array of uint8:
                (height, width) grey or (height, width, 3) RGB.
            mode: whether an image is of one line or of a page; "auto" looks. A PDF has pages in any case.
            pdf_text: what becomes of the text that a PDF's page says itself: "auto" takes it where the same is read in a few lines of
                its picture, "use" wherever it can be text, "ignore" never. ``Page.source`` says which it was.
            language: in whose letters the text is written: ar, fa, ur, ckb, ps, ug or sd. One shape is ي and ی, ك and ک. "auto" takes
                the language that the letters of all pages tell, and the document's ``language`` says which. Latin letters stay.
            password: of an encrypted PDF.
            pages: those that are read, as "1-3,7", "5-" (to the end) or numbers from 1; all if None. Pages keep the file's numbers.
            max_pages: a longer file is refused, whichever of its pages are asked for.
            name: the document's; as the file's, if that is a path.

        Returns:
            The document. A page that cannot be read is in its ``errors``. What looks like text and was not read is in the ``unread`` of
            its page, and ``warnings`` tell of it.

        Raises:
            ImageError: the file cannot be read, or none of its pages; NoSuchPage: it has fewer than are asked for.
            ConfigError: ``pages`` is no list of pages.
            OSError: the path cannot be opened.
        """
        chosen = Chosen(pages)
        with _open(source, password, max_pages) as file:
            found = list(self._read(file, chosen, mode, pdf_text))
        read = [page for page in found if isinstance(page, Page)]
        used = language_of(read, language)
        read = [in_language(page, used) for page in read]
        errors = [error for error in found if isinstance(error, PageError)]
        return Document(name or _name(source), read, f"{self.info.name} {self.info.version}", errors)

    def pages(
        self,
        source: Source,
        *,
        mode: Mode = "auto",
        pdf_text: PdfText = "auto",
        language: LanguageOption = "auto",
        password: str | None = None,
        pages: Pages | None = None,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Page | PageError]:
        """The same page by page: only one is in memory at a time. Takes and raises what ``read`` does, as the pages are asked for; the
        language "auto" is what the pages up to then tell."""
        chosen = Chosen(pages)
        with _open(source, password, max_pages) as file:
            yield from in_languages(self._read(file, chosen, mode, pdf_text), language)

    def _read(self, file: PageFile, chosen: Chosen, mode: Mode, pdf_text: PdfText) -> Iterator[Page | PageError]:
        """Raises NoSuchPage; the first page's ImageError if no page could be read."""
        first: ImageError | None = None
        some = False
        for index in (indices := chosen.of(file.count)):
            try:
                page = self.page_reader.read_from(file, index, mode=mode, pdf_text=pdf_text)
            except ImageError as e:
                first = first or e
                if len(indices) > 1:
                    yield PageError(index + 1, e.code, str(e))
            else:
                some = True
                yield page
        if first is not None and not some:
            raise first


def in_languages(pages: Iterable[Page | PageError], language: LanguageOption) -> Iterator[Page | PageError]:
    """Pages as they come, each in the letters of this language; "auto": of the one that it and the pages before it tell."""
    evidence = Evidence()
    for page in pages:
        if isinstance(page, Page):
            if language == "auto":
                evidence.add(line.text for line in page.lines)
            page = in_language(page, evidence.language if language == "auto" else language)
        yield page


def read(
    source: Source,
    *,
    model: str | os.PathLike[str] = weights.SHIPPED_MODEL,
    decoder: Decoder = "greedy",
    least_confidence: float = LEAST_CONFIDENCE,
    mode: Mode = "auto",
    pdf_text: PdfText = "auto",
    language: LanguageOption = "auto",
    password: str | None = None,
    pages: Pages | None = None,
    max_pages: int = MAX_PAGES,
    name: str = "",
) -> Document:
    """Read a file with a model that stays open for the next call.

    ``model``, ``decoder`` and ``least_confidence`` are those of ``Reader``; everything else is as in ``Reader.read``.
    """
    reader = _reader(os.fspath(model), decoder, least_confidence)
    return reader.read(
        source, mode=mode, pdf_text=pdf_text, language=language, password=password, pages=pages, max_pages=max_pages, name=name
    )


@lru_cache(maxsize=2)
def _reader(model: str, decoder: Decoder, least_confidence: float) -> Reader:
    return Reader(model, decoder=decoder, least_confidence=least_confidence)


def _open(source: Source, password: str | None, max_pages: int) -> PageFile:
    """Raises an ImageError, OSError; ConfigError where it is nothing of what can be read."""
    if isinstance(source, (str, os.PathLike)):
        return open_pages(Path(source).read_bytes(), password=password, max_pages=max_pages)
    if isinstance(source, bytes):
        return open_pages(source, password=password, max_pages=max_pages)
    if isinstance(source, Image.Image):
        return PixelsFile(from_pillow(source))
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim not in (2, 3) or source.shape[2:] not in ((), (3,)):
            shape = " x ".join(map(str, source.shape))
            raise ConfigError(f"an array of {source.dtype}, {shape}: give uint8, (height, width) grey or (height, width, 3) RGB")
        return PixelsFile(np.ascontiguousarray(source))
    if isinstance(source, PageFile):  # opened by whoever asks, in a process of its own perhaps; it is closed when it has been read
        return source
    raise ConfigError(f"a {type(source).__name__} cannot be read: give a path, bytes, a Pillow image or an array")


def _name(source: Source) -> str:
    return Path(source).name if isinstance(source, (str, os.PathLike)) else ""

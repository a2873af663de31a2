"""The engine that OCRmyPDF calls, page by page, in processes of its own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ocrmypdf._options import ProcessingMode
from ocrmypdf.pluginspec import OcrEngine, OcrOptions, OrientationConfidence

from rasm import __version__
from rasm.ocrmypdf.options import LANGUAGES, LATIN, language_of

if TYPE_CHECKING:
    from ocrmypdf import PageContext
    from PIL.Image import Image

    from rasm.document import Document
    from rasm.reader import Reader

_USUAL_DPI = 72.0  # of an image that does not say; OCRmyPDF's always do
_FONT = "/F1"  # the name under which OCRmyPDF looks for the font of a text that is put under a page
_SURE = 100.0  # how sure of a page's orientation OCRmyPDF wants to be is in Tesseract's measure; --rotate-pages-threshold is 14 unless told

# of a line's height: OCRmyPDF's box of it, pdfminer's, stands by the font's descent below the baseline and is as high as the font is large,
# so the tops of Arabic letters stick out by up to 0.45 where that descent is deep (Noto Sans Arabic)
_ABOVE, _BELOW, _BESIDE = 0.6, 0.25, 0.2
_MOST_MARGIN_PT = 14.0  # a box may hold several lines


def choose_renderer(options: OcrOptions) -> None:
    """Rasm's own, unless another was asked for."""
    if options.pdf_renderer == "auto":
        options.pdf_renderer = "sandwich"


def without_own_text(page: PageContext, image: Image) -> Image | None:
    """With ``--redo-ocr``, what the page's own visible text has drawn is painted over, all of it; None where there is nothing to do.

    OCRmyPDF does so too, and leaves the tops of Arabic letters, which would be read.
    """
    if page.options.mode != ProcessingMode.redo:
        return None
    from PIL.ImageDraw import Draw

    drawing = None
    for left, bottom, right, top in (map(float, box) for box in page.pageinfo.get_textareas(visible=True, corrupt=None)):
        above, below, beside = (min(part * (top - bottom), _MOST_MARGIN_PT) for part in (_ABOVE, _BELOW, _BESIDE))
        drawing = drawing or Draw(image)
        x, y = (float(dots) / 72 for dots in image.info["dpi"])
        drawing.rectangle(
            ((left - beside) * x, image.height - (top + above) * y, (right + beside) * x, image.height - (bottom - below) * y), fill="white"
        )
    return image if drawing else None


class RasmEngine(OcrEngine):
    """Rasm, as OCRmyPDF sees an engine. Every page is read on one thread: OCRmyPDF reads as many at a time as there are cores."""

    @staticmethod
    def version() -> str:
        return __version__

    @staticmethod
    def creator_tag(options: OcrOptions) -> str:
        return f"Rasm {__version__}"

    def __str__(self) -> str:
        return f"Rasm {__version__}"

    @staticmethod
    def languages(options: OcrOptions) -> set[str]:
        return {*LANGUAGES, *LATIN}

    @staticmethod
    def get_orientation(input_file: Path, options: OcrOptions) -> OrientationConfidence:
        """By how much the page is turned clockwise; unsure where nothing was read."""
        [page] = _read(input_file, options).pages
        return OrientationConfidence(angle=-page.rotation_degrees % 360, confidence=_SURE * page.confidence)

    @staticmethod
    def get_deskew(input_file: Path, options: OcrOptions) -> float:
        """By how many degrees to turn the page, counter-clockwise."""
        [page] = _read(input_file, options).pages
        return page.skew_degrees

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: OcrOptions) -> None:
        from rasm.formats import write

        document = _read(input_file, options)
        output_hocr.write_text(write(document, "hocr"), encoding="utf-8")
        output_text.write_text(document.text, encoding="utf-8")

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: OcrOptions) -> None:
        from PIL import Image

        from rasm.formats.searchable_pdf import text_alone

        document = _read(input_file, options)
        with Image.open(input_file) as image:
            dpi = float(image.info.get("dpi", (_USUAL_DPI, _USUAL_DPI))[0])
        output_pdf.write_bytes(_with_its_font(text_alone(document.pages[0], dpi)))
        output_text.write_text(document.text, encoding="utf-8")


@lru_cache(maxsize=1)
def _reader() -> Reader:
    from rasm.reader import Reader

    return Reader(threads=1)


def _read(input_file: Path, options: OcrOptions) -> Document:
    found = input_file.stat()
    return _read_once(input_file, found.st_mtime_ns, found.st_size, language_of(options.languages))


@lru_cache(maxsize=1)
def _read_once(path: Path, changed_ns: int, size: int, language: str) -> Document:
    """A page is asked for again where it is looked at and then read: its orientation, its skew, its text. Raises an ImageError."""
    return _reader().read(path, mode="page", language=language)  # type: ignore[arg-type]


def _with_its_font(pdf: bytes) -> bytes:
    """A PDF of one page whose font has the name by which OCRmyPDF takes it along; it takes nothing else of the page's resources."""
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as file:
        page = file.pages[0]
        kept = []
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator == "Tf":
                kept.append(([pikepdf.Name(_FONT), instruction.operands[1]], instruction.operator))
            elif operator != "gs":  # of states that are not taken along
                kept.append((list(instruction.operands), instruction.operator))
        fonts = pikepdf.Dictionary()
        for _, font in page.Resources.get("/Font", pikepdf.Dictionary()).items():
            fonts[_FONT] = font  # of a page's text there is one
        page.Contents = file.make_stream(pikepdf.unparse_content_stream(kept))
        page.Resources = pikepdf.Dictionary(Font=fonts)
        out = io.BytesIO()
        file.save(out)
    return out.getvalue()

"""A plug-in of OCRmyPDF: ``ocrmypdf --plugin rasm.ocrmypdf scan.pdf out.pdf`` reads with Rasm what it would have Tesseract read.

Where it stands: on top of reading and of the searchable PDF. OCRmyPDF (the extra ``ocrmypdf``) takes PDFs apart, skips or redoes pages that
have text, straightens, cleans, makes PDF/A, and puts the text under the picture. Rasm reads each page's picture. Of the ways in which
OCRmyPDF takes text, Rasm's own way is a PDF of the text alone (``--pdf-renderer sandwich``, which is chosen unless another is asked for):
its runs are in the order in which PDFium, Poppler and pypdf give Arabic back as it was typed (``rasm/formats/searchable_pdf.py``). With
``--pdf-renderer fpdf2`` OCRmyPDF sets the words itself.

Where the package is installed, ``ocrmypdf --ocr-engine rasm`` does the same (``choice.py``, its entry point). Nothing heavy is imported
before a page is read, since OCRmyPDF loads its plug-ins whenever it is started.
"""

from __future__ import annotations

from ocrmypdf import PageContext, hookimpl
from ocrmypdf.pluginspec import OcrOptions
from PIL.Image import Image

from rasm.ocrmypdf.engine import RasmEngine, choose_renderer, without_own_text


@hookimpl
def get_ocr_engine(options: OcrOptions | None) -> RasmEngine | None:
    """Rasm, unless another engine was asked for by its name."""
    return RasmEngine() if options is None or options.ocr_engine in ("auto", "rasm") else None


@hookimpl
def check_options(options: OcrOptions) -> None:
    if options.ocr_engine in ("auto", "rasm"):
        choose_renderer(options)


@hookimpl
def filter_ocr_image(page: PageContext, image: Image) -> Image | None:
    return without_own_text(page, image) if page.options.ocr_engine in ("auto", "rasm") else None

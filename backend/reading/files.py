"""Files that strangers send -> their pages, within the service's limits.

Where it stands: beneath ``service.py`` and the jobs, above ``rasm/pages/files.py``. PDFs and TIFFs of several pages are opened and drawn in
a process of their own, which can be stopped.
"""

import atexit
from functools import partial
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings

from backend.reading.gone import Gone, check
from rasm.errors import ImageError
from rasm.pages.files import PageFile, is_pdf, open_pages
from rasm.pages.pdf_process import PdfProcess
from rasm.pages.tiff_pages import MAGIC, Readable, count_directories

HEAD_BYTES = 1024  # enough to tell what it is

pdfs = PdfProcess()
atexit.register(pdfs.close)


class Upload(Readable, Protocol):
    """A file that was sent; Django's UploadedFile is one."""

    name: str | None
    size: int | None
    file: Any  # what holds its bytes


def has_pages(file: Readable) -> bool:
    """Whether it is a PDF or a TIFF, and not an image of one line or page."""
    head = _head(file)
    return is_pdf(head) or head[:4] in MAGIC


def is_apart(file: Readable) -> bool:
    """Whether it is opened and drawn in the process for that: a PDF, or a TIFF of several pages."""
    head = _head(file)
    if head[:4] not in MAGIC:
        return is_pdf(head)
    try:
        return count_directories(file, 1) > 1
    except ImageError:  # which to open it says
        return False


def open_file(file: Readable, password: str, most_pages: int, gone: Gone | None = None) -> PageFile:
    """Raises an ImageError, and ClientGone, here and when a page is asked for, once ``gone`` is set."""
    max_pixels = settings.RASM.max_pixels
    if is_apart(file):
        inner: Any = getattr(file, "file", file)  # what Django's upload is around: it may be a piece of a larger file
        return pdfs.open(inner, password=password or None, max_pages=most_pages, max_pixels=max_pixels, check=partial(check, gone))
    return open_pages(cast(BinaryIO, file), max_pages=most_pages, max_pixels=max_pixels)


def _head(file: Readable) -> bytes:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return head

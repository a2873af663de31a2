"""Files that strangers send -> their pages, within the service's limits.

Where it stands: beneath ``service.py`` and the jobs, above ``rasm/pages/files.py``; PDFs are drawn in a process of their own.
"""

import atexit
from functools import partial
from typing import BinaryIO, Protocol, cast

from django.conf import settings

from backend.reading.gone import Gone, check
from rasm.pages.files import PageFile, is_pdf, open_pages
from rasm.pages.pdf_process import PdfProcess

HEAD_BYTES = 1024  # enough to tell what it is
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

pdfs = PdfProcess()
atexit.register(pdfs.close)


class Readable(Protocol):
    """The part of an open file that is used."""

    def read(self, num_bytes: int = ..., /) -> bytes: ...

    def seek(self, position: int, /) -> object: ...


class Upload(Readable, Protocol):
    """A file that was sent; Django's UploadedFile is one."""

    name: str | None
    size: int | None


def has_pages(file: Readable) -> bool:
    """Whether it is a PDF or a TIFF, and not an image of one line or page."""
    head = _head(file)
    return is_pdf(head) or head[:4] in TIFF


def is_pdf_file(file: Readable) -> bool:
    return is_pdf(_head(file))


def open_file(file: Readable, password: str, most_pages: int, gone: Gone | None = None) -> PageFile:
    """Raises an ImageError, and ClientGone, here and when a page is asked for, once ``gone`` is set."""
    as_file, max_pixels = cast(BinaryIO, file), settings.RASM.max_pixels
    if is_pdf_file(file):
        return pdfs.open(as_file, password=password or None, max_pages=most_pages, max_pixels=max_pixels, check=partial(check, gone))
    return open_pages(as_file, max_pages=most_pages, max_pixels=max_pixels)


def _head(file: Readable) -> bytes:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    return head

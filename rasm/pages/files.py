"""The bytes of a file -> its pages, one at a time: PDF, multi-page TIFF, or an image of one page.

Where it stands: the first step of reading pages; ``rasm/image.py`` decodes images. A page exists only while it is read, so a PDF
of a thousand pages takes no more memory than its largest page.

PDFium renders (pypdfium2). It is not safe to call from two threads, so one lock guards every call.
What a PDF's page already says by itself is told by ``rasm/pages/text_layer.py``.
"""

from __future__ import annotations

import io
import math
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, BinaryIO, Self

import cv2
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from rasm.document import Box
from rasm.errors import EmptyImage, EncryptedDocument, ImageTooLarge, ImageTooSmall, NoPages, TooManyPages, UnreadableImage
from rasm.image import MAX_PIXELS, MIN_SIDE_PX, Pixels, check_size, decode, pixel_aspect, shape_of, size_of, smaller
from rasm.pages.text_layer import TextLayer, text_layer_of
from rasm.pages.tiff_pages import MAGIC, count_directories

MAX_PAGES = 1000
PAGE_SUFFIXES = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
RENDER_DPI = 300
_RENDER_SIDE_PX = 3600  # the longer side of a rendered page at most: A4 at 300 dots an inch
_ROWS = 64  # of a picture, looked at together
_RENDER_LEAST_PX = 1400  # and at least, for pages that are given in some unit other than the point
CLIP_PX = 96  # the height of a clip at most: twice what the recogniser sees
HEAD_BYTES = 1024  # of a file, that tell what it is

pdfium_lock = threading.RLock()


class PageFile(ABC):
    """An open file of pages. A context manager; ``image`` and ``text_layer`` take the page's number from 0."""

    kind: str
    count: int

    @abstractmethod
    def image(self, index: int) -> Pixels:
        """The page's pixels, upright, as ``rasm.image.decode`` gives them. Raises an ImageError."""

    def aspect(self, index: int) -> float:
        """How many times as high as wide the page's pixels are; see ``rasm.image.pixel_aspect``."""
        return 1.0

    def size_px(self, index: int) -> tuple[int, int] | None:
        """Width and height of the page as it was given, where ``image`` may be smaller; None if it is not."""
        return None

    def text_layer(self, index: int) -> TextLayer | None:
        """What the page says by itself, with boxes in the pixels of ``image``; None where it says nothing that can be text."""
        return None

    def clips(self, index: int, boxes: Sequence[Box], most_px: int = CLIP_PX) -> list[Pixels]:
        """Parts of ``image``, each in its box; of a PDF no higher than ``most_px``. Faster than the whole where they are few.
        Raises an ImageError."""
        image = self.image(index)
        return [image[max(0, int(y0)) : math.ceil(y1), max(0, int(x0)) : math.ceil(x1)] for x0, y0, x1, y1 in boxes]

    def write_unlocked(self, into: IO[bytes]) -> None:
        """A PDF, without its password, into an open file."""
        raise NotImplementedError(f"a {self.kind} has no password")

    def close(self) -> None:  # noqa: B027  (an image has nothing to close)
        """Nothing of the file is held after this."""

    def __iter__(self) -> Iterator[Pixels]:
        return (self.image(i) for i in range(self.count))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_pages(
    data: bytes | BinaryIO, *, password: str | None = None, max_pages: int = MAX_PAGES, max_pixels: int = MAX_PIXELS
) -> PageFile:
    """The pages of a PDF, a TIFF or an image. ``data``: its bytes, or an open file, of which a PDF is read piece by piece.

    Raises EmptyImage, UnsupportedImage, UnreadableImage, ImageTooLarge, ImageTooSmall, EncryptedDocument, NoPages or
    TooManyPages. A page that is broken by itself raises when it is asked for.
    """
    if not isinstance(data, bytes):
        data.seek(0)
        head = data.read(HEAD_BYTES)
        data.seek(0)
        if is_pdf(head):
            return _Pdf(data, password, max_pages, max_pixels)
        data = data.read()
    if not data:
        raise EmptyImage("the file is empty")
    if is_pdf(data):
        return _Pdf(data, password, max_pages, max_pixels)
    if data[:4] in MAGIC:
        return _Tiff(data, max_pages, max_pixels)
    return PixelsFile(decode(data, max_pixels=max_pixels), *shape_of(data))


def is_pdf(data: bytes) -> bool:
    """Whether the bytes begin as a PDF; readers allow for a little that comes before."""
    return b"%PDF-" in data[:HEAD_BYTES]


def has_pages(head: bytes) -> bool:
    """Whether a file that begins so may have several pages: it is opened without decoding any of them."""
    return is_pdf(head) or head[:4] in MAGIC


class PixelsFile(PageFile):
    """A page that is decoded already."""

    kind = "image"
    count = 1

    def __init__(self, pixels: Pixels, aspect: float = 1.0, size_px: tuple[int, int] | None = None) -> None:
        """``pixels``: as ``rasm.image.decode`` gives them. ``aspect``: of each. ``size_px``: width and height, where it was made smaller.
        Raises ImageTooSmall."""
        height_px, width_px = pixels.shape[:2]
        if min(height_px, width_px) < MIN_SIDE_PX:
            raise ImageTooSmall(f"the image is {width_px} x {height_px} px; at least {MIN_SIDE_PX} px a side are needed")
        self._pixels, self._aspect, self._size_px = pixels, aspect, size_px

    def image(self, index: int) -> Pixels:
        return self._pixels

    def aspect(self, index: int) -> float:
        return self._aspect

    def size_px(self, index: int) -> tuple[int, int] | None:
        return self._size_px


class _Tiff(PageFile):
    kind = "tiff"

    def __init__(self, data: bytes, max_pages: int, max_pixels: int) -> None:
        self._data, self._max_pixels = data, max_pixels
        _check_count(count_directories(io.BytesIO(data), max_pages), max_pages)  # before Pillow reads every entry of each
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._image = Image.open(io.BytesIO(data), formats=("TIFF",))
                self.count = _count_frames(self._image, max_pages)
            except Image.DecompressionBombError as e:
                raise ImageTooLarge(f"a page has more than {max_pixels:,} pixels: scale it down") from e
            except Exception as e:  # Pillow's decoders raise nearly anything on broken data
                raise UnreadableImage("the TIFF is broken or truncated; save it again") from e
        _check_count(self.count, max_pages)

    def image(self, index: int) -> Pixels:
        if index == 0:
            return decode(self._data, max_pixels=self._max_pixels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._image.seek(index)
                check_size(self._image, self._max_pixels)
                alone = io.BytesIO()
                exif = self._image.getexif()
                # as a file of its own, so that there is one way to decode. Its strips or tiles are written anew, without compression
                smaller(self._image, self._max_pixels).copy().save(alone, "TIFF", exif=exif if 274 in exif else b"")
            except ImageTooLarge as e:
                raise ImageTooLarge(str(e).replace("the image", f"page {index + 1}", 1)) from e
            except Exception as e:
                raise UnreadableImage(f"page {index + 1} of the TIFF is broken or truncated; save it again") from e
        return decode(alone.getvalue(), max_pixels=self._max_pixels)

    def aspect(self, index: int) -> float:
        self._image.seek(index)
        return pixel_aspect(self._image)

    def size_px(self, index: int) -> tuple[int, int] | None:
        self._image.seek(index)
        return size_of(self._image)

    def close(self) -> None:
        self._image.close()


def _count_frames(image: Image.Image, most: int) -> int:
    """``most`` + 1 if there are more than ``most``: counting takes Pillow a time that grows with the square of their number."""
    count = 0
    try:
        while count <= most:
            image.seek(count)  # one by one: after a leap Pillow takes the frame that was asked for to be the last
            count += 1
    except EOFError:
        pass
    image.seek(0)
    return count


class _Pdf(PageFile):
    kind = "pdf"

    def __init__(self, data: bytes | BinaryIO, password: str | None, max_pages: int, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        with pdfium_lock:
            # PDFium remembers its last error until the next one, and a PDF of no pages is none: this is one that loading cannot make
            pdfium_c.FPDF_LoadDocument(b"\0", None)
            try:
                self._pdf = pdfium.PdfDocument(data, password=password)
                self.count = len(self._pdf)
            except pdfium.PdfiumError as e:
                if getattr(e, "err_code", None) == pdfium_c.FPDF_ERR_FILE:
                    raise NoPages("the PDF has no pages") from e
                if getattr(e, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
                    what = "the password is wrong" if password else "give its password, or save it without one"
                    raise EncryptedDocument(f"the PDF is encrypted: {what}") from e
                raise UnreadableImage("the PDF is broken or truncated; save it again") from e
        try:
            _check_count(self.count, max_pages)
        except Exception:
            self.close()
            raise

    def image(self, index: int) -> Pixels:
        with pdfium_lock:
            try:
                page = self._pdf[index]
                try:
                    bitmap = page.render(scale=self._scale(page), rev_byteorder=True)
                    pixels = _without_needless_colour(bitmap.to_numpy())
                    bitmap.close()
                finally:
                    page.close()
            except pdfium.PdfiumError as e:
                raise UnreadableImage(f"page {index + 1} of the PDF is broken; save it again") from e
        if min(pixels.shape[:2]) < MIN_SIDE_PX:
            height_px, width_px = pixels.shape[:2]
            raise ImageTooSmall(f"page {index + 1} is {width_px} x {height_px} px; at least {MIN_SIDE_PX} px a side are needed")
        return pixels

    def _scale(self, page: pdfium.PdfPage) -> float:
        """Pixels for each unit of the page, which is mostly a point."""
        width, height = page.get_size()
        longer, shorter = max(width, height), min(width, height)
        if shorter <= 0 or not np.isfinite(longer):
            raise pdfium.PdfiumError("a page without a size")
        scale = min(max(RENDER_DPI / 72, _RENDER_LEAST_PX / longer), _RENDER_SIDE_PX / longer)
        return float(min(scale, (self._max_pixels / (width * height)) ** 0.5))

    def clips(self, index: int, boxes: Sequence[Box], most_px: int = CLIP_PX) -> list[Pixels]:
        with pdfium_lock:
            try:
                page = self._pdf[index]
                try:
                    return [self._clip(page, box, most_px) for box in boxes]
                finally:
                    page.close()
            except (pdfium.PdfiumError, ValueError) as e:
                raise UnreadableImage(f"page {index + 1} of the PDF is broken; save it again") from e

    def _clip(self, page: pdfium.PdfPage, box: Box, most_px: int) -> Pixels:
        scale = self._scale(page)
        width, height = page.get_size()
        left, top, right, bottom = (edge / scale for edge in box)
        left, top = min(max(0.0, left), width), min(max(0.0, top), height)
        right, bottom = min(max(left, right), width), min(max(top, bottom), height)
        smaller = min(1.0, most_px / max(1.0, box[3] - box[1]))
        bitmap = page.render(scale=scale * smaller, crop=(left, height - bottom, width - right, top), grayscale=True)
        pixels = np.array(bitmap.to_numpy(), dtype=np.uint8).reshape(bitmap.height, -1)[:, : bitmap.width]
        bitmap.close()
        return np.ascontiguousarray(pixels)

    def text_layer(self, index: int) -> TextLayer | None:
        with pdfium_lock:
            try:
                page = self._pdf[index]
                try:
                    return text_layer_of(page, index, self._scale(page))
                finally:
                    page.close()
            except pdfium.PdfiumError:
                return None

    def write_unlocked(self, into: IO[bytes]) -> None:
        """The PDF without its password. Raises UnreadableImage."""
        with pdfium_lock:
            try:
                self._pdf.save(into, flags=pdfium_c.FPDF_REMOVE_SECURITY)
            except pdfium.PdfiumError as e:
                raise UnreadableImage("the PDF cannot be written without its password; save it without one") from e

    def close(self) -> None:
        with pdfium_lock:
            self._pdf.close()


def _without_needless_colour(drawn: Pixels) -> Pixels:
    """A copy of what PDFium drew, (height, width, 3 or 4): in grey where all of it is. Few rows at a time stay in the processor's cache."""
    grey = np.empty(drawn.shape[:2], np.uint8)
    for top in range(0, len(drawn), _ROWS):
        red, green, blue = cv2.split(drawn[top : top + _ROWS])[:3]
        if not (np.array_equal(red, green) and np.array_equal(red, blue)):
            return np.array(drawn[..., :3])
        grey[top : top + _ROWS] = red
    return grey


def _check_count(count: int, max_pages: int) -> None:
    if count < 1:
        raise NoPages("the file has no pages")
    if count > max_pages:
        raise TooManyPages(f"the file has more than {max_pages:,} pages, the most that are read: split it")

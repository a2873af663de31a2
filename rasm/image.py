"""Bytes -> pixels, and the ONE transform from a line image to what the network sees.

Where it stands: the first step of reading (``decode``), and the third (``line_to_array``). ``preprocess.py``, ``model/rendering``,
``export.py`` and the service all call them. So a line looks the same to the network wherever it comes from (kraken's
``ImageInputTransforms`` is the example). ``ImageSettings.digest()`` names the transform: arrays, checkpoints and models made with
different settings are refused.

Pillow decodes, since OpenCV's reader mistreats CMYK, 16-bit and alpha; OpenCV resizes, since it is faster.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from rasm.errors import EmptyImage, ImageTooLarge, ImageTooSmall, LineTooLong, SeveralPages, UnreadableImage, UnsupportedImage

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
MAX_PIXELS = 40_000_000
MAX_SIDE_PX = 30_000
MIN_SIDE_PX = 4
MAX_JPEG_SCANS = 100  # a progressive JPEG has about ten; each one costs a pass over all pixels, however few bytes it has
TRANSFORM_VERSION = 1  # raise when line_to_array changes what it gives

_ORIENTATION = 0x0112  # EXIF's tag: from 5 on, width and height change places
_LEAST_DPI, _MOST_ASPECT = 50, 3.0  # resolutions outside these are no scanner's or fax's
_SQUARE = 0.03  # pixels that differ less from squares are taken for such

_BLOCK_PIXELS = 2**20
_BYTES_PER_PIXEL = {
    "1": 1,
    "L": 1,
    "P": 5,
    "I;16": 6,
    "I;16L": 6,
    "I;16B": 6,
    "I;16N": 6,
}  # of Pillow's, until it is smaller; else 4
_DECODED_BYTES = 10  # for each of max_pixels: a larger image may take so many until it is smaller. One of max_pixels with alpha takes 20
_HELD_BYTES = 12  # the same of progressive JPEGs, of which two bytes a pixel and band are held before any is drawn

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class ImageSettings:
    """How a line image becomes an array.

    height_px: rows the network sees. max_width_px: the widest line, at that height. bucket_px: widths are padded with
    paper up to a multiple of this. A line's padding depends on nothing but its own width, so its reading cannot depend
    on what it was batched with.
    """

    height_px: int = 48
    max_width_px: int = 2560
    bucket_px: int = 64

    def digest(self) -> str:
        """Eight hex digits that differ when the transform does."""
        return hashlib.sha256(json.dumps([TRANSFORM_VERSION, asdict(self)], sort_keys=True).encode()).hexdigest()[:8]

    def bucket_width(self, width_px: int) -> int:
        """The padded width of a line of ``width_px``."""
        return max(1, -(-width_px // self.bucket_px)) * self.bucket_px


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, max_side_px: int = MAX_SIDE_PX, single: bool = False) -> Pixels:
    """The first frame of an image file, upright, on white paper.

    Returns uint8, (height, width) if it is grey and (height, width, 3) RGB if not. One of more than ``max_pixels`` is made smaller by
    a whole number while it is decoded (``size_of`` tells what it was). It is refused if it would take too much memory until then: that
    is checked before a pixel is decoded. ``single``: refuse a file that has more pages or frames, rather than pass over them. Raises
    EmptyImage, UnsupportedImage, UnreadableImage, ImageTooLarge, ImageTooSmall or SeveralPages.
    """
    if not data:
        raise EmptyImage("the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own bomb warning: the limits here are stricter; broken EXIF
        try:
            image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as e:
            raise ImageTooLarge(f"the image has more than {max_pixels:,} pixels") from e
        except Exception as e:
            if data[:4] in (b"\x89PNG", b"RIFF", b"II*\0", b"MM\0*") or data[:2] in (b"\xff\xd8", b"BM"):
                raise UnreadableImage("the image is broken or truncated; save it again") from e
            raise UnsupportedImage(f"not an image that Rasm reads ({', '.join(FORMATS)}; pages also as PDF)") from e
        width_px, height_px = image.size
        check_size(image, max_pixels, max_side_px)
        if min(width_px, height_px) < MIN_SIDE_PX:
            raise ImageTooSmall(f"the image is {width_px} x {height_px} px; at least {MIN_SIDE_PX} px a side are needed")
        # a phone's JPEG may carry a second picture for screens, which is no page
        if single and image.format in ("TIFF", "WEBP", "PNG") and getattr(image, "is_animated", False):
            raise SeveralPages("the file has several pages or frames; a line is one image: send each page as a file of its own")
        if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
            raise UnreadableImage(f"the JPEG has more than {MAX_JPEG_SCANS} scans; save it again")
        try:
            return from_pillow(smaller(image, max_pixels))
        except Exception as e:  # Pillow's decoders raise nearly anything on broken data
            raise UnreadableImage("the image is broken or truncated; save it again") from e


def check_size(image: Image.Image, max_pixels: int, max_side_px: int = MAX_SIDE_PX) -> None:
    """Of an image that is opened and not decoded. Raises ImageTooLarge."""
    width_px, height_px = image.size
    pixels = width_px * height_px
    if max(width_px, height_px) > max_side_px:
        raise ImageTooLarge(f"the image is {width_px} x {height_px} px; at most {max_side_px:,} px a side are read: scale it down")
    if pixels <= max_pixels:
        return
    if image.format in ("JPEG", "MPO"):  # whose decoder makes it smaller
        most = _HELD_BYTES * max_pixels // (2 * len(image.getbands())) if "progression" in image.info else pixels
    else:
        most = _DECODED_BYTES * max_pixels // _BYTES_PER_PIXEL.get(image.mode, 4)
    if pixels > most:
        raise ImageTooLarge(
            f"the image is {width_px} x {height_px} px; of this kind at most {most:,} pixels are read: scale it down, or save it as a JPEG "
            "that is not progressive"
        )


def smaller(image: Image.Image, max_pixels: int) -> Image.Image:
    """An opened image, decoded; one of more than ``max_pixels`` smaller by a whole number. Raises what Pillow's decoders do."""
    width_px, height_px = image.size
    times = math.ceil((width_px * height_px / max_pixels) ** 0.5)
    wanted = math.ceil(width_px / times), math.ceil(height_px / times)
    image.draft(None, wanted)  # of JPEGs every second, fourth or eighth pixel, but no fewer than are wanted
    image.load()
    if image.size > wanted:
        kind = {"1": "L", "P": "RGBA" if "transparency" in image.info else "RGB"}.get(image.mode, "I" if image.mode.startswith("I") else "")
        orientation = image.getexif().get(_ORIENTATION, 1)  # TIFFs are upright already
        whole = image.convert(kind) if kind else image
        image = whole.reduce(times) if image.size == (width_px, height_px) else whole.resize(wanted, Image.Resampling.BOX)
        image.getexif()[_ORIENTATION] = orientation
    return image


def size_of(image: Image.Image) -> tuple[int, int]:
    """Width and height in pixels of an opened image, once it is upright."""
    try:
        turned = image.format != "TIFF" and image.getexif().get(_ORIENTATION, 1) >= 5  # Pillow gives the size of a TIFF upright
    except Exception:  # broken EXIF
        turned = False
    return (image.size[1], image.size[0]) if turned else image.size


def pixel_aspect(image: Image.Image) -> float:
    """How many times as high as wide a pixel of an image is: what its resolutions say, where they can be true, else 1. Faxes of standard
    resolution have 204 dots an inch across and 98 down (ITU-T T.4)."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
        turned = image.getexif().get(_ORIENTATION, 1) >= 5
    except Exception:  # none, or broken
        return 1.0
    if not _LEAST_DPI <= min(across, down) <= max(across, down) < math.inf or max(across, down) > _MOST_ASPECT * min(across, down):
        return 1.0
    return down / across if turned else across / down


def shape_of(data: bytes) -> tuple[float, tuple[int, int] | None]:
    """``pixel_aspect`` and ``size_of`` of a file that ``decode`` takes; 1 and None where they cannot be told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.format == "PNG" and b"eXIf" not in data and b"Raw profile type" not in data:
                image.info["exif"] = b""  # else Pillow decodes the whole image to look for it behind the pixels
            return pixel_aspect(image), size_of(image)
        except Exception:  # what is wrong with it, decode says
            return 1.0, None


def squared(pixels: Pixels, aspect: float) -> Pixels:
    """The image with square pixels: only its height changes."""
    if abs(aspect - 1) < _SQUARE:
        return pixels
    height, width = pixels.shape[:2]
    size = (width, max(MIN_SIDE_PX, round(height * aspect)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR if aspect > 1 else cv2.INTER_AREA), np.uint8)


def from_pillow(image: Image.Image) -> Pixels:
    """The pixels of a Pillow image, upright, on white paper: (height, width) if it is grey, else (height, width, 3) RGB."""
    return _to_uint8(_upright(image))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # an image with broken EXIF is still an image
        return image


def _to_uint8(image: Image.Image) -> Pixels:
    if image.mode.startswith(("I", "F")):
        return _deep_to_uint8(np.asarray(image), image.mode[0])
    if image.mode == "P" or "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (255, 255, 255, 255)), rgba).convert("RGB")
    elif image.mode in ("1", "L"):
        return np.array(image if image.mode == "L" else image.convert("L"), dtype=np.uint8)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _deep_to_uint8(deep: NDArray[Any], kind: str) -> Pixels:
    """16 and 32 bit grey (Pillow's own conversion to L clips instead of scaling), in blocks of rows to spare memory."""
    blocks = np.array_split(deep, max(1, deep.size // _BLOCK_PIXELS))

    def exact(block: NDArray[Any]) -> NDArray[np.float64]:
        return np.nan_to_num(block.astype(np.float64))

    low, high = float(min(exact(b).min() for b in blocks)), float(max(exact(b).max() for b in blocks))
    black, top = 0.0, 65535.0 if kind == "I" and low >= 0 and high > 255 else 255.0
    if high > top or low < 0 or (kind == "F" and high <= 1):
        black, top = low, max(high - low, 1e-9)
    return np.concatenate([((exact(b) - black) * (255.0 / top)).clip(0, 255).astype(np.uint8) for b in blocks])


def to_grey(image: Pixels) -> Pixels:
    """(height, width) or (height, width, 3) RGB -> (height, width)."""
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def shrink(image: Pixels, width_px: int, height_px: int) -> Pixels:
    """``image`` made smaller, for what looks at a whole page: by halves, each pixel the mean of four, and the last bit between pixels.
    OpenCV's INTER_AREA takes five times as long. Lines for the reader are not made so: see ``line_to_array``."""
    while image.shape[1] >= 2 * width_px and image.shape[0] >= 2 * height_px:
        height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
        image = np.asarray(cv2.resize(image[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_LINEAR), np.uint8)


def line_to_array(image: Pixels, settings: ImageSettings) -> Pixels:
    """The one transform: grey, dark ink on light paper, full contrast, resized to the height; uint8 (height_px, width).

    ``image`` is what ``decode`` returns. No padding here: see ``pad_lines``. Raises LineTooLong, ImageTooSmall.
    """
    grey = to_grey(image)
    height_px, width_px = grey.shape
    if min(grey.shape) < MIN_SIDE_PX:
        raise ImageTooSmall(f"the line is {width_px} x {height_px} px; at least {MIN_SIDE_PX} px a side are needed")
    new_width_px = max(1, round(width_px * settings.height_px / height_px))
    if new_width_px > settings.max_width_px:
        raise LineTooLong(
            f"the line is {width_px} x {height_px} px: {new_width_px} px wide at the model's height of {settings.height_px}, "
            f"more than {settings.max_width_px}. Cut it, or if it is a page, cut it into lines"
        )
    shrinks = height_px > settings.height_px
    small = cv2.resize(grey, (new_width_px, settings.height_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return _stretch_contrast(np.asarray(small, dtype=np.uint8))


def widen(line: Pixels, times: float) -> Pixels:
    """A line of ``line_to_array``, drawn out to so many times its width."""
    height_px, width_px = line.shape
    return np.asarray(cv2.resize(line, (round(width_px * times), height_px), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _stretch_contrast(grey: Pixels) -> Pixels:
    """Ink to 0 and paper to 255, inverting light text on dark; an image with nothing on it becomes white."""
    shares = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.int64).cumsum() / grey.size
    dark, middle, light = (float(np.searchsorted(shares, share)) for share in (0.005, 0.5, 0.995))
    if light - dark < 24:  # nothing, or so little ink that it is outside these shares: a lone digit on a wide line
        dark, light = float(grey.min()), float(grey.max())
        if light - dark < 64:
            return np.full_like(grey, 255)
    if middle - dark < light - middle:  # most of a line is paper: the commoner side is paper
        grey, dark, light = np.asarray(255 - grey, dtype=np.uint8), 255 - light, 255 - dark
    levels = np.clip(np.arange(256), dark, light).astype(np.float32) - dark
    table = cv2.convertScaleAbs(levels, alpha=255.0 / (light - dark))
    return np.asarray(cv2.LUT(grey, table), dtype=np.uint8)


def pad_lines(lines: Sequence[Pixels], width_px: int) -> Pixels:
    """Lines of ``line_to_array`` as a batch, (lines, 1, height_px, width_px): white paper at the right, where an Arabic line begins."""
    batch = np.full((len(lines), 1, lines[0].shape[0], width_px), 255, np.uint8)
    for padded, line in zip(batch, lines, strict=True):
        padded[0, :, : line.shape[1]] = line
    return batch

"""``POST /api/v1/picture``: a page as people see it, for what cannot draw it by itself: browsers, of a PDF or a TIFF.

Where it stands: beside ``api_reading.py``; the page at / asks it for the page that is looked at. Nothing is kept: the file is sent
each time. It is no part of the API's schema, since whoever can read a PDF's pages in a program has better means to draw them.
"""

import cv2
import numpy as np
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile
from pydantic import BaseModel, ConfigDict, Field

from model.errors import ImageError
from ocr.access import throttles
from ocr.errors import FILE_STATUS, FilesRefused, FileTooLarge, InvalidRequest
from ocr.forms import check_fields, guarded
from ocr.page_files import open_file
from ocr.page_pool import check
from ocr.services import decoding

router = Router()
MOST_PIXELS = 2_500_000  # of the picture: enough to read the page on any screen, and a third of a megabyte
JPEG_QUALITY = 80


class PictureOptions(BaseModel):
    """Which page."""

    page: int = Field(1, ge=1, lt=2**31)
    password: str = Field("", max_length=200)

    model_config = ConfigDict(extra="forbid")


@router.post("/api/v1/picture", include_in_schema=False, throttle=throttles(), **guarded)
def picture(request: HttpRequest, file: File[UploadedFile], options: Form[PictureOptions]) -> HttpResponse:
    """One page of a file as a JPEG image, upright and in the proportions of the result's ``width_px`` and ``height_px``."""
    check_fields(request, "file", PictureOptions)
    try:
        if (file.size or 0) > settings.RASM_MAX_FILE_BYTES:
            raise FileTooLarge(f"the file has {file.size:,} bytes; at most {settings.RASM_MAX_FILE_BYTES:,} are read")
        check(request.META.get("rasm.gone"))
        with decoding:
            with open_file(file, options.password, settings.RASM_MAX_PAGES) as pages:
                if options.page > pages.count:
                    raise InvalidRequest(f"page: the file has {pages.count}")
                pixels = pages.image(options.page - 1)
            height_px, width_px = pixels.shape[:2]
            scale = min(1.0, (MOST_PIXELS / (width_px * height_px)) ** 0.5)
            size = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
            shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            if shown.ndim == 3:
                shown = cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".jpg", np.asarray(shown), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except ImageError as e:
        raise FilesRefused(e.code, str(e), FILE_STATUS.get(e.code, 422), {}) from e
    return HttpResponse(data.tobytes(), content_type="image/jpeg")

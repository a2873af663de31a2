"""``POST /api/v1/picture`` and ``GET /api/v1/jobs/{id}/picture``: a page as people see it, for what cannot draw it by itself: browsers,
of a PDF or a TIFF.

Where it stands: beside ``reading.py`` and ``jobs.py``; the page at / asks it for the page that is looked at. Nothing is kept: the
file is sent each time, or is the job's. It is no part of the API's schema, since whoever can read a PDF's pages in a program has better
means to draw them.
"""

from uuid import UUID

import cv2
import numpy as np
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile
from pydantic import BaseModel, ConfigDict, Field

from backend.api.access import owner_of, throttles
from backend.api.errors import FilesRefused, InvalidRequest, JobNotDone
from backend.api.forms import check_fields, check_query, guarded
from backend.jobs import store
from backend.jobs.models import Job
from backend.reading.errors import FileTooLarge
from backend.reading.files import Readable, is_apart, open_file
from backend.reading.gone import Gone, check
from backend.reading.turns import place, turn_to_decode
from rasm.errors import ImageError

router = Router()
MOST_PIXELS = 2_500_000  # of the picture: enough to read the page on any screen, and a third of a megabyte
JPEG_QUALITY = 80
WHOLE_QUALITY = 95  # a model is to learn letters of it, and not what JPEG does to them


class JobPictureOptions(BaseModel):
    """Which page; of a job, of its first file. whole: in all its pixels, to cut lines out of, not to be looked at."""

    page: int = Field(1, ge=1, lt=2**31)
    whole: bool = Field(False)

    model_config = ConfigDict(extra="forbid")


class PictureOptions(JobPictureOptions):
    """The same of a file that is sent."""

    password: str = Field("", max_length=200)


@router.post("/api/v1/picture", include_in_schema=False, throttle=throttles(), **guarded)
def picture(request: HttpRequest, file: File[UploadedFile], options: Form[PictureOptions]) -> HttpResponse:
    """One page of a file as a JPEG image, upright and in the proportions of the result's ``width_px`` and ``height_px``."""
    check_fields(request, "file", PictureOptions)
    if (file.size or 0) > settings.RASM.max_file_bytes:
        raise _refused(FileTooLarge(f"the file has {file.size:,} bytes; at most {settings.RASM.max_file_bytes:,} are read"))
    gone = request.META.get("rasm.gone")
    check(gone)
    with place():
        return _drawn(file, options.password, settings.RASM.max_pages, options, gone)


@router.get("/api/v1/jobs/{job_id}/picture", include_in_schema=False, throttle=throttles(), **guarded)
def job_picture(request: HttpRequest, job_id: UUID, options: Query[JobPictureOptions]) -> HttpResponse:
    """The same of a job's first file: the page at / sends one in a job."""
    check_query(request, JobPictureOptions)
    job = store.own(owner_of(request), job_id)
    if job.state == Job.State.CANCELLED:
        raise JobNotDone("the job was cancelled: its files are gone")
    with place(), store.spooled(store.files_of(job)[0]) as file:
        return _drawn(file, job.password, settings.RASM.max_job_pages, options, request.META.get("rasm.gone"))


def _drawn(file: Readable, password: str, most_pages: int, asked: JobPictureOptions, gone: Gone | None) -> HttpResponse:
    try:
        with turn_to_decode(gone, is_apart=is_apart(file)):
            with open_file(file, password, most_pages, gone) as pages:
                if asked.page > pages.count:
                    raise InvalidRequest(f"page: the file has {pages.count}")
                pixels = pages.image(asked.page - 1)
            height_px, width_px = pixels.shape[:2]
            scale = 1.0 if asked.whole else min(1.0, (MOST_PIXELS / (width_px * height_px)) ** 0.5)
            size = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
            shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            if shown.ndim == 3:
                shown = cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".jpg", np.asarray(shown), [cv2.IMWRITE_JPEG_QUALITY, WHOLE_QUALITY if asked.whole else JPEG_QUALITY])
    except ImageError as e:
        raise _refused(e) from e
    return HttpResponse(data.tobytes(), content_type="image/jpeg")


def _refused(error: ImageError) -> FilesRefused:
    return FilesRefused(error.code, str(error))

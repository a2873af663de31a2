"""What a worker does with a part of a job, so that no page is lost when it dies in the middle of one.

Where it stands: between ``queue.py``, which says whose the part is, and ``store.py``, which keeps each page as soon as it is read;
``worker.py`` calls ``do``. Whoever takes the part of a dead worker goes on where that one stopped. A page that ends its worker three
times is given up, with an error in its place.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import IO, cast

import cv2
from django.conf import settings
from django.db import DatabaseError, transaction

from backend.jobs import queue, store
from backend.jobs.models import JobChunk, JobFile, JobPage, JobPart
from backend.reading import metrics
from backend.reading.engines import Models
from backend.reading.errors import Refusal, is_disk_full
from backend.reading.files import open_file
from rasm.document import Page, in_language, language_of, profiled
from rasm.errors import ImageError
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.pages.files import PageFile
from rasm.pages.reader import PageReader, PdfText

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3

stopping = threading.Event()  # set when this worker is to end: it gives its part back after the page it is at


class Progress:
    """When the page that is being read was begun; None between pages. ``worker.py`` ends a worker that does not get on."""

    page_began: float | None = None


progress = Progress()


def do(part: JobPart) -> None:
    """Read the pages of a part that was taken, or write its PDF."""
    try:
        finished = _read(part) if part.kind == JobPart.Kind.READ else _write_pdf(part)
    except Exception as e:
        if is_disk_full(e):  # whoever takes it next goes on: that this one has had it is not counted
            queue.give_back(part)
        raise
    finally:
        progress.page_began = None
    if finished and queue.finish(part):
        store.finish(part.job_id)
    elif stopping.is_set():
        queue.give_back(part)


def _goes_on(part: JobPart) -> bool:
    """Whether the next page may be begun: this worker is not to end, and the part is still its own."""
    progress.page_began = time.monotonic()
    return not stopping.is_set() and queue.renew(part)


def _read(part: JobPart) -> bool:
    """Read the pages of a part that have not been read yet; whether all have been."""
    with contextlib.suppress(Refusal):  # which each page will meet
        _page_reader(part.job.model)  # opened before the time of the first page begins
    done = set(JobPage.objects.filter(file=part.file).values_list("number", flat=True))
    missing = [number for number in range(part.first + 1, part.last + 2) if number not in done]
    if missing and part.attempts > MOST_ATTEMPTS:
        message = f"reading this page has ended its worker {MOST_ATTEMPTS} times, or took longer than {settings.RASM.job_lease_s} s"
        page = JobPage(job=part.job, file=part.file, number=missing.pop(0), data=b"", error_code="page_failed", error_message=message)
        _keep(part, page)
    for number in missing:
        if not _goes_on(part):
            return False
        began = time.perf_counter()
        page = JobPage(job=part.job, file=part.file, number=number, data=b"")
        try:
            read = _read_page(part, number)
            page.warnings = " ".join(warning.code for warning in read.warnings)
            page.data = store.pack(read, round((time.perf_counter() - began) * 1000, 1))
            if read.source == "ocr":  # what a PDF says by itself was not read
                metrics.LINES.labels(part.job.model).inc(1 if read.kind == "line" else len(read.lines))
        except ImageError as e:
            page.error_code, page.error_message = e.code, str(e)
        except DatabaseError:
            raise
        except Exception as e:  # one page that meets a fault of the service must not cost the others
            if is_disk_full(e):  # it is no fault of the page: another time
                raise
            logger.exception("page %d of a file of job %s could not be read", number, part.job_id)
            page.error_code, page.error_message = "page_failed", "a fault of the service; its log has the details under the job's id"
        _keep(part, page)
    return True


def _keep(part: JobPart, page: JobPage) -> None:
    """Keep a page for good. If another worker has kept it meanwhile, or the job was cancelled, this one is dropped."""
    if page.error_code:
        metrics.ERRORS.labels(page.error_code).inc()
    with transaction.atomic():
        if queue.held(part).update(attempts=1):
            JobPage.objects.bulk_create([page], ignore_conflicts=True)
            store.add_bytes(part.job_id, len(page.data))


def _read_page(part: JobPart, number: int) -> Page:
    """Raises ImageError."""
    job = part.job
    reader = _page_reader(job.model).asking(job.least_confidence)
    return reader.read_from(opened(part.file), number - 1, mode=job.mode, pdf_text=cast(PdfText, job.text_layer))


class _Open:
    """The file that was read last, and the model: the next part is mostly of the same."""

    file_id: int | None = None
    spool: IO[bytes] | None = None
    file: PageFile | None = None
    models: Models | None = None
    readers: dict[str, PageReader] = {}  # noqa: RUF012  (one of each process)


def opened(file: JobFile) -> PageFile:
    """Raises ImageError."""
    if _Open.file_id != file.pk or _Open.file is None:
        close_file()
        _Open.spool = store.spooled(file)
        _Open.file = open_file(_Open.spool, file.job.password, settings.RASM.max_job_pages)
        _Open.file_id = file.pk
    return _Open.file


def close_file() -> None:
    if _Open.file is not None:
        _Open.file.close()
    if _Open.spool is not None:
        _Open.spool.close()
    _Open.file_id = _Open.file = _Open.spool = None


def _page_reader(model: str) -> PageReader:
    """On one thread: there are as many workers as are wanted."""
    if model not in _Open.readers:
        cv2.setNumThreads(1)
        _Open.models = _Open.models or Models(settings.RASM.model, threads=1)
        _Open.readers[model] = PageReader(_Open.models.open(model).recognizer)
    return _Open.readers[model]


def _write_pdf(part: JobPart) -> bool:
    """The searchable PDF of a file; whether it is there."""
    if not _goes_on(part):
        return False
    data: bytes | None = None
    try:
        if part.attempts <= MOST_ATTEMPTS and (data := _searchable(part)) is None:
            return False
    except DatabaseError:
        raise
    except Exception as e:  # whatever PDFium makes of an odd file
        if is_disk_full(e):
            raise
        logger.exception("the searchable PDF of a file of job %s could not be written", part.job_id)
    if data is None:
        return bool(queue.held(part).update(failed=True))
    kind = store.pdf_kind(part.first)
    JobChunk.objects.filter(file=part.file, kind=kind).delete()  # of a worker that has died
    store.write_chunks(part.file, kind, _pieces(data))
    store.add_bytes(part.job_id, len(data))
    return True


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[i : i + store.CHUNK_BYTES] for i in range(0, len(data), store.CHUNK_BYTES))


def _searchable(part: JobPart) -> bytes | None:
    """None if the worker is to end, or the job has been taken away."""
    file = opened(part.file)
    original = None
    if file.kind == "pdf":
        assert _Open.spool is not None
        _Open.spool.seek(0)
        original = _Open.spool.read()
    way = store.PDF_WAYS[part.first]
    pdf = SearchablePdf(original, password=part.job.password or None, layer=way.layer)
    language = language_of(store.read_pages(part.file), way.language)
    for page in store.read_pages(part.file):
        if not _goes_on(part):
            return None
        pdf.add(profiled(in_language(page, language), way.profile), None if file.kind == "pdf" else file.image(page.number - 1))
    return pdf.finish()

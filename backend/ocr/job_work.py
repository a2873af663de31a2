"""The tasks of jobs, by Django's task interface, and what happens when a worker dies in the middle of one.

Where it stands: beneath ``job_store.py``; ``manage.py jobs work`` runs them (``job_worker.py``).

A task is one part of a job: some pages, or a searchable PDF. A worker leases the part, and renews the lease with every page; each
page is kept as soon as it is read. When a lease has run out its worker is taken for dead, and the part is put into the queue again:
whoever takes it goes on where it stopped. A page that ends its worker three times is given up, with an error in its place.

The parts of a job have falling priorities, so that jobs take turns: a short one does not wait for all of a long one.
"""

import logging
import os
import socket
import threading
import time
from datetime import timedelta
from typing import IO, cast

import cv2
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks.base import TASK_MAX_PRIORITY, TASK_MIN_PRIORITY
from django_tasks.exceptions import TaskResultDoesNotExist

from ocr import job_store, metrics
from ocr.engines import Models
from ocr.models import Job, JobChunk, JobFile, JobPage, JobPart
from ocr.page_files import open_file
from rasm.document import Page
from rasm.errors import ImageError
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.pages.files import PageFile
from rasm.pages.reader import LineImage, Mode, PageImage, PageReader, TextLayer, look

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
LOOKED_AT_A_TIME = 100
WORKER = f"{socket.gethostname()[:40]}:{os.getpid()}"

stopping = threading.Event()  # set when this worker is to end: it gives its part back after the page it is at


class Progress:
    """When the page that is being read was begun; None between pages. ``job_worker.py`` ends a worker that does not get on."""

    page_began: float | None = None


progress = Progress()


@task()
def do_part(part_id: int) -> None:
    """Read a part's pages, or write its PDF. Does nothing if that is done, cancelled, or in another worker's hands."""
    part = _claim(part_id)
    if part is None:
        return
    try:
        finished = _read(part) if part.kind == JobPart.Kind.READ else _write_pdf(part)
    finally:
        progress.page_began = None
    if finished and JobPart.objects.filter(pk=part.pk, worker=part.worker).update(done=True, lease=None):
        job_store.finish(part.job_id)
    elif stopping.is_set():
        _again(part, Q(worker=part.worker))


def enqueue(part_id: int, *, priority: int) -> None:
    """Put a part into the queue. To be called in a transaction."""
    result = do_part.using(priority=max(TASK_MIN_PRIORITY, min(priority, TASK_MAX_PRIORITY))).enqueue(part_id)
    JobPart.objects.filter(pk=part_id).update(task=str(result.id), looked_at=timezone.now())


def _claim(part_id: int) -> JobPart | None:
    now = timezone.now()
    with transaction.atomic():
        parts = JobPart.objects.select_for_update(of=("self",)).select_related("job", "file")
        part = parts.filter(pk=part_id, done=False).first()
        if part is None or (part.lease is not None and part.lease > now):
            return None
        if part.job.state not in (Job.State.QUEUED, Job.State.RUNNING, Job.State.DONE):
            return None
        part.worker, part.lease = f"{WORKER}:{time.monotonic_ns()}", now + _lease()
        part.attempts += 1
        part.save(update_fields=["worker", "lease", "attempts"])
        Job.objects.filter(pk=part.job_id, state=Job.State.QUEUED).update(state=Job.State.RUNNING, started=now)
    return part


def _lease() -> timedelta:
    return timedelta(seconds=settings.RASM_JOB_LEASE_S)


def _renew(part: JobPart) -> bool:
    """Whether the part is still this worker's: not cancelled, and not given to another one."""
    progress.page_began = time.monotonic()
    mine = JobPart.objects.filter(pk=part.pk, worker=part.worker, done=False)
    return not stopping.is_set() and bool(mine.update(lease=timezone.now() + _lease()))


def _read(part: JobPart) -> bool:
    """Read the pages of a part that have not been read yet; whether all have been."""
    done = set(JobPage.objects.filter(file=part.file).values_list("number", flat=True))
    missing = [number for number in range(part.first + 1, part.last + 2) if number not in done]
    if missing and part.attempts > MOST_ATTEMPTS:
        message = f"reading this page has ended its worker {MOST_ATTEMPTS} times, or took longer than {settings.RASM_JOB_LEASE_S} s"
        page = JobPage(job=part.job, file=part.file, number=missing.pop(0), data=b"", error_code="page_failed", error_message=message)
        _keep(part, page)
    for number in missing:
        if not _renew(part):
            return False
        began = time.perf_counter()
        page = JobPage(job=part.job, file=part.file, number=number, data=b"")
        try:
            read = _read_page(part, number)
            page.data = job_store.pack(read, round((time.perf_counter() - began) * 1000, 1))
            metrics.LINES.labels(part.job.model).inc(_lines_of(read))
        except ImageError as e:
            page.error_code, page.error_message = e.code, str(e)
        except DatabaseError:
            raise
        except Exception:  # one page that meets a fault of the service must not cost the others
            logger.exception("page %d of a file of job %s could not be read", number, part.job_id)
            page.error_code, page.error_message = "page_failed", "a fault of the service; its log has the details under the job's id"
        _keep(part, page)
    return True


def _lines_of(read: Page | job_store.LineImage) -> int:
    """How many were read: what a PDF says by itself was not."""
    if isinstance(read, job_store.LineImage):
        return 1
    return sum(len(region.lines) for region in read.regions) if read.source == "ocr" else 0


def _keep(part: JobPart, page: JobPage) -> None:
    """Keep a page for good. If another worker has kept it meanwhile, or the job was cancelled, this one is dropped."""
    if page.error_code:
        metrics.ERRORS.labels(page.error_code).inc()
    with transaction.atomic():
        if JobPart.objects.filter(pk=part.pk, worker=part.worker).update(attempts=1):
            JobPage.objects.bulk_create([page], ignore_conflicts=True)
            job_store.add_bytes(part.job_id, len(page.data))


def _read_page(part: JobPart, number: int) -> Page | job_store.LineImage:
    """Raises ImageError."""
    file, reader, job = opened(part.file), _page_reader(part.job.model), part.job
    seen = look(file, number - 1, mode=cast(Mode, job.mode), text_layer=cast(TextLayer, job.text_layer))
    if isinstance(seen, LineImage):
        (reading,) = reader.recognizer.read([seen.pixels])
        return job_store.LineImage(reading, seen.pixels.shape[1], seen.pixels.shape[0])
    return reader.read(seen) if isinstance(seen, PageImage) else seen


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
        _Open.spool = job_store.spooled(file)
        _Open.file = open_file(_Open.spool, file.job.password, settings.RASM_MAX_JOB_PAGES)
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
        _Open.models = _Open.models or Models(settings.RASM_MODEL, threads=1)
        _Open.readers[model] = PageReader(_Open.models.reader(model).recognizer)
    return _Open.readers[model]


def _write_pdf(part: JobPart) -> bool:
    """The searchable PDF of a file; whether it is there."""
    if not _renew(part):
        return False
    data: bytes | None = None
    try:
        if part.attempts <= MOST_ATTEMPTS and (data := _searchable(part)) is None:
            return False
    except DatabaseError:
        raise
    except Exception:  # whatever PDFium makes of an odd file
        logger.exception("the searchable PDF of a file of job %s could not be written", part.job_id)
    if data is None:
        return bool(JobPart.objects.filter(pk=part.pk, worker=part.worker).update(failed=True))
    JobChunk.objects.filter(file=part.file, kind="pdf").delete()  # of a worker that has died
    job_store.write_chunks(part.file, "pdf", (data[i : i + job_store.CHUNK_BYTES] for i in range(0, len(data), job_store.CHUNK_BYTES)))
    job_store.add_bytes(part.job_id, len(data))
    return True


def _searchable(part: JobPart) -> bytes | None:
    """None if the worker is to end, or the job has been taken away."""
    file = opened(part.file)
    original = None
    if file.kind == "pdf":
        assert _Open.spool is not None
        _Open.spool.seek(0)
        original = _Open.spool.read()
    pdf = SearchablePdf(original, password=part.job.password or None)
    for page in job_store.read_pages(part.file):
        if not _renew(part):
            return None
        pdf.add(page, None if file.kind == "pdf" else file.image(page.number - 1))
    return pdf.finish()


def recover() -> int:
    """Put the parts of dead workers into the queue again; how many there were. Any worker does this, every now and then."""
    now = timezone.now()
    unfinished = JobPart.objects.filter(done=False, job__state__in=(Job.State.QUEUED, Job.State.RUNNING, Job.State.DONE))
    count = 0
    for part in unfinished.filter(lease__lt=now):
        logger.warning("a worker of job %s has died, or did not get on: its pages are read again", part.job_id)
        count += _again(part, Q(lease=part.lease))
    # a worker may die between taking a task and leasing its part
    for part in unfinished.filter(lease=None, looked_at__lt=now - _lease()).order_by("looked_at")[:LOOKED_AT_A_TIME]:
        if _is_waiting(part.task):
            JobPart.objects.filter(pk=part.pk).update(looked_at=now)
        else:
            count += _again(part, Q(lease=None, task=part.task))
    return count


def _again(part: JobPart, unchanged: Q) -> bool:
    with transaction.atomic():
        if not JobPart.objects.filter(unchanged, pk=part.pk, done=False).update(lease=None, worker=""):
            return False
        enqueue(part.pk, priority=0)
    return True


def _is_waiting(task_id: str) -> bool:
    try:
        return do_part.get_result(task_id).status == TaskResultStatus.READY
    except TaskResultDoesNotExist:
        return False

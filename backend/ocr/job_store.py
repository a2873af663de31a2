"""Jobs in the database: taken in within limits, given out as they stand, taken away when their time is over.

Where it stands: between ``api_jobs.py`` and ``job_work.py``, which reads. Files and results lie in the database too, in pieces: a
job is there wholly or not at all, whichever machine asks, and DATABASE_URL is all that several machines have to share.
"""

import json
import tempfile
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ocr.errors import JobNotFound, JobStorageFull, TooManyJobs
from ocr.models import ApiKey, Job, JobChunk, JobFile, JobPage, JobPart
from ocr.page_files import has_pages, is_pdf_file, open_file
from ocr.page_pool import turn_to_decode
from ocr.results import page_of_line
from ocr.schemas import FileError, Model
from ocr.schemas_jobs import JobError, JobFileReply, JobReply
from ocr.services import Upload
from rasm.document import Document, Page, page_from_dict
from rasm.errors import ImageError, TooManyPages
from rasm.image import decode
from rasm.lines.recognizer import Reading, Sign

CHUNK_BYTES = 2**20
CHUNKS_AT_A_TIME = 16  # written in one transaction: others may write in between
PART_PAGES = 16  # read by one worker in one go; so many are done again at most when it dies
SHOWN_ERRORS = 100
UNFINISHED_TIMES = 7  # a job that does not finish is kept so many times as long as one that has


# taking in


def most_pages() -> int:
    return settings.RASM_MAX_JOB_PAGES


def count_pages(upload: Upload, password: str, pages_left: int, gone: threading.Event | None) -> int:
    """How many pages a file has. Raises ClientGone; an ImageError if it cannot be read, or has more than ``pages_left``."""
    if not pages_left:
        raise _too_many_pages()
    with turn_to_decode(gone, is_pdf=is_pdf_file(upload)):
        try:
            if not has_pages(upload):
                decode(upload.read(), max_pixels=settings.RASM_MAX_PIXELS, single=True)
                return 1
            with open_file(upload, password, pages_left, gone) as file:
                return file.count
        except TooManyPages as e:
            raise _too_many_pages() from e
        finally:
            upload.seek(0)


def _too_many_pages() -> TooManyPages:
    return TooManyPages(f"a job may have {settings.RASM_MAX_JOB_PAGES:,} pages: send several jobs")


def receive(job: Job, uploads: Sequence[Upload], found: Sequence[int | ImageError]) -> None:
    """Put the files away and have them read. ``found``: the pages of each, or what is wrong with it. Raises TooManyJobs, JobStorageFull."""
    from ocr.job_work import enqueue

    usable = [upload for upload, pages in zip(uploads, found, strict=True) if isinstance(pages, int)]
    job.bytes = sum(upload.size or 0 for upload in usable)
    job.pages = sum(pages for pages in found if isinstance(pages, int))
    job.expires = timezone.now() + timedelta(seconds=settings.RASM_JOB_KEEP_S * UNFINISHED_TIMES)
    with transaction.atomic():
        _check_room(job)
        job.save(force_insert=True)
    try:
        files = [_store(job, number, upload, pages) for number, (upload, pages) in enumerate(zip(uploads, found, strict=True))]
        with transaction.atomic():
            places = [(file, first) for file in files for first in range(0, file.pages or 0, PART_PAGES)]
            for number, (file, first) in enumerate(places):
                last = min(first + PART_PAGES, file.pages or 0) - 1
                part = JobPart.objects.create(job=job, file=file, kind=JobPart.Kind.READ, first=first, last=last, looked_at=job.created)
                enqueue(part.pk, priority=-number)
            job.state = Job.State.QUEUED
            job.save(update_fields=["state"])
    except BaseException:
        job.delete()
        raise


def _check_room(job: Job) -> None:
    unfinished = Job.objects.filter(key=job.key, state__in=Job.UNFINISHED).count()
    if unfinished >= settings.RASM_MAX_JOBS:
        raise TooManyJobs(
            f"{unfinished} of your jobs are not finished yet; there may be {settings.RASM_MAX_JOBS}: wait for one, or cancel one"
        )
    stored = Job.objects.aggregate(bytes=Sum("bytes"))["bytes"] or 0
    if stored + job.bytes > settings.RASM_JOB_STORE_BYTES:
        raise JobStorageFull("the service holds as many jobs and results as it can: delete some of yours, or try again later")


def _store(job: Job, number: int, upload: Upload, pages: int | ImageError) -> JobFile:
    if isinstance(pages, ImageError):
        return JobFile.objects.create(job=job, number=number, name=upload.name or "", error_code=pages.code, error_message=str(pages))
    file = JobFile.objects.create(job=job, number=number, name=upload.name or "", pages=pages)
    write_chunks(file, "upload", iter(lambda: upload.read(CHUNK_BYTES), b""))
    return file


def write_chunks(file: JobFile, kind: str, pieces: Iterator[bytes]) -> None:
    waiting: list[JobChunk] = []
    for number, piece in enumerate(pieces):
        waiting.append(JobChunk(file=file, kind=kind, number=number, data=piece))
        if len(waiting) == CHUNKS_AT_A_TIME:
            JobChunk.objects.bulk_create(waiting)
            waiting.clear()
    JobChunk.objects.bulk_create(waiting)


def chunks(file: JobFile, kind: str) -> Iterator[bytes]:
    """What ``write_chunks`` has put away, piece by piece. Raises JobNotFound."""
    for pk in JobChunk.objects.filter(file=file, kind=kind).values_list("pk", flat=True):
        data = JobChunk.objects.filter(pk=pk).values_list("data", flat=True).first()
        if data is None:  # the job was taken away meanwhile
            raise _not_found()
        yield bytes(data)


def spooled(file: JobFile) -> IO[bytes]:
    """The file as it was sent, as a temporary file that stands at its beginning."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115  (whoever asked closes it)
    for piece in chunks(file, "upload"):
        spool.write(piece)
    spool.seek(0)
    return spool


# giving out


def own(owner: ApiKey | None, pk: UUID) -> Job:
    """The job, if it is the owner's. Raises JobNotFound."""
    found = Job.objects.filter(pk=pk, key=owner).exclude(state=Job.State.RECEIVING).first()
    if found is None:
        raise _not_found()
    return found


def _not_found() -> JobNotFound:
    return JobNotFound("there is no such job, or it was deleted, or its time is over")


def owned(owner: ApiKey | None) -> list[Job]:
    """The latest of the owner's jobs, newest first."""
    return list(Job.objects.filter(key=owner).exclude(state=Job.State.RECEIVING)[:100])


def describe(job: Job) -> JobReply:
    """The job as it stands."""
    counted = JobPage.objects.filter(job=job).aggregate(done=Count("pk"), errors=Count("pk", filter=~Q(error_code="")))
    files = list(job.files.all())
    errors = [JobError(file=file.number, page=None, code=file.error_code, message=file.error_message) for file in files if file.error_code]
    if counted["errors"]:
        for page in JobPage.objects.filter(job=job).exclude(error_code="").select_related("file")[:SHOWN_ERRORS]:
            errors.append(JobError(file=page.file.number, page=page.number, code=page.error_code, message=page.error_message))
    is_done = job.state == Job.State.DONE
    return JobReply(
        id=str(job.pk),
        state=job.state,
        pages=job.pages,
        pages_done=counted["done"],
        files=[
            JobFileReply(
                name=file.name,
                pages=file.pages,
                error=FileError(code=file.error_code, message=file.error_message) if file.error_code else None,
            )
            for file in files
        ],
        errors=errors[:SHOWN_ERRORS],
        error_count=counted["errors"] + sum(bool(file.error_code) for file in files),
        error=FileError(code=errors[0].code, message=errors[0].message) if job.state == Job.State.FAILED and errors else None,
        model=Model(name=job.model, version=job.model_version),
        created=job.created,
        started=job.started,
        finished=job.finished,
        expires=job.expires,
        result=f"/api/v1/jobs/{job.pk}/result" if is_done else None,
    )


@dataclass(frozen=True)
class LineImage:
    """An image of one line, as it was read. A Page has no spaces between its words' characters, and ``/api/v1/ocr`` gives them."""

    reading: Reading
    width_px: int
    height_px: int


def count_waiting() -> int:
    """The parts of all jobs that no worker has in hand."""
    return JobPart.objects.filter(done=False, lease=None).exclude(job__state=Job.State.RECEIVING).count()


def pack(read: Page | LineImage, milliseconds: float) -> bytes:
    """A page or a line as it is kept."""
    packed: dict[str, Any] = {"milliseconds": milliseconds}
    if isinstance(read, Page):
        packed["page"] = Document("", [read]).to_dict()["pages"][0]
    else:
        line = read.reading
        packed["line"] = [line.text, line.confidence, line.signs, read.width_px, read.height_px]
    return zlib.compress(json.dumps(packed, ensure_ascii=False).encode())


def unpack(data: bytes) -> tuple[Page | LineImage, float]:
    packed: dict[str, Any] = json.loads(zlib.decompress(data))
    if "page" in packed:
        return page_from_dict(packed["page"]), packed["milliseconds"]
    text, confidence, characters, width_px, height_px = packed["line"]
    reading = Reading(text, confidence, [Sign(*character) for character in characters])
    return LineImage(reading, width_px, height_px), packed["milliseconds"]


def pages_of(file: JobFile) -> Iterator[JobPage]:
    """In order, one at a time in memory. Raises JobNotFound."""
    for pk in JobPage.objects.filter(file=file).order_by("number").values_list("pk", flat=True):
        page = JobPage.objects.filter(pk=pk).first()
        if page is None:  # the job was taken away meanwhile
            raise _not_found()
        yield page


def pages_after(file: JobFile, number: int, most: int) -> list[JobPage]:
    """Those that follow a page without a gap, as far as they have been read."""
    pages = JobPage.objects.filter(file=file, number__gt=number, number__lte=number + most).order_by("number")
    return [page for i, page in enumerate(pages, number + 1) if page.number == i]


def count_read(file: JobFile) -> int:
    """How many of its pages could be read."""
    return JobPage.objects.filter(file=file, error_code="").count()


def read_pages(file: JobFile) -> Iterator[Page]:
    """Those that could be read, in order; of line images, such as ``/api/v1/ocr`` makes documents of."""
    for kept in pages_of(file):
        if not kept.error_code:
            read, _ = unpack(bytes(kept.data))
            yield read if isinstance(read, Page) else page_of_line(read.reading, read.width_px, read.height_px, number=kept.number)


# taking away


def delete(job: Job) -> None:
    """Cancel a job that is not finished, with all that was read of it; take away one that is."""
    with transaction.atomic():
        cancelled = Job.objects.filter(pk=job.pk, state__in=Job.UNFINISHED).update(
            state=Job.State.CANCELLED, finished=timezone.now(), expires=_end(), bytes=0, password=""
        )
        if cancelled:
            for kept in (JobPart, JobPage):
                kept.objects.filter(job=job).delete()
            JobChunk.objects.filter(file__job=job).delete()
        else:
            job.delete()


def _end() -> Any:
    return timezone.now() + timedelta(seconds=settings.RASM_JOB_KEEP_S)


def finish(job_id: UUID) -> None:
    """Call a job done, or failed, if all its pages have been seen to."""
    with transaction.atomic():
        if JobPart.objects.filter(job_id=job_id, kind=JobPart.Kind.READ, done=False).exists():
            return
        some = JobPage.objects.filter(job_id=job_id, error_code="").exists()
        state = Job.State.DONE if some else Job.State.FAILED
        Job.objects.filter(pk=job_id, state=Job.State.RUNNING).update(state=state, finished=timezone.now(), expires=_end())


def add_bytes(job_id: UUID, count: int) -> None:
    Job.objects.filter(pk=job_id).update(bytes=F("bytes") + count)


def expire() -> int:
    """Take away the jobs whose time is over, and the tasks' records with them; how many jobs it was."""
    now = timezone.now()
    # what was being received when its server was killed
    lost = Q(state=Job.State.RECEIVING, created__lt=now - timedelta(hours=1))
    count = 0
    for pk in list(Job.objects.filter(Q(expires__lt=now) | lost).values_list("pk", flat=True)):
        Job.objects.filter(pk=pk).delete()  # one at a time: others may write in between
        count += 1
    old = now - timedelta(seconds=settings.RASM_JOB_KEEP_S * UNFINISHED_TIMES)
    DBTaskResult.objects.filter(task_path__startswith="ocr.job_work.", enqueued_at__lt=old).delete()
    return count

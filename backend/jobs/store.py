"""Jobs in the database: taken in within limits, kept page by page, given out, taken away when their time is over.

Where it stands: beneath the API's operations and ``work.py``, which reads. Files and results lie in the database too, in pieces. So a
job is there wholly or not at all, whichever machine asks. DATABASE_URL is all that several machines have to share.
"""

import json
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, product
from typing import IO, Any, NamedTuple, get_args, get_type_hints
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Length
from django.utils import timezone

from backend.jobs import reserve
from backend.jobs.errors import DocumentFailed, JobNotFound, JobStorageFull, TooManyJobs
from backend.jobs.models import Job, JobChunk, JobFile, JobPage, JobPart
from backend.keys.models import ApiKey
from backend.reading.files import Upload, has_pages, is_apart, open_file
from backend.reading.gone import Gone
from backend.reading.turns import turn_to_decode
from rasm.document import Document, Page, WarningCode, page_from_dict
from rasm.errors import EncryptedDocument, ImageError, TooManyPages
from rasm.formats.searchable_pdf import PdfLayer
from rasm.image import decode
from rasm.lines.recognizer import Reading, Sign
from rasm.pages.chosen import Chosen, spelled
from rasm.pages.files import PageFile
from rasm.pages.reader import page_of_line
from rasm.text.languages import LanguageOption
from rasm.text.normalisation import Profile

CHUNK_BYTES = 2**20
TAKING_IN = 0x7261736D  # the number of Postgres' lock: "rasm"
CHUNKS_AT_A_TIME = 16  # written in one transaction: others may write in between
PART_PAGES = 16  # read by one worker in one go
URGENT = 1  # the priority of what somebody waits for; the first part of a job has 0, the others less and less
LOST_AFTER = timedelta(hours=2)  # none is written for as long, and clocks jump an hour
UNFINISHED_TIMES = 7  # a job that does not finish is kept so many times as long as one that has


# taking in


@dataclass(frozen=True)
class FilePages:
    """How many pages a file has, and the indices of those that are to be read."""

    count: int
    indices: Sequence[int]

    @property
    def spelled(self) -> str:
        """Which they are, as ``1-3,7``; empty if they are all."""
        return "" if len(self.indices) == self.count else spelled(self.indices)


def count_pages(upload: Upload, password: str, chosen: Chosen, pages_left: int, gone: Gone | None) -> FilePages:
    """The pages of a file that are to be read. One that ``password`` opens is put away without it. Raises ClientGone; an ImageError if it
    cannot be read, has fewer pages than are asked for, or more than ``pages_left`` of those."""
    if not pages_left:
        raise _too_many_pages()
    count = _count(upload, password, pages_left if chosen.is_all else settings.RASM.max_job_pages, gone)
    indices = chosen.of(count)
    if len(indices) > pages_left:
        raise _too_many_pages()
    return FilePages(count, indices)


def _count(upload: Upload, password: str, most_pages: int, gone: Gone | None) -> int:
    with turn_to_decode(gone, is_apart=is_apart(upload)):
        try:
            if not has_pages(upload):
                decode(upload.read(), max_pixels=settings.RASM.max_pixels, single=True)
                return 1
            try:
                with open_file(upload, "", most_pages, gone) as file:
                    return file.count
            except EncryptedDocument:
                if not password:
                    raise
            with open_file(upload, password, most_pages, gone) as file:
                _unlock(upload, file)
                return file.count
        except TooManyPages as e:
            raise _too_many_pages() from e
        finally:
            upload.seek(0)


def _unlock(upload: Upload, file: PageFile) -> None:
    """So that the password need not be kept. Raises an ImageError."""
    unlocked = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the upload)
    try:
        file.write_unlocked(unlocked)
    except BaseException:
        unlocked.close()
        raise
    upload.file, upload.size = unlocked, unlocked.seek(0, os.SEEK_END)


def _too_many_pages() -> TooManyPages:
    return TooManyPages(f"a job may have {settings.RASM.max_job_pages:,} pages: send several jobs")


def receive(job: Job, uploads: Sequence[Upload], found: Sequence[FilePages | ImageError]) -> None:
    """Put the files away and have them read. ``found``: the pages of each, or what is wrong with it. Raises TooManyJobs, JobStorageFull,
    DiskFull."""
    usable = [upload for upload, pages in zip(uploads, found, strict=True) if isinstance(pages, FilePages)]
    job.bytes = sum(upload.size or 0 for upload in usable)
    job.pages = sum(len(pages.indices) for pages in found if isinstance(pages, FilePages))
    job.expires = timezone.now() + timedelta(seconds=settings.RASM.job_keep_s * UNFINISHED_TIMES)
    with transaction.atomic():
        _one_at_a_time()
        _check_room(job)
        job.save(force_insert=True)
    try:
        files = [_store(job, number, upload, pages) for number, (upload, pages) in enumerate(zip(uploads, found, strict=True))]
        with transaction.atomic():
            places = [
                (file, first, last)
                for file, pages in zip(files, found, strict=True)
                if isinstance(pages, FilePages)
                for first, last in _parts(pages.indices)
            ]
            JobPart.objects.bulk_create(
                JobPart(
                    job=job,
                    file=file,
                    kind=JobPart.Kind.READ,
                    first=first,
                    last=last,
                    priority=-number,
                )
                for number, (file, first, last) in enumerate(places)
            )
            job.state = Job.State.QUEUED
            job.save(update_fields=["state"])
    except BaseException:
        reserve.with_reserve(partial(_take_away, job.pk))
        raise


def _parts(indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last index of each part: of pages that follow each other, and no more than one worker reads in one go."""
    for _, run in groupby(enumerate(indices), key=lambda place: place[1] - place[0]):
        following = [index for _, index in run]
        for i in range(0, len(following), PART_PAGES):
            part = following[i : i + PART_PAGES]
            yield part[0], part[-1]


def _one_at_a_time() -> None:
    """Until the transaction ends, whoever else takes a job in waits: each counts what the others have. SQLite's transactions do by
    themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TAKING_IN])


def _check_room(job: Job) -> None:
    """Raises TooManyJobs, JobStorageFull, DiskFull."""
    reserve.keep()
    unfinished = Job.objects.filter(key=job.key, state__in=Job.UNFINISHED).count()
    if unfinished >= settings.RASM.max_jobs:
        raise TooManyJobs(
            f"{unfinished} of your jobs are not finished yet; there may be {settings.RASM.max_jobs}: wait for one, or cancel one"
        )
    stored = Job.objects.aggregate(bytes=Sum("bytes"))["bytes"] or 0
    if stored + job.bytes > settings.RASM.job_store_bytes:
        raise JobStorageFull("the service holds as many jobs and results as it can: delete some of yours, or try again later")


def _store(job: Job, number: int, upload: Upload, pages: FilePages | ImageError) -> JobFile:
    if isinstance(pages, ImageError):
        return JobFile.objects.create(job=job, number=number, name=upload.name or "", error_code=pages.code, error_message=str(pages))
    file = JobFile.objects.create(job=job, number=number, name=upload.name or "", pages=pages.count, chosen=pages.spelled)
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
    """What ``write_chunks`` has put away, piece by piece. Raises JobNotFound, in the end if need be."""
    for pk in JobChunk.objects.filter(file=file, kind=kind).values_list("pk", flat=True):
        data = JobChunk.objects.filter(pk=pk).values_list("data", flat=True).first()
        if data is None:  # the job was taken away meanwhile
            raise _not_found()
        yield bytes(data)
    _require(file)


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


def files_of(job: Job) -> list[JobFile]:
    """Never none. Raises JobNotFound if the job was taken away meanwhile."""
    if not (files := list(job.files.all())):
        raise _not_found()
    return files


def _require(file: JobFile) -> None:
    """A job goes with all that it has at once: what was read of it before it was seen to be there is whole. Raises JobNotFound."""
    if not JobFile.objects.filter(pk=file.pk).exists():
        raise _not_found()


def owned(owner: ApiKey | None) -> list[Job]:
    """The latest of the owner's jobs, newest first."""
    return list(Job.objects.filter(key=owner).exclude(state=Job.State.RECEIVING)[:100])


def pack(page: Page, milliseconds: float) -> bytes:
    """A page as it is kept, with coordinates to a tenth of a pixel: a third of the room. An image of one line is kept as it is."""
    kept = asdict(page) if page.kind == "line" else Document("", [page]).to_dict()["pages"][0]
    packed = {"milliseconds": milliseconds, "page": kept}
    return zlib.compress(json.dumps(packed, ensure_ascii=False).encode())


def unpack(data: bytes) -> tuple[Page, float]:
    packed: dict[str, Any] = json.loads(zlib.decompress(data))
    if "line" in packed:  # an image of one line, as 0.8.0 kept it
        text, confidence, signs, width_px, height_px = packed["line"]
        reading = Reading(text, confidence, [Sign(*sign) for sign in signs])
        return page_of_line(reading, width_px, height_px), packed["milliseconds"]
    return page_from_dict(packed["page"]), packed["milliseconds"]


def pages_of(file: JobFile) -> Iterator[JobPage]:
    """In order, one at a time in memory. Raises JobNotFound, in the end if need be."""
    for pk in JobPage.objects.filter(file=file).order_by("number").values_list("pk", flat=True):
        page = JobPage.objects.filter(pk=pk).first()
        if page is None:  # the job was taken away meanwhile
            raise _not_found()
        yield page
    _require(file)


def pages_after(file: JobFile, number: int, most: int) -> list[JobPage]:
    """Those to be read that follow a page, without a gap, as far as they have been read. Raises JobNotFound."""
    wanted = [index + 1 for index in Chosen(file.chosen).of(file.pages or 0) if index >= number][:most]
    pages = list(JobPage.objects.filter(file=file, number__in=wanted).order_by("number"))
    _require(file)
    return [page for page, next_one in zip(pages, wanted) if page.number == next_one]


def count_read(file: JobFile) -> int:
    """How many of its pages could be read."""
    return JobPage.objects.filter(file=file, error_code="").count()


def count_missing(files: Sequence[JobFile]) -> int:
    """How many of these files could not be opened, and how many pages of the others not be read."""
    unread = JobPage.objects.filter(file__in=files).exclude(error_code="").count()
    return unread + sum(bool(file.error_code) for file in files)


def count_warnings(job: Job, files: Sequence[JobFile] | None = None) -> Counter[WarningCode]:
    """How many pages, of these files or of all, have each warning."""
    pages = JobPage.objects.filter(job=job) if files is None else JobPage.objects.filter(file__in=files)
    counts: Counter[WarningCode] = Counter()
    for codes, count in pages.exclude(warnings="").order_by().values_list("warnings").annotate(Count("pk")):
        counts.update(dict.fromkeys(codes.split(), count))
    return counts


def read_pages(file: JobFile) -> Iterator[Page]:
    """Those that could be read, in order."""
    for kept in pages_of(file):
        if not kept.error_code:
            yield unpack(bytes(kept.data))[0]


class PdfWay(NamedTuple):
    """What is asked of a searchable PDF."""

    layer: PdfLayer = "skip"
    language: LanguageOption = "auto"
    profile: Profile = Profile()


# by the ``first`` of their parts, layers quickest: the first three are those that 0.11.0 knew
PDF_WAYS = tuple(
    PdfWay(layer, language, Profile(*profile))
    for *profile, language, layer in product(*map(get_args, get_type_hints(Profile).values()), get_args(LanguageOption), get_args(PdfLayer))
)
MOST_PDFS = 6  # of one file that are kept at a time: each is as large as the file


def pdf_kind(number: int) -> str:
    """That of the chunks of a searchable PDF, by its way's number; of the first ones as in 0.11.0."""
    layers = get_args(PdfLayer)
    return "pdf" if not number else f"pdf-{layers[number] if number < len(layers) else number}"


def ask_for_pdfs(job: Job, files: Sequence[JobFile], way: PdfWay = PdfWay()) -> bool:
    """Whether the searchable PDFs of these files are there; those that are not, and were not asked for yet, are put into the queue.

    Raises DocumentFailed, JobNotFound.
    """
    try:
        with transaction.atomic():
            are_there = [_ask_for_pdf(job, file, way) for file in files]
    except IntegrityError as e:  # the job was taken away meanwhile
        raise _not_found() from e
    return all(are_there)


def _ask_for_pdf(job: Job, file: JobFile, way: PdfWay) -> bool:
    part, is_new = JobPart.objects.get_or_create(
        file=file,
        kind=JobPart.Kind.PDF,
        first=PDF_WAYS.index(way),
        defaults={"job": job, "last": 0, "priority": URGENT},
    )
    if part.failed:
        raise DocumentFailed("the searchable PDF could not be written: ask for another format")
    if is_new:
        _make_room(file)
    return part.done


def _make_room(file: JobFile) -> None:
    """Takes away the PDFs of a file that were asked for first, where there are too many."""
    written = JobPart.objects.filter(file=file, kind=JobPart.Kind.PDF, done=True).order_by("id")
    for part in written[: max(0, written.count() - MOST_PDFS + 1)]:
        chunks = JobChunk.objects.filter(file=file, kind=pdf_kind(part.first))
        size = chunks.aggregate(bytes=Sum(Length("data")))["bytes"] or 0
        chunks.delete()
        part.delete()
        add_bytes(file.job_id, -size)


# taking away


def delete(job: Job) -> None:
    """Cancel a job that is not finished, with all that was read of it; take away one that is."""
    reserve.with_reserve(partial(_delete, job))


def _delete(job: Job) -> None:
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


def _end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.RASM.job_keep_s)


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
    """Take away the jobs whose time is over; how many there were."""
    now = timezone.now()
    # what was being received when its server was killed
    lost = Q(state=Job.State.RECEIVING, created__lt=now - LOST_AFTER)
    count = 0
    for pk in list(Job.objects.filter(Q(expires__lt=now) | lost).values_list("pk", flat=True)):
        reserve.with_reserve(partial(_take_away, pk))  # one at a time: others may write in between
        count += 1
    return count


def _take_away(pk: UUID) -> None:
    Job.objects.filter(pk=pk).delete()

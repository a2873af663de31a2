"""``/api/v1/jobs``: long documents, read by workers while nobody waits.

Where it stands: above ``backend/jobs/store.py``; what the workers do is in ``backend/jobs/work.py``.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile

from backend.api import documents, results
from backend.api.access import owner_of, throttles
from backend.api.errors import InvalidRequest, JobNotDone, NoSuchFile, PagesMissing
from backend.api.forms import READING_REFUSALS, REFUSALS, check_fields, check_query, form_schema, guarded, other_formats, wanted_format
from backend.api.operations.reading import OTHER_FORMATS
from backend.api.request_id import request_id
from backend.api.schemas.jobs import JobDocumentOptions, JobError, JobFileReply, JobReply, JobsReply, PagesOptions, Preparing, ResultOptions
from backend.api.schemas.options import ReadingOptions
from backend.api.schemas.reading import ErrorReply, FileError, Model, OcrReply, ResultReply
from backend.jobs import store
from backend.jobs.errors import JobNotFound
from backend.jobs.models import Job, JobFile, JobPage
from backend.reading import metrics
from backend.reading.engines import models
from backend.reading.gone import Gone, check
from backend.reading.turns import place
from rasm.document import in_language
from rasm.errors import ImageError
from rasm.pages.chosen import Chosen
from rasm.text.languages import Language

router = Router()
ASK_AGAIN_S = 2
PAGES_AT_ONCE = 16
SHOWN_ERRORS = 100
JOB_REFUSALS: dict[Any, Any] = {**REFUSALS, 404: ErrorReply, 422: ErrorReply, 503: ErrorReply}


def describe(job: Job) -> JobReply:
    """The job as it stands. Raises JobNotFound."""
    counted = JobPage.objects.filter(job=job).aggregate(done=Count("pk"), errors=Count("pk", filter=~Q(error_code="")))
    of_pages = JobPage.objects.filter(job=job).exclude(error_code="").select_related("file")[:SHOWN_ERRORS] if counted["errors"] else []
    wrong = [JobError(file=page.file.number, page=page.number, code=page.error_code, message=page.error_message) for page in of_pages]
    warnings = store.count_warnings(job)
    files = store.files_of(job)  # the last that is asked for: what was seen before was there
    of_files = [
        JobError(file=file.number, page=None, code=file.error_code, message=file.error_message) for file in files if file.error_code
    ]
    errors = of_files + wrong
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
                chosen=file.chosen or None,
                error=FileError(code=file.error_code, message=file.error_message) if file.error_code else None,
            )
            for file in files
        ],
        errors=errors[:SHOWN_ERRORS],
        error_count=counted["errors"] + len(of_files),
        warning_counts=warnings,
        error=FileError(code=errors[0].code, message=errors[0].message) if job.state == Job.State.FAILED and errors else None,
        model=Model(name=job.model, version=job.model_version),
        created=job.created,
        started=job.started,
        finished=job.finished,
        expires=job.expires,
        result=f"/api/v1/jobs/{job.pk}/result" if is_done else None,
    )


def _reply(job: Job, *, status: int = 200) -> HttpResponse:
    reply = HttpResponse(describe(job).model_dump_json(), content_type="application/json; charset=utf-8", status=status)
    if job.state in Job.UNFINISHED:
        reply["Retry-After"] = str(ASK_AGAIN_S)
    return reply


@router.post(
    "/api/v1/jobs",
    response={202: JobReply, **READING_REFUSALS},
    summary="Send files to be read later",
    operation_id="create_job",
    tags=["jobs"],
    throttle=throttles(),
    openapi_extra=form_schema(files={"minItems": 1}),
    **guarded,
)
def create_job(request: HttpRequest, files: File[list[UploadedFile]], options: Form[ReadingOptions]) -> HttpResponse:
    """Send files as to `/api/v1/ocr`, and more and larger ones. The reply comes at once, with the job's address in `Location`: ask there
    how far it is. It survives a restart of the service. A file that cannot be opened has an error in its place; if none can, the request
    is refused. Each option may as well stand in the address; in which form to give out the result is said when it is fetched.
    """
    check_fields(request, "files", ReadingOptions)
    info = models().open(options.model).recognizer.info
    with place():  # to open a file occupies this thread, as to read one does
        found = _counted(files, options, request.META.get("rasm.gone"))
    if all(isinstance(pages, ImageError) for pages in found):
        results.refuse(
            results.model_of(info),
            [
                _without_pages(upload.name or "", number, e.code, str(e))
                for number, (upload, e) in enumerate(zip(files, found, strict=True))
                if isinstance(e, ImageError)
            ],
        )
    job = Job(
        key=owner_of(request),
        mode=options.mode,
        text_layer=options.wanted_pdf_text,
        least_confidence=options.least_confidence,
        model=info.name,
        model_version=info.version,
    )
    store.receive(job, files, found)
    reply = _reply(job, status=202)
    reply["Location"] = f"/api/v1/jobs/{job.pk}"
    return reply


def _counted(files: Sequence[UploadedFile], options: ReadingOptions, gone: Gone | None) -> list[store.FilePages | ImageError]:
    """The pages of each, or what is wrong with it. Raises ClientGone."""
    found: list[store.FilePages | ImageError] = []
    chosen = Chosen(options.pages)
    pages_left = settings.RASM.max_job_pages
    for upload in files:
        check(gone)
        try:
            pages = store.count_pages(upload, options.password, chosen, pages_left, gone)
            found.append(pages)
            pages_left -= len(pages.indices)
        except ImageError as e:
            metrics.ERRORS.labels(e.code).inc()
            found.append(e)
    return found


@router.get(
    "/api/v1/jobs",
    response={200: JobsReply, **REFUSALS, 422: ErrorReply, 503: ErrorReply},
    summary="List your jobs",
    operation_id="jobs",
    tags=["jobs"],
    throttle=throttles(),
    **guarded,
)
def list_jobs(request: HttpRequest) -> JobsReply:
    """The jobs that were sent with this key; all that were sent without one, if keys are not asked for."""
    check_query(request)
    described: list[JobReply] = []
    for job in store.owned(owner_of(request)):
        with contextlib.suppress(JobNotFound):  # it was taken away meanwhile
            described.append(describe(job))
    return JobsReply(jobs=described)


@router.get(
    "/api/v1/jobs/{job_id}",
    response={200: JobReply, **JOB_REFUSALS},
    summary="How far is it?",
    operation_id="job",
    tags=["jobs"],
    throttle=throttles(),
    **guarded,
)
def get_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """`state`, and how many of the pages have been read. `Retry-After` says when to ask again."""
    check_query(request)
    return _reply(store.own(owner_of(request), job_id))


@router.delete(
    "/api/v1/jobs/{job_id}",
    response={204: None, **JOB_REFUSALS, 403: ErrorReply},
    summary="Cancel or delete a job",
    operation_id="delete_job",
    tags=["jobs"],
    throttle=throttles(),
    **guarded,
)
def delete_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """A job that is not finished is cancelled, and what it has read is thrown away; a finished one is taken away altogether."""
    check_query(request)
    store.delete(store.own(owner_of(request), job_id))
    return HttpResponse(status=204)


@router.get(
    "/api/v1/jobs/{job_id}/pages",
    response={200: OcrReply, **JOB_REFUSALS},
    summary="What has been read so far",
    operation_id="job_pages",
    tags=["jobs"],
    throttle=throttles(),
    **guarded,
)
def job_pages(request: HttpRequest, job_id: UUID, options: Query[PagesOptions]) -> HttpResponse:
    """The pages of one file that follow page `after`, without a gap, as far as they have been read; 16 at most. Ask again with the
    last of them. The job need not be done; of one that was cancelled there are none.
    """
    check_query(request, PagesOptions)
    job = store.own(owner_of(request), job_id)
    [file] = _files(job, options.file)
    output = results.Output.of(options)
    language = output.language_of(store.read_pages(file))  # as far as they have been read
    pages = [_result(file, page, output, language) for page in store.pages_after(file, options.after, PAGES_AT_ONCE)]
    reply = OcrReply(
        model=Model(name=job.model, version=job.model_version),
        results=pages,
        milliseconds=sum(page.milliseconds for page in pages),
        request_id=request_id.get(),
    )
    return HttpResponse(reply.model_dump_json(), content_type="application/json; charset=utf-8")


@router.get(
    "/api/v1/jobs/{job_id}/result",
    response={200: OcrReply, 202: Preparing, **JOB_REFUSALS, 409: ErrorReply},
    summary="What was read",
    operation_id="job_result",
    tags=["jobs"],
    throttle=throttles(),
    openapi_extra={"responses": {200: other_formats(*OTHER_FORMATS)}},
    **guarded,
)
def job_result(request: HttpRequest, job_id: UUID, options: Query[ResultOptions]) -> HttpResponseBase:
    """As `/api/v1/ocr` gives it, in any format and as often as wanted, until the job expires. Documents leave out what could not be
    read; the job lists it. A searchable PDF is written when it is first asked for: until it is there the status is 202.
    `/document` replies with nothing but documents.
    """
    check_query(request, ResultOptions)
    job, files = _done(request, job_id, options.file)
    kind = wanted_format(request, options.format if "format" in request.GET else None)
    if kind == "json":
        output = results.Output.of(options)
        return StreamingHttpResponse(_json(job, files, output, request_id.get()), content_type="application/json; charset=utf-8")
    written = _document(job, files, options, kind)
    if written is None:
        reply = HttpResponse(Preparing().model_dump_json(), content_type="application/json; charset=utf-8", status=202)
        reply["Retry-After"] = str(ASK_AGAIN_S)
        return reply
    return written


@router.get(
    "/api/v1/jobs/{job_id}/document",
    response={200: None, **JOB_REFUSALS, 409: ErrorReply},
    summary="What was read, as a document",
    operation_id="job_document",
    tags=["jobs"],
    throttle=throttles(),
    openapi_extra={"responses": {200: other_formats(*OTHER_FORMATS)}},
    **guarded,
)
def job_document(request: HttpRequest, job_id: UUID, options: Query[JobDocumentOptions]) -> HttpResponseBase:
    """A document, once it is whole; so the first success is the document. While the job is read, or the document is written, the status is
    409 with `Retry-After`: `curl --fail --retry 1000 --retry-all-errors -o book.pdf` waits for it. A job that has failed or was
    cancelled is 409 without it. If pages could not be read the status is 422, unless `missing=leave_out` is asked for.
    """
    check_query(request, JobDocumentOptions)
    job, files = _done(request, job_id, options.file)
    if options.missing == "refuse" and (missing := store.count_missing(files)):
        what = "1 page or file" if missing == 1 else f"{missing} pages or files"
        raise PagesMissing(f"{what} could not be read, as the job says; missing=leave_out gives the rest")
    written = _document(job, files, options, options.format)
    if written is None:
        error = JobNotDone("the document is being written: ask again")
        error.retry_after_s = ASK_AGAIN_S
        raise error
    return written


def _done(request: HttpRequest, job_id: UUID, file: int | None) -> tuple[Job, list[JobFile]]:
    """The job and the files of it that are asked for. Raises JobNotFound, JobNotDone, NoSuchFile."""
    job = store.own(owner_of(request), job_id)
    if job.state != Job.State.DONE:
        raise _not_done(job)
    return job, _files(job, file)


def _document(job: Job, files: list[JobFile], options: ResultOptions | JobDocumentOptions, kind: str) -> HttpResponseBase | None:
    """None while it is being written."""
    output = results.Output.of(options)
    readable = [file for file in files if file.pages]
    if not readable:
        raise InvalidRequest("file: it could not be opened; the job says why")
    counts = store.count_warnings(job, readable)
    if kind == "pdf":
        pdf = _pdf(job, readable, store.PdfWay(options.pdf_layer, output.language, output.profile))
        return pdf and results.with_warnings(pdf, counts)
    if kind == "text":
        read = (result for file in readable for result in _results(file, output))  # a page that could not be read keeps its place
        text = StreamingHttpResponse(results.plain_text(read), content_type="text/plain; charset=utf-8")
        return results.with_warnings(text, counts)
    form = documents.Form(kind, output.profile, output.join_lines, f"{job.model} {job.model_version}", options.tables)
    with place():
        return results.with_warnings(documents.document_reply([_source(file, output) for file in readable], form), counts)


def _files(job: Job, number: int | None) -> list[JobFile]:
    """That one, or all of them. Raises NoSuchFile, JobNotFound."""
    files = store.files_of(job)
    if number is None:
        return files
    if number >= len(files):
        raise NoSuchFile(f"file: the job has {len(files)} files, from 0")
    return [files[number]]


def _not_done(job: Job) -> JobNotDone:
    if job.state in Job.UNFINISHED:
        error = JobNotDone(f"the job is {job.state}: ask again")
        error.retry_after_s = ASK_AGAIN_S
        return error
    return JobNotDone(f"the job has {job.state}: it has no result" if job.state == "failed" else f"the job was {job.state}")


def _json(job: Job, files: list[JobFile], output: results.Output, identity: str) -> Iterator[str]:
    """An OcrReply, page by page. ``identity``: the id of the request, which is over when this is run."""
    model = {"name": job.model, "version": job.model_version}
    yield f'{{"model": {json.dumps(model, ensure_ascii=False)}, "results": ['
    comma = ""
    for file in files:
        for result in _results(file, output):
            yield comma + result.model_dump_json()
            comma = ","
    spent_s = max(0.0, (job.finished - job.started).total_seconds()) if job.finished and job.started else 0.0  # clocks jump
    yield f'], "milliseconds": {spent_s * 1000:.1f}, "request_id": {json.dumps(identity)}}}'


def _results(file: JobFile, output: results.Output) -> Iterator[ResultReply]:
    if file.error_code:
        yield _without_pages(file.name, file.number, file.error_code, file.error_message)
    language = output.language_of(store.read_pages(file))
    for page in store.pages_of(file):
        yield _result(file, page, output, language)


def _result(file: JobFile, kept: JobPage, output: results.Output, language: Language | None) -> ResultReply:
    result = results.empty_result(file.name, file.number, page=kept.number, pages=file.pages)
    if kept.error_code:
        result.error = FileError(code=kept.error_code, message=kept.error_message)
        return result
    page, result.milliseconds = store.unpack(bytes(kept.data))
    results.fill(result, in_language(page, language), output)
    return result


def _without_pages(name: str, number: int, code: str, message: str) -> ResultReply:
    result = results.empty_result(name, number)
    result.error = FileError(code=code, message=message)
    return result


def _source(file: JobFile, output: results.Output) -> documents.Source:
    pages = partial(store.read_pages, file)
    return documents.Source(file.name, store.count_read(file), pages, language=output.language_of(pages()))


def _pdf(job: Job, files: Sequence[JobFile], way: store.PdfWay) -> HttpResponseBase | None:
    """Those that workers have written; None while some are missing, which are put into the queue."""
    if not store.ask_for_pdfs(job, files, way):
        return None
    kind = store.pdf_kind(store.PDF_WAYS.index(way))
    with place():
        return documents.written_reply([(file.name, partial(store.chunks, file, kind)) for file in files])

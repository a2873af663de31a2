"""``POST /api/v1/documents``: what was read before, and corrected since, in any format, without being read again.

Where it stands: beside ``reading.py`` and ``jobs.py``. The page at / sends what it shows. Nothing is kept.
"""

import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import IO

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import File, Form, Router
from ninja.files import UploadedFile
from pydantic import ValidationError
from pydantic.json_schema import SkipJsonSchema

from backend.api import documents, results
from backend.api.access import owner_of, throttles
from backend.api.errors import FilesRefused, InvalidRequest, JobNotDone
from backend.api.forms import READING_REFUSALS, check_fields, content_of, form_schema, guarded
from backend.api.request_id import request_id
from backend.api.schemas.corrected import CorrectedDocument, CorrectedOptions
from backend.api.schemas.reading import LineReply, Model, OcrReply, RegionReply, ResultReply
from backend.jobs import store
from backend.jobs.models import Job
from backend.reading.errors import FileTooLarge
from backend.reading.files import open_file
from backend.reading.gone import Gone, check
from backend.reading.turns import place
from rasm.document import Box, Cell, Character, Line, Page, Region, Unread, Word
from rasm.errors import ImageError
from rasm.pages.corrected import corrected
from rasm.pages.files import PageFile
from rasm.text.normalisation import Profile

router = Router()


@router.post(
    "/api/v1/documents",
    response={200: None, **READING_REFUSALS},
    summary="Write a corrected document",
    operation_id="write_document",
    tags=["reading"],
    throttle=throttles(),
    openapi_extra={**form_schema(), "responses": {200: {"content": content_of(*documents.MEDIA_TYPES.values(), documents.ZIP)}}},
    **guarded,
)
def write_document(
    request: HttpRequest,
    document: File[UploadedFile],
    options: Form[CorrectedOptions],
    file: File[UploadedFile | SkipJsonSchema[None]] = None,  # type: ignore[type-arg]
) -> HttpResponseBase:
    """Send `document`, a JSON file as `CorrectedDocument` describes it. The reply is that document in the format that is asked for.

    A searchable PDF needs what was read beside: in `file`, or as a `job` that is still there.
    """
    check_fields(request, ("document", "file"), CorrectedOptions)
    with place():  # to compare what was read with what is there now takes as long as reading a page, or longer
        return _written(request, document, options, file)


def _written(request: HttpRequest, document: UploadedFile, options: CorrectedOptions, file: UploadedFile | None) -> HttpResponseBase:
    gone = request.META.get("rasm.gone")
    check(gone)
    sent = _parsed(document)
    sent.name = _clean(sent.name)
    left = Comparisons(gone)
    pages = [page_of(result, left) for result in sent.results if _was_read(result)]
    if not pages:
        raise InvalidRequest("document: not one of its results was read")
    if options.format == "json":
        return _json(sent, pages, options)
    profile = Profile(options.diacritics, options.tatweel, options.digits)
    form = documents.Form(options.format, profile, options.line_breaks == "join", sent.model, options.tables, options.pdf_layer)
    opened = None
    if options.format == "pdf":
        job = store.own(owner_of(request), options.job) if options.job else None
        if file is None and job is None:
            raise InvalidRequest("file: a searchable PDF is made of the file that was read: send it beside, or name the job")
        opened = partial(_opened, file, job, options.password, gone, max(page.number for page in pages))
    try:
        return documents.document_reply(
            [documents.Source(sent.name, len(pages), lambda: pages, opened, options.password or None, is_seen=False)], form
        )
    except ImageError as e:
        raise FilesRefused(e.code, str(e)) from e


def _json(sent: CorrectedDocument, pages: list[Page], options: CorrectedOptions) -> HttpResponse:
    """The results as `/api/v1/ocr` gives them, those that were not read as they came."""
    output = results.Output(Profile(options.diacritics, options.tatweel, options.digits), options.line_breaks == "join", True)
    left = iter(pages)
    written = []
    for result in sent.results:
        if _was_read(result):
            page = next(left)
            new = results.empty_result(result.name, result.file, page=result.page, pages=result.pages)
            new.milliseconds, new.width_px, new.height_px = result.milliseconds, page.width_px, page.height_px
            results.fill(new, page, output)
            result = new
        written.append(result)
    name, _, version = sent.model.rpartition(" ")
    spent = sum(result.milliseconds for result in written)
    reply = OcrReply(model=Model(name=name, version=version), results=written, milliseconds=spent, request_id=request_id.get())
    return HttpResponse(reply.model_dump_json(), content_type="application/json; charset=utf-8")


def _was_read(result: ResultReply) -> bool:
    return result.error is None and bool(result.width_px and result.height_px)


def _parsed(document: UploadedFile) -> CorrectedDocument:
    if (document.size or 0) > settings.RASM.max_file_bytes:
        raise _refused(FileTooLarge(f"the document has {document.size:,} bytes; at most {settings.RASM.max_file_bytes:,} are taken"))
    try:
        return CorrectedDocument.model_validate_json(document.read())
    except ValidationError as e:
        [first, *more] = e.errors(include_url=False, include_context=False, include_input=False)
        where = "".join(f"{part}: " for part in [".".join(map(str, first["loc"]))] if part)
        said = first["msg"].removeprefix("Value error, ")
        raise InvalidRequest(f"document: {where}{said}" + (f", and {len(more)} errors more" if more else "")) from e


def _opened(upload: UploadedFile | None, job: Job | None, password: str, gone: Gone | None, last: int) -> tuple[PageFile, bytes | None]:
    """The file that was read, up to page ``last``, and its bytes if it is a PDF. Raises an ImageError, JobNotDone, InvalidRequest."""
    if job is not None and job.state == Job.State.CANCELLED:
        raise JobNotDone("the job was cancelled: its files are gone")
    source: IO[bytes] | UploadedFile
    if upload is not None:
        if (upload.size or 0) > settings.RASM.max_file_bytes:
            raise _refused(FileTooLarge(f"the file has {upload.size:,} bytes; at most {settings.RASM.max_file_bytes:,} are read"))
        source = upload
    else:
        assert job is not None
        source = store.spooled(store.files_of(job)[0])
    data = source.read()
    source.seek(0)
    opened = open_file(source, password, settings.RASM.max_job_pages, gone)  # type: ignore[arg-type]
    if last > opened.count:
        opened.close()
        raise InvalidRequest(f"document: it has a page {last}, and the file has {opened.count}")
    return opened, data if opened.kind == "pdf" else None


def _refused(error: ImageError) -> FilesRefused:
    return FilesRefused(error.code, str(error))


# The page of a result


class Comparisons:
    """How much is compared for one document: letters of what was read times letters of what is there now.

    What is corrected beyond that stands as evenly in its line as a line whose letters have no places.
    """

    MOST = 10_000_000  # thousands of lines; where letters are made to take longest, half a minute

    def __init__(self, gone: Gone | None) -> None:
        self._left, self._gone = self.MOST, gone

    def allow(self, line: LineReply, text: str) -> bool:
        """Raises ClientGone."""
        check(self._gone)
        self._left -= sum(len(word["text"]) + 1 for word in line.words) * len(text)
        return self._left > 0


def page_of(result: ResultReply, left: Comparisons) -> Page:
    """What ``results.fill`` made a result of, with its lines' texts as they are now. Raises InvalidRequest, ClientGone."""
    assert result.width_px and result.height_px
    lines = [_line(line, left) for line in result.lines]
    regions = [*_regions(result.regions, lines)] if result.regions else []
    if not result.regions and lines:
        regions = [Region("paragraph", (0, 0, result.width_px, result.height_px), lines)]
    return Page(
        result.page or 1,
        result.width_px,
        result.height_px,
        regions,
        result.rotation_degrees,
        result.skew_degrees,
        result.source or "ocr",
        result.has_text_layer,
        result.kind or "page",
        [Unread(_box(u.bbox), u.reason, _clean(u.text), u.confidence) for u in result.unread],
        result.language,
    )


def _line(line: LineReply, left: Comparisons) -> Line:
    words = [Word(_clean(w["text"]), w["confidence"], _box(w["bbox"])) for w in line.words]
    signs = line.characters or []
    at = 0
    for k, word in enumerate(words):  # characters are those of the words, one after the other
        own: list[Character] = []
        letters = 0
        while at < len(signs) and letters < len(word.text):
            own.append(Character(_clean(signs[at]["text"]), signs[at]["confidence"], _box(signs[at]["bbox"])))
            letters += len(own[-1].text)
            at += 1
        words[k] = Word(word.text, word.confidence, word.box, own)
    text = _clean(line.text_as_read)
    was_read = Line(" ".join(word.text for word in words), line.confidence, _box(line.bbox), [], words, line.direction)
    return corrected(was_read, text, compare=left.allow(line, text))


def _regions(regions: list[RegionReply], lines: list[Line]) -> Iterator[Region]:
    taken: set[int] = set()
    for region in regions:
        numbers = region.lines
        if any(not 0 <= n < len(lines) or n in taken for n in numbers) or len(set(numbers)) < len(numbers):
            raise InvalidRequest("document: the regions name lines that there are not, or twice")
        taken.update(numbers)
        at = {n: k for k, n in enumerate(numbers)}
        if any(n not in at for cell in region.cells for n in cell.lines):
            raise InvalidRequest("document: a cell has lines that its region does not have")
        cells = [Cell(c.row, c.column, c.row_span, c.column_span, _box(c.bbox), [at[n] for n in c.lines]) for c in region.cells]
        yield Region(region.kind, _box(region.bbox), [lines[n] for n in numbers], cells, region.level, region.head_rows)


def _clean(text: str) -> str:
    """Without what no line of text has, and XML cannot hold: control characters and what Unicode has not given out."""
    return "".join(" " if (kind := unicodedata.category(c)) in ("Cc", "Zl", "Zp") else "" if kind in ("Cn", "Cs") else c for c in text)


def _box(bbox: list[int]) -> Box:
    left, top, right, bottom = bbox
    return left, top, right, bottom

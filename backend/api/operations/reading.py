"""``POST /api/v1/ocr``, and ``POST /ocr`` for clients of the LiteParse convention.

Where it stands: above ``backend/reading/service.py``; ``results.py`` and ``documents.py`` make what is given out.
"""

import time
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import File, Form, Router
from ninja.files import UploadedFile

from backend.api import documents, results
from backend.api.access import throttles
from backend.api.errors import InvalidRequest
from backend.api.forms import READING_REFUSALS, check_fields, form_schema, guarded, other_formats, wanted_format
from backend.api.request_id import request_id
from backend.api.schemas.options import DocumentOptions, LiteParseLanguage, LiteParseOptions, OcrOptions
from backend.api.schemas.reading import LiteParseReply, LiteParseResult, OcrReply
from backend.reading.files import Upload
from backend.reading.service import Outcome, Request, open_upload, read_files
from rasm.pages.files import PageFile
from rasm.text.languages import Language

router = Router()
LITEPARSE_LANGUAGES: dict[LiteParseLanguage, Language] = {
    "ar": "ar", "ara": "ar", "fa": "fa", "fas": "fa", "per": "fa", "ur": "ur", "urd": "ur", "ps": "ps", "pus": "ps", "ku": "ckb",
    "ckb": "ckb", "ug": "ug", "uig": "ug", "sd": "sd", "snd": "sd",
}  # fmt: skip
# a generated client in Python has one type for the replies of an operation, that of the first: bytes hold them all
OTHER_FORMATS = sorted(
    [*(media_type for kind, media_type in documents.MEDIA_TYPES.items() if kind != "json"), documents.ZIP],
    key=lambda media_type: media_type != documents.MEDIA_TYPES["pdf"],
)


@router.post(
    "/api/v1/ocr",
    response={200: OcrReply, **READING_REFUSALS},
    summary="Read lines and pages",
    operation_id="ocr",
    tags=["reading"],
    throttle=throttles(),
    openapi_extra={**form_schema(files={"minItems": 1}), "responses": {200: other_formats(*OTHER_FORMATS)}},
    **guarded,
)
def ocr(request: HttpRequest, files: File[list[UploadedFile]], options: Form[OcrOptions]) -> HttpResponseBase:
    """Send images (PNG, JPEG, WebP, BMP, TIFF) of lines or of pages, multi-page TIFFs, or PDFs.

    There is one result for each page, the files in order. A file or a page that cannot be read has an error in its result, beside the
    results of the others. If nothing can be read, the status is that of the first error (413, 415 or 422), and the body has
    `results` beside `error`. Long documents are sent to `/api/v1/jobs`.

    Each option may as well stand in the address: `/api/v1/ocr?digits=western`.

    What looks like text and was not read, or less surely than `least_confidence`, is not in the text but in a result's `unread`;
    `warnings` tell of it. Replies in other formats than JSON have the header `X-Rasm-Warnings`.
    """
    check_fields(request, "files", OcrOptions)
    return _read(request, files, options, wanted_format(request, options.format if "format" in request.POST else None))


@router.post(
    "/api/v1/ocr/document",
    response={200: None, **READING_REFUSALS},
    summary="Read, and get a document",
    operation_id="ocr_document",
    tags=["reading"],
    throttle=throttles(),
    openapi_extra={**form_schema(files={"minItems": 1}), "responses": {200: other_formats(*OTHER_FORMATS)}},
    **guarded,
)
def ocr_document(request: HttpRequest, files: File[list[UploadedFile]], options: Form[DocumentOptions]) -> HttpResponseBase:
    """`/api/v1/ocr` with a `format` that is not JSON: one kind of reply, which clients that are generated can type. The header `Accept`
    is not looked at."""
    check_fields(request, "files", DocumentOptions)
    return _read(request, files, options, options.format)


def _read(request: HttpRequest, files: list[UploadedFile], options: OcrOptions | DocumentOptions, kind: str) -> HttpResponseBase:
    began = time.perf_counter()
    output = results.Output.of(options)
    wanted = Request(
        files,
        options.mode,
        "ignore" if options.pdf_layer == "redo" and options.wanted_pdf_text == "auto" else options.wanted_pdf_text,
        options.model,
        options.password,
        request.META.get("rasm.gone"),
        options.least_confidence,
        options.pages,
    )
    info, outcomes = read_files(wanted)
    model, found = results.model_of(info), results.results_of(outcomes, output)
    if kind == "json":
        results.require_any(model, found)
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        reply = OcrReply.model_construct(model=model, results=found, milliseconds=milliseconds, request_id=request_id.get())
        # written by pydantic: Ninja would make a dictionary of it, check that once more, and have it written in Python
        return HttpResponse(reply.model_dump_json(), content_type="application/json; charset=utf-8")
    results.require_all(model, found)
    counts = results.count_warnings(found)
    if kind == "text":
        return results.with_warnings(HttpResponse(results.plain_text(found), content_type="text/plain; charset=utf-8"), counts)
    form = documents.Form(kind, output.profile, output.join_lines, f"{model.name} {model.version}", options.tables, options.pdf_layer)
    languages = results.languages_of(outcomes, output)
    sources = [_source(upload, [o for o in outcomes if o.file == n], wanted, languages.get(n)) for n, upload in enumerate(files)]
    return results.with_warnings(documents.document_reply(sources, form), counts)


def _source(upload: Upload, outcomes: Sequence[Outcome], request: Request, language: Language | None) -> documents.Source:
    """A file, all of whose pages were read, as documents are made of it."""
    pages = [outcome.page for outcome in outcomes if outcome.page is not None]
    opened, password = partial(_opened, upload, request), request.password or None
    return documents.Source(upload.name or "", len(pages), lambda: pages, opened, password, language)


def _opened(upload: Upload, request: Request) -> tuple[PageFile, bytes | None]:
    upload.seek(0)
    data = upload.read()
    file = open_upload(upload, request, settings.RASM.max_pages)
    return file, data if file.kind == "pdf" else None


@router.post(
    "/ocr",
    response={200: LiteParseReply, **READING_REFUSALS},
    summary="Read one image, as LiteParse asks",
    operation_id="liteparse",
    tags=["reading"],
    throttle=throttles(),
    openapi_extra=form_schema(),
    **guarded,
)
def liteparse(request: HttpRequest, response: HttpResponse, file: File[UploadedFile], options: Form[LiteParseOptions]) -> LiteParseReply:
    """The [LiteParse](https://github.com/run-llama/liteparse/blob/main/OCR_API_SPEC.md) convention: one `file`, a line or a page, and a
    `language`. One result for each line. The header `X-Rasm-Warnings` tells of what was not read."""
    check_fields(request, "file", LiteParseOptions)
    if len(request.FILES.getlist("file")) > 1:
        raise InvalidRequest("file: sent several times; /api/v1/ocr takes several files")
    info, outcomes = read_files(Request([file], gone=request.META.get("rasm.gone")))
    found = results.results_of(outcomes, results.Output(language=LITEPARSE_LANGUAGES[options.language]))
    results.require_all(results.model_of(info), found)
    results.with_warnings(response, results.count_warnings(found))
    lines = [line for result in found for line in result.lines if line.text]
    return LiteParseReply(results=[LiteParseResult(text=line.text, bbox=line.bbox, confidence=line.confidence) for line in lines])

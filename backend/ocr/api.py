"""The HTTP API: addresses, what they take and give, and errors as typed replies.

Where it stands: the last step of reading. It only translates: ``services.py`` reads, ``schemas.py`` says what goes in and
out, ``errors.py`` what can go wrong, ``access.py`` who may ask and how often.
"""

import time
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import File, Form, NinjaAPI, Swagger
from ninja.constants import NOT_SET
from ninja.errors import AuthenticationError, Throttled, ValidationError
from ninja.files import UploadedFile
from ninja.renderers import JSONRenderer
from pydantic import BaseModel

from model.text import Profile
from ocr import metrics as prometheus
from ocr import services
from ocr.access import ApiKeyBearer, ApiKeyHeader, throttles
from ocr.errors import (
    FormatUnavailable,
    InvalidRequest,
    ModelUnavailable,
    ModeUnavailable,
    NoFiles,
    NotMultipart,
    RequestError,
    TooManyRequests,
    Unauthorised,
    UnsupportedLanguage,
    error_reply,
    from_django,
)
from ocr.request_id import request_id
from ocr.schemas import (
    ErrorReply,
    Health,
    LiteParseOptions,
    LiteParseReply,
    LiteParseResult,
    ModelsReply,
    OcrErrorReply,
    OcrOptions,
    OcrReply,
)

# pages need these; until they arrive they are refused, in words
PLANNED_FORMATS = {"hocr": "text/vnd.hocr+html", "alto": "application/alto+xml", "pdf": "application/pdf"}
MEDIA_TYPES = {"json": "application/json", "text": "text/plain", **PLANNED_FORMATS}

renderer = JSONRenderer()
renderer.json_dumps_params = {"ensure_ascii": False}  # Arabic as letters, not as escapes: half the bytes, and curl shows it

api = NinjaAPI(
    title="Rasm",
    version="1",
    description="Reads Arabic text out of images.",
    docs=Swagger(settings={"validatorUrl": None}),  # which would be asked over the internet
    docs_url="/api/docs",
    openapi_url="/api/openapi.json",
    renderer=renderer,
    urls_namespace="rasm",
)
guarded: dict[str, Any] = {"auth": [ApiKeyBearer(), ApiKeyHeader()] if settings.RASM_API_KEYS else NOT_SET}
REFUSALS: dict[Any, Any] = dict.fromkeys((400, 401, 429), ErrorReply)
READING_REFUSALS: dict[Any, Any] = {
    **dict.fromkeys((400, 401, 403, 404, 408, 411, 429, 503), ErrorReply),
    **dict.fromkeys((413, 415, 422), OcrErrorReply),
}


def _form(**properties: Any) -> dict[str, Any]:
    """What the schema of a form says besides what Ninja knows."""
    return {"requestBody": {"content": {"multipart/form-data": {"schema": {"additionalProperties": False, "properties": properties}}}}}


@api.post(
    "/api/v1/ocr",
    response={200: OcrReply, **READING_REFUSALS},
    summary="Read line images",
    operation_id="ocr",
    tags=["reading"],
    throttle=throttles(),
    openapi_extra={**_form(files={"minItems": 1}), "responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}},
    **guarded,
)
def ocr(request: HttpRequest, files: File[list[UploadedFile]], options: Form[OcrOptions]) -> HttpResponse:
    """Send one or more images (PNG, JPEG, WebP, BMP or TIFF), each of one line of text.

    There is one result for each file, in order. A file that cannot be read has an error in its result, beside the results
    of the others. If none can be read, the status is that of the first one's error (413, 415 or 422), and the body has
    `results` beside `error`.
    """
    began = time.perf_counter()
    _check_fields(request, "files", OcrOptions)
    form = _format(request, options)
    profile = Profile(options.diacritics, options.tatweel, options.digits)
    reading = services.Request(files, options.model or None, profile, options.detail == "characters", request.META.get("rasm.gone"))
    model, results = services.read_files(reading)
    if form == "text":
        services.require_all(model, results)
        return HttpResponse("".join(f"{result.text}\n" for result in results), content_type="text/plain; charset=utf-8")
    services.require_any(model, results)
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    reply = OcrReply.model_construct(model=model, results=results, milliseconds=milliseconds, request_id=request_id.get())
    # written by pydantic: Ninja would make a dictionary of it, check that once more, and have it written in Python
    return HttpResponse(reply.model_dump_json(), content_type="application/json; charset=utf-8")


@api.post(
    "/ocr",
    response={200: LiteParseReply, **READING_REFUSALS},
    summary="Read one image, as LiteParse asks",
    operation_id="liteparse",
    tags=["reading"],
    throttle=throttles(),
    openapi_extra=_form(),
    **guarded,
)
def liteparse(request: HttpRequest, file: File[UploadedFile], options: Form[LiteParseOptions]) -> LiteParseReply:
    """The [LiteParse](https://github.com/run-llama/liteparse/blob/main/OCR_API_SPEC.md) convention: one `file`, a `language`."""
    _check_fields(request, "file", LiteParseOptions)
    if len(request.FILES.getlist("file")) > 1:
        raise InvalidRequest("file: sent several times; /api/v1/ocr takes several files")
    model, results = services.read_files(services.Request([file], gone=request.META.get("rasm.gone")))
    services.require_all(model, results)
    lines = [line for result in results for line in result.lines if line.text]
    return LiteParseReply(results=[LiteParseResult(text=line.text, bbox=line.bbox, confidence=line.confidence) for line in lines])


@api.get(
    "/api/v1/models",
    response={200: ModelsReply, **REFUSALS, 503: ErrorReply},
    summary="List the models",
    operation_id="models",
    tags=["reading"],
    throttle=throttles(),
    **guarded,
)
def models(request: HttpRequest) -> dict[str, Any]:
    """The models that the service has, the one that reads first."""
    return {"models": services.models().describe()}


@api.get("/health/live", response={200: Health, 400: ErrorReply}, summary="Is it running?", operation_id="live", tags=["health"])
def live(request: HttpRequest) -> dict[str, str]:
    """200 as long as the process answers."""
    return {"status": "ok"}


@api.get(
    "/health/ready",
    response={200: Health, 400: ErrorReply, 503: ErrorReply},
    summary="Can it read?",
    operation_id="ready",
    tags=["health"],
)
def ready(request: HttpRequest) -> dict[str, str]:
    """200 once the model has answered; 503 before that, or if it cannot be loaded."""
    if not services.models().is_ready:
        raise ModelUnavailable("the model has not answered yet")
    return {"status": "ok"}


@api.get(
    "/metrics",
    response={200: str, **REFUSALS},
    summary="Figures for Prometheus",
    operation_id="metrics",
    tags=["health"],
    openapi_extra={"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}},
    **guarded,
)
def metrics(request: HttpRequest) -> HttpResponse:
    """Requests, latency, batch sizes, queue depth, lines and errors by code, in Prometheus' text format."""
    body, content_type = prometheus.exposition()
    return HttpResponse(body, content_type=content_type)


def _check_fields(request: HttpRequest, files: str, options: type[BaseModel]) -> None:
    """Nothing that was sent is passed over in silence: no field that is not known, and no option sent twice."""
    known = ", ".join([files, *options.model_fields])
    for name, values in request.POST.lists():
        if name not in options.model_fields:
            raise InvalidRequest(f"there is no field {name[:100]!r}; there are: {known}")
        if len(values) > 1:
            raise InvalidRequest(f"{name}: sent {len(values)} times; send it once")
    for name in request.FILES:
        if name != files:
            raise InvalidRequest(f"there is no field {name[:100]!r} for files; there are: {known}")


def _format(request: HttpRequest, options: OcrOptions) -> str:
    """``json`` or ``text``, by the option or else by the header Accept. What accepts neither gets JSON."""
    form: str = options.format
    if "format" not in request.POST and request.headers.get("Accept", "*/*") not in ("*/*", MEDIA_TYPES["json"]):
        preferred = request.get_preferred_type(list(MEDIA_TYPES.values()))
        form = next((name for name, media_type in MEDIA_TYPES.items() if media_type == preferred), "json")
    if form in PLANNED_FORMATS:
        raise _format_unavailable(form)
    return form


def _format_unavailable(form: str) -> FormatUnavailable:
    return FormatUnavailable(f"{form} is for pages, which are not read yet: ask for json or text")


@api.exception_handler(RequestError)
def refused(request: HttpRequest, error: RequestError) -> HttpResponse:
    return error_reply(error)


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
def malformed(request: HttpRequest, error: Exception) -> HttpResponse:
    return error_reply(from_django(error))


@api.exception_handler(AuthenticationError)
def unauthorised(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return error_reply(Unauthorised("send a valid API key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"))


@api.exception_handler(Throttled)
def throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    return error_reply(TooManyRequests("too many requests from this key or address: wait as long as Retry-After says"))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Ninja's complaints, all in one message; for those that people meet first, what to do."""
    for field in ("files", "file"):
        if any(e["type"] == "missing" and tuple(e["loc"]) == ("file", field) for e in error.errors):
            if request.content_type != "multipart/form-data":
                return error_reply(NotMultipart(f"send the image as multipart/form-data, in the field '{field}'"))
            some = "one or more image files" if field == "files" else "one image file"
            return error_reply(NoFiles(f"send {some} in the multipart field '{field}'"))
    wrong = {e["loc"][-1] for e in error.errors}
    if "mode" in wrong and request.POST.get("mode") == "page":
        return error_reply(ModeUnavailable("pages are not read yet: cut them into lines, and send those with mode=line"))
    if "format" in wrong and request.POST.get("format") in PLANNED_FORMATS:
        return error_reply(_format_unavailable(request.POST["format"]))
    if "language" in wrong:
        return error_reply(UnsupportedLanguage("Rasm reads the Arabic script: send language=ar, or another language that is written in it"))
    return error_reply(InvalidRequest("; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors)))

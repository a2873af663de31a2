"""The HTTP API: addresses, what they take and give, and errors as typed replies.

Where it stands: the last step of reading. It only translates: ``services.py`` reads, ``schemas.py`` says what comes back,
``errors.py`` what can go wrong.
"""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import File, NinjaAPI, Swagger
from ninja.errors import ValidationError
from ninja.files import UploadedFile
from ninja.renderers import JSONRenderer

from ocr import services
from ocr.errors import InvalidRequest, ModelUnavailable, NoFiles, NotMultipart, RequestError, error_reply, from_django
from ocr.schemas import ErrorReply, Health, ModelsReply, OcrReply

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


@api.post(
    "/api/v1/ocr",
    response={200: OcrReply, 400: ErrorReply, 411: ErrorReply, 413: ErrorReply, 415: ErrorReply, 422: ErrorReply, 503: ErrorReply},
    summary="Read line images",
    operation_id="ocr",
    tags=["reading"],
)
def ocr(request: HttpRequest, files: File[list[UploadedFile]]) -> OcrReply:
    """Send one or more images (PNG, JPEG, WebP, BMP or TIFF), each of one line of text.

    There is one result for each file, in order. A file that cannot be read has an error in its result, beside the results
    of the others.
    """
    return services.read_files(files)


@api.get("/api/v1/models", response={200: ModelsReply, 503: ErrorReply}, summary="List the models", operation_id="models", tags=["reading"])
def models(request: HttpRequest) -> dict[str, Any]:
    """The models that the service has, the one that reads first."""
    return {"models": services.models().describe()}


@api.get("/health/live", response=Health, summary="Is it running?", operation_id="live", tags=["health"])
def live(request: HttpRequest) -> dict[str, str]:
    """200 as long as the process answers."""
    return {"status": "ok"}


@api.get("/health/ready", response={200: Health, 503: ErrorReply}, summary="Can it read?", operation_id="ready", tags=["health"])
def ready(request: HttpRequest) -> dict[str, str]:
    """200 once the model has answered; 503 before that, or if it cannot be loaded."""
    if not services.models().is_ready:
        raise ModelUnavailable("the model has not answered yet")
    return {"status": "ok"}


@api.exception_handler(RequestError)
def refused(request: HttpRequest, error: RequestError) -> HttpResponse:
    return error_reply(error)


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
def malformed(request: HttpRequest, error: Exception) -> HttpResponse:
    return error_reply(from_django(error))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Ninja's complaints, all in one message; for those that people meet first, what to do."""
    if any(e["type"] == "missing" and tuple(e["loc"]) == ("file", "files") for e in error.errors):
        if request.content_type != "multipart/form-data":
            return error_reply(NotMultipart("send the images as multipart/form-data, in the field 'files'"))
        return error_reply(NoFiles("send one or more image files in the multipart field 'files'"))
    return error_reply(InvalidRequest("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors)))

"""The HTTP API: its operations, and errors as typed replies.

Where it stands: at the top. It only translates: ``operations/`` has the addresses, ``schemas/`` says what goes in and out, ``errors.py``
what can go wrong, ``access.py`` who may ask and how often.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Swagger
from ninja.errors import AuthenticationError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer

from backend.api.access import KEY_WANTED
from backend.api.errors import (
    InvalidRequest,
    NoFiles,
    NotMultipart,
    TooManyRequests,
    Unauthorised,
    UnsupportedLanguage,
    error_reply,
    from_django,
    of_database,
)
from backend.api.operations import corrected, jobs, pictures, reading, status
from backend.reading.errors import DiskFull, Refusal, is_disk_full

logger = logging.getLogger(__name__)
renderer = JSONRenderer()
renderer.json_dumps_params = {"ensure_ascii": False}  # Arabic as letters, not as escapes: half the bytes, and curl shows it


def only_read(view: Callable[..., Any]) -> Callable[..., Any]:
    """The documentation and the schema take every method by themselves."""
    return csrf_exempt(require_safe(view))


class Api(NinjaAPI):
    """Ninja's, whose schema knows no key that may be left out."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        for operations in schema["paths"].values():
            for operation in operations.values():
                if "security" in operation and not settings.RASM.api_keys:
                    operation["security"].insert(0, {})
        return schema


api = Api(
    title="Rasm",
    version="1",
    description="Reads Arabic text out of images and PDFs.",
    docs=Swagger(settings={"validatorUrl": None}),  # which would be asked over the internet
    docs_url="/api/docs",
    openapi_url="/api/openapi.json",
    docs_decorator=only_read,
    renderer=renderer,
    urls_namespace="rasm",
)
for operations in (reading, corrected, pictures, jobs, status):
    api.add_router("", operations.router)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return error_reply(error)


@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
def malformed(request: HttpRequest, error: Exception) -> HttpResponse:
    return error_reply(from_django(error))


@api.exception_handler(DatabaseError)
def no_database(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    logger.error("the database cannot be used: %s", error)
    return error_reply(of_database(error))


@api.exception_handler(OSError)
def no_room(request: HttpRequest, error: OSError) -> HttpResponse:
    """A full disk is no fault of the service. Any other such error is."""
    if not is_disk_full(error):
        raise error
    logger.error("the disk is full: %s", error)
    return error_reply(DiskFull("the service's disk is full: try again later"))


@api.exception_handler(AuthenticationError)
def unauthorised(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return error_reply(Unauthorised(KEY_WANTED))


@api.exception_handler(Throttled)
def throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    return error_reply(TooManyRequests("too many requests from this key or address: wait as long as Retry-After says"))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Ninja's complaints, all in one message; for those that people meet first, what to do."""
    for field in ("files", "file"):
        if any(e["type"] == "missing" and tuple(e["loc"]) == ("file", field) for e in error.errors):
            if request.content_type != "multipart/form-data":
                return error_reply(NotMultipart(f"send the file as multipart/form-data, in the field '{field}'"))
            some = "one or more images or PDFs" if field == "files" else "one image or PDF"
            return error_reply(NoFiles(f"send {some} in the multipart field '{field}'"))
    wrong = {e["loc"][-1] for e in error.errors}
    if "language" in wrong:
        return error_reply(UnsupportedLanguage("Rasm reads the Arabic script: send language=ar, or another language that is written in it"))
    return error_reply(InvalidRequest("; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors)))

"""What is done around every request, whatever its address: an id, a line in the log, limits and typed refusals."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.encoding import escape_uri_path

from ocr.errors import LengthRequired, MethodNotAllowed, RequestTooLarge, error_reply
from ocr.request_id import request_id

View = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)
_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_context(get_response: View) -> View:
    """The outermost: an id, the caller's own if it sends a usable one, and one line in the log. No image, no text."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if _USABLE_ID.fullmatch(given) else uuid.uuid4().hex)
        started = time.perf_counter()
        try:
            response = get_response(request)
            response["X-Request-ID"] = request_id.get()
            milliseconds = (time.perf_counter() - started) * 1000
            logger.info("%s %s %d %.0f ms", request.method, escape_uri_path(request.path), response.status_code, milliseconds)
            return response
        finally:
            request_id.reset(token)

    return middleware


def bounded_body(get_response: View) -> View:
    """Refuses bodies by their announced length, before a byte is read: Django's own limit does not count files."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and request.headers.get("Transfer-Encoding"):
            return error_reply(LengthRequired("send the body with a Content-Length, not in chunks"))
        if length.isdigit() and int(length) > settings.RASM_MAX_REQUEST_BYTES:
            most = f"at most {settings.RASM_MAX_REQUEST_BYTES:,} are read"
            return error_reply(RequestTooLarge(f"the request has {int(length):,} bytes; {most}: send the files in several requests"))
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed):  # Ninja answers these by itself, as plain text
            reply = error_reply(MethodNotAllowed(f"{request.method} is not possible here; {response['Allow']} is"))
            reply["Allow"] = response["Allow"]
            return reply
        return response

    return middleware

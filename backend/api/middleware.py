"""What is done around every request, whatever its address: an id, a line in the log, figures, headers, limits and typed refusals.

Headers are looked up in ``META``: ``request.headers`` is a copy of it, made for each request that touches it.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.encoding import escape_uri_path

from backend.api import metrics
from backend.api.errors import CrossSite, LengthRequired, MethodNotAllowed, RequestTooLarge, error_reply
from backend.api.limits import most_bytes
from backend.api.request_id import request_id
from backend.api.uploads import StrictMultipart

View = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)
_HARMLESS = ("GET", "HEAD", "OPTIONS", "TRACE")
_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PRIVATE = ("/api/v1/", "/ocr", "/metrics")  # where replies may have what is a key's alone
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# what is not a page loads nothing; the documentation and the admin bring scripts of their own
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_OWN = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)


def _is_cross_site(request: HttpRequest) -> bool:
    """Whether a browser sends this for a page of another site.

    Such a page can have its visitors' browsers send forms and files to services that only they reach, on loopback say. It cannot
    make them send a key, so whoever has one may ask from anywhere. What is no browser sends neither header.
    """
    sent = request.META
    if settings.RASM.api_keys and ("HTTP_AUTHORIZATION" in sent or "HTTP_X_API_KEY" in sent):
        return False
    if site := sent.get("HTTP_SEC_FETCH_SITE"):
        return site not in ("same-origin", "none")
    # an older browser's Origin: "null" of a file or a sandbox, else the page's scheme, host and port
    try:
        return "HTTP_ORIGIN" in sent and urlsplit(sent["HTTP_ORIGIN"]).netloc.lower() != request.get_host().lower()
    except ValueError:
        return True


def request_context(get_response: View) -> View:
    """The outermost: an id, the caller's own if it sends a usable one, one line in the log, and figures. No image, no text."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        token = request_id.set(given if _USABLE_ID.fullmatch(given) else uuid.uuid4().hex)
        started = time.perf_counter()
        method = request.method if request.method in _METHODS else "other"  # as it was sent: ``bounded_body`` makes GET of HEAD
        try:
            response = get_response(request)
            response["X-Request-ID"] = request_id.get()
            is_page = (
                response.get("Content-Type", "").startswith("text/html") and "Content-Disposition" not in response
            )  # not a file to keep
            response.setdefault("Content-Security-Policy", _OWN if is_page else _NOTHING)
            if request.method not in ("GET", "HEAD") or request.path_info.startswith(_PRIVATE):
                response.setdefault("Cache-Control", "no-store")
            seconds = time.perf_counter() - started
            route = getattr(request.resolver_match, "route", None) or "other"
            metrics.REQUESTS.labels(method, route, response.status_code).inc()
            metrics.SECONDS.labels(route).observe(seconds)
            path = escape_uri_path(request.path)
            fields = {"method": method, "path": path, "status": response.status_code, "milliseconds": round(seconds * 1000, 1)}
            logger.info("%s %s %d %.0f ms", method, path, response.status_code, seconds * 1000, extra={"fields": fields})
            return response
        finally:
            request_id.reset(token)

    return middleware


def bounded_body(get_response: View) -> View:
    """Refuses bodies by what is announced of them, before a byte is read, and other sites' requests; parses forms strictly."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if refusal := request.META.get("rasm.refusal"):
            return error_reply(refusal)
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
            return error_reply(LengthRequired("send the body with a Content-Length, not in chunks"))
        most, _ = most_bytes(request.path_info)
        if length.isdigit() and int(length) > most:
            told = f"the request has {int(length):,} bytes; at most {most:,} are read"
            return error_reply(RequestTooLarge(f"{told}: send the files in several requests"))
        if request.method not in _HARMLESS and _is_cross_site(request):
            return error_reply(CrossSite("a page of another site may not use this service through its visitors' browsers"))
        request.upload_handlers = [StrictMultipart(request)]
        method = request.method
        if method == "HEAD":  # the server leaves the body out
            request.method = "GET"
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed):  # Ninja answers these by itself, as plain text
            possible = {name.strip() for name in response["Allow"].split(",")}
            allowed = ", ".join(sorted(possible | {"HEAD"} if "GET" in possible else possible))
            reply = error_reply(MethodNotAllowed(f"{method} is not possible here; {allowed} is"))
            reply["Allow"] = allowed
            return reply
        return response

    return middleware

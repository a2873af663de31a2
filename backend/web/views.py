"""The page, in Arabic or in English, with headers that let it load and reach nothing but this service.

Where it stands: beside ``api/``, which it sends everything to. The page has no form that the server takes, sets no cookie and
changes nothing here, so another site has nothing to forge. Its script sends what it sends to the API, with a key in a header if
the service wants one.
"""

import json
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

DIRECTIONS = {"en": "ltr", "ar": "rtl"}
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # blob: the reader's own pictures, which never leave the browser but for the API
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # the script may not write HTML, only text and elements
    ]
)


@cache
def texts() -> dict[str, dict[str, Any]]:
    """The page's words, by language and key."""
    content: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "texts.json").read_text(encoding="utf-8"))
    return content


@csrf_exempt  # there is no form: what is sent here is told that it is not possible, and not that a token is missing
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /, ``?lang=ar`` or ``?lang=en``; without it the browser's languages decide."""
    asked = request.GET.get("lang", "")
    language = asked if asked in DIRECTIONS else get_language_from_request(request)
    other = "en" if language == "ar" else "ar"
    limits: dict[str, Any] = {"fileBytes": settings.RASM.max_file_bytes, "pages": settings.RASM.max_pages, "jobs": None}
    if settings.RASM.web_jobs:
        hours = ceil(settings.RASM.job_keep_s / 3600)
        limits["jobs"] = {"fileBytes": settings.RASM.max_job_bytes, "pages": settings.RASM.max_job_pages, "hours": hours}
    response = render(
        request,
        "web/page.html",
        {
            "language": language,
            "direction": DIRECTIONS[language],
            "other": other,
            "t": texts()[language],
            "data": {"texts": texts(), "limits": limits},
        },
    )
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    response["Vary"] = "Accept-Language"
    response["Cache-Control"] = "no-cache"
    return response

"""What is wrong with a request, and the one typed reply that every error becomes.

The tree is ``backend.reading.errors.Refusal``'s, with the API's own kinds here. ``STATUSES`` is the one place where a kind gets its HTTP
status. ``app.py`` and the handlers at the end (for what Django refuses before the API sees it) make every error
``{"error": {"code", "message", "request_id"}}``. What is wrong with one file stands in that file's result; ``FilesRefused`` is for
a request none of whose files could be read.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError

from backend.api.request_id import request_id
from backend.jobs.errors import DocumentFailed, JobNotFound, JobStorageFull, TooManyJobs
from backend.reading.errors import ClientGone, DiskFull, InternalError, ModelUnavailable, Overloaded, Refusal, UnknownModel, is_disk_full
from backend.reading.metrics import ERRORS


class BadRequest(Refusal):
    code = "bad_request"


class Unauthorised(Refusal):
    code = "unauthorised"


class Forbidden(Refusal):
    code = "forbidden"


class CrossSite(Refusal):
    """A browser sends it for a page of another site."""

    code = "cross_site"


class NotFound(Refusal):
    code = "not_found"


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"


class RequestTimeout(Refusal):
    """The body did not arrive in time."""

    code = "request_timeout"


class LengthRequired(Refusal):
    code = "length_required"


class RequestTooLarge(Refusal):
    code = "request_too_large"


class TooManyFiles(Refusal):
    code = "too_many_files"


class TooManyFields(Refusal):
    code = "too_many_fields"


class Incomplete(Refusal):
    """The body broke off."""

    code = "incomplete_body"


class NotMultipart(Refusal):
    code = "unsupported_media_type"


class InvalidRequest(Refusal):
    code = "invalid_request"


class NoFiles(Refusal):
    code = "no_files"


class UnsupportedLanguage(Refusal):
    code = "unsupported_language"


class NoSuchFile(Refusal):
    """The job is there, and has fewer files."""

    code = "no_such_file"


class JobNotDone(Refusal):
    """Its result is not there yet, or will never be."""

    code = "job_not_done"


class PagesMissing(Refusal):
    """A document was asked for, and some of its pages could not be read."""

    code = "pages_missing"


class TooManyRequests(Refusal):
    """One key or address asks more often than it may."""

    code = "too_many_requests"


class DatabaseUnavailable(Refusal):
    """The database does not answer, or its tables are not there."""

    code = "database_unavailable"


class FilesRefused(Refusal):
    """None of the files could be read: the first one's error, and all their results."""

    def __init__(self, code: str, message: str, extra: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.extra = code, extra or {}


# HTTP's status of each kind, and after how many seconds to try again
STATUSES: dict[type[Refusal], tuple[int, int | None]] = {
    BadRequest: (400, None),
    Incomplete: (400, None),
    Unauthorised: (401, None),
    Forbidden: (403, None),
    CrossSite: (403, None),
    NotFound: (404, None),
    UnknownModel: (404, None),
    JobNotFound: (404, None),
    NoSuchFile: (404, None),
    MethodNotAllowed: (405, None),
    RequestTimeout: (408, None),
    JobNotDone: (409, None),
    LengthRequired: (411, None),
    RequestTooLarge: (413, None),
    TooManyFiles: (413, None),
    TooManyFields: (413, None),
    NotMultipart: (415, None),
    InvalidRequest: (422, None),
    NoFiles: (422, None),
    UnsupportedLanguage: (422, None),
    DocumentFailed: (422, None),
    PagesMissing: (422, None),
    TooManyRequests: (429, 1),
    TooManyJobs: (429, 30),
    ClientGone: (499, None),  # nginx's
    InternalError: (500, None),
    Overloaded: (503, 1),
    ModelUnavailable: (503, 5),
    DatabaseUnavailable: (503, 5),
    DiskFull: (503, 60),
    JobStorageFull: (503, 600),
}
# of a request none of whose files could be read, by the error of the first: 422 unless it is one of these
FILE_STATUSES = {"file_too_large": 413, "image_too_large": 413, "too_many_pages": 413, "unsupported_format": 415}


def error_reply(error: Refusal) -> JsonResponse:
    """The reply that an error becomes."""
    ERRORS.labels(error.code).inc()
    body = {"error": {"code": error.code, "message": str(error), "request_id": request_id.get()}}
    if isinstance(error, FilesRefused):
        body |= error.extra
        status, retry_after_s = FILE_STATUSES.get(error.code, 422), None
    else:
        status, retry_after_s = STATUSES[type(error)]
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    if (after_s := error.retry_after_s or retry_after_s) is not None:
        response["Retry-After"] = str(after_s)
    if isinstance(error, Unauthorised):
        response["WWW-Authenticate"] = "Bearer"
    return response


def from_django(error: Exception) -> Refusal:
    """Django's refusal of a request, in words that say what to do."""
    match error:
        case TooManyFilesSent():
            return TooManyFiles(f"more than {settings.RASM.max_files} files: send them in several requests")
        case TooManyFieldsSent():
            return TooManyFields(
                f"more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields besides the files: there are not so many options"
            )
        case RequestDataTooBig():
            return RequestTooLarge("the fields that are not files are too large")
        case MultiPartParserError():
            return BadRequest(f"the multipart body is malformed: {error}")
        case DisallowedHost():
            return BadRequest("the service does not answer to this host name; ALLOWED_HOSTS lists those it does")
        case _:
            return BadRequest("the request is malformed")


def of_database(error: DatabaseError) -> Refusal:
    """What is said of an error of the database."""
    if is_disk_full(error):
        return DiskFull("the disk of the service's database is full: delete jobs, or try again later")
    if "readonly" in str(error) or "read-only" in str(error):  # SQLite's words and Postgres'
        return DatabaseUnavailable("the service's database cannot be written to: nothing can be kept or deleted now; try again later")
    return DatabaseUnavailable("the service's database does not answer, or was not set up (manage.py migrate): try again later")


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error_reply(from_django(exception))


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error_reply(Forbidden("this is not allowed"))


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return error_reply(Forbidden("the form was sent without its token: allow this site's cookies, load the page again and send it anew"))


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error_reply(NotFound("nothing is at this address; /api/docs describes what there is"))


def internal_error(request: HttpRequest) -> JsonResponse:
    return error_reply(InternalError("a fault of the service; its log has the details under this request id"))

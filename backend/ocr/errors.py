"""What can be wrong with a request as a whole, and the one typed reply that every error becomes.

The tree is ``rasm.errors``'s, with an HTTP status for each kind of request error. ``api.py`` and the handlers at the end
(for what Django refuses before the API sees it) map it to ``{"error": {"code", "message", "request_id"}}``. What is wrong
with one file stands in that file's result; ``FilesRefused`` is for a request none of whose files could be read.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError

from ocr.metrics import ERRORS
from ocr.request_id import request_id
from rasm.errors import ImageError, RasmError


class FileTooLarge(ImageError):
    """One file with more bytes than the limit."""

    code = "file_too_large"


class RequestError(RasmError):
    """A request that is not answered."""

    status = 400
    code = "bad_request"
    retry_after_s: int | None = None


class Unauthorised(RequestError):
    status = 401
    code = "unauthorised"


class Forbidden(RequestError):
    status = 403
    code = "forbidden"


class CrossSite(RequestError):
    """A browser sends it for a page of another site."""

    status = 403
    code = "cross_site"


class NotFound(RequestError):
    status = 404
    code = "not_found"


class MethodNotAllowed(RequestError):
    status = 405
    code = "method_not_allowed"


class RequestTimeout(RequestError):
    """The body did not arrive in time."""

    status = 408
    code = "request_timeout"


class LengthRequired(RequestError):
    status = 411
    code = "length_required"


class RequestTooLarge(RequestError):
    status = 413
    code = "request_too_large"


class TooManyFiles(RequestError):
    status = 413
    code = "too_many_files"


class TooManyFields(RequestError):
    status = 413
    code = "too_many_fields"


class NotMultipart(RequestError):
    status = 415
    code = "unsupported_media_type"


class InvalidRequest(RequestError):
    status = 422
    code = "invalid_request"


class NoFiles(RequestError):
    status = 422
    code = "no_files"


class UnknownModel(RequestError):
    status = 404
    code = "unknown_model"


class UnsupportedLanguage(RequestError):
    status = 422
    code = "unsupported_language"


class JobNotFound(RequestError):
    status = 404
    code = "job_not_found"


class NoSuchFile(RequestError):
    """The job is there, and has fewer files."""

    status = 404
    code = "no_such_file"


class JobNotDone(RequestError):
    """Its result is not there yet, or will never be."""

    status = 409
    code = "job_not_done"


class DocumentFailed(RequestError):
    """A searchable PDF that could not be written."""

    status = 422
    code = "document_failed"


class TooManyJobs(RequestError):
    """One key has more unfinished jobs than it may."""

    status = 429
    code = "too_many_jobs"
    retry_after_s = 30


class TooManyRequests(RequestError):
    """One key or address asks more often than it may."""

    status = 429
    code = "too_many_requests"
    retry_after_s = 1


class ClientGone(RequestError):
    """Whoever asked has closed the connection. Nobody sees this reply; the log and the metrics do (nginx's status)."""

    status = 499
    code = "client_gone"


class InternalError(RequestError):
    status = 500
    code = "internal_error"


class ModelUnavailable(RequestError):
    """The model is not loaded yet, or cannot be."""

    status = 503
    code = "model_unavailable"
    retry_after_s = 5


class Overloaded(RequestError):
    """More work is waiting than the queues hold."""

    status = 503
    code = "overloaded"
    retry_after_s = 1


class JobStorageFull(RequestError):
    """All jobs together take as much room as they may."""

    status = 503
    code = "job_storage_full"
    retry_after_s = 600


class DatabaseUnavailable(RequestError):
    """The database does not answer, or its tables are not there."""

    status = 503
    code = "database_unavailable"
    retry_after_s = 5


class FilesRefused(RequestError):
    """None of the files could be read: the first one's error, and all their results."""

    def __init__(self, code: str, message: str, status: int, extra: dict[str, Any]) -> None:
        super().__init__(message)
        self.code, self.status, self.extra = code, status, extra


# of a request none of whose files could be read, by the error of the first: 422 unless it is one of these
FILE_STATUS = {"file_too_large": 413, "image_too_large": 413, "too_many_pages": 413, "unsupported_format": 415}


def error_reply(error: RequestError) -> JsonResponse:
    """The reply that an error becomes."""
    ERRORS.labels(error.code).inc()
    body = {"error": {"code": error.code, "message": str(error), "request_id": request_id.get()}}
    if isinstance(error, FilesRefused):
        body |= error.extra
    response = JsonResponse(body, status=error.status, json_dumps_params={"ensure_ascii": False})
    if error.retry_after_s is not None:
        response["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorised):
        response["WWW-Authenticate"] = "Bearer"
    return response


def from_django(error: Exception) -> RequestError:
    """Django's refusal of a request, in words that say what to do."""
    match error:
        case TooManyFilesSent():
            return TooManyFiles(f"more than {settings.RASM_MAX_FILES} files: send them in several requests")
        case TooManyFieldsSent():
            return TooManyFields(
                f"more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields besides the files: there are not so many options"
            )
        case RequestDataTooBig():
            return RequestTooLarge("the fields that are not files are too large")
        case MultiPartParserError():
            return RequestError(f"the multipart body is malformed: {error}")
        case DisallowedHost():
            return RequestError("the service does not answer to this host name; ALLOWED_HOSTS lists those it does")
        case _:
            return RequestError("the request is malformed")


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

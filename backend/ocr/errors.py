"""What can be wrong with a request as a whole, and the one typed reply that every error becomes.

The tree is ``model.errors``'s, with an HTTP status for each kind of request error. ``api.py`` and the handlers at the end
(for what Django refuses before the API sees it) map it to ``{"error": {"code", "message", "request_id"}}``. What is wrong
with one file is no request error: it stands in that file's result.
"""

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, JsonResponse

from model.errors import ImageError, RasmError
from ocr.request_id import request_id


class FileTooLarge(ImageError):
    """One file with more bytes than the limit."""

    code = "file_too_large"


class RequestError(RasmError):
    """A request that is not answered."""

    status = 400
    code = "bad_request"


class Forbidden(RequestError):
    status = 403
    code = "forbidden"


class NotFound(RequestError):
    status = 404
    code = "not_found"


class MethodNotAllowed(RequestError):
    status = 405
    code = "method_not_allowed"


class LengthRequired(RequestError):
    status = 411
    code = "length_required"


class RequestTooLarge(RequestError):
    status = 413
    code = "request_too_large"


class TooManyFiles(RequestError):
    status = 413
    code = "too_many_files"


class NotMultipart(RequestError):
    status = 415
    code = "unsupported_media_type"


class InvalidRequest(RequestError):
    status = 422
    code = "invalid_request"


class NoFiles(RequestError):
    status = 422
    code = "no_files"


class InternalError(RequestError):
    status = 500
    code = "internal_error"


class ModelUnavailable(RequestError):
    """The model is not loaded yet, or cannot be."""

    status = 503
    code = "model_unavailable"


def error_reply(error: RequestError) -> JsonResponse:
    """The reply that an error becomes."""
    body = {"error": {"code": error.code, "message": str(error), "request_id": request_id.get()}}
    return JsonResponse(body, status=error.status, json_dumps_params={"ensure_ascii": False})


def from_django(error: Exception) -> RequestError:
    """Django's refusal of a request, in words that say what to do."""
    match error:
        case TooManyFilesSent():
            return TooManyFiles(f"more than {settings.RASM_MAX_FILES} files: send them in several requests")
        case RequestDataTooBig():
            return RequestTooLarge("the fields that are not files are too large")
        case DisallowedHost():
            return RequestError("the service does not answer to this host name; ALLOWED_HOSTS lists those it does")
        case _:
            return RequestError("the request is malformed")


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error_reply(from_django(exception))


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error_reply(Forbidden("this is not allowed"))


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return error_reply(NotFound("nothing is at this address; /api/docs describes what there is"))


def internal_error(request: HttpRequest) -> JsonResponse:
    return error_reply(InternalError("a fault of the service; its log has the details under this request id"))

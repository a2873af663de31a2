"""Why the service does not read what it is asked to: the top of its tree of errors.

Those of single files are ``rasm.errors.ImageError``'s, with one more here. ``backend/jobs/errors.py`` and ``backend/api/errors.py`` add
theirs to ``Refusal``; the latter gives each its HTTP status.
"""

import errno

from rasm.errors import ImageError, RasmError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class FileTooLarge(ImageError):
    """One file with more bytes than the limit."""

    code = "file_too_large"


class Refusal(RasmError):
    """A request that is not answered. retry_after_s: when it may be, if that is known better than its kind says."""

    retry_after_s: int | None = None


class UnknownModel(Refusal):
    code = "unknown_model"


class ModelUnavailable(Refusal):
    """The model is not loaded yet, or cannot be."""

    code = "model_unavailable"


class Overloaded(Refusal):
    """More work is waiting than the queues hold."""

    code = "overloaded"


class DiskFull(Refusal):
    """There is no room for what is sent, or for what is made of it."""

    code = "disk_full"


class ClientGone(Refusal):
    """Whoever asked has closed the connection. Nobody sees this reply; the log and the metrics do."""

    code = "client_gone"


class InternalError(Refusal):
    """A fault of the service."""

    code = "internal_error"


def is_disk_full(error: BaseException) -> bool:
    """Whether the system, or SQLite, says that there is no more room."""
    return (isinstance(error, OSError) and error.errno in _NO_ROOM) or "disk is full" in str(error)

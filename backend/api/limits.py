"""How large a body and a file may be: what is read at once, and what is put away for a job."""

from django.conf import settings

JOBS_PATH = "/api/v1/jobs"


def most_bytes(path: str) -> tuple[int, int]:
    """Of a request to this address, and of one file in it."""
    if path == JOBS_PATH:
        return settings.RASM.max_job_bytes, settings.RASM.max_job_bytes
    return settings.RASM.max_request_bytes, settings.RASM.max_file_bytes

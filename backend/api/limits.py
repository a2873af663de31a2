"""How large a body and a file may be: what is read at once, and what is put away for a job."""

from django.conf import settings

JOBS_PATH = "/api/v1/jobs"
READING_PATHS = ("/api/v1/ocr", "/api/v1/ocr/document", "/ocr", "/api/v1/picture", "/api/v1/documents")
FORM_BYTES = 2**20  # of a body for any other address: the admin's forms are the only ones that have any


def most_bytes(path: str) -> tuple[int, int]:
    """Of a request to this address, and of one file in it."""
    if path == JOBS_PATH:
        return settings.RASM.max_job_bytes, settings.RASM.max_job_bytes
    if path in READING_PATHS:
        return settings.RASM.max_request_bytes, settings.RASM.max_file_bytes
    return FORM_BYTES, FORM_BYTES


def takes_files(path: str) -> bool:
    """Whether an address takes files, and asks for a key where keys are asked for."""
    return path == JOBS_PATH or path in READING_PATHS

"""Why a job is not taken in, or not given out."""

from backend.reading.errors import Refusal


class JobNotFound(Refusal):
    code = "job_not_found"


class TooManyJobs(Refusal):
    """One key has more unfinished jobs than it may."""

    code = "too_many_jobs"


class JobStorageFull(Refusal):
    """All jobs together take as much room as they may."""

    code = "job_storage_full"


class DocumentFailed(Refusal):
    """A searchable PDF that could not be written."""

    code = "document_failed"

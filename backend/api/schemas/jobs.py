"""What the API says of jobs; see ``reading.py``."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.api.schemas.options import DOCUMENT_FORMAT, DocumentFormat, OutputOptions, TextOptions, WritingOptions
from backend.api.schemas.reading import FileError, Model
from rasm.document import WarningCode


class ResultOptions(OutputOptions):
    """What to give out of a job. Every option may be left out."""

    file: int | None = Field(None, ge=0, lt=2**31, description="Only this one of the job's files, from 0; all if left out.")


class JobDocumentOptions(WritingOptions):
    """Which document to give out of a job."""

    format: DocumentFormat = Field(description=DOCUMENT_FORMAT)
    file: int | None = Field(None, ge=0, lt=2**31, description="Only this one of the job's files, from 0; all if left out.")
    missing: Literal["refuse", "leave_out"] = Field(
        "refuse", description="Where pages could not be read: no document (422 `pages_missing`), or one without them."
    )


class PagesOptions(TextOptions):
    """Which of a job's pages to give out. Every option may be left out."""

    file: int = Field(0, ge=0, lt=2**31, description="Of which of the job's files, from 0.")
    after: int = Field(0, ge=0, lt=2**30, description="The page, from 1, that comes before those that are wanted.")


class JobFileReply(BaseModel):
    """One file of a job."""

    name: str = Field(description="As it was sent, without folders and control marks.")
    pages: int | None = Field(description="How many pages it has; null if it could not be opened.")
    chosen: str | None = Field(description="Which of them are read, as `1-3,7`; null if all are, or if it could not be opened.")
    error: FileError | None = Field(description="Why it cannot be read at all; null if it can.")


class JobError(BaseModel):
    """A page, or a whole file, that was not read."""

    file: int = Field(description="Which file of the job, from 0.")
    page: int | None = Field(description="Which page of it, from 1; null if it is the whole file.")
    code: str = Field(description="As of a result's `error`, or `page_failed`: reading the page failed, or ended its worker.")
    message: str = Field(description="For people: what is wrong and what to do.")


class JobReply(BaseModel):
    """A job as it stands."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"] = Field(description="`failed`: not one page could be read.")
    pages: int = Field(description="Of all its files.")
    pages_done: int = Field(description="How many of them have been seen to, errors included.")
    files: list[JobFileReply]
    errors: list[JobError] = Field(description="What was not read, so far; the first 100.")
    error_count: int = Field(description="How many there are in all.")
    warning_counts: dict[WarningCode, int] = Field(
        description="How many of the pages that were read have each warning; the pages' results have the warnings themselves."
    )
    error: FileError | None = Field(description="Of a failed job, the first of its errors.")
    model: Model
    created: datetime
    started: datetime | None
    finished: datetime | None
    expires: datetime = Field(description="When it will be taken away, its files and results with it.")
    result: str | None = Field(description="Where its result is, once it is done.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6",
                    "state": "queued",
                    "pages": 1,
                    "pages_done": 0,
                    "files": [
                        {"name": "heading.png", "pages": 1, "chosen": None, "error": None},
                        {
                            "name": "notes.txt",
                            "pages": None,
                            "chosen": None,
                            "error": {
                                "code": "unsupported_format",
                                "message": "not an image that Rasm reads (PNG, JPEG, WEBP, BMP, TIFF; pages also as PDF)",
                            },
                        },
                    ],
                    "errors": [
                        {
                            "file": 1,
                            "page": None,
                            "code": "unsupported_format",
                            "message": "not an image that Rasm reads (PNG, JPEG, WEBP, BMP, TIFF; pages also as PDF)",
                        }
                    ],
                    "error_count": 1,
                    "warning_counts": {},
                    "error": None,
                    "model": {"name": "rasm-print", "version": "0.16.0"},
                    "created": "2026-11-23T09:00:00Z",
                    "started": None,
                    "finished": None,
                    "expires": "2026-11-30T09:00:00Z",
                    "result": None,
                }
            ]
        }
    )


class JobsReply(BaseModel):
    jobs: list[JobReply] = Field(description="The latest hundred, newest first.")


class Preparing(BaseModel):
    """A searchable PDF is being written: ask again after `Retry-After` seconds."""

    state: Literal["preparing"] = "preparing"

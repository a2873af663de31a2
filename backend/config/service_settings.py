"""Every setting of the service, read from the environment once. ``docs/deployment.md`` has its table from here (``make docs-settings``).

Where it stands: beneath ``settings.py``, which gives it to the rest as ``django.conf.settings.RASM``, and ``gunicorn.conf.py``.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.config import ROOT
from rasm.cores import cores
from rasm.image import MAX_PIXELS
from rasm.weights import SHIPPED_MODEL

MOST_PROCESSES = 8  # of ``make serve``: each takes some 200 MB; with more cores, each has several
KIB, MIB, GIB = 2**10, 2**20, 2**30


class WrongSettings(Exception):
    """One line for each variable whose value cannot be used."""


def _rate(value: str) -> str:
    if value and not re.fullmatch(r"[1-9]\d*/[smhd]", value):
        raise ValueError("no rate")
    return value


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


Whole = Annotated[int, Field(ge=1)]
WholeOrNone = Annotated[int, Field(ge=0)]
Switch = Annotated[bool, BeforeValidator(_stripped)]
Rate = Annotated[str, BeforeValidator(_stripped), AfterValidator(_rate)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(lambda text: [name for part in text.split(",") if (name := part.strip())])]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(lambda text: text.strip().upper())]


def _of(variable: str, default: Any, told: str, *, shown: str | None = None) -> Any:
    """A setting. ``shown``: its default in words."""
    return Field(default, validation_alias=variable, description=told, json_schema_extra={"shown": shown} if shown else None)


class ServiceSettings(BaseSettings):
    """In the order of the table. An empty variable is one that is not set."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, case_sensitive=True, validate_default=False)

    host: str = _of("HOST", "127.0.0.1", "where `make serve` listens; all addresses: `0.0.0.0`")
    port: Annotated[int, Field(ge=1, le=65_535)] = _of("PORT", 8000, "at which port")
    debug: Switch = _of("DEBUG", False, "Django's debug pages; never where others can reach it")
    data: Path = _of("RASM_DATA", ROOT, "the folder of what is kept here: `rasm.sqlite3` and `.secret-key`", shown="beside the code")
    secret_key: str = _of(
        "SECRET_KEY",
        "",
        "Django's signing key, the same for all processes and machines",
        shown="made once, kept in `.secret-key` of RASM_DATA",
    )
    allowed_hosts: Names = _of("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"), "names the service answers to, with commas between")
    database_url: str = _of("DATABASE_URL", "", "such as `postgres://user:password@host/name`", shown="SQLite in RASM_DATA")
    log_level: Level = _of("LOG_LEVEL", "INFO", "how much is logged")
    log_format: Literal["json", "text"] = _of("LOG_FORMAT", "json", "`json`: one object a line; `text`: for people")

    https: Switch = _of(
        "RASM_HTTPS", False, "behind a proxy that speaks HTTPS and sets X-Forwarded-Proto: secure cookies, HSTS, plain HTTP redirected"
    )
    proxies: WholeOrNone = _of("RASM_PROXIES", 0, "trusted proxies in front, whose X-Forwarded-For says who asks")
    api_keys: Switch | None = _of(
        "RASM_API_KEYS", None, "the API asks for a key (`manage.py apikey create NAME`)", shown="off if HOST is a loopback address, else on"
    )
    rate_per_key: Rate = _of("RASM_RATE_PER_KEY", "", "such as `600/m`: requests of one key, per process and operation")
    rate_per_address: Rate = _of("RASM_RATE_PER_ADDRESS", "", "the same of one address")
    rate_admin_logins: Rate = _of("RASM_RATE_ADMIN_LOGINS", "10/m", "tries of one address to log in at `/admin/`, per process")

    model: Path = _of(
        "RASM_MODEL",
        SHIPPED_MODEL,
        "the model that reads; other models in its folder are listed",
        shown="the shipped one, `rasm/weights/rasm-print.onnx`",
    )
    processes: Whole = _of(
        "WEB_CONCURRENCY",
        0,
        "processes of `make serve`, each with the model once more; bounds below are of one",
        shown=f"the cores there are, {MOST_PROCESSES} at most",
    )
    threads: Whole = _of(
        "RASM_THREADS",
        0,
        "lines that a process reads at a time, each on one core",
        shown="the cores there are, divided by the processes",
    )
    queue_lines: Whole = _of("RASM_QUEUE_LINES", 512, "lines accepted and not yet read; above it, 503")
    max_requests: Whole = _of(
        "RASM_MAX_REQUESTS", 256, "requests with a body, or for a job's pictures and results, worked on at a time; above it, 503"
    )
    request_threads: Whole = _of("RASM_REQUEST_THREADS", 32, "of these, how many are parsed or wait for their lines")
    page_requests: Whole = _of(
        "RASM_PAGE_REQUESTS",
        16,
        "requests that read or draw pages, send jobs or fetch their documents, at a time; above it, 503. At most half RASM_REQUEST_THREADS",
    )
    max_connections: Whole = _of(
        "RASM_MAX_CONNECTIONS", 4096, "connections open at a time; above it, 503. No more than half the files that the system lets be open"
    )
    header_timeout_s: Whole = _of("RASM_HEADER_TIMEOUT_S", 20, "seconds until a new connection has sent its first request's headers")
    body_timeout_s: Whole = _of("RASM_BODY_TIMEOUT_S", 20, "seconds that a body may take, and more while it comes at 4 KiB/s")
    max_buffered_bytes: Whole = _of("RASM_MAX_BUFFERED_BYTES", GIB, "bytes of all bodies that are there; in `TMPDIR` above 256 KiB each")

    max_files: Whole = _of("RASM_MAX_FILES", 64, "files a request")
    max_file_bytes: Whole = _of("RASM_MAX_FILE_BYTES", 20 * MIB, "bytes of one file")
    max_request_bytes: Whole = _of("RASM_MAX_REQUEST_BYTES", 64 * MIB, "bytes of one request")
    max_pixels: Whole = _of("RASM_MAX_PIXELS", MAX_PIXELS, "pixels of one image")
    max_pages: Whole = _of("RASM_MAX_PAGES", 32, "pages of the files of one request; more are for jobs")

    job_workers: WholeOrNone = _of("RASM_JOB_WORKERS", 1, "processes that read jobs, started with the server; 0: none here")
    web_jobs: Switch | None = _of(
        "RASM_WEB_JOBS",
        None,
        "the page at `/` sends long documents as jobs; for workers that others start",
        shown="on if RASM_JOB_WORKERS is not 0",
    )
    job_keep_s: Whole = _of(
        "RASM_JOB_KEEP_S", 86_400, "seconds that a finished job is kept, files and results; seven times as long if it never finishes"
    )
    job_lease_s: Whole = _of("RASM_JOB_LEASE_S", 120, "seconds after which a worker that does not get on is taken for dead")
    max_jobs: Whole = _of("RASM_MAX_JOBS", 20, "unfinished jobs of one key, or of all who have none; above it, 429")
    max_job_bytes: Whole = _of("RASM_MAX_JOB_BYTES", 256 * MIB, "bytes of one job's request")
    max_job_pages: Whole = _of("RASM_MAX_JOB_PAGES", 2_000, "pages of one job")
    job_store_bytes: Whole = _of(
        "RASM_JOB_STORE_BYTES", 4 * GIB, "bytes that all jobs, with their results, take in the database; above it, 503"
    )

    def model_post_init(self, context: Any) -> None:
        """What depends on other settings or on the machine."""
        known = self.__dict__  # the object is frozen from here on
        known["model"], known["data"] = self.model.resolve(), self.data.resolve()
        if self.api_keys is None:
            known["api_keys"] = not is_loopback(self.host)
        if self.web_jobs is None:
            known["web_jobs"] = self.job_workers > 0
        known["page_requests"] = min(self.page_requests, max(1, self.request_threads // 2))  # the others are for lines
        known["processes"] = self.processes or min(cores(), MOST_PROCESSES)
        known["threads"] = self.threads or max(1, cores() // known["processes"])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    return host in ("localhost", "::1") or host.startswith("127.")


@cache
def service_settings() -> ServiceSettings:
    """Those of this process. Raises WrongSettings."""
    try:
        return ServiceSettings()
    except ValidationError as e:
        fields = {field.validation_alias: field for field in ServiceSettings.model_fields.values()}
        wrong = [(str(error["loc"][0]), error["input"]) for error in e.errors()]
        raise WrongSettings("\n".join(f"{name} is {value!r}; wanted is {_wanted(fields[name])}" for name, value in wrong)) from None


def _wanted(field: FieldInfo) -> str:
    parts = [part for start in (field.annotation, *field.metadata) for part in _parts(start)]
    if bool in parts:
        return "on or off"
    if int in parts:
        least, most = (next((getattr(part, name) for part in parts if hasattr(part, name)), None) for name in ("ge", "le"))
        return f"a whole number, {least} " + (f"to {most}" if most else "or more")
    words = [part for part in parts if isinstance(part, str)]
    return f"one of {', '.join(words)}" if words else "a number of requests a second, minute, hour or day, such as 600/m"


def _parts(kind: Any) -> Iterator[Any]:
    """A type, what it is made of, and its bounds."""
    yield kind
    for part in (*get_args(kind), *getattr(kind, "metadata", ())):
        yield from _parts(part)

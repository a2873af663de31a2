"""Django's settings. All that differs between machines comes from the environment, and every default is a safe one.

| variable | default | means |
|---|---|---|
| DEBUG | off | Django's debug pages; never where others can reach it |
| SECRET_KEY | made once, kept in the ignored file .secret-key | Django's signing key |
| ALLOWED_HOSTS | localhost,127.0.0.1,[::1] | names the service answers to, with commas between |
| DATABASE_URL | SQLite beside the code | such as postgres://user:password@host/name |
| LOG_LEVEL | INFO | DEBUG, INFO, WARNING, ERROR |
| LOG_FORMAT | json | json: one object a line; text: for people |
| RASM_HTTPS | off | on behind a proxy that speaks HTTPS and sets X-Forwarded-Proto: secure cookies, HSTS, plain HTTP redirected |
| RASM_PROXIES | 0 | trusted proxies in front, whose X-Forwarded-For says who asks |
| RASM_API_KEYS | off if HOST is a loopback address, else on | on: the API asks for a key (manage.py apikey create NAME) |
| RASM_RATE_PER_KEY | none | such as 600/m: requests of one key, per process and operation |
| RASM_RATE_PER_ADDRESS | none | the same of one address |
| RASM_RATE_ADMIN_LOGINS | 10/m | tries of one address to log in at /admin/, per process |
| RASM_MODEL | rasm/weights/rasm-print.onnx | the model that reads; other models in its folder are listed |
| WEB_CONCURRENCY | the cores there are, 8 at most | processes of `make serve`, each with the model once more; bounds below are of one |
| RASM_THREADS | the cores there are, divided by the processes | lines that a process reads at a time, each on one core |
| RASM_QUEUE_LINES | 512 | lines accepted and not yet read; above it, 503 |
| RASM_MAX_REQUESTS | 256 | requests with a body, or for a job's pictures and results, worked on at a time; above it, 503 |
| RASM_REQUEST_THREADS | 32 | of these, how many are parsed or wait for their lines |
| RASM_MAX_CONNECTIONS | 4096 | connections open at a time; above it, 503. No more than half the files that the system lets be open |
| RASM_HEADER_TIMEOUT_S | 20 | seconds until a new connection has sent its first request's headers |
| RASM_BODY_TIMEOUT_S | 20 | seconds that a body may take, and more while it comes at 4 KiB/s |
| RASM_MAX_BUFFERED_BYTES | 1 GiB | bytes of all bodies that are arriving; on the disk above 256 KiB each |
| RASM_MAX_FILES | 64 | files a request |
| RASM_MAX_FILE_BYTES | 20 MiB | bytes of one file |
| RASM_MAX_REQUEST_BYTES | 64 MiB | bytes of one request |
| RASM_MAX_PIXELS | 40 million | pixels of one image |
| RASM_JOB_WORKERS | 1 | processes that read jobs, started with the server; 0: none here |
| RASM_WEB_JOBS | on if RASM_JOB_WORKERS is not 0 | on: the page at / sends long documents as jobs; for workers that others start |
| RASM_JOB_KEEP_S | 86400 | seconds that a finished job is kept, files and results; seven times as long if it never finishes |
| RASM_JOB_LEASE_S | 120 | seconds after which a worker that does not get on is taken for dead |
| RASM_MAX_JOBS | 20 | unfinished jobs of one key, or of all who have none; above it, 429 |
| RASM_MAX_JOB_BYTES | 256 MiB | bytes of one job's request |
| RASM_MAX_JOB_PAGES | 2000 | pages of one job |
| RASM_JOB_STORE_BYTES | 4 GiB | bytes that all jobs, with their results, take in the database; above it, 503 |
| RASM_MAX_PAGES | 32 | pages of the files of one request; more are for jobs |
| RASM_PAGE_REQUESTS | 16 | requests that read or draw pages, or write a job's documents, at a time; above it, 503 |
"""

import importlib.util
import os
import re
import secrets
import tempfile
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config import ROOT
from config.cores import cores
from config.logs import FORMATS, logging_settings
from rasm.image import MAX_PIXELS
from rasm.weights import SHIPPED_MODEL


def _number(name: str, default: int, least: int = 1) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ImproperlyConfigured(f"{name} is {text!r}; wanted is a whole number, {least} or more")
    return int(text)


def _switch(name: str, default: bool) -> bool:
    text = os.environ.get(name, "").strip().lower()
    if text not in ("", "0", "false", "no", "off", "1", "true", "yes", "on"):
        raise ImproperlyConfigured(f"{name} is {text!r}; wanted is on or off")
    return text in ("1", "true", "yes", "on") if text else default


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there; HOST is 127.0.0.1 if it is not set."""
    return host in ("", "localhost", "::1") or host.startswith("127.")


def _rate(name: str, default: str = "") -> str:
    rate = os.environ.get(name, "").strip() or default
    if rate and not re.fullmatch(r"[1-9]\d*/[smhd]", rate):
        raise ImproperlyConfigured(f"{name} is {rate!r}; wanted is a number of requests a second, minute, hour or day, such as 600/m")
    return rate


def _secret_key(path: Path) -> str:
    """The key kept in ``path``, made there first if need be. Several processes may start at once: the first one wins."""
    if not path.exists():
        try:
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # with mode 600
        except OSError as e:
            raise ImproperlyConfigured(f"SECRET_KEY is not set, and none can be kept in {path}: {e.strerror}") from e
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    return path.read_text()


def _database(url: str) -> dj_database_url.DBConfig:
    try:
        database = dj_database_url.parse(url, conn_max_age=60)
    except ValueError as e:
        raise ImproperlyConfigured(f"DATABASE_URL is not a database's address: {e}") from e
    if database["ENGINE"].endswith("postgresql") and not any(map(importlib.util.find_spec, ("psycopg", "psycopg2"))):
        raise ImproperlyConfigured("DATABASE_URL names Postgres, but its driver is not installed: pip install 'psycopg[binary]'")
    if database["ENGINE"].endswith("sqlite3"):
        # several threads and processes write: who finds the file locked waits, and a transaction asks for the lock at its beginning,
        # since one that asks for it after having read is refused at once
        database["OPTIONS"] = {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
        }
    return database


DEBUG = _switch("DEBUG", False)
SECRET_KEY = os.environ.get("SECRET_KEY") or _secret_key(ROOT / ".secret-key")
ALLOWED_HOSTS = [host.strip() for host in os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host.strip()]

DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or f"sqlite:///{ROOT / 'rasm.sqlite3'}")}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "ninja",  # as an app it serves its docs page's files from here
    "ocr",
    "web",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
MIDDLEWARE = [
    "ocr.middleware.request_context",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ocr.middleware.bounded_body",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # for the admin alone: the API knows no cookies
    "ocr.admin_middleware.bounded_logins",
    "ocr.admin_middleware.Sessions",
    "ocr.admin_middleware.Authentication",
    "ocr.admin_middleware.Messages",
]
CSRF_FAILURE_VIEW = "ocr.errors.csrf_failure"
APPEND_SLASH = False  # a redirect would lose the body of a POST
X_FRAME_OPTIONS = "DENY"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the packages they come with: nothing to collect before a start
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية")]  # of the page at /
TIME_ZONE = "UTC"
USE_TZ = True

RASM_MODEL = Path(os.environ.get("RASM_MODEL") or SHIPPED_MODEL).resolve()
RASM_THREADS = _number("RASM_THREADS", cores())
RASM_QUEUE_LINES = _number("RASM_QUEUE_LINES", 512)
RASM_MAX_REQUESTS = _number("RASM_MAX_REQUESTS", 256)
RASM_REQUEST_THREADS = _number("RASM_REQUEST_THREADS", 32)
RASM_MAX_CONNECTIONS = _number("RASM_MAX_CONNECTIONS", 4096)
RASM_HEADER_TIMEOUT_S = _number("RASM_HEADER_TIMEOUT_S", 20)
RASM_BODY_TIMEOUT_S = _number("RASM_BODY_TIMEOUT_S", 20)
RASM_MAX_BUFFERED_BYTES = _number("RASM_MAX_BUFFERED_BYTES", 2**30)
RASM_MAX_FILES = _number("RASM_MAX_FILES", 64)
RASM_MAX_FILE_BYTES = _number("RASM_MAX_FILE_BYTES", 20 * 2**20)
RASM_MAX_REQUEST_BYTES = _number("RASM_MAX_REQUEST_BYTES", 64 * 2**20)
RASM_MAX_PIXELS = _number("RASM_MAX_PIXELS", MAX_PIXELS)
RASM_MAX_PAGES = _number("RASM_MAX_PAGES", 32)
RASM_PAGE_REQUESTS = _number("RASM_PAGE_REQUESTS", 16)
RASM_JOB_WORKERS = _number("RASM_JOB_WORKERS", 1, least=0)
RASM_WEB_JOBS = _switch("RASM_WEB_JOBS", RASM_JOB_WORKERS > 0)
RASM_JOB_KEEP_S = _number("RASM_JOB_KEEP_S", 86_400)
RASM_JOB_LEASE_S = _number("RASM_JOB_LEASE_S", 120)
RASM_MAX_JOBS = _number("RASM_MAX_JOBS", 20)
RASM_MAX_JOB_BYTES = _number("RASM_MAX_JOB_BYTES", 256 * 2**20)
RASM_MAX_JOB_PAGES = _number("RASM_MAX_JOB_PAGES", 2_000)
RASM_JOB_STORE_BYTES = _number("RASM_JOB_STORE_BYTES", 4 * 2**30)
DATA_UPLOAD_MAX_NUMBER_FILES = RASM_MAX_FILES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20  # of the fields that are not files

RASM_API_KEYS = _switch("RASM_API_KEYS", not is_loopback(os.environ.get("HOST", "")))
RASM_RATE_PER_KEY = _rate("RASM_RATE_PER_KEY")
RASM_RATE_PER_ADDRESS = _rate("RASM_RATE_PER_ADDRESS")
RASM_RATE_ADMIN_LOGINS = _rate("RASM_RATE_ADMIN_LOGINS", "10/m")
NINJA_NUM_PROXIES = _number("RASM_PROXIES", 0, least=0)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}}

if _switch("RASM_HTTPS", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # asked by the machine itself
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "rasm_session", "rasm_csrf"  # cookies of one host are shared by all its ports
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

LOG_FORMAT = os.environ.get("LOG_FORMAT") or "json"
if LOG_FORMAT not in FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}; wanted is one of {', '.join(FORMATS)}")
LOGGING = logging_settings(os.environ.get("LOG_LEVEL") or "INFO", LOG_FORMAT)

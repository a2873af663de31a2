"""Django's settings. What differs between machines is in ``service_settings.py``, which the rest has as ``settings.RASM``."""

import contextlib
import importlib.util
import os
import secrets
import tempfile
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from backend.config.logs import logging_settings
from backend.config.metrics_room import make_room
from backend.config.service_settings import WrongSettings, service_settings

make_room()
tempfile.gettempdir()  # found now: Python would pass by a folder whose disk is full when it is first asked for one
try:
    RASM = service_settings()
except WrongSettings as e:
    raise ImproperlyConfigured(str(e)) from None


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


def _keep_to_oneself(path: Path) -> None:
    """An SQLite file holds other people's documents: nobody else on the machine may read it. Its journals get its rights."""
    if str(path) == ":memory:":
        return
    with contextlib.suppress(OSError):  # which whoever opens it says
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        for journal in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):  # of 0.10.0
            if journal.exists():
                journal.chmod(0o600)


def _database(url: str) -> dj_database_url.DBConfig:
    try:
        database = dj_database_url.parse(url, conn_max_age=60)
    except ValueError as e:
        raise ImproperlyConfigured(f"DATABASE_URL is not a database's address: {e}") from e
    if database["ENGINE"].endswith("postgresql") and not any(map(importlib.util.find_spec, ("psycopg", "psycopg2"))):
        raise ImproperlyConfigured("DATABASE_URL names Postgres, but its driver is not installed: pip install 'psycopg[binary]'")
    if database["ENGINE"].endswith("sqlite3"):
        _keep_to_oneself(Path(database["NAME"]))
        # several threads and processes write: who finds the file locked waits, and a transaction asks for the lock at its beginning,
        # since one that asks for it after having read is refused at once
        database["OPTIONS"] = {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
        }
    return database


DEBUG = RASM.debug
SECRET_KEY = RASM.secret_key or _secret_key(RASM.data / ".secret-key")
ALLOWED_HOSTS = list(RASM.allowed_hosts)

DATABASES = {"default": _database(RASM.database_url or f"sqlite:///{RASM.data / 'rasm.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",  # as an app it serves its docs page's files from here
    "backend.keys",
    "backend.jobs",
    "backend.web",
]
ROOT_URLCONF = "backend.config.urls"
WSGI_APPLICATION = "backend.config.wsgi.application"
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
    "backend.api.middleware.request_context",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backend.api.middleware.bounded_body",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # for the admin alone: the API knows no cookies
    "backend.api.admin_middleware.bounded_logins",
    "backend.api.admin_middleware.Sessions",
    "backend.api.admin_middleware.Authentication",
    "backend.api.admin_middleware.Messages",
]
CSRF_FAILURE_VIEW = "backend.api.errors.csrf_failure"
APPEND_SLASH = False  # a redirect would lose the body of a POST
X_FRAME_OPTIONS = "DENY"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the packages they come with: nothing to collect before a start
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية")]  # of the page at /
TIME_ZONE = "UTC"
USE_TZ = True

DATA_UPLOAD_MAX_NUMBER_FILES = RASM.max_files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20  # of the fields that are not files

NINJA_NUM_PROXIES = RASM.proxies
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}}

if RASM.https:
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

LOGGING = logging_settings(RASM.log_level, RASM.log_format)

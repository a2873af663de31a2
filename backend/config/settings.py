"""Django's settings. All that differs between machines comes from the environment, and every default is a safe one.

| variable | default | means |
|---|---|---|
| DEBUG | off | Django's debug pages; never where others can reach it |
| SECRET_KEY | made once, kept in the ignored file .secret-key | Django's signing key |
| ALLOWED_HOSTS | localhost,127.0.0.1,[::1] | names the service answers to, with commas between |
| DATABASE_URL | SQLite beside the code | such as postgres://user:password@host/name |
| LOG_LEVEL | INFO | DEBUG, INFO, WARNING, ERROR |
| RASM_MODEL | model/weights/rasm-print.onnx | the model that reads; other models in its folder are listed |
| RASM_THREADS | all cores | threads of one reading |
| RASM_MAX_FILES | 64 | files a request |
| RASM_MAX_FILE_BYTES | 20 MiB | bytes of one file |
| RASM_MAX_REQUEST_BYTES | 64 MiB | bytes of one request |
| RASM_MAX_PIXELS | 40 million | pixels of one image |
"""

import importlib.util
import os
import secrets
import tempfile
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config import ROOT
from model.image import MAX_PIXELS


def _number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ImproperlyConfigured(f"{name} is {text!r}; wanted is a whole number, 1 or more")
    return int(text)


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
    return database


DEBUG = os.environ.get("DEBUG", "").lower() in ("1", "true", "yes", "on")
SECRET_KEY = os.environ.get("SECRET_KEY") or _secret_key(ROOT / ".secret-key")
ALLOWED_HOSTS = [host.strip() for host in os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host.strip()]

DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or f"sqlite:///{ROOT / 'rasm.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = ["django.contrib.staticfiles", "ninja", "ocr"]  # ninja as an app serves its docs page's files from here
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
MIDDLEWARE = [
    "ocr.middleware.request_context",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ocr.middleware.bounded_body",
]
APPEND_SLASH = False  # a redirect would lose the body of a POST
X_FRAME_OPTIONS = "DENY"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the packages they come with: nothing to collect before a start
TIME_ZONE = "UTC"
USE_TZ = True

RASM_MODEL = Path(os.environ.get("RASM_MODEL") or ROOT / "model" / "weights" / "rasm-print.onnx").resolve()
RASM_THREADS = _number("RASM_THREADS", os.cpu_count() or 1)
RASM_MAX_FILES = _number("RASM_MAX_FILES", 64)
RASM_MAX_FILE_BYTES = _number("RASM_MAX_FILE_BYTES", 20 * 2**20)
RASM_MAX_REQUEST_BYTES = _number("RASM_MAX_REQUEST_BYTES", 64 * 2**20)
RASM_MAX_PIXELS = _number("RASM_MAX_PIXELS", MAX_PIXELS)
DATA_UPLOAD_MAX_NUMBER_FILES = RASM_MAX_FILES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "ocr.request_id.RequestIdFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        # the middleware writes a line for each request: of Django's own, only the tracebacks of faults are wanted
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
    },
}

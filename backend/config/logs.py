"""How the service writes its log: one JSON object a line, or plain lines (LOG_FORMAT=text). Used by Django and by gunicorn.

Each has the id of the request it belongs to. No image, no text that was read and no file's name is ever logged.
"""

from typing import Any

FORMATS = ("json", "text")
_FIELDS = ("asctime", "levelname", "name", "request_id", "message")


def logging_settings(level: str, form: str) -> dict[str, Any]:
    """A configuration for ``logging.config.dictConfig``."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "ocr.request_id.RequestIdFilter"}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": " ".join(f"%({field})s" for field in _FIELDS),
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "json_ensure_ascii": False,
            },
            "text": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": form if form in FORMATS else "json", "filters": ["request_id"]}
        },
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "level": "NOTSET", "propagate": True},
            # the middleware writes a line for each request: of Django's own, only the tracebacks of faults are wanted
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            "gunicorn.error": {"level": "INFO", "propagate": True},
            "gunicorn.access": {"level": "CRITICAL", "propagate": False},
        },
    }

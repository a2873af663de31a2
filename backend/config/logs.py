"""How the service writes its log: one JSON object a line, or plain lines (LOG_FORMAT=text). Used by Django and by gunicorn.

Each has the id of the request it belongs to. No image, no text that was read and no file's name is ever logged.
"""

import json
import logging
import time
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonFormatter(logging.Formatter):
    """A record as one JSON object, with what ``extra={"fields": {...}}`` adds. Every request writes one, so it had better be quick."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        return _encode(entry)


def logging_settings(level: str, form: str) -> dict[str, Any]:
    """A configuration for ``logging.config.dictConfig``."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "backend.api.request_id.RequestIdFilter"}},
        "formatters": {
            "json": {"()": "backend.config.logs.JsonFormatter"},
            "text": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["request_id"]}},
        "root": {"handlers": ["console"], "level": level},
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

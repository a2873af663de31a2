"""What Prometheus is told at ``/metrics``. Counted in each process; with several of them, prometheus_client adds them up
from files in PROMETHEUS_MULTIPROC_DIR, which ``gunicorn.conf.py`` makes.
"""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # a time of birth for each series, which nobody asks for
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

REQUESTS = Counter("rasm_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("rasm_request_seconds", "From the arrival of a request's body until its reply", ["route"], buckets=_SECONDS)
ERRORS = Counter("rasm_errors", "Errors, of requests and of files, by their code", ["code"])
LINES = Counter("rasm_lines", "Lines read", ["model"])
BATCH = Histogram("rasm_batch_lines", "Lines the network read at a time", buckets=(1, 2, 4, 8, 16, 32, 64, 128))
READ_SECONDS = Histogram("rasm_batch_seconds", "What one such batch took", buckets=_SECONDS)
QUEUE = Gauge("rasm_queue_lines", "Lines accepted and not yet read", multiprocess_mode="livesum")
ACTIVE = Gauge("rasm_requests_active", "Requests being answered", multiprocess_mode="livesum")


def exposition() -> tuple[bytes, str]:
    """The metrics of all processes in Prometheus' text format, and its content type."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST

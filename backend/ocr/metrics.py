"""What Prometheus is told at ``/metrics``. Counted in each process; with several of them, prometheus_client adds them up
from files in PROMETHEUS_MULTIPROC_DIR, which ``gunicorn.conf.py`` makes; the workers of jobs that it starts write theirs there too.
"""

import os
from collections.abc import Iterator

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
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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


class _JobParts(Collector):
    """Of the database, and so asked for when it is wanted: the same at every server that shares it."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("rasm_job_parts_waiting", "Parts of jobs that no worker has taken", value=self._waiting)


def exposition(job_parts_waiting: int | None) -> tuple[bytes, str]:
    """The metrics of all processes in Prometheus' text format, and its content type. None: it is not known."""
    registry, asked = REGISTRY, CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    if job_parts_waiting is not None:
        asked.register(_JobParts(job_parts_waiting))
    return generate_latest(registry) + generate_latest(asked), CONTENT_TYPE_LATEST

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
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backend.reading.metrics import SECONDS_BUCKETS

REQUESTS = Counter("rasm_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("rasm_request_seconds", "From the arrival of a request's body until its reply", ["route"], buckets=SECONDS_BUCKETS)
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

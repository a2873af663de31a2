"""``GET /api/v1/models``, ``/health/…`` and ``/metrics``: what the service has, whether it can read, and its figures."""

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Router

from ocr import job_store
from ocr import metrics as prometheus
from ocr.access import throttles
from ocr.engines import models as opened_models
from ocr.errors import ModelUnavailable
from ocr.forms import REFUSALS, guarded
from ocr.schemas import ErrorReply, Health, ModelsReply

router = Router()


@router.get(
    "/api/v1/models",
    response={200: ModelsReply, **REFUSALS, 503: ErrorReply},
    summary="List the models",
    operation_id="models",
    tags=["reading"],
    throttle=throttles(),
    **guarded,
)
def models(request: HttpRequest) -> dict[str, Any]:
    """The models that the service has, the one that reads first."""
    return {"models": opened_models().describe()}


@router.get("/health/live", response={200: Health, 400: ErrorReply}, summary="Is it running?", operation_id="live", tags=["health"])
def live(request: HttpRequest) -> dict[str, str]:
    """200 as long as the process answers."""
    return {"status": "ok"}


@router.get(
    "/health/ready",
    response={200: Health, 400: ErrorReply, 503: ErrorReply},
    summary="Can it read?",
    operation_id="ready",
    tags=["health"],
)
def ready(request: HttpRequest) -> dict[str, str]:
    """200 once the model has answered; 503 before that, or if it cannot be loaded."""
    if not opened_models().is_ready:
        raise ModelUnavailable("the model has not answered yet")
    return {"status": "ok"}


@router.get(
    "/metrics",
    response={200: str, **REFUSALS},
    summary="Figures for Prometheus",
    operation_id="metrics",
    tags=["health"],
    openapi_extra={"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}},
    **guarded,
)
def metrics(request: HttpRequest) -> HttpResponse:
    """Requests, latency, batch sizes, queue depth, lines and errors by code, in Prometheus' text format."""
    try:
        waiting = job_store.count_waiting()
    except DatabaseError:  # the other figures are wanted all the more
        waiting = None
    body, content_type = prometheus.exposition(waiting)
    return HttpResponse(body, content_type=content_type)

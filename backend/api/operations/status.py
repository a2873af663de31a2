"""``GET /api/v1/models``, ``/health/…`` and ``/metrics``: what the service has, whether it can read, and its figures."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Router

from backend.api import metrics as prometheus
from backend.api.access import throttles
from backend.api.forms import REFUSALS, check_query, content_of, guarded
from backend.api.schemas.reading import ErrorReply, Health, ModelDescription, ModelsReply
from backend.api.spool import free_bytes
from backend.jobs import queue
from backend.reading.engines import models as opened_models
from backend.reading.errors import DiskFull, ModelUnavailable

router = Router()


@router.get(
    "/api/v1/models",
    response={200: ModelsReply, **REFUSALS, 422: ErrorReply, 503: ErrorReply},
    summary="List the models",
    operation_id="models",
    tags=["reading"],
    throttle=throttles(),
    **guarded,
)
def models(request: HttpRequest) -> ModelsReply:
    """The models that the service has, the one that reads first."""
    check_query(request)
    return ModelsReply(
        models=[
            ModelDescription(
                name=info.name,
                version=info.version,
                precision=info.precision,
                default=number == 0,
                height_px=info.image.height_px,
                max_width_px=info.image.max_width_px,
                characters=info.charset.characters,
            )
            for number, info in enumerate(opened_models().infos())
        ]
    )


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
    """200 once the model has answered; 503 before that, if it cannot be loaded, or if the disk has no room for one more file."""
    if not opened_models().is_ready:
        raise ModelUnavailable("the model has not answered yet")
    if (free := free_bytes()) < settings.RASM.max_file_bytes:
        raise DiskFull(f"the disk for what is sent has {free:,} bytes left, less than RASM_MAX_FILE_BYTES")
    return {"status": "ok"}


@router.get(
    "/metrics",
    response={200: None, **REFUSALS},
    summary="Figures for Prometheus",
    operation_id="metrics",
    tags=["health"],
    openapi_extra={"responses": {200: {"content": content_of("text/plain")}}},
    **guarded,
)
def metrics(request: HttpRequest) -> HttpResponse:
    """Requests, latency, batch sizes, queue depth, lines and errors by code, in Prometheus' text format."""
    try:
        waiting = queue.waiting().count()
    except DatabaseError:  # the other figures are wanted all the more
        waiting = None
    body, content_type = prometheus.exposition(waiting)
    return HttpResponse(body, content_type=content_type)

"""What the operations of the API share: who may call them, what they refuse, and forms in which nothing is passed over."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from pydantic import BaseModel

from backend.api.access import ApiKeyBearer, ApiKeyHeader, anyone
from backend.api.documents import MEDIA_TYPES
from backend.api.errors import InvalidRequest
from backend.api.results import WARNINGS_HEADER
from backend.api.schemas.reading import ErrorReply, OcrErrorReply

# the keys are named in the schema where none is asked for, too: clients that are generated from it can send one to another service
guarded: dict[str, Any] = {"auth": [*([] if settings.RASM.api_keys else [anyone]), ApiKeyBearer(), ApiKeyHeader()]}
_WARNINGS = {
    "description": "Of replies that are not JSON: how many pages have each warning, as a dictionary of RFC 9651. Left out if none has any.",
    "schema": {"type": "string"},
    "example": "turned=1, unread-text=3",
}
REFUSALS: dict[Any, Any] = dict.fromkeys((400, 401, 429), ErrorReply)
READING_REFUSALS: dict[Any, Any] = {
    **dict.fromkeys((400, 401, 403, 404, 408, 411, 429, 503), ErrorReply),
    **dict.fromkeys((413, 415, 422), OcrErrorReply),
}


def form_schema(**properties: Any) -> dict[str, Any]:
    """What the schema of a form says besides what Ninja knows. Generated clients name a class after the operation and the title."""
    schema = {"title": "Form", "additionalProperties": False, "properties": properties}
    return {"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}}


def check_fields(request: HttpRequest, files: str | tuple[str, ...], options: type[BaseModel]) -> None:
    """Nothing that was sent is passed over in silence: no option that is not known, and none sent twice, wherever it was sent: what
    stands in the address is among the fields (``uploads.py``)."""
    of_files = (files,) if isinstance(files, str) else files
    known = ", ".join([*of_files, *options.model_fields])
    _check_options(request.POST.lists(), options, known)
    for name in request.FILES:
        if name not in of_files:
            raise InvalidRequest(f"there is no field {name[:100]!r} for files; there are: {known}")


def check_query(request: HttpRequest, options: type[BaseModel] = BaseModel) -> None:
    """The same of the parameters of an address that takes no form; without ``options`` it takes none."""
    _check_options(request.GET.lists(), options, ", ".join(options.model_fields) or "none")


def _check_options(sent: Iterable[tuple[str, list[Any]]], options: type[BaseModel], known: str) -> None:
    for name, values in sent:
        if name not in options.model_fields:
            raise InvalidRequest(f"there is no option {name[:100]!r}; there are: {known}")
        if len(values) > 1:
            raise InvalidRequest(f"{name}: sent {len(values)} times; send it once")


def wanted_format(request: HttpRequest, given: str | None) -> str:
    """The format of a reply, by the option or else by the header Accept. What accepts none of them gets JSON; so does ``text/html``, which
    every browser accepts first."""
    if given is not None or request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", MEDIA_TYPES["json"]):
        return given or "json"
    names = {media_type: name for name, media_type in MEDIA_TYPES.items() if name != "html"}
    try:
        return names.get(request.get_preferred_type([*names]) or "", "json")
    except (ValueError, LookupError):  # a parameter in an encoding that nobody knows
        return "json"


def other_formats(*media_types: str) -> dict[str, Any]:
    """The schema of a reply in these media types, besides JSON."""
    return {"content": content_of(*media_types), "headers": {WARNINGS_HEADER: _WARNINGS}}


def content_of(*media_types: str) -> dict[str, Any]:
    """The schema of a reply's content in these media types, besides JSON."""
    binary, text = {"type": "string", "format": "binary"}, {"type": "string"}
    return {name: {"schema": text if name.startswith("text/") or name.endswith("+xml") else binary} for name in media_types}

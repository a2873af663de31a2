"""A service's replies -> results and jobs. What is none of Rasm's raises: nothing of a reply is believed unseen.

Where it stands: between ``exchange.py``, which gets replies within bounds, and ``aio.py``.
"""

from __future__ import annotations

import dataclasses
import email.utils
import json
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rasm_client.types import (
    Cell,
    Character,
    FileError,
    FileRefused,
    Job,
    Line,
    Model,
    PageWarning,
    Region,
    Result,
    ServiceError,
    Unread,
    Word,
)

T = TypeVar("T")
_JOB_ID = re.compile("[A-Za-z0-9-]{1,64}")  # it goes into addresses, and into the command that a person is told
NOT_RASMS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
"""What the functions here raise of content that is none of Rasm's."""


@dataclass(frozen=True)
class Reply:
    """``content`` is empty where it was written into a file."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def content_of(reply: Reply) -> Any:
    """The JSON of a reply, without halves of characters, which no text can have; None if it is none."""
    try:
        said = json.loads(reply.content)
        if b"\\ud" in reply.content.lower():
            said = json.loads(json.dumps(said, ensure_ascii=False).encode(errors="replace"))
        return said
    except (ValueError, RecursionError):
        return None


def refusal_of(reply: Reply, url: str) -> ServiceError:
    """FileRefused where it is the files that are refused, and not the request."""
    content, status = content_of(reply), reply.status
    try:
        error = content["error"]
        code, message, request_id = error["code"], error["message"], error.get("request_id")
        if not (isinstance(code, str) and isinstance(message, str) and isinstance(request_id, str | None)):
            raise TypeError
    except NOT_RASMS:
        return ServiceError(f"{url} answered {status} {reply.reason}, and not as Rasm does", status=status)
    words = f"{url} refused: {message} ({status} {code})"
    if "results" in content or status == 413:
        return FileRefused(words, FileError(code, message), status=status, request_id=request_id)
    return ServiceError(words, status=status, code=code, request_id=request_id)


def retry_after_s(reply: Reply) -> float:
    """The header's seconds, or the time until its date; 0 without it, or where it is neither."""
    value = reply.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        date = email.utils.parsedate_to_datetime(value)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # none, or one that no calendar has
        return 0.0


def warning_counts_of(reply: Reply) -> dict[str, int]:
    """How many pages have each warning: the header's ``unread-text=3, turned=1``; without it, or where it is something else, none."""
    found = re.findall(r"([a-z][a-z-]*)=(\d{1,9})(?!\d)", reply.headers.get("X-Rasm-Warnings", ""))
    return {code: int(count) for code, count in found}


def results_of(content: Any, names: list[str] | None = None) -> list[tuple[int, Result]]:
    """A reply's results, each with the number of its file; named as in ``names``, or as the service names them. Raises NOT_RASMS."""
    model = typed(Model, content["model"])
    found = []
    for said in content["results"]:
        number = said["file"]
        if not isinstance(number, int) or number < 0:
            raise ValueError
        found.append((number, result_of(said, said["name"] if names is None else names[number], model)))
    return found


def result_of(said: Mapping[str, Any], name: str, model: Model) -> Result:
    """Raises NOT_RASMS."""
    lines = []
    for line in said.get("lines", ()):
        signs = line.get("characters")
        characters = None if signs is None else tuple(typed(Character, sign) for sign in signs)
        lines.append(typed(Line, line, words=tuple(typed(Word, word) for word in line.get("words", ())), characters=characters))
    return typed(
        Result,
        said,
        name=name,
        text=said["text"],
        regions=tuple(
            typed(Region, region, cells=tuple(typed(Cell, cell) for cell in region.get("cells", ()))) for region in said.get("regions", ())
        ),
        lines=tuple(lines),
        unread=tuple(typed(Unread, place) for place in said.get("unread", ())),
        warnings=tuple(typed(PageWarning, warning) for warning in said.get("warnings", ())),
        model=model,
        error=typed(FileError, said["error"]) if said["error"] is not None else None,
        json={**said, "name": name, "model": dataclasses.asdict(model)},
    )


def job_of(said: Mapping[str, Any]) -> Job:
    """Raises NOT_RASMS."""
    error = typed(FileError, said["error"]) if said["error"] is not None else None
    errors = tuple(typed(FileError, one) for one in said["errors"])
    job = typed(Job, said, files=tuple(file["name"] for file in said["files"]), errors=errors, error=error)
    if not _JOB_ID.fullmatch(job.id):
        raise ValueError
    return job


def is_job_id(text: str) -> bool:
    return _JOB_ID.fullmatch(text) is not None


def typed(kind: Callable[..., T], said: Mapping[str, Any], **more: Any) -> T:
    """``said`` as one of the classes of ``types.py``, without what that does not know.

    Raises TypeError where something is missing, or is of another type.
    """
    checks = _checks(kind)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if name in checks}
    values.update(more)
    for name, value in values.items():
        if not checks[name](value):
            raise TypeError(f"{name} is of another type")
    return kind(**values)


@cache
def _checks(kind: Any) -> dict[str, Callable[[Any], bool]]:
    hints = get_type_hints(kind)
    return {field.name: _check(hints[field.name]) for field in dataclasses.fields(kind)}


def _check(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of a type."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        checks = [_check(part) for part in parts]
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:  # a later service may say more than is known here
        return lambda value: isinstance(value, str)
    if origin is tuple:
        each = _check(parts[0])
        length = None if parts[-1] is Ellipsis else len(parts)
        return lambda value: isinstance(value, tuple) and length in (None, len(value)) and all(map(each, value))
    if origin is not None:  # a mapping
        keys, values = map(_check, parts)
        return lambda value: isinstance(value, Mapping) and all(map(keys, value)) and all(map(values, value.values()))
    if hint is Any:
        return lambda value: True
    if hint is float:
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    return lambda value: isinstance(value, hint)

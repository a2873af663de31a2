"""The table of settings of ``docs/deployment.md``: ``python -m backend.config.settings_table docs/deployment.md`` writes it (``make
docs-settings``)."""

import re
import sys
from pathlib import Path
from typing import Any

from backend.config.service_settings import GIB, MIB, ServiceSettings

_PLACE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)
# what other software reads
_ELSEWHERE = (
    ("GUNICORN_CMD_ARGS", "none", "any other setting of [gunicorn](https://gunicorn.org/reference/settings/), as on its command line"),
    (
        "PROMETHEUS_MULTIPROC_DIR",
        "a temporary folder",
        "where the processes of one server put their metrics; empty at the start",
    ),
    ("TMPDIR", "/tmp", "where bodies above 256 KiB lie while they arrive"),
)


def table() -> str:
    """All variables as Markdown, those that other software reads last."""
    rows = []
    for field in ServiceSettings.model_fields.values():
        extra = field.json_schema_extra
        shown = extra["shown"] if isinstance(extra, dict) else _shown(field.default)
        rows.append((str(field.validation_alias), shown, field.description))
    lines = [f"| `{name}` | {default} | {told} |" for name, default, told in [*rows, *_ELSEWHERE]]
    return "\n".join(["| variable | default | |", "|---|---|---|", *lines])


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        unit, name = next(((unit, name) for unit, name in ((GIB, "GiB"), (MIB, "MiB")) if value % unit == 0 and value), (1, ""))
        return f"{value // unit:,} {name}".strip() if value >= 10_000 or name else str(value)
    return ",".join(value) if isinstance(value, tuple) else value or "none"


def written(document: str) -> str:
    """The document with the table of now. Raises ValueError if it has no place for it."""
    text, count = _PLACE.subn(lambda _: table() + "\n", document)
    if count != 1:
        raise ValueError("the document has no place for the table, or several: <!-- settings --> and <!-- /settings -->")
    return text


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")

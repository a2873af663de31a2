"""What schemathesis cannot know from the schema: a file that is "valid" is a picture of a line, a page that it has is the first, and a
document that was read is JSON. Its command line finds this through SCHEMATHESIS_HOOKS; see ``tests/backend/api/test_schemathesis.py``."""

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

from tests.serving import line_png

schemathesis.openapi.format("page-ranges", st.sampled_from(["", "1", "1-", "1-1, 1"]))
schemathesis.openapi.format("binary", st.sampled_from([line_png(width, seed=width) for width in (64, 96, 320)]))

_LINE = {"text": "نص", "text_as_read": "نص", "confidence": 0.9, "bbox": [0, 0, 64, 32], "direction": "rtl", "baseline": [], "words": []}
_RESULT = {
    "name": "line.png", "file": 0, "page": 1, "pages": 1, "kind": "line", "source": "ocr", "width_px": 64, "height_px": 32, "text": "نص",
    "text_as_read": "نص", "confidence": 0.9, "bbox": [0, 0, 64, 32], "lines": [_LINE],
    "regions": [{"kind": "paragraph", "bbox": [0, 0, 64, 32], "lines": [0], "direction": "rtl"}],
    "unread": [], "warnings": [], "milliseconds": 1.0, "error": None,
}  # fmt: skip


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """In place of a picture; whatever else was thought of for it stays."""
    sent = case.body.get("document") if case.path == "/api/v1/documents" and isinstance(case.body, dict) else None
    data = getattr(sent, "data", sent)  # schemathesis has a type of its own for bytes
    if isinstance(data, bytes) and data.startswith(b"\x89PNG"):
        case.body["document"] = json.dumps({"results": [_RESULT]}).encode()

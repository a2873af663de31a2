"""Pages as JSON has them -> tables of pages, lines and words, which DuckDB, pandas and Spark read.

Where it stands: ``reading.py`` makes the tables of a few pages where they are read, and ``run.py`` puts many together into one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

_BOX = [("left", pa.float32()), ("top", pa.float32()), ("right", pa.float32()), ("bottom", pa.float32())]
SCHEMAS = {
    "pages": pa.schema([
        ("document", pa.string()), ("page", pa.int32()), ("pages", pa.int32()), ("width_px", pa.int32()), ("height_px", pa.int32()),
        ("source", pa.string()), ("kind", pa.string()), ("language", pa.string()), ("rotation_degrees", pa.int32()),
        ("skew_degrees", pa.float32()), ("confidence", pa.float32()), ("text", pa.string()), ("unread", pa.int32()),
        ("error_code", pa.string()), ("error", pa.string()), ("model", pa.string()),
    ]),
    "lines": pa.schema([
        ("document", pa.string()), ("page", pa.int32()), ("line", pa.int32()), ("region", pa.int32()), ("region_kind", pa.string()),
        ("text", pa.string()), ("confidence", pa.float32()), ("direction", pa.string()), *_BOX,
    ]),
    "words": pa.schema([
        ("document", pa.string()), ("page", pa.int32()), ("line", pa.int32()), ("word", pa.int32()), ("text", pa.string()),
        ("confidence", pa.float32()), *_BOX,
    ]),
}  # fmt: skip


def tables_of(document: str, model: str, pages: Iterable[Mapping[str, Any]], count: int) -> dict[str, pa.Table]:
    """``pages``: as ``Document.to_dict`` has them. ``count``: of the document's pages. Lines and words count from 1, in reading order.
    Boxes are in pixels of the page."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in SCHEMAS}
    for page in pages:
        number, error = page["number"], page["error"] or {}
        rows["pages"].append((
            document, number, count, page["width_px"], page["height_px"], page["source"], page["kind"], page["language"],
            page["rotation_degrees"], page["skew_degrees"], page["confidence"], page["text"], len(page["unread"]), error.get("code"),
            error.get("message"), model,
        ))  # fmt: skip
        at = 0
        for k, region in enumerate(page["regions"], 1):
            for line in region["lines"]:
                at += 1
                here = (document, number, at)
                rows["lines"].append(
                    (*here, k, region["kind"], line["text"], line["confidence"], line.get("direction", "rtl"), *line["box"])
                )
                rows["words"] += [(*here, w, word["text"], word["confidence"], *word["box"]) for w, word in enumerate(line["words"], 1)]
    return {
        name: pa.table([pa.array(column, field.type) for column, field in zip(_columns(rows[name], schema), schema)], schema=schema)
        for name, schema in SCHEMAS.items()
    }


def _columns(rows: list[tuple[Any, ...]], schema: pa.Schema) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in schema]

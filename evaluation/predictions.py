"""Readings that anything else has made, from a file: TSV, JSON or JSON Lines.

Where it stands: an engine of ``python -m evaluation``, chosen by ``--engine predictions FILE``. Accepted are

    TSV      a head line with ``name`` and one column of readings (``text``, ``prediction``, ``reading``, or the only other one
             besides ``truth`` and ``confidence``), so also what ``python -m evaluation --readings`` has written; or no head and two columns
    JSON     {"NAME": "TEXT", …}, a list of {"name": …, "text": …, "confidence": …}, or the service's reply
    JSONL    one such object a line, as ``client.py --json`` prints them

A name is that of the dataset (``lines/a.png``), or the end of one (``a.png``, ``a``) as long as it fits one line only.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from evaluation.datasets import Sample
from evaluation.engines import EngineReading
from rasm.errors import DatasetError

_TEXT_COLUMNS = ("text", "prediction", "reading")
_NO_TEXT = ("name", "truth", "confidence")


class Predictions:
    """An engine that reads nothing: it looks up. What it has no text for counts as read empty."""

    timed = False
    start_s = 0.0

    def __init__(self, path: Path, samples: Sequence[Sample], name: str) -> None:
        """Raises DatasetError where the file cannot be understood, where a name fits several lines, or none fits."""
        self.name = name
        self._readings = _by_sample(read_predictions(path), samples, path)
        self.missing = len(samples) - len(self._readings)
        self.about = {"engine": "predictions", "file": path.name, "missing": self.missing}

    def prepare(self, samples: Sequence[Sample]) -> list[str]:
        return [sample.name for sample in samples]

    def read(self, prepared: Sequence[str]) -> list[EngineReading]:
        return [self._readings.get(name, EngineReading("", failed="no_prediction")) for name in prepared]


def read_predictions(path: Path) -> list[tuple[str, EngineReading]]:
    """(name, reading) of each entry of the file. Raises DatasetError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise DatasetError(f"{path}: cannot be read as UTF-8 text ({e})") from e
    try:
        if path.suffix.lower() in (".json", ".jsonl") or text.lstrip()[:1] in ("{", "["):
            entries = _from_json(text)
        else:
            entries = _from_tsv(text)
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as e:
        raise DatasetError(f"{path}: not predictions that can be understood ({e}); evaluation/predictions.py describes the forms") from e
    if not entries:
        raise DatasetError(f"{path}: no predictions in it")
    return entries


def _from_json(text: str) -> list[tuple[str, EngineReading]]:
    try:
        values: Any = json.loads(text)
    except json.JSONDecodeError:
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(values, dict) and isinstance(values.get("results"), list):
        values = values["results"]
    elif isinstance(values, dict) and not {"name", "text"} <= values.keys():
        values = [
            {"name": name, "text": value} if not isinstance(value, dict) else {"name": name, **value} for name, value in values.items()
        ]
    elif isinstance(values, dict):
        values = [values]
    return [_entry(value["name"], value["text"], value.get("confidence")) for value in values]


def _from_tsv(text: str) -> list[tuple[str, EngineReading]]:
    rows = [row for row in csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE) if any(row)]
    if not rows:
        return []
    head = [column.strip().lower() for column in rows[0]]
    if "name" not in head:
        if any(len(row) != 2 for row in rows):
            raise ValueError("without a head line, each line has a name, a tab and a text")
        return [_entry(name, reading, None) for name, reading in rows]
    columns = [c for c in head if c in _TEXT_COLUMNS] or [c for c in head if c not in _NO_TEXT]
    if len(columns) != 1:
        raise ValueError(f"which column holds the readings: {', '.join(columns) or 'none'}? Call it text")
    name_at, text_at = head.index("name"), head.index(columns[0])
    confidence_at = head.index("confidence") if "confidence" in head else None
    if any(len(row) != len(head) for row in rows):
        raise ValueError("a line has another number of columns than the head line")
    return [_entry(row[name_at], row[text_at], row[confidence_at] if confidence_at is not None else None) for row in rows[1:]]


def _entry(name: str, text: str | None, confidence: Any) -> tuple[str, EngineReading]:
    value = None if confidence in (None, "") else float(confidence)
    if value is not None and not (math.isfinite(value) and 0 <= value <= 1):
        raise ValueError(f"the confidence of {name} is {value:g}, not between 0 and 1")
    if text is not None and not isinstance(text, str):
        raise TypeError(f"the text of {name} is not a string")
    return str(name), EngineReading(text or "", value)


def _by_sample(entries: Sequence[tuple[str, EngineReading]], samples: Sequence[Sample], path: Path) -> dict[str, EngineReading]:
    if repeated := [name for name, count in Counter(name for name, _ in entries).items() if count > 1]:
        raise DatasetError(f"{path}: {repeated[0]} has several predictions")
    fits: defaultdict[str, list[str]] = defaultdict(list)
    for sample in samples:
        parts = PurePosixPath(sample.name)
        stem = parts.with_suffix("")
        for end in {"/".join(p.parts[i:]) for p in (parts, stem) for i in range(len(p.parts))}:
            fits[end].append(sample.name)
    readings: dict[str, EngineReading] = {}
    for name, reading in entries:
        candidates = fits.get(PurePosixPath(name).as_posix(), [])
        if len(candidates) > 1:
            raise DatasetError(f"{path}: {name} could be {candidates[0]} or {candidates[1]}: give longer names")
        if candidates:
            if candidates[0] in readings:
                raise DatasetError(f"{path}: {candidates[0]} has several predictions")
            readings[candidates[0]] = reading
    if not readings:
        raise DatasetError(f"{path}: none of its names fits a line of the datasets, such as {samples[0].name}")
    return readings

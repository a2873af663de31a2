"""All figures of one engine on one set of samples, each with its interval.

Where it stands: between readings and what ``evaluate.py`` prints, writes and reports. Every figure is a ratio of sums over lines:
``count`` says what a line adds, ``_figures`` makes figures of the sums, and the bootstrap computes them again and again.
Definitions: normalisations in ``model/metrics.py``, classes and diacritics in ``evaluation/alignment.py``, calibration in
``evaluation/calibration.py``, lines of pages in ``evaluation/line_finding.py``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from evaluation import alignment, calibration
from evaluation.datasets import Sample
from evaluation.engines import Reading
from evaluation.line_finding import LineCounts, count_lines
from evaluation.statistics import Floats, Interval, intervals
from model.metrics import NORMALISATIONS

LENGTH_BORDERS = (20, 40, 60, 80, 120, 250, 500, 1_000, 2_000, 4_000)  # characters, normalised
CONFUSIONS = 60  # rows that are kept


@dataclass(frozen=True)
class Scored:
    """One engine's readings, counted. ``counts`` has a row for each sample and a column for each of ``columns``."""

    samples: Sequence[Sample]
    readings: Sequence[Reading]
    columns: tuple[str, ...]
    counts: Floats
    confusions: Counter[tuple[str, str]]

    def column(self, name: str) -> Floats:
        """What each sample adds to ``name``."""
        return self.counts[:, self.columns.index(name)]


@dataclass(frozen=True)
class _Ratio:
    """A figure: ``scale`` times the sum of one column over that of another."""

    place: tuple[str, ...]
    numerator: str
    denominator: str
    scale: float = 1.0


_RATIOS = (
    *(
        _Ratio((rule, figure), f"{rule} {above}", f"{rule} {below}")
        for rule in NORMALISATIONS
        for figure, above, below in (("cer", "edits", "characters"), ("wer", "word edits", "words"), ("exact", "exact", "lines"))
    ),
    *(_Ratio(("classes", name, "rate"), f"{name} errors", f"{name} of") for name in alignment.CLASSES),
    _Ratio(("line_finding", "recall"), "line recalled", "line known"),
    _Ratio(("line_finding", "precision"), "line precise", "line found"),
    _Ratio(("line_finding", "order"), "line in_order", "line neighbours"),
    _Ratio(("line_finding", "characters_lost"), "line lost", "line characters"),
    *(_Ratio(("diacritics", what), f"diacritics {what}", "letters", 100.0) for what in ("missing", "wrong", "invented")),
)


def score(samples: Sequence[Sample], readings: Sequence[Reading]) -> Scored:
    """Count each sample's edits. Readings lose what their sample's labels leave out (``Sample.unlabelled``)."""
    confusions: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, float]] = []
    sums: list[Floats] = []
    for sample, reading in zip(samples, readings, strict=True):
        rows.append(_count(sample.truth, sample.visible(reading.text), confusions))
        found = count_lines(sample.lines, reading.lines) if sample.lines and reading.lines is not None else LineCounts()
        rows[-1] |= {f"line {what}": count for what, count in vars(found).items()}
        sums.append(_calibration_sums(sample.truth, reading, rows[-1]))
    columns = (*rows[0], *(f"calibration {i}" for i in range(2 * calibration.COLUMNS)))
    counts = np.concatenate([np.array([list(row.values()) for row in rows]), np.array(sums)], axis=1)
    return Scored(samples, readings, columns, counts, confusions)


def _count(truth: str, text: str, confusions: Counter[tuple[str, str]]) -> dict[str, float]:
    row: dict[str, float] = {}
    for rule, normalise in NORMALISATIONS.items():
        wanted, got = normalise(truth), normalise(text)
        distance = Levenshtein.distance(wanted, got)
        row |= {
            f"{rule} edits": distance,
            f"{rule} characters": len(wanted),
            f"{rule} word edits": Levenshtein.distance(wanted.split(), got.split()),
            f"{rule} words": len(wanted.split()),
            f"{rule} exact": distance == 0,
            f"{rule} lines": 1,
        }
    wanted, got = NORMALISATIONS["normalised"](truth), NORMALISATIONS["normalised"](text)
    found = alignment.edits(wanted, got)
    confusions.update(found)
    classes = Counter(alignment.class_of_edit(*edit) for edit in found)
    for name, of in alignment.possible(wanted).items():
        row |= {f"{name} errors": classes[name], f"{name} of": of}
    row |= {"missed": sum(not read for _, read in found), "invented": sum(not true for true, _ in found)}
    marks = alignment.diacritics(truth, text)
    row |= {f"diacritics {what}": getattr(marks, what) for what in ("missing", "wrong", "invented", "of")}
    row["letters"] = marks.letters
    return row


def _calibration_sums(truth: str, reading: Reading, row: dict[str, float]) -> Floats:
    """Those of the characters, then those of the line."""
    characters = line = np.zeros(calibration.COLUMNS)
    if reading.characters is not None:
        characters = calibration.sums(*calibration.right_characters(truth, reading.characters))
    if reading.confidence is not None:
        right = max(0.0, 1.0 - row["normalised edits"] / max(1.0, row["normalised characters"]))
        line = calibration.sums([reading.confidence], [right])
    return np.concatenate([characters, line])


def _figures(scored: Scored, totals: Floats) -> Floats:
    """The ratios and the two calibration errors, of sums over lines (columns,)."""
    at = {name: i for i, name in enumerate(scored.columns)}
    above = totals[[at[r.numerator] for r in _RATIOS]]
    below = totals[[at[r.denominator] for r in _RATIOS]]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(below > 0, above / below, np.nan) * [r.scale for r in _RATIOS]
    sums = totals[-2 * calibration.COLUMNS :]
    errors = [calibration.expected_calibration_error(sums[i : i + calibration.COLUMNS]) for i in (0, calibration.COLUMNS)]
    return np.concatenate([ratios, errors])


def figures(scored: Scored) -> dict[str, Any]:
    """Everything about one engine, as it goes into JSON. Undefined figures (no digit to read, no confidences) are None."""
    totals = scored.counts.sum(axis=0)
    total = dict(zip(scored.columns, totals.tolist()))
    values = _figures(scored, totals)
    bounds = intervals(scored.counts, lambda sums: _figures(scored, sums))
    out: dict[str, Any] = {rule: {} for rule in NORMALISATIONS}
    out["classes"] = {
        name: {"errors": int(total[f"{name} errors"]), "of": int(total[f"{name} of"]), "share": _share(total, name)}
        for name in alignment.CLASSES
    }
    out["diacritics"] = {"of": int(total["diacritics of"]), "letters": int(total["letters"])}
    out["line_finding"] = {what: int(total[f"line {what}"]) for what in ("known", "found", "characters", "lost")}
    for ratio, value, interval in zip(_RATIOS, values, bounds):
        place = out
        for key in ratio.place[:-1]:
            place = place[key]
        place[ratio.place[-1]] = _number(value)
        place[f"{ratio.place[-1]}_interval"] = interval
    for rule in NORMALISATIONS:
        out[rule] |= {"lines": len(scored.samples), "characters": int(total[f"{rule} characters"]), "edits": int(total[f"{rule} edits"])}
        each = scored.column(f"{rule} edits") / np.maximum(1.0, scored.column(f"{rule} characters"))
        out[rule]["cer_median"] = float(np.median(each))  # of the samples: one page that failed does not decide it
    characters = max(1.0, total["normalised characters"])
    out["missed"] = total["missed"] / characters
    out["invented"] = total["invented"] / characters
    sums = totals[-2 * calibration.COLUMNS :].reshape(2, -1)
    out["calibration"] = {
        what: _calibration(sums[i], values[len(_RATIOS) + i], bounds[len(_RATIOS) + i]) for i, what in enumerate(("characters", "lines"))
    }
    out["confusions"] = [
        {"truth": true, "read": read, "count": count, "class": alignment.class_of_edit(true, read)}
        for (true, read), count in scored.confusions.most_common(CONFUSIONS)
    ]
    out["by_length"] = _by_length(scored)
    out["by_source"] = _by_source(scored)
    out["not_read"] = dict(Counter(reading.failed for reading in scored.readings if reading.failed))
    return out


def _share(total: dict[str, float], name: str) -> float:
    return total[f"{name} errors"] / max(1.0, total["normalised edits"])


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _calibration(sums: Floats, error: float, interval: Interval) -> dict[str, Any] | None:
    if not math.isfinite(error):
        return None
    return {"ece": float(error), "ece_interval": interval, "bins": calibration.reliability(sums)}


def _by_length(scored: Scored) -> list[dict[str, Any]]:
    """Error rates of samples of about one length. ``to`` is None of the longest."""
    bins = np.searchsorted(LENGTH_BORDERS, scored.column("normalised characters"))
    borders: tuple[int | None, ...] = (0, *LENGTH_BORDERS, None)
    return [
        {"from": (borders[b] or 0) + 1 if b else 0, "to": borders[b + 1], **_rates(scored, bins == b)} for b in np.unique(bins).tolist()
    ]


def _by_source(scored: Scored) -> list[dict[str, Any]]:
    """Error rates of each folder or group, most characters first."""
    sources = np.array([sample.source for sample in scored.samples])
    rows = [{"source": str(source), **_rates(scored, sources == source)} for source in np.unique(sources)]
    return sorted(rows, key=lambda row: -row["characters"])


def _rates(scored: Scored, chosen: Any) -> dict[str, Any]:
    """Of some of the samples."""
    sums = {name: float(scored.column(name)[chosen].sum()) for name in scored.columns if name.startswith(("normalised", "letters "))}
    return {
        "lines": int(np.count_nonzero(chosen)),
        "characters": int(sums["normalised characters"]),
        "cer": sums["normalised edits"] / max(1.0, sums["normalised characters"]),
        "cer_letters": sums["letters edits"] / max(1.0, sums["letters characters"]),
        "exact": sums["normalised exact"] / max(1.0, sums["normalised lines"]),
    }

"""All figures of one engine on one set of samples, each with its interval.

Where it stands: between readings and what ``python -m evaluation`` prints, writes and reports. Every figure but the median is made
of sums over lines: ``_count`` says what a line adds, ``_ratios`` and ``_calibration_figures`` make figures of the sums, of all
lines and of each draw of the bootstrap alike. Definitions: normalisations in ``rasm/text/metrics.py``, classes and diacritics in
``evaluation/alignment.py``, calibration in ``evaluation/calibration.py``, lines of pages in ``evaluation/line_finding.py``.
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
from evaluation.engines import EngineReading
from evaluation.infix import count_infix
from evaluation.line_finding import LineCounts, count_lines
from evaluation.statistics import Floats, Interval, intervals, intervals_of_samples
from evaluation.words import SCRIPTS, count_words
from rasm.text.metrics import NORMALISATIONS

LENGTH_BORDERS = (20, 40, 60, 80, 120, 250, 500, 1_000, 2_000, 4_000)  # characters, normalised
CONFUSIONS = 60  # rows that are kept


@dataclass(frozen=True)
class Scored:
    """One engine's readings, counted. ``counts`` has a row for each sample and a column for each of ``columns``."""

    samples: Sequence[Sample]
    readings: Sequence[EngineReading]
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
    *(_Ratio(("classes", name, "share"), f"{name} errors", "normalised edits") for name in alignment.CLASSES),
    _Ratio(("missed",), "missed", "normalised characters"),
    _Ratio(("invented",), "invented", "normalised characters"),
    _Ratio(("words", "found"), "words found", "words"),
    _Ratio(("words", "in_order"), "words in order", "words"),
    *(_Ratio(("words", script), f"words {script} found", f"words {script}") for script in SCRIPTS),
    _Ratio(("infix", "cer"), "infix edits", "infix letters"),
    _Ratio(("infix", "cer_parted"), "infix parted_edits", "infix letters"),
    _Ratio(("line_finding", "recall"), "line recalled", "line known"),
    _Ratio(("line_finding", "precision"), "line precise", "line found"),
    _Ratio(("line_finding", "order"), "line in_order", "line neighbours"),
    _Ratio(("line_finding", "characters_lost"), "line lost", "line characters"),
    *(_Ratio(("diacritics", what), f"diacritics {what}", "letters", 100.0) for what in ("missing", "wrong", "invented")),
)
#: of the lines of one length, or from one source
_RATIOS_OF_SOME = (
    _Ratio(("cer",), "normalised edits", "normalised characters"),
    _Ratio(("cer_letters",), "letters edits", "letters characters"),
    _Ratio(("exact",), "normalised exact", "normalised lines"),
    _Ratio(("cer_infix",), "infix edits", "infix letters"),
    _Ratio(("words_found",), "words found", "words"),
    _Ratio(("words_in_order",), "words in order", "words"),
)
_CALIBRATED = ("characters", "lines")


def score(samples: Sequence[Sample], readings: Sequence[EngineReading]) -> Scored:
    """Count each sample's edits. Readings lose what their sample's labels leave out (``Sample.unlabelled``)."""
    confusions: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, float]] = []
    sums: list[Floats] = []
    for sample, reading in zip(samples, readings, strict=True):
        rows.append(_count(sample.truth, sample.visible(reading.text), confusions))
        found = count_lines(sample.lines, reading.lines) if sample.lines and reading.lines is not None else LineCounts()
        rows[-1] |= {f"line {what}": count for what, count in vars(found).items()}
        rows[-1] |= count_words(sample.truth, sample.visible(reading.text))
        rows[-1] |= {f"infix {what}": count for what, count in vars(count_infix(sample.truth, sample.visible(reading.text))).items()}
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


def _calibration_sums(truth: str, reading: EngineReading, row: dict[str, float]) -> Floats:
    """Those of the characters, then those of the line."""
    characters = line = np.zeros(calibration.COLUMNS)
    if reading.characters is not None:
        characters = calibration.sums(*calibration.right_characters(truth, reading.characters))
    if reading.confidence is not None:
        right = max(0.0, 1.0 - row["normalised edits"] / max(1.0, row["normalised characters"]))
        line = calibration.sums([reading.confidence], [right])
    return np.concatenate([characters, line])


def _ratios(scored: Scored, totals: Floats, ratios: Sequence[_Ratio]) -> Floats:
    """Of sums over lines (..., columns); NaN where the denominator is 0."""
    at = {name: i for i, name in enumerate(scored.columns)}
    above = totals[..., [at[r.numerator] for r in ratios]]
    below = totals[..., [at[r.denominator] for r in ratios]]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan) * [r.scale for r in ratios]


def _calibration_figures(totals: Floats) -> Floats:
    """Of sums over lines (..., columns): both errors, then what is right in each bin of the characters, then of the lines."""
    sums = _calibration_totals(totals)
    rights = calibration.right_by_bin(sums)
    return np.concatenate([calibration.expected_calibration_error(sums), rights.reshape(*rights.shape[:-2], -1)], axis=-1)


def _calibration_totals(totals: Floats) -> Floats:
    """(..., columns) -> (..., 2, calibration.COLUMNS): of the characters, of the lines."""
    return totals[..., -2 * calibration.COLUMNS :].reshape(*totals.shape[:-1], 2, calibration.COLUMNS)


def figures(scored: Scored) -> dict[str, Any]:
    """Everything about one engine, as it goes into JSON. Undefined figures (no digit to read, no confidences) are None."""
    totals = scored.counts.sum(axis=0)
    total = dict(zip(scored.columns, totals.tolist()))
    bounds = intervals(scored.counts, lambda sums: np.concatenate([_ratios(scored, sums, _RATIOS), _calibration_figures(sums)], axis=-1))
    out: dict[str, Any] = {rule: {} for rule in NORMALISATIONS}
    out["classes"] = {name: {"errors": int(total[f"{name} errors"]), "of": int(total[f"{name} of"])} for name in alignment.CLASSES}
    out["diacritics"] = {"of": int(total["diacritics of"]), "letters": int(total["letters"])}
    out["line_finding"] = {what: int(total[f"line {what}"]) for what in ("known", "found", "characters", "lost")}
    out["words"] = {"of": int(total["words"]), "of_script": {script: int(total[f"words {script}"]) for script in SCRIPTS}}
    out["infix"] = {what: int(total[f"infix {what}"]) for what in ("letters", "edits", "parted_edits")}
    _put(out, _RATIOS, _ratios(scored, totals, _RATIOS), bounds)
    for rule in NORMALISATIONS:
        out[rule] |= {"lines": len(scored.samples), "characters": int(total[f"{rule} characters"]), "edits": int(total[f"{rule} edits"])}
        each = scored.column(f"{rule} edits") / np.maximum(1.0, scored.column(f"{rule} characters"))
        (interval,) = intervals_of_samples(each, [np.median])
        # of the samples: one page that failed does not decide it
        out[rule] |= {"cer_median": float(np.median(each)), "cer_median_interval": interval}
    out["calibration"] = _calibration(totals, bounds[len(_RATIOS) :])
    out["confusions"] = [
        {"truth": true, "read": read, "count": count, "class": alignment.class_of_edit(true, read)}
        for (true, read), count in scored.confusions.most_common(CONFUSIONS)
    ]
    out["by_length"] = _by_length(scored)
    out["by_source"] = _by_source(scored)
    out["not_read"] = dict(Counter(reading.failed for reading in scored.readings if reading.failed))
    return out


def _put(out: dict[str, Any], ratios: Sequence[_Ratio], values: Floats, bounds: Sequence[Interval]) -> None:
    """Each figure and its interval at its place in ``out``."""
    for ratio, value, interval in zip(ratios, values.tolist(), bounds):
        place = out
        for key in ratio.place[:-1]:
            place = place[key]
        place[ratio.place[-1]] = value if math.isfinite(value) else None
        place[f"{ratio.place[-1]}_interval"] = interval


def _calibration(totals: Floats, bounds: Sequence[Interval]) -> dict[str, Any]:
    """bounds: intervals of ``_calibration_figures``. None for what the engine gives no confidences of."""
    out: dict[str, Any] = {}
    for i, (what, sums) in enumerate(zip(_CALIBRATED, _calibration_totals(totals))):
        error = float(calibration.expected_calibration_error(sums))
        of_bins = bounds[len(_CALIBRATED) + i * calibration.BINS :]
        row = {"ece": error, "ece_interval": bounds[i], "bins": calibration.reliability(sums, of_bins)}
        out[what] = row if math.isfinite(error) else None
    return out


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
    """Of some of the samples; intervals are over these alone."""
    counts = scored.counts[chosen]
    totals = counts.sum(axis=0)
    out: dict[str, Any] = {"lines": len(counts), "characters": int(totals[scored.columns.index("normalised characters")])}
    bounds = intervals(counts, lambda sums: _ratios(scored, sums, _RATIOS_OF_SOME))
    _put(out, _RATIOS_OF_SOME, _ratios(scored, totals, _RATIOS_OF_SOME), bounds)
    return out

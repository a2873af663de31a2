"""The report of a run: one HTML file that opens without the internet, its JSON, and one line that says it all.

Where it stands: the end of ``python -m evaluation --report``. The page is ``report.html.jinja``, filled in by Jinja2, which escapes
every text: names, truths and readings are whatever files held. Images are in the file, as data: addresses.
"""

from __future__ import annotations

import base64
import itertools
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
from rapidfuzz.distance import Levenshtein

from evaluation.alignment import kind_of
from evaluation.datasets import Sample
from evaluation.scoring import Scored
from rasm import __version__
from rasm.errors import RasmError
from rasm.image import Pixels, to_grey
from rasm.text.metrics import NORMALISATIONS, UNIFIED, normalised, raw

WORST = 40  # samples that are shown
_LINE_PX, _PAGE_PX = (900, 72), (700, 1_000)  # the largest width and height of a picture in the report
_TEMPLATE = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True)
class Piece:
    """A stretch of text in one colour: "same", "forgiven" (not an error once normalised) or "wrong"."""

    text: str
    mark: str


@dataclass(frozen=True)
class Column:
    """Words of truth and reading that stand one above the other."""

    truth: list[Piece]
    read: list[Piece]


def write_report(folder: Path, result: Mapping[str, Any], scored: Mapping[str, Scored]) -> None:
    """report.html, report.json and summary.txt in ``folder``, which exists."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATE.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"percent": percent, "sign": sign, "number": number}
    page = environment.get_template(_TEMPLATE.name).render(
        result=result, rules=list(NORMALISATIONS), worst={name: worst(s, result["kind"]) for name, s in scored.items()}, version=__version__
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "summary.txt").write_text(summary_line(result) + "\n", encoding="utf-8")


def summary_line(result: Mapping[str, Any]) -> str:
    """Every engine's normalised error on one line, and how the first compares with the others."""
    parts = []
    for name, engine in result["engines"].items():
        rates = engine["normalised"]
        speed = f", {engine['lines_per_second']:.1f} {result['kind']}/s" if engine["lines_per_second"] is not None else ""
        parts.append(f"{name}: CER {percent(rates['cer'])}, WER {percent(rates['wer'])}, {percent(rates['exact'], 1)} exact{speed}")
    for row in result["comparisons"]:
        cer = row["normalised"]["cer"]
        times = "" if cer["ratio"] is None else f"{cer['ratio']:.2f} times the errors of {row['second']} (p = {cer['p']:.2g})"
        speed = f"{row['speed']['ratio']:.1f} times its speed" if row["speed"] else ""
        if times or speed:
            parts.append(f"{row['first']}: " + ", ".join(part for part in (times, speed) if part))
    return f"{result['lines']} {result['kind']}, normalised: " + "; ".join(parts)


def worst(scored: Scored, kind: str) -> list[dict[str, Any]]:
    """The samples with the most errors, normalised, each with its picture and its aligned texts."""
    edits = scored.column("normalised edits")
    order = [i for i in np.argsort(-edits, kind="stable").tolist() if edits[i]][: WORST if kind == "lines" else WORST // 4]
    return [
        {
            "name": scored.samples[i].name,
            "edits": int(edits[i]),
            "cer": float(edits[i] / max(1.0, scored.column("normalised characters")[i])),
            "confidence": scored.readings[i].confidence,
            "failed": scored.readings[i].failed,
            "picture": picture(scored.samples[i], kind),
            "columns": align(scored.samples[i].truth, scored.samples[i].visible(scored.readings[i].text)),
        }
        for i in order
    ]


def align(truth: str, read: str) -> list[Column]:
    """Truth and reading cut, wherever both have the same space, into columns of words that belong together.

    Words of Latin letters or digits that follow each other stay in one column: columns run from right to left, those words do not.
    """
    truth, read = raw(truth), raw(read)
    columns = [Column([], [])]
    # look-alikes are of one length with what they are unified to, so positions stay
    for code in Levenshtein.opcodes(truth.translate(UNIFIED), read.translate(UNIFIED)):
        left, right = truth[code.src_start : code.src_end], read[code.dest_start : code.dest_end]
        if code.tag != "equal":
            for side, text, other in ((columns[-1].truth, left, right), (columns[-1].read, right, left)):
                if text:
                    side.append(Piece(text, "forgiven" if _alike(text, other) else "wrong"))
            continue
        words = left.split(" ")
        for n, (word, as_read) in enumerate(zip(words, right.split(" "), strict=True)):
            if n and _left_to_right(words[n - 1] or _last(columns[-1])) and _left_to_right(word):
                word, as_read = " " + word, " " + as_read
            elif n:
                columns.append(Column([], []))
            for same, signs in itertools.groupby(zip(word, as_read), key=lambda pair: pair[0] == pair[1]):
                pairs = list(signs)
                mark = "same" if same else "forgiven"
                columns[-1].truth.append(Piece("".join(t for t, _ in pairs), mark))
                columns[-1].read.append(Piece("".join(r for _, r in pairs), mark))
    return [column for column in columns if column.truth or column.read]


def _alike(text: str, other: str) -> bool:
    """Whether normalisation makes one of both. A space alone would vanish there, and is an error nevertheless."""
    return text.count(" ") == other.count(" ") and normalised(text) == normalised(other)


def _last(column: Column) -> str:
    return column.truth[-1].text if column.truth else ""


def _left_to_right(word: str) -> bool:
    return any(kind_of(c) in ("latin", "digits") for c in word) and not any(kind_of(c) == "letters" for c in word)


def picture(sample: Sample, kind: str) -> str:
    """The sample's image, made small, as a data: address; empty where it cannot be opened."""
    try:
        image = next(sample.pages()) if kind == "pages" else sample.pixels()
    except RasmError:
        return ""
    width_px, height_px = _PAGE_PX if kind == "pages" else _LINE_PX
    scale = min(1.0, width_px / image.shape[1], height_px / image.shape[0])
    grey: Pixels = to_grey(image)
    if scale < 1:
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, data = cv2.imencode(".png" if kind == "lines" else ".jpg", grey)
    return f"data:image/{'png' if kind == 'lines' else 'jpeg'};base64,{base64.b64encode(data.tobytes()).decode()}"


def percent(value: float | None, digits: int = 2) -> str:
    """0.0178 -> 1.78%."""
    return "–" if value is None else f"{value:.{digits}%}"


def number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def sign(character: str) -> str:
    """One sign as a person can see it: spaces are drawn, marks stand on a circle."""
    if character == " ":
        return "␣"
    return f"◌{character}" if unicodedata.combining(character) else character

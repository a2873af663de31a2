"""What an adapted model reads better, and what worse: held-out lines of the pairs, and rendered lines of several kinds.

Where it stands: the last step of ``scripts/adapt.py``. A user has no other real lines to compare on, so the reference is rendered: texts of
``scripts/texts``, which nothing is trained on, in the machine's fonts, printed and scanned as ``model/rendering`` does it. The same lines
come each time. Whether a difference is more than chance says a paired permutation test over lines.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein
from tqdm import tqdm

from evaluation.statistics import paired_permutation_p
from model.data.arrays import LineArrays
from model.rendering import kinds
from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import TextSource, load_texts
from rasm.image import ImageSettings, Pixels
from rasm.lines.recognizer import Recognizer
from rasm.text.charset import Charset
from rasm.text.metrics import raw
from rasm.text.normalisation import finish_reading
from rasm.weights import SHIPPED_MODEL

TEXTS = Path(__file__).resolve().parent / "texts"
#: kind: the file of scripts/texts that its lines are of; figures are made up
KINDS = {"Arabic": "ar", "with vowel signs": "vowelled", "Persian": "fa", "Urdu": "ur", "English": "en", "figures and codes": ""}
LINES = 60  # of each kind: some 2,500 signs, of which half a point is a dozen
CHARACTERS = 60
CHANCE = 0.05  # as is usual
LEAST_LOSS = 0.003  # a smaller difference bothers nobody, however sure it is
LOSS_WEIGHT = 3.0  # a choice: what a kind of lines loses is counted three times, since the model is to read other documents too
OWN = "held-out lines"
ENDS = 3  # signs at each end of a line, which are missing where its picture was cut too close


@dataclass(frozen=True)
class Figure:
    """How one kind of lines is read. rates: the share of signs read wrong, by model; p: of it being chance that it differs from before.

    at_ends: the share of what is wrong that stands in the first or the last ``ENDS`` signs of its line. worst: the most of what is wrong
    in one line, as a share of all.
    """

    kind: str
    lines: int
    rates: dict[str, float]
    p: dict[str, float]
    at_ends: dict[str, float] = field(default_factory=dict)
    worst: dict[str, float] = field(default_factory=dict)

    def is_better(self, model: str) -> bool:
        return self.rates[model] < self.rates["before"] and self.p[model] < CHANCE

    def is_worse(self, model: str) -> bool:
        return self.rates[model] > self.rates["before"] + LEAST_LOSS and self.p[model] < CHANCE

    def mark(self, model: str) -> str:
        return "  better" if self.is_better(model) else "  WORSE" if self.is_worse(model) else ""


def measure(models: Mapping[str, Path], held_out: Path, fonts: Sequence[str]) -> list[Figure]:
    """Figures of the held-out lines, and then of each rendered kind. models: "before" and others, by name."""
    recognizers = {name: Recognizer(path) for name, path in models.items()}
    arrays = LineArrays(held_out)
    chosen = range(len(arrays))
    sets = [(OWN, [arrays.line(i) for i in chosen], [arrays.text(i) for i in chosen], arrays.unlabelled)]
    sets += [(kind, lines, texts, "") for kind, lines, texts in reference(arrays.charset, arrays.image, fonts)]
    figures = []
    for kind, lines, texts, unlabelled in tqdm(sets, "measuring", unit="kind", leave=False, disable=None):
        hidden = str.maketrans("", "", unlabelled)
        truths = [raw(finish_reading(text).translate(hidden)) for text in texts]
        edits, at_ends, worst = {}, {}, {}
        for name, recognizer in recognizers.items():
            readings = [raw(reading.text.translate(hidden)) for reading in recognizer.read_arrays(lines)]
            wrong_at = [[op.src_pos for op in Levenshtein.editops(a, b)] for a, b in zip(truths, readings, strict=True)]
            edits[name] = np.array([len(places) for places in wrong_at], dtype=float)
            total = max(1.0, float(edits[name].sum()))
            at_ends[name] = sum(at < ENDS or at >= len(a) - ENDS for a, of in zip(truths, wrong_at, strict=True) for at in of) / total
            worst[name] = float(edits[name].max(initial=0.0)) / total
        signs = sum(map(len, truths))
        rates = {name: float(wrong.sum() / signs) for name, wrong in edits.items()}
        p = {name: paired_permutation_p(wrong - edits["before"]) for name, wrong in edits.items()}
        figures.append(Figure(kind, len(lines), rates, p, at_ends, worst))
    return figures


def reference(charset: Charset, image: ImageSettings, fonts: Sequence[str]) -> list[tuple[str, list[Pixels], list[str]]]:
    """Rendered lines (height_px, width_px) of each kind with their texts; kinds whose letters no font here has are left out."""
    found = find_fonts(fonts, charset)
    sets = []
    for kind, name in KINDS.items():
        sources = load_texts([str(TEXTS / f"{name}.txt")]) if name else [figures_to_draw()]
        letters = {c for source in sources for p in source.passages for c in p if c.isalpha() and c not in charset.missing(p)}
        if not any(letters <= font.coverage for font in found) and name:
            continue
        synthesizer = Synthesizer(sources, found, charset, image, max_characters=CHARACTERS, as_written=True)
        drawn = [synthesizer.line(f"reference {kind} {n}") for n in range(LINES)]
        sets.append((kind, [line.pixels for line in drawn], [line.text for line in drawn]))
    return sets


def figures_to_draw() -> TextSource:
    """Codes, amounts, addresses and dates, as rendered lines of today have them."""
    rng = random.Random("reference figures")
    words = (TEXTS / "ar.txt").read_text(encoding="utf-8").split()
    return TextSource("figures", [kinds.item(rng, words) for _ in range(400)], 1.0)


def choose(figures: Sequence[Figure]) -> str:
    """Of the models that read the held-out lines surely better, the one that gains most, less what it surely loses elsewhere.

    Source of the means of weights: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
    """
    own, *others = figures
    models = [name for name in own.rates if name != "before"]
    models = [name for name in models if own.is_better(name)] or models

    def cost(name: str) -> float:
        lost = sum(f.rates[name] - f.rates["before"] for f in others if f.is_worse(name))
        return own.rates[name] + LOSS_WEIGHT * lost / max(1, len(others))

    return min(models, key=cost)


def write_calibrated(source: Path, out: Path, before: str) -> None:
    """The model with the confidences' calibration of the shipped one: so few lines have too few errors to fit another."""
    from export import write_info

    shipped = SHIPPED_MODEL.with_name(f"{before}.onnx")
    info = Recognizer(source, threads=1).info
    calibration = Recognizer(shipped, threads=1).info.calibration if shipped.exists() else info.calibration
    beside = out.with_name(f".{out.name}.partial")
    beside.write_bytes(source.read_bytes())
    write_info(beside, replace(info, calibration=calibration))
    beside.replace(out)

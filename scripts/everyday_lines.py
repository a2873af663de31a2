"""What people print today, and hardly stands in books: how it is read. The table of docs/everyday-lines.md.

    python -m scripts.everyday_lines --fonts FOLDER --out docs/everyday-lines.md
    python -m scripts.everyday_lines --fonts FOLDER --model new.onnx --only English codes --lines 50 --without-tesseract --show 5

Lines of each kind (``scripts/everyday_kinds.py``) are drawn by Chromium, undamaged, from 12 pixels on, in the faces of FOLDER; the
models should not have been trained with these (docs/training.md names those that are kept out). A sign that a face lacks is drawn in
another, as browsers do. Models and Tesseract read the same images.

Readings are in the letters of the language that ``guess_language`` finds in all lines of a kind. Nothing else is made alike but what
labels make alike: the lengths of dashes, the forms of quotes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
from tqdm import tqdm

from evaluation.datasets import Sample, open_samples
from evaluation.engines import Decoder, Engine, RasmLines
from evaluation.tesseract import Tesseract
from rasm.command_line import PATH, command, option, positive, run, write_page
from rasm.errors import ConfigError
from rasm.image import decode
from rasm.text import metrics
from rasm.text.charset import UNKNOWN
from rasm.text.languages import guess_language, write_in
from rasm.text.normalisation import OTHER_LANGUAGES, LabelSettings, normalise_label
from rasm.weights import shipped_models
from scripts.everyday_drawing import Drawer, Drawn, find_faces
from scripts.everyday_kinds import KINDS, STRANGERS, Kind

CONFIDENT = 0.8  # of a letter that is read where none stands: so much, and whoever reads it believes it


@command("python -m scripts.everyday_lines", __doc__, stopped="; nothing was written")
@option("--model", several=True, type=PATH, default=shipped_models(), metavar="FILE", show_default="the shipped models", help="Who reads.")
@option("--fonts", several=True, type=PATH, required=True, metavar="FOLDER", help="Folders of fonts that no model was trained with.")
@option("--only", several=True, metavar="KIND", show_default="all", help="Kinds of lines, by the beginnings of their names.")
@option("--lines", type=positive, default=200, metavar="N", help="So many of each kind.")
@option("--decoder", type=click.Choice(("greedy", "beam")), default="greedy", help="How Rasm reads.")
@option("--without-tesseract", is_flag=True, help="Rasm alone.")
@option("--keep", type=PATH, metavar="FOLDER", help="Keep the images here, with their texts.")
@option("--show", type=positive, metavar="N", help="Show so many wrong readings of each kind and model.")
@option("--out", type=PATH, metavar="FILE", help="Write the table here, not to the terminal.")
def measure(
    model: Sequence[Path],
    fonts: Sequence[Path],
    only: Sequence[str],
    lines: int,
    decoder: Decoder,
    without_tesseract: bool,
    keep: Path | None,
    show: int | None,
    out: Path | None,
) -> None:
    kinds = [kind for kind in (*KINDS, STRANGERS) if not only or kind.name.startswith(tuple(only))]
    if not kinds:
        raise ConfigError(f"no kind begins with {', '.join(only)}; there are: {', '.join(k.name for k in (*KINDS, STRANGERS))}")
    models = [RasmLines(path, 1, path.stem, decoder=decoder) for path in model]
    tables = []
    with Drawer(find_faces(fonts)) as drawer, tempfile.TemporaryDirectory(prefix="rasm-everyday-") as folder:
        for kind in tqdm(kinds, unit="kind"):
            drawn = drawer.draw(kind, lines)
            if kind is STRANGERS:
                tables.append(strangers(drawn, models) + (" |" if without_tesseract else " | |"))
                continue
            samples = write_pairs(drawn, (keep or Path(folder)) / kind.name.replace(" ", "-"))
            engines: list[Engine] = [*models, *([] if without_tesseract else [Tesseract(1, models=kind.tesseract)])]
            tables.append(row(kind, samples, engines, show or 0))
        families = sorted({face.family for face in drawer.faces})
    names = [f"{e.about['model']} {e.about['version']} ({Path(e.name).name})" for e in models]
    if not without_tesseract:
        names.append("Tesseract")
    page = f"""# What people print today

`python -m scripts.everyday_lines --fonts FOLDER --out docs/everyday-lines.md` wrote this page.
Chromium drew {lines} lines of each kind, undamaged, 12 to 36 px high, in faces that no model was trained with.
Tesseract read with its models of each kind's languages, and page mode 13.
Cells have lines read exactly, character errors and, of prose, words read right. Vowel signs and all marks count.

| faces |
|---|
| {", ".join(families)} |

| | for instance | {" | ".join(names)} |
|---|---|{"---|" * len(names)}
"""
    write_page(page + "\n".join(tables) + "\n", out)


def write_pairs(drawn: Sequence[Drawn], folder: Path) -> Sequence[Sample]:
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(drawn):
        cv2.imwrite(str(folder / f"{number:04}.png"), line.pixels[..., ::-1])
        (folder / f"{number:04}.gt.txt").write_text(line.text, encoding="utf-8")
    return open_samples([folder], "lines", 0).items


def row(kind: Kind, samples: Sequence[Sample], engines: Sequence[Engine], show: int) -> str:
    """A row of the table."""
    truths, cells = [sample.truth for sample in samples], []
    for engine in engines:
        readings = [reading.text for reading in engine.read(engine.prepare(samples))]
        readings = as_labels(readings, kind)
        rates = metrics.error_rates(truths, readings)
        wrong = [(a, b) for a, b in zip(truths, readings, strict=True) if a != b][:show]
        for truth, reading in wrong:
            print(f"{kind.name}, {engine.name}:\n  {truth}\n  {reading}", file=sys.stderr)
        cells.append(f"**{rates.exact:.0%}**, {rates.cer:.1%}" + (f", {right_words(truths, readings):.0%}" if kind.words else ""))
    return f"| {kind.name} | `{truths[0]}` | {' | '.join(cells)} |"


def as_labels(readings: Sequence[str], kind: Kind) -> list[str]:
    """Readings of a document of such lines, in its language's letters and the form of labels."""
    language = guess_language(readings)
    settings = LabelSettings(keep_apart=("question-mark",) if kind.language == "ar" else OTHER_LANGUAGES, joiners="keep")
    return [normalise_label(write_in(reading, language), settings) for reading in readings]


def right_words(truths: Sequence[str], readings: Sequence[str]) -> float:
    """The share of the words that are in the reading of their line."""
    pairs = [(word, reading.split()) for truth, reading in zip(truths, readings, strict=True) for word in truth.split()]
    return sum(word in words for word, words in pairs) / max(1, len(pairs))


def strangers(drawn: Sequence[Drawn], models: Sequence[RasmLines]) -> str:
    """The row of lines with a sign that no charset has: how many give a confident letter in its place, and how many U+FFFD."""
    cells = []
    for model in models:
        letter = unknown = 0
        for line in drawn:
            left, right = line.stranger or (0.0, 0.0)
            _, png = cv2.imencode(".png", line.pixels[..., ::-1])
            there = [s for s in model.recognizer.read([decode(png.tobytes())])[0].signs if left <= (s.start_px + s.end_px) / 2 <= right]
            letter += any(s.text.isalpha() and s.text >= "\u0600" and s.confidence > CONFIDENT for s in there)
            unknown += any(s.text == UNKNOWN for s in there)
        cells.append(f"{letter} of {len(drawn)} have a sure letter there, {unknown} U+FFFD")
    return f"| {STRANGERS.name} | `{drawn[0].text}` | {' | '.join(cells)}"


def main(arguments: Sequence[str] | None = None) -> int:
    return run(measure, arguments)


if __name__ == "__main__":
    sys.exit(main())

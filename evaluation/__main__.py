"""How well, and how fast, engines read datasets with known text: Rasm, a checkpoint of it, Tesseract, or a file of predictions.

    python -m evaluation LINES                                          the shipped model
    python -m evaluation LINES --engine rasm tesseract --report out     both, compared in pairs, with a report to look at
    python -m evaluation LINES --model a.onnx runs/mine/best.pt         several models
    python -m evaluation LINES --engine rasm predictions other.tsv      what anything else has read
    python -m evaluation PAGES --engine rasm tesseract                  pages or PDFs with their text
    python -m evaluation DRAWN --engine rasm tesseract --languages ara+eng       drawn pages, kind by kind
    python -m evaluation PDFS --task kitab-markdown                     PDFs with Markdown as their labels, as KITAB-Bench marks them

Where it stands: the end of the training way. Several engines read the same samples in one run and are scored by the same
rules. Datasets are folders of image and text pairs, arrays of preprocess.py, or folders of pages (``evaluation/datasets.py``).
Every figure's definition: ``docs/evaluation.md``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from evaluation import statistics
from evaluation.comparison import compare
from evaluation.datasets import Kind, Sample, Samples, open_samples
from evaluation.engines import Decoder, Engine, RasmLines
from evaluation.predictions import Predictions
from evaluation.report import summary_line, write_report
from evaluation.scoring import Scored, figures, score
from evaluation.tesseract import Tesseract
from evaluation.timing import Run, take_turns
from evaluation.words import SCRIPTS
from rasm import command_line
from rasm.command_line import PATH, argument, command, count, option, positive
from rasm.errors import ConfigError
from rasm.pages.reader import PdfText
from rasm.text import metrics
from rasm.weights import SHIPPED_MODEL

FORMAT_VERSION = 1  # of the JSON object
_OF_SOURCES = ("words_found", "words_in_order", "cer", "cer_infix")  # of pages, in the terminal


@dataclass(frozen=True)
class Options:
    """Those of the command line, which says what each means."""

    datasets: Sequence[Path]
    model: Sequence[Path]
    engine: Sequence[str]
    kind: Literal["auto", "lines", "pages"]
    threads: int
    decoder: Decoder
    psm: int | None
    languages: str
    limit: int
    json: bool
    report: Path | None
    readings: Path | None
    task: Literal["text", "kitab-markdown"]
    pdf_text: PdfText


def run(args: Options) -> int:
    if args.task == "kitab-markdown":
        return run_markdown(args)
    if args.report:
        args.report.mkdir(parents=True, exist_ok=True)  # before the long work, not after it
    if args.readings:
        args.readings.parent.mkdir(parents=True, exist_ok=True)
    found = open_samples(args.datasets, args.kind, args.limit)
    if found.unusable:
        print(f"{found.unusable} pairs cannot be used and are left out: preprocess.py tells why", file=sys.stderr)
    engines = open_engines(args, found)
    runs = take_turns(engines, found.items, found.kind.removesuffix("s"))
    samples = found.items[: len(runs[engines[0].name].readings)]
    if stopped := len(samples) < len(found.items):
        print(
            f"\npython -m evaluation: stopped; the figures are those of {len(samples)} of {len(found.items)} {found.kind}", file=sys.stderr
        )
    scored = {engine.name: score(samples, runs[engine.name].readings) for engine in engines}
    result = assemble(args, found, samples, engines, runs, scored)
    if args.readings:
        write_readings(args.readings, scored)
    if args.report:
        write_report(args.report, result, scored)
        write_readings(args.report / "readings.tsv", scored)
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print_table(result)
        print(summary_line(result))
        if args.report:
            print(f"wrote {args.report / 'report.html'}")
    return 130 if stopped else 0


def run_markdown(args: Options) -> int:
    """``--task kitab-markdown``. Raises ConfigError where an engine cannot make Markdown."""
    from evaluation import markdown

    if unable := [word for word in args.engine if word not in ("rasm", "tesseract")]:
        raise ConfigError(f"--task kitab-markdown is for rasm and tesseract, not for {unable[0]}")
    found = markdown.labels(args.datasets, args.limit)
    converters: list[markdown.Converter] = []
    if "rasm" in args.engine:
        models = list(dict.fromkeys(args.model or [SHIPPED_MODEL]))
        names = ["rasm"] if len(models) == 1 else [model.stem for model in models]
        converters += [markdown.RasmMarkdown(model, args.threads, args.pdf_text, name) for model, name in zip(models, names, strict=True)]
    if "tesseract" in args.engine:
        converters.append(markdown.TesseractText(args.threads, args.languages))
    results = {converter.name: markdown.marks(found, *markdown.convert(converter, found)) for converter in converters}
    print(json.dumps(markdown.as_json(results), ensure_ascii=False) if args.json else markdown.report(results))
    return 0


def open_engines(args: Options, found: Samples) -> list[Engine]:
    """The engines that --engine and --model name, in that order. Raises ConfigError, or an error of what they open."""
    wanted: list[tuple[str, Path | None]] = []
    words = iter(args.engine)
    for word in words:
        if word == "predictions":
            if (named := next(words, None)) is None:
                raise ConfigError("--engine predictions needs a file: predictions FILE")
            wanted.append((word, Path(named)))
        elif word == "rasm":
            wanted += [(word, model) for model in dict.fromkeys(args.model or [SHIPPED_MODEL])]
        elif word == "tesseract":
            wanted.append((word, None))
        else:
            raise ConfigError(f"no engine is called {word}: there are rasm, tesseract and predictions FILE (datasets come before --engine)")
    wanted = list(dict.fromkeys(wanted))
    if args.model and "rasm" not in args.engine:
        raise ConfigError("--model is given, but rasm is not among --engine")
    engines: list[Engine] = []
    names = _names(wanted)
    for (word, file), name in zip(wanted, names, strict=True):
        if word == "tesseract":
            engines.append(Tesseract(args.threads, found.kind, args.psm, args.languages))
        elif word == "predictions":
            assert file is not None
            predictions = Predictions(file, found.items, name)
            if predictions.missing:
                print(
                    f"{file}: no prediction for {predictions.missing} of {len(found.items)} {found.kind}: they count as read empty",
                    file=sys.stderr,
                )
            engines.append(predictions)
        else:
            assert file is not None
            engines.append(open_rasm(file, args.threads, found.kind, name, args.decoder))
    return engines


def open_rasm(model: Path, threads: int, kind: Kind, name: str, decoder: Decoder) -> Engine:
    if kind == "lines":
        return RasmLines(model, threads, name, decoder=decoder)
    from evaluation.pages import RasmPages

    return RasmPages(model, threads, name, decoder=decoder)


def _names(wanted: Sequence[tuple[str, Path | None]]) -> list[str]:
    """``rasm`` if there is one model, else the models' names; predictions are called as their files are. None twice."""
    models = sum(word == "rasm" for word, _ in wanted)
    names = [word if file is None or (word == "rasm" and models == 1) else file.stem for word, file in wanted]
    repeated = {name for name, count in Counter(names).items() if count > 1}
    names = [str(file) if name in repeated and file is not None else name for name, (_, file) in zip(names, wanted)]
    return names


def assemble(
    args: Options,
    found: Samples,
    samples: Sequence[Sample],
    engines: Sequence[Engine],
    runs: dict[str, Run],
    scored: dict[str, Scored],
) -> dict[str, Any]:
    """Every figure, as --json prints it."""
    result: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "kind": found.kind,
        "lines": len(samples),
        "left_out": found.unusable,
        "threads": args.threads,
        "datasets": [path.name for path in args.datasets],
        "confidence_level": statistics.CONFIDENCE_LEVEL,
        "resamples": statistics.RESAMPLES,
        "seed": statistics.SEED,
        "engines": {},
    }
    for engine in engines:
        run = runs[engine.name] if engine.timed else None
        result["engines"][engine.name] = {
            "about": {**engine.about, "start_s": engine.start_s} if engine.timed else engine.about,
            "lines_per_second": run and run.per_second,
            "lines_per_second_interval": run and run.per_second_interval,
            **figures(scored[engine.name]),
        }
    result["comparisons"] = compare(scored, runs, {engine.name: engine.timed for engine in engines})
    result["summary"] = summary_line(result)
    return result


def write_readings(path: Path, scored: dict[str, Scored]) -> None:
    """Name, truth and each engine's reading: a TSV that ``--engine predictions`` takes if it is of one engine."""
    first = next(iter(scored.values()))
    rows = [("name", "truth", *scored)]
    for i, sample in enumerate(first.samples):
        rows.append((sample.name, sample.truth, *(s.readings[i].text for s in scored.values())))
    lines = ("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def print_table(result: dict[str, Any]) -> None:
    """The main figures, an engine a column; what follows ± is half the interval."""
    engines: dict[str, Any] = result["engines"]
    unit = result["kind"]
    rows = [(f"{result['lines']} {unit}, {result['threads']} thread(s)", list(engines))]
    for rule in metrics.NORMALISATIONS:
        for what in ("cer", "wer"):
            rows.append((f"{what.upper()} {rule}", [_cell(engine[rule], what) for engine in engines.values()]))
    rows.append((f"exact {unit}, normalised", [_cell(engine["normalised"], "exact") for engine in engines.values()]))
    rows.append(("errors per 100 of their class", ["" for _ in engines]))
    for name in next(iter(engines.values()))["classes"]:
        rows.append((f"  {name}", [_cell(engine["classes"][name], "rate") for engine in engines.values()]))
    rows.append(("diacritics per 100 letters", ["" for _ in engines]))
    for name in ("missing", "wrong", "invented"):
        rows.append((f"  {name}", [_cell(engine["diacritics"], name, "") for engine in engines.values()]))
    for name in ("characters", "lines"):
        errors = [engine["calibration"][name] for engine in engines.values()]
        rows.append((f"calibration error, {name}", ["-" if e is None else _cell(e, "ece") for e in errors]))
    if unit == "pages":
        rows.append(("CER kitab, median page", [_cell(engine["kitab"], "cer_median") for engine in engines.values()]))
        rows.append(("words", ["" for _ in engines]))
        for name in ("found", "in_order", *SCRIPTS):
            rows.append((f"  {name.replace('_', ' ')}", [_cell(engine["words"], name) for engine in engines.values()]))
        rows.append(("CER letters, infix", [_cell(engine["infix"], "cer") for engine in engines.values()]))
        rows.append(("CER letters, infix, parted", [_cell(engine["infix"], "cer_parted") for engine in engines.values()]))
    if any(engine["line_finding"]["known"] for engine in engines.values()):
        rows.append(("lines of known place", ["" for _ in engines]))
        for name in ("recall", "precision", "order", "characters_lost"):
            rows.append((f"  {name.replace('_', ' ')}", [_cell(engine["line_finding"], name) for engine in engines.values()]))
    rows.append((f"{unit}/s", [_cell(engine, "lines_per_second", "") for engine in engines.values()]))
    for title, cells in rows:
        print(f"{title:32}" + "".join(f"{cell:>20}" for cell in cells))
    for row in result["comparisons"]:
        print(f"\nerrors of {row['first']} over those of {row['second']}")
        for rule in ("normalised", "kitab"):
            shares = row[rule]["ratio_of_samples"]
            of_all = f"of all {_ratio(row[rule]['cer'], 'ratio')}"
            of_each = f"of each of the {unit}: mean {_ratio(shares, 'mean')}, median {_ratio(shares, 'median')}"
            print(f"  {rule:12} {of_all}; {of_each}")
        if row["speed"]:
            speed = row["speed"]
            by_turn = f"{speed['ratio_lowest']:.1f} to {speed['ratio_highest']:.1f} by turn"
            print(f"  {unit + '/s':12} {_ratio(speed, 'ratio')} times as many; {by_turn}")
    sources = {name: {row["source"]: row for row in engine["by_source"]} for name, engine in engines.items()}
    if unit == "pages" and len(next(iter(sources.values()))) > 1:
        print("\nby source: words found, in order; CER normalised; of letters, infix")
        for source, first in next(iter(sources.values())).items():
            figures_of = [", ".join(_percent(row[source][what]) for what in _OF_SOURCES) for row in sources.values()]
            print(f"  {source:20}{first['lines']:4} {unit}" + "".join(f"{cell:>36}" for cell in figures_of))
    print()


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _ratio(ratios: dict[str, Any], what: str) -> str:
    if ratios[what] is None:
        return "-"
    interval = ratios[f"{what}_interval"]
    return f"{ratios[what]:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def _cell(rates: dict[str, Any], what: str, unit: str = "%") -> str:
    if rates[what] is None:
        return "-"
    scale, interval = 100 if unit == "%" else 1, rates[f"{what}_interval"]
    return f"{scale * rates[what]:.2f}{unit}" + (f" ±{scale * (interval[1] - interval[0]) / 2:.2f}" if interval else "")


@command("python -m evaluation", __doc__)
@argument("datasets", "Folders of lines or pages with their texts, or arrays", nargs=-1, required=True, type=PATH)
@option("--model", several=True, type=PATH, metavar="FILE", show_default="the shipped model", help="ONNX files or checkpoints.")
@option(
    "--engine",
    several=True,
    default=("rasm",),
    metavar="NAME",
    help="Who reads: rasm, tesseract, and `predictions FILE` as often as wanted.",
)
@option("--kind", type=click.Choice(("auto", "lines", "pages")), default="auto", help="What the datasets hold; auto: found out.")
@option("--threads", type=positive, default=1, metavar="N", help="Threads of each engine.")
@option("--decoder", type=click.Choice(("greedy", "beam")), default="greedy", help="How Rasm decodes.")
@option("--psm", type=click.IntRange(1, 13), metavar="N", show_default="13 of lines, 3 of pages", help="Tesseract's page mode.")
@option("--languages", default="ara", metavar="NAMES", help="Tesseract's models, such as ara+eng.")
@option("--limit", type=count, default=0, metavar="N", help="Read only so many, spread evenly over all; 0: all.")
@option("--task", type=click.Choice(("text", "kitab-markdown")), default="text", help="What is marked: texts, or Markdown made of PDFs.")
@option(
    "--pdf-text",
    type=click.Choice(("auto", "use", "ignore")),
    default="ignore",
    help="Of --task kitab-markdown: whether a PDF's own text is taken, as `rasm read` has it.",
)
@option("--json", is_flag=True, help="Print one JSON object with every figure.")
@option("--report", type=PATH, metavar="DIR", help="Write report.html, report.json, readings.tsv and summary.txt there.")
@option("--readings", type=PATH, metavar="FILE", help="Write name, truth and each engine's reading, as TSV.")
def evaluation(**given: Any) -> int:
    return run(Options(**given))


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(evaluation, arguments)


if __name__ == "__main__":
    sys.exit(main())

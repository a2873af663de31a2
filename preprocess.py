"""A folder of image/text pairs -> arrays that train.py reads.

    python preprocess.py DATASET [DATASET …] --out DIR

Where it stands: between the data and ``train.py``. Every pair goes one way, in ``prepare``. Its label is read, made
alike (rasm/text/normalisation.py) and encoded (rasm/text/charset.py). Its image is decoded and transformed (rasm/image.py). The two are
held against each other. What cannot be used is written to DIR/rejected.csv with its reason, and never stops the run.
The rest is saved as model/data/arrays.py describes. The same input gives the same bytes, whatever the number of workers.
"""

from __future__ import annotations

import csv
import hashlib
import multiprocessing
import os
import re
import shutil
import signal
import sys
import unicodedata
from collections import Counter, deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import resource_tracker
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import click
import cv2
from tqdm import tqdm  # type: ignore[import-untyped]

from model.data.arrays import FILES, ArrayWriter, one_line, read_manifest
from model.data.label_check import LabelCheck
from model.data.pairs import Dataset, EmptyLabel, Pair, Rejection, find_pairs, open_datasets, read_label
from rasm import command_line
from rasm.command_line import PATH, argument, command, fraction, option, positive
from rasm.errors import ConfigError, DatasetError, RasmError
from rasm.image import ImageSettings, Pixels, decode, line_to_array
from rasm.lines.ctc import WIDTH_STRIDE, steps_needed
from rasm.text.charset import DEFAULT_CHARSET, DIACRITICS, TATWEEL, Charset
from rasm.text.normalisation import LOOK_ALIKES, LabelSettings, normalise_label

#: Why a file is not used: the codes of rejected.csv.
REASONS = {
    "unreadable_folder": "a folder that may not be read",
    "no_file": "a pipe, a device or a socket",
    "image_without_text": "no text file of the image's stem",
    "text_without_image": "no image of the text's stem",
    "ambiguous_pair": "several images for one text",
    "unreadable_file": "an image or a text that may not be read",
    "empty_text": "nothing in the text file, or nothing left of it",
    "not_utf8": "text in another encoding",
    "several_lines": "several lines of text for one line image",
    "stray_diacritic": "a diacritic that follows no letter: the words around it are seldom right either",
    "outside_charset": "characters that the charset lacks",
    "order_not_reversible": "text that does not survive logical -> visual -> logical order",
    "empty_file": "an image file of no bytes",
    "unsupported_format": "not an image of a format that Rasm reads",
    "unreadable_image": "a truncated or broken image",
    "image_too_large": "more pixels than a line can have",
    "image_too_small": "fewer pixels than a letter needs",
    "too_thin": "an image much higher than wide: no line",
    "blank_image": "an image with nothing on it",
    "line_too_long": "wider than the model reads, at its height",
    "label_does_not_fit": "a label longer than the time steps of its image",
    "doubtful_label": "a label that the model of --check-with reads quite differently",
    "unexpected_error": "a fault in Rasm: please report it",
}

CHUNK = 16  # lines a worker is given at once

_DIACRITIC_NAMES = ("fathatan", "dammatan", "kasratan", "fatha", "damma", "kasra", "shadda", "sukun", "superscript-alef")
_CHARACTERS_BY_NAME = {
    **dict(zip(_DIACRITIC_NAMES, DIACRITICS, strict=True)),
    "diacritics": DIACRITICS,
    "tatweel": TATWEEL,
}


@dataclass(frozen=True)
class Recipe:
    """All that decides what a pair becomes."""

    image: ImageSettings
    charset: Charset
    labels: LabelSettings
    min_aspect: float
    check: LabelCheck | None = None


@dataclass(frozen=True)
class Prepared:
    """A pair that can be used: the line, its classes in visual order, the rules that changed its label, and what speaks against it."""

    line: Pixels
    classes: list[int]
    changes: Counter[str]
    doubt: str = ""


# One pair


def prepare(pair: Pair, recipe: Recipe) -> Prepared | Rejection:
    """One pair made ready, or why it is not used."""
    try:
        return _prepare(pair, recipe)
    except RasmError as e:
        reason, detail = e.code, str(e)
    except OSError as e:
        reason, detail = "unreadable_file", e.strerror or type(e).__name__
    except Exception as e:  # one bad file never stops the run, whatever is bad about it
        reason, detail = "unexpected_error", f"{type(e).__name__}: {e}"
    return Rejection(pair.name, reason, detail)


def _prepare(pair: Pair, recipe: Recipe) -> Prepared | Rejection:
    typed = read_label(pair.text_path)
    if stray := stray_diacritic(typed):
        return Rejection(pair.name, "stray_diacritic", stray)
    changes: Counter[str] = Counter()
    text = normalise_label(typed, recipe.labels, changes)
    if not text:
        raise EmptyLabel("nothing is left of the text")
    classes = recipe.charset.encode(text)

    image = decode(pair.image_path.read_bytes())
    height_px, width_px = image.shape[:2]
    if width_px < recipe.min_aspect * height_px:
        return Rejection(pair.name, "too_thin", f"{width_px} x {height_px} px is no line")
    line = line_to_array(image, recipe.image)
    if line.min() == 255:
        return Rejection(pair.name, "blank_image", "nothing is on the image")
    steps, needed = line.shape[1] // WIDTH_STRIDE, steps_needed(classes)
    if needed > steps:
        detail = f"{len(classes)} characters need {needed} steps; {width_px} x {height_px} px give {steps}"
        return Rejection(pair.name, "label_does_not_fit", detail)
    return Prepared(line, classes, changes)


def stray_diacritic(text: str) -> str:
    """Where ``text`` has a diacritic on no letter, as a person can find it; nothing where it has none."""
    for before, mark in zip(" " + text, text):
        if mark in DIACRITICS and unicodedata.category(before)[0] not in "LM" and before != "\u200d":
            return f"{unicodedata.name(mark)} on {before!r}" if before.strip() else f"{unicodedata.name(mark)} on a space"
    return ""


# All pairs


def prepare_chunk(pairs: Sequence[Pair], recipe: Recipe) -> list[Prepared | Rejection]:
    results = [prepare(pair, recipe) for pair in pairs]
    if recipe.check:
        usable = {i: r for i, r in enumerate(results) if isinstance(r, Prepared)}
        doubts = recipe.check.doubts([r.line for r in usable.values()], [recipe.charset.decode(r.classes) for r in usable.values()])
        for (i, result), doubt in zip(usable.items(), doubts, strict=True):
            results[i] = replace(result, doubt=doubt)
    return results


def prepare_all(pairs: Sequence[Pair], recipe: Recipe, workers: int) -> Generator[Prepared | Rejection, None, None]:
    """One result a pair, in order. A few chunks a worker are under way at a time, so that memory stays bounded."""
    chunks = (pairs[i : i + CHUNK] for i in range(0, len(pairs), CHUNK))
    if workers == 1:
        for chunk in chunks:
            yield from prepare_chunk(chunk, recipe)
        return
    pool = start_workers(workers)
    under_way: deque[Future[list[Prepared | Rejection]]] = deque()
    try:
        for chunk in chunks:
            under_way.append(pool.submit(prepare_chunk, chunk, recipe))
            if len(under_way) > 3 * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    except BrokenProcessPool as e:
        raise DatasetError("a worker was killed, for want of memory perhaps: try fewer --workers") from e
    finally:
        pool.shutdown(cancel_futures=True)


def start_workers(count: int) -> ProcessPoolExecutor:
    """Processes that leave Ctrl-C to this one: they inherit that it is blocked, and here it only waits until they run."""
    stops: list[int] = []
    # blocking it is not enough: another thread, NumPy's for instance, may take it, and this one be told in the midst of a start
    before = signal.signal(signal.SIGINT, lambda number, _: stops.append(number))
    resource_tracker.ensure_running()  # now, since when it starts it unblocks Ctrl-C
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # spawned, since a process forked while OpenCV has threads may hang
        pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), cv2.setNumThreads, (1,))
        for _ in range(count):
            pool.submit(os.getpid)  # any task: each starts one process
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, before)
    if stops:
        pool.shutdown()
        signal.raise_signal(signal.SIGINT)
    return pool


# Groups


def group_of(pair: Pair, pattern: re.Pattern[str] | None) -> str:
    """What is never split between training and validation: a folder, or what the pattern's first group finds."""
    if pattern is None:
        return (PurePosixPath(pair.dataset.name) / pair.image).parent.as_posix()
    match = pattern.search(pair.name)
    if not match or match.group(1) is None:
        raise ConfigError(f"--group-by {pattern.pattern}: does not match {pair.name}")
    return match.group(1)


def validation_groups(sizes: Counter[str], fraction: float) -> set[str]:
    """Groups that come nearest to ``fraction`` of the lines, taken in the order of their hashes.

    A group's hash is its own, so that adding groups to a dataset seldom moves the others.
    """
    if len(sizes) < 2:
        raise DatasetError(
            f"--val-fraction keeps groups together, and all lines are in one group ({next(iter(sizes))}): give several folders, "
            r"or say what in a path names the group, such as --group-by '^(.+)_\d+'"
        )
    wanted = fraction * sizes.total()
    chosen: set[str] = set()
    lines = 0
    for group in sorted(sizes, key=lambda g: hashlib.sha256(g.encode("utf-8", "surrogateescape")).digest()):
        if abs(lines + sizes[group] - wanted) < abs(lines - wanted) and len(chosen) + 1 < len(sizes):
            chosen.add(group)
            lines += sizes[group]
    return chosen or {min(sizes, key=lambda g: (sizes[g], g))}


# The folder that is written


def check_out(out: Path, datasets: Sequence[Dataset]) -> Path:
    """The folder to write, resolved. Refuses one that holds anything but a former output: it will be replaced."""
    out = out.resolve()
    for dataset in datasets:
        if dataset.path.is_relative_to(out):
            raise ConfigError(f"--out {out} holds the dataset {dataset.path}, and would be replaced: name another folder")
    if not out.exists():
        return out
    if not out.is_dir():
        raise ConfigError(f"--out {out} is a file")
    ours = {folder + name for folder in ("", "train/", "val/") for name in FILES} | {"rejected.csv", "train", "val"}
    found = {path.relative_to(out).as_posix() for path in out.rglob("*")}
    if not found:
        return out
    if foreign := sorted(found - ours):
        raise ConfigError(f"--out {out} holds {foreign[0]}, which is not of preprocess.py: name another folder")
    try:
        read_manifest(out / "train" if (out / "train").exists() else out)
    except DatasetError as e:
        raise ConfigError(f"--out {out} is not empty, and no output of preprocess.py: name another folder") from e
    return out


def move_into_place(finished: Path, out: Path) -> None:
    if out.exists():
        old = out.with_name(f".{out.name}.old-{os.getpid()}")
        out.rename(old)
        finished.rename(out)
        shutil.rmtree(old)
    else:
        finished.rename(out)


# The run


@dataclass
class Part:
    """One of the folders of arrays that are written: all lines, or those for training, or those for validation."""

    name: str
    groups: set[str]
    writer: ArrayWriter
    kept: Counter[str] = field(default_factory=Counter)  # lines of each dataset
    changes: Counter[str] = field(default_factory=Counter)  # labels changed by each rule


@dataclass(frozen=True)
class Options:
    """Those of the command line, which says what each means."""

    datasets: Sequence[Path]
    out: Path
    workers: int
    val_fraction: float | None
    group_by: re.Pattern[str] | None
    height: int
    max_width: int
    min_aspect: float
    charset: Path | None
    diacritics: Literal["keep", "strip"]
    tatweel: Literal["keep", "strip"]
    unlabelled: Sequence[str]
    digits: Literal["as_typed", "arabic_indic"]
    keep_apart: Sequence[str]
    replace: Sequence[tuple[str, str]]
    check_with: Path | None
    max_difference: float


def run(args: Options) -> None:
    """From the folders to the arrays."""
    recipe = recipe_of(args)
    datasets = open_datasets(args.datasets)
    out = check_out(args.out, datasets)

    pairs: list[Pair] = []
    unmatched: list[Rejection] = []
    for dataset in datasets:
        found, others = find_pairs(dataset, skip=out)
        pairs += found
        unmatched += others
    if not pairs:
        folders = ", ".join(str(path) for path in args.datasets)
        raise DatasetError(f"no pair of an image and a text in {folders}{because(Counter(r.reason for r in unmatched), unmatched)}")

    groups = [group_of(pair, args.group_by) for pair in pairs]
    split = {"": set(groups)}
    if args.val_fraction is not None:
        held_out = validation_groups(Counter(groups), args.val_fraction)
        split = {"train": set(groups) - held_out, "val": held_out}

    # all is written beside --out and moved there when it is complete
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        with ExitStack() as stack:
            parts = []
            for name, members in split.items():
                writer = stack.enter_context(ArrayWriter(partial / name, recipe.image, recipe.charset, recipe.labels.unlabelled))
                parts.append(Part(name, members, writer))
            part_of = {group: part for part in parts for group in part.groups}

            results = stack.enter_context(closing(prepare_all(pairs, recipe, args.workers)))
            progress = tqdm(results, total=len(pairs), unit=" lines", disable=None)  # None: shown where there is a terminal
            rejections = stack.enter_context(RejectionLog(partial / "rejected.csv"))
            for rejection in unmatched:
                rejections.add(rejection)
            for pair, group, result in zip(pairs, groups, progress, strict=True):
                if isinstance(result, Rejection):
                    rejections.add(result)
                    continue
                part = part_of[group]
                # what is measured on stays as it was typed, or it would only tell what the model knows already
                if result.doubt and part.name != "val":
                    rejections.add(Rejection(pair.name, "doubtful_label", result.doubt))
                    continue
                part.writer.add(result.line, result.classes, pair.name, group)
                part.kept[pair.dataset.name] += 1
                part.changes.update(result.changes)

            for part in parts:
                if not part.kept:
                    where = f" for {part.name} ({len(part.groups)} groups)" if part.name else ""
                    raise DatasetError(f"nothing was kept{where} of {len(pairs):,} pairs{because(rejections.counts, rejections.first)}")
                part.writer.finish(
                    {
                        "labels": {k: v for k, v in asdict(recipe.labels).items() if k != "unlabelled"},
                        "sources": [{"name": d.name, "lines": part.kept[d.name]} for d in datasets],
                        "groups": len(part.groups),
                        "changed_labels": dict(sorted(part.changes.items())),
                        "rejected": dict(sorted(rejections.counts.items())),  # of all parts: a file with no pair is of none
                    }
                )
        move_into_place(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)

    lines = sum(len(part.writer) for part in parts)
    print(f"kept {lines:,} of {len(pairs):,} pairs in {args.out}")
    if args.val_fraction is not None:
        for part in parts:
            print(f"  {part.name:5} {len(part.writer):,} lines of {len(part.groups)} groups: {len(part.writer) / lines:.1%} of the lines")
    show("labels changed", sum((part.changes for part in parts), Counter()), {})
    show("rejected, see rejected.csv", rejections.counts, REASONS)


class RejectionLog:
    """rejected.csv, written as it comes; the counts by reason, and the first, stay at hand."""

    def __init__(self, path: Path) -> None:
        self.counts: Counter[str] = Counter()
        self.first: list[Rejection] = []
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(["path", "reason", "detail"])

    def __enter__(self) -> RejectionLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rejection: Rejection) -> None:
        self._rows.writerow([one_line(rejection.path), rejection.reason, one_line(rejection.detail)])
        self.counts[rejection.reason] += 1
        self.first = self.first or [rejection]


def because(rejected: Counter[str], examples: Sequence[Rejection]) -> str:
    """The reasons for keeping nothing, on one line."""
    counts = ", ".join(f"{reason} {count:,}" for reason, count in rejected.most_common())
    return f": {counts} (such as {examples[0].path}: {examples[0].detail})" if examples else ""


def show(title: str, counts: Counter[str], meanings: dict[str, str]) -> None:
    """A table of counts, the highest first."""
    print(f"{title}:" if counts else f"{title}: none")
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"  {count:8,}  {name:22} {meanings.get(name, '')}".rstrip())


# The command line


def list_look_alikes(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the table and leave, as --help does."""
    if asked:
        for row in LOOK_ALIKES:
            print(f"{row.name:14} {' '.join(row.old)} -> {' '.join(row.new)}\n{'':14} {row.reason}")
        ctx.exit()


def characters(value: str) -> str:
    """Characters by name, by number (U+0651) or as they are. Latin letters must be given by number: a word is a mistake."""
    if value in _CHARACTERS_BY_NAME:
        return _CHARACTERS_BY_NAME[value]
    if re.fullmatch(r"U\+[0-9A-Fa-f]{4,6}", value):
        return chr(int(value[2:], 16))
    if value and not re.search("[A-Za-z]", value):
        return value
    raise click.BadParameter(f"{value!r} is not characters, U+0651, or one of {', '.join(_CHARACTERS_BY_NAME)}")


def replacement(value: str) -> tuple[str, str]:
    old, equals, new = value.partition("=")
    if not old or not equals:
        raise click.BadParameter(f"{value!r} is not OLD=NEW")
    return old, new


def group_pattern(value: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(value)
    except re.error as e:
        raise click.BadParameter(f"{value!r} is not a regular expression: {e}") from e
    if not pattern.groups:
        raise click.BadParameter(f"{value!r} has no group in brackets to name a line's group")
    return pattern


def recipe_of(args: Options) -> Recipe:
    """The settings that were asked for. Raises ConfigError where they cannot be."""
    if args.height % 16:
        raise ConfigError(f"--height {args.height}: the network needs a multiple of 16")
    charset = DEFAULT_CHARSET
    if args.charset is not None:
        try:
            charset = Charset.from_json(args.charset.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise ConfigError(f"--charset {args.charset} cannot be read: {type(e).__name__}: {e}") from e
    labels = LabelSettings(
        diacritics=args.diacritics,
        tatweel=args.tatweel,
        digits=args.digits,
        keep_apart=tuple(sorted(set(args.keep_apart))),
        replace=(("…", "..."), *args.replace),  # typed, it is three dots; in the charset it is a leader of four or more
        unlabelled="".join(sorted(set("".join(args.unlabelled)))),
    )
    image = ImageSettings(height_px=args.height, max_width_px=args.max_width)
    check = LabelCheck(args.check_with, args.max_difference) if args.check_with else None
    if check:
        check.fits(image)
    return Recipe(image, charset, labels, args.min_aspect, check)


@command(
    "preprocess.py",
    """Prepare folders of line images (NAME.png ...) and their texts (NAME.gt.txt or NAME.txt) for train.py.

    python preprocess.py lines/mine --out arrays --val-fraction 0.1 --unlabelled diacritics tatweel
    python preprocess.py lines/a lines/b --out arrays --replace صلعم=ﷺ --check-with model.onnx

What cannot be used is written to DIR/rejected.csv with its reason, and never stops the run. The same input gives the same arrays, whatever
the number of workers.
""",
    stopped="; nothing was written",
)
@argument("datasets", "Folders of pairs, searched with all folders in them", nargs=-1, required=True, type=PATH, metavar="DATASET...")
@option("--out", required=True, type=PATH, metavar="DIR", help="Folder to write; a former output in it is replaced.")
@option("--workers", type=positive, default=os.cpu_count() or 1, metavar="N", show_default="one a core", help="Processes.")
@option(
    "--val-fraction",
    type=fraction,
    metavar="F",
    section="Validation set",
    help="Write DIR/train and DIR/val, with about this share of the lines in val.",
)
@option(
    "--group-by",
    type=group_pattern,
    metavar="PATTERN",
    section="Validation set",
    show_default="the folder",
    help="Lines of one group stay together: a regular expression on DATASET/PATH, whose first (group) names it.",
)
@option("--height", type=positive, default=ImageSettings.height_px, metavar="PX", section="Images", help="Rows that the network sees.")
@option("--max-width", type=positive, default=ImageSettings.max_width_px, metavar="PX", section="Images", help="At that height.")
@option("--min-aspect", type=float, default=0.2, metavar="R", section="Images", help="Least width / height of an image.")
@option(
    "--charset",
    type=PATH,
    metavar="FILE",
    section="Labels",
    show_default="the built-in one",
    help='JSON {"version": 1, "characters": "..."}.',
)
@option(
    "--diacritics",
    type=click.Choice(("keep", "strip")),
    default="keep",
    section="Labels",
    help="strip: the network learns to pass over them.",
)
@option(
    "--tatweel", type=click.Choice(("keep", "strip")), default="keep", section="Labels", help="strip: the network learns to pass over them."
)
@option(
    "--unlabelled",
    type=characters,
    several=True,
    metavar="CHARS",
    section="Labels",
    help="Characters that these labels leave out though they may be printed: training takes no side on them. "
    f"{', '.join(_CHARACTERS_BY_NAME)}, U+0651, or the characters.",
)
@option(
    "--digits",
    type=click.Choice(("as_typed", "arabic_indic")),
    default="as_typed",
    section="Labels",
    help="arabic_indic: 0-9 was typed where ٠-٩ is printed, but in lines with Latin letters.",
)
@option(
    "--keep-apart",
    type=click.Choice([row.name for row in LOOK_ALIKES]),
    several=True,
    metavar="NAME",
    section="Labels",
    help="Look-alikes not to unify; see --list-look-alikes.",
)
@option(
    "--list-look-alikes",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=list_look_alikes,
    section="Labels",
    help="Print what is unified and why, and leave.",
)
@option(
    "--replace",
    type=replacement,
    several=True,
    metavar="OLD=NEW",
    section="Labels",
    help="What the transcribers wrote, and what it stands for; first of all, in the order given.",
)
@option(
    "--check-with",
    type=PATH,
    metavar="MODEL",
    section="Labels",
    help="Leave out lines whose label this model (ONNX) reads quite differently; not those of DIR/val, which are to measure with.",
)
@option(
    "--max-difference",
    type=fraction,
    default=0.3,
    metavar="F",
    section="Labels",
    help="Of --check-with: edits of letters and digits over the label's length.",
)
def preprocess(**given: Any) -> None:
    run(Options(**given))


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(preprocess, arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is killed cleans up, too
    sys.exit(main())

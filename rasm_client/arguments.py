"""The command line's arguments."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from rasm_client.aio import DEFAULT_CONCURRENCY, DEFAULT_RETRIES, DEFAULT_TIMEOUT_S, DEFAULT_URL, DEFAULT_WAIT_S
from rasm_client.types import Options

DESCRIPTION = """Read images and PDFs of Arabic text with a Rasm service, from the command line or from Python.

    client.py [FILE | FOLDER | GLOB | -]… [--files-from LIST] [options]

A folder stands for the images and PDFs in it and in the folders below; ``-`` is a file on standard input; ``--files-from -`` takes
names from it, one a line. What is read is printed as it comes in, in order: one line for each line of text. If several files were
given, ``NAME<tab>`` stands before each, so that ``grep`` shows which file has a word and ``cut -f2-`` gives the texts alone. Tabs part
the cells of tables and the halves of verses, too. ``--format json`` (or ``--json``) prints one JSON object for each page, as the service
gives it, for those that failed too. With ``--beside`` or ``--out DIR`` each file gets one of its own instead: ``a.txt``, ``a.json``,
``a.md``, ``a.html``, ``a.docx``, ``a.csv`` and ``a.xlsx`` of its tables, ``a.hocr``, ``a.alto.xml``, ``a.page.xml`` or ``a.pdf`` for
``a.png``. ``--out -`` writes what the file would have been, of one, to standard output.

``--job`` is for long documents: each is put away at the service, read while this program waits, fetched, and taken away again.
Ctrl-C leaves it there; ``--resume`` goes on.

What fails is told on standard error, one line each; so are the warnings of a page, such as of places that look like text and were not
read. Exit codes: 0 all were read, with warnings or without · 1 something could not be read · 2 wrong usage, or the service cannot be
reached, refuses, or takes too long · 130 interrupted.
"""
# rasm read's
BINARY = ("docx", "xlsx", "pdf")
SUFFIX_OF = {
    "text": ".txt",
    "json": ".json",
    "markdown": ".md",
    "html": ".html",
    "docx": ".docx",
    "csv": ".csv",
    "xlsx": ".xlsx",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "page": ".page.xml",
    "pdf": ".pdf",
}


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="client.py", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("images", nargs="*", metavar="FILE", help="an image, a PDF, a folder, a pattern such as 'scans/**/*.png', or - for standard input")
    add("--files-from", metavar="LIST", help="take names from this file, one a line (NULs between them will do too); - is standard input")
    add = parser.add_argument_group("the service").add_argument
    add("--url", default=os.environ.get("RASM_URL") or DEFAULT_URL, help="where it is (default: RASM_URL, or %(default)s)")
    add("--api-key", metavar="KEY", help="if it wants one; RASM_API_KEY is safer, since others see your command lines")
    add("--timeout", type=_seconds, default=DEFAULT_TIMEOUT_S, metavar="S", help="of one answer (default: %(default)g)")
    add("--wait", type=_seconds, default=DEFAULT_WAIT_S, metavar="S", help="for a job in all; then it is left there (default: a week)")
    add("--retries", type=_count(0), default=DEFAULT_RETRIES, metavar="N", help="when it is busy (default: %(default)d)")
    add("-j", "--concurrency", type=_count(1), default=DEFAULT_CONCURRENCY, metavar="N", help="requests at a time (default: %(default)d)")
    add("--job", action="store_true", help="for long documents: have each read as a job, and wait for it")
    add("--resume", action="append", default=[], metavar="ID", help="go on with this job, of one of the files named, or of none")
    choices = {name: get_args(kind) for name, kind in get_type_hints(Options).items()}
    add = parser.add_argument_group("how to read").add_argument
    add("--mode", choices=choices["mode"], help="what the images are: lines, or pages")
    add(
        "--pdf-text", "--text-layer", choices=choices["pdf_text"], help="of PDFs: take the text that is in them where it is sound, or never"
    )
    add("--least-confidence", type=_share, metavar="SHARE", help="of a page: leave out, and warn of, lines read less surely; 0: none")
    add("--pages", metavar="LIST", help="those that are read of each file, by their numbers: 1-3,7 or 5-")
    add("--password", default=os.environ.get("RASM_PASSWORD"), help="of PDFs; RASM_PASSWORD is safer")
    add("--model", help="one that /api/v1/models lists")
    add("--diacritics", choices=choices["diacritics"])
    add("--tatweel", choices=choices["tatweel"])
    add("--digits", choices=choices["digits"])
    add("--language", choices=choices["language"], help="in whose letters the text is written (default: as the document's letters tell)")
    add("--unknown", choices=choices["unknown"], help="signs that are not known, as emoji: as U+FFFD, or not at all")
    add("--line-breaks", choices=choices["line_breaks"], help="of a page: join the lines of a paragraph, or keep them as printed")
    add("--tables", choices=choices["tables"], help="in Markdown: as its own where that can hold them (auto), or all as HTML")
    add("--pdf-layer", choices=choices["pdf_layer"], help="of PDFs made from PDFs: keep sound text, replace what is hidden, or draw all")
    add("--detail", choices=choices["detail"], help="characters: each with its place and confidence, in the JSON")
    output = parser.add_argument_group("what comes out")
    add = output.add_argument
    add("--format", choices=SUFFIX_OF, default="text", help="(default: text)")
    add("--json", dest="format", action="store_const", const="json", help="--format json")
    place = output.add_mutually_exclusive_group()
    place.add_argument("--beside", action="store_true", help="a file beside each that is read")
    place.add_argument(
        "--out", type=Path, metavar="DIR", help="a file for each in DIR, in folders like those that were given; -: standard output"
    )
    add("--existing", choices=("refuse", "skip", "overwrite"), default="refuse", help="of a file that is there (default: refuse)")
    add("--quiet", action="store_true", help="no warnings; errors are told all the same")
    add("--progress", action=argparse.BooleanOptionalAction, help="a bar (default: where standard error is a terminal)")

    given = parser.parse_args(arguments)
    given.job = given.job or bool(given.resume)
    given.to_stdout = given.out == Path("-")
    if given.to_stdout:
        given.out = None
    if not (given.images or given.files_from or given.resume):
        parser.error("nothing to read: name files, folders or patterns, or - for standard input")
    if given.images.count("-") + (given.files_from == "-") > 1:
        parser.error("standard input can be read once only")
    if given.format not in ("text", "json") and not (given.beside or given.out or given.to_stdout):
        parser.error(f"--format {given.format} makes a file of each: say where to with --beside, --out DIR, or --out - for one")
    if given.to_stdout and given.format in BINARY and sys.stdout.isatty():
        parser.error(f"{given.format} is nothing for the terminal: send it on, with > or |")
    return given


def chosen(given: argparse.Namespace, kind: Any) -> Any:
    return {name: getattr(given, name) for name in sorted(kind.__optional_keys__) if getattr(given, name) not in (None, "")}


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def _share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= (number := float(text)) <= 1:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")


def _count(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")

    return number

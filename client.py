#!/usr/bin/env python3
"""Read images and PDFs of Arabic text with a Rasm service, from the command line or from Python.

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

It needs httpx and the folder rasm_client beside it, and nothing else of Rasm: copy both where you want them. From Python:

    with RasmClient() as client:
        for result in client.read(["a.png", "b.pdf"], diacritics="strip"):
            print(result.name, result.page, result.text, result.confidence)

    async with AsyncRasmClient("https://rasm.example", api_key=key) as client:
        async for result in client.read(paths):
            print(result.text)
"""

import sys

from rasm_client.aio import DEFAULT_URL, AsyncRasmClient
from rasm_client.blocking import RasmClient
from rasm_client.cli import main, run
from rasm_client.types import (
    Box,
    Cell,
    Character,
    Document,
    FileError,
    FileRefused,
    Format,
    Image,
    Job,
    Line,
    Model,
    Options,
    OutputOptions,
    PageWarning,
    ReadingOptions,
    Region,
    Result,
    ServiceError,
    Settings,
    Unread,
    Word,
)

__all__ = [
    "DEFAULT_URL",
    "AsyncRasmClient",
    "Box",
    "Cell",
    "Character",
    "Document",
    "FileError",
    "FileRefused",
    "Format",
    "Image",
    "Job",
    "Line",
    "Model",
    "Options",
    "OutputOptions",
    "PageWarning",
    "RasmClient",
    "ReadingOptions",
    "Region",
    "Result",
    "ServiceError",
    "Settings",
    "Unread",
    "Word",
    "main",
]

if __name__ == "__main__":
    sys.exit(run())

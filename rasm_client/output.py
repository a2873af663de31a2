"""What the command line gives out: lines on the terminal, and files that are whole or not there.

Where it stands: beneath ``cli.py``. What a service sends is shown as text and written as content, and never obeyed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rasm_client.arguments import SUFFIX_OF
from rasm_client.printable import printable
from rasm_client.tasks import Outcome, Task, UsageError
from rasm_client.types import ServiceError

MOST_PAGE_BYTES = 64 * 2**20  # of one page in an archive: PAGE XML with every character of a newspaper's has ten
MOST_ARCHIVE_BYTES = 2**31  # of all
_PIECE_BYTES = 2**18
_PAGE = re.compile(r"(?:^|/)([0-9]{4,9})\.(?:page\.)?xml$")
_LAYOUT = "\t\n"  # a text's own
_MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # of direction: a text may have them
_OBEYED = re.compile("[\x7f-\x9f]")
_BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError)  # encrypted ones among them


def tell(message: str) -> None:
    """One line on standard error, whatever it is made of."""
    print(f"client.py: {printable(message)}", file=sys.stderr)


def tell_errors(task: Task, outcome: Outcome, given: argparse.Namespace) -> None:
    for error in outcome.errors:
        place = f"page {error.page}: " if error.page else ""
        hint = " - --job takes longer documents" if not given.job and error.code in ("too_many_pages", "file_too_large") else ""
        tell(f"{task.name}: {place}{error.message} ({error.code}){hint}")


def give_out(task: Task, outcome: Outcome, given: argparse.Namespace, *, named: bool) -> None:
    form: str = given.format
    good = [result for result in outcome.results if not result.error]
    if task.target is None and not given.to_stdout:
        for result in outcome.results if form == "json" else good:
            if form == "json":
                # JSON has escapes of its own, for all that a terminal obeys but these
                print(_OBEYED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(result.json, ensure_ascii=False)), flush=True)
            else:
                for line in (result.text or "").split("\n"):
                    line = printable(line, keep="\t" + _MARKS)
                    print(f"{printable(result.name)}\t{line}" if named else line, flush=True)
    elif outcome.data is not None or good:
        content = outcome.data
        if form == "json":
            content = (json.dumps({"results": [result.json for result in outcome.results]}, ensure_ascii=False, indent=1) + "\n").encode()
        elif form == "text":
            # a form feed between pages, as Tesseract has it; without an empty page for each that failed the others would be misnumbered
            content = "\f".join(f"{printable(result.text or '', keep=_LAYOUT + _MARKS)}\n" for result in outcome.results).encode()
        with destination(task, form) as file:
            file.write(content or b"")


def destination(task: Task, form: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    """Where the document of a task goes: into its file, or to standard output."""
    return _standard_output(form) if task.target is None else whole_file(task.target)


@contextlib.contextmanager
def _standard_output(form: str) -> Iterator[IO[bytes]]:
    """A file to be written that goes to standard output when it is whole; a terminal gets nothing that it would obey."""
    with tempfile.TemporaryFile() as file:
        yield file
        if form == "page" and zipfile.is_zipfile(file):
            raise UsageError("PAGE XML of several pages is a folder of files: say where to with --out DIR")
        file.seek(0)
        if sys.stdout.isatty():
            print(printable(file.read().decode(errors="replace"), keep=_LAYOUT + _MARKS), end="", flush=True)
        else:
            sys.stdout.flush()
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A file to be written that takes its place when it is whole. An archive of PAGE XML becomes a folder, as rasm read makes it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
            draft = Path(name) / "draft"
            with draft.open("wb") as file:
                yield file
            if target.name.endswith(SUFFIX_OF["page"]) and zipfile.is_zipfile(draft):
                archive, draft = draft, Path(name) / "pages"
                draft.mkdir()
                _unpack(archive, draft)
            if is_pages_folder(target):
                shutil.rmtree(target)
            draft.replace(target)  # which fails where another folder is
    except (OSError, ValueError) as e:  # a name that no file can have is a ValueError
        raise UsageError(f"{target} cannot be written: {getattr(e, 'strerror', None) or e}") from e


def _unpack(archive: Path, folder: Path) -> None:
    """The pages of an archive, as 0001.xml, … Raises ServiceError if it is broken, or none of pages, or becomes too large."""
    try:
        with zipfile.ZipFile(archive) as pages:
            left = MOST_ARCHIVE_BYTES
            for info in pages.infolist():
                number = _PAGE.search(info.filename)
                if number is None:
                    raise ServiceError(f"the service's archive holds {info.filename[:80]}, which is no page")
                with pages.open(info) as page, (folder / f"{number[1]}.xml").open("xb") as file:
                    left -= _copy(page, file, min(left, MOST_PAGE_BYTES))
    except _BROKEN_ARCHIVE as e:
        raise ServiceError(f"the service's archive is broken ({e})") from e


def _copy(page: IO[bytes], file: IO[bytes], most_bytes: int) -> int:
    """How many bytes there were, whatever the archive says of them. Raises ServiceError."""
    count = 0
    while chunk := page.read(_PIECE_BYTES):
        count += len(chunk)
        if count > most_bytes:
            raise ServiceError(f"the service's archive holds a page of more than {most_bytes // 2**20} MiB")
        file.write(chunk)
    return count


def is_pages_folder(folder: Path) -> bool:
    """Whether it is what an archive of PAGE XML becomes: a folder of that name with nothing but 0001.xml, 0002.xml, …"""
    if not folder.is_dir() or folder.is_symlink() or not folder.name.endswith(SUFFIX_OF["page"]):
        return False
    return all(path.is_file() and re.fullmatch(r"[0-9]{4,}\.xml", path.name) for path in folder.iterdir())

"""Read many files into a folder: each gives one result in each format, named after it.

Where it stands: beneath ``rasm read``. What becomes of one file is in ``rasm/results.py``; its pages are read by the processes of
``rasm/workers.py``, while this one counts, logs and tells. Reading can be stopped and started again: what is there is not read again.
Folders are searched for PDFs and images. Pages that could not be read are told again until they are read.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from tqdm import tqdm

from rasm.command_line import shown
from rasm.errors import ConfigError, ImageError
from rasm.formats import SUFFIXES
from rasm.pages.files import PAGE_SUFFIXES
from rasm.results import ERRORS, Finished, Input, Output, Settings, chosen_pages, finish, logged_page, open_log, read_alone
from rasm.workers import Workers


def read_files(inputs: Sequence[Input], workers: Workers, settings: Settings, output: Output) -> int:
    """Read what has not been read yet, and print what came of it; how many errors there were, those of earlier times included."""
    output.folder.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(inputs), unit="file", disable=None) as files, tqdm(unit="page", disable=None, leave=False) as pages:
        run = _Run(workers, settings, output, files, pages)
        for item in inputs:
            run.read(item)
        run.settle(0)
    told = run.told
    warned = f", {told['warned']} pages with warnings" if told["warned"] else ""
    counts = f"{told['read']} read, {told['there already']} there already, {len(run.errors)} errors{warned}"
    print(f"{counts}; results in {output.folder}")
    for message in run.errors:
        print(f"  {shown(message)}", file=sys.stderr)
    return len(run.errors)


@dataclass
class _File:
    """A file that is being read. done: what is told of it, once it is. log: of a file of several pages, open. indices: of the pages that
    are read, from 0."""

    item: Input
    done: Finished | ImageError | OSError | Literal["there already"] | None = None
    log: IO[str] | None = None
    indices: Sequence[int] = ()
    left: int = 0

    @property
    def count(self) -> int:
        return len(self.indices)


class _Run:
    """Files on their way through the processes. Several files may be on their way at once; each page is logged, and each file told of, in
    order."""

    def __init__(self, workers: Workers, settings: Settings, output: Output, files: tqdm, pages: tqdm) -> None:
        self.workers, self.settings, self.output = workers, settings, output
        self.told: Counter[str] = Counter()
        self.errors: list[str] = []
        self._files, self._pages = files, pages
        self._ahead: deque[tuple[Future[Any], _File]] = deque()
        self._untold: deque[_File] = deque()
        self._at: _File | None = None  # whose pages the bar counts

    def read(self, item: Input) -> None:
        file = _File(item)
        self._untold.append(file)
        if not self.settings.again and all(self.output.result(item, kind).exists() for kind in self.output.formats):
            file.done = "there already"
            self._tell()
            return
        try:
            file.indices = chosen_pages(item.path, self.settings)
            if file.count == 1:
                self._give(file, self.workers.submit(read_alone, item, self.settings, self.output))
            else:
                self._read_pages(file)
        except (ImageError, OSError) as e:
            self._fail(file, e)
        self._tell()

    def _read_pages(self, file: _File) -> None:
        item = file.item
        start, file.log = open_log(item, self.workers.info, file.indices, self.settings, self.output)
        file.left = file.count - start
        self._begin(file, start)
        for index in file.indices[start:]:
            if file.done:  # it failed meanwhile
                return
            self._give(file, self.workers.submit(logged_page, item.path, index, self.settings))
        if start == file.count:
            self._finish(file)
            self.settle(self.workers.ahead - 1)

    def _give(self, file: _File, future: Future[Any]) -> None:
        self._ahead.append((future, file))
        self.settle(self.workers.ahead - 1)

    def settle(self, most: int) -> None:
        """Wait until no more than ``most`` tasks are out, and no file before them."""
        while len(self._ahead) > most:
            future, file = self._ahead.popleft()
            if file.done:
                continue
            try:
                found = self.workers.result(future)
                if isinstance(found, Finished):
                    file.done = found
                    if file.count == 1:
                        self._begin(file, 1)
                else:
                    self._log(file, found)
            except (ImageError, OSError) as e:
                self._fail(file, e)
            self._tell()

    def _log(self, file: _File, page: str) -> None:
        """The next page. After the last one the results are written."""
        assert file.log
        file.log.write(page + "\n")
        file.log.flush()
        file.left -= 1
        if file is not self._at:
            self._begin(file, file.count - file.left - 1)
        self._pages.update()
        if not file.left:
            self._finish(file)

    def _finish(self, file: _File) -> None:
        assert file.log
        file.log.close()
        self._ahead.append((self.workers.submit(finish, file.item, self.settings, self.output), file))

    def _fail(self, file: _File, error: ImageError | OSError) -> None:
        file.done = error
        if file.log:
            file.log.close()

    def _begin(self, file: _File, done: int) -> None:
        self._at = file
        self._pages.reset(total=file.count)
        self._pages.update(done)

    def _tell(self) -> None:
        """What came of the files that are done, up to the first one that is not."""
        while self._untold and (done := self._untold[0].done):
            item = self._untold.popleft().item
            if isinstance(done, (ImageError, OSError)):
                self.errors.append(f"{item.path}: {done if isinstance(done, ImageError) else done.strerror}")
            else:
                if isinstance(done, Finished):
                    self.told["warned"] += done.warned
                    for line in done.lines:
                        tqdm.write(line, file=sys.stderr)
                self.told["there already" if done == "there already" else "read"] += 1
                self.errors += _told(item, self.output.folder)
            self._files.update()


def find_inputs(paths: Sequence[Path], out: Path | None) -> list[Input]:
    """The files, and those of the folders; each with a name of its own. Raises ConfigError where there are none.

    What lies in ``out``, a folder in one of the folders, is not searched: it holds the results of the last time.
    """
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix.lower() in PAGE_SUFFIXES and p.is_file())
            names = [p.relative_to(path) for p in files]
            if out and _is_below(out, path):
                results = out.resolve().relative_to(path.resolve())
                names = [name for name in names if not name.is_relative_to(results)]
            found += [(path / name, name) for name in names]
        elif path.exists():
            found.append((path, Path(path.name)))
        else:
            raise ConfigError(f"{path}: no such file or folder")
    if not found:
        raise ConfigError(f"no PDF and no image in {', '.join(map(str, paths))}")
    unique = {path.resolve(): (path, name) for path, name in reversed(found)}  # named twice is read once
    found = list(reversed(unique.values()))
    stems = Counter(name.with_suffix("") for _, name in found)
    inputs = [Input(path, name.with_suffix("") if stems[name.with_suffix("")] == 1 else name) for path, name in found]
    twice = [str(name) for name, count in Counter(i.name for i in inputs).items() if count > 1]
    if twice:
        raise ConfigError(f"two inputs are named {twice[0]}, and so would their results be: read them into folders of their own")
    return inputs


def _is_below(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def check_targets(inputs: Sequence[Input], output: Output, folders: Sequence[Path]) -> None:
    """Raises ConfigError where a result would take the place of a file that is to be read or of a folder that is none, or be found in
    ``folders`` and read itself."""
    sources = {_identity(item.path) for item in inputs}
    searched = [folder for folder in folders if not _is_below(output.folder, folder)]
    for target in (output.result(item, kind) for item in inputs for kind in output.formats):
        if target.is_dir() and not _is_result(target):
            raise ConfigError(f"{target} is a folder with more than PAGE XML in it: move it away, or choose another with --out")
        if target.exists() and _identity(target) in sources:
            raise ConfigError(f"{target} is to be read, and a result would take its place: choose another folder with --out")
        if target.suffix in PAGE_SUFFIXES and any(_is_below(target, folder) for folder in searched):
            raise ConfigError(f"{target} would be read itself the next time: choose a folder with --out that is not read, or one in it")


def _is_result(folder: Path) -> bool:
    """Whether it is what PAGE XML of several pages becomes: a folder of that name with nothing but 0001.xml, 0002.xml, …"""
    if folder.is_symlink() or not folder.name.endswith(SUFFIXES["page"]):
        return False
    return all(path.is_file() and re.fullmatch(r"[0-9]{4,}\.xml", path.name) for path in folder.iterdir())


def _identity(path: Path) -> tuple[int, int]:
    """The same for each name of a file: through links, and in other letters' case where the file system does not tell them apart."""
    found = path.stat()
    return found.st_dev, found.st_ino


def pages_to_read(inputs: Sequence[Input], settings: Settings, output: Output, enough: int) -> int:
    """How many pages there are to be read, or ``enough`` where there are as many: the other files are not opened."""
    pages = 0
    for item in inputs:
        if pages >= enough:
            break
        if settings.again or not all(output.result(item, kind).exists() for kind in output.formats):
            with suppress(ImageError, OSError):  # told when it is read
                pages += len(chosen_pages(item.path, settings))
    return min(pages, enough)


def _told(item: Input, out: Path) -> list[str]:
    """A line for each page of which there is a record that it could not be read."""
    record = out / f"{item.name}{ERRORS}"
    if not record.exists():
        return []
    try:
        errors = json.loads(record.read_bytes())["errors"]
        return [f"{item.path}: page {error['page']}: {error['message']}" for error in errors]
    except (ValueError, KeyError, TypeError):
        return [f"{item.path}: some pages could not be read, but {record} is broken: --again reads them again"]

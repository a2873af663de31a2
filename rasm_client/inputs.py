"""What the command line is to read, and where each result goes.

Where it stands: beneath ``cli.py``. Names that a service gives are names, and never places: ``file_name``.
"""

from __future__ import annotations

import argparse
import dataclasses
import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from rasm_client.aio import AsyncRasmClient
from rasm_client.arguments import SUFFIX_OF
from rasm_client.output import is_pages_folder
from rasm_client.printable import printable
from rasm_client.replies import is_job_id
from rasm_client.tasks import Task, UsageError
from rasm_client.types import Result

SUFFIXES = frozenset((".pdf", ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"))
MOST_NAME_BYTES = 180  # of a file that a service names: file systems take 255, and an ending comes after it
# what Windows takes for devices, whatever ending it has
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def tasks_of(given: argparse.Namespace) -> Iterator[Task]:
    """Every file that the command line means, in order; what is not there is left for the opening to complain of. Raises UsageError of a
    pattern that fits nothing."""
    for argument in given.images:
        path = Path(argument)
        if argument == "-":
            yield Task(("-", b"" if given.resume else sys.stdin.buffer.read()), PurePath("stdin"))
        elif path.is_dir():
            yield from _folder(path)
        elif glob.has_magic(argument) and not path.exists():
            found = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
            files = [name for name in found if not Path(name).is_dir()]
            if not files:
                raise UsageError(f"{argument}: no file matches this pattern")
            yield from (Task(name, PurePath(PurePath(name).name)) for name in files)
        else:
            yield Task(argument, PurePath(path.name))
    if given.files_from:
        try:
            data = sys.stdin.buffer.read() if given.files_from == "-" else Path(given.files_from).read_bytes()
        except OSError as e:
            raise UsageError(f"{given.files_from}: {e.strerror}") from e
        names = [os.fsdecode(name) for name in data.split(b"\0" if b"\0" in data else b"\n")]
        yield from (Task(name, PurePath(PurePath(name).name)) for name in (name.rstrip("\r") for name in names) if name)


def _folder(folder: Path) -> Iterator[Task]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        yield Task(Result.failed(str(folder), "no_images", "no image or PDF is in this folder"), PurePath())
    yield from (Task(str(path), path.relative_to(folder)) for path in found)


async def take_up(tasks: list[Task], client: AsyncRasmClient, job_ids: Sequence[str]) -> None:
    """Give each of these jobs to the task whose file has its name; where no files were named, make tasks of the jobs."""
    were_named = bool(tasks)
    for job_id in job_ids:
        if not is_job_id(job_id):
            raise UsageError(f"--resume {job_id}: this is no job's id")
        job = await client.job(job_id)
        if len(job.files) != 1:
            raise UsageError(f"job {job_id} has {len(job.files)} files: fetch it from its address")
        [name] = job.files
        if not were_named:
            name = file_name(name)
            tasks.append(Task((name, b""), PurePath(name), job_id=job_id))
            continue
        fitting = [task for task in tasks if job.is_of(task.name) and task.job_id is None]
        if len(fitting) != 1:
            raise UsageError(f"job {job_id} is of a file named {name}, as are {len(fitting)} of those given: name the one it is of")
        fitting[0].job_id = job_id


def aimed(tasks: Iterable[Task], given: argparse.Namespace) -> Iterator[Task]:
    """Each with the file that is to be written, if any; without those that ``--existing skip`` leaves out."""
    taken: dict[Path, str] = {}
    for task in tasks:
        if isinstance(task.entry, Result) or not (given.beside or given.out):
            yield task
            continue
        folder = given.out / task.path.parent if given.out else Path() if task.name == "-" else Path(task.name).parent
        target = folder / f"{task.path.stem}{SUFFIX_OF[given.format]}"
        code = why = ""
        if other := taken.get(target):
            code, why = "same_output", f"{target} is already for {other}"
        elif target.exists() and target.resolve() == Path(task.name).resolve():
            code, why = "same_output", "its result would take its place: choose another folder with --out"
        elif target.exists() and given.existing == "refuse":
            code, why = "output_exists", f"{target} is there already (--existing skip or overwrite)"
        elif target.is_dir() and given.existing == "overwrite" and not is_pages_folder(target):
            code, why = "output_exists", f"{target} is a folder with more than PAGE XML in it: move it away"
        if why:
            yield Task(Result.failed(task.name, code, why), task.path)
        elif not (target.exists() and given.existing == "skip"):
            yield dataclasses.replace(task, target=target)
        taken[target] = task.name


def file_name(said: str) -> str:
    """A name that a service gives, as one for a file here: no folder, nothing that a terminal obeys, of bounded length."""
    name = printable(said.replace("\\", "/").rpartition("/")[2]).replace("\\", "_").replace(":", "_").strip(". ")
    name = name.encode(errors="replace")[:MOST_NAME_BYTES].decode(errors="ignore")
    return f"_{name}" if not name or _DEVICE.fullmatch(name) else name

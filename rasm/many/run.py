"""Give out the pages of all documents to processes of a Ray cluster, see to what fails, and write what comes back.

Where it stands: the heart of ``rasm read-many``. One process a core (a Ray actor), each with the model loaded once, has one task at a
time, and stays with a document while that has any: from a store each process fetches whole documents. Documents are drawn from their
sources only as processes become free, so that memory stays bounded.

Ray Data was the other choice. It reads again whole blocks when a process ends, as often as it takes, or drops them; here each page of such
a block is read by itself, and the one that ends processes is recorded with its reason.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rasm.cores import cores
from rasm.document import PageError
from rasm.errors import ConfigError, TargetFailed, WorkerEnded
from rasm.formats import SUFFIXES
from rasm.many.reading import WHOLE, Done, Job, Task, Worker, as_dict, record_refusal, refused, tasks_of, write_stage
from rasm.many.sources import ERRORS as SOURCE_ERRORS
from rasm.many.sources import Item, Sources, first_line
from rasm.many.tables import SCHEMAS, tables_of
from rasm.many.target import PARTIAL, Held, Target
from rasm.results import ERRORS

MOST_TRIES = 3  # processes that may end over a page before it is given up
MOST_S = 900  # of a task: the longest, writing a searchable PDF of 1,000 pages, takes two or three minutes
PART_PAGES = 1000  # in a part of the tables: some 10 MB of words
PART_S = 60  # a part is written no later than this after its first page
LOOK_EVERY_S = 5  # how often nodes that have come or gone, and tasks that take too long, are looked for
PATIENCE_S = 60  # for the first process to come up, where processes end before they do
STORE_BYTES = 512 << 20  # for documents from archives on their way, where Ray runs on this machine alone; what is more goes to the disk


@dataclass
class Tally:
    """What has come of it so far. source_bytes: of what is done, of which bytes_there already were."""

    documents: int = 0
    there_already: int = 0
    pages: int = 0
    failures: list[tuple[str, PageError]] = field(default_factory=list)
    deaths: int = 0
    source_bytes: float = 0.0
    bytes_there: int = 0
    most_processes: int = 0
    seconds: float = 0.0


@dataclass
class _Document:
    """One that is not finished. data: a reference to its bytes, where it was in an archive. count: of its pages, 0 until it was opened.
    left: the indices of those that nobody has read yet. in_tables: the numbers of those that an earlier run has read."""

    item: Item
    data: Any = None
    count: int = 0
    left: set[int] = field(default_factory=set)
    in_tables: set[int] = field(default_factory=set)
    tasks: deque[Task] = field(default_factory=deque)
    told_bytes: float = 0.0


@dataclass
class _Process:
    """actor: Ray's. at: the name of the document that it was given last. task, since: what it is doing. reason: why it was ended."""

    actor: Any
    at: str = ""
    task: Task | None = None
    since: float = 0.0
    reason: str = "a process ended over it, as where memory runs out or a library breaks"


class Run:
    """One ``rasm read-many``. ``ray``: the module, connected. ``told`` hears how far it is, after each task."""

    def __init__(
        self,
        ray: Any,
        job: Job,
        sources: Sources,
        workers: int | None,
        told: Callable[[Tally], None],
        worker: type[Worker] = Worker,
    ) -> None:
        self._ray, self._job, self._sources, self._workers, self._told = ray, job, sources, workers, told
        self._target = Target(job.target)
        again = job.settings.again
        if job.tables and again:
            self._target.clear_tables()
        self._in_tables = self._target.pages_in_tables() if job.tables else {}
        self._there = set() if again else set(self._target.names())  # listed once: a store takes a while for each question
        self._actor = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(worker)
        self._starting: dict[Any, _Process] = {}  # by a reference to its first answer
        self._idle: list[_Process] = []
        self._busy: dict[Any, _Process] = {}  # by a reference to what comes back
        self._last_up = self._since = time.monotonic()
        self._looked = -math.inf
        self._documents: dict[str, _Document] = {}
        self._new: Iterator[_Document] = self._wanted()
        self._deserted: deque[str] = deque()  # documents whose process has ended
        self._parts: list[dict[str, pa.Table]] = []
        self._run, self._part = uuid.uuid4().hex[:8], 0
        self.tally = Tally()

    def __call__(self) -> Tally:
        """Raises TargetFailed, ConfigError. Whatever ends it, what was read for the tables is written if it can be."""
        started = time.monotonic()
        try:
            self._go()
        finally:
            self.tally.seconds = time.monotonic() - started
            for process in (*self._starting.values(), *self._idle, *self._busy.values()):
                self._ray.kill(process.actor)
            self._write_part()
        self.tally.failures += [(place, PageError(0, "unreadable_source", why)) for place, why in self._sources.broken]
        self._target.remove_folder(PARTIAL)
        return self.tally

    def _go(self) -> None:
        if not (first := next(self._new, None)):
            return  # before processes are started
        self._new = chain([first], self._new)
        while True:
            self._look()
            while self._idle and (task := self._task_for(self._idle[-1])):
                self._give(self._idle.pop(), task)
            if self._idle and not self._documents:
                return
            if not (waiting := [*self._busy, *self._starting]):
                time.sleep(1)
                continue
            ready, _ = self._ray.wait(waiting, num_returns=1, timeout=LOOK_EVERY_S)
            for reference in ready:
                if reference in self._starting:
                    self._came_up(reference)
                else:
                    self._came_back(reference)
            self._told(self.tally)

    # processes

    def _look(self) -> None:
        """See to it that there are as many processes as were asked for, or as the cluster has cores now: nodes come and go. What takes too
        long is ended."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        for process in self._busy.values():
            if now - process.since > MOST_S:
                process.reason = f"it took more than {MOST_S:,} s"
                self._ray.kill(process.actor)
        wanted = self._workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        have = len(self._starting) + len(self._idle) + len(self._busy)
        for _ in range(wanted - have):
            process = _Process(self._actor.remote(self._job))
            self._starting[process.actor.ready.remote()] = process
        for reference in list(self._starting)[: max(0, have - wanted)]:
            self._ray.kill(self._starting.pop(reference).actor)

    def _came_up(self, reference: Any) -> None:
        process = self._starting.pop(reference)
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayError as e:
            if not self._idle and not self._busy and time.monotonic() - self._last_up > PATIENCE_S:
                raise ConfigError(f"no process comes up on the cluster: {_reason(e)}") from e
            return
        self._idle.append(process)
        self.tally.most_processes = max(self.tally.most_processes, len(self._idle) + len(self._busy))

    def _give(self, process: _Process, task: Task) -> None:
        process.at, process.task, process.since = task.item.name, task, time.monotonic()
        self._busy[process.actor.do.remote(task, self._documents[task.item.name].data)] = process

    def _came_back(self, reference: Any) -> None:
        process = self._busy.pop(reference)
        self._last_up = time.monotonic()
        task = process.task
        assert task
        try:
            done: Done = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as e:
            self._idle.append(process)
            if isinstance(e.cause, TargetFailed):
                raise TargetFailed(str(e.cause)) from e
            code = "unreachable" if isinstance(e.cause, OSError) else "internal_error"
            self._try_again(task, code, _reason(e))
        except self._ray.exceptions.RayError:  # it has ended, or its machine has, perhaps with what it had read
            self._ray.kill(process.actor)
            self.tally.deaths += 1
            self._looked = -math.inf  # another in its place
            self._deserted.append(process.at)
            self._try_again(task, WorkerEnded.code, process.reason)
        else:
            self._idle.append(process)
            self._take(task, done)

    # documents

    def _task_for(self, process: _Process) -> Task | None:
        """Of the document that it is at; of one whose process has ended; of a new one; of any."""
        if (own := self._documents.get(process.at)) and own.tasks:
            return own.tasks.popleft()
        while self._deserted:
            if (left := self._documents.get(self._deserted.popleft())) and left.tasks:
                return left.tasks.popleft()
        if new := next(self._new, None):
            return new.tasks.popleft()
        return next((document.tasks.popleft() for document in self._documents.values() if document.tasks), None)

    def _wanted(self) -> Iterator[_Document]:
        """The documents of which something is missing, each with its first task."""
        for item in self._sources:
            if not self._job.settings.again and (errors := self._known_errors(item)) is not None:
                self.tally.there_already += 1
                self.tally.source_bytes += item.size
                self.tally.bytes_there += item.size
                self.tally.failures += [(item.name, error) for error in errors]
                continue
            document = self._documents[item.name] = _Document(replace(item, load=None))
            if item.load:
                try:
                    document.data = self._ray.put(item.load())
                except SOURCE_ERRORS as e:
                    error = PageError(1, "unreachable", first_line(e))
                    self._take(Task("begin", document.item), refused(self._job, self._target, document.item, error))
                    continue
            held = self._in_tables.get(item.name)
            document.in_tables = held.pages if held else set()
            if held and not self._job.formats and (missing := self._missing(held)):
                document.count, document.left = held.count, set(missing)
                document.tasks.extend(tasks_of(document.item, missing, held.count, held.language or "auto"))
            else:
                document.tasks.append(Task("begin", document.item))
            yield document

    def _known_errors(self, item: Item) -> list[PageError] | None:
        """None where something of the document is missing; else the pages of it that could not be read."""
        recorded = self._target.record(f"{item.name}{ERRORS}") if f"{item.name}{ERRORS}" in self._there else {}
        if not recorded.get("whole") and not all(self._has(item, kind) for kind in self._job.formats):
            return None
        held = self._in_tables.get(item.name)
        if self._job.tables and (not held or self._missing(held)):
            return None
        if held and not self._job.formats:
            return held.errors
        return [PageError(error["page"], error["code"], error["message"]) for error in recorded.get("errors", [])]

    def _missing(self, held: Held) -> list[int]:
        """The indices of the pages that the tables lack; none of a document that cannot be read."""
        if len(held.errors) == held.count:
            return []
        return [index for index in self._job.wanted(held.count) if index + 1 not in held.pages]

    def _has(self, item: Item, kind: str) -> bool:
        name = f"{item.name}{SUFFIXES[kind]}"
        return name in self._there or f"{name}/{WHOLE}" in self._there

    def _take(self, task: Task, done: Done) -> None:
        document = self._documents[task.item.name]
        if not (document.count or done.whole):
            document.count, wanted = done.count, self._job.wanted(done.count)
            document.left = set(wanted)
            if task.what == "count":  # beginning it ended a process: page by page, to see which one it is
                document.tasks.extend(Task("read", document.item, (index,), done.count, tries=task.tries) for index in wanted)
                return
            document.tasks.extend(tasks_of(document.item, wanted[len(done.pages) :], done.count, done.language))
        self._keep(document, done)
        if done.whole or not (document.left or self._job.formats):
            del self._documents[document.item.name]
            self.tally.documents += 1
            self.tally.source_bytes += document.item.size - document.told_bytes
        elif not document.left:
            document.tasks.append(Task("finish", document.item, count=document.count))

    def _keep(self, document: _Document, done: Done) -> None:
        document.left.difference_update(done.pages)
        self.tally.pages += len({index + 1 for index in done.pages} - {error.number for error in done.errors})
        self.tally.failures += [(document.item.name, error) for error in done.errors]
        share = document.item.size * len(done.pages) / done.count
        document.told_bytes += share
        self.tally.source_bytes += share
        if done.tables:
            old = pa.array(sorted(document.in_tables), pa.int32())  # an earlier run has written them
            self._parts.append({name: table.filter(pc.invert(pc.is_in(table["page"], old))) for name, table in done.tables.items()})
        if sum(len(part["pages"]) for part in self._parts) >= PART_PAGES or time.monotonic() - self._since > PART_S:
            self._write_part()

    def _write_part(self) -> None:
        if self._parts:
            tables = {name: pa.concat_tables([part[name] for part in self._parts]) for name in SCHEMAS}
            self._target.write_part(f"{self._run}-{self._part:06d}", tables)
            self._parts.clear()
            self._part += 1
        self._since = time.monotonic()

    # what fails

    def _try_again(self, task: Task, code: str, reason: str) -> None:
        """Each page by itself; after ``MOST_TRIES`` it is given up, and recorded."""
        tries = task.tries + 1
        if tries == MOST_TRIES:
            self._give_up(task, [PageError(index + 1, code, f"given up after {tries} tries: {reason}") for index in task.pages or (0,)])
        elif task.what == "begin":
            self._documents[task.item.name].tasks.append(replace(task, what="count", tries=tries))
        else:
            alone = [replace(task, pages=(index,), tries=tries) for index in task.pages] or [replace(task, tries=tries)]
            self._documents[task.item.name].tasks.extendleft(reversed(alone))

    def _give_up(self, task: Task, errors: list[PageError]) -> None:
        job, item = self._job, task.item
        if task.what == "finish":  # the tables have its pages
            record_refusal(job, self._target, item, errors)
            self._take(task, Done(task.count, errors=tuple(errors), whole=True))
        elif task.what == "read" and len(job.wanted(task.count)) > 1:
            pages = [as_dict(error) for error in errors]
            if job.formats:
                write_stage(job, self._target, item, task.pages, [json.dumps(page, ensure_ascii=False) for page in pages])
            tables = tables_of(item.name, job.model, pages, task.count) if job.tables else None
            self._take(task, Done(task.count, task.pages, tuple(errors), tables=tables))
        else:
            self._take(task, refused(job, self._target, item, errors[0]))


def _reason(error: BaseException) -> str:
    """In one line: the error that a process raised, or why there is no process."""
    said = str(getattr(error, "cause", None) or error)
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1 if "Traceback" in said or "ray::" in said else 0]


@contextlib.contextmanager
def connected(address: str, workers: int | None) -> Iterator[Any]:
    """Ray: one of this machine's own ("local"), or a cluster that runs ("auto", "ray://HOST:PORT"). Raises ConfigError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        import ray
    except ImportError as e:
        raise ConfigError("this needs Ray: pip install 'rasm-ocr[cluster]'") from e
    own: dict[str, Any] = {"num_cpus": workers or cores(), "object_store_memory": STORE_BYTES, "include_dashboard": False}
    own["_node_ip_address"] = "127.0.0.1"  # whoever reaches a cluster may run what he likes on it
    own = own if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, ValueError, RuntimeError) as e:
        raise ConfigError(f"no Ray cluster answers at {address}: {_reason(e)}") from e
    try:
        yield ray
    finally:
        ray.shutdown()

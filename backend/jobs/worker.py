"""A worker: a process that takes parts of jobs until it is told to end.

Where it stands: around ``work.py``; ``manage.py jobs work`` runs one, ``supervisor.py`` as many as are wanted. A thread beside it takes
away jobs whose time is over, and ends this process should it hang: its part is then taken by another one.
"""

import logging
import os
import signal
import threading
import time
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from backend.jobs import queue, store, work
from backend.reading.errors import is_disk_full

logger = logging.getLogger(__name__)

NICENESS = 10  # who waits for a reply comes first
EXPIRE_EVERY_S = 60.0
_LOOK_WHETHER_TO_END_S = 0.2


def run(*, interval_s: float, until_empty: bool = False) -> None:
    """Work. ``interval_s``: how often to look for a part when there is none. ``until_empty``: end when there is none."""
    os.nice(NICENESS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    threading.Thread(target=_look_after, name="look-after", daemon=True).start()
    try:
        while not work.stopping.is_set():
            if not _work_on_one():
                if until_empty:
                    return
                _rest(interval_s)
    finally:
        work.close_file()


def _stop(signum: int, frame: FrameType | None) -> None:
    """End after the page it is at. Ctrl-C, and the SIGTERM that the supervisor sends because of it, are one."""
    work.stopping.set()


def _work_on_one() -> bool:
    """Whether there was a part. No fault in one ends the worker: what it had in hand waits again when its lease has run out."""
    try:
        part = queue.take()
        if part is not None:
            work.do(part)
        return part is not None
    except DatabaseError as e:
        logger.warning("the database did not answer: %s", type(e).__name__)
    except Exception as e:
        if is_disk_full(e):
            logger.warning("the disk is full: %s", e)
        else:
            logger.exception("a part of a job could not be worked on")
    finally:
        close_old_connections()
    return False


def _rest(seconds: float) -> None:
    until = time.monotonic() + seconds
    while not work.stopping.is_set() and (left_s := until - time.monotonic()) > 0:
        time.sleep(min(left_s, _LOOK_WHETHER_TO_END_S))


def _look_after() -> None:
    every_s = min(5.0, settings.RASM.job_lease_s / 4)
    expired = 0.0
    while True:
        time.sleep(every_s)
        began = work.progress.page_began
        if began is not None and time.monotonic() - began > settings.RASM.job_lease_s:
            logger.error("a page took longer than %d s: this worker ends, and another one goes on", settings.RASM.job_lease_s)
            os._exit(1)
        if time.monotonic() - expired > EXPIRE_EVERY_S:
            try:
                store.expire()
                expired = time.monotonic()
            except DatabaseError as e:
                logger.warning("the database did not answer: %s", type(e).__name__)
            finally:
                connection.close()

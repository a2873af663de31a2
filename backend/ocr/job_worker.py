"""A worker: a process that runs the tasks of jobs until it is told to end.

Where it stands: around ``job_work.py``; ``manage.py jobs work`` starts one, ``backend/workers.py`` as many as are wanted. It is the
worker of django-tasks' database backend, with a thread beside it that puts the work of dead workers into the queue again, takes
away jobs whose time is over, and ends this process should it hang.
"""

import logging
import os
import threading
import time
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, connection
from django_tasks_db.management.commands.db_worker import Worker

from ocr import job_store, job_work

logger = logging.getLogger(__name__)

NICENESS = 10  # who waits for a reply comes first
EXPIRE_EVERY_S = 60.0


class JobWorker(Worker):
    """Ends after the page it is at, and not only after the whole task."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        if not job_work.stopping.is_set():  # Ctrl-C, and what workers.py sends because of it, are one
            job_work.stopping.set()
            super().shutdown(signum, frame)


def work(*, interval_s: float, until_empty: bool = False) -> None:
    """Run tasks. ``interval_s``: how often to look for one when there is none. ``until_empty``: end when there is none."""
    os.nice(NICENESS)
    worker = JobWorker(
        queue_names=["default"],
        interval=interval_s,
        batch=until_empty,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=job_work.WORKER,
        excluded_queue_names=[],
    )
    worker.configure_signals()
    job_work.recover()
    threading.Thread(target=_look_after, name="look-after", daemon=True).start()
    try:
        worker.run()
    finally:
        job_work.close_file()


def _look_after() -> None:
    every_s = min(5.0, settings.RASM_JOB_LEASE_S / 4)
    expired = 0.0
    while True:
        time.sleep(every_s)
        began = job_work.progress.page_began
        if began is not None and time.monotonic() - began > settings.RASM_JOB_LEASE_S:
            logger.error("a page took longer than %d s: this worker ends, and another one goes on", settings.RASM_JOB_LEASE_S)
            os._exit(1)
        try:
            job_work.recover()
            if time.monotonic() - expired > EXPIRE_EVERY_S:
                job_store.expire()
                expired = time.monotonic()
        except DatabaseError as e:
            logger.warning("the database did not answer: %s", type(e).__name__)
        finally:
            connection.close()

"""The queue of jobs: which part a worker takes next, and for how long it is its own.

Where it stands: above the table ``JobPart``, beneath ``work.py``. There is no broker: a part is taken by one UPDATE that succeeds only
while nobody holds it, which SQLite and Postgres both do for one worker at a time. A worker renews its lease with every page. One that
dies does not, and whoever looks next takes its part.
"""

import logging
import os
import socket
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from backend.jobs.models import Job, JobPart

logger = logging.getLogger(__name__)

WORKER = f"{socket.gethostname()[:40]}:{os.getpid()}"
CLOCKS_APART = 2  # in leases: clocks of two machines may be one apart
# of a job that is done, a searchable PDF may be asked for
_WORKED_ON = (Job.State.QUEUED, Job.State.RUNNING, Job.State.DONE)


def _lease() -> timedelta:
    return timedelta(seconds=settings.RASM.job_lease_s)


def waiting() -> QuerySet[JobPart]:
    """The parts that no living worker holds, the most urgent first. A lease that ends later than any of now can is one of before a clock
    was set back."""
    now = timezone.now()
    free = Q(lease=None) | Q(lease__lt=now) | Q(lease__gt=now + CLOCKS_APART * _lease())
    return JobPart.objects.filter(free, done=False, job__state__in=_WORKED_ON).order_by("-priority", "id")


def take() -> JobPart | None:
    """The next part, leased; None if nothing waits."""
    while (part := waiting().select_related("job", "file").first()) is not None:
        now = timezone.now()
        name = f"{WORKER}:{time.monotonic_ns()}"
        if not _unchanged(part).update(worker=name, lease=now + _lease(), attempts=F("attempts") + 1):
            continue  # another worker was quicker
        if part.lease is not None:
            logger.warning("a worker of job %s has died, or did not get on: its pages are read again", part.job_id)
        part.worker = name
        part.attempts += 1
        Job.objects.filter(pk=part.job_id, state=Job.State.QUEUED).update(state=Job.State.RUNNING, started=now)
        return part
    return None


def _unchanged(part: JobPart) -> QuerySet[JobPart]:
    return JobPart.objects.filter(pk=part.pk, done=False, worker=part.worker, lease=part.lease)


def held(part: JobPart) -> QuerySet[JobPart]:
    """The part while it is still this worker's: empty once its job is cancelled, or another worker has taken it."""
    return JobPart.objects.filter(pk=part.pk, worker=part.worker, done=False)


def renew(part: JobPart) -> bool:
    """Whether the part is still this worker's, for another lease."""
    return bool(held(part).update(lease=timezone.now() + _lease()))


def give_back(part: JobPart) -> None:
    """For another worker to go on with. That this one has had it is not counted against the page it was at."""
    held(part).update(worker="", lease=None, attempts=F("attempts") - 1)


def finish(part: JobPart) -> bool:
    """Whether it was still this worker's."""
    return bool(held(part).update(done=True, lease=None))

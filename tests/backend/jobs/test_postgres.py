"""The queue on Postgres: several workers at once, none with the part of another, and a database of 0.8.0 taken over.

Skipped where Postgres or its driver is missing; all other tests use SQLite.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from scripts.failover import initdb_of_postgres, postgres
from tests.backend.jobs.test_migrations import check_that_it_is_taken_over
from tests.serving import ROOT, environment, manage

THERE = initdb_of_postgres() and find_spec("psycopg")
pytestmark = pytest.mark.skipif(not THERE, reason="needs Postgres (Debian: postgresql) and psycopg[binary]")

# of 200 parts each worker takes what it gets
FILL = """if True:
    import django; django.setup()
    from datetime import timedelta
    from django.utils import timezone
    from backend.jobs.models import Job, JobFile, JobPart
    job = Job.objects.create(state="queued", mode="page", text_layer="ignore", expires=timezone.now() + timedelta(days=1))
    file = JobFile.objects.create(job=job, number=0, name="a", pages=200)
    JobPart.objects.bulk_create(JobPart(job=job, file=file, kind="read", first=n, last=n, priority=-n) for n in range(200))
"""
TAKE = """if True:
    import django; django.setup()
    from backend.jobs import queue
    taken = []
    while (part := queue.take()) is not None:
        taken.append(part.first)
        assert queue.renew(part) and queue.finish(part)
    print(*taken)
"""


# both count before either has written: the bound is two jobs, and each of the two processes sends three
SEND = """if True:
    import django; django.setup()
    import sys, time
    from concurrent.futures import ThreadPoolExecutor
    from tests.serving import line_png, post, with_settings
    from backend.jobs import store
    counted = store._check_room
    def slowly(job):
        counted(job)
        time.sleep(0.3)
    store._check_room = slowly
    with with_settings(max_jobs=2), ThreadPoolExecutor(3) as pool:
        print(*pool.map(lambda _: post(("a.png", line_png()), path="/api/v1/jobs").status_code, range(3)))
"""


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database."""
    with postgres() as url:
        yield url


def test_workers_share_the_parts_and_none_is_twos(url: str) -> None:
    variables = environment(DATABASE_URL=url, LOG_LEVEL="ERROR")
    assert manage("migrate", "--verbosity", "0", DATABASE_URL=url).returncode == 0
    subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env=variables, check=True)
    command = [sys.executable, "-c", TAKE]
    workers = [subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    taken = [[int(first) for first in worker.communicate()[0].split()] for worker in workers]
    assert sorted(first for of_one in taken for first in of_one) == list(range(200))
    assert all(of_one == sorted(of_one) for of_one in taken)  # the most urgent first


def test_two_servers_together_take_no_more_jobs_than_one_may_have(url: str) -> None:
    variables = environment(DATABASE_URL=url, LOG_LEVEL="CRITICAL", RASM_API_KEYS="off", ALLOWED_HOSTS="testserver")
    assert manage("migrate", "--verbosity", "0", DATABASE_URL=url).returncode == 0
    servers = [subprocess.Popen([sys.executable, "-c", SEND], cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    statuses = [status for server in servers for status in server.communicate()[0].split()]
    assert sorted(statuses) == ["202"] * 2 + ["429"] * 4


def test_a_database_of_0_8_0_is_taken_over(url: str, tmp_path: Path) -> None:
    check_that_it_is_taken_over(url, tmp_path)

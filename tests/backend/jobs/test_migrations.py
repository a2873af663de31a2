"""A database of 0.8.0 is taken over: its API keys, its results, and the jobs that were not finished."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from tests.serving import ROOT, environment, line_png, manage

# what 0.8.0 had in its tables: a finished job with an image of a line as it was kept then, and one that was being read
FILL = """if True:
    import json, sys, zlib
    import django; django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.utils import timezone
    from datetime import timedelta

    executor = MigrationExecutor(connection)
    executor.migrate([("ocr", "0002_jobs")])
    apps = executor.loader.project_state([("ocr", "0002_jobs")]).apps
    ApiKey, Job, JobFile, JobChunk, JobPage, JobPart = (
        apps.get_model("ocr", name) for name in ("ApiKey", "Job", "JobFile", "JobChunk", "JobPage", "JobPart")
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_tasks_database_dbtaskresult (id char(32) PRIMARY KEY)")
    now = timezone.now()
    key = ApiKey.objects.create(name="archive", start="rasm_abcdef", hash="HASH")
    common = dict(key=key, mode="line", text_layer="ignore", model="tiny", model_version="1", expires=now + timedelta(days=1))
    done = Job.objects.create(state="done", pages=1, **common)
    file = JobFile.objects.create(job=done, number=0, name="a.png", pages=1)
    signs = [["\\u0628", 0.9, 200.0, 210.0], [" ", 0.5, 150.0, 200.0], ["\\u062a", 0.7, 100.0, 150.0]]
    line = zlib.compress(json.dumps({"milliseconds": 1.5, "line": ["\\u0628 \\u062a", 0.7, signs, 320, 32]}).encode())
    JobPage.objects.create(job=done, file=file, number=1, data=line)
    JobPart.objects.create(job=done, file=file, kind="read", first=0, last=0, done=True, looked_at=now, task="one")
    running = Job.objects.create(state="running", pages=2, started=now, **common)
    for number in range(2):
        file = JobFile.objects.create(job=running, number=number, name=f"{number}.png", pages=1)
        JobChunk.objects.create(file=file, kind="upload", number=0, data=open(sys.argv[1], "rb").read())
        held = dict(worker="dead", lease=now - timedelta(hours=1), attempts=1) if number == 0 else {}
        JobPart.objects.create(job=running, file=file, kind="read", first=0, last=0, looked_at=now, task="two", **held)
    print(done.pk, running.pk)
"""
CHECK = """if True:
    import json
    import django; django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment
    from backend.jobs import queue, work
    from backend.jobs.models import Job, JobPart
    from backend.keys.models import ApiKey

    setup_test_environment()
    [key] = ApiKey.objects.all()
    order = [(part.file.name, part.priority) for part in queue.waiting()]
    while (part := queue.take()) is not None:
        work.do(part)
    results = {}
    for job in Job.objects.all():
        assert job.key == key
        results[str(job.pk)] = Client().get(f"/api/v1/jobs/{job.pk}/result?detail=characters", headers={"x-api-key": KEY})
    print(json.dumps({
        "key": key.name,
        "order": order,
        "tables": connection.introspection.table_names(),
        "results": {pk: json.loads(b"".join(reply))["results"] for pk, reply in results.items()},
    }))
"""


def run(script: str, url: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    variables = environment(DATABASE_URL=url, LOG_LEVEL="ERROR", RASM_API_KEYS="on")
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_database_of_0_8_0_is_taken_over(tmp_path: Path) -> None:
    check_that_it_is_taken_over(f"sqlite:///{tmp_path / 'rasm.sqlite3'}", tmp_path)


def check_that_it_is_taken_over(url: str, tmp_path: Path) -> None:
    """``url``: of an empty database."""
    key = "rasm_abcdef-and-more"
    image = tmp_path / "line.png"
    image.write_bytes(line_png())
    finished, running = run(FILL.replace("HASH", hashlib.sha256(key.encode()).hexdigest()), url, str(image)).split()
    assert manage("migrate", "--verbosity", "0", DATABASE_URL=url).returncode == 0
    after = json.loads(run(CHECK.replace("KEY})", f"{key!r}}})"), url))
    assert after["key"] == "archive"
    assert after["order"] == [["0.png", 0], ["1.png", -1]]
    assert {"ocr_apikey", "jobs_job", "jobs_jobpart"} <= set(after["tables"])
    assert not {name for name in after["tables"] if name.startswith(("ocr_job", "django_tasks"))}
    [kept] = after["results"][finished]
    assert (kept["kind"], kept["text"], kept["confidence"], kept["milliseconds"]) == ("line", "ب ت", 0.7, 1.5)
    assert [(word["text"], word["bbox"]) for word in kept["lines"][0]["words"]] == [("ب", [200, 0, 210, 32]), ("ت", [100, 0, 150, 32])]
    assert [(result["name"], result["error"], bool(result["text"])) for result in after["results"][running]] == [
        ("0.png", None, True),
        ("1.png", None, True),
    ]


def test_no_migration_is_missing(tmp_path: Path) -> None:
    done = manage("makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_what_is_kept_of_a_page_is_what_was_read(django_is_set_up: None) -> None:
    from backend.jobs.store import pack, unpack
    from rasm.document import Character, Line, Page, Region, Word

    box = (1.25, 0.0, 99.123456, 32.0)
    line = Line("ب", 0.123456789, box, [(0.0, 22.4), (100.0, 22.4)], [Word("ب", 0.123456789, box, [Character("ب", 0.123456789, box)])])
    page = Page(3, 100, 32, [Region("paragraph", box, [line])], kind="line")
    assert unpack(pack(page, 12.5)) == (page, 12.5)

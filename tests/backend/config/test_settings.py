"""Settings from the environment: every one is in the table of the docs, and a wrong one is told in one line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import (
    PRODUCTION_SERVER,
    ROOT,
    environment,
    manage,
)

pytestmark = pytest.mark.usefixtures("django_is_set_up")


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"RASM_MAX_FILES": "many"}, "RASM_MAX_FILES is 'many'"),
        ({"RASM_MAX_PIXELS": "0"}, "RASM_MAX_PIXELS is '0'"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not a database's address"),
    ],
)
def test_wrong_settings_are_told_in_one_line(variables: dict[str, str], complaint: str) -> None:
    done = manage("check", **variables)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_driver_that_is_missing_is_told(django_is_set_up: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from backend.config import settings

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install 'psycopg\[binary\]'"):
        settings._database("postgres://someone@localhost/rasm")


def test_every_wrong_setting_is_told_in_a_line_of_its_own() -> None:
    done = manage(
        "check", PORT="99999", RASM_HTTPS="maybe", RASM_RATE_PER_KEY="often", LOG_FORMAT="xml", RASM_THREADS="0", RASM_API_KEYS="?"
    )
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            "manage.py: PORT is '99999'; wanted is a whole number, 1 to 65535",
            "LOG_FORMAT is 'xml'; wanted is one of json, text",
            "RASM_HTTPS is 'maybe'; wanted is on or off",
            "RASM_API_KEYS is '?'; wanted is on or off",
            "RASM_RATE_PER_KEY is 'often'; wanted is a number of requests a second, minute, hour or day, such as 600/m",
            "RASM_THREADS is '0'; wanted is a whole number, 1 or more",
        ],
    )


def test_the_server_tells_wrong_settings_too() -> None:
    variables = environment(RASM_MAX_FILES="many", SECRET_KEY="secret")
    done = subprocess.run([sys.executable, *PRODUCTION_SERVER], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "rasm: RASM_MAX_FILES is 'many'; wanted is a whole number, 1 or more\n")


def test_settings_are_built_once_and_cannot_be_changed() -> None:
    from django.conf import settings
    from pydantic import ValidationError

    from backend.config.service_settings import service_settings

    assert settings.RASM is service_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.RASM.max_files = 1


def test_the_table_of_the_docs_is_of_now() -> None:
    from backend.config.settings_table import written

    document = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert document == written(document), "a setting has changed: run `make docs-settings` and commit docs/deployment.md"


def test_nothing_else_of_the_service_reads_the_environment_and_every_variable_is_in_the_table() -> None:
    from backend.config.settings_table import table

    names = set(re.findall(r"^\| `(\w+)`", table(), re.M))
    for path in (ROOT / "backend").rglob("*.py"):
        found = re.findall(r"environ(?:\.get|\.setdefault)?[\[(]\"(\w+)\"", path.read_text(encoding="utf-8"))
        assert set(found) <= {"DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR"}, path
    assert {"HOST", "PORT", "WEB_CONCURRENCY", "SECRET_KEY", "DATABASE_URL", "LOG_LEVEL", "GUNICORN_CMD_ARGS", "RASM_DATA"} <= names


def test_what_is_kept_lies_in_one_folder(tmp_path: Path) -> None:
    variables = {"RASM_DATA": str(tmp_path), "SECRET_KEY": "", "DATABASE_URL": ""}
    assert manage("migrate", "--verbosity", "0", **variables).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"rasm.sqlite3", ".secret-key"}


def test_debug_is_off_unless_asked_for() -> None:
    script = "from django.conf import settings; print(settings.DEBUG)"
    for value, expected in (("", "False"), ("1", "True")):
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment(DEBUG=value), capture_output=True, text=True)
        assert done.stdout.strip() == expected


def test_the_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    from backend.config.settings import _secret_key

    path = tmp_path / ".secret-key"
    key = _secret_key(path)
    assert len(key) >= 50 and _secret_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]

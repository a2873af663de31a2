"""Fixtures that several test files share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Service, environment, manage, running_service


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the service's tables; to be copied."""
    path = tmp_path_factory.mktemp("database") / "rasm.sqlite3"
    done = manage("migrate", "--verbosity", "0", DATABASE_URL=f"sqlite:///{path}", LOG_LEVEL="ERROR")
    assert done.returncode == 0, done.stderr
    return path


def copied(database: Path, folder: Path) -> str:
    """The DATABASE_URL of a copy of one's own."""
    return f"sqlite:///{shutil.copy(database, folder / 'rasm.sqlite3')}"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Service]:
    """One real service, for all tests that only ask it for things."""
    folder = tmp_path_factory.mktemp("service")
    with running_service(folder / "log", DATABASE_URL=copied(empty_database, folder)) as service:
        yield service


@pytest.fixture(scope="session")
def django_is_set_up(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[None]:
    """The service's Django in this process, with the tiny model, as ``manage.py`` sets it up."""
    os.environ.update(environment(DATABASE_URL=copied(empty_database, tmp_path_factory.mktemp("django"))))
    import django
    from django.test.utils import setup_test_environment, teardown_test_environment

    django.setup()
    setup_test_environment()
    yield
    teardown_test_environment()

"""Fixtures of the client's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from client import AsyncRasmClient
from rasm_client.blocking import Blocking
from tests.client.replies import pages_tiff
from tests.conftest import copied
from tests.serving import Service, line_png, running_service


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RASM_URL", "RASM_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        path.write_bytes(line_png(200 + 40 * i, seed=i))
    return [str(p) for p in paths]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the clients would have waited."""
    seconds: list[float] = []

    async def sleep(self: AsyncRasmClient, s: float) -> None:
        seconds.append(s)

    for kind in (AsyncRasmClient, Blocking):
        monkeypatch.setattr(kind, "_sleep", sleep)
    return seconds


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.png", "a.JPG", "deep/c.tif", "deep/notes.txt", "other/b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    path.write_bytes(pages_tiff())
    return path


@pytest.fixture(scope="module")
def working_service(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Service]:
    """A service with a worker for jobs."""
    folder = tmp_path_factory.mktemp("working-service")
    database = copied(empty_database, folder)
    with running_service(folder / "log", DATABASE_URL=database, RASM_JOB_WORKERS="1") as service:
        yield service

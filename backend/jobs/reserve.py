"""Room on SQLite's disk that is kept free for taking jobs away: to delete takes some, and a full disk has none.

Where it stands: beneath ``store.py``. A file beside the database holds the room. It is given up for a deletion that finds the disk full,
and made again at once. Postgres has its disk to itself.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from django.db import OperationalError, connection

from backend.reading.errors import DiskFull, is_disk_full

RESERVE_BYTES = 2**24  # a deletion of a job of 256 MiB writes some hundred kilobytes of journal; the rest is for other programs' files


def _path() -> Path | None:
    name = str(connection.settings_dict["NAME"])
    return Path(f"{name}-reserve") if connection.vendor == "sqlite" and Path(name).exists() else None


def keep() -> None:
    """Make sure that it is there. Raises DiskFull."""
    path = _path()
    if path is None or (path.exists() and path.stat().st_size == RESERVE_BYTES):
        return
    try:
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:  # noqa: PTH123  (its rights from the beginning)
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    except OSError as e:
        with contextlib.suppress(OSError):
            path.unlink()
        raise DiskFull("the disk of the service's database is full: delete jobs, or try again later") from e


def with_reserve(delete: Callable[[], None]) -> None:
    """Do what makes room, with the reserve if need be. Raises what ``delete`` raises."""
    try:
        delete()
    except OperationalError as e:
        path = _path()
        if not is_disk_full(e) or path is None or not path.exists():
            raise
        path.unlink()
        delete()
    with contextlib.suppress(DiskFull):
        keep()

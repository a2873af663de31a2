"""The files of a process's metrics, made with all the room that they will need.

Where it stands: called by ``settings.py``, before anything imports prometheus_client. Its files are mapped into memory and have holes: when
their disk is full, to count something ends the process (SIGBUS). What was given its blocks at the start cannot fail.
"""

import contextlib
import os
import sys
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# of one kind of metrics of one process: 25 addresses with 20 statuses and 15 buckets each take a third of it
FILE_BYTES = 2**20
KINDS = ("counter", "histogram", "gauge_livesum")  # prometheus_client's names of those that the service has
MEMORY_FOLDER = Path("/dev/shm")  # a full disk does not touch it


def folder_for_metrics() -> str | None:
    """Where the folder of a server's metrics is to be made; None: where temporary files are."""
    return str(MEMORY_FOLDER) if os.access(MEMORY_FOLDER, os.W_OK | os.X_OK) else None


def make_room() -> None:
    """For this process's files. Where there is none, its metrics stay its own, and it says so."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return
    paths = [Path(folder) / f"{kind}_{os.getpid()}.db" for kind in KINDS]
    try:
        for path in paths:
            with path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, FILE_BYTES)
    except OSError as e:
        print(f"rasm: no room for metrics in {folder} ({e.strerror}): this process's are left out", file=sys.stderr)
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink()
        del os.environ[VARIABLE]

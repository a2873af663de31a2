"""The production server: ``python -m gunicorn -c backend/gunicorn.conf.py``, in the folder above ``backend``. HOST and PORT say where;
for gunicorn's other settings there is GUNICORN_CMD_ARGS.

There is a process for each core (WEB_CONCURRENCY says otherwise). ONNX Runtime reads outside Python's lock, but a good third of
what a line costs is Python: parsing, decoding, writing the reply. With two cores in one process they stand in line for that lock.
Processes share nothing but the database; their metrics are added up in a folder for as long as the server runs.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from backend.config import ROOT
from backend.config.logs import logging_settings
from backend.config.metrics_room import folder_for_metrics
from backend.config.service_settings import WrongSettings, service_settings

try:
    _settings = service_settings()
except WrongSettings as e:
    print(f"rasm: {e}", file=sys.stderr)
    sys.exit(2)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
_host, _port = _settings.host, _settings.port

wsgi_app = "backend.config.asgi:application"
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
reuse_port = True  # the kernel shares connections out; processes that take them from one queue take all that they find there
worker_class = "backend.config.worker.Worker"
timeout = 60  # a process that has stopped answering its own server, not a long request
graceful_timeout = 30  # to finish what was accepted, after SIGTERM
keepalive = 75  # longer than a proxy keeps an idle connection (nginx: 60), so that it never asks over one that is being closed
backlog = 512
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # the heartbeat's file: never on a slow disk
control_socket_disable = True  # it would be made in the user's home
# the parser in C (gunicorn_h1c 0.6) is quicker, but keeps memory of connections that end early: 200 kB each with 0.6.9, less with 0.6.10
http_parser = "python"
logconfig_dict = logging_settings(_settings.log_level, _settings.log_format)
workers = _settings.processes

if (workers > 1 or _settings.job_workers) and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="rasm-metrics-", dir=folder_for_metrics())  # removed when the server ends
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder.name


def on_starting(server: Any) -> None:
    """Look whether bodies and jobs' files have the room that they may take, and whether the address is free.

    With ``reuse_port`` two servers could share one without a word.
    """
    bodies, files = workers * _settings.max_buffered_bytes, _settings.job_workers * _settings.max_job_bytes
    folder = tempfile.gettempdir()
    if (there := shutil.disk_usage(folder).free) < bodies + files:
        server.log.warning(
            "%s has %d MiB left; bodies may take %d: %d processes with RASM_MAX_BUFFERED_BYTES each; "
            "files of jobs %d: %d workers with RASM_MAX_JOB_BYTES each. Above what there is, 503 disk_full",
            *(folder, there // 2**20, bodies // 2**20, workers, files // 2**20, _settings.job_workers),
        )
    with socket.socket(socket.AF_INET6 if ":" in _host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_host, _port))
        except OSError as e:
            sys.exit(f"rasm: cannot listen on {_host}:{_port}: {e.strerror}; set HOST and PORT")


def child_exit(server: Any, worker: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)


_workers: list[subprocess.Popen[bytes]] = []


def when_ready(server: Any) -> None:
    """Start the workers of jobs: RASM_JOB_WORKERS processes."""
    if _settings.job_workers and not _workers:
        command = [sys.executable, "-m", "backend.jobs.supervisor", str(_settings.job_workers)]
        _workers.append(subprocess.Popen(command, cwd=ROOT))


def on_exit(server: Any) -> None:
    for process in _workers:
        process.terminate()
        process.wait()

"""The production server: ``gunicorn -c backend/gunicorn.conf.py``. HOST and PORT say where; for the rest there is GUNICORN_CMD_ARGS.

One process is enough for a machine: ONNX Runtime reads on all cores, outside Python's lock, and each further process
(WEB_CONCURRENCY) holds the model once more. Processes share nothing but the database; their metrics are added up in a
folder for as long as the server runs.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from config.logs import logging_settings

_host, _port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"

wsgi_app = "config.asgi:application"
pythonpath = str(Path(__file__).resolve().parent)
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "asgi"
timeout = 60  # a process that has stopped answering its own server, not a long request
graceful_timeout = 30  # to finish what was accepted, after SIGTERM
keepalive = 5
backlog = 512
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # the heartbeat's file: never on a slow disk
control_socket_disable = True  # it would be made in the user's home
logconfig_dict = logging_settings(os.environ.get("LOG_LEVEL", "INFO"), os.environ.get("LOG_FORMAT", "json"))

if int(os.environ.get("WEB_CONCURRENCY") or 1) > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="rasm-metrics-")  # removed when the server ends
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder.name


def child_exit(server: Any, worker: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)

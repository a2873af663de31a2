"""The production server: ``gunicorn -c backend/gunicorn.conf.py``. HOST and PORT say where; for the rest there is GUNICORN_CMD_ARGS.

One process is enough for a machine: ONNX Runtime reads with all cores, outside Python's lock, and each further process
(WEB_CONCURRENCY) holds the model once more. The threads take requests in and decode their images meanwhile.
"""

import os
from pathlib import Path

_host, _port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"

wsgi_app = "config.wsgi:application"
pythonpath = str(Path(__file__).resolve().parent)
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "gthread"
threads = 8
timeout = 60  # a process that has stopped answering its own server, not a long request
graceful_timeout = 30
keepalive = 5
control_socket_disable = True  # it would be made in the user's home

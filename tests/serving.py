"""The service as a test needs it: started for real, with the stored tiny model, and images to send to it."""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.paths import ROOT

# Django's own modules are imported inside functions: its settings have to be there first (``django_is_set_up``)

TINY_MODEL = ROOT / "tests" / "fixtures" / "tiny_v1.onnx"
START_TIMEOUT_S = 120.0
PATIENCE_S = 60.0  # how long anything may take before a test gives up


def line_png(width_px: int = 320, height_px: int = 32, seed: int = 0) -> bytes:
    """A picture in which the tiny model reads something."""
    blots = np.random.default_rng(seed).integers(0, 256, (8, width_px // 4), dtype=np.uint8)
    pixels = np.kron(blots, np.ones((height_px // 8, 4), dtype=np.uint8))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with the settings of a service for tests."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "backend.config.settings",
        "SECRET_KEY": "test",
        "DEBUG": "",
        "DATABASE_URL": "",
        "HOST": "127.0.0.1",
        "WEB_CONCURRENCY": "1",  # processes, and workers of jobs: tests of several ask for them
        "RASM_JOB_WORKERS": "0",
        "RASM_MODEL": str(TINY_MODEL),
    }
    return {**os.environ, **settings, **variables}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """``manage.py`` with these arguments, in a process of its own."""
    command = [sys.executable, "backend/manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=_as_people_start_it(**variables), capture_output=True, text=True)


def _as_people_start_it(**variables: str) -> dict[str, str]:
    """Nobody who starts ``manage.py`` or the server has to know where Django's settings are."""
    return {name: value for name, value in environment(**variables).items() if name != "DJANGO_SETTINGS_MODULE"}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass(frozen=True)
class Service:
    url: str
    pid: int


PRODUCTION_SERVER = ("-m", "gunicorn", "-c", "backend/gunicorn.conf.py")


@contextlib.contextmanager
def running_service(log: Path, command: Sequence[str] = PRODUCTION_SERVER, port: int | None = None, **variables: str) -> Iterator[Service]:
    """The service, ready to read, as ``python command`` starts it."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    settings = _as_people_start_it(HOST="127.0.0.1", PORT=str(port), **variables)
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=settings, stdout=output, stderr=output)
        try:
            _wait(url, process, log)
            yield Service(url, process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url + "/health/ready", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start:\n{log.read_text()}")


def ask(url: str, *images: bytes, **options: str) -> httpx.Response:
    """Have a running service read these images, as lines unless ``options`` say otherwise."""
    files = [("files", ("a.png", image)) for image in images]
    return httpx.post(url + "/api/v1/ocr", files=files, data={"mode": "line", **options}, trust_env=False, timeout=PATIENCE_S)


def connect(service: Service) -> socket.socket:
    host, _, port = service.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def exchange(service: Service, request: bytes) -> tuple[int, Any]:
    """Status and content of the reply to these very bytes."""
    with connect(service) as connection:
        connection.sendall(request)
        head, _, body = received(connection).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if b"application/json" in head else body


def received(connection: socket.socket) -> bytes:
    """All that is sent until the connection is closed."""
    reply = b""
    while chunk := connection.recv(65536):
        reply += chunk
    return reply


def figures(url: str) -> dict[str, float]:
    """What a running service says at /metrics."""
    return parsed_figures(httpx.get(url + "/metrics", trust_env=False, timeout=PATIENCE_S).text)


def parsed_figures(text: str) -> dict[str, float]:
    """Prometheus' text format, without its comments."""
    lines = (line for line in text.splitlines() if line[:1] != "#")
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def with_settings(**changed: Any) -> Any:
    """A context in which the service in this process has these settings of its own."""
    from django.conf import settings
    from django.test import override_settings

    return override_settings(RASM=settings.RASM.model_copy(update=changed))


def upload(name: str, data: bytes) -> Any:
    """A file as Django's test client sends it."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, data)


def post(*files: tuple[str, bytes], options: dict[str, Any] | None = None, path: str = "/api/v1/ocr", **headers: str) -> Any:
    """Send these files, by Django's test client in this process."""
    from django.test import Client

    return Client().post(path, {"files": [upload(*f) for f in files], **(options or {})}, headers=headers)


def get(path: str, **headers: str) -> Any:
    from django.test import Client

    return Client().get(path, headers=headers)


def content(reply: Any) -> bytes:
    """Of a reply that must be good, streamed or not."""
    assert reply.status_code == 200, reply.content
    return b"".join(reply) if reply.streaming else bytes(reply.content)


def error(reply: Any) -> tuple[int, str]:
    """Status and code of a refusal, which must have the one shape."""
    body = json.loads(reply.content)
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "request_id"}
    assert body["error"]["message"]
    assert body["error"]["request_id"] == reply.headers["X-Request-ID"]
    return reply.status_code, body["error"]["code"]


def form(*parts: bytes, boundary: bytes = b"b") -> bytes:
    """A multipart body of these parts, headers and content each."""
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def file_part(content: bytes, name: bytes = b"a.png", field: bytes = b"files") -> bytes:
    """The part of a file whose name is sent as these very bytes."""
    return b'Content-Disposition: form-data; name="' + field + b'"; filename="' + name + b'"\r\n\r\n' + content


def field_part(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


def post_form(body: bytes, path: str = "/api/v1/ocr", content_type: str = "multipart/form-data; boundary=b") -> Any:
    """Send this very body, by Django's test client in this process."""
    from django.test import Client

    return Client().generic("POST", path, body, content_type=content_type)

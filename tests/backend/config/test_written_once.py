"""The bodies of requests on the disk: each byte is written once, and at its start the server tells whether there is room for them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.serving import PATIENCE_S, ROOT, Service, environment, free_port, line_png, running_service

MIB = 2**20
PADDING = 12 * MIB
MOST_TIMES = 1.2  # a body's length is what the server may write for it: the body once, the pixels of a small page, log and reply
on_linux = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells what a process has written")


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("roomy") / "log", RASM_MAX_BUFFERED_BYTES=str(64 * MIB)) as service:
        yield service


def padded(form: str, padding: int = PADDING) -> bytes:
    """A picture of a line, with so many bytes in it that its format passes over."""
    file = io.BytesIO()
    Image.open(io.BytesIO(line_png())).convert("L").save(file, form)
    head, newline, rest = file.getvalue().partition(b"\n") if form == "PDF" else (file.getvalue(), b"", b"")
    return head + newline + b"%" + b"x" * padding + b"\n" + rest


def written_bytes(pid: int) -> int:
    """By a process and those that it has started: to files, pipes and sockets."""
    children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    own = re.search(r"wchar: (\d+)", Path(f"/proc/{pid}/io").read_text())
    assert own
    return int(own[1]) + sum(written_bytes(int(child)) for child in children.split())


def read(service: Service, data: bytes) -> int:
    """How many bytes the server writes to read a file, which it must."""
    before = written_bytes(service.pid)
    reply = httpx.post(service.url + "/api/v1/ocr", files={"files": ("a", data)}, trust_env=False, timeout=PATIENCE_S)
    assert reply.json()["results"][0]["error"] is None, reply.text
    return written_bytes(service.pid) - before


@on_linux
@pytest.mark.parametrize("form", ["PNG", "TIFF", "PDF"])
def test_a_body_is_written_once(form: str, roomy: Service) -> None:
    """It is a form's file, opened by this process or, of a PDF, by the one that draws it: both read it where it lies."""
    read(roomy, padded(form, 0))  # what is done the first time
    assert PADDING <= read(roomy, padded(form)) <= MOST_TIMES * PADDING


@on_linux
def test_a_small_body_is_not_written(roomy: Service) -> None:
    read(roomy, padded("PNG", 0))
    assert read(roomy, padded("PNG", 200_000)) < 200_000


START = """if True:
    import logging, runpy, types
    logging.basicConfig(format="%(message)s")
    runpy.run_path("backend/gunicorn.conf.py")["on_starting"](types.SimpleNamespace(log=logging.getLogger()))
"""
MORE = 2**60  # bytes: more than any disk has


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"RASM_MAX_BUFFERED_BYTES": str(MIB)}, None),
        ({"RASM_MAX_BUFFERED_BYTES": str(MORE), "WEB_CONCURRENCY": "3"}, f"bodies may take {3 * MORE // MIB}: 3 processes"),
        ({"RASM_MAX_JOB_BYTES": str(MORE), "RASM_JOB_WORKERS": "2"}, f"files of jobs {2 * MORE // MIB}: 2 workers"),
    ],
)
def test_a_server_tells_at_its_start_whether_there_is_room(variables: dict[str, str], told: str | None) -> None:
    """For the bodies that all its processes may have, and the files that its workers may read."""
    settings = environment(PORT=str(free_port()), **variables)
    log = subprocess.run([sys.executable, "-c", START], cwd=ROOT, env=settings, capture_output=True, text=True, check=True).stderr
    assert told in log if told else log == ""

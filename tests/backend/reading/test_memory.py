"""What pages took of memory goes back to the system once nobody is reading."""

from __future__ import annotations

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from tests.serving import PATIENCE_S, ask, line_png, running_service

A4_PX = (1654, 2339)  # at 200 dots an inch
PAGES = 4
TAKEN_MB = 100.0  # at least, by such pages: measured 174 to 193
KEPT_MB = 50.0  # at most, at rest: measured 10


def scan() -> bytes:
    """A page of lines, in colour."""
    line = Image.open(io.BytesIO(line_png(1200, 40))).convert("RGB")
    page = Image.new("RGB", A4_PX, "white")
    for top in range(100, A4_PX[1] - 100, 70):
        page.paste(line, (200, top))
    file = io.BytesIO()
    page.save(file, "JPEG")
    return file.getvalue()


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what a process holds")
def test_memory_of_pages_goes_back(tmp_path: Path) -> None:
    page = scan()
    with running_service(tmp_path / "log") as service:
        [server] = map(int, Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split())
        assert ask(service.url, line_png()).status_code == 200
        before_mb = resident_mb(server)
        with ThreadPoolExecutor(PAGES) as pool:
            assert {reply.status_code for reply in pool.map(lambda _: ask(service.url, page, mode="page"), range(PAGES))} == {200}
        assert resident_mb(server) > before_mb + TAKEN_MB
        deadline = time.monotonic() + PATIENCE_S
        while resident_mb(server) > before_mb + KEPT_MB:
            assert time.monotonic() < deadline, f"{before_mb:.0f} MB before, {resident_mb(server):.0f} at rest"
            time.sleep(0.2)

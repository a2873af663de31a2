"""rasm read with several processes: the same results, in the same order, and what ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest

from rasm import cli, results
from rasm.document import Page
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.workers import FEW_PAGES, shared_out
from tests.paper import GOLDEN
from tests.paths import ROOT

PAGES = 25
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells a process's children")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "rasm", "read", *map(str, arguments)]


def book(path: Path, pages: int) -> Path:
    """A PDF of pictures of one line."""
    picture = cv2.imread(str(GOLDEN / "figures.png"))
    pdf = SearchablePdf()
    for number in range(1, pages + 1):
        page = cv2.copyMakeBorder(picture, 100, 100, 40, 40, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        pdf.add(Page(number, page.shape[1], page.shape[0], []), page)
    path.write_bytes(pdf.finish())
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_processes_read_as_one_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    book(scans / "a.pdf", 4)
    book(scans / "c.pdf", 1)
    (scans / "b.png").write_bytes((GOLDEN / "figures.png").read_bytes())
    (scans / "broken.png").write_bytes(b"\x89PNG broken")
    (scans / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    told = {}
    for workers in ("1", "2"):
        out = tmp_path / f"out{workers}"
        arguments = ["read", str(scans), "--out", str(out), "--format", "text", "json", "alto", "--threads", "2", "--workers", workers]
        assert cli.main(arguments) == 1
        said = capfd.readouterr()
        told[workers] = said.out.replace(str(out), ""), said.err
        assert not (out / results.PARTIAL).exists()
    assert told["1"] == told["2"] and "3 read, 0 there already, 2 errors" in told["1"][0]
    assert files(tmp_path / "out1") == files(tmp_path / "out2") and len(files(tmp_path / "out1")) == 9
    assert cli.main(arguments) == 1 and "0 read, 3 there already, 2 errors" in capfd.readouterr().out


def test_standard_output_has_the_pages_in_order(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(tmp_path / "a.pdf", 4)
    said = []
    for source, workers in ((str(path), "1"), (str(path), "2"), ("-", "2")):
        with path.open("rb") as given:
            monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=given))
            assert cli.main(["read", source, "--workers", workers, "--threads", "2"]) == 0
        said.append(capfdbinary.readouterr().out)
    assert said[0] == said[1] == said[2] and said[0].count(b"\f") == 3


@needs_proc
@pytest.mark.parametrize("ends", ["Ctrl-C", "a process is killed", "all is killed"])
def test_what_ends_them_loses_no_page(ends: str, tmp_path: Path) -> None:
    path, out = book(tmp_path / "a.pdf", PAGES), tmp_path / "out"
    log = out / results.PARTIAL / "a.jsonl"
    arguments = (path, "--out", out, "--workers", 2, "--threads", 2)
    reading = subprocess.Popen(command(*arguments), cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: log.exists() and log.read_bytes().count(b"\n") > 3)
    children = children_of(reading.pid)
    if ends == "Ctrl-C":
        os.killpg(reading.pid, signal.SIGINT)  # as a terminal does
    elif ends == "all is killed":
        reading.kill()
    else:
        os.kill(max(children), signal.SIGKILL)
    _, told = reading.communicate(timeout=600)
    if ends == "Ctrl-C":
        assert reading.returncode == 130 and told == "rasm read: stopped; the same command goes on from here\n"
    elif ends == "a process is killed":
        assert reading.returncode == 2 and told.startswith("rasm read: error: a process that read was ended") and told.count("\n") == 1
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    logged = log.read_bytes()
    assert 3 < logged.count(b"\n") <= PAGES
    alone = ["--workers", "1", "--threads", "1"]
    assert cli.main(["read", str(path), "--out", str(out), *alone]) == 0
    text = (out / "a.txt").read_text(encoding="utf-8").split("\f")
    assert len(text) == PAGES and len(set(text)) == 1 and len(files(out)) == 1


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 600  # a busy machine
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("pages", "threads", "workers", "shares"),
    [
        (1, 4, None, (1, 4)),
        (FEW_PAGES, 4, None, (1, 4)),
        (FEW_PAGES + 1, 4, None, (4, 1)),
        (FEW_PAGES + 1, 4, 2, (2, 2)),
        (FEW_PAGES + 1, 1, None, (1, 1)),
        (3, 2, 8, (3, 1)),
        (1, None, 8, (1, None)),
        (0, None, None, (1, None)),
    ],
)
def test_threads_are_shared_out(pages: int, threads: int | None, workers: int | None, shares: tuple[int, int | None]) -> None:
    assert shared_out(pages, threads, workers) == shares

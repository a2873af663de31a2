"""A small disk of a test's own, to be filled."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Of so much memory, mounted at ``folder``; the test is skipped where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def filled(disk: Path, *, but: int = 0) -> Iterator[None]:
    """All of it but so many bytes, for as long as this lasts."""
    room = os.statvfs(disk)
    (disk / "fill").write_bytes(b"x" * (room.f_bavail * room.f_frsize - but))
    try:
        yield
    finally:
        (disk / "fill").unlink()

"""What a benchmark ran on, and how much memory this process or another has used.

Where it stands: named at the top of every table (timm's results/ is the example).
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rasm.errors import RasmError

ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("onnxruntime", "numpy", "opencv-python-headless", "torch")
_EXTENSIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "sve")
#: Runs a command, and prints the most memory that it has held, as getrusage gives it.
_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def describe() -> dict[str, str]:
    """CPU, system, versions and commit, for people."""
    about = {
        "CPU": _cpu(),
        "cores": str(len(_cores())),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            about[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            about[package] = "not installed"
    about["Tesseract"] = _first_line("tesseract", "--version").removeprefix("tesseract ") or "not installed"
    about["commit"] = _commit()
    return about


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    present = set(flags.group(1).split()) if flags else set()
    extensions = " ".join(e for e in _EXTENSIONS if e in present)
    return f"{name.group(1) if name else 'unknown'} ({extensions or 'no vector extension that is known here'})"


def _commit() -> str:
    """The checkout's, with a word if files differ from it."""
    commit = _first_line("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    changed = _first_line("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no")
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"


def _first_line(*command: str) -> str:
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout.splitlines() or [""])[0].strip() if done.returncode == 0 else ""


def peak_rss_mb() -> float:
    """The most memory that this process has held, in MB (10^6 bytes); that of processes it started is not in it."""
    try:
        # Linux: getrusage would also count what the process that started this one held before exec
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024 / 1e6  # type: ignore[union-attr]
    except (OSError, AttributeError):
        return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_rss_mb_of(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """The most memory that a command holds while it runs, in MB. Raises RasmError where it fails.

    A small Python starts it, since what the process that starts one has held is counted too: that is less than any peer holds.
    """
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RasmError(f"{command[0]} failed: {(done.stderr.strip().splitlines() or ['it gave no reason'])[-1]}")
    return _megabytes(int(done.stdout))


def _megabytes(maxrss: int) -> float:
    return maxrss / 1e6 if sys.platform == "darwin" else maxrss * 1024 / 1e6

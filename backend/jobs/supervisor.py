"""Keeps the workers of jobs running beside the server: ``python -m backend.jobs.supervisor COUNT``. ``gunicorn.conf.py`` starts it.

A worker that dies is started again, at growing intervals if it dies at once. It ends, and its workers with it, on SIGTERM, on Ctrl-C
and when whoever started it is gone. It imports nothing of Rasm's, so that it takes little memory.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

COMMAND = [sys.executable, str(Path(__file__).resolve().parents[1] / "manage.py"), "jobs", "work"]
LOOK_EVERY_S = 0.5
SHORT_LIFE_S = 30.0  # a worker that ends sooner is started again later and later
LONGEST_PAUSE_S = 60.0
GRACE_S = 25.0  # to finish the page they are at


class Place:
    """Where one worker runs."""

    def __init__(self) -> None:
        self.pause_s = 0.5
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(COMMAND)
        self.began = time.monotonic()
        self.again_at: float | None = None

    def look(self) -> None:
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if self.again_at is None:
            _forget(self.process.pid)
            self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S) if now - self.began < SHORT_LIFE_S else 0.5
            self.again_at = now + self.pause_s
        elif now >= self.again_at:
            self.start()


def _forget(pid: int) -> None:
    """Take the gauges of a process that has ended out of the metrics, as ``gunicorn.conf.py`` does for the server's."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)


def main(count: int) -> None:
    parent = os.getppid()
    ending = False

    def end(signum: int, frame: FrameType | None) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    places = [Place() for _ in range(count)]
    while not ending and os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
        for place in places:
            place.look()
    for place in places:
        place.process.terminate()
    deadline = time.monotonic() + GRACE_S
    for place in places:
        try:
            place.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            place.process.kill()  # another worker goes on where it stopped


if __name__ == "__main__":
    main(int(sys.argv[1]))

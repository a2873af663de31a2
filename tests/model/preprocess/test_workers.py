"""Several processes, and what ends them: nothing is half done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import preprocess
from rasm.text.charset import DEFAULT_CHARSET
from tests.model.preprocess.pairs import add, fails, line_image
from tests.paths import ROOT


def recipe() -> preprocess.Recipe:
    return preprocess.Recipe(preprocess.ImageSettings(), DEFAULT_CHARSET, preprocess.LabelSettings(), 0.2)


class Watched(list):
    """A list that knows how far it has been read."""

    reached = 0

    def __getitem__(self, key):
        self.reached = max(self.reached, key.stop)
        return super().__getitem__(key)


def test_only_some_lines_are_under_way_at_a_time(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preprocess, "CHUNK", 2)
    pair = preprocess.find_pairs(preprocess.Dataset("books", data))[0][0]
    pairs = Watched([pair] * 1000)
    results = preprocess.prepare_all(pairs, recipe(), 2)
    taken = [next(results) for _ in range(20)]
    assert all(isinstance(result, preprocess.Prepared) for result in taken)
    assert pairs.reached <= 20 + 2 * (3 * 2 + 1)
    results.close()


def die(*_: object) -> None:
    os._exit(1)


def test_a_worker_that_is_killed_ends_the_run(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preprocess, "prepare_chunk", die)
    assert "a worker was killed" in fails(capsys, data, "--out", tmp_path / "out", "--workers", "2")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["books"]


def test_workers_start_with_ctrl_c_blocked() -> None:
    # else one that Ctrl-C reaches before Python is up dies with a traceback of its own
    program = (
        "import multiprocessing.util as util, signal, preprocess\n"
        "start, blocked = util.spawnv_passfds, []\n"
        "def watched(*args):\n"
        "    blocked.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
        "    return start(*args)\n"
        "if __name__ == '__main__':\n"
        "    util.spawnv_passfds = watched\n"
        "    preprocess.start_workers(2).shutdown()\n"
        "    print(*blocked, signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout.split() == ["True", "True", "True", "False"], shown.stderr  # the tracker, two workers, and this one


def test_ctrl_c_while_workers_start_waits_until_they_run() -> None:
    # it may reach another thread than the one that blocks it: here when the first worker has started and waits to be told what to do
    program = (
        "import multiprocessing.util as util, os, signal, threading, preprocess\n"
        "start, asked, sent = util.spawnv_passfds, threading.Event(), threading.Event()\n"
        "def send():\n"
        "    asked.wait()\n"
        "    signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"
        "    sent.set()\n"
        "def watched(path, args, fds):\n"
        "    process = start(path, args, fds)\n"
        "    if '--multiprocessing-fork' in map(os.fsdecode, args):\n"
        "        asked.set(), sent.wait()\n"
        "    return process\n"
        "if __name__ == '__main__':\n"
        "    threading.Thread(target=send).start()\n"
        "    util.spawnv_passfds = watched\n"
        "    try:\n"
        "        preprocess.start_workers(2)\n"
        "    except KeyboardInterrupt:\n"
        "        print('stopped')\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (shown.stdout, shown.stderr) == ("stopped\n", "")


def test_ctrl_c_leaves_nothing_half_done(tmp_path: Path) -> None:
    add(tmp_path / "set", "line", image=line_image(5000, 1000))
    for i in range(1000):
        (tmp_path / "set" / f"line_{i}.png").hardlink_to(tmp_path / "set" / "line.png")
        (tmp_path / "set" / f"line_{i}.gt.txt").hardlink_to(tmp_path / "set" / "line.gt.txt")
    command = [sys.executable, "preprocess.py", str(tmp_path / "set"), "--out", str(tmp_path / "out"), "--workers", "2"]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".out.partial-*/images.npy")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all processes at once
    _, shown = run.communicate(timeout=60)
    assert shown == "preprocess.py: stopped; nothing was written\n"
    assert run.returncode == 130
    assert [p.name for p in tmp_path.iterdir()] == ["set"]

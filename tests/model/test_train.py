"""train.py as people run it: a step, a stop and a resume, another charset, two processes, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from model.checkpoint import load_checkpoint
from model.data.arrays import ArrayWriter
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET, Charset
from tests.paths import ROOT
from train import main, step_unless_broken

TINY = """
--channels 4 4 8 8 --projection 8 --lstm-size 8 --lstm-layers 1 --columns-per-batch 1024 --bucket-px 64 --max-width-px 256
""".split()
QUIET = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def write_arrays(path: Path, lines: int = 24, charset: Charset = DEFAULT_CHARSET, height_px: int = 48, unlabelled: str = "") -> Path:
    """Arrays of dark bars: the first character has one, the second two, and so on. Drawn, so that no font is needed."""
    rng = np.random.default_rng(len(path.name))
    with ArrayWriter(path, ImageSettings(height_px=height_px), charset, unlabelled) as writer:
        for n in range(lines):
            text = "".join(rng.choice(list("ابت"), size=int(rng.integers(2, 6))))
            line = np.full((height_px, 40 * len(text)), 255, np.uint8)
            for i, c in enumerate(reversed(text)):
                for bar in range("ابت".index(c) + 1):
                    line[10 : height_px - 8, 40 * i + 6 + 9 * bar : 40 * i + 10 + 9 * bar] = 0
            writer.add(line, charset.encode(text), f"{n}.png", "bars")
        writer.finish({"labels": {"diacritics": "strip"}})
    return path


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_arrays(tmp_path_factory.mktemp("arrays") / "bars")


def command(*arguments: object) -> list[str]:
    # what a test asks for comes last, and so counts
    return [str(ROOT / "train.py"), *TINY, "--threads", "1", "--workers", "0", "--device", "cpu", *map(str, arguments)]


Train = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """What a run came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def train(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """train.py's ``main`` in this process: importing torch anew for each run would take most of the time."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(*arguments: object) -> Done:
        return Done(main(command(*arguments)[1:]), *capsys.readouterr())

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def weights(run: Path, name: str = "last.pt") -> dict[str, torch.Tensor]:
    return load_checkpoint(run / name).weights


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name], b[name], atol=0, rtol=0, msg=name)


def test_stop_and_resume_equals_not_stopping(train: Train, arrays: Path, tmp_path: Path) -> None:
    common = (arrays, "--val", arrays, "--validate-every", 4, "--validate-lines", 4, "--average", 0.9)
    whole = train(*common, "--out", tmp_path / "whole", "--steps", 60)
    assert whole.returncode == 0, whole.stderr
    stopped = subprocess.Popen(
        [sys.executable, *command(*common, "--out", tmp_path / "halves", "--steps", 60)],
        env=QUIET, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    wait_for(lambda: (tmp_path / "halves" / "last.pt").exists(), stopped)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=120)
    assert stopped.returncode == 130 and "--resume" in said, said
    assert 4 <= load_checkpoint(tmp_path / "halves" / "last.pt").step < 60
    resumed = train(*common, "--out", tmp_path / "halves", "--steps", 60, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert load_checkpoint(tmp_path / "halves" / "last.pt").step == 60
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "halves"))


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.01)


def test_it_learns(train: Train, tmp_path: Path) -> None:
    arrays = write_arrays(tmp_path / "three", charset=Charset("ابتَ"), unlabelled="َ")
    done = train(
        arrays, "--val", arrays, "--out", tmp_path / "run", "--steps", 200, "--validate-every", 200, "--lstm-size", 32, "--projection", 32,
        "--channels", 16, 16, 32, 32, "--learning-rate", 0.005, "--augment-share", 0, "--dropout", 0, "--warmup-steps", 20,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert load_checkpoint(tmp_path / "run" / "best.pt").metrics["cer"] < 0.1, done.stdout
    assert load_checkpoint(tmp_path / "run" / "best.pt").labels == [{"diacritics": "strip", "unlabelled": "َ"}]
    assert list((tmp_path / "run").glob("events.*")), "TensorBoard's file"


def test_two_processes(arrays: Path, tmp_path: Path) -> None:
    arguments = command(arrays, "--val", arrays, "--out", tmp_path / "run", "--steps", 3, "--validate-every", 3)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*launcher, *arguments], capture_output=True, text=True, env=QUIET, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert load_checkpoint(tmp_path / "run" / "last.pt").step == 3


def test_fine_tuning_to_another_charset_keeps_the_rows_of_shared_characters(train: Train, arrays: Path, tmp_path: Path) -> None:
    common = ("--steps", 1, "--validate-every", 1)
    assert train(arrays, "--val", arrays, "--out", tmp_path / "first", *common).returncode == 0
    other = Charset("تبا!", version=9)
    arrays2 = write_arrays(tmp_path / "arrays2", charset=other)
    done = train(
        arrays2, "--val", arrays2, "--out", tmp_path / "second", "--init", tmp_path / "first/best.pt", *common, "--learning-rate", 0
    )
    assert done.returncode == 0, done.stderr
    before, after = weights(tmp_path / "first", "best.pt"), weights(tmp_path / "second", "best.pt")
    for step in range(2):  # each of the steps that the LSTM takes at once has rows of its own
        new, old = step * other.classes, step * DEFAULT_CHARSET.classes
        for c in "ابت":
            torch.testing.assert_close(
                after["output.weight"][new + other.index[c]], before["output.weight"][old + DEFAULT_CHARSET.index[c]]
            )
    torch.testing.assert_close(after["lstm.weight_ih_l0"], before["lstm.weight_ih_l0"])


def test_refusals_are_one_line_and_say_what_differs(train: Train, arrays: Path, tmp_path: Path) -> None:
    common = ("--steps", 1, "--validate-every", 1)
    assert train(arrays, "--val", arrays, "--out", tmp_path / "run", *common).returncode == 0
    taller = write_arrays(tmp_path / "taller", height_px=64)
    other = write_arrays(tmp_path / "other", charset=Charset("ابت", version=7))
    other_lines = write_arrays(tmp_path / "more", lines=30)
    for arguments, says in (
        ((arrays, "--val", arrays, "--out", tmp_path / "run"), "--resume"),
        ((arrays, "--val", taller, "--out", tmp_path / "a"), "height"),
        ((arrays, "--val", other, "--out", tmp_path / "a"), "charset"),
        ((arrays, "--val", tmp_path / "nowhere", "--out", tmp_path / "a"), "nowhere"),
        (("--val", arrays, "--out", tmp_path / "a"), "nothing to train on"),
        ((taller, "--val", taller, "--out", tmp_path / "a", "--init", tmp_path / "run/best.pt"), "height 48 px there, 64 px here"),
        ((arrays, "--val", arrays, "--out", tmp_path / "run", "--resume", "--seed", 5), "seed 1 there, 5 here"),
        ((other_lines, "--val", arrays, "--out", tmp_path / "run", "--resume"), "trained on bars: 24 lines there, more: 30 lines here"),
        ((arrays, "--val", arrays, "--out", tmp_path / "run", "--resume", "--init", tmp_path / "run/best.pt"), "give one of them"),
        ((arrays, "--val", arrays, "--out", tmp_path / "a", "--init", ROOT / "README.md"), "checkpoint"),
        ((arrays, "--val", arrays, "--out", tmp_path / "a", "--sped", 3), "--sped"),
    ):
        done = train(*arguments, *common)
        assert done.returncode == 2, (arguments, done.stdout, done.stderr)
        assert says in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--steps -5", "--steps takes 1 or more, not -5"),
        ("--average 1.5", "--average takes 0 to"),
        ("--learning-rate nan", "not nan"),
        ("--blocks 1 0 1", "--blocks takes 1 or more, not 0"),
        ("--bucket-px 0", "--bucket-px"),
        ("--validate-every 0", "--validate-every"),
        ("--workers -1", "--workers"),
        ("--dropout 2", "--dropout takes 0 to 0.9, not 2"),
        ("--device foo", "--device foo: "),
        ("--synthetic-share 1 --text examples/text", "leave out the arrays"),
        ("--out train.py/run", "train.py/run: Not a directory"),
        ("--out train.py", "train.py: File exists"),
    ],
)
def test_numbers_that_nothing_could_be_trained_with_are_refused(
    train: Train, arrays: Path, tmp_path: Path, options: str, named: str
) -> None:
    done = train(arrays, "--val", arrays, "--out", tmp_path / "run", *options.split())
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("train.py: error: ") and named in done.stderr


def test_it_stops_early_when_validation_no_longer_improves(train: Train, arrays: Path, tmp_path: Path) -> None:
    # nothing is learned at a rate of 0, so that validations soon stop improving
    done = train(
        arrays, "--val", arrays, "--out", tmp_path / "run", "--steps", 50, "--validate-every", 1, "--learning-rate", 0, "--patience", 2
    )
    assert done.returncode == 0, done.stderr
    assert 3 <= load_checkpoint(tmp_path / "run" / "last.pt").step < 50


def test_a_batch_without_a_finite_gradient_changes_nothing() -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    optimiser, scaler = torch.optim.AdamW([weight], lr=0.1, fused=True), torch.amp.GradScaler("cpu", enabled=False)
    for gradient, moves in ((float("nan"), False), (1.0, True), (float("inf"), False)):
        before = weight.detach().clone()
        weight.grad = torch.full((3,), gradient)
        step_unless_broken(optimiser, scaler, torch.nn.utils.clip_grad_norm_([weight], 5.0))
        assert weight.isfinite().all() and bool((weight != before).any()) is moves

"""``rasm adapt``: a model that reads rendered lines of another face better, what it says, and that it goes on where it was stopped."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.data.arrays import ArrayWriter
from rasm.image import ImageSettings
from rasm.lines.recognizer import Reading, Recognizer
from rasm.text.charset import DEFAULT_CHARSET
from scripts import adapt_figures
from scripts.adapt import adapt, fingerprint, main, verdict
from scripts.adapt_figures import Figure, choose
from tests.paths import GOLDEN, ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two golden lines, each a few times, lighter and darker."""
    folder = tmp_path_factory.mktemp("pairs")
    for n in range(12):
        name = ("heading", "figures")[n % 2]
        image = cv2.imread(str(GOLDEN / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(folder / f"{n:02}.png"), np.minimum(image.astype(int) + 4 * n, 255).astype(np.uint8))
        (folder / f"{n:02}.gt.txt").write_text((GOLDEN / f"{name}.gt.txt").read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def test_prepares_trains_exports_and_measures(
    pairs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapt_figures, "LINES", 3)  # of each kind: what they are read like is not asked here
    out = tmp_path / "mine.onnx"
    code = main([str(pairs), "--out", str(out), "--steps", "2", "--threads", "1"])
    said = capfd.readouterr().out
    assert code in (0, 1)  # two steps may make nothing better
    assert "held-out lines" in said and "figures and codes" in said and "of the signs were read wrong before" in said
    info = Recognizer(out, threads=1).info
    assert info.name == "mine" and info.calibration != (1.0, 0.0)
    figures = json.loads((tmp_path / "mine.adapt" / "figures.json").read_text(encoding="utf-8"))
    assert len(figures["figures"]) >= 3 and set(figures["figures"][0]["rates"]) == {"before", "adapted", "two thirds", "half"}

    started = time.monotonic()  # nothing is done twice: it is only measured
    assert main([str(pairs), "--out", str(out), "--steps", "2", "--threads", "1"]) == code
    assert "$ python" not in capfd.readouterr().out and time.monotonic() - started < 60


def test_pipes_and_links_to_nothing_are_no_lines(pairs: Path, tmp_path: Path) -> None:
    """A pipe would have been waited for, and a link to nothing was a traceback."""
    folder = tmp_path / "pairs"
    shutil.copytree(pairs, folder)
    os.mkfifo(folder / "pipe.png")
    (folder / "link.png").symlink_to(tmp_path / "nowhere")
    for name in ("pipe", "link"):
        (folder / f"{name}.gt.txt").write_text("نص", encoding="utf-8")
    assert fingerprint([folder]) not in ("", fingerprint([pairs]))


def test_stopped_it_goes_on(pairs: Path, tmp_path: Path) -> None:
    """Ctrl-C in the midst of the training: it ends with 130, and what was trained is there."""
    command = [
        sys.executable,
        "-m",
        "scripts.adapt",
        str(pairs),
        "--out",
        str(tmp_path / "mine.onnx"),
        "--steps",
        "100000",
        "--threads",
        "1",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    seen = ""
    while "parameters," not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    time.sleep(3)
    process.send_signal(signal.SIGTERM)  # a shell's background process has Ctrl-C ignored
    rest = process.communicate(timeout=60)[0]
    assert process.returncode == 130, rest
    assert "the same command goes on from here" in rest
    assert (tmp_path / "mine.adapt" / "run" / "last.pt").exists()


def test_another_question_begins_anew(pairs: Path, tmp_path: Path) -> None:
    from scripts.adapt import Asked, begin, fingerprint

    work = tmp_path / "mine.adapt"
    asked = Asked(fingerprint([pairs]), "x.pt", 10, None, 0.2, (), ())
    begin(work, asked)
    (work / "kept").touch()
    begin(work, asked)
    assert (work / "kept").exists()
    begin(work, Asked(asked.files, "x.pt", 20, None, 0.2, (), ()))
    assert not (work / "kept").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{pairs}", "--out", "mine.pt"], "ends in .onnx"),
        (["{empty}", "--out", "mine.onnx"], "0 pairs"),
        (["{pairs}", "--out", "mine.onnx", "--init", "nothing"], "no such weights"),
        (["{pairs}", "--out", "{pairs}/strange.onnx"], "none of `rasm adapt`"),
    ],
)
def test_bad_input(arguments: list[str], said: str, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (pairs / "strange.adapt").mkdir(exist_ok=True)
    (pairs / "strange.adapt" / "mine").touch()
    assert main([a.format(pairs=pairs, empty=tmp_path / "empty") for a in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("rasm adapt: error:") and said in error and error.count("\n") == 1


def test_without_what_trains(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main([str(pairs), "--out", str(tmp_path / "mine.onnx")]) == 2
    assert "pip install -e '.[train]'" in capsys.readouterr().err


@pytest.fixture
def rasm_command(tmp_path: Path) -> Run:
    """``rasm`` as pip installs it beside a checkout: with the entry points of pyproject.toml, or without them."""

    def run(*arguments: str, checkout: bool) -> subprocess.CompletedProcess[str]:
        if checkout:
            information = tmp_path / "rasm_ocr-0.dist-info"
            information.mkdir()
            (information / "METADATA").write_text("Metadata-Version: 2.1\nName: rasm-ocr\nVersion: 0\n")
            (information / "entry_points.txt").write_text("[rasm.commands]\nadapt = scripts.adapt:adapt\n")
        path = f"{tmp_path}{os.pathsep}{ROOT}"
        code = "import sys, rasm.cli; sys.exit(rasm.cli.main())"
        command = [sys.executable, "-P", "-c", code, *arguments]
        return subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)

    return run


def test_rasm_finds_it_in_a_checkout_alone(rasm_command: Run) -> None:
    without = rasm_command("adapt", "lines", "--out", "mine.onnx", checkout=False)
    assert (without.returncode, without.stdout) == (2, "")
    assert without.stderr == "rasm adapt: error: adapting is training, which needs a checkout of Rasm: in it, pip install -e '.[train]'\n"
    assert "needs a checkout" in rasm_command("adapt", "--help", checkout=False).stderr
    found = rasm_command("adapt", "lines", "--out", "mine.pt", checkout=True)
    assert found.returncode == 2 and "ends in .onnx" in found.stderr


def test_help_names_it(rasm_command: Run) -> None:
    assert "adapt" in rasm_command("--help", checkout=False).stdout
    assert adapt.name == "rasm adapt"


def figure(kind: str, before: float, adapted: float, half: float, p: float = 0.001) -> Figure:
    rates = {"before": before, "adapted": adapted, "half": half}
    return Figure(kind, 60, rates, dict.fromkeys(rates, p))


def test_what_forgets_less_is_chosen_if_it_has_learned() -> None:
    own = figure("held-out lines", 0.15, 0.03, 0.05)
    assert choose([own, figure("Urdu", 0.1, 0.1, 0.1)]) == "adapted"
    assert choose([own, figure("Urdu", 0.1, 0.2, 0.1)]) == "half"
    assert choose([figure("held-out lines", 0.15, 0.03, 0.16), figure("Urdu", 0.1, 0.2, 0.1)]) == "adapted"
    assert choose([own, figure("Urdu", 0.1, 0.2, 0.1, p=0.6)]) == "adapted"  # which may be chance


def test_it_says_where_labels_and_pictures_disagree() -> None:
    """Neither more lines nor more minutes mend a picture that is cut, or a text that is another line's."""
    rates, p = {"before": 0.15, "adapted": 0.04}, {"before": 1.0, "adapted": 0.001}
    other = figure("Urdu", 0.1, 0.1, 0.1)
    cut = Figure("held-out lines", 125, rates, p, {"before": 0.2, "adapted": 0.55}, {"before": 0.05, "adapted": 0.14})
    said = " ".join(verdict([cut, other], "adapted"))
    assert "55% stands at the ends of lines" in said and "One line has 14%" in said
    fine = Figure("held-out lines", 125, rates, p, {"before": 0.6, "adapted": 0.2}, {"before": 0.3, "adapted": 0.05})
    assert "ends of lines" not in " ".join(verdict([fine, other], "adapted")) and "One line" not in " ".join(
        verdict([fine, other], "adapted")
    )


def test_what_is_wrong_at_the_ends_of_lines_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cut:
        """Reads all lines of the arrays but for their first two signs, and the rendered ones not at all."""

        def __init__(self, path: Path) -> None: ...

        def read_arrays(self, lines: list[np.ndarray]) -> list[Reading]:
            return [Reading(text[2:], 0.9, ()) for text in texts]

    texts = ["قال الراوي يا سادة", "كان في قديم الزمان", "ملك من ملوك الفرس"]
    with ArrayWriter(tmp_path / "val", ImageSettings(), DEFAULT_CHARSET, "") as writer:
        for n, text in enumerate(texts):
            writer.add(np.full((48, 400), 255, np.uint8), DEFAULT_CHARSET.encode(text), f"{n}.png", "lines")
        writer.finish({})
    monkeypatch.setattr(adapt_figures, "Recognizer", Cut)
    monkeypatch.setattr(adapt_figures, "reference", lambda *_: [])
    (own,) = adapt_figures.measure({"before": tmp_path, "adapted": tmp_path}, tmp_path / "val", [])
    assert own.at_ends["adapted"] == 1.0 and own.worst["adapted"] == pytest.approx(1 / 3)

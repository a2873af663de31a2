"""evaluate.py on lines with known readings: figures, files that cannot be used, and errors that say what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"


def evaluate(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "evaluate.py", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)


def test_figures_of_the_shipped_model(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    shutil.copytree(GOLDEN, lines)
    # one label is made wrong by one letter of a known length: the figures follow
    label = lines / "heading.gt.txt"
    text = label.read_text(encoding="utf-8").strip()
    label.write_text(text + "ز\n", encoding="utf-8")
    (lines / "broken.png").write_bytes(b"\x89PNG broken")
    (lines / "broken.gt.txt").write_text("نص", encoding="utf-8")
    done = evaluate(lines, "--json", "--predictions", tmp_path / "readings.tsv")
    assert done.returncode == 0, done.stderr
    assert "1 pairs cannot be used" in done.stderr
    figures = json.loads(done.stdout)
    raw = figures["engines"]["rasm"]["raw"]
    assert figures["lines"] == raw["lines"] == 3
    assert raw["cer"] == pytest.approx(1 / raw["characters"])
    assert raw["exact"] == pytest.approx(2 / 3)
    assert figures["engines"]["rasm"]["lines_per_second"] > 0
    rows = (tmp_path / "readings.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "name\ttruth\trasm"
    assert [row for row in rows if "heading" in row] == [f"lines/heading.png\t{text}ز\t{text}"]


def test_a_checkpoint_is_read_through_pytorch() -> None:
    done = evaluate(GOLDEN, "--model", ROOT / "tests" / "fixtures" / "tiny_v1.pt", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["engines"]["rasm"]["raw"]["cer"] > 0.5, "random weights"


@pytest.mark.skipif(not shutil.which("tesseract"), reason="needs tesseract (Debian: tesseract-ocr tesseract-ocr-ara)")
def test_tesseract_reads_the_same_lines() -> None:
    done = evaluate(GOLDEN, "--engine", "rasm", "tesseract", "--json")
    assert done.returncode == 0, done.stderr
    engines = json.loads(done.stdout)["engines"]
    assert engines["rasm"]["normalised"]["cer"] < engines["tesseract"]["normalised"]["cer"] < 0.9


def test_errors_are_one_line(tmp_path: Path) -> None:
    for arguments, says in (
        ((tmp_path / "nowhere",), "no such folder"),
        ((tmp_path,), "no line with its text"),
        ((GOLDEN, "--model", tmp_path / "no.onnx"), "no such model file"),
        ((GOLDEN, "--model", tmp_path / "no.pt"), "no such checkpoint"),
    ):
        done = evaluate(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert says in done.stderr

"""python -m benchmarking: its figures, by their definitions and not by the clock; its tables; errors that say what to do."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from benchmarking import __main__ as benchmark
from benchmarking import arithmetic, machine, reader, service, tables
from evaluation.datasets import Sample, open_samples
from evaluation.engines import EngineReading, RasmLines
from rasm.errors import RasmError
from rasm.lines.recognizer import Recognizer
from rasm.text.metrics import error_rates, normalised
from tests.paths import GOLDEN, ROOT, SHIPPED
from tests.serving import line_png

TINY = ROOT / "tests" / "fixtures" / "tiny_v1.onnx"
KEYS = [
    *("lines", "rasm_lines_per_second", "tesseract_lines_per_second", "ratio", "rasm_cer", "tesseract_cer"),
    *("peak_rss_mb", "load_s", "tesseract_peak_rss_mb"),
]
NEEDS_TESSERACT = pytest.mark.skipif(not shutil.which("tesseract"), reason="needs tesseract (Debian: tesseract-ocr tesseract-ocr-ara)")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Two lines that the tiny model can read."""
    for width_px in (320, 640):
        (tmp_path / f"{width_px}.png").write_bytes(line_png(width_px))
        (tmp_path / f"{width_px}.gt.txt").write_text("نص", encoding="utf-8")
    return tmp_path


@NEEDS_TESSERACT
def test_the_main_comparison_prints_one_json_object() -> None:
    command = [sys.executable, "-m", "benchmarking", "reader", str(GOLDEN), "--threads", "1", "--against", "tesseract", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert list(figures) == KEYS
    assert figures["lines"] == 3
    assert figures["ratio"] == pytest.approx(figures["rasm_lines_per_second"] / figures["tesseract_lines_per_second"])
    assert figures["rasm_cer"] == 0 < figures["tesseract_cer"] < 0.9, "normalised: the shipped model reads the golden lines"
    assert 50 < figures["peak_rss_mb"] < 1_000 and figures["load_s"] > 0
    assert 15 < figures["tesseract_peak_rss_mb"] < 1_000, "more than the process that starts it and measures it"


def test_reading_alone_and_its_error_rate() -> None:
    figures = reader.measure([GOLDEN], TINY, 1, None, 2)
    assert list(figures) == KEYS
    assert figures["lines"] == 2 and figures["rasm_lines_per_second"] > 0
    of_both = ("tesseract_lines_per_second", "ratio", "tesseract_cer", "tesseract_peak_rss_mb")
    assert [figures[k] for k in of_both] == [None] * 4
    samples = open_samples([GOLDEN], "lines", 2).items
    engine = RasmLines(TINY, 1)
    texts = [reading.text for reading in engine.read(engine.prepare(samples))]
    assert figures["rasm_cer"] == error_rates([s.truth for s in samples], texts, normalised).cer


def test_peak_memory_is_that_of_this_process_alone() -> None:
    code = """
import subprocess, sys
from benchmarking.machine import peak_rss_mb
before = peak_rss_mb()
subprocess.run([sys.executable, "-c", "held = bytearray(400_000_000)"])
child = peak_rss_mb() - before
held = bytearray(200_000_000)
print(child, peak_rss_mb() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    child, own = map(float, done.stdout.split())
    assert child < 50, "what a child has held is not counted"
    assert 190 < own < 260, "what is held is counted, and is given in MB"


def test_peak_memory_of_another_process() -> None:
    code = """
import os, sys
from benchmarking.machine import peak_rss_mb_of
held = bytearray(600_000_000)
print(peak_rss_mb_of([sys.executable, "-c", "held = bytearray(200_000_000)"], dict(os.environ)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert 200 < float(done.stdout) < 260, "what the process that asks has held is not counted"
    with pytest.raises(RasmError, match="why it failed"):
        machine.peak_rss_mb_of([sys.executable, "-c", "raise SystemExit('why it failed')"], dict(os.environ))


def test_operations_of_nodes_by_hand() -> None:
    # 3x3 convolution, 16 -> 32 channels, 24x100 out: each of 32*24*100 numbers is the sum of 16*9 products
    assert arithmetic.node_operations("Conv", [[1, 16, 48, 200], [32, 16, 3, 3], [32]], [[1, 32, 24, 100]]) == 2 * 32 * 24 * 100 * 16 * 9
    # depthwise: each sees one channel
    assert arithmetic.node_operations("Conv", [[1, 16, 24, 100], [16, 1, 3, 3]], [[1, 16, 24, 100]]) == 2 * 16 * 24 * 100 * 9
    assert arithmetic.node_operations("MatMul", [[10, 64], [64, 96]], [[10, 96]]) == 2 * 10 * 64 * 96
    # four gates, both directions, each of 128 units from 192 inputs and 128 of the step before
    expected = 2 * 250 * 2 * 4 * 128 * (192 + 128)
    assert arithmetic.node_operations("LSTM", [[250, 1, 192], [2, 512, 192], [2, 512, 128]], [[250, 2, 1, 128]]) == expected
    assert arithmetic.node_operations("Relu", [[1, 16, 24, 100]], [[1, 16, 24, 100]]) == 0


def test_operations_of_a_model_by_hand(tmp_path: Path) -> None:
    helper, rng = onnx.helper, np.random.default_rng(0)
    nodes = [
        helper.make_node("Cast", ["images"], ["x"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("MatMul", ["c", "m"], ["y"]),
    ]
    weights = [("w", (8, 1, 3, 3)), ("m", (64, 5))]
    constants = [onnx.numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name) for name, shape in weights]
    graph = helper.make_graph(
        nodes,
        "by hand",
        [helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["batch", 1, 16, 64])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 8, 16, 5])],
        constants,
    )
    path = tmp_path / "by_hand.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    assert arithmetic.operations(path, 16, 64) == 2 * (8 * 16 * 64 * 9) + 2 * (8 * 16 * 5 * 64)


def test_operations_grow_evenly_with_the_width() -> None:
    height_px = Recognizer(TINY, threads=1).info.image.height_px
    at = {width: arithmetic.operations(TINY, height_px, width) for width in (128, 256, 512)}
    assert at[128] > 0
    assert (at[512] - at[256]) == pytest.approx(2 * (at[256] - at[128]))


def test_share_of_the_peak(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "_SECONDS", 0.05)
    figures = arithmetic.share_of_peak([lines], TINY, 1, 0)
    assert figures["lines"] == 2 and figures["mean_padded_width_px"] == pytest.approx((320 + 640) / 2, abs=64)
    assert figures["gflops_reached"] == pytest.approx(figures["gflop_per_line"] * figures["lines_per_second"])
    assert figures["share_of_fp32_peak"] == pytest.approx(figures["gflops_reached"] / figures["gflops_peak_fp32"])
    assert 0 < figures["share_of_fp32_peak"] < 2 and figures["gflops_peak_int8"] > 0


def test_latency_and_start(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_COLD_STARTS", 1)
    assert benchmark.main(["latency", str(GOLDEN), "--model", str(TINY), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["lines"] == 3 and 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert figures["tesseract_p50_ms"] is figures["tesseract_mean_ms"] is figures["tesseract_reading_p50_ms"] is None
    assert benchmark.main(["start", str(GOLDEN), "--model", str(TINY), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    parts = figures["imports_s"] + figures["load_s"] + figures["first_line_s"]
    assert 0 < parts < figures["whole_s"], "Python itself takes some time too"
    assert figures["tesseract_whole_s"] is None


@pytest.mark.parametrize(("milliseconds", "expected"), [([7.0], [7, 7, 7, 7]), (list(range(101)), [50, 95, 99, 50])])
def test_percentiles(milliseconds: list[float], expected: list[float]) -> None:
    assert list(reader._percentiles(milliseconds).values()) == expected, "p50, p95, p99 and the mean"


class _Peer:
    """A Tesseract that tells which lines it was given, and takes no time to read them."""

    name, timed, start_s = "tesseract", True, 0.25

    def __init__(self, *_: object) -> None:
        self.asked: list[str] = []

    def prepare(self, samples: list[Sample]) -> list[Sample]:
        return samples

    def read(self, prepared: list[Sample]) -> list[EngineReading]:
        self.asked += [sample.name for sample in prepared]
        return [EngineReading("")] * len(prepared)


def test_latency_and_start_beside_a_peer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    peer = _Peer()
    monkeypatch.setattr(reader, "Tesseract", lambda *_: peer)
    monkeypatch.setattr(reader, "_COLD_STARTS", 2)
    monkeypatch.setattr(reader, "_ONE_BY_ONE", 2)
    command = [str(GOLDEN), "--model", str(TINY), "--against", "tesseract", "--json"]
    assert benchmark.main(["latency", *command]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert peer.asked == [sample.name for sample in open_samples([GOLDEN]).items], "each line once"
    assert figures["tesseract_reading_p50_ms"] == pytest.approx(figures["tesseract_p50_ms"] - 250), "less its start"
    assert benchmark.main(["start", *command]) == 0
    assert json.loads(capsys.readouterr().out)["tesseract_whole_s"] > 0
    assert peer.asked[3:] == peer.asked[:1] * 2, "a process for each start, all of one line"


@NEEDS_TESSERACT
def test_latency_beside_tesseract() -> None:
    figures = reader.latency([GOLDEN], TINY, 1, "tesseract", 1)
    assert figures["tesseract_p50_ms"] == figures["tesseract_p99_ms"] == figures["tesseract_mean_ms"] > 0, "one line"


@pytest.mark.skipif(not shutil.which("wrk"), reason="needs wrk (Debian: wrk)")
def test_the_service_under_wrk(lines: Path) -> None:
    figures = service.measure([lines], TINY, 1, clients=2, seconds=1, limit=0, url=None)
    assert figures["refused"] == figures["broken"] == 0
    assert figures["lines_per_second"] > 0 and figures["bare_lines_per_second"] > 0
    assert figures["share_of_bare"] == pytest.approx(figures["lines_per_second"] / figures["bare_lines_per_second"])
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert figures["bare_lines_per_second"] == max(figures["bare_one_process"], figures["bare_process_a_core"])
    assert figures["alone_more_p50_ms"] == figures["alone_p50_ms"] - figures["reading_p50_ms"]
    assert _row("service", figures)[:2] == ["2", f"{figures['lines_per_second']:.1f}"]


@pytest.mark.skipif(not shutil.which("wrk"), reason="needs wrk (Debian: wrk)")
def test_the_service_under_wrk_with_pages() -> None:
    figures = service.measure([GOLDEN], SHIPPED, 1, clients=2, seconds=1, limit=1, url=None, kind="pages")
    assert figures["refused"] == figures["broken"] == 0
    assert figures["share_of_bare"] == pytest.approx(figures["pages_per_second"] / figures["bare_pages_per_second"])


def _row(part: str, figures: dict[str, Any]) -> list[str]:
    """What the table of a part shows of some figures, in its columns."""
    (line,) = [line for line in tables.document({part: [("label", figures)]}, {}, "").splitlines() if line.startswith("| label ")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_what_it_ran_on_is_named() -> None:
    about = machine.describe()
    assert about["onnxruntime"] and about["numpy"] and int(about["cores"]) >= 1 and about["commit"]
    assert all(value and "\n" not in value for value in about.values())


def test_tables() -> None:
    figures = dict.fromkeys(KEYS, 1.5) | {"lines": 3, "rasm_cer": 0.0178, "tesseract_cer": None, "ratio": math.pi, "peak_rss_mb": 133.4}
    text = tables.document(
        {"reader": [("rasm-print, 1", figures), ("broken | model, 1", "no such model file")]},
        {"CPU": "a CPU"},
        "python -m benchmarking all LINES",
    )
    lines = text.splitlines()
    assert "| CPU | a CPU |" in lines and "`python -m benchmarking all LINES`" in text
    (row,) = [line for line in lines if line.startswith("| rasm-print")]
    assert [cell.strip() for cell in row.strip("|").split("|")] == (
        ["rasm-print, 1", "3", "1.5", "1.5", "3.1", "1.78%", "–", "133", "2", "1.50"]
    )
    assert any(line.startswith("| broken \\| model, 1 | not measured: no such model file |") for line in lines)
    first = lines.index(row) - 2  # above it are the titles of its columns
    widths = {line.replace("\\|", "").count("|") for line in lines[first : first + 4]}
    assert len(widths) == 1, "every row has every column"
    of_line = {"lines": 3, "p50_ms": 3.74, "p95_ms": 4.9, "p99_ms": 5.9}
    of_both = of_line | {"tesseract_p50_ms": 187.0, "tesseract_p95_ms": 250.1, "tesseract_p99_ms": None, "tesseract_reading_p50_ms": 21.0}
    assert _row("latency", of_both) == ["3", "3.7", "4.9", "5.9", "187", "250", "–", "21"]
    starts = {"whole_s": 0.42, "imports_s": 0.3, "load_s": 0.01, "first_line_s": 0.052, "tesseract_whole_s": 0.2}
    assert _row("start", starts) == ["0.42", "0.30", "0.01", "0.052", "0.20"]
    assert _row("training", {"steps": 100, "lines_per_second": 79.6}) == ["100", "80"]


def test_all_writes_every_table_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def run(part: str, arguments: list[str]) -> str:
        asked.append((part, arguments))
        return "not run in this test"

    monkeypatch.setattr(tables, "_run", run)
    monkeypatch.setattr(tables, "_in_fp32", lambda model, folder: folder / f"{model.stem}-fp32.onnx")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/tesseract")
    out = tmp_path / "docs" / "benchmarks.md"
    command = ["all", str(GOLDEN), "--pages", str(GOLDEN), "--limit", "2", "--out", str(out)]
    assert benchmark.main(command) == 0
    parts = [part for part, _ in asked]
    assert parts == (
        ["reader"] * 4 + ["latency"] * 4 + ["start"] * 2 + ["arithmetic"] * 4 + ["pages"] * 4 + ["service"] * 2 + ["training"] * 2
    )
    for part, arguments in asked:
        given = benchmark.benchmarking.commands[part].make_context(part, [*arguments, "--json"])  # each is a command that can be given
        assert given.params.get("against", "tesseract") == "tesseract"
    text = out.read_text(encoding="utf-8")
    assert "## The service" in text and "| rasm-print-fp32, 2 | not measured" in text and "## Training" in text and str(ROOT) not in text
    asked.clear()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert benchmark.main([*command, "--models", str(TINY), "--skip", "training", "service"]) == 0
    assert {part for part, _ in asked} == {"reader", "latency", "start", "arithmetic", "pages"}
    assert not any("--against" in arguments for _, arguments in asked), "without Tesseract, Rasm alone is measured"
    text = out.read_text(encoding="utf-8")
    assert "`python -m benchmarking all golden --models tiny_v1.onnx --pages golden --limit 2 --skip training service`" in text


def test_the_shipped_model_in_fp32_is_what_it_was_quantised_from(tmp_path: Path) -> None:
    model = tables._in_fp32(SHIPPED, tmp_path)
    assert model.name == "rasm-print-fp32.onnx" and Recognizer(model, threads=1).info.precision == "fp32"
    assert reader.measure([GOLDEN], model, 1, None, 0)["rasm_cer"] == 0
    with pytest.raises(RasmError, match="cannot be exported"):
        tables._in_fp32(tmp_path / "no.onnx", tmp_path)


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "benchmarks.md"
    for arguments, says in (
        (["reader", str(tmp_path / "nowhere")], "no such folder"),
        (["reader", str(tmp_path)], "no line with its text"),
        (["latency", str(GOLDEN), "--model", str(tmp_path / "no.onnx")], "no such model file"),
        (["service", str(GOLDEN), "--clients", "0"], "'--clients': 0 is not a whole number from 1 on"),
        (["training", str(GOLDEN), "--steps", "0"], "'--steps': 0 is not a whole number from 1 on"),
        (["reader", str(GOLDEN), "--threads", "0"], "'--threads': 0 is not a whole number from 1 on"),
        *(
            ([what, str(GOLDEN), "--against", "tesseract"], "tesseract is not installed; on Debian: apt install")
            for what in ("reader", "pages", "latency", "start")
        ),
        (["service", str(GOLDEN)], "wrk, the load generator, is not installed"),
        (["all", str(GOLDEN), "--models", str(tmp_path / "no.onnx")], "no such model file"),
        (["all", str(GOLDEN), "--skip", "lunch"], "--skip lunch"),
        (["all", str(tmp_path / "nowhere"), "--out", str(out)], "no such folder"),
        (["all", str(GOLDEN), "--pages", str(tmp_path), "--out", str(out)], "no page with its text"),
    ):
        assert benchmark.main(arguments) == 2, arguments
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and says in err, err
    assert not out.exists(), "no tables of nothing"

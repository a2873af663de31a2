"""python -m evaluation on lines and pages with known readings: its figures, engines, report, and errors that say what to do."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation import __main__ as evaluate
from evaluation.datasets import Sample, open_samples
from evaluation.engines import EngineReading, RasmLines
from evaluation.predictions import read_predictions
from evaluation.report import align
from evaluation.timing import take_turns
from model.data.arrays import ArrayWriter
from model.data.page_text import plain_text
from model.rendering.pages.labels import BlockLabel, LineLabel, PageLabels
from rasm.errors import DatasetError
from rasm.image import ImageSettings, decode, line_to_array
from rasm.text.charset import DEFAULT_CHARSET
from tests.paper import prose_page
from tests.paths import GOLDEN, ROOT

TINY = ROOT / "tests" / "fixtures" / "tiny_v1"
NEEDS_TESSERACT = pytest.mark.skipif(not shutil.which("tesseract"), reason="needs tesseract (Debian: tesseract-ocr tesseract-ocr-ara)")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = evaluate.main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """The golden lines; one label made wrong by a letter, and a pair that is broken."""
    folder = tmp_path / "lines"
    shutil.copytree(GOLDEN, folder)
    label = folder / "heading.gt.txt"
    label.write_text(label.read_text(encoding="utf-8").strip() + "ز\n", encoding="utf-8")
    (folder / "broken.png").write_bytes(b"\x89PNG broken")
    (folder / "broken.gt.txt").write_text("نص", encoding="utf-8")
    return folder


def test_figures_of_the_shipped_model(lines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, lines, "--json", "--readings", tmp_path / "new" / "readings.tsv")
    assert code == 0 and "1 pairs cannot be used" in err
    result = json.loads(out)
    rasm = result["engines"]["rasm"]
    assert result["lines"] == rasm["raw"]["lines"] == 3 and result["left_out"] == 1
    assert rasm["raw"]["cer"] == pytest.approx(1 / rasm["raw"]["characters"])
    assert rasm["raw"]["exact"] == pytest.approx(2 / 3)
    low, high = rasm["lines_per_second_interval"]
    assert 0 < low <= rasm["lines_per_second"] <= high
    assert rasm["confusions"] == [{"truth": "ز", "read": "", "count": 1, "class": "letters"}]
    assert rasm["calibration"]["characters"]["ece"] < 0.2 and rasm["calibration"]["lines"]["bins"]
    text = (GOLDEN / "heading.gt.txt").read_text(encoding="utf-8").strip()
    rows = (tmp_path / "new" / "readings.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "name\ttruth\trasm"
    assert [row for row in rows if "heading" in row] == [f"lines/heading.png\t{text}ز\t{text}"]
    # what it has written is read back as predictions, and scored alike
    code, out, _ = run(capsys, lines, "--engine", "predictions", tmp_path / "new" / "readings.tsv", "--json")
    again = json.loads(out)["engines"]["readings"]
    assert code == 0 and again["lines_per_second"] is None
    assert all(again[rule] == rasm[rule] for rule in ("raw", "normalised", "kitab", "letters"))


def test_arrays_read_as_the_images_they_were_made_of(tmp_path: Path) -> None:
    settings = RasmLines(evaluate.SHIPPED_MODEL, 1).recognizer.info.image
    pairs = open_samples([GOLDEN]).items
    with ArrayWriter(tmp_path / "arrays", settings, DEFAULT_CHARSET, unlabelled="\u064e") as writer:
        for sample in pairs:
            array = line_to_array(decode(sample.file.read_bytes()), settings)
            writer.add(array, DEFAULT_CHARSET.encode(sample.truth), sample.name, "group")
        writer.finish()
    arrays = open_samples([tmp_path / "arrays"]).items
    assert [(a.name, a.truth) for a in arrays] == [(p.name, p.truth) for p in pairs]
    assert {(a.source, a.unlabelled) for a in arrays} == {("group", "\u064e")}
    with ArrayWriter(tmp_path / "by-line", settings, DEFAULT_CHARSET) as writer:
        writer.add(array, DEFAULT_CHARSET.encode(sample.truth), sample.name, sample.name)
        writer.finish()
    assert open_samples([tmp_path / "by-line"]).items[0].source == sample.source, "a line's group that is itself tells nothing"
    engine = RasmLines(evaluate.SHIPPED_MODEL, 1)
    assert [r.text for r in engine.read(engine.prepare(arrays))] == [r.text for r in engine.read(engine.prepare(pairs))]


def test_a_checkpoint_and_its_export_read_alike(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, GOLDEN, "--model", f"{TINY}.pt", f"{TINY}.onnx", "--json")
    engines = json.loads(out)["engines"]
    assert code == 0 and list(engines) == [f"{TINY}.pt", f"{TINY}.onnx"], "one stem: told apart by their paths"
    torch, onnx = engines.values()
    assert torch["about"]["engine"] == "PyTorch" and onnx["about"]["engine"] == "ONNX Runtime"
    assert torch["raw"]["cer"] > 0.5, "random weights"
    assert torch["raw"] == onnx["raw"] and torch["normalised"] == onnx["normalised"]


@NEEDS_TESSERACT
def test_tesseract_reads_the_same_lines_and_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, GOLDEN, "--engine", "rasm", "tesseract", "--json")
    result = json.loads(out)
    rasm, tesseract = (result["engines"][name] for name in ("rasm", "tesseract"))
    assert code == 0 and rasm["normalised"]["cer"] < tesseract["normalised"]["cer"] < 0.9
    assert tesseract["about"]["page_mode"] == 13 and tesseract["about"]["start_s"] > 0
    (row,) = result["comparisons"]
    assert row["normalised"]["cer"]["difference"] < 0 and row["speed"]["ratio"] > 0 and 0 < row["normalised"]["cer"]["p"] <= 1
    # the golden lines below each other are a page
    images = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(GOLDEN.glob("*.png"))]
    width = max(image.shape[1] for image in images) + 80
    padded = [np.pad(i, ((30, 30), (width - i.shape[1] - 40, 40)), constant_values=255) for i in images]
    pages = tmp_path / "pages"
    pages.mkdir()
    cv2.imwrite(str(pages / "1.png"), np.concatenate(padded))
    text = "\n".join(path.read_text(encoding="utf-8").strip() for path in sorted(GOLDEN.glob("*.gt.txt")))
    (pages / "1.txt").write_text(text, encoding="utf-8")
    code, out, _ = run(capsys, pages, "--engine", "tesseract", "--json")
    result = json.loads(out)
    assert code == 0 and result["kind"] == "pages"
    assert result["engines"]["tesseract"]["about"]["page_mode"] == 3
    assert result["engines"]["tesseract"]["kitab"]["cer"] < 0.9


def test_predictions_in_all_their_forms(tmp_path: Path) -> None:
    reading = [("a.png", EngineReading("نص", 0.5)), ("b.png", EngineReading("", None))]
    service = {"model": {}, "results": [{"name": "a.png", "text": "نص", "confidence": 0.5}, {"name": "b.png", "text": None}]}
    for name, text in (
        ("a.tsv", "name\ttext\tconfidence\na.png\tنص\t0.5\nb.png\t\t\n"),
        ("b.tsv", "confidence\ttruth\tother\tname\n0.5\tx\tنص\ta.png\n\tx\t\tb.png\n"),
        ("c.json", json.dumps([{"name": "a.png", "text": "نص", "confidence": 0.5}, {"name": "b.png", "text": ""}])),
        ("d.json", json.dumps(service)),
        ("e.jsonl", "\n".join(json.dumps(row) for row in service["results"])),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert read_predictions(tmp_path / name) == reading, name
    (tmp_path / "plain.tsv").write_text("a.png\tنص\nb.png\t\n", encoding="utf-8")
    (tmp_path / "plain.json").write_text('{"a.png": "نص", "b.png": ""}', encoding="utf-8")
    for name in ("plain.tsv", "plain.json"):
        assert [(n, r.text) for n, r in read_predictions(tmp_path / name)] == [("a.png", "نص"), ("b.png", "")]


def test_predictions_that_lack_lines_or_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other.json"
    text = (GOLDEN / "heading.gt.txt").read_text(encoding="utf-8").strip()
    file.write_text(json.dumps({"heading": text}), encoding="utf-8")
    code, out, err = run(capsys, GOLDEN, "--engine", "predictions", file, "--json")
    other = json.loads(out)["engines"]["other"]
    assert code == 0 and "no prediction for 2 of 3 lines" in err
    assert other["not_read"] == {"no_prediction": 2} and other["raw"]["exact"] == pytest.approx(1 / 3)
    for content, says in (
        ('{"nowhere": "x"}', "none of its names fits"),
        ("{", "not predictions"),
        ("", "no predictions"),
        ("name\ta\tb\nheading\tx\ty", "Call it text"),
        ("name\ttext\nheading", "number of columns"),
        ('[{"name": "heading", "text": "x", "confidence": 7}]', "not between 0 and 1"),
        ('[{"name": "heading", "text": "x"}, {"name": "heading.png", "text": "y"}]', "several predictions"),
    ):
        file = tmp_path / ("other.json" if content[:1] in ("{", "[") else "other.tsv")
        file.write_text(content, encoding="utf-8")
        code, _, err = run(capsys, GOLDEN, "--engine", "predictions", file)
        assert (code, err.count("\n")) == (2, 1) and says in err, err


def test_names_that_fit_several_lines_are_refused(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        shutil.copytree(GOLDEN, tmp_path / "d" / folder)
    samples = open_samples([tmp_path / "d"]).items
    (tmp_path / "p.json").write_text('{"heading": "x"}', encoding="utf-8")
    with pytest.raises(DatasetError, match="longer names"):
        evaluate.Predictions(tmp_path / "p.json", samples, "p")
    (tmp_path / "p.json").write_text('{"x/heading.png": "x"}', encoding="utf-8")
    assert evaluate.Predictions(tmp_path / "p.json", samples, "p").missing == len(samples) - 1


class _Page(html.parser.HTMLParser):
    """What of the page comes from elsewhere, and which tags are left open."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_report(lines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nasty = '<script>alert("x")</script>'
    (tmp_path / "p.tsv").write_text(f"heading.png\t{nasty}\nprose.png\tقال\n", encoding="utf-8")
    out = tmp_path / "deep" / "report"
    code, printed, _ = run(capsys, lines, "--engine", "rasm", "predictions", tmp_path / "p.tsv", "--report", out)
    assert code == 0
    assert {path.name for path in out.iterdir()} == {"report.html", "report.json", "readings.tsv", "summary.txt"}
    summary = (out / "summary.txt").read_text(encoding="utf-8")
    assert summary.count("\n") == 1 and summary.strip() in printed
    result = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert result["summary"] == summary.strip() and "rasm" in result["engines"] and result["comparisons"]
    text = (out / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == [] and "script" not in page.tags
    assert all(address.startswith("data:image/") for address in page.addresses) and page.addresses, "nothing from elsewhere"
    assert "&lt;script&gt;alert" in text, "what was read is text, never markup"
    assert 'dir="rtl"' in text and "worst lines" in text


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_report_is_laid_out_from_right_to_left(lines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a real browser, the first word of a line stands at the right, and its reading under it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    assert run(capsys, lines, "--report", tmp_path / "out")[0] == 0
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "out" / "report.html").as_uri())
        columns = [c.bounding_box() for c in page.query_selector_all("article .column")]
        truths = [c.inner_text() for c in page.query_selector_all("article .column .truth")]
        top = page.query_selector("article .column .truth").bounding_box()
        below = page.query_selector("article .column .read").bounding_box()
        browser.close()
    assert "".join(truths).startswith("الفصل") and len(columns) > 5
    first_row = [c["x"] for c in columns if c["y"] == columns[0]["y"]]
    assert first_row == sorted(first_row, reverse=True) and len(first_row) > 3
    assert below["y"] > top["y"] and abs(below["x"] + below["width"] - top["x"] - top["width"]) < 1
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_aligned_texts() -> None:
    def shown(truth: str, read: str) -> list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
        return [([(p.text, p.mark) for p in c.truth], [(p.text, p.mark) for p in c.read]) for c in align(truth, read)]

    assert shown("قال لي", "قال لى") == [
        ([("قال", "same")], [("قال", "same")]),
        ([("ل", "same"), ("ي", "wrong")], [("ل", "same"), ("ى", "wrong")]),
    ]
    assert shown("كتب ٣", "كَتب 3") == [
        ([("ك", "same"), ("تب", "same")], [("ك", "same"), ("\u064e", "forgiven"), ("تب", "same")]),
        ([("٣", "forgiven")], [("3", "forgiven")]),
    ]
    assert shown("قال لي", "قاللي") == [([("قال", "same"), (" ", "wrong"), ("لي", "same")], [("قال", "same"), ("لي", "same")])]
    assert len(shown("في New York قال", "في New York قال")) == 3, "Latin words stay in their order"
    assert shown("قال", "") == [([("قال", "wrong")], [])]


def test_kinds_of_datasets(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    shutil.copytree(GOLDEN, pages)
    assert open_samples([pages]).kind == "lines"
    assert open_samples([pages], "pages").kind == "pages"
    for text in pages.glob("*.gt.txt"):
        text.write_text("سطر\nسطر ثان\n", encoding="utf-8")
    assert open_samples([pages]).kind == "pages"
    with pytest.raises(DatasetError, match="apart"):
        open_samples([pages, GOLDEN])
    (pages / "prose.gt.txt").rename(pages / "prose.md")
    samples = open_samples([pages])
    assert samples.kind == "pages" and len(samples.items) == 3
    assert len(open_samples([pages], limit=2).items) == 2
    (sample,) = [s for s in samples.items if s.name == "pages/prose.png"]
    assert [page.ndim for page in sample.pages()] == [2]


def test_pages_with_known_lines_are_compared_on_any_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As ``python -m model.rendering --pages`` writes them: where lines are is compared with what was read, engines document by
    document."""
    page, texts = prose_page()
    known = {"lines": [{"text": text, "box": [20, 80 + 72 * i, 960, 128 + 72 * i]} for i, text in enumerate(texts)]}
    folder = tmp_path / "pages"
    folder.mkdir()
    for name in ("00000", "00001"):
        cv2.imwrite(str(folder / f"{name}.png"), page)
        (folder / f"{name}.gt.txt").write_text("\n".join(texts), encoding="utf-8")
        (folder / f"{name}.lines.json").write_text(json.dumps(known), encoding="utf-8")
    other = tmp_path / "other.tsv"
    other.write_text("name\ttext\n" + "".join(f"{n}\t{' '.join(texts[:-1])}\n" for n in ("00000", "00001")), encoding="utf-8")
    code, out, _ = run(capsys, folder, "--engine", "rasm", "predictions", other, "--json", "--report", tmp_path / "report")
    result = json.loads(out)
    finding = result["engines"]["rasm"]["line_finding"]
    assert code == 0 and result["kind"] == "pages" and finding["known"] == 18
    assert finding["recall"] == finding["precision"] == 1.0 and finding["lost"] == 0
    assert result["engines"]["other"]["line_finding"]["recall"] is None
    shares = result["comparisons"][0]["kitab"]["ratio_of_samples"]
    assert shares["median"] == shares["mean"] == pytest.approx(result["comparisons"][0]["kitab"]["cer"]["ratio"])
    assert "known lines, recall" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    code, out, _ = run(capsys, folder, "--engine", "rasm", "predictions", other)
    assert code == 0 and "CER kitab, median page" in out and "characters lost" in out and "of each of the pages: mean" in out
    (folder / "00001.lines.json").write_text('{"lines": [{"text": "a"}]}', encoding="utf-8")
    code, _, err = run(capsys, folder)
    assert code == 2 and "00001.lines.json: not the lines of a page" in err and err.count("\n") == 1


def test_words_of_markdown() -> None:
    text = "# عنوان\n\n**نص** و [رابط](http://x)\n\n| أ | ب |\n|---|---|\n| ١ | ٢ |\n\n"
    text += "<table><tr><td>خلية</td><td>أخرى</td></tr></table>\n\n<image>\n- بند\n"
    assert plain_text(text).split() == ["عنوان", "نص", "و", "رابط", "أ", "ب", "١", "٢", "خلية", "أخرى", "بند"]


class _Slow:
    """An engine that is stopped in its third turn."""

    name, timed, start_s = "slow", True, 0.0

    def __init__(self) -> None:
        self.calls = 0
        self.about: dict[str, str] = {}

    def prepare(self, samples: list[Sample]) -> list[Sample]:
        return samples

    def read(self, prepared: list[Sample]) -> list[EngineReading]:
        self.calls += 1
        if self.calls == 4:  # the first was the warm-up
            raise KeyboardInterrupt
        return [EngineReading(sample.truth) for sample in prepared]


def test_ctrl_c_keeps_the_turns_that_were_finished() -> None:
    samples = [Sample(str(i), "s", str(i), array=np.zeros((8, 8), np.uint8)) for i in range(500)]
    run = take_turns([_Slow()], samples)["slow"]
    assert [r.text for r in run.readings] == [str(i) for i in range(400)], "two turns of three"
    assert run.samples == [200, 200] and len(run.seconds) == 2
    stopped = _Slow()
    stopped.calls = 3
    with pytest.raises(KeyboardInterrupt):
        take_turns([stopped], samples)


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, says in (
        ((tmp_path / "nowhere",), "no such folder"),
        ((tmp_path,), "no line with its text"),
        ((GOLDEN, "--model", tmp_path / "no.onnx"), "no such model file"),
        ((GOLDEN, "--model", tmp_path / "no.pt"), "no such checkpoint"),
        ((GOLDEN, "--engine", "abbyy"), "no engine is called abbyy"),
        ((GOLDEN, "--engine", "predictions"), "needs a file"),
        ((GOLDEN, "--engine", "predictions", tmp_path / "no.tsv"), "cannot be read"),
        ((GOLDEN, "--engine", "tesseract", "--model", f"{TINY}.onnx"), "--model is given"),
        ((GOLDEN, "--threads", "0"), "--threads"),
    ):
        code, _, err = run(capsys, *arguments)
        assert (code, err.count("\n")) == (2, 1), err
        assert says in err


def test_a_missing_tesseract_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run(capsys, GOLDEN, "--engine", "tesseract")
    assert code == 2 and "tesseract is not installed" in err and "apt install" in err


def test_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "evaluation", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "--report" in done.stdout


def test_measuring_is_never_imported_while_serving() -> None:
    measuring = re.compile(r"^\s*(?:from|import) (?:evaluation|benchmarking|scipy|jinja2|markdown|rapidfuzz)\b", re.MULTILINE)
    serving = [*(ROOT / "backend").rglob("*.py"), *(ROOT / "rasm").rglob("*.py"), ROOT / "client.py"]
    serving.remove(ROOT / "rasm" / "text" / "metrics.py")  # what measures imports it, what serves does not
    serving.remove(ROOT / "rasm" / "many" / "report.py")  # of the extra "cluster", at the end of a run
    for path in serving:
        assert not measuring.search(path.read_text(encoding="utf-8")), path


def test_settings_of_arrays_and_images_agree() -> None:
    """The transform leaves alone what it has made: arrays go through it again."""
    settings = ImageSettings()
    for path in GOLDEN.glob("*.png"):
        once = line_to_array(decode(path.read_bytes()), settings)
        assert np.array_equal(line_to_array(once, settings), once)


def test_drawn_pages_are_read_with_their_labels_kind_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, texts = prose_page()
    folder = tmp_path / "drawn"
    folder.mkdir()
    for name, kind, ignored in (("0", "slide", False), ("1", "letter", True)):
        cv2.imwrite(str(folder / f"{name}.jpg"), page)
        lines = [
            LineLabel(text, 0, [(0, 90 + 72 * i), (900, 90 + 72 * i)], 30, 10, 20, 0, 40, ignored=ignored and i == 8)
            for i, text in enumerate(texts)
        ]
        blocks = [BlockLabel("paragraph", (0, 0, 1000, 800))]
        labels = PageLabels(kind, "1", page.shape[1], page.shape[0], "rtl", ["a"], blocks, lines)
        (folder / f"{name}.json").write_text(labels.to_json(), encoding="utf-8")
    cv2.imwrite(str(folder / "2.jpg"), page)
    (folder / "2.json").write_text('{"what": "another program says"}', encoding="utf-8")
    code, out, _ = run(capsys, folder)
    assert code == 0 and "2 pages" in out and re.search(r"slide +1 pages +\d+\.\d%, \d+\.\d%, \d+\.\d%, \d+\.\d%\n", out)
    samples = open_samples([folder]).items
    assert [(s.source, s.truth.count("\n")) for s in samples] == [("slide", 8), ("letter", 7)], "what is ignored is no text to be read"
    code, out, _ = run(capsys, folder, "--json")
    figures = json.loads(out)["engines"]["rasm"]
    assert figures["words"]["found"] > 0.95 and figures["words"]["in_order"] > 0.95
    by_source = {row["source"]: row for row in figures["by_source"]}
    assert by_source["letter"]["cer"] > by_source["slide"]["cer"], "the ignored line was read, as any other"
    assert by_source["letter"]["cer_infix"] < by_source["letter"]["cer"] / 2, "and stands after the label's text"


@NEEDS_TESSERACT
def test_a_model_that_tesseract_lacks_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, GOLDEN, "--engine", "tesseract", "--languages", "ara+xyz")
    assert code == 2 and "no model xyz" in err

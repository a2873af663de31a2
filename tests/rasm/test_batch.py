"""rasm read into a folder: results, formats, what is left out, what stops it, and going on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest

from rasm import batch, cli, results
from rasm.document import Character, Document, Line, Page, Region, Unread, Word
from rasm.errors import ConfigError, UnreadableImage
from rasm.formats import SUFFIXES
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.pages.files import PageFile
from rasm.pages.reader import PageReader
from rasm.text.metrics import letters
from tests.paper import GOLDEN, golden_text, prose_page
from tests.paths import ROOT


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    line = [sys.executable, "-m", "rasm", "read", *map(str, arguments), "--threads", "1"]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env=environment)


def read(*arguments: str) -> int:
    """The same in this process; the exit code."""
    return cli.main(["read", *arguments])


def scan(path: Path, pages: int) -> None:
    """A PDF of so many pictures of the same page."""
    picture = prose_page()[0]
    pdf = SearchablePdf()
    for number in range(1, pages + 1):
        pdf.add(Page(number, picture.shape[1], picture.shape[0], []), picture)
    path.write_bytes(pdf.finish())


def test_files_become_documents(tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    (scans / "deep").mkdir(parents=True)
    scan(scans / "book.pdf", 2)
    (scans / "deep" / "line.png").write_bytes((GOLDEN / "figures.png").read_bytes())
    (scans / "broken.png").write_bytes(b"\x89PNG broken")
    (scans / "notes.txt").write_text("not for reading")
    done = command(scans, "--out", out, "--format", "text", "json", "hocr", "alto", "page", "pdf")
    assert done.returncode == 1
    assert "2 read, 0 there already, 1 errors" in done.stdout
    assert "broken.png: the image is broken" in done.stderr and "Traceback" not in done.stderr
    text = (out / "book.txt").read_text(encoding="utf-8")
    assert text.count("\f") == 1
    expected = letters(" ".join(prose_page()[1]))
    assert [letters(page) for page in text.split("\f")] == [expected, expected]
    assert letters((out / "deep" / "line.txt").read_text(encoding="utf-8")) == letters(golden_text("figures"))
    assert json.loads((out / "book.json").read_text(encoding="utf-8"))["pages"][1]["number"] == 2
    assert sorted(p.name for p in (out / "book.page.xml").iterdir()) == ["0001.xml", "0002.xml"]
    assert golden_text("figures").split()[0] in pdfium.PdfDocument(out / "book.pdf")[1].get_textpage().get_text_range()
    assert (out / "book.hocr").exists() and (out / "book.alto.xml").exists()
    assert not (out / results.PARTIAL).exists() and not list(out.rglob("*.part"))

    before = (out / "book.txt").stat().st_mtime_ns
    again = command(scans, "--out", out)
    assert "0 read, 2 there already, 1 errors" in again.stdout
    assert (out / "book.txt").stat().st_mtime_ns == before


def test_a_stopped_document_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(tmp_path / "book.pdf", 3)
    arguments = [str(tmp_path / "book.pdf"), "--out", str(tmp_path / "out"), "--threads", "1"]
    seen: list[int] = []
    whole = PageReader.read_from

    def stops(self: PageReader, file: PageFile, index: int, **options: object) -> Page:
        seen.append(index)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return whole(self, file, index, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PageReader, "read_from", stops)
    assert read(*arguments) == 130
    (partial,) = (tmp_path / "out" / results.PARTIAL).iterdir()
    with partial.open("a", encoding="utf-8") as log:
        log.write('{"number": 3, "reg')  # cut off in the middle of a line
    assert read(*arguments) == 0
    assert seen == [0, 1, 2, 2]
    assert (tmp_path / "out" / "book.txt").read_text(encoding="utf-8").count("\f") == 2
    assert not (tmp_path / "out" / results.PARTIAL).exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-file.pdf"], "no such file or folder"),
        (["--model", "README.md", "README.md"], "not an ONNX file"),
        (["EMPTY"], "no PDF and no image"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "empty").mkdir()
    done = command(*[str(tmp_path / "empty") if a == "EMPTY" else a for a in arguments], "--out", tmp_path / "out")
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1


def test_results_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for name in ("a.png", "a.pdf", "b.png"):
        (tmp_path / name).touch()
    names = {str(item.name) for item in batch.find_inputs([tmp_path, tmp_path / "b.png"], tmp_path / "out")}
    assert names == {"a.png", "a.pdf", "b"}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.png").touch()
    with pytest.raises(ConfigError, match="two inputs are named"):
        batch.find_inputs([tmp_path / "b.png", tmp_path / "other" / "b.png"], tmp_path / "out")


class Reader:
    """In the place of PageReader: every page says its number, but those that are ``broken``. ``unsure``: those of which a place is
    unread. ``asked``: the pages asked for."""

    broken: tuple[int, ...] = ()
    unsure: tuple[int, ...] = ()
    stops: int = 0  # at which of the pages asked for Ctrl-C is pressed
    asked: list[int]

    def __init__(self, recognizer: object, **options: object) -> None:
        pass

    def read_from(self, file: PageFile, index: int, **options: object) -> Page:
        Reader.asked.append(index + 1)
        if len(Reader.asked) == Reader.stops:
            raise KeyboardInterrupt
        if index + 1 in Reader.broken:
            raise UnreadableImage(f"page {index + 1} is broken")
        box, text = (10.0, 10.0, 50.0, 30.0), f"ص\u0640\u064e {'٠١٢٣٤٥٦٧٨٩'[index + 1]}"
        signs = [Character(sign, 1.0, box) for sign in text if sign != " "]
        words = [Word(text[:3], 1.0, box, signs[:3]), Word(text[4:], 1.0, box, signs[3:])]
        unread = [Unread((10.0, 60.0, 40.0, 70.0), "unsure", "ص\u0640", 0.25)] if index + 1 in Reader.unsure else []
        lines = [Line(text, 1.0, box, [], words), Line("ن", 1.0, box)]
        return Page(index + 1, 100, 100, [Region("paragraph", box, lines)], unread=unread)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one, and no model."""
    monkeypatch.setattr("rasm.reader.PageReader", Reader)
    monkeypatch.setattr("rasm.reader.Recognizer", lambda *_, **__: SimpleNamespace(info=SimpleNamespace(name="tiny", version="1")))
    monkeypatch.setattr(Reader, "broken", ())
    monkeypatch.setattr(Reader, "unsure", ())
    monkeypatch.setattr(Reader, "stops", 0)
    monkeypatch.setattr(Reader, "asked", [], raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blank(path: Path, pages: int = 1, width: float = 100) -> None:
    pdf = pdfium.PdfDocument.new()
    for _ in range(pages):
        pdf.new_page(width, 100)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.save(path)


@pytest.mark.parametrize("formats", [["text", "pdf"], ["pdf"]])
def test_what_is_read_is_never_overwritten(formats: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank(folder / "a.pdf")
    (folder / "links").mkdir()
    (folder / "links" / "a.pdf").symlink_to(folder / "a.pdf")
    given = (folder / "a.pdf").read_bytes()
    for out in (".", str(folder), "links"):
        for again in ([], ["--again"]):
            assert read("a.pdf", "--out", out, "--format", *formats, *again) == 2
            told = capsys.readouterr()
            assert "a.pdf is to be read, and a result would take its place: choose another folder with --out" in told.err
            assert told.err.count("\n") == 1 and not told.out
    assert Reader.asked == [] and (folder / "a.pdf").read_bytes() == given
    assert not (folder / "a.txt").exists() and (folder / "links" / "a.pdf").is_symlink()


def test_no_folder_is_overwritten_but_a_result(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank(folder / "a.pdf", 2)
    command = ["a.pdf", "--out", "out", "--format", "page", "--again"]
    assert read(*command) == read(*command) == 0
    Path("out/a.page.xml/letter.txt").write_text("mine")
    capsys.readouterr()
    assert read(*command) == 2
    assert "a.page.xml is a folder with more than PAGE XML in it: move it away" in capsys.readouterr().err
    assert Path("out/a.page.xml/letter.txt").read_text() == "mine"
    Path("out/a.page.xml/letter.txt").unlink()
    blank(folder / "a.pdf", 1)
    assert read(*command) == 0 and Path("out/a.page.xml").is_file()


def test_results_are_not_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deep").mkdir()
    for name in ("a.png", "deep/b.png"):
        cv2.imwrite(name, np.full((40, 400), 255, np.uint8))
    for files, out in ((["."], "."), (["deep"], "deep"), (["a.png", "deep"], "deep")):
        assert read(*files, "--out", out, "--format", "text", "pdf") == 2
        told = capsys.readouterr().err
        assert ".pdf would be read itself the next time" in told and told.count("\n") == 1
    for out in (".", "deep/results"):  # a text is no picture, and a folder of results is not searched
        formats = ["text"] if out == "." else ["text", "pdf"]
        for counts in ("2 read, 0 there already, 0 errors", "0 read, 2 there already, 0 errors"):
            assert read(".", "--out", out, "--format", *formats) == 0
            assert counts in capsys.readouterr().out
    assert sorted(str(p) for p in Path("deep/results").rglob("*.*")) == [
        f"deep/results/{name}" for name in ("a.pdf", "a.txt", "deep/b.pdf", "deep/b.txt")
    ]
    assert read("deep/results/a.pdf", "--out", "deep/results") == 0  # unless it is named


def test_only_the_same_file_goes_on_where_it_stopped(folder: Path) -> None:
    blank(folder / "book.pdf", 3)
    size = (folder / "book.pdf").stat().st_size
    Reader.stops = 3
    assert read("book.pdf", "--out", "out") == 130
    blank(folder / "book.pdf", 3, width=101)
    assert (folder / "book.pdf").stat().st_size == size
    assert read("book.pdf", "--out", "out") == 0
    assert Reader.asked == [1, 2, 3, 1, 2, 3]


def test_the_text_is_the_same_in_every_format(folder: Path) -> None:
    blank(folder / "book.pdf")
    profile = ["--diacritics", "strip", "--tatweel", "strip", "--digits", "western"]
    assert read("book.pdf", "--out", "out", "--format", *SUFFIXES, *profile, "--line-breaks", "keep") == 0
    assert Path("out/book.txt").read_text(encoding="utf-8") == "ص 1\nن\n"
    for suffix in (".json", ".hocr", ".alto.xml", ".page.xml"):
        said = Path(f"out/book{suffix}").read_text(encoding="utf-8")
        assert "ص" in said and not any(sign in said for sign in "\u0640\u064e١"), suffix
    said = pdfium.PdfDocument("out/book.pdf")[0].get_textpage().get_text_range()
    assert "1" in said and not any(sign in said for sign in "\u0640\u064e١")
    assert read("book.pdf", "--out", "joined") == 0
    assert Path("joined/book.txt").read_text(encoding="utf-8") == "ص\u0640\u064e ١ ن\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--threads", "0"], "invalid value for '--threads': 0 is not a whole number from 1 on"),
        (["--threads", "-3"], "invalid value for '--threads': -3 is not a whole number from 1 on"),
        (["--max-pages", "0"], "invalid value for '--max-pages': 0 is not a whole number from 1 on"),
        (["--max-pages", "many"], "invalid value for '--max-pages': many is not a whole number from 1 on"),
        (["--least-confidence", "1.5"], "invalid value for '--least-confidence': 1.5 is not a number from 0 to 1"),
        (["--least-confidence", "nan"], "invalid value for '--least-confidence': nan is not a number from 0 to 1"),
        (["--line-breaks", "yes"], "invalid value for '--line-breaks': 'yes' is not one of 'join', 'keep'"),
        (["--nothing"], "no such option '--nothing'"),
    ],
)
def test_wrong_options_are_told_in_one_line(arguments: list[str], says: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank(folder / "book.pdf")
    assert read("book.pdf", "--out", "out", *arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"rasm read: error: {says}") and told.count("\n") == 1
    assert Reader.asked == []


def test_pages_that_failed_are_not_forgotten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank(folder / "book.pdf", 3)
    command = ["book.pdf", "--out", "out", "--format", *SUFFIXES]
    Reader.broken = (1, 3)
    for counts in ("1 read, 0 there already, 2 errors", "0 read, 1 there already, 2 errors"):
        assert read(*command) == 1
        out, err = capsys.readouterr()
        assert counts in out
        assert err == "  book.pdf: page 1: page 1 is broken\n  book.pdf: page 3: page 3 is broken\n"
    assert [bool(page.strip()) for page in Path("out/book.txt").read_text(encoding="utf-8").split("\f")] == [False, True, False]
    pages = json.loads(Path("out/book.json").read_text(encoding="utf-8"))["pages"]
    assert [page["error"] and page["error"]["code"] for page in pages] == ["unreadable_image", None, "unreadable_image"]
    assert pages[0].keys() == pages[1].keys() and pages[2]["text"] is None and [page["number"] for page in pages] == [1, 2, 3]
    assert [p.name for p in Path("out/book.page.xml").iterdir()] == ["0002.xml"]
    assert len(pdfium.PdfDocument("out/book.pdf")) == 3
    record = json.loads(Path("out/book.errors.json").read_text(encoding="utf-8"))
    assert record["errors"][0] == {"page": 1, "code": "unreadable_image", "message": "page 1 is broken"}
    Path("out/book.errors.json").write_text("{")
    assert read(*command) == 1 and "book.errors.json is broken" in capsys.readouterr().err
    Reader.broken = ()
    assert read(*command, "--again") == 0
    assert not Path("out/book.errors.json").exists() and read(*command) == 0


def test_what_is_unread_is_told_and_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where reading was stopped after that page. Warnings change no exit code."""
    blank(folder / "book.pdf", 3)
    command = ["book.pdf", "--out", "out", "--format", "text", "json"]
    Reader.unsure, Reader.stops = (1,), 2
    assert read(*command) == 130
    assert read(*command) == 0
    assert Reader.asked == [1, 2, 2, 3]
    out, err = capsys.readouterr()
    assert "1 read, 0 there already, 0 errors, 1 pages with warnings" in out
    told = "1 place that looks like text was not read (1 too unsure); about 25% of the page's text is missing, as far as can be told"
    assert f"book.pdf: page 1: warning: {told}\n" in err and err.count("warning") == 1
    record = json.loads(Path("out/book.warnings.json").read_text(encoding="utf-8"))
    [page] = record["pages"]
    assert page["page"] == 1 and [warning["code"] for warning in page["warnings"]] == ["unread-text", "much-of-page-unread"]
    assert page["unread"] == [{"box": [10.0, 60.0, 40.0, 70.0], "reason": "unsure", "text": "ص\u0640", "confidence": 0.25}]
    said = json.loads(Path("out/book.json").read_text(encoding="utf-8"))["pages"]
    assert [len(one["unread"]) for one in said] == [1, 0, 0] and said[0]["warnings"] == page["warnings"]
    assert "ص\u0640\n" not in Path("out/book.txt").read_text(encoding="utf-8")

    assert read(*command, "--again", "--quiet") == 0
    assert "warning" not in capsys.readouterr().err and Path("out/book.warnings.json").exists()
    Reader.unsure = ()
    assert read(*command, "--again") == 0
    assert not Path("out/book.warnings.json").exists()


def test_another_bound_begins_anew(folder: Path) -> None:
    blank(folder / "book.pdf", 2)
    Reader.stops = 2
    assert read("book.pdf", "--out", "out") == 130
    assert read("book.pdf", "--out", "out", "--least-confidence", "0") == 0
    assert Reader.asked == [1, 2, 1, 2]


@pytest.mark.parametrize("pages", [1, 2])
def test_what_could_not_be_read_at_all_is_tried_again(pages: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blank(folder / "scans" / "deep" / "deeper" / "book.pdf", pages)
    Reader.broken = (1, 2)
    assert read("scans", "--out", "out") == 1
    assert capsys.readouterr().err.endswith(f"book.pdf: {'no page could be read: ' if pages > 1 else ''}page 1 is broken\n")
    assert not list((folder / "out").iterdir())
    Reader.broken = ()
    assert read("scans", "--out", "out") == 0
    assert Reader.asked == [*range(1, pages + 1)] * 2
    assert [p.name for p in (folder / "out").iterdir()] == ["deep"]


def test_again_begins_again_and_goes_on_itself(folder: Path) -> None:
    blank(folder / "book.pdf", 3)
    Reader.broken, Reader.stops = (1,), 3
    assert read("book.pdf", "--out", "out") == 130
    Reader.broken, Reader.stops = (), 6
    assert read("book.pdf", "--out", "out", "--again") == 130
    assert read("book.pdf", "--out", "out", "--again") == 0
    assert Reader.asked == [1, 2, 3, 1, 2, 3, 3]
    assert (folder / "out" / "book.txt").read_text(encoding="utf-8").count("\f") == 2


def test_an_encrypted_pdf_is_read_with_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = ROOT / "tests" / "fixtures" / "encrypted.pdf"
    assert "give its password" in command(locked, "--out", tmp_path).stderr
    done = command(locked, "--out", tmp_path, "--password", "kitab", "--text-layer", "use")
    assert done.returncode == 0
    assert (tmp_path / "encrypted.txt").read_text(encoding="utf-8").strip() == "A page under lock and key"
    monkeypatch.setenv("RASM_PASSWORD", "kitab")  # which no list of processes shows
    assert command(locked, "--text-layer", "use").stdout == "A page under lock and key\n"


def test_options_of_the_text(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "page.png"), prose_page()[0])
    command(tmp_path / "page.png", "--out", tmp_path, "--line-breaks", "keep", "--digits", "western")
    text = (tmp_path / "page.txt").read_text(encoding="utf-8")
    assert len(text.split("\n")) >= 9 and "1953" in text
    assert Document("", []).to_text() == ""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the greatest memory of a process that has ended")
def test_a_thousand_pages_in_bounded_memory(tmp_path: Path) -> None:
    picture = cv2.imread(str(GOLDEN / "figures.png"))
    picture = cv2.copyMakeBorder(picture, 200, 200, 60, 60, cv2.BORDER_CONSTANT, value=(255, 255, 255))[:, :400]
    peaks_kb = []
    for pages in (20, 1000):
        book = tmp_path / f"{pages}.pdf"
        pdf = SearchablePdf()
        for number in range(1, pages + 1):
            pdf.add(Page(number, picture.shape[1], picture.shape[0], []), picture)
        book.write_bytes(pdf.finish())
        measured = "import resource; from rasm import cli; cli.main(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        line = [sys.executable, "-c", measured, "read", str(book), "--out", str(tmp_path / "out"), "--threads", "1"]
        done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out" / f"{pages}.txt").read_text(encoding="utf-8").count("\f") == pages - 1
        peaks_kb.append(int(done.stdout.split()[-1]))
    assert peaks_kb[1] < peaks_kb[0] + 60_000

"""rasm on the terminal: what it prints, what it refuses, and that it answers at once. Reading into a folder: test_batch.py."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import cv2
import pypdfium2 as pdfium
import pytest

import rasm
from rasm import cli, weights
from rasm.document import Line, Page, Region
from rasm.errors import UnreadableImage
from rasm.formats import BINARY, SUFFIXES
from rasm.pages.files import MAX_PAGES, PageFile
from rasm.pages.reader import PageReader
from rasm.pages.unread import LEAST_CONFIDENCE
from rasm.text.languages import LanguageOption, write_in
from tests.paper import GOLDEN, golden_text, page_with_a_scribble
from tests.paths import FIXTURES, ROOT

LINE = str(GOLDEN / "figures.png")


def test_the_text_of_one_file_goes_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["read", LINE]) == 0
    assert capsys.readouterr().out == golden_text("figures") + "\n"
    assert cli.main(["read", LINE, "--digits", "western", "--model", str(weights.SHIPPED_MODEL)]) == 0
    assert "1953" in capsys.readouterr().out


def test_the_language_decides_which_letters_are_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    as_read = golden_text("figures")
    persian = write_in(as_read, "fa")
    assert persian != as_read
    assert cli.main(["read", LINE, "--language", "fa"]) == 0
    assert capsys.readouterr().out == persian + "\n"
    assert cli.main(["read", LINE, "--language", "fa", "--format", "text", "json", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "figures.txt").read_text() == persian + "\n"
    [page] = json.loads((tmp_path / "figures.json").read_text())["pages"]
    assert page["language"] == "fa" and page["text"] == persian
    assert cli.main(["read", LINE, "--format", "json"]) == 0
    [page] = json.loads(capsys.readouterr().out.splitlines()[-1])["pages"]
    assert page["language"] == "ar" and page["text"] == as_read
    assert cli.main(["read", LINE, "--language", "en"]) == 2


def test_it_is_told_where_a_pdfs_own_text_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    pdf = str(FIXTURES / "encrypted.pdf")
    told = f"{pdf}: of 1 of 1 pages the PDF's own text is taken; --pdf-text ignore reads their pictures\n"
    for options, said in (
        ([], told),
        (["--pdf-text", "use"], told),
        (["--text-layer", "use"], told),  # the option's name before 0.11.0
        (["--quiet"], ""),
        (["--pdf-text", "ignore"], ""),
    ):
        assert cli.main(["read", pdf, "--password", "kitab", *options]) == 0
        assert capsys.readouterr().err == said


@pytest.mark.parametrize("kind", [kind for kind in SUFFIXES if kind != "text" and kind not in BINARY])
def test_another_format_does_too(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["read", LINE, "--format", kind]) == 0
    printed = capsys.readouterr().out
    if kind == "csv":  # there is no table
        assert printed == "\ufeff"
        return
    assert golden_text("figures").split()[0] in printed and (kind == "markdown" or printed.startswith("{" if kind == "json" else "<"))
    assert kind != "json" or json.loads(printed)["name"] == "figures.png"


def test_what_comes_in_is_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(LINE).read_bytes())))
    assert cli.main(["read", "-"]) == 0
    assert capsys.readouterr().out == golden_text("figures") + "\n"
    assert cli.main(["read", "-", "--out", str(tmp_path)]) == 2
    assert "standard input has no name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([str(GOLDEN)], "3 files: say with --out where their texts go"),
        ([LINE, LINE.replace("figures", "prose")], "2 files: say with --out"),
        ([LINE, "--format", "text", "json"], "several formats: say with --out"),
        ([LINE, "--format", "pdf"], "pdf is nothing for the terminal: say with --out"),
        ([LINE, "--format", "docx"], "docx is nothing for the terminal: say with --out"),
        ([LINE, "--model", "rasm-script"], "no such model file, nor a model that comes with Rasm (rasm-print, rasm-synthetic)"),
        ([], "missing argument 'FILES...'"),
        (["BOOK", "--format", "page"], "PAGE XML of several pages is a folder"),
    ],
)
def test_what_needs_a_folder_is_refused_in_one_line(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank(tmp_path / "book.pdf", 2)
    assert cli.main(["read", *(str(tmp_path / "book.pdf") if a == "BOOK" else a for a in arguments)]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("rasm read: error: ") and says in err and err.count("\n") == 1 and not out


def blank(path: Path, pages: int) -> None:
    pdf = pdfium.PdfDocument.new()
    for _ in range(pages):
        pdf.new_page(100, 100)
    pdf.save(path)


def test_what_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG broken")
    assert cli.main(["read", str(broken)]) == 1
    assert capsys.readouterr() == ("", f"rasm read: error: {broken}: the image is broken or truncated; save it again\n")

    def second_fails(self: PageReader, file: PageFile, index: int, **options: object) -> Page:
        if index == 1:
            raise UnreadableImage("page 2 is broken")
        box = (0.0, 0.0, 9.0, 9.0)
        return Page(index + 1, 100, 100, [Region("paragraph", box, [Line(f"صفحة {index + 1}", 1.0, box)])])

    monkeypatch.setattr(PageReader, "read_from", second_fails)
    blank(tmp_path / "book.pdf", 3)
    assert cli.main(["read", str(tmp_path / "book.pdf")]) == 1
    out, err = capsys.readouterr()
    assert out == "صفحة 1\n\f\n\fصفحة 3\n" and err == f"  {tmp_path / 'book.pdf'}: page 2: page 2 is broken\n"


def test_what_is_unread_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = str(tmp_path / "page.png")
    cv2.imwrite(page, page_with_a_scribble())
    assert cli.main(["read", page, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    [said] = json.loads(out)["pages"]
    assert err == f"{page}: warning: {'; '.join(warning['message'] for warning in said['warnings'])}\n" and "not read" in err
    assert said["unread"] and all(place["reason"] == "unsure" and place["text"] for place in said["unread"])
    assert cli.main(["read", page, "--quiet", "--line-breaks", "keep"]) == 0
    text, err = capsys.readouterr()
    assert err == "" and all(place["text"] not in text for place in said["unread"])
    assert cli.main(["read", page, "--least-confidence", "0", "--line-breaks", "keep"]) == 0
    text, err = capsys.readouterr()
    assert all(place["text"] in text for place in said["unread"]) and "not read" not in err
    assert cli.main(["read", page, "--least-confidence", "-1"]) == 2


def test_the_shipped_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "version", "precision", "for"]
    assert [row.split()[:3] for row in rows] == [["rasm-print", "0.16.0", "int8"], ["rasm-synthetic", "0.16.0", "int8"]]


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"rasm {rasm.__version__}\n"


def test_help_waits_for_nothing_heavy() -> None:
    check = (
        "import sys; from rasm.cli import main; assert main(sys.argv[1:]) == 0; "
        "print({'numpy', 'cv2', 'onnxruntime', 'PIL', 'pypdfium2', 'lxml'} & set(sys.modules))"
    )
    for arguments in (["--help"], [], ["--version"], ["read", "--help"], ["models", "--help"]):
        done = subprocess.run([sys.executable, "-c", check, *arguments], capture_output=True, text=True, cwd=ROOT)
        assert done.stdout.endswith("set()\n"), done


def test_what_the_help_says_is_so() -> None:
    assert set(SUFFIXES) == set(cli.FORMATS) and (cli.MAX_PAGES, cli.LEAST_CONFIDENCE) == (MAX_PAGES, LEAST_CONFIDENCE)
    assert get_args(LanguageOption) == cli.LANGUAGES
    assert [path.stem for path in weights.shipped_models()] == list(weights.PURPOSES)

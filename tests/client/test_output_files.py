"""What the command line writes: files beside what was read, or in a folder; a bar."""

import io
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from client import Document, RasmClient, main
from tests.client.replies import answering, named, raising


def test_files_beside_the_images(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--beside"], transport=named([])) == 0
    assert capsys.readouterr().out == ""
    assert (tree / "a.txt").read_text() == "a.JPG\n" and (tree / "deep" / "c.txt").read_text() == "c.tif\n"
    assert main(["b.png", "--beside", "--json"], transport=named([])) == 0
    assert json.loads((tree / "b.json").read_text())["results"][0]["text"] == "b.png"


def test_files_in_a_folder_of_their_own(tree: Path) -> None:
    assert main([".", "--out", "out"], transport=named([])) == 0
    assert sorted(str(p.relative_to(tree / "out")) for p in (tree / "out").rglob("*.*")) == ["a.txt", "b.txt", "deep/c.txt", "other/b.txt"]


def test_nothing_is_overwritten_unasked(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "b.txt").write_text("a transcription")
    assert main(["b.png", "a.JPG", "--beside"], transport=named([])) == 1
    assert "b.txt is there already" in capsys.readouterr().err
    assert (tree / "b.txt").read_text() == "a transcription" and (tree / "a.txt").exists()
    names: list[str] = []
    assert main([".", "--beside", "--existing", "skip"], transport=named(names)) == 0
    assert names == ["c.tif", "b.png"]  # the one in other/
    assert (tree / "b.txt").read_text() == "a transcription"
    assert main(["b.png", "--beside", "--existing", "overwrite"], transport=named([])) == 0
    assert (tree / "b.txt").read_text() == "b.png\n"


def test_two_images_never_share_a_file(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["b.png", "other/b.png", "--out", "out", "--existing", "overwrite"], transport=named([])) == 1
    assert "is already for b.png" in capsys.readouterr().err


def test_a_pdf_is_not_overwritten_by_its_own(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "a.pdf").write_bytes(b"given")
    for place in (["--beside"], ["--out", "."], ["--out", str(tree)]):
        assert main(["a.pdf", "--format", "pdf", "--existing", "overwrite", *place], transport=answering(200, content=b"new")) == 1
        assert "a.pdf: its result would take its place: choose another folder with --out" in capsys.readouterr().err
        assert (tree / "a.pdf").read_bytes() == b"given"


def test_no_folder_is_overwritten_but_a_result(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as pages:
        pages.writestr("b/0001.page.xml", "new")
    for form, name, there in (
        ("page", "b.page.xml", "0001.xml.txt"),
        ("page", "b.page.xml", "0001.xml/letter.txt"),
        ("text", "b.txt", "0001.xml"),
    ):
        (tree / name / there).parent.mkdir(parents=True)
        (tree / name / there).write_text("mine")
        asks = raising(AssertionError("no request is due"))
        assert main(["b.png", "--format", form, "--beside", "--existing", "overwrite"], transport=asks) == 1
        told = capsys.readouterr().err
        assert f"{name} is a folder with more than PAGE XML in it: move it away" in told and told.count("\n") == 1
        assert (tree / name / there).read_text() == "mine"
        shutil.rmtree(tree / name)
    (tree / "b.page.xml").mkdir()
    (tree / "b.page.xml" / "0002.xml").write_text("old")
    transport = answering(200, content=archive.getvalue())
    assert main(["b.png", "--format", "page", "--beside", "--existing", "overwrite"], transport=transport) == 0
    assert [(p.name, p.read_text()) for p in (tree / "b.page.xml").iterdir()] == [("0001.xml", "new")]


def test_what_cannot_be_written_is_one_line(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "out").write_text("a file")
    assert main(["b.png", "--out", "out"], transport=named([])) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tree.glob(".*"))


def test_documents_are_written_as_they_came(tree: Path) -> None:
    transport = answering(200, content=b"%PDF")
    assert main(["b.png", "--format", "pdf", "--out", "out"], transport=transport) == 0
    assert (tree / "out" / "b.pdf").read_bytes() == b"%PDF"
    assert list(RasmClient(transport=transport).convert(["b.png"], "pdf")) == [Document("b.png", b"%PDF")]


def archive_of(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as pages:
        for name in names:
            pages.writestr(name, "x")
    return archive.getvalue()


@pytest.mark.parametrize(("form", "content"), [("pdf", b"%PDF\x00\xff"), ("hocr", "<p>نص\x1b[2J</p>".encode()), ("docx", archive_of("a"))])
def test_one_document_can_go_to_standard_output(tree: Path, form: str, content: bytes, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    before = sorted(tree.rglob("*"))
    assert main(["b.png", "--format", form, "--out", "-"], transport=answering(200, content=content)) == 0
    assert capsysbinary.readouterr() == (content, b"")
    assert sorted(tree.rglob("*")) == before


def test_texts_and_json_go_there_as_their_files_would_be(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form, name in (("text", "b.txt"), ("json", "b.json")):
        assert main(["b.png", "--format", form, "--beside"], transport=named([])) == 0
        assert main(["b.png", "--format", form, "--out", "-"], transport=named([])) == 0
        assert capsys.readouterr().out == (tree / name).read_text()


def test_what_cannot_go_there(tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asks = raising(AssertionError("no request is due"))
    assert main([".", "--format", "hocr", "--out", "-"], transport=asks) == 2
    assert capsys.readouterr().err == "client.py: 4 files: --out - is for one; say with --out DIR where the results go\n"
    several = answering(200, content=archive_of("b/0001.page.xml", "b/0002.page.xml"))
    assert main(["b.png", "--format", "page", "--out", "-"], transport=several) == 2
    assert capsys.readouterr() == ("", "client.py: PAGE XML of several pages is a folder of files: say where to with --out DIR\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(SystemExit):
        main(["b.png", "--format", "pdf", "--out", "-"], transport=asks)
    assert "pdf is nothing for the terminal" in capsys.readouterr().err


def test_a_terminal_obeys_no_document(tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["b.png", "--format", "hocr", "--out", "-"], transport=answering(200, content="نص\x1b[2J\n\tنص".encode())) == 0
    assert capsys.readouterr().out == "نص\\x1b[2J\n\tنص"


def test_what_could_not_be_read_leaves_it_empty(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = {"error": {"code": "unreadable_image", "message": "broken", "request_id": "1"}, "results": []}
    assert main(["b.png", "--format", "pdf", "--out", "-"], transport=answering(422, json=refused)) == 1
    out, err = capsys.readouterr()
    assert out == "" and "(unreadable_image)" in err


def test_progress_is_a_bar_on_standard_error(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*images, "--progress"], transport=named([])) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3 and "3/3" in err
    assert main(images, transport=named([])) == 0
    assert capsys.readouterr().err == ""  # it is no terminal

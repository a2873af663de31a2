"""What goes wrong: one line each, and nothing is overwritten that was not asked for."""

from pathlib import Path

import pytest

import preprocess
from preprocess import main
from tests.model.preprocess.pairs import MODEL, add, contents, fails, rejected


def test_a_run_that_keeps_nothing_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "set", tmp_path / "out"
    data.mkdir()
    assert fails(capsys, data, "--out", out) == f"no pair of an image and a text in {data}"
    add(data, "a", None)
    assert fails(capsys, data, "--out", out).startswith(
        f"no pair of an image and a text in {data}: image_without_text 1 (such as set/a.png: "
    )
    add(data, "b", "中")
    add(data, "c", "")
    add(data, "d", "")
    message = fails(capsys, data, "--out", out, "--workers", "1")
    assert message.startswith("nothing was kept of 3 pairs: empty_text 2, image_without_text 1, outside_charset 1 (such as set/a.png: ")
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_part_that_keeps_nothing_says_so(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(5):
        add(data / "second", f"line_{i}", "")
        add(data / "first", f"line_{i}", "")
    add(data / "third", "line")
    message = fails(capsys, data, "--out", tmp_path / "out", "--workers", "1", "--val-fraction", "0.5")
    assert message.startswith(("nothing was kept for val", "nothing was kept for train"))


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "missing argument 'DATASET...'"),
        (["DATA"], "missing option '--out'"),
        (["nowhere", "--out", "OUT"], "nowhere: no such folder"),
        ([__file__, "--out", "OUT"], "is not a folder"),
        (["DATA", "DATA/first", "--out", "OUT"], "one inside the other"),
        (["DATA", "--out", "OUT", "--hieght", "48"], "no such option '--hieght'"),
        (["DATA", "--out", "OUT", "--height", "50"], "--height 50: the network needs a multiple of 16"),
        (["DATA", "--out", "OUT", "--workers", "0"], "'--workers': 0 is not a whole number from 1 on"),
        (["DATA", "--out", "OUT", "--val-fraction", "1.5"], "'--val-fraction': 1.5 is not a number from 0 to 1"),
        (["DATA", "--out", "OUT", "--val-fraction", "x"], "'--val-fraction': x is not a number from 0 to 1"),
        (["DATA", "--out", "OUT", "--group-by", "("], "is not a regular expression"),
        (["DATA", "--out", "OUT", "--group-by", "x"], "has no group in brackets"),
        (["DATA", "--out", "OUT", "--group-by", "(xyz)"], "--group-by (xyz): does not match books/first/line_0.png"),
        (["DATA", "--out", "OUT", "--keep-apart", "yah"], "'yah' is not one of "),
        (["DATA", "--out", "OUT", "--replace", "x"], "'x' is not OLD=NEW"),
        (["DATA", "--out", "OUT", "--unlabelled", "vowels"], "'vowels' is not characters, U+0651, or one of fathatan, "),
        (["DATA", "--out", "OUT", "--charset", "nowhere"], "--charset nowhere cannot be read: FileNotFoundError"),
        (["DATA", "--out", "OUT", "--charset", __file__], "cannot be read: JSONDecodeError"),
        (["DATA", "--out", "DATA"], "holds the dataset"),
        (["DATA/first", "--out", "DATA"], "holds the dataset"),
        (["DATA/first", "--out", "DATA/second"], "which is not of preprocess.py: name another folder"),
        (["DATA", "--out", __file__], "is a file"),
        (["DATA", "--out", "OUT", "--check-with", "nowhere.onnx"], "nowhere.onnx: "),
        (["DATA", "--out", "OUT", "--check-with", str(MODEL), "--height", "32"], "and not with ImageSettings(height_px=32"),
    ],
)
def test_errors_are_one_line(argv: list[str], message: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(data)
    assert message in fails(capsys, *[a.replace("DATA", str(data)).replace("OUT", str(tmp_path / "out")) for a in argv])
    assert contents(data) == before
    assert not (tmp_path / "out").exists()


def test_a_former_output_is_replaced_and_nothing_else(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()  # empty: as good as none
    assert main([str(data), "--out", str(out), "--workers", "1", "--val-fraction", "0.5"]) == 0
    assert main([str(data), "--out", str(out), "--workers", "1"]) == 0
    assert not (out / "train").exists()
    before = contents(out)
    (data / "first").rename(tmp_path / "first")
    (data / "second").rename(tmp_path / "second")
    fails(capsys, data, "--out", out)
    assert contents(out) == before  # a run that fails leaves it as it was
    (tmp_path / "first").rename(data / "first")
    (out / "my notes.txt").write_text("keep me")
    assert "holds my notes.txt, which is not of preprocess.py" in fails(capsys, data, "--out", out)
    (out / "my notes.txt").unlink()
    (out / "manifest.json").write_text('{"name": "a web app"}')
    assert "no output of preprocess.py" in fails(capsys, data, "--out", out)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_an_output_inside_the_dataset_is_not_searched(data: Path) -> None:
    out = data / "arrays"
    for _ in range(2):
        assert main([str(data), "--out", str(out), "--workers", "1"]) == 0
        assert rejected(out) == {}


def test_look_alikes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-look-alikes"]) == 0
    shown = capsys.readouterr().out
    assert all(row.name in shown and row.reason in shown for row in preprocess.LOOK_ALIKES)

"""Folders of pairs become arrays: every reason for a rejection, the same bytes each time, and nothing half done."""

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import preprocess
from model.data.arrays import LineArrays
from model.data.pairs import MAX_LABEL_BYTES
from preprocess import REASONS, main, stray_diacritic, validation_groups
from rasm.text.charset import DEFAULT_CHARSET
from tests.paths import GOLDEN, ROOT, SHIPPED

MODEL = SHIPPED


def line_image(width: int = 200, height: int = 40, format: str = "PNG") -> bytes:
    """Blots, one at the left edge of each 20 pixels."""
    grey = np.full((height, width), 255, np.uint8)
    grey[height // 3 : -height // 4, ::20] = 0
    grey[height // 3 : -height // 4, 1::20] = 0
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format)
    return buffer.getvalue()


def add(folder: Path, stem: str, text: str | bytes | None = "سلام", image: bytes | None = None, suffix: str = ".gt.txt") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / f"{stem}{suffix}").write_bytes(text.encode() if isinstance(text, str) else text)
    if image != b"no file":
        (folder / f"{stem}.png").write_bytes(line_image() if image is None else image)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two books of five lines."""
    for book in ("first", "second"):
        for i in range(5):
            add(tmp_path / "books" / book, f"line_{i}", f"سطر {i} من كتاب", line_image(200 + 10 * i))
    return tmp_path / "books"


def rejected(out: Path) -> dict[str, tuple[str, str]]:
    with (out / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return {row["path"]: (row["reason"], row["detail"]) for row in csv.DictReader(file)}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fails(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """The one line that a failing run ends with."""
    assert main([str(a) for a in argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("preprocess.py: error: ")
    return line.removeprefix("preprocess.py: error: ")


def test_pairs_become_arrays(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    arrays = LineArrays(tmp_path / "out")
    assert len(arrays) == 10
    assert arrays.text(7) == "سطر 2 من كتاب"
    assert arrays.names[7] == "books/second/line_2.png"
    assert arrays.groups[7] == "books/second"
    assert arrays.line(7).shape == (48, 264)
    assert arrays.line(7).min() == 0
    assert arrays.manifest["sources"] == [{"name": "books", "lines": 10}]
    assert arrays.manifest["rejected"] == {}
    assert "kept 10 of 10 pairs" in capsys.readouterr().out


def test_the_same_bytes_each_time_and_with_any_number_of_workers(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preprocess, "CHUNK", 2)  # so that two workers share the lines
    add(data / "first", "bad", "ABC\u4e00")
    outs = [tmp_path / name for name in ("one", "again", "two")]
    for out, workers in zip(outs, ("1", "1", "2"), strict=True):
        assert main([str(data), "--out", str(out), "--workers", workers, "--val-fraction", "0.5"]) == 0
    assert contents(outs[0]) == contents(outs[1]) == contents(outs[2])
    assert all(str(tmp_path).encode() not in content for content in contents(outs[0]).values())


def picture(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


REJECTED = {  # reason: what is bad about the pair, a part of the detail
    "image_without_text": ({"text": None}, "no x.gt.txt or x.txt"),
    "text_without_image": ({"image": b"no file"}, "no image called x"),
    "empty_text": ({"text": " \n\n"}, "empty"),
    "not_utf8": ({"text": "سلام".encode("cp1256")}, "not UTF-8: invalid"),
    "several_lines": ({"text": "سطر\n\nسطر"}, "2 lines"),
    "stray_diacritic": ({"text": "هشرا \u064bالى"}, "ARABIC FATHATAN on a space"),
    "outside_charset": ({"text": "سلام 中\u0615"}, "U+0615 ARABIC SMALL HIGH TAH, U+4E2D 中"),
    "order_not_reversible": ({"text": "75. This and that"}, "logical -> visual -> logical"),
    "empty_file": ({"image": b""}, "empty"),
    "unsupported_format": ({"image": line_image(format="GIF")}, "not an image that Rasm reads"),
    "unreadable_image": ({"image": line_image()[:-40]}, "truncated"),
    "image_too_large": ({"image": picture(Image.new("1", (30_001, 9), 1))}, "30001 x 9 px"),
    "image_too_small": ({"image": line_image(200, 3)}, "200 x 3 px"),
    "too_thin": ({"image": line_image(7, 40)}, "7 x 40 px is no line"),
    "blank_image": ({"image": picture(Image.new("L", (200, 40), 255))}, "nothing is on the image"),
    "line_too_long": ({"image": line_image(2600, 40)}, "3120 px wide"),
    "label_does_not_fit": ({"text": "ممممممم", "image": line_image(40, 40)}, "7 characters need 13 steps; 40 x 40 px give 12"),
}


@pytest.mark.parametrize("reason", REJECTED)
def test_each_reason_for_a_rejection(reason: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair, detail = REJECTED[reason]
    add(data, "x", **pair)
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    ((path, (given, explained)),) = rejected(tmp_path / "out").items()
    assert given == reason
    assert detail in explained
    assert path == ("books/x.gt.txt" if reason == "text_without_image" else "books/x.png")
    arrays = LineArrays(tmp_path / "out")
    assert len(arrays) == 10
    assert arrays.manifest["rejected"] == {reason: 1}
    assert REASONS[reason] in capsys.readouterr().out


def test_rejections_that_need_more_than_a_bad_pair(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in (".bin", ".nrm"):  # two pictures of one line, and which is meant?
        add(data, f"y{suffix}", text=None)
    add(data, "y", image=b"no file")
    add(data, "broken")
    (data / "broken.png").unlink()
    (data / "broken.png").symlink_to(data / "nowhere.png")
    add(data, "fault", image=line_image(333))
    (data / "locked").mkdir()

    scandir, transform = os.scandir, preprocess.line_to_array

    def locked(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def faulty(image: np.ndarray, settings: preprocess.ImageSettings) -> np.ndarray:
        if image.shape[1] == 333:
            raise ZeroDivisionError("a fault")
        return transform(image, settings)

    monkeypatch.setattr(os, "scandir", locked)
    monkeypatch.setattr(preprocess, "line_to_array", faulty)
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    given = rejected(tmp_path / "out")
    assert {path: reason for path, (reason, _) in given.items()} == {
        "books/y.bin.png": "ambiguous_pair",
        "books/y.nrm.png": "ambiguous_pair",
        "books/broken.png": "unreadable_file",
        "books/fault.png": "unexpected_error",
        "books/locked": "unreadable_folder",
    }
    assert given["books/y.bin.png"][1] == "y.gt.txt could go with y.bin.png, y.nrm.png"
    assert given["books/locked"][1] == "Permission denied"
    assert given["books/fault.png"][1] == "ZeroDivisionError: a fault"
    assert {reason for reason, _ in given.values()} | REJECTED.keys() | {"doubtful_label"} == REASONS.keys()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_label_that_a_model_reads_quite_differently_is_not_trained_on(workers: int, tmp_path: Path) -> None:
    """Those of the validation set stay: they are to measure with."""
    for book in ("first", "second"):
        shutil.copytree(GOLDEN, tmp_path / "books" / book)
        wrong = tmp_path / "books" / book / "prose.gt.txt"
        wrong.write_text(" ".join(reversed(wrong.read_text(encoding="utf-8").split())), encoding="utf-8")
    out = tmp_path / "out"
    arguments = [tmp_path / "books", "--out", out, "--val-fraction", "0.5", "--check-with", MODEL, "--workers", workers]
    assert main([str(a) for a in arguments]) == 0
    train, val = LineArrays(out / "train"), LineArrays(out / "val")
    ((path, (reason, detail)),) = rejected(out).items()
    assert Path(path).name == "prose.png" and reason == "doubtful_label" and "ابن خلدون في مقدمته" in detail
    assert sorted(Path(name).stem for name in train.names) == ["figures", "heading"]
    assert sorted(Path(name).stem for name in val.names) == ["figures", "heading", "prose"]


def test_which_text_goes_with_which_image(tmp_path: Path) -> None:
    data = tmp_path / "set"
    add(data, "a", "الف")  # .gt.txt is preferred
    add(data, "a", "غلط", suffix=".txt")
    add(data, "b", "باء", suffix=".txt")
    add(data, "page.pdf_01", "جيم")  # a dot in a name is not a suffix
    add(data, "page.pdf_02", "دال")
    add(data, "c.bin", None)  # as kraken and ocropus name them
    add(data, "c", "هاء", image=b"no file")
    add(data, "d", "واو")
    add(data, "d.bin", None)  # the line has its image already
    add(data, "page.pdf_03", None)  # is not the image of page.gt.txt
    add(data, "page", "زاي", image=b"no file")
    add(data, ".hidden", "حاء")
    add(data / ".cache", "e", "طاء")
    (data / "f.JPG").write_bytes(line_image(format="JPEG"))
    (data / "f.GT.TXT").write_text("ياء", encoding="utf-8-sig")
    (data / "notes.md").write_text("no text of a line")
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    arrays = LineArrays(tmp_path / "out")
    assert {name: arrays.text(i) for i, name in enumerate(arrays.names)} == {
        "set/a.png": "الف",
        "set/b.png": "باء",
        "set/c.bin.png": "هاء",
        "set/d.png": "واو",
        "set/f.JPG": "ياء",
        "set/page.pdf_01.png": "جيم",
        "set/page.pdf_02.png": "دال",
    }
    assert {path: reason for path, (reason, _) in rejected(tmp_path / "out").items()} == {
        "set/d.bin.png": "ambiguous_pair",
        "set/page.pdf_03.png": "image_without_text",
        "set/page.gt.txt": "text_without_image",
    }


def test_links_are_followed_but_not_in_circles(data: Path, tmp_path: Path) -> None:
    shutil.move(data / "second", tmp_path / "elsewhere")
    (data / "second").symlink_to(tmp_path / "elsewhere")
    (data / "first" / "up").symlink_to(data)
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert sorted(LineArrays(tmp_path / "out").names) == [f"books/{book}/line_{i}.png" for book in ("first", "second") for i in range(5)]


def test_a_text_too_large_for_a_line_is_not_read(data: Path, tmp_path: Path) -> None:
    add(data, "x", "ا" * MAX_LABEL_BYTES)
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert rejected(tmp_path / "out")["books/x.png"] == ("several_lines", "more than 65,536 bytes of text for the image of one line")


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("شهرا\u064b", ""),
        ("عـ\u064b", ""),
        ("\u064eا", "ARABIC FATHA on a space"),
        ("معنى .\u064b", "ARABIC FATHATAN on '.'"),
        ("ش\u0651\u064e", ""),
        ("٢\u064e", "ARABIC FATHA on '٢'"),
    ],
)
def test_stray_diacritics(text: str, stray: str) -> None:
    assert stray_diacritic(text) == stray


def test_what_is_done_to_labels_is_asked_for_counted_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "set"
    add(data, "a", "کتـاب\u064c (صعلم) سنة 1965…")
    add(data, "b", "مـا")
    add(data, "c", "كتاب\u064b")
    options = ["--unlabelled", "tatweel", "dammatan", "U+064B", "--keep-apart=kaf", "--digits=arabic_indic", "--replace=(صعلم)=ﷺ"]
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1", *options]) == 0
    arrays = LineArrays(tmp_path / "out")
    assert [arrays.text(i) for i in range(3)] == ["کتاب ﷺ سنة ١٩٦٥...", "ما", "كتاب"]
    assert arrays.unlabelled == "ـ\u064b\u064c"
    assert arrays.manifest["labels"] == {
        "diacritics": "keep",
        "tatweel": "keep",
        "digits": "arabic_indic",
        "keep_apart": ["kaf"],
        "replace": [["…", "..."], ["(صعلم)", "ﷺ"]],
    }
    assert arrays.manifest["changed_labels"] == {"replace (صعلم)": 1, "replace …": 1, "unlabelled": 3, "western digits": 1}
    assert "\n         3  unlabelled\n" in capsys.readouterr().out


def test_image_settings_and_charset(tmp_path: Path) -> None:
    data = tmp_path / "set"
    add(data, "a", "اب")
    add(data, "b", "ابت")
    (tmp_path / "charset.json").write_text('{"version": 7, "characters": " اب"}', encoding="utf-8")
    options = ["--height", "32", "--max-width", "160", "--charset", str(tmp_path / "charset.json")]
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1", *options]) == 0
    arrays = LineArrays(tmp_path / "out")
    assert arrays.line(0).shape == (32, 160)
    assert (arrays.charset.characters, arrays.charset.version) == (" اب", 7)
    assert arrays.label(0).tolist() == [3, 2]
    assert rejected(tmp_path / "out")["set/b.png"] == ("outside_charset", "outside the charset: U+062A ت")


# validation sets


def test_folders_stay_together(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(data / "third", "line")
    assert main([str(data), "--out", str(tmp_path / "out"), "--workers", "1", "--val-fraction", "0.4"]) == 0
    train, val = (LineArrays(tmp_path / "out" / part) for part in ("train", "val"))
    assert not set(train.groups) & set(val.groups)
    assert (len(train), len(val)) in ((6, 5), (5, 6))
    shown = capsys.readouterr().out
    assert f"val   {len(val)} lines of {len(set(val.groups))} groups: {len(val) / 11:.1%} of the lines" in shown


def test_a_pattern_names_groups(tmp_path: Path) -> None:
    data = tmp_path / "set"
    for i in range(12):
        add(data, f"page{i // 3}_{i}")
    argv = [str(data), "--out", str(tmp_path / "out"), "--workers", "1", "--val-fraction", "0.25", "--group-by", r"(page\d+)_"]
    assert main(argv) == 0
    train, val = (LineArrays(tmp_path / "out" / part) for part in ("train", "val"))
    assert (len(train), len(val)) == (9, 3)
    assert set(train.groups) | set(val.groups) == {"page0", "page1", "page2", "page3"}
    assert {name.split("_")[0] for name in val.names} == {f"set/{group}" for group in val.groups}


def test_the_groups_held_out_come_near_the_fraction_and_are_always_the_same() -> None:
    sizes = Counter({f"book {i}": 10 for i in range(100)})
    chosen = validation_groups(sizes, 0.1)
    assert len(chosen) == 10
    assert chosen == validation_groups(Counter(dict(reversed(sizes.items()))), 0.1)
    assert validation_groups(Counter({"large": 90, "small": 10}), 0.001) == {"small"}
    assert validation_groups(Counter({"a": 50, "b": 50}), 0.999) != {"a", "b"}
    assert sum(sizes[g] for g in validation_groups(sizes + Counter({"giant": 5000}), 0.1)) == pytest.approx(600, abs=10)


def test_one_group_is_not_split(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = fails(capsys, data / "first", "--out", tmp_path / "out", "--val-fraction", "0.1")
    assert "all lines are in one group (first): give several folders" in message
    assert "--group-by" in message
    assert not (tmp_path / "out").exists()


def test_two_folders_of_one_name_are_told_apart(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "first", tmp_path / "other" / "first")
    argv = [str(data / "first"), str(tmp_path / "other" / "first"), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert main(argv) == 0
    assert LineArrays(tmp_path / "out").names[::5] == ["first/line_0.png", "first-2/line_0.png"]


# what goes wrong


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
        ([], "the following arguments are required: DATASET, --out"),
        (["DATA"], "the following arguments are required: --out"),
        (["nowhere", "--out", "OUT"], "nowhere: no such folder"),
        ([__file__, "--out", "OUT"], "is not a folder"),
        (["DATA", "DATA/first", "--out", "OUT"], "one inside the other"),
        (["DATA", "--out", "OUT", "--hieght", "48"], "unrecognized arguments: --hieght"),
        (["DATA", "--out", "OUT", "--height", "50"], "--height 50: the network needs a multiple of 16"),
        (["DATA", "--out", "OUT", "--workers", "0"], "--workers: 0 is not a whole number from 1 on"),
        (["DATA", "--out", "OUT", "--val-fraction", "1.5"], "--val-fraction: 1.5 is not a number from 0 to 1"),
        (["DATA", "--out", "OUT", "--val-fraction", "x"], "--val-fraction: x is not a number from 0 to 1"),
        (["DATA", "--out", "OUT", "--group-by", "("], "is not a regular expression"),
        (["DATA", "--out", "OUT", "--group-by", "x"], "has no group in brackets"),
        (["DATA", "--out", "OUT", "--group-by", "(xyz)"], "--group-by (xyz): does not match books/first/line_0.png"),
        (["DATA", "--out", "OUT", "--keep-apart", "yah"], "invalid choice: 'yah'"),
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
    with pytest.raises(SystemExit) as left:
        main(["--list-look-alikes"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(row.name in shown and row.reason in shown for row in preprocess.LOOK_ALIKES)


# workers


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

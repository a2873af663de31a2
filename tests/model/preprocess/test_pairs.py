"""Which pairs become arrays, and every reason for a rejection."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import preprocess
from model.data.arrays import LineArrays
from model.data.pairs import MAX_LABEL_BYTES
from preprocess import REASONS, main, stray_diacritic
from tests.model.preprocess.pairs import MODEL, add, contents, line_image, picture, rejected
from tests.paths import GOLDEN


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


REJECTED = {  # reason: what is bad about the pair, a part of the detail
    "image_without_text": ({"text": None}, "no x.gt.txt or x.txt"),
    "text_without_image": ({"image": b"no file"}, "no image called x"),
    "empty_text": ({"text": " \n\n"}, "empty"),
    "not_utf8": ({"text": "سلام".encode("cp1256")}, "not UTF-8: invalid"),
    "several_lines": ({"text": "سطر\n\nسطر"}, "2 lines"),
    "stray_diacritic": ({"text": "هشرا \u064bالى"}, "ARABIC FATHATAN on a space"),
    "outside_charset": ({"text": "سلام 中\u0615"}, "U+0615 ARABIC SMALL HIGH TAH, U+4E2D 中"),
    "order_not_reversible": ({"text": "وزن kg 25"}, "logical -> visual -> logical"),
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
    add(data, "pipe")
    (data / "pipe.png").unlink()
    os.mkfifo(data / "pipe.png")  # reading it would wait for ever
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
        "books/pipe.png": "no_file",
        "books/pipe.gt.txt": "text_without_image",
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

"""What is done to labels and images, and into which parts they go."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from model.data.arrays import LineArrays
from preprocess import main, validation_groups
from tests.model.preprocess.pairs import add, fails, rejected


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
        "joiners": "strip",
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

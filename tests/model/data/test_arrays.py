"""Arrays come back as they were written, are cheap to open, and say what is wrong with them."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.data.arrays import FILES, ArrayWriter, LineArrays, check_match, one_line
from rasm.errors import DatasetError
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET, Charset

SETTINGS = ImageSettings(height_px=16)
TEXTS = ["سلام", "عام 1996-2000", "ا", "نهاية word."]
WIDTHS = [40, 3, 500, 64]


def lines() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (16, width), dtype=np.uint8) for width in WIDTHS]


def write(path: Path, charset: Charset = DEFAULT_CHARSET, settings: ImageSettings = SETTINGS, unlabelled: str = "") -> Path:
    with ArrayWriter(path, settings, charset, unlabelled) as writer:
        for i, (line, text) in enumerate(zip(lines(), TEXTS)):
            writer.add(line, charset.encode(text), f"set/{i}.png", f"group {i % 2}")
        writer.finish({"sources": ["set"]})
    return path


def test_round_trip(tmp_path: Path) -> None:
    arrays = LineArrays(write(tmp_path / "a", unlabelled="ـ"))
    assert len(arrays) == 4
    assert [arrays.text(i) for i in range(4)] == TEXTS
    for i, line in enumerate(lines()):
        assert np.array_equal(arrays.line(i), line)
        assert arrays.label(i).tolist() == DEFAULT_CHARSET.encode(TEXTS[i])
    assert arrays.widths.tolist() == WIDTHS
    assert arrays.label_lengths.tolist() == [len(t) for t in TEXTS]
    assert arrays.names == [f"set/{i}.png" for i in range(4)]
    assert arrays.groups == ["group 0", "group 1"] * 2
    assert (arrays.image, arrays.charset, arrays.unlabelled) == (SETTINGS, DEFAULT_CHARSET, "ـ")
    assert arrays.manifest["sources"] == ["set"]
    assert arrays.manifest["image_digest"] == SETTINGS.digest()
    assert (arrays.manifest["lines"], arrays.manifest["longest_label"], arrays.manifest["widest_line_px"]) == (4, 13, 500)


def test_the_files_are_what_numpy_reads(tmp_path: Path) -> None:
    write(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    images, labels = (np.load(tmp_path / name, mmap_mode="r") for name in ("images.npy", "labels.npy"))
    assert (images.dtype, images.shape) == (np.uint8, (16 * sum(WIDTHS),))
    assert (labels.dtype, labels.shape) == (np.int16, (4, 13))
    assert (labels[2, 1:] == 0).all()
    assert np.load(tmp_path / "offsets.npy").tolist() == [0, 640, 688, 8688, 9712]
    assert images.offset % 64 == 0  # aligned, as NumPy's own files are


def test_lines_are_views_of_the_map(tmp_path: Path) -> None:
    arrays = LineArrays(write(tmp_path))
    line = arrays.line(0)
    assert not line.flags.owndata
    assert not line.flags.writeable
    assert type(line) is np.ndarray  # not np.memmap, whose slices are slow
    assert np.array_equal(arrays.line(-1), arrays.line(3))
    with pytest.raises(IndexError):
        arrays.line(4)


def test_pickled_by_its_path_alone(tmp_path: Path) -> None:
    arrays = LineArrays(write(tmp_path))
    arrays.line(0)
    assert len(pickle.dumps(arrays)) < 500
    assert pickle.loads(pickle.dumps(arrays)).text(1) == TEXTS[1]


def test_the_same_lines_give_the_same_bytes(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a"), write(tmp_path / "b")
    assert all((a / name).read_bytes() == (b / name).read_bytes() for name in FILES)


def test_labels_are_padded_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.data.arrays._ROWS_AT_ONCE", 3)
    arrays = LineArrays(write(tmp_path))
    assert [arrays.text(i) for i in range(4)] == TEXTS


def test_names_keep_to_one_line(tmp_path: Path) -> None:
    with ArrayWriter(tmp_path, SETTINGS, DEFAULT_CHARSET) as writer:
        for name in ("a\nb.png", "\udcff.png", "سطر.png"):
            writer.add(lines()[0], [1], name, name)
        writer.finish()
    assert (
        LineArrays(tmp_path).names
        == ["a\\nb.png", "\\udcff.png", "سطر.png"]
        == [one_line(n) for n in ("a\nb.png", "\udcff.png", "سطر.png")]
    )


def test_no_lines_are_no_arrays(tmp_path: Path) -> None:
    with ArrayWriter(tmp_path, SETTINGS, DEFAULT_CHARSET) as writer, pytest.raises(DatasetError, match="no line was kept"):
        writer.finish()
    with ArrayWriter(tmp_path, SETTINGS, DEFAULT_CHARSET) as writer, pytest.raises(DatasetError, match="not uint8 of height 16"):
        writer.add(np.zeros((17, 5), np.uint8), [1], "a", "a")


def cut(name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        (path / name).write_bytes((path / name).read_bytes()[:-1])

    return damage


def manifest_with(**fields: object) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        manifest = json.loads((path / "manifest.json").read_text())
        (path / "manifest.json").write_text(json.dumps(manifest | fields))

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "manifest.json").unlink(), "no arrays of preprocess.py here"),
        (lambda p: (p / "manifest.json").write_text("{"), "cannot be read"),
        (lambda p: (p / "manifest.json").write_text("[]"), "is not one of preprocess.py"),
        (manifest_with(format="other"), "is not one of preprocess.py"),
        (manifest_with(format_version=2), "format version 2; this Rasm reads 1"),
        (manifest_with(image={"height_px": 16}), "is broken .*lacks bucket_px, max_width_px"),
        (manifest_with(charset={"characters": "اا"}), "is broken .*repeats"),
        (manifest_with(lines=5), "offsets.npy, widths.npy, label_lengths.npy, labels.npy does not fit the manifest's 5 lines"),
        (lambda p: (p / "images.npy").unlink(), "images.npy is missing or broken"),
        (cut("images.npy"), "images.npy is missing or broken"),
        (cut("labels.npy"), "labels.npy is missing or broken"),
        (lambda p: np.save(p / "images.npy", np.zeros(7, np.uint8)), "images.npy does not fit"),
        (lambda p: np.save(p / "widths.npy", np.array([{}], dtype=object)), "widths.npy is missing or broken"),
    ],
)
def test_broken_arrays_are_refused(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    write(tmp_path)
    damage(tmp_path)
    with pytest.raises(DatasetError, match=message):
        LineArrays(tmp_path)


def test_broken_names_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "names.txt").write_text("one\n")
    with pytest.raises(DatasetError, match=r"names.txt has 1 lines for 4 images"):
        _ = LineArrays(tmp_path).names


def test_a_folder_of_two_sets_is_explained(tmp_path: Path) -> None:
    write(tmp_path / "train")
    with pytest.raises(DatasetError, match=r"give .*train or .*val"):
        LineArrays(tmp_path)


@pytest.mark.parametrize(
    ("settings", "charset", "message"),
    [
        (ImageSettings(height_px=32), DEFAULT_CHARSET, "height_px is 16, best.pt has 32"),
        (ImageSettings(16, 99), DEFAULT_CHARSET, "max_width_px is 2560, best.pt has 99"),
        (SETTINGS, Charset(DEFAULT_CHARSET.characters + "ڎ"), "their charset lacks U\\+068E ڎ, which best.pt has"),
        (SETTINGS, Charset(DEFAULT_CHARSET.characters.replace("ا", "")), "their charset has U\\+0627 ا, which best.pt lacks"),
        (SETTINGS, Charset(DEFAULT_CHARSET.characters[::-1]), "the same characters in another order"),
    ],
)
def test_what_does_not_match_is_named(tmp_path: Path, settings: ImageSettings, charset: Charset, message: str) -> None:
    arrays = LineArrays(write(tmp_path))
    check_match(arrays, SETTINGS, DEFAULT_CHARSET)
    with pytest.raises(DatasetError, match=message):
        check_match(arrays, settings, charset, "best.pt")


def test_another_transform_does_not_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = LineArrays(write(tmp_path))
    monkeypatch.setattr("rasm.image.TRANSFORM_VERSION", 99)
    with pytest.raises(DatasetError, match="another version of the image transform"):
        check_match(arrays, SETTINGS, DEFAULT_CHARSET)

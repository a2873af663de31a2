"""Pages and their texts -> labelled lines: letters from the text, what the print decides from the reading."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from model.data.align import labels_of_lines, merge, write_image
from model.rendering.fonts import find_fonts
from model.rendering.lines import Synthesizer
from model.rendering.texts import load_texts
from rasm.image import ImageSettings
from rasm.text.charset import DEFAULT_CHARSET, TATWEEL
from tests.paper import nearly
from tests.paths import ROOT

DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@pytest.mark.parametrize(
    ("reading", "text", "label"),
    [
        ("الاطباء في حفط الصحة", "الأطباء في حفظ الصحة", "الاطباء في حفظ الصحة"),  # a letter from the text, the hamza from the print
        ("وثمانة عشر ( ٤ ) .", "وثمانية عشر", "وثمانية عشر ( ٤ ) ."),  # signs that the edition leaves out
        ("قال الجا حظ", "قال: الجاحظ!", "قال الجاحظ"),  # signs that the edition adds, and a gap that is no space
        ("من الغلام", "مِنَ الغُلَامِ", "من الغلام"),  # vowels that the edition adds
        ("في القاهره", "في القاهرة", "في القاهره"),
        ("", "نص", "نص"),
    ],
)
def test_letters_are_the_texts_and_the_rest_the_prints(reading: str, text: str, label: str) -> None:
    assert merge(reading, text) == label


def test_lines_that_are_not_in_the_text_get_no_label() -> None:
    readings = ["( الحقائق ج ٢ م ١ )", "الاطباء في حفط الصحة . والأر الجامع", "من الدروس العالية في الاخلاق", "٥٦"]
    text = "الأطباء في حفظ الصحة. والأمر الجامع\n\nمن الدروس العالية في الأخلاق وغير ذلك مما لم يطبع على هذه الصفحة"
    assert labels_of_lines(readings, text, 0.25) == [None, "الاطباء في حفظ الصحة . والأمر الجامع", "من الدروس العالية في الاخلاق", None]


LINES = [
    "خير الكلام ما قل ودل ولم يطل فيمل",
    "من جد وجد ومن زرع حصد ومن سار وصل",
    "الصبر مفتاح الفرج والعجلة من الندامة",
    "العلم في الصغر كالنقش على الحجر الصلب",
]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A folder with one page of LINES, and no text beside it."""
    synthesizer = Synthesizer(
        load_texts([str(ROOT / "examples" / "text")]), find_fonts([str(DEJAVU)], DEFAULT_CHARSET), DEFAULT_CHARSET, ImageSettings()
    )
    page = np.full((560, 1500), 255, np.uint8)
    for i, line in enumerate(LINES):
        ink, baseline, _ = synthesizer._ink(random.Random(5), line, synthesizer.arabic[0])
        top = 120 + 110 * i - baseline
        page[top : top + ink.shape[0], 1400 - ink.shape[1] : 1400] = 255 - ink
    folder = tmp_path / "book"
    folder.mkdir()
    write_image(folder / "p1.png", page)
    return folder


def align(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "model.data.align", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)


def labels_in(folder: Path) -> list[str]:
    texts = sorted(folder.glob("*.gt.txt"))
    assert len(list(folder.glob("*.png"))) == len(texts)
    return [p.read_text(encoding="utf-8").strip().replace(TATWEEL, "") for p in texts]


def test_a_page_becomes_labelled_lines(book: Path, tmp_path: Path) -> None:
    (book / "p1.txt").write_text("\n\n".join([" ".join(LINES[:2]), " ".join(LINES[2:])]), encoding="utf-8")
    done = align(book, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert labels_in(tmp_path / "out" / "book") == LINES


def test_without_a_text_lines_are_labelled_with_what_is_surely_read(book: Path, tmp_path: Path) -> None:
    pytest.importorskip("flashlight.lib.text.decoder.kenlm", reason="flashlight-text has no wheel for this Python")
    done = align(book, "--out", tmp_path / "out", "--own-readings", "--min-confidence", 0.5)
    assert done.returncode == 0, done.stderr
    assert nearly(labels_in(tmp_path / "out" / "book"), LINES)
    assert align(book, "--out", tmp_path / "none", "--own-readings", "--min-confidence", 1).returncode == 0
    assert labels_in(tmp_path / "none" / "book") == []


def test_an_image_of_one_line_is_labelled_as_it_is(book: Path, tmp_path: Path) -> None:
    pytest.importorskip("flashlight.lib.text.decoder.kenlm", reason="flashlight-text has no wheel for this Python")
    assert align(book, "--out", tmp_path / "lines", "--own-readings", "--min-confidence", 0).returncode == 0
    for text in (tmp_path / "lines" / "book").glob("*.gt.txt"):
        text.unlink()
    done = align(tmp_path / "lines" / "book", "--out", tmp_path / "again", "--own-readings", "--min-confidence", 0)
    assert done.returncode == 0, done.stderr
    assert nearly(labels_in(tmp_path / "again" / "book"), LINES)


def test_a_folder_without_pages_is_refused(tmp_path: Path) -> None:
    done = align(tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2 and "no image with a text" in done.stderr and "Traceback" not in done.stderr
    done = align(tmp_path, "--out", tmp_path / "out", "--own-readings")
    assert done.returncode == 2 and "no images" in done.stderr and "Traceback" not in done.stderr


def test_books_of_one_name_and_pages_of_one_stem_do_not_meet(book: Path, tmp_path: Path) -> None:
    other = tmp_path / "second" / "book"
    other.mkdir(parents=True)
    (book / "p1.txt").write_text(" ".join(LINES), encoding="utf-8-sig")
    for name in ("p1.png", "p1.txt"):
        (other / name).write_bytes((book / name).read_bytes())
    cv2.imwrite(str(other / "p1.bmp"), cv2.imread(str(book / "p1.png")))
    done = align(book, other, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"{3 * len(LINES)} of them written" in done.stdout
    assert len(list((tmp_path / "out").rglob("*.gt.txt"))) == len(list((tmp_path / "out").rglob("*.png"))) == 3 * len(LINES)
    assert labels_in(tmp_path / "out" / "book-1") == LINES


def test_a_bad_page_is_named_and_the_others_are_read(book: Path, tmp_path: Path) -> None:
    (book / "p1.txt").write_text(" ".join(LINES), encoding="utf-8")
    (book / "p0.png").write_bytes((book / "p1.png").read_bytes()[:900])
    (book / "p0.txt").write_text("نص", encoding="utf-8")
    (book / "p2.png").write_bytes((book / "p1.png").read_bytes())
    (book / "p2.txt").write_bytes("نص".encode("cp1256"))
    done = align(book, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "1 of 3 pages read" in done.stdout and "Traceback" not in done.stderr
    assert "p0.png: left out: the image is broken" in done.stderr and "p2.png: left out: not UTF-8" in done.stderr
    assert labels_in(tmp_path / "out" / "book") == LINES
    again = align(book, "--out", tmp_path / "out")  # the pairs of other options must not stay among the new ones
    assert again.returncode == 2 and "not empty" in again.stderr
    (book / "p1.png").unlink()
    none = align(book, "--out", tmp_path / "none")
    assert none.returncode == 2 and none.stderr.endswith("python -m model.data.align: error: no page could be read\n")


@pytest.mark.parametrize("options", [["--threads", "0"], ["--max-cer", "-1"], ["--min-confidence", "much"], ["--out", "rasm/image.py/x"]])
def test_what_cannot_be_done_is_said(book: Path, tmp_path: Path, options: list[str]) -> None:
    done = align(book, "--own-readings", "--out", tmp_path / "out", *options)
    assert done.returncode == 2 and "Traceback" not in done.stderr

"""Rendered lines: the same seed, the same line; no sign a font lacks; what is drawn is what the label says."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from model.rendering import kinds as kinds
from model.rendering.fonts import AS_IT_IS, CUTS, HANGINGS, Face, Font, Way, find_fonts, open_face
from model.rendering.lines import Synthesizer
from model.rendering.screen import display, filled_box
from model.rendering.setting import _is_tooth_before_last_yeh, drawn_runs, modern_runs
from model.rendering.texts import Sample, TextSampler, TextSource, load_texts
from rasm.errors import DatasetError
from rasm.image import ImageSettings
from rasm.lines.ctc import DENSE, WIDTH_STRIDE
from rasm.text.bidi import to_visual
from rasm.text.charset import DEFAULT_CHARSET, UNKNOWN
from tests.paths import ROOT

TEXT = ROOT / "examples" / "text"
DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # a fresh machine has no other Arabic font


@pytest.fixture(scope="module")
def fonts() -> list[Font]:
    return find_fonts([str(DEJAVU)], DEFAULT_CHARSET)


@pytest.fixture(scope="module")
def synthesizer(fonts: list[Font]) -> Synthesizer:
    return Synthesizer(load_texts([str(TEXT)]), fonts, DEFAULT_CHARSET, ImageSettings())


def test_the_seed_decides(synthesizer: Synthesizer) -> None:
    first, again, other = synthesizer.line("1 7"), synthesizer.line("1 7"), synthesizer.line("1 8")
    assert first.text == again.text
    assert np.array_equal(first.pixels, again.pixels)
    assert first.text != other.text or not np.array_equal(first.pixels, other.pixels)


@pytest.mark.parametrize("width_px", [128, 512, 1024])
def test_lines_fit_the_width_and_their_labels_the_steps(synthesizer: Synthesizer, width_px: int) -> None:
    for seed in range(15):
        line = synthesizer.line(seed, width_px=width_px)
        assert line.pixels.shape[0] == 48 and line.pixels.shape[1] <= width_px and line.pixels.dtype == np.uint8
        assert line.classes == DEFAULT_CHARSET.encode_drawn(to_visual(line.text, line.direction))
        assert len(line.classes) <= line.pixels.shape[1] // 4
        assert line.pixels.min() < 100 < line.pixels.max(), "ink on paper"


def test_every_kind_of_text_is_drawn_within_the_charset(synthesizer: Synthesizer) -> None:
    rng = random.Random(3)
    texts = [synthesizer.sampler.sample(rng, 60) for _ in range(2000)]
    assert not any(DEFAULT_CHARSET.missing(t) for t in texts)
    seen = set("".join(texts))
    assert seen >= set("٠١٢٣٤٥٦٧٨٩0123456789()«»،.:؟!-%پچژگـ"), "figures, marks and rare letters get their share"


def test_a_font_is_never_used_for_what_it_lacks(fonts: list[Font]) -> None:
    poor = Font(fonts[0].path, frozenset("ابت "), 1.0, arabic=True)
    synthesizer = Synthesizer(load_texts([str(TEXT)]), [poor], DEFAULT_CHARSET, ImageSettings())
    assert synthesizer.scan(1, "باب") is not None
    assert synthesizer.scan(1, "بيت") is None


def test_letters_are_joined_and_run_from_right_to_left(synthesizer: Synthesizer) -> None:
    # HarfBuzz has shaped the word: it is narrower than its letters standing alone, and its alef is at the right
    face_widths = [synthesizer._ink(random.Random(0), text, synthesizer.arabic[0])[0].shape[1] for text in ("بيت", "ب ي ت")]
    assert face_widths[0] < face_widths[1]
    ink = synthesizer._ink(random.Random(0), "اـــب", synthesizer.arabic[0])[0]
    right, left = ink[:, -ink.shape[1] // 6 :], ink[:, : ink.shape[1] // 6]
    assert right.any(axis=1).sum() > left.any(axis=1).sum(), "the tall letter stands at the right"


@pytest.mark.parametrize(("letter", "dots"), [("ب", 1), ("ت", 2), ("ث", 3), ("ج", 1), ("أ", 1), ("م", 0), ("و", 0), ("ا", 0), (":", 0)])
def test_letters_cut_anew_keep_their_dots(letter: str, dots: int) -> None:
    face = open_face(str(DEJAVU))
    glyph = face.ft_face.get_char_index(letter)
    plain = face.glyph(glyph, 46)
    pieces = []
    for cut in range(1, CUTS + 1):
        anew = face.glyph(glyph, 46, Way(cut))
        assert anew is face.glyph(glyph, 46, Way(cut)), "drawn once"
        assert 0.8 <= anew.stretch <= 1.25 and not np.array_equal(anew.bitmap, plain.bitmap)
        assert len(face.contours[glyph].dots) == dots
        pieces.append(cv2.connectedComponents(np.asarray(anew.bitmap > 127, np.uint8))[0])
    expected = cv2.connectedComponents(np.asarray(plain.bitmap > 127, np.uint8))[0]
    assert max(pieces) <= expected, "nothing falls apart"
    if dots < 2 and letter != "أ":  # several run into one, and a hamza into its alef, as in print
        assert sum(n == expected for n in pieces) > 0.7 * CUTS, "few dots run into their letter"


def test_letters_cut_anew_still_join() -> None:
    face = open_face(str(DEJAVU))
    for cut in range(CUTS + 1):
        line, pen = np.zeros((80, 400), np.uint8), 10.0
        for glyph, dx, dy, advance, _ in face.shape("سمسم", False, {}):
            bitmap, left, top, wider = face.glyph(glyph, 40, Way(cut))
            x, y = round(pen + dx * 40 / face.units) + left, 50 - top - round(dy * 40 / face.units)
            part = line[y : y + bitmap.shape[0], x : x + bitmap.shape[1]]
            np.maximum(part, bitmap, out=part)
            pen += advance * 40 / face.units * wider
        assert cv2.connectedComponents(np.asarray(line > 100, np.uint8))[0] == 2, "paper, and one piece of ink"


@pytest.mark.parametrize("size_px", [28, 46])
def test_a_meem_hangs_below_the_line_as_in_metal_type_and_still_joins(size_px: int) -> None:
    face = open_face(str(DEJAVU))
    plain = face.glyph(face.medial_meem, size_px)
    assert plain.top > 0.2 * size_px, "in the font it stands on the line"
    for way in range(1, HANGINGS + 1):
        hung = face.glyph(face.medial_meem, size_px, Way(hung=way))
        assert hung.top < 0.2 * size_px and hung.bitmap.shape[0] - hung.top > 0.05 * size_px, "above the line there is its join alone"
        assert 0.3 < hung.bitmap.shape[1] / plain.bitmap.shape[1] < 0.95 and 0.35 < hung.stretch < 0.85
        line, pen = np.zeros((100, 400), np.uint8), 10.0
        for glyph, _, _, advance, _ in face.shape("سمس", False, {}):
            bitmap, left, top, wider = face.glyph(glyph, size_px, Way(hung=way if glyph == face.medial_meem else 0))
            part = line[60 - top : 60 - top + bitmap.shape[0], round(pen) + left : round(pen) + left + bitmap.shape[1]]
            np.maximum(part, bitmap, out=part)
            pen += advance * size_px / face.units * wider
        assert cv2.connectedComponents(np.asarray(line > 100, np.uint8))[0] == 2, "paper, and one piece of ink"


@pytest.mark.parametrize("width", [0.4, 2.5])
def test_a_letter_of_another_width_keeps_its_dot(width: float) -> None:
    face = open_face(str(DEJAVU))
    tooth = next(glyph for glyph, *_, at in face.shape("سني", False, {}) if at == 1)
    plain, other = face.glyph(tooth, 46), face.glyph(tooth, 46, Way(width=width))
    assert other.bitmap.shape[1] / plain.bitmap.shape[1] == pytest.approx(width, rel=0.35) and other.top == plain.top
    dot, dot_before = (int(drawn.bitmap[: round(0.1 * 46)].sum()) for drawn in (other, plain))
    assert dot == pytest.approx(dot_before, rel=0.15)


def test_ink_fills_the_eyes_of_letters() -> None:
    face = open_face(str(DEJAVU))
    for letter in "موفق":
        glyph = face.ft_face.get_char_index(letter)
        paper = [
            cv2.connectedComponents(np.asarray(face.glyph(glyph, 46, way).bitmap < 100, np.uint8))[0]
            for way in (AS_IT_IS, Way(filled=True))
        ]
        assert paper[1] == paper[0] - 1, letter
    no_eye = face.ft_face.get_char_index("ب")
    assert np.array_equal(face.glyph(no_eye, 46, Way(filled=True)).bitmap, face.glyph(no_eye, 46).bitmap)


@pytest.mark.parametrize(
    ("word", "at", "expected"),
    [("معنى", 2, True), ("التي", 2, True), ("حتّى", 1, True), ("بنيت", 1, False), ("داني", 2, False), ("معنىً", 2, True), ("بيت", 1, False)],
)
def test_which_teeth_stand_before_a_last_yeh(word: str, at: int, expected: bool) -> None:
    assert _is_tooth_before_last_yeh(word, at) is expected


def test_vowel_signs_are_sometimes_carried_by_a_join_after_their_letter() -> None:
    text = "فإنّكم ربُّكم إلّا كلٌّ"
    drawn = {"".join(run for run, *_ in drawn_runs(random.Random(seed), text, frozenset()))[::-1] for seed in range(400)}
    assert any("نـّك" in line for line in drawn) and any("بـُّك" in line for line in drawn), "between the letter and its signs"
    assert not any("لـّا" in line or "لـٌّ" in line for line in drawn), "only where letters join, and not within a لا"
    assert text in drawn


def test_texts_are_weighted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ابت\n" * 5, encoding="utf-8")
    (tmp_path / "b.txt").write_text("جحخ\n" * 5, encoding="utf-8")
    sources = load_texts([f"{tmp_path / 'a.txt'}=1", f"{tmp_path / 'b.txt'}=0"])
    sampler = TextSampler(sources, DEFAULT_CHARSET)
    assert not any(set("جح") & set(sampler._passage(random.Random(i), 10)) for i in range(20))


def test_words_of_a_list_are_drawn_as_often_as_their_rank_says(tmp_path: Path) -> None:
    first, rare = [f"ا{i % 10}" for i in range(10)], [f"ب{i}" for i in range(1990)]
    (tmp_path / "words.txt").write_text("\n".join([*first, *rare]), encoding="utf-8")
    (tmp_path / "prose.txt").write_text("جاء الولد من البيت\n" * 5, encoding="utf-8")
    listed, prose = (load_texts([str(tmp_path / name)])[0] for name in ("words.txt", "prose.txt"))
    assert listed.ranked == (*first, *rare) and not prose.ranked, "a list has one word a line, and many"
    sampler = TextSampler([listed], DEFAULT_CHARSET)
    words = [word for seed in range(400) for word in sampler._words(random.Random(seed), listed, 40).split()]
    of_the_ten_first = sum(word in first for word in words) / len(words)
    assert 0.18 < of_the_ten_first < 0.38, "ln 10 / ln 2000, of four words in five"
    assert len(set(words)) > 900, "and rare ones are drawn, too"


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="fonts-hosny-amiri"):
        find_fonts([str(tmp_path)], DEFAULT_CHARSET)
    with pytest.raises(DatasetError, match=r"no \.txt file"):
        load_texts([str(tmp_path)])
    (tmp_path / "a.txt").write_text("ابت ثجح", encoding="utf-8")
    with pytest.raises(DatasetError, match="not a number"):
        load_texts([f"{tmp_path}=much"])


def test_the_script_writes_pairs_preview_and_report(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model.rendering", "--text", str(TEXT), "--fonts", str(DEJAVU), "--workers", "1"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "lines"), "--count", "5", "--preview", str(tmp_path / "sheet.png"), "--report"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "lines").glob("*.png"))) == len(list((tmp_path / "lines").glob("*.gt.txt"))) == 5
    assert (tmp_path / "sheet.png").stat().st_size > 10_000
    assert "U+0627" in done.stdout
    again = subprocess.run([*command, "--out", str(tmp_path / "lines")], capture_output=True, text=True, cwd=ROOT)
    assert again.returncode == 2 and "not empty" in again.stderr and "Traceback" not in again.stderr
    file = subprocess.run([*command, "--out", str(tmp_path / "sheet.png")], capture_output=True, text=True, cwd=ROOT)
    assert file.returncode == 2 and "sheet.png: Not a directory" in file.stderr and "Traceback" not in file.stderr


def test_clean_lines_are_as_set(tmp_path: Path) -> None:
    """Half the pixels of a line as set are bare paper; noise, shadows and paper's texture leave few such of some of the others."""
    paper = []
    for name, flags in (("clean", ["--clean"]), ("spoilt", [])):
        arguments = ["--text", str(ROOT / "examples" / "text"), "--fonts", str(DEJAVU), "--count", "16", "--workers", "1", *flags]
        done = subprocess.run(
            [sys.executable, "-m", "model.rendering", *arguments, "--out", str(tmp_path / name)], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        paper.append(min((cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) == 255).mean() for p in (tmp_path / name).glob("*.png")))
    assert paper[0] > 0.5 > paper[1]


def test_short_lines_are_often_figures_as_tables_have_them(synthesizer: Synthesizer) -> None:
    rng = random.Random(5)
    short = [synthesizer.sampler.sample(rng, 8) for _ in range(1500)]
    figures = [text for text in short if not any(c.isalpha() for c in text) and any(c.isdigit() for c in text)]
    assert len(figures) > 0.12 * len(short)
    assert any(text.startswith("%") for text in figures) and any(text.endswith("%") for text in figures), "percents of both habits"
    assert any("." in text[1:-1] for text in figures) and any("," in text for text in figures), "decimals and thousands"
    assert any(text.isascii() for text in figures) and any(set(text) & set("٠١٢٣٤٥٦٧٨٩") for text in figures)


# -- lines of today


def today(synthesizer: Synthesizer, kind: str) -> list[Sample]:
    return [getattr(synthesizer.sampler, kind)(random.Random(seed), 40) for seed in range(300)]


def test_labels_are_what_is_drawn_from_left_to_right_in_both_directions(synthesizer: Synthesizer) -> None:
    lines = [synthesizer.line(f"today {seed}") for seed in range(80)]
    assert {line.direction for line in lines} == {"rtl", "ltr"}
    for line in lines:
        drawn = "".join(DEFAULT_CHARSET.characters[c - 1] for c in line.classes)
        assert drawn == to_visual(line.text, line.direction)
        assert Counter(drawn.translate(str.maketrans(")]}»>≥", "([{«<≤"))) == Counter(
            line.text.translate(str.maketrans(")]}»>≥", "([{«<≤"))
        )


def test_codes_have_what_is_taken_for_another_sign_in_every_place(synthesizer: Synthesizer) -> None:
    codes = [kinds.code(random.Random(seed)) for seed in range(3000)]
    for a, b in ("0O", "1l", "1I", "5S", "8B"):
        assert any(a in c[1:-1] and b in c for c in codes), f"{a} and {b} in one code"
        assert {c[0] for c in codes} >= {a, b} and {c[-1] for c in codes} >= {a, b}
    texts = " ".join(sample.text for sample in today(synthesizer, "_items"))
    assert set("@+#$€£%°²:/_") <= set(texts)


def test_a_hyphen_is_far_more_frequent_in_codes_than_what_is_drawn_like_it(synthesizer: Synthesizer) -> None:
    codes = "".join(kinds.code(random.Random(seed)) for seed in range(3000))
    assert 0 < codes.count("_") < 0.1 * codes.count("-")


def test_ticked_boxes_are_drawn_as_programs_fill_them() -> None:
    for sign in "☑☒":
        for seed in range(40):
            box, above = filled_box(random.Random(seed), 40, sign)
            assert box.max() > 120 and (box > 100).mean() > 0.35, "full of colour"
            middle = box[len(box) // 4 : -len(box) // 4, len(box) // 4 : -len(box) // 4]
            assert middle.min() < 0.35 * box.max(), "with the tick left out"
            assert 0.7 * len(box) < above <= len(box)


def test_pauses_of_verses_stand_close_and_apart(tmp_path: Path) -> None:
    (tmp_path / "quran.txt").write_text("قَالَ رَبِّۖ إِنِّي وَهَنَ ٱلۡعَظۡمُۚ مِنِّي\n" * 20, encoding="utf-8")
    sampler = TextSampler(load_texts([str(tmp_path)]), DEFAULT_CHARSET)
    assert sampler.quran
    verses = [sampler._verse(random.Random(seed), 60).text for seed in range(60)]
    assert any(" ۖ " in verse for verse in verses) and any("ِّۖ" in verse for verse in verses)
    assert any(sampler._verse(random.Random(seed), 60).modern for seed in range(20))


def test_a_font_without_places_for_vowel_signs_is_known() -> None:
    """Without the tables that place marks, DejaVu's lie where its letters' ink is."""
    good = open_face(str(DEJAVU))
    assert good.sets_marks
    bare = Face(str(DEJAVU))
    bare.shape = lambda text, ltr, features: Face.shape(bare, text, ltr, {"mark": False, "mkmk": False, "kern": False})  # type: ignore[method-assign]
    assert not bare.sets_marks


def test_a_stranger_is_one_unknown_sign(synthesizer: Synthesizer) -> None:
    text = f"نعم {UNKNOWN} لا"
    scan = synthesizer.scan(1, text, modern=True)
    assert scan is not None
    assert DEFAULT_CHARSET.encode(text).count(DEFAULT_CHARSET.index[UNKNOWN]) == 1
    bare = synthesizer.scan(1, "نعم لا", modern=True)
    assert bare is not None and scan.shape[1] / scan.shape[0] > bare.shape[1] / bare.shape[0], "it takes its room"
    for seed in range(30):
        bitmap, above = synthesizer.strangers.draw(random.Random(seed), 34)
        assert bitmap.any() and bitmap.shape[0] < 3 * 34 and -34 < above < 3 * 34


def test_verses_are_spelt_as_tanzil_does_too(tmp_path: Path) -> None:
    """The last yeh without dots, also before hamza and under marks, and no other; small circles for what is not said."""
    (tmp_path / "quran.txt").write_text("إِنِّي فِي شَيۡءٖ يَكِيدُونَ ءَامَنُواْ نَبِيّٞۚ\n" * 20, encoding="utf-8")
    sampler = TextSampler(load_texts([str(tmp_path)]), DEFAULT_CHARSET)
    verses = " ".join(sampler._verse(random.Random(seed), 60).text for seed in range(120))
    for way in ("إِنِّي", "إِنِّى", "شَيۡء", "شَىْء", "يَكِيدُونَ", "ءَامَنُواْ", "ءَامَنُوا۟", "نَبِى", "نَبِي"):
        assert way in verses, way
    assert "ىَكِ" not in verses and "كِىدُ" not in verses
    assert all(pause in verses for pause in "ۖۗۘۙۚۛ")  # however rare in the text


def test_dense_lines_are_drawn_out_mostly(fonts: list[Font]) -> None:
    texts = [TextSource("vowelled", ["كَتَّبَ الطُّلَّابُ وَقَرَؤُوا الْكُتُبَ كُلَّهَا"] * 5, 1.0)]

    def densities(spread: float) -> list[float]:
        synthesizer = Synthesizer(texts, fonts, DEFAULT_CHARSET, ImageSettings(), as_written=True, clean=True, spread=spread)
        lines = [synthesizer.line(seed) for seed in range(60)]
        return [WIDTH_STRIDE * len(line.classes) / line.pixels.shape[1] for line in lines]

    as_they_are, drawn_out = densities(0.0), densities(0.39)
    dense = [i for i, density in enumerate(as_they_are) if density > DENSE]
    assert len(dense) > 20
    wider = [i for i in dense if drawn_out[i] < 0.43]
    assert 0.5 * len(dense) < len(wider) < len(dense)
    assert all(drawn_out[i] == as_they_are[i] for i in range(60) if i not in wider)


def test_a_line_of_which_nothing_is_shown_is_drawn_anew(synthesizer: Synthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark alone may be cut away whole: no picture is better than an empty one."""
    monkeypatch.setattr("model.rendering.lines._frame", lambda rng, ink, baseline, size_px: (np.zeros((0, 9), np.float32), size_px))
    assert synthesizer.scan(1, "باب") is None


def test_number_plates() -> None:
    plates = [kinds.plate(random.Random(seed)) for seed in range(300)]
    assert all(any(c.isdigit() for c in plate) for plate in plates)
    assert any(re.fullmatch(r"[ء-ي] [ء-ي] [ء-ي] \d{1,4}", plate) for plate in plates)


def test_persian_is_drawn_with_its_own_letters() -> None:
    runs = modern_runs(random.Random(1), "كتاب ٤٥", frozenset(), persian=True)
    assert "".join(run for run, *_ in runs)[::-1].replace("۵۴", "۴۵") in ("کتاب ۴۵", "کتاب ۵۴")
    assert "ک" not in "".join(run for run, *_ in modern_runs(random.Random(1), "كتاب", frozenset()))


@pytest.mark.parametrize("kind", range(40))
def test_a_display_keeps_letters_readable(kind: int) -> None:
    ink = np.zeros((60, 400), np.uint8)
    cv2.putText(ink, "Rasm 123", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 255, 4)
    picture = display(random.Random(kind), ink.astype(np.float32), 44)
    assert picture.dtype == np.uint8 and picture.ndim == 2 and min(picture.shape) >= 6
    assert int(picture.max()) - int(picture.min()) >= 50, "letters stand out from what is behind them"

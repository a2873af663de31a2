"""Every figure's definition, on strings whose answers are known."""

import pytest

from rasm.text import metrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("مُحَمَّدٌ", "محمد"),
        ("عـــلاقة", "علاقة"),
        ("ﻻ ﷲ", "لا الله"),
        ("کتابی", "كتابي"),
        ("١٢٣ ۴۵۶ 789", "123 456 789"),
        ("ما هذا? نعم, لا; ثم", "ما هذا؟ نعم، لا؛ ثم"),
        ("الفصل ........ 3", "الفصل … 3"),
        ("الفصل ------- 3", "الفصل … 3"),
        ("انتهى...", "انتهى..."),
        ("  a\u200f  b \u200c", "a b"),
        ("ى ي ة ه أ", "ى ي ة ه أ"),
    ],
)
def test_normalised(text: str, expected: str) -> None:
    assert metrics.normalised(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("أحمد إلى آل، المدرسة!", "احمد الي ال المدرسه"), ("(١٢) نص", "12 نص"), ("قال : نعم", "قال نعم")]
)
def test_letters(text: str, expected: str) -> None:
    assert metrics.letters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # one example for each rule of KITAB-Bench's preprocess_arabic_text (ocr-eval/metrics.py), by hand
        ("سطر\nثم\tسطر", "سطر ثم سطر"),
        ("مُحَمَّدٌ رَسُولُ اللّٰهِ", "محمد رسول الله"),
        ("\u0627\u0653 \u0627\u0654", "ا ا"),
        ("أحمد إلى ٱلآن", "احمد الي الان"),
        ("المدرسة", "المدرسه"),
        ("على مستشفى", "علي مستشفي"),
        ("عـــلاقـة ـ", "علاقه"),
        ("  نص \u00a0 نص  ", "نص نص"),
        # and what it leaves alone, where "normalised" does not
        ("١٢ ۱۲ 12", "١٢ ۱۲ 12"),
        ("ما هذا? نعم, لا; ؤ ئ ء", "ما هذا? نعم, لا; ؤ ئ ء"),
        ("کتابی ........ ﻻ", "کتابی ........ ﻻ"),
        ("\u06d6", "\u06d6"),
    ],
)
def test_kitab(text: str, expected: str) -> None:
    assert metrics.kitab(text) == expected
    assert metrics.kitab(expected) == expected


def test_rates_are_those_that_kitab_bench_computes() -> None:
    """The published example of torchmetrics, whose CharErrorRate and WordErrorRate KITAB-Bench uses."""
    readings = ["this is the prediction", "there is an other sample"]
    truths = ["this is the reference", "there is another one"]
    rates = metrics.error_rates(truths, readings, metrics.kitab)
    assert rates.cer == pytest.approx(0.3415, abs=5e-5)
    assert rates.wer == pytest.approx(0.5)


def test_rates_are_over_the_set_not_averaged_over_lines() -> None:
    rates = metrics.error_rates(["abcd", "abcdefgh"], ["abcx", "abcdefgh"])
    assert rates.cer == pytest.approx(1 / 12)
    assert rates.wer == pytest.approx(1 / 2)
    assert rates.exact == pytest.approx(1 / 2)
    assert (rates.lines, rates.characters) == (2, 12)


def test_insertions_count_and_rates_may_pass_one() -> None:
    assert metrics.error_rates(["ا"], ["ابت"]).cer == pytest.approx(2.0)


def test_lengths_must_match() -> None:
    with pytest.raises(ValueError):
        metrics.error_rates(["ا"], [])

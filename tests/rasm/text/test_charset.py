"""Logical -> visual -> logical is the identity on what people type, and encoding names what it lacks."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasm.errors import CharsetError, LogicalOrderError
from rasm.text.charset import BLANK, DEFAULT_CHARSET, Charset, to_logical, to_visual, visual_runs

NASTY = [
    "",
    "ا",
    "محمّدٌ رَسُولُ اللهِ",
    "لا إله إلا الله",
    "ـــ عـلاقة",
    "عام 1996-2000",
    "عام 1996-2000 م",
    "(١٩٥٠ - ١٩٦٠) .",
    "التاريخ ٢٠٢٤/٠١/٣١",
    "31/1/2024",
    "٢٥°C في الظل",
    "(٣٫٥٪) من السكان".replace("٪", "%").replace("٫", "."),
    "50% من",
    "هاتف: +966 11 234-5678",
    "السعر 1,250.50 $",
    "من 3/4 كوب",
    "الساعة 12:30 صباحا",
    "ISBN 978-3-16",
    "نهاية word.",
    "Windows 10 نظام",
    "قال: «نعم» ثم [سكت] {١} (انظر p. 25)",
    "«Time» مجلة",
    "email a.b@c.com هنا",
    "د. Smith, J. (1990), pp. 12-15.",
    "abc (def) هـ",
    "x < y",
    "/ 50",
    "١ - اللهم (٢)",
    "﴿قل هو﴾ ﷺ",
    "…",
]


@pytest.mark.parametrize("text", NASTY)
def test_round_trip(text: str) -> None:
    assert to_logical(to_visual(text)) == text
    if not DEFAULT_CHARSET.missing(text):
        assert DEFAULT_CHARSET.decode(DEFAULT_CHARSET.encode(text)) == text


@pytest.mark.parametrize(
    ("logical", "drawn"),
    [
        ("عام 1996-2000", "2000-1996 ماع"),  # each number left to right, the range right to left
        ("(انظر p. 25)", "(p. 25 رظنا)"),  # brackets as drawn
        ("نهاية word.", ".word ةياهن"),
        ("قال «نعم»", "«معن» لاق"),
    ],
)
def test_visual_order_is_as_drawn(logical: str, drawn: str) -> None:
    assert to_visual(logical) == drawn


def test_runs_cover_the_line_in_order() -> None:
    visual = to_visual("عام 1996-2000 في Windows 10.")
    assert "".join(text for text, _ in visual_runs(visual)) == visual
    assert ("Windows 10", True) in visual_runs(visual)


@pytest.mark.parametrize(
    ("drawn", "logical"),
    [
        ("87.89/o", "87.89/o"),  # 87.89% misread
        ("082-OOO3257", "082-OOO3257"),
        ("١٠ ١١/ ٣٥٨% : ماع", "عام : %٣٥٨ /١١ ١٠"),
        ("646, 39 178 632،28 27 53،621،893 537.070 36 10", "10 36 537.070 53،621،893 27 632،28 178 39 ,646"),  # more marks than are tried
    ],
)
def test_what_has_no_logical_order_is_read_word_by_word(drawn: str, logical: str) -> None:
    assert to_logical(drawn) == logical


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ابم٠٣129aO .,:/%-+()،", max_size=24))
def test_a_number_is_never_read_from_its_end(drawn: str) -> None:
    logical = to_logical(drawn)
    assert Counter(re.findall("[0-9]+|[٠-٩]+", logical)) == Counter(re.findall("[0-9]+|[٠-٩]+", drawn))
    assert len(logical) == len(drawn)


def test_ambiguous_order_is_refused_not_guessed() -> None:
    # drawn the same as "kg 25": a label like this one would come back changed
    assert to_visual("وزن 25 kg") == to_visual("وزن kg 25")
    with pytest.raises(LogicalOrderError):
        DEFAULT_CHARSET.encode("وزن 25 kg")


def test_encode_names_what_is_missing() -> None:
    with pytest.raises(CharsetError, match=r"U\+05D0 א"):
        DEFAULT_CHARSET.encode("سلام א")


def test_blank_is_no_character_and_classes_are_dense() -> None:
    assert BLANK == 0
    assert sorted(DEFAULT_CHARSET.index.values()) == list(range(1, DEFAULT_CHARSET.classes))


def test_version_1_never_changes() -> None:
    # checkpoints and models hold these positions: append in a new version, never reorder
    assert DEFAULT_CHARSET.version == 1
    assert DEFAULT_CHARSET.classes == 217
    assert [DEFAULT_CHARSET.index[c] for c in " .ءي٠aū…"] == [DEFAULT_CHARSET.characters.index(c) + 1 for c in " .ءي٠aū…"]


def test_json_round_trip_and_repeats() -> None:
    assert Charset.from_json(DEFAULT_CHARSET.to_json()) == DEFAULT_CHARSET
    with pytest.raises(CharsetError, match="repeats"):
        Charset("اا")

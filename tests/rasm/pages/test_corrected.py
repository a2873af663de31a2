"""Lines that a person corrected: every letter is there once, in order, inside the line, and what stayed stays in its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rasm.document import Box, Character, Line, Word
from rasm.pages.corrected import corrected


def line_of(text: str, *, rtl: bool = True, characters: bool = True) -> Line:
    """Letters ten pixels wide, spaces too."""
    width, words, at = 10 * len(text), [], 0
    for word in text.split(" "):
        signs = []
        for k, sign in enumerate(word):
            first = width - 10 * (at + k + 1) if rtl else 10 * (at + k)
            signs.append(Character(sign, 0.9, (first, 0, first + 10, 20)))
        box: Box = (min(c.box[0] for c in signs), 0, max(c.box[2] for c in signs), 20)
        words.append(Word(word, 0.9, box, signs if characters else []))
        at += len(word) + 1
    return Line(text, 0.9, (0, 0, width, 20), [], words, "rtl" if rtl else "ltr")


def test_a_letter_takes_the_place_of_another() -> None:
    line = line_of("كتاب جديد")
    made = corrected(line, "كتاب حديد")
    assert made.text == "كتاب حديد" and [w.text for w in made.words] == ["كتاب", "حديد"]
    assert [c.box for w in made.words for c in w.characters] == [c.box for w in line.words for c in w.characters]
    assert made.confidence == 1 and made.words[0] == line.words[0]


def test_what_is_put_in_shares_the_room_of_the_letter_before() -> None:
    made = corrected(line_of("كتب"), "كتاب")
    assert [c.text for c in made.words[0].characters] == list("كتاب")
    assert [c.box[0] for c in made.words[0].characters] == [20, 15, 10, 0]


def test_words_can_be_parted_and_joined() -> None:
    assert [w.text for w in corrected(line_of("فيالبيت"), "في البيت").words] == ["في", "البيت"]
    assert [w.text for w in corrected(line_of("كتا ب"), "كتاب").words] == ["كتاب"]


def test_the_same_text_is_the_same_line() -> None:
    line = line_of("كما كان")
    assert corrected(line, "كما كان") == line


def test_figures_are_drawn_from_left_to_right() -> None:
    first, second = corrected(line_of("سنة"), "سنة ١٢").words[1].characters
    assert (first.text, second.text) == ("١", "٢") and first.box[0] < second.box[0]


def test_a_line_that_was_read_in_the_wrong_direction() -> None:
    made = corrected(line_of("c.c (", rtl=False), "نص آخر")
    assert made.direction == "rtl" and made.words[0].box[0] > made.words[1].box[0]


def test_nothing_is_left_of_an_emptied_line() -> None:
    made = corrected(line_of("غلط"), "  ")
    assert (made.text, made.words) == ("", [])


@pytest.mark.parametrize("rtl", [True, False])
@pytest.mark.parametrize("characters", [True, False])
@given(before=st.text("ابتثجab1 َّ", min_size=1, max_size=20), after=st.text("ابتثجab1 َّ", max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_text_keeps_its_order_and_its_line(before: str, after: str, characters: bool, rtl: bool) -> None:
    before = " ".join(before.split()) or "ا"
    line = line_of(before, rtl=rtl, characters=characters)
    made = corrected(line, after)
    after = " ".join(after.split())
    assert made.text == after == " ".join(w.text for w in made.words)
    assert all(-1e-6 <= c.box[0] <= c.box[2] <= line.box[2] + 1e-6 for w in made.words for c in w.characters)
    assert all("".join(c.text for c in w.characters) == w.text for w in made.words if characters or after != before)
    if set(before + after) & set("ab1") or made.direction == "ltr":
        return  # where some run the other way
    lefts = [c.box[0] for w in made.words for c in w.characters]
    assert lefts == sorted(lefts, reverse=True)

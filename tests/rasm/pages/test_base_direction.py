"""Which way lines run: their own signs tell it, or else their paragraph, or else their page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rasm.lines.recognizer import Reading, Sign
from rasm.pages.base_direction import settled
from rasm.pages.blocks import Block
from rasm.text.bidi import Direction, to_visual
from rasm.text.charset import find_direction, logical_signs
from rasm.text.normalisation import finish_reading

ARABIC = "هذا سطر من نص عربي طويل"
ENGLISH = "This is a line of English prose."


def reading(visual: str) -> Reading:
    """As the recogniser makes it of signs of ten pixels each."""
    direction, is_told = find_direction(visual)
    signs = [Sign(text, 0.9, 10.0 * at, 10.0 * at + 10) for text, at in logical_signs(visual, direction)]
    return Reading(finish_reading("".join(sign.text for sign in signs)), 0.9, signs, direction, is_told, visual)


def texts(blocks: Sequence[Block], *visual: str) -> list[str]:
    return [r.text for r in settled([*map(reading, visual)], blocks) if isinstance(r, Reading)]


def test_a_line_turned_has_every_sign_at_its_place() -> None:
    visual = "12-5 (a) $"
    first = reading(visual)
    assert first.direction == "ltr" and first.text == visual
    turned = first.running("rtl")
    assert turned.direction == "rtl" and turned.text == reading(to_visual(turned.text, "rtl")).running("rtl").text
    for sign in turned.signs:
        drawn = visual[round(sign.start_px / 10)]
        assert sign.text == drawn or {sign.text, drawn} == {"(", ")"}, "brackets are mirrored, and nothing else"
    assert turned.running("ltr") == first


@pytest.mark.parametrize(
    ("drawn", "beside", "typed"),
    [
        ("$ 1,250.00", ARABIC, "1,250.00 $"),
        ("$ 1,250.00", ENGLISH, "$ 1,250.00"),
        ("2024 - 2019", ARABIC, "2019 - 2024"),
        ("2019 - 2024", ENGLISH, "2019 - 2024"),
    ],
)
def test_a_line_that_does_not_tell_runs_as_its_paragraph(drawn: str, beside: str, typed: str) -> None:
    direction: Direction = "rtl" if beside == ARABIC else "ltr"
    assert texts([Block("paragraph", [0, 1])], to_visual(beside, direction), drawn) == [beside, typed]


def test_without_a_letter_in_the_paragraph_the_page_decides() -> None:
    blocks = [Block("paragraph", [0]), Block("paragraph", [1])]
    assert texts(blocks, to_visual(ARABIC, "rtl"), "$ 1,250.00")[1] == "1,250.00 $"
    assert texts(blocks, ENGLISH, "$ 1,250.00")[1] == "$ 1,250.00"
    assert texts([Block("paragraph", [0])], "$ 1,250.00") == ["$ 1,250.00"], "a page of nothing but figures: as it is"


def test_what_a_line_tells_itself_stays() -> None:
    block = [Block("paragraph", [0, 1, 2])]
    assert texts(block, to_visual(ARABIC, "rtl"), to_visual(ARABIC, "rtl"), ENGLISH)[2] == ENGLISH
    assert texts(block, ENGLISH, ENGLISH, to_visual(ARABIC, "rtl"))[2] == ARABIC


def test_cells_with_letters_keep_their_own_direction() -> None:
    cells = (to_visual(ARABIC, "rtl"), "12 May", "$ 5.00")
    assert texts([Block("table", [0, 1, 2])], *cells) == [ARABIC, "12 May", "5.00 $"]
    assert texts([Block("paragraph", [0, 1, 2])], *cells)[1] == "May 12"


def test_what_could_not_be_read_is_left_alone() -> None:
    found: Callable[..., object] = settled
    assert found(["too-wide", reading(ENGLISH)], [Block("paragraph", [0, 1])]) == ["too-wide", reading(ENGLISH)]

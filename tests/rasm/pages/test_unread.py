"""Nothing lost in silence: what looks like text and is not in the text is told, with its place, and counted."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from rasm.document import UNREAD_REASONS, WARNINGS, Line, Page, Region, Unread, UnreadReason, WarningCode
from rasm.errors import ConfigError
from rasm.lines.recognizer import Reading, Recognizer
from rasm.pages.found import FoundPage, TextLine
from rasm.pages.reader import PageImage, PageReader
from rasm.pages.unread import Unreadable, among_text, judged
from tests.paper import golden_line, page_with_a_scribble, scribble, sheet
from tests.paths import SHIPPED


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(Recognizer(SHIPPED, threads=1))


@pytest.fixture(scope="module")
def page(reader: PageReader) -> Page:
    return reader.read(PageImage(page_with_a_scribble()))


def test_what_is_too_unsure_is_told_with_its_place(page: Page) -> None:
    assert len(page.lines) == 2
    assert {place.reason for place in page.unread} == {"unsure"} and page.unread
    for place in page.unread:
        left, top, right, bottom = place.box
        assert 180 < left < right < 920 and 290 < top < bottom < 360
        assert place.text and 0 < place.confidence < 0.7
    assert page.confidence < min(line.confidence for line in page.lines)
    assert page.warnings[0].code == "unread-text"
    assert f"{len(page.unread)} place" in page.warnings[0].message and "too unsure" in page.warnings[0].message


def test_the_bound_is_an_option(reader: PageReader, page: Page) -> None:
    everything = reader.asking(0).read(PageImage(page_with_a_scribble()))
    assert everything.unread == [] and len(everything.lines) == 2 + len(page.unread)
    assert {place.text for place in page.unread} <= {line.text for line in everything.lines}
    nothing = reader.asking(1).read(PageImage(page_with_a_scribble()))
    assert nothing.lines == [] and len(nothing.unread) == len(everything.lines) and nothing.confidence == 0
    assert "all of the page's text is missing" in nothing.warnings[1].message
    assert reader.least_confidence == 0.7
    for bound in (-0.1, 1.1, float("nan")):
        with pytest.raises(ConfigError, match="from 0 to 1"):
            reader.asking(bound)


def test_a_page_that_was_not_read_does_not_look_like_an_empty_one(reader: PageReader) -> None:
    blank = reader.read(PageImage(np.full((460, 1030), 255, np.uint8)))
    assert [warning.code for warning in blank.warnings] == ["no-text"] and blank.unread == []
    lost = reader.asking(0.9).read(PageImage(sheet([(scribble(seed=2), 900, 200)], 1030, 460)))  # no scribble is read so surely
    assert lost.text == blank.text == "" and lost.confidence == blank.confidence == 0
    assert [warning.code for warning in lost.warnings][:2] == ["unread-text", "much-of-page-unread"]  # which way up it is, nobody knows


def test_boxes_of_a_turned_page_are_of_the_page_as_given(reader: PageReader) -> None:
    upright = page_with_a_scribble()
    turned = reader.read(PageImage(np.ascontiguousarray(np.rot90(upright))))
    assert turned.rotation_degrees == 90 and "turned" in [warning.code for warning in turned.warnings]
    (left, top, right, bottom), *_ = [place.box for place in turned.unread]
    assert 290 < left < right < 360 and 1030 - 920 < top < bottom < 1030 - 180


def test_a_line_that_is_too_wide_is_told(reader: PageReader) -> None:
    long = np.ascontiguousarray(np.hstack([golden_line("figures", 28)] * 9))
    page = reader.read(PageImage(sheet([(long, long.shape[1] + 100, 60), (golden_line("figures"), 1000, 160)], long.shape[1] + 200, 300)))
    assert [(place.reason, place.text) for place in page.unread] == [("too-wide", "")]
    assert page.confidence < 0.5 < page.lines[0].confidence, "it counts as what a line of its shape holds"


@pytest.mark.parametrize(
    ("reading", "chance", "verdict"),
    [
        (("نص طويل", 0.9), None, "text"),
        (("نص طويل", 0.9), 0.1, "text"),
        (("نص طويل", 0.75), 0.9, "text"),
        (("نص طويل", 0.75), 0.7, "nothing"),
        (("نص طويل", 0.6), None, "unsure"),
        (("نص طويل", 0.6), 0.9, "unsure"),
        (("نص طويل", 0.6), 0.5, "nothing"),
        (("ا", 0.8), None, "unsure"),
        (("ا", 0.86), None, "text"),
        (("٢٦", 0.99), 0.78, "unsure"),
        (("", 0.9), None, "nothing"),
        (("", 0.9), 0.95, "not-read"),
        (("", 0.9), 0.5, "nothing"),
        (("", 0.4), None, "not-read"),
        ("too-wide", None, "too-wide"),
        ("too-wide", 0.6, "too-wide"),
        ("too-small", 0.9, "too-small"),
    ],
)
def test_what_neither_takes_for_text_is_nothing(reading: tuple[str, float] | Unreadable, chance: float | None, verdict: str) -> None:
    """A finder that tells how sure it is keeps ornaments out of what is told."""
    given = reading if isinstance(reading, str) else Reading(*reading, [])
    assert judged(given, 0.7, chance=chance) == verdict


def _found(text: str, confidence: float, chance: float, size_px: float, y: float = 10.0) -> tuple[TextLine, Reading]:
    points = np.array([(10.0, y), (60.0, y)])
    return TextLine(points, points, size_px, size_px, size_px, "paragraph", 0.5, 0.5, chance), Reading(text, confidence, [])


@pytest.mark.parametrize(
    ("number", "others", "pictures", "verdict"),
    [
        (("٧", 0.99, 0.8, 20.0), [("نص طويل", 0.95, 0.95, 22.0)], [], "text"),
        (("٧", 0.9, 0.8, 20.0), [("نص طويل", 0.95, 0.95, 22.0)], [], "unsure"),
        (("٧", 0.99, 0.8, 20.0), [("نص طويل", 0.6, 0.95, 22.0)], [], "unsure"),
        (("٧", 0.99, 0.8, 20.0), [("نص طويل", 0.95, 0.95, 60.0)], [], "unsure"),
        (("٧", 0.99, 0.8, 20.0), [("٨", 0.99, 0.9, 20.0)], [], "unsure"),
        (("٧", 0.99, 0.8, 20.0), [("نص طويل", 0.95, 0.95, 22.0)], [(0.0, 0.0, 100.0, 30.0)], "unsure"),
    ],
)
def test_a_number_that_is_read_surely_is_one_among_text_of_its_size(
    number: tuple[str, float, float, float],
    others: list[tuple[str, float, float, float]],
    pictures: list[tuple[float, float, float, float]],
    verdict: str,
) -> None:
    """A table's first column and the number of a page: the finder is half sure of a single digit, and nothing is lost for that."""
    pairs = [_found(*number), *(_found(*other, y=200.0) for other in others)]
    page = FoundPage([line for line, _ in pairs], [], [], pictures, [], [], 0, 0.0, np.eye(2, 3))
    readings = [reading for _, reading in pairs]
    among = among_text(page, readings, 0.7)
    assert judged(readings[0], 0.7, chance=number[2], among_text=among[0]) == verdict


def test_signs_of_which_none_is_known_are_no_text() -> None:
    strange = Reading("\ufffd \ufffd", 0.99, ())
    assert judged(strange, 0.7, chance=0.95) == "unsure"
    assert judged(strange, 0.7, chance=0.5) == "nothing"
    assert judged(strange, 0.0, chance=0.95) == "text"


def test_without_a_bound_everything_that_was_read_is_text() -> None:
    assert judged(Reading("ا", 0.01, []), 0) == "text" and judged(Reading("", 0.9, []), 0) == "nothing"


def line(text: str, confidence: float) -> Line:
    return Line(text, confidence, (0, 0, 100, 10))


def page_of(*lines: Line, unread: tuple[Unread, ...] = (), turned: int = 0) -> Page:
    regions = [Region("paragraph", (0, 0, 100, 10), [*lines])] if lines else []
    return Page(3, 100, 100, regions, rotation_degrees=turned, unread=[*unread])


def test_confidence_counts_what_is_unread() -> None:
    kept = line("ا" * 30, 0.9)
    assert page_of(kept).confidence == pytest.approx(0.9)
    assert page_of(kept, unread=(Unread((0, 0, 9, 9), "unsure", "ب" * 10, 0.5),)).confidence == pytest.approx(0.9 * 30 / 40)
    wide = Unread((0, 0, 260, 26), "not-read")
    assert wide.weight == pytest.approx(26) and Unread((0, 0, 26, 260), "not-read").weight == pytest.approx(26)
    assert page_of(kept, unread=(wide,)).confidence == pytest.approx(0.9 * 30 / 56)


@pytest.mark.parametrize(
    ("page", "codes"),
    [
        (page_of(), ["no-text"]),
        (page_of(line("", 0.9)), ["no-text"]),
        (page_of(line("نص", 0.95)), []),
        (page_of(line("نص", 0.8)), ["low-confidence"]),
        (page_of(line("نص", 0.95), turned=90), ["turned"]),
        (page_of(line("ا" * 90, 0.95), unread=(Unread((0, 0, 9, 9), "unsure", "ب" * 10, 0.5),)), ["unread-text"]),
        (page_of(line("ا" * 20, 0.95), unread=(Unread((0, 0, 9, 9), "unsure", "ب" * 10, 0.5),)), ["unread-text", "much-of-page-unread"]),
    ],
)
def test_warnings(page: Page, codes: list[str]) -> None:
    assert [warning.code for warning in page.warnings] == codes
    assert all(warning.page == 3 and warning.message for warning in page.warnings)


def test_messages_are_whole_sentences_for_one_and_for_many() -> None:
    reasons: tuple[UnreadReason, ...] = ("unsure", "unsure", "too-wide")
    places = [Unread((0, 0, 9, 9), reason) for reason in reasons]
    assert page_of(unread=(places[0],)).warnings[0].message == "1 place that looks like text was not read (1 too unsure)"
    assert page_of(unread=(*places,)).warnings[0].message == "3 places that look like text were not read (2 too unsure, 1 too wide)"


def test_every_reason_and_every_warning_is_explained() -> None:
    assert set(UNREAD_REASONS) == set(get_args(UnreadReason)) and set(WARNINGS) == set(get_args(WarningCode))


def test_a_sign_alone_is_text_in_a_cell() -> None:
    """Which the finder, where a line is so short, is unsure of; what the recogniser is unsure of is none there either."""
    alone = Reading("م", 0.95, [])
    assert judged(alone, 0.7, chance=0.8) == "unsure" and judged(alone, 0.7, chance=0.8, in_cell=True) == "text"
    assert judged(Reading("م", 0.8, []), 0.7, chance=0.9, in_cell=True) == "unsure"
    assert judged(Reading("٥٠", 0.8, []), 0.7, chance=0.9, in_cell=True) == "text", "a number, which is what cells have"
    assert judged(Reading("٥٠", 0.8, []), 0.7, chance=0.9) == "unsure"
    assert judged(Reading("....", 0.9, []), 0.7, chance=0.7) == "nothing"


@pytest.mark.parametrize("text", ["قي", "قي!", "ا . !", "«٥»"])
def test_signs_that_are_neither_letters_nor_figures_make_a_reading_no_longer(text: str) -> None:
    assert judged(Reading(text, 0.84, []), 0.7, chance=0.9) == "unsure"
    assert judged(Reading(text, 0.86, []), 0.7, chance=0.9) == "text" == judged(Reading(text + "لم", 0.84, []), 0.7, chance=0.9)


def test_dots_are_text_only_among_text() -> None:
    """Stains are read as bullets, and the points of a halftone as zeros, both surely."""
    for dots in ("●", "٠٠٠٠٠.", ". • ."):
        read = Reading(dots, 0.97, [])
        assert judged(read, 0.7, chance=0.95) == "unsure" == judged(read, 0.7, chance=0.5), "told, since it was read surely"
        assert judged(Reading(dots, 0.8, []), 0.7, chance=0.5) == "nothing"
        assert judged(read, 0.7, chance=0.95, among_text=True) == "text" == judged(read, 0.7, chance=0.95, in_cell=True)
        assert judged(read, 0.0, chance=0.95) == "text"
    assert judged(Reading("٠٥٠٠", 0.97, []), 0.7, chance=0.95) == "text", "a number is one"

"""What was read of a line -> whether it is text, and else why a page tells of it as unread.

Where it stands: beside ``rasm/pages/reader.py``, which asks it of every line that was found.

Lines are sought where ink looks like text, and so are found in pictures and ornaments, too. The recogniser is unsure of those. They
are no text, but they are told: what is lost is not lost in silence. Only what neither finder nor recogniser takes for text is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rasm.document import UnreadReason
from rasm.errors import ConfigError
from rasm.lines.recognizer import Reading
from rasm.pages.found import FoundPage
from rasm.text.charset import UNKNOWN

Unreadable = Literal["too-wide", "too-small"]
_LONG = 5  # characters of a line that tells that its like are text; what is found on photographs is mostly shorter
_DOTS = frozenset(f"٠0.·•●○◦°*…,،'\" {UNKNOWN}")  # stains, grains and the points of a halftone are read as these, and surely
_ALIKE = 1.6  # sizes of type of which the larger is at most so many times the smaller: a page's text, its notes and its numbers
LEAST_CONFIDENCE = 0.7  # a line below this is no text: of what is none, the models are sure to some 0.65


@dataclass(frozen=True)
class UnreadSettings:
    """least_of_short: what a reading of at most two letters or figures, whatever else it has, needs, since so much looks like an alef or a
    dot. sure_of_short: and the least chance, by the finder, that it is a line (of lines on drawn pages of held-out kinds 3%
    have less, of what is found on photographs without text nine tenths). least_of_unlikely: what any reading needs where the finder is as
    unsure: of 108 drawn pages' lines that were read with 0.7 to 0.8 then, none of 25 was text. surest_of_short: what is read as surely is
    a line all the same among text of its size, as a table's numbers and a page's are; photographs have no such text. least_of_nothing:
    where nothing is read less surely than this, something is there. likely: the least chance, by the finder, of what is told as unread
    though it is not read surely. On 60 drawn pages of held-out kinds 36 such lines have more, nearly all of them text (45 have more than
    0.8); of 300 pictures without text 28 tell of something then (with 0.8, 47)."""

    least_of_short: float = 0.85
    sure_of_short: float = 0.86
    least_of_unlikely: float = 0.8
    surest_of_short: float = 0.95
    least_of_nothing: float = LEAST_CONFIDENCE
    likely: float = 0.88


def judged(
    reading: Reading | Unreadable,
    least_confidence: float,
    *,
    chance: float | None = None,
    among_text: bool = False,
    in_cell: bool = False,
    settings: UnreadSettings = UnreadSettings(),
) -> Literal["text", "nothing"] | UnreadReason:
    """Whether a line is text, or nothing at all, or why it is unread.

    ``reading``: or why the recogniser could not take it. ``chance``: that it is a line, by the finder; None of a finder that gives none.
    ``among_text``: whether longer lines of its size are text, and it stands on no picture. ``in_cell``: whether it stands in a table,
    where a sign alone is nothing unusual, of which something else was read.
    With a ``least_confidence`` of 0 everything that was read is text. What is read surely is never passed over.
    """
    if not isinstance(reading, Reading):  # whatever the finder found is told, where the recogniser has no say
        return reading
    is_sure = False
    if reading.text and least_confidence > 0 and not reading.text.strip(f" {UNKNOWN}"):
        return "nothing" if chance is not None and chance < settings.likely else "unsure"  # signs, and none of them known
    if reading.text and least_confidence > 0 and not (among_text or in_cell) and is_dots(reading):
        # dots where nothing of their size is text. What is read surely is told all the same, but for a leader: nothing is lost with it
        is_sure = reading.known_confidence >= settings.least_of_short and reading.text != "...."
        return "nothing" if chance is not None and chance < settings.likely and not is_sure else "unsure"
    if reading.text:
        is_short = sum(map(str.isalnum, reading.text)) <= 2
        # a number in a table's cell is what is to be there: no stain is two figures
        is_short &= least_confidence > 0 and not (in_cell and sum(map(str.isdigit, reading.text)) > 1)
        is_seen = chance is None or chance >= settings.sure_of_short or in_cell
        least = max(least_confidence, settings.least_of_short if is_short else 0.0)
        if not is_seen and least_confidence > 0:
            least = max(least, settings.least_of_unlikely)
        is_sure = reading.known_confidence >= least
        if is_sure and (not is_short or is_seen or (among_text and reading.known_confidence >= settings.surest_of_short)):
            return "text"
    if chance is not None and chance < settings.likely and not is_sure:
        return "nothing"
    if reading.text:
        return "nothing" if reading.text == "...." else "unsure"  # nothing is lost with a row of dots
    return "nothing" if chance is None and reading.confidence >= settings.least_of_nothing else "not-read"


def is_dots(reading: Reading | Unreadable) -> bool:
    """Whether nothing was read but what stains and points of a halftone are read as, or nothing at all."""
    return not isinstance(reading, Reading) or _DOTS.issuperset(reading.text)


def among_text(page: FoundPage, readings: Sequence[Reading | Unreadable], least_confidence: float) -> list[bool]:
    """Of each line, whether longer lines of its size are text, and it stands on no picture."""
    sizes = [
        line.size_px
        for line, reading in zip(page.lines, readings, strict=True)
        if isinstance(reading, Reading)
        and len(reading.text) >= _LONG
        and judged(reading, least_confidence, chance=line.confidence) == "text"
    ]
    found = []
    for line in page.lines:
        x, y = line.middle.mean(axis=0)
        on_picture = any(left < x < right and top < y < bottom for left, top, right, bottom in page.pictures)
        found.append(not on_picture and any(1 / _ALIKE < line.size_px / size < _ALIKE for size in sizes))
    return found


def checked(least_confidence: float) -> float:
    """Raises ConfigError where it is not from 0 to 1."""
    if not 0 <= least_confidence <= 1:
        raise ConfigError(f"least_confidence is {least_confidence:g}: give a number from 0 to 1")
    return least_confidence

"""Lines that do not tell their base direction run as their paragraph does.

Where it stands: in ``rasm/pages/reader.py``, once the lines of a page are in blocks. The rules P2 and P3 of UAX #9 take a paragraph's
direction from its first strong letter. Print shows the whole paragraph, so here all its letters have a say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rasm.lines.recognizer import Reading
from rasm.pages.blocks import Block
from rasm.pages.unread import Unreadable
from rasm.text.bidi import Direction


def settled(readings: Sequence[Reading | Unreadable], blocks: Sequence[Block]) -> list[Reading | Unreadable]:
    """The same readings. A line that does not tell its direction gets that of most letters of its block; without a letter in the block,
    that of the page. Cells of a table with letters keep theirs: each is a paragraph of its own."""
    found = list(readings)
    page = _majority(readings)
    for block in blocks:
        majority = _majority(readings[i] for i in block.lines) or page
        for i in block.lines:
            reading = readings[i]
            if not isinstance(reading, Reading) or reading.direction_is_told or (block.kind == "table" and _letters(reading)):
                continue
            if majority:
                found[i] = reading.running(majority)
    return found


def _letters(reading: Reading) -> int:
    return sum(map(str.isalpha, reading.text))


def _majority(readings: Iterable[Reading | Unreadable]) -> Direction | None:
    """The direction of most letters; None where there are none."""
    letters: Counter[Direction] = Counter()
    for reading in readings:
        if isinstance(reading, Reading) and (count := _letters(reading)):
            letters[reading.direction] += count
    return letters.most_common(1)[0][0] if letters else None

"""Fields of forms: leaders that are drawn after a label, and blocks that are no list items or headings but fields.

Where it stands: ``rasm/pages/reader.py`` calls both, ``leader_of`` of each line that was read, ``as_fields`` of the regions at the end. A
network guesses the kinds of blocks by how they look. A form looks like a list; what it says tells otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from rasm.document import Character, Line, Region, Word
from rasm.lines.recognizer import Reading
from rasm.pages.found import Box, FoundPage

LEADER = "...."
_STROKES = ("_", "ـ")
# a leader that nothing follows (a page's number does in a table of contents), or a check box
_BLANK = re.compile(r"[:/] ?\.{4}|\.{4}$|[☐☑☒]")
_LABELLED = re.compile(r"[^:]{2,40}: ?(?P<value>\S.*)")
_ITEM = re.compile(r"[-–—•▪■●○◦◆☆*✓✔]|[(\[]?(?:\d{1,3}|[A-Za-zء-ي])[)\].–-](?=\s|$)")


@dataclass(frozen=True)
class FieldSettings:
    """Numbers that decide; ems are sizes of type.

    long: the shortest leader, in ems. near: how far from its label it begins at most. level: how far above and beneath the baseline it is.
    share: of neighbouring list items, that are fields where all are. figures: the least share of figures and signs in the value of a
    heading that is a field: a number or a code.
    """

    long: float = 2.0
    near: float = 1.2
    level: tuple[float, float] = (0.5, 0.6)
    share: float = 0.5
    figures: float = 0.5


_SETTINGS = FieldSettings()


def leader_of(number: int, page: FoundPage, reading: Reading) -> Box | None:
    """A rule that begins where a line ends of which nothing but a label was read; on the level page. ``number``: the line's."""
    edges, ltr = page.edges, reading.direction == "ltr"
    if not reading.text.endswith(":") or not len(edges):
        return None
    line = page.lines[number]
    em, y = line.size_px, float(line.baseline[:, 1].mean())
    end = line.middle[-1, 0] if ltr else line.middle[0, 0]
    begins = edges[:, 1] - end if ltr else end - edges[:, 2]
    above, below = _SETTINGS.level
    near = (begins > -0.5 * em) & (begins < _SETTINGS.near * em) & (edges[:, 0] > y - above * em) & (edges[:, 0] < y + below * em)
    found = edges[near & (edges[:, 2] - edges[:, 1] > _SETTINGS.long * em)]
    if not len(found):
        return None
    left, right = float(found[:, 1].min()), float(found[:, 2].max())
    for k, other in enumerate(page.lines):  # what was written there
        x0, x1, middle = other.middle[0, 0], other.middle[-1, 0], float(other.middle[:, 1].mean())
        if k != number and x0 < right - em / 2 and x1 > left + em / 2 and abs(middle - (y - 0.3 * em)) < 0.8 * em:
            return None
    return left, y - 0.3 * em, right, float(np.max(found[:, 0])) + 1


def leader(box: Box, confidence: float) -> Word:
    """Four dots side by side in ``box``."""
    left, top, right, bottom = box
    step = (right - left) / len(LEADER)
    dots = [Character(dot, confidence, (left + k * step, top, left + (k + 1) * step, bottom)) for k, dot in enumerate(LEADER)]
    return Word(LEADER, confidence, box, dots)


def _with_blanks(line: Line) -> Line:
    """Strokes to write on that were read as one sign, after a label or in a date, as leaders."""
    words = list(line.words)
    for k, (before, word) in enumerate(pairwise(line.words), 1):
        if word.text in _STROKES and before.text.endswith((":", "/")):
            words[k] = leader(word.box, word.confidence)
    return line if words == line.words else replace(line, text=" ".join(word.text for word in words), words=words)


def as_fields(regions: Sequence[Region]) -> list[Region]:
    """The regions, with paragraphs for list items and headings that are fields of a form."""
    regions = [region if region.cells else replace(region, lines=[*map(_with_blanks, region.lines)]) for region in regions]
    found: list[Region] = []
    for is_list, group in groupby(regions, key=lambda region: region.kind == "list-item"):
        together = list(group)
        if is_list:
            fields = [_is_field(region) for region in together]
            is_alone = len(together) == 1  # a list has more, or a marker
            all_are = is_alone or sum(fields) >= _SETTINGS.share * len(fields)
            for k, (region, is_one) in enumerate(zip(together, fields, strict=True)):
                beside = fields[max(0, k - 1) : k] + fields[k + 1 : k + 2]
                is_among = bool(beside) and all(beside)  # as a line to sign under, or a field that is filled in
                is_plain = not _ITEM.match(region.text) and (is_one or is_among or all_are)
                found.append(replace(region, kind="paragraph", level=None) if is_plain else region)
        else:
            found += [replace(r, kind="paragraph", level=None) if _is_labelled_number(r) else r for r in together]
    return found


def _is_field(region: Region) -> bool:
    return any(_BLANK.search(line.text) for line in region.lines) or "\t" in region.text


def _is_labelled_number(region: Region) -> bool:
    """Whether a heading of the page's own size is a label and a number, as of an invoice."""
    if region.kind != "heading" or (region.level or 0) < 3 or len(region.lines) != 1:
        return False
    labelled = _LABELLED.fullmatch(region.lines[0].text)
    value = labelled["value"] if labelled else ""
    return bool(value) and sum(not sign.isalpha() and not sign.isspace() for sign in value) > _SETTINGS.figures * len(value)

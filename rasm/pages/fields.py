"""Fields of forms: leaders that are drawn after a label, blocks that are no list items or headings but fields, and the titles between.

Where it stands: ``rasm/pages/reader.py`` calls all, ``leader_of`` of each line that was read, ``as_fields`` and ``with_titles`` of the
regions at the end. A network guesses the kinds of blocks by how they look. A form looks like a list; what it says tells otherwise.
``rasm/pages/blanks.py`` writes down what is to be filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from rasm.document import Region
from rasm.lines.recognizer import Reading
from rasm.pages.blanks import with_blanks
from rasm.pages.found import Box, FoundPage

# a leader that nothing follows (a page's number does in a table of contents), or a check box
_BLANK = re.compile(r"[:/] ?\.{4}|\.{4}$|[☐☑☒]")
_LABELLED = re.compile(r"[^:]{2,40}: ?(?P<value>\S.*)")
_MAY_BE_TITLES = ("other", "list-item", "paragraph", "heading")
_NO_TITLE = re.compile(r":|\d$|[.،؛,;]$")  # a label, an entry of contents, a sentence
_ITEM = re.compile(r"[-–—•▪■●○◦◆☆*✓✔]|[(\[]?(?:\d{1,3}|[A-Za-zء-ي])[)\].–-](?=\s|$)")


@dataclass(frozen=True)
class FieldSettings:
    """Numbers that decide; ems are sizes of type.

    long: the shortest leader, in ems. near: how far from its label it begins at most. level: how far above and beneath the baseline it is.
    share: of neighbouring list items, that are fields where all are. figures: the least share of figures and signs in the value of a
    heading that is a field: a number or a code. form: so many fields make a page a form. centred: by how many heights of its line a title
    is out of the middle at most. short: its greatest width, as a share of the text's. others: the greatest share of the other regions that
    are in the middle, too.
    """

    long: float = 2.0
    near: float = 1.2
    level: tuple[float, float] = (0.5, 0.6)
    share: float = 0.5
    figures: float = 0.5
    form: int = 3
    centred: float = 0.5
    short: float = 0.6
    others: float = 0.4


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


def as_fields(regions: Sequence[Region]) -> list[Region]:
    """The regions, with paragraphs for list items and headings that are fields of a form."""
    regions = [region if region.cells else replace(region, lines=with_blanks(region.lines)) for region in regions]
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
            fields = [_is_labelled_number(r) or (r.kind == "other" and _is_field(r)) for r in together]
            found += [replace(r, kind="paragraph", level=None) if is_one else r for r, is_one in zip(together, fields, strict=True)]
    return found


def with_titles(regions: Sequence[Region], width_px: int) -> list[Region]:
    """The regions of an upright page, with headings for the titles of a form, whatever they were taken for: single lines in the middle,
    where what stands around them does not stand there. What comes before all else is of the first level. ``width_px``: the page's."""
    text = [region for region in regions if region.lines]
    if sum(_is_field(region) for region in text if not region.cells) < _SETTINGS.form:
        return list(regions)
    left, right = min(region.box[0] for region in text), max(region.box[2] for region in text)
    titles: set[int] = set()
    for middle in (width_px / 2, (left + right) / 2):
        centred = {i for i, region in enumerate(regions) if region.lines and _is_centred(region, middle)}
        named = {i for i in centred if _may_be_title(regions[i], _SETTINGS.short * (right - left))}
        if len(centred) - len(named) <= _SETTINGS.others * (len(text) - len(named)):
            titles |= named
    first = min(range(len(regions)), key=lambda i: (not regions[i].lines, regions[i].box[1]))
    return [replace(r, kind="heading", level=1 if i == first else 2) if i in titles else r for i, r in enumerate(regions)]


def _is_centred(region: Region, middle: float) -> bool:
    left, top, right, bottom = region.box
    return abs((left + right) / 2 - middle) < _SETTINGS.centred * (bottom - top) / len(region.lines)


def _may_be_title(region: Region, width: float) -> bool:
    if region.kind not in _MAY_BE_TITLES or region.cells or len(region.lines) != 1 or region.box[2] - region.box[0] > width:
        return False
    text = region.text.strip()
    return not (_is_field(region) or _ITEM.match(text) or _NO_TITLE.search(text)) and any(map(str.isalpha, text))


def _is_field(region: Region) -> bool:
    return any(_BLANK.search(line.text) for line in region.lines) or "\t" in region.text


def _is_labelled_number(region: Region) -> bool:
    """Whether a heading of the page's own size is a label and a number, as of an invoice."""
    if region.kind != "heading" or (region.level or 0) < 3 or len(region.lines) != 1:
        return False
    labelled = _LABELLED.fullmatch(region.lines[0].text)
    value = labelled["value"] if labelled else ""
    return bool(value) and sum(not sign.isalpha() and not sign.isspace() for sign in value) > _SETTINGS.figures * len(value)

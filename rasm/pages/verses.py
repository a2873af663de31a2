"""Two columns that are the halves of verses -> verses, each half beside its other.

Where it stands: ``rasm/pages/reader.py`` calls it after ``rasm/pages/blocks.py``. On paper the halves of long verses are columns like
any others, as wide and as far apart, and are taken for such. What they say tells them apart. In a poem of one
rhyme all left halves end in the same letter, in couplets (rajaz, *muzdawij*) both halves of each row do, in strophes (*muwashshah*,
*zajal*) a left half ends as the one above it more often than not. Lines of prose end in the same letter by chance, one in ten.

Source: W. Wright, "A Grammar of the Arabic Language" (3rd ed., part 4, on prosody) for the first two kinds of rhyme; S. M. Stern,
"Hispano-Arabic Strophic Poetry" for strophes. Only the last letter is
looked at, without diacritics: what follows the rhyming letter, as ها does, is the same in all verses too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from rasm.document import Line
from rasm.pages.found import TextLine
from rasm.text.charset import TATWEEL

Placed = tuple[TextLine, Line]  # where it was found, and what was read

_LEAST_ROWS = 4
_SHARE = 0.8  # of the rows, have both halves and the rhyme: some are misread, and a poem may change its rhyme
_STROPHES = 10  # rows, at least, in which half the left halves end as the one above: of columns of prose one in 400 has that by chance
_LEVEL = 0.19  # in sizes of type: how far apart the baselines of one row may be
_ALIKE = str.maketrans("أإآىة", "ااااه")
_GUTTER = 0.65  # in sizes of type: how far the edges of other halves may be from the poem's
_REACH = 0.13  # in sizes of type: how far the letters of two halves may reach over each other


def joined(regions: Sequence[Sequence[Placed]]) -> list[tuple[bool, list[Placed]]]:
    """``regions`` in reading order, with two columns of verses as a region of its own, which is read row by row. Of each, whether it is
    one of verses."""
    lines = [line for region in regions for line in region]
    region_of = [number for number, region in enumerate(regions) for _ in region]
    beside = _beside([found for found, _ in lines])
    right_of: dict[int, int] = {}  # the right half of each left one
    start = 0
    while start < len(lines):
        # the right halves are read first: up to the one that stands beside the first of them
        middle = int(beside[start].argmax()) if beside[start].any() else start
        if middle - start < _LEAST_ROWS:
            start += 1
            continue
        end = middle
        while beside[start:middle, end : end + 2].any():  # a right half may have been missed
            end += 1
        pairs = [(start + int(a), middle + int(b)) for a, b in np.argwhere(beside[start:middle, middle:end])]
        if _are_verses(lines, pairs, end - middle):
            right_of |= {left: right for right, left in pairs}
            for left in range(middle + 1, end):
                right_of.setdefault(left, right_of.get(left - 1, start))
            for i in (*range(start, pairs[-1][0] + 1), *range(middle, end)):
                region_of[i] = -start - 1
        start = end
    for right, left in _lone_pairs([found for found, _ in lines], beside, right_of):
        right_of[left], region_of[left] = right, region_of[right]
    order = sorted(range(len(lines)), key=lambda i: (right_of.get(i, i), i))
    return [(number < 0, [lines[i] for i in region]) for number, region in groupby(order, key=lambda i: region_of[i])]


def _lone_pairs(found: Sequence[TextLine], beside: NDArray[np.bool_], right_of: dict[int, int]) -> list[tuple[int, int]]:
    """Halves of single verses, (right, left): a page that has a poem may have others, at the same gutter, too short to show a rhyme."""
    if not right_of:
        return []
    inner_left = np.median([found[i].box[0] for i in right_of.values()])
    inner_right = np.median([found[i].box[2] for i in right_of])
    placed = set(right_of) | set(right_of.values())
    pairs = [(int(a), int(b)) for a, b in np.argwhere(beside) if a not in placed and b not in placed]
    edges = [max(abs(found[a].box[0] - inner_left), abs(found[b].box[2] - inner_right)) / found[a].size_px for a, b in pairs]
    return [pair for pair, off in zip(pairs, edges, strict=True) if off < _GUTTER]


def _beside(found: Sequence[TextLine]) -> NDArray[np.bool_]:
    """(lines, lines): whether the second stands in one row with the first, to its left, and is read later."""
    left, right = np.array([line.box[0] for line in found]), np.array([line.box[2] for line in found])
    level, size = np.array([line.baseline[:, 1].mean() for line in found]), np.array([line.size_px for line in found])
    in_row = np.abs(level[:, None] - level) < _LEVEL * size[:, None]
    return np.triu(in_row & (right <= (left + _REACH * size)[:, None]), 1)


def _are_verses(lines: Sequence[Placed], pairs: Sequence[tuple[int, int]], rows: int) -> bool:
    """``rows``: of left halves. Of right ones there may be more: what follows the poem on its side of the page."""
    if len(pairs) < max(_LEAST_ROWS, _SHARE * max(rows, pairs[-1][0] - pairs[0][0] + 1)):
        return False
    ends = [(_last_letter(lines[a][1]), _last_letter(lines[b][1])) for a, b in pairs]
    (_, of_one_rhyme), *_ = Counter(b for _, b in ends).most_common(1)
    in_strophes = len(ends) >= _STROPHES and 2 * sum(above == below for (_, above), (_, below) in pairwise(ends)) >= len(ends) - 1
    return in_strophes or max(of_one_rhyme, sum(a == b for a, b in ends)) >= _SHARE * len(ends)


def _last_letter(line: Line) -> str:
    """Without diacritics; ى rhymes with ا, and ة is ه."""
    return next((c for c in reversed(line.text) if c.isalpha() and c != TATWEEL), "").translate(_ALIKE)

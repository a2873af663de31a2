"""How deep headings and list items are, and how many rows of a table are its head.

Where it stands: beneath ``rasm/pages/blocks.py``. Levels come from what is seen: the size of type, and where an item begins. Heads come
from spans and from what was read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rasm.document import Cell
from rasm.text.normalisation import Profile, apply_profile


@dataclass(frozen=True)
class LevelSettings:
    """Numbers that decide. title, chapter: how many times as large as the page's usual type headings of the first and the second level are;
    browsers set h1 in 2 and h2 in 1.5, and print is between. deeper, back: by how many sizes of type an item is indented more or less than
    the one before if it is of another level. far: what is indented by more stands in another column. deepest: a list's last level."""

    title: float = 1.8
    chapter: float = 1.25
    deeper: float = 0.8
    back: float = 0.6
    far: float = 8.0
    deepest: int = 4


_SETTINGS = LevelSettings()
_NUMBER = re.compile(r"[-+(]?[\d.,٫٬/:]*\d[\d.,٫٬/:]*\)?\s*(?:[%٪]|\w{1,4}\.?)?")
_YEAR = re.compile(r"(?:1[3-9]|20)\d\d(?:\s?[-/]\s?(?:1[3-9]|20)?\d\d)?")
_WESTERN = Profile(digits="western")


def heading_level(size: float, usual: float) -> int:
    """1 to 3. ``size``: of its type, ``usual``: of the page's."""
    return 1 if size > _SETTINGS.title * usual else 2 if size > _SETTINGS.chapter * usual else 3


def list_levels(indents: Sequence[float], sizes: Sequence[float]) -> list[int]:
    """Of items that follow one another, from 1. ``indents``: how far into the line each begins, in the unit of ``sizes``, of its type."""
    levels: list[int] = []
    open_at: list[float] = []  # the indent of each level that goes on
    for indent, size in zip(indents, sizes, strict=True):
        if open_at and abs(indent - open_at[-1]) > _SETTINGS.far * size:
            open_at.clear()
        while open_at and indent < open_at[-1] - _SETTINGS.back * size:
            open_at.pop()
        if not open_at or (indent > open_at[-1] + _SETTINGS.deeper * size and len(open_at) < _SETTINGS.deepest):
            open_at.append(indent)
        levels.append(len(open_at))
    return levels


def head_rows(cells: Sequence[Cell], texts: Sequence[str]) -> int:
    """How many of a table's first rows are its head: one, unless it holds quantities as the rows beneath it do; and as many more as its
    cells reach over, or as a cell over several columns has names beneath it and the others have none. ``texts``: of the cells."""
    height = max(cell.row + cell.row_span for cell in cells)
    if height < 2 or _has_quantities(cells, texts):
        return 0
    head = 1
    while head < height - 1:
        ends = max(cell.row + cell.row_span for cell in cells if cell.row < head)
        if ends > head:
            head = ends
            continue
        last = [cell for cell in cells if cell.row + cell.row_span == head]
        beneath = [text for cell, text in zip(cells, texts, strict=True) if cell.row == head]
        names = sum(bool(text) and not _is_number(text) for text in beneath)
        if not any(cell.column_span > 1 for cell in last) or len(beneath) < 2 or 2 * names < len(beneath):
            break
        under = {cell.column: bool(text) for cell, text in zip(cells, texts, strict=True) if cell.row == head}
        single = [under.get(cell.column, False) for cell in last if cell.column_span == 1]
        if 2 * sum(single) > len(single):  # what has a name of its own already has no second one
            break
        head += 1
    return min(head, height - 1)


def _has_quantities(cells: Sequence[Cell], texts: Sequence[str]) -> bool:
    """Whether in most columns of numbers the first row has one, too."""
    first = {cell.column: _is_number(text) for cell, text in zip(cells, texts, strict=True) if cell.row == 0}
    beneath: dict[int, list[bool]] = {}
    for cell, text in zip(cells, texts, strict=True):
        if cell.row and text:
            beneath.setdefault(cell.column, []).append(_is_number(text))
    numeric = [column for column, are in beneath.items() if 2 * sum(are) > len(are)]
    return bool(numeric) and 2 * sum(first.get(column, False) for column in numeric) > len(numeric)


def _is_number(text: str) -> bool:
    """An amount, a number or a date, but no year, which names a column."""
    western = apply_profile(text, _WESTERN).strip()
    return bool(_NUMBER.fullmatch(western)) and not _YEAR.fullmatch(western)

"""Lines that say where they belong: answers that count themselves, and brackets for an answer on their question's row.

Where it stands: ``rasm/pages/reader.py`` calls ``by_their_marks`` after ``arrange``. A network orders lines by where they stand. Whether
answers in two columns run row by row or column by column, only their letters tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rasm.pages.blocks import Block
from rasm.pages.found import TextLine

_ALPHABETS = ("abcdefgh", "ابجدهوزح")  # the second in the order of abjad, in which answers are counted
_MARK = re.compile(r"[(\[]?(?P<letter>[a-hA-H]|[أابجدهوزح])ـ?\s?[)\].\-–:](?=\s|$)")
_COUNTED = re.compile(r"[(\[]?[0-9٠-٩۰-۹]{1,3}\s?[)\].\-–:]")
_TO_FILL_IN = re.compile(r"[(\[]\s?(?:\.{2,}|_|…)?\s?[)\]]|[☐○□]")


@dataclass(frozen=True)
class NumberedSettings:
    """Numbers that decide; ems are sizes of type.

    fewest: answers that are a run. row: lines whose middles are less than so many ems apart stand in one row. pitch: the next row is less
    than so many ems beneath. column: and the top of the next column less than so many above. wrapped: a line that goes on begins less than
    so many ems from where its answer does, and stands less than ``leading`` beneath what it goes on from.
    """

    fewest: int = 3
    row: float = 0.5
    pitch: float = 4.0
    column: float = 12.0
    wrapped: float = 2.5
    leading: float = 2.0


_SETTINGS = NumberedSettings()


def by_their_marks(blocks: Sequence[Block], lines: Sequence[TextLine], texts: Sequence[str]) -> list[Block]:
    """The blocks, with answers in the order of their letters and brackets beside their questions. texts: of each line, "" of what was not
    read. What is in tables stays, and so does what is in order already."""
    free = {i for block in blocks if not block.cells for i in block.lines}
    places = {i: _Place.of(lines[i]) for i in free}
    marks = {i: mark for i in free if (mark := _mark_of(texts[i])) is not None}
    found = list(blocks)
    for start in [i for block in blocks for i in block.lines if marks.get(i, ("", -1))[1] == 0]:
        run = _run(start, marks, places)
        if len(run) >= _SETTINGS.fewest:
            unmarked = {i: place for i, place in places.items() if i not in marks and not _COUNTED.match(texts[i].strip())}
            found = _put(found, [_with_wrapped(i, run, places, unmarked) for i in run])
    for i in free:
        if _TO_FILL_IN.fullmatch(texts[i].strip()):
            found = _beside_its_row(found, i, places, texts)
    return found


@dataclass(frozen=True)
class _Place:
    """left, right, y: of a line's middle, in pixels; em: the size of its type."""

    left: float
    right: float
    y: float
    em: float

    @classmethod
    def of(cls, line: TextLine) -> _Place:
        return cls(float(line.middle[0, 0]), float(line.middle[-1, 0]), float(line.middle[:, 1].mean()), line.size_px)


def _mark_of(text: str) -> tuple[str, int] | None:
    """The alphabet in which a line counts itself, and its place in it from 0."""
    match = _MARK.match(text.strip())
    if match is None:
        return None
    letter = match["letter"].lower().replace("أ", "ا")
    return next((alphabet, alphabet.index(letter)) for alphabet in _ALPHABETS if letter in alphabet)


def _run(start: int, marks: dict[int, tuple[str, int]], places: dict[int, _Place]) -> list[int]:
    """Lines that count on from ``start``, each in the row of the one before it, beneath it, or at the top of the next column."""
    run = [start]
    alphabet = marks[start][0]
    while True:
        here, first = places[run[-1]], places[start]
        wanted = (alphabet, len(run))
        near: list[tuple[float, int]] = []
        for i, mark in marks.items():
            there = places[i]
            down = (there.y - here.y) / here.em
            beside = there.left > here.right or there.right < here.left
            in_row = abs(down) < _SETTINGS.row and beside
            beneath = _SETTINGS.row <= down < _SETTINGS.pitch
            atop = beside and -_SETTINGS.column < down < 0 and abs(there.y - first.y) < _SETTINGS.row * first.em
            if mark == wanted and (in_row or beneath or atop):
                near.append((0.0 if in_row else abs(down), i))
        if not near:
            return run
        run.append(min(near)[1])


def _with_wrapped(i: int, run: Sequence[int], places: dict[int, _Place], unmarked: dict[int, _Place]) -> list[int]:
    """An answer's line, and those without a mark that go on beneath it, before the next row of answers."""
    found = [i]
    here = places[i]
    others = [places[j] for j in run if j != i and abs(places[j].y - here.y) < _SETTINGS.row * here.em]
    if not others:
        return found  # one column: what goes on beneath is there already
    below = [places[j].y for j in run if places[j].y > here.y + _SETTINGS.row * here.em]
    end = min(below, default=here.y + _SETTINGS.pitch * here.em)
    rtl = places[run[0]].left > places[run[1]].right
    for j, there in sorted(unmarked.items(), key=lambda item: item[1].y):
        down = (there.y - places[found[-1]].y) / here.em
        indent = (here.right - there.right if rtl else there.left - here.left) / here.em
        is_within = not any(there.left < other.right and there.right > other.left for other in others)
        if _SETTINGS.row < down < _SETTINGS.leading and there.y < end and -_SETTINGS.row < indent < _SETTINGS.wrapped and is_within:
            found.append(j)
    return found


def _put(blocks: Sequence[Block], answers: Sequence[Sequence[int]]) -> list[Block]:
    """The blocks, with these answers in this order where the first of them stands; as they are where they do so already."""
    wanted = [i for answer in answers for i in answer]
    flat = [i for block in blocks for i in block.lines]
    at = flat.index(wanted[0])
    if flat[at : at + len(wanted)] == wanted:
        return list(blocks)
    moved = set(wanted)
    found: list[Block] = []
    for block in blocks:
        if not moved.intersection(block.lines):
            found.append(block)
            continue
        if wanted[0] not in block.lines:
            before, after = [i for i in block.lines if i not in moved], []
        else:
            k = block.lines.index(wanted[0])
            before, after = ([i for i in part if i not in moved] for part in (block.lines[:k], block.lines[k:]))
        found += [replace(block, lines=before)] if before else []
        if wanted[0] in block.lines:
            found += [Block("list-item", list(answer), level=block.level or 1) for answer in answers]
        found += [replace(block, lines=after)] if after else []
    return found


def _beside_its_row(blocks: Sequence[Block], bracket: int, places: dict[int, _Place], texts: Sequence[str]) -> list[Block]:
    """The blocks, with a bracket next to what is written in its row, where that is one line."""
    here = places[bracket]
    row = [i for i, p in places.items() if i != bracket and abs(p.y - here.y) < _SETTINGS.row * min(p.em, here.em)]
    written = [i for i in row if not _TO_FILL_IN.fullmatch(texts[i].strip())]
    if len(written) != 1 or len(row) != 1:
        return list(blocks)
    (line,) = written
    rtl = sum("\u0590" <= c <= "\u08ff" for c in texts[line]) >= sum(c.isascii() and c.isalpha() for c in texts[line])
    is_first = (here.left > places[line].right) == rtl
    flat = [i for block in blocks for i in block.lines]
    if flat.index(bracket) == flat.index(line) + (-1 if is_first else 1):
        return list(blocks)
    found: list[Block] = []
    for block in blocks:
        kept = [i for i in block.lines if i != bracket]
        if line in kept:
            k = kept.index(line)
            kept.insert(k if is_first else k + 1, bracket)
        found += [replace(block, lines=kept)] if kept else []
    return found

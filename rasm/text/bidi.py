"""Logical -> visual order: the Unicode Bidirectional Algorithm, for a line of one paragraph without formatting characters.

Where it stands: under ``rasm/text/charset.py``, which undoes it, and ``model/rendering``, which draws the runs.
Source: Unicode Standard Annex 9, rules W1 to L4. python-bidi orders a text and tells neither levels nor runs, and so cannot mirror what it
orders: nor can any other library without ICU. So it checks this one, on random lines (``tests/rasm/text/test_charset.py``).
"""

from __future__ import annotations

import itertools
import unicodedata
from functools import lru_cache
from typing import Literal

Direction = Literal["rtl", "ltr"]

MIRRORED = "()[]{}<>«»≤≥"
MIRROR = str.maketrans(MIRRORED, ")(][}{><»«≥≤")
_ZWNJ = "\u200c"
_RESOLVED = ("L", "R", "EN", "AN")


@lru_cache(maxsize=1024)
def to_visual(logical: str, direction: Direction = "rtl") -> str:
    """Logical order -> the signs drawn from left to right, brackets mirrored as drawn, in a line of this base direction."""
    return "".join(run for run, _ in drawn_runs(logical, direction))


@lru_cache(maxsize=1024)
def drawn_runs(logical: str, direction: Direction = "rtl") -> tuple[tuple[str, bool], ...]:
    """The runs of a text of one direction each, from left to right as drawn: ``(characters as drawn, is left to right)``."""
    levels, order = _ordered(logical, direction)
    runs: list[list[int]] = []
    for i in order:
        step = -1 if levels[i] % 2 else 1
        if runs and levels[runs[-1][-1]] == levels[i] and runs[-1][-1] + step == i:
            runs[-1].append(i)
        else:
            runs.append([i])
    return tuple(
        ("".join(logical[i].translate(MIRROR) if levels[i] % 2 else logical[i] for i in run), levels[run[0]] % 2 == 0) for run in runs
    )


def drawn_order(logical: str, direction: Direction = "rtl") -> list[int]:
    """Which character of the text stands at each place, from left to right as drawn."""
    return _ordered(logical, direction)[1]


def _ordered(logical: str, direction: Direction) -> tuple[list[int], list[int]]:
    """The levels of the characters, and their numbers from left to right."""
    levels = _embedding_levels(logical, 1 if direction == "rtl" else 0)
    order = list(range(len(logical)))
    for level in range(max(levels, default=0), 0, -1):  # L2
        for deep, group in itertools.groupby(range(len(order)), key=lambda at: levels[order[at]] >= level):
            if deep:
                at = list(group)
                order[at[0] : at[-1] + 1] = order[at[0] : at[-1] + 1][::-1]
    return levels, order


def _embedding_levels(text: str, base: int) -> list[int]:
    """UAX #9, W1 to I2 and L1, for a paragraph of level ``base`` without formatting characters: the level of each character."""
    embedding = "R" if base else "L"
    kinds: list[str] = []
    strong = embedding
    for c in text:
        kind = bidi_class(c)
        if kind == "NSM":  # W1
            kind = kinds[-1] if kinds else embedding
        elif kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":  # W2
            kind = "AN"
        kinds.append(kind)
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for i in range(1, len(kinds) - 1):  # W4
        before, after = kinds[i - 1], kinds[i + 1]
        if before == after and ((kinds[i] == "ES" and before == "EN") or (kinds[i] == "CS" and before in ("EN", "AN"))):
            kinds[i] = before
    for kind, group in itertools.groupby(range(len(kinds)), key=lambda i: kinds[i] == "ET"):  # W5
        at = list(group)
        if kind and "EN" in (kinds[at[0] - 1] if at[0] else "", kinds[at[-1] + 1] if at[-1] + 1 < len(kinds) else ""):
            kinds[at[0] : at[-1] + 1] = ["EN"] * len(at)
    strong = embedding
    for i, kind in enumerate(kinds):
        if kind in ("ES", "ET", "CS"):  # W6
            kinds[i] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            kinds[i] = "L"
    _resolve_brackets(text, kinds, embedding)
    for neutral, group in itertools.groupby(range(len(kinds)), key=lambda i: kinds[i] not in _RESOLVED):  # N1, N2
        at = list(group)
        if neutral:
            before = embedding if not at[0] else "L" if kinds[at[0] - 1] == "L" else "R"
            after = embedding if at[-1] + 1 == len(kinds) else "L" if kinds[at[-1] + 1] == "L" else "R"
            kinds[at[0] : at[-1] + 1] = [before if before == after else embedding] * len(at)
    levels = [base + (kind != "R" if base else {"L": 0, "R": 1}.get(kind, 2)) for kind in kinds]  # I1, I2
    for i in range(len(text) - 1, -1, -1):  # L1
        if not text[i].isspace():
            break
        levels[i] = base
    return levels


def _resolve_brackets(text: str, kinds: list[str], embedding: str) -> None:
    """N0, in place: a pair of brackets takes the direction of what it holds, or of what stands before it."""
    pairs, opened = [], []
    for i, c in enumerate(text):
        if kinds[i] == "ON" and c in "([{":
            opened.append((c.translate(MIRROR), i))
        elif kinds[i] == "ON" and c in ")]}":
            for depth in range(len(opened) - 1, -1, -1):
                if opened[depth][0] == c:
                    pairs.append((opened[depth][1], i))
                    del opened[depth:]
                    break
    for start, end in sorted(pairs):
        inside = {"L" if kind == "L" else "R" for kind in kinds[start + 1 : end] if kind in _RESOLVED}
        if not inside:
            continue
        direction = embedding
        if embedding not in inside:
            before = next(("L" if kind == "L" else "R" for kind in reversed(kinds[:start]) if kind in _RESOLVED), embedding)
            direction = before if before != embedding else embedding
        for i in (start, end):
            kinds[i] = direction
            for j in range(i + 1, len(text)):  # signs above a bracket go with it
                if bidi_class(text[j]) != "NSM":
                    break
                kinds[j] = direction


@lru_cache(maxsize=4096)
def is_rtl(character: str) -> bool:
    return bidi_class(character) in ("AL", "R", "NSM")


@lru_cache(maxsize=4096)
def is_ltr(character: str) -> bool:
    return bidi_class(character) == "L"


@lru_cache(maxsize=4096)
def bidi_class(character: str) -> str:
    # a non-joiner goes with the letter before it
    return "NSM" if character == _ZWNJ else unicodedata.bidirectional(character) or "L"

"""A line whose text a person has corrected: its words and letters are placed anew.

Where it stands: between whoever corrects (the page at /, any editor) and the formats, which write words where they stand. Letters that
stayed keep their places. New ones share the room of those that they replace, or of the letter beside them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rasm.document import Box, Character, Line, Word
from rasm.text.bidi import Direction, drawn_order

SURE = 1.0  # of what a person has said
# letters that were read times letters that are there now: a line of 300 becomes another in a fifth of a second where its letters are made
# to take long. That time grows with the cube, so more is not compared
_MOST_COMPARED = 90_000


@dataclass(frozen=True)
class _Placed:
    """A letter with its place; None of a space, which has none."""

    text: str
    box: Box | None
    confidence: float = SURE


def corrected(line: Line, text: str, *, compare: bool = True) -> Line:
    """The line with another text. Where that is what its words say already, it is the same line.

    compare: whether to look which letters stayed; without it, all are placed anew. Lines of many hundred letters are in any case."""
    text = " ".join(text.split())
    if text == " ".join(word.text for word in line.words):
        return replace(line, text=text)
    runs = _direction(text)
    turned = runs is not None and runs not in (_direction(line.text), line.direction)  # read in the wrong direction: nothing stays
    if turned or not compare or sum(len(word.text) + 1 for word in line.words) * len(text) > _MOST_COMPARED:
        room = [word.box for word in line.words] or [line.box]
        way = runs if runs and turned else line.direction
        return replace(line, text=text, confidence=SURE, direction=way, words=_words(_spread(text, room, way)))
    old = _placed(line)
    signs: list[_Placed] = []
    waiting = ""  # what was put in before the first letter that has a place
    for kind, i, j, m, n in SequenceMatcher(None, [sign.text for sign in old], list(text), autojunk=False).get_opcodes():
        new, room = text[m:n], [sign.box for sign in old[i:j] if sign.box]
        if kind == "equal" and not waiting:
            signs += old[i:j]
        elif room:
            signs += _spread(waiting + new, room, line.direction)
            waiting = ""
        elif not any(sign.box for sign in signs):
            waiting += new
        elif new:  # nothing stood there: the letter before it makes room
            while signs[-1].box is None:
                new = signs.pop().text + new
            beside = signs.pop()
            signs += _spread(beside.text + new, [beside.box or line.box], line.direction)
    signs += _spread(waiting, [line.box], line.direction)
    return replace(line, text=text, confidence=SURE, words=_words(signs))


def _direction(text: str) -> Direction | None:
    """Which way most of its letters run; None where it has none."""
    kinds = Counter(unicodedata.bidirectional(sign) for sign in text)
    left, right = kinds["L"], kinds["R"] + kinds["AL"]
    return None if left == right else "ltr" if left > right else "rtl"


def _placed(line: Line) -> list[_Placed]:
    """The line's letters, one sign each, with spaces between words."""
    signs: list[_Placed] = []
    for k, word in enumerate(line.words):
        if k:
            signs.append(_Placed(" ", None))
        if all(len(c.text) == 1 for c in word.characters) and "".join(c.text for c in word.characters) == word.text:
            signs += [_Placed(c.text, c.box, c.confidence) for c in word.characters]
        else:
            signs += _spread(word.text, [word.box], line.direction, word.confidence)
    return signs


def _spread(text: str, room: Sequence[Box], direction: Direction, confidence: float = SURE) -> list[_Placed]:
    """Letters side by side in the room, as they are drawn in a line of this direction; spaces take some of it too."""
    left, right = min(box[0] for box in room), max(box[2] for box in room)
    top, bottom = min(box[1] for box in room), max(box[3] for box in room)
    step = (right - left) / max(1, len(text))
    places = {k: left + n * step for n, k in enumerate(drawn_order(text, direction))}
    return [_Placed(c, None if c == " " else (places[k], top, places[k] + step, bottom), confidence) for k, c in enumerate(text)]


def _words(signs: Sequence[_Placed]) -> list[Word]:
    words: list[Word] = []
    letters: list[Character] = []
    for sign in [*signs, _Placed(" ", None)]:
        if sign.box:
            letters.append(Character(sign.text, sign.confidence, sign.box))
        elif letters:
            boxes = [c.box for c in letters]
            box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
            words.append(Word("".join(c.text for c in letters), min(c.confidence for c in letters), box, letters))
            letters = []
    return words

"""What is to be filled in on a form, as a person would write it down: ``....`` for a leader, ``..../..../....`` for a date.

Where it stands: ``rasm/pages/fields.py`` calls ``with_blanks`` with each region that is no table. Short leaders between strokes, of dots or
of dashes, are read as a sign, as two, or not at all. How many there were follows from the strokes, and from a label that asks for a date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rasm.document import Box, Character, Line, Word

LEADER = "...."
_DATE_PLACES = 3  # day, month, year
_LABEL_WORDS = 4  # so many words before a blank may be its label
_DATE_LABEL = re.compile(r"\bال?تاريخ\b|\bتاريخ|\bالموافق\b|\bdate\b", re.IGNORECASE)
_BLANK = re.compile(r"[/._ـ-]+")  # of strokes, and of what a leader is read as
_LONG_LEADER = re.compile(r"-?\.{5,}")  # two, of which one was drawn
# a stroke with nothing before it, or with a leader; then the beginning of a year that is printed: //٢٠م
_WITH_YEAR = re.compile(r"(?P<blank>[/._ـ-]*/)(?P<year>\d{1,2})(?P<rest>\.{4}|[_ـ-]+|\w{0,2})")


def leader(box: Box, confidence: float) -> Word:
    """Four dots side by side in ``box``."""
    return _written(LEADER, box, confidence)


def with_blanks(lines: Sequence[Line]) -> list[Line]:
    """The lines of a region. A leader that was found as two lines is one."""
    found: list[Line] = []
    for line in map(_with_blanks, lines):
        if line.text == LEADER and found and found[-1].text.endswith(LEADER) and found[-1].words and line.words:
            before = found[-1]
            word = leader(_around([before.words[-1].box, line.words[-1].box]), before.words[-1].confidence)
            found[-1] = replace(before, words=[*before.words[:-1], word], box=_around([before.box, line.box]))
        else:
            found.append(line)
    return found


def _with_blanks(line: Line) -> Line:
    words: list[Word] = []
    k = 0
    while k < len(line.words):
        end = k
        while end < len(line.words) and _BLANK.fullmatch(line.words[end].text):
            end += 1
        run = line.words[k:end]
        year = _WITH_YEAR.fullmatch(line.words[k].text) if not run else None
        if year:
            words.append(_before_year(line.words[k], year["blank"], year["year"], year["rest"], words))
        elif run:
            words += _of_run(run, words, line.words[end].text if end < len(line.words) else "")
        else:
            words.append(line.words[k])
        k = max(end, k + 1)
    return line if words == line.words else replace(line, text=" ".join(word.text for word in words), words=words)


def _of_run(run: Sequence[Word], before: Sequence[Word], after: str) -> list[Word]:
    """Words of nothing but strokes and leaders. ``before``: the words before; ``after``: the next one."""
    drawn = "".join(word.text for word in run)
    strokes, has_leader = drawn.count("/"), LEADER in drawn
    is_labelled = bool(before) and before[-1].text.endswith(":")
    if not strokes:
        if is_labelled and len(run) == 1 and drawn in ("_", "ـ"):
            return [leader(run[0].box, run[0].confidence)]
        return [leader(word.box, word.confidence) if _LONG_LEADER.fullmatch(word.text) else word for word in run]
    is_blank_alone = drawn.strip("/") == "" and "//" not in "".join(word.text + " " for word in run)  # places that are white
    if is_blank_alone or not (is_labelled or has_leader) or (drawn[0] == "/" and not is_labelled):
        return list(run)
    box, confidence = _around([word.box for word in run]), sum(word.confidence for word in run) / len(run)
    if drawn[-1] == "/" and after[:1].isdigit():  # a printed year's place
        return [_written(_places(strokes, _DATE_PLACES - 1, before) + "/", box, confidence)]
    return [_written(_places(strokes + 1, _DATE_PLACES, before), box, confidence)]


def _before_year(word: Word, blank: str, year: str, rest: str, before: Sequence[Word]) -> Word:
    """``//٢٠م`` as ``..../..../٢٠م``, and ``_/_/20_`` as ``..../..../20....``."""
    if not (before and before[-1].text.endswith(":")):
        return word
    if rest and not rest.replace("ـ", "").isalpha():
        rest = LEADER
    return _written(f"{_places(blank.count('/'), _DATE_PLACES - 1, before)}/{year}{rest}", word.box, word.confidence)


def _places(told: int, of_date: int, before: Sequence[Word]) -> str:
    """As many as the strokes tell, and no fewer than a date has where one is asked for."""
    label = " ".join(word.text for word in before[-_LABEL_WORDS:])
    return "/".join([LEADER] * (max(told, of_date) if _DATE_LABEL.search(label) else told))


def _written(text: str, box: Box, confidence: float) -> Word:
    """``text`` with its signs side by side in ``box``."""
    left, top, right, bottom = box
    step = (right - left) / len(text)
    signs = [Character(sign, confidence, (left + k * step, top, left + (k + 1) * step, bottom)) for k, sign in enumerate(text)]
    return Word(text, confidence, box, signs)


def _around(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

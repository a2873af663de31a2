"""A truth and a reading side by side: every edit by class, what happened to diacritics, and which sign was read for which.

Where it stands: called by ``evaluation/scoring.py`` and ``evaluation/report.py``. Alignments are RapidFuzz's (Levenshtein). Where
several are equally short it takes one; counts by class may differ by that, their sum cannot.

Edits are those between the *normalised* texts of ``rasm/text/metrics.py``, so their number over all classes is that of the
normalised CER. An edit belongs to the class of the truth's character, or of the reading's where the truth has none:

===========  =========================================================================  ========================================
class        an edit is                                                                 held against (``of``)
===========  =========================================================================  ========================================
hamza        two letters that differ in their hamza or madda only (أ إ آ ٱ ا, ؤ و,      the truth's letters of these rows and ء
             ئ ي ى, ۀ ه), or a ء missed or invented
dots         two letters that differ in dots only (ب ت ث ن ي پ, ج ح خ چ, د ذ …)         the truth's letters of these rows
letters      any other edit of an Arabic letter                                         the truth's Arabic letters
digits       of a digit of any set                                                      the truth's digits
punctuation  of punctuation or a symbol                                                 the truth's punctuation and symbols
spaces       of a space: words joined, or cut                                           the truth's spaces
latin        of a Latin letter                                                          the truth's Latin letters
other        of anything else                                                           the truth's other characters
===========  =========================================================================  ========================================

Diacritics are not in normalised text. In the raw texts letters are aligned without their marks, and the marks of each aligned
pair are compared. A mark in the truth alone is *missing*, one in the reading alone *invented*, and two that differ are one *wrong*.
Each is counted per 100 Arabic letters of the truth. Marks of a letter that was missed are missing too.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from rasm.text.charset import DIACRITICS, TATWEEL

CLASSES = ("letters", "dots", "hamza", "digits", "punctuation", "spaces", "latin", "other")

_DOT_ROWS = ("بتثنيپ", "جحخچ", "دذڈ", "رزژ", "سش", "صض", "طظ", "عغ", "فقڤ", "هة", "يى")
_HAMZA_ROWS = ("اأإآٱ", "وؤ", "يىئ", "هۀ")
_WITH_HAMZA = frozenset("أإآٱؤئۀ")
_DOTTED = frozenset("".join(_DOT_ROWS))
_HAMZA_LETTERS = frozenset("".join(_HAMZA_ROWS) + "ء")


@lru_cache(maxsize=4096)
def kind_of(character: str) -> str:
    """The class of one character, hamza and dots not told from letters."""
    category = unicodedata.category(character)
    if character.isspace():
        return "spaces"
    if category == "Nd":
        return "digits"
    if category[0] in "PS":
        return "punctuation"
    if category[0] == "L":
        name = unicodedata.name(character, "")
        return "letters" if name.startswith("ARABIC") else "latin" if name.startswith("LATIN") else "other"
    return "other"


@lru_cache(maxsize=16384)
def class_of_edit(truth: str, read: str) -> str:
    """The class of an edit; ``truth`` or ``read`` is empty where the other has no counterpart."""
    if truth and read and kind_of(truth) == kind_of(read) == "letters":
        if _WITH_HAMZA & {truth, read} and any(truth in row and read in row for row in _HAMZA_ROWS):
            return "hamza"
        if any(truth in row and read in row for row in _DOT_ROWS):
            return "dots"
        return "letters"
    if "ء" in (truth, read) and not (truth and read):
        return "hamza"
    return kind_of(truth or read)


def edits(truth: str, read: str) -> list[tuple[str, str]]:
    """(truth's character, reading's character) of every edit, in order; one of them is empty of what is missing or invented."""
    return [
        (truth[e.src_pos] if e.tag != "insert" else "", read[e.dest_pos] if e.tag != "delete" else "")
        for e in Levenshtein.editops(truth, read)
    ]


def possible(truth: str) -> dict[str, int]:
    """How many characters of ``truth`` an edit of each class can befall."""
    kinds = Counter(map(kind_of, truth))
    counts = {name: kinds[name] for name in CLASSES}
    counts["dots"] = sum(c in _DOTTED for c in truth)
    counts["hamza"] = sum(c in _HAMZA_LETTERS for c in truth)
    return counts


@dataclass(frozen=True)
class Diacritics:
    """Marks of one line. ``of`` is how many the truth has, ``letters`` its Arabic letters."""

    missing: int
    wrong: int
    invented: int
    of: int
    letters: int


def diacritics(truth: str, read: str) -> Diacritics:
    """What happened to the marks; ``truth`` and ``read`` as they are, not normalised."""
    truth_letters, truth_marks = _marked(truth)
    read_letters, read_marks = _marked(read)
    missing = wrong = invented = 0
    for code in Levenshtein.opcodes(truth_letters, read_letters):
        left, right = truth_marks[code.src_start : code.src_end], read_marks[code.dest_start : code.dest_end]
        # replaced stretches are of one length; where one side is empty, its letters have no marks
        for i in range(max(len(left), len(right))):
            wanted, got = left[i] if left else Counter[str](), right[i] if right else Counter[str]()
            lacking, extra = (wanted - got).total(), (got - wanted).total()
            wrong += min(lacking, extra)
            missing += max(0, lacking - extra)
            invented += max(0, extra - lacking)
    letters = sum(kind_of(c) == "letters" for c in truth_letters)
    return Diacritics(missing, wrong, invented, sum(marks.total() for marks in truth_marks), letters)


def _marked(text: str) -> tuple[str, list[Counter[str]]]:
    """The characters of a text without its marks, and each one's marks. Marks that follow nothing are dropped."""
    bases: list[str] = []
    marks: list[Counter[str]] = []
    for character in " ".join(unicodedata.normalize("NFC", text).replace(TATWEEL, "").split()):
        if character not in DIACRITICS:
            bases.append(character)
            marks.append(Counter())
        elif marks:
            marks[-1][character] += 1
    return "".join(bases), marks

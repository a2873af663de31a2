"""Characters <-> integers, and logical <-> visual order: the only file in which visual order exists.

Where it stands: ``preprocess.py`` and ``model/rendering/lines.py`` encode labels with it, ``rasm/lines/recognizer.py`` decodes with it.

A CRNN with CTC walks over the picture from left to right. So its labels are in the order in which the signs are *drawn* from
left to right. ``encode`` therefore reorders the text by the Unicode Bidirectional Algorithm (UAX #9,
base direction right to left, as python-bidi implements it), and ``decode`` undoes it. Brackets are mirrored as drawn.

UAX #9 has no inverse: two logical strings can look the same (``kg 25`` typed in either order). ``to_logical`` looks,
between each two Arabic letters, for a string whose drawing is exactly what was seen. It prefers to keep Latin words and the
numbers beside them together. Encoding is strict (docTR's ``encode_string``): what is missing is named.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bidi import get_display

from rasm.errors import CharsetError, LogicalOrderError

BLANK = 0  # the CTC blank's index, as in torch.nn.CTCLoss's default

DIACRITICS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
TATWEEL = "\u0640"
LEADER = "\u2026"  # any run of four or more leader dots or dashes; see rasm/text/normalisation.py

ARABIC_LETTERS = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيٱ"
PERSIAN_LETTERS = "پچژڤکگیۀ"
ARABIC_INDIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
EXTENDED_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
WESTERN_DIGITS = "0123456789"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + "ÀÂÇÉÈÊËÎÏÔÖÛÜàâäçéèêëîïñôöûùüāīū"
PUNCTUATION = " .,:;!?،؛؟()[]{}<>«»\"'-_/\\|*+=&%٪°@#$€£×~§•﴾﴿ﷺ" + LEADER

_MIRRORED = "()[]{}<>«»"
_BRACKETS = ("()", "[]", "{}", "«»")
_MIRROR = str.maketrans(_MIRRORED, ")(][}{><»«")
_LATIN_WORD = rf"\S*[{LATIN}]\S*"
_WORDS = re.compile(rf"\s+|{_LATIN_WORD}(?:\s+{_LATIN_WORD})*|\S+")
_LETTER = "ع"  # any Arabic letter, to give a stretch its right-to-left surroundings
_MAX_SPLITS = 9  # up to so many neutral characters, all 2^9 ways to draw a stretch are tried
_MAX_TRIES = 600  # of a longer one, so many: a row of thirty figures must not take longer than reading it


@dataclass(frozen=True)
class Charset:
    """A versioned, ordered set of characters. Class 0 is the CTC blank; character ``i`` is class ``i + 1``."""

    characters: str
    version: int = 1

    def __post_init__(self) -> None:
        repeated = {c for c in self.characters if self.characters.count(c) > 1}
        if repeated:
            raise CharsetError(f"the charset repeats {describe(repeated)}")

    @property
    def classes(self) -> int:
        """Number of network outputs: the characters and the blank."""
        return len(self.characters) + 1

    @cached_property
    def index(self) -> dict[str, int]:
        return {c: i + 1 for i, c in enumerate(self.characters)}

    def missing(self, text: str) -> set[str]:
        """Characters of ``text`` that the charset does not hold."""
        return set(text) - self.index.keys()

    def encode(self, logical: str) -> list[int]:
        """Classes of a text in logical order, in the order in which they are drawn from left to right.

        Raises CharsetError naming the missing characters, LogicalOrderError where ``decode`` would not give it back.
        """
        if missing := self.missing(logical):
            raise CharsetError(f"outside the charset: {describe(missing)}")
        visual = to_visual(logical)
        if to_logical(visual) != logical:
            raise LogicalOrderError("the text does not survive logical -> visual -> logical order")
        return [self.index[c] for c in visual]

    def decode(self, classes: Iterable[int]) -> str:
        """The text in logical order of classes in drawn order, blanks and repeats already removed."""
        return to_logical("".join(self.characters[i - 1] for i in classes))

    def indices(self, characters: str) -> list[int]:
        """Classes of those of ``characters`` that the charset holds."""
        return [self.index[c] for c in characters if c in self.index]

    def to_json(self) -> str:
        return json.dumps({"version": self.version, "characters": self.characters}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Charset:
        fields = json.loads(text)
        return cls(characters=fields["characters"], version=fields["version"])


#: Version 1. Append for a version 2; never reorder, so that fine-tuning can keep the rows of shared characters.
DEFAULT_CHARSET = Charset(
    PUNCTUATION
    + ARABIC_LETTERS
    + PERSIAN_LETTERS
    + TATWEEL
    + DIACRITICS
    + "".join((ARABIC_INDIC_DIGITS, EXTENDED_DIGITS, WESTERN_DIGITS))
    + LATIN
)


def describe(characters: Iterable[str]) -> str:
    """``U+0041 A, U+200F RIGHT-TO-LEFT MARK``: characters as a person can find them."""
    return ", ".join(
        f"U+{ord(c):04X} {c if c.isprintable() and not unicodedata.combining(c) else unicodedata.name(c, 'unnamed')}"
        for c in sorted(characters)
    )


@lru_cache(maxsize=1024)
def to_visual(logical: str) -> str:
    """Logical order -> the signs drawn from left to right, brackets mirrored as drawn (UAX #9, paragraph level 1)."""
    # python-bidi guesses the base direction from the first letter unless told, and orders without mirroring. So the
    # runs are found again, by the logical order that they must give back
    ordered = get_display(logical, base_dir="R")
    drawn = []
    for (is_rtl, stretch), (_, typed) in zip(_stretches(ordered), reversed(_stretches(logical)), strict=True):
        drawn.append(stretch if is_rtl else _mirror_like(stretch, typed))
    return "".join(drawn)


def to_logical(visual: str) -> str:
    """The order drawn from left to right -> logical order. Of several that look the same, the likeliest."""
    return "".join(run if ltr else run[::-1].translate(_MIRROR) for run, ltr in reversed(visual_runs(visual)))


@lru_cache(maxsize=1024)
def visual_runs(visual: str) -> tuple[tuple[str, bool], ...]:
    """Runs of one direction, from left to right as drawn: ``(characters as drawn, is left to right)``.

    ``model/rendering/lines.py`` shapes each run by itself; ``to_logical`` reads the runs from the last to the first.
    """
    stretches = _stretches(visual)
    runs: list[tuple[str, bool]] = []
    for i, (is_rtl, stretch) in enumerate(stretches):
        if is_rtl:
            pieces: Sequence[tuple[str, bool]] = [(stretch, False)]
        else:
            pieces = _stretch_runs(stretch, letters_left=i > 0, letters_right=i + 1 < len(stretches))
        for text, ltr in pieces:
            if runs and not ltr and not runs[-1][1]:
                runs[-1] = (runs[-1][0] + text, False)
            else:  # two left-to-right runs side by side stay two: they are read right to left
                runs.append((text, ltr))
    return tuple(runs)


def _stretches(text: str) -> list[tuple[bool, str]]:
    """Arabic letters keep what is between them apart in either order, so each stretch is solved by itself."""
    return [(is_rtl, "".join(group)) for is_rtl, group in itertools.groupby(text, key=_is_rtl)]


@lru_cache(maxsize=4096)
def _is_rtl(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("AL", "R", "NSM")


def _is_neutral(character: str) -> bool:
    return unicodedata.bidirectional(character) not in ("L", "EN", "AN")


@lru_cache(maxsize=65536)
def _mirror_like(ordered: str, typed: str) -> str:
    """Mirror the right-to-left characters of a stretch in drawn order, knowing the logical order it came from."""
    if not any(c in _MIRRORED for c in ordered):
        return ordered
    for right_to_left in itertools.islice(_likely_splits(ordered), _MAX_TRIES):
        runs = _split(ordered, right_to_left)
        if "".join(text if ltr else text[::-1] for text, ltr in reversed(runs)) == typed:
            return "".join(text if ltr else text.translate(_MIRROR) for text, ltr in runs)
    return ordered


@lru_cache(maxsize=65536)
def _stretch_runs(drawn: str, letters_left: bool, letters_right: bool) -> tuple[tuple[str, bool], ...]:
    """The runs of a stretch without Arabic letters, as ``visual_runs`` gives them."""
    before, after = _LETTER * letters_right, _LETTER * letters_left
    best: tuple[tuple[str, bool], ...] | None = None
    best_unbalanced = len(drawn) + 1
    # of an odd number of brackets of one shape one has no partner, whichever way they are drawn
    least_unbalanced = sum(sum(map(drawn.count, pair)) % 2 for pair in _BRACKETS)
    for right_to_left in itertools.islice(_likely_splits(drawn), _MAX_TRIES):
        runs = _split(drawn, right_to_left)
        logical = "".join(text if ltr else text[::-1].translate(_MIRROR) for text, ltr in reversed(runs))
        unbalanced = _unbalanced_brackets(logical)
        if unbalanced >= best_unbalanced:
            continue
        ordered = "".join(text if ltr else text.translate(_MIRROR) for text, ltr in runs)
        typed = before + logical + after
        # the first is part of the second, and far quicker
        if get_display(typed, base_dir="R") == after + ordered + before and to_visual(typed) == after + drawn + before:
            best, best_unbalanced = runs, unbalanced
            if unbalanced <= least_unbalanced:
                break
    return _word_by_word(drawn, letters_left, letters_right) if best is None else best


def _word_by_word(drawn: str, letters_left: bool, letters_right: bool) -> tuple[tuple[str, bool], ...]:
    """The runs of what no logical text that was tried looks like, for a sign was misread or the row of figures is long.

    Words are read from right to left, Latin ones side by side together; the signs of a word of which no such text is known from
    left to right.
    """
    runs: list[tuple[str, bool]] = []
    for words in _WORDS.findall(drawn):
        if words.isspace():
            runs.append((words, False))
        elif words == drawn:
            runs.append((words, True))
        else:
            runs += _stretch_runs(words, letters_left=letters_left, letters_right=letters_right)
    return tuple(runs)


def _unbalanced_brackets(text: str) -> int:
    unbalanced, open_brackets = 0, []
    for c in text:
        if c in "([{«":
            open_brackets.append(c)
        elif c in ")]}»":
            if open_brackets and open_brackets[-1] == c.translate(_MIRROR):
                open_brackets.pop()
            else:
                unbalanced += 1
    return unbalanced + len(open_brackets)


def _likely_splits(stretch: str) -> Iterable[frozenset[int]]:
    """Which neutral characters are drawn right to left, as sets of positions, likeliest first."""
    neutral = [i for i, c in enumerate(stretch) if _is_neutral(c)]
    if len(neutral) == len(stretch):
        yield frozenset(neutral)
        return
    strong = [i for i in range(len(stretch)) if i not in neutral]
    inner = [i for i in neutral if strong[0] < i < strong[-1]]
    edges = frozenset(neutral) - frozenset(inner)
    yield edges  # Latin words with their spaces, and numbers with their points, hold together
    yield frozenset(i for i in edges if stretch[i] not in _MIRRORED)  # and with their brackets
    yield edges | {i for i in inner if stretch[i] != " "}
    yield edges | {i for i in inner if stretch[i] == " "}
    yield edges | frozenset(inner)
    yield frozenset()
    if len(neutral) <= _MAX_SPLITS:
        for size in range(len(neutral) + 1):
            for some in itertools.combinations(neutral, size):
                yield frozenset(some)
    else:  # too many to try them all: one cut, with what touches it, anywhere
        for start, end in itertools.combinations(range(len(neutral) + 1), 2):
            yield edges | frozenset(neutral[start:end])


def _split(stretch: str, right_to_left: frozenset[int]) -> tuple[tuple[str, bool], ...]:
    groups = itertools.groupby(range(len(stretch)), key=lambda i: i not in right_to_left)
    return tuple(("".join(stretch[i] for i in group), ltr) for ltr, group in groups)

"""Characters <-> integers, and logical <-> visual order: the only file in which visual order exists.

Where it stands: ``preprocess.py`` and ``model/rendering/lines.py`` encode labels with it, ``rasm/lines/recognizer.py`` decodes with it.

A CRNN with CTC walks over the picture from left to right. So its labels are in the order in which the signs are *drawn* from
left to right. ``encode`` therefore reorders the text by the Unicode Bidirectional Algorithm (UAX #9, as python-bidi implements it), and
``decode`` undoes it. Brackets are mirrored as drawn. A line has a base direction: right to left in Arabic text, left to right in an
English line or a bare phone number. ``line_direction`` tells it from what is drawn, unless the caller knows it. Rules P2 and P3 decide
where they can, and the words where both directions are possible.

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
from typing import NamedTuple

from bidi import get_display

from rasm.errors import CharsetError, LogicalOrderError
from rasm.text.bidi import MIRROR, MIRRORED, Direction, bidi_class, is_ltr, is_rtl, to_visual

BLANK = 0  # the CTC blank's index, as in torch.nn.CTCLoss's default

DIACRITICS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
TATWEEL = "\u0640"
# letters that join to the next one, and those that can be joined to: a kashida goes between two of them
JOINS_NEXT = frozenset("بتثجحخسشصضطظعغفقكلمنهيئپچگک")
JOINS_PREVIOUS = JOINS_NEXT | frozenset("ادذرزوةىأإآؤژ")
LEADER = "\u2026"  # any run of four or more leader dots or dashes; see rasm/text/normalisation.py

ARABIC_LETTERS = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيٱ"
PERSIAN_LETTERS = "پچژڤکگیۀ"
ARABIC_INDIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
EXTENDED_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
WESTERN_DIGITS = "0123456789"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + "ÀÂÇÉÈÊËÎÏÔÖÛÜàâäçéèêëîïñôöûùüāīū"
PUNCTUATION = " .,:;!?،؛؟()[]{}<>«»\"'-_/\\|*+=&%٪°@#$€£×~§•﴾﴿ﷺ" + LEADER

# -- what version 2 adds
ZWNJ = "\u200c"
UNKNOWN = "\ufffd"  # a sign that is none of these: an emoji, a logo, another script
URDU_LETTERS = "ٹڈڑںھہۂۃےۓ۔"
KURDISH_LETTERS = "ڕڵێۆە"
PASHTO_LETTERS = "ټځڅډړږښڼګېۍ"
UYGHUR_LETTERS = "ۇۈۋڭ"
SINDHI_LETTERS = "ٻڀٺٽٿڃڄڇڌڍڊڏڙڦڪڳڱڻ۽۾"
AYAH, RUB, SAJDAH = "\u06dd", "\u06de", "\u06e9"
_QURANIC_MARKS = "".join(
    map(chr, (*range(0x6D6, 0x6DD), *range(0x6DF, 0x6E9), *range(0x6EA, 0x6EE), *range(0x653, 0x658), 0x8F0, 0x8F1, 0x8F2))
)
LATIN_2 = "ÄÙŸÆŒæœÿẞßĞğİıŞşÁÍÓÚÑáíóúÃÕãõÅåØø"
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
CURRENCY_2 = "¥¢₺₹₪₽﷼؋"
MATHS = "÷±≤≥≠≈√∞∑∫πµΩΔαβγθλσ‰^½¼¾"
ARROWS = "←→↑↓↔⇐⇒"
CHECKS = "☐☑☒✓✗■□●○▪▫◦◆◇►◄▲▼★☆➢❖"
SIGNS_2 = "™®©¶†‡№ºª¿¡☎✉"
#: signs above and below letters: the diacritics and those of the Quran
MARKS = DIACRITICS + "".join(c for c in _QURANIC_MARKS if unicodedata.combining(c))

_BRACKETS = ("()", "[]", "{}", "«»")
_LATIN_WORD = rf"\S*[{LATIN}{LATIN_2}]\S*"
_WORDS = re.compile(rf"\s+|{_LATIN_WORD}(?:\s+{_LATIN_WORD})*|\S+")
_LETTER = "ع"  # any Arabic letter, to give a stretch its right-to-left surroundings
_NUMBER = re.compile(r"\d\S*")
_ARABIC_SIGNS = ARABIC_INDIC_DIGITS + EXTENDED_DIGITS + "،"
_PHONE = re.compile(r"(?<![^\s:(])\+\d(?:[ ()/-]{0,2}\d){6,}(?!\d)")
# a mark before its word, an opening bracket after it, a unit before its number: nobody types these
_UNITS = "kg|mg|km|cm|mm|ml|GB|MB|KB|TB|Hz|kHz|MHz|GHz|kV|kW|kWh|mAh|dpi|px|rpm"
_MISPLACED = re.compile(
    rf"(?:^|(?<=\s))[.,:;!?،؛؟)\]}}](?=[\w(])|(?<=\w)[(\[{{](?=\s|$)|(?<=\w)[@#]$|(?<=\d)\+$|^[)\]}}](?=\s)|\b(?:{_UNITS})\s\d"
)
# what begins a line but does not end one: a bullet. An Arabic line may end in a dash
_DANGLING = re.compile(r"(?:^|(?<=\s))[-+*/•●○■□▪▫◦◆◇►➢☐❖@#(\[{]$")
# the sign of a sum of money, mostly; 25,00 € is how half of Europe writes it. An Arabic page may have it on either side
_MONEY_LAST = re.compile(r"(?<![,\d]\d\d)(?<=\d)\s[$€£¥₺₹₪]$|(?<=\.\d\d)\s[$€£¥₺₹₪]$")
_UNIT_FIRST = re.compile(r"(?<!\w)(?:[gmLVWA]|SAR|USD|EUR|GBP|AED|EGP|KWD|QAR)\s\d")  # in a line from right to left
_MAX_SPLITS = 9  # up to so many neutral characters, all 2^9 ways to draw a stretch are tried
_MORE_TRIES = 40  # after one was found that has a sign in a place where nobody types it
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

    def encode(self, logical: str, direction: Direction | None = None) -> list[int]:
        """Classes of a text in logical order, in the order in which they are drawn from left to right.

        ``direction``: the base direction of its line (default: the one that ``decode`` would find). Raises CharsetError
        naming the missing characters, LogicalOrderError where ``decode`` would not give the text back.
        """
        direction = direction or text_direction(logical)
        visual = to_visual(logical, direction)
        classes = self.encode_drawn(visual)
        if to_logical(visual, direction) != logical:
            raise LogicalOrderError("the text does not survive logical -> visual -> logical order")
        return classes

    def encode_drawn(self, visual: str) -> list[int]:
        """Classes of signs in the order in which they are drawn. Raises CharsetError naming the missing characters."""
        if missing := self.missing(visual):
            raise CharsetError(f"outside the charset: {describe(missing)}")
        return [self.index[c] for c in visual]

    def decode(self, classes: Iterable[int], direction: Direction | None = None) -> str:
        """The text in logical order of classes in drawn order, blanks and repeats already removed."""
        return to_logical("".join(self.characters[i - 1] for i in classes), direction)

    def indices(self, characters: str) -> list[int]:
        """Classes of those of ``characters`` that the charset holds."""
        return [self.index[c] for c in characters if c in self.index]

    def to_json(self) -> str:
        return json.dumps({"version": self.version, "characters": self.characters}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Charset:
        fields = json.loads(text)
        return cls(characters=fields["characters"], version=fields["version"])


#: Version 1, of the models up to 0.8.0
CHARSET_1 = Charset(
    PUNCTUATION
    + ARABIC_LETTERS
    + PERSIAN_LETTERS
    + TATWEEL
    + DIACRITICS
    + "".join((ARABIC_INDIC_DIGITS, EXTENDED_DIGITS, WESTERN_DIGITS))
    + LATIN
)
#: Version 2. Append for a version 3; never reorder, so that fine-tuning can keep the rows of shared characters.
DEFAULT_CHARSET = Charset(
    CHARSET_1.characters
    + "".join((URDU_LETTERS, KURDISH_LETTERS, PASHTO_LETTERS, UYGHUR_LETTERS, SINDHI_LETTERS, ZWNJ))
    + "".join((_QURANIC_MARKS, AYAH, RUB, SAJDAH, LATIN_2, SUPERSCRIPTS, CURRENCY_2, MATHS, ARROWS, CHECKS, SIGNS_2, UNKNOWN)),
    version=2,
)


def describe(characters: Iterable[str]) -> str:
    """``U+0041 A, U+200F RIGHT-TO-LEFT MARK``: characters as a person can find them."""
    return ", ".join(
        f"U+{ord(c):04X} {c if c.isprintable() and not unicodedata.combining(c) else unicodedata.name(c, 'unnamed')}"
        for c in sorted(characters)
    )


class FoundDirection(NamedTuple):
    """The base direction of a line, and whether the line itself tells it: else its neighbours may know better."""

    direction: Direction
    is_told: bool


def line_direction(visual: str) -> Direction:
    """The base direction of a line, told from its signs as drawn from left to right: see ``find_direction``."""
    return find_direction(visual).direction


@lru_cache(maxsize=1024)
def find_direction(visual: str) -> FoundDirection:
    """The base direction of a line, told from its signs as drawn from left to right.

    A line whose letters are all Arabic runs from right to left. Others are read in both directions, and the reading with fewer signs
    in a place where nobody types them is taken: a full stop before a word, a bullet or an @ after the last one. Where that does not
    decide, a line with more than an Arabic word for every three Latin ones runs from right to left, and so do Arabic digits; all else
    from left to right. These do not tell it for sure.
    """
    words = visual.split()
    arabic = sum(any(is_rtl(c) for c in word) for word in words)
    latin = sum(0.5 + 0.5 * (sum(map(is_ltr, word)) > 1) for word in words if any(map(is_ltr, word)) and not any(map(is_rtl, word)))
    if not latin and (arabic or any(c in _ARABIC_SIGNS for c in visual)):
        is_tag = arabic and visual[0] in "#@" and visual[1:2].isalpha()  # on an English page
        return FoundDirection("ltr" if is_tag else "rtl", bool(arabic))
    right, left = to_logical(visual, "rtl"), to_logical(visual, "ltr")
    evidence = len(_MISPLACED.findall(right)) - len(_MISPLACED.findall(left))
    if not arabic:
        evidence += len(_DANGLING.findall(right)) - len(_DANGLING.findall(left))
    if evidence:
        return FoundDirection("ltr" if evidence > 0 else "rtl", True)
    if not arabic and (hint := bool(_MONEY_LAST.search(right)) - bool(_MONEY_LAST.search(left))):
        return FoundDirection("ltr" if hint > 0 else "rtl", False)
    return FoundDirection("rtl" if 3 * arabic > latin else "ltr", False)


def text_direction(logical: str) -> Direction:
    """The base direction in which a text is drawn so that ``line_direction`` finds it again; of both, that of its letters."""
    order: tuple[Direction, Direction] = ("rtl", "ltr") if any(map(is_rtl, logical)) else ("ltr", "rtl")
    return next((d for d in order if line_direction(to_visual(logical, d)) == d), "rtl")


def to_logical(visual: str, direction: Direction | None = None) -> str:
    """The order drawn from left to right -> logical order. Of several that look the same, the likeliest.

    ``direction``: the base direction of the line (default: what ``line_direction`` finds).
    """
    return "".join(c for c, _ in logical_signs(visual, direction))


def logical_signs(visual: str, direction: Direction | None = None) -> list[tuple[str, int]]:
    """The characters in logical order, and where in ``visual`` each stands."""
    if (direction or line_direction(visual)) == "rtl":
        return _from_runs(visual_runs(visual), 0)
    signs: list[tuple[str, int]] = []
    at = 0
    for is_island, group in itertools.groupby(_islands(visual), key=lambda piece: piece[1]):
        for piece, _ in group:
            signs += _from_runs(visual_runs(piece), at) if is_island else [(c, at + i) for i, c in enumerate(piece)]
            at += len(piece)
    return signs


def _from_runs(runs: Sequence[tuple[str, bool]], start: int) -> list[tuple[str, int]]:
    """Runs as drawn, read from the last to the first; ``start``: where the first one begins."""
    signs: list[tuple[str, int]] = []
    end = start + sum(len(run) for run, _ in runs)
    for run, ltr in reversed(runs):
        begin = end - len(run)
        signs += (
            [(c, begin + i) for i, c in enumerate(run)]
            if ltr
            else [(c.translate(MIRROR), begin + i) for i, c in reversed(list(enumerate(run)))]
        )
        end = begin
    return signs


@lru_cache(maxsize=1024)
def _islands(visual: str) -> tuple[tuple[str, bool], ...]:
    """A line whose base direction is left to right, in pieces: ``(signs as drawn, is read from right to left)``.

    Between two Latin letters a right-to-left piece reaches from the first Arabic letter to the last, and over the numbers beside them
    if only so it is drawn as it was seen.
    """
    pieces: list[tuple[str, bool]] = []
    for is_latin, group in itertools.groupby(visual, key=is_ltr):
        stretch = "".join(group)
        letters = [i for i, c in enumerate(stretch) if is_rtl(c)]
        if is_latin or not letters:
            pieces.append((stretch, False))
            continue
        before, after = "x" * bool(pieces), "x"
        starts = [letters[0], *(m.start() for m in reversed(list(_NUMBER.finditer(stretch[: letters[0]]))))]
        ends = [letters[-1] + 1, *(letters[-1] + 1 + m.end() for m in _NUMBER.finditer(stretch[letters[-1] + 1 :]))]
        found = (letters[0], letters[-1] + 1)
        for start, end in itertools.islice(itertools.product(starts, ends), 24):
            typed = stretch[:start] + to_logical(stretch[start:end], "rtl") + stretch[end:]
            if to_visual(before + typed + after, "ltr") == before + stretch + after:
                found = (start, end)
                break
        start, end = found
        pieces += [piece for piece in ((stretch[:start], False), (stretch[start:end], True), (stretch[end:], False)) if piece[0]]
    return tuple(pieces)


@lru_cache(maxsize=1024)
def visual_runs(visual: str) -> tuple[tuple[str, bool], ...]:
    """Runs of one direction of a line whose base direction is right to left, from left to right as drawn.

    ``(characters as drawn, is left to right)``. ``to_logical`` reads the runs from the last to the first.
    """
    stretches = _stretches(visual)
    runs: list[tuple[str, bool]] = []
    for i, (has_letters, stretch) in enumerate(stretches):
        if has_letters:
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
    return [(is_rtl, "".join(group)) for is_rtl, group in itertools.groupby(text, key=is_rtl)]


def _is_neutral(character: str) -> bool:
    return bidi_class(character) not in ("L", "EN", "AN")


@lru_cache(maxsize=65536)
def _stretch_runs(drawn: str, letters_left: bool, letters_right: bool) -> tuple[tuple[str, bool], ...]:
    """The runs of a stretch without Arabic letters, as ``visual_runs`` gives them."""
    if phone := _PHONE.search(drawn):  # its + stands at its left where it is set as a piece of its own: no text in one piece is drawn so
        parts = ((drawn[: phone.start()], letters_left, True), (drawn[phone.end() :], True, letters_right))
        before_it, after_it = (_stretch_runs(part, left, right) if part else () for part, left, right in parts)
        return (*before_it, (phone.group(), True), *after_it)
    before, after = _LETTER * letters_right, _LETTER * letters_left
    best: tuple[tuple[str, bool], ...] | None = None
    least_faults = len(drawn) + 1
    tries_left = _MAX_TRIES
    # of an odd number of brackets of one shape one has no partner, whichever way they are drawn
    least_unbalanced = sum(sum(map(drawn.count, pair)) % 2 for pair in _BRACKETS)
    for right_to_left in itertools.islice(_likely_splits(drawn), _MAX_TRIES):
        runs = _split(drawn, right_to_left)
        logical = "".join(text if ltr else text[::-1].translate(MIRROR) for text, ltr in reversed(runs))
        tries_left -= 1
        if not tries_left:
            break
        placed = before + logical + after
        faults = _unbalanced_brackets(logical) + len(_MISPLACED.findall(placed)) + len(_UNIT_FIRST.findall(placed))
        if faults >= least_faults:
            continue
        ordered = "".join(text if ltr else text.translate(MIRROR) for text, ltr in runs)
        typed = before + logical + after
        # the first is part of the second, and far quicker
        if get_display(typed, base_dir="R") == after + ordered + before and to_visual(typed) == after + drawn + before:
            best, least_faults = runs, faults
            if faults <= least_unbalanced:
                break
            tries_left = min(tries_left, _MORE_TRIES)
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
            if open_brackets and open_brackets[-1] == c.translate(MIRROR):
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
    yield frozenset(i for i in edges if stretch[i] not in MIRRORED)  # and with their brackets
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

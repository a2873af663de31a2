"""How a line is set: what a compositor decides, his founts have, and wear has done to them.

Where it stands: ``model/rendering/lines.py`` places glyphs by it; ``model/rendering/fonts.py`` draws each in the way that it says.
Fonts know little of this, and scans of old books are full of it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from model.rendering.fonts import CUTS, DRAWN_AS, HANGINGS, OLD_STOP, RETURNED_YEH, STACKING_FACES, Font, Way, is_book_face
from rasm.text.bidi import Direction
from rasm.text.bidi import drawn_runs as runs_of
from rasm.text.charset import ARABIC_INDIC_DIGITS, EXTENDED_DIGITS, JOINS_NEXT, JOINS_PREVIOUS, LEADER, MARKS, TATWEEL

_SIZES_PX = (28, 34, 40, 46)  # lines of 48 px, set solid, have 34
_KAF, NOT_JOINING = frozenset("كک"), frozenset("اأإآدذرزوؤةىءژ")
_TEETH, _BOWLS = frozenset("بتثنيئ"), frozenset("بتثنف")
_LITTLE_WORDS = frozenset("لا ما يا أو او لو و ولا فلا ألا وما فما ولو".split())
_PERSIAN_FORMS = str.maketrans("ك" + ARABIC_INDIC_DIGITS, "ک" + EXTENDED_DIGITS)
_MODERN_SIZES_PX = (28, 36, 44)
_NOTE_DIGITS = set("0123456789٠١٢٣٤٥٦٧٨٩")


@dataclass(frozen=True)
class Setting:
    """How one line is set. Measures are in sizes of its type where they do not say otherwise."""

    size_px: int
    features: dict[str, bool]  # of OpenType
    tracking: float
    word_space: float  # of the font's own
    little_space: float  # after a little word: لايجوز is printed for لا يجوز
    raised_notes: bool
    jitter_px: float
    apart: float  # hand-set type stands apart, now more, now less, wherever letters do not join
    unevenness: float
    broken: float  # the share of joins where worn sorts do not meet
    cut: int  # see Way
    hung: int  # the same, of a م between two letters
    tooth: float  # how wide a tooth before a last ي is
    bowl: float  # how wide some last letters with a bowl are, to fill the line
    filled: bool
    step_px: float  # joining strokes that are sorts of their own stand lower by so much
    aside_px: float  # vowel signs stand after their letter by so much
    dash_px: float = 0.0  # hyphens stand lower by so much: some faces have them on the baseline

    def gap(self, rng: random.Random, typed: str, at: int, last: int) -> float:
        """How far apart letter ``at`` and the one drawn before it, ``last``, stand more than the font has them."""
        if self.unevenness and typed[at] in NOT_JOINING and typed[last] != " ":
            return max(-0.03, rng.gauss(self.apart, self.unevenness))
        if self.broken and typed[at] in JOINS_NEXT and typed[last] in JOINS_PREVIOUS and rng.random() < self.broken:
            return rng.uniform(0.01, 0.06)
        return 0.0

    def space(self, typed: str, at: int) -> float:
        """How wide a space there is, of the font's own."""
        return self.little_space if typed[at] == " " and typed[:at].rpartition(" ")[2] in _LITTLE_WORDS else self.word_space

    def way(self, rng: random.Random, typed: str, at: int, is_letter: bool, is_medial_meem: bool) -> Way:
        """How a glyph of character ``at`` is drawn."""
        width = 1.0
        if self.tooth != 1 and is_letter and _is_tooth_before_last_yeh(typed, at):
            width = self.tooth
        elif self.bowl != 1 and is_letter and _is_last_bowl(typed, at) and rng.random() < 0.4:
            width = self.bowl
        return Way(self.cut, self.hung if is_medial_meem else 0, width, self.filled)

    def moved(self, rng: random.Random, character: str) -> tuple[float, float]:
        """By how many px a glyph stands further right, and further down, than the font has it."""
        down = rng.gauss(0, self.jitter_px) if self.jitter_px else 0.0
        if character in MARKS:
            return -self.aside_px, down
        if character in "-–":
            return 0.0, down + self.dash_px
        return 0.0, down + (self.step_px if character == TATWEEL else 0.0)


def choose_setting(rng: random.Random, font: Font, *, clean: bool) -> Setting:
    """A setting for a line in this font; ``clean``: in type that is new and whole."""

    def sometimes(share: float) -> bool:
        return not clean and rng.random() < share

    size_px = rng.choice(_SIZES_PX)
    features = rng.choice(({}, {}, {}, {"dlig": True}, {"liga": False}, {"calt": False, "dlig": False}))
    if any(word in Path(font.path).stem.lower() for word in STACKING_FACES):
        features = {}  # without them nothing is stacked, and other faces show that
    if sometimes(0.12):  # vowel signs at one place for all letters, as simpler founts and fonts have them
        features = {**features, "mark": False, "mkmk": False}
    word_space = max(0.35, rng.gauss(1.1, 0.3)) if rng.random() < 0.8 else rng.uniform(0.3, 2.5)
    if sometimes(0.12):  # full lines of metal type: a word's last form tells where it ends, if it has one
        word_space = rng.uniform(0, 0.5)
    apart, unevenness = (abs(rng.gauss(0, 0.05)), rng.uniform(0.01, 0.05)) if rng.random() < 0.4 else (0.0, 0.0)
    # metal type hangs a م below the letter before it. Of Debian's fonts Amiri's alone do, and not in ـتما. A tooth before a last ي is
    # hardly there
    metal = is_book_face(font.path) and sometimes(0.4)
    return Setting(
        size_px=size_px,
        features=features,
        tracking=rng.gauss(0, 0.01) if rng.random() < 0.2 else 0.0,
        word_space=word_space,
        little_space=rng.uniform(0, 0.4) if sometimes(0.2) else word_space,
        raised_notes=rng.random() < 0.6,
        jitter_px=rng.choice((0, 0, 0, 0.6)),
        apart=apart,
        unevenness=unevenness,
        broken=rng.uniform(0.02, 0.3) if sometimes(0.12) else 0.0,
        cut=rng.randint(1, CUTS) if sometimes(0.35) else 0,
        hung=rng.randint(1, HANGINGS) if metal else 0,
        tooth=rng.randint(3, 8) / 10 if metal else 1.0,
        bowl=rng.randint(5, 12) / 4 if sometimes(0.08) else 1.0,
        filled=sometimes(0.1),
        step_px=rng.gauss(0, 0.03) * size_px if sometimes(0.3) else 0.0,
        aside_px=rng.uniform(0.03, 0.3) * size_px if sometimes(0.08) else 0.0,
    )


def choose_modern_setting(rng: random.Random) -> Setting:
    """As programs set a line: by the font's own rules, a space wider where a line is justified."""
    space = 1.0 if rng.random() < 0.6 else rng.uniform(0.85, 1.3) if rng.random() < 0.7 else rng.uniform(1.0, 2.6)
    tracking = 0.0 if rng.random() < 0.85 else rng.uniform(-0.02, 0.08) if rng.random() < 0.7 else rng.uniform(0.08, 0.4)
    size_px = rng.choice(_MODERN_SIZES_PX)
    return Setting(
        size_px=size_px, features={}, tracking=tracking, word_space=space, little_space=space, raised_notes=False,
        jitter_px=0,
        apart=0.0, unevenness=0.0, broken=0.0, cut=0, hung=0, tooth=1.0, bowl=1.0, filled=False, step_px=0.0, aside_px=0.0,
        dash_px=size_px * rng.uniform(0.02, 0.24) if rng.random() < 0.14 else 0.0,
    )  # fmt: skip


def modern_runs(
    rng: random.Random, text: str, coverage: frozenset[str], direction: Direction = "rtl", *, persian: bool = False
) -> list[tuple[str, bool, bool]]:
    """As ``drawn_runs``, of a line that a program sets: nothing is stretched, and dashes are mostly hyphens."""
    leader = rng.choice((".", ".", " .", "_", "…", "·")) * rng.randint(4, 40)
    forms = {c: options[0] if c in "-'*" and rng.random() < 0.8 else rng.choice(options) for c, options in DRAWN_AS.items()}
    curly = forms.pop('"') != '"'
    opened = False
    runs = []
    for run, ltr in runs_of(text, direction):
        piece = ""
        for c in run.translate(_PERSIAN_FORMS) if persian else run:
            if c == '"' and curly:
                opened = not opened
                c = "“" if opened == ltr else "”"
            piece += leader if c == LEADER else forms.get(c, c)
        runs.append((piece, ltr, False))
    return runs


def _ends_signs_on_join(run: str, i: int) -> bool:
    """Whether character ``i`` of a run as drawn is the one next to its letter of the vowel signs between two letters that join."""
    if run[i] not in MARKS or run[i + 1 : i + 2] not in JOINS_NEXT:
        return False
    after = run[:i].rstrip(MARKS)[-1:]
    return after in JOINS_PREVIOUS and not (run[i + 1] == "ل" and after in "اأإآ")


def _is_tooth_before_last_yeh(typed: str, at: int) -> bool:
    """Whether a tooth between two letters stands there, the second of which is the word's last ي or ى."""
    if typed[at] not in _TEETH or typed[at - 1 : at] not in JOINS_NEXT:
        return False
    after = typed[at + 1 :].lstrip(MARKS)
    return after[:1] in ("ي", "ى") and after[1:].lstrip(MARKS)[:1] not in JOINS_PREVIOUS


def _is_last_bowl(typed: str, at: int) -> bool:
    """Whether a word's last letter stands there, and has a bowl that is drawn out to fill a line."""
    return typed[at] in _BOWLS and typed[at + 1 :].lstrip(MARKS)[:1] not in JOINS_PREVIOUS | {TATWEEL}


def drawn_runs(
    rng: random.Random, text: str, coverage: frozenset[str], direction: Direction = "rtl", *, persian: bool = False
) -> list[tuple[str, bool, bool]]:
    """(characters as drawn, is left to right, is a footnote mark), with the printer's forms of dashes, quotes and leaders."""
    leader = rng.choice((".", ".", " .", "·", "-", "_", "…")) * rng.randint(4, 40)
    forms = {c: rng.choice(options) for c, options in DRAWN_AS.items()}
    kashida = TATWEEL * rng.randint(2, 5)
    # short ones are the typeface's and not written down: before ك in much old print, or anywhere in a line that is justified
    stretched, stretch = (_KAF if rng.random() < 0.7 else JOINS_PREVIOUS, rng.uniform(0.1, 0.8)) if rng.random() < 0.3 else ("", 0.0)
    if stretched is JOINS_PREVIOUS:
        stretch *= 0.25
    carried = rng.uniform(0.2, 1) if rng.random() < 0.08 else 0.0  # vowel signs on a short join after their letter
    old_stop = OLD_STOP in coverage and rng.random() < 0.1
    dotless_yeh = rng.random() < 0.08  # Egyptian print: the letter is ي all the same, as its books are transcribed
    returned_yeh = rng.uniform(0.2, 1) if RETURNED_YEH in coverage and rng.random() < 0.07 else 0.0
    runs_drawn = runs_of(text, direction)
    visual = "".join(run for run, _ in runs_drawn)
    notes = set()
    for start, c in enumerate(visual):  # (12) with no space before it, read from the right
        if c == "(":
            end = visual.find(")", start, start + 5)
            if end > start + 1 and set(visual[start + 1 : end]) <= _NOTE_DIGITS and end + 1 < len(visual) and visual[end + 1] != " ":
                notes |= set(range(start, end + 1))
    runs: list[tuple[str, bool, bool]] = []
    at = 0
    for run, ltr in runs_drawn:
        piece = ""
        for i, c in enumerate(run):
            note = at + i in notes
            if piece and note != (at + i - 1 in notes):
                runs.append((piece, ltr, not note))
                piece = ""
            ends_word = i == 0 or run[i - 1] in " .،:"  # the run is as drawn: what follows in reading is before
            if old_stop and c == "." and not ltr:
                piece += OLD_STOP
            elif c in "يى" and ends_word and returned_yeh and rng.random() < returned_yeh:
                piece += RETURNED_YEH
            elif c == "ي" and ends_word and dotless_yeh:
                piece += "ى"
            else:
                piece += leader if c == LEADER else kashida if c == TATWEEL else forms.get(c, c)
            if not ltr and c in stretched and run[i + 1 : i + 2] in JOINS_NEXT and rng.random() < stretch:
                piece += TATWEEL * rng.randint(1, 2)
            if carried and _ends_signs_on_join(run, i) and rng.random() < carried:
                piece += TATWEEL
        at += len(run)
        runs.append((piece.translate(_PERSIAN_FORMS) if persian else piece, ltr, at - 1 in notes))
    return runs

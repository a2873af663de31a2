"""What is done to text: labels are made alike before training, and readings are given the form a caller asks for.

Where it stands: ``preprocess.py`` and ``model/rendering/lines.py`` call ``normalise_label``; the last step of reading is
``apply_profile``. Scoring has its own, coarser normalisation in ``rasm/text/metrics.py``.

Datasets mix characters that look the same (ی/ي, ۲/٢, ?/؟), and a reader of pictures cannot know which one was typed.
``LOOK_ALIKES`` is the table of them: each row can be turned off by its name, for Persian or Urdu say.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rasm.errors import ConfigError
from rasm.text.charset import (
    ARABIC_INDIC_DIGITS,
    DIACRITICS,
    EXTENDED_DIGITS,
    JOINS_NEXT,
    JOINS_PREVIOUS,
    LEADER,
    MARKS,
    TATWEEL,
    UNKNOWN,
    WESTERN_DIGITS,
    ZWNJ,
)
from rasm.text.languages import UNSEEN_ZWNJ


@dataclass(frozen=True)
class LookAlike:
    """One row of the table: characters that one printed sign is typed as, and the one that Rasm writes."""

    name: str
    old: str
    new: str
    reason: str

    @cached_property
    def table(self) -> dict[int, int]:
        return str.maketrans(self.old, self.new if len(self.new) == len(self.old) else self.new * len(self.old))


LOOK_ALIKES = (
    LookAlike(
        "yeh", "یېۍےێ", "ي", "Persian and Pashto yeh are drawn as Arabic yeh inside words; ى with no dots is a letter of its own and stays"
    ),
    LookAlike("kaf", "کڪ", "ك", "Persian keheh is drawn as kaf at the start and inside of words"),
    LookAlike("heh", "ھہەۂ", "ه", "heh doachashmee, goal and ae are typed for heh by Urdu and Kurdish keyboards"),
    LookAlike("teh-marbuta", "ۃ", "ة", "teh marbuta goal is a keyboard variant of teh marbuta"),
    LookAlike("waw", "ۇۆۋ", "و", "waw with a Turkic or Kurdish mark is mostly a mistyped waw in Arabic text"),
    LookAlike("alef", "ٲٳ", "أإ", "alef with wavy hamza is the Kashmiri form of alef with hamza"),
    LookAlike("digits", EXTENDED_DIGITS, ARABIC_INDIC_DIGITS, "seven of the ten Persian digits are drawn as the Arabic-Indic ones"),
    LookAlike("question-mark", "?", "؟", "in a line of Arabic the mark is the Arabic one, whatever was typed"),
    LookAlike("comma", "٬", "،", "the thousands separator is drawn as a comma or an apostrophe"),
    LookAlike("full-stop", "۔", ".", "the Urdu full stop is typed for a full stop"),
    LookAlike("percent", "٪", "%", "the two percent signs differ by the shape of their dots only"),
    LookAlike("star", "٭✱❊✻✽", "*", "ornamental stars differ from fount to fount"),
    LookAlike("dash", "‐‑‒–—―−", "-", "the length of a dash differs from fount to fount, and labels say little about it"),
    LookAlike("double-quote", "“”„‟″", '"', "curly quotes are typed straight as often as not"),
    LookAlike("single-quote", "‘’‚‛′`´ʼ", "'", "curly quotes and apostrophes are typed straight as often as not"),
    LookAlike("bullet", "∙⋅·", "•", "bullets differ from fount to fount"),
)
#: rows that make one of letters which other languages than Arabic tell apart, where both are drawn differently
OTHER_LANGUAGES = ("yeh", "kaf", "heh", "teh-marbuta", "waw", "full-stop", "question-mark")
_ARABIC = re.compile("[\u0621-\u064a\u0671-\u06d3]")
_BY_CONTEXT = {"question-mark"}  # only in a line that has Arabic letters

# U+FDFA ﷺ and its like are one sign on paper: spelling them out would ask eighteen letters of it
_KEPT_FORMS = "ﷺ"
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdfb\ufdfd\ufe70-\ufefc]")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_TATWEELS = re.compile(f"{TATWEEL}+")
_HEH_HAMZA = re.compile(f"ه([{DIACRITICS}]*)\u0654")  # Unicode composes it with ae only, not with heh
_LATIN_LETTER = re.compile("[A-Za-z]")
_LEADERS = re.compile(r"(?:[.…·•_-] ?){4,}(?<! )|…{2,}")
_DIACRITIC = re.compile(f"[{MARKS}]")
_UNKNOWN = re.compile(f" ?{UNKNOWN}+(?: {UNKNOWN}+)* ?")


@dataclass(frozen=True)
class LabelSettings:
    """What ``normalise_label`` does.

    keep_apart: names of rows of LOOK_ALIKES that are turned off. replace: what a dataset's transcribers wrote, and what
    it stands for. digits: "arabic_indic" where they typed 0-9 for a printed ٠-٩. unlabelled: characters that they left
    out although they may be printed; taken out where they are not left out after all, so that no label half has them.
    """

    diacritics: Literal["keep", "strip"] = "keep"
    tatweel: Literal["keep", "strip"] = "keep"
    digits: Literal["as_typed", "arabic_indic"] = "as_typed"
    keep_apart: tuple[str, ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    unlabelled: str = ""
    joiners: Literal["strip", "keep"] = "strip"  # keep: zero-width non-joiners where they are seen, between letters that would join

    def __post_init__(self) -> None:
        known = {row.name for row in LOOK_ALIKES}
        if unknown := set(self.keep_apart) - known:
            raise ConfigError(f"no look-alike is named {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}")


def normalise_label(text: str, settings: LabelSettings = LabelSettings(), changes: Counter[str] | None = None) -> str:
    """One form for every label: NFC, letters for presentation forms, no controls, look-alikes unified, single spaces.

    ``changes`` counts, by the name of the rule, the labels each rule has changed. What comes out is not changed again
    by the same settings. LEADER stays: where ``…`` was typed for three dots, ``replace`` it first.
    """
    changed: set[str] = set()

    def step(name: str, new: str) -> None:
        nonlocal text
        if new != text:
            changed.add(name)
        text = new

    for old, new in settings.replace:
        step(f"replace {old}", text.replace(old, new))
    step("zero-width non-joiner", UNSEEN_ZWNJ.sub("", text) if settings.joiners == "keep" else text.replace(ZWNJ, ""))
    step("controls", _INVISIBLE.sub(lambda m: ZWNJ if m.group() == ZWNJ else "", text))
    step("presentation forms", _PRESENTATION_FORMS.sub(_spell_form, text))
    step("nfc", unicodedata.normalize("NFC", text))
    step("heh with hamza", _HEH_HAMZA.sub(r"ۀ\1", text))
    for row in LOOK_ALIKES:
        if (
            any(c in text for c in row.old)
            and row.name not in settings.keep_apart
            and (row.name not in _BY_CONTEXT or _ARABIC.search(text))
        ):
            step(row.name, text.translate(row.table))
    if settings.digits == "arabic_indic" and not _LATIN_LETTER.search(text):  # beside Latin letters 0-9 is what is printed
        step("western digits", text.translate(str.maketrans(WESTERN_DIGITS, ARABIC_INDIC_DIGITS)))
    step("repeated tatweel", _TATWEELS.sub(TATWEEL, text))  # its length is the printer's, not the writer's
    if settings.tatweel == "strip":
        step("tatweel", text.replace(TATWEEL, ""))
    if settings.diacritics == "strip":
        step("diacritics", _DIACRITIC.sub("", text))
    step("unlabelled", text.translate(dict.fromkeys(map(ord, settings.unlabelled))))
    step("nfc", unicodedata.normalize("NFC", text))  # again: a look-alike of a letter may now compose with its mark
    step("spaces", _SPACES.sub(" ", text).strip())
    step("leaders", _LEADERS.sub(LEADER, text))
    if changes is not None:
        changes.update(changed)
    return text


def _spell_form(match: re.Match[str]) -> str:
    form = match.group()
    return form if form in _KEPT_FORMS else unicodedata.normalize("NFKC", form).strip()


@dataclass(frozen=True)
class Profile:
    """What a caller wants of the text that was read."""

    diacritics: Literal["keep", "strip"] = "keep"
    tatweel: Literal["keep", "strip"] = "keep"
    digits: Literal["as_printed", "western", "arabic_indic"] = "as_printed"
    unknown: Literal["mark", "leave_out"] = "mark"  # signs that no charset has, emoji and logos: as U+FFFD, or not at all


def apply_profile(text: str, profile: Profile) -> str:
    """A reading in the form that ``profile`` asks for. Logical order in and out."""
    if profile.unknown == "leave_out":
        text = _UNKNOWN.sub(lambda m: " " if m.group()[0] == m.group()[-1] == " " else "", text)
    if profile.diacritics == "strip":
        text = _DIACRITIC.sub("", text)
    if profile.tatweel == "strip":
        text = text.replace(TATWEEL, "")
    if profile.digits == "western":
        text = text.translate(str.maketrans(ARABIC_INDIC_DIGITS + EXTENDED_DIGITS, WESTERN_DIGITS * 2))
    elif profile.digits == "arabic_indic":
        text = text.translate(str.maketrans(WESTERN_DIGITS + EXTENDED_DIGITS, ARABIC_INDIC_DIGITS * 2))
    return text


_JOIN = re.compile(f"[{''.join(sorted(JOINS_NEXT))}]({TATWEEL}*)(?=[{''.join(sorted(JOINS_PREVIOUS))}])")
_FEWEST_JOINS, _MOST_WITHOUT = 5, 0.3


def is_spaced_out(text: str) -> bool:
    """Whether nearly all joins of a line's letters are drawn out: so are faces of one width, and letters that a program sets apart. A
    writer lengthens one or two of a word, and a printer those that fill the line."""
    joins = [join.group(1) for join in _JOIN.finditer(_DIACRITIC.sub("", text))]
    return len(joins) >= _FEWEST_JOINS and joins.count("") <= _MOST_WITHOUT * len(joins)


def finish_reading(text: str) -> str:
    """A decoded line as it is given out: NFC, single spaces, and a leader as four dots.

    Four dots, since compatibility normalisation would make of ``…`` an ellipsis of three, which is another sign.
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip().replace(LEADER, "....")

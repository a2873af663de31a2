"""The languages of the script: which one a document is in, and the characters in which each writes the letters that were seen.

Where it stands: after reading. The reader tells shapes, of which one is often two characters: ى and ی at a word's end, ي and ی inside it,
ك and ک at its beginning, ٤ and ۴ in some faces. ``guess_language`` tells the language from all lines of a document, and ``write_in`` gives
each letter the character that this language has for it. ``as_drawn`` goes the other way, for labels of rendered lines.

The letters and words that tell a language were tried on news, books and encyclopaedias of the languages: three lines of 70 signs are told
rightly in what was tried; of Kurdish thirty lines (of ten, 91%).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

from rasm.text.charset import (
    ARABIC_INDIC_DIGITS,
    DIACRITICS,
    EXTENDED_DIGITS,
    MARKS,
    PASHTO_LETTERS,
    SINDHI_LETTERS,
    TATWEEL,
    UYGHUR_LETTERS,
    ZWNJ,
)

#: ISO 639; ckb is Central Kurdish, Sorani
Language = Literal["ar", "fa", "ur", "ckb", "ps", "ug", "sd"]
#: What a caller may ask for. auto: the one that is told by the letters of the whole document
LanguageOption = Literal["auto", "ar", "fa", "ur", "ckb", "ps", "ug", "sd"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_LETTERS = "\u0620-\u063f\u0641-\u064a\u066e-\u06d3\u06d5\u06ee-\u06fc"
_LETTER = re.compile(f"[{_LETTERS}]")
_DIACRITIC = re.compile(f"[{DIACRITICS}]")
_WORD = re.compile(rf"[{_LETTERS}{ZWNJ}]+")
# letters that do not join to the next one
_ENDING = "ءآأؤإاةدذرزوىٱژۀۂۃەۓےڈڑډړڕږڙڊڌڍۆۇۈۋۍ"
_SEEN_ZWNJ = rf"(?<=[{_LETTERS}])(?<![{_ENDING}]){ZWNJ}(?=[{_LETTERS}])(?!ء)"
#: zero-width non-joiners that change nothing that is seen
UNSEEN_ZWNJ = re.compile(rf"(?!{_SEEN_ZWNJ}){ZWNJ}")
_LAST = rf"(?=[{MARKS}]*(?![{_LETTERS}{MARKS}{TATWEEL}]))"  # nothing joins after it

# Letters of a language that Arabic has not, and small words that only it has, both as they are drawn. Persian's letters are in the others,
# too, which have more of their own.
_TELLING: dict[Language, tuple[str, str]] = {
    "fa": ("پچژگ" + ZWNJ, "از را است با براى اين كه كرد شد شده شود مى هاى ها تا كند كنند بود دارد دارند نمى خود ديگر هر نيز هيچ"),
    "ur": ("ٹڈڑںےہ", "اور كا كو پر نہيں سكتا گيا"),
    "ckb": ("ڕڵێۆە", "لە بە كە بۆ ئەو ئەم لەگەڵ هەر"),
    "ps": (PASHTO_LETTERS, "په چې كې يې هغه شوى"),
    "ug": (UYGHUR_LETTERS + "ېۆەھ", "ۋە بىلەن بۇ بىر ھەم"),
    "sd": (SINDHI_LETTERS.replace("ڪ", ""), "جو جى آهى كى ته"),
}
_WORDS = {language: frozenset(words.split()) for language, (_, words) in _TELLING.items()}
_OF_WORDS = 2  # letters that a telling word counts for
# of a text's letters: Arabic has names with گ or پ in them, and a misread letter now and then
_LEAST_SHARE, _LEAST = 0.02, 3

_INTO: dict[Language, dict[int, str]] = {
    "ar": str.maketrans(
        {**dict.fromkeys("ھہەۂ", "ه"), "ۃ": "ة", **dict.fromkeys("ےی", "ي"), "ۓ": "ئ", **dict.fromkeys("کڪ", "ك"), "۔": ".", ZWNJ: ""}
    ),
    "fa": str.maketrans({
        **dict.fromkeys("يىے", "ی"), **dict.fromkeys("كڪ", "ک"), **dict.fromkeys("ھہە", "ه"), **dict.fromkeys("ۀۂ", "ه\u0654"), "۔": "."
    }),
    "ur": str.maketrans({**dict.fromkeys("يى", "ی"), **dict.fromkeys("كڪ", "ک"), **dict.fromkeys("هە", "ہ"), "ۀ": "ۂ", "ة": "ۃ"}),
    "ckb": str.maketrans({**dict.fromkeys("يىے", "ی"), **dict.fromkeys("كڪ", "ک"), **dict.fromkeys("ھہ", "ه"), "۔": ".", ZWNJ: ""}),
    "ps": str.maketrans({**dict.fromkeys("كڪ", "ک"), **dict.fromkeys("ھہە", "ه"), "ى": "ی", "۔": ".", ZWNJ: ""}),
    "ug": str.maketrans({**dict.fromkeys("کڪ", "ك"), **dict.fromkeys("هہ", "ھ"), "ی": "ي", "۔": ".", ZWNJ: ""}),
    "sd": str.maketrans({"ك": "ک", **dict.fromkeys("ہە", "ه"), "ى": "ي", "ی": "ي", "۔": ".", ZWNJ: ""}),
}  # fmt: skip
_LAST_HEH, _LAST_HEH_DOACHASHMEE = re.compile(f"ه{_LAST}"), re.compile(f"ھ{_LAST}")
_EXTENDED_DIGITS_IN = ("fa", "ur", "ps")
_TO_EXTENDED = str.maketrans(ARABIC_INDIC_DIGITS, EXTENDED_DIGITS)

_DRAWN_LETTERS = str.maketrans("ک" + EXTENDED_DIGITS, "ك" + ARABIC_INDIC_DIGITS)
_YEH_AT_END = re.compile(f"ی{_LAST}")


class Evidence:
    """What has been read of a document so far, as far as it tells a language."""

    def __init__(self) -> None:
        self._signs: Counter[str] = Counter()
        self._words: Counter[str] = Counter()

    def add(self, texts: Iterable[str]) -> Evidence:
        for text in texts:
            plain = as_drawn(_DIACRITIC.sub("", text))
            self._signs.update(plain)
            self._words.update(_WORD.findall(plain))
        return self

    @property
    def language(self) -> Language | None:
        """The language that the letters and the small words tell; Arabic where they tell none; None without a letter of the script."""
        total = sum(count for sign, count in self._signs.items() if _LETTER.match(sign))
        told = {
            language: sum(self._signs[c] for c in telling) + _OF_WORDS * sum(self._words[word] for word in _WORDS[language])
            for language, (telling, _) in _TELLING.items()
        }
        best = max(told, key=lambda language: told[language])
        return best if told[best] >= max(_LEAST, _LEAST_SHARE * total) else "ar" if total else None


def guess_language(texts: Iterable[str]) -> Language:
    """The language of a document's texts; Arabic where they tell none."""
    return Evidence().add(texts).language or "ar"


def write_in(text: str, language: Language) -> str:
    """A reading with the characters in which a language writes the letters that were seen. Logical order in and out.

    Digits between Persian, Urdu or Pashto words become theirs; 0-9 stay.
    """
    text = letters_in(text, language)
    if language == "ckb":
        text = _LAST_HEH.sub("ە", text)
    elif language == "ug":
        text = _LAST_HEH_DOACHASHMEE.sub("ە", text)
    if language in _EXTENDED_DIGITS_IN:
        text = text.translate(_TO_EXTENDED)
    return UNSEEN_ZWNJ.sub("", text)


def letters_in(text: str, language: Language) -> str:
    """Signs as a language writes them wherever they stand. Persian types heh with hamza as two characters (ISIRI 6219)."""
    return text.translate(_INTO[language])


def as_drawn(text: str) -> str:
    """A text of one of these languages with one class for each shape, as the reader tells them: the inverse of ``write_in``, nearly."""
    return _YEH_AT_END.sub("ى", text.replace("ه\u0654", "ۀ").translate(_DRAWN_LETTERS)).replace("ی", "ي")

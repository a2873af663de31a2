"""How wrong a reading is: edit rates, raw and under documented normalisations.

Where it stands: used by ``train.py`` (validation), ``export.py --int8`` and ``evaluation/``. A rate is edits divided by the
length of the reference, over the whole set and not averaged over lines, as OCR-D and ocreval have it.
Edit distances come from RapidFuzz.

=============  =====================================================================================================
raw            NFC and single spaces, nothing else
normalised     NFKC; no diacritics, tatweel or control marks; look-alike letters and the three digit sets unified;
               ``? , ;`` as ``؟ ، ؛``; leaders of four or more dots or dashes as one ``…``; single spaces
kitab          KITAB-Bench's own: no diacritics (U+064B-U+065F, U+0670) or tatweel; أإآٱ -> ا, ة -> ه, ى -> ي; single
               spaces. Nothing else is touched, neither digits nor compatibility forms, so that published figures compare
letters        normalised, then KITAB-Bench's folding, without punctuation and symbols
=============  =====================================================================================================

Source of ``kitab``: ``preprocess_arabic_text`` in ``ocr-eval/metrics.py`` of github.com/mbzuai-oryx/KITAB-Bench (Heakl et al. 2025,
arXiv:2502.14949). Its CER and WER are torchmetrics' ``CharErrorRate`` and ``WordErrorRate``: over the set, as here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from rasm.text.charset import ARABIC_INDIC_DIGITS, DIACRITICS, EXTENDED_DIGITS, TATWEEL, WESTERN_DIGITS
from rasm.text.normalisation import LOOK_ALIKES

_LETTER_ROWS = {"yeh", "kaf", "heh", "teh-marbuta", "waw", "alef"}
#: character by character: look-alike letters, digit sets and ``? , ;``
UNIFIED = {k: v for row in LOOK_ALIKES if row.name in _LETTER_ROWS for k, v in row.table.items()}
UNIFIED |= str.maketrans(ARABIC_INDIC_DIGITS + EXTENDED_DIGITS, WESTERN_DIGITS * 2)
UNIFIED |= str.maketrans("?,;", "؟،؛")
UNIFIED |= str.maketrans("ۀۂ", "هه")  # hamza above is a mark where it is typed apart, and marks do not count
_MARKS = re.compile(f"[{DIACRITICS}{TATWEEL}\u0610-\u061a\u0653-\u065f\u06d6-\u06ed]")
_LEADERS = re.compile(r"[.…]{4,}|[-‐‑‒–—―_]{4,}")
_FOLD = str.maketrans("أإآٱةى", "ااااهي")
_KITAB = _FOLD | dict.fromkeys((*range(0x064B, 0x0660), 0x0670, ord(TATWEEL)))


def raw(text: str) -> str:
    """NFC and single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def normalised(text: str) -> str:
    """See the table at the top of this file."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
    text = _MARKS.sub("", text).translate(UNIFIED)
    return " ".join(_LEADERS.sub("…", text).split())


def kitab(text: str) -> str:
    """KITAB-Bench's normalisation, as published: see the table at the top of this file."""
    return " ".join(text.translate(_KITAB).split())


def letters(text: str) -> str:
    """KITAB-Bench's folding without punctuation: what is left is letters, digits and single spaces."""
    text = normalised(text).translate(_FOLD)
    return " ".join("".join(c if c.isalnum() else " " if c.isspace() else "" for c in text).split())


NORMALISATIONS: dict[str, Callable[[str], str]] = {"raw": raw, "normalised": normalised, "kitab": kitab, "letters": letters}


@dataclass(frozen=True)
class Rates:
    """Error rates of a set of lines, and the share of lines without an error."""

    cer: float
    wer: float
    exact: float
    lines: int
    characters: int


def error_rates(references: Iterable[str], readings: Iterable[str], normalise: Callable[[str], str] = raw) -> Rates:
    """Character and word error rates, over the set. Both sides are normalised by ``normalise``."""
    edits = characters = word_edits = words = exact = lines = 0
    for reference, reading in zip(references, readings, strict=True):
        reference, reading = normalise(reference), normalise(reading)
        edits += (distance := Levenshtein.distance(reference, reading))
        characters += len(reference)
        word_edits += Levenshtein.distance(reference.split(), reading.split())
        words += len(reference.split())
        exact += distance == 0
        lines += 1
    return Rates(edits / max(1, characters), word_edits / max(1, words), exact / max(1, lines), lines, characters)

"""How many words of a page come back: in any order, and in the order in which they are to be read.

Where it stands: called by ``evaluation/scoring.py``. Both texts are normalised as for CER, and punctuation stands apart from words and is
left out: a comma that is missed makes no word wrong. A word of both scripts counts as Latin, one of letters and digits by its letters.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

from rapidfuzz.distance import LCSseq

from evaluation.alignment import kind_of
from rasm.text import metrics

SCRIPTS = ("arabic", "digits", "latin")


def count_words(truth: str, read: str) -> dict[str, int]:
    """``words``: of the truth. ``words found``: those that the reading has as well, as often. ``words in order``: the most of them that
    follow each other there as in the truth (longest common subsequence). Of each script its words, and those found."""
    wanted, got = words_of(truth), words_of(read)
    found = Counter(wanted) & Counter(got)
    counts = {"words": len(wanted), "words found": found.total(), "words in order": LCSseq.similarity(wanted, got)}
    of_script, found_of = Counter(map(script_of, wanted)), Counter(map(script_of, found.elements()))
    for script in SCRIPTS:
        counts |= {f"words {script}": of_script[script], f"words {script} found": found_of[script]}
    return counts


def words_of(text: str) -> list[str]:
    return "".join(c if _in_words(c) else " " for c in metrics.normalised(text)).split()


@lru_cache(maxsize=4096)
def _in_words(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


@lru_cache(maxsize=65536)
def script_of(word: str) -> str:
    kinds = set(map(kind_of, word))
    return "latin" if "latin" in kinds else "arabic" if "letters" in kinds else "digits" if "digits" in kinds else "other"

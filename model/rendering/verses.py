"""Verses of the Quran, as texts of it are spelt: that of the King Fahd Complex, and that of Tanzil, which is made of it.

Where it stands: ``model/rendering/texts.py`` draws passages of the Complex's text, and this spells them.
"""

from __future__ import annotations

import random
import re

from model.rendering.ornaments import TO_ARABIC_INDIC
from rasm.text.charset import AYAH

# the Complex writes its sequential tanwin with other characters than Unicode has for them now
TANWIN = str.maketrans("\u0657\u065e\u0656", "\u08f0\u08f1\u08f2")
_PAUSES = "\u06d6\u06d7\u06d8\u06d9\u06da\u06db"
_PAUSE = re.compile(f"[{_PAUSES}]")
# Tanzil: one kind of tanwin, the round sukun, and a small zero over what is not said
_OF_TANZIL = str.maketrans("\u08f0\u08f1\u08f2\u06e1\u0652", "\u064b\u064c\u064d\u0652\u06df")
_LAST_YEH = re.compile("ي(?=[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u08d3-\u08ff]*(?:[\\sء]|$))")


def as_spelt(rng: random.Random, text: str) -> str:
    """A passage of the Complex's text in one of both ways, with numbers of verses between its words."""
    text = text.translate(TANWIN)
    if rng.random() < 0.5:
        text = text.translate(_OF_TANZIL)
        if rng.random() < 0.8:
            text = _LAST_YEH.sub("ى", text)
        if rng.random() < 0.8:  # pauses stand apart from their words
            text = _PAUSE.sub(r" \g<0>", text)
    if rng.random() < 0.3:  # some pauses stand in a few verses alone
        text = _PAUSE.sub(lambda mark: rng.choice(_PAUSES), text)
    words = text.split()
    if rng.random() < 0.15:
        i = rng.randrange(len(words))
        words[i] += rng.choice(("", " ")) + rng.choice(_PAUSES)
    if rng.random() < 0.6:
        for _ in range(rng.choice((1, 1, 2))):
            words.insert(rng.randint(0, len(words)), AYAH + str(int(286 ** rng.random())).translate(TO_ARABIC_INDIC))  # most are low
    return " ".join(words)

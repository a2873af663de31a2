"""Whether the text that a PDF's page says itself is what is seen on it: a few lines of its picture are read and compared.

Where it stands: ``rasm/pages/reader.py`` asks it before it believes a text layer. Scans carry what some OCR made of them: Latin
gibberish where it knew no Arabic. Fonts name letters wrongly, or not at all. Words are stored backwards, ligatures turned around,
letters parted by spaces. None of that can be told from the text alone, since any string of letters may be a text.

What is compared is the order of letters, where words end, and lam-alefs. A hard typeface is read with errors, of which the reader's
confidence says how many: so many fewer letters need agree.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rasm.document import Box, Line
from rasm.lines.recognizer import Reading
from rasm.text.charset import TATWEEL, WESTERN_DIGITS
from rasm.text.normalisation import LOOK_ALIKES


@dataclass(frozen=True)
class AgreementSettings:
    """When a text layer is believed. The numbers stand between what was seen of sound and of unsound layers: of ten pages of KITAB-Bench's
    PDFs and of Chromium's the letters agreed to 0.99 and more of what was sure, of two with unsound text to 0.60 and less.

    lines: how many are read of a page, from all over it. least_letters: of a line, to be worth it. split: the share of words that are a
    letter or two, from which on a line is read besides: its words may be parted. least_sure: lines that are read less surely say nothing.
    agree: the least share of letters that are the same, of those that are sure to be read right. spaces: the greatest share of the layer's
    spaces that are not read, and of those read that the layer has not. covered: of the lines seen on the page, the least share by length
    that the layer has text for.
    """

    lines: int = 4
    least_letters: int = 6
    split: float = 0.4
    least_sure: float = 0.6
    agree: float = 0.88
    spaces: float = 0.3
    covered: float = 0.7


SETTINGS = AgreementSettings()
_LEAST_SPLIT = 3  # words

_FOLDED = {k: v for row in LOOK_ALIKES for k, v in row.table.items()} | str.maketrans("أإآٱىة", "ااااىه") | {ord("ى"): "ي"}
_DIGITS = {ord(c): WESTERN_DIGITS[unicodedata.digit(c)] for c in map(chr, range(0x660, 0x6FA)) if c.isdigit()}


@dataclass(frozen=True)
class Agreement:
    """What texts and readings have in common. letters: the share that is the same. sure: the share that was to be expected. new_spaces: of
    the layer's spaces, those that were not read. lost_spaces: the other way around. whole, turned: words with lam-alefs."""

    letters: float
    sure: float
    new_spaces: float
    lost_spaces: float
    whole: int
    turned: int

    def is_sound(self, settings: AgreementSettings = SETTINGS) -> bool:
        same = self.letters >= settings.agree * self.sure
        return same and max(self.new_spaces, self.lost_spaces) <= settings.spaces and self.turned <= self.whole


def sample(lines: Sequence[Line], settings: AgreementSettings = SETTINGS) -> list[Line]:
    """Lines from all over a page, the longest of each part; none that stand upright."""
    fit = [line for line in lines if _letters(line.text) >= settings.least_letters and _is_level(line.box)]
    parts = [fit[len(fit) * k // settings.lines : len(fit) * (k + 1) // settings.lines] for k in range(settings.lines)]
    return [max(part, key=lambda line: _letters(line.text)) for part in parts if part]


def most_split(lines: Sequence[Line], settings: AgreementSettings = SETTINGS) -> Line | None:
    """The line whose words most look like parted letters, if any does."""
    fit = [line for line in lines if len(line.words) >= _LEAST_SPLIT and _is_level(line.box)]
    line = max(fit, key=_singles, default=None)
    return line if line is not None and _singles(line) >= settings.split else None


def _singles(line: Line) -> float:
    """The share of its words that are a letter, or two."""
    return sum(len(word.text) <= 2 and word.text.isalpha() for word in line.words) / len(line.words)


def compare(pairs: Sequence[tuple[str, Reading]], settings: AgreementSettings = SETTINGS) -> Agreement | None:
    """Texts of lines and their readings; None where nothing was read surely enough to say anything."""
    sure = [(line, reading) for line, reading in pairs if reading.confidence >= settings.least_sure and _letters(reading.text)]
    if not sure:
        return None
    same = length = new = lost = given = seen = whole = turned = 0
    expected = 0.0
    for line, reading in sure:
        said, read = folded(line), folded(reading.text)
        a, b = said.replace(" ", ""), read.replace(" ", "")
        blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        same += 2 * sum(block.size for block in blocks)
        length += len(a) + len(b)
        expected += reading.confidence * (len(a) + len(b))
        in_said, in_read = _spaces(said), _spaces(read)
        # only between letters that are the same and side by side in both
        places = [(block.a + k, block.b + k) for block in blocks for k in range(1, block.size)]
        given += sum(i in in_said for i, _ in places)
        seen += sum(j in in_read for _, j in places)
        new += sum(i in in_said and j not in in_read for i, j in places)
        lost += sum(i not in in_said and j in in_read for i, j in places)
        whole += sum("لا" in word for word in set(said.split()) & set(read.split()))
        turned += _turned(said.split(), read.split())
    return Agreement(same / max(1, length), expected / max(1, length), new / max(1, given), lost / max(1, seen), whole, turned)


def folded(text: str) -> str:
    """Letters and digits, in words: without signs above and below, and with letters alike that typists mix up."""
    text = unicodedata.normalize("NFKC", text).replace(TATWEEL, "")
    text = "".join(c for c in text if not unicodedata.combining(c)).translate(_FOLDED).translate(_DIGITS).lower()
    return " ".join("".join(c if c.isalnum() else " " if c.isspace() else "" for c in text).split())


def _letters(text: str) -> int:
    return sum(c.isalpha() for c in text)


def _is_level(box: Box) -> bool:
    return box[2] - box[0] > box[3] - box[1]


def _spaces(text: str) -> set[int]:
    """Before which letters they stand, spaces not counted."""
    places: set[int] = set()
    at = 0
    for c in text:
        if c == " ":
            places.add(at)
        else:
            at += 1
    return places


def _turned(said: Sequence[str], read: Sequence[str]) -> int:
    """Words that are as they were read once their alef-lams are lam-alefs."""
    missing = set(read) - set(said)
    return sum(_with_lam_alefs(word) & missing != set() for word in set(said) - set(read))


def _with_lam_alefs(word: str) -> set[str]:
    places = [i for i in range(len(word) - 1) if word[i : i + 2] == "ال"]
    return {word[:i] + "لا" + word[i + 2 :] for i in places} | {word.replace("ال", "لا"), word[:2] + word[2:].replace("ال", "لا")}

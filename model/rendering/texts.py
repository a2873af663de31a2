"""What rendered lines say: passages of the user's texts, with the habits of printers and what running prose lacks.

Where it stands: ``model/rendering/lines.py`` draws what ``TextSampler.sample`` returns. Prose alone hardly shows a reader dates,
footnote marks, leaders, phone numbers, Latin words or Persian letters, so they are mixed in. Old print has spaces before commas,
no hamza on alef, and elongated joins.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rasm.errors import DatasetError
from rasm.text.charset import ARABIC_INDIC_DIGITS, DIACRITICS, EXTENDED_DIGITS, LEADER, TATWEEL, WESTERN_DIGITS, Charset
from rasm.text.normalisation import LabelSettings, normalise_label

_PLACEHOLDER = re.compile(r"(?<!\S):\w+|\{[^}]*\}|<[^>]*>|%\w|\|")
_DIACRITIC = re.compile(f"[{DIACRITICS}]")
_SPACE_BEFORE = re.compile(r" ?([،؛:؟!.])(?= |$)")
_HAMZA = str.maketrans("أإآ", "ااا")
_TO_ARABIC_INDIC = str.maketrans(WESTERN_DIGITS, ARABIC_INDIC_DIGITS)
_TO_WESTERN = str.maketrans(ARABIC_INDIC_DIGITS + EXTENDED_DIGITS, WESTERN_DIGITS * 2)
# letters that join to the next one, and those that can be joined to: a kashida goes between two of them
JOINS_NEXT = set("بتثجحخسشصضطظعغفقكلمنهيئپچگک")
JOINS_PREVIOUS = JOINS_NEXT | set("ادذرزوةىأإآؤژ")
_RARE_LETTERS = "ؤئآإأءظغثذضزطپچژڤگٱ"
_RARE_SIGNS = "ﷺ؛؟!«»[](){}*/+=%°×&#@§•\"'_"
_LATIN = """
the of and in to University Press London Paris Oxford Cambridge Journal Vol. No. pp. op. cit. Ibid. ed. New York Beirut Cairo
History Middle East Arabic Islamic Studies Report Economic Development International Revue de la du des et Études Histoire société
Encyclopædia Windows Google PDF GDP UNESCO OPEC API HTML email online system data model Smith Brockelmann Nöldeke Massignon
Geschichte der und für A B C D x y z km kg cm mm USD EUR DNA CO2 www.example.com info@example.org
""".split()
_UNITS = """
ريال دينار درهم جنيه ليرة دولار يورو مليون ألف كغ كجم غ سم م مم كم متر طن لتر ساعة دقيقة يوم سنة درجة SAR EGP kg km cm mm MB GB
""".split()
_LATIN_WORD = re.compile(r"(?<![\w:{<%@/.])[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’-]+")
_MONTHS = """
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر محرم صفر رجب شعبان رمضان شوال آذار نيسان أيار حزيران تموز
""".split()


@dataclass(frozen=True)
class TextSource:
    """Passages of one folder (or file), and how often they are drawn from against the other sources."""

    name: str
    passages: list[str]
    weight: float


def load_texts(paths: Sequence[str]) -> list[TextSource]:
    """Sources from ``PATH`` or ``PATH=WEIGHT``: a .txt file or a folder of them, one passage a line.

    Without a weight a source counts by the square root of its size, so that a large one does not drown the others.
    """
    sources = []
    for spec in paths:
        path_text, _, weight = spec.partition("=")
        path = Path(path_text)
        files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        passages: list[str] = []
        for file in files:
            try:
                passages += [p for line in file.read_text(encoding="utf-8").splitlines() if len(p := line.strip()) > 1]
            except (OSError, UnicodeDecodeError) as e:
                raise DatasetError(f"{file}: cannot be read as UTF-8 text ({type(e).__name__})") from e
        if not passages:
            raise DatasetError(f"{path}: no .txt file with text in it")
        try:
            sources.append(TextSource(path.name, passages, float(weight) if weight else sum(map(len, passages)) ** 0.5))
        except ValueError as e:
            raise DatasetError(f"{spec}: the weight after = is not a number") from e
    return sources


class TextSampler:
    """Draws lines of text. Everything comes from the ``random.Random`` that is passed in.

    ``as_written``: passages as they stand, for measuring; nothing is mixed in, no diacritic is left out.
    """

    def __init__(self, sources: list[TextSource], charset: Charset, *, as_written: bool = False) -> None:
        self.as_written = as_written
        self.sources = sources
        self.weights = [s.weight for s in sources]
        self.charset = charset
        self._letters, self._signs = ([c for c in rare if not charset.missing(c)] for rare in (_RARE_LETTERS, _RARE_SIGNS))
        found = {w for source in sources for passage in source.passages for w in _LATIN_WORD.findall(passage)}
        # in the order of the alphabet, so that the seed alone decides; the words of references as often as all others
        others = sorted(w for w in found if not charset.missing(w))
        self._latin = _LATIN * max(1, len(others) // len(_LATIN)) + others

    def sample(self, rng: random.Random, characters: int) -> str:
        """A line of about ``characters`` characters in logical order, all of the charset, normalised as labels are."""
        for _ in range(20):
            kind = rng.random()
            if self.as_written:
                text = self._passage(rng, characters)
            elif kind < 0.04:
                text = self._foreign(rng, characters)
            elif kind < (0.28 if characters <= 16 else 0.13):  # short lines are mostly cells of tables and page numbers
                text = _numbers(rng, self._passage(rng, characters), characters)
            else:
                text = self._habits(rng, self._passage(rng, characters))
            text = normalise_label(text, LabelSettings())
            if missing := self.charset.missing(text):
                text = normalise_label("".join(c for c in text if c not in missing), LabelSettings())
            if text:
                return text
        return "الكتاب"

    def _passage(self, rng: random.Random, characters: int) -> str:
        source = rng.choices(self.sources, self.weights)[0]
        words: list[str] = []
        while sum(map(len, words)) + len(words) < characters:
            new = _PLACEHOLDER.sub(" ", rng.choice(source.passages)).split()
            if not new:
                continue
            start = rng.randrange(len(new)) if len(new) > 4 else 0
            words += new[start : start + 40]
        while len(words) > 1 and sum(map(len, words)) + len(words) - 1 > characters:
            words.pop()
        return " ".join(words)

    def _foreign(self, rng: random.Random, characters: int) -> str:
        """Latin words, as titles, names and references have them: capitals, initials, commas, years; addresses and numbers of things."""
        words: list[str] = []
        while not words or sum(map(len, words)) + len(words) < characters:
            kind = rng.random()
            word = rng.choice(self._latin)
            if kind < 0.12:
                word = f"{chr(rng.randint(65, 90))}."
            elif kind < 0.2:
                word = str(rng.randint(1, 2030))
            elif kind < 0.5:
                word = word[:1].upper() + word[1:]
            elif kind < 0.57:
                word = word.upper()
            elif kind < 0.65:
                word = _address(rng, word, rng.choice(self._latin))
            elif kind < 0.69:
                word = f"{word[:3].upper()}{rng.choice(('-', '-', '', '/', ' '))}{rng.randint(1, 99999):0{rng.randint(1, 5)}}"
            words.append(word + (rng.choice(",,,:;-.") if rng.random() < 0.12 else ""))
        text = " ".join(words).rstrip(",:;-")
        return text.upper() if rng.random() < 0.12 else text

    def _habits(self, rng: random.Random, text: str) -> str:
        chance = rng.random
        if _DIACRITIC.search(text):
            if (p := chance()) < 0.15:
                text = _DIACRITIC.sub("", text)
            elif p < 0.5:  # partly vowelled, as most print is
                kept = rng.uniform(0.05, 0.5)
                text = _DIACRITIC.sub(lambda m: m.group() if chance() < kept else "", text)
        if chance() < 0.12:
            text = text.translate(_HAMZA)
        words = text.split()
        if chance() < 0.3:
            for _ in range(rng.choice((1, 1, 2))):
                words.insert(rng.randint(0, len(words)), _ornament(rng))
        if chance() < 0.12 and words:  # a footnote mark, close to its word
            i = rng.randrange(len(words))
            words[i] += rng.choice(("({})", "({})", "[{}]", "{}")).format(rng.randint(1, 20))
        if chance() < 0.15 and words:
            i = rng.randrange(len(words))
            j = min(len(words), i + rng.randint(1, 4))
            opening, closing = rng.choice(("«»", "«»", "()", "()", "[]", '""', "﴿﴾", "﴿﴾", "{}"))
            gap = rng.choice(("", "", "", " "))
            words[i], words[j - 1] = opening + gap + words[i], words[j - 1] + gap + closing
        if chance() < 0.1:
            foreign = self._foreign(rng, rng.randint(2, 24))
            words.insert(rng.randint(0, len(words)), rng.choice(("{}", "{}", "({})", '"{}"')).format(foreign))
        if chance() < 0.12 and words:  # rare characters get their share
            i = rng.randrange(len(words))
            if chance() < 0.5:
                at = rng.randint(0, len(words[i]))
                words[i] = words[i][:at] + rng.choice(self._letters) + words[i][at:]
            else:
                words[i] = rng.choice(("{1}{0}", "{0}{1}", "{0} {1}")).format(words[i], rng.choice(self._signs))
        if chance() < 0.25 and words:  # commas and stops, where the text has few
            i = rng.randrange(len(words))
            words[i] += rng.choice("،،،،..:؛؟!-")
        text = " ".join(words)
        if chance() < 0.02:
            text += f" {LEADER} {rng.randint(1, 400)}"
        if (p := chance()) < 0.35:  # the old habit: a space before the mark as well
            text = _SPACE_BEFORE.sub(r" \1", text)
        elif p < 0.37:  # and none after it
            text = re.sub(r" ?([،؛:]) ", r"\1", text)
        if (p := chance()) < 0.75:
            text = text.translate(_TO_ARABIC_INDIC)
        elif p < 0.9:
            text = text.translate(_TO_WESTERN)
        if chance() < 0.12:
            text = _elongate(rng, text)
        return text


def _numbers(rng: random.Random, words: str, characters: int) -> str:
    """A line of figures: page numbers, cells and rows of tables, headings' numbers; sometimes after ``words``."""
    most = 10 ** rng.randint(1, 5)
    pieces = words.split()[: rng.randint(1, 3)] if characters > 12 and rng.random() < 0.4 else []
    if pieces and rng.random() < 0.5:
        pieces[-1] += rng.choice((":", ":", " :"))
    while not pieces or (len(pieces) < 9 and sum(map(len, pieces)) + 3 * len(pieces) < characters):
        kind = rng.random()
        pieces.append(_ornament(rng) if kind < 0.2 else _phone(rng) if kind < 0.3 else _figure(rng, most))
    text = " ".join(pieces)
    return text.translate(_TO_ARABIC_INDIC) if rng.random() < 0.5 else text


def _figure(rng: random.Random, most: int) -> str:
    """A figure as tables and bills have it. The comma of the Arabic keyboard stands for the decimal point in much print."""
    figure = str(rng.randint(0, most))
    if rng.random() < 0.15:
        figure = f"{rng.randint(1000, 10 ** rng.randint(4, 9)):,}".replace(",", rng.choice(",,،."))
    if rng.random() < 0.35:
        figure += rng.choice("..،،,") + str(rng.randint(0, 99)).zfill(rng.randint(1, 3))
    if rng.random() < 0.65:
        return figure
    if rng.random() < 0.2:
        return f"{figure} {rng.choice(_UNITS)}"
    if rng.random() < 0.6:  # the sign that is most easily taken for figures
        return rng.choice(("{}%", "{}%", "%{}", "%{}", "{} %")).format(figure)
    return rng.choice(("({})", "-{}", "{}-", "+{}", "${}", "{} $", "{}.", "{}/")).format(figure)


def _phone(rng: random.Random) -> str:
    """Groups of digits."""
    groups = [str(rng.randint(0, 10**n - 1)).zfill(n) for n in (rng.randint(2, 7) for _ in range(rng.randint(1, 4)))]
    return rng.choice(("+", "+", "00", "0", "", "")) + rng.choice(("-", "-", " ", " ", "")).join(groups)


def _address(rng: random.Random, name: str, site: str) -> str:
    """Of mail or of the web."""
    name, site = name.strip(".").lower(), site.strip(".").lower() + rng.choice((".com", ".com", ".org", ".net", ".sa", ".gov.eg"))
    return rng.choice((f"{name}@{site}", f"{name}.{site[:4]}@{site}", f"www.{site}", f"https://{site}/{name}", f"http://www.{site}"))


def _ornament(rng: random.Random) -> str:
    """One of the things that stand between words: dates, ranges, amounts, list marks, references."""
    n, year = rng.randint(1, 400), rng.randint(1, 2030)
    return rng.choice(
        (
            lambda: f"{rng.randint(1, 30)}/{rng.randint(1, 12)}/{year}",
            lambda: f"{rng.randint(1, 30)} {rng.choice(_MONTHS)} {year}",
            lambda: f"{year}{(dash := rng.choice('-/'))}{rng.randint(1, 12):02}{dash}{rng.randint(1, 31):02}",
            lambda: f"{year}-{year + rng.randint(1, 20)}",
            lambda: f"({year} - {year + rng.randint(1, 20)})",
            lambda: f"{year} / {year + rng.randint(1, 600)}",
            lambda: f"{rng.randint(1, 99)}{rng.choice('.,')}{rng.randint(0, 99)}",
            lambda: _figure(rng, 100),
            lambda: f"{rng.randint(1, 999)},{rng.randint(0, 999):03}",
            lambda: f"{rng.randint(1, 99)},{rng.randint(0, 999):03}.{rng.randint(0, 99):02} $",
            lambda: f"${rng.randint(1, 9999)}",
            lambda: _phone(rng),
            lambda: _phone(rng),
            lambda: f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}",
            lambda: f"ص {n}",
            lambda: f"ص {n} - {n + rng.randint(1, 9)} .",
            lambda: f"ج {rng.randint(1, 12)} ، ص {n}",
            lambda: f"{rng.randint(1, 40)} -",
            lambda: f"{rng.randint(1, 40)}.",
            lambda: f"({rng.randint(1, 40)})",
            lambda: f"{rng.choice('أابجدهوز')} -",
            lambda: f"{rng.choice('أابجدهوز')})",
            lambda: f"سنة {year} ه",
            lambda: f"{year} م",
            lambda: "-",
            lambda: "*",
            lambda: "...",
            lambda: f"pp. {n}-{n + 7}",
            lambda: f"Vol. {rng.randint(1, 40)}",
            lambda: f"[{n}]",
            lambda: f"{{{rng.randint(1, 40)}}}",
            lambda: str(n),
        )
    )()


def _elongate(rng: random.Random, text: str) -> str:
    """Kashidas at some of the joins between letters, one tatweel each: how long it is drawn is the printer's."""
    joins = [i + 1 for i in range(len(text) - 1) if text[i] in JOINS_NEXT and text[i + 1] in JOINS_PREVIOUS]
    chosen = set(rng.sample(joins, min(len(joins), rng.randint(1, 6))))
    return "".join(TATWEEL + c if i in chosen else c for i, c in enumerate(text))

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
from typing import NamedTuple

from model.rendering import kinds as kinds
from model.rendering import ornaments
from model.rendering.ornaments import TO_ARABIC_INDIC
from model.rendering.verses import TANWIN, as_spelt
from rasm.errors import DatasetError
from rasm.text.bidi import Direction
from rasm.text.charset import (
    ARABIC_INDIC_DIGITS,
    DIACRITICS,
    EXTENDED_DIGITS,
    JOINS_NEXT,
    JOINS_PREVIOUS,
    KURDISH_LETTERS,
    LEADER,
    PASHTO_LETTERS,
    SINDHI_LETTERS,
    TATWEEL,
    UNKNOWN,
    URDU_LETTERS,
    UYGHUR_LETTERS,
    WESTERN_DIGITS,
    ZWNJ,
    Charset,
)
from rasm.text.languages import as_drawn, guess_language
from rasm.text.normalisation import OTHER_LANGUAGES, LabelSettings, normalise_label

_PLACEHOLDER = re.compile(r"(?<!\S):\w+|\{[^}]*\}|<[^>]*>|%\w|\|")
_DIACRITIC = re.compile(f"[{DIACRITICS}]")
_SPACES = re.compile(r"\s+")
# what documents of today have beside Arabic prose
_OF_TODAY, _OF_TODAY_WEIGHTS = zip(
    ("latin", 0.15), ("items", 0.23), ("mixed", 0.16), ("list", 0.11), ("language", 0.22), ("verse", 0.14), ("signs", 0.05), strict=True
)  # fmt: skip
_SPACE_BEFORE = re.compile(r" ?([،؛:؟!.])(?= |$)")
_HAMZA = str.maketrans("أإآ", "ااا")
_TO_WESTERN = str.maketrans(ARABIC_INDIC_DIGITS + EXTENDED_DIGITS, WESTERN_DIGITS * 2)
_RARE_LETTERS = "ؤئآإأءظغثذضزطپچژڤگٱ"
_RARE_SIGNS = "ﷺ؛؟!«»[](){}*/+=%°×&#@§•\"'_"
_LATIN = """
the of and in to University Press London Paris Oxford Cambridge Journal Vol. No. pp. op. cit. Ibid. ed. New York Beirut Cairo
History Middle East Arabic Islamic Studies Report Economic Development International Revue de la du des et Études Histoire société
Encyclopædia Windows Google PDF GDP UNESCO OPEC API HTML email online system data model Smith Brockelmann Nöldeke Massignon
Geschichte der und für A B C D x y z km kg cm mm USD EUR DNA CO2 www.example.com info@example.org
""".split()
_LATIN_WORD = re.compile(r"(?<![\w:{<%@/.])[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’-]+")


_OTHER_LETTERS = URDU_LETTERS.strip("۔") + KURDISH_LETTERS + PASHTO_LETTERS + UYGHUR_LETTERS + SINDHI_LETTERS.strip("۽۾")
_HAS_LATIN, _HAS_ARABIC = re.compile("[A-Za-z]"), re.compile("[\u0621-\u064a\u0671-\u06d5]")
_OLD_KURDISH_HEH = re.compile(r"(?<=[^\s\W])(?<!^)ه")
_QURANIC = re.compile("[\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]")
NASTALIQ, QURAN_FACES = ("nastaliq",), ("amiri", "scheherazade", "qur", "naskh")
_WORD_LIST = 1000  # lines of one word each: so many are no poem, and no table of contents
_BY_RANK = 0.8  # of the words from such a list; the rest are drawn evenly, since rare letters stand in rare words
LATIN_KEPT = ("question-mark",)  # what is drawn in lines of today is what is typed


class Sample(NamedTuple):
    """What a line says.

    text: in logical order, normalised as labels are. direction: of the line. modern: set as today's documents and screens are, not as
    metal type. persian: its letters are drawn as Persian, Urdu and Kurdish have theirs. faces: words in the names of the fonts that it is
    set in, where there are such.
    """

    text: str
    direction: Direction = "rtl"
    modern: bool = False
    persian: bool = False
    faces: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextSource:
    """Passages of one folder (or file), and how often they are drawn from against the other sources.

    ``kind``: "ar", "latin", "quran", or another language that is written in Arabic letters. ``ranked``: its words, the most frequent first,
    where a file lists them so: they are drawn as often as words of that rank stand in texts (Zipf 1949).
    """

    name: str
    passages: list[str]
    weight: float
    kind: str = "ar"
    ranked: tuple[str, ...] = ()


def _source_kind(passages: list[str]) -> str:
    some = passages[:: max(1, len(passages) // 400)]
    latin = sum(bool(_HAS_LATIN.search(p)) and not _HAS_ARABIC.search(p) for p in some)
    if latin > 0.7 * len(some):
        return "latin"
    if sum(len(_QURANIC.findall(p)) for p in some) > len(some):
        return "quran"
    return guess_language(some)


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
        ranked: list[str] = []
        for file in files:
            try:
                found = [p for line in file.read_text(encoding="utf-8").splitlines() if (p := line.strip())]
            except (OSError, UnicodeDecodeError) as e:
                raise DatasetError(f"{file}: cannot be read as UTF-8 text ({type(e).__name__})") from e
            passages += [p for p in found if len(p) > 1]
            if len(found) > _WORD_LIST and sum(" " not in p for p in found) > 0.98 * len(found):
                ranked += [p for p in found if any(map(str.isalnum, p))]
        if not passages:
            raise DatasetError(f"{path}: no .txt file with text in it")
        try:
            kind = _source_kind(passages)
            chosen = float(weight) if weight else sum(map(len, passages)) ** 0.5
            sources.append(TextSource(path.name, passages, chosen, kind, tuple(ranked)))
        except ValueError as e:
            raise DatasetError(f"{spec}: the weight after = is not a number") from e
    return sources


class TextSampler:
    """Draws lines of text. Everything comes from the ``random.Random`` that is passed in.

    ``as_written``: passages as they stand, for measuring; nothing is mixed in, no diacritic is left out.
    """

    def __init__(self, sources: list[TextSource], charset: Charset, *, as_written: bool = False) -> None:
        self.as_written = as_written
        self.charset = charset
        by_kind = {kind: [s for s in sources if s.kind == kind] for kind in dict.fromkeys(s.kind for s in sources)}
        if as_written:
            by_kind = {"ar": sources}
        self.sources = by_kind.pop("ar", [])
        self.latin_sources = by_kind.pop("latin", [])
        self.quran = by_kind.pop("quran", [])
        self.others = by_kind
        self.weights = [s.weight for s in self.sources]
        self._letters, self._signs = ([c for c in rare if not charset.missing(c)] for rare in (_RARE_LETTERS, _RARE_SIGNS))
        self._other_letters = [c for c in _OTHER_LETTERS if not charset.missing(c)]
        found = {w for source in sources for passage in source.passages for w in _LATIN_WORD.findall(passage)}
        # in the order of the alphabet, so that the seed alone decides; the words of references as often as all others
        others = sorted(w for w in found if not charset.missing(w))
        self._latin = _LATIN * max(1, len(others) // len(_LATIN)) + others

    def sample(self, rng: random.Random, characters: int) -> str:
        """A line of about ``characters`` characters in logical order, all of the charset, normalised as labels are."""
        return self.sample_line(rng, characters).text

    def sample_line(self, rng: random.Random, characters: int) -> Sample:
        """The same, with how it is to be set."""
        for _ in range(20):
            if self.as_written:
                sample = self._as_written(rng, characters)
            elif not self.sources or (self.charset.version > 1 and rng.random() < (0.62 if characters <= 16 else 0.46)):
                sample = self._of_today(rng, characters)
            else:
                sample = self._of_print(rng, characters)
            text = sample.text
            if missing := self.charset.missing(text):
                text = _SPACES.sub(" ", "".join(c for c in text if c not in missing)).strip()
            if text:
                return sample._replace(text=text)
        return Sample("الكتاب")

    def _as_written(self, rng: random.Random, characters: int) -> Sample:
        source = rng.choices(self.sources, self.weights)[0]
        text = self._words(rng, source, characters)
        if source.kind in ("ar", "latin"):
            return Sample(normalise_label(text, LabelSettings()), "ltr" if source.kind == "latin" else "rtl", modern=source.kind == "latin")
        return self._own_letters(text, source.kind)

    def _of_print(self, rng: random.Random, characters: int) -> Sample:
        """Prose, figures and references as books and journals have them."""
        kind = rng.random()
        if kind < 0.04:
            text = self._foreign(rng, characters)
        elif kind < (0.28 if characters <= 16 else 0.13):  # short lines are mostly cells of tables and page numbers
            text = ornaments.numbers(rng, self._passage(rng, characters), characters)
        else:
            text = self._habits(rng, self._passage(rng, characters))
        latin_only = not _HAS_ARABIC.search(text)
        direction: Direction = "ltr" if latin_only and _HAS_LATIN.search(text) and rng.random() < 0.85 else "rtl"
        # every second vowelled text is set by a program today: schoolbooks, prayers, dictionaries on screens
        vowelled = len(_DIACRITIC.findall(text)) > 0.3 * len(text)
        return Sample(normalise_label(text, LabelSettings()), direction, modern=rng.random() < (0.5 if vowelled else 0.25))

    def _of_today(self, rng: random.Random, characters: int) -> Sample:
        """What documents, screens, forms and streets have beside Arabic prose."""
        if rng.random() < 0.015:  # no line at all, though a finder took it for one
            return Sample(UNKNOWN, modern=True)
        # short lines are cells of tables and forms, mostly
        short = characters <= 16 and rng.random() < 0.35
        kind = "items" if short else rng.choices(_OF_TODAY, _OF_TODAY_WEIGHTS)[0]
        if kind == "latin":
            sample = self._latin_line(rng, characters)
        elif kind == "mixed":
            sample = self._mixed(rng, characters)
        elif kind == "list":
            sample = self._list(rng, characters)
        elif kind == "language" and self.others:
            source = self._source(rng, [s for sources in self.others.values() for s in sources])
            sample = self._other_language(rng, source, characters)
        elif kind == "verse" and self.quran:
            sample = self._verse(rng, characters)
        elif kind == "signs":
            sample = self._signs_line(rng, characters)
        else:
            sample = self._items(rng, characters)
        if rng.random() < 0.15:
            words = sample.text.split(" ")
            for _ in range(rng.choice((1, 1, 2))):
                at = rng.randint(0, len(words))
                words.insert(at, UNKNOWN)
            text = " ".join(words)
            if rng.random() < 0.3:  # close to its word
                text = text.replace(f" {UNKNOWN}", UNKNOWN) if rng.random() < 0.5 else text.replace(f"{UNKNOWN} ", UNKNOWN)
            text = re.sub(f"{UNKNOWN}+", UNKNOWN, text)
            sample = sample._replace(text=text, modern=True)
        return sample

    def _source(self, rng: random.Random, sources: list[TextSource]) -> TextSource:
        return rng.choices(sources, [s.weight for s in sources])[0]

    def _modern(self, rng: random.Random, text: str, direction: Direction, share: float = 0.88) -> Sample:
        return Sample(normalise_label(text, LabelSettings(keep_apart=LATIN_KEPT)), direction, rng.random() < share)

    def _latin_words(self, rng: random.Random, characters: int) -> str:
        kind = rng.random()
        if kind < 0.12:
            return kinds.foreign_words(rng, characters)
        if kind < 0.22 or not self.latin_sources:
            return self._foreign(rng, characters)
        text = self._words(rng, self._source(rng, self.latin_sources), characters)
        if (p := rng.random()) < 0.05:
            text = text.upper()
        elif p < 0.1:
            text = text.title()
        return text

    def _latin_line(self, rng: random.Random, characters: int) -> Sample:
        words = self._latin_words(rng, characters).split()
        if rng.random() < 0.25:
            words[rng.randint(0, len(words)) :] = [kinds.item(rng, self._latin)]
        if rng.random() < 0.12 and words:
            i = rng.randrange(len(words))
            words[i] = rng.choice(
                ("({})", '"{}"', "[{}]", "'{}'", "{},", "{}:", "{};", "{}?", "{}!", "*{}*", "<{}>", "{}®", "{}™", "{}/", "-{}", "{}¹")
            ).format(words[i])
        return self._modern(rng, " ".join(words), "ltr" if rng.random() < 0.93 else "rtl", 0.8)

    def _items(self, rng: random.Random, characters: int) -> Sample:
        english = rng.random() < 0.35
        text, wanted = "", rng.choice((1, 1, 1, 2, 3))
        bare = rng.random() < (0.6 if characters <= 16 else 0.3)
        for _ in range(wanted):
            piece = kinds.item(rng, self._latin)
            if not bare and rng.random() < 0.75:
                name = kinds.label(rng, english=english)
                piece = rng.choice(
                    (
                        f"{name}: {piece}",
                        f"{name}: {piece}",
                        f"{name} {piece}",
                        f"{name} : {piece}",
                        f"{name}:{piece}",
                        f"{name} ({piece})",
                        f"{piece} {name}",
                        f"{name} - {piece}",
                    )
                )
            text += rng.choice((" ", " ", " ", " | ", " / ", " - ", "، " if not english else ", ", " • ")) * bool(text) + piece
            if len(text) > characters:
                break
        if not bare and len(text) < characters - 8 and rng.random() < 0.6:  # in a sentence
            if english:
                before, after = (self._latin_words(rng, rng.randint(1, characters - len(text))) for _ in "ab")
            else:
                before, after = (self._passage(rng, rng.randint(1, characters - len(text))) for _ in "ab")
            text = rng.choice((f"{before} {text}", f"{before} {text}", f"{text} {after}", f"{before} {text} {after}"))
        if not english and rng.random() < 0.12:
            text = text.translate(TO_ARABIC_INDIC) if not _HAS_LATIN.search(text) else text
        has_arabic, has_latin = _HAS_ARABIC.search(text), _HAS_LATIN.search(text)
        if english:
            direction: Direction = "ltr"
        elif has_arabic and not bare:
            direction = "rtl"
        else:  # a cell of an Arabic table or a line of its own
            direction = "ltr" if rng.random() < (0.85 if has_latin else 0.75) else "rtl"
        return self._modern(rng, text, direction)

    def _mixed(self, rng: random.Random, characters: int) -> Sample:
        short = max(2, characters // rng.choice((2, 3, 4)))
        foreign = kinds.brand(rng) if rng.random() < 0.35 else self._latin_words(rng, rng.randint(2, short))
        if rng.random() < 0.25 and self.latin_sources:  # Arabic words in an English line
            words = self._latin_words(rng, characters - short).split()
            words.insert(rng.randint(0, len(words)), rng.choice(("{}", "{}", "({})", '"{}"', "«{}»")).format(self._passage(rng, short)))
            return self._modern(rng, " ".join(words), "ltr")
        words = self._passage(rng, characters - min(len(foreign), short)).split()
        words.insert(
            rng.randint(0, len(words)),
            rng.choice(("{}", "{}", "{}", "({})", '"{}"', "«{}»", "[{}]", "{}.", "{},", "{}/", "{}:")).format(foreign),
        )
        if rng.random() < 0.3:
            words.insert(rng.randint(0, len(words)), kinds.item(rng, self._latin))
        if rng.random() < 0.1:
            words.insert(rng.randint(0, len(words)), kinds.hashtag(rng))
        text = " ".join(words)
        return self._modern(rng, text.translate(_TO_WESTERN) if rng.random() < 0.6 else text, "rtl")

    def _list(self, rng: random.Random, characters: int) -> Sample:
        if rng.random() < 0.25:
            return self._modern(rng, kinds.choices(rng), "rtl")
        english = rng.random() < 0.3
        mark = kinds.bullet(rng, english=english)
        words = self._latin_words(rng, characters) if english else self._passage(rng, characters)
        text = f"{mark}{rng.choice((' ', ' ', ' ', ''))}{words}"
        if rng.random() < 0.1:
            text = f"{words} {mark}"
        if not english and rng.random() < 0.3:
            text = text.translate(TO_ARABIC_INDIC)
        return self._modern(rng, text, "ltr" if english else "rtl")

    def _other_language(self, rng: random.Random, source: TextSource, characters: int) -> Sample:
        words = self._words(rng, source, characters).split()
        if rng.random() < 0.25:  # the letters of Sindhi, of which there is no text, and the rare ones of the others
            i = rng.randrange(len(words))
            at = rng.randrange(len(words[i]))
            words[i] = words[i][:at] + rng.choice(self._other_letters) + words[i][at + (rng.random() < 0.5) :]
        if rng.random() < 0.12:
            words.insert(rng.randint(0, len(words)), kinds.item(rng, self._latin) if rng.random() < 0.5 else kinds.brand(rng))
        faces = NASTALIQ if (source.kind == "ur" and rng.random() < 0.4) or (source.kind == "fa" and rng.random() < 0.04) else ()
        return self._own_letters(" ".join(words), source.kind)._replace(modern=rng.random() < 0.6, faces=faces)

    def _own_letters(self, text: str, language: str) -> Sample:
        if language == "quran":
            return Sample(normalise_label(text.translate(TANWIN), LabelSettings()), "rtl")
        if language == "ckb" and "ە" not in text:  # typed as ه; it stands after a letter that is no vowel
            text = _OLD_KURDISH_HEH.sub("ە", text)
        label = normalise_label(text, LabelSettings(keep_apart=OTHER_LANGUAGES, joiners="keep"))
        if language in ("ps", "ckb", "ug", "sd"):
            label = label.replace(ZWNJ, "")
        return Sample(as_drawn(label), "rtl", persian=language != "ug")

    def _verse(self, rng: random.Random, characters: int) -> Sample:
        text = as_spelt(rng, self._words(rng, rng.choice(self.quran), characters))
        return Sample(
            normalise_label(text, LabelSettings()),
            "rtl",
            modern=rng.random() < 0.5,
            faces=QURAN_FACES if rng.random() < 0.45 else (),
        )

    def _signs_line(self, rng: random.Random, characters: int) -> Sample:
        """Signs of the charset that texts seldom have, between words of either script."""
        english = rng.random() < 0.35
        words = (self._latin_words(rng, characters) if english else self._passage(rng, characters)).split()
        for _ in range(rng.randint(1, 4)):
            c = kinds.sign(rng)
            at = rng.randint(0, len(words))
            if rng.random() < 0.35 and words:
                i = min(at, len(words) - 1)
                words[i] = rng.choice(("{0}{1}", "{1}{0}")).format(words[i], c)
            else:
                words.insert(
                    at, c if rng.random() < 0.6 else f"{c}{kinds.number(rng)}" if rng.random() < 0.5 else f"{kinds.number(rng)}{c}"
                )
        return self._modern(rng, " ".join(words), "ltr" if english else "rtl")

    def _passage(self, rng: random.Random, characters: int) -> str:
        return self._words(rng, rng.choices(self.sources, self.weights)[0], characters) if self.sources else "الكتاب"

    def _words(self, rng: random.Random, source: TextSource, characters: int) -> str:
        words: list[str] = []
        while sum(map(len, words)) + len(words) < characters:
            if source.ranked and rng.random() < _BY_RANK:
                words.append(source.ranked[int(len(source.ranked) ** rng.random()) - 1])
                continue
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
                word = ornaments.address(rng, word, rng.choice(self._latin))
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
                words.insert(rng.randint(0, len(words)), ornaments.ornament(rng))
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
            text = text.translate(TO_ARABIC_INDIC)
        elif p < 0.9:
            text = text.translate(_TO_WESTERN)
        if chance() < 0.12:
            text = _elongate(rng, text)
        return text


def _elongate(rng: random.Random, text: str) -> str:
    """Kashidas at some of the joins between letters, one tatweel each: how long it is drawn is the printer's."""
    joins = [i + 1 for i in range(len(text) - 1) if text[i] in JOINS_NEXT and text[i + 1] in JOINS_PREVIOUS]
    chosen = set(rng.sample(joins, min(len(joins), rng.randint(1, 6))))
    return "".join(TATWEEL + c if i in chosen else c for i, c in enumerate(text))

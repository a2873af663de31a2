"""Font families for drawn pages, and the CSS that loads them from their files.

Where it stands: beneath ``kinds``. Families come from the machine's folders of fonts, or from the user's.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import freetype

from model.rendering.fonts import _DISPLAY_FACES, _UNUSABLE, FONT_FOLDERS, is_book_face
from rasm.errors import DatasetError

_ARABIC_PROBE = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_LATIN_PROBE = "AZazé0"
# what a family has to have before running text of a language is set in it: nobody prints with letters borrowed from another typeface
_LANGUAGE_PROBES = {"fa": "پچژگکی", "ur": "ٹڈڑںےہھگچپکی"}
# families no training page is set in: what they give is how a typeface that was never seen is found
HELD_OUT_FAMILIES = ("Tajawal", "Lateef", "Nazli", "KacstBook", "Vazirmatn", "Marhey", "Amiri Quran", "Noto Kufi Arabic")
_DISPLAY_LATIN = ("bebas", "script", "pacifico", "lobster", "dancing")  # nobody sets running text in these
_WEIGHTS = {"thin": 100, "extralight": 200, "light": 300, "medium": 500, "semibold": 600, "extrabold": 800, "black": 900, "heavy": 900}


@dataclass(frozen=True)
class Face:
    """A font file. weight: as CSS counts it."""

    path: str
    weight: int
    italic: bool


@dataclass(frozen=True)
class Family:
    """Font files of one design. style: text, display or nastaliq; latin ones have no Arabic letters. signs: the characters it has."""

    name: str
    style: str
    arabic: bool
    faces: tuple[Face, ...]
    signs: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def lacks(self, text: str) -> set[str]:
        """The characters of the Arabic block in ``text`` that it would have to borrow, or show as empty boxes."""
        return {c for c in text if "\u0600" <= c <= "\u06ff"} - self.signs

    def css(self) -> str:
        """Its @font-face rules."""
        rules = []
        for face in self.faces:
            source = Path(face.path).resolve().as_uri()
            slant = "italic" if face.italic else "normal"
            rules.append(f'@font-face{{font-family:"{self.name}";src:url("{source}");font-weight:{face.weight};font-style:{slant}}}')
        return "\n".join(rules)


def find_families(folders: Sequence[str] | None) -> list[Family]:
    """The families in ``folders`` (default: where the machine keeps fonts), by name. Raises DatasetError where none has Arabic letters."""
    roots = [Path(f).expanduser() for f in folders or FONT_FOLDERS]
    files = sorted({p for root in roots if root.exists() for p in ([root] if root.is_file() else root.rglob("*"))})
    by_name: dict[str, dict[tuple[int, bool], tuple[str, bool]]] = {}
    signs: dict[str, frozenset[str]] = {}
    for file in files:
        if file.suffix.lower() not in (".ttf", ".otf") or any(word in file.stem.lower() for word in _UNUSABLE):
            continue
        try:
            font = freetype.Face(str(file))
        except freetype.FT_Exception:
            continue
        arabic = all(font.get_char_index(c) for c in _ARABIC_PROBE)
        if not arabic and (any(map(font.get_char_index, _ARABIC_PROBE)) or not all(map(font.get_char_index, _LATIN_PROBE))):
            continue  # an unfinished Arabic face's Latin letters are no companion for others
        name = (font.family_name or b"").decode("latin-1").strip()
        style = (font.style_name or b"Regular").decode("latin-1").lower().replace(" ", "")
        for word in ("Thin", "ExtraLight", "Light", "Medium", "SemiBold", "ExtraBold", "Black"):
            if name.endswith(" " + word):  # as families of many weights are named for programs that know two
                name, style = name.removesuffix(" " + word), word.lower()
        if not name or "mono" in name.lower() or "emoji" in name.lower() or "symbol" in name.lower():
            continue
        weight = next(
            (w for s, w in sorted(_WEIGHTS.items(), key=lambda item: -len(item[0])) if s in style), 700 if "bold" in style else 400
        )
        key = (weight, "italic" in style or "oblique" in style)
        by_name.setdefault(name, {}).setdefault(key, (str(file), arabic))
        signs[str(file)] = frozenset(chr(code) for code, _ in font.get_chars())
    families = []
    for name, faces in sorted(by_name.items()):
        arabic = any(a for _, a in faces.values())
        faces = {key: face for key, face in faces.items() if face[1] == arabic}  # some weights of a family may lack the letters
        lowered = name.lower().replace(" ", "")
        nastaliq = any(word in lowered for word in ("nastaliq", "awami", "nafees"))
        display = any(word in lowered for word in (*_DISPLAY_FACES, *([] if arabic else _DISPLAY_LATIN))) and not is_book_face(name)
        style = "nastaliq" if nastaliq else "display" if display else "text"
        found = tuple(Face(path, weight, italic) for (weight, italic), (path, _) in sorted(faces.items()))
        common = frozenset.intersection(*(signs[face.path] for face in found))
        families.append(Family(name, style, arabic, found, common))
    if not any(f.arabic for f in families):
        raise DatasetError(
            f"no font with the Arabic letters in {', '.join(map(str, roots))}; install some (on Debian: fonts-hosny-amiri "
            "fonts-sil-scheherazade fonts-kacst fonts-noto-core) or name a folder with --fonts"
        )
    return families


class Faces:
    """Families to draw from. held_out: only those kept aside, or only the others; all where that leaves none."""

    def __init__(self, families: Sequence[Family], held_out: bool = False) -> None:
        arabic = [f for f in families if f.arabic]
        self.arabic = [f for f in arabic if (f.name in HELD_OUT_FAMILIES) == held_out] or arabic
        latin = [f for f in families if not f.arabic]
        self.latin = [f for f in latin if f.style == "text"] or latin or arabic

    def text(self, rng: random.Random, language: str = "ar") -> Family:
        """For running text."""
        able = self._able(language)
        if language == "ur" and rng.random() < 0.6 and (found := [f for f in able if f.style == "nastaliq"]):
            return rng.choice(found)
        return rng.choice([f for f in able if f.style == "text"] or able)

    def display(self, rng: random.Random, language: str = "ar") -> Family:
        """For titles: any."""
        return rng.choice(self._able(language))

    def _able(self, language: str) -> list[Family]:
        """The families with all letters of a language; all where none has them."""
        return [f for f in self.arabic if not f.lacks(_LANGUAGE_PROBES.get(language, ""))] or self.arabic

    def companion(self, rng: random.Random) -> Family:
        """For Latin letters."""
        return rng.choice(self.latin)

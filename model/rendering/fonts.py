"""Fonts for rendered lines: which there are, and their glyphs, as they are or as another punch cutter might have made them.

Where it stands: ``model/rendering/lines.py`` sets lines with it.

There are more typefaces in print than fonts on any machine. So a font's letters may be cut anew: each wider or narrower,
its dots of another size and place, all alike in one line.
"""

from __future__ import annotations

import ctypes
import functools
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import freetype
import numpy as np
import uharfbuzz as hb
from numpy.typing import NDArray

from rasm.errors import DatasetError
from rasm.text.charset import ARABIC_INDIC_DIGITS, AYAH, DIACRITICS, EXTENDED_DIGITS, TATWEEL, Charset

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/Library/Fonts", "~/Library/Fonts")
# most of what is read is books, and books are set in Naskh; how much a family counts, by the words in its file names
_BOOK_FACES = (
    "scheherazade", "naskh", "kacstbook", "kacstoffice", "kacstqurn", "kacstone", "kacstletter", "nazli",
    "freeserif", "lateef", "harmattan", "traditional", "simplified", "lotus", "yakout", "kacstfarsi", "amiriquran", "markazi", "mirza",
    "parastoo",
)  # fmt: skip
# the only ones of Debian's fonts that stack letters as metal type does (يحـ, لمحـ, نمـ, يمـ). Without many such lines a reader of old
# print takes the م for nothing
STACKING_FACES = ("amiri-",)
_HEADING_FACES = ("ruqaa", "nastaliq")  # books and journals set in Naskh have their headings in these
_DISPLAY_FACES = (
    "kufi", "awami", "lemonada", "decorative", "kacstart", "poster", "digital", "ae_electron", "ostorah", "metal", "japan",
    "jet", "shado", "graph", "tholoth", "dimnah", "battar", "granada", "petra", "sindbad", "alkalami", "tehreer", "ajrak", "titr", "rehan",
    "hani", "kacstscreen", "colored", "homa", "mono", "black", "kacsttitle", "lalezar", "rakkas", "jomhuria", "qahiri", "marhey",
    "handjet",
)  # fmt: skip
# the first says that it has letters, and draws borders. The second has outlines so thin that a page set in it comes out blank
_UNUSABLE = ("haramain", "kacsttitlel")


# signs of those blocks that are drawn as ones that the charset has, above all without their colours: 🔶 as ◆, 🙵 as &, 🌀 as @
_TWINS = "✅✓✔✗✘✕✖✩✬✭✮✯✰✱✲✳✶✺✻✽❊❖🌀🌑🌕💠💲🔘🔲🔳🔴🔵🔶🔷🔸🔹🔺🔻" + "".join(map(chr, range(0x1F670, 0x1F67E)))


def _between(*ranges: tuple[int, int]) -> str:
    return "".join(chr(c) for start, end in ranges for c in range(start, end) if chr(c) not in _TWINS)


# block: a character that a font of it has, and those that are drawn
STRANGER_BLOCKS = {
    "emoji": ("😀", _between((0x1F300, 0x1F650), (0x1F680, 0x1F6D3), (0x1F900, 0x1FA00), (0x2600, 0x2605)) + "❤✨⚡"),
    "ornaments": ("❀", _between((0x2701, 0x2709), (0x270C, 0x2712), (0x2722, 0x274C), (0x2765, 0x2768), (0x1F650, 0x1F680))),
    "chinese": ("中", "".join(map(chr, range(0x4E00, 0x9FA5, 11)))),
    "kana": ("あ", "".join(map(chr, (*range(0x3042, 0x3094), *range(0x30A2, 0x30F7))))),
    "hangul": ("한", "".join(map(chr, range(0xAC00, 0xD7A3, 29)))),
    "ethiopic": ("አ", "".join(map(chr, range(0x1208, 0x1350)))),
    "georgian": ("ა", "".join(map(chr, range(0x10D0, 0x10F1)))),
    "devanagari": ("क", "".join(map(chr, range(0x905, 0x93A)))),
    "thai": ("ก", "".join(map(chr, range(0xE01, 0xE2F)))),
    "hebrew": ("א", "".join(map(chr, range(0x5D0, 0x5EB)))),
    "cyrillic": ("Ж", "БДЖИЙЛФЦЧШЩЫЭЮЯбджзийлфцчшщъыэюя"),
    "tamil": ("அ", "".join(chr(c) for c in range(0xB85, 0xBBA) if chr(c).isprintable())),
}  # fmt: skip
_PROBE = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
OLD_STOP, RETURNED_YEH = "·", "ے"  # what founts of about 1900 have for . and a last ي or ى
DRAWN_AS = {"-": "-–—", '"': '"“”', "'": "'’‘", "*": "*٭✱", "%": "%٪", "✓": "✓✔", "✗": "✗✘", "►": "►▶", "◄": "◄◀", "➢": "➢➤"}
_ARABIC_FIGURES = ARABIC_INDIC_DIGITS + EXTENDED_DIGITS + AYAH
# letters that reach up and down. Of 217 fonts, 205 set 97% of the pairs of a letter and a mark clear, and the others 81 to 95%
_BASES, _CLEAR = "نجربالحمديسعقوك", 0.96
HANGINGS = 8  # ways in which a م hangs below the line
CUTS = 12  # ways in which the letters of a font are cut anew: few, since drawn glyphs are kept


@dataclass(frozen=True)
class Font:
    """A font file and the characters it can draw."""

    path: str
    coverage: frozenset[str]
    weight: float
    arabic: bool
    even_weight: float = 1.0  # how much it counts in documents of today: each family alike
    strangers: tuple[tuple[str, str], ...] = ()  # blocks of signs that no charset has, and those of its characters that are in each


_FAMILIES_OF_SIGNS = ("symbol", "dejavu", "freeserif", "freesans", "math")


def find_fonts(folders: Sequence[str], charset: Charset) -> list[Font]:
    """Fonts of ``folders`` (default: where the machine keeps them) with the Arabic or the Latin letters.

    Raises DatasetError where none has the Arabic letters, naming packages that do.
    """
    roots = [Path(f).expanduser() for f in folders or FONT_FOLDERS]
    files = sorted(
        {
            p
            for root in roots
            if root.exists()
            for p in ([root] if root.is_file() else root.rglob("*"))
            if p.suffix.lower() in (".ttf", ".otf") and not any(word in p.stem.lower() for word in _UNUSABLE)
        }
    )
    wanted = sorted(set(charset.characters) | set("".join(DRAWN_AS.values()) + OLD_STOP + RETURNED_YEH))
    found: list[tuple[str, frozenset[str], bool]] = []
    strangers: list[Font] = []
    for file in files:
        try:
            face = freetype.Face(str(file))
        except freetype.FT_Exception:
            continue
        arabic = all(face.get_char_index(c) for c in _PROBE)
        signs = any(word in file.stem.lower() for word in _FAMILIES_OF_SIGNS)
        if not arabic and (blocks := _stranger_blocks(face)):
            strangers.append(Font(str(file), frozenset(), 0.0, False, strangers=blocks))
        if arabic or signs or (_is_text_face(file) and all(face.get_char_index(c) for c in "AZaz09éè")):
            found.append((str(file), frozenset(c for c in wanted if face.get_char_index(c) and not _is_blank(face, c)), arabic))
    if not any(arabic for *_, arabic in found):
        raise DatasetError(
            f"no font with the Arabic letters in {', '.join(map(str, roots))}; install some (on Debian: fonts-hosny-amiri "
            "fonts-sil-scheherazade fonts-kacst fonts-noto-core) or name a folder with --fonts"
        )
    families = [_family(path) for path, *_ in found]
    return [
        Font(path, cover, _style_weight(path) / families.count(family) ** 0.75, arabic, _even_weight(path) / families.count(family))
        for (path, cover, arabic), family in zip(found, families, strict=True)
    ] + strangers


def _is_blank(face: freetype.Face, character: str) -> bool:
    """Whether a figure or a sign has a glyph with nothing on it, as some fonts have for ۹ or ٪. Letters may be put together of others."""
    if unicodedata.category(character)[0] not in "NPS" or not face.is_scalable:
        return False
    try:
        face.load_char(character, freetype.FT_LOAD_NO_SCALE | freetype.FT_LOAD_NO_BITMAP)
    except freetype.FT_Exception:
        return True
    return face.glyph._FT_GlyphSlot.contents.outline.n_points == 0


def _stranger_blocks(face: freetype.Face) -> tuple[tuple[str, str], ...]:
    """The blocks of strangers that a font has, with the characters of each."""
    has = face.get_char_index
    found = ((block, "".join(c for c in some if has(c))) for block, (probe, some) in STRANGER_BLOCKS.items() if has(probe))
    return tuple((block, some) for block, some in found if some)


def _even_weight(path: str) -> float:
    name = Path(path).stem.lower()
    if "nastaliq" in name or "nafees" in name:
        return 4.0
    if "mono" in name:  # long joins that are no kashidas, and gaps within words: code and terminals are set so
        return 0.6
    return 0.15 if any(word in name for word in (*_DISPLAY_FACES, "ukij")) else 0.5 if "ae_" in name or "kacst" in name else 1.0


def _is_text_face(file: Path) -> bool:
    """Whether Latin text is set in it: of the fonts that a machine has for signs and other scripts, those that are known, and Google's."""
    stem = file.stem
    return bool(re.fullmatch(r"\w+_[1-9]00\w+", stem)) or any(
        word in stem
        for word in (
            "Serif-Regular",
            "Serif-Italic",
            "SerifCondensed",
            "DejaVuSerif",
            "FreeSerif",
            "Sans-Regular",
            "DejaVuSans",
            "Liberation",
            "Carlito",
            "Caladea",
        )
    )


def _family(path: str) -> str:
    stem = Path(path).stem.lower()
    return stem[:4] if stem.startswith("ae_") else stem.split("-")[0][:12]


def is_book_face(path: str) -> bool:
    """Whether books are set in it, as far as its file's name tells."""
    name = Path(path).stem.lower()
    return any(word in name for word in (*_BOOK_FACES, *STACKING_FACES)) and not any(word in name for word in _DISPLAY_FACES)


def _style_weight(path: str) -> float:
    name = Path(path).stem.lower()
    if any(word in name for word in _DISPLAY_FACES):
        return 0.12
    if any(word in name for word in STACKING_FACES):
        return 75.0
    if any(word in name for word in _HEADING_FACES):
        return 3.0
    return 6.0 if any(word in name for word in _BOOK_FACES) else 1.0


class Drawn(NamedTuple):
    """A glyph's coverage 0..255, where it stands from the pen, and how much wider it is than the font has it."""

    bitmap: NDArray[np.uint8]
    left: int
    top: int
    stretch: float


class Way(NamedTuple):
    """How a glyph is drawn otherwise than its font has it, as other typefaces and metal type have theirs."""

    cut: int = 0  # one of CUTS other punch cutters, or 0
    hung: int = 0  # one of HANGINGS ways to hang below the line and be narrow, as a م in ``يمـ`` and ``ـتما``, or 0
    width: float = 1.0  # of the letter but not of its dots: a tooth before a last ي is narrow, a last ن may fill a line
    filled: bool = False  # small counters are full of ink


AS_IT_IS = Way()


class Face:
    """An open font: shapes with HarfBuzz, draws with FreeType, and remembers the glyphs it has drawn."""

    def __init__(self, path: str) -> None:
        self.hb_font = hb.Font(hb.Face(hb.Blob.from_file_path(path)))
        self.ft_face = freetype.Face(path)
        self.units = self.hb_font.face.upem
        self.size_px = 0
        self.glyphs: dict[tuple[int, int, Way], Drawn] = {}
        self.contours: dict[int, _Contours] = {}

    def shape(self, text: str, ltr: bool, features: dict[str, bool]) -> list[tuple[int, int, int, int, int]]:
        """(glyph, x offset, y offset, advance, index of its character) in font units, from left to right."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        if not ltr or any(c in _ARABIC_FIGURES for c in text):  # figures between Arabic words are set by that script's rules
            buffer.script = "Arab"
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS  # signs say which characters they are
        buffer.direction = "ltr" if ltr else "rtl"
        hb.shape(self.hb_font, buffer, features)
        return [
            (i.codepoint, p.x_offset, p.y_offset, p.x_advance, i.cluster)
            for i, p in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]

    @functools.cached_property
    def medial_meem(self) -> int:
        """The glyph of a م between two letters, where it is not stacked; 0 where the font draws it with another letter."""
        glyphs = self.shape("\u200dم\u200d"[::-1], False, {})
        drawn = [glyph for glyph, *_, advance, at in glyphs if at == 1 and advance > 0]
        return drawn[0] if len(drawn) == 1 else 0

    @functools.cached_property
    def join(self) -> tuple[float, float]:
        """Where the stroke that joins letters lies: its middle and half of its thickness, in ems."""
        self.ft_face.load_char(TATWEEL, freetype.FT_LOAD_NO_SCALE)
        box = self.ft_face.glyph.outline.get_bbox()
        return (box.yMin + box.yMax) / 2 / self.units, max(1, box.yMax - box.yMin) / 2 / self.units

    @functools.cached_property
    def sets_marks(self) -> bool:
        """Whether vowel signs stand clear of their letters. Some fonts have the signs and no places for them: they lie in the ink."""
        clear = [clear for letter in _BASES for mark in DIACRITICS if (clear := self._is_clear(letter, mark)) is not None]
        return bool(clear) and sum(clear) > _CLEAR * len(clear)

    def _is_clear(self, letter: str, mark: str, size_px: int = 64) -> bool | None:
        """Whether a mark does not lie in the ink of its letter; None where both are one glyph, or one is missing."""
        ink = np.zeros((2, 6 * size_px, 6 * size_px), bool)  # of the letter, and of the mark
        scale, pen = size_px / self.units, 2.0 * size_px
        for glyph, dx, dy, advance, at in self.shape(letter + mark, False, {}):
            bitmap, left, top, _ = self.glyph(glyph, size_px)
            x, y = round(pen + dx * scale) + left, 3 * size_px - top - round(dy * scale)
            ink[at, max(0, y) : max(0, y + bitmap.shape[0]), max(0, x) : max(0, x + bitmap.shape[1])] |= bitmap > 100
            pen += advance * scale
        return None if not ink[0].any() or not ink[1].any() else bool((ink[0] & ink[1]).sum() < 0.12 * ink[1].sum())

    def glyph(self, glyph: int, size_px: int, way: Way = AS_IT_IS) -> Drawn:
        """The glyph of the font, drawn in this way."""
        if (known := self.glyphs.get((glyph, size_px, way))) is not None:
            return known
        if size_px != self.size_px:
            self.ft_face.set_pixel_sizes(0, size_px)
            self.size_px = size_px
        join = self.join if way.hung else (0.0, 0.0)  # before the glyph, since FreeType has a place for one
        self.ft_face.load_glyph(glyph, freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_NO_BITMAP)
        slot = self.ft_face.glyph
        outline = slot._FT_GlyphSlot.contents.outline
        stretch = self._redraw(outline, glyph, way, join) if way != AS_IT_IS and outline.n_points else 1.0
        freetype.FT_Render_Glyph(slot._FT_GlyphSlot, freetype.FT_RENDER_MODE_NORMAL)
        bitmap = slot._FT_GlyphSlot.contents.bitmap  # freetype-py's own .buffer makes a list of every byte
        pixels = np.zeros((0, 0), np.uint8)
        if bitmap.rows and bitmap.width:
            drawn = np.frombuffer(
                ctypes.string_at(bitmap.buffer, bitmap.rows * bitmap.pitch), np.uint8
            )  # as_array takes five times as long
            pixels = drawn.reshape(bitmap.rows, bitmap.pitch)[:, : bitmap.width]
        if len(self.glyphs) > 2000:
            self.glyphs.clear()
        self.glyphs[glyph, size_px, way] = result = Drawn(pixels, slot.bitmap_left, slot.bitmap_top, stretch)
        return result

    def _redraw(self, outline: Any, glyph: int, way: Way, join: tuple[float, float]) -> float:
        """Changes a FreeType outline (1/64 px) in place. Returns by how much it is wider."""
        points = _points(outline)
        if glyph not in self.contours:
            ends = [outline.contours[i] + 1 for i in range(outline.n_contours)]
            parts = [slice(*part) for part in zip([0, *ends[:-1]], ends, strict=True)]
            self.contours[glyph] = _sort_contours(parts, points / (self.size_px * 64))
        contours = self.contours[glyph]
        if way.filled:
            for part in contours.counters:
                points[part] = points[part][0]
        stretch = way.width
        if way.cut:
            stretch *= self._recut(outline, points, contours, way.cut, random.Random(way.cut << 20 | glyph))
        if way.hung:
            middle, half = (measure * self.size_px * 64 for measure in join)
            stretch *= _hang(points, middle, half, random.Random(way.hung))
        if way.width != 1:
            dots = [(part, points[part, 0].mean()) for part, *_ in contours.dots]
            points[:, 0] = points[:, 0] * way.width
            for part, x in dots:
                points[part, 0] = points[part, 0] / way.width + x * (way.width - 1)
        return stretch

    def _recut(self, outline: Any, points: NDArray[Any], contours: _Contours, number: int, rng: random.Random) -> float:
        """A wider or narrower letter, heavier, its dots and hamzas of other size and place.

        Returns by how much it is wider. Letters join where the pen comes from and where it goes on, and still do so.
        """
        em, cut = self.size_px * 64, _cut(number)
        stretch = min(1.25, max(0.8, rng.gauss(1, 0.08)))
        right = cut.dot_right + rng.gauss(0, 0.015)
        outward = min(0.12, max(-0.05, cut.dot_outward + rng.gauss(0, 0.015)))
        points[:, 0] = points[:, 0] * stretch
        for part, x, y in contours.dots:
            centre = np.array([x * stretch, y]) * em
            moved = np.array([right, outward if y > 0 else -outward]) * em
            points[part] = (points[part] - centre) * (cut.dot_scale / stretch, cut.dot_scale) + centre + moved
        across, along = round(cut.heavier_across * em), round(cut.heavier_along * em)
        if across or along:
            freetype.FT_Outline_EmboldenXY(ctypes.byref(outline), across, along)
            freetype.FT_Outline_Translate(ctypes.byref(outline), -across // 2, -along // 2)  # it grew to the right and upwards
        return stretch


def _hang(points: NDArray[Any], middle: float, half: float, rng: random.Random) -> float:
    """Turns what stands on the stroke that joins letters, of this middle and half thickness, to hang below it; by how much it is wider."""
    narrow, low = rng.uniform(0.4, 0.8), rng.uniform(0.6, 1.1)
    away = points[:, 1] - middle
    if away.max() > -away.min():
        away = -away
    # the stroke itself keeps its thickness
    points[:, 1] = middle + np.clip(away, -half, half) + low * (away - np.clip(away, -half, half))
    points[:, 0] = points[:, 0] * narrow
    return narrow


def _points(outline: Any) -> NDArray[Any]:
    """The points (n, 2) of a FreeType outline themselves, in 1/64 px."""
    return np.ctypeslib.as_array(ctypes.cast(outline.points, ctypes.POINTER(ctypes.c_long)), (outline.n_points, 2))


@dataclass(frozen=True)
class _Cut:
    """How a typeface's letters are cut. In ems; dots stand so much more to the right, and further from their letter."""

    dot_scale: float
    dot_right: float
    dot_outward: float
    heavier_across: float
    heavier_along: float


@functools.cache
def _cut(number: int) -> _Cut:
    rng = random.Random(number)
    heavier = max(0.0, rng.uniform(-0.02, 0.045))
    return _Cut(
        rng.uniform(0.75, 1.3), rng.gauss(0, 0.045), rng.gauss(0.02, 0.05), heavier * rng.uniform(0.5, 1), heavier * rng.uniform(0.3, 1)
    )


class _Contours(NamedTuple):
    """The contours of a glyph's outline that are dots or hamzas, with their centres in ems; and those that are small counters."""

    dots: list[tuple[slice, float, float]]
    counters: list[slice]


def _sort_contours(contours: list[slice], points: NDArray[Any]) -> _Contours:
    """By size and direction; ``points`` (n, 2) in ems."""
    areas = []
    for part in contours:
        x, y = points[part].T
        areas.append(0.5 * float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
    body = max(areas, key=abs)
    found = _Contours([], [])
    for part, area in zip(contours, areas, strict=True):
        width, height = np.ptp(points[part], axis=0)
        if area * body < 0:  # what turns the other way is a hole
            if abs(area) < 0.02:
                found.counters.append(part)
        elif abs(area) < min(0.025, 0.6 * abs(body)) and width < 0.28 and height < 0.24:  # a part of the letter is larger
            x, y = points[part].mean(axis=0)
            found.dots.append((part, float(x), float(y)))
    return found


@functools.lru_cache(maxsize=1024)
def open_face(path: str) -> Face:
    return Face(path)

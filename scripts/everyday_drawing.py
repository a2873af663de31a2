"""Lines as browsers draw them: Chromium sets each text in a typeface, size and colour, and the ink is cut out.

Where it stands: under ``scripts/everyday_lines.py``. Training draws its lines another way (``model/rendering/lines.py``), so what is
measured here owes nothing to its habits.
"""

from __future__ import annotations

import base64
import html
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import freetype
import numpy as np

from model.rendering.fonts import open_face
from model.rendering.pages.browser import find_chromium
from rasm.errors import ConfigError
from rasm.image import Pixels
from rasm.text.bidi import Direction
from rasm.text.charset import DIACRITICS, UNKNOWN
from scripts.everyday_kinds import Kind

_BATCH = 40  # lines a screenshot
_MARGIN_PX = 30  # around each line: what no letter reaches over
_COLOURS = (("#000", "#fff"),) * 6 + (
    ("#222", "#f7f3e9"),
    ("#fff", "#15202b"),
    ("#e8e8e8", "#000"),
    ("#0645ad", "#fff"),
    ("#fff", "#1a7f37"),
)
_EMOJI = "😀 😂 😍 👍 🎉 🔥 ❤️ 🚀 📌 📅 💡 🏆 🌍 🍕 ⚽ 🎁 📷 🕌 🐪 🌴".split()
_OTHER_SCRIPTS = "Հայաստան|বাংলা|ಕನ್ನಡ|தமிழ்|ไทย|ខ្មែរ|한국어|中文版|日本語|ქართული|አማርኛ|Привет|שלום|हिन्दी|සිංහල".split("|")
_LOGOS = (
    '<circle cx="20" cy="20" r="18"/><path d="M8 26 L20 6 L32 26 Z" fill="{paper}"/>',
    '<rect x="2" y="2" width="36" height="36" rx="9"/><circle cx="20" cy="20" r="9" fill="{paper}"/>',
    '<path d="M3 37 C10 2 18 40 22 16 S34 4 37 33" fill="none" stroke="{ink}" stroke-width="4"/>',
    '<path d="M20 2 L25 15 L38 16 L28 25 L31 38 L20 31 L9 38 L12 25 L2 16 L15 15 Z"/><circle cx="20" cy="21" r="5" fill="{paper}"/>',
    '<path d="M4 20 H36 M20 4 V36 M8 8 L32 32 M32 8 L8 32" stroke="{ink}" stroke-width="4"/>',
)


@dataclass(frozen=True)
class Drawn:
    """text: as typed. pixels: RGB. stranger: where the sign that no charset has stands, in pixels from the left."""

    text: str
    pixels: Pixels
    stranger: tuple[float, float] | None


@dataclass(frozen=True)
class _Face:
    path: Path
    family: str
    coverage: frozenset[str]


def find_faces(folders: Sequence[Path]) -> list[_Face]:
    """The fonts of these folders. Raises ConfigError where there is none."""
    faces = []
    for file in sorted(p for folder in folders for p in ([folder] if folder.is_file() else folder.rglob("*"))):
        if file.suffix.lower() in (".ttf", ".otf"):
            characters = frozenset(chr(code) for code, _ in freetype.Face(str(file)).get_chars())
            faces.append(_Face(file.resolve(), file.stem.split("_")[0].split("-")[0], characters))
    if not faces:
        raise ConfigError(f"no .ttf or .otf in {', '.join(map(str, folders))}")
    return faces


class Drawer:
    """A running Chromium, and the faces that it draws with. A context manager; raises ConfigError where Chromium is missing."""

    def __init__(self, faces: Sequence[_Face]) -> None:
        from playwright.sync_api import sync_playwright

        self.emoji = [f for f in faces if "😀" in f.coverage][:1]
        self.faces = [f for f in faces if "😀" not in f.coverage]
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        self._tab = self._chromium.new_page(viewport={"width": 2000, "height": 800})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._chromium.close()
        self._playwright.stop()

    def draw(self, kind: Kind, count: int) -> list[Drawn]:
        """So many lines of a kind, the same in every run. Raises ConfigError where no face has its letters."""
        rng = random.Random(kind.name)
        drawn: list[Drawn] = []
        while len(drawn) < count:
            texts = [kind.line(rng) for _ in range(min(_BATCH, count - len(drawn)))]
            drawn += self._batch([_Setting(rng, kind, text, self._choose(rng, kind, text)) for text in texts])
        return drawn

    def _choose(self, rng: random.Random, kind: Kind, text: str) -> _Face:
        """A face that has all letters of the text's main script, and places for its vowel signs, each family as likely as any other."""
        nastaliq = [f for f in self.faces if "gulzar" in f.family.lower() or "nastaliq" in f.family.lower()]
        some = nastaliq if kind.faces == "nastaliq" else [f for f in self.faces if f not in nastaliq]
        letters = {c for c in text if c.isalpha() or unicodedata.combining(c)}
        if letters & set(DIACRITICS):
            some = [f for f in some if open_face(str(f.path)).sets_marks]
        arabic = {c for c in letters if c >= "\u0600"}
        needed = arabic or letters or {c for c in text if c.isalnum()} | {"0"}
        families: dict[str, list[_Face]] = {}
        for face in some:
            if needed <= face.coverage:
                families.setdefault(face.family, []).append(face)
        if not families:
            raise ConfigError(f"no face has all the letters of {text} ({kind.name})")
        return rng.choice(families[rng.choice(sorted(families))])

    def _batch(self, settings: Sequence[_Setting]) -> list[Drawn]:
        faces = {s.face.path: f"f{i}" for i, s in enumerate(settings)}
        rules = "".join(f'@font-face {{ font-family: {name}; src: url("{_as_url(path)}"); }}\n' for path, name in faces.items())
        rules += "".join(f'@font-face {{ font-family: emoji; src: url("{_as_url(face.path)}"); }}\n' for face in self.emoji)
        lines = "".join(s.html(faces[s.face.path]) for s in settings)
        self._tab.set_content(
            f"<!doctype html><meta charset=utf-8><style>{rules} body {{ margin: 0 }} i {{ font-style: normal }}"
            f" p {{ margin: 0; padding: {_MARGIN_PX}px; white-space: pre; width: max-content }}</style>{lines}"
        )
        self._tab.evaluate("document.fonts.ready")
        found: list[dict[str, Any]] = self._tab.evaluate(
            """() => [...document.querySelectorAll('p')].map(p => {
                const r = p.getBoundingClientRect(), i = p.querySelector('i'), s = i && i.getBoundingClientRect();
                return {box: [r.left, r.top, r.right, r.bottom].map(Math.round), stranger: s && [s.left, s.right]};
            })"""
        )
        png = np.frombuffer(self._tab.screenshot(full_page=True), np.uint8)
        page = np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR_RGB), np.uint8)
        drawn = []
        for setting, place in zip(settings, found, strict=True):
            left, top, right, bottom = place["box"]
            pixels, moved_px = _cut(page[top:bottom, left:right], setting.margin_px)
            stranger = place["stranger"] and tuple(x - left - moved_px for x in place["stranger"])
            drawn.append(Drawn(setting.text, pixels, stranger))
        return drawn


class _Setting:
    """How one line is set."""

    def __init__(self, rng: random.Random, kind: Kind, text: str, face: _Face) -> None:
        self.text, self.face = text, face
        self.direction: Direction = kind.direction or ("rtl" if any(c.isalpha() and c >= "\u0600" for c in text) else "ltr")
        self.size_px = rng.choice(kind.sizes_px)
        self.ink, self.paper = rng.choice(_COLOURS)
        self.margin_px = max(1, round(self.size_px * rng.uniform(0.05, 0.3)))
        strangers = (rng.choice(_EMOJI), rng.choice(_OTHER_SCRIPTS), self._logo(rng))
        self.stranger = rng.choices(strangers, (0.5, 0.3, 0.2))[0]

    def _logo(self, rng: random.Random) -> str:
        return f'<svg viewBox="0 0 40 40" height="1em" fill="{self.ink}">{rng.choice(_LOGOS).format(ink=self.ink, paper=self.paper)}</svg>'

    def html(self, family: str) -> str:
        text = html.escape(self.text).replace(UNKNOWN, f"<i><bdi>{self.stranger}</bdi></i>")
        style = f"font: {self.size_px}px {family}, emoji, sans-serif; color: {self.ink}; background: {self.paper}"
        return f'<p dir="{self.direction}" style="{style}">{text}</p>\n'


def _as_url(path: Path) -> str:
    return "data:font/ttf;base64," + base64.b64encode(path.read_bytes()).decode()


def _cut(piece: Pixels, margin_px: int) -> tuple[Pixels, int]:
    """The ink with so much paper around it, and how many columns were left out before it."""
    ink = np.abs(piece.astype(np.int16) - piece[0, 0]).max(axis=2) > 40
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    top, left = max(0, rows[0] - margin_px), max(0, columns[0] - margin_px)
    return np.ascontiguousarray(piece[top : rows[-1] + margin_px + 1, left : columns[-1] + margin_px + 1]), int(left)

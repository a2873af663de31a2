"""Rendered lines: text, shaped by HarfBuzz and drawn by FreeType, then spoilt as print, scanners and phones spoil it.

Where it stands: the source of ``train.py``'s endless lines and of ``python -m model.rendering``'s folders. ``Synthesizer.line(seed)``
is a pure function: the same seed, texts and fonts give the same line.

HarfBuzz and FreeType come inside their wheels, so nothing depends on the system's Raqm or FriBiDi. A font is used only for
text of which it has every character; figures and Latin words may come from a companion font, as in print.
"""

from __future__ import annotations

import functools
import os
import random
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.rendering.fonts import AS_IT_IS, Font, open_face
from model.rendering.screen import FILLED_BOXES, display, filled_box
from model.rendering.setting import choose_modern_setting, choose_setting, modern_runs
from model.rendering.setting import drawn_runs as printed_runs
from model.rendering.strangers import Strangers
from model.rendering.texts import Sample, TextSampler, TextSource
from rasm.errors import DatasetError, RasmError
from rasm.image import ImageSettings, Pixels, line_to_array, widen
from rasm.lines.ctc import WIDTH_STRIDE, stretch_of
from rasm.text.bidi import Direction, drawn_runs, to_visual
from rasm.text.charset import DIACRITICS, MARKS, UNKNOWN, ZWNJ, Charset

Levels = NDArray[Any]  # float32; OpenCV's stubs do not say so


@functools.cache
def _noise_bank() -> Levels:
    """Normal noise, drawn once and cut from at random places: drawing it anew for each line would take most of the time."""
    return np.random.default_rng(0).standard_normal((512, 8192), dtype=np.float32)


@functools.cache
def _smooth_bank(grain_px: int) -> Levels:
    noise = cv2.GaussianBlur(_noise_bank(), (0, 0), grain_px)
    return np.asarray(noise / noise.std(), dtype=np.float32)


def _noise(rng: random.Random, shape: tuple[int, ...], grain_px: int = 0) -> Levels:
    bank = _smooth_bank(grain_px) if grain_px else _noise_bank()
    height, width = min(shape[0], bank.shape[0]), min(shape[1], bank.shape[1])
    y, x = rng.randint(0, bank.shape[0] - height), rng.randint(0, bank.shape[1] - width)
    piece = bank[y : y + height, x : x + width]
    return piece if piece.shape == shape else cv2.resize(piece, (shape[1], shape[0]))


_UNMIRROR = str.maketrans("()[]{}<>«»≤≥", ")(][}{><»«≥≤")  # HarfBuzz mirrors right-to-left text itself, and runs come as drawn


# of dense lines, how many are shown drawn out, and how far: a reader counts what it read, which is not what stands there
_DRAWN_OUT, _SPREADS = 0.75, (0.72, 1.08)
_FILLED = 0.35  # of the lines with ticked boxes
_DISPLAYED = 0.75  # of what programs set; the rest is printed and scanned
_UNSEEN = frozenset(" " + ZWNJ)
_LATIN = frozenset("09AZaz")
# of a line of Arabic, the letters and figures are of one font; what stands between them may be of another
_SET_IN_LINE_FONT = frozenset(c for c in map(chr, range(0x600, 0x900)) if unicodedata.category(c)[0] in "LMN") | frozenset("﴾﴿ﷺ")


def draw_out(rng: random.Random, line: Pixels, signs: int, spread: float, most_px: int | None = None) -> Pixels:
    """A line of so many signs as a reader may see it: most of the dense ones drawn out. Not all: what it reads first is as it is."""
    times = stretch_of(signs, line.shape[1], spread * rng.uniform(*_SPREADS))
    if most_px:
        times = min(times, most_px / line.shape[1])
    return widen(line, times) if times > 1 and rng.random() < _DRAWN_OUT else line


@dataclass(frozen=True)
class SynthLine:
    """A rendered line: ``pixels`` as ``line_to_array`` gives them, ``text`` in logical order, its classes as drawn, its direction."""

    pixels: Pixels
    text: str
    classes: list[int]
    font: str
    direction: Direction = "rtl"


class Synthesizer:
    """Draws lines of text. ``line(seed)`` is pure, so that any worker can draw any line."""

    def __init__(
        self,
        texts: list[TextSource],
        fonts: list[Font],
        charset: Charset,
        image: ImageSettings,
        *,
        max_characters: int = 90,
        as_written: bool = False,
        clean: bool = False,
        spread: float = 0.0,
    ) -> None:
        """``spread``: as ``TrainConfig`` has it."""
        self.clean = clean
        self.spread = spread
        self.sampler = TextSampler(texts, charset, as_written=as_written)
        self.arabic = [f for f in fonts if f.arabic]
        self.arabic_weights = [f.weight for f in self.arabic]
        self.even_weights = [f.even_weight for f in self.arabic]
        self.latin = [f for f in fonts if set("AZaz09.-") <= f.coverage] or self.arabic
        self.latin_weights = [f.even_weight * (0.4 if f.arabic else 1.0) for f in self.latin]
        self.fallback: dict[str, list[Font]] = {}  # of a sign that the line's font lacks
        for font in fonts:  # of strangers, too: they cover nothing
            for c in font.coverage:
                self.fallback.setdefault(c, []).append(font)
        self.strangers = Strangers(fonts)
        self.charset = charset
        self.image = image
        self.max_characters = max_characters

    def line(self, seed: int | str, *, width_px: int | None = None) -> SynthLine:
        """The line of this seed. With ``width_px``, one that is at most so wide, and not much less."""
        rng = random.Random(seed)
        ratio = 0.085  # characters a pixel of width at the model's height
        while True:
            characters = max(1, round(width_px * ratio * rng.uniform(0.85, 1.1))) if width_px else rng.randint(1, self.max_characters)
            line = self._try_line(rng, characters)
            if line is None:
                continue
            if width_px is None or (fill := line.pixels.shape[1] / width_px) <= 1:
                return line
            if fill < 1.3 and width_px // WIDTH_STRIDE >= 1.3 * len(line.classes):
                # a condensed setting of the same line costs less than drawing another
                squeezed = cv2.resize(line.pixels, (width_px, self.image.height_px), interpolation=cv2.INTER_AREA)
                return replace(line, pixels=np.asarray(squeezed, dtype=np.uint8))
            ratio *= max(0.4, 0.85 / fill)

    def _try_line(self, rng: random.Random, characters: int) -> SynthLine | None:
        """A line of about so many characters, or None where the text cannot be drawn or does not fit its steps."""
        sample = self.sampler.sample_line(rng, characters)
        text = sample.text
        try:
            # the order that is drawn, whether or not it tells the order of typing
            classes = self.charset.encode_drawn(to_visual(text, sample.direction))
            drawn = self._draw(rng, sample)
            if drawn is None:
                return None
            pixels = line_to_array(drawn[0], self.image)
        except RasmError:
            return None
        pixels = draw_out(rng, pixels, len(classes), self.spread)
        # CTC needs a step a class, and one between doubles; less than this and no one could read it either
        return (
            SynthLine(pixels, text, classes, drawn[1], sample.direction) if pixels.shape[1] // WIDTH_STRIDE >= 1.3 * len(classes) else None
        )

    def scan(
        self, seed: int | str, text: str, direction: Direction = "rtl", *, modern: bool = False, persian: bool = False
    ) -> Pixels | None:
        """This very text, drawn and spoilt, before the transform; None where no font has all of its characters."""
        try:
            drawn = self._draw(random.Random(seed), Sample(text, direction, modern, persian))
        except DatasetError:
            return None
        return drawn[0] if drawn else None

    def _draw(self, rng: random.Random, sample: Sample) -> tuple[Pixels, str] | None:
        text = sample.text
        font = self._choose_font(rng, sample)
        if font is None:
            return None
        ink, baseline, size_px = self._ink(rng, sample, font)
        if ink.size == 0 or not ink.any():
            return None
        if sample.modern and not self.clean and rng.random() < _DISPLAYED:
            ink, size_px = _frame(rng, ink, baseline, size_px)
            return display(rng, ink, size_px), Path(font.path).stem
        if not self.clean and rng.random() < 0.25:
            ink, baseline = _reproportioned(rng, ink, baseline, size_px)
        if ink.size == 0:
            return None
        ink, size_px = _frame(rng, ink, baseline, size_px)
        if ink.size == 0:  # a lone mark, above or below all that is shown
            return None
        if self.clean:
            return np.asarray(255 - ink, dtype=np.uint8), Path(font.path).stem
        # a vowel sign is a stroke or two: where most letters have one, what would wipe them out is left out
        vowelled = sum(c in DIACRITICS for c in text) > 0.35 * len(text)
        return spoil(rng, ink, size_px, gently=vowelled), Path(font.path).stem

    def _choose_font(self, rng: random.Random, sample: Sample) -> Font | None:
        runs = drawn_runs(sample.text, sample.direction)
        needed = {c for run, ltr in runs if not ltr for c in run if c in _SET_IN_LINE_FONT}
        if not needed and sample.modern:
            latin = {c for run, _ in runs for c in run if c.isalnum() and c.isascii()}
            if latin:
                return rng.choices(self.latin, self.latin_weights)[0]
        if sample.faces:
            able = [f for f in self.arabic if needed <= f.coverage and any(word in Path(f.path).name.lower() for word in sample.faces)]
            if able:
                return rng.choice(able)
        weights = self.even_weights if sample.modern else self.arabic_weights
        for _ in range(12):
            font = rng.choices(self.arabic, weights)[0]
            if needed <= font.coverage:
                return font
        fit = [i for i, f in enumerate(self.arabic) if needed <= f.coverage]
        return self.arabic[rng.choices(fit, [weights[i] for i in fit])[0]] if fit else None

    def _pieces(self, rng: random.Random, run: str, ltr: bool, font: Font, companion: Font) -> list[tuple[str, Font | None]]:
        """Parts of a run, each with the font that it is set in; strangers and filled boxes with none.

        Raises RasmError where no font has a sign.
        """
        seen = set(run) - _UNSEEN
        filled = not FILLED_BOXES.isdisjoint(run) and rng.random() < _FILLED  # a program's own, of no font
        if filled:
            pass
        elif seen <= font.coverage and (not ltr or rng.random() < 0.7):
            return [(run, font)]
        elif ltr and seen <= companion.coverage:
            return [(run, companion)]
        first = companion if ltr and companion is not font and rng.random() < 0.5 else font
        pieces: list[tuple[str, Font | None]] = []
        for c in run:
            used: Font | None
            if c == UNKNOWN or (filled and c in FILLED_BOXES):
                used = None
            elif c in first.coverage or c in _UNSEEN:
                used = pieces[-1][1] if c in _UNSEEN and pieces and pieces[-1][1] else first
            else:
                used = next((f for f in (font, companion) if c in f.coverage), None) or self._other_font(rng, c, pieces)
            if pieces and used is not None and pieces[-1][1] is used:
                pieces[-1] = (pieces[-1][0] + c, used)
            else:
                pieces.append((c, used))
        return pieces

    def _other_font(self, rng: random.Random, character: str, pieces: list[tuple[str, Font | None]]) -> Font:
        able = self.fallback.get(character)
        if not able:
            raise DatasetError(f"no font has {character!r}")
        last = pieces[-1][1] if pieces else None
        return last if last in able else rng.choice(able)  # type: ignore[return-value]

    def _ink(self, rng: random.Random, line: Sample | str, font: Font) -> tuple[NDArray[np.uint8], int, int]:
        """The coverage of the letters, 0..255, the row of the baseline, and the size: everything about setting type."""
        sample = Sample(line) if isinstance(line, str) else line
        setting = choose_modern_setting(rng) if sample.modern else choose_setting(rng, font, clean=self.clean)
        size_px = setting.size_px
        if sample.modern:
            companion = rng.choices(self.latin, self.latin_weights)[0] if rng.random() < 0.4 or not font.coverage >= _LATIN else font
        else:
            companion = rng.choice(self.latin) if rng.random() < 0.5 or not font.coverage >= _LATIN else font
        placed: list[tuple[NDArray[np.uint8], int, int]] = []
        pen = 0.0
        runs = (modern_runs if sample.modern else printed_runs)(rng, sample.text, font.coverage, sample.direction, persian=sample.persian)
        for run, ltr, note in runs:
            for piece, used in self._pieces(rng, run, ltr, font, companion):
                run_px, rise_px = (round(size_px * 0.6), round(size_px * 0.28)) if note and setting.raised_notes else (size_px, 0)
                if used is None:
                    if piece == UNKNOWN:
                        bitmap, top = self.strangers.draw(rng, size_px, alone=sample.text == UNKNOWN)
                    else:
                        bitmap, top = filled_box(rng, size_px, piece)
                    gap = round(size_px * rng.uniform(0.02, 0.12))
                    placed.append((bitmap, round(pen) + gap, -top))
                    pen += bitmap.shape[1] + 2 * gap
                    continue
                face = open_face(used.path)
                scale = run_px / face.units
                space = face.ft_face.get_char_index(" ")
                typed = piece if ltr else piece[::-1].translate(_UNMIRROR)
                last = -1
                for glyph, dx, dy, advance, at in face.shape(typed, ltr, setting.features):
                    if typed[at] not in MARKS:
                        if last >= 0 and at != last:
                            pen += setting.gap(rng, typed, at, last) * size_px
                        last = at
                    wider = setting.space(typed, at)
                    if glyph != space:
                        way = AS_IT_IS if ltr else setting.way(rng, typed, at, advance > 0, glyph == face.medial_meem)
                        bitmap, left, top, wider = face.glyph(glyph, run_px, way)
                        right, down = setting.moved(rng, typed[at])
                        placed.append((bitmap, round(pen + dx * scale + right) + left, round(down) - top - rise_px - round(dy * scale)))
                    pen += advance * scale * wider + (setting.tracking * size_px if advance else 0)
        if not placed:
            return np.zeros((0, 0), np.uint8), 0, size_px
        x0, y0 = min(x for _, x, _ in placed), min(y for *_, y in placed)
        x1, y1 = max(x + b.shape[1] for b, x, _ in placed), max(y + b.shape[0] for b, _, y in placed)
        if x1 - x0 > 6000 or y1 - y0 > 600:
            return np.zeros((0, 0), np.uint8), 0, size_px
        canvas = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for bitmap, x, y in placed:
            part = canvas[y - y0 : y - y0 + bitmap.shape[0], x - x0 : x - x0 + bitmap.shape[1]]
            np.maximum(part, bitmap, out=part)
        return canvas, -y0, size_px


def _reproportioned(rng: random.Random, ink: NDArray[np.uint8], baseline: int, size_px: int) -> tuple[NDArray[np.uint8], int]:
    """Ascenders, bodies and descenders of other heights: there are more typefaces in print than fonts on any machine."""
    body = max(0, baseline - round(0.3 * size_px))
    parts = [
        cv2.resize(part, (ink.shape[1], max(1, round(len(part) * rng.uniform(0.78, 1.22)))), interpolation=cv2.INTER_LINEAR)
        for part in (ink[:body], ink[body:baseline], ink[baseline:])
        if len(part)
    ]
    below = len(parts[-1]) if baseline < len(ink) else 0
    changed = np.asarray(np.vstack(parts), dtype=np.uint8)
    return changed, len(changed) - below


def _frame(rng: random.Random, ink: NDArray[np.uint8], baseline: int, size_px: int) -> tuple[Levels, int]:
    """The letters on their piece of page: margins, or none, and what reaches in from the lines above and below."""
    height, width = ink.shape
    if rng.random() < 0.5:  # cut along the ink, as line finders do
        above, below = (round(size_px * rng.uniform(-0.03, 0.12)) for _ in "ab")
    else:  # cut along the line's place on the page
        above = round(size_px * rng.uniform(0.75, 1.25)) - baseline
        below = round(size_px * rng.uniform(0.3, 0.7)) - (height - baseline)
    # a cut never takes more than a sliver of the ink: what cannot be seen must not be asked for, and a kasra is two pixels high
    sliver = round(0.02 * size_px)
    above, below = max(above, -sliver), max(below, -sliver)
    sides = [round(size_px * (rng.uniform(0, 0.2) if rng.random() < 0.8 else rng.uniform(0, 1.5))) for _ in "ab"]
    framed = np.zeros((height + max(above, 0) + max(below, 0), width + sum(sides)), np.float32)
    framed[max(above, 0) : max(above, 0) + height, sides[0] : sides[0] + width] = ink
    if rng.random() < 0.3:  # neighbours: the line itself, moved along, so that the seed alone decides
        pitch = round(size_px * rng.uniform(1.25, 1.8))
        for sign in (-1, 1):
            if rng.random() < 0.6:
                moved = np.roll(ink, rng.randrange(1, width + 1), axis=1)
                top = max(above, 0) + sign * max(pitch, height - round(0.35 * size_px))
                y0, y1 = max(0, top), min(framed.shape[0], top + height)
                if y1 > y0:
                    part = framed[y0:y1, sides[0] : sides[0] + width]
                    np.maximum(part, moved[y0 - top : y1 - top], out=part)
    framed = framed[max(0, -above) : framed.shape[0] - max(0, -below)]
    return framed, size_px


def spoil(rng: random.Random, ink: Levels, size_px: int, *, gently: bool = False) -> Pixels:
    """What print, age, scanners and phones do: coverage 0..255 -> a grey scan, uint8. All measures follow ``size_px``."""
    if rng.random() < 0.45:
        ink = _bend(rng, ink, size_px)
    scale = rng.uniform(0.85 if gently else 0.55, 1.15) if rng.random() < 0.6 else 1.0  # the resolution of the scan
    if scale != 1.0:
        ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        size_px = max(12, round(size_px * scale))
    kind = rng.random()
    if kind < (0.25 if gently else 0.12):  # as from a file
        return _photograph(rng, ink, plain=True)
    # ink spreads or thins: blur, then where to cut. Noise at the cut makes edges ragged, and large noise breaks strokes
    full = float((ink > 100).mean())
    ink = cv2.GaussianBlur(ink, (0, 0), size_px * rng.uniform(0.008, 0.028))
    ragged = rng.uniform(5, 20 if gently else 45) * (rng.random() < 0.7)
    if ragged:
        ink = ink + _noise(rng, ink.shape, rng.choice((0, 1, 1, 2))) * ragged
    if rng.random() < 0.25:  # uneven inking
        ink = ink * (1 + 0.12 * _noise(rng, ink.shape, 12))
    cut = rng.uniform(60, 165)
    if float((ink > cut).mean()) < (0.8 if gently else 0.6) * full:  # hairlines would vanish, and with them letters
        cut = 80.0
    if kind < 0.68:  # bilevel
        ink = np.where(ink > cut, np.float32(255), np.float32(0))
    else:
        ink = np.clip((ink - cut) * rng.uniform(1.2, 4) + 128, 0, 255)
    if rng.random() < 0.25:
        _specks(rng, ink, size_px)
    if kind < 0.62:
        scan = np.asarray(255 - ink, np.float32)
        return np.asarray(scan, dtype=np.uint8)
    return _photograph(rng, ink, plain=False)


def _bend(rng: random.Random, ink: Levels, size_px: int) -> Levels:
    height, width = ink.shape
    slant = rng.gauss(0, 0.08) if rng.random() < 0.5 else 0.0
    skew = rng.gauss(0, 0.006) * min(1.0, 900 / width)
    stretch = rng.uniform(0.85, 1.2)
    if rng.random() < 0.75:
        new_width = max(8, round(width * stretch))
        matrix = np.array([[stretch, slant, -slant * height / 2], [skew, 1, -skew * width / 2]], np.float32)
        return cv2.warpAffine(ink, matrix, (new_width, height), flags=cv2.INTER_LINEAR)
    x = np.arange(width, dtype=np.float32)
    wave = size_px * rng.uniform(0.01, 0.06) * np.sin(x / width * rng.uniform(2, 9) + rng.uniform(0, 6)).astype(np.float32)
    y = np.arange(height, dtype=np.float32)[:, None] + wave[None]
    return cv2.remap(ink, np.broadcast_to(x, y.shape).astype(np.float32), y, cv2.INTER_LINEAR)


def _specks(rng: random.Random, ink: Levels, size_px: int) -> None:
    height, width = ink.shape
    for _ in range(rng.randint(1, max(2, width // 40))):
        radius = max(1, round(abs(rng.gauss(0, 0.022)) * size_px))
        cv2.circle(ink, (rng.randrange(width), rng.randrange(height)), radius - 1, 255.0 if rng.random() < 0.7 else 0.0, -1)


def _photograph(rng: random.Random, ink: Levels, plain: bool) -> Pixels:
    """Grey levels of ink and paper, light, what shines through, and the compression of the file."""
    ink = ink / 255
    shape = ink.shape
    paper, black = (255.0, 0.0) if plain and rng.random() < 0.6 else (rng.uniform(160, 255), rng.uniform(0, 70))
    page = np.full(shape, paper, np.float32)
    if not plain:
        if rng.random() < 0.5:
            page += _noise(rng, shape, rng.choice((6, 12, 30))) * rng.uniform(1, 6)
        if rng.random() < 0.4:  # a shadow
            page *= np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), shape[1], dtype=np.float32)
        if rng.random() < 0.25:  # the other side of the leaf
            page -= cv2.GaussianBlur(np.roll(ink[:, ::-1], shape[0] // 3, axis=0), (0, 0), 1.5) * rng.uniform(10, 60)
    scan: Levels = page * (1 - ink) + np.minimum(page, black) * ink
    if not plain:
        scan += _noise(rng, shape) * rng.uniform(0, 9)
        if rng.random() < 0.4:
            scan = cv2.GaussianBlur(scan, (0, 0), rng.uniform(0.4, 1.4))
    pixels = np.clip(scan, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 85)])
        pixels = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    return np.asarray(255 - pixels, dtype=np.uint8) if rng.random() < 0.06 else pixels


def default_workers() -> int:
    """Processes to render with: one for each core this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

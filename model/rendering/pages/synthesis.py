"""A seed -> a page with its labels.

Where it stands: what ``python -m model.rendering.pages`` calls for each page. ``PageArtist.page(seed)`` is a pure function of the seed, the
texts, the fonts, the photographs and the version of Chromium.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from model.rendering.pages.browser import Browser
from model.rendering.pages.faces import Faces
from model.rendering.pages.html import Draw, Sheet, document
from model.rendering.pages.kinds import HELD_OUT_KINDS, KINDS
from model.rendering.pages.labels import PageLabels
from model.rendering.pages.measure import measure
from model.rendering.pages.pictures import Pictures
from model.rendering.pages.wording import Wording
from rasm.errors import ConfigError
from rasm.image import Pixels


@dataclass(frozen=True)
class DrawnPage:
    """pixels: uint8 (height, width, 3), RGB."""

    pixels: Pixels
    labels: PageLabels


class PageArtist:
    """Draws pages of ``kinds`` (default: all that are not held out) in a browser."""

    def __init__(self, browser: Browser, wording: Wording, faces: Faces, pictures: Pictures, kinds: Sequence[str] | None = None) -> None:
        self.browser, self._wording, self._faces, self._pictures = browser, wording, faces, pictures
        self._kinds = chosen_kinds(kinds)

    def sheet(self, seed: str, kind: str | None = None) -> tuple[str, Draw, Sheet]:
        """The kind of document, what it was drawn from, and its HTML, without a browser."""
        rng = random.Random(f"drawn page {seed}")
        name = kind or rng.choices(self._kinds, [KINDS[k][1] for k in self._kinds])[0]
        draw = Draw(rng, self._wording, self._faces, self._pictures)
        return name, draw, KINDS[name][0](draw)

    def page(self, seed: str, kind: str | None = None) -> DrawnPage:
        """The page of this seed; of this kind, where one is given."""
        name, draw, sheet = self.sheet(seed, kind)
        drawing = self.browser.draw(document(sheet, draw.families), sheet.width_px, sheet.height_px)
        return DrawnPage(drawing.pixels, measure(drawing, name, seed, [family.name for family in draw.families]))


def chosen_kinds(kinds: Sequence[str] | None, held_out: bool = False) -> list[str]:
    """``kinds``, or all that are held out, or all that are not. Raises ConfigError where there is no such kind."""
    if kinds is None:
        return [kind for kind in KINDS if (kind in HELD_OUT_KINDS) == held_out]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ConfigError(f"no such kind of document: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    return list(kinds)

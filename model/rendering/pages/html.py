"""HTML whose parts say what they are: what ``kinds`` are written with, and ``extract.js`` reads.

Where it stands: beneath ``kinds``. The attributes:

    data-kind       of a block, one of ``labels.BLOCK_KINDS``; data-level of a heading, data-checked (1 or 0) of a check box
    data-table      on a <table> of cells of kind "cell": "ruled" or "open"
    data-columns    how many columns CSS makes of it: the gutters are between them
    data-gutter     an element that stands between two columns or pages
    data-flow       a number: all of the page's flow 0 is read before its flow 1, though they stand side by side, part by part
    data-rule       a line that is no border (borders are seen by themselves)
    data-picture    a photograph or drawing
    data-join       all its words that stand in one row are one line, whatever boxes they are in
    data-leader     dots that lead to a number: the sign … in the label
    data-skip       text that is no text, as bullets are
    data-ignore     text that nobody has to read: watermarks, stamps, what is turned
    data-fill       what does not fit into it is left out; "across": what is too wide alone
"""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from model.rendering.pages import wording
from model.rendering.pages.faces import Faces, Family
from model.rendering.pages.pictures import Pictures
from model.rendering.pages.wording import Wording

_SIGNS_APART = 0.25  # of pages: more than there are, as a finder that has seen few takes such a sign for a speck beside the line
_TRIES = 6  # passages looked at for one that a typeface can set


@dataclass
class Draw:
    """What a page is drawn from, and what all of one page shares: its languages, digits and fonts."""

    rng: random.Random
    wording: Wording
    faces: Faces
    pictures: Pictures
    language: str = "ar"
    digit_style: str = "western"
    families: list[Family] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.speak(self.rng.choices(("ar", "fa", "ur", "en", "fr"), (78, 8, 4, 7, 3))[0])
        self.signs_apart = self.rng.random() < _SIGNS_APART

    def speak(self, language: str) -> None:
        """Choose the language of the page, and with it its digits and its families."""
        rng, self.language = self.rng, language
        self.digit_style = (
            rng.choice(("western", "arabic")) if self.language == "ar" else "persian" if self.language in "fa ur" else "western"
        )
        self.body_family = self.faces.companion(rng) if self.is_latin else self.faces.text(rng, self.language)
        self.title_family = (
            self.faces.companion(rng)
            if self.is_latin
            else self.faces.display(rng, self.language)
            if rng.random() < 0.6
            else self.body_family
        )
        self.latin_family = self.faces.companion(rng)

    @property
    def is_latin(self) -> bool:
        return self.language in ("en", "fr")

    @property
    def direction(self) -> str:
        return "ltr" if self.is_latin else "rtl"

    def use(self, *families: Family) -> str:
        """A CSS font-family of these, loaded with the page."""
        for family in families:
            if family not in self.families:
                self.families.append(family)
        return ",".join(f"'{f.name}'" for f in families) + ",sans-serif"

    @property
    def body_font(self) -> str:
        return self.use(*((self.body_family,) if self.is_latin else (self.body_family, self.latin_family)))

    @property
    def title_font(self) -> str:
        return self.use(*((self.title_family,) if self.is_latin else (self.title_family, self.latin_family)))

    # text, escaped for HTML
    def text(self, characters: int, language: str | None = None) -> str:
        text = self._passage(self.body_family, language or self.language, characters)
        if self.signs_apart:
            text = wording.signs_apart(self.rng, text)
        if self.rng.random() < 0.15 and characters > 40:  # foreign words and numbers within
            words = text.split()
            extra = (
                self.wording.text(self.rng, "en" if not self.is_latin else "ar", 10) if self.rng.random() < 0.5 else wording.date(self.rng)
            )
            words.insert(self.rng.randrange(len(words)), f"({extra})")
            text = " ".join(words)
        return html.escape(self.digits(text))

    def paragraph(self, shortest: int = 120, longest: int = 700) -> str:
        text = self.text(self.rng.randint(shortest, longest))
        return text if text[-1] in ".؟!:؛" else text + (" ." if self.signs_apart else ".")

    def title(self, shortest: int = 8, longest: int = 40) -> str:
        return html.escape(
            self.digits(self._passage(self.title_family, self.language, self.rng.randint(shortest, longest)).strip(" .،؛:,;"))
        )

    def _passage(self, family: Family, language: str, characters: int) -> str:
        """A passage that the family has all signs for; after some tries, one without its signs, as those marks are left out in print."""
        text = ""
        for _ in range(_TRIES):
            text = self.wording.text(self.rng, language, characters)
            if self.is_latin or not family.lacks(text):
                return text
        return " ".join(text.translate(dict.fromkeys(map(ord, family.lacks(text)))).split()) or text

    def digits(self, text: str) -> str:
        return wording.digits(self.rng, text, self.digit_style)

    def make(self, maker: Callable[[random.Random], str]) -> str:
        """One of ``wording``'s makers, in this page's digits, escaped."""
        return html.escape(self.digits(maker(self.rng)))

    def number(self, n: int | str) -> str:
        return self.digits(str(n))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share


@dataclass(frozen=True)
class Sheet:
    """A page as HTML, without its fonts. height_px: None where it is as high as its contents."""

    body: str
    css: str
    width_px: int
    height_px: int | None = None
    direction: str = "rtl"


def el(tag: str, content: str = "", kind: str = "", style: str = "", cls: str = "", **data: object) -> str:
    """An element. ``data``: of its data- attributes; True for one without a value, None for none."""
    attributes = "".join(f' data-{k.replace("_", "-")}="{"" if v is True else v}"' for k, v in data.items() if v is not None)
    attributes += f' data-kind="{kind}"' if kind else ""
    attributes += f' class="{cls}"' if cls else ""
    attributes += f' style="{style}"' if style else ""
    return f"<{tag}{attributes}>{content}</{tag}>"


def table(rows: Sequence[Sequence[str | tuple[str, int, int]]], ruled: bool, head: int = 1, cls: str = "") -> str:
    """A table of cells' HTML; a cell may be (HTML, rows it spans, columns it spans)."""
    body = ""
    for r, row in enumerate(rows):
        cells = ""
        for cell in row:
            content, down, across = cell if isinstance(cell, tuple) else (cell, 1, 1)
            spans = (f' rowspan="{down}"' if down > 1 else "") + (f' colspan="{across}"' if across > 1 else "")
            tag = "th" if r < head else "td"
            cells += f'<{tag} data-kind="cell"{spans}>{content}</{tag}>'
        body += f"<tr>{cells}</tr>"
    return el("table", body, cls=cls, table="ruled" if ruled else "open")


def document(sheet: Sheet, families: Sequence[Family]) -> str:
    """The whole HTML file of a sheet."""
    fonts = "\n".join(family.css() for family in families)
    height = f"height:{sheet.height_px}px;overflow:hidden;" if sheet.height_px else ""
    base = f"*{{box-sizing:border-box}}html,body{{margin:0;padding:0}}body{{width:{sheet.width_px}px;{height}position:relative}}"
    base += "p,h1,h2,h3,h4,figure,table{margin:0}table{border-collapse:collapse}th,td{padding:0}img,svg{display:block}"
    head = f"<meta charset='utf-8'><style>{fonts}\n{base}\n{sheet.css}</style>"
    return f"<!DOCTYPE html><html dir='{sheet.direction}'><head>{head}</head><body>{sheet.body}</body></html>"

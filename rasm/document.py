"""What a document says and where: pages, regions, lines, words and characters, with boxes and confidences.

Where it stands: the one result of reading, whether of an image of a line, of a page or of a text layer. ``rasm/pages`` makes it;
``rasm/formats/`` writes it as other programs take it. Text is in logical order everywhere. Boxes are (left, top, right, bottom) in
pixels of the page as it was given, before it was levelled; confidences are 0 to 1.

Regions are in reading order. Their kinds are PAGE XML's: paragraph, heading, header, footer, page-number, footnote,
marginalia, other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from operator import itemgetter
from typing import Any, Literal

from rasm.text.normalisation import Profile, apply_profile

Box = tuple[float, float, float, float]
RegionKind = Literal["paragraph", "heading", "header", "footer", "page-number", "footnote", "marginalia", "other"]


@dataclass(frozen=True)
class Character:
    """One sign as it was read."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class Word:
    """What stands between two spaces."""

    text: str
    confidence: float
    box: Box
    characters: list[Character] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One line. baseline: (x, y) points from left to right."""

    text: str
    confidence: float
    box: Box
    baseline: list[tuple[float, float]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)


@dataclass(frozen=True)
class Region:
    """Lines that belong together: a paragraph, a heading, a footnote."""

    kind: RegionKind
    box: Box
    lines: list[Line]

    @property
    def text(self) -> str:
        """A line a line; what stands in one row, as the cells of a table or the halves of a verse, with a tab between."""
        text = ""
        for k, line in enumerate(self.lines):
            text += ("" if not k else "\t" if _in_one_row(self.lines[k - 1], line) else "\n") + line.text
        return text

    @property
    def paragraph(self) -> str:
        """The text without line breaks, except between verses and the rows of tables."""
        rows = self.text.split("\n")
        return ("\n" if any("\t" in row for row in rows) else " ").join(rows)


def _in_one_row(right: Line, left: Line) -> bool:
    middle = (left.box[1] + left.box[3]) / 2
    return left.box[2] < right.box[0] + (right.box[3] - right.box[1]) / 2 and right.box[1] < middle < right.box[3]


@dataclass(frozen=True)
class Page:
    """One page. number: from 1. rotation_degrees: clockwise, what was needed to set it upright; boxes are before that.
    skew_degrees: what was needed besides. source: read from pixels, or from a PDF's text layer. has_text_layer: whether there is a
    sound one, taken or not. kind: of a page, or of an image that is one line."""

    number: int
    width_px: int
    height_px: int
    regions: list[Region]
    rotation_degrees: int = 0
    skew_degrees: float = 0.0
    source: Literal["ocr", "text_layer"] = "ocr"
    has_text_layer: bool = False
    kind: Literal["page", "line"] = "page"

    @property
    def lines(self) -> list[Line]:
        return [line for region in self.regions for line in region.lines]

    @property
    def text(self) -> str:
        """Line by line, an empty line between regions."""
        return "\n\n".join(region.text for region in self.regions)

    @property
    def confidence(self) -> float:
        """The mean of its lines', weighted by their length; 0 where nothing was read."""
        weights = [len(line.text) for line in self.lines]
        return sum(line.confidence * w for line, w in zip(self.lines, weights, strict=True)) / sum(weights) if sum(weights) else 0.0


@dataclass(frozen=True)
class PageError:
    """Why a page could not be read. number: the page's, from 1. code: that of ``rasm/errors.py``."""

    number: int
    code: str
    message: str


@dataclass(frozen=True)
class Document:
    """The pages of one file, in order. name: the file's. model: the name and version of what read it. errors: of those pages that could
    not be read: JSON has them in their places, plain text an empty page for each, so that pages keep their numbers; other formats
    leave them out."""

    name: str
    pages: list[Page]
    model: str = ""
    errors: list[PageError] = field(default_factory=list)

    @property
    def text(self) -> str:
        """``to_text`` as by default, without its last line's end."""
        return self.to_text().removesuffix("\n")

    def to_text(self, *, paragraphs: bool = True, profile: Profile = Profile()) -> str:
        """Plain text: paragraphs on one line each, or, without ``paragraphs``, lines as printed. Regions are parted by an empty
        line, pages by a form feed, as pdftotext and Tesseract do."""
        texts = [(error.number, "") for error in self.errors]
        for page in self.pages:
            texts.append((page.number, "\n\n".join(r.paragraph if paragraphs else r.text for r in page.regions if r.lines)))
        return "\f".join(apply_profile(text, profile) + "\n" for _, text in sorted(texts, key=itemgetter(0)))

    def to_dict(self, *, characters: bool = True) -> dict[str, Any]:
        """For JSON: everything, with coordinates to a tenth of a pixel and confidences to four digits."""
        document = _rounded({"format": "rasm-document", "version": 1, **asdict(self)})
        errors = document.pop("errors")
        for page, source in zip(document["pages"], self.pages, strict=True):
            page["text"] = source.text
            page["confidence"] = round(source.confidence, 4)
            page["error"] = None
            if not characters:
                for region in page["regions"]:
                    for line in region["lines"]:
                        for word in line["words"]:
                            del word["characters"]
        document["pages"] = sorted([*document["pages"], *map(_unread, errors)], key=itemgetter("number"))
        return dict(document)

    def to_json(self, *, characters: bool = True) -> str:
        return json.dumps(self.to_dict(characters=characters), ensure_ascii=False)


def _unread(error: dict[str, Any]) -> dict[str, Any]:
    """A page of which nothing but its error is known, with nulls as in the API's replies."""
    unknown = dict.fromkeys(("width_px", "height_px", "source", "text", "confidence"))
    nothing = {"regions": [], "rotation_degrees": 0, "skew_degrees": 0.0, "has_text_layer": False, "kind": None}
    return {"number": error["number"], **unknown, **nothing, "error": {"code": error["code"], "message": error["message"]}}


def profiled(page: Page, profile: Profile) -> Page:
    """The page with all its texts in the form that ``profile`` asks for; words and signs of which nothing is left are taken out."""
    if profile == Profile():
        return page

    def word(w: Word) -> Word:
        signs = [replace(sign, text=text) for sign in w.characters if (text := apply_profile(sign.text, profile))]
        return replace(w, text=apply_profile(w.text, profile), characters=signs)

    def line(v: Line) -> Line:
        return replace(v, text=apply_profile(v.text, profile), words=[w for w in map(word, v.words) if w.text])

    return replace(page, regions=[replace(region, lines=[*map(line, region.lines)]) for region in page.regions])


def _rounded(value: Any, digits: int = 1) -> Any:
    if isinstance(value, float):
        return round(value, digits)
    if isinstance(value, dict):
        return {key: _rounded(item, 4 if key == "confidence" else 2 if key == "skew_degrees" else 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item, digits) for item in value]
    return value


def page_from_dict(fields: dict[str, Any]) -> Page:
    """The Page of what ``Document.to_dict`` wrote of it."""

    def word(w: dict[str, Any]) -> Word:
        characters = [Character(c["text"], c["confidence"], _as_box(c["box"])) for c in w.get("characters", [])]
        return Word(w["text"], w["confidence"], _as_box(w["box"]), characters)

    def line(v: dict[str, Any]) -> Line:
        baseline = [(float(x), float(y)) for x, y in v["baseline"]]
        return Line(v["text"], v["confidence"], _as_box(v["box"]), baseline, [word(w) for w in v["words"]])

    regions = [Region(r["kind"], _as_box(r["box"]), [line(v) for v in r["lines"]]) for r in fields["regions"]]
    names = ("number", "width_px", "height_px", "rotation_degrees", "skew_degrees", "source")
    newer = {name: fields[name] for name in ("has_text_layer", "kind") if name in fields}
    return Page(regions=regions, **newer, **{name: fields[name] for name in names})


def _as_box(values: list[float]) -> Box:
    left, top, right, bottom = values
    return left, top, right, bottom

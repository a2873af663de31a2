"""What a document says and where: pages, regions, lines, words and characters, with boxes and confidences.

Where it stands: the one result of reading, whether of an image of a line, of a page or of a text layer. ``rasm/pages`` makes it;
``rasm/formats/`` writes it as other programs take it. Text is in logical order everywhere. Boxes are (left, top, right, bottom) in
pixels of the page as it was given, before it was levelled; confidences are 0 to 1.

Regions are in reading order. Their kinds are PAGE XML's: paragraph, heading, header, footer, page-number, footnote,
marginalia, caption, other; and list-item, verse, table and figure. A table has its cells, empty ones too. A figure is a picture's place:
it alone has no lines.

What was found and not read is told: a page has it in ``unread``, and warnings say what its reader should know. ``WARNINGS`` is the one
place where their codes are explained.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from itertools import islice
from operator import itemgetter, mul
from typing import Any, Literal

from rasm.text.bidi import Direction
from rasm.text.charset import ZWNJ
from rasm.text.languages import Evidence, Language, LanguageOption, letters_in, write_in
from rasm.text.normalisation import Profile, apply_profile

Box = tuple[float, float, float, float]
RegionKind = Literal[
    "paragraph", "heading", "list-item", "caption", "header", "footer", "page-number", "footnote", "marginalia", "verse", "table", "figure",
    "other",
]  # fmt: skip
BaseDirection = Literal["rtl", "ltr"]
UnreadReason = Literal["unsure", "too-wide", "too-small", "not-read"]
WarningCode = Literal["no-text", "unread-text", "much-of-page-unread", "low-confidence", "turned"]

#: Why a place that looks like text is not in the text.
UNREAD_REASONS: dict[UnreadReason, str] = {
    "unsure": "what was read there is not sure enough to be text: mostly, less sure than `least_confidence` asks for",
    "too-wide": "it is wider than the model reads, for its height",
    "too-small": "it has too few pixels to hold a letter",
    "not-read": "nothing could be read there",
}
#: What warnings of a page mean: for Python, the command line, the API and the client alike.
WARNINGS: dict[WarningCode, str] = {
    "no-text": "nothing on the page looks like text",
    "unread-text": "places that look like text are not in the text; `unread` has their boxes, and why",
    "much-of-page-unread": "those places hold a quarter of the page's text or more, as far as can be told",
    "low-confidence": "what was read has a confidence below 0.85",
    "turned": "the page lay on its side or stood on its head, and was turned to be read",
}
_SHORT_REASONS: dict[UnreadReason, str] = {
    "unsure": "too unsure",
    "too-wide": "too wide",
    "too-small": "too small",
    "not-read": "read as nothing",
}


@dataclass(frozen=True)
class DocumentSettings:
    """When a page warns, and other numbers that decide.

    low_confidence: pages that stand on their head are read to 0.75, sound ones from 0.97 on; between the two, each sixth letter is wrong.
    much: the share of a page's text; a choice: one line of four. signs_per_height: of a line, in heights of its box; the median of
    7,062 drawn lines (docs/page-data.md). language_pages: of a document, that tell its language: three lines do in 99 of a hundred.
    """

    low_confidence: float = 0.85
    much: float = 0.25
    signs_per_height: float = 2.6
    language_pages: int = 40


_SETTINGS = DocumentSettings()
_FLAT = 0.1  # of a table it is 1, however it is turned; of cells that stand anywhere, or in one row, about 0
_DIGITS = {"confidence": 4, "skew_degrees": 2}  # in JSON; of all other numbers, which are pixels, one


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
    """One line. baseline: (x, y) points from left to right. direction: the base direction; words are in logical order in both."""

    text: str
    confidence: float
    box: Box
    baseline: list[tuple[float, float]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    direction: Direction = "rtl"


@dataclass(frozen=True)
class Cell:
    """A cell of a table, empty or not. row, column: from 0, of the first of the rows and columns that it is over, counted in the
    direction of reading. lines: numbers of its region's lines."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Region:
    """Lines that belong together: a paragraph, a heading, a table.

    cells: of a table, row by row; none of anything else. level: of a heading, from 1, by the size of its type; of a list item how deep it
    is nested, from 1; None of anything else. head_rows: how many of a table's first rows say what stands in its columns.
    """

    kind: RegionKind
    box: Box
    lines: list[Line]
    cells: list[Cell] = field(default_factory=list)
    level: int | None = None
    head_rows: int = 0

    @property
    def direction(self) -> BaseDirection:
        """Which way most of its letters run; right to left where it has none. Of a table, which way its columns are counted."""
        if way := _way_of_columns(self.cells):
            return way
        kinds = Counter(unicodedata.bidirectional(sign) for line in self.lines for sign in line.text)
        return "ltr" if kinds["L"] > kinds["R"] + kinds["AL"] else "rtl"

    @property
    def text(self) -> str:
        """A line a line; what stands in one row, as the halves of a verse, with a tab between. Of a table a row a line, with a tab
        between cells; places over which a cell reaches are empty, so columns can be counted."""
        if self.cells:
            return "\n".join("\t".join(row) for row in self.rows)
        text = ""
        for k, line in enumerate(self.lines):
            text += ("" if not k else "\t" if _in_one_row(self.lines[k - 1], line) else "\n") + line.text
        return text

    @property
    def rows(self) -> list[list[str]]:
        """The texts of a table's cells, whose lines are joined by spaces, each where it begins."""
        count = max((cell.row + cell.row_span for cell in self.cells), default=0)
        width = max((cell.column + cell.column_span for cell in self.cells), default=0)
        rows = [[""] * width for _ in range(count)]
        for cell in self.cells:
            rows[cell.row][cell.column] = " ".join(self.lines[k].text for k in cell.lines)
        return rows

    @property
    def paragraph(self) -> str:
        """The text without line breaks, except between verses and the rows of tables."""
        rows = self.text.split("\n")
        return ("\n" if any("\t" in row for row in rows) else " ").join(rows)


def _way_of_columns(cells: Sequence[Cell]) -> BaseDirection | None:
    """By where the cells stand, whichever way the page is turned; None where that does not tell. Words in two languages say nothing of it.

    Columns and rows are turned into places by some matrix. Where columns are counted from the right, it is a reflection.
    """
    if not cells:
        return None
    of_columns = _centred([cell.column + cell.column_span / 2 for cell in cells])
    of_rows = _centred([cell.row + cell.row_span / 2 for cell in cells])
    x, y = _centred([cell.box[0] + cell.box[2] for cell in cells]), _centred([cell.box[1] + cell.box[3] for cell in cells])
    along, across = _product(of_columns, x) * _product(of_rows, y), _product(of_columns, y) * _product(of_rows, x)
    if abs(along - across) <= _FLAT * (abs(along) + abs(across)):
        return None
    return "ltr" if along > across else "rtl"


def _centred(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def _product(these: Sequence[float], those: Sequence[float]) -> float:
    return sum(map(mul, these, those))


def _in_one_row(first: Line, second: Line) -> bool:
    """Whether they stand side by side, whichever is at the right."""
    middle, slack = (second.box[1] + second.box[3]) / 2, (first.box[3] - first.box[1]) / 2
    beside = second.box[2] < first.box[0] + slack or second.box[0] > first.box[2] - slack
    return beside and first.box[1] < middle < first.box[3]


@dataclass(frozen=True)
class Unread:
    """A place that looks like text and is not in the text. ``text``: what was read there all the same, with its ``confidence``;
    empty and 0 where nothing was."""

    box: Box
    reason: UnreadReason
    text: str = ""
    confidence: float = 0.0

    @property
    def weight(self) -> float:
        """How many characters it holds: those that were read, or else as many as a line of this shape has. Lines that stand
        upright are as long as they are high."""
        if self.text:
            return len(self.text)
        left, top, right, bottom = self.box
        short, long = sorted((right - left, bottom - top))
        return max(1.0, _SETTINGS.signs_per_height * long / max(short, 1.0))


@dataclass(frozen=True)
class PageWarning:
    """What the reader of a page should know. ``code``: one of ``WARNINGS``, for programs. ``message``: for people."""

    page: int
    code: WarningCode
    message: str


@dataclass(frozen=True)
class Page:
    """One page. number: from 1. rotation_degrees: clockwise, what was needed to set it upright; boxes are before that.
    skew_degrees: what was needed besides. source: read from pixels, or from a PDF's text layer. has_text_layer: whether there is a
    sound one, taken or not. kind: of a page, or of an image that is one line. unread: what looks like text and is not in the regions.
    language: in whose letters the text is written (``in_language``); None of letters as they are drawn, or where there are none."""

    number: int
    width_px: int
    height_px: int
    regions: list[Region]
    rotation_degrees: int = 0
    skew_degrees: float = 0.0
    source: Literal["ocr", "text_layer"] = "ocr"
    has_text_layer: bool = False
    kind: Literal["page", "line"] = "page"
    unread: list[Unread] = field(default_factory=list)
    language: Language | None = None

    @property
    def lines(self) -> list[Line]:
        return [line for region in self.regions for line in region.lines]

    @property
    def text(self) -> str:
        """Line by line, an empty line between regions."""
        return "\n\n".join(region.text for region in self.regions if region.lines)

    @property
    def direction(self) -> Direction:
        """The base direction of most of its text; from right to left where there is none."""
        signs: Counter[Direction] = Counter()
        for line in self.lines:
            signs[line.direction] += len(line.text)
        return "ltr" if signs["ltr"] > signs["rtl"] else "rtl"

    @property
    def confidence(self) -> float:
        """The share of the page's characters that is expected to be there and right; 0 where nothing was read.

        The mean of its lines' confidences, weighted by their lengths. What is unread counts with 0, weighted by the characters that it
        holds (``Unread.weight``): they are not in the text.
        """
        read, length, unread = self._counted()
        return read / (length + unread) if length else 0.0

    @property
    def warnings(self) -> list[PageWarning]:
        """What its reader should know, the most important first."""
        read, length, unread = self._counted()
        found: list[tuple[WarningCode, str]] = []
        if not length and not unread:
            found.append(("no-text", "no text was found"))
        if unread:
            reasons = Counter(_SHORT_REASONS[place.reason] for place in self.unread)
            why = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
            places = "1 place that looks like text was" if len(self.unread) == 1 else f"{len(self.unread)} places that look like text were"
            found.append(("unread-text", f"{places} not read ({why})"))
            if unread >= _SETTINGS.much * (length + unread):
                share = f"about {unread / (length + unread):.0%} of the page's text" if length else "all of the page's text"
                found.append(("much-of-page-unread", f"{share} is missing, as far as can be told"))
        if length and read < _SETTINGS.low_confidence * length:
            found.append(("low-confidence", f"about {1 - read / length:.0%} of the characters that were read are expected to be wrong"))
        if self.rotation_degrees:
            found.append(("turned", f"the page was turned by {self.rotation_degrees} degrees clockwise to be read"))
        return [PageWarning(self.number, code, message) for code, message in found]

    def _counted(self) -> tuple[float, int, float]:
        """The characters that are expected to be right, all that were read, and those that are unread."""
        weights = [len(line.text) for line in self.lines]
        read = sum(line.confidence * w for line, w in zip(self.lines, weights, strict=True))
        return read, sum(weights), sum(place.weight for place in self.unread)


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
    def warnings(self) -> list[PageWarning]:
        """Those of its pages, in order."""
        return [warning for page in self.pages for warning in page.warnings]

    @property
    def language(self) -> Language | None:
        """The one in whose letters its pages are written."""
        return next((page.language for page in self.pages if page.language), None)

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
        document = {"format": "rasm-document", "version": 1, **_plain(self, characters)}
        errors = document.pop("errors")
        for page, source in zip(document["pages"], self.pages, strict=True):
            page["text"] = source.text
            page["confidence"] = round(source.confidence, 4)
            page["warnings"] = [{"code": warning.code, "message": warning.message} for warning in source.warnings]
            page["error"] = None
            for region, own in zip(page["regions"], source.regions, strict=True):
                region["direction"] = own.direction
        document["pages"] = sorted([*document["pages"], *map(_without_text, errors)], key=itemgetter("number"))
        return document

    def to_json(self, *, characters: bool = True) -> str:
        return json.dumps(self.to_dict(characters=characters), ensure_ascii=False)


def _without_text(error: dict[str, Any]) -> dict[str, Any]:
    """A page of which nothing but its error is known, with nulls as in the API's replies."""
    unknown = dict.fromkeys(("width_px", "height_px", "source", "text", "confidence"))
    nothing = {
        "regions": [],
        "unread": [],
        "warnings": [],
        "rotation_degrees": 0,
        "skew_degrees": 0.0,
        "has_text_layer": False,
        "kind": None,
        "language": None,
    }
    return {"number": error["number"], **unknown, **nothing, "error": {"code": error["code"], "message": error["message"]}}


def language_of(pages: Iterable[Page], asked: LanguageOption = "auto") -> Language | None:
    """The one that was asked for, or that the letters of the first pages tell; None where they have no letter of the script."""
    if asked != "auto":
        return asked
    evidence = Evidence()
    for page in islice(pages, _SETTINGS.language_pages):
        evidence.add(line.text for line in page.lines)
    return evidence.language


def in_language(page: Page, language: Language | None) -> Page:
    """The page with the characters that this language has for the letters that were seen. What a PDF says itself stays as it is."""
    if language is None or page.source == "text_layer":
        return replace(page, language=language)

    def word(w: Word) -> Word:
        drawn = "".join(sign.text for sign in w.characters)
        written = write_in(drawn, language)
        text = written if drawn == w.text else write_in(w.text, language)
        if written == drawn:  # as most are
            return w if text == w.text else Word(text, w.confidence, w.box, w.characters)
        signs, at = [], 0
        for sign in w.characters:
            if sign.text == ZWNJ and written[at : at + 1] != ZWNJ:  # the only sign that a language leaves out
                continue
            end = at + len(letters_in(sign.text, language))
            signs.append(Character(written[at:end], sign.confidence, sign.box))
            at = end
        return Word(text, w.confidence, w.box, signs)

    def line(v: Line) -> Line:
        return replace(v, text=write_in(v.text, language), words=[word(w) for w in v.words])

    unread = [replace(place, text=write_in(place.text, language)) for place in page.unread]
    regions = [replace(region, lines=[*map(line, region.lines)]) for region in page.regions]
    return replace(page, regions=regions, unread=unread, language=language)


def profiled(page: Page, profile: Profile) -> Page:
    """The page with all its texts in the form that ``profile`` asks for; words and signs of which nothing is left are taken out."""
    if profile == Profile():
        return page

    def word(w: Word) -> Word:
        signs = [replace(sign, text=text) for sign in w.characters if (text := apply_profile(sign.text, profile))]
        return replace(w, text=apply_profile(w.text, profile), characters=signs)

    def line(v: Line) -> Line:
        return replace(v, text=apply_profile(v.text, profile), words=[w for w in map(word, v.words) if w.text])

    unread = [replace(place, text=apply_profile(place.text, profile)) for place in page.unread]
    return replace(page, regions=[replace(region, lines=[*map(line, region.lines)]) for region in page.regions], unread=unread)


def _plain(value: Any, characters: bool, digits: int = 1) -> Any:
    """As dataclasses.asdict makes it, in half the time, and rounded. A page has ten thousand values, most of them of its characters."""
    if isinstance(value, Word):
        word = {"text": value.text, "confidence": round(value.confidence, 4), "box": _plain(value.box, characters)}
        signs = [
            {"text": sign.text, "confidence": round(sign.confidence, 4), "box": [round(at, 1) for at in sign.box]}
            for sign in (value.characters if characters else ())
        ]
        return word | {"characters": signs} if characters else word
    if is_dataclass(value):
        return {name: _plain(item, characters, _DIGITS.get(name, 1)) for name, item in vars(value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, characters, digits) for item in value]
    return round(value, digits) if isinstance(value, float) else value


def page_from_dict(fields: dict[str, Any]) -> Page:
    """The Page of what ``Document.to_dict`` wrote of it."""

    def word(w: dict[str, Any]) -> Word:
        characters = [Character(c["text"], c["confidence"], _as_box(c["box"])) for c in w.get("characters", [])]
        return Word(w["text"], w["confidence"], _as_box(w["box"]), characters)

    def line(v: dict[str, Any]) -> Line:
        baseline = [(float(x), float(y)) for x, y in v["baseline"]]
        return Line(v["text"], v["confidence"], _as_box(v["box"]), baseline, [word(w) for w in v["words"]], v.get("direction", "rtl"))

    def cell(v: dict[str, Any]) -> Cell:
        return Cell(v["row"], v["column"], v["row_span"], v["column_span"], _as_box(v["box"]), list(v["lines"]))

    regions = [
        Region(
            r["kind"],
            _as_box(r["box"]),
            [line(v) for v in r["lines"]],
            [cell(v) for v in r.get("cells", [])],
            r.get("level"),
            r.get("head_rows", 0),
        )
        for r in fields["regions"]
    ]
    unread = [Unread(_as_box(u["box"]), u["reason"], u["text"], u["confidence"]) for u in fields.get("unread", [])]  # not in 0.9.0
    names = ("number", "width_px", "height_px", "rotation_degrees", "skew_degrees", "source")
    newer = {name: fields[name] for name in ("has_text_layer", "kind", "language") if name in fields}
    return Page(regions=regions, unread=unread, **newer, **{name: fields[name] for name in names})


def _as_box(values: list[float]) -> Box:
    left, top, right, bottom = values
    return left, top, right, bottom

"""What was read, as the API gives it out: lines, pages and errors -> ``schemas.Result``.

Where it stands: between ``rasm.document.Page`` and the reply; ``services.py`` and the results of jobs call it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocr.errors import FILE_STATUS, FilesRefused
from ocr.schemas import Character, FileError, Line, Model, Region, Result, TextOptions, Word
from rasm import document
from rasm.document import Box, Document, Page
from rasm.lines.recognizer import Reading
from rasm.text.normalisation import Profile, apply_profile


@dataclass(frozen=True)
class Output:
    """How the text is to be given out."""

    profile: Profile = field(default_factory=Profile)
    join_lines: bool = True
    with_characters: bool = False

    @classmethod
    def of(cls, options: TextOptions) -> "Output":
        profile = Profile(options.diacritics, options.tatweel, options.digits)
        return cls(profile, options.line_breaks == "join", options.detail == "characters")


def empty_result(name: str, file: int, *, page: int | None = None, pages: int | None = None) -> Result:
    """A result of which nothing is known yet."""
    return Result.model_construct(
        name=name,
        file=file,
        page=page,
        pages=pages,
        kind=None,
        source=None,
        has_text_layer=False,
        width_px=None,
        height_px=None,
        rotation_degrees=0,
        skew_degrees=0.0,
        direction="rtl",
        text=None,
        text_as_read=None,
        confidence=None,
        bbox=None,
        regions=[],
        lines=[],
        milliseconds=0.0,
        error=None,
    )


def fill_line(result: Result, reading: Reading, output: Output) -> None:
    """Writes what was read into ``result``, the image being one line whose size it has."""
    box = [0, 0, result.width_px or 0, result.height_px or 0]
    confidence = round(reading.confidence, 4)
    text = apply_profile(reading.text, output.profile)
    characters = None
    if output.with_characters:
        characters = [
            Character(text=c.text, confidence=round(c.confidence, 4), bbox=[round(c.start_px), 0, round(c.end_px), box[3]])
            for c in reading.signs
        ]
    words = []
    for word in _words(reading):
        signs, confidences, starts, ends = zip(*word, strict=True)
        words.append(
            Word(
                text=apply_profile("".join(signs), output.profile),
                confidence=round(sum(confidences) / len(confidences), 4),
                bbox=[round(min(starts)), 0, round(max(ends)), box[3]],
            )
        )
    line = Line.model_construct(text=text, text_as_read=reading.text, confidence=confidence, bbox=box, words=words, characters=characters)
    result.kind, result.source = "line", "ocr"
    result.text, result.text_as_read, result.confidence, result.bbox, result.lines = text, reading.text, confidence, box, [line]


def _words(reading: Reading) -> list[list[Any]]:
    """The characters between spaces."""
    words: list[list[Any]] = [[]]
    for c in reading.signs:
        if c.text.isspace():
            words.append([])
        else:
            words[-1].append(c)
    return [word for word in words if word]


def page_of_line(reading: Reading, width_px: int, height_px: int, *, number: int) -> Page:
    """A line image as a page of its own, for documents."""
    words = []
    for signs in _words(reading):
        characters = [document.Character(c.text, c.confidence, (c.start_px, 0.0, max(c.end_px, c.start_px + 1), height_px)) for c in signs]
        box = (min(c.box[0] for c in characters), 0.0, max(c.box[2] for c in characters), float(height_px))
        confidence = sum(c.confidence for c in characters) / len(characters)
        words.append(document.Word("".join(c.text for c in characters), confidence, box, characters))
    whole = (0.0, 0.0, float(width_px), float(height_px))
    baseline = [(0.0, 0.7 * height_px), (float(width_px), 0.7 * height_px)]
    line = document.Line(reading.text, reading.confidence, whole, baseline, words)
    return Page(number, width_px, height_px, [document.Region("paragraph", whole, [line])] if words else [])


def fill_page(result: Result, page: Page, output: Output) -> None:
    """Writes a page into ``result``."""
    result.kind, result.source, result.has_text_layer = "page", page.source, page.has_text_layer
    result.width_px, result.height_px = page.width_px, page.height_px
    result.rotation_degrees, result.skew_degrees = page.rotation_degrees, page.skew_degrees  # type: ignore[assignment]
    result.bbox, result.confidence = [0, 0, page.width_px, page.height_px], round(page.confidence, 4)
    result.text = Document("", [page]).to_text(paragraphs=output.join_lines, profile=output.profile).strip("\n")
    result.text_as_read = page.text
    for region in page.regions:
        first = len(result.lines)
        result.lines += [_line(line, page, output) for line in region.lines]
        numbers = list(range(first, len(result.lines)))
        result.regions.append(Region.model_construct(kind=region.kind, bbox=_bbox(region.box, page), lines=numbers))


def _line(line: document.Line, page: Page, output: Output) -> Line:
    characters = None
    if output.with_characters:
        signs = [sign for word in line.words for sign in word.characters]
        characters = [Character(text=c.text, confidence=round(c.confidence, 4), bbox=_bbox(c.box, page)) for c in signs]
    return Line.model_construct(
        text=apply_profile(line.text, output.profile),
        text_as_read=line.text,
        confidence=round(line.confidence, 4),
        bbox=_bbox(line.box, page),
        words=[
            Word(text=apply_profile(word.text, output.profile), confidence=round(word.confidence, 4), bbox=_bbox(word.box, page))
            for word in line.words
        ],
        characters=characters,
    )


def _bbox(box: Box, page: Page) -> list[int]:
    left, top, right, bottom = box
    return [
        max(0, min(round(left), page.width_px)),
        max(0, min(round(top), page.height_px)),
        max(0, min(round(right), page.width_px)),
        max(0, min(round(bottom), page.height_px)),
    ]


def plain_text(results: Iterable[Result]) -> Iterator[str]:
    """A line for each line image; pages parted by form feeds. Piece by piece; what could not be read is empty."""
    before: bool | None = None
    for result in results:
        is_page = result.kind == "page" or (result.kind is None and (result.pages or 1) > 1)
        if before is not None and (is_page or before):
            yield "\f"
        yield f"{result.text or ''}\n"
        before = is_page


def require_any(model: Model, results: Sequence[Result]) -> None:
    """Raises FilesRefused if nothing could be read."""
    if all(result.error for result in results):
        refuse(model, results)


def require_all(model: Model, results: Sequence[Result]) -> None:
    """Raises FilesRefused if a file or a page could not be read."""
    if any(result.error for result in results):
        refuse(model, results)


def refuse(model: Model, results: Sequence[Result]) -> None:
    error: FileError = next(result.error for result in results if result.error)
    extra = {"model": model.model_dump(), "results": [result.model_dump() for result in results]}
    raise FilesRefused(error.code, error.message, FILE_STATUS.get(error.code, 422), extra)

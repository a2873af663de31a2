"""What was read, as the API gives it out: pages and errors -> ``ResultReply``.

Where it stands: between ``rasm.document.Page`` and the reply, of requests and of jobs alike.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.http.response import HttpResponseBase

from backend.api.errors import FilesRefused
from backend.api.schemas.options import TextOptions
from backend.api.schemas.reading import (
    CellReply,
    CharacterReply,
    FileError,
    LineReply,
    Model,
    RegionReply,
    ResultReply,
    UnreadReply,
    WarningReply,
    WordReply,
)
from backend.reading.service import Outcome
from rasm.document import Box, Cell, Document, Line, Page, WarningCode, in_language, language_of
from rasm.errors import TooManyPages
from rasm.lines.recognizer import ModelInfo
from rasm.text.languages import Language, LanguageOption
from rasm.text.normalisation import Profile, apply_profile


@dataclass(frozen=True)
class Output:
    """How the text is to be given out."""

    profile: Profile = field(default_factory=Profile)
    join_lines: bool = True
    with_characters: bool = False
    language: LanguageOption = "auto"

    @classmethod
    def of(cls, options: TextOptions) -> "Output":
        profile = Profile(options.diacritics, options.tatweel, options.digits, options.unknown)
        return cls(profile, options.line_breaks == "join", options.detail == "characters", options.language)

    def language_of(self, pages: Iterable[Page]) -> Language | None:
        """In whose letters the pages of one file are to be written."""
        return language_of(pages, self.language)


def empty_result(name: str, file: int, *, page: int | None = None, pages: int | None = None) -> ResultReply:
    """A result of which nothing is known yet."""
    return ResultReply.model_construct(
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
        language=None,
        text=None,
        text_as_read=None,
        confidence=None,
        bbox=None,
        regions=[],
        lines=[],
        unread=[],
        warnings=[],
        milliseconds=0.0,
        error=None,
    )


def model_of(info: ModelInfo) -> Model:
    return Model(name=info.name, version=info.version)


def results_of(outcomes: Sequence[Outcome], output: Output) -> list[ResultReply]:
    """What became of the pages of a request, those of a file in one language."""
    languages = languages_of(outcomes, output)
    return [result_of(outcome, output, languages[outcome.file]) for outcome in outcomes]


def languages_of(outcomes: Sequence[Outcome], output: Output) -> dict[int, Language | None]:
    """That of each file of a request."""
    files = {outcome.file for outcome in outcomes}
    return {file: output.language_of(o.page for o in outcomes if o.file == file and o.page is not None) for file in files}


def result_of(outcome: Outcome, output: Output, language: Language | None) -> ResultReply:
    """What became of one page of a request."""
    result = empty_result(outcome.name, outcome.file, page=outcome.number, pages=outcome.count)
    if outcome.size_px is not None:
        result.width_px, result.height_px = outcome.size_px
    result.milliseconds = outcome.milliseconds
    if outcome.page is not None:
        fill(result, in_language(outcome.page, language), output)
    if outcome.error is not None:
        where = " to POST /api/v1/jobs" if isinstance(outcome.error, TooManyPages) else ""
        result.error = FileError(code=outcome.error.code, message=f"{outcome.error}{where}")
    return result


def fill(result: ResultReply, page: Page, output: Output) -> None:
    """Writes a page, in the letters of its language, into ``result``."""
    result.kind, result.source, result.has_text_layer = page.kind, page.source, page.has_text_layer
    result.width_px, result.height_px = page.width_px, page.height_px
    result.rotation_degrees, result.skew_degrees = page.rotation_degrees, page.skew_degrees  # type: ignore[assignment]
    result.direction, result.language = page.direction, page.language
    result.bbox, result.confidence = [0, 0, page.width_px, page.height_px], round(page.confidence, 4)
    result.text = Document("", [page]).to_text(paragraphs=output.join_lines, profile=output.profile).strip("\n")
    result.text_as_read = page.text
    for region in page.regions:
        first = len(result.lines)
        result.lines += [_line(line, page, output) for line in region.lines]
        if page.kind == "page":
            numbers = list(range(first, len(result.lines)))
            cells = [_cell(cell, first, page) for cell in region.cells]
            reply = RegionReply.model_construct(
                kind=region.kind,
                direction=region.direction,
                level=region.level,
                bbox=_bbox(region.box, page),
                lines=numbers,
                cells=cells,
                head_rows=region.head_rows,
            )
            result.regions.append(reply)
    result.unread = [
        UnreadReply.model_construct(
            bbox=_bbox(place.box, page),
            reason=place.reason,
            text=apply_profile(place.text, output.profile),
            confidence=round(place.confidence, 4),
        )
        for place in page.unread
    ]
    result.warnings = [WarningReply.model_construct(code=warning.code, message=warning.message) for warning in page.warnings]


def _cell(cell: Cell, first: int, page: Page) -> CellReply:
    """``first``: the number of its region's first line."""
    return CellReply.model_construct(
        row=cell.row,
        column=cell.column,
        row_span=cell.row_span,
        column_span=cell.column_span,
        bbox=_bbox(cell.box, page),
        lines=[first + k for k in cell.lines],
    )


def _line(line: Line, page: Page, output: Output) -> LineReply:
    characters = None
    if output.with_characters:
        signs = [sign for word in line.words for sign in word.characters]
        characters = [CharacterReply(text=c.text, confidence=round(c.confidence, 4), bbox=_bbox(c.box, page)) for c in signs]
    return LineReply.model_construct(
        text=apply_profile(line.text, output.profile),
        text_as_read=line.text,
        direction=line.direction,
        confidence=round(line.confidence, 4),
        bbox=_bbox(line.box, page),
        words=[
            WordReply(text=apply_profile(word.text, output.profile), confidence=round(word.confidence, 4), bbox=_bbox(word.box, page))
            for word in line.words
        ],
        characters=characters,
    )


def _bbox(box: Box, page: Page) -> list[int]:
    left, top, right, bottom = (round(round(value, 1)) for value in box)  # a job keeps tenths: both give the same
    return [
        max(0, min(left, page.width_px)),
        max(0, min(top, page.height_px)),
        max(0, min(right, page.width_px)),
        max(0, min(bottom, page.height_px)),
    ]


def plain_text(results: Iterable[ResultReply]) -> Iterator[str]:
    """A line for each line image; pages parted by form feeds. Piece by piece; what could not be read is empty."""
    before: bool | None = None
    for result in results:
        is_page = result.kind == "page" or (result.kind is None and (result.pages or 1) > 1)
        if before is not None and (is_page or before):
            yield "\f"
        yield f"{result.text or ''}\n"
        before = is_page


WARNINGS_HEADER = "X-Rasm-Warnings"


def count_warnings(results: Iterable[ResultReply]) -> Counter[WarningCode]:
    """How many results have each warning."""
    return Counter(warning.code for result in results for warning in result.warnings)


def with_warnings(reply: HttpResponseBase, counts: Mapping[WarningCode, int]) -> HttpResponseBase:
    """A reply that cannot hold warnings itself, with a header that does: ``unread-text=3, turned=1``, a dictionary of RFC 9651, of
    how many pages have each. There is no header where there are no warnings."""
    if counts:
        reply[WARNINGS_HEADER] = ", ".join(f"{code}={count}" for code, count in sorted(counts.items()))
    return reply


def require_any(model: Model, results: Sequence[ResultReply]) -> None:
    """Raises FilesRefused if nothing could be read."""
    if all(result.error for result in results):
        refuse(model, results)


def require_all(model: Model, results: Sequence[ResultReply]) -> None:
    """Raises FilesRefused if a file or a page could not be read."""
    if any(result.error for result in results):
        refuse(model, results)


def refuse(model: Model, results: Sequence[ResultReply]) -> None:
    error: FileError = next(result.error for result in results if result.error)
    extra = {"model": model.model_dump(), "results": [result.model_dump() for result in results]}
    raise FilesRefused(error.code, error.message, extra)

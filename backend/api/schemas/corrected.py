"""What the API takes of a document that was read before: see ``operations/corrected.py``.

A reply that comes back may have been made by anyone. What would have the formats take memory or time for what is not there is refused:
cells a billion rows below, lists in lists in lists, places outside of any image.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from backend.api.schemas.reading import CellReply, RegionReply, ResultReply

MOST_PX = 1_000_000  # of a side, and of a place: more than any image has that is read
MOST_PAGE = 1_000_000  # a page's number
MOST_LETTERS = 2_000  # of a line, a word or a sign; the longest lines of newspapers have some 200
MOST_CELLS = 100_000  # of all tables, those that cells reach over included: a page of figures has some hundreds
MOST_LEVEL = 50  # of a heading or a list's item


class CorrectedOptions(BaseModel):
    """Into what to write it. Every option but `format` may be left out."""

    format: Literal["json", "text", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"] = Field(
        description="As of `/api/v1/ocr`; `json` is its reply, with words and characters where they stand now."
    )
    diacritics: Literal["keep", "strip"] = Field("keep", description="`strip`: without tashkeel.")
    tatweel: Literal["keep", "strip"] = Field("keep", description="`strip`: without the lengthening stroke ـ.")
    digits: Literal["as_printed", "western", "arabic_indic"] = Field("as_printed", description="`western`: 0-9. `arabic_indic`: ٠-٩.")
    line_breaks: Literal["join", "keep"] = Field("join", description="In text: `join` the lines of a paragraph, or `keep` them.")
    tables: Literal["auto", "html"] = Field("auto", description="In Markdown: as its own where that can hold them, or all as `html`.")
    pdf_layer: Literal["skip", "redo", "force"] = Field("skip", description="As of `/api/v1/ocr`.")
    password: str = Field("", max_length=200, description="Of a PDF in `file` that asks for one.")
    # a form knows no null: what is not there is left out
    job: UUID | SkipJsonSchema[None] = Field(None, description="In place of `file`: the job whose first file was read.")

    model_config = ConfigDict(extra="forbid")


class CorrectedDocument(BaseModel):
    """The `results` of one file, as `/api/v1/ocr` or a job gave them, with the texts of lines as they ought to be.

    `text_as_read` of each line is what counts. Where its `words` say something else, they are placed anew.
    """

    name: str = Field("document", max_length=4096, description="The file's name.")
    model: str = Field("", max_length=400, description="What read it: name and version.")
    results: list[ResultReply] = Field(min_length=1)

    @model_validator(mode="after")
    def _may_have_been_read(self) -> Self:
        pages: set[int | None] = set()
        cells = 0
        for n, result in enumerate(self.results):
            try:
                _check_result(result)
                cells += sum(_checked_cells(region, MOST_CELLS - cells) for region in result.regions)
                if result.page in pages and result.error is None:
                    raise ValueError(f"page {result.page} is there twice")
            except ValueError as e:
                raise ValueError(f"results.{n}: {e}") from e
            pages.add(result.page)
        return self


def _check_result(result: ResultReply) -> None:
    if any(side is not None and not 0 <= side <= MOST_PX for side in (result.width_px, result.height_px)):
        raise ValueError(f"an image has at most {MOST_PX:,} px a side")
    if result.page is not None and not 1 <= result.page <= MOST_PAGE:
        raise ValueError(f"page: it is from 1 to {MOST_PAGE:,}")
    if not (math.isfinite(result.skew_degrees) and math.isfinite(result.milliseconds)):
        raise ValueError("skew_degrees and milliseconds are numbers")
    if not all(-MOST_PX <= edge <= MOST_PX for box in _boxes(result) for edge in box):
        raise ValueError(f"bbox: its numbers are at most {MOST_PX:,}")
    if any(len(text) > MOST_LETTERS for text in _texts(result)):
        raise ValueError(f"a line has at most {MOST_LETTERS:,} letters")
    if any(region.level is not None and not 1 <= region.level <= MOST_LEVEL for region in result.regions):
        raise ValueError(f"level: it is from 1 to {MOST_LEVEL}")


def _boxes(result: ResultReply) -> Iterator[Sequence[int]]:
    yield result.bbox or ()
    for line in result.lines:
        yield line.bbox
        yield from (word["bbox"] for word in line.words)
        yield from (sign["bbox"] for sign in line.characters or ())
    for region in result.regions:
        yield region.bbox
        yield from (cell.bbox for cell in region.cells)
    yield from (unread.bbox for unread in result.unread)


def _texts(result: ResultReply) -> Iterator[str]:
    for line in result.lines:
        yield line.text_as_read
        yield from (word["text"] for word in line.words)
        yield from (sign["text"] for sign in line.characters or ())
    yield from (unread.text for unread in result.unread)


def _checked_cells(region: RegionReply, most: int) -> int:
    """How many places a region's table has, with those that its cells reach over; at most ``most``. Raises ValueError."""
    rows = max((cell.row + cell.row_span for cell in region.cells), default=0)
    columns = max((cell.column + cell.column_span for cell in region.cells), default=0)
    if rows * columns > most:
        raise ValueError(f"cells: tables have at most {MOST_CELLS:,} in all")
    if not 0 <= region.head_rows <= rows:
        raise ValueError(f"head_rows: {region.head_rows} of a table of {rows} rows")
    taken: set[tuple[int, int]] = set()
    for cell in region.cells:
        for place in _places(cell):
            if place in taken:
                raise ValueError("cells: two are in the same place")
            taken.add(place)
    return rows * columns


def _places(cell: CellReply) -> Iterable[tuple[int, int]]:
    return (
        (row, column) for row in range(cell.row, cell.row + cell.row_span) for column in range(cell.column, cell.column + cell.column_span)
    )

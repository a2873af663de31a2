"""What the API gives out of reading; ``options.py`` has what it takes. The shape is settled: fields are added, none is renamed or removed.

The examples are compared with real replies in ``tests/backend/test_openapi.py``. These are pydantic's own models: Ninja's ``Schema``
wraps every object for Django's querysets, of which there are none here, and takes twice the time.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # what pydantic asks for before Python 3.12

from backend.reading import errors as _errors  # noqa: F401  (it adds to the kinds of ImageError)
from rasm.document import UNREAD_REASONS, WARNINGS, RegionKind, UnreadReason, WarningCode
from rasm.errors import ImageError
from rasm.text.bidi import Direction
from rasm.text.languages import Language

FILE_CODES = sorted(kind.code for kind in ImageError.__subclasses__())
Bbox = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="Left, top, right, bottom, in pixels from the top left of the image as it was given."),
]
Confidence = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="The mean of the characters' confidences, and so the share of them that is expected to be right. Of a line read as "
        "empty: how sure it is that nothing is there.",
    ),
]


PageConfidence = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="The share of the text that is expected to be there and right: the mean of the lines' confidences, weighted by their "
        "lengths. What is `unread` counts with 0, as long as what was read of it, or as a line of its shape.",
    ),
]


class Model(BaseModel):
    """The model that has read."""

    name: str = Field(examples=["rasm-print"])
    version: str = Field(examples=["0.16.0"])


class FileError(BaseModel):
    """Why one file was not read."""

    code: str = Field(
        description="Stable, for programs: " + ", ".join(f"`{code}`" for code in FILE_CODES) + ".", examples=["unsupported_format"]
    )
    message: str = Field(description="For people: what is wrong and what to do.")


# dictionaries, not models: a line has fifty characters and ten words, and to make so many models takes as long as decoding its image
class CharacterReply(TypedDict):
    """One sign of a line, as it was read."""

    text: Annotated[str, Field(examples=["ف"])]
    confidence: Annotated[
        float, Field(ge=0, le=1, description="The probability that it is right, calibrated on lines that the model was not trained on.")
    ]
    bbox: Annotated[Bbox, Field(description="As high as the line; the borders at left and right are good to about half a letter.")]


class WordReply(TypedDict):
    """What stands between two spaces."""

    text: Annotated[str, Field(description="As the options ask for it.", examples=["الفصل"])]
    confidence: Confidence
    bbox: Bbox


class LineReply(BaseModel):
    """One line of text."""

    text: str = Field(description="As the options ask for it; logical order, NFC, no control marks.")
    text_as_read: str = Field(description="Before the options for diacritics, tatweel, digits and unknown signs.")
    direction: Direction = Field("rtl", description="The base direction of the line.")
    confidence: Confidence
    bbox: Bbox
    words: list[WordReply] = Field(description="In logical order.")
    characters: list[CharacterReply] | None = Field(
        None,
        description="Those of its words, in logical order, as read; no spaces. Null unless `detail=characters` asks for them.",
    )


class CellReply(BaseModel):
    """A cell of a table, empty or not."""

    row: int = Field(ge=0, description="The first of its rows, from 0.")
    column: int = Field(ge=0, description="The first of its columns, from 0, in the direction of reading.")
    row_span: int = Field(ge=1, description="How many rows it is over.")
    column_span: int = Field(ge=1, description="How many columns it is over.")
    bbox: Bbox
    lines: list[int] = Field(description="Which of the page's `lines`, from 0; none of an empty cell.")


class RegionReply(BaseModel):
    """Lines of a page that belong together: a paragraph, a heading, a table; or a figure's place, which has none."""

    kind: RegionKind = Field(description="A guess, by its looks, its place and the size of its type.")
    direction: Literal["rtl", "ltr"] = Field(description="Which way most of its letters run.")
    level: int | None = Field(description="Of a heading, from 1, the largest; of a list item how deep it is nested, from 1; else null.")
    bbox: Bbox
    lines: list[int] = Field(description="Which of the page's `lines`, from 0.")
    cells: list[CellReply] = Field([], description="Of a table, row by row, empty ones too; none of other regions.")
    head_rows: int = Field(0, description="How many of a table's first rows say what stands in its columns.")


class UnreadReply(BaseModel):
    """A place that looks like text and is not in the text."""

    bbox: Bbox
    reason: UnreadReason = Field(description=". ".join(f"`{reason}`: {meaning}" for reason, meaning in UNREAD_REASONS.items()) + ".")
    text: str = Field(description="What was read there all the same, as the options ask for it; empty if nothing was.")
    confidence: float = Field(ge=0, le=1, description="Of that text; 0 if nothing was read.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bbox": [200, 301, 900, 345],
                    "reason": "unsure",
                    "text": "٨ ٠T ٢X ٨ ٥٣، «،؟ % ٦٢ -٥٥٥٦(%٦٠١٩/٥٦)٧» ١٥٠ )",
                    "confidence": 0.5937,
                }
            ]
        }
    )


class WarningReply(BaseModel):
    """What the reader of a page should know."""

    code: WarningCode = Field(
        description="Stable, for programs. " + ". ".join(f"`{code}`: {meaning}" for code, meaning in WARNINGS.items()) + "."
    )
    message: str = Field(description="For people.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"code": "unread-text", "message": "1 place that looks like text was not read (1 too unsure)"},
                {"code": "much-of-page-unread", "message": "about 27% of the page's text is missing, as far as can be told"},
            ]
        }
    )


class ResultReply(BaseModel):
    """What was read on one page, or in one line image."""

    name: str = Field(description="The file's name as it was sent, without folders and control marks.")
    file: int = Field(ge=0, description="Which file of the request, from 0.")
    page: int | None = Field(description="Which page of the file, from 1; null if the file could not be opened.")
    pages: int | None = Field(description="How many pages the file has; null if it could not be opened.")
    kind: Literal["line", "page"] | None = Field(description="What it was read as; null if it was not read.")
    source: Literal["ocr", "text_layer"] | None = Field(
        description="Where the text is from: read from pixels, or what the PDF says itself; null if it was not read."
    )
    has_text_layer: bool = Field(
        False,
        description="Whether the page of a PDF says its text itself, and soundly: a few lines of its picture were read, and say the same.",
    )
    width_px: int | None = Field(description="Of the image as it was given (a PDF: as it was rendered); null if it could not be decoded.")
    height_px: int | None = Field(description="Of the image as it was given (a PDF: as it was rendered); null if it could not be decoded.")
    rotation_degrees: Literal[0, 90, 180, 270] = Field(0, description="By how much, clockwise, the page had to be turned to be read.")
    skew_degrees: float = Field(0.0, description="By how much its lines were askew besides.")
    direction: Direction = Field("rtl", description="The base direction of most of the text; each line has its own.")
    language: Language | None = Field(
        None, description="In whose letters the text is written; null where there is no letter of the script, or nothing was read."
    )
    text: str | None = Field(
        description="As the options ask for it, in logical order, NFC, without control marks. Of a page: an empty line between regions, "
        "a tab between cells of a row. null if it was not read, empty if nothing is there."
    )
    text_as_read: str | None = Field(
        description="The same before the options for diacritics, tatweel, digits and unknown signs, with lines as printed."
    )
    confidence: PageConfidence | None
    bbox: Bbox | None = Field(description="What was read of the image; null if it was not read.")
    regions: list[RegionReply] = Field(description="In reading order; none of a line image.")
    lines: list[LineReply] = Field(description="In reading order; one of a line image, none if it was not read.")
    unread: list[UnreadReply] = Field(description="What looks like text and is not in the text; none of a line image.")
    warnings: list[WarningReply] = Field(description="The most important first; none if it was not read.")
    milliseconds: float = Field(ge=0, description="From taking up this page until its text was there, waiting included.")
    error: FileError | None = Field(description="null if it was read.")


class OcrReply(BaseModel):
    """One result for each page, of the files in the order in which they were sent."""

    model: Model
    results: list[ResultReply]
    milliseconds: float = Field(ge=0, description="Spent on the whole request, once it had arrived.")
    request_id: str = Field(description="Also in the header X-Request-ID and in the service's log.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "rasm-print", "version": "0.16.0"},
                    "results": [
                        {
                            "name": "heading.png",
                            "file": 0,
                            "page": 1,
                            "pages": 1,
                            "kind": "line",
                            "source": "ocr",
                            "has_text_layer": False,
                            "width_px": 736,
                            "height_px": 58,
                            "rotation_degrees": 0,
                            "skew_degrees": 0.0,
                            "direction": "rtl",
                            "language": "ar",
                            "text": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                            "text_as_read": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                            "confidence": 0.9977,
                            "bbox": [0, 0, 736, 58],
                            "regions": [],
                            "lines": [
                                {
                                    "text": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                                    "text_as_read": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                                    "direction": "rtl",
                                    "confidence": 0.9977,
                                    "bbox": [0, 0, 736, 58],
                                    "words": [
                                        {"text": "الفصل", "confidence": 0.9991, "bbox": [650, 0, 736, 58]},
                                        {"text": "الثالث", "confidence": 0.999, "bbox": [551, 0, 631, 58]},
                                        {"text": ":", "confidence": 0.9986, "bbox": [512, 0, 527, 58]},
                                        {"text": "في", "confidence": 0.9981, "bbox": [466, 0, 498, 58]},
                                        {"text": "العمران", "confidence": 0.9992, "bbox": [350, 0, 447, 58]},
                                        {"text": "البدوي", "confidence": 0.9998, "bbox": [239, 0, 331, 58]},
                                        {"text": "والأمم", "confidence": 0.9979, "bbox": [128, 0, 218, 58]},
                                        {"text": "الوحشية", "confidence": 0.9994, "bbox": [12, 0, 109, 58]},
                                    ],
                                    "characters": None,
                                },
                            ],
                            "unread": [],
                            "warnings": [],
                            "milliseconds": 11.4,
                            "error": None,
                        },
                        {
                            "name": "notes.txt",
                            "file": 1,
                            "page": None,
                            "pages": None,
                            "kind": None,
                            "source": None,
                            "has_text_layer": False,
                            "width_px": None,
                            "height_px": None,
                            "rotation_degrees": 0,
                            "skew_degrees": 0.0,
                            "direction": "rtl",
                            "language": None,
                            "text": None,
                            "text_as_read": None,
                            "confidence": None,
                            "bbox": None,
                            "regions": [],
                            "lines": [],
                            "unread": [],
                            "warnings": [],
                            "milliseconds": 0.1,
                            "error": {
                                "code": "unsupported_format",
                                "message": "not an image that Rasm reads (PNG, JPEG, WEBP, BMP, TIFF; pages also as PDF)",
                            },
                        },
                    ],
                    "milliseconds": 12.1,
                    "request_id": "8c1f5a0e4f3b4c2d9e7a6b5c4d3e2f10",
                }
            ]
        }
    )


class LiteParseResult(BaseModel):
    """One line in the LiteParse convention."""

    text: str
    bbox: Bbox
    confidence: Confidence


class LiteParseReply(BaseModel):
    """What was read, in the LiteParse convention."""

    results: list[LiteParseResult]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"results": [{"text": "الفصل الثالث : في العمران البدوي والأمم الوحشية", "bbox": [0, 0, 736, 58], "confidence": 0.9977}]}
            ]
        }
    )


class ModelDescription(BaseModel):
    """One model that the service has."""

    name: str = Field(examples=["rasm-print"])
    version: str = Field(examples=["0.16.0"])
    precision: str = Field(description="Of the weights: fp32 or int8.", examples=["fp32"])
    default: bool = Field(description="Whether it reads when a request names none.")
    height_px: int = Field(description="The height that a line is scaled to.", examples=[48])
    max_width_px: int = Field(description="The widest line that is read, at that height.", examples=[2560])
    characters: str = Field(description="All characters that it can read.")


class ModelsReply(BaseModel):
    models: list[ModelDescription]


class Health(BaseModel):
    status: str = Field(examples=["ok"])


class RequestErrorDetail(BaseModel):
    code: str = Field(description="Stable, for programs.", examples=["no_files"])
    message: str = Field(description="For people: what is wrong and what to do.")
    request_id: str = Field(description="Also in the header X-Request-ID and in the service's log.")


REFUSAL: dict[str, Any] = {
    "error": {
        "code": "no_files",
        "message": "send one or more images or PDFs in the multipart field 'files'",
        "request_id": "8c1f5a0e4f3b4c2d9e7a6b5c4d3e2f10",
    }
}


class ErrorReply(BaseModel):
    """A request that was not answered."""

    error: RequestErrorDetail

    model_config = ConfigDict(json_schema_extra={"examples": [REFUSAL]})


class OcrErrorReply(ErrorReply):
    """A request that was not answered. If that is because of the files themselves, their results are there too.

    When none of the files could be read (or when `format=text` was asked for and one could not be read), the first file's
    error becomes the request's. ``model`` and ``results`` are then those of an OcrReply; otherwise they are left out.
    """

    model: Model | None = None
    results: list[ResultReply] | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [REFUSAL]})

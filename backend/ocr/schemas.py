"""What the API takes and gives out. The shape is settled: fields are added, none is renamed or removed.

The examples are compared with real replies in ``tests/test_openapi.py``. These are pydantic's own models: Ninja's ``Schema``
wraps every object for Django's querysets, of which there are none here, and takes twice the time.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from model.errors import ImageError
from ocr import errors as _errors  # noqa: F401  (it adds to the kinds of ImageError)

# ISO 639-1 and 639-2: Arabic, Persian, Urdu, Pashto, Kurdish, Uyghur, Sindhi
Language = Literal["ar", "ara", "fa", "fas", "per", "ur", "urd", "ps", "pus", "ku", "ckb", "ug", "uig", "sd", "snd"]
FILE_CODES = sorted(kind.code for kind in ImageError.__subclasses__())
Bbox = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="Left, top, right, bottom, in pixels from the top left of the upright image."),
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


class OcrOptions(BaseModel):
    """How to read, and what to give out. Every option may be left out."""

    mode: Literal["auto", "line"] = Field(
        "auto",
        description="`line`: each image is one line of text. `auto`: for now the same. `page`, which will find the lines first, "
        "is **not available yet**, and refused as `mode_unavailable`.",
        examples=["line"],
    )
    model: str = Field(
        "",
        max_length=200,
        description="The name of a model that `/api/v1/models` lists; the default one if empty or left out.",
        examples=["rasm-print"],
    )
    diacritics: Literal["keep", "strip"] = Field("keep", description="`strip`: without tashkeel.", examples=["strip"])
    tatweel: Literal["keep", "strip"] = Field("keep", description="`strip`: without the lengthening stroke ـ.", examples=["strip"])
    digits: Literal["as_printed", "western", "arabic_indic"] = Field(
        "as_printed", description="`western`: 0-9. `arabic_indic`: ٠-٩.", examples=["western"]
    )
    format: Literal["json", "text"] = Field(
        "json",
        description="Of the reply; if it is left out, the header `Accept` says (`application/json`, `text/plain`). "
        "`text`: one line for each file, as profiled; it cannot hold errors, so if a file cannot be read the reply is the error, as JSON. "
        "`hocr`, `alto` and `pdf` are **not available yet**, and refused as `format_unavailable`.",
        examples=["json"],
    )
    detail: Literal["lines", "characters"] = Field(
        "lines", description="`characters`: each line also lists its characters with their places and confidences.", examples=["characters"]
    )

    model_config = ConfigDict(extra="forbid")


class LiteParseOptions(BaseModel):
    """The options of the LiteParse convention."""

    language: Language = Field("ar", description="A language in the Arabic script.", examples=["ar"])

    model_config = ConfigDict(extra="forbid")


class Model(BaseModel):
    """The model that has read."""

    name: str = Field(examples=["rasm-print"])
    version: str = Field(examples=["0.2.0"])


class FileError(BaseModel):
    """Why one file was not read."""

    code: str = Field(
        description="Stable, for programs: " + ", ".join(f"`{code}`" for code in FILE_CODES) + ".", examples=["unsupported_format"]
    )
    message: str = Field(description="For people: what is wrong and what to do.")


class Character(BaseModel):
    """One sign of a line, as it was read."""

    text: str = Field(examples=["ف"])
    confidence: float = Field(
        ge=0, le=1, description="The probability that it is right, calibrated on lines that the model was not trained on."
    )
    bbox: Bbox = Field(description="As high as the line; the borders at left and right are good to about half a letter.")


class Line(BaseModel):
    """One line of text."""

    text: str = Field(description="As the options ask for it; logical order, NFC, no control marks.")
    text_as_read: str = Field(description="Before the options for diacritics, tatweel and digits.")
    confidence: Confidence
    bbox: Bbox
    characters: list[Character] | None = Field(
        None, description="In logical order, as read; null unless `detail=characters` asks for them."
    )


class Result(BaseModel):
    """What was read in one file."""

    name: str = Field(description="The file's name as it was sent, without folders and control marks.")
    page: int | None = Field(description="Which page of the file, from 1; null if it could not be decoded.")
    width_px: int | None = Field(description="Of the upright image; null if it could not be decoded.")
    height_px: int | None = Field(description="Of the upright image; null if it could not be decoded.")
    direction: Literal["rtl"] = Field("rtl", description="The base direction of the text.")
    text: str | None = Field(
        description="As the options ask for it, in logical order, NFC, without control marks; null if the file was not read, empty if "
        "nothing is on the image."
    )
    text_as_read: str | None = Field(description="The same before the options for diacritics, tatweel and digits.")
    confidence: Confidence | None
    bbox: Bbox | None = Field(description="What was read of the image; null if the file was not read.")
    lines: list[Line] = Field(description="From top to bottom; one for a line image, none if the file was not read.")
    milliseconds: float = Field(ge=0, description="From taking up this file until its text was there, waiting included.")
    error: FileError | None = Field(description="null if the file was read.")


class OcrReply(BaseModel):
    """One result for each file, in the order in which they were sent."""

    model: Model
    results: list[Result]
    milliseconds: float = Field(ge=0, description="Spent on the whole request, once it had arrived.")
    request_id: str = Field(description="Also in the header X-Request-ID and in the service's log.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "rasm-print", "version": "0.2.0"},
                    "results": [
                        {
                            "name": "heading.png",
                            "page": 1,
                            "width_px": 736,
                            "height_px": 58,
                            "direction": "rtl",
                            "text": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                            "text_as_read": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                            "confidence": 0.9948,
                            "bbox": [0, 0, 736, 58],
                            "lines": [
                                {
                                    "text": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                                    "text_as_read": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                                    "confidence": 0.9948,
                                    "bbox": [0, 0, 736, 58],
                                    "characters": None,
                                }
                            ],
                            "milliseconds": 11.4,
                            "error": None,
                        },
                        {
                            "name": "notes.txt",
                            "page": None,
                            "width_px": None,
                            "height_px": None,
                            "direction": "rtl",
                            "text": None,
                            "text_as_read": None,
                            "confidence": None,
                            "bbox": None,
                            "lines": [],
                            "milliseconds": 0.1,
                            "error": {
                                "code": "unsupported_format",
                                "message": "not an image that Rasm reads (PNG, JPEG, WEBP, BMP, TIFF)",
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
                {"results": [{"text": "الفصل الثالث : في العمران البدوي والأمم الوحشية", "bbox": [0, 0, 736, 58], "confidence": 0.9948}]}
            ]
        }
    )


class ModelDescription(BaseModel):
    """One model that the service has."""

    name: str = Field(examples=["rasm-print"])
    version: str = Field(examples=["0.2.0"])
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
        "message": "send one or more image files in the multipart field 'files'",
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
    results: list[Result] | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [REFUSAL]})

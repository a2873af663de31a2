"""What the API gives out. The shape is settled: fields are added, none is renamed or removed.

The examples are compared with real replies in ``tests/test_openapi.py``.
"""

from ninja import Schema
from pydantic import ConfigDict, Field


class Model(Schema):
    """The model that has read."""

    name: str = Field(examples=["rasm-print"])
    version: str = Field(examples=["0.1.0"])


class FileError(Schema):
    """Why one file was not read."""

    code: str = Field(description="Stable, for programs.", examples=["unsupported_format"])
    message: str = Field(description="For people: what is wrong and what to do.")


class Result(Schema):
    """What was read in one file."""

    name: str = Field(description="The file's name as it was sent, without folders.")
    width_px: int | None = Field(description="Of the upright image; null if it could not be decoded.")
    height_px: int | None = Field(description="Of the upright image; null if it could not be decoded.")
    text: str | None = Field(description="In logical order, NFC; null if the file was not read, empty if nothing is on the image.")
    confidence: float | None = Field(
        ge=0,
        le=1,
        description="The geometric mean of the probabilities that the network gave to the characters. "
        "It orders readings by how sure they are; it is not the probability that the text is right.",
    )
    error: FileError | None = Field(description="null if the file was read.")


class OcrReply(Schema):
    """One result for each file, in the order in which they were sent."""

    model: Model
    results: list[Result]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": {"name": "rasm-print", "version": "0.1.0"},
                    "results": [
                        {
                            "name": "heading.png",
                            "width_px": 736,
                            "height_px": 58,
                            "text": "الفصل الثالث : في العمران البدوي والأمم الوحشية",
                            "confidence": 0.9948,
                            "error": None,
                        },
                        {
                            "name": "notes.txt",
                            "width_px": None,
                            "height_px": None,
                            "text": None,
                            "confidence": None,
                            "error": {
                                "code": "unsupported_format",
                                "message": "not an image that Rasm reads (PNG, JPEG, WEBP, BMP, TIFF)",
                            },
                        },
                    ],
                }
            ]
        }
    )


class ModelDescription(Schema):
    """One model that the service has."""

    name: str = Field(examples=["rasm-print"])
    version: str = Field(examples=["0.1.0"])
    precision: str = Field(description="Of the weights: fp32 or int8.", examples=["fp32"])
    default: bool = Field(description="Whether it reads when a request names none.")
    height_px: int = Field(description="The height that a line is scaled to.", examples=[48])
    max_width_px: int = Field(description="The widest line that is read, at that height.", examples=[2560])
    characters: str = Field(description="All characters that it can read.")


class ModelsReply(Schema):
    models: list[ModelDescription]


class Health(Schema):
    status: str = Field(examples=["ok"])


class RequestErrorDetail(Schema):
    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="For people: what is wrong and what to do.")
    request_id: str = Field(description="Also in the header X-Request-ID and in the service's log.")


class ErrorReply(Schema):
    """A request that was not answered."""

    error: RequestErrorDetail

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "code": "no_files",
                        "message": "send one or more image files in the multipart field 'files'",
                        "request_id": "8c1f5a0e4f3b4c2d9e7a6b5c4d3e2f10",
                    }
                }
            ]
        }
    )

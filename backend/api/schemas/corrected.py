"""What the API takes of a document that was read before: see ``operations/corrected.py``."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from backend.api.schemas.reading import ResultReply


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

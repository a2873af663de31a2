"""The options that the API takes, as form fields and as parameters of an address alike. None is renamed or removed.

They have no examples: the docs page sends what it shows in a field, and so shows the defaults.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from rasm.errors import ConfigError
from rasm.pages.chosen import Chosen
from rasm.pages.reader import PdfText
from rasm.pages.unread import LEAST_CONFIDENCE
from rasm.text.languages import LanguageOption

# of the LiteParse convention; ISO 639-1 and 639-2: Arabic, Persian, Urdu, Pashto, Kurdish, Uyghur, Sindhi
LiteParseLanguage = Literal["ar", "ara", "fa", "fas", "per", "ur", "urd", "ps", "pus", "ku", "ckb", "ug", "uig", "sd", "snd"]


class ReadingOptions(BaseModel):
    """How to read. Every option may be left out."""

    mode: Literal["auto", "line", "page"] = Field(
        "auto",
        description="What images are of: `line`: one line of text. `page`: a page, whose lines are found first. `auto`: looks. "
        "A PDF has pages in any case.",
    )
    pdf_text: Literal["auto", "use", "ignore"] = Field(
        "auto",
        description="Of PDFs, page by page: what becomes of the text that a page says itself. `auto`: a few lines of the picture are read, "
        "and the text is taken where it agrees with them. `use`: it is taken unless it cannot be text (numbers of glyphs, words stored "
        "backwards). `ignore`: pictures are read. `source` in the result says which it was.",
    )
    text_layer: Literal["", "ignore", "use"] = Field(
        "",
        description="The name of `pdf_text` before 0.11.0. It counts where `pdf_text` is left out.",
        json_schema_extra={"deprecated": True},
    )
    least_confidence: float = Field(
        LEAST_CONFIDENCE,
        ge=0,
        le=1,
        description="Of pages: a line that is read less surely is left out of the text, and is in `unread`. 0 leaves none out.",
    )
    model: str = Field(
        "",
        max_length=200,
        description="The name of a model that `/api/v1/models` lists; the default one if empty or left out.",
    )
    pages: str = Field(
        "",
        max_length=1000,
        description="Which pages of each file, by their numbers: `1-3,7`, or `5-` to the end; all if empty or left out. Results keep these "
        "numbers. A file that has fewer has the error `no_such_page`. Of a long PDF, as many may be chosen as a request may have.",
        json_schema_extra={"format": "page-ranges"},
    )
    password: str = Field("", max_length=200, description="Of PDFs that ask for one.")

    model_config = ConfigDict(extra="forbid")

    @field_validator("pages")
    @classmethod
    def _are_pages(cls, pages: str) -> str:
        try:
            Chosen(pages)
        except ConfigError as e:
            raise ValueError(str(e).removeprefix("pages: ")) from e
        return pages

    @property
    def wanted_pdf_text(self) -> PdfText:
        """By its new name or its old one."""
        return self.text_layer if self.text_layer and "pdf_text" not in self.model_fields_set else self.pdf_text


class TextOptions(BaseModel):
    """In which form to give texts. Every option may be left out."""

    diacritics: Literal["keep", "strip"] = Field("keep", description="`strip`: without tashkeel.")
    tatweel: Literal["keep", "strip"] = Field("keep", description="`strip`: without the lengthening stroke ـ.")
    digits: Literal["as_printed", "western", "arabic_indic"] = Field("as_printed", description="`western`: 0-9. `arabic_indic`: ٠-٩.")
    language: LanguageOption = Field(
        "auto",
        description="In whose letters to write: Arabic ي and ك, Persian, Urdu and Kurdish ی and ک, each with its digits and joiners. "
        "`auto`: of the language that the letters of the file tell, which is in `language` of each result. Latin letters stay.",
    )
    unknown: Literal["mark", "leave_out"] = Field(
        "mark",
        description="Signs that are not known, as emoji and logos: `mark` gives U+FFFD for each, `leave_out` nothing.",
    )
    line_breaks: Literal["join", "keep"] = Field(
        "join", description="In the text of a page: `join` the lines of a paragraph, or `keep` them as printed."
    )
    detail: Literal["lines", "characters"] = Field(
        "lines", description="`characters`: each line also lists its characters with their places and confidences."
    )
    model_config = ConfigDict(extra="forbid")


class WritingOptions(TextOptions):
    """How to write documents. Every option may be left out."""

    tables: Literal["auto", "html"] = Field("auto", description="In Markdown: as its own where that can hold them, or all as `html`.")
    pdf_layer: Literal["skip", "redo", "force"] = Field(
        "skip",
        description="Of `pdf` made from a PDF: what becomes of the text that it has. `skip`: pages with sound text are kept as they are. "
        "`redo`: pages are read and text under pictures is replaced, sound or not. `force`: all pages are drawn anew, as pictures. Text "
        "that is not sound is replaced in any case, so that none is found twice.",
    )


class OutputOptions(WritingOptions):
    """What to give out. Every option may be left out."""

    format: Literal["json", "text", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"] = Field(
        "json",
        description="Of the reply; if it is left out, the header `Accept` says, by the media types of this reply but `text/html`. "
        "`text`: a line for each line image, pages parted by form feeds. `markdown`: GitHub's. `html`: one page. `docx`: for Word. `csv`, "
        "`xlsx`: the tables alone, in XLSX a sheet for each. `hocr`: hOCR 1.2. `alto`: ALTO 4.4. `page`: PAGE XML 2019. `pdf`: searchable; "
        "a PDF that was sent is kept and gains its text. Of several files, and of several pages as PAGE XML, these are in a ZIP archive. "
        "Only `json` can hold errors: if a page cannot be read, any other reply is the error, as JSON, with all results.",
    )


class OcrOptions(OutputOptions, ReadingOptions):
    """How to read, and what to give out. Every option may be left out."""


DocumentFormat = Literal["text", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"]
DOCUMENT_FORMAT = "Which document; `format` of `/api/v1/ocr` says what each is."


class DocumentOptions(WritingOptions, ReadingOptions):
    """How to read, and which document to write."""

    format: DocumentFormat = Field(description=DOCUMENT_FORMAT)


class LiteParseOptions(BaseModel):
    """The options of the LiteParse convention."""

    language: LiteParseLanguage = Field("ar", description="A language in the Arabic script, in whose letters to write.")

    model_config = ConfigDict(extra="forbid")

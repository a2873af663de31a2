"""The XML formats: the same trees as ever, page by page, well-formed whatever the text is."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast, get_args

import pytest

from rasm.document import Document, Page, PageError, RegionKind
from rasm.errors import ConfigError, UnreadableImage
from rasm.formats import write, write_pages
from tests.rasm.formats.documents import DOCUMENTS

GOLDEN = sorted((Path(__file__).parent / "golden").iterdir())
# what stands before the first page and so cannot depend on it
OF_ANY_PAGE = re.compile(r"\s*<Tags>.*</Tags>|(?<=<meta name=\"ocr-capabilities\" content=\")[^\"]*", re.DOTALL)
TIMES = re.compile(r"(?<=<Created>)[^<]*|(?<=<LastChange>)[^<]*")


def tree(text: str) -> str:
    return ET.canonicalize(OF_ANY_PAGE.sub("", TIMES.sub("then", text)))


def written(pages: list[Page | PageError], kind: str, **told: object) -> str:
    file = io.BytesIO()
    write_pages(iter(pages), kind, file, name="x", **told)  # type: ignore[arg-type]
    return file.getvalue().decode()


@pytest.mark.parametrize("golden", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_the_same_trees_as_in_version_0_8(golden: Path) -> None:
    """``golden/`` was written by 0.8.0; indentation counts, the order of attributes does not."""
    name, form = golden.stem.split(".")
    document, kind = DOCUMENTS[name](), form.partition("-")[0]
    if kind == "page":
        number = int(form.partition("-")[2])
        document = Document(document.name, [document.pages[number - 1]], document.model)
    assert tree(write(document, kind)) == tree(golden.read_text(encoding="utf-8"))


def test_every_document_has_its_golden_trees() -> None:
    for name, make in DOCUMENTS.items():
        pages = [f"{name}.page-{i}" for i in range(1, 1 + len(make().pages))]
        assert {path.stem for path in GOLDEN if path.stem.startswith(name + ".")} == {f"{name}.alto", f"{name}.hocr", *pages}


def test_what_stands_before_the_pages_holds_for_any_page() -> None:
    for make in DOCUMENTS.values():
        alto = ET.fromstring(write(make(), "alto"))
        tags = {e.get("ID"): e.get("LABEL") for e in alto.iter() if e.tag.endswith("}LayoutTag")}
        assert tags == {f"kind_{kind}": kind for kind in get_args(RegionKind)}
        hocr = ET.fromstring(write(make(), "hocr"))
        [capabilities] = [e.get("content", "").split() for e in hocr.iter() if e.get("name") == "ocr-capabilities"]
        assert {e.get("class") for e in hocr.iter() if e.get("class")} <= {*capabilities}


@pytest.mark.parametrize("kind", ["json", "hocr", "alto"])
def test_pages_are_written_as_they_come(kind: str) -> None:
    """So a document of any length takes no more memory than a page: what is not yet in the file is less than a few."""
    page = DOCUMENTS["lines"]().pages[0]
    file, sizes = io.BytesIO(), []

    def pages() -> Iterator[Page]:
        for number in range(1, 201):
            sizes.append(len(file.getvalue()))
            yield replace(page, number=number)

    write_pages(pages(), kind, file, name="x")
    grown = [after - before for before, after in zip(sizes, [*sizes[1:], len(file.getvalue())], strict=True)]
    assert sum(grown) > 150_000 and max(grown) < 20_000


@pytest.mark.parametrize("kind", ["text", "json", "hocr", "alto"])
def test_page_by_page_is_as_in_one_go(kind: str) -> None:
    document = DOCUMENTS["kinds"]()
    pages = [document.pages[0], document.errors[0], document.pages[1]]
    file = io.BytesIO()
    write_pages(iter(pages), kind, file, name=document.name, model=document.model, page_count=2)
    assert file.getvalue().decode() == write(document, kind)


def test_text_and_json_are_the_documents_own() -> None:
    document = DOCUMENTS["kinds"]()
    assert write(document, "text") == document.to_text() and write(document, "json") == document.to_json()


def test_pages_that_could_not_be_read() -> None:
    document = DOCUMENTS["kinds"]()
    pages = [document.errors[0], document.pages[1]]
    assert written(pages, "text") == "\n\fسطر 0\n"
    said = json.loads(written(pages, "json"))["pages"]
    assert [page["error"] and page["error"]["code"] for page in said] == ["unreadable_image", None]
    for kind in ("alto", "hocr", "page"):
        root = ET.fromstring(written(pages, kind))
        assert sum(e.tag.endswith("}Page") or e.get("class") == "ocr_page" for e in root.iter()) == 1


def test_hocr_tells_how_many_pages_there_are_where_it_is_known() -> None:
    pages: list[Page | PageError] = [*DOCUMENTS["kinds"]().pages]
    assert '"ocr-number-of-pages" content="2"' in written(pages, "hocr", page_count=2)
    assert "ocr-number-of-pages" not in written(pages, "hocr")


def test_page_xml_holds_one_page() -> None:
    pages = DOCUMENTS["kinds"]().pages
    for given, words in (([], "has none"), ([*pages], "has several")):
        with pytest.raises(ConfigError, match=words):
            written(given, "page")


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(ConfigError, match="there is no format 'docx'; there are text, json, hocr, alto, page"):
        written([], "docx")


def test_names_and_texts_that_are_not_utf8() -> None:
    """A file's name need not be, and a broken text layer may hold half a sign."""
    document = DOCUMENTS["nasty"]()
    document = Document("\udcff[].png", document.pages, document.model)
    for kind in ("text", "json", "hocr", "alto", "page"):
        assert "😀" in write(document, kind)
    assert json.loads(write(document, "json"))["name"] == "?[].png"


@pytest.mark.parametrize("kind", ["text", "json", "hocr", "alto"])
def test_what_the_pages_raise_comes_through(kind: str) -> None:
    def pages() -> Iterator[Page]:
        yield DOCUMENTS["lines"]().pages[0]
        raise UnreadableImage("broken")

    with pytest.raises(UnreadableImage, match="broken"):
        write_pages(pages(), kind, io.BytesIO(), name="x")


@pytest.mark.parametrize("kind", ["text", "json", "hocr", "alto", "page"])
def test_a_full_disk_is_told_as_such(kind: str) -> None:
    class Full(io.RawIOBase):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError) as raised:
        write_pages([DOCUMENTS["lines"]().pages[0]], kind, cast(IO[bytes], Full()), name="x")
    assert raised.value.errno == errno.ENOSPC

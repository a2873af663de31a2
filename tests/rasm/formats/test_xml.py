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
from lxml import etree

from rasm.document import Document, Page, PageError, RegionKind, Unread, UnreadReason
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
    """``golden/`` was written by 0.8.0, its tables and directions by 0.11.0; indentation counts, the order of attributes does not."""
    name, form = golden.stem.split(".")
    document, kind = DOCUMENTS[name](), form.partition("-")[0]
    if kind == "page":
        number = int(form.partition("-")[2])
        document = Document(document.name, [document.pages[number - 1]], document.model)
    assert tree(write(document, kind)) == tree(golden.read_text(encoding="utf-8"))


PAGE_XSD = Path(os.environ.get("PAGE_XSD", "none"))


@pytest.mark.skipif(not PAGE_XSD.is_file(), reason="PAGE_XSD names no schema: page.xsd of the package ocrd, which .ci/run installs")
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_page_xml_is_valid_by_its_schema(name: str) -> None:
    schema = etree.XMLSchema(etree.parse(PAGE_XSD))
    for page in DOCUMENTS[name]().pages:
        tree_of_page = etree.fromstring(write(Document("x", [page]), "page").encode())
        assert schema.validate(tree_of_page), schema.error_log
        tree_of_page[-1].set("imageWidth", "wide")
        assert not schema.validate(tree_of_page)


def test_every_document_has_its_golden_trees() -> None:
    for name, make in DOCUMENTS.items():
        pages = [f"{name}.page-{i}" for i in range(1, 1 + len(make().pages))]
        assert {path.stem for path in GOLDEN if path.stem.startswith(name + ".")} == {f"{name}.alto", f"{name}.hocr", *pages}


def test_what_stands_before_the_pages_holds_for_any_page() -> None:
    for make in DOCUMENTS.values():
        alto = ET.fromstring(write(make(), "alto"))
        tags = {e.get("ID"): e.get("LABEL") for e in alto.iter() if e.tag.endswith("}LayoutTag")}
        kinds = {f"kind_{kind}": kind for kind in get_args(RegionKind)}
        assert tags == kinds | {f"unread_{reason}": f"unread: {reason}" for reason in get_args(UnreadReason)}
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


def test_what_is_unread_has_its_place_and_no_text() -> None:
    """In every format that can say so, after what was read, which is as it would be without."""
    page = DOCUMENTS["lines"]().pages[0]
    reasons = get_args(UnreadReason)
    unread = [Unread((10.4 * i, 5.0, 10.4 * i + 8, 12.6), reason, "غلط", 0.5) for i, reason in enumerate(reasons, 1)]
    boxes = [(int(10.4 * i), 5, round(10.4 * i + 8), 13) for i in range(1, 1 + len(reasons))]
    more = replace(page, unread=unread)
    for kind in ("hocr", "alto", "page"):
        assert "غلط" not in written([more], kind)
    hocr = [e for e in ET.fromstring(written([more], "hocr")).iter() if e.get("class") == "ocrx_unread"]
    assert [e.get("title") for e in hocr] == [
        f"bbox {' '.join(map(str, box))}; x_reason {reason}" for box, reason in zip(boxes, reasons, strict=True)
    ]
    blocks = [e for e in ET.fromstring(written([more], "alto")).iter() if e.get("ID", "").startswith("unread_1_")]
    sides = [[int(e.get(side, "")) for side in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] for e in blocks]
    assert sides == [[left, top, right - left, bottom - top] for left, top, right, bottom in boxes]
    assert [e.get("TAGREFS") for e in blocks] == [f"unread_{reason}" for reason in reasons] and all(len(e) == 0 for e in blocks)
    root = ET.fromstring(written([more], "page"))
    regions = [e for e in root.iter() if "unread" in e.get("custom", "")]
    assert [e.get("custom") for e in regions] == [f"unread {{reason:{reason};}}" for reason in reasons]
    for region, (left, top, right, bottom) in zip(regions, boxes, strict=True):
        area, line = region
        assert area.get("points") == line[0].get("points") == f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
    ordered = {e.get("regionRef") for e in root.iter() if e.tag.endswith("RegionRefIndexed")}
    assert not ordered & {e.get("id") for e in regions}
    for kind in ("alto", "hocr"):
        with_ids = [e.get("ID", e.get("id")) for e in ET.fromstring(written([more], kind)).iter() if e.get("ID", e.get("id"))]
        assert len(with_ids) == len(set(with_ids))


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
    with pytest.raises(
        ConfigError, match="there is no format 'odt'; there are text, json, markdown, html, docx, csv, xlsx, hocr, alto, page"
    ):
        written([], "odt")


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

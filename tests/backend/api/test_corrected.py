"""``POST /api/v1/documents``: what was read comes back in every format with other texts, and without being read again."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import httpx
import pypdfium2 as pdfium
import pytest
from PIL import Image

from tests.backend.documents import PAGE
from tests.serving import PATIENCE_S, Service, ask

TEXT = "نص مصحَّح ١٢"


def read(service: Service, image: bytes, **options: str) -> dict[str, Any]:
    reply: dict[str, Any] = ask(service.url, image, detail="characters", **options).json()
    return reply


def write(service: Service, document: Any, *, file: bytes | None = None, raw: bytes | None = None, **options: str) -> httpx.Response:
    files = {"document": ("document.json", raw if raw is not None else json.dumps(document).encode())}
    if file is not None:
        files["file"] = ("page.png", file)
    return httpx.post(f"{service.url}/api/v1/documents", files=files, data=options, trust_env=False, timeout=PATIENCE_S)


@pytest.fixture
def sent(service: Service) -> dict[str, Any]:
    reply = read(service, PAGE, mode="page", least_confidence="0")
    return {"name": "page.png", "model": "tiny 1", "results": reply["results"]}


def corrected(sent: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(sent)
    made["results"][0]["lines"][0]["text_as_read"] = TEXT
    return made


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "hocr", "alto", "page", "json"])
def test_the_corrected_text_is_in_every_format(kind: str, service: Service, sent: dict[str, Any]) -> None:
    reply = write(service, corrected(sent), format=kind)
    assert reply.status_code == 200, reply.text
    assert all(word in reply.text for word in TEXT.split())
    assert "نص" not in write(service, sent, format=kind).text


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "alto"])
def test_what_is_unchanged_is_what_reading_gives(kind: str, service: Service, sent: dict[str, Any]) -> None:
    """ALTO but for its baselines, which the API's results do not have."""
    as_read = ask(service.url, PAGE, mode="page", least_confidence="0", format=kind).text
    written = write(service, sent | {"name": "a.png"}, format=kind).text
    if kind == "alto":
        as_read, written = (text.replace(' BASELINE="', "\0").split("\0")[0] for text in (as_read, written))
        written = written.replace(sent["model"], "")
        assert len(written) > 300
        return
    assert written.replace("\r", "") == as_read.replace("\r", "")


def test_json_has_the_words_where_they_stand_now(service: Service, sent: dict[str, Any]) -> None:
    [result] = write(service, corrected(sent), format="json").json()["results"]
    line = result["lines"][0]
    assert [word["text"] for word in line["words"]] == TEXT.split() and line["confidence"] == 1
    boxes = [word["bbox"] for word in sent["results"][0]["lines"][0]["words"]]
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    assert all(left <= word["bbox"][0] <= word["bbox"][2] <= right for word in line["words"])
    assert line["direction"] == "rtl" and line["words"][0]["bbox"][0] > line["words"][1]["bbox"][0]
    assert result["lines"][1:] == sent["results"][0]["lines"][1:]


def test_a_searchable_pdf_needs_the_file(service: Service, sent: dict[str, Any]) -> None:
    wide = corrected(sent)
    wide["results"][0]["lines"][0] |= {"words": [], "characters": None}  # all of the line's box is room for it
    reply = write(service, wide, file=PAGE, format="pdf")
    assert reply.headers["Content-Type"] == "application/pdf"
    assert set("نصمح١٢") <= set(pdfium.PdfDocument(reply.content)[0].get_textpage().get_text_bounded())
    refused = write(service, corrected(sent), format="pdf")
    assert refused.status_code == 422 and "the file that was read" in refused.json()["error"]["message"]
    bad = write(service, corrected(sent), file=b"no image", format="pdf")
    assert bad.status_code == 415 and bad.json()["error"]["code"] == "unsupported_format"
    none = write(service, corrected(sent), format="pdf", job="0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6")
    assert none.status_code == 404


def test_a_page_that_the_file_does_not_have(service: Service, sent: dict[str, Any]) -> None:
    file = io.BytesIO()
    Image.new("L", (100, 100), 255).save(file, "PDF")
    made = corrected(sent)
    made["results"][0]["page"] = 3
    refused = write(service, made, file=file.getvalue(), format="pdf")
    assert refused.status_code == 422 and "page" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "document"),
        (b"{", "document"),
        (b"[]", "document"),
        (b'{"results": []}', "results"),
        (b'{"results": [{"lines": 3}]}', "results.0"),
        (b"\xff\xfe", "document"),
    ],
)
def test_what_is_no_document_is_refused(raw: bytes, said: str, service: Service) -> None:
    refused = write(service, None, raw=raw, format="text")
    assert refused.status_code == 422 and refused.json()["error"]["code"] == "invalid_request"
    assert said in refused.json()["error"]["message"]


def test_regions_that_do_not_fit_are_refused(service: Service, sent: dict[str, Any]) -> None:
    for lines in ([999], [0, 0], [-1]):
        made = copy.deepcopy(sent)
        made["results"][0]["regions"][0]["lines"] = lines
        refused = write(service, made, format="text")
        assert refused.status_code == 422 and "regions" in refused.json()["error"]["message"]


def test_options_that_there_are_not(service: Service, sent: dict[str, Any]) -> None:
    assert write(service, sent).status_code == 422
    assert write(service, sent, format="doc").status_code == 422
    assert write(service, sent, format="text", mode="page").status_code == 422


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "json", "pdf"])
def test_characters_that_no_format_can_hold_are_left_out(kind: str, service: Service, sent: dict[str, Any]) -> None:
    made = corrected(sent)
    line = made["results"][0]["lines"][0]
    line["text_as_read"] = "نص\x00\x1b\ufffe \u2028ومع\u200cهذا"
    made["name"] = "\x01name"
    line["words"] = [*line["words"], {"text": "\x02", "confidence": 0.5, "bbox": line["bbox"]}]
    reply = write(service, made, format=kind, file=PAGE if kind == "pdf" else None)
    assert reply.status_code == 200, reply.text
    if kind in ("text", "alto", "json"):
        assert "نص" in reply.text and "ومع\u200cهذا" in reply.text

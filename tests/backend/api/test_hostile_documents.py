"""``POST /api/v1/documents`` takes a reply that comes back, and anyone may have made it: it may take no time and no memory for nothing."""

from __future__ import annotations

import copy
import io
import json
import time
from collections.abc import Callable
from typing import Any

import pypdfium2 as pdfium
import pytest

from backend.api.schemas.corrected import MOST_CELLS, MOST_LETTERS, MOST_LEVEL, MOST_PX
from rasm.document import Line, Word
from rasm.formats import searchable_pdf
from rasm.pages.corrected import corrected
from tests.backend.documents import ENCRYPTED, ENDLESS, PAGE
from tests.serving import error, post, upload

pytestmark = pytest.mark.usefixtures("django_is_set_up")
QUICK_S = 10.0  # of the processor; without bounds any of these takes hours, or the machine's memory


@pytest.fixture(scope="module")
def read(django_is_set_up: None) -> dict[str, Any]:
    """A page as it was read, whose first two lines are made a table of two cells."""
    results: list[Any] = post(("a.png", PAGE), options={"mode": "page", "least_confidence": "0", "detail": "characters"}).json()["results"]
    cells = [{"row": n, "column": 0, "row_span": 1, "column_span": 1, "bbox": [0, 0, 9, 9], "lines": [n]} for n in range(2)]
    region = {"kind": "table", "direction": "rtl", "level": None, "bbox": [0, 0, 9, 9], "lines": [0, 1], "cells": cells, "head_rows": 1}
    results[0]["regions"] = [region]
    return {"name": "a.png", "results": results}


def write(document: Any, kind: str = "text", **options: Any) -> Any:
    from django.test import Client

    sent = {"document": upload("document.json", json.dumps(document).encode()), "format": kind, **options}
    return Client().post("/api/v1/documents", sent)


def result_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["results"][0]
    return found


def cell_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result_of(document)["regions"][0]["cells"][1]
    return found


HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a row far below": lambda d: cell_of(d).update(row=10**9),
    "a column far beside": lambda d: cell_of(d).update(column=10**9),
    "over many rows": lambda d: cell_of(d).update(row_span=10**12),
    "over many places": lambda d: cell_of(d).update(row_span=1000, column_span=MOST_CELLS // 1000 + 1),
    "cells in one place": lambda d: cell_of(d).update(row=0),
    "rows of a head": lambda d: result_of(d)["regions"][0].update(head_rows=10**9),
    "a deep item": lambda d: result_of(d)["regions"][0].update(kind="list-item", cells=[], head_rows=0, level=10**9),
    "an item above all": lambda d: result_of(d)["regions"][0].update(kind="list-item", cells=[], head_rows=0, level=-1),
    "a place nowhere": lambda d: result_of(d)["lines"][0].update(bbox=[0, 0, 10**400, 1]),
    "a letter nowhere": lambda d: result_of(d)["lines"][0]["characters"][0].update(bbox=[-MOST_PX - 1, 0, 1, 1]),
    "a long line": lambda d: result_of(d)["lines"][0].update(text_as_read="ا" * (MOST_LETTERS + 1)),
    "a long word": lambda d: result_of(d)["lines"][0]["words"][0].update(text="ا" * 10**6),
    "a wide image": lambda d: result_of(d).update(width_px=10**12),
    "a negative image": lambda d: result_of(d).update(height_px=-1),
    "a page beyond": lambda d: result_of(d).update(page=10**30),
    "a page before": lambda d: result_of(d).update(page=-1),
    "a page twice": lambda d: d["results"].append(result_of(d)),
    "no number": lambda d: result_of(d).update(skew_degrees=float("nan")),
    "an endless time": lambda d: result_of(d).update(milliseconds=float("inf")),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_no_reply_says_is_refused(what: str, read: dict[str, Any]) -> None:
    document = copy.deepcopy(read)
    HOSTILE[what](document)
    for kind in ("json", "csv"):
        assert error(write(document, kind)) == (422, "invalid_request")


@pytest.mark.parametrize("kind", ["json", "text", "markdown", "html", "docx", "csv", "xlsx", "hocr", "alto", "page", "pdf"])
def test_what_is_at_the_bounds_is_written(kind: str, read: dict[str, Any]) -> None:
    document = copy.deepcopy(read)
    cell_of(document).update(row=1, row_span=50, column_span=40)
    item = {"kind": "list-item", "direction": "rtl", "bbox": [-MOST_PX, -MOST_PX, MOST_PX, MOST_PX], "lines": [2], "level": MOST_LEVEL}
    result_of(document)["regions"].append(item)
    result_of(document)["lines"][2].update(text_as_read="ا" * MOST_LETTERS, bbox=[MOST_PX, MOST_PX, -MOST_PX, -MOST_PX])
    began = time.process_time()
    reply = write(document, kind, **({"file": upload("a.png", PAGE)} if kind == "pdf" else {}))
    assert reply.status_code == 200, reply.content
    assert time.process_time() - began < QUICK_S


def test_a_large_table_is_written_in_word(read: dict[str, Any]) -> None:
    """Every cell of it was looked for in the whole table."""
    document = copy.deepcopy(read)
    many = [{**cell_of(document), "row": n // 50, "column": n % 50, "lines": []} for n in range(5_000)]
    result_of(document)["regions"][0].update(cells=many)
    began = time.process_time()
    assert write(document, "docx").status_code == 200
    assert time.process_time() - began < 3 * QUICK_S


def test_letters_that_are_made_to_take_long_are_not_compared_for_ever(read: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare two lines of 1,000 such letters takes eight seconds, and of 100,000 days."""
    from backend.api.operations.corrected import Comparisons

    for was, now in (("ا" * 1_000, "ابا" * 333), ("ا" * 100_000, "ب" * 100_000)):
        began = time.process_time()
        line = corrected(Line(was, 0.5, (0, 0, 900, 9), words=[Word(was, 0.5, (0, 0, 900, 9))]), now)
        assert line.text == now and "".join(word.text for word in line.words) == now
        assert time.process_time() - began < QUICK_S
    monkeypatch.setattr(Comparisons, "MOST", 300_000)  # three such lines, of which each takes a fifth of a second
    document = copy.deepcopy(read)
    box = {"bbox": [0, 0, 900, 9], "confidence": 0.5}
    line_of_many = {"text": "", "text_as_read": "ابا" * 99, "words": [{"text": "ا" * 297, **box}], **box}
    result_of(document).update(regions=[], lines=[line_of_many] * 300)
    began = time.process_time()
    assert write(document, "json").status_code == 200
    assert time.process_time() - began < QUICK_S


def test_a_word_of_many_letters_is_put_together_once(read: dict[str, Any]) -> None:
    document = copy.deepcopy(read)
    box = {"bbox": [0, 0, 900, 9], "confidence": 0.5}
    letters = [{"text": "", **box}] * 50_000 + [{"text": "ا", **box}]
    result_of(document)["lines"][0].update(words=[{"text": "ا", **box}], characters=letters, text_as_read="ا")
    began = time.process_time()
    assert write(document, "json").status_code == 200
    assert time.process_time() - began < QUICK_S


@pytest.mark.parametrize("layer", ["skip", "force"])
def test_a_pdf_that_takes_hours_to_draw_is_refused_and_not_drawn_here(layer: str, read: dict[str, Any], monkeypatch: Any) -> None:
    from backend.reading import files

    monkeypatch.setattr(files.pdfs, "limits", (1, files.pdfs.limits[1]))
    files.pdfs.close()
    document = copy.deepcopy(read)
    refused = write(document, "pdf", file=upload("a.pdf", ENDLESS["thirty forms that draw each the next one twice"]), pdf_layer=layer)
    assert error(refused) == (422, "too_complex")
    files.pdfs.close()


def test_a_pdf_with_a_password_gets_its_text(read: dict[str, Any]) -> None:
    assert error(write(read, "pdf", file=upload("a.pdf", ENCRYPTED))) == (422, "encrypted_document")
    reply = write(read, "pdf", file=upload("a.pdf", ENCRYPTED), password="kitab")
    assert reply.status_code == 200, reply.content
    assert len(pdfium.PdfDocument(io.BytesIO(b"".join(reply)))) == 1


def test_more_signs_than_a_font_has_are_refused(read: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searchable_pdf, "MOST_GLYPHS", 3)
    document = copy.deepcopy(read)
    result_of(document)["lines"][0].update(text_as_read="ابجدهوز")
    assert error(write(document, "pdf", file=upload("a.png", PAGE))) == (422, "too_complex")

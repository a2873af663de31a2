"""Pages, TIFFs and PDFs that are broken, odd or made to do harm, through ``POST /api/v1/ocr``."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
import pytest
from PIL import Image

from tests.backend.documents import BAD_DOCUMENTS, ENCRYPTED, ENDLESS, LINE, ODD_PAGES, TEXT, broken_second_page, paper, pdf_of, saved
from tests.serving import content, post

pytestmark = pytest.mark.usefixtures("django_is_set_up", "shipped_model")


@pytest.mark.parametrize("name", ODD_PAGES)
def test_odd_pages_are_read_as_empty(name: str) -> None:
    [result] = post(("odd.pdf", ODD_PAGES[name])).json()["results"]
    assert (result["error"], result["lines"], result["pages"]) == (None, [], 1)
    assert result["width_px"] * result["height_px"] <= 40_000_000


def test_a_strip_as_thin_as_a_rule_is_an_empty_page() -> None:
    strip = Image.new("L", (20_000, 4), 255)
    file = io.BytesIO()
    strip.save(file, "PNG")
    [result] = post(("strip.png", file.getvalue()), options={"mode": "page"}).json()["results"]
    assert (result["error"], result["lines"]) == (None, [])


@pytest.mark.parametrize("name", ENDLESS)
def test_a_pdf_that_would_be_drawn_for_ever_is_given_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.reading import files as page_files
    from rasm.pages.pdf_process import PdfProcess

    few_seconds = PdfProcess(processor_s=1)
    monkeypatch.setattr(page_files, "pdfs", few_seconds)
    try:
        alone = post(("a.pdf", ENDLESS[name]))
        assert (alone.status_code, alone.json()["error"]["code"]) == (422, "too_complex")
        first, bad, last = post(("a.pdf", saved("PDF", paper(1))), ("b.pdf", ENDLESS[name]), ("c.pdf", saved("PDF", paper(1)))).json()[
            "results"
        ]
        assert bad["error"]["code"] == "too_complex" and (bad["file"], bad["page"]) == (1, 1)
        assert first["text"] == last["text"] == TEXT
    finally:
        few_seconds.close()


@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_a_bad_document_alone_is_a_typed_refusal_and_among_others_an_error_in_its_place(name: str) -> None:
    data, status, code = BAD_DOCUMENTS[name]
    alone = post((name, data), options={"mode": "page"})
    assert (alone.status_code, alone.json()["error"]["code"]) == (status, code)
    assert alone.json()["error"]["message"]
    first, bad, last = post(("a.png", LINE), (name, data), ("b.png", LINE)).json()["results"]
    assert bad["error"]["code"] == code and bad["text"] is None and bad["file"] == 1
    assert first["text"] == last["text"] == TEXT


def test_too_many_pages_are_sent_to_jobs() -> None:
    message = post(("long.pdf", pdf_of(33))).json()["error"]["message"]
    assert "/api/v1/jobs" in message and "32" in message
    results = post(("a.pdf", pdf_of(20)), ("b.pdf", pdf_of(20)), ("c.pdf", pdf_of(12))).json()["results"]
    assert [(r["file"], r["error"] and r["error"]["code"]) for r in results] == [
        *[(0, None)] * 20,
        (1, "too_many_pages"),
        *[(2, None)] * 12,
    ]


def test_a_password_opens_an_encrypted_pdf() -> None:
    assert post(("a.pdf", ENCRYPTED), options={"password": "wrong"}).json()["error"]["code"] == "encrypted_document"
    reply = post(("a.pdf", ENCRYPTED), options={"password": "kitab"})
    assert reply.json()["results"][0]["error"] is None
    assert pdfium.PdfDocument(content(post(("a.pdf", ENCRYPTED), options={"password": "kitab", "format": "pdf"})))[0]


def test_a_broken_page_has_its_error_beside_the_others() -> None:
    results = post(("two.tif", broken_second_page()), options={"mode": "page"}).json()["results"]
    assert [(r["page"], r["pages"], r["error"] and r["error"]["code"]) for r in results] == [(1, 2, None), (2, 2, "unreadable_image")]
    assert results[0]["text"] == TEXT

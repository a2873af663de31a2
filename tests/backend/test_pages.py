"""Pages through ``POST /api/v1/ocr`` and ``POST /ocr``: scans, TIFFs and PDFs in, results for each page and documents out.

They are read by the shipped model, in this process.
"""

from __future__ import annotations

import io
import json
import threading
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pypdfium2 as pdfium
import pytest
from PIL import Image

from rasm.image import Pixels
from rasm.pages.files import PageFile
from tests.paper import golden_line, golden_text, sheet
from tests.paths import SHIPPED
from tests.serving import PATIENCE_S, ROOT, content, error, file_part, form, post, post_form

pytestmark = pytest.mark.usefixtures("django_is_set_up", "shipped_model")
ENCRYPTED = (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()
LINE = (ROOT / "tests" / "golden" / "figures.png").read_bytes()
TEXT = golden_text("figures")


@pytest.fixture(scope="module")
def shipped_model(django_is_set_up: None) -> Iterator[None]:
    from django.test import override_settings
    from ocr import engines

    with override_settings(RASM_MODEL=SHIPPED):
        engines.models.cache_clear()
        yield
    engines.models.cache_clear()


def paper(lines: int = 3) -> Pixels:
    """A page of a few lines, each a little further in."""
    line = golden_line("figures")
    return sheet([(line, 960 - 31 * i % 70, 80 + 72 * i) for i in range(lines)], 1030, 160 + 72 * lines)


def saved(kind: str, *pages: Pixels) -> bytes:
    file = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    options: dict[str, Any] = {"save_all": True, "append_images": others} if others else {}
    first.save(file, kind, **options)
    return file.getvalue()


PAGE = saved("PNG", paper())


def test_a_page_has_regions_lines_and_words_with_their_places() -> None:
    [result] = post(("page.png", PAGE)).json()["results"]
    assert (result["name"], result["file"], result["page"], result["pages"]) == ("page.png", 0, 1, 1)
    assert (result["kind"], result["source"], result["error"]) == ("page", "ocr", None)
    assert (result["width_px"], result["height_px"], result["bbox"]) == (1030, 376, [0, 0, 1030, 376])
    assert [line["text"] for line in result["lines"]] == [TEXT] * 3
    assert [line for line in result["text_as_read"].split("\n") if line] == [TEXT] * 3
    assert sorted(i for region in result["regions"] for i in region["lines"]) == [0, 1, 2]
    for i, line in enumerate(result["lines"]):
        left, top, right, bottom = line["bbox"]
        assert abs(top - (80 + 72 * i)) < 20 and abs(bottom - (128 + 72 * i)) < 20 and 0 < left < right < 1030
        assert " ".join(word["text"] for word in line["words"]) == line["text"]
        lefts = [word["bbox"][0] for word in line["words"]]
        assert lefts[0] > lefts[-1]  # the first word stands at the right
        assert all(left - 5 <= w["bbox"][0] < w["bbox"][2] <= right + 5 for w in line["words"])
    assert 0.9 < result["confidence"] <= 1


def test_auto_tells_lines_from_pages_and_mode_overrides_it() -> None:
    results = post(("page.png", PAGE), ("line.png", LINE)).json()["results"]
    assert [result["kind"] for result in results] == ["page", "line"]
    assert results[1]["text"] == TEXT and results[1]["regions"] == []
    assert " ".join(word["text"] for word in results[1]["lines"][0]["words"]) == TEXT
    assert post(("page.png", PAGE), options={"mode": "line"}).json()["results"][0]["kind"] == "line"
    [forced] = post(("line.png", LINE), options={"mode": "page"}).json()["results"]
    assert (forced["kind"], forced["text"]) == ("page", TEXT)


def test_the_text_of_a_page_is_joined_into_paragraphs_unless_lines_are_asked_for() -> None:
    joined = post(("page.png", PAGE)).json()["results"][0]["text"]
    kept = post(("page.png", PAGE), options={"line_breaks": "keep", "digits": "western"}).json()["results"][0]
    assert joined.split() == kept["text_as_read"].split() == (TEXT + " ").split() * 3
    assert kept["text"].count("\n") >= 2 and "1953" in kept["text"] and "1953" not in kept["text_as_read"]
    assert "1953" in [word["text"] for word in kept["lines"][0]["words"]]


def test_characters_of_pages() -> None:
    [result] = post(("page.png", PAGE), options={"detail": "characters"}).json()["results"]
    line = result["lines"][0]
    assert "".join(c["text"] for c in line["characters"]) == TEXT.replace(" ", "")


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_each_page_of_a_file_has_its_result(kind: str) -> None:
    data = saved(kind, paper(1), paper(2))
    results = post(("two", data), ("line.png", LINE), options={"mode": "page" if kind == "TIFF" else "auto"}).json()["results"]
    assert [(r["file"], r["page"], r["pages"]) for r in results] == [(0, 1, 2), (0, 2, 2), (1, 1, 1)]
    assert [len(r["lines"]) for r in results] == [1, 2, 1]
    assert {line["text"] for r in results for line in r["lines"]} == {TEXT}


def test_the_lines_of_a_multi_page_tiff() -> None:
    data = saved("TIFF", golden_line("figures"), golden_line("figures"))
    results = post(("lines.tif", data), options={"mode": "line"}).json()["results"]
    assert [(r["kind"], r["page"], r["text"]) for r in results] == [("line", 1, TEXT), ("line", 2, TEXT)]


def with_text(text: str) -> bytes:
    """A PDF that says something itself, other than its picture."""
    from rasm.document import Character, Line, Page, Region, Word
    from rasm.formats.searchable_pdf import SearchablePdf

    box = (300.0, 80.0, 700.0, 128.0)
    step = 400 / len(text)
    signs = [Character(sign, 1.0, (700 - (i + 1) * step, 80.0, 700 - i * step, 128.0)) for i, sign in enumerate(text)]
    page = Page(1, 1030, 376, [Region("paragraph", box, [Line(text, 1.0, box, [], [Word(text, 1.0, box, signs)])])])
    pdf = SearchablePdf()
    pdf.add(page, paper())
    return pdf.finish()


def test_a_text_layer_is_used_when_asked_for() -> None:
    data = with_text("استقلالية")
    for option, source in (("use", "text_layer"), ("ignore", "ocr")):
        [result] = post(("book.pdf", data), options={"text_layer": option}).json()["results"]
        assert result["source"] == source
        assert (result["text"] == "استقلالية") == (source == "text_layer")
        assert result["has_text_layer"], "it is said to be there, used or not"
    [result] = post(("scan.pdf", saved("PDF", paper(1))), options={"text_layer": "use"}).json()["results"]
    assert not result["has_text_layer"]
    assert (result["source"], result["text"]) == ("ocr", TEXT)


@pytest.mark.parametrize(
    "garbage",
    ["ةيلالقتسلا ةيمالسلا ةيبرعلا ةيخيراتلا ةيداصتقلا ةيعامتجلا", "\ue001\ue002\ue003\ue004\ue005\ue006\ue007\ue008\ue009\ue00a", "١٢"],
)
def test_a_text_layer_that_is_garbage_is_not_used(garbage: str) -> None:
    """Stored backwards, numbers of glyphs, or a stamp: the page is read instead."""
    [result] = post(("book.pdf", with_text(garbage)), options={"text_layer": "use"}).json()["results"]
    assert (result["source"], result["error"]) == ("ocr", None)
    assert TEXT in result["text_as_read"]


# documents


def test_plain_text_of_pages_and_lines() -> None:
    data = saved("TIFF", paper(1), paper(1))
    reply = post(("l.png", LINE), ("two.tif", data), ("l.png", LINE), ("l.png", LINE), options={"format": "text", "mode": "auto"})
    assert reply["Content-Type"] == "text/plain; charset=utf-8"
    kinds = [r["kind"] for r in post(("two.tif", data)).json()["results"]]
    separator = "\f" if kinds[0] == "page" else ""
    assert content(reply).decode() == f"{TEXT}\n{separator}{TEXT}\n{separator}{TEXT}\n{separator}{TEXT}\n{TEXT}\n"


def test_a_page_that_could_not_be_read_keeps_its_place_in_a_text() -> None:
    from ocr import results

    first, second, third = (results.empty_result("b.pdf", 0, page=number, pages=3) for number in (1, 2, 3))
    second.kind, second.text = "page", TEXT
    assert "".join(results.plain_text([first, second, third])) == f"\n\f{TEXT}\n\f\n"


@pytest.mark.parametrize(
    ("kind", "media_type", "name"),
    [
        ("hocr", "text/vnd.hocr+html; charset=utf-8", "page.hocr"),
        ("alto", "application/alto+xml; charset=utf-8", "page.alto.xml"),
        ("page", "application/vnd.prima.page+xml; charset=utf-8", "page.page.xml"),
        ("pdf", "application/pdf", "page.pdf"),
    ],
)
def test_one_file_as_a_document_by_option_and_by_header(kind: str, media_type: str, name: str) -> None:
    by_option = post(("page.png", PAGE), options={"format": kind})
    by_header = post(("page.png", PAGE), Accept=media_type.partition(";")[0])
    for reply in (by_option, by_header):
        assert reply["Content-Type"] == media_type and reply["Content-Disposition"] == f'attachment; filename="{name}"'
        data = content(reply)
        if kind == "pdf":
            assert TEXT.split()[0] in pdfium.PdfDocument(data)[0].get_textpage().get_text_range()
        else:
            assert TEXT.split()[0] in "".join(ET.fromstring(data).itertext()) or TEXT.split()[0] in data.decode()


@pytest.mark.parametrize("kind", ["hocr", "alto"])
def test_a_document_of_several_pages_is_as_if_written_in_one_go(kind: str) -> None:
    from rasm.document import Document
    from rasm.formats import write
    from rasm.lines.recognizer import Recognizer
    from rasm.pages.reader import PageImage, PageReader

    reader = PageReader(Recognizer(SHIPPED, threads=1))
    pages = [reader.read(PageImage(paper(number), number)) for number in (1, 2)]
    info = reader.recognizer.info
    whole = ET.fromstring(write(Document("two.tif", pages, f"{info.name} {info.version}"), kind).encode())
    options = {"format": kind, "mode": "page"}
    got = ET.fromstring(content(post(("two.tif", saved("TIFF", paper(1), paper(2))), options=options)))
    assert [e.tag for e in got.iter() if "Tag" not in e.tag] == [e.tag for e in whole.iter() if "Tag" not in e.tag]
    bodies = [next(e for e in root if e.tag.endswith(("body", "Layout"))) for root in (got, whole)]
    assert ET.canonicalize(ET.tostring(bodies[0]), strip_text=True) == ET.canonicalize(ET.tostring(bodies[1]), strip_text=True)
    assert len({e.get("id", e.get("ID")) for e in got.iter()} - {None}) == sum(1 for e in got.iter() if e.get("id", e.get("ID")))


def test_the_profile_holds_for_documents_too() -> None:
    data = content(post(("page.png", PAGE), options={"format": "alto", "digits": "western"})).decode()
    assert "1953" in data and "١٩٥٣" not in data


def test_several_files_come_in_an_archive() -> None:
    reply = post(("a.png", PAGE), ("a.tif", PAGE), ("../b.png", LINE), options={"format": "hocr"})
    assert reply["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content(reply))) as packed:
        assert packed.namelist() == ["a.hocr", "a-2.hocr", "b.hocr"]
        assert TEXT.split()[0] in packed.read("b.hocr").decode()
    reply = post(("two.pdf", saved("PDF", paper(1), paper(1))), options={"format": "page"})
    with zipfile.ZipFile(io.BytesIO(content(reply))) as packed:
        assert packed.namelist() == ["two/0001.page.xml", "two/0002.page.xml"]


def test_a_pdf_is_kept_and_gains_its_text() -> None:
    data = saved("PDF", paper(1), paper(2))
    pdf = pdfium.PdfDocument(content(post(("two.pdf", data), options={"format": "pdf"})))
    assert [page.get_size() for page in pdf] == [page.get_size() for page in pdfium.PdfDocument(data)]
    texts = [page.get_textpage().get_text_range() for page in pdf]
    assert [text.count("بيروت") for text in texts] == [1, 2]


def test_documents_cannot_hold_errors_so_the_reply_is_the_error_with_all_results() -> None:
    for kind in ("hocr", "pdf", "text"):
        reply = post(("page.png", PAGE), ("b.pdf", b"%PDF-1.7\n"), options={"format": kind})
        assert reply.status_code == 422 and reply.json()["error"]["code"] == "unreadable_image"
        assert [len(result["lines"]) for result in reply.json()["results"]] == [3, 0]


# bad input


def broken_second_page(tiff: bool = True) -> bytes:
    data = bytearray(saved("TIFF", paper(1), paper(2)))
    second = Image.open(io.BytesIO(bytes(data)))
    second.seek(1)
    [offset] = second.tag_v2[273][:1]  # type: ignore[attr-defined]
    at = data.rindex(offset.to_bytes(4, "little"))
    data[at : at + 4] = (2**31 - 1).to_bytes(4, "little")
    return bytes(data)


def raw_pdf(*objects: bytes, xref: bytes | None = None, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, of which the first is the catalog."""
    data, places = b"%PDF-1.7\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, written)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    return data + (table if xref is None else xref) + b"trailer\n<</Size 9/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF" % (trailer, start)


def raw_stream(content: bytes, tags: bytes = b"", packed: bool = False) -> bytes:
    content, tags = (zlib.compress(content, 9), tags + b"/Filter/FlateDecode") if packed else (content, tags)
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (tags, len(content), content)


def raw_page(tags: bytes = b"", *objects: bytes, box: bytes = b"0 0 595 842", xref: bytes | None = None, trailer: bytes = b"") -> bytes:
    """A PDF of one page, whose content is the first of these objects, number 4."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents 4 0 R%b>>" % (box, tags)
    tree = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return raw_pdf(CATALOG, tree, page, *(objects or (raw_stream(b""),)), xref=xref, trailer=trailer)


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</F %d 0 R>>>>"
USES_A_FORM = b"/Resources<</XObject<</F 5 0 R>>>>"


def page_tree(levels: int, branches: int = 10) -> bytes:
    """A PDF of branches ** levels pages, in a file of a kilobyte: each level is there once."""
    count = [branches ** (levels - level) for level in range(levels)]
    tree = [b"<</Type/Pages/Count %d/Kids[%b]>>" % (n, b"%d 0 R " % (3 + level) * branches) for level, n in enumerate(count)]
    return raw_pdf(CATALOG, *tree, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>")


def pdf_of(pages: int) -> bytes:
    pdf = pdfium.PdfDocument.new()
    for _ in range(pages):
        pdf.new_page(100, 100)
    file = io.BytesIO()
    pdf.save(file)
    return file.getvalue()


BAD_DOCUMENTS = {
    "PDF header alone": (b"%PDF-1.7\n%%EOF", 422, "unreadable_image"),
    "truncated PDF": (saved("PDF", paper(1))[:200], 422, "unreadable_image"),
    "encrypted PDF": (ENCRYPTED, 422, "encrypted_document"),
    "PDF without pages": (pdf_of(0), 422, "no_pages"),
    "PDF of too many pages": (pdf_of(33), 413, "too_many_pages"),
    "PDF of a million pages": (page_tree(6), 413, "too_many_pages"),
    "PDF that says it has a thousand million pages": (page_tree(9), 422, "no_pages"),
    "PDF whose pages go round": (raw_pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"), 422, "unreadable_image"),
    "PDF whose pages are not there": (raw_pdf(CATALOG), 422, "no_pages"),
    "PDF of a page that is as thin as a rule": (raw_page(box=b"0 0 1000000000 1"), 422, "image_too_small"),
    "PDF behind a megabyte of rubbish": (b"\0" * 2**20 + saved("PDF", paper(1)), 415, "unsupported_format"),
    "TIFF of too many pages": (saved("TIFF", *[paper(1)[:48, :200]] * 33), 413, "too_many_pages"),
    "TIFF header alone": (b"II*\0\x08\0\0\0", 422, "unreadable_image"),
    "truncated TIFF": (saved("TIFF", paper(1), paper(1))[:5000], 422, "unreadable_image"),
}


ODD_PAGES = {
    "a table of places that is rubbish": raw_page(xref=b"xref\n0 5\n" + b"9999999999 00000 n \n" * 5),
    "no table of places": raw_page(xref=b""),
    "tables of places that go round": raw_page(trailer=b"/Prev 300"),
    "an enormous size": raw_page(box=b"0 0 1000000000 1000000000"),
    "no size": raw_page(box=b"0 0 0 0"),
    "a size that is no number": raw_page(box=b"0 0 nan inf"),
    "sides longer than numbers are": raw_page(box=b"-%b 0 %b 842" % (b"9" * 60, b"9" * 60)),
    "a picture that says it is enormous": raw_page(
        b"/Resources<</XObject<</I 5 0 R>>>>",
        raw_stream(b"595 0 0 842 0 0 cm /I Do"),
        raw_stream(b"", b"/Type/XObject/Subtype/Image/Width 100000/Height 100000/BitsPerComponent 8/ColorSpace/DeviceRGB"),
    ),
}


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


ENDLESS = {
    "a form that draws itself": raw_page(USES_A_FORM, raw_stream(b"/F Do"), raw_stream(b"/F Do /F Do", FORM % 5)),
    "thirty forms that draw each the next one twice": raw_page(
        USES_A_FORM,
        raw_stream(b"/F Do"),
        *[raw_stream(b"/F Do /F Do", FORM % (6 + level)) for level in range(30)],
        raw_stream(b"0 0 595 842 re f", FORM % 4),
    ),
    "ten million strokes": raw_page(b"", raw_stream(b"0 0 m 595 842 l S\n" * 10_000_000, packed=True)),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_pdf_that_would_be_drawn_for_ever_is_given_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ocr import page_files

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


def test_more_requests_with_pages_than_are_held_are_refused_and_lines_are_not() -> None:
    from django.conf import settings
    from ocr import page_pool

    page_pool.requests.take(settings.RASM_PAGE_REQUESTS)
    try:
        reply = post(("page.png", PAGE))
        assert error(reply) == (503, "overloaded") and reply["Retry-After"] == "1"
        assert post(("line.png", LINE)).status_code == 200
    finally:
        page_pool.requests.give_back(settings.RASM_PAGE_REQUESTS)
    assert post(("page.png", PAGE)).status_code == 200


class Held(PageFile):
    """A PDF whose page is drawn until it is let go."""

    kind, count = "pdf", 1

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def image(self, index: int) -> Pixels:
        self.begun.release()
        assert self.go.wait(PATIENCE_S)
        return paper(1)


def test_lines_are_read_while_pdfs_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and for pictures: as many as images are decoded at a time."""
    from django.conf import settings
    from ocr import page_files

    held = Held()
    monkeypatch.setattr(page_files.pdfs, "open", lambda *_, **__: held)
    pdf = saved("PDF", paper(1))
    with ThreadPoolExecutor(2 * settings.RASM_THREADS + 1) as pool:
        read = [pool.submit(post, ("a.pdf", pdf)) for _ in range(settings.RASM_THREADS)]
        shown = [pool.submit(picture, pdf) for _ in range(settings.RASM_THREADS)]
        try:
            for _ in (*read, *shown):
                assert held.begun.acquire(timeout=PATIENCE_S)
            assert pool.submit(post, ("line.png", LINE)).result(PATIENCE_S).json()["results"][0]["text"] == TEXT
        finally:
            held.go.set()
        assert [reply.result().status_code for reply in (*read, *shown)] == [200] * 2 * settings.RASM_THREADS


def picture(data: bytes) -> Any:
    return post_form(form(file_part(data, b"a.pdf", field=b"file")), "/api/v1/picture")


def test_pictures_take_places_among_the_requests_with_pages() -> None:
    from django.conf import settings
    from ocr import page_pool

    page_pool.requests.take(settings.RASM_PAGE_REQUESTS)
    try:
        reply = picture(PAGE)
        assert error(reply) == (503, "overloaded") and reply["Retry-After"] == "1"
        assert post(("broken.pdf", b"%PDF-1.7")).status_code == 503  # who waits for it to be opened occupies a thread, too
    finally:
        page_pool.requests.give_back(settings.RASM_PAGE_REQUESTS)
    assert picture(PAGE).status_code == 200


def test_a_page_never_has_more_than_a_few_lines_in_the_queue() -> None:
    """So that a line that is sent meanwhile waits for these only."""
    import numpy as np
    from ocr import engines, page_pool
    from ocr.batching import Job

    reader = engines.models().reader()
    waiting: list[Job] = []
    most = 0
    submit = reader.batcher.submit

    def watched(*arguments: Any) -> Job:
        nonlocal most
        waiting.append(job := submit(*arguments))
        most = max(most, sum(not job.reading.done() for job in waiting))
        return job

    reader.batcher.submit = watched  # type: ignore[method-assign]
    try:
        queued = page_pool.QueuedRecognizer(reader, None)
        lines = [np.full((48, 100 + 40 * i), 255, np.uint8) for i in range(40)]
        alone = reader.recognizer.read(lines)
        assert queued.read(lines) == alone
    finally:
        del reader.batcher.submit  # type: ignore[method-assign]
    assert len(waiting) == 40 and most <= page_pool.LINES_AT_A_TIME


def test_a_client_that_goes_away_stops_its_pages() -> None:
    from ocr import services
    from ocr.errors import ClientGone

    from tests.serving import upload

    gone = threading.Event()
    gone.set()
    with pytest.raises(ClientGone):
        services.read_files(services.Request([upload("p.png", PAGE)], gone=gone))


# POST /ocr


def test_liteparse_reads_pages() -> None:
    reply = post_form(form(file_part(PAGE, field=b"file")), "/ocr")
    assert [result["text"] for result in reply.json()["results"]] == [TEXT] * 3
    assert all(len(result["bbox"]) == 4 for result in reply.json()["results"])
    assert json.loads(post_form(form(file_part(saved("PDF", paper(1)), field=b"file")), "/ocr").content)["results"][0]["text"] == TEXT

"""Pages, TIFFs and PDFs as people send them, sound, broken and made to do harm."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pypdfium2 as pdfium
from PIL import Image

from rasm.image import Pixels
from tests.paper import golden_line, golden_text, sheet
from tests.paths import ROOT

ENCRYPTED = (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()
LINE = (ROOT / "tests" / "golden" / "figures.png").read_bytes()
TEXT = golden_text("figures")


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

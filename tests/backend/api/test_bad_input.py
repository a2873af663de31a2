"""What enemies and accidents send: each gets its typed refusal, or an error in its place, in bounded time and memory.

The files are made here, not stored. Memory is bounded by running the worst of them in a process of their own under a limit.
"""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.serving import ROOT, Service, error, exchange, field_part, file_part, form, line_png, post, post_form

pytestmark = pytest.mark.usefixtures("django_is_set_up")


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width_px: int, height_px: int, depth: int = 8, pixels: bytes = b"") -> bytes:
    """A grey PNG that says it has this size, whatever it has."""
    header = struct.pack(">IIBBBBB", width_px, height_px, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(pixels)) + png_chunk(b"IEND", b"")


def directory(width_px: int, height_px: int, strip_bytes: int, compression: int = 1, next_page: int = 0) -> bytes:
    """The tags of a page of a grey TIFF, whose one strip begins at byte 8."""
    tags = [
        (256, width_px),
        (257, height_px),
        (258, 8),
        (259, compression),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, height_px),
        (279, strip_bytes),
    ]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", next_page)


def tiff(width_px: int, height_px: int, strip: bytes = b"\0\0", compression: int = 1, next_page: int = 0) -> bytes:
    """A grey TIFF of one page that says it has this size."""
    strip += b"\0" * (len(strip) % 2)
    tags = directory(width_px, height_px, len(strip), compression, next_page)
    return struct.pack("<2sHI", b"II", 42, 8 + len(strip)) + strip + tags


def tiny_pages(pages: int) -> bytes:
    """A TIFF of so many pages that share their pixels."""
    size = len(directory(8, 8, 64))
    start = 8 + 64
    following = [start + page * size for page in range(1, pages)] + [0]
    return struct.pack("<2sHI", b"II", 42, start) + b"\0" * 64 + b"".join(directory(8, 8, 64, next_page=page) for page in following)


def grey_line() -> Image.Image:
    return Image.open(io.BytesIO(line_png()))


def frames(form: str) -> bytes:
    return saved(grey_line().convert("RGB"), form, save_all=True, append_images=[Image.new("RGB", (320, 32), "red")], duration=100)


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is there a thousand times: each is a pass over all pixels."""
    jpeg = saved(grey_line(), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * 1000 + jpeg[-2:]


BAD_FILES = {
    "empty": (b"", "empty_file"),
    "one byte": (b"\x89", "unsupported_format"),
    "truncated PNG": (line_png()[:-100], "unreadable_image"),
    "PNG without pixels": (line_png()[:50], "unreadable_image"),
    "truncated JPEG": (saved(grey_line(), "JPEG")[:300], "unreadable_image"),
    "text named .png": (b"hello " * 100, "unsupported_format"),
    "HTML": (b"<html><img src=x></html>", "unsupported_format"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "unsupported_format"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200, "unsupported_format"),
    "PDF": (b"%PDF-1.7\n%%EOF", "unreadable_image"),
    "GIF": (saved(grey_line(), "GIF"), "unsupported_format"),
    "animated GIF": (frames("GIF"), "unsupported_format"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unsupported_format"),
    "ZIP": (b"PK\x03\x04" + b"\0" * 100, "unsupported_format"),
    "animated PNG": (frames("PNG"), "several_pages"),
    "animated WebP": (frames("WEBP"), "several_pages"),
    "as many tiny TIFF pages as fit": (tiny_pages(180_000), "too_many_pages"),
    "0x0": (png(0, 0), "unreadable_image"),
    "1x1": (saved(Image.new("L", (1, 1)), "PNG"), "image_too_small"),
    "3 px high": (saved(Image.new("L", (300, 3)), "PNG"), "image_too_small"),
    "100,000 px wide": (saved(Image.new("1", (100_000, 10)), "PNG"), "image_too_large"),
    "PNG bomb": (png(50_000, 50_000, pixels=b"\0" * 10_000_000), "image_too_large"),
    "PNG that lies upwards": (png(6_000, 6_000, pixels=b"\0" * 100), "unreadable_image"),
    "greatest PNG": (png(2**31 - 1, 2**31 - 1), "image_too_large"),
    "TIFF bomb": (tiff(2**32 - 1, 2**32 - 1), "image_too_large"),
    "TIFF that lies upwards": (tiff(6_000, 6_000), "unreadable_image"),
    "deflated TIFF bomb": (tiff(60_000, 60_000, zlib.compress(b"\0" * 10_000_000), 8), "image_too_large"),
    "BMP that lies": (
        saved(grey_line(), "BMP")[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + saved(grey_line(), "BMP")[26:],
        "image_too_large",
    ),
    "JPEG of a thousand scans": (many_scans(), "unreadable_image"),
    "WebP header alone": (b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f", "image_too_large"),
    "PNG with a text bomb": (
        line_png()[:33] + png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 20_000_000, 9)) + line_png()[33:],
        "unreadable_image",
    ),
    "too long for a line": (line_png(4_000), "line_too_long"),
}
GOOD_FILES = {
    "wrong extension": ("a.pdf", line_png()),
    "CMYK": ("a.jpg", saved(grey_line().convert("CMYK"), "JPEG", quality=100)),
    "16 bit": ("a.png", saved(Image.fromarray(np.asarray(grey_line()).astype(np.uint16) * 257), "PNG")),
    "broken EXIF": ("a.png", line_png()[:33] + png_chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff" + b"\xff" * 50) + line_png()[33:]),
    "polyglot: PNG, then ZIP and HTML": ("a.html", line_png() + b"PK\x03\x04<script>alert(1)</script>"),
    "TIFF whose pages go round": ("a.tif", tiff(320, 32, np.asarray(grey_line()).tobytes(), next_page=8 + 320 * 32)),
    "TIFF": ("a.tif", saved(grey_line(), "TIFF", compression="tiff_lzw")),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_alone_is_a_typed_refusal_and_among_others_an_error_in_its_place(name: str) -> None:
    data, code = BAD_FILES[name]
    alone = post((name + ".png", data))
    assert 400 <= alone.status_code < 500
    assert alone.json()["error"]["code"] == code
    reply = post(("first.png", line_png()), (name + ".png", data), ("last.png", line_png()))
    first, bad, last = reply.json()["results"]
    assert reply.status_code == 200
    assert bad["error"]["code"] == code and bad["error"]["message"] and bad["text"] is None and bad["lines"] == []
    assert first["text"] == last["text"] != ""


@pytest.mark.parametrize("name", GOOD_FILES)
def test_odd_files_that_are_read_all_the_same(name: str) -> None:
    expected = post(("a.png", line_png())).json()["results"][0]["text"]
    [result] = post(GOOD_FILES[name]).json()["results"]
    assert result["error"] is None
    assert result["text"] == expected or name == "CMYK"  # which JPEG has blurred


LIMITED = """
import resource, sys, time
import numpy, cv2
from rasm.errors import ImageError
from rasm.image import decode
from rasm.pages.files import open_pages

data = sys.stdin.buffer.read()
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 400 * 2**20,) * 2)
began = time.process_time()
try:
    if data[:2] in (b"II", b"MM"):  # as services.py does
        with open_pages(data, max_pages=32) as file:
            file.image(0)
    else:
        decode(data, single=True)
    print("read")
except ImageError as e:
    print(e.code)
assert time.process_time() - began < 5
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what a process has mapped")
@pytest.mark.parametrize("name", [name for name in BAD_FILES if "bomb" in name or "lies" in name or "tiny" in name or "scans" in name])
def test_the_worst_need_little_memory_and_time(name: str) -> None:
    data, code = BAD_FILES[name]
    done = subprocess.run([sys.executable, "-c", LIMITED], cwd=ROOT, input=data, capture_output=True)
    assert done.stdout.decode().strip() == code, done.stderr.decode()


# names


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"..", ".."),
        (b"", ""),
        (b"a/", "a"),
        (b"/", ""),
        (b"../../etc/passwd", "passwd"),
        (rb"C:\scans\line.png", "line.png"),
        (b"a\0b.png", "ab.png"),
        ("abc\u202egnp.exe".encode(), "abcgnp.exe"),
        ("\u200fسطر\u200e.png".encode(), "سطر.png"),
        ("سطر.png".encode("cp1256"), "سطر.png"),
        (b"\xff\x80\xfe", "ے€"),  # not UTF-8; as cp1256, with a direction mark at the end
        (b"x" * 4096, "x" * 254 + "…"),
        ("س".encode() * 4096, "س" * 254 + "…"),
        (b"%22quoted%22.png", '"quoted".png'),
        (b"<script>alert(1)</script>.png", "script>.png"),
        (b"&#x41;.png", "&#x41;.png"),
    ],
)
def test_no_name_loses_a_file(sent: bytes, told: str) -> None:
    reply = post_form(form(file_part(line_png(), b"first.png"), file_part(line_png(), sent), file_part(line_png(), b"last.png")))
    assert reply.status_code == 200
    assert [result["name"] for result in reply.json()["results"]] == ["first.png", told, "last.png"]
    assert all(result["text"] for result in reply.json()["results"])


def test_names_as_older_clients_send_them() -> None:
    part = b"Content-Disposition: form-data; name=\"files\"; filename*=utf-8''%D8%B3%D8%B7%D8%B1.png\r\n\r\n" + line_png()
    assert post_form(form(part)).json()["results"][0]["name"] == "سطر.png"


# fields and bodies


def test_missing_and_repeated_fields() -> None:
    image = file_part(line_png())
    assert error(post_form(form())) == (422, "no_files")
    assert error(post_form(form(field_part(b"files", b"text")))) == (422, "no_files")
    assert error(post_form(form(image, field_part(b"mode", b"line"), field_part(b"mode", b"line")))) == (422, "invalid_request")
    assert error(post_form(form(image, field_part(b"", b"")))) == (422, "invalid_request")
    assert len(post_form(form(image, image)).json()["results"]) == 2


def test_huge_counts_and_sizes_of_fields() -> None:
    image = file_part(line_png())
    assert error(post_form(form(image, *[field_part(b"a", b"")] * 101))) == (413, "too_many_fields")
    assert error(post_form(form(*[file_part(b"")] * 10_000))) == (413, "too_many_files")
    assert error(post_form(form(image, field_part(b"model", b"x" * 2**21)))) == (413, "request_too_large")
    assert error(post_form(form(image, b"X: y\r\n" * 20 + field_part(b"mode", b"line")))) == (400, "bad_request")
    assert error(post_form(form(image, field_part(b"n" * 20_000, b"line")))) == (400, "bad_request")


@pytest.mark.parametrize(
    "body",
    [
        b"--b",
        b"no boundary at all",
        form(file_part(line_png()))[:-8],
        form(file_part(line_png()))[:200],
        form(file_part(line_png()), boundary=b"other"),
        form(b"no header"),
        form(b"Content-Disposition: attachment; name=files; filename=a.png\r\n\r\nx"),
        form(b'Content-Disposition: form-data; name="files"; filename="a.png"\r\nContent-Length: 5\r\n\r\nx'),
    ],
)
def test_malformed_bodies(body: bytes) -> None:
    status, code = error(post_form(body))
    assert (status, code) == (400, "bad_request")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=é",
        "multipart/mixed; boundary=b",
        "a",
        "multipart",
    ],
)
def test_wrong_content_types(content_type: str) -> None:
    assert error(post_form(form(file_part(line_png())), content_type=content_type)) in (
        (400, "bad_request"),
        (415, "unsupported_media_type"),
    )


# the real server: what never gets to Django as it was sent


def request_of(body: bytes, *headers: bytes, path: bytes = b"/api/v1/ocr") -> bytes:
    fixed = (b"Host: localhost", b"Connection: close", b"Content-Type: multipart/form-data; boundary=b")
    return b"POST " + path + b" HTTP/1.1\r\n" + b"\r\n".join((*fixed, *headers)) + b"\r\n\r\n" + body


def test_wrong_lengths_under_the_production_server(service: Service) -> None:
    body = form(file_part(line_png()))
    status, reply = exchange(service, request_of(body, b"Content-Length: %d" % (len(body) - 50)))
    assert (status, reply["error"]["code"]) == (400, "bad_request")
    for length in (b"-1", b"abc", b"1, 2", b"0x10"):
        assert exchange(service, request_of(body, b"Content-Length: " + length))[0] == 400
    status, reply = exchange(service, request_of(b"", b"Content-Length: 0"))
    assert (status, reply["error"]["code"]) == (422, "no_files")


def test_chunked_bodies_under_the_production_server(service: Service) -> None:
    status, reply = exchange(service, request_of(b"3\r\nabc\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"))
    assert (status, reply["error"]["code"]) == (411, "length_required")


@pytest.mark.parametrize(
    "path", [b"/\xff\xfe", b"/%ff%00", b"/api/v1/ocr?\xff=\xff", b"//", b"/" + b"a" * 3000, b"/static/../../etc/passwd"]
)
def test_odd_addresses_under_the_production_server(service: Service, path: bytes) -> None:
    status, _ = exchange(service, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert 400 <= status < 500


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"nonsense", (400, "bad_request")),
        (b"GET / HTTP/1.1\r\nHost localhost", (400, "bad_request")),
        (b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000, (400, "bad_request")),
        (
            b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + b"9" * 4000,
            (413, "request_too_large"),
        ),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost", (414, "address_too_long")),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 9000, (431, "headers_too_large")),
    ],
)
def test_what_the_server_refuses_by_itself_has_the_shape_of_every_error(service: Service, head: bytes, expected: tuple[int, str]) -> None:
    status, reply = exchange(service, head + b"\r\n\r\n")
    assert reply.keys() == {"error"} and reply["error"].keys() == {"code", "message", "request_id"}
    assert (status, reply["error"]["code"]) == expected and reply["error"]["message"]


def test_odd_headers_under_the_production_server(service: Service) -> None:
    odd = {"Accept": "\xff;q=\xff", "Cookie": "\xff=\xff; rasm_session=x", "X-Forwarded-For": "\xff", "Authorization": "Bearer \xff"}
    for name, value in odd.items():
        reply = httpx.get(service.url + "/health/live", headers={name.encode(): value.encode("latin-1")}, trust_env=False)
        assert reply.status_code == 200, name
    many = [b"X-A: b"] * 99
    assert exchange(service, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + b"\r\n".join(many) + b"\r\n\r\n")[0] < 500


def test_a_whole_body_that_is_refused_can_be_sent_and_the_refusal_read(tmp_path: Any) -> None:
    """The reply comes while the client still sends; a connection closed at once would break its sending off."""
    from tests.serving import running_service

    with running_service(tmp_path / "log", RASM_MAX_REQUEST_BYTES="1000000") as small:
        reply = httpx.post(small.url + "/api/v1/ocr", files={"files": ("a.png", b"\0" * 30_000_000)}, trust_env=False)
    assert reply.status_code == 413
    assert reply.json()["error"]["code"] == "request_too_large"


def test_settings_of_limits_are_checked_before_a_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert post(("a.png", png(50_000, 50_000))).json()["error"]["code"] == "image_too_large"


def test_nothing_of_an_image_its_name_or_its_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    reply = post(("secret-name.png", line_png()), ("secret-too.png", b"secret-content"))
    logged = caplog.text
    assert "POST /api/v1/ocr 200" in logged
    assert "secret" not in logged and reply.json()["results"][0]["text"] not in logged

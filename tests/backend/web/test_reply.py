"""What is sent for the page at /, and the pictures that it asks the service for."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image

from tests.backend.web.browser import TEXTS, WEB, pdf
from tests.serving import ROOT, error, get, post
from tests.serving import upload as upload_file


@pytest.mark.usefixtures("django_is_set_up")
class TestReply:
    def test_headers_let_it_reach_this_service_only(self) -> None:
        reply = get("/")
        assert reply.status_code == 200
        policy = dict(part.split(" ", 1) for part in reply["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert "unsafe" not in reply["Content-Security-Policy"]
        assert reply["X-Content-Type-Options"] == "nosniff" and reply["X-Frame-Options"] == "DENY"
        assert not reply.cookies

    def test_nothing_is_inline_or_from_elsewhere(self) -> None:
        html = get("/").content.decode()
        assert not re.findall(r"\s(?:style|on\w+)=|<style|javascript:", html)
        scripts = re.findall(r"<script([^>]*)>", html)
        assert all('type="application/json"' in s or 'src="/static/' in s for s in scripts) and len(scripts) == 2
        loaded = re.findall(r'(?:href|src)="([^"]+)"', html)
        assert all(re.match(r"/(?!/)|[?#]", address) for address in loaded)
        for path in sorted((WEB / "static" / "web").iterdir()):
            reply = get(f"/static/web/{path.name}")
            assert reply.status_code == 200 and b"".join(reply) == path.read_bytes()
            if path.suffix != ".png":
                addresses = re.findall(r"(?:https?:)?//[\w-]+\.[\w./-]+", path.read_text(encoding="utf-8"))
                assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path.name

    @pytest.mark.parametrize(
        ("query", "accepted", "language"),
        [
            ("", "", "en"),
            ("", "ar-EG,en;q=0.5", "ar"),
            ("", "fr,de;q=0.5", "en"),
            ("", "fr,ar;q=0.5", "ar"),
            ("?lang=ar", "en", "ar"),
            ("?lang=en", "ar", "en"),
            ("?lang=xx", "ar", "ar"),
            ("?lang=%3Cscript%3E", "", "en"),
        ],
    )
    def test_language(self, query: str, accepted: str, language: str) -> None:
        reply = get(f"/{query}", **({"Accept-Language": accepted} if accepted else {}))
        html = reply.content.decode()
        direction = {"ar": "rtl", "en": "ltr"}[language]
        assert f'<html lang="{language}" dir="{direction}">' in html and TEXTS[language]["headline"] in html
        assert "Accept-Language" in reply["Vary"]

    def test_it_takes_nothing(self) -> None:
        from django.test import Client

        assert Client().post("/", {"lang": "ar"}).status_code == 405


@pytest.mark.usefixtures("django_is_set_up")
class TestPictures:
    """``POST /api/v1/picture``: what the page shows of files that browsers cannot draw."""

    def ask(self, data: bytes, name: str = "a.pdf", **options: Any) -> Any:
        from django.test import Client

        return Client().post("/api/v1/picture", {"file": upload_file(name, data), **options})

    def test_a_page_as_a_jpeg_in_its_proportions(self) -> None:
        for number in (1, 2):
            reply = self.ask(pdf(), page=number)
            assert (reply.status_code, reply["Content-Type"], reply["Cache-Control"]) == (200, "image/jpeg", "no-store")
            image = Image.open(io.BytesIO(reply.content))
            assert (
                image.width / image.height == pytest.approx(640 / (360 + 40 * number), rel=0.01) and image.width * image.height < 2_600_000
            )
            assert image.convert("L").getpixel((image.width * 35 // 64, 150 * image.height // (360 + 40 * number))) < 30

    def test_colours_and_lines(self) -> None:
        file = io.BytesIO()
        Image.new("RGB", (300, 40), (200, 30, 30)).save(file, "TIFF")
        red, green, blue = Image.open(io.BytesIO(self.ask(file.getvalue(), "a.tif").content)).getpixel((150, 20))  # type: ignore[misc]
        assert red > 180 and green < 50 and blue < 50

    @pytest.mark.parametrize(
        ("data", "options", "expected"),
        [
            (b"no image", {}, (415, "unsupported_format")),
            (b"", {}, (422, "empty_file")),
            (b"%PDF-1.7 broken", {}, (422, "unreadable_image")),
            ("pdf", {"page": 3}, (422, "invalid_request")),
            ("pdf", {"page": 0}, (422, "invalid_request")),
            ("pdf", {"pages": 1}, (422, "invalid_request")),
            ("long", {}, (413, "too_many_pages")),
            ("locked", {}, (422, "encrypted_document")),
        ],
    )
    def test_what_is_refused(self, data: Any, options: dict[str, Any], expected: tuple[int, str]) -> None:
        locked = (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()
        known = {"pdf": pdf, "long": lambda: pdf(33), "locked": lambda: locked}
        assert error(self.ask(known[data]() if isinstance(data, str) else data, **options)) == expected

    def test_a_password_opens_it(self) -> None:
        locked = (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()
        assert self.ask(locked, password="kitab").status_code == 200

    def test_of_a_job_nothing_is_sent_again(self) -> None:
        from django.test import Client

        locked = (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()
        job = post(("a.pdf", locked), options={"password": "kitab"}, path="/api/v1/jobs")["Location"]
        sent, kept = self.ask(locked, password="kitab"), get(f"{job}/picture?page=1")
        assert (kept.status_code, kept["Content-Type"]) == (200, "image/jpeg") and kept.content == sent.content
        assert error(get(f"{job}/picture?page=9")) == error(get(f"{job}/picture?password=kitab")) == (422, "invalid_request")
        Client().delete(job)
        assert error(get(f"{job}/picture")) == (409, "job_not_done")
        Client().delete(job)
        assert error(get(f"{job}/picture")) == (404, "job_not_found")


def test_every_word_is_there_in_both_languages() -> None:
    assert TEXTS["en"].keys() == TEXTS["ar"].keys()
    for key, words in TEXTS["en"].items():
        if isinstance(words, str):
            assert set(re.findall(r"\{\w+\}", words)) == set(re.findall(r"\{\w+\}", TEXTS["ar"][key])), key
    sources = [*(WEB / "static" / "web").glob("*.js"), WEB / "templates" / "web" / "page.html"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for key in re.findall(r'say\("([\w.]+)"', source) + re.findall(r'data-t="(\w+)"', source):
        words: Any = TEXTS["en"]
        for name in key.split("."):
            words = words[name]
        assert words, key
    used = set(re.findall(r"\w+", source)) | {f"{verb}Of" for verb in ("copy", "again", "cancel", "goOn", "remove")}
    assert {key.removesuffix("-one") for key in TEXTS["en"]} <= used

"""The page at /: what is sent for it, and, in Chromium where there is one, what it does with the real service.

Chromium is the system's (Debian: apt install chromium), driven by Playwright; what is asked of accessibility is axe-core's
rules for WCAG 2.1 A and AA. Every page of every test must load from the service alone and break no rule of its own policy.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from rasm.text.normalisation import Profile, apply_profile
from tests.conftest import copied
from tests.serving import ROOT, Service, error, get, line_png, manage, post, running_service
from tests.serving import upload as upload_file

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WEB = ROOT / "backend" / "web"
TEXTS = json.loads((WEB / "texts.json").read_text(encoding="utf-8"))
TIMEOUT_MS = 60_000


# what is sent


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
    used = set(re.findall(r"\w+", source)) | {f"{verb}Of" for verb in ("copy", "again", "cancel", "remove")}
    assert TEXTS["en"].keys() <= used


# in Chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium is installed")
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        sandbox = [] if os.getuid() else ["--no-sandbox"]  # which Chromium has none of for root
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, service: Service) -> Iterator[Open]:
    """A function that opens the page; its arguments are another service, and those of a browser's context."""
    contexts, complaints, addresses, own = [], [], [], set()

    def open_(path: str = "/", at: Service = service, **settings: Any) -> Any:
        context = browser.new_context(**{"locale": "en", "viewport": {"width": 1200, "height": 800}, **settings})
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None)
        page.on("request", lambda request: addresses.append(request.url))
        page.goto(at.url + path)
        own.add(at.url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints
    assert all(address.removeprefix("blob:").startswith(tuple(own)) for address in addresses), addresses


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect

    expect.set_options(timeout=TIMEOUT_MS)
    return expect(locator)


def upload(page: Any, *files: tuple[str, bytes]) -> None:
    """Choose these files, and wait until they have been dealt with."""
    before = page.locator("article").count()
    page.set_input_files("#files", [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files])
    expect(page.locator("article.done, article.failed")).to_have_count(before + len(files))


def texts(page: Any) -> list[str]:
    return page.locator(".lines .text").all_text_contents()


def read_by_api(service: Service, *files: tuple[str, bytes], **options: str) -> list[dict[str, Any]]:
    reply = httpx.post(
        f"{service.url}/api/v1/ocr", files=[("files", f) for f in files], data=options, trust_env=False, timeout=TIMEOUT_MS / 1000
    )
    results: list[dict[str, Any]] = reply.json()["results"]
    return results


LINE = ("line.png", line_png(640, 48, seed=3))
OTHER = ("other.png", line_png(400, 32, seed=1))


def test_reads_what_is_chosen(open_page: Open, service: Service) -> None:
    """The text, its frame, place and confidence are the API's; a bad file has its error beside the others."""
    page = open_page()
    upload(page, LINE, ("bad.png", b"no image"), OTHER)
    results = read_by_api(service, LINE, OTHER)
    assert texts(page) == [r["text"] for r in results]
    expect(page.locator("article.failed .wrong")).to_contain_text("not an image")
    expect(page.locator("#status")).to_have_text("Read: 2. Not read: 1.")

    row, place = page.locator(".lines li").first, page.locator("figcaption").first
    page.locator("article.failed").hover()
    expect(page.locator("rect.frame.shown")).to_have_count(0)
    row.hover()
    frame = page.locator("article").first.locator("rect.frame.shown")
    expect(frame).to_have_count(1)
    left, top, right, bottom = results[0]["bbox"]
    assert [float(frame.get_attribute(a)) for a in ("x", "y", "width", "height")] == [left, top, right - left, bottom - top]
    share = f"{int(results[0]['confidence'] * 100)}%"
    expect(place).to_contain_text(f"{right - left} × {bottom - top} px at {left}, {top} · confidence {share}")
    assert row.locator(".share").text_content() == share
    picture, shape = page.locator(".picture img").first.bounding_box(), frame.bounding_box()
    assert all(abs(picture[side] - shape[side]) < 4 for side in ("x", "y", "width", "height"))
    text = page.locator(".lines").first
    assert (text.get_attribute("dir"), text.get_attribute("lang")) == ("rtl", "ar")


def test_uncertain_characters_are_marked_and_shown_on_the_picture(open_page: Open, service: Service) -> None:
    page = open_page()
    upload(page, LINE)
    [line] = read_by_api(service, LINE, detail="characters")[0]["lines"]
    uncertain = [c for c in line["characters"] if c["confidence"] < 0.8 and not c["text"].isspace()]
    marks = page.locator("mark")
    assert uncertain and marks.count()
    assert {c["text"] for c in uncertain} <= set("".join(marks.all_text_contents()))
    mark = marks.first
    assert re.fullmatch(r"\d+%", mark.get_attribute("title"))
    mark.hover()
    expect(page.locator("rect.sign.shown")).to_have_count(1)
    expect(page.locator("figcaption")).to_contain_text("uncertain: ")
    page.uncheck("#unsure")
    expect(marks).to_have_count(0)
    assert texts(page) == [line["text"]]


def test_another_profile_needs_no_new_upload(open_page: Open, service: Service) -> None:
    """In the page as from the service: the two have the rules of rasm/text/normalisation.py each for themselves."""
    page = open_page()
    upload(page, LINE, OTHER)
    page.route("**/api/**", lambda route: pytest.fail("a new request"))
    page.uncheck("#diacritics")
    page.uncheck("#tatweel")
    for digits in ("western", "arabic_indic", "as_printed"):
        page.select_option("#digits", digits)
        expected = read_by_api(service, LINE, OTHER, diacritics="strip", tatweel="strip", digits=digits)
        assert texts(page) == [r["text"] for r in expected]


def test_profiles_are_those_of_model_text(open_page: Open) -> None:
    page = open_page()
    text = "مُحَمَّدٌ كـــتاب ١٢٣ ۴۵۶ 789 ٤٥ abc «رٰ»"
    for diacritics in ("keep", "strip"):
        for tatweel in ("keep", "strip"):
            for digits in ("as_printed", "western", "arabic_indic"):
                profile: dict[str, Any] = {"diacritics": diacritics, "tatweel": tatweel, "digits": digits}
                call = "([text, profile]) => import('/static/web/profile.js').then((m) => m.applyProfile(text, profile))"
                assert page.evaluate(call, [text, profile]) == apply_profile(text, Profile(**profile)), profile


def test_marks_stay_with_their_letters(open_page: Open) -> None:
    """Characters come as the network gave them: spaces doubled, marks in any order, leaders as one sign."""
    page = open_page()
    given = [" ", "ش", "د", "ّ", "َ", " ", " ", "…", "ب", " "]
    read = "شدَّ ....ب"  # NFC puts fatha before shadda
    sure = {"َ": 0.3, "…": 0.5}
    characters = [
        {"text": c, "confidence": sure.get(c, 0.99), "box": {"left": i, "top": 0, "right": i + 1, "bottom": 9}} for i, c in enumerate(given)
    ]
    call = """([line, profile]) => import('/static/web/profile.js').then((m) =>
        m.pieces(line, profile).map(({ text, uncertain }) => [text, uncertain]))"""
    profile = {"diacritics": "keep", "tatweel": "keep", "digits": "as_printed"}
    line = {"textAsRead": read, "characters": characters}
    expected = [["ش", False], ["دَّ", True], [" ", False], *[[".", True]] * 4, ["ب", False]]
    assert page.evaluate(call, [line, profile]) == expected
    of_page = {**line, "characters": [c for c in characters if c["text"] != " "]}  # whose words' spaces are not among its characters
    assert page.evaluate(call, [of_page, profile]) == expected
    stripped = page.evaluate(call, [line, {**profile, "diacritics": "strip"}])
    assert stripped[:2] == [["ش", False], ["د", True]]
    assert page.evaluate(call, [{**line, "textAsRead": "غيره"}, profile]) == [["غيره", False]]  # better no marks than wrong ones


def test_paste_drop_and_the_example(open_page: Open) -> None:
    page = open_page()
    send = """([kind, target, name, bytes]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
        const options = { bubbles: true, cancelable: true };
        const event = kind === "paste" ? new ClipboardEvent(kind, { ...options, clipboardData: transfer })
            : new DragEvent(kind, { ...options, dataTransfer: transfer });
        document.querySelector(target).dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    page.evaluate(send, ["paste", "main", *[LINE[0], list(LINE[1])]])
    expect(page.locator("article.done")).to_have_count(1)
    page.evaluate(send, ["dragenter", "h1, #drop", "", []])
    expect(page.locator("body")).to_have_class(re.compile("dropping"))
    assert page.evaluate(send, ["dragover", "#drop", "", []])  # or the browser would open the file
    assert page.evaluate(send, ["drop", "#drop", *[OTHER[0], list(OTHER[1])]])
    expect(page.locator("article.done")).to_have_count(2)
    expect(page.locator("body")).not_to_have_class(re.compile("dropping"))
    page.click("#example")
    expect(page.locator("article.done")).to_have_count(3)


def saved(page: Any, button: Any) -> tuple[str, bytes]:
    """Name and content of the file that this button downloads."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def choice(page: Any, name: str, kind: str) -> Any:
    """The button of this format, in the opened menu of a document."""
    menu = page.locator("article", has=page.get_by_role("heading", name=name, exact=True)).locator(".menu")
    menu.locator("summary").click()
    return menu.get_by_role("button", name=f"Download {name}: {TEXTS['en'][kind]}", exact=True)


def test_copy_and_download(open_page: Open, service: Service) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    upload(page, LINE, OTHER)
    one, other = (r["text"] for r in read_by_api(service, LINE, OTHER, digits="western"))
    page.select_option("#digits", "western")
    page.get_by_role("button", name="Copy the text of line.png").click()
    expect(page.locator("#status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == one
    page.click("#copy-all")
    expect(page.locator("#copy-all")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{one}\n{other}"

    def downloaded(button: Any) -> tuple[str, str]:
        name, content = saved(page, button)
        return name, content.decode()

    assert downloaded(choice(page, "other.png", "text")) == ("other.txt", f"{other}\n")
    assert downloaded(page.locator("#text-all")) == ("rasm.txt", f"{one}\n{other}\n")
    name, content = downloaded(choice(page, "line.png", "json"))
    assert name == "line.json"
    reply = json.loads(content)
    assert reply["profile"]["digits"] == "western" and reply["results"][0]["lines"][0]["text"] == one
    assert len(json.loads(downloaded(page.locator("#json-all"))[1])) == 2


def test_the_other_language_keeps_what_was_read(open_page: Open) -> None:
    page = open_page("/?lang=en")
    upload(page, LINE)
    before = texts(page)
    page.click("#language")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert page.locator("html").get_attribute("lang") == "ar" and page.url.endswith("?lang=ar")
    assert texts(page) == before
    expect(page.get_by_role("button", name=TEXTS["ar"]["copy"], exact=True).first).to_be_visible()
    expect(page.locator("figcaption")).to_contain_text("٪")
    upload(page, ("bad.png", b"no image"))
    expect(page.locator(".wrong").last).to_contain_text(TEXTS["ar"]["errors"]["unsupported_format"])


def page_reply(pages: int = 1, lines: int = 4, bad_page: int | None = None) -> dict[str, Any]:
    """What the API says of pages of several lines, in two paragraphs each."""

    def line(i: int) -> dict[str, Any]:
        box = [20, 100 * i + 10, 600, 100 * i + 80]
        return {"text": f"سطر {i + 1}", "text_as_read": f"سطر {i + 1}", "confidence": 0.9, "bbox": box, "words": [], "characters": None}

    def result(number: int) -> dict[str, Any]:
        text = "\n\n".join(f"سطر {i + 1}" for i in range(lines))
        numbers = [list(range(lines // 2)), list(range(lines // 2, lines))]
        regions = [{"kind": "paragraph", "bbox": [20, 10, 600, 80], "lines": part} for part in numbers]
        known = {"kind": "page", "source": "ocr", "width_px": 640, "height_px": 100 * lines, "text": text, "text_as_read": text}
        known |= {
            "confidence": 0.9,
            "bbox": [0, 0, 640, 100 * lines],
            "regions": regions,
            "lines": [line(i) for i in range(lines)],
            "error": None,
        }
        if number == bad_page:
            known = {**dict.fromkeys(known), "regions": [], "lines": [], "error": {"code": "unreadable_image", "message": "broken"}}
        return {"name": "page.pdf", "file": 0, "page": number, "pages": pages, "direction": "rtl", "milliseconds": 5.0, **known}

    results = [result(number + 1) for number in range(pages)]
    return {"model": {"name": "tiny", "version": "1"}, "results": results, "milliseconds": 6.0, "request_id": "1"}


def pdf(pages: int = 2) -> bytes:
    """Pages of 300 by 200 points and more, empty but for a black square each."""
    file = io.BytesIO()
    sheets = [Image.new("L", (640, 400 + 40 * i), 255) for i in range(pages)]
    for sheet in sheets:
        sheet.paste(0, (300, 100, 400, 200))
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


@pytest.mark.usefixtures("django_is_set_up")
def test_lines_of_a_page_by_keyboard(open_page: Open) -> None:
    from backend.api.schemas.reading import OcrReply

    OcrReply.model_validate(page_reply(2))
    page = open_page()
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=page_reply(2)))
    upload(page, ("page.pdf", pdf()))
    rows = page.locator(".lines li")
    assert rows.count() == 4 and page.locator(".lines li.opens").count() == 1
    page.get_by_role("button", name="Remove page.pdf").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Page")).to_be_focused()  # there is no page before the first
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Tab")
    expect(rows.nth(0)).to_be_focused()
    for key, expected in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 3), ("ArrowDown", 3), ("Home", 0)):
        page.keyboard.press(key)
        expect(rows.nth(expected)).to_be_focused()
    expect(page.locator("figcaption").first).to_contain_text("Line 1 · 580 × 70 px at 20, 10")
    page.locator("rect.frame").nth(2).click()
    expect(rows.nth(2)).to_be_focused()
    assert page.locator("rect.frame.shown").count() == 1


def test_pages_of_a_pdf_one_at_a_time(open_page: Open) -> None:
    """Each with its picture, which the service draws when it is looked at; one that cannot be read has its error in its place."""
    page = open_page()
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=page_reply(3, bad_page=2)))
    upload(page, ("page.pdf", pdf(3)))
    picture = page.get_by_role("img", name="Picture of page.pdf, page 1")
    expect(picture).to_be_visible()
    assert picture.evaluate("e => e.decode().then(() => e.naturalWidth / e.naturalHeight)") == pytest.approx(640 / 400, rel=0.01)
    expect(page.locator("article .facts")).to_contain_text("3 pages")
    expect(page.locator("article .facts")).to_contain_text("not read: 1")
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article .page .wrong")).to_have_text("broken")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Page 2 of 3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Picture of page.pdf, page 3")).to_be_visible()
    expect(page.get_by_role("combobox", name="Page")).to_be_focused()  # there is no page after the last
    page.get_by_role("combobox", name="Page").select_option("0")
    expect(picture).to_be_visible()
    name, content = saved(page, choice(page, "page.pdf", "text"))
    assert name == "page.txt" and content.decode().count("\f") == 1


@pytest.mark.parametrize(
    ("kind", "suffix", "start"),
    [("hocr", ".hocr", b"<?xml"), ("alto", ".alto.xml", b"<?xml"), ("page", ".page.xml", b"<?xml"), ("pdf", ".pdf", b"%PDF")],
)
def test_documents_are_made_by_the_service(kind: str, suffix: str, start: bytes, open_page: Open) -> None:
    page = open_page()
    upload(page, LINE)
    name, content = saved(page, choice(page, "line.png", kind))
    assert name == f"line{suffix}" and content.startswith(start)
    expect(page.locator("#status")).to_have_text(f"line{suffix} is ready")
    busy = {"error": {"code": "document_failed", "message": "no such luck", "request_id": "1"}}
    page.route("**/api/v1/ocr", lambda route: route.fulfill(status=422, json=busy))
    choice(page, "line.png", kind).click()
    expect(page.locator("article .wrong")).to_have_text("no such luck")
    assert page.locator(".lines li").count() == 1  # what was read stays


def test_several_pages_as_page_xml_come_in_an_archive(open_page: Open) -> None:
    page = open_page()
    upload(page, ("two.pdf", pdf()))
    name, content = saved(page, choice(page, "two.pdf", "page"))
    assert name == "two.zip" and content.startswith(b"PK")
    expect(page.locator("#status")).to_have_text("two.zip is ready")


def test_the_mode_can_be_changed_afterwards(open_page: Open) -> None:
    page = open_page()
    modes: list[str] = []

    def watch(route: Any) -> None:
        modes.append(re.findall(rb'name="mode"\r\n\r\n(\w+)', route.request.post_data_buffer)[0].decode())
        route.continue_()

    page.route("**/api/v1/ocr", watch)
    upload(page, LINE)
    page.select_option("#mode", "page")
    expect(page.locator("article.done")).to_have_count(1)
    page.select_option("#mode", "line")
    expect(page.locator("article.done .lines li")).to_have_count(1)
    assert modes == ["auto", "page", "line"]


def test_the_text_that_a_pdf_has_can_be_taken(open_page: Open) -> None:
    """It is told where a text is from; the document that is made of it has the same one."""
    page = open_page()
    upload(page, ("two.pdf", pdf()))
    made: list[tuple[bytes, bytes]] = []

    def answer(route: Any) -> None:
        [said] = re.findall(rb'name="text_layer"\r\n\r\n(\w+)', route.request.post_data_buffer)
        made.append((said, re.findall(rb'name="format"\r\n\r\n(\w+)|$', route.request.post_data_buffer)[0]))
        reply = page_reply(2)
        for result in reply["results"]:
            result["source"] = "text_layer"
        route.fulfill(json=reply)

    page.route("**/api/v1/ocr", answer)
    page.check("#text-layer")
    expect(page.locator("figure .small")).to_have_text(TEXTS["en"]["fromTextLayer"])
    saved(page, choice(page, "two.pdf", "alto"))
    assert made == [(b"use", b""), (b"use", b"alto")]
    page.unroute("**/api/v1/ocr")
    page.uncheck("#text-layer")
    expect(page.locator("figure .small")).to_have_count(0)


def test_a_pdf_that_asks_for_its_password(open_page: Open) -> None:
    page = open_page()
    upload(page, ("locked.pdf", (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()))
    expect(page.locator("article.failed .wrong")).to_contain_text("password")
    page.get_by_label(TEXTS["en"]["password"]).fill("kitab")
    page.keyboard.press("Enter")
    expect(page.locator("article.done")).to_have_count(1)
    expect(page.get_by_role("img", name="Picture of locked.pdf")).to_be_visible()


def test_the_menu_by_keyboard(open_page: Open) -> None:
    page = open_page()
    upload(page, LINE)
    summary = page.locator(".menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Download line.png: Text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.locator(".menu")).not_to_have_attribute("open", "")


def test_a_busy_service_is_asked_again(open_page: Open) -> None:
    busy = {"error": {"code": "overloaded", "message": "too much to do", "request_id": "1"}}
    asked = []

    def once(route: Any) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=503, headers={"Retry-After": "1"}, json=busy)
        else:
            route.continue_()

    page = open_page()
    page.route("**/api/v1/ocr", once)
    upload(page, LINE)
    assert len(asked) == 2 and page.locator("article.done").count() == 1


def test_a_key_is_asked_for_and_sent(open_page: Open) -> None:
    keys: list[str | None] = []

    def guard(route: Any) -> None:
        keys.append(route.request.headers.get("authorization"))
        if keys[-1] == "Bearer right":
            route.continue_()
        else:
            route.fulfill(status=401, json={"error": {"code": "unauthorised", "message": "no key", "request_id": "1"}})

    page = open_page()
    page.route("**/api/v1/ocr", guard)
    page.set_input_files("#files", [{"name": LINE[0], "mimeType": "image/png", "buffer": LINE[1]}])
    expect(page.locator("#key")).to_be_focused()
    assert page.locator("#key-wrong").text_content() == ""
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-wrong")).to_have_text(TEXTS["en"]["keyWrong"])
    page.fill("#key", "right")
    page.keyboard.press("Enter")
    expect(page.locator("article.done")).to_have_count(1)
    assert keys == [None, "Bearer wrong", "Bearer right"]


def test_a_service_that_has_gone(open_page: Open) -> None:
    page = open_page()
    page.route("**/api/v1/ocr", lambda route: route.abort())
    upload(page, LINE)
    expect(page.locator("article.failed .wrong")).to_have_text(TEXTS["en"]["errors"]["network"])
    page.unroute("**/api/v1/ocr")
    page.get_by_role("button", name="Try line.png again").click()
    expect(page.locator("article.done")).to_have_count(1)
    page.get_by_role("button", name="Remove line.png").click()
    expect(page.locator("article")).to_have_count(0)
    expect(page.locator("#files")).to_be_focused()


def test_an_image_that_the_browser_cannot_show(open_page: Open) -> None:
    """The service draws a TIFF; where it does not, the frames stand in a blank of its shape."""
    file = io.BytesIO()
    Image.open(io.BytesIO(LINE[1])).save(file, "TIFF")
    page = open_page()
    upload(page, ("scan.tif", file.getvalue()))
    picture, frame = page.get_by_role("img", name="Picture of scan.tif"), page.locator("rect.frame")
    expect(picture).to_be_visible()
    assert abs(picture.bounding_box()["width"] - frame.bounding_box()["width"]) < 4
    page.get_by_role("button", name="Remove scan.tif").click()
    page.route("**/api/v1/picture", lambda route: route.abort())
    upload(page, ("scan.tif", file.getvalue()))
    expect(page.locator("figure .small")).to_have_text(TEXTS["en"]["notShown"])
    blank = page.locator("svg.blank").bounding_box()
    assert blank["height"] > 20 and abs(blank["width"] - frame.bounding_box()["width"]) < 4


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_nothing_is_cut_off(language: str, open_page: Open) -> None:
    page = open_page(f"/?lang={language}", viewport={"width": 360, "height": 740}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    upload(page, LINE, ("two.pdf", pdf()), ("a-name-that-is-long-and-has-no-place-to-be-broken-at-all.png", b""))
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    strip = page.locator(".wide .strip")  # the line is larger than it fits, and begins at its right end
    assert strip.locator("img").bounding_box()["height"] >= 40
    assert strip.evaluate("e => [e.scrollWidth > e.clientWidth, e.scrollLeft]") == [True, 0]
    page.locator(".lines li").first.tap()
    expect(page.locator("rect.frame.shown")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_accessibility(language: str, scheme: str, open_page: Open) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(f"/?lang={language}", color_scheme=scheme, reduced_motion="reduce")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    for _ in range(2):
        result = axe.run(page, options=rules)
        assert not result.response["violations"], result.generate_report()
        upload(page, LINE, ("bad.png", b"no image"), ("two.pdf", pdf()))
        page.locator(".lines li").first.hover()
        page.locator(".menu summary").first.click()


# long documents


@dataclass(frozen=True)
class JobService(Service):
    """One whose jobs are read when a test says so."""

    database: str

    def work(self, parts: int = 100) -> None:
        """Read so many parts of jobs, 16 pages each."""
        code = f"""if True:
            from backend.jobs import queue, work
            for _ in range({parts}):
                if (part := queue.take()) is not None:
                    work.do(part)
        """
        done = manage("shell", "-c", code, DATABASE_URL=self.database)
        assert done.returncode == 0, done.stderr

    def job(self) -> dict[str, Any]:
        """The latest."""
        job: dict[str, Any] = httpx.get(f"{self.url}/api/v1/jobs", trust_env=False, timeout=TIMEOUT_MS / 1000).json()["jobs"][0]
        return job

    def delete_all(self) -> None:
        """Cancel and take away."""
        for _ in range(2):
            for job in httpx.get(f"{self.url}/api/v1/jobs", trust_env=False, timeout=TIMEOUT_MS / 1000).json()["jobs"]:
                httpx.delete(f"{self.url}/api/v1/jobs/{job['id']}", trust_env=False, timeout=TIMEOUT_MS / 1000)


@pytest.fixture(scope="module")
def running_job_service(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[JobService]:
    folder = tmp_path_factory.mktemp("jobs")
    database = copied(empty_database, folder)
    with running_service(folder / "log", DATABASE_URL=database, RASM_WEB_JOBS="on") as service:
        yield JobService(service.url, service.pid, database)


@pytest.fixture
def job_service(running_job_service: JobService) -> Iterator[JobService]:
    yield running_job_service
    running_job_service.delete_all()


def choose(page: Any, name: str, data: bytes) -> None:
    page.set_input_files("#files", [{"name": name, "mimeType": "application/pdf", "buffer": data}])


def scanned_pdf(pages: int = 2) -> bytes:
    """As large as scans are: a file is attached, which no page shows."""
    document = pdfium.PdfDocument(pdf(pages))
    document.new_attachment("padding").set_data(np.random.default_rng(0).bytes(2**19))
    file = io.BytesIO()
    document.save(file)
    assert len(file.getvalue()) > 2**19
    return file.getvalue()


def sent_to(page: Any) -> list[str]:
    """The addresses to which files are sent from now on."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url.partition("/api/v1/")[2]) if request.method == "POST" else None)
    return addresses


QUEUED, LONG = TEXTS["en"]["queued"], "long.pdf"


def test_a_long_document_is_a_job(open_page: Open, job_service: JobService) -> None:
    """What is too long to be read at once is sent as a job, whose progress is told (whoever is at its button stays there), and which
    outlives the page."""
    page = open_page(at=job_service)
    addresses = sent_to(page)
    choose(page, LONG, pdf(33))
    facts, bar = page.locator(".facts"), page.get_by_role("progressbar", name="How much of long.pdf has been read")
    expect(facts).to_have_text(QUEUED)
    assert addresses == ["ocr", "jobs"]
    button = page.get_by_role("button", name="Cancel the reading of long.pdf")
    button.focus()
    job_service.work(parts=1)
    expect(facts).to_have_text("Pages read: 16 of 33")
    expect(button).to_be_focused()
    page.reload()
    expect(facts).to_have_text("Pages read: 16 of 33")
    expect(page.locator("#status")).to_have_text("long.pdf: Pages read: 16 of 33")
    assert [bar.get_attribute(name) for name in ("value", "max", "aria-valuetext")] == ["16", "33", "Pages read: 16 of 33"]
    # what has been read is shown meanwhile; whoever looks at a page goes on looking at it while more come
    choices, switch = page.get_by_role("combobox", name="Page").locator("option"), page.get_by_role("combobox", name="Page")
    expect(choices).to_have_count(16)
    expect(page.locator(".switcher")).to_contain_text("of 33")
    switch.select_option(label="3")
    switch.focus()
    early = texts(page)
    assert page.get_by_role("img", name="Picture of long.pdf, page 3").evaluate("e => e.decode().then(() => true)")
    job_service.work(parts=1)
    expect(choices).to_have_count(32)
    expect(switch).to_be_focused()
    assert switch.input_value() == "2" and texts(page) == early and page.locator("article.reading").count() == 1

    job_service.work()
    expect(page.locator("article.done .facts")).to_contain_text("33 pages")
    results = httpx.get(job_service.url + job_service.job()["result"], trust_env=False).json()["results"]
    assert texts(page) == early == [line["text"] for line in results[2]["lines"]]
    picture = page.get_by_role("img", name="Picture of long.pdf, page 33")
    page.get_by_role("combobox", name="Page").select_option(label="33")
    assert picture.evaluate("e => e.decode().then(() => e.naturalWidth / e.naturalHeight)") == pytest.approx(640 / 1680, rel=0.01)

    name, content = saved(page, choice(page, LONG, "text"))
    assert name == "long.txt" and content.decode().count("\f") == 32
    name, content = saved(page, choice(page, LONG, "json"))
    assert [r["text"] for r in json.loads(content)["results"]] == [r["text"] for r in results]
    for kind, suffix, start in (("hocr", "hocr", b"<?xml"), ("alto", "alto.xml", b"<?xml"), ("page", "zip", b"PK")):
        name, content = saved(page, choice(page, LONG, kind))
        assert name == f"long.{suffix}" and content.startswith(start)
    with page.expect_download() as download:
        with page.expect_response(lambda reply: "format=pdf" in reply.url) as reply:
            choice(page, LONG, "pdf").click()
        assert reply.value.status == 202
        job_service.work()
    assert download.value.suggested_filename == LONG and Path(download.value.path()).read_bytes().startswith(b"%PDF")

    with page.expect_response(lambda reply: reply.request.method == "DELETE"):
        page.get_by_role("button", name="Remove long.pdf").click()
    page.reload()
    expect(page.locator("#files")).to_be_attached()
    expect(page.locator("article")).to_have_count(0)
    assert httpx.get(f"{job_service.url}/api/v1/jobs", trust_env=False).json()["jobs"] == []


def test_a_job_is_cancelled(open_page: Open, job_service: JobService) -> None:
    """What was cancelled can be sent again."""
    page = open_page(at=job_service)
    addresses = sent_to(page)
    choose(page, LONG, scanned_pdf())
    button = page.get_by_role("button", name="Cancel the reading of long.pdf")
    expect(page.locator(".facts")).to_have_text(QUEUED)
    assert addresses == ["jobs"]  # without being sent in vain
    button.focus()
    with page.expect_response(lambda reply: reply.request.method == "DELETE"):
        page.keyboard.press("Enter")
    expect(page.locator("article.failed .wrong")).to_have_text(TEXTS["en"]["errors"]["job_cancelled"])
    expect(page.locator("#status")).to_have_text(TEXTS["en"]["errors"]["job_cancelled"])
    expect(page.locator("article")).to_be_focused()
    assert job_service.job()["state"] == "cancelled"
    page.get_by_role("button", name="Try long.pdf again").click()
    expect(page.locator(".facts")).to_have_text(QUEUED)
    job_service.work()
    expect(page.locator("article.done .facts")).to_contain_text("2 pages")


def test_a_job_that_the_service_no_longer_has(open_page: Open, job_service: JobService) -> None:
    """It is told once, and not taken up again; who still has the file can send it again."""
    page = open_page(at=job_service)
    choose(page, LONG, scanned_pdf())
    expect(page.locator(".facts")).to_have_text(QUEUED)
    kept = page.evaluate("sessionStorage.getItem('rasm-jobs')")
    page.route("**/api/v1/jobs/*", lambda route: route.abort())  # or it might see the job cancelled and not yet taken away
    job_service.delete_all()
    page.unroute("**/api/v1/jobs/*")
    gone = TEXTS["en"]["errors"]["job_not_found"]
    expect(page.locator("article.failed .wrong")).to_have_text(gone)
    expect(page.get_by_role("button", name="Try long.pdf again")).to_be_visible()
    page.evaluate("kept => sessionStorage.setItem('rasm-jobs', kept)", kept)
    page.reload()
    expect(page.locator("article.failed .wrong")).to_have_text(gone)
    expect(page.get_by_role("button", name="Try long.pdf again")).to_have_count(0)
    page.reload()
    expect(page.locator("#files")).to_be_attached()
    expect(page.locator("article")).to_have_count(0)


def test_a_job_that_fails(open_page: Open, job_service: JobService) -> None:
    page = open_page("/?lang=ar", at=job_service)

    def fail(route: Any) -> None:
        job = route.fetch().json()
        route.fulfill(json={**job, "state": "failed", "error": {"code": "unreadable_image", "message": "broken"}})

    page.route(re.compile("/api/v1/jobs/[^/]+$"), lambda route: fail(route) if route.request.method == "GET" else route.continue_())
    choose(page, LONG, scanned_pdf())
    expect(page.locator("article.failed .wrong")).to_have_text(TEXTS["ar"]["errors"]["unreadable_image"])


def test_no_room_for_another_job(open_page: Open, job_service: JobService) -> None:
    """What is short enough is read at once; for the rest the service says when there may be room."""
    page = open_page(at=job_service)
    addresses = sent_to(page)
    full = {"error": {"code": "too_many_jobs", "message": "too many", "request_id": "1"}}
    page.route("**/api/v1/jobs", lambda route: route.fulfill(status=429, headers={"Retry-After": "30"}, json=full))
    upload(page, ("short.pdf", scanned_pdf()))
    assert page.locator("article.done").count() == 1 and addresses[:2] == ["jobs", "ocr"]
    choose(page, LONG, pdf(33))
    expect(page.locator("article.failed .wrong")).to_contain_text("in 30 s at the earliest")
    page.unroute("**/api/v1/jobs")
    page.get_by_role("button", name="Try long.pdf again").click()
    expect(page.locator("article.reading .facts")).to_have_text(QUEUED)


def test_a_job_goes_on_while_the_service_does_not_answer(open_page: Open, job_service: JobService) -> None:
    page = open_page(at=job_service)
    choose(page, LONG, scanned_pdf())
    expect(page.locator(".facts")).to_have_text(QUEUED)
    page.route("**/api/v1/jobs/*", lambda route: route.abort())
    expect(page.locator(".facts")).to_contain_text("The service does not answer")
    job_service.work()
    page.unroute("**/api/v1/jobs/*")
    expect(page.locator("article.done .facts")).to_contain_text("2 pages")


def test_a_job_waits_for_its_key(open_page: Open, job_service: JobService) -> None:
    """A key is not kept: when the page is loaded again it is asked for again."""
    page = open_page(at=job_service)

    def guard(route: Any) -> None:
        if route.request.headers.get("authorization") == "Bearer right":
            route.continue_()
        else:
            route.fulfill(status=401, json={"error": {"code": "unauthorised", "message": "no key", "request_id": "1"}})

    page.route("**/api/v1/jobs**", guard)
    page.route("**/api/v1/jobs/**", guard)
    choose(page, LONG, scanned_pdf())
    for _ in range(2):
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator(".facts")).to_have_text(TEXTS["en"]["waiting"])
        page.fill("#key", "right")
        page.keyboard.press("Enter")
        expect(page.locator(".facts")).to_have_text(QUEUED)
        page.reload()
    assert job_service.job()["state"] == "queued"


def test_without_workers_nothing_is_a_job(open_page: Open, service: Service) -> None:
    page = open_page()
    addresses = sent_to(page)
    upload(page, (LONG, pdf(33)), ("scan.pdf", scanned_pdf()))
    expect(page.locator("article.failed .wrong")).to_have_text(TEXTS["en"]["errors"]["too_many_pages"].replace("{pages}", "32"))
    assert page.locator("article.done").count() == 1 and addresses.count("ocr") == 2 and "jobs" not in addresses
    expect(page.get_by_text(TEXTS["en"]["private"])).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_job_on_a_phone(language: str, open_page: Open, job_service: JobService) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(f"/?lang={language}", at=job_service, viewport={"width": 360, "height": 740}, has_touch=True, reduced_motion="reduce")
    expect(page.locator("[data-t=privateJobs]")).to_contain_text("24" if language == "en" else "٢٤")
    choose(page, "a-name-that-is-long-and-has-no-place-to-be-broken-at-all.pdf", scanned_pdf())
    expect(page.locator(".facts")).to_have_text(TEXTS[language]["queued"])
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    result = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    assert not result.response["violations"], result.generate_report()

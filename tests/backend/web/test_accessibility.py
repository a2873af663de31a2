"""On a phone, by keyboard, in both languages: axe-core's rules for WCAG 2.1 A and AA and its best practices, in all states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.backend.web.browser import (
    LINE,
    LONG,
    TEXTS,
    JobService,
    Open,
    choose,
    expect,
    page_png,
    pdf,
    reply_with_words,
    upload,
)
from tests.paths import ROOT

DESKTOP, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 780}
LOOKS = [("en", "light", DESKTOP), ("ar", "dark", DESKTOP), ("ar", "light", PHONE), ("en", "dark", PHONE)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
Check = Callable[[Any], None]


@pytest.fixture
def clean() -> Check:
    """A check that axe finds nothing on a page as it is, whatever its weight; and that the page is no wider than the screen."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page: Any) -> None:
        result = axe.run(page, options=RULES)
        assert not result.response["violations"], result.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return check


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
def test_accessibility(language: str, scheme: str, open_page: Open, clean: Check) -> None:
    page = open_page(f"/?lang={language}", color_scheme=scheme, reduced_motion="reduce")
    clean(page)
    upload(page, LINE, ("bad.png", b"no image"), ("two.pdf", pdf()))
    page.locator(".lines li").first.hover()
    page.locator(".menu summary").first.click()
    clean(page)


def test_axe_sees_what_is_wrong(open_page: Open, clean: Check) -> None:
    page = open_page()
    page.evaluate("document.querySelector('#find').closest('.tools').hidden = false; document.querySelector('label[for=find]').remove()")
    with pytest.raises(AssertionError, match="label"):
        clean(page)


@pytest.mark.parametrize(("language", "scheme", "viewport"), LOOKS, ids=["-".join(look[:2]) + f"-{look[2]['width']}" for look in LOOKS])
def test_correcting_is_accessible(language: str, scheme: str, viewport: dict[str, int], open_page: Open, clean: Check) -> None:
    """The open line with its keys, what was corrected, found and unread, a box that is drawn, and what is said of it."""
    words = TEXTS[language]
    reply = reply_with_words()
    reply["results"][0]["unread"] = [{"bbox": [30, 350, 500, 390], "reason": "unsure", "text": "غلط", "confidence": 0.43}]
    reply["results"][0]["warnings"] = [{"code": "unread-text", "message": "1 place"}]
    page = open_page(f"/?lang={language}", color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=reply))
    upload(page, ("page.png", page_png()))
    clean(page)
    page.locator(".lines li").first.focus()
    page.keyboard.press("F8")
    page.locator(".signs summary").click()
    expect(page.locator(".palette")).to_be_visible()
    clean(page)
    page.keyboard.insert_text("ـ")
    page.locator(".editor textarea").press("Enter")
    page.keyboard.press("Escape")
    page.fill("#find", "سطر")
    page.keyboard.press("Enter")
    page.locator(".unread-list summary").click()
    page.locator(".unread-list button").focus()
    clean(page)
    page.get_by_role("button", name=words["readArea"]).click()
    box = page.locator(".picture").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 60)
    expect(page.locator("rect.drawn")).to_have_count(1)
    clean(page)
    page.mouse.up()
    expect(page.locator("#status.seen")).not_to_be_empty()
    page.get_by_role("button", name=words["zoomIn"]).click()
    clean(page)


@pytest.mark.parametrize(("language", "scheme", "viewport"), LOOKS[1::2], ids=["desktop", "phone"])
def test_troubles_are_accessible(language: str, scheme: str, viewport: dict[str, int], open_page: Open, clean: Check) -> None:
    """A password and a key that are asked for, a service that is busy, nothing that could be read, a document that could not be written."""
    words = TEXTS[language]
    page = open_page(f"/?lang={language}", color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    upload(page, ("locked.pdf", (ROOT / "tests" / "fixtures" / "encrypted.pdf").read_bytes()))
    expect(page.get_by_label(words["password"])).to_be_visible()
    clean(page)
    upload(page, LINE)
    page.route("**/api/v1/documents", lambda route: route.fulfill(status=422, json={"error": {"code": "document_failed", "message": "no"}}))
    page.locator("article.done .menu summary").click()
    page.locator("article.done .menu button").nth(1).click()
    expect(page.locator("article.done > .wrong")).to_be_visible()
    clean(page)
    error = {"error": {"code": "overloaded", "message": "busy", "request_id": "1"}}
    page.route("**/api/v1/ocr", lambda route: route.fulfill(status=503, headers={"Retry-After": "60"}, json=error))
    page.set_input_files("#files", [{"name": "waits.png", "mimeType": "image/png", "buffer": LINE[1]}])
    expect(page.locator("article.reading .facts")).to_contain_text("60" if language == "en" else "٦٠")
    clean(page)
    page.unroute("**/api/v1/ocr")
    page.route("**/api/v1/ocr", lambda route: route.fulfill(status=401, json={"error": {"code": "unauthorised", "message": "no key"}}))
    page.set_input_files("#files", [{"name": "locked.png", "mimeType": "image/png", "buffer": LINE[1]}])
    page.fill("#key", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-wrong")).to_have_text(words["keyWrong"])
    clean(page)


@pytest.mark.parametrize(("language", "scheme", "viewport"), LOOKS[2:3], ids=["phone"])
def test_a_job_under_way_is_accessible(
    language: str, scheme: str, viewport: dict[str, int], open_page: Open, clean: Check, job_service: JobService
) -> None:
    words = TEXTS[language]
    page = open_page(f"/?lang={language}", at=job_service, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    choose(page, LONG, pdf(20))
    expect(page.locator(".facts")).to_have_text(words["queued"])
    clean(page)
    job_service.work(parts=1)
    expect(page.locator(".switcher option")).to_have_count(16)
    clean(page)
    page.get_by_role("button", name=words["cancelOf"].replace("{name}", LONG)).click()
    expect(page.get_by_role("button", name=words["goOnOf"].replace("{name}", LONG))).to_be_visible()
    clean(page)

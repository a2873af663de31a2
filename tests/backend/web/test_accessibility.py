"""On a phone, by keyboard, in both languages: axe-core's rules for WCAG 2.1 A and AA."""

from __future__ import annotations

import pytest

from tests.backend.web.browser import LINE, Open, expect, pdf, upload


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

"""A service that is busy, wants a key, or has gone; pictures that the browser cannot draw."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from tests.backend.web.browser import LINE, TEXTS, Open, expect, upload


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

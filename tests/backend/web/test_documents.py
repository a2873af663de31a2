"""Pages and PDFs: their lines, one page at a time, and files in every format."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from tests.backend.web.browser import LINE, TEXTS, Open, choice, expect, page_reply, pdf, saved, upload
from tests.serving import ROOT


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
    for _ in range(4):  # what is done to the picture
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=TEXTS["en"]["readArea"])).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".strip")).to_be_focused()
    page.keyboard.press("Tab")
    expect(rows.nth(0)).to_be_focused()
    for key, expected in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 3), ("ArrowDown", 3), ("Home", 0)):
        page.keyboard.press(key)
        expect(rows.nth(expected)).to_be_focused()
    expect(page.locator("figcaption").first).to_contain_text("Line 1 · 580 × 70 px at 20, 10")
    page.locator("rect.frame").nth(2).click()
    expect(rows.nth(2)).to_be_focused()
    assert page.locator("rect.frame.shown").count() == 1


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_is_unread_is_framed_otherwise(language: str, open_page: Open) -> None:
    """In another colour, with a legend; the warnings stand above, in the page's language, and which pages have any is told."""
    reply = page_reply(3)
    first, _, last = reply["results"]
    for result in (first, last):
        result["unread"] = [{"bbox": [30, 350, 500, 390], "reason": "unsure", "text": "غلط", "confidence": 0.43}]
        result["warnings"] = [{"code": "unread-text", "message": "1 place that looks like text was not read (1 too unsure)"}]
    last |= {"lines": [], "regions": [], "text": "", "text_as_read": "", "confidence": 0}
    page = open_page(f"/?lang={language}")
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=reply))
    upload(page, ("page.pdf", pdf(3)))
    words = TEXTS[language]
    frame = page.locator("rect.frame.unread")
    expect(frame).to_have_count(1)
    assert [frame.get_attribute(side) for side in ("x", "y", "width", "height")] == ["30", "350", "470", "40"]
    strokes = [page.locator(css).first.evaluate("e => getComputedStyle(e).stroke") for css in ("rect.unread", "rect.frame:not(.unread)")]
    assert strokes[0] != strokes[1]
    expect(page.locator(".legend li")).to_have_text([words["legend"]["read"], words["legend"]["unread"]])
    told = words["warnings"]["unread-text-one"]
    expect(page.locator(".unread-list summary")).to_have_text(words["unreadCount-one"])
    expect(page.locator(".warnings li")).to_have_text([told])
    frame.hover()
    expect(page.locator("figcaption")).to_contain_text(words["unread"]["unsure"])
    expect(page.locator("figcaption")).to_contain_text("غلط")
    expect(page.locator("article .facts")).to_contain_text(words["pagesWarned"].replace("{n}", "2" if language == "en" else "٢"))
    assert [text.endswith("!") for text in page.locator(".switcher option").all_text_contents()] == [True, False, True]
    page.locator(".switcher button").last.click()
    expect(page.locator("rect.frame.unread, .legend, .warnings")).to_have_count(0)
    page.locator(".switcher button").last.click()
    expect(page.locator(".nothing")).to_have_text(words["emptyUnread"])


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
    [
        ("markdown", ".md", b""),
        ("docx", ".docx", b"PK"),
        ("xlsx", ".xlsx", b"PK"),
        ("hocr", ".hocr", b"<?xml"),
        ("alto", ".alto.xml", b"<?xml"),
        ("page", ".page.xml", b"<?xml"),
        ("pdf", ".pdf", b"%PDF"),
    ],
)
def test_documents_are_made_by_the_service(kind: str, suffix: str, start: bytes, open_page: Open) -> None:
    page = open_page()
    upload(page, LINE)
    name, content = saved(page, choice(page, "line.png", kind))
    assert name == f"line{suffix}" and content.startswith(start)
    expect(page.locator("#status")).to_have_text(f"line{suffix} is ready")
    busy = {"error": {"code": "document_failed", "message": "no such luck", "request_id": "1"}}
    page.route("**/api/v1/documents", lambda route: route.fulfill(status=422, json=busy))
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
    page.uncheck("#pdf-text")
    upload(page, ("two.pdf", pdf()))
    made: list[bytes] = []

    def answer(route: Any) -> None:
        made.extend(re.findall(rb'name="pdf_text"\r\n\r\n(\w+)', route.request.post_data_buffer))
        reply = page_reply(2)
        for result in reply["results"]:
            result["source"] = "text_layer"
        route.fulfill(json=reply)

    page.route("**/api/v1/ocr", answer)
    page.check("#pdf-text")
    expect(page.locator("figure .small")).to_have_text(TEXTS["en"]["fromPdfText"])
    assert "سطر" in saved(page, choice(page, "two.pdf", "alto"))[1].decode()
    assert made == [b"auto"]  # the document is what is shown: nothing is read again
    page.unroute("**/api/v1/ocr")
    page.uncheck("#pdf-text")
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


def test_tables_are_tables_and_are_copied_for_a_spreadsheet(open_page: Open) -> None:
    """A head over two columns, a cell of two lines, empty ones, and what spreadsheets take for more than text; lines after it keep
    their numbers."""
    page = open_page()
    texts_of = ["عنوان", "رأس", "قطن مصري", "طويل التيلة", "١٬٢٠٠", '"كتاب" لم يغلق"', '=HYPERLINK("http://example.org")', "-5"]
    texts_of += ["+966 11 465", "@x", "-cmd", "بعد الجدول"]
    box = [10, 10, 50, 20]
    lines = [{"text": text, "text_as_read": text, "confidence": 0.9, "bbox": box, "words": [], "characters": None} for text in texts_of]
    cells = [(0, 0, 1, 2, [1]), (1, 0, 1, 1, [2, 3]), (1, 1, 1, 1, [4]), (2, 0, 1, 1, []), (2, 1, 1, 1, [])]
    cells += [(3 + k // 2, k % 2, 1, 1, [5 + k]) for k in range(6)]
    names = ("row", "column", "row_span", "column_span", "lines")
    table = {"kind": "table", "bbox": box, "lines": [*range(1, 11)], "direction": "rtl", "level": None, "head_rows": 1}
    table["cells"] = [dict(zip(names, cell, strict=True)) | {"bbox": box} for cell in cells]
    plain = {"kind": "paragraph", "bbox": box, "direction": "rtl", "level": None, "head_rows": 0, "cells": []}

    def answer(route: Any) -> None:
        reply = route.fetch().json()
        reply["results"][0] |= {"kind": "page", "lines": lines, "regions": [{**plain, "lines": [0]}, table, {**plain, "lines": [11]}]}
        route.fulfill(json=reply)

    page.route("**/api/v1/ocr", answer)
    upload(page, LINE)
    shown = page.locator(".lines table")
    expect(shown).to_have_count(1)
    rows = [[cell.strip() for cell in row.locator("th .text, td .text").all_text_contents()] for row in shown.locator("tr").all()]
    assert rows[:3] == [["رأس"], ["قطن مصري", "طويل التيلة", "١٬٢٠٠"], []] and shown.get_attribute("dir") == "rtl"
    assert shown.locator("th").get_attribute("colspan") == "2" and shown.locator("td").count() == 10
    assert page.locator(".lines > li").count() == 3
    shown.locator("td > span").first.hover()
    expect(page.locator("figcaption").first).to_contain_text("10 px at 10, 10")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy this table").click()
    expect(page.locator("#status")).to_have_text("Copied")
    assert list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()")), "excel-tab")) == [
        ["رأس", ""],
        ["قطن مصري طويل التيلة", "١٬٢٠٠"],
        ["", ""],
        ['"كتاب" لم يغلق"', '\'=HYPERLINK("http://example.org")'],
        ["-5", "+966 11 465"],
        ["'@x", "'-cmd"],
    ]

"""Lines corrected by keyboard: what is then copied, downloaded, kept over a reload and given out as pairs."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest

from tests.backend.web.browser import (
    LINE,
    LONG,
    LONG_PAGES,
    TEXTS,
    JobService,
    Open,
    choice,
    choose,
    expect,
    page_png,
    pdf,
    reply_with_words,
    saved,
    texts,
    upload,
)

WORDS = TEXTS["en"]
FIRST, SECOND = "سَطْرٌ أوّل", "والثاني ٢"


def opened(open_page: Open) -> Any:
    page = open_page()
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=reply_with_words()))
    upload(page, ("page.png", page_png()))
    return page


def correct_two(page: Any) -> None:
    """By keyboard alone: the first line and the second; then out."""
    page.locator(".lines li").first.focus()
    page.keyboard.press("Enter")
    field = page.locator(".editor textarea")
    expect(field).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(FIRST)
    page.keyboard.press("Enter")
    expect(field).to_have_value("سطر 2")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(SECOND)
    page.keyboard.press("Escape")
    expect(page.locator(".lines li").nth(1)).to_be_focused()


def test_two_lines_corrected_by_keyboard_are_in_every_download_and_survive_a_reload(open_page: Open) -> None:
    page = opened(open_page)
    correct_two(page)
    assert texts(page)[:3] == [FIRST, SECOND, "سطر 3"]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the text of page.png").click()
    expect(page.locator("#status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{FIRST} {SECOND}\n\nسطر 3 سطر 4"
    page.unroute("**/api/v1/ocr")
    page.route("**/api/v1/ocr", lambda route: pytest.fail("it is read again"))

    def written(kind: str) -> bytes:
        return saved(page, choice(page, "page.png", kind))[1]

    assert written("text").decode() == copied + "\n"
    for kind in ("markdown", "html", "hocr", "alto", "page"):
        content = written(kind).decode()
        assert all(word in content for word in SECOND.split()), kind
    with zipfile.ZipFile(io.BytesIO(written("docx"))) as archive:
        assert all(word in archive.read("word/document.xml").decode() for word in SECOND.split())
    found = pdfium.PdfDocument(written("pdf"))[0].get_textpage().get_text_bounded()
    assert "والثاني" in found and "أوّل" in found and "سطر 3" in found
    result = json.loads(written("json"))["results"][0]
    assert [word["text"] for word in result["lines"][1]["words"]] == SECOND.split()
    assert result["text"] == copied

    page.wait_for_timeout(1000)  # it is kept a while after the last letter
    page.reload()
    expect(page.locator("article.done")).to_have_count(1)
    assert texts(page)[:3] == [FIRST, SECOND, "سطر 3"]
    expect(page.get_by_role("img", name="Picture of page.png")).to_be_visible()
    assert written("text").decode() == copied + "\n"
    page.get_by_role("button", name="Remove page.png").click()
    page.reload()
    expect(page.locator("#files")).to_be_attached()
    page.wait_for_timeout(300)
    expect(page.locator("article")).to_have_count(0)


def test_pairs_are_what_preprocess_takes(open_page: Open, tmp_path: Any) -> None:
    """Corrected lines, and those that were found right: images of the lines, and their texts."""
    from model.data.pairs import find_pairs, open_datasets, read_label
    from rasm.image import decode

    page = opened(open_page)
    expect(page.locator("#pairs")).to_be_disabled()
    correct_two(page)
    page.locator(".lines li").nth(3).focus()
    page.keyboard.press("F2")
    page.keyboard.press("Enter")  # right as it is; and it was the last line
    expect(page.locator("#status")).to_have_text(WORDS["lastLine"])
    expect(page.locator("#pairs")).to_have_text("Save corrected lines (3)")
    name, content = saved(page, page.locator("#pairs"))
    assert name == "corrected-lines.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "pairs")
    pairs, unmatched = find_pairs(open_datasets([tmp_path / "pairs"])[0])
    assert not unmatched
    assert [read_label(pair.text_path).strip() for pair in pairs] == [FIRST, SECOND, "سطر 4"]
    drawn = decode(page_png())
    for pair, n in zip(pairs, (0, 1, 3), strict=True):
        cut = decode(pair.image_path.read_bytes())
        assert cut.shape[:2] == pytest.approx((70 * 1.24, 580 + 70 * 0.24), abs=1)  # 0.12 of the height around it
        both = (cut, drawn[100 * n + 2 : 100 * n + 89])
        ink = [np.flatnonzero((pixels.reshape(*pixels.shape[:2], -1)[..., 0] < 128).any(axis=1)) for pixels in both]
        assert abs(int(ink[0][0]) - int(ink[1][0])) <= 1 and abs(int(ink[0][-1]) - int(ink[1][-1])) <= 1


def test_keys_of_the_editor(open_page: Open) -> None:
    """The next doubtful sign is selected; signs are typed with Alt; what was done is undone, line by line."""
    page = opened(open_page)
    page.locator(".lines li").first.focus()
    page.keyboard.press("F8")
    field = page.locator(".editor textarea")
    expect(field).to_have_value("سطر 3")
    assert field.evaluate("e => [e.selectionStart, e.selectionEnd]") == [1, 2]
    expect(page.locator(".enlarged rect.doubt")).to_have_count(1)
    assert field.get_attribute("dir") == "rtl" and field.get_attribute("aria-label") == "Text of line 3 of page.png"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+Digit1")
    expect(field).to_have_value("سَطر 3")
    page.locator(".signs summary").click()
    page.get_by_role("button", name="Type shadda").click()
    expect(field).to_have_value("سَّطر 3")
    page.keyboard.press("F8")
    expect(page.locator("#status")).to_have_text(WORDS["noDoubtAfter"])
    page.keyboard.press("Enter")
    expect(field).to_have_value("سطر 4")
    page.keyboard.press("Shift+Enter")
    expect(field).to_have_value("سَّطر 3")
    page.keyboard.press("Control+Z")
    expect(page.locator("#status")).to_have_text("Undone: سطر 3")
    assert texts(page)[2] == "سطر 3" and page.locator("mark").count() == 1
    expect(page.locator(".lines li").nth(2)).to_be_focused()
    page.keyboard.press("Control+Z")
    expect(page.locator("#status")).to_have_text(WORDS["nothingToUndo"])


def test_from_page_to_page(open_page: Open) -> None:
    page = open_page()
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=reply_with_words(2)))
    upload(page, ("two.pdf", pdf()))
    page.locator(".lines li").nth(3).click()
    page.keyboard.press("Enter")
    expect(page.locator(".editor textarea")).to_have_value("سطر 1")
    expect(page.locator("#status")).to_have_text("Page 2 of 2")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#status")).to_have_text("Page 1 of 2")
    page.keyboard.press("F8")
    expect(page.locator("#status")).not_to_be_empty()


def test_who_corrects_is_not_disturbed(open_page: Open) -> None:
    """While the other pages come in, a file is downloaded, or the text takes another form, the open line stays open with what was typed."""
    page = open_page()
    waiting: list[Any] = []
    replies = {b"1": reply_with_words(2)["results"][:1], b"2-": reply_with_words(2)["results"][1:]}

    def answer(route: Any) -> None:
        [pages] = re.findall(rb'name="pages"\r\n\r\n(.+?)\r', route.request.post_data_buffer)
        reply = {**reply_with_words(2), "results": replies[pages]}
        if pages == b"1":
            route.fulfill(json=reply)
        else:
            waiting.append(lambda: route.fulfill(json=reply))

    page.route("**/api/v1/ocr", answer)
    choose(page, "two.pdf", pdf())
    page.locator(".lines li").first.click()
    field = page.locator(".editor textarea")

    def typed(text: str, before: str) -> None:
        expect(field).to_be_focused()
        expect(field).to_have_value(before)
        page.keyboard.insert_text(text)
        expect(field).to_have_value(before + text)

    page.keyboard.press("End")
    typed("أ", "سطر 1")
    page.wait_for_function("() => document.querySelector('article.reading')")
    page.wait_for_timeout(100)
    [go_on] = waiting
    go_on()
    expect(page.locator("article.done .switcher option")).to_have_count(2)
    typed("ب", "سطر 1أ")
    page.evaluate("document.querySelector('.menu div button:nth-of-type(2)').click()")  # by a mouse the field would be left
    expect(page.locator("#status")).to_have_text("two.md is ready")
    page.locator(".editor textarea").focus()
    typed("ت", "سطر 1أب")
    page.locator("#tatweel").uncheck()
    expect(field).to_have_value("سطر 1أبت")
    page.locator(".editor textarea").focus()
    page.keyboard.press("Escape")
    assert texts(page)[0] == "سطر 1أبت"
    page.keyboard.press("Control+Z")
    page.keyboard.press("Control+Z")
    assert texts(page)[0] == "سطر 1"


def test_corrections_of_a_job_survive_a_reload(open_page: Open, job_service: JobService) -> None:
    page = open_page(at=job_service)
    reply = reply_with_words(LONG_PAGES)
    page.route(re.compile("/result"), lambda route: route.fulfill(json=reply))
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json={**reply, "results": reply["results"][:1]}))
    choose(page, LONG, pdf(LONG_PAGES))
    expect(page.locator("article .facts")).to_contain_text(WORDS["queued"])
    job_service.work()
    expect(page.locator("article.done")).to_have_count(1)
    row = page.locator(".lines li").first
    row.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(SECOND)
    page.keyboard.press("Escape")
    page.wait_for_timeout(1000)
    page.reload()
    expect(page.locator("article.done")).to_have_count(1)
    expect(page.locator(".lines .text").first).to_have_text(SECOND)
    name, content = saved(page, choice(page, LONG, "pdf"))  # the file is the service's alone by now
    assert name == "long.pdf" and "والثاني" in pdfium.PdfDocument(content)[0].get_textpage().get_text_bounded()
    name, content = saved(page, page.locator("#pairs"))
    assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 2


def test_what_is_found(open_page: Open) -> None:
    """Vowel signs do not count; Enter goes from line to line."""
    page = opened(open_page)
    correct_two(page)
    page.fill("#find", "اول")
    expect(page.locator("#found")).to_have_text("1 line")
    page.fill("#find", "سطر")
    expect(page.locator("#found")).to_have_text("3 lines")
    for place, n in (("1 of 3", 0), ("2 of 3", 2), ("3 of 3", 3), ("1 of 3", 0)):
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_have_text(place)
        expect(page.locator("#find")).to_be_focused()
        expect(page.locator(".lines li.shown")).to_have_count(1)
        assert page.locator(".lines li").nth(n).evaluate("e => e.classList.contains('shown')")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".lines li").nth(3)).to_be_focused()
    marked = "Array.from(CSS.highlights.get('found'), (range) => range.toString())"
    assert page.evaluate(marked) == ["سَطْرٌ", "سطر", "سطر"]
    page.locator(".lines li").nth(2).click()  # what is open is shown otherwise
    page.keyboard.insert_text(" سطر")
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => {marked}.length == 4")  # a function: an expression would be evaluated, which the page's CSP forbids
    page.fill("#find", "مفقود")
    assert page.evaluate(marked) == []
    expect(page.locator("#found")).to_have_text("not found")


def test_an_area_is_read_by_drawing_a_box_around_it(open_page: Open) -> None:
    """The box is cut out and read by itself; its line stands where it belongs, and is told from the others by nothing."""
    page = opened(open_page)
    page.unroute("**/api/v1/ocr")
    sent: list[bytes] = []

    def answer(route: Any) -> None:
        sent.append(route.request.post_data_buffer)
        route.continue_()

    page.route("**/api/v1/ocr", answer)
    page.get_by_role("button", name=WORDS["readArea"]).click()
    box = page.locator(".picture").bounding_box()
    x, y, scale = box["x"], box["y"], box["width"] / 640
    page.mouse.move(x + 10 * scale, y + 205 * scale)
    page.mouse.down()
    page.mouse.move(x + 300 * scale, y + 260 * scale)
    page.mouse.move(x + 610 * scale, y + 285 * scale)
    page.mouse.up()
    expect(page.locator("#status")).to_have_text(re.compile("line was read|lines were read|Nothing could be read"))
    assert len(sent) == 1 and b'name="least_confidence"\r\n\r\n0' in sent[0]
    if page.locator(".lines li").count() == 5:
        frame = page.locator("rect.frame.shown")
        assert 5 <= float(frame.get_attribute("x")) <= 30 and 195 <= float(frame.get_attribute("y")) <= 225
        page.wait_for_timeout(1000)
        page.reload()
        expect(page.locator(".lines li")).to_have_count(5)


def test_unread_areas_are_read_by_keyboard(open_page: Open) -> None:
    reply = reply_with_words()
    reply["results"][0]["unread"] = [{"bbox": [30, 350, 500, 390], "reason": "unsure", "text": "غلط", "confidence": 0.43}]
    page = open_page()
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=reply))
    upload(page, ("page.png", page_png()))
    page.get_by_role("button", name=WORDS["zoomIn"]).click()
    page.locator(".unread-list summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Read area 1")
    expect(button).to_be_focused()
    expect(page.locator("rect.frame.unread.shown")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".unread-list")).to_have_count(0)
    expect(page.locator(".lines li")).to_have_count(8)
    expect(page.locator(".strip")).to_have_css("--zoom", "1.4")  # it is as large as before


def test_the_picture_is_enlarged_and_moved(open_page: Open) -> None:
    page = opened(open_page)
    strip = page.locator(".strip")
    before = page.locator(".picture").bounding_box()["width"]
    strip.focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert page.locator(".picture").bounding_box()["width"] == pytest.approx(before * 1.96, rel=0.02)
    page.locator(".lines li").last.focus()
    frame, room = page.locator("rect.frame.shown").bounding_box(), strip.bounding_box()
    assert room["y"] - 2 <= frame["y"] and frame["y"] + frame["height"] <= room["y"] + room["height"] + 2
    page.get_by_role("button", name=WORDS["zoomFit"], exact=True).click()
    assert page.locator(".picture").bounding_box()["width"] == pytest.approx(before, rel=0.02)


def test_copying_with_the_mouse_takes_the_text_alone(open_page: Open) -> None:
    page = opened(open_page)
    copied = page.evaluate(
        """() => {
            getSelection().selectAllChildren(document.querySelector(".lines"));
            return getSelection().toString();
        }"""
    )
    assert [line for line in copied.splitlines() if line.strip()] == ["سطر 1", "سطر 2", "سطر 3", "سطر 4"]


def test_on_a_phone_the_result_is_on_the_screen_and_the_picture_stays(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 780}, has_touch=True)
    page.route("**/api/v1/ocr", lambda route: route.fulfill(json=reply_with_words()))
    upload(page, ("page.png", page_png()))
    expect(page.locator("article h3")).to_be_in_viewport()
    expect(page.locator(".picture img")).to_be_in_viewport()
    page.locator(".lines li").last.tap()
    expect(page.locator(".editor textarea")).to_be_in_viewport()
    expect(page.locator("rect.frame.shown")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_line_image_can_be_corrected(open_page: Open) -> None:
    page = open_page()
    upload(page, LINE)
    page.locator(".lines li").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(SECOND)
    page.keyboard.press("Escape")
    assert saved(page, choice(page, "line.png", "text"))[1].decode() == f"{SECOND}\n"
    assert SECOND.split()[0] in saved(page, choice(page, "line.png", "alto"))[1].decode()

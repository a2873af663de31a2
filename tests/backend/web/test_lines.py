"""Images of lines: what is read of them is shown, changed, copied and downloaded."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rasm.text.normalisation import Profile, apply_profile
from tests.backend.web.browser import LINE, OTHER, TEXTS, Open, choice, expect, read_by_api, saved, texts, upload
from tests.serving import Service


def test_reads_what_is_chosen(open_page: Open, service: Service) -> None:
    """The text, its frame, place and confidence are the API's; a bad file has its error beside the others."""
    page = open_page()
    upload(page, LINE, ("bad.png", b"no image"), OTHER)
    results = read_by_api(service, LINE, OTHER)
    assert texts(page) == [r["text"] for r in results]
    expect(page.locator("article.failed .wrong")).to_contain_text("not an image")
    expect(page.locator("#status")).to_have_text("Files read: 2, not read: 1")

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
    expect(page.get_by_role("checkbox", name=TEXTS["ar"]["diacritics"], exact=True)).to_be_visible()
    expect(page.locator("figcaption")).to_contain_text("٪")
    upload(page, ("bad.png", b"no image"))
    expect(page.locator(".wrong").last).to_contain_text(TEXTS["ar"]["errors"]["unsupported_format"])

"""Long documents, which the page sends as jobs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.backend.web.browser import (
    LONG,
    LONG_PAGES,
    QUEUED,
    TEXTS,
    JobService,
    Open,
    choice,
    choose,
    expect,
    pdf,
    saved,
    sent_to,
    texts,
    upload,
)
from tests.serving import Service


def test_a_long_document_is_a_job(open_page: Open, job_service: JobService) -> None:
    """What is too long to be read at once is sent as a job, whose progress is told (whoever is at its button stays there), and which
    outlives the page."""
    page = open_page(at=job_service)
    addresses = sent_to(page)
    choose(page, LONG, pdf(33))
    facts, bar = page.locator(".facts"), page.get_by_role("progressbar", name="How much of long.pdf has been read")
    expect(facts).to_have_text(QUEUED)
    assert [address for address in addresses if address != "picture"] == ["ocr", "jobs"]
    button = page.get_by_role("button", name="Cancel the reading of long.pdf")
    button.focus()
    job_service.work(parts=1)
    expect(facts).to_have_text(re.compile("^Pages read: 16 of 33( · about .* left)?$"))
    expect(button).to_be_focused()
    page.reload()
    expect(facts).to_have_text(re.compile("^Pages read: 16 of 33( · about .* left)?$"))
    expect(page.locator("#status")).to_have_text("long.pdf: Pages read: 16 of 33")
    assert [bar.get_attribute(name) for name in ("value", "max")] == ["16", "33"]
    assert bar.get_attribute("aria-valuetext").startswith("Pages read: 16 of 33")
    # what has been read is shown meanwhile; whoever looks at a page goes on looking at it while more come
    choices, switch = page.get_by_role("combobox", name="Page").locator("option"), page.get_by_role("combobox", name="Page")
    expect(choices).to_have_count(16)
    expect(page.locator(".switcher")).to_contain_text("of 33")
    switch.select_option(value="2")
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
    page.get_by_role("combobox", name="Page").select_option(value="32")
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


def test_a_job_is_cancelled_and_goes_on(open_page: Open, job_service: JobService) -> None:
    """The first page is there while the job waits; it stays, and the others can be read later."""
    page = open_page(at=job_service)
    addresses = sent_to(page)
    choose(page, LONG, pdf(LONG_PAGES))
    button = page.get_by_role("button", name="Cancel the reading of long.pdf")
    expect(page.locator(".facts")).to_have_text(QUEUED)
    expect(page.get_by_role("img", name="Picture of long.pdf, page 1")).to_be_visible()
    assert addresses.count("jobs") == addresses.count("ocr") == 1
    button.focus()
    with page.expect_response(lambda reply: reply.request.method == "DELETE"):
        page.keyboard.press("Enter")
    stopped = TEXTS["en"]["stopped"].replace("{n}", "1").replace("{all}", str(LONG_PAGES))
    expect(page.locator("#status")).to_have_text(stopped)
    expect(page.locator("article.done > .small")).to_have_text(stopped)
    expect(page.locator("article")).to_be_focused()
    assert job_service.job()["state"] == "cancelled"
    page.wait_for_timeout(300)
    page.reload()
    expect(page.locator("article.done > .small")).to_have_text(stopped)
    page.get_by_role("button", name="Go on reading long.pdf").click()
    expect(page.locator(".facts")).to_have_text(QUEUED)
    assert job_service.job()["files"][0]["chosen"] == f"2-{LONG_PAGES}"
    job_service.work()
    expect(page.locator("article.done .facts")).to_contain_text(f"{LONG_PAGES} pages")
    assert page.locator(".switcher option").count() == LONG_PAGES
    page.wait_for_timeout(1000)
    page.reload()
    expect(page.locator("article.done .facts")).to_contain_text(f"{LONG_PAGES} pages")


def test_a_job_that_the_service_no_longer_has(open_page: Open, job_service: JobService) -> None:
    """It is told once, and not taken up again; who still has the file can send it again."""
    page = open_page(at=job_service)
    choose(page, LONG, pdf(LONG_PAGES))
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
    choose(page, LONG, pdf(LONG_PAGES))
    expect(page.locator("article.failed .wrong")).to_have_text(TEXTS["ar"]["errors"]["unreadable_image"])


def test_no_room_for_another_job(open_page: Open, job_service: JobService) -> None:
    """What is short enough is read at once; for the rest the service says when there may be room."""
    page = open_page(at=job_service)
    addresses = sent_to(page)
    full = {"error": {"code": "too_many_jobs", "message": "too many", "request_id": "1"}}
    page.route("**/api/v1/jobs", lambda route: route.fulfill(status=429, headers={"Retry-After": "30"}, json=full))
    upload(page, ("short.pdf", pdf(LONG_PAGES)))
    assert page.locator("article.done").count() == 1 and addresses.count("jobs") == 1 and "ocr" in addresses
    choose(page, LONG, pdf(33))
    expect(page.locator("article.failed .wrong")).to_contain_text("in 30 s at the earliest")
    page.unroute("**/api/v1/jobs")
    page.get_by_role("button", name="Try long.pdf again").click()
    expect(page.locator("article.reading .facts")).to_have_text(QUEUED)


def test_a_job_goes_on_while_the_service_does_not_answer(open_page: Open, job_service: JobService) -> None:
    page = open_page(at=job_service)
    choose(page, LONG, pdf(LONG_PAGES))
    expect(page.locator(".facts")).to_have_text(QUEUED)
    page.route("**/api/v1/jobs/*", lambda route: route.abort())
    expect(page.locator(".facts")).to_contain_text("The service does not answer")
    job_service.work()
    page.unroute("**/api/v1/jobs/*")
    expect(page.locator("article.done .facts")).to_contain_text(f"{LONG_PAGES} pages")


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
    choose(page, LONG, pdf(LONG_PAGES))
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
    upload(page, (LONG, pdf(33)), ("scan.pdf", pdf(LONG_PAGES)))
    expect(page.locator("article.failed .wrong")).to_have_text(TEXTS["en"]["errors"]["too_many_pages"].replace("{pages}", "32"))
    assert page.locator("article.done").count() == 1 and addresses.count("ocr") == 3 and "jobs" not in addresses
    expect(page.get_by_text(TEXTS["en"]["private"])).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_job_on_a_phone(language: str, open_page: Open, job_service: JobService) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(f"/?lang={language}", at=job_service, viewport={"width": 360, "height": 740}, has_touch=True, reduced_motion="reduce")
    expect(page.locator("[data-t=privateJobs]")).to_contain_text("24" if language == "en" else "٢٤")
    choose(page, "a-name-that-is-long-and-has-no-place-to-be-broken-at-all.pdf", pdf(LONG_PAGES))
    expect(page.locator(".facts")).to_have_text(TEXTS[language]["queued"])
    expect(page.locator(".picture img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    result = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    assert not result.response["violations"], result.generate_report()

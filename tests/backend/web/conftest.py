"""Chromium (the system's; Debian: apt install chromium), driven by Playwright. Every page of every test loads from the service alone and
breaks no rule of its own policy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backend.web.browser import CHROMIUM, TIMEOUT_MS, JobService, Open
from tests.conftest import copied
from tests.serving import Service, running_service


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium is installed")
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        sandbox = [] if os.getuid() else ["--no-sandbox"]  # which Chromium has none of for root
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


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

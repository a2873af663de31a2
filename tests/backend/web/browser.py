"""The page at / in Chromium, as tests use it: files that are chosen, what is shown of them, and what the service says itself."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.serving import ROOT, Service, line_png, manage

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WEB = ROOT / "backend" / "web"
TEXTS = json.loads((WEB / "texts.json").read_text(encoding="utf-8"))
TIMEOUT_MS = 60_000
Open = Callable[..., Any]


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


def page_reply(pages: int = 1, lines: int = 4, bad_page: int | None = None) -> dict[str, Any]:
    """What the API says of pages of several lines, in two paragraphs each."""

    def line(i: int) -> dict[str, Any]:
        box = [20, 100 * i + 10, 600, 100 * i + 80]
        return {"text": f"سطر {i + 1}", "text_as_read": f"سطر {i + 1}", "confidence": 0.9, "bbox": box, "words": [], "characters": None}

    def result(number: int) -> dict[str, Any]:
        text = "\n\n".join(f"سطر {i + 1}" for i in range(lines))
        numbers = [list(range(lines // 2)), list(range(lines // 2, lines))]
        paragraph = {"kind": "paragraph", "bbox": [20, 10, 600, 80], "direction": "rtl", "level": None}
        regions = [{**paragraph, "lines": part} for part in numbers]
        known = {"kind": "page", "source": "ocr", "width_px": 640, "height_px": 100 * lines, "text": text, "text_as_read": text}
        known |= {
            "confidence": 0.9,
            "bbox": [0, 0, 640, 100 * lines],
            "regions": regions,
            "lines": [line(i) for i in range(lines)],
            "unread": [],
            "warnings": [],
            "error": None,
        }
        if number == bad_page:
            known = {
                **dict.fromkeys(known),
                "regions": [],
                "lines": [],
                "unread": [],
                "warnings": [],
                "error": {"code": "unreadable_image", "message": "broken"},
            }
        return {"name": "page.pdf", "file": 0, "page": number, "pages": pages, "direction": "rtl", "milliseconds": 5.0, **known}

    results = [result(number + 1) for number in range(pages)]
    return {"model": {"name": "tiny", "version": "1"}, "results": results, "milliseconds": 6.0, "request_id": "1"}


def reply_with_words(pages: int = 1) -> dict[str, Any]:
    """Lines with words and characters, one sign of the third line doubtful."""
    reply = page_reply(pages)
    for result in reply["results"]:
        result["source"], result["language"] = "ocr", "ar"
        for n, line in enumerate(result["lines"]):
            left, top, right, bottom = line["bbox"]
            step = (right - left) // len(line["text"])
            signs: list[dict[str, Any]] = []
            words: list[dict[str, Any]] = []
            word: list[dict[str, Any]] = []
            for k, sign in enumerate(line["text"] + " "):
                if sign == " ":
                    box = [min(s["bbox"][0] for s in word), top, max(s["bbox"][2] for s in word), bottom]
                    words.append({"text": "".join(s["text"] for s in word), "confidence": 0.9, "bbox": box})
                    word = []
                    continue
                one = {"text": sign, "confidence": 0.5 if (n, k) == (2, 1) else 0.95}
                one["bbox"] = [right - (k + 1) * step, top, right - k * step, bottom]
                signs.append(one)
                word.append(one)
            line |= {"words": words, "characters": signs, "direction": "rtl"}
    return reply


def page_png() -> bytes:
    """A picture of the reply's size, with a block of noise for each line."""
    pixels = np.full((400, 640), 255, dtype=np.uint8)
    noise = np.random.default_rng(0)
    for n in range(4):
        pixels[100 * n + 15 : 100 * n + 75, 25:595] = noise.integers(0, 2, (60, 570)) * 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def pdf(pages: int = 2) -> bytes:
    """Pages of 300 by 200 points and more, empty but for a black square each."""
    file = io.BytesIO()
    sheets = [Image.new("L", (640, 400 + 40 * i), 255) for i in range(pages)]
    for sheet in sheets:
        sheet.paste(0, (300, 100, 400, 200))
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


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


def choose(page: Any, name: str, data: bytes) -> None:
    page.set_input_files("#files", [{"name": name, "mimeType": "application/pdf", "buffer": data}])


def sent_to(page: Any) -> list[str]:
    """The addresses to which files are sent from now on."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url.partition("/api/v1/")[2]) if request.method == "POST" else None)
    return addresses


QUEUED, LONG = TEXTS["en"]["queued"], "long.pdf"
LONG_PAGES = 12  # more than are read while somebody waits

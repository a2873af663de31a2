"""How long somebody waits at the page at / for the first text of a small PDF, from choosing the file to the text on the screen.

    python -m scripts.first_page [PDF…] [--times 10] [--url http://127.0.0.1:8000]

Without a PDF it makes one of two pages, pictures alone: texts of ``scripts/texts`` as Chromium sets them, at 200 dots an inch. Chromium has
the page open and has read the file once; each time it is chosen anew. The service is the one at ``--url``, or is started here.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarking.service import running
from model.rendering.pages.browser import find_chromium
from rasm.command_line import PATH, argument, command, option, positive, run
from rasm.weights import SHIPPED_MODEL

TEXT = Path(__file__).resolve().parent / "texts" / "ar.txt"
PAGE_PX, SCALE = (827, 1169), 2  # A4; twice 100 dots an inch, as offices scan
HTML = """<!DOCTYPE html><html lang="ar" dir="rtl"><meta charset="utf-8"><style>
body { margin: 0; padding: 80px 90px; font: 18px/1.8 Amiri, serif; text-align: justify }
p { margin: 0 0 .6em }</style>"""
TIMEOUT_MS = 60_000
#: in the browser: the moment at which a text is there, painted
SHOWN = """() => new Promise((done) => {
  const look = () => document.querySelector("article .lines .text")?.textContent
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - window.chosenAt)))
    : requestAnimationFrame(look);
  look();
})"""
CHOSEN = """document.getElementById("files").addEventListener("change", () => (window.chosenAt = performance.now()), { capture: true })"""


@command("python -m scripts.first_page", __doc__)
@argument("files", "PDFs", nargs=-1, type=PATH, metavar="[PDF]...")
@option("--times", type=positive, default=10, metavar="N", help="Each is chosen so often.")
@option("--url", metavar="URL", help="A service that runs already.")
def first_page(files: Sequence[Path], times: int, url: str | None) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="rasm-first-page-") as folder,
        running(url, SHIPPED_MODEL, Path(folder), RASM_WEB_JOBS="on", RASM_JOB_WORKERS="1") as (address, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        sent = {path.name: path.read_bytes() for path in files} or {"two pages of pictures": scan(browser)}
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en")
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(address)
        page.evaluate(CHOSEN)
        print("| PDF | kB | first text, s: median | quickest | slowest | all pages, s |\n|---|---|---|---|---|---|")
        for name, data in sent.items():
            took = [wait(page, name, data) for _ in range(times + 1)][1:]  # the first time warms
            first = [one[0] for one in took]
            row = (statistics.median(first), min(first), max(first), statistics.median(one[1] for one in took))
            print(f"| {name} | {len(data) // 1000} | " + " | ".join(f"{seconds:.2f}" for seconds in row) + " |", flush=True)
        browser.close()


def wait(page: Any, name: str, data: bytes) -> tuple[float, float]:
    """Seconds from choosing the file to the first text, and to the whole document. The document is removed."""
    began = time.perf_counter()
    page.set_input_files("#files", [{"name": "small.pdf", "mimeType": "application/pdf", "buffer": data}])
    first = page.evaluate(SHOWN) / 1000
    page.locator("article.done").wait_for()
    whole = time.perf_counter() - began
    page.locator("article .actions button").last.click()
    page.locator("article").wait_for(state="detached")
    return first, whole


def scan(browser: Any) -> bytes:
    """A PDF of two pages, as a scanner makes it."""
    width, height = PAGE_PX
    page = browser.new_page(viewport={"width": width, "height": 2 * height}, device_scale_factor=SCALE)
    page.set_content(HTML + "".join(f"<p>{line}</p>" for line in TEXT.read_text(encoding="utf-8").splitlines()))
    both = Image.open(io.BytesIO(page.screenshot())).convert("L")
    page.close()
    first, second = (both.crop((0, top, both.width, top + both.height // 2)) for top in (0, both.height // 2))
    file = io.BytesIO()
    first.save(file, "PDF", save_all=True, append_images=[second], resolution=100 * SCALE)
    return file.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    return run(first_page, arguments)


if __name__ == "__main__":
    sys.exit(main())

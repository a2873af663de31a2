"""How long somebody waits at the page at / for the first text of a small PDF, from choosing the file to the text on the screen.

    python -m scripts.first_page [PDF…] [--times 10] [--url http://127.0.0.1:8000]

Without a PDF it makes two of two pages: scans of 22 lines each, of the golden lines. Chromium has the page open and has read one file; each
time the file is chosen anew. The service is the one at ``--url``, or is started here and stopped at the end.
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

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
LINES = 22
PAGE_PX = (1654, 2339)  # A4 at 200 dots an inch, as offices scan
LEADING_PX = 90
SCALE = 1.2  # of the golden lines: to letters of some 12 points
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
    sent = {path.name: path.read_bytes() for path in files} or {"two pages, a scan of 200 dpi": scan()}
    with (
        tempfile.TemporaryDirectory(prefix="rasm-first-page-") as folder,
        running(url, SHIPPED_MODEL, Path(folder), RASM_WEB_JOBS="on", RASM_JOB_WORKERS="1") as (address, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
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


def scan() -> bytes:
    """A PDF of two pages, pictures alone."""
    line = Image.open(GOLDEN / "prose.png").convert("L")
    line = line.resize((round(line.width * SCALE), round(line.height * SCALE)), Image.Resampling.LANCZOS)
    page = Image.new("L", PAGE_PX, 255)
    for i in range(LINES):
        page.paste(line, ((PAGE_PX[0] - line.width) // 2, 150 + i * LEADING_PX))
    file = io.BytesIO()
    page.save(file, "PDF", save_all=True, append_images=[page], resolution=200)
    return file.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    return run(first_page, arguments)


if __name__ == "__main__":
    sys.exit(main())

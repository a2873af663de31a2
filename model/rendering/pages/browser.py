"""HTML -> two pictures of a page and the places of all its words, by a headless Chromium.

Where it stands: between ``kinds`` and ``measure``. The second picture has all text made transparent: where the two differ is the ink of the
text, to the pixel. Both are PNG, compressed quickly, which takes Chromium no longer than JPEG, and is exact.

One tab is used for all pages. Each is loaded from a file, since a page from elsewhere may not load fonts from files.
"""

from __future__ import annotations

import base64
import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np

from rasm.errors import ConfigError
from rasm.image import Pixels

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # it does not start without, as root in a container; it draws our own pages, and asks no network for anything
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--force-color-profile=srgb",
    "--disable-lcd-text",
)
_SCRIPTS = Path(__file__).parent
_WITHOUT_TEXT = """
*, *::before, *::after {
  color: transparent !important; -webkit-text-fill-color: transparent !important; -webkit-text-stroke-color: transparent !important;
  text-shadow: none !important; text-decoration-color: transparent !important;
}
"""
_LOAD_TIMEOUT_MS = 20_000
LEAST_HEIGHT_PX, MOST_HEIGHT_PX = 200, 3000


@dataclass(frozen=True)
class Drawing:
    """A drawn page. pixels, without_text: uint8 (height, width, 3), RGB. found: what ``extract.js`` gives."""

    pixels: Pixels
    without_text: Pixels
    found: dict[str, Any]


def find_chromium() -> str:
    """The program's path. Raises ConfigError where there is none."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise ConfigError("pages are drawn by Chromium, which is not there: install it (on Debian: apt install chromium)")


class Browser:
    """A running Chromium with one tab. A context manager; raises ConfigError where Chromium or Playwright is missing."""

    def __init__(self) -> None:
        path = find_chromium()
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as e:
            raise ConfigError("pages are drawn through Playwright: pip install playwright (requirements.txt has it)") from e
        self._folder = tempfile.TemporaryDirectory(prefix="rasm-pages-")
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        self._tab = self._chromium.new_page()
        self._devtools = self._tab.context.new_cdp_session(self._tab)
        self._extract, self._fill = ((_SCRIPTS / name).read_text(encoding="utf-8") for name in ("extract.js", "fill.js"))

    def draw(self, html: str, width_px: int, height_px: int | None) -> Drawing:
        """The page of this HTML. Without a height it is as high as its contents, within bounds."""
        file = Path(self._folder.name) / "page.html"
        file.write_text(html, encoding="utf-8")
        self._tab.set_viewport_size({"width": width_px, "height": height_px or 1200})
        self._tab.goto(file.as_uri(), timeout=_LOAD_TIMEOUT_MS)
        self._tab.evaluate("document.fonts.ready")
        self._tab.evaluate(self._fill)
        if height_px is None:
            height_px = int(self._tab.evaluate("Math.ceil(document.body.getBoundingClientRect().bottom)"))
            height_px = min(max(height_px, LEAST_HEIGHT_PX), MOST_HEIGHT_PX)
            self._tab.set_viewport_size({"width": width_px, "height": height_px})
        self._tab.evaluate(f"window.rasmPageHeight = {height_px}")
        found = self._tab.evaluate(self._extract)
        pixels = self._picture()
        self._tab.add_style_tag(content=_WITHOUT_TEXT)
        return Drawing(pixels, self._picture(), found)

    def _picture(self) -> Pixels:
        reply = self._devtools.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        decoded = cv2.imdecode(np.frombuffer(base64.b64decode(reply["data"]), np.uint8), cv2.IMREAD_COLOR_RGB)
        return np.asarray(decoded, np.uint8)

    def close(self) -> None:
        """Also of one that has crashed."""
        with contextlib.suppress(Exception):
            self._chromium.close()
        self._playwright.stop()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

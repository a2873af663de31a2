"""The page of docs/documents.md: drawn by Chromium, read, and printed as Markdown.

    python -m scripts.document_picture --out docs/images/document.png

Chromium sets the page in the machine's Amiri, or in what it takes for it. What is printed is what was read, with its errors.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from model.rendering.pages.browser import find_chromium
from rasm.command_line import PATH, command, option, run
from rasm.errors import ConfigError
from rasm.formats import write
from rasm.reader import Reader

_WIDTH_PX, _SCALE = 800, 2
_HTML = """<!DOCTYPE html><html lang="ar" dir="rtl"><meta charset="utf-8"><style>
body { margin: 0; padding: 40px; background: #fff; font: 20px/1.7 Amiri, serif }
h1 { font-size: 40px; margin: 0 } h2 { font-size: 27px; margin: .5em 0 }
table { border-collapse: collapse; width: 100% } td, th { padding: .2em .8em; text-align: start; font-weight: normal }
.ruled td, .ruled th { border: 1px solid #000 } .ruled th { background: #ddd }
.open { width: 70% } .open th { border-bottom: 2px solid #000 }
</style>
<h1>تقرير المكتبة</h1>
<p>زار المكتبة في هذا العام ثلاثة آلاف قارئ، واستعاروا من كتب التاريخ والأدب أكثر مما استعاروا من غيرها.</p>
<h2>ما أعير من الكتب</h2>
<table class="ruled"><tr><th rowspan="2">الباب</th><th colspan="2">عدد الكتب</th></tr><tr><th>العام الماضي</th><th>هذا العام</th></tr>
<tr><td>التاريخ</td><td>1,250</td><td>1,410</td></tr><tr><td>الأدب</td><td>980</td><td>1,105</td></tr><tr><td>العلوم</td><td></td><td>340</td></tr></table>
<h2>ساعات العمل</h2>
<table class="open"><tr><th>اليوم</th><th>من</th><th>إلى</th></tr><tr><td>الأحد</td><td>9:00</td><td>17:00</td></tr>
<tr><td>الاثنين</td><td>9:00</td><td>17:00</td></tr><tr><td>الخميس</td><td>10:00</td><td>14:30</td></tr></table>
</html>"""


@command("python -m scripts.document_picture", __doc__)
@option("--out", type=PATH, required=True, metavar="FILE.png", help="The picture.")
def document_picture(out: Path) -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="rasm-document-") as folder:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()))
        page = browser.new_page(viewport={"width": _WIDTH_PX, "height": 600}, device_scale_factor=_SCALE)
        page.set_content(_HTML)
        shot = Path(folder) / "page.png"
        page.screenshot(path=shot, full_page=True)
        browser.close()
        pixels = cv2.imread(str(shot))
    assert pixels is not None
    small = cv2.resize(pixels, None, fx=1 / _SCALE, fy=1 / _SCALE, interpolation=cv2.INTER_AREA)
    if not cv2.imwrite(str(out), cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)):
        raise ConfigError(f"{out}: cannot be written; give a name that ends in .png, in a folder that exists")
    print(write(Reader().read(np.ascontiguousarray(pixels[..., ::-1])), "markdown"), end="")


def main(arguments: Sequence[str] | None = None) -> int:
    return run(document_picture, arguments)


if __name__ == "__main__":
    sys.exit(main())

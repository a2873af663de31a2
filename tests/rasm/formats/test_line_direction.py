"""A line that runs from left to right says so in every format that can, on a page of others that do not."""

import json

import pytest

from rasm.document import Document, Line, Page, Region
from rasm.formats import write

LINES = [Line("سطر", 0.9, (0, 0, 99, 20)), Line("A line.", 0.9, (0, 30, 99, 50), direction="ltr")]
DOCUMENT = Document("page.png", [Page(1, 100, 100, [Region("paragraph", (0, 0, 99, 50), LINES)])])


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("hocr", 'id="line_1_{}" dir="ltr"'),
        ("alto", 'ID="line_1_{}" HPOS="0" VPOS="{}" WIDTH="99" HEIGHT="20" BASEDIRECTION="ltr"'),
        ("page", '<TextLine id="r1l{}" readingDirection="left-to-right">'),
    ],
)
def test_a_line_says_which_way_it_runs(kind: str, told: str) -> None:
    written = write(DOCUMENT, kind)
    assert told.format(2, 30) in written
    assert told.format(1, 0) not in written


def test_json_says_it_of_every_line() -> None:
    [page] = json.loads(write(DOCUMENT, "json"))["pages"]
    assert [line["direction"] for line in page["regions"][0]["lines"]] == ["rtl", "ltr"]

"""Names in archives: fit for any system that unpacks them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.serving import content, line_png, post

pytestmark = pytest.mark.usefixtures("django_is_set_up")
DEVICES = ["con.png", "PRN", "aux.tar.png", "nul.png", "COM1.png", "lpt9.png", "com¹.png", "CONIN$.png"]
LONG = ["a" * 255, "ع" * 255, "ع" * 250 + ".png", "𐎀" * 100]


def names(*sent: str, form: str = "alto") -> list[str]:
    reply: Any = post(*[(name, line_png()) for name in sent], options={"format": form, "mode": "line"})
    return zipfile.ZipFile(io.BytesIO(content(reply))).namelist()


def test_names_that_windows_takes_for_devices_are_none() -> None:
    for name, sent in zip(names(*DEVICES), DEVICES, strict=True):
        assert name.partition(".")[0] == f"_{sent.partition('.')[0]}"


@pytest.mark.parametrize("form", ["alto", "page", "pdf"])
def test_names_are_short_enough_for_any_file_system_and_still_differ(form: str) -> None:
    found = names(*LONG, *LONG, form=form)
    assert len(set(found)) == len(found) == 2 * len(LONG)
    assert all(len(name.encode()) <= 200 for name in found)
    assert all(name.endswith((".alto.xml", ".page.xml", ".pdf")) for name in found)


def test_names_that_differ_in_capitals_alone_are_told_apart() -> None:
    assert len({name.casefold() for name in names("A.png", "a.png", "ß.png", "SS.png")}) == 4

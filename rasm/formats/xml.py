"""What the XML formats share: numbers, and text that XML can hold.

Where it stands: beneath ``hocr``, ``alto`` and ``page_xml``.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from rasm.document import Box

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """``text`` without the control characters that XML 1.0 forbids."""
    return _NOT_XML.sub("", text)


def whole(box: Box, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """A box in whole pixels within its page, at least one pixel each way."""
    left, top = min(max(0, int(box[0])), width_px - 1), min(max(0, int(box[1])), height_px - 1)
    return left, top, min(max(left + 1, round(box[2])), width_px), min(max(top + 1, round(box[3])), height_px)


def serialise(root: ET.Element, prolog: str = "") -> str:
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{prolog}{ET.tostring(root, encoding="unicode")}\n'

"""What the XML formats share: a file written page by page, boxes in whole pixels, and text that XML can hold.

Where it stands: beneath ``hocr``, ``alto`` and ``page_xml``. They write through ``lxml.etree.xmlfile``, so that no more than one page's
elements are in memory. Those elements are made without a namespace: written into the root, they are in its default one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from lxml import etree

from rasm.document import Box

SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmlWriter:
    """Writes elements into those that are open, each on a line of its own and indented by a space for each level."""

    def __init__(self, file: Any) -> None:
        """``file``: what ``etree.xmlfile`` gives, with the root opened."""
        self._file, self._depth = file, 1

    def write(self, element: Any) -> None:
        etree.indent(element, " ", level=self._depth)
        self._new_line()
        self._file.write(element)

    @contextmanager
    def within(self, tag: str) -> Iterator[None]:
        """What is written meanwhile goes into an element of this name."""
        self._new_line()
        with self._file.element(tag):
            self._depth += 1
            yield
            self._depth -= 1
            self._new_line()

    def _new_line(self) -> None:
        self._file.write("\n" + self._depth * " ")


@contextmanager
def xml_file(file: IO[bytes], root: str, namespace: str, attributes: Mapping[str, str], doctype: str = "") -> Iterator[XmlWriter]:
    """A whole XML file, UTF-8, of which the caller writes what is in the root. ``file`` is open for bytes, and stays open."""
    file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}'.encode())
    namespaces = {None: namespace} | ({"xsi": SCHEMA_LOCATION[1:].partition("}")[0]} if SCHEMA_LOCATION in attributes else {})
    with etree.xmlfile(file, encoding="utf-8") as xml, xml.element(f"{{{namespace}}}{root}", attributes, nsmap=namespaces):
        yield XmlWriter(xml)
        xml.write("\n")
    file.write(b"\n")


def clean(text: str) -> str:
    """``text`` without what XML 1.0 forbids: control characters, lone surrogates, U+FFFE and U+FFFF."""
    return _NOT_XML.sub("", text)


def whole(box: Box, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """A box in whole pixels within its page, at least one pixel each way."""
    left, top = min(max(0, int(box[0])), width_px - 1), min(max(0, int(box[1])), height_px - 1)
    return left, top, min(max(left + 1, round(box[2])), width_px), min(max(top + 1, round(box[3])), height_px)

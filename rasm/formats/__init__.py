"""A Document as other programs take it: one module a format.

Where it stands: the very end of reading pages; ``rasm read`` and the service call ``write``.
"""

from __future__ import annotations

from collections.abc import Callable

from rasm.document import Document
from rasm.errors import ConfigError
from rasm.formats.alto import to_alto
from rasm.formats.hocr import to_hocr
from rasm.formats.page_xml import to_page_xml

SUFFIXES = {"text": ".txt", "json": ".json", "hocr": ".hocr", "alto": ".alto.xml", "page": ".page.xml", "pdf": ".pdf"}

_WRITERS: dict[str, Callable[[Document], str]] = {
    "text": Document.text,
    "json": Document.to_json,
    "hocr": to_hocr,
    "alto": to_alto,
    "page": to_page_xml,
}


def write(document: Document, kind: str) -> str:
    """``document`` as text, json, hocr, alto or page. A searchable PDF needs the pages' pictures: see ``searchable_pdf``.

    Raises ConfigError where there is no such format.
    """
    if kind not in _WRITERS:
        raise ConfigError(f"there is no format {kind!r}; there are {', '.join(_WRITERS)}")
    return _WRITERS[kind](document)

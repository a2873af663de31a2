"""Rasm reads Arabic text out of images: lines, pages, photographs and PDFs.

import rasm

print(rasm.read("page.png").text)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasm.document import Character, Document, Line, Page, PageError, PageWarning, Region, Unread, Word
    from rasm.reader import Reader, read

# ONNX Runtime's own builds (1.29 and newer) tell Microsoft which models are run, and keep a number of the machine in ~/.cache. This
# keeps them from it, if it is set before they are first imported. Whose pages are read, and when, is nobody else's business
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.16.0"

__all__ = [
    "Character",
    "Document",
    "Line",
    "Page",
    "PageError",
    "PageWarning",
    "Reader",
    "Region",
    "Unread",
    "Word",
    "__version__",
    "read",
]

_HOMES = {"Reader": "rasm.reader", "read": "rasm.reader"}


def __getattr__(name: str) -> Any:
    """What the package offers is imported when it is first asked for (PEP 562): ``rasm --help`` needs no ONNX Runtime."""
    if name not in __all__:
        raise AttributeError(f"module 'rasm' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "rasm.document")), name)

"""Text that others wrote, as a terminal may show it.

Where it stands: beneath all of the client: a service's words and files' names go through here before people see them.
"""

from __future__ import annotations

import unicodedata

# they order what stands around them: a name can say one thing and be another (Unicode, UTS 39, 5.3)
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FIRST_BYTE, _LAST_BYTE = "\udca0", "\udcff"  # what is not UTF-8 in a file's name, as Python has it; below are control characters


def printable(text: str, *, keep: str = "") -> str:
    """``text`` with its control characters, line breaks, turning marks and halves of characters as escapes, but for those in ``keep``."""
    return text if text.isprintable() else "".join(sign if sign in keep or _is_shown(sign) else _escaped(sign) for sign in text)


def _is_shown(sign: str) -> bool:
    if unicodedata.category(sign) == "Cs":
        return _FIRST_BYTE <= sign <= _LAST_BYTE
    return unicodedata.category(sign) not in ("Cc", "Zl", "Zp") and sign not in _TURNING


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")

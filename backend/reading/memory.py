"""Memory that the C library keeps for itself, given back to the system. Where it is not glibc, nothing is done.

Where it stands: beneath ``batching.py`` and ``turns.py``, which know when nobody is waiting.

glibc makes an arena for each thread that allocates at a time as another, up to eight a core, and returns of each only its end. Thirty
threads that each decoded a page at some time keep the room of thirty pages. See mallopt(3), malloc_trim(3).
"""

import ctypes
from functools import cache
from typing import Any

_M_ARENA_MAX = -8  # malloc.h
ARENAS = 2  # what is large is mapped by itself in any case; threads that wait for each other hold Python's lock mostly


@cache
def _library() -> Any:
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
    except OSError:
        return None


def bound() -> None:
    """At the start of a process, before it has threads."""
    if (library := _library()) is not None:
        library.mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """What is free."""
    if (library := _library()) is not None:
        library.malloc_trim(0)

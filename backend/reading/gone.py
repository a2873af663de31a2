"""Whether anyone still waits for what is being read."""

from typing import Protocol

from backend.reading.errors import ClientGone


class Gone(Protocol):
    """Set when whoever asked has gone away; ``threading.Event`` is one."""

    def is_set(self) -> bool: ...


def check(gone: Gone | None) -> None:
    """Raises ClientGone if nobody waits any more. None: somebody always does."""
    if gone is not None and gone.is_set():
        raise ClientGone("the client has gone")

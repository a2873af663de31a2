"""A piece of an open file, as a file of its own: with a position that nothing else moves.

Where it stands: beneath ``pdf_process.py``, whose process reads a file that its parent has open too; and beneath the service, whose uploads
lie one behind the other in one file.
"""

from __future__ import annotations

import io
import os
from typing import Any, Protocol


class HasNumber(Protocol):
    """An open file; a closed one raises ValueError."""

    def fileno(self) -> int: ...


class FilePiece(io.RawIOBase):
    """``size_bytes`` of ``file`` from ``start`` on. To close it leaves ``file`` open."""

    def __init__(self, file: HasNumber, start: int = 0, size_bytes: int | None = None) -> None:
        super().__init__()
        self._file, self.start = file, start
        self.size_bytes = os.fstat(file.fileno()).st_size - start if size_bytes is None else size_bytes
        self._position = 0

    def fileno(self) -> int:
        return self._file.fileno()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = max(0, self.size_bytes - self._position)
        count = os.preadv(self.fileno(), [memoryview(buffer)[:left]], self.start + self._position) if left else 0
        self._position += count
        return count

    def readall(self) -> bytes:
        """In as few calls as the system allows: io.RawIOBase asks for 8 KiB at a time."""
        whole = bytearray(max(0, self.size_bytes - self._position))
        done = 0
        while done < len(whole) and (count := self.readinto(memoryview(whole)[done:])):
            done += count
        return bytes(whole[:done])

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size_bytes}[whence]
        return self._position

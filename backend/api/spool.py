"""Bytes that arrive, kept once: in memory or in one unnamed file, with the uploads in it as pieces of that file.

Where it stands: beneath ``uploads.py``, which parses forms into it, and the server's ``config/bodies.py``.
"""

import io
import os
import tempfile
from typing import IO

from backend.reading.errors import DiskFull, is_disk_full
from rasm.pages.file_piece import FilePiece

MEMORY_BYTES = 2**18  # of one body; a larger one lies on the disk


class Spool:
    """A context manager: nothing is left of it afterwards."""

    def __init__(self, expected_bytes: int) -> None:
        """Raises DiskFull."""
        self.size = 0
        try:
            # unbuffered: what there is no room for fails where it is written, and not when it is closed
            self.file: IO[bytes] = io.BytesIO() if expected_bytes <= MEMORY_BYTES else tempfile.TemporaryFile(buffering=0)  # type: ignore[assignment]  # noqa: SIM115
        except OSError as e:
            raise _refused(e) from e

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()

    def write(self, chunk: bytes | bytearray) -> None:
        """Raises DiskFull."""
        left = memoryview(chunk)
        try:
            while left:
                left = left[self.file.write(left) :]
        except OSError as e:
            raise _refused(e) from e
        self.size += len(chunk)

    def cut(self, size: int) -> None:
        """Give up what was written after the first ``size`` bytes."""
        self.file.seek(size)
        self.file.truncate()
        self.size = size

    def piece(self, start: int, size: int) -> IO[bytes]:
        """``size`` bytes from ``start`` on, as a file that stands at its beginning."""
        if isinstance(self.file, io.BytesIO):
            return io.BytesIO(self.file.getbuffer()[start : start + size])
        return FilePiece(self.file, start, size)  # type: ignore[return-value]


def free_bytes(folder: str | None = None) -> int:
    """What may still be written, where bodies lie."""
    disk = os.statvfs(folder or tempfile.gettempdir())
    return disk.f_bavail * disk.f_frsize


def _refused(error: OSError) -> Exception:
    return DiskFull("the service's disk for what is being sent is full: try again later") if is_disk_full(error) else error

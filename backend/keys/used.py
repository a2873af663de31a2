"""When keys were last used, written by a thread of its own: no request waits for it, nor for whoever else is writing to the database.

Where it stands: beneath ``models.py``, whose ``ApiKey.find`` notes each use.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

WRITTEN_AFTER_S = 2.0  # what is noted meanwhile is written at once


class Uses:
    """By primary key. ``write``: one of them into the database; it raises DatabaseError."""

    def __init__(self, write: Callable[[int, datetime], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._noted: dict[int, datetime] = {}
        self._is_running = False

    def note(self, pk: int, at: datetime) -> None:
        with self._lock:
            self._noted[pk] = at
            if self._is_running:
                return
            self._is_running = True
        timer = threading.Timer(WRITTEN_AFTER_S, self._write_all)
        timer.daemon = True
        timer.start()

    def last(self, pk: int) -> datetime | None:
        """What is noted and not written yet."""
        with self._lock:
            return self._noted.get(pk)

    def _write_all(self) -> None:
        """What cannot be written is left out: the key's next use is noted again."""
        with self._lock:
            noted = dict(self._noted)
        try:
            for pk, at in noted.items():
                self._write(pk, at)
        except DatabaseError as e:
            logger.warning("when keys were used could not be written: %s", e)
        finally:
            connection.close()
            with self._lock:
                self._noted = {pk: at for pk, at in self._noted.items() if noted.get(pk) != at}
                self._is_running = False

"""How much there may be of something at a time."""

import contextlib
import threading
from collections.abc import Iterator

from backend.reading.errors import Overloaded


class Room:
    """For requests, for lines waiting or being read over all models, for bytes of bodies."""

    def __init__(self, size: int, complaint: str) -> None:
        self._size, self._taken, self._complaint = size, 0, complaint
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def held(self, amount: int) -> Iterator[None]:
        """So much of it, for as long as this lasts. Raises Overloaded."""
        self.take(amount)
        try:
            yield
        finally:
            self.give_back(amount)

    def take(self, amount: int) -> None:
        """Raises Overloaded if there is not room for all. Something larger than the room itself gets in when nothing else is there."""
        with self._lock:
            self.check(amount)
            self._taken += amount

    def check(self, amount: int) -> None:
        """Raises Overloaded if there is not room for so much at this moment."""
        if amount and self._taken and self._taken + amount > self._size:
            raise Overloaded(self._complaint)

    def give_back(self, amount: int) -> None:
        with self._lock:
            self._taken -= amount

"""How far the command line is, in one line on standard error."""

from __future__ import annotations

import argparse
import sys
import time

BAR_WIDTH = 24  # characters


class Progress:
    """How far it is, in one line on standard error: files, or pages of jobs. There is none where text is printed on the same terminal."""

    def __init__(self, total: int, given: argparse.Namespace) -> None:
        printing = not (given.beside or given.out) and sys.stdout.isatty()
        terminal = sys.stderr.isatty() and (total > 1 or given.job) and (given.job or not printing)
        self._on = terminal if given.progress is None else given.progress
        self._total, self._done, self._began, self._drawn = total, 0, time.monotonic(), 0.0

    def __enter__(self) -> Progress:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            self._draw()
            print(file=sys.stderr, flush=True)

    def move(self, done: int, more: int = 0) -> None:
        """So many are done that were not, and so many more are known of."""
        self._done, self._total = self._done + done, self._total + more
        if time.monotonic() - self._drawn > 0.1:
            self._draw()

    def clear(self) -> None:
        if self._on:
            print("\r\033[K", end="", file=sys.stderr)

    def _draw(self) -> None:
        if not self._on:
            return
        self._drawn = time.monotonic()
        rate = self._done / max(self._drawn - self._began, 1e-6)
        filled = BAR_WIDTH * self._done // max(self._total, 1)
        left_s = round((self._total - self._done) / rate) if rate else 0
        bar = f"{'█' * filled}{'·' * (BAR_WIDTH - filled)} {self._done}/{self._total}"
        left = f"  {rate:.1f}/s  {left_s // 60}:{left_s % 60:02d} left" if self._done else ""
        print(f"\r\033[K{bar}{left}", end="", file=sys.stderr, flush=True)

"""What the command lines share: errors of one line, and types of options that say what they want.

Where it stands: under ``python -m model.rendering``, ``preprocess.py``, ``python -m model.data.align``, ``train.py``, ``rasm
read`` and the tables
of ``scripts``. ``client.py`` has its own, since it can be copied out and used alone.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from rasm.errors import ConfigError, RasmError


def exit_code(program: str, action: Callable[[], int], stopped: str) -> int:
    """What ``action`` returns; 2 and a line on standard error for what a user can mend; 130 and ``stopped`` after Ctrl-C."""
    try:
        return action()
    except RasmError as e:
        print(f"{program}: error: {e}", file=sys.stderr)
        return 2
    except OSError as e:
        print(f"{program}: error: {f'{e.filename}: ' if e.filename else ''}{e.strerror or e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{program}: stopped{stopped}", file=sys.stderr)
        return 130


def write_page(page: str, out: Path | None) -> None:
    """Write a text to ``out``, or to the terminal. Raises OSError."""
    if out:
        out.write_text(page, encoding="utf-8")
    else:
        print(page, end="")


class Parser(argparse.ArgumentParser):
    """Raises ConfigError in place of printing the usage: one line, as for every other error."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(message)


def positive(value: str) -> int:
    """Type of a command line option: a whole number from 1 on."""
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a whole number from 1 on")
    return int(value)


def share(value: str) -> float:
    """Type of a command line option: a number from 0 to 1."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{value} is not a number from 0 to 1")
    return number


def fraction(value: str) -> float:
    """Type of a command line option: a number between 0 and 1, neither of them included."""
    if (number := share(value)) in (0, 1):
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 1")
    return number

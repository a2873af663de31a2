"""What all command lines share: how options are written and helped with, errors of one line, exit codes.

Where it stands: under ``rasm``, the scripts at the top and in ``scripts``, and each ``python -m …``. ``client.py`` has its own, since it
can be copied out and used alone. Built on click, which is imported in a twentieth of a second; nothing heavier is imported here.

Exit codes: 0; 1 where some inputs failed (the command returns it); 2 and one line ``PROGRAM: error: …`` for what a user can mend; 130 after
Ctrl-C, with a line that says what stays.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from rasm.errors import RasmError

F = TypeVar("F", bound=Callable[..., Any])

#: Types of options.
PATH = click.Path(path_type=Path)


def run(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a command line (``sys.argv`` where no arguments are given) and return its exit code."""
    assert command.name
    try:
        code = command.main(None if arguments is None else list(arguments), prog_name=command.name, standalone_mode=False)
    except click.ClickException as e:
        message = " ".join(e.format_message().split())
        if not isinstance(e, _Failure):  # click's begin with a capital and end with a full stop
            message = message[0].lower() + message[1:].rstrip(".")
        where: click.Context | None = getattr(e, "ctx", None)
        print(f"{where.command_path if where else command.name}: error: {shown(message)}", file=sys.stderr)
        return 2
    except click.Abort:  # Ctrl-C before the command began
        print(f"{command.name}: stopped", file=sys.stderr)
        return 130
    return code if isinstance(code, int) else 0


def shown(text: str) -> str:
    """Names of files and others' words as a terminal may show them: without what it would obey, on one line."""
    return text if text.isprintable() else "".join(sign if _is_harmless(sign) else _escaped(sign) for sign in text)


def _is_harmless(sign: str) -> bool:
    """Letters, marks that join letters or part them, and the bytes of a name that is not UTF-8; not what turns the order around."""
    return sign.isprintable() or sign in "\u200c\u200d\u200e\u200f\u061c" or "\udca0" <= sign <= "\udcff"


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")


def _after_ctrl_c() -> str:
    """The end of the line in which a terminal shows ^C."""
    return "\n" if sys.stderr.isatty() else ""


def write_page(page: str, out: Path | None) -> None:
    """Write a text to ``out``, or to the terminal. Raises OSError."""
    if out:
        out.write_text(page, encoding="utf-8")
    else:
        print(page, end="")


# Declaring commands


def command(name: str, help: str | None, *, stopped: str = "") -> Callable[[Callable[..., int | None]], click.Command]:
    """A command that ``run`` runs: it returns an exit code, or nothing for 0.

    help: a module's docstring. stopped: what is added to “stopped” after Ctrl-C: what stays, and how to go on.
    """
    return click.command(name, cls=_Command, help=help, stopped=stopped, context_settings=_SETTINGS)


def group(name: str, help: str | None) -> Callable[[Callable[..., None]], click.Group]:
    """A command of several, to be filled with ``add_command``."""
    return click.group(name, cls=_Group, help=help, context_settings=_SETTINGS)


def option(*names: str, several: bool = False, last_counts: bool = False, section: str = "Options", **settings: Any) -> Callable[[F], F]:
    """An option as click has it.

    several: it takes all words up to the next option, and the command gets a tuple. Given again, it takes more; with last_counts, only
    what is given last counts, as of options of one value. section: the heading that it stands under in the help.
    """
    return click.option(*names, cls=_Option, several=several, last_counts=last_counts, section=section, **settings)


def argument(name: str, help: str, **settings: Any) -> Callable[[F], F]:
    """What is no option; ``nargs=-1`` for several."""
    return click.argument(name, cls=_Argument, help=help, **settings)


# Types of options


def positive(value: object) -> int:
    """A whole number from 1 on."""
    return _whole_number(value, 1)


def count(value: object) -> int:
    """A whole number from 0 on."""
    return _whole_number(value, 0)


def _whole_number(value: object, least: int) -> int:
    typed = str(value)
    if not typed.isascii() or not typed.isdigit() or int(typed) < least:
        raise click.BadParameter(f"{typed} is not a whole number from {least} on")
    return int(typed)


def share(value: object) -> float:
    """A number from 0 to 1."""
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise click.BadParameter(f"{value} is not a number from 0 to 1")
    return number


def fraction(value: object) -> float:
    """A number between 0 and 1, neither of them included."""
    if (number := share(value)) in (0, 1):
        raise click.BadParameter(f"{value} is not between 0 and 1")
    return number


# What click lacks

_SETTINGS = {"max_content_width": 110, "show_default": True, "help_option_names": ["-h", "--help"]}


class _Failure(click.UsageError):
    """What Rasm refuses, with the command that was asked for it."""


class _Option(click.Option):
    def __init__(self, names: Sequence[str], *, several: bool, last_counts: bool, section: str, **settings: Any) -> None:
        super().__init__(names, multiple=several, **settings)
        self.last_counts = last_counts
        self.section = section

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        if isinstance(self.show_default, str):  # without click's brackets around it
            extra["default"] = self.show_default
        return extra

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return (f"{record[0]} ...", record[1]) if record and self.multiple else record


class _Argument(click.Argument):
    def __init__(self, names: Sequence[str], *, help: str, **settings: Any) -> None:
        super().__init__(names, **settings)
        self.about = help  # click's own arguments have a help from 8.5 on

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        return self.make_metavar(ctx), self.about


class _Helped(click.Command):
    """Its help is a docstring: paragraphs are filled, and what is indented (commands to copy) stays as it is."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for paragraph in (self.help or "").strip("\n").split("\n\n"):
            formatter.write_paragraph()
            if paragraph.startswith(" "):
                formatter.write(paragraph + "\n")
            else:
                formatter.write_text(paragraph.replace("``", ""))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                title = "Arguments" if isinstance(parameter, click.Argument) else getattr(parameter, "section", "Options")
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


class _Command(_Helped):
    def __init__(self, *args: Any, stopped: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.stopped = stopped

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, spread(ctx, args, (p for p in self.get_params(ctx) if isinstance(p, click.Option))))
        except click.UsageError as e:
            e.ctx = e.ctx or ctx  # some of click's do not say whose option it was
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RasmError as e:
            raise _Failure(str(e), ctx) from e
        except BrokenPipeError:  # who read it has seen enough: click ends without a word
            raise
        except OSError as e:
            raise _Failure(f"{f'{e.filename}: ' if e.filename else ''}{e.strerror or e}", ctx) from e
        except subprocess.CalledProcessError as e:  # it has said itself what is wrong
            return max(1, e.returncode)
        except KeyboardInterrupt:
            print(f"{_after_ctrl_c()}{ctx.command_path}: stopped{self.stopped}", file=sys.stderr)
            return 130


class _Group(_Helped, click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def spread(ctx: click.Context, words: Sequence[str], options: Iterable[click.Option]) -> list[str]:
    """``--format text json`` as click takes it: ``--format text --format json``; likewise each option that may be repeated.

    An option in the place of another's value is an error, where click takes it for the value: ``--out --again`` is no folder.
    """
    named = {name: option for option in options for name in (*option.opts, *option.secondary_opts)}
    found: list[list[str]] = []  # an option with what it takes, or one word
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option = named.get(word)
        if word == "--":
            found.append([word, *rest])
            break
        if option is None or option.is_flag or option.count:
            found.append([word])
            continue
        if not rest or rest[0] in named:
            _refuse(ctx, word)
        taken = [word, rest.pop(0)]
        while option.multiple and rest and (not rest[0].startswith("-") or rest[0] == "-"):
            taken += [word, rest.pop(0)]
        if getattr(option, "last_counts", False):
            found = [group for group in found if group[0] != word]
        found.append(taken)
    return [word for group in found for word in group]


def _refuse(ctx: click.Context, name: str) -> NoReturn:
    raise click.BadOptionUsage(name, f"option '{name}' needs a value", ctx)

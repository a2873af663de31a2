"""What all command lines share: options of several values, errors of one line, exit codes, help."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from rasm.command_line import PATH, argument, command, count, fraction, group, option, positive, run, share
from rasm.errors import ConfigError

shapes: list[tuple[int, ...]] = []


@command(
    "tool",
    """Do it, with ``care``: a paragraph that is longer than a line of the terminal is filled to fit into it, as are all others.

    tool A B   --kind   x y
""",
    stopped="; do it again",
)
@argument("files", "What to do it with", nargs=-1, required=True, type=PATH, metavar="FILE...")
@option("--kind", several=True, type=click.Choice(("x", "y", "z")), default=("x",), section="Kinds", help="What kinds.")
@option("--names", several=True, metavar="NAME", help="Names.")
@option("--number", type=positive, default=3, help="How many.")
@option("--place", show_default="where it is", expose_value=False, help="Where.")
@option("--from", "start", type=count, default=0)
@option("--part", type=share, default=0.5)
@option("--cut", type=fraction)
@option("--again", is_flag=True)
@option("--shape", several=True, last_counts=True, type=int, expose_value=False, callback=lambda *given: shapes.append(given[2]))
def tool(
    files: Sequence[Path], kind: Sequence[str], names: Sequence[str], number: int, start: int, part: float, cut: float | None, again: bool
) -> int:
    if files == (Path("refused"),):
        raise ConfigError("refused: it\nhas two lines.")
    if files == (Path("stopped"),):
        raise KeyboardInterrupt
    if files == (Path("started"),):
        subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=True)
    if files == (Path("missing"),):
        Path("missing").read_bytes()
    print(*map(str, files), kind, names, number, start, part, cut, again)
    return 1 if files == (Path("some"),) else 0


@group("tools", "Tools.")
def tools() -> None:
    pass


tools.add_command(tool)


@pytest.mark.parametrize(
    ("words", "kind", "names"),
    [
        ("a", ("x",), ()),
        ("a --kind y z", ("y", "z"), ()),
        ("a --kind y --kind z", ("y", "z"), ()),
        ("a --kind y z --names one two --again", ("y", "z"), ("one", "two")),
        ("a --kind=y --names=-one", ("y",), ("-one",)),
        ("--kind y z --number 3 a", ("y", "z"), ()),
        ("--kind y z -- a", ("y", "z"), ()),
        ("a --names - b", ("x",), ("-", "b")),
    ],
)
def test_an_option_takes_several_words(
    words: str, kind: tuple[str, ...], names: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tool, words.split()) == 0
    assert capsys.readouterr().out == f"a {kind} {names} 3 0 0.5 None {'--again' in words}\n"


def test_of_some_options_what_is_given_last_counts() -> None:
    assert run(tool, "--shape 1 2 3 --number 4 --shape -4 --shape 5 6 -- a".split()) == 0
    assert shapes[-1] == (5, 6)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "missing argument 'FILE...'"),
        ("a --kind", "option '--kind' needs a value"),
        ("a --kind --again", "option '--kind' needs a value"),
        ("a --number --again", "option '--number' needs a value"),
        ("a --kind x w", "invalid value for '--kind': 'w' is not one of 'x', 'y', 'z'"),
        ("a --kin x", "no such option '--kin'"),
        ("a --nothing", "no such option '--nothing'"),
        ("a --again=yes", "option '--again' does not take a value"),
        ("a --number 0", "invalid value for '--number': 0 is not a whole number from 1 on"),
        ("a --number -3", "invalid value for '--number': -3 is not a whole number from 1 on"),
        ("a --number ٣", "invalid value for '--number': ٣ is not a whole number from 1 on"),
        ("a --from -1", "invalid value for '--from': -1 is not a whole number from 0 on"),
        ("a --part 1.1", "invalid value for '--part': 1.1 is not a number from 0 to 1"),
        ("a --part nan", "invalid value for '--part': nan is not a number from 0 to 1"),
        ("a --cut 1", "invalid value for '--cut': 1 is not between 0 and 1"),
        ("refused", "refused: it has two lines."),
        ("missing", "missing: No such file or directory"),
    ],
)
def test_what_can_be_mended_is_told_in_one_line(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    for whole, program, arguments in ((tool, "tool", words.split()), (tools, "tools tool", ["tool", *words.split()])):
        assert run(whole, arguments) == 2
        out, err = capsys.readouterr()
        assert err.startswith(f"{program}: error: {says}") and err.count("\n") == 1 and not out


def test_ctrl_c_says_what_stays(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tool, ["stopped"]) == 130
    assert capsys.readouterr().err == "tool: stopped; do it again\n"


def test_the_code_of_a_command_is_the_programs() -> None:
    assert run(tool, ["some"]) == run(tools, ["tool", "some"]) == 1
    assert run(tool, ["started"]) == 3, "what it starts says itself what is wrong"


def test_help_fills_paragraphs_and_leaves_commands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tool, ["--help"]) == 0
    out = capsys.readouterr().out
    assert "Usage: tool [OPTIONS] FILE...\n" in out and "with care: a paragraph" in out and "\n    tool A B   --kind   x y\n" in out
    assert max(map(len, out.splitlines())) <= 110
    assert out.index("Arguments:") < out.index("Kinds:") < out.index("Options:")
    assert "[x|y|z] ..." in out and "[default: 3]" in out and "[default: where it is]" in out


def test_a_command_of_several_helps_where_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tools, []) == 0
    assert "Commands:\n  tool" in capsys.readouterr().out
    assert run(tools, ["other"]) == 2
    assert capsys.readouterr().err.startswith("tools: error: no such command 'other'")

"""Usage, and the printing of texts."""

import ast
import inspect
import io
import os
import sys

import pytest

from client import AsyncRasmClient, RasmClient, main
from tests.client.replies import GOOD, MODEL, answering, named, raising
from tests.serving import ROOT


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.png", "--timeout", "0"],
        ["a.png", "--timeout", "soon"],
        ["a.png", "--job", "--wait", "0"],
        ["a.png", "--nothing"],
        ["a.png", "-j", "0"],
        ["a.png", "--retries", "-1"],
        ["a.png", "--least-confidence", "1.1"],
        ["a.png", "--digits", "roman"],
        ["-", "-"],
        ["-", "--files-from", "-"],
        ["a.png", "--format", "pdf"],
        ["a.png", "--beside", "--out", "x"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments, transport=raising(AssertionError("no request is due")))
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--timeout", "abc"], "--timeout: 'abc' is not a number of seconds above 0"),
        (["--timeout", "nan"], "--timeout: 'nan' is not a number of seconds above 0"),
        (["-j", "x"], "-j/--concurrency: 'x' is not a whole number of at least 1"),
        (["--least-confidence", "nan"], "--least-confidence: 'nan' is not a number from 0 to 1"),
        (["--retries", "-1"], "--retries: '-1' is not a whole number of at least 0"),
    ],
)
def test_what_is_no_number_is_told_what_is_wanted(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["a.png", *arguments])
    assert says in capsys.readouterr().err


def test_the_first_tab_ends_the_name(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of tables hold tabs themselves, as the help says."""
    results = [{**GOOD, "file": i, "text": "صدر\tعجز"} for i in (0, 1)]
    assert main(images[:2], transport=answering(200, json={"model": MODEL, "results": results})) == 0
    assert [line.split("\t", 1) for line in capsys.readouterr().out.splitlines()] == [[name, "صدر\tعجز"] for name in images[:2]]
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "``cut -f2-`` gives the texts alone" in capsys.readouterr().out


def test_a_list_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--files-from", "missing.txt"]) == 2
    assert capsys.readouterr().err == "client.py: missing.txt: No such file or directory\n"


def test_whoever_reads_the_output_may_have_enough(images: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(images, transport=named([])) == 0


def test_the_command_line_asks_for_nothing_that_a_python_user_has_not() -> None:
    """It uses the client's public methods, so that whatever it does can be done from Python as well."""
    sources = [(ROOT / "rasm_client" / name).read_text(encoding="utf-8") for name in ("cli.py", "inputs.py", "output.py")]
    used = {
        node.attr
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("client", "AsyncRasmClient")
    }
    assert {"read_files", "convert", "map", "submit", "follow", "results", "download", "delete", "job"} == used
    assert all(hasattr(RasmClient, name) for name in used)


def test_both_clients_have_the_same_methods() -> None:
    def public(kind: type) -> dict[str, list[str]]:
        functions = {name: value for name, value in vars(kind).items() if not name.startswith("_") and callable(value)}
        return {name: list(inspect.signature(function).parameters) for name, function in functions.items()}

    assert public(RasmClient) == public(AsyncRasmClient)

"""Every command line of the checkout: its help, and one line where it is asked for what there is not."""

from __future__ import annotations

import importlib

import pytest

from tests.paths import ROOT

SCRIPTS = {
    f"scripts.{path.stem}": f"python -m scripts.{path.stem}"
    for path in sorted((ROOT / "scripts").glob("*.py"))
    if "rasm.command_line" in path.read_text(encoding="utf-8")
}
PROGRAMS = {
    "rasm.cli": "rasm",
    "preprocess": "preprocess.py",
    "train": "train.py",
    "export": "export.py",
    "model.data.align": "python -m model.data.align",
    "model.rendering.__main__": "python -m model.rendering",
    "model.rendering.pages.__main__": "python -m model.rendering.pages",
    "model.finder.__main__": "python -m model.finder",
    "evaluation.__main__": "python -m evaluation",
    "benchmarking.__main__": "python -m benchmarking",
    **SCRIPTS,
    "scripts.adapt": "rasm adapt",
}


def test_scripts_that_take_arguments_are_found() -> None:
    assert len(SCRIPTS) >= 9


@pytest.mark.parametrize("module", PROGRAMS)
def test_help_and_errors_read_alike(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    main = importlib.import_module(module).main
    assert main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: {PROGRAMS[module]} [OPTIONS]") and "\nOptions:\n" in out and not err
    assert "``" not in out and "Namespace" not in out
    assert main(["--nothing"]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"{PROGRAMS[module]}: error: no such option '--nothing'") and err.count("\n") == 1 and not out


def test_one_library_parses_arguments_and_one_file_edits_the_path() -> None:
    """argparse is of the client, which can be copied out; sys.path is edited in manage.py, which Django starts by its path."""
    files = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py") if ".venv" not in path.parts
    }
    del files["tests/test_command_lines.py"]
    assert [name for name, text in files.items() if "import argparse" in text and not name.startswith("rasm_client/")] == []
    assert [name for name, text in files.items() if "sys.path" in text] == ["backend/manage.py"]

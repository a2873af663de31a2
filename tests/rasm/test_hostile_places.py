"""``rasm read`` where somebody else has been before: links where results go, and names that a terminal would obey."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rasm.cli import main
from rasm.command_line import shown
from tests.paths import ROOT

LINE = ROOT / "tests" / "golden" / "figures.png"


@pytest.mark.parametrize("name", ["a.txt", "a.txt.part", "a.alto.xml.part", "a.errors.json", ".rasm-partial/a.jsonl"])
def test_links_that_wait_where_results_go_are_not_followed(name: str, tmp_path: Path) -> None:
    precious, out = tmp_path / "precious", tmp_path / "out"
    precious.write_text("mine")
    shutil.copy(LINE, tmp_path / "a.png")
    (out / name).parent.mkdir(parents=True)
    (out / name).symlink_to(precious)
    assert main(["read", str(tmp_path / "a.png"), "--out", str(out), "--format", "text", "--format", "alto", "--again"]) == 0
    assert precious.read_text() == "mine" and not list(out.glob("*.part"))
    assert (out / "a.txt").stat().st_size and (out / "a.alto.xml").stat().st_size


def test_a_folder_of_logs_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (elsewhere / "a.jsonl").write_text("mine")
    (out / ".rasm-partial").symlink_to(elsewhere)
    shutil.copy(LINE, tmp_path / "a.png")
    assert main(["read", str(tmp_path / "a.png"), "--out", str(out)]) == 0
    assert [(path.name, path.read_text()) for path in elsewhere.iterdir()] == [("a.jsonl", "mine")]


def test_names_that_a_terminal_would_obey_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "a\x1b[2J\n\u202eb.png"
    bad.write_bytes(b"no image")
    for arguments in ([str(bad)], [str(bad), "--out", str(tmp_path / "out")], [str(tmp_path / "\x1b[2Jmissing.png")]):
        assert main(["read", *arguments]) != 0
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err and "\u202e" not in out + err and "\\x1b[2J" in err


SHOWN = {"كتاب ١.png": "كتاب ١.png", "می\u200cخواهم": "می\u200cخواهم", "a\nb": "a\\nb", "\x9b1m": "\\x9b1m", "\ud800": "\\ud800"}


@pytest.mark.parametrize(("text", "words"), SHOWN.items())
def test_what_is_shown(text: str, words: str) -> None:
    assert shown(text) == words

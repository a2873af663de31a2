"""What can be checked of the documentation: links, commands and names in it exist, its Python runs, and its sentences are short."""

import contextlib
import io
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml  # schemathesis brings it along
from PIL import Image

from rasm.document import UNREAD_REASONS, WARNINGS
from tests.paths import GOLDEN, ROOT

ABOVE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "MODEL_CARD.md")  # documents of the root
PATHS = {path.relative_to(ROOT).as_posix(): path for path in [*(ROOT / name for name in ABOVE), *sorted((ROOT / "docs").glob("*.md"))]}
DOCS = {name: path.read_text(encoding="utf-8") for name, path in PATHS.items()}
each_document = pytest.mark.parametrize("name", sorted(DOCS))

MOST_WORDS_OF_README = 700
COMMANDS = ("read", "read-many", "models", "mcp")  # of rasm
SHORTEST = ("README.md", "CONTRIBUTING.md")  # what people read first
LONG_SENTENCE = 25  # words


def prose(text: str) -> list[str]:
    """The sentences of running text: no code, no tables, no targets of links. Inline code counts as a word."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    text = re.sub(r"^(?: {4}|\s*\||<).*$", "", text, flags=re.M)
    text = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "code", text))
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.|#+|>)\s)", text)
    sentences = [s for block in blocks for s in re.split(r"(?<=[.!?;:])\s+(?=[A-Z`*\[(\"c])|(?<=\.)\s+", " ".join(block.split()))]
    return [s for s in sentences if len(s.split()) > 2]


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower()).replace(" ", "-")


@each_document
def test_sentences_are_short(name: str) -> None:
    lengths = [len(sentence.split()) for sentence in prose(DOCS[name])]
    mean, share = (14, 0.06) if name in SHORTEST else (16, 0.1)
    longest = sorted(prose(DOCS[name]), key=lambda sentence: -len(sentence.split()))[:3]
    assert sum(lengths) / len(lengths) <= mean, longest
    assert sum(length > LONG_SENTENCE for length in lengths) / len(lengths) <= share, longest


def test_the_counter_of_words_sees_sentences() -> None:
    """It would be a poor check if it saw none: of this text it has to see three, and neither the code nor the table."""
    text = "# A heading of words\n\nOne `two` [three](four five). Six seven eight: nine.\n\n```\nten eleven twelve\n```\n\n| a | b c |\n"
    assert [len(sentence.split()) for sentence in prose(text)] == [5, 3, 4]


def test_the_readme_is_short() -> None:
    assert len(DOCS["README.md"].split()) <= MOST_WORDS_OF_README


@each_document
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", DOCS[name], flags=re.M | re.S)):
        if re.match(r"[a-z]+:", target):
            continue  # elsewhere: no test needs the network
        path, _, anchor = target.partition("#")
        file = (PATHS[name].parent / path).resolve() if path else PATHS[name]
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.M)
            assert anchor in map(slug, headings), target


@each_document
def test_files_that_are_named_exist(name: str) -> None:
    """Not those of the changelog: it tells what was."""
    if name == "CHANGELOG.md":
        return
    for path in re.findall(r"`((?:rasm|model|backend|evaluation|benchmarking|scripts|tests)/[\w./-]*)`", DOCS[name]):
        assert (ROOT / path).exists(), path


@each_document
def test_commands_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for module in re.findall(r"python -m ([\w.]+)", DOCS[name]):
        assert find_spec(module), module
    for script in re.findall(r"(?:python |^ +)((?:[\w-]+/)*[\w-]+\.py)\b", DOCS[name], re.M):
        assert (ROOT / script).is_file(), script
    for target in re.findall(r"(?:`|^ +|on make |on )make ([a-z-]+)", DOCS[name], re.M):
        assert target in targets, target
    for command in re.findall(r"(?:`|^ +)rasm ([a-z][\w-]*)", DOCS[name], re.M):
        assert command in (*COMMANDS, "adapt"), command  # the last comes with a checkout alone


def test_commands_of_rasm_exist() -> None:
    """Those that the documents name, asked of the command itself."""
    for command in COMMANDS:
        done = subprocess.run([sys.executable, "-m", "rasm", command, "--help"], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr


def test_warnings_and_reasons_are_explained_in_the_words_of_the_library() -> None:
    section = DOCS["docs/pages.md"].partition("## What is not read\n")[2].partition("\n## ")[0]
    tables = re.findall(r"(?<=\|---\|---\|\n)(?:\| `[\w-]+` \| .+ \|\n)+", section)
    assert [dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", table, re.M)) for table in tables] == [UNREAD_REASONS, WARNINGS]


def test_every_document_is_in_the_index() -> None:
    index = DOCS["docs/index.md"]
    assert [name for name in DOCS if name != "docs/index.md" and f"({name.removeprefix('docs/')})" not in index.replace("(../", "(")] == []


def test_the_python_of_the_documents_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Block after block, as a reader would type them, in a folder with the files that they name."""
    pytest.importorskip("flashlight.lib.text", reason="decoder='beam' needs flashlight-text")
    monkeypatch.chdir(tmp_path)
    shutil.copy(GOLDEN / "prose.png", "page.png")
    Path("scans").mkdir()
    shutil.copy(GOLDEN / "heading.png", "scans")
    line = Image.open(GOLDEN / "prose.png").convert("L")
    sheet = Image.new("L", (line.width + 200, 600), 255)
    sheet.paste(line, (100, 250))
    sheet.save("book.pdf")
    for name in ("README.md", "docs/python.md"):
        said, scope = io.StringIO(), {"__name__": name}
        with contextlib.redirect_stdout(said):
            for block in re.findall(r"```python\n(.*?)```", DOCS[name], re.S):
                exec(compile(block, name, "exec"), scope)
        assert (GOLDEN / "prose.gt.txt").read_text(encoding="utf-8").strip() in said.getvalue()
    assert Path("scans/heading.txt").read_text(encoding="utf-8").strip() == (GOLDEN / "heading.gt.txt").read_text(encoding="utf-8").strip()


def test_entries_of_the_changelog_are_short_and_its_versions_dated() -> None:
    text = DOCS["CHANGELOG.md"]
    for entry in re.findall(r"^- (.+(?:\n  .+)*)", text, re.M):
        assert len(entry.split()) <= 25, entry
    versions = re.findall(r"^## (.+)$", text, re.M)
    assert versions[0] == "[Unreleased]" or re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", versions[0])
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])
    assert set(re.findall(r"^### (.+)$", text, re.M)) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_every_pinned_package_is_explained_and_no_other_is() -> None:
    text, pinned = DOCS["docs/dependencies.md"], set()
    for name in ("requirements-serve.txt", "requirements.txt"):
        pinned |= {line.partition("==")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line}
    tables = re.findall(r"^\| ([^|]+) \| [\d.]+ \|", text.partition("**Which server.**")[0], re.M)
    tables += re.findall(r"^\| ([^|]+) \| [\d.]+ \|", text.partition("## Training, measuring, testing")[2], re.M)
    assert {name for row in tables for name in row.split(", ")} == pinned


@each_document
def test_yaml_to_copy_is_yaml(name: str) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", DOCS[name], re.S):
        assert isinstance(yaml.safe_load(block), dict)


@each_document
def test_settings_that_are_named_exist(name: str) -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(ROOT / "backend").rglob("*.py"), *(ROOT / "rasm_client").rglob("*.py"), ROOT / "rasm/cli.py"]
    )
    assert set(re.findall(r"RASM_[A-Z_]+", DOCS[name])) - set(re.findall(r"RASM_[A-Z_]+", code)) == set()


def test_the_documentation_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html")]
    assert len(pages) > len(DOCS)
    for page in pages:  # nothing that a browser would fetch from elsewhere
        assert re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?https?://', page) == []

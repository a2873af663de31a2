"""What can be checked of the documentation without reading it: files to copy can be parsed, and names in it exist."""

import re

import pytest
import yaml  # schemathesis brings it along

from tests.serving import ROOT

DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}


def test_every_pinned_package_is_explained_and_no_other_is() -> None:
    pinned = set()
    for name in ("requirements-serve.txt", "requirements.txt"):
        pinned |= {line.partition("==")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line}
    tables = re.findall(r"^\| ([^|]+) \| [\d.]+ \|", DOCS["dependencies.md"].partition("**Which server.**")[0], re.M)
    tables += re.findall(r"^\| ([^|]+) \| [\d.]+ \|", DOCS["dependencies.md"].partition("## Training, measuring, testing")[2], re.M)
    assert {name for row in tables for name in row.split(", ")} == pinned


@pytest.mark.parametrize("name", sorted(DOCS))
def test_yaml_to_copy_is_yaml(name: str) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", DOCS[name], re.S):
        assert isinstance(yaml.safe_load(block), dict)


@pytest.mark.parametrize("name", sorted(DOCS))
def test_settings_that_are_named_exist(name: str) -> None:
    code = "".join((ROOT / path).read_text(encoding="utf-8") for path in ("backend/config/settings.py", "client.py"))
    assert set(re.findall(r"RASM_[A-Z_]+", DOCS[name])) - set(re.findall(r"RASM_[A-Z_]+", code)) == set()

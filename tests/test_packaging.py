"""The package as pip sees it: what it asks for, what is in the wheel, and that it reads where nothing else of this checkout is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rasm
from tests.paths import GOLDEN, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def wanted(*extras: str) -> dict[str, Requirement]:
    """What the project asks for with these extras, by name."""
    lines = PROJECT["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]
    asked = [Requirement(line) for line in lines]
    inner = {name for requirement in asked if requirement.name == PROJECT["name"] for name in requirement.extras}
    if inner - set(extras):
        return wanted(*extras, *inner)
    return {canonicalize_name(requirement.name): requirement for requirement in asked if requirement.name != PROJECT["name"]}


def pinned(name: str) -> dict[str, str]:
    """The versions of a file of requirements, and of those that it refers to."""
    pins: dict[str, str] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            pins |= pinned(line.removeprefix("-r "))
        elif "==" in line:
            package, _, version = line.partition("==")
            pins[canonicalize_name(package)] = version
    return pins


@pytest.mark.parametrize(
    ("file", "extras"),
    [("requirements-serve.txt", ["serve"]), ("requirements.txt", ["serve", "train", "draw", "postgres", "cluster", "mcp", "ocrmypdf"])],
)
def test_what_is_pinned_is_what_the_project_asks_for(file: str, extras: list[str]) -> None:
    pins = pinned(file)
    for name, requirement in wanted(*extras).items():
        assert requirement.specifier.contains(pins[name]), f"{name} {pins[name]} of {file} is not {requirement}"


def test_serving_is_pinned_to_nothing_else() -> None:
    assert set(pinned("requirements-serve.txt")) == set(wanted("serve"))


@pytest.mark.parametrize("name", ["requirements-serve", "requirements"])
def test_locks_have_the_pinned_versions_and_a_hash_for_each_package(name: str) -> None:
    """When this fails: ``make locks``."""
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    packages = [entry for entry in re.split(r"\n(?=\S)", text) if entry.strip()]
    locked = {canonicalize_name(entry.partition("==")[0]): re.split("[ ;]", entry.partition("==")[2])[0] for entry in packages}
    assert all("--hash=sha256:" in entry for entry in packages)
    assert {package: locked[package] for package in pinned(f"{name}.txt")} == pinned(f"{name}.txt")
    assert "://" not in text  # no index of whoever made it


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="needs hatchling, which requirements.txt pins, to build the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_library_and_its_models_alone(wheel: Path) -> None:
    assert wheel.name == f"rasm_ocr-{rasm.__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < 8e6
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    information = f"rasm_ocr-{rasm.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"rasm", information}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rasm").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {name for name in names if name.startswith("rasm/")} == there
    assert {path.suffix for path in map(Path, there)} == {".py", ".typed", ".onnx", ".klm", ".json", ".jinja"}
    assert {f"{information}/licenses/{name}" for name in ("LICENSE", "NOTICE")} <= names


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it, as pip puts it there; what it depends on is the environment's."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def run(installed: Path, elsewhere: Path, *command: str) -> str:
    """What a command prints, run in another folder than the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_reads_where_nothing_else_of_the_checkout_is(installed: Path, tmp_path: Path) -> None:
    said = run(installed, tmp_path, sys.executable, str(installed / "bin" / "rasm"), "read", str(GOLDEN / "prose.png"), "--threads", "1")
    assert said == (GOLDEN / "prose.gt.txt").read_text(encoding="utf-8")
    assert run(installed, tmp_path, sys.executable, str(installed / "bin" / "rasm"), "--version") == f"rasm {rasm.__version__}\n"


def test_three_lines_of_python_read_without_torch(installed: Path, tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "prose.png", tmp_path / "page.png")
    lines = """
import sys, rasm
document = rasm.read("page.png")
print(document.text)
words = [word.text for page in document.pages for line in page.lines for word in line.words]
print(len(words), rasm.__file__)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "django", "model", "evaluation", "rapidfuzz", "flashlight"}))
"""
    text, words, unwanted = run(installed, tmp_path, sys.executable, "-c", lines).splitlines()
    truth = (GOLDEN / "prose.gt.txt").read_text(encoding="utf-8").strip()
    assert text == truth and words == f"{len(truth.split())} {installed / 'rasm' / '__init__.py'}" and unwanted == "[]"


def test_types_are_told_to_who_uses_it(installed: Path, tmp_path: Path) -> None:
    """py.typed: a checker that sees the installed package alone."""
    (tmp_path / "use.py").write_text("import rasm\n\nreveal_type(rasm.read('page.png').text)\n", encoding="utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\nignore_missing_imports = True\nfollow_imports = silent\n", encoding="utf-8")
    assert 'Revealed type is "str"' in run(installed, tmp_path, sys.executable, "-m", "mypy", "--no-incremental", "use.py").replace(
        "builtins.", ""
    )

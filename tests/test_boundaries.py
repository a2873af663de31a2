"""Who may import whom, of the files that import-linter cannot look into; the rest is the contract in pyproject.toml."""

import ast
import subprocess
import sys

import pytest

from tests.paths import ROOT


def imported(name: str) -> set[str]:
    """The packages that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_the_client_can_be_copied_out() -> None:
    """It and its folder."""
    files = ["client.py", *(str(path.relative_to(ROOT)) for path in (ROOT / "rasm_client").rglob("*.py"))]
    assert set().union(*map(imported, files)) - sys.stdlib_module_names == {"httpx", "rasm_client"}


@pytest.mark.parametrize(
    "module",
    [
        "preprocess",
        "model.data.align",
        "model.rendering.__main__",
        "model.rendering.pages.__main__",
        "evaluation.__main__",
        "benchmarking.__main__",
        "rasm.cli",
        "client",
    ],
)
def test_only_what_trains_imports_torch(module: str) -> None:
    check = f"import sys, {module}; print({{'torch', 'django'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize("package", ["backend/reading", "backend/jobs"])
def test_what_reads_and_what_keeps_jobs_know_no_http(package: str) -> None:
    """import-linter looks at packages such as django as a whole."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            assert not [name for name in names if name.startswith(("django.http", "django.urls", "http", "httpx"))], path

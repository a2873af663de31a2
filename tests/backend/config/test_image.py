"""The image, built for real from Dockerfile with buildah, without a registry: its base is a Debian that debootstrap makes, its packages are
wheels that pip fetches here. What it starts reads a line.

It takes some four minutes on a busy machine, and is skipped where it cannot be done.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml  # schemathesis brings it along

from tests.paper import golden_text
from tests.paths import GOLDEN, ROOT
from tests.serving import free_port

SUITE = "bookworm"
PACKAGES = "python3,python3-venv"
PYTHON = "3.11"  # of that suite
CAN_BUILD = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("buildah") and shutil.which("debootstrap")


def done(*command: str | Path, why: str = "", **variables: str) -> str:
    """What a command says. Where it fails the test does, or is skipped, if there is a reason why it may."""
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True)
    if ran.returncode and why:
        pytest.skip(f"{why}: {(ran.stderr or ran.stdout).strip()[-300:]}")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout.strip()


def mirror() -> str:
    """Where this machine's apt gets Debian from."""
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt").glob("sources.list.d/*")]
    text = "\n".join(path.read_text() for path in files if path.is_file())
    found = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?) *(\S+/debian/?)(?:\s|$)", text, re.M)
    return found[1] if found else ""


class Buildah:
    """buildah with a store of its own, without a daemon and without namespaces."""

    def __init__(self, folder: Path) -> None:
        self._command = ("buildah", "--root", str(folder / "store"), "--runroot", str(folder / "run"))
        self._variables = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}

    def __call__(self, *arguments: str | Path) -> str:
        return done(*self._command, *arguments, **self._variables)

    @contextlib.contextmanager
    def running(self, container: str, log: Path, *command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self._command, "run", *given, container, "--", *command],
                env={**os.environ, **self._variables},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's, which keeps some gigabytes of each of the last three runs."""
    with tempfile.TemporaryDirectory(prefix="rasm-image-") as name:
        yield Path(name)


@pytest.mark.skipif(not CAN_BUILD, reason="needs buildah and debootstrap (Debian: both are packages), and root")
def test_the_image_is_built_and_what_it_starts_reads_a_line(folder: Path) -> None:
    # apart from the service, lest it be built for nothing
    pip = ("python3", "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--python-version", PYTHON)
    packages = re.findall(r'-r /tmp/(\S+) "(psycopg\S+)"', (ROOT / "Dockerfile").read_text())[0]
    done(*pip, "-r", packages[0], packages[1], "--dest", folder / "wheels", why="pip could not fetch the wheels")
    root = folder / "root"
    done("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root, mirror(), why="debootstrap could not make a base")
    buildah = Buildah(folder)
    base = buildah("from", "scratch")
    buildah("add", "--quiet", base, root, "/")
    buildah("commit", "--quiet", "--rm", base, "base")
    shutil.rmtree(root)
    options = "--no-index --find-links /wheels"
    mounted = ("--volume", f"{folder / 'wheels'}:/wheels:ro")
    buildah(
        "bud",
        "--quiet",
        "--format",
        "docker",
        "--build-arg",
        "BASE=localhost/base",
        "--build-arg",
        f"PIP_OPTIONS={options}",
        *mounted,
        "-t",
        "rasm",
        ".",
    )

    config = json.loads(buildah("inspect", "--type", "image", "localhost/rasm"))["Docker"]["config"]
    assert config["User"] == "rasm" and config["Volumes"] == {"/data": {}}
    container, port = buildah("from", "localhost/rasm"), free_port()
    with buildah.running(container, folder / "log", *config["Cmd"], PORT=str(port), WEB_CONCURRENCY="1") as process:
        with httpx.Client(base_url=f"http://localhost:{port}", trust_env=False, timeout=60) as client:
            deadline = time.monotonic() + 120
            status = 0
            while status != 200 and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.2)
                with contextlib.suppress(httpx.HTTPError):
                    status = client.get("/health/ready").status_code
            assert status == 200, (folder / "log").read_text()[-3000:]
            files = [("files", ("line.png", (GOLDEN / "figures.png").read_bytes()))]
            assert client.post("/api/v1/ocr", files=files).status_code == 401  # others may reach what listens everywhere
            key = buildah("run", container, "--", "python", "backend/manage.py", "apikey", "create", "test")
            reply = client.post("/api/v1/ocr", files=files, headers={"X-API-Key": key})
            assert reply.json()["results"][0]["text"] == golden_text("figures")
            buildah("run", "--env", f"PORT={port}", container, "--", *config["Healthcheck"]["Test"][1:])
        said = buildah("run", container, "--", "sh", "-c", "id -u; stat -c %u:%a /data /data/.secret-key")
        assert said.split() == ["10001", "10001:755", "10001:600"]
        with pytest.raises(AssertionError, match="Permission denied"):
            buildah("run", container, "--", "touch", "/app/backend/mine")


def test_compose_starts_service_worker_and_database_of_the_one_image() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert services.keys() == {"database", "service", "worker"}
    assert services["service"]["image"] == services["worker"]["image"] and services["service"]["build"] == "."
    assert services["service"]["environment"]["RASM_JOB_WORKERS"] == 0
    assert services["worker"]["command"] == ["python", "backend/manage.py", "jobs", "work"]
    ours = [services[name]["environment"]["DATABASE_URL"] for name in ("service", "worker")]
    assert len(set(ours)) == 1 and all(
        "${POSTGRES_PASSWORD:?" in value for value in (*ours, services["database"]["environment"]["POSTGRES_PASSWORD"])
    )


def test_only_what_the_image_needs_is_sent_to_its_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.M) for word in line.split()[:-1]}
    assert "*" in ignored and kept == copied


def test_the_driver_of_the_image_is_the_one_that_is_tested() -> None:
    [version] = re.findall(r"psycopg\[binary\]==([\d.]+)", (ROOT / "Dockerfile").read_text())
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    assert f"psycopg=={version}" in pins and f"psycopg-binary=={version}" in pins

"""The running service keeps what its OpenAPI schema says, whatever schemathesis thinks of: all checks, no failure.

At length, against a service that is running:

    PYTHONPATH=. SCHEMATHESIS_HOOKS=tests.schemathesis_hooks .venv/bin/schemathesis run http://127.0.0.1:8000/api/openapi.json \\
        --checks all --max-examples 1000 --suppress-health-check all
"""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.serving import ROOT, Service


def test_no_failure_with_all_checks(service: Service, tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("schemathesis"), "--no-color", "run", service.url + "/api/openapi.json", "--checks", "all"]
    options = ["--max-examples", "3", "--generation-deterministic", "--suppress-health-check", "all", "--warnings", "off"]
    variables = {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    done = subprocess.run([*command, *options], cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with httpx.Client(base_url=service.url, trust_env=False) as client:  # other tests look at this service's jobs
        while jobs := client.get("/api/v1/jobs").json()["jobs"]:
            for job in jobs:
                client.delete(f"/api/v1/jobs/{job['id']}")

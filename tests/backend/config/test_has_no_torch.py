"""Serving never needs torch: neither the imports of a request nor the process of the real server have it."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving import ROOT, Service, environment, line_png

ANSWER_ONE_REQUEST = """
import sys
from pathlib import Path
import backend.config.wsgi
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

reply = Client(headers={"host": "localhost"}).post("/api/v1/ocr", {"files": SimpleUploadedFile("a.png", Path(sys.argv[1]).read_bytes())})
assert reply.status_code == 200 and reply.json()["results"][0]["text"], reply.content
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
TRAINING_ONLY = {"torch", "torchvision", "onnx", "uharfbuzz", "freetype", "fontTools", "tensorboard"}


def test_a_request_imports_nothing_of_training(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    image.write_bytes(line_png())
    command = [sys.executable, "-c", ANSWER_ONE_REQUEST, str(image)]
    done = subprocess.run(command, cwd=ROOT, env=environment(LOG_LEVEL="ERROR"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert "onnxruntime" in imported
    assert not imported & TRAINING_ONLY


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what a process has mapped")
def test_the_real_server_has_not_loaded_torch(service: Service) -> None:
    reply = httpx.post(f"{service.url}/api/v1/ocr", files=[("files", ("a.png", line_png()))], trust_env=False)
    assert reply.json()["results"][0]["text"]
    workers = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    assert workers
    for pid in workers:
        mapped = Path(f"/proc/{pid}/maps").read_text()
        assert "onnxruntime" in mapped
        assert "torch" not in mapped

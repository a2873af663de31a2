"""The whole way on a small scale: render, prepare, train, export, serve, read. Under five minutes on two cores.

    make train-demo

It trains on rendered proverbs in one typeface, so that the model it makes is of no use beyond showing that every step
works. Everything is written to ``runs/demo``. The typeface is DejaVu Sans from matplotlib's wheel: a fresh machine may
have no other with Arabic letters.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import matplotlib

from rasm import command_line
from rasm.command_line import command
from rasm.errors import RasmError

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "runs" / "demo"
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
TEXT = ROOT / "examples" / "text"


@command("python -m scripts.train_demo", __doc__)
def demo() -> int:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    started = time.monotonic()
    synthesize = ["-m", "model.rendering", "--text", str(TEXT), "--fonts", str(FONT), "--max-characters", "14"]
    run(*synthesize, "--out", str(OUT / "lines" / "a"), "--count", "3000", "--seed", "1")
    run(*synthesize, "--out", str(OUT / "lines" / "b"), "--count", "150", "--seed", "2")
    run("preprocess.py", str(OUT / "lines" / "a"), "--out", str(OUT / "train"))
    run("preprocess.py", str(OUT / "lines" / "b"), "--out", str(OUT / "val"))
    run(
        "train.py", str(OUT / "train"), "--val", str(OUT / "val"), "--out", str(OUT / "run"), "--minutes", "2.5", "--steps", "4000",
        "--learning-rate", "4e-3", "--columns-per-batch", "6144", "--bucket-px", "64", "--max-width-px", "512", "--validate-every", "150",
        "--augment-share", "0", "--lstm-size", "64", "--channels", "16", "32", "32", "64", "--projection", "96", "--dropout", "0",
    )  # fmt: skip
    run("export.py", str(OUT / "run" / "best.pt"), "--out", str(OUT / "demo.onnx"), "--arrays", str(OUT / "val"))
    images = [OUT / "lines" / "b" / f"{n:07d}.png" for n in range(8)]
    readings = serve_and_read(OUT / "demo.onnx", images)
    for image, reading in zip(images, readings, strict=True):
        truth = image.with_suffix(".gt.txt").read_text(encoding="utf-8").strip()
        print(f"{image.name}  says: {truth}\n{'':13}read: {reading}")
    print(f"{time.monotonic() - started:.0f} s in all; everything is in {OUT.relative_to(ROOT)}")
    return 0 if any(readings) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    return command_line.run(demo, arguments)


def run(*arguments: str) -> None:
    print("\n$ python " + " ".join(a.replace(str(ROOT) + "/", "") for a in arguments), flush=True)
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT)


def serve_and_read(model: Path, images: list[Path]) -> list[str]:
    """Start the service with ``model``, post ``images`` by client.py, stop it again; what it read."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "RASM_MODEL": str(model), "DATABASE_URL": f"sqlite:///{OUT / 'demo.sqlite3'}"}
    print(f"\n$ RASM_MODEL={model.relative_to(ROOT)} python backend/manage.py runserver {port}", flush=True)
    command = [sys.executable, "backend/manage.py", "runserver", "--noreload", str(port)]
    service = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/health/ready", service)
        print(f"$ python client.py {images[0].parent.relative_to(ROOT)}/*.png --url http://127.0.0.1:{port}\n", flush=True)
        command = [sys.executable, "client.py", *map(str, images), "--url", f"http://127.0.0.1:{port}"]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return [row.partition("\t")[2] for row in done.stdout.splitlines()]
    finally:
        service.terminate()
        service.wait()


def wait_until_ready(url: str, service: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if service.poll() is not None:
            raise RasmError("the service ended before it was ready: start it by hand to see why")
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise RasmError("the service was not ready within two minutes")


if __name__ == "__main__":
    sys.exit(main())

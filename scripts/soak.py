"""The service for hours, asked for good and bad things at once: its memory and its descriptors level off, and nothing is a fault.

    python -m scripts.soak [--minutes 240] [--processes 2] [--clients 8] [--rate 0] [--pages 0]

Lines, pages, PDFs, TIFFs, jobs, documents and corrected ones, and beside them bytes at random, spoilt images, bodies that break off or are
larger than they say, odd addresses and headers. Each tenth of the time a row tells, of all processes of the server: the memory of the
largest and of all, open descriptors, and replies by status. ``--pages``: so many scans of A4 in colour from 100 clients at once before,
and what a process holds when it rests.

Exit codes: 0 · 1 a fault (500), no answer to a sound request, or more memory or descriptors in the last rows than half-way.
"""

from __future__ import annotations

import io
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlparse

import httpx
import numpy as np
from PIL import Image

from benchmarking.service import running
from rasm.command_line import command, option, positive, run
from rasm.command_line import count as counting
from rasm.weights import SHIPPED_MODEL

ROOT = Path(__file__).resolve().parents[1]
LINE = ROOT / "tests" / "golden" / "prose.png"
ROWS = 10
SCAN_PX = (2480, 3508)  # A4 at 300 dots an inch, in colour
REST_S = 10.0  # after which what can be given back has been
MOST_GROWTH_MB, MOST_GROWTH_FILES = 60.0, 20  # between the middle and the end, of all processes
PATIENCE_S = 300.0
LOAD_PATIENCE_S = 3600.0  # of a page among a hundred, on a machine that others want too
JOB_S = 20.0  # every second job is waited for as long, or until it is done


class Kinds:
    """What is sent: each draws from the numbers of its own client."""

    def __init__(self, url: str) -> None:
        self.url, self.address = url, (urlparse(url).hostname or "", urlparse(url).port or 80)
        line = Image.open(LINE).convert("L")
        page = Image.new("L", (line.width + 200, 24 * (line.height + 20)), 255)
        for i in range(22):
            page.paste(line, (100 - i % 40, 40 + i * (line.height + 20)))
        self.line, self.page, self.scan = saved(line, "PNG"), saved(page, "PNG"), saved(page.convert("RGB").resize(SCAN_PX), "JPEG")
        self.pdf = saved(page, "PDF", save_all=True, append_images=[line])
        self.tiff = saved(line, "TIFF", save_all=True, append_images=[line] * 3)
        self.document = b""  # what was read, as the page at / sends it back; the first who corrects asks for it
        self.good: list[Callable[[httpx.Client, random.Random], int]] = [
            lambda client, rng: self._post(client, "/api/v1/ocr", self.line),
            lambda client, rng: self._post(client, "/api/v1/ocr", self.tiff, format=rng.choice(["json", "alto", "page", "pdf"])),
            lambda client, rng: self._post(client, "/api/v1/ocr", self.page) if rng.random() < 0.2 else 200,
            lambda client, rng: self._post(client, "/api/v1/ocr", self.pdf, mode="line") if rng.random() < 0.2 else 200,
            lambda client, rng: client.get(self.url + rng.choice(["/", "/api/v1/models", "/metrics", "/health/ready"])).status_code,
            lambda client, rng: self._post(client, "/api/v1/ocr/document", self.line, format=rng.choice(["docx", "html", "xlsx", "hocr"])),
            self._corrected,
            self._job,
        ]
        self.bad: list[Callable[[httpx.Client, random.Random], int]] = [
            lambda client, rng: self._post(client, "/api/v1/ocr", rng.randbytes(rng.randrange(3000))),
            lambda client, rng: self._post(client, rng.choice(["/api/v1/ocr", "/api/v1/jobs", "/ocr"]), self._spoilt(rng)),
            lambda client, rng: self._raw(self._body(rng)[: -rng.randrange(1, 500)], rng),
            lambda client, rng: self._raw(self._body(rng) + rng.randbytes(50), rng),
            lambda client, rng: self._raw(rng.randbytes(rng.randrange(1, 400)), rng, head=b""),
            lambda client, rng: client.get(self.url + "/api/v1/jobs/" + rng.choice(["x", "0" * 32, "x/result?format=pdf"])).status_code,
            lambda client, rng: self._write(client, self._spoilt(rng, [self.document]), rng),
            lambda client, rng: self._post(client, "/api/v1/ocr", self.tiff, pages=rng.choice(["1-999999999", "9-1", "0", "1,2,3-", "x"])),
            lambda client, rng: client.get(self.url, headers={"Accept": "text/plain; a*=nosuch''%41"}).status_code,
        ]

    def _spoilt(self, rng: random.Random, of: Sequence[bytes] = ()) -> bytes:
        data = bytearray(rng.choice(of or [self.line, self.pdf, self.tiff]) or b"{}")
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data[: rng.randrange(1, len(data))] if rng.random() < 0.3 else data)

    def _post(self, client: httpx.Client, path: str, data: bytes, **options: str) -> int:
        field = "file" if path == "/ocr" else "files"
        reply = client.post(self.url + path, files={field: ("a", data)}, data=options)
        if reply.status_code == 202:  # a job that nobody deletes counts against the next ones
            client.delete(self.url + reply.headers["Location"])
        return reply.status_code

    def _corrected(self, client: httpx.Client, rng: random.Random) -> int:
        if not self.document:
            reply = client.post(self.url + "/api/v1/ocr", files={"files": ("a.png", self.line)}, data={"detail": "characters"})
            if reply.status_code != 200:
                return reply.status_code
            results = reply.json()["results"]
            results[0]["lines"][0]["text_as_read"] += " 12"
            self.document = json.dumps({"results": results}).encode()
        return self._write(client, self.document, rng, self.line)

    def _write(self, client: httpx.Client, document: bytes, rng: random.Random, file: bytes = b"") -> int:
        files = {"document": ("a.json", document)} | ({"file": ("a.png", file)} if file else {})
        kinds = ["json", "docx", "html", *(["pdf"] if file else [])]
        return client.post(self.url + "/api/v1/documents", files=files, data={"format": rng.choice(kinds)}).status_code

    def _job(self, client: httpx.Client, rng: random.Random) -> int:
        sent = client.post(self.url + "/api/v1/jobs", files={"files": ("a.tif", self.tiff)})
        if sent.status_code != 202:
            return sent.status_code
        job = self.url + sent.headers["Location"]
        deadline = time.monotonic() + rng.choice([0.0, JOB_S])
        while client.get(job).json().get("state") != "done" and time.monotonic() < deadline:
            time.sleep(1)
        client.get(job + "/result", params={"format": rng.choice(["json", "text", "pdf"])})
        return client.delete(job).status_code

    def _body(self, rng: random.Random) -> bytes:
        return b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + self._spoilt(rng) + b"\r\n--b--\r\n"

    def _raw(self, body: bytes, rng: random.Random, head: bytes | None = None) -> int:
        """These very bytes, and away before an answer now and then; 0: none came."""
        if head is None:
            length = len(body) + rng.choice([0, 0, 5, 5000])
            head = b"POST /api/v1/ocr HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            head += b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" % length
        with socket.create_connection(self.address, timeout=2) as connection:
            try:
                connection.sendall(head + body)
                if rng.random() < 0.5:
                    return 0
                reply = connection.recv(65536)
            except OSError:
                return 0
        return int(reply.split()[1]) if reply.startswith(b"HTTP/") else 0


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def processes(pid: int) -> list[int]:
    """It and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in processes(int(child)))]


def held(pid: int) -> tuple[float, float, int]:
    """Megabytes of the largest process and of all, and their descriptors."""
    sizes, files = [], 0
    for one in processes(pid):
        try:
            sizes.append(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20)
            files += len(os.listdir(f"/proc/{one}/fd"))  # noqa: PTH208  (a count alone)
        except OSError:  # it has ended meanwhile
            continue
    return max(sizes), sum(sizes), files


def ask(kinds: Kinds, number: int, until: float, every_s: float, counts: Counter[int], faults: list[str]) -> None:
    """One client, until that time, with a request every so often at most."""
    rng = random.Random(number)
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
        while (began := time.monotonic()) < until:
            is_good = rng.random() < 0.5
            kind = rng.choice(kinds.good if is_good else kinds.bad)
            try:
                status = kind(client, rng)
            except (httpx.HTTPError, OSError) as e:
                status = 0
                if is_good:
                    faults.append(f"no answer to a sound request: {type(e).__name__}")
            counts[status] += 1
            if status >= 500 and status != 503:
                faults.append(f"status {status}")
            time.sleep(max(0.0, min(until, began + every_s) - time.monotonic()))


def load(kinds: Kinds, pages: int, pid: int) -> None:
    """Tell what the processes hold before, at their peak and at rest."""
    peak = before = held(pid)
    is_over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_over.wait(0.5):
            peak = max(peak, held(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()

    def send(_: int) -> int:
        with httpx.Client(trust_env=False, timeout=LOAD_PATIENCE_S) as client:
            while (status := client.post(kinds.url + "/api/v1/ocr", files={"files": ("a.jpg", kinds.scan)}).status_code) == 503:
                time.sleep(1)
            return status

    with ThreadPoolExecutor(100) as pool:
        statuses = Counter(pool.map(send, range(pages)))
    time.sleep(REST_S)
    is_over.set()
    watcher.join()
    after = held(pid)
    for name, (largest, together, files) in (("idle", before), ("at its peak", peak), ("at rest after", after)):
        print(f"{name}: the largest process {largest:.0f} MB, all {together:.0f} MB, {files} descriptors", flush=True)
    print(f"{pages} pages from 100 clients: {dict(statuses)}", flush=True)


@command("python -m scripts.soak", __doc__)
@option("--minutes", type=float, default=240.0, metavar="N", help="How long.")
@option("--processes", "count", type=positive, default=2, metavar="N", help="Of the server.")
@option("--clients", type=positive, default=8, metavar="N", help="At once.")
@option("--rate", type=float, default=0.0, metavar="N", help="Requests a second at most, of all together; 0: as many as there is time for.")
@option("--pages", type=counting, default=0, metavar="N", help="Sent by 100 clients at once before.")
def soak(minutes: float, count: int, clients: int, rate: float, pages: int) -> int:
    faults: list[str] = []
    rows: list[tuple[float, float, int]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running(None, SHIPPED_MODEL, Path(folder), WEB_CONCURRENCY=str(count), RASM_JOB_WORKERS="1") as (
            url,
            pid,
        ),
    ):
        assert pid is not None
        kinds = Kinds(url)
        if pages:
            load(kinds, pages, pid)
        print(f"{'minutes':>8} {'largest MB':>11} {'all MB':>8} {'descriptors':>12}  replies by status", flush=True)
        for row in range(ROWS if minutes else 0):
            counts: Counter[int] = Counter()
            until = time.monotonic() + 60 * minutes / ROWS
            with ThreadPoolExecutor(clients) as pool:
                for number in range(clients):
                    pool.submit(ask, kinds, row * clients + number, until, clients / rate if rate else 0.0, counts, faults)
            time.sleep(min(REST_S, 6 * minutes))
            rows.append(held(pid))
            largest, together, files = rows[-1]
            replies = " ".join(f"{status or 'none'}:{n}" for status, n in sorted(counts.items()))
            print(f"{minutes * (row + 1) / ROWS:8.1f} {largest:11.0f} {together:8.0f} {files:12d}  {replies}", flush=True)
    if rows:
        middle, end = (np.median(part, axis=0) for part in (rows[ROWS // 2 - 2 : ROWS // 2 + 1], rows[-3:]))
        if end[1] - middle[1] > MOST_GROWTH_MB or end[2] - middle[2] > MOST_GROWTH_FILES:
            faults.append(f"{middle[1]:.0f} MB and {middle[2]:.0f} descriptors half-way, {end[1]:.0f} and {end[2]:.0f} at the end")
    for fault, times in Counter(faults).most_common():
        print(f"python -m scripts.soak: {times} x {fault}", file=sys.stderr)
    return 1 if faults else 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run(soak, arguments)


if __name__ == "__main__":
    sys.exit(main())

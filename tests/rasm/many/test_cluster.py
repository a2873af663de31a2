"""rasm read-many on a real Ray cluster of two nodes, with a real S3 server: what is read, and what fails in between."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarking.machine import ROOT
from rasm import cli
from rasm.document import Page, PageError
from rasm.errors import TargetFailed
from rasm.pages.files import PageFile
from tests.backend.small_disk import filled, small_disk
from tests.rasm.many.test_places import PNG, book, job

ray = pytest.importorskip("ray", reason="needs Ray, of the extra cluster")
pytest.importorskip("pyarrow", reason="needs pyarrow, of the extra cluster")
duckdb = pytest.importorskip("duckdb", reason="needs duckdb, which requirements.txt pins")
moto = pytest.importorskip("moto.server", reason="needs moto, which requirements.txt pins, as an S3 server")

from ray.cluster_utils import Cluster  # noqa: E402

from rasm.many.reading import Done, Task, Worker  # noqa: E402
from rasm.many.run import MOST_TRIES, Run, Tally  # noqa: E402
from rasm.many.sources import Sources, open_place  # noqa: E402

BOOKS, PAGES = 5, 3  # documents of so many pages: enough that some are left when something fails
ALL = Counter((f"{number}.pdf", page) for number in range(BOOKS) for page in range(1, PAGES + 1))
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def s3() -> Iterator[None]:
    """A server for S3, and a bucket in it; the processes of the cluster know where it is from their environment."""
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    said = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "rasm", "AWS_SECRET_ACCESS_KEY": "rasm"}
    said |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in said.items():
            patch.setenv(name, value)
        system, _ = open_place("s3://scans/")
        type(system)(allow_bucket_creation=True, endpoint_override=said["AWS_ENDPOINT_URL"]).create_dir("scans")
        yield
    server.stop()


@pytest.fixture(scope="module")
def cluster(s3: None) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # beside other work on the machine Ray's 15 is standing still, and the memory that it takes ends our processes
        patch.setenv("RAY_worker_niceness", "0")
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")
        cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        cluster.add_node(**NODE)
        yield cluster
        cluster.shutdown()


@pytest.fixture
def connected(cluster: Any) -> Iterator[Any]:
    ray.init(address=cluster.address, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(BOOKS):
        (folder / f"{number}.pdf").write_bytes(book(PAGES))
    return folder


def in_tables(out: Path) -> Counter[tuple[str, int]]:
    """How often each page of each document is in the tables."""
    return Counter(duckdb.sql(f"SELECT document, page FROM '{out}/pages/*.parquet'").fetchall())


class Watched:
    """Processes that write down what they read. before: what is done before each page, with the document's name and the page's index."""

    def __init__(self, log: Path, before: Callable[[str, int], None] = lambda name, index: None) -> None:
        self._log = log

        class Watching(Worker):  # within a function, so that Ray sends it as it is
            def do(self, task: Task, data: bytes | None = None) -> Done:
                self._name = task.item.name
                return super().do(task, data)

            def page(self, file: PageFile, index: int) -> Page | PageError:
                before(self._name, index)
                with log.open("a", encoding="utf-8") as lines:
                    lines.write(f"{self._name}/{index + 1}\n")
                return super().page(file, index)

        self.worker = Watching

    def read(self) -> Counter[tuple[str, int]]:
        """How often each page was read since the last time."""
        lines = [line.split("/") for line in self._log.read_text(encoding="utf-8").splitlines()]
        self._log.unlink()
        return Counter((name, int(page)) for name, page in lines)


def run(connected: Any, scans: Path, out: Path, told: Callable[[Tally], None] = lambda tally: None, **options: Any) -> Tally:
    return Run(connected, job(out), Sources([str(scans)], str(out)), None, told, **options)()


def test_from_s3_to_s3(cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("1.png", PNG)
    system, path = open_place("s3://scans/in")
    given = {"a.pdf": book(10), "b.zip": (tmp_path / "b.zip").read_bytes(), "broken.png": b"\x89PNG broken"}
    for name, data in given.items():
        with system.open_output_stream(f"{path}/{name}") as file:
            file.write(data)
    command = ["read-many", "s3://scans/in", "--out", "s3://scans/out", "--format", "text", "parquet", "--address", cluster.address]
    assert cli.main(command) == 1
    told = capsys.readouterr()
    assert "3 documents read (11 pages" in told.out and "broken.png: page 1: the image is broken" in told.err
    found = {info.path.removeprefix("scans/out/") for info in system.get_file_info(_below("scans/out"))}
    assert {"a.pdf.txt", "b.zip/1.png.txt", "broken.png.errors.json", "report.html"} <= found
    assert not any("rasm-partial" in name for name in found)
    for name in found:  # DuckDB reads S3 by an extension that it would fetch
        if name.endswith(".parquet"):
            copy = tmp_path / name
            copy.parent.mkdir(exist_ok=True)
            with system.open_input_file(f"scans/out/{name}") as file:
                copy.write_bytes(file.read())
    (query,) = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "scale.md").read_text(encoding="utf-8"), re.DOTALL)
    found = duckdb.sql(query.replace("'texts/", f"'{tmp_path}/")).fetchall()
    assert sorted((document, lines) for document, _, lines in found) == [("a.pdf", 10), ("b.zip/1.png", 1)]
    assert sum(in_tables(tmp_path).values()) == 12
    with system.open_input_file("scans/out/a.pdf.txt") as file:
        assert file.read().count(b"\f") == 9
    with system.open_input_file("scans/out/report.html") as file:
        assert b"broken.png" in file.read()
    assert cli.main(command) == 1
    told = capsys.readouterr()
    assert "0 documents read (0 pages" in told.out and "3 there already" in told.out and "broken.png" in told.err


def _below(folder: str) -> Any:
    from pyarrow import fs

    return fs.FileSelector(folder, recursive=True)


def test_what_is_stopped_goes_on_and_reads_no_page_twice(connected: Any, scans: Path, tmp_path: Path) -> None:
    def stop(tally: Tally) -> None:
        if tally.pages >= PAGES:
            raise KeyboardInterrupt

    out, watched = tmp_path / "out", Watched(tmp_path / "log")
    with pytest.raises(KeyboardInterrupt):
        run(connected, scans, out, stop, worker=watched.worker)
    before, _ = in_tables(out), watched.read()
    assert 0 < len(before) < len(ALL)
    tally = run(connected, scans, out, worker=watched.worker)
    assert tally.there_already * PAGES + tally.pages == len(ALL) and tally.there_already
    assert watched.read() == ALL - before
    assert in_tables(out) == ALL and len(list(out.glob("*.txt"))) == BOOKS


def test_a_node_that_is_lost_loses_no_page(connected: Any, cluster: Any, scans: Path, tmp_path: Path) -> None:
    up = tmp_path / "up"
    up.mkdir()

    def slow(name: str, index: int) -> None:
        """Until both nodes are at it, neither goes on."""
        (up / str(os.getpid())).touch()
        while len(list(up.iterdir())) < 2:
            time.sleep(0.05)
        time.sleep(0.3)

    lost: list[Any] = []

    def lose(tally: Tally) -> None:
        if tally.pages and not lost:
            lost.append(cluster.list_all_nodes()[-1])
            cluster.remove_node(lost[0], allow_graceful=False)  # without a word, as a machine whose plug is pulled
        if tally.deaths:
            raise KeyboardInterrupt

    out, watched = tmp_path / "out", Watched(tmp_path / "log", slow)
    with pytest.raises(KeyboardInterrupt):
        run(connected, scans, out, lose, worker=watched.worker)
    before, _ = in_tables(out), watched.read()
    assert lost and len(before) < len(ALL)
    tally = run(connected, scans, out, worker=watched.worker)
    cluster.add_node(**NODE)
    assert not tally.failures and tally.most_processes == 1
    assert watched.read() == ALL - before
    assert in_tables(out) == ALL and len(list(out.glob("*.txt"))) == BOOKS


def test_a_process_that_is_killed_and_a_page_that_ends_each(connected: Any, scans: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"

    def end(name: str, index: int) -> None:
        once = name == "2.pdf" and not killed.exists()
        if once:
            killed.touch()
        if once or (name, index) == ("1.pdf", 1):
            os.kill(os.getpid(), signal.SIGKILL)

    out, watched = tmp_path / "out", Watched(tmp_path / "log", end)
    tally = run(connected, scans, out, worker=watched.worker)
    assert [(name, error.number, error.code) for name, error in tally.failures] == [("1.pdf", 2, "worker_ended")]
    assert tally.deaths == MOST_TRIES + 1 and in_tables(out) == ALL
    text = (out / "1.pdf.txt").read_text(encoding="utf-8").split("\f")
    assert [bool(page.strip()) for page in text] == [True, False, True]
    assert "3 tries" in (out / "1.pdf.errors.json").read_text()
    assert [name for name, _ in run(connected, scans, out, worker=watched.worker).failures] == ["1.pdf"]  # told again, and not tried


def test_a_full_disk_stops_the_run(connected: Any, scans: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        with filled(disk), pytest.raises(TargetFailed, match="No space left"):
            run(connected, scans, disk / "out")
        run(connected, scans, disk / "out")
        assert in_tables(disk / "out") == ALL and len(list((disk / "out").glob("*.txt"))) == BOOKS


def test_ctrl_c_ends_the_command_and_its_ray(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "rasm", "read-many", str(scans), "--out", str(out), "--workers", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while process.poll() is None and not list(out.glob("*.txt")):
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and told.strip().endswith("goes on from here"), told
    assert 0 < len(list(out.glob("*.txt"))) < BOOKS
    assert not [pid for pid in _processes() if _session(pid) == process.pid]


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0

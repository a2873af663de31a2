"""rasm read-many without Ray: what is found in sources, how targets and tables are written, and what one process does."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import cv2
import pytest

from rasm.document import Page, PageError
from rasm.errors import ConfigError, TargetFailed
from rasm.formats.searchable_pdf import SearchablePdf
from rasm.pages.files import PageFile
from rasm.results import Settings
from rasm.workers import Opening
from tests.paper import GOLDEN, golden_text

pa = pytest.importorskip("pyarrow", reason="needs pyarrow, of the extra cluster")
pq = pytest.importorskip("pyarrow.parquet")
duckdb = pytest.importorskip("duckdb", reason="needs duckdb, which requirements.txt pins")

from rasm.many.reading import PAGES_A_TASK, Job, Task, Worker, tasks_of  # noqa: E402
from rasm.many.sources import Item, Sources, open_place  # noqa: E402
from rasm.many.tables import SCHEMAS, tables_of  # noqa: E402
from rasm.many.target import PARTIAL, Held, Target  # noqa: E402

PNG = (GOLDEN / "figures.png").read_bytes()


def book(pages: int) -> bytes:
    """A PDF of pictures of one line."""
    page = cv2.copyMakeBorder(cv2.imread(str(GOLDEN / "figures.png")), 100, 100, 40, 40, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    pdf = SearchablePdf()
    for number in range(1, pages + 1):
        pdf.add(Page(number, page.shape[1], page.shape[0], []), page)
    return pdf.finish()


def job(target: Path, formats: tuple[str, ...] = ("text",), tables: bool = True, **settings: Any) -> Job:
    return Job(Opening("rasm-print", 1, 0.7), "rasm-print 0", Settings(**settings), formats, tables, str(target))


def test_every_kind_of_source(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    (scans / "deep").mkdir(parents=True)
    (scans / "a.png").write_bytes(PNG)
    (scans / "deep" / "b.PNG").write_bytes(PNG)
    (scans / "notes.txt").write_text("not for reading")
    with zipfile.ZipFile(scans / "c.zip", "w") as archive:
        archive.writestr("x/1.png", PNG)
        archive.writestr("../../2.png", PNG)
        archive.writestr("readme.md", "no page")
        archive.writestr("x/1.png", b"another")
    for name, mode in (("d.tar", "w"), ("e.tgz", "w:gz")):
        with tarfile.open(scans / name, mode) as tar:  # type: ignore[call-overload]
            member = tarfile.TarInfo("3.png")
            member.size = len(PNG)
            tar.addfile(member, io.BytesIO(PNG))
    pq.write_table(pa.table({"path": ["p/4.png", "5.png"], "image": [PNG, None]}), scans / "f.parquet")
    pq.write_table(pa.table({"image": [{"bytes": PNG, "path": "6.png"}]}), scans / "g.parquet")
    (scans / "broken.zip").write_bytes(b"PK broken")
    out = scans / "out"
    out.mkdir()
    (out / "result.png").write_bytes(PNG)
    sources = Sources([str(scans)], str(out))
    held = [(item.name, item.load() if item.load else None) for item in sources]
    found = dict(held)
    assert len(held) == len(found) and found.pop("c.zip/x/1.png~2") == b"another"
    assert sorted(found) == [
        "a.png", "c.zip/_/_/2.png", "c.zip/x/1.png", "d.tar/3.png", "deep/b.PNG", "e.tgz/3.png", "f.parquet/00000001-p/4.png",
        "g.parquet/00000001-6.png",
    ]  # fmt: skip
    assert [name for name, data in sorted(found.items()) if data is None] == ["a.png", "deep/b.PNG"]
    assert set(found.values()) == {None, PNG}
    assert [place for place, _ in sources.broken] == [str(scans / "broken.zip")]
    (tmp_path / "list.txt").write_text(f"# of two\n{scans / 'a.png'}\nscans/deep\n")
    assert [item.name for item in Sources([str(tmp_path / "list.txt")], str(out))] == ["a.png", "b.PNG"]
    assert [item.name for item in Sources([str(scans / "*.png"), str(scans / "a.png")], str(out))] == ["a.png"]
    (scans / "deep" / "[1].png").write_bytes(PNG)
    assert [item.name for item in Sources([str(scans / "deep" / "[1].png")], str(out))] == ["[1].png"]
    (scans / "deep" / "a.png").write_bytes(PNG)
    for wrong, why in (
        (["no-such-folder"], "no such file"),
        (["nothing://here"], "nothing"),
        ([str(scans / "a.png"), str(scans / "deep" / "a.png")], "two files are named a.png"),
    ):
        with pytest.raises(ConfigError, match=why):
            Sources(wrong, str(out))


def test_addresses_that_only_fsspec_knows() -> None:
    memory = pytest.importorskip("fsspec").filesystem("memory")
    memory.pipe("/scans/كتاب 1.png", PNG)
    memory.pipe("/scans/out/result.png", PNG)
    (item,) = Sources(["memory://scans"], "memory://scans/out")
    assert (item.name, item.size) == ("كتاب 1.png", len(PNG))
    system, path = open_place(item.place)
    assert system.open_input_file(path).read() == PNG


def test_what_an_archive_holds_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", bytes(2000))
    monkeypatch.setattr("rasm.many.sources.LARGEST_BYTES", 1999)
    (item,) = Sources([str(tmp_path / "a.zip")], str(tmp_path / "out"))
    assert item.load
    with pytest.raises(OSError, match="2,000 bytes"):
        item.load()


def test_a_part_that_was_stopped_is_none(tmp_path: Path) -> None:
    target = Target(str(tmp_path / "out"))
    page = {
        "number": 1, "error": None, "width_px": 10, "height_px": 10, "source": "ocr", "kind": "page", "language": "ar",
        "rotation_degrees": 0, "skew_degrees": 0.0, "confidence": 0.9, "text": "ن", "unread": [],
        "regions": [{"kind": "paragraph", "lines": [
            {"text": "ن", "confidence": 0.9, "box": [1, 2, 3, 4], "words": [{"text": "ن", "confidence": 0.9, "box": [1, 2, 3, 4]}]},
        ]}],
    }  # fmt: skip
    tables = tables_of("a.pdf", "tiny 1", [page], 2)
    assert {name: len(table) for name, table in tables.items()} == dict.fromkeys(SCHEMAS, 1)
    target.write_part("0", tables)
    target.write_part("1", tables)
    (tmp_path / "out" / "pages" / "part-1.parquet").unlink()
    held = target.pages_in_tables()
    assert held == {"a.pdf": Held(2, "ar", {1}, [])}
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.parquet")) == ["part-0.parquet"] * 3
    said = duckdb.sql(f"SELECT text, confidence FROM '{tmp_path}/out/words/*.parquet'").fetchall()
    assert said == [("ن", pytest.approx(0.9))]


class Counted(Worker):
    """Knows which pages it has read."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.read: list[int] = []

    def page(self, file: PageFile, index: int) -> Page | PageError:
        self.read.append(index)
        return super().page(file, index)


def test_one_process_reads_a_document_in_tasks_and_another_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(book(PAGES_A_TASK + 2))
    item, wanted = Item("a.pdf", str(path), 1), job(tmp_path / "out", pages="2-")
    worker = Counted(wanted)
    first = worker.do(Task("begin", item))
    assert (first.count, first.pages, first.whole) == (PAGES_A_TASK + 2, tuple(range(1, PAGES_A_TASK + 1)), False)
    assert first.tables and len(first.tables["pages"]) == PAGES_A_TASK and first.language == "ar"
    again = Counted(wanted)
    assert again.do(Task("begin", item)) and not again.read
    (rest,) = tasks_of(item, [PAGES_A_TASK + 1], first.count, first.language)
    again.do(rest)
    assert again.read == [PAGES_A_TASK + 1]
    assert again.do(Task("finish", item, count=first.count)).whole
    text = (tmp_path / "out" / "a.pdf.txt").read_text(encoding="utf-8").split("\f")
    assert len(text) == PAGES_A_TASK + 1 and golden_text("figures").split()[0] in text[-1]
    assert not any((tmp_path / "out" / PARTIAL).rglob("*.jsonl"))


def test_what_cannot_be_opened_is_recorded_until_it_is_read(tmp_path: Path) -> None:
    path, out = tmp_path / "a.png", tmp_path / "out"
    path.write_bytes(b"\x89PNG broken")
    item = Item("a.png", str(path), 1)
    done = Worker(job(out)).do(Task("begin", item))
    (error,) = done.errors
    assert error.code == "unreadable_image" and done.whole
    assert done.tables and done.tables["pages"]["error_code"].to_pylist() == [error.code]
    record = json.loads((out / "a.png.errors.json").read_text())
    assert record["errors"][0]["code"] == error.code and record["whole"]
    path.write_bytes(PNG)
    assert not Worker(job(out, again=True)).do(Task("begin", item)).errors
    assert sorted(file.name for file in out.iterdir()) == ["a.png.txt"]


def test_what_is_not_there_and_what_cannot_be_written_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        Worker(job(tmp_path / "out")).do(Task("begin", Item("gone.png", str(tmp_path / "gone.png"), 1)))
    (tmp_path / "a.png").write_bytes(PNG)
    with pytest.raises(TargetFailed, match="file"):
        Worker(job(tmp_path / "file")).do(Task("begin", Item("a.png", str(tmp_path / "a.png"), 1)))

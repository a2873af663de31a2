"""What is read: files, folders and patterns, in which requests, in which order."""

import asyncio
import errno
import os
from pathlib import Path

import httpx
import pytest

from client import AsyncRasmClient, FileError, RasmClient, Result, main
from rasm_client import aio
from tests.client.replies import GOOD, MODEL, answering, counting, named, raising


def test_folders_and_patterns(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in (
        (["."], ["a.JPG", "b.png", "c.tif", "b.png"]),
        (["deep"], ["c.tif"]),
        (["*.png"], ["b.png"]),
        (["**/*.png"], ["b.png", "b.png"]),
        ([str(tree / "*" / "b.png")], ["b.png"]),
    ):
        names: list[str] = []
        assert main(arguments, transport=named(names)) == 0
        assert names == expected, arguments
    capsys.readouterr()
    assert main(["empty", "b.png"], transport=named([])) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == ["client.py: empty: no image or PDF is in this folder (no_images)"]
    assert out == "b.png\tb.png\n"


@pytest.mark.parametrize("pattern", ["*.gif", "**/*.gif", "nowhere/*.png", "dee*", "[ab].gif"])
def test_a_pattern_that_fits_no_file_is_told_before_anything_is_read(tree: Path, pattern: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["b.png", pattern], transport=raising(AssertionError("no request is due"))) == 2
    assert capsys.readouterr() == ("", f"client.py: {pattern}: no file matches this pattern\n")


def test_a_name_with_brackets_is_no_pattern(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "scan[1].png").write_bytes(b"x")
    assert main(["scan[1].png"], transport=named([])) == 0
    assert capsys.readouterr().out == "scan[1].png\n"


def test_batches_by_number_and_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"x" * 100)
    sizes: list[int] = []
    with RasmClient(transport=httpx.MockTransport(counting(sizes)), concurrency=1) as client:
        assert len(list(client.read([path] * 40))) == 40
        assert sizes == [16, 16, 8]
        sizes.clear()
        monkeypatch.setattr(aio, "BYTES_PER_REQUEST", 250)
        assert [r.text for r in client.read([path] * 5)] == ["نص"] * 5
        assert sizes == [2, 2, 1]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_order_holds_however_late_a_reply_is(concurrency: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request is answered last, and no more are under way than may be."""
    monkeypatch.setattr(aio, "FILES_PER_REQUEST", 1)
    under_way, most = 0, 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        number = int((await request.aread()).partition(b'filename="')[2].partition(b'"')[0])
        for _ in range(20 - number):
            await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, json={"model": MODEL, "results": [{**GOOD, "text": str(number)}]})

    async def read() -> list[str | None]:
        async with AsyncRasmClient(transport=httpx.MockTransport(handle), concurrency=concurrency) as client:
            return [result.text async for result in client.read([(str(i), b"x") for i in range(12)])]

    assert asyncio.run(read()) == [str(i) for i in range(12)]
    assert most == concurrency


def test_results_come_as_the_replies_do(tmp_path: Path) -> None:
    """Paths are taken from an iterator as they are needed: a million of them need no more memory than a few batches."""
    path = tmp_path / "image.png"
    path.write_bytes(b"x")
    with RasmClient(transport=httpx.MockTransport(counting([]))) as client:
        results = client.read(path for _ in iter(int, 1))
        assert [next(results).name for _ in range(50)] == [str(path)] * 50


def test_unknown_options_are_refused() -> None:
    with RasmClient(transport=raising(AssertionError())) as client, pytest.raises(TypeError, match="diacritic"):
        list(client.read(["a"], diacritic="strip"))  # type: ignore[call-arg]


def test_unreadable_files_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(self: Path) -> bytes:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", forbid)
    with RasmClient(transport=raising(AssertionError("no request is due"))) as client:
        [result] = client.read([tmp_path / "a.png"])
        [document] = client.convert([tmp_path / "a.png"], "pdf")
    assert result.error == document.error == FileError("unreadable_file", "Permission denied")


def test_results_by_file() -> None:
    """A list for each file, also for what was not opened and for what is a result already."""
    pages = [{**GOOD, "page": 1}, {**GOOD, "page": 2}, {**GOOD, "file": 1}]
    given = [("a", b""), "missing.png", Result.failed("b", "c", "m"), ("d", b"")]

    def named_pages(by_file: list[list[Result]]) -> list[list[tuple[str, int | None]]]:
        return [[(page.name, page.page) for page in pages] for pages in by_file]

    async def read() -> list[list[Result]]:
        async with AsyncRasmClient(transport=answering(200, json={"model": MODEL, "results": pages})) as client:
            return [results async for results in client.read_files(given)]

    with RasmClient(transport=answering(200, json={"model": MODEL, "results": pages})) as client:
        by_file = list(client.read_files(given))
    assert named_pages(by_file) == [[("a", 1), ("a", 2)], [("missing.png", None)], [("b", None)], [("d", None)]]
    assert by_file == asyncio.run(read())


def test_map_keeps_the_order_and_ends_with_what_is_raised() -> None:
    under_way: list[int] = []

    async def double(n: int) -> int:
        under_way.append(n)
        await asyncio.sleep(0.01 * (3 - n))
        if n == 3:
            raise ValueError("three")
        under_way.remove(n)
        return 2 * n

    async def run(numbers: list[int]) -> list[int]:
        async with AsyncRasmClient(transport=raising(AssertionError("no request is due")), concurrency=2) as client:
            return [result async for result in client.map(double, numbers)]

    assert asyncio.run(run([0, 1, 2])) == [0, 2, 4] and under_way == []
    with pytest.raises(ValueError, match="three"):
        asyncio.run(run([0, 3, 1]))
    with RasmClient(transport=raising(AssertionError("no request is due")), concurrency=2) as client:
        assert list(client.map(lambda n: 2 * n, range(5))) == [0, 2, 4, 6, 8]
        with pytest.raises(ZeroDivisionError):
            list(client.map(lambda n: 1 / n, [1, 0]))

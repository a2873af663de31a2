"""``rasm mcp``, asked by the official SDK's own client: over standard input and output, as a program starts it, and in this process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from rasm import cli
from rasm.document import Document
from rasm.formats import write
from tests.backend.documents import ENDLESS, paper, saved
from tests.paths import GOLDEN, ROOT
from tests.rasm.formats.documents import of_tables
from tests.serving import TINY_MODEL

pytest.importorskip("mcp", reason="needs the SDK of the Model Context Protocol: pip install 'rasm-ocr[mcp]'")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder that may be read, and what lies beside it."""
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    (folder / "heading.png").write_bytes((GOLDEN / "heading.png").read_bytes())
    (folder / "deep" / "book.pdf").write_bytes(saved("PDF", *[paper(n) for n in (1, 2, 3)]))
    (folder / "notes.txt").write_text("no picture")
    (tmp_path / "secret.png").write_bytes((GOLDEN / "heading.png").read_bytes())
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "inner.png").symlink_to(folder / "heading.png")
    return folder


def said(result: Any) -> str:
    return "".join(part.text for part in result.content)


def test_it_reads_over_standard_input_and_output(scans: Path) -> None:
    from mcp import Client, StdioServerParameters

    async def ask() -> tuple[list[str], Any, Any, Any]:
        command = ["-m", "rasm", "mcp", str(scans), "--threads", "1"]
        parameters = StdioServerParameters(command=sys.executable, args=command, cwd=ROOT, env={**os.environ})
        async with Client(parameters) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            listed = await client.call_tool("list_files", {})
            text = await client.call_tool("read_file", {"path": "heading.png", "format": "text"})
            missing = await client.call_tool("read_file", {"path": "../secret.png"})
            return tools, listed, text, missing

    tools, listed, text, missing = asyncio.run(ask())
    assert tools == ["list_files", "read_file", "read_pages", "read_tables"]
    assert [Path(entry["path"]).name for entry in listed.structured_content["result"]] == ["heading.png", "inner.png", "book.pdf"]
    assert not text.is_error and said(text).strip() == (GOLDEN / "heading.gt.txt").read_text(encoding="utf-8").strip()
    assert missing.is_error and "no such file" in said(missing)


def ask(folders: list[Path], tool: str, bounds: dict[str, int] | None = None, **arguments: Any) -> Any:
    """One call to a server in this process, with the tiny model."""
    from mcp import Client

    import rasm
    from rasm import mcp_server

    async def call() -> Any:
        reader = rasm.Reader(TINY_MODEL, threads=1, least_confidence=0)
        async with Client(mcp_server.server(reader, folders, mcp_server.Bounds(**(bounds or {})))) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(call())


@pytest.mark.parametrize(
    "path",
    ["../secret.png", "link.png", "/etc/passwd", "missing.png", "", ".", "deep", "a\0b", "https://example.org/a.png", "notes.txt/.."],
)
def test_what_lies_elsewhere_is_as_if_it_were_not_there(scans: Path, path: str) -> None:
    for tool in ("read_file", "read_pages", "read_tables"):
        result = ask([scans], tool, path=path)
        assert result.is_error and "there is no such file in the folders that may be read" in said(result), tool
    result = ask([scans], "read_file", path=str(scans.parent / "secret.png"))
    assert result.is_error and "secret" not in said(result)


def test_links_and_full_paths_within_are_files_like_others(scans: Path) -> None:
    for path in ("inner.png", "deep/../heading.png", str(scans / "heading.png")):
        assert not ask([scans], "read_file", path=path).is_error
    assert not ask([scans / "deep", scans / "heading.png"], "read_file", path=str(scans / "heading.png")).is_error


def test_bounds(scans: Path) -> None:
    too_large = ask([scans], "read_file", {"file_bytes": 1000}, path="heading.png")
    assert too_large.is_error and "more than 1,000 bytes" in said(too_large)
    some = ask([scans], "read_file", {"pages": 2}, path="deep/book.pdf", format="text")
    assert said(some).count("\f") == 1 and '[1 pages are left: ask for pages="3"]' in said(some)
    short = ask([scans], "read_file", {"characters": 10}, path="deep/book.pdf", format="text")
    assert "[page 1: only its first 10 characters are here]" in said(short) and 'ask for pages="2-3"' in said(short)
    pages = ask([scans], "read_pages", {"characters": 10}, path="deep/book.pdf").structured_content["result"]
    assert [(page["page"], page["asked"]) for page in pages] == [(1, "1-3")]


def test_pages(scans: Path) -> None:
    pages = ask([scans], "read_pages", path="deep/book.pdf", pages="2-").structured_content["result"]
    assert [page["page"] for page in pages] == [2, 3]
    assert all(page["text"] and 0 < page["confidence"] <= 1 and page["error"] is None for page in pages)
    wrong = ask([scans], "read_pages", path="deep/book.pdf", pages="4")
    assert wrong.is_error and "the file has 3 pages; page 4 was asked for" in said(wrong)
    wrong = ask([scans], "read_file", path="deep/book.pdf", pages="3-1")
    assert wrong.is_error and "ends before it begins" in said(wrong)


def test_what_cannot_be_read_says_why(scans: Path) -> None:
    for tool in ("read_file", "read_pages", "read_tables"):
        result = ask([scans], tool, path="notes.txt")
        assert result.is_error and "not an image that Rasm reads" in said(result)


def test_a_pdf_that_takes_for_ever_ends_its_own_process_and_no_more(scans: Path) -> None:
    """Drawn in the server's, it would have kept that for hours: no other file could be read."""
    (scans / "bomb.pdf").write_bytes(ENDLESS["thirty forms that draw each the next one twice"])
    for tool in ("read_file", "read_pages", "read_tables"):
        result = ask([scans], tool, {"processor_s": 1}, path="bomb.pdf")
        assert result.is_error and "takes more than 1 s" in said(result)
    assert not ask([scans], "read_file", {"processor_s": 20}, path="deep/book.pdf", pages="2").is_error


def test_tables_and_markdown(scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a document that is known: what is given out is what the library has."""
    import rasm

    document: Document = of_tables()
    monkeypatch.setattr(rasm.Reader, "pages", lambda self, data, **options: iter(document.pages))
    tables = ask([scans], "read_tables", path="heading.png").structured_content["result"]
    wanted = [(p.number, r.head_rows, r.rows) for p in document.pages for r in p.regions if r.cells]
    assert [(table["page"], table["head_rows"], table["rows"]) for table in tables] == wanted and wanted
    text = said(ask([scans], "read_file", path="heading.png"))
    assert write(Document("", document.pages[:1]), "markdown").strip() in text


def test_wrong_usage_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.main(["mcp", str(tmp_path / "missing"), "--model", str(TINY_MODEL)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["mcp", str(tmp_path)]) == 2
    assert "pip install 'rasm-ocr[mcp]'" in capsys.readouterr().err


def test_the_answers_are_json_that_others_can_check(scans: Path) -> None:
    from mcp import Client

    import rasm
    from rasm import mcp_server

    async def schemas() -> list[Any]:
        async with Client(mcp_server.server(rasm.Reader(TINY_MODEL, threads=1), [scans], mcp_server.Bounds())) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(schemas())}
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    assert tools["read_tables"].output_schema and not tools["read_file"].output_schema
    assert "1-3,7" in json.dumps(tools["read_pages"].input_schema)

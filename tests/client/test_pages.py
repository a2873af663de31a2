"""Documents of several pages, in every format."""

import json
from pathlib import Path

import httpx
import pytest

from client import RasmClient, Region, main
from tests.client.replies import GOOD, MODEL, WRITTEN, answering, good, one_after_the_other
from tests.serving import ROOT, Service


def test_pages_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service that reads pages gives several results for one file: two pages, then an image that could not be decoded."""
    pages = [{**GOOD, "page": 1, "text": "س\nص"}, {**GOOD, "page": 2, "text": "ع"}]
    bad = {**GOOD, "file": 1, "page": None, "text": None, "error": {"code": "c", "message": "m"}}
    transport = answering(200, json={"model": MODEL, "results": [*pages, bad, {**pages[0], "file": 2}]})
    with RasmClient(transport=transport) as client:
        results = list(client.read([("a", b""), ("b", b""), ("c", b"")]))
    assert [(r.name, r.page) for r in results] == [("a", 1), ("a", 2), ("b", None), ("c", 1)]
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"")
    given = [str(tmp_path / f"{name}.png") for name in "abc"]
    assert main(given, transport=transport) == 1
    assert capsys.readouterr().out == "".join(f"{given[i]}\t{text}\n" for i, text in ((0, "س"), (0, "ص"), (0, "ع"), (2, "س"), (2, "ص")))
    assert main([*given, "--beside"], transport=transport) == 1
    assert [p.name for p in sorted(tmp_path.glob("*.txt"))] == ["a.txt", "c.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "س\nص\n\fع\n"


@pytest.mark.parametrize("form", WRITTEN)
def test_every_format_of_pages_becomes_a_file(form: str, service: Service, scan: Path, tmp_path: Path) -> None:
    arguments = [str(scan), "--url", service.url, "--mode", "page", "--format", form, "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    target = tmp_path / "out" / f"scan{WRITTEN[form]}"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [target.name]
    if form == "page":  # which has a file for each page
        assert sorted(path.name for path in target.iterdir()) == ["0001.xml", "0002.xml"]
        assert all(b"<PcGts" in path.read_bytes() for path in target.iterdir())
    else:
        marks = {"markdown": b"", "html": b"<!DOCTYPE html>", "docx": b"PK", "xlsx": b"PK", "csv": b"\xef\xbb\xbf"}
        marks |= {"text": b"\f", "json": b'"results"', "hocr": b"ocr_page", "alto": b"<alto", "pdf": b"%PDF"}
        assert marks[form] in target.read_bytes()
    assert main(arguments) == 1  # it is there already
    assert main([*arguments, "--existing", "overwrite"]) == 0


def test_pages_have_regions_lines_and_words(service: Service, scan: Path) -> None:
    with RasmClient(service.url) as client:
        results = list(client.read([scan], mode="page", line_breaks="keep"))
        documents = list(client.convert([scan, "missing.png"], "hocr", mode="page"))
    assert [(r.page, r.pages, r.kind, r.source) for r in results] == [(1, 2, "page", "ocr"), (2, 2, "page", "ocr")]
    for result in results:
        assert sorted(i for region in result.regions for i in region.lines) == list(range(len(result.lines)))
    assert b"ocr_page" in (documents[0].data or b"") and documents[1].error
    schema = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    [example] = schema["components"]["schemas"]["OcrReply"]["examples"]
    example["results"][0]["regions"] = [{"kind": "heading", "bbox": [0, 0, 736, 58], "lines": [0]}]
    with RasmClient(transport=answering(200, json=example)) as client:
        first, second = client.read([("a", b""), ("b", b"")])
    assert first.regions == (Region("heading", (0, 0, 736, 58), (0,)),) and first.source == "ocr"
    shown = example["results"][0]["lines"][0]["words"]
    assert [word.text for word in first.lines[0].words] == (first.text or "").split()
    assert [list(word.bbox) for word in first.lines[0].words] == [word["bbox"] for word in shown]
    assert second.error and second.error.code == "unsupported_format" and second.pages is None


def test_a_password_and_the_text_that_a_pdf_has(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    locked = str(ROOT / "tests" / "fixtures" / "encrypted.pdf")
    assert main([locked, "--url", service.url]) == 1
    assert "encrypted_document" in capsys.readouterr().err
    assert main([locked, "--url", service.url, "--password", "kitab", "--text-layer", "use", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["page"] == 1


def test_what_has_too_many_pages_left_is_sent_alone() -> None:
    """A request may have so many pages in all: the first file of two has used them up."""
    bad = {**GOOD, "file": 1, "text": None, "error": {"code": "too_many_pages", "message": "m"}}
    transport = one_after_the_other(httpx.Response(200, json={"model": MODEL, "results": [GOOD, bad]}), good())
    with RasmClient(transport=transport) as client:
        assert [(r.name, r.text) for r in client.read([("a", b""), ("b", b"")])] == [("a", "نص"), ("b", "نص")]


def test_what_can_be_read_of_a_document_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [{**GOOD, "page": i, "pages": 3, "text": "نص"} for i in (1, 2, 3)]
    pages[1] |= {"text": None, "error": {"code": "unreadable_image", "message": "m"}}
    (tmp_path / "a.pdf").write_bytes(b"")
    assert main([str(tmp_path / "a.pdf"), "--beside"], transport=answering(200, json={"model": MODEL, "results": pages})) == 1
    assert capsys.readouterr().err == f"client.py: {tmp_path}/a.pdf: page 2: m (unreadable_image)\n"
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "نص\n\f\n\fنص\n"


def test_documents_that_are_too_long_are_told_of_jobs(images: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "too_many_pages", "message": "m"}
    body = {"error": {**error, "request_id": "1"}, "model": MODEL, "results": [{**GOOD, "text": None, "error": error}]}
    for form in ("text", "pdf"):
        assert main([images[0], "--format", form, "--beside"], transport=answering(413, json=body)) == 1
        assert capsys.readouterr().err == f"client.py: {images[0]}: m (too_many_pages) - --job takes longer documents\n"

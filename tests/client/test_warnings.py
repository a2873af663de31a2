"""What looks like text and was not read: told on standard error, and there for Python."""

import json
from pathlib import Path

import httpx
import pytest
from PIL import Image

from client import PageWarning, RasmClient, Unread, main
from tests.client.replies import GOOD, JOB, MODEL, answering
from tests.paper import page_with_a_scribble
from tests.serving import ROOT, Service

UNREAD = {"bbox": [1, 2, 3, 4], "reason": "unsure", "text": "غلط", "confidence": 0.5}
WARNED = {**GOOD, "unread": [UNREAD], "warnings": [{"code": "unread-text", "message": "m"}, {"code": "turned", "message": "n"}]}


@pytest.fixture
def page(tmp_path: Path) -> str:
    Image.fromarray(page_with_a_scribble()).save(tmp_path / "page.png")
    return str(tmp_path / "page.png")


def test_results_have_them() -> None:
    with RasmClient(transport=answering(200, json={"model": MODEL, "results": [WARNED]})) as client:
        [result] = client.read([("a", b"")])
    assert result.unread == (Unread((1, 2, 3, 4), "unsure", "غلط", 0.5),)
    assert result.warnings == (PageWarning("unread-text", "m"), PageWarning("turned", "n"))


def test_a_service_before_0_10_has_none() -> None:
    with RasmClient(transport=answering(200, json={"model": MODEL, "results": [GOOD]})) as client:
        [result] = client.read([("a", b"")])
        [document] = client.convert([("a", b"")], "alto")
    assert result.unread == result.warnings == () and document.warning_counts == {}


@pytest.mark.parametrize(("pages", "place"), [(1, ""), (2, "page 1: ")])
def test_warnings_are_told_and_change_no_exit_code(pages: int, place: str, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    results = [{**(WARNED if number == 1 else GOOD), "page": number, "pages": pages} for number in range(1, pages + 1)]
    transport = answering(200, json={"model": MODEL, "results": results})
    assert main([page], transport=transport) == 0
    assert capsys.readouterr().err == f"client.py: {page}: {place}warning: m; n\n"
    assert main([page, "--quiet"], transport=transport) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("header", ["turned=1, unread-text=2", "turned=1,unread-text=2"])
def test_of_documents_there_are_counts(header: str, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transport = answering(200, content=b"<alto/>", headers={"X-Rasm-Warnings": header})
    with RasmClient(transport=transport) as client:
        [document] = client.convert([page], "alto")
    assert document.warning_counts == {"turned": 1, "unread-text": 2}
    assert main([page, "--format", "alto", "--out", str(tmp_path / "out")], transport=transport) == 0
    told = f"client.py: {page}: warning: turned on 1 page, unread-text on 2 pages; --format json says where\n"
    assert capsys.readouterr().err == told


def test_of_documents_of_jobs_too(page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = {**JOB, "warning_counts": {"unread-text": 1}}

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(204)
        return httpx.Response(200, content=b"<alto/>") if request.url.path.endswith("/result") else httpx.Response(200, json=job)

    arguments = [page, "--job", "--format", "alto", "--out", str(tmp_path / "out")]
    assert main(arguments, transport=httpx.MockTransport(handle)) == 0
    assert capsys.readouterr().err == f"client.py: {page}: warning: unread-text on 1 page; --format json says where\n"


@pytest.mark.parametrize("bound", ["0", "0.25", "1"])
def test_the_bound_is_sent_also_where_it_is_0(bound: str, page: str) -> None:
    sent: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.read())
        return httpx.Response(200, json={"model": MODEL, "results": [GOOD]})

    assert main([page, "--least-confidence", bound], transport=httpx.MockTransport(handle)) == 0
    with RasmClient(transport=httpx.MockTransport(handle)) as client:
        assert [result.text for result in client.read([page], least_confidence=float(bound))]
        assert [result.text for result in client.read([page])]
    fields = [body.partition(b'name="least_confidence"\r\n\r\n')[2].partition(b"\r\n")[0] for body in sent]
    assert float(fields[0]) == float(fields[1]) == float(bound) and fields[2] == b""


def test_a_real_service_keeps_to_the_bound(service: Service, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By the tiny model, which is unsure of everything."""
    arguments = [page, "--url", service.url, "--mode", "page", "--json"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert said["unread"] and "not read" in err and said["warnings"][0]["code"] == "unread-text"
    assert main([*arguments, "--least-confidence", "0"]) == 0
    out, err = capsys.readouterr()
    everything = json.loads(out)
    assert everything["unread"] == [] and "not read" not in err
    assert len(everything["lines"]) >= len(said["lines"]) + sum(bool(place["text"]) for place in said["unread"])


def test_the_schemas_example_is_understood() -> None:
    schemas = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["components"]["schemas"]
    [place] = schemas["UnreadReply"]["examples"]
    warnings = schemas["WarningReply"]["examples"]
    reply = {"model": MODEL, "results": [{**GOOD, "unread": [place], "warnings": warnings}]}
    with RasmClient(transport=answering(200, json=reply)) as client:
        [result] = client.read([("a", b"")])
    assert list(result.unread[0].bbox) == place["bbox"] and [warning.code for warning in result.warnings] == [w["code"] for w in warnings]

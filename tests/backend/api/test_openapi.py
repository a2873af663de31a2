"""The committed OpenAPI schema is the service's own (``make openapi`` renews it), and its examples are real."""

import io
import json
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from rasm.lines.recognizer import Recognizer
from tests.paper import golden_line, scribble, sheet
from tests.paths import SHIPPED
from tests.serving import ROOT, line_png

pytestmark = pytest.mark.usefixtures("django_is_set_up")


def schema() -> dict[str, Any]:
    from backend.api.app import api

    return json.loads(json.dumps(api.get_openapi_schema()))


def example(name: str) -> Any:
    [example] = schema()["components"]["schemas"][name]["examples"]
    return example


def post(data: dict[str, Any]) -> Any:
    from django.test import Client

    return Client().post("/api/v1/ocr", data).json()


def upload(name: str, data: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, data)


def test_the_committed_schema_is_the_services() -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert committed == schema(), "the API has changed: run `make openapi` and commit docs/openapi.json"


def test_a_key_may_be_sent_where_none_is_asked_for() -> None:
    described = schema()
    assert described["components"]["securitySchemes"].keys() == {"ApiKeyBearer", "ApiKeyHeader"}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            optional = None if path.startswith("/health/") else [{}, {"ApiKeyBearer": []}, {"ApiKeyHeader": []}]
            assert operation.get("security") == optional, path


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize("path", ["/api/v1/ocr", "/api/v1/ocr/document", "/api/v1/jobs", "/ocr"])
def test_what_try_it_out_sends_is_taken(path: str) -> None:
    """The docs page fills a form with the defaults, or the first value where there is none, and sends all of it."""
    from django.test import Client

    form = schema()["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    sent = {name: option.get("default", option.get("enum", [None])[0]) for name, option in form.items() if name not in ("file", "files")}
    assert None not in sent.values()
    field = "file" if "file" in form else "files"
    reply = Client().post(path, {**sent, field: upload("line.png", line_png())})
    assert reply.status_code in (200, 202), reply.content


def test_what_try_it_out_asks_jobs_for_is_taken() -> None:
    """Likewise of an address's parameters; those whose default is nothing are left out."""
    from django.test import Client

    for path, operations in schema()["paths"].items():
        if "{job_id}" in path and "get" in operations:
            options = {p["name"]: p["schema"] for p in operations["get"]["parameters"] if p["in"] == "query"}
            sent = {name: option.get("default", option.get("enum", [None])[0]) for name, option in options.items()}
            asked = {name: value for name, value in sent.items() if value is not None}
            reply = Client().get(path.replace("{job_id}", str(UUID(int=1))), asked)
            assert reply.status_code == 404, reply.content  # there is no such job, and nothing else is wrong


def test_the_example_of_a_reading_is_a_real_reply() -> None:
    """Its texts are another model's; all that does not depend on the model is compared (the rest is in test_golden.py)."""
    expected = example("OcrReply")
    good, bad = expected["results"]
    image = (ROOT / "tests" / "golden" / good["name"]).read_bytes()
    reply = post({"files": [upload(good["name"], image), upload(bad["name"], b"notes")]})
    assert reply.keys() == expected.keys() and reply["model"].keys() == expected["model"].keys()
    for result in (*reply["results"], good, bad):
        assert result.pop("milliseconds") >= 0
    assert reply["results"][1] == bad
    [line], [expected_line] = reply["results"][0].pop("lines"), good.pop("lines")
    assert line.pop("words")[0].keys() == expected_line.pop("words")[0].keys()
    for got, wanted in ((reply["results"][0], good), (line, expected_line)):
        for key in ("text", "text_as_read", "confidence", "warnings"):
            assert type(got.pop(key, None)) is type(wanted.pop(key, None))
        assert got == wanted


def test_the_examples_of_what_is_unread_are_real(shipped_model: None) -> None:
    """Of a page with a line and a scribble; how exactly that is read is the model's affair."""
    picture = io.BytesIO()
    Image.fromarray(sheet([(golden_line("figures"), 960, 80), (scribble(), 900, 300)], 1030, 460)).save(picture, "PNG")
    [result] = post({"files": [upload("page.png", picture.getvalue())]})["results"]
    [place] = result["unread"]
    [expected] = schema()["components"]["schemas"]["UnreadReply"]["examples"]
    assert place.keys() == expected.keys() and place["reason"] == expected["reason"] and 0 < place["confidence"] < 0.7
    assert all(abs(got - wanted) < 20 for got, wanted in zip(place["bbox"], expected["bbox"], strict=True))
    examples = schema()["components"]["schemas"]["WarningReply"]["examples"]
    assert [warning["code"] for warning in result["warnings"]] == [warning["code"] for warning in examples]
    assert result["warnings"][0] == examples[0]


def test_the_example_of_a_job_is_a_real_reply() -> None:
    from django.test import Client

    expected = example("JobReply")
    image = (ROOT / "tests" / "golden" / "heading.png").read_bytes()
    address = Client().post("/api/v1/jobs", {"files": [upload("heading.png", image), upload("notes.txt", b"notes")]})["Location"]
    reply = Client().get(address).json()
    assert Client().delete(address).status_code == 204
    assert reply.keys() == expected.keys() and reply["model"].keys() == expected["model"].keys()
    for key in ("id", "created", "expires", "model"):
        assert type(reply.pop(key)) is type(expected.pop(key))
    assert reply == expected


def test_the_examples_are_of_the_model_that_is_shipped() -> None:
    """Their replies are compared with the tiny model's, but for its name."""
    info = Recognizer(SHIPPED, threads=1).info
    for name in ("OcrReply", "JobReply"):
        assert example(name)["model"] == {"name": info.name, "version": info.version}


def test_the_example_of_a_refusal_is_a_real_reply() -> None:
    expected, reply = example("ErrorReply"), post({})
    assert len(reply["error"].pop("request_id")) == len(expected["error"].pop("request_id"))
    assert reply == expected


def test_every_kind_of_refusal_has_a_status() -> None:
    from backend.api import errors
    from backend.reading.errors import Refusal

    def kinds(of: type[Refusal]) -> set[type[Refusal]]:
        return set(of.__subclasses__()).union(*map(kinds, of.__subclasses__()))

    assert kinds(Refusal) - {errors.FilesRefused} == errors.STATUSES.keys()

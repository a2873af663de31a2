"""Clients that others generate from docs/openapi.json: valid for them, typed, and they read with a running service."""

from __future__ import annotations

import base64
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.backend.documents import broken_second_page
from tests.backend.jobs_at_work import WAIT_S
from tests.conftest import copied
from tests.paths import ROOT
from tests.serving import PATIENCE_S, Service, line_png, running_service

SCHEMA = ROOT / "docs" / "openapi.json"


def described() -> dict[str, Any]:
    return dict(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_it_is_valid_openapi_3_1() -> None:
    schema = described()
    assert schema["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(schema).iter_errors()] == []


def test_the_validator_sees_what_was_wrong() -> None:
    """It would be a poor check if it took a list for the map of examples that a parameter may have, or a media type without a schema."""
    wrong = described()
    wrong["paths"]["/api/v1/jobs/{job_id}/pages"]["get"]["parameters"][0]["examples"] = [16]
    wrong["paths"]["/api/v1/ocr"]["post"]["responses"]["200"]["content"]["text/plain"] = {"type": "string"}
    assert len(list(OpenAPIV31SpecValidator(wrong).iter_errors())) >= 2


def test_options_show_their_defaults_and_nothing_else() -> None:
    """What stands in an example, the docs page sends."""
    for operations in described()["paths"].values():
        for operation in operations.values():
            form = (
                operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {}).get("properties", {})
            )
            options = {**form, **{p["name"]: p["schema"] for p in operation["parameters"]}}
            assert [name for name, option in options.items() if option.keys() & {"example", "examples"}] == []
            assert [p for p in operation["parameters"] if p.keys() & {"example", "examples"}] == []


def test_json_and_documents_are_replies_that_can_be_told_apart() -> None:
    paths = described()["paths"]
    for path, method in (("/api/v1/ocr/document", "post"), ("/api/v1/jobs/{job_id}/document", "get")):
        content = paths[path][method]["responses"]["200"]["content"]
        assert "application/json" not in content and "application/pdf" in content
        assert all(media_type.keys() == {"schema"} for media_type in content.values())
    json_alone = paths["/api/v1/jobs/{job_id}/pages"]["get"]["responses"]["200"]["content"]
    assert json_alone.keys() == {"application/json"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package that openapi-python-client makes, imported: ``api.ocr``, ``api.models`` …"""
    pytest.importorskip("openapi_python_client", reason="needs openapi-python-client, which requirements.txt pins")
    folder = tmp_path_factory.mktemp("generated")
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", SCHEMA, "--meta", "none", "--fail-on-warning"]
    config = ["--config", ROOT / "docs" / "openapi-python-client.yaml", "--output-path", folder / "rasm_generated"]
    done = subprocess.run([*command, *config], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(folder)
        names = {name: f"api.{tag}.{name}" for tag, name in OPERATIONS}
        modules = {name: importlib.import_module(f"rasm_generated.{path}") for name, path in names.items()}
        others = {name: importlib.import_module(f"rasm_generated.{name}") for name in ("models", "types", "client")}
        yield SimpleNamespace(**others, **modules)
    for name in [name for name in sys.modules if name.partition(".")[0] == "rasm_generated"]:
        del sys.modules[name]


OPERATIONS = [("reading", "ocr"), ("reading", "ocr_document")] + [("jobs", n) for n in ("create_job", "job", "job_pages", "job_document")]


def client(api: Any, service: Service) -> Any:
    return api.client.Client(base_url=service.url, raise_on_unexpected_status=True, httpx_args={"trust_env": False}, timeout=PATIENCE_S)


def picture(api: Any, data: bytes | None = None, name: str = "line.png") -> Any:
    return api.types.File(payload=io.BytesIO(data or line_png()), file_name=name, mime_type="image/png")


def test_a_generated_client_in_python_reads_a_line(api: Any, service: Service) -> None:
    form = api.models.OcrForm(files=[picture(api)], mode=api.models.OcrFormMode.LINE, digits=api.models.OcrFormDigits.WESTERN)
    reply = api.ocr.sync(client=client(api, service), body=form)
    assert isinstance(reply, api.models.OcrReply)
    [result] = reply.results
    assert isinstance(result, api.models.ResultReply) and result.name == "line.png" and result.pages == 1 and result.error is None
    assert result.text and result.lines[0].text == result.text
    refused = api.ocr.sync(client=client(api, service), body=api.models.OcrForm(files=[picture(api, b"notes", "notes.txt")]))
    assert isinstance(refused, api.models.OcrErrorReply) and refused.error.code == "unsupported_format"
    with pytest.raises(TypeError):  # what is no option cannot even be said
        api.models.OcrForm(files=[picture(api)], digit="western")


def test_it_gets_documents_as_bytes(api: Any, service: Service) -> None:
    for kind, magic in (("PDF", b"%PDF-"), ("ALTO", b"<?xml"), ("DOCX", b"PK"), ("TEXT", b"")):
        form = api.models.OcrDocumentForm(files=[picture(api)], format_=api.models.OcrDocumentFormFormat[kind])
        document = api.ocr_document.sync(client=client(api, service), body=form)
        assert isinstance(document, api.types.File)
        assert document.payload.read().startswith(magic)


def test_its_jobs(api: Any, tmp_path: Path, empty_database: Path) -> None:
    """Sent, followed, fetched; a document of which a page is missing only when that is asked for."""
    with (
        running_service(tmp_path / "log", DATABASE_URL=copied(empty_database, tmp_path), RASM_JOB_WORKERS="1") as service,
        client(api, service) as asked,
    ):
        form = api.models.CreateJobForm(files=[picture(api, broken_second_page(), "two.tif")])
        job = api.create_job.sync(client=asked, body=form)
        assert isinstance(job, api.models.JobReply)
        kinds = api.models.JobDocumentFormat
        deadline = time.monotonic() + WAIT_S
        while True:
            reply = api.job_document.sync_detailed(job.id, client=asked, format_=kinds.PDF)
            if reply.status_code != 409:
                break
            assert time.monotonic() < deadline
            assert reply.headers["Retry-After"] and reply.parsed.error.code == "job_not_done"
            time.sleep(0.1)
        assert (reply.status_code, reply.parsed.error.code) == (422, "pages_missing")
        assert api.job.sync(job.id, client=asked).error_count == 1
        pages = api.job_pages.sync(job.id, client=asked)
        assert [(page.page, page.error and page.error.code) for page in pages.results] == [(1, None), (2, "unreadable_image")]
        text = api.job_document.sync(job.id, client=asked, format_=kinds.TEXT, missing=api.models.JobDocumentMissing.LEAVE_OUT)
        assert text.payload.read().decode().strip() == pages.results[0].text


TYPES_IN_USE = """
import type { components, paths } from "./api";

type Read = paths["/api/v1/ocr"]["post"];
type Reply = Read["responses"]["200"]["content"]["application/json"];
type Options = Omit<Read["requestBody"]["content"]["multipart/form-data"], "files">;
type Refusal = components["schemas"]["OcrErrorReply"];

async function ocr(url: string, image: Blob, options: Partial<Options>): Promise<Reply> {
  const form = new FormData();
  form.append("files", image, "line.png");
  for (const [name, value] of Object.entries(options)) form.append(name, String(value));
  const reply = await fetch(url + "/api/v1/ocr", { method: "POST", body: form });
  if (!reply.ok) throw new Error(((await reply.json()) as Refusal).error.message);
  return (await reply.json()) as Reply;
}

async function main(url: string, image: string): Promise<void> {
  const bytes = Uint8Array.from(atob(image), (sign) => sign.charCodeAt(0));
  const reply = await ocr(url, new Blob([bytes]), { mode: "line", digits: "western" });
  const lines: components["schemas"]["LineReply"][] = reply.results[0].lines;
  console.log(JSON.stringify([reply.model.name, reply.results[0].page, lines.map((line) => line.text)]));
}
"""
CLIENT_IN_USE = """
import { ocr, ocrDocument, type OcrData } from "./api";
import { client } from "./api/client.gen";

async function main(url: string, image: string): Promise<void> {
  client.setConfig({ baseUrl: url });
  const bytes = Uint8Array.from(atob(image), (sign) => sign.charCodeAt(0));
  const files = [new File([bytes], "line.png", { type: "image/png" })];
  const body: OcrData["body"] = { files, mode: "line", digits: "western" };
  const { data, error } = await ocr({ body });
  if (error) throw new Error(error.error.message);
  const refused = await ocr({ body: { files: [new File(["notes"], "notes.txt")] } });
  if (refused.error?.error.code !== "unsupported_format") throw new Error(JSON.stringify(refused.error));
  const { data: document } = await ocrDocument({ body: { files, format: "pdf" }, throwOnError: true });
  const magic: string = await document.slice(0, 5).text();
  if (magic !== "%PDF-") throw new Error(magic);
  console.log(JSON.stringify([data.model.name, data.results[0].page, data.results[0].lines.map((line) => line.text)]));
}
"""
ARGUMENTS = """
declare const process: { argv: string[] };
main(process.argv[2], process.argv[3]).catch((error) => { throw error; });
"""
COMPILER = {
    "strict": True,
    "target": "es2022",
    "module": "commonjs",
    "lib": ["es2022", "dom", "dom.iterable"],
    "types": [],
    "outDir": "out",
}


def node_version() -> int:
    """Of 20.1.2, the 20."""
    return int(subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout[1:].partition(".")[0])


@pytest.mark.parametrize(
    ("generate", "package", "used", "node"),
    [
        (["openapi-typescript", str(SCHEMA), "--output", "api.ts"], "openapi-typescript@7", TYPES_IN_USE, 18),
        # Node.js 20 is the first in which `File` is global
        (["openapi-ts", "--input", str(SCHEMA), "--output", "api"], "@hey-api/openapi-ts@0.99", CLIENT_IN_USE, 20),
    ],
    ids=["types", "client"],
)
def test_what_is_generated_for_typescript_compiles_and_reads(
    generate: list[str], package: str, used: str, node: int, tmp_path: Path, service: Service
) -> None:
    if not all(map(shutil.which, ("node", "tsc", generate[0]))) or node_version() < node:
        pytest.skip(f"needs Node.js {node} with {generate[0]} and tsc: npm install --global {package} typescript@5")
    subprocess.run(generate, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "use.ts").write_text(used + ARGUMENTS, encoding="utf-8")
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER, "files": ["use.ts"]}))
    compiled = subprocess.run(["tsc"], cwd=tmp_path, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stdout
    image = base64.b64encode(line_png()).decode()
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(["node", "out/use.js", service.url, image], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    name, page, [text] = json.loads(done.stdout)
    assert (name, page) == ("tiny", 1) and text
    (tmp_path / "use.ts").write_text((used + ARGUMENTS).replace('"western"', '"roman"'), encoding="utf-8")
    wrong = subprocess.run(["tsc", "--noEmit"], cwd=tmp_path, capture_output=True, text=True)
    assert wrong.returncode != 0 and '"roman"' in wrong.stdout

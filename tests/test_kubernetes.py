"""docs/kubernetes.yaml is what Kubernetes takes: against its own schemas, which kubernetes-validate brings."""

from __future__ import annotations

import pytest

from backend.reading import metrics
from tests.paths import ROOT

yaml = pytest.importorskip("yaml", reason="needs PyYAML, which mkdocs brings")
kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="needs kubernetes-validate, which requirements.txt pins")

MANIFESTS = list(yaml.safe_load_all((ROOT / "docs" / "kubernetes.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: f"{manifest['kind']} {manifest['metadata']['name']}")
def test_kubernetes_takes_it(manifest: dict[str, object]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_a_wrong_manifest_is_found() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**MANIFESTS[0], "specs": {}}, kubernetes_validate.latest_version(), strict=True)


def test_what_scales_is_measured() -> None:
    scaled = [one for one in MANIFESTS if one["kind"] == "HorizontalPodAutoscaler"]
    names = {(one.get("pods") or one.get("external"))["metric"]["name"] for manifest in scaled for one in manifest["spec"]["metrics"]}
    assert names == {"rasm_queue_lines", "rasm_job_parts_waiting"} and metrics.QUEUE._name in names
    deployed = {one["metadata"]["name"] for one in MANIFESTS if one["kind"] == "Deployment"}
    assert {manifest["spec"]["scaleTargetRef"]["name"] for manifest in scaled} == deployed

"""deploy/kubernetes/: what Kubernetes' own schemas allow, and what fits the program."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipelines import errors
from tests.deploy.commands import insist_on_flags

MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes" / "manyhands.yaml"
DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))


def _of(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in DOCUMENTS if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def _pods() -> dict[str, dict[str, Any]]:
    """Return the pods' specifications by what makes them."""
    job = _of("Job", "manyhands-init")["spec"]["template"]["spec"]
    ingest = _of("Deployment", "manyhands-ingest")["spec"]["template"]["spec"]
    close = _of("CronJob", "manyhands-close")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return {"init": job, "ingest": ingest, "close": close}


@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_kubernetes_takes_every_document(version: str) -> None:
    """By its strict schemas: no field that it doesn't know."""
    for document in DOCUMENTS:
        kubernetes_validate.validate(document, version, strict=True)
    assert len(DOCUMENTS) == 7


def test_no_pod_is_root_or_can_write_its_image() -> None:
    """And each has bounds: memory that it may take, processor time that it gets."""
    for pod in _pods().values():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"]
        assert not security["allowPrivilegeEscalation"]
        assert ["ALL"] == security["capabilities"]["drop"]
        assert {"cpu", "memory"} == {*container["resources"]["requests"]}
        assert "memory" in container["resources"]["limits"]
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_the_commands_are_the_programs() -> None:
    """Each flag is one that the command has, and each setting one that the file may hold."""
    pods = _pods()
    for name in ("ingest", "close"):
        insist_on_flags(pods[name]["containers"][0]["args"])
    settings = _of("ConfigMap", "manyhands")["data"]["manyhands.toml"]
    insist_on_flags([], settings=settings)


def test_the_ingest_is_asked_how_it_is() -> None:
    """Each probe asks for a page that there is, at the port that it serves; one pod stays."""
    (container,) = _pods()["ingest"]["containers"]
    (port,) = container["ports"]
    assert f"--metrics-port={port['containerPort']}" in container["args"]
    assert "--metrics-host=0.0.0.0" in container["args"]
    pages = {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    assert pages == {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in pages}
    budget = _of("PodDisruptionBudget", "manyhands-ingest")["spec"]
    deployment = _of("Deployment", "manyhands-ingest")["spec"]
    assert budget["selector"] == deployment["selector"]
    assert 1 == budget["minAvailable"] < deployment["replicas"]


def test_a_close_is_tried_again_only_where_that_helps() -> None:
    """75 is tried again; every other failure of the program waits until somebody has looked."""
    cron = _of("CronJob", "manyhands-close")["spec"]
    (rule,) = cron["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    kinds: list[type[errors.ManyhandsError]] = errors.ManyhandsError.__subclasses__()
    codes = {errors.ManyhandsError.exit_code, *(kind.exit_code for kind in kinds)}

    assert "Forbid" == cron["concurrencyPolicy"]
    assert "FailJob" == rule["action"]
    assert codes - {errors.TryAgainError.exit_code} == {*rule["onExitCodes"]["values"]}

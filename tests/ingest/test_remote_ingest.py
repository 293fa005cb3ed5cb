"""Commands read manifests from buckets, and an outage loses nothing (SPEC §3.3, §7.3)."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from pipelines.stores import clients
from tests.cli.processes import started
from tests.conftest import Run
from tests.lake.sending import rows
from tests.marketplace import Events
from tests.stores import BUCKET, SCHEMES, Store, answering, asked, nobody

AS_OF = "--as-of=2026-12-01T00:00:00Z"
LINE = b'{"image_id":"a"}\n'
SECRETS = ("an-access-key", "a-secret-key")


def _root(store: Store) -> str:
    return f"--manifest-roots={store.scheme}://{BUCKET}/some"


def _source(folder: Path, scheme: str) -> str:
    """Write a file of three events: no manifest, one that is there, one that isn't."""
    events = Events()
    events.generation("1", "1")
    root = f"{scheme}://{BUCKET}/some"
    trained = [_trained(1, f"{root}/m"), _trained(2, f"{root}/gone", b"")]
    (folder / "a.ndjson").write_text(
        "".join(json.dumps(line) + "\n" for line in [*events.events, *trained])
    )
    return "a.ndjson"


def _trained(number: int, uri: str, content: bytes = LINE) -> dict[str, Any]:
    events = Events()
    events.model(str(number), {"uri": uri, "sha256": sha256(content).hexdigest(), "rows": 1})
    return {**events.events[0], "id": f"model-{number}"}


def test_an_ingest_reads_manifests_from_a_bucket(
    manyhands: Run, tmp_path: Path, store: Store
) -> None:
    """What isn't there is the fault of its event alone."""
    store.put("some/m", LINE)

    outcome = manyhands("ingest", _source(tmp_path, store.scheme), _root(store), AS_OF, "--json")

    assert 0 == outcome.code
    assert 2 == outcome.json["accepted"]
    assert {"manifest_unavailable": 1} == outcome.json["rejected"]
    query = "SELECT image_id, weight_milli FROM manifest_entry"
    assert [("a", 1000)] == rows(tmp_path / "warehouse", query)


def test_a_check_reads_manifests_from_a_bucket(
    manyhands: Run, tmp_path: Path, store: Store
) -> None:
    """As the ingest does."""
    store.put("some/m", LINE)

    outcome = manyhands("validate", _source(tmp_path, store.scheme), _root(store), AS_OF)

    assert 4 == outcome.code
    gone = f"{store.scheme}://{BUCKET}/some/gone is under none of the 1"
    told = f"a.ndjson:3: manifest_unavailable at data.manifest: {gone}"
    assert outcome.stdout.startswith(told)


@pytest.mark.parametrize("command", ["ingest", "validate"])
def test_an_outage_is_exit_75_and_nothing_is_committed(
    manyhands: Run, tmp_path: Path, command: str
) -> None:
    """Neither what has no manifest: it is of the same batch; later the same command takes all."""
    words = [command, _source(tmp_path, "s3"), f"--manifest-roots=s3://{BUCKET}/some", AS_OF]
    with pytest.MonkeyPatch.context() as patch, asked(nobody("s3"), patch):
        outcome = manyhands(*words)

    assert 75 == outcome.code
    root = f"the manifest root s3://{BUCKET}/some"
    assert f"{root} can't be reached now (no connection); run the command again" in outcome.stderr
    if command == "ingest":
        assert [(0,)] == rows(tmp_path / "warehouse", "SELECT seq FROM head")
        assert [] == rows(tmp_path / "warehouse", "SELECT reason FROM dead_letter")
        assert [] == list((tmp_path / "warehouse/staged").iterdir())


@pytest.mark.processes
def test_a_caller_that_is_not_known_is_exit_1_and_nothing_is_committed(
    manyhands: Run, tmp_path: Path
) -> None:
    """What is wrong with the credentials is no reason to refuse events."""
    with (
        answering("gs", 401) as store,
        pytest.MonkeyPatch.context() as patch,
        asked(store, patch),
    ):
        outcome = manyhands("ingest", _source(tmp_path, "gs"), _root(store), AS_OF)

    assert 1 == outcome.code
    assert "there are no credentials that it takes" in outcome.stderr
    assert [(0,)] == rows(tmp_path / "warehouse", "SELECT seq FROM head")


def test_a_process_says_nothing_but_its_own_words(store: Store, tmp_path: Path) -> None:
    """Nothing of the libraries', no secret; in an outage, and where all is well."""
    store.put("some/m", LINE)
    source = _source(tmp_path, store.scheme)

    fine = started(["ingest", source, _root(store), AS_OF], tmp_path)
    _, said = fine.communicate(timeout=120)
    assert 0 == fine.returncode
    assert [] == [line for line in said.splitlines() if not _is_ours(line)]

    with (
        answering(store.scheme, 403, b"an-access-key a-secret-key") as denying,
        pytest.MonkeyPatch.context() as patch,
        asked(denying, patch),
    ):
        refused = started(["validate", source, _root(store), AS_OF, "--debug"], tmp_path)
        printed, said = refused.communicate(timeout=120)
    assert 4 == refused.returncode
    assert f"a.ndjson:2: manifest_unavailable at data.manifest: {store.scheme}://" in printed
    assert not [secret for secret in SECRETS if secret in printed + said]


def _is_ours(line: str) -> bool:
    return line.startswith(("source policy: ", "3 events received"))


def test_workers_of_a_cluster_read_manifests_from_a_bucket(
    manyhands: Run, tmp_path: Path, store: Store, dask_cluster: LocalCluster
) -> None:
    """Each process opens a client of its own; an outage there is exit 75 here."""
    store.put("some/m", LINE)
    address = dask_cluster.scheduler_address
    words = ["ingest", AS_OF, "--runner=dask"]
    cluster = ["--", f"--dask_client_address={address}"]
    with Client(address) as client:  # type: ignore[no-untyped-call]
        client.run(_set, store.environment)
    source = _source(tmp_path, store.scheme)
    read = manyhands(*words, source, _root(store), "--json", *cluster)
    with Client(address) as client:  # type: ignore[no-untyped-call]
        client.run(_set, nobody("s3").environment)
    source = _source(tmp_path, "s3")
    failed = manyhands(
        *words, source, f"--manifest-roots=s3://{BUCKET}/some", "--warehouse=other", *cluster
    )

    assert 0 == read.code, read.stderr
    assert 2 == read.json["accepted"]
    assert 75 == failed.code, failed.stderr
    assert "can't be reached now (no connection); run the command again later" in failed.stderr


def _set(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    clients._client.cache_clear()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("command", ["ingest", "validate"])
def test_a_missing_extra_is_exit_2(
    manyhands: Run, monkeypatch: pytest.MonkeyPatch, command: str, scheme: str
) -> None:
    """Before anything is done; the message names the extra."""
    monkeypatch.setitem(sys.modules, {"gs": "gcsfs.core", "s3": "s3fs"}[scheme], None)

    outcome = manyhands(command, "a.ndjson", f"--manifest-roots={scheme}://{BUCKET}")

    assert 2 == outcome.code
    assert f"install manyhands with its extra {scheme}" in outcome.stderr

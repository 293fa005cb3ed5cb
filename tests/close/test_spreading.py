"""A close whose pools the workers of a cluster split states what it states without them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from pipelines.close import spreading
from pipelines.close.spreading import split_here
from pipelines.errors import ManyhandsError
from pipelines.lake import splitting
from pipelines.lake.splitting import Pools
from tests import scenario
from tests.close import dying
from tests.conftest import Run
from tests.dask_cluster import start
from tests.everyday import some_of
from tests.marketplace import Events, small

EVERYDAY = ("attribution_with_fallback", "lineage", "remainder_ties", "unlicensed_then_licensed")
CLOSE = ("close", "--period=2026-01", "--as-of=2026-02-01T00:00:00Z")
DASK = "--runner=dask"


def _address(cluster: LocalCluster) -> str:
    return f"--dask_client_address={cluster.scheduler_address}"


@pytest.mark.parametrize("name", some_of(EVERYDAY, scenario.NAMES))
def test_a_worked_case_gives_the_same_on_a_cluster(
    name: str, dask_cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts, statements, held parts, pools and digests, each pool a group of its own."""
    monkeypatch.setattr(splitting, "MOST_CLAIMS", 1)
    monkeypatch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))
    steps, expected = scenario.read(name)

    def closing_on_the_cluster(words: Sequence[str]) -> str:
        spread = (DASK, "--", _address(dask_cluster)) if words[0] == "close" else ()
        return scenario.in_process([*words, *spread])

    assert expected == scenario.run(steps, tmp_path, closing_on_the_cluster)


@pytest.fixture
def market(manyhands: Run, tmp_path: Path) -> Run:
    """Ingest a market with several pools, and return what runs commands on its warehouse."""
    events = small(Events())
    for _ in range(3):
        events.generation("1", "10")
    ingested = manyhands("ingest", events.write(tmp_path / "events.ndjson"), CLOSE[2])
    assert ingested.code == 0, ingested.stderr
    return manyhands


def _digest(manyhands: Run, *words: str) -> Any:  # noqa: ANN401  of a JSON document
    """Return the digest that a dry run comes to, which leaves the warehouse as it is."""
    closed = manyhands(*CLOSE, "--dry-run", "--json", *words)
    assert closed.code == 0, closed.stderr
    return closed.json["closes"][0]["digest"]


def test_a_worker_that_dies_costs_nothing(
    market: Run, dask_cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one splits what it had."""
    (tmp_path / "alive").touch()
    monkeypatch.setattr(spreading, "split_here", dying.Mortal(tmp_path / "alive"))

    found = _digest(market, DASK, "--", _address(dask_cluster))

    assert not (tmp_path / "alive").exists()
    assert found == _digest(market)


def test_workers_that_all_die_are_for_later(
    market: Run, dask_cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is issued then."""
    monkeypatch.setattr(spreading, "split_here", dying.always_die)

    closed = market(*CLOSE, DASK, "--", _address(dask_cluster))

    assert closed.code == 75
    assert "nothing was issued" in closed.stderr
    assert market("status", "--json").json["last_close"] is None


def test_a_cluster_without_a_worker_is_for_later(
    market: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be that none was started yet, or that all died."""
    monkeypatch.setattr(spreading, "_LOOK_S", 1)
    monkeypatch.setattr(spreading, "PATIENCE_S", 2)
    with start(0) as empty:
        closed = market(*CLOSE, DASK, "--", _address(empty))

    assert closed.code == 75
    assert "has had no worker for 2 seconds, and nothing was issued" in closed.stderr


@pytest.mark.parametrize("lie", [dying.move_a_micro, dying.leave_out_a_claim])
def test_what_a_worker_returns_is_not_believed(
    lie: Callable[..., bytes],
    market: Run,
    dask_cluster: LocalCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is one share a claim, and the shares of a part are the part."""
    monkeypatch.setattr(spreading, "split_here", lie)

    closed = market(*CLOSE, DASK, "--", _address(dask_cluster))

    assert closed.code == 1
    told = r"a worker of the cluster didn't split the pool (generation|training) m@1 2026-01 USD"
    assert re.search(told, closed.stderr), closed.stderr
    assert market("status", "--json").json["last_close"] is None


def test_a_worker_of_another_version_splits_nothing() -> None:
    """By other code or another DuckDB the shares might differ."""
    with pytest.raises(ManyhandsError, match=r"has manyhands .* and this close 0 with 1"):
        split_here(Pools(b"", b""), 1, ("0", "1"))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([DASK], 2, "name the scheduler behind --"),
        ([DASK, "--", "--colour=red"], 2, "--colour=red: what stands behind -- of a close"),
        ([DASK, "--", "--dask_connection_timeout=many"], 2, "an option behind -- is off"),
        (["--", "--dask_client_address=tcp://127.0.0.1:1"], 2, "is for --runner dask"),
        (["--runner=prism"], 2, "'prism' is not one of"),
        (
            [
                DASK,
                "--",
                "--dask_client_address=tcp://127.0.0.1:1",
                "--dask_connection_timeout=1",
            ],
            75,
            "Dask's scheduler can't be reached",
        ),
    ],
)
def test_what_names_no_cluster_is_said(words: list[str], code: int, told: str, market: Run) -> None:
    """Before anything is computed, but for a scheduler that doesn't answer."""
    closed = market(*CLOSE, *words)

    assert closed.code == code
    assert told in closed.stderr


def test_the_runner_of_an_ingest_is_not_that_of_a_close(
    market: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting names one that closes may not know."""
    monkeypatch.setenv("MANYHANDS_RUNNER", "prism")

    closed = market(*CLOSE, "--dry-run")

    assert closed.code == 0, closed.stderr

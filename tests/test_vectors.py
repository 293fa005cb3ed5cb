"""Every worked case passes through the real path: files in, `statements export` out."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from pipelines.close.closing import Closing
from pipelines.close.compute import compute
from pipelines.close.seal import seal
from pipelines.lake import closes, reading, staging
from pipelines.lake.setting import setting
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period
from tests import scenario
from tests.everyday import one_of, some_of
from tests.postgres import Postgres
from tests.stores import BUCKET, asked, running
from tests.worked_cases import Worked, WorkedCase

AS_PROCESSES = ("external_manifest", "late_event_adjusts", "json_text", "fx_direct_and_cross")
EVERYDAY = (
    "contributor_fund",
    "external_manifest",
    "fx_direct_and_cross",
    "late_event_adjusts",
    "lineage",
    "terms_narrow_late_great",
)
"""Of several kinds of rules one; `make package` runs all."""


@pytest.fixture(autouse=True)
def _manifest_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))


def as_process(words: Sequence[str]) -> str:
    """Run a command as a process of its own."""
    command = [str(Path(sys.executable).parent / "manyhands"), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def recomputed(warehouse: Warehouse, periods: Iterable[str]) -> Iterator[str]:
    """Compute closed periods again, after later closes and events, and yield their digests."""
    with reading.connect(warehouse) as connection:
        cadence = setting(connection).cadence
        previous = None
        for period in periods:
            stored = closes.closed_or_not_found(connection, period)
            closing = Closing(Period.parse(period, cadence), stored.log_seq, previous)
            compute(connection, closing)
            yield seal(connection, closing).digest
            previous = stored


@pytest.mark.parametrize("name", some_of(EVERYDAY, scenario.NAMES))
def test_a_worked_case_gives_what_is_expected_to_the_digest(
    name: str, worked_case: WorkedCase
) -> None:
    """Counts, statements, held parts, pools and digests are those of the case.

    The first period computes to its digest again, whatever came and was closed after it.
    """
    _insist_on_expected(name, worked_case(name), recomputed_closes=1)


@pytest.mark.parametrize("name", one_of(16, scenario.NAMES))
def test_a_worked_case_gives_the_same_with_a_catalog_in_postgresql(
    name: str, postgres: Postgres, tmp_path: Path
) -> None:
    """Counts, statements, held parts, pools and digests: nothing hangs on the catalog."""
    steps, expected = scenario.read(name)

    assert expected == scenario.run(steps, tmp_path, scenario.in_process, postgres.warehouse())


@pytest.mark.parametrize("scheme", one_of(2, ["s3", "gs"]))
def test_a_worked_case_gives_the_same_with_its_data_in_an_object_store(
    scheme: str, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose manifest is a file too."""
    steps, expected = scenario.read("external_manifest")
    data_path = f"{scheme}://{BUCKET}/{tmp_path.name}"

    with running("s3") as store, asked(store, monkeypatch):
        found = scenario.run(steps, tmp_path, scenario.in_process, postgres.warehouse(), data_path)
        folders = {key.split("/")[1] for key in store.keys(tmp_path.name)}

    assert expected == found
    assert {"data", "gate", "manifests", "manyhands-warehouse"} == folders
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize("name", some_of(["lineage"], scenario.NAMES))
def test_a_worked_case_gives_the_same_where_no_relation_is_small(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close copies small relations; those of a large warehouse are read where they are."""
    monkeypatch.setattr(staging, "SMALL_BYTES", 0)
    steps, expected = scenario.read(name)

    assert expected == scenario.run(steps, tmp_path, scenario.in_process)


@pytest.mark.long
@pytest.mark.parametrize("name", scenario.NAMES)
def test_each_period_of_a_worked_case_computes_to_its_digest_again(
    name: str, worked_case: WorkedCase
) -> None:
    """Not only the first."""
    _insist_on_expected(name, worked_case(name), recomputed_closes=None)


def _insist_on_expected(name: str, worked: Worked, *, recomputed_closes: int | None) -> None:
    _, expected = scenario.read(name)

    assert expected == worked.found
    closed = expected["closes"][:recomputed_closes]
    periods = [close["period"] for close in closed]
    assert [close["digest"] for close in closed] == list(
        recomputed(Warehouse(worked.warehouse), periods)
    )


@pytest.mark.processes
@pytest.mark.parametrize("name", one_of(len(AS_PROCESSES), AS_PROCESSES))
def test_a_worked_case_passes_as_real_processes(name: str, tmp_path: Path) -> None:
    """Each command is a process of its own, and nothing but the warehouse passes between them."""
    steps, expected = scenario.read(name)

    assert expected == scenario.run(steps, tmp_path, as_process)
    assert "MANYHANDS_MANIFEST_ROOTS" in os.environ

"""An ingest whose pipeline runs elsewhere gives the log that it would have given here."""

import gzip
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from pipelines.ingest.cut import Group, cut, cut_batches, faults, portions, waves
from pipelines.sources.files import find_files
from pipelines.sources.limits import DEFAULT_LIMITS, Limits
from pipelines.sources.opened import Source
from tests import prism
from tests.cli.processes import started
from tests.conftest import Run, run
from tests.emulator import wait_until
from tests.lake.sending import rows
from tests.marketplace import Events, small

AS_OF = "--as-of=2026-12-01T00:00:00Z"
BATCH = "--batch-lines=40"
LOG = "SELECT seq, source, id, content_sha256, body FROM event ORDER BY seq"
LETTERS = "SELECT origin, origin_item, reason FROM dead_letter ORDER BY ALL"
BATCHES = "SELECT received, accepted, duplicate, conflict, head FROM ingest_batch ORDER BY head"


def _write(folder: Path, files: int = 6, sold: int = 60) -> None:
    """Write files of a market: some compressed, each with a line that is refused."""
    folder.mkdir()
    for number in range(files):
        events = small(Events(f"/{number}"))
        for sale in range(sold):
            events.generation("1", f"0.{sale + 1:06}")
        path = folder / f"{number}.ndjson"
        text = Path(events.write(path)).read_bytes() + b'{"no": "event"}\n'
        path.write_bytes(text)
        if number % 3 == 1:
            path.with_suffix(".ndjson.gz").write_bytes(gzip.compress(text))
            path.unlink()


@pytest.fixture
def embedded(manyhands: Run, tmp_path: Path) -> Path:
    """Ingest the files `in` in this process, and return the warehouse."""
    _write(tmp_path / "in")
    ingested = manyhands("ingest", "in", AS_OF, BATCH)
    assert 0 == ingested.code, ingested.stderr
    return tmp_path / "warehouse"


def _digest(warehouse: Path) -> Any:  # noqa: ANN401  of a JSON document
    words = ["--period=2026-01", "--as-of=2026-02-01T00:00:00Z", "--json"]
    closed = run(["close", *words, f"--warehouse={warehouse}"])
    assert 0 == closed.code, closed.stderr
    return closed.json["closes"][0]["digest"]


def _insist_on_same(one: Path, other: Path) -> None:
    for query in (LOG, LETTERS):
        assert rows(one, query) == rows(other, query)
    assert _digest(one) == _digest(other)


def test_dask_gives_the_same_log(
    manyhands: Run, embedded: Path, dask_cluster: LocalCluster, tmp_path: Path
) -> None:
    """In the order of the sources and of their lines, in batches that are bounded alike."""
    words = ["--runner=dask", "--json", "--warehouse=spread"]
    address = f"--dask_client_address={dask_cluster.scheduler_address}"
    ingested = manyhands("ingest", "in", AS_OF, BATCH, *words, "--", address)

    assert 0 == ingested.code, ingested.stderr
    assert ingested.json["head"] == len(rows(embedded, LOG))
    _insist_on_same(embedded, tmp_path / "spread")
    assert 40 >= max(received for received, *_ in rows(tmp_path / "spread", BATCHES))
    assert [] == list((tmp_path / "spread" / "staged").iterdir())


def _has_portions(staged: Path) -> bool:
    """Return whether there is a portion, in folders that come and go while one looks."""
    return any(name.endswith(".portion") for _, _, names in os.walk(staged) for name in names)


def test_a_worker_that_dies_in_the_middle_costs_nothing(
    embedded: Path, tmp_path: Path, dask_cluster: LocalCluster
) -> None:
    """What it had staged is there once, however often it ran."""
    address = f"--dask_client_address={dask_cluster.scheduler_address}"
    words = ["ingest", "in", AS_OF, BATCH, "--runner=dask", "--warehouse=spread", "--", address]
    process = started(words, tmp_path)
    staged = tmp_path / "spread" / "staged"
    wait_until(lambda: _has_portions(staged), 60, "it is cut")
    os.kill(next(iter(dask_cluster.workers.values())).pid, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)

    assert 0 == process.returncode, stderr
    _insist_on_same(embedded, tmp_path / "spread")


@pytest.mark.long
def test_what_a_killed_driver_staged_is_removed_by_the_next(
    tmp_path: Path, dask_cluster: LocalCluster, manyhands: Run
) -> None:
    """Nothing of it was committed, and the same command goes on."""
    _write(tmp_path / "in", 2)
    address = f"--dask_client_address={dask_cluster.scheduler_address}"
    words = ["ingest", "in", AS_OF, "--runner=dask"]
    process = started([*words, "--", address], tmp_path)
    staged = tmp_path / "warehouse" / "staged"
    wait_until(lambda: _has_portions(staged), 60, "it is cut")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [] != list(staged.iterdir())

    assert 0 == manyhands(*words, "--", address).code
    assert [] == list(staged.iterdir())


def test_a_source_that_is_damaged_is_told_and_the_others_are_ingested(
    manyhands: Run, dask_cluster: LocalCluster, tmp_path: Path
) -> None:
    """As in an ingest on one machine, word for word."""
    _write(tmp_path / "in", 3)
    path = tmp_path / "in" / "1.ndjson.gz"
    path.write_bytes(path.read_bytes()[:-20])
    address = f"--dask_client_address={dask_cluster.scheduler_address}"
    here = manyhands("ingest", "in", AS_OF, "--warehouse=here")
    spread = manyhands("ingest", "in", AS_OF, "--warehouse=spread", "--runner=dask", "--", address)

    assert (1, here.stderr) == (spread.code, spread.stderr)
    assert rows(tmp_path / "here", LOG) == rows(tmp_path / "spread", LOG)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-", "--runner=dask"], "--runner dask reads files and folders alone"),
        (["pubsub:projects/shop/subscriptions/sales", "--runner=prism"], "files and folders alone"),
        (["in", "--runner=spark"], "'spark' is not one of"),
        (["in", "--runner=dask", "--", "--colour=red"], "--colour=red: Beam has no such option"),
        (["in", "--", "--runner=DaskRunner"], "name the runner before --"),
        (["in", "--runner=dask"], "name the scheduler behind --"),
        (["in", "--runner=prism"], "name the program behind --"),
        (["in", "--runner=dask", "--", "--dask_npartitions=many"], "is off"),
    ],
)
def test_what_a_runner_cannot_do_is_a_usage_error(
    manyhands: Run, tmp_path: Path, words: Sequence[str], said: str
) -> None:
    """Before anything is made."""
    (tmp_path / "in").mkdir()
    refused = manyhands("ingest", *words)

    assert (2, "") == (refused.code, refused.stdout)
    assert said in refused.stderr
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.processes
def test_a_scheduler_that_does_not_answer_is_for_later(manyhands: Run, tmp_path: Path) -> None:
    """Exit 75, and nothing is in the log."""
    _write(tmp_path / "in", 1)
    options = ["--dask_client_address=tcp://127.0.0.1:1", "--dask_connection_timeout=1"]
    refused = manyhands("ingest", "in", AS_OF, "--runner=dask", "--", *options)

    assert (75, "") == (refused.code, refused.stdout)
    assert "Dask's scheduler can't be reached" in refused.stderr


@pytest.mark.processes
def test_prism_gives_the_same_log(manyhands: Run, embedded: Path, tmp_path: Path) -> None:
    """So nothing hangs on one runner."""
    location = f"--prism_location={prism.program()}"
    ingested = manyhands(
        "ingest", "in", AS_OF, BATCH, "--warehouse=other", "--runner=prism", "--", location
    )

    assert 0 == ingested.code, ingested.stderr
    _insist_on_same(embedded, tmp_path / "other")


def test_a_group_that_is_cut_twice_is_there_once(tmp_path: Path) -> None:
    """Each time into the same batches and portions."""
    _write(tmp_path / "in", 2)
    files, _ = find_files([str(tmp_path / "in")])
    limits = Limits(lines=20)
    (wave,) = waves(files, limits)
    cut_ones = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        for group in [*wave, *wave]:
            cut(group, folder, limits)
        cut_ones.append([path.relative_to(folder) for path in portions(folder)])
        assert [] == list(faults(folder))
        assert [] == [path for path in folder.iterdir() if path.name.startswith(".")]

    assert cut_ones[0] == cut_ones[1]
    assert len(cut_batches(tmp_path / "one")) > 4


def test_what_an_attempt_that_died_left_is_not_taken_for_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its batches would be staged beside those of the attempt after it."""
    _write(tmp_path / "in", 2)
    files, _ = find_files([str(tmp_path / "in")])
    ((group,),) = waves(files, DEFAULT_LIMITS)
    folder = tmp_path / "run"
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", _dying)
        with pytest.raises(OSError, match="died"):
            cut(group, folder, DEFAULT_LIMITS)
    assert [] != list(folder.glob("*/*/*.portion"))
    assert [] == [*portions(folder), *cut_batches(folder), *faults(folder)]

    cut(group, folder, DEFAULT_LIMITS)
    assert 1 == len(cut_batches(folder))


def _dying(*_: object) -> None:
    message = "died"
    raise OSError(message)


def test_sources_are_grouped_by_size_in_their_order() -> None:
    """Small ones share a group, so that they share commits; a wave fills a part of the disk."""
    sizes = [1, 1, DEFAULT_LIMITS.size, 1, 1 << 30, 5]
    sources = [Source(str(number), size=size) for number, size in enumerate(sizes)]
    found = list(waves(sources, DEFAULT_LIMITS))

    assert [["01", "2", "3", "4"], ["5"]] == [
        ["".join(source.name for source in group.sources) for group in wave] for wave in found
    ]
    assert [0, 1, 2, 3, 4] == [group.number for wave in found for group in wave]
    assert Group(0, tuple(sources[:2])) == found[0][0]


def test_a_backfill_of_nothing_says_where_the_log_ends(
    manyhands: Run, dask_cluster: LocalCluster, tmp_path: Path
) -> None:
    """An empty folder is no error."""
    (tmp_path / "in").mkdir()
    address = f"--dask_client_address={dask_cluster.scheduler_address}"
    ingested = manyhands("ingest", "in", "--runner=dask", "--json", "--", address)

    assert (0, 0) == (ingested.code, ingested.json["head"])

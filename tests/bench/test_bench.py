"""What the benchmarks measure is what they say."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bench import commits, events, stream, warehouse
from bench.report import Figure
from pipelines.ingest.decode import decode
from pipelines.ingest.job import ingest
from pipelines.ingest.validate import validate
from pipelines.lake import reading, sql
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.watch import Watch
from schemas.record import Event, Received

NOW = datetime(2026, 11, 1)  # noqa: DTZ001  naive is UTC here


def test_a_seed_gives_the_same_events_all_of_them_valid(tmp_path: Path) -> None:
    """As many as asked for, and another seed gives others."""
    written = [
        events.write(events.Market(500, seed), tmp_path / str(n))
        for n, seed in enumerate((1, 1, 2))
    ]
    texts = [(tmp_path / str(n)).read_bytes() for n in range(3)]
    outcomes = [
        validate(decode(Received(1, "-", "1", line)), NOW)  # type: ignore[arg-type]
        for line in texts[0].splitlines()
    ]

    assert [500, 500, 500] == written
    assert texts[0] == texts[1] != texts[2]
    assert {Event} == {type(outcome) for outcome in outcomes}


@pytest.mark.thorough
def test_a_warehouse_built_in_bulk_is_as_ingesting_would_have_left_it(tmp_path: Path) -> None:
    """Events, facts and head are the same, to the content and its digest."""
    bulk, ingested = tmp_path / "bulk", tmp_path / "ingested"
    warehouse.build(bulk, licences=40, contributors=20)
    lines = [
        bytes(body) for (body,) in _rows(bulk, "SELECT body FROM warehouse.event ORDER BY seq")
    ]
    (tmp_path / "events.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))
    batches = ingest(
        Warehouse(ingested),
        [str(tmp_path / "events.ndjson")],
        clock=lambda: warehouse.RECORDED_AT,
        manifest_roots=[],
        watch=Watch(print),
    )
    assert len(lines) == sum(done.counts.accepted for done in batches)
    names = [*sql.names("facts"), "head"]
    tables = [f"FROM warehouse.{name} ORDER BY ALL" for name in names]
    log = "SELECT * EXCLUDE (batch_id) FROM warehouse.event ORDER BY seq"
    sums = "SELECT * EXCLUDE (commit_id) FROM warehouse.row_sum ORDER BY ALL"

    assert [_rows(ingested, query) for query in (log, sums, *tables)] == [
        _rows(bulk, query) for query in (log, sums, *tables)
    ]


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with reading.connect(Warehouse(folder)) as connection:
        return connection.execute(query).fetchall()


def test_a_figure_holds_on_the_right_side_of_its_bound() -> None:
    """At the bound it holds; without a bound there is nothing to hold."""
    most = [Figure("", value, "s", 30).held for value in (29, 30, 31)]
    least = [Figure("", value, "s", 30, at_least=True).held for value in (29, 30, 31)]

    assert (["yes", "yes", "**no**"], ["**no**", "yes", "yes"]) == (most, least)
    assert "" == Figure("", 1, "s").held


def test_each_small_commit_is_timed_and_is_in_the_log(tmp_path: Path) -> None:
    """As many commits as asked for, of as many events, are in one log."""
    timed = commits.commit_all(tmp_path, commits=3, size=5, seed=1)
    sizes = _rows(tmp_path / "warehouse", "SELECT received FROM warehouse.ingest_batch")

    assert [(5,)] * 3 == sizes
    assert [3, 3, 3] == [len(timed.commits), len(timed.work), len(timed.merges)]
    assert min(timed.commits) > 0
    assert timed.files > 3


def test_growth_compares_the_last_with_the_second() -> None:
    """The first are left out: they warm up."""
    assert 150 == commits.growth([9, 9, 2, 2, 5, 5, 3, 3], window=2)


def test_growth_is_what_is_held_last_beside_what_was_held_before() -> None:
    """In percent, of medians, and none where nothing was held at all."""
    before = [stream.Held(memory, 10, 4, 0) for memory in (100, 200, 900)]
    after = [stream.Held(memory, 12, 4, 0) for memory in (210, 211, 100)]

    parts = {
        name: [figure.value for figure in stream._compared(name, before, after)]
        for name in ("memory", "descriptors", "threads", "files")
    }

    assert parts == {
        "memory": [210, 105],
        "descriptors": [12, 120],
        "threads": [4, 100],
        "files": [0, 100],
    }


def test_this_process_holds_memory_descriptors_and_threads(tmp_path: Path) -> None:
    """As Linux counts them; a file that is left is found."""
    (tmp_path / "left").touch()

    held = stream._held([tmp_path])

    assert held.memory > 10
    assert held.descriptors >= 3
    assert held.threads >= 1
    assert 1 == held.files

"""Small files are merged, and nothing but their number changes (SPEC §4)."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.lake import data_files, reading
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.disk import settle
from pipelines.lake.merging import SMALL_BYTES, merge_small_files
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Run
from tests.lake.sending import rows, send
from tests.marketplace import Events, small

BATCHES = 6
AS_OF = "--as-of=2026-12-01T00:00:00Z"
COMMAND = str(Path(sys.executable).with_name("manyhands"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse whose log has a file of one event and of one dead letter a batch."""
    folder = tmp_path_factory.mktemp("merging") / "warehouse"
    create(Warehouse(folder), Setting())
    for number in range(BATCHES):
        events = Events(f"/shop-{number}")
        events.generation("1", "1")
        send(folder, [*events.events, b"{" * (number + 1)])
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return Path(shutil.copytree(filled, tmp_path / "warehouse"))


def merge(folder: Path, files: int = BATCHES) -> list[str]:
    """Merge what has so many small files, in a connection of its own."""
    with connect(Warehouse(folder)) as connection:
        return merge_small_files(connection, Warehouse(folder), files)


def files(folder: Path, name: str) -> int:
    """Return how many data files a relation has by the catalog."""
    ((count,),) = rows(
        folder,
        f"SELECT file_count FROM ducklake_table_info('warehouse') WHERE table_name = '{name}'",
    )
    return int(count)


def stored(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all relations, with the ids and snapshots that DuckLake gave them."""
    with connect(Warehouse(folder)) as connection:
        return {
            name: connection.execute(
                f"SELECT rowid, snapshot_id, * FROM warehouse.{name} ORDER BY rowid"
            ).fetchall()
            for (name,) in connection.execute(
                "SELECT table_name FROM ducklake_table_info('warehouse')"
            ).fetchall()
        }


def on_disk(folder: Path) -> set[Path]:
    """Return all data files."""
    return set((folder / "data").rglob("*.parquet"))


MERGED = ["asset_generated", "dead_letter", "event", "ingest_batch", "row_sum"]


def test_files_are_merged_and_rows_stay_as_they_are(folder: Path) -> None:
    """A relation has one file, the same rows with their ids, and no old file is gone."""
    before, there = stored(folder), on_disk(folder)
    counted = [files(folder, name) for name in MERGED]

    assert MERGED == merge(folder)

    assert [BATCHES] * len(MERGED) == counted
    assert [1] * len(MERGED) == [files(folder, name) for name in MERGED]
    assert before == stored(folder)
    assert there < on_disk(folder)
    assert len(MERGED) == len(on_disk(folder) - there)


def test_the_log_is_read_in_its_order_from_a_merged_file(folder: Path) -> None:
    """So what is looked up by position is read from few places."""
    merge(folder)
    query = "SELECT seq FROM event ORDER BY file_row_number"

    assert [(seq,) for seq in range(1, BATCHES + 1)] == rows(folder, query)


def test_fewer_files_are_left_alone_and_what_was_merged_counts_as_one(folder: Path) -> None:
    """A merge comes when there are as many again."""
    assert [] == merge(folder, BATCHES + 1)
    merge(folder)
    send(folder, [b"["])

    assert [] == merge(folder, 3)
    assert ["dead_letter", "ingest_batch"] == merge(folder, 2)


def test_a_file_that_is_not_small_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bound excludes is neither counted nor rewritten."""
    assert max(path.stat().st_size for path in on_disk(folder)) < SMALL_BYTES
    monkeypatch.setattr("pipelines.lake.merging.SMALL_BYTES", 1)

    assert [] == merge(folder, 2)


def test_files_that_rows_were_deleted_from_do_not_count(folder: Path) -> None:
    """They can't be merged, so a merge isn't tried for them again and again."""
    with connect(Warehouse(folder)) as connection:
        merge_small_files(connection, Warehouse(folder), BATCHES)
        connection.execute("DELETE FROM warehouse.dead_letter WHERE payload_size = 1")
    send(folder, [b"["])

    assert [] == [name for name in merge(folder, 2) if name == "dead_letter"]
    assert [(BATCHES,)] == rows(folder, "SELECT count(*) FROM dead_letter")


def test_every_earlier_state_can_be_read(folder: Path) -> None:
    """Of the log as it was at each snapshot, before and after a merge."""
    query = "SELECT count(*) FROM event AT (VERSION => {})"
    ((last,),) = rows(folder, "SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')")
    versions = range(last - BATCHES + 1, last + 1)
    before = [rows(folder, query.format(version)) for version in versions]
    merge(folder)

    assert [[(count,)] for count in range(1, BATCHES + 1)] == before
    assert before == [rows(folder, query.format(version)) for version in versions]


def test_a_reader_that_began_before_reads_on(folder: Path) -> None:
    """It has the catalog as it was, and the files that this names."""
    query = "SELECT seq, source FROM warehouse.event ORDER BY seq"
    with reading.connect(Warehouse(folder)) as connection:
        merge(folder)
        send(folder, [b"["])
        read = connection.execute(query).fetchall()

    assert rows(folder, "SELECT seq, source FROM event ORDER BY seq") == read


@contextmanager
def before_it_is_committed(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]
) -> Iterator[None]:
    """Let something happen once, after a merge and before its commit."""

    def settle_late(made: set[str]) -> None:
        patch.undo()
        happens()
        settle(made)

    with monkeypatch.context() as patch:
        patch.setattr(data_files, "settle", settle_late)
        yield


_SEND = """
import sys
from pathlib import Path
from tests.lake.sending import send
send(Path(sys.argv[1]), [b"late"])
"""


@pytest.mark.processes
def test_a_merge_that_loses_the_race_is_tried_again_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever commits while files are merged has committed; the merge has changed nothing."""

    def commit() -> None:
        words = [sys.executable, "-c", _SEND, str(folder)]
        subprocess.run(words, check=True, cwd=Path(__file__).parents[2])

    with before_it_is_committed(monkeypatch, commit):
        merged = merge(folder)

    assert MERGED[1:] == merged
    assert BATCHES == files(folder, MERGED[0])
    assert [(BATCHES + 1,)] == rows(folder, "SELECT count(*) FROM dead_letter")
    assert MERGED[:1] == merge(folder)


def test_a_merge_that_fails_fails_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be flushed isn't committed, and the same connection goes on."""
    before = stored(folder)

    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with connect(Warehouse(folder)) as connection:
        with monkeypatch.context() as failing:
            failing.setattr(os, "fsync", fail)
            failed = merge_small_files(connection, Warehouse(folder), BATCHES)
        kept = connection.execute("SELECT count(*) FROM warehouse.event").fetchone()
        merged = merge_small_files(connection, Warehouse(folder), BATCHES)

    assert ([], (BATCHES,), MERGED) == (failed, kept, merged)
    assert before == stored(folder)


def test_a_merge_that_finds_the_catalog_busy_is_tried_again_later(folder: Path) -> None:
    """It is no failure either where not even the number of files can be read."""

    class Busy:
        def execute(self, *_: object) -> None:
            message = "database is locked"
            raise duckdb.IOException(message)

    busy: Any = Busy()

    assert [] == merge_small_files(busy, Warehouse(folder), BATCHES)


def test_what_a_merge_writes_is_flushed_before_it_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what every commit writes."""
    there, fsync = on_disk(folder), os.fsync
    flushed: set[int] = set()

    def record(descriptor: int) -> None:
        fsync(descriptor)
        flushed.add(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", record)
    merge(folder)

    assert {path.stat().st_ino for path in on_disk(folder) - there} <= flushed


@pytest.mark.long
def test_closes_have_the_same_digests_however_often_files_are_merged(
    manyhands: Run, tmp_path: Path
) -> None:
    """The gate's checks pass on merged files, and nothing that is stated depends on them."""
    source = small(Events()).write(tmp_path / "events.ndjson")
    closed = []
    for name, merging in (("merged", "2"), ("as-they-came", "1000")):
        place = f"--warehouse={tmp_path / name}"
        limits = ["--batch-lines=1", f"--merge-files={merging}"]
        manyhands("ingest", source, place, AS_OF, *limits)
        closed.append(manyhands("close", "--period=2026-01", place, AS_OF, "--json"))

    assert [0, 0] == [close.code for close in closed]
    assert closed[0].json == closed[1].json
    assert files(tmp_path / "merged", "event") < files(tmp_path / "as-they-came", "event")


@pytest.mark.parametrize("value", ["1", "0", "100001", "x"])
def test_a_number_of_files_that_makes_no_sense_is_a_usage_error(
    manyhands: Run, tmp_path: Path, value: str
) -> None:
    """One file can't be merged with itself."""
    source = small(Events()).write(tmp_path / "events.ndjson")

    assert 2 == manyhands("ingest", source, f"--merge-files={value}").code
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.processes
@pytest.mark.long
def test_an_ingest_that_is_killed_while_it_merges_loses_nothing(tmp_path: Path) -> None:
    """`kill -9` at any moment, with a merge after each batch, and the same command again."""
    moments = random.Random(9)  # noqa: S311  moments, no secrets
    events = Events()
    for _ in range(60):
        events.generation("1", "1")
    source, warehouse = events.write(tmp_path / "events.ndjson"), tmp_path / "warehouse"
    words = ["ingest", source, f"--warehouse={warehouse}", AS_OF, "--json"]
    small_batches = {"MANYHANDS_BATCH_LINES": "5", "MANYHANDS_MERGE_FILES": "2"}
    for _ in range(2):
        process = subprocess.Popen(
            [COMMAND, *words],
            env={**os.environ, **small_batches},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _await_commit(process)
        time.sleep(moments.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    ended = subprocess.run(
        [COMMAND, *words], env={**os.environ, **small_batches}, capture_output=True, check=True
    )
    counts = json.loads(ended.stdout)

    assert (60, 60) == (counts["head"], counts["received"])
    assert 60 == counts["accepted"] + counts["duplicate"]
    expected = [(number, f"e{number}") for number in range(1, 61)]
    assert expected == rows(warehouse, "SELECT seq, id FROM event ORDER BY seq")


def _await_commit(process: "subprocess.Popen[bytes]") -> None:
    assert process.stderr is not None
    assert any(b"events received" in line for line in iter(process.stderr.readline, b""))

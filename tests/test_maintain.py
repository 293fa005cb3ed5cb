"""A warehouse is kept small, and nothing but its files and snapshots changes."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import maintain as job
from pipelines.lake import file_digests, maintaining
from pipelines.lake.catalogs import located
from pipelines.lake.connection import connect, opened
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Outcome, run
from tests.lake.sending import rows
from tests.lake.test_merging import files, on_disk
from tests.marketplace import Events, small
from tests.postgres import Postgres

AS_OF = "--as-of=2026-02-10T00:00:00Z"
BATCHES = 3


def fill(folder: Path, words: list[str]) -> None:
    """Ingest some batches, one with a dead letter that is dismissed, and close a month."""
    for number in range(BATCHES):
        events = small(Events(f"/shop-{number}")) if number == 0 else Events(f"/shop-{number}")
        events.generation("1", "1")
        path = events.write(folder / f"{number}.ndjson")
        if number < 2:
            with Path(path).open("a") as file:
                file.write("{" * (number + 1) + "\n")
        assert 0 == run(["ingest", *words, path, AS_OF]).code
    listed = run(["deadletter", "list", *words, "--json"]).json
    assert 0 == run(["deadletter", "dismiss", listed[0]["id"], "--note=x", *words]).code
    assert 0 == run(["close", *words, "--period=2026-01", AS_OF]).code


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with small files, rows that were deleted, and a close."""
    folder = tmp_path_factory.mktemp("maintained")
    fill(folder, [f"--warehouse={folder / 'warehouse'}"])
    return folder / "warehouse"


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return Path(shutil.copytree(filled, tmp_path / "warehouse"))


@pytest.fixture
def a_day_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be kept: as if all that there is were of more than a day ago."""
    monkeypatch.setattr(job, "KEPT", timedelta(0))


def maintained(folder: Path) -> Outcome:
    """Run the command; it changes no row."""
    before = _rows(folder)
    outcome = run(["maintain", f"--warehouse={folder}", "--json"])
    assert 0 == outcome.code, outcome.stderr
    assert before == _rows(folder)
    return outcome


def _rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with connect(Warehouse(folder)) as connection:
        found = connection.execute("SELECT table_name FROM ducklake_table_info('warehouse')")
        return {
            name: connection.execute(f"FROM warehouse.{name} ORDER BY ALL").fetchall()
            for (name,) in found.fetchall()
        }


def snapshots(folder: Path) -> int:
    """Return how many states of a warehouse can be read."""
    ((count,),) = rows(folder, "SELECT count(*) FROM ducklake_snapshots('warehouse')")
    return int(count)


def verified(folder: Path) -> None:
    """Verify a warehouse, in which nothing is found."""
    outcome = run(["verify", f"--warehouse={folder}"])
    assert (0, "") == (outcome.code, outcome.stdout), outcome.stdout


def test_small_files_become_one_and_for_a_day_nothing_goes(folder: Path) -> None:
    """Whoever reads an earlier state goes on reading it."""
    there, states = on_disk(folder), snapshots(folder)
    assert files(folder, "event") > 1

    done = maintained(folder).json

    assert {"asset_generated", "dead_letter", "event"} <= {*done["merged"]}
    assert [1, 1] == [files(folder, name) for name in ("event", "dead_letter")]
    assert there < on_disk(folder)
    assert states < snapshots(folder)
    assert (0, 0, []) == (done["removed"], done["snapshots"], done["orphans"])
    ((deletions,),) = rows(
        folder, "SELECT sum(delete_file_count) FROM ducklake_table_info('warehouse')"
    )
    assert 0 == deletions


@pytest.mark.thorough
@pytest.mark.usefixtures("a_day_later")
def test_after_a_day_only_what_is_read_is_left(folder: Path) -> None:
    """One state, the files of it, and each digest that tells whether they were changed."""
    for _ in range(3):  # what a run drops, the next one removes
        done = maintained(folder).json

    with connect(Warehouse(folder)) as connection:
        named = {
            str(path)
            for (name,) in connection.execute(
                "SELECT table_name FROM ducklake_table_info('warehouse')"
            ).fetchall()
            for (path,) in connection.execute(
                f"SELECT data_file FROM ducklake_list_files('warehouse', '{name}')"
            ).fetchall()
        }
    assert snapshots(folder) <= 2
    left = {path.parent.name for path in on_disk(folder) if str(path) not in named}
    assert left <= {"head"}  # that of the state before
    assert [] == done["merged"]
    rest = Events("/later")
    rest.generation("1", "5", "2026-02-03T00:00:00Z")
    path = rest.write(folder.parent / "later.ndjson")
    assert 0 == run(["ingest", path, f"--warehouse={folder}", "--as-of=2026-03-10T00:00:00Z"]).code
    closed = run(["close", f"--warehouse={folder}", "--due", "--as-of=2026-03-10T00:00:00Z"])
    assert 0 == closed.code, closed.stderr
    verified(folder)


@pytest.mark.thorough
@pytest.mark.usefixtures("a_day_later")
def test_what_was_changed_is_found_as_before(folder: Path) -> None:
    """The digest that is carried on is the one that the commit kept, not that of the file."""
    (path,) = (folder / "data" / "main" / "close_step").glob("*.parquet")
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(bytes(changed))
    for _ in range(2):
        assert 0 == run(["maintain", f"--warehouse={folder}"]).code

    outcome = run(["verify", f"--warehouse={folder}", "--json"])

    assert 4 == outcome.code
    assert ("file_changed", "close_step") in {
        (one["code"], one["relation"]) for one in outcome.json["findings"]
    }


@pytest.mark.usefixtures("a_day_later")
def test_where_somebody_else_changed_it_no_snapshot_is_dropped(folder: Path) -> None:
    """The commit that tells of it stays, and so does the finding."""
    with opened(Warehouse(folder)) as connection:
        connection.execute("UPDATE warehouse.setting SET grace_days = 3")
    states = snapshots(folder)

    outcome = run(["maintain", f"--warehouse={folder}"])

    assert 4 == outcome.code
    assert "isn't one of manyhands" in outcome.stderr
    assert states <= snapshots(folder)


def test_a_file_that_was_changed_is_not_merged(folder: Path) -> None:
    """In the merged one nobody would find it."""
    path = min((folder / "data" / "main" / "ingest_batch").glob("*.parquet"))
    path.write_bytes(path.read_bytes().replace(b"PAR1", b"PAR2", 1))

    outcome = run(["maintain", f"--warehouse={folder}"])

    assert 4 == outcome.code
    assert f"data/main/ingest_batch/{path.name} isn't as manyhands wrote it" in outcome.stderr
    assert BATCHES == files(folder, "ingest_batch")


@pytest.mark.parametrize("path", ["../../victim", "named"])
def test_the_catalog_decides_of_no_file_that_it_names_or_that_is_elsewhere(
    folder: Path, path: str
) -> None:
    """Whoever may write it would remove what `maintain` may, and not they."""
    victim = folder.parent / "victim"
    victim.touch()
    named = min((folder / "data" / "main" / "pool").glob("*.parquet"))
    path = f"main/pool/{named.name}" if path == "named" else path
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog, catalog:
        catalog.execute(
            "INSERT INTO ducklake_files_scheduled_for_deletion"
            " VALUES (9001, $path, 1, '2026-01-01 00:00:00+00')",
            {"path": path},
        )

    outcome = run(["maintain", f"--warehouse={folder}"])

    assert 4 == outcome.code
    assert f"the catalog says that {path} is to be removed" in outcome.stderr
    assert victim.exists()
    assert named.exists()


@pytest.mark.usefixtures("a_day_later")
def test_a_file_that_was_taken_out_of_the_catalog_stays(folder: Path) -> None:
    """A commit kept its digest, so it is of a commit; so it is when that commit is dropped."""
    path = min((folder / "data" / "main" / "close_step").glob("*.parquet"))
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog, catalog:
        catalog.execute("DELETE FROM ducklake_data_file WHERE path = $name", {"name": path.name})
    os.utime(path, (0, 0))

    for _ in range(3):
        outcome = run(["maintain", f"--warehouse={folder}", "--json"])
        assert (0, [f"main/close_step/{path.name}"]) == (outcome.code, outcome.json["kept"])
    assert path.exists()


def test_files_that_no_commit_came_to_name_go_after_a_day(folder: Path) -> None:
    """A younger one may be of a commit that is under way."""
    (one, *_) = sorted((folder / "data" / "main" / "pool").glob("*.parquet"))
    old, young = one.with_name("old.parquet"), one.with_name("young.parquet")
    strange = folder / "data" / "my.key"
    for path in (old, young, strange):
        shutil.copyfile(one, path)
    yesterday = time.time() - 90_000
    for path in (old, strange):
        os.utime(path, (yesterday, yesterday))

    done = maintained(folder).json

    assert ["main/pool/old.parquet"] == done["orphans"]
    assert ["my.key"] == done["kept"]
    assert young.exists()
    assert strange.exists()


@pytest.mark.usefixtures("a_day_later")
@pytest.mark.long
@pytest.mark.parametrize(
    "step",
    [
        (maintaining, "commit", 1),
        (maintaining, "commit", 4),
        (maintaining, "_expire", 0),
        (maintaining, "_forget", 0),
        (file_digests, "remove", 3),
    ],
    ids=lambda step: f"{step[1]}-{step[2]}",
)
def test_it_goes_on_where_it_was_stopped(
    folder: Path, step: tuple[object, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost in between, and in the end all is done."""
    module, name, calls = step
    done = getattr(module, name)
    maintained(folder)
    rest = Events("/more")
    rest.generation("1", "5")
    assert (
        0 == run(["ingest", rest.write(folder.parent / "m"), f"--warehouse={folder}", AS_OF]).code
    )
    made = 0

    def stop(*given: object, **named: object) -> object:
        nonlocal made
        made += 1
        if made > calls:
            raise KeyboardInterrupt
        return done(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, stop)
        with pytest.raises(KeyboardInterrupt):
            job.maintain(Warehouse(folder), lambda _: None)
    verified(folder)

    for _ in range(2):
        maintained(folder)
    assert snapshots(folder) <= 2
    verified(folder)


@pytest.mark.usefixtures("a_day_later")
def test_with_postgresql_too(postgres: Postgres, tmp_path: Path) -> None:
    """An open transaction keeps what it may still read."""
    words = postgres.warehouse()
    assert 0 == run(["init", *words, f"--data-path={tmp_path / 'shared'}"]).code
    fill(tmp_path, words)
    warehouse = located(postgres.place(words))
    with opened(warehouse) as reader:
        reader.execute("BEGIN")
        ((count,),) = reader.execute("SELECT count(*) FROM warehouse.event").fetchall()
        first = run(["maintain", *words, "--json"])
        second = run(["maintain", *words, "--json"])
        assert [(count,)] == reader.execute("SELECT count(*) FROM warehouse.event").fetchall()
        reader.execute("ROLLBACK")
    assert (0, 0) == (first.code, second.code), first.stderr + second.stderr
    for _ in range(3):
        outcome = run(["maintain", *words, "--json"])
        assert 0 == outcome.code, outcome.stderr

    assert {"event"} <= {*first.json["merged"]}
    with opened(warehouse) as connection:
        ((states,),) = connection.execute(
            "SELECT count(*) FROM ducklake_snapshots('warehouse')"
        ).fetchall()
    assert states <= 2
    verify = run(["verify", *words])
    assert (0, "") == (verify.code, verify.stdout), verify.stdout

"""A warehouse of an earlier format becomes one of this program's: nothing of it changes."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake import migration, sql
from pipelines.lake.catalogs import located, sqlite
from pipelines.lake.catalogs import postgres as catalog
from pipelines.lake.connection import connect, opened
from pipelines.lake.creation import create
from pipelines.lake.migration import EARLIEST
from pipelines.lake.setting import FORMAT, Setting, found_format
from pipelines.lake.warehouse import Warehouse
from tests.conftest import run
from tests.everyday import some_of
from tests.lake.sending import rows
from tests.lake.test_setting import unpack
from tests.postgres import Postgres
from tests.test_vectors import recomputed

COLUMNS = (
    "SELECT table_name, column_name, data_type, comment FROM duckdb_columns()"
    " WHERE database_name = 'warehouse' ORDER BY table_name, column_index"
)
STORED = (
    "event",
    "ingest_batch",
    "dead_letter",
    "statement",
    "statement_line",
    "period_close",
    "row_sum",
    "head",
)
SINCE = {
    "ingest_batch": "COLUMNS(name -> name <> 'origin')",
    "dead_letter": "COLUMNS(name -> name NOT IN ('attempts', 'dismissed_at', 'note'))",
    "period_close": "COLUMNS(name -> name NOT IN"
    " ('tree_size', 'tree_root', 'checkpoint', 'verifier_key'))",
}
"""Of relations that have more columns since: those that they had."""

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Migrated:
    """A warehouse of an earlier format that was brought to the present one."""

    number: int
    folder: Path
    before: Rows
    """What it held before."""
    steps: list[dict[str, Any]]
    """What `migrate` printed of each."""


def _stored(folder: Path) -> Rows:
    """Return what a warehouse holds, of whatever format: the columns that all of them have."""
    with opened(Warehouse(folder)) as connection:
        return {
            name: connection.execute(
                f"SELECT {SINCE.get(name, '*')} FROM warehouse.{name} ORDER BY ALL"
            ).fetchall()
            for name in STORED
        }


@pytest.fixture(scope="module", params=some_of([EARLIEST, FORMAT - 1], range(EARLIEST, FORMAT)))
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    """Bring a warehouse of each earlier format to the present one; it is only copied."""
    folder = unpack(request.param, tmp_path_factory.mktemp("migrated"))
    before = _stored(folder)
    done = run(["migrate", f"--warehouse={folder}", "--json"])
    assert 0 == done.code, done.stderr
    return Migrated(request.param, folder, before, done.json["steps"])


def _format(folder: Path) -> int:
    with opened(Warehouse(folder)) as connection:
        return found_format(connection)


def test_it_has_all_that_it_had_and_what_is_new(migrated: Migrated, tmp_path: Path) -> None:
    """The same rows, the columns of a new warehouse, and digests that come out again."""
    folder = migrated.folder
    create(Warehouse(tmp_path / "new"), Setting())

    assert [*range(migrated.number, FORMAT)] == [step["before"] for step in migrated.steps]
    assert migrated.before == _stored(folder)
    with connect(Warehouse(folder)) as here, connect(Warehouse(tmp_path / "new")) as new:
        assert here.execute(COLUMNS).fetchall() == new.execute(COLUMNS).fetchall()
    closes = {row[0]: row for row in rows(folder, "SELECT period, digest FROM period_close")}
    assert [digest for _, digest in sorted(closes.values())] == list(
        recomputed(Warehouse(folder), sorted(closes))
    )


def test_its_closes_have_the_tree_that_they_would_have_had(
    migrated: Migrated, tmp_path: Path
) -> None:
    """The one that a warehouse of today grows, close by close, with the same nodes."""
    assert 0 == run(["rebuild", f"--warehouse={migrated.folder}", f"--to={tmp_path / 'new'}"]).code

    for query in (
        "SELECT period, tree_size, tree_root, checkpoint FROM period_close ORDER BY ALL",
        "FROM tree_node ORDER BY ALL",
    ):
        found = rows(migrated.folder, query)
        assert found
        assert rows(tmp_path / "new", query) == found


@pytest.mark.thorough
def test_verifying_finds_nothing_in_it(tmp_path: Path) -> None:
    """The first step gives all files that are there their digests, for good."""
    folder = unpack(EARLIEST, tmp_path)
    assert 0 == run(["migrate", f"--warehouse={folder}"]).code

    outcome = run(["verify", f"--warehouse={folder}"])

    assert (0, "") == (outcome.code, outcome.stdout)


def test_it_goes_on(migrated: Migrated, tmp_path: Path) -> None:
    """What it took before is a duplicate; the next close passes the gate, and is published."""
    folder = Path(shutil.copytree(migrated.folder, tmp_path / "warehouse"))
    (tmp_path / "out").mkdir()
    words = [f"--warehouse={folder}", "--as-of=2027-01-01T00:00:00Z", "--json"]

    again = run(["ingest", str(folder / "events"), *words])
    closed = run(["close", "--period=2026-12", f"--publish-to={tmp_path / 'out'}", *words])

    assert (0, 0, 0) == (again.code, again.json["accepted"], closed.code)
    assert 3 == len(list((tmp_path / "out").iterdir()))
    nothing = run(["migrate", f"--warehouse={folder}"])
    assert (0, True) == (nothing.code, "nothing was done" in nothing.stdout)


def test_what_was_refused_can_be_dismissed(migrated: Migrated, tmp_path: Path) -> None:
    """A letter of before was never replayed; dismissed, it isn't among those that are open."""
    folder = Path(shutil.copytree(migrated.folder, tmp_path / "warehouse"))
    on = f"--warehouse={folder}"
    before = run(["deadletter", "list", on, "--json"]).json
    first, second = (letter["id"] for letter in before)
    assert 0 == run(["deadletter", "dismiss", first, "--note=never", on]).code

    assert [(0, False, False)] * 2 == [
        (letter["attempts"], letter["resolved"], letter["dismissed"]) for letter in before
    ]
    assert [second] == [one["id"] for one in run(["deadletter", "list", on, "--json"]).json]
    assert [(1,)] == rows(folder, "SELECT sum(letters) FROM open_dead_letter")


def test_the_catalog_of_before_is_kept(migrated: Migrated, tmp_path: Path) -> None:
    """Put back in its place, the warehouse is what it was."""
    folder = Path(shutil.copytree(migrated.folder, tmp_path / "warehouse"))
    assert migrated.folder == Path(migrated.steps[0]["kept"]).parent
    kept = folder / Path(migrated.steps[0]["kept"]).name

    for name in ("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
        found = kept.with_name(name.replace("catalog.sqlite", kept.name))
        if found.exists():
            shutil.copy(found, folder / name)
    assert migrated.number == _format(folder)
    assert migrated.before == _stored(folder)


def test_a_migration_that_is_cut_short_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is whole or not there at all."""
    folder = unpack(EARLIEST, tmp_path)
    with monkeypatch.context() as patch:
        failing = migration.Step(made=("source_report",), remade={"x": "x"})
        patch.setitem(migration.STEPS, 3, failing)
        assert 1 == run(["migrate", f"--warehouse={folder}"]).code
    assert 3 == _format(folder)
    with opened(Warehouse(folder)) as connection:
        names = {name for (name,) in connection.execute("SHOW TABLES FROM warehouse").fetchall()}
    assert "source_report" not in names

    assert 0 == run(["migrate", f"--warehouse={folder}"]).code
    assert FORMAT == _format(folder)


@pytest.mark.parametrize("number", [1, FORMAT + 1])
def test_what_cannot_be_brought_to_it_is_refused(number: int, tmp_path: Path) -> None:
    """The first format, and those of later programs; nothing is changed."""
    folder = unpack(1 if number == 1 else FORMAT, tmp_path)
    if number != 1:
        with connect(Warehouse(folder)) as connection:
            connection.execute("UPDATE warehouse.setting SET format = ?", [number])

    refused = run(["migrate", f"--warehouse={folder}"])

    assert (1, "") == (refused.code, refused.stdout)
    assert f"has format {number}, and this manyhands {FORMAT}" in refused.stderr
    assert number == _format(folder)


def test_each_format_has_a_step_to_the_next() -> None:
    """And each step makes relations that there are."""
    names = {name for folder in ("log", "facts", "results") for name in sql.names(folder)}

    assert [*range(EARLIEST, FORMAT)] == [*migration.STEPS]
    assert {name for step in migration.STEPS.values() for name in (*step.made, *step.remade)} <= (
        names
    )


def test_a_catalog_in_postgresql_is_kept_in_a_schema_beside(
    postgres: Postgres, tmp_path: Path
) -> None:
    """It opens as the warehouse did, with the name of that schema."""
    named = postgres.warehouse()
    assert 0 == run(["init", *named, f"--data-path={tmp_path / 'data'}"]).code
    warehouse = postgres.place(named)
    kept = catalog.keep(located(warehouse), "format-9", lambda: None)
    (schema,) = [word for word in named if word.startswith("--schema=")]
    assert kept == f"the schema {schema.removeprefix('--schema=')}-format-9"

    there = run(["status", *(f"{word}-format-9" if word == schema else word for word in named)])
    assert 0 == there.code, there.stderr


def test_of_two_at_once_the_later_one_keeps_no_newer_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was at its copy when the other one was through: what was kept first stays."""
    folder = unpack(EARLIEST, tmp_path)
    copy = sqlite._copy

    def late(warehouse: Warehouse, to: Path) -> None:
        monkeypatch.setattr(sqlite, "_copy", copy)
        assert 0 == run(["migrate", f"--warehouse={folder}"]).code
        copy(warehouse, to)

    monkeypatch.setattr(sqlite, "_copy", late)
    second = run(["migrate", f"--warehouse={folder}"])

    assert 5 == second.code
    assert "another process migrates this warehouse" in second.stderr
    kept = folder / f"catalog-format-{EARLIEST}.sqlite"
    (tmp_path / "before").mkdir()
    shutil.copytree(folder / "data", tmp_path / "before/data")
    shutil.copy(kept, tmp_path / "before/catalog.sqlite")
    assert EARLIEST == _format(tmp_path / "before")
    assert FORMAT == _format(folder)

"""Makes and opens a warehouse: DuckLake with its catalog in SQLite (SPEC §7.1).

The warehouse is attached as `warehouse`; the connection's own in-memory database, which spills
to a temporary folder, holds what is staged.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import duckdb_extension_ducklake
import duckdb_extension_sqlite_scanner

from pipelines.errors import ConflictError, ManyhandsError, NotFoundError, UsageError
from pipelines.lake import sql
from pipelines.royalties.periods import Cadence, Period

CATALOG = "catalog.sqlite"
DATA = "data"
GATE = "gate"
STORED = ("log", "facts", "results")
BUSY_TIMEOUT_MS = 5_000
MEMORY_LIMIT = os.environ.get("MANYHANDS_MEMORY_LIMIT", "1500MiB")


@dataclass(frozen=True)
class Setting:
    """How a warehouse closes; fixed when it is made."""

    cadence: Cadence = Cadence.MONTH
    grace_days: int = 0
    first_period: str = ""
    """The first period to close; empty: that of the first money in force."""


def exists(folder: Path) -> bool:
    """Tell whether a folder holds a warehouse."""
    return (folder / CATALOG).is_file()


def create(folder: Path, setting: Setting) -> None:
    """Make an empty warehouse, whole or not at all.

    Raises ConflictError where the folder holds a warehouse or anything else, and UsageError
    where the first period isn't one of the cadence.
    """
    if setting.first_period:
        try:
            Period.parse(setting.first_period, setting.cadence)
        except ValueError as error:
            raise UsageError(str(error)) from error
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} {_why_not_made(folder)}"
        raise ConflictError(message)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
        _fill(Path(made) / "warehouse", setting)
        try:
            (Path(made) / "warehouse").rename(folder)
        except OSError as error:
            message = f"{folder}: somebody else made it first; run the command again"
            raise ConflictError(message) from error


def _why_not_made(folder: Path) -> str:
    if exists(folder):
        return "is a warehouse already; name another folder"
    if (folder / DATA).is_dir():
        return f"has {DATA}/ but no {CATALOG}; restore that from a backup, or name another folder"
    return "is not empty, and no warehouse; name another folder, or an empty one"


def _fill(folder: Path, setting: Setting) -> None:
    for part in (DATA, GATE):
        (folder / part).mkdir(parents=True)
    with _open(folder, read_only=False) as connection:
        connection.execute("BEGIN")
        for folder_of_sql in STORED:
            for relation in sql.relations(folder_of_sql):
                _create_table(connection, relation)
        for view in _views_in_order():
            _create_view(connection, view)
        connection.execute("INSERT INTO warehouse.head VALUES (0)")
        connection.execute(
            "INSERT INTO warehouse.setting VALUES ($cadence, $grace_days, $first_period)",
            {
                "cadence": setting.cadence.value,
                "grace_days": setting.grace_days,
                "first_period": setting.first_period or None,
            },
        )
        connection.execute("COMMIT")


def _views_in_order() -> Iterator[sql.Relation]:
    """Yield the views, each after those that it reads."""
    views = {view.name: view for view in sql.relations("views")}
    read_by = {
        name: {other for other in views if other != name and other in view.query.split()}
        for name, view in views.items()
    }
    return (views[name] for name in TopologicalSorter(read_by).static_order())


def require(folder: Path) -> None:
    """Insist on a warehouse in a folder.

    Raises NotFoundError where the folder holds none, ManyhandsError where its catalog is empty.
    """
    if not exists(folder):
        message = f"no warehouse in {folder}; make one with `manyhands init`, or name another"
        raise NotFoundError(message)
    if (folder / CATALOG).stat().st_size == 0:
        message = f"{folder / CATALOG} is empty; restore it from a backup"
        raise ManyhandsError(message)


@contextmanager
def connect(
    folder: Path, *, read_only: bool = False, catalog: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse for as long as the context lasts; `catalog` is a copy to read instead.

    Raises NotFoundError where the folder holds none.
    """
    require(folder)
    with _open(folder.absolute(), read_only=read_only, catalog=catalog) as connection:
        yield connection


@contextmanager
def _open(
    folder: Path, *, read_only: bool, catalog: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    with (
        tempfile.TemporaryDirectory(prefix="manyhands-") as spill,
        duckdb.connect(config=bounded(spill) | _extensions_are_signed()) as connection,
    ):
        load_extensions(connection)
        for macro in sql.names("functions"):
            connection.execute(sql.text("functions", macro))
        connection.execute(attach_statement(folder, read_only=read_only, catalog=catalog))
        yield connection


def bounded(spill: str) -> dict[str, str | bool | int | float | list[str]]:
    """Configure a connection: bounded memory, what is beyond goes to the folder `spill`."""
    return {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": MEMORY_LIMIT,
        "preserve_insertion_order": False,
        "temp_directory": spill,
    }


@cache
def _extensions_are_signed() -> dict[str, bool]:
    """Check the extensions' signatures once in a process, not in each connection: it is slow."""
    with duckdb.connect() as connection:
        load_extensions(connection)
    return {"allow_unsigned_extensions": True}


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extensions from their wheels: nothing is downloaded, nothing is installed."""
    for package in (duckdb_extension_ducklake, duckdb_extension_sqlite_scanner):
        name = package.__name__.removeprefix("duckdb_extension_")
        (path,) = Path(package.__path__[0]).glob(f"extensions/*/{name}.duckdb_extension")
        connection.execute(f"LOAD {quoted(str(path))}")


def attach_statement(folder: Path, *, read_only: bool, catalog: Path | None = None) -> str:
    """Give the ATTACH that opens a warehouse from anywhere, also when it was copied or moved."""
    options = [
        f"DATA_PATH {quoted(f'{folder / DATA}/')}",
        "OVERRIDE_DATA_PATH true",
        "DATA_INLINING_ROW_LIMIT 0",
        f"META_BUSY_TIMEOUT {BUSY_TIMEOUT_MS}",
        "READ_ONLY" if read_only else "META_JOURNAL_MODE 'WAL'",
    ]
    address = quoted(f"ducklake:sqlite:{catalog or folder / CATALOG}")
    return f"ATTACH {address} AS warehouse ({', '.join(options)})"


def quoted(text: str) -> str:
    """Quote a path for a statement that takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _create_table(connection: duckdb.DuckDBPyConnection, relation: sql.Relation) -> None:
    columns = ", ".join(f"{column.name} {column.type}" for column in relation.columns)
    connection.execute(f"CREATE TABLE warehouse.{relation.name} ({columns})")
    comment = quoted(f"{relation.meaning} Grain: {relation.grain}")
    connection.execute(f"COMMENT ON TABLE warehouse.{relation.name} IS {comment}")
    for column in relation.columns:
        name = f"warehouse.{relation.name}.{column.name}"
        connection.execute(f"COMMENT ON COLUMN {name} IS {quoted(column.comment)}")


def _create_view(connection: duckdb.DuckDBPyConnection, view: sql.Relation) -> None:
    connection.execute(f"CREATE VIEW warehouse.{view.name} AS {view.query}")
    comment = quoted(f"{view.meaning} Grain: {view.grain}")
    connection.execute(f"COMMENT ON VIEW warehouse.{view.name} IS {comment}")


def setting(connection: duckdb.DuckDBPyConnection) -> Setting:
    """Read how the warehouse closes."""
    row = connection.execute(
        "SELECT cadence, grace_days, first_period FROM warehouse.setting"
    ).fetchone()
    if row is None:
        message = "the warehouse has no setting; it was not made by `manyhands init`"
        raise NotFoundError(message)
    cadence, grace_days, first_period = row
    return Setting(Cadence(cadence), grace_days, first_period or "")

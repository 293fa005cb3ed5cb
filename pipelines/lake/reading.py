"""Reads a warehouse without touching its folder: what has been issued, held and refused.

A reader in SQLite's WAL mode leaves files beside the catalog and keeps writers from tidying up.
So readers get a copy of the catalog, one consistent snapshot; the data files never change.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import duckdb

from pipelines.errors import ManyhandsError, NotFoundError, TryAgainError
from pipelines.lake import closes, sql, warehouse
from pipelines.lake.staging import stage_rows

ROWS_AT_ONCE = 2_048
"""Rows in memory at once while a result is read."""

BUSY_TIMEOUT_S = 5.0

Row: TypeAlias = tuple[Any, ...]


@contextmanager
def connect(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a snapshot of a warehouse, read-only, for as long as the context lasts.

    Not for a process that has the warehouse open for writing: SQLite's locks belong to a process.

    Raises NotFoundError where the folder holds no warehouse, TryAgainError where its catalog is
    busy, ManyhandsError where it can't be read.
    """
    with (
        frozen_catalog(folder) as catalog,
        warehouse.connect(folder, read_only=True, catalog=catalog) as connection,
    ):
        yield connection


@contextmanager
def frozen_catalog(folder: Path) -> Iterator[Path]:
    """Copy a warehouse's catalog as it is now, for as long as the context lasts.

    Raises as `connect` does.
    """
    warehouse.require(folder)
    catalog = folder.absolute() / warehouse.CATALOG
    with tempfile.TemporaryDirectory(prefix="manyhands-") as made:
        copy = Path(made) / warehouse.CATALOG
        try:
            _copy_catalog(catalog, copy)
        except sqlite3.Error as error:
            if "locked" in str(error):
                message = f"{folder}: the catalog is busy; run the command again later"
                raise TryAgainError(message) from error
            if "full" in str(error):
                message = f"{made}: no room for a copy of the catalog; make room, or set TMPDIR"
                raise ManyhandsError(message) from error
            message = f"{catalog}: {error}; restore the catalog from a backup"
            raise ManyhandsError(message) from error
        yield copy


def _copy_catalog(catalog: Path, copy: Path) -> None:
    try:
        _back_up(catalog, copy, "mode=rw")
    except sqlite3.OperationalError as error:
        wal = catalog.with_name(f"{catalog.name}-wal")
        if "locked" in str(error) or (wal.exists() and wal.stat().st_size):
            raise
        # a folder that we can't write: nothing is waiting beside the catalog, it is all there is
        _back_up(catalog, copy, "immutable=1")


def _back_up(catalog: Path, copy: Path, how: str) -> None:
    address = f"file:{quote(str(catalog))}?{how}"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object]
) -> Iterator[Row]:
    """Run a query and give its rows, a bounded number of them in memory."""
    cursor = connection.execute(query, dict(parameters))
    while batch := cursor.fetchmany(ROWS_AT_ONCE):
        yield from batch


def closed_period(connection: duckdb.DuckDBPyConnection, period: str | None) -> str | None:
    """Give `period`, which has to be closed, or the last one closed; None before any close.

    Raises NotFoundError where the period isn't closed.
    """
    if period is not None:
        return closes.closed_or_not_found(connection, period).period
    last = closes.last_close(connection)
    return last.period if last else None


def report(
    connection: duckdb.DuckDBPyConnection, name: str, period: str | None
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Give the columns of a relation of `sql/reports` and its rows for a close; none before any."""
    relation = _asked(connection, name, period)
    columns = tuple(column.name for column in relation.columns)
    return columns, rows(connection, relation.query, {})


def count(connection: duckdb.DuckDBPyConnection, name: str, period: str) -> int:
    """Return how many rows a relation of `sql/reports` has for a close."""
    relation = _asked(connection, name, period)
    ((rows_there,),) = connection.execute(f"SELECT count(*) FROM ({relation.query})").fetchall()
    return int(rows_there)


def listed_statements(
    connection: duckdb.DuckDBPyConnection, period: str | None
) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Give the columns and rows of a close's statements, each with its digest, without lines."""
    relation = _asked(connection, "statement", period)
    columns = (*(column.name for column in relation.columns), "digest")
    query = (
        f"SELECT statement.*, issued.digest FROM ({relation.query}) AS statement"
        " INNER JOIN warehouse.statement AS issued USING (statement_id)"
        " ORDER BY statement.contributor_id"
    )
    return columns, rows(connection, query, {})


def _asked(connection: duckdb.DuckDBPyConnection, name: str, period: str | None) -> sql.Relation:
    """Stage which close is asked for, and give the relation of `sql/reports` that reads it."""
    stage_rows(connection, "asked", ["period VARCHAR"], [[period]])
    return sql.relation("reports", name)


def sealed_statement(connection: duckdb.DuckDBPyConnection, statement_id: str) -> bytes:
    """Give a statement's sealed bytes (SPEC §7.2).

    Raises NotFoundError where none was issued under this id.
    """
    found = connection.execute(
        "SELECT sealed FROM warehouse.statement WHERE statement_id = $statement_id",
        {"statement_id": statement_id},
    ).fetchone()
    if found is None:
        message = f"no statement {statement_id}; `manyhands statements list` names those issued"
        raise NotFoundError(message)
    return bytes(found[0])


def sealed_statements(connection: duckdb.DuckDBPyConnection, period: str) -> Iterator[bytes]:
    """Give the sealed bytes of a close's statements, by `contributor_id`."""
    query = "SELECT sealed FROM warehouse.statement WHERE period = $period ORDER BY contributor_id"
    for (sealed,) in rows(connection, query, {"period": period}):
        yield bytes(sealed)


def write_parquet(
    connection: duckdb.DuckDBPyConnection, name: str, period: str, path: Path
) -> None:
    """Write a relation of `sql/reports` for a close as Parquet, money exact as DECIMAL(38, 6)."""
    relation = _asked(connection, name, period)
    connection.execute(
        f"COPY ({relation.query}) TO $path (FORMAT parquet)",
        {"path": str(path)},
    )

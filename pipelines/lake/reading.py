"""Reads a warehouse without touching its folder: what has been issued, held and refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import duckdb

from pipelines.errors import NotFoundError
from pipelines.lake import closes, sql, writing
from pipelines.lake.catalogs import catalog_of, located
from pipelines.lake.connection import opened
from pipelines.lake.setting import refuse_other_format, setting
from pipelines.lake.staging import stage_input, view_exported
from pipelines.lake.warehouse import Warehouse

ROWS_AT_ONCE = 2_048
"""Rows in memory at once while a result is read."""

Row: TypeAlias = tuple[Any, ...]


class Listing(NamedTuple):
    """What is read: the names of its columns, all different, and its rows in order."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def connect(
    warehouse: Warehouse, *, of_any_format: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a snapshot of a warehouse, read-only, for as long as the context lasts.

    Where it may be `of_any_format`, its setting isn't read.

    Raises NotFoundError where there is no warehouse, TryAgainError where its catalog is busy,
    ManyhandsError where it can't be read.
    """
    warehouse = located(warehouse)
    with (
        catalog_of(warehouse).snapshot(warehouse) as attach,
        opened(warehouse, attach) as connection,
    ):
        if not of_any_format:
            refuse_other_format(connection, warehouse)
        yield connection


@contextmanager
def on_one_core(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Read on one core while the context lasts: each core holds a part of a file in memory."""
    ((threads,),) = connection.execute("SELECT current_setting('threads')").fetchall()
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute(f"SET threads = {threads}")


def rows(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, object],
    at_once: int = ROWS_AT_ONCE,
) -> Iterator[Row]:
    """Run a query and give its rows, a bounded number of them in memory."""
    cursor = connection.execute(query, dict(parameters))
    while batch := cursor.fetchmany(at_once):
        yield from batch


def closed_period(connection: duckdb.DuckDBPyConnection, period: str | None) -> str | None:
    """Return `period`, which has to be closed, or the last one closed; None before any close.

    Raises NotFoundError where the period isn't closed, UsageError where it can't be one.
    """
    if period is not None:
        named = closes.named_period(period, setting(connection).cadence)
        return closes.closed_or_not_found(connection, named.name).period
    last = closes.last_close(connection)
    return last.period if last else None


def report(connection: duckdb.DuckDBPyConnection, name: str, period: str | None) -> Listing:
    """Return a relation of `sql/reports` for a close, without rows before any."""
    relation = _asked(connection, name, period)
    columns = tuple(column.name for column in relation.columns)
    return Listing(columns, rows(connection, relation.query, {}))


def held_by_reason(connection: duckdb.DuckDBPyConnection, period: str | None) -> Listing:
    """Return what was held at a close by reason and currency, the largest amount first."""
    relation = _asked(connection, "held", period)
    columns = tuple(column.name for column in relation.columns)
    query = (
        f"FROM ({relation.query}) ORDER BY reason, currency, amount DESC,"
        " reference, basis, origin_period, contributor_id NULLS LAST"
    )
    return Listing(columns, rows(connection, query, {}))


def count(connection: duckdb.DuckDBPyConnection, name: str, period: str) -> int:
    """Return how many rows a relation of `sql/reports` has for a close."""
    relation = _asked(connection, name, period)
    ((rows_there,),) = connection.execute(f"SELECT count(*) FROM ({relation.query})").fetchall()
    return int(rows_there)


def listed_statements(connection: duckdb.DuckDBPyConnection, period: str | None) -> Listing:
    """Return a close's statements without their lines, each with its digest."""
    relation = _asked(connection, "statement", period)
    columns = (*(column.name for column in relation.columns), "digest")
    query = (
        f"SELECT statement.*, issued.digest FROM ({relation.query}) AS statement"
        " INNER JOIN warehouse.statement AS issued USING (statement_id)"
        " ORDER BY statement.contributor_id"
    )
    return Listing(columns, rows(connection, query, {}))


def _asked(connection: duckdb.DuckDBPyConnection, name: str, period: str | None) -> sql.Relation:
    """Stage which close is asked for, and give the relation of `sql/reports` that reads it."""
    stage_input(connection, "asked", [[period]])
    if name in {"statement", "statement_line"}:
        view_exported(connection)
    return sql.relation("reports", name)


def sealed_statement(connection: duckdb.DuckDBPyConnection, statement_id: str) -> bytes:
    """Return a statement's sealed bytes (SPEC §7.2).

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
    """Return the sealed bytes of a close's statements, by `contributor_id`."""
    view_exported(connection)
    query = "SELECT sealed FROM exported.statement WHERE period = $period ORDER BY contributor_id"
    for (sealed,) in rows(connection, query, {"period": period}):
        yield bytes(sealed)


def write_parquet(
    connection: duckdb.DuckDBPyConnection, name: str, period: str, path: Path
) -> None:
    """Write a relation of `sql/reports` for a close as Parquet, money exact as DECIMAL(38, 6)."""
    _asked(connection, name, period)
    writing.write(connection, name, "parquet", path)

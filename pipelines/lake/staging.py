"""Stages relations in the connection's own database, apart from the warehouse (SPEC §6)."""

from collections.abc import Iterable, Sequence

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake import sql
from schemas.currencies import MINOR_DIGITS

_OUT_OF_RANGE = "out of range: "


def stage(connection: duckdb.DuckDBPyConnection, folder: str, name: str) -> None:
    """Fill the staged table `name` from the relation's SELECT.

    Raises ManyhandsError, naming the pool or line, where a product has more than 38 digits.
    """
    columns = ", ".join(column.name for column in sql.relation(folder, name).columns)
    query = sql.relation(folder, name).query
    try:
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM ({query})")
    except (duckdb.InvalidInputException, duckdb.OutOfRangeException) as error:
        text = str(error)
        if _OUT_OF_RANGE in text:
            raise ManyhandsError(text[text.index(_OUT_OF_RANGE) :]) from error
        message = f"{_OUT_OF_RANGE}{name}: {text}; reverse the event that made it"
        raise ManyhandsError(message) from error


def stage_currencies(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage `currency`: the currencies of ours, each with its minor unit in micros."""
    scales = [[code, 10 ** (6 - digits)] for code, digits in MINOR_DIGITS.items()]
    stage_rows(connection, "currency", ["currency VARCHAR", "minor_micros BIGINT"], scales)


def stage_macro(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create a macro that reads staged relations."""
    connection.execute(sql.text("functions/close", name))


def stage_rows(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Fill the staged table `name` with rows; `columns` are names with their types."""
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({', '.join(columns)})")
    values = [list(column) for column in zip(*rows, strict=True)]
    if values:
        lists = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT INTO {name} SELECT {lists}", values)

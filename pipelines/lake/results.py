"""Stores what a close staged, and sums what a close came to (SPEC §6)."""

from dataclasses import dataclass

import duckdb

from pipelines.lake import reading, sql

_STAGED = (
    "pool",
    "allocation",
    "held",
    "manifest_weight",
    "statement_line",
    "statement",
    "log_block",
    "close_step",
    "close_coverage",
    "tree_node",
)


def store(connection: duckdb.DuckDBPyConnection) -> None:
    """Store the staged results of a close, in the transaction that added its event to the log."""
    for name in _STAGED:
        columns = ", ".join(column.name for column in sql.relation("results", name).columns)
        connection.execute(f"INSERT INTO warehouse.{name} SELECT {columns} FROM {name}")
    for folder, name in (("results", "period_close"), ("log", "row_sum")):
        query = sql.relation(folder, name).query
        connection.execute(f"INSERT INTO warehouse.{name} {query}")


@dataclass(frozen=True)
class Totals:
    """What a close came to."""

    statements: int
    held: int
    """How many parts it held."""
    amounts: dict[str, tuple[int, int]]
    """Micros payable and withheld, by currency."""


def staged_totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    """Return what the staged close comes to."""
    ((held,),) = connection.execute("SELECT count(*) FROM standing_held").fetchall()
    return _totals(connection, "FROM statement", int(held))


def stored_totals(connection: duckdb.DuckDBPyConnection, period: str) -> Totals:
    """Return what the close of a period came to."""
    held = reading.count(connection, "held", period)
    return _totals(connection, "FROM warehouse.statement INNER JOIN asked USING (period)", held)


def _totals(connection: duckdb.DuckDBPyConnection, source: str, held: int) -> Totals:
    rows = connection.execute(
        f"SELECT currency, count(*), sum(payable_micros), sum(withholding_micros) {source}"
        " GROUP BY currency ORDER BY currency"
    ).fetchall()
    amounts = {currency: (int(paid), int(withheld)) for currency, _, paid, withheld in rows}
    return Totals(sum(row[1] for row in rows), held, amounts)

"""Stores what a close staged, and sums what a close came to (SPEC §6)."""

from dataclasses import dataclass

import duckdb

from pipelines.lake import reading, sql

_SUMMED = {
    "statement": "SELECT * EXCLUDE (sealed) FROM statement",
    "period_close": "FROM warehouse.period_close SEMI JOIN close_input USING (period)",
    "log_block": "FROM log_block",
}
_STAGED = ("pool", "allocation", "held", "statement_line", "statement", "log_block", "close_step")


def store(connection: duckdb.DuckDBPyConnection, seq: int) -> None:
    """Store the staged results of a close whose event is at position `seq` of the log."""
    for name in _STAGED:
        columns = ", ".join(column.name for column in sql.relation("results", name).columns)
        connection.execute(f"INSERT INTO warehouse.{name} SELECT {columns} FROM {name}")
    query = sql.relation("results", "period_close").query
    connection.execute(f"INSERT INTO warehouse.period_close {query}")
    for name, rows in _SUMMED.items():
        connection.execute(
            "INSERT INTO warehouse.row_sum"
            f" SELECT close_input.period, $seq, '{name}', count(*), sum(row_md5(stored))"
            f" FROM ({rows}) AS stored CROSS JOIN close_input GROUP BY close_input.period",
            {"seq": seq},
        )


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

"""Stages and reads what explains a contributor, a model version or an image by itself."""

import duckdb

from pipelines.lake.explained import Key, Row, ask, dicts, rows
from pipelines.lake.staging import stage, stage_input, view_stored


def kinds(connection: duckdb.DuckDBPyConnection, named: str) -> set[str]:
    """Return what the log names by an id: `contributor`, `image`, `model_version`."""
    ask(connection, Key(None, reference=named))
    view_stored(connection)
    return {row["kind"] for row in staged(connection, "explained_kind")}


def stage_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage that no period is closed yet: no event of the log was read."""
    stage_input(connection, "close_input", [[None, None, None, None, 0, 0]])
    view_stored(connection)


def staged(connection: duckdb.DuckDBPyConnection, name: str, order: str = "ALL") -> list[Row]:
    """Stage a relation of `sql/explain` and return its rows, in an order.

    Raises ManyhandsError, naming the pool, where a number doesn't fit.
    """
    stage(connection, "explain", name)
    return rows(connection, name, order)


def payers(connection: duckdb.DuckDBPyConnection, most: int | None) -> list[Row]:
    """Return the `most` largest payers by basis and currency, all where it is None.

    Each row has `payers`, how many there are, and `all_payments` and `all_micros`, their sums.
    """
    stage(connection, "explain", "explained_payer")
    shown = "" if most is None else " QUALIFY place <= $most"
    cursor = connection.execute(
        "SELECT basis, currency, payer, payments, paid_micros,"
        " count(*) OVER (PARTITION BY basis, currency) AS payers,"
        " CAST(sum(payments) OVER (PARTITION BY basis, currency) AS BIGINT) AS all_payments,"
        " CAST(sum(paid_micros) OVER (PARTITION BY basis, currency) AS DECIMAL(38, 0))"
        " AS all_micros,"
        " row_number() OVER (PARTITION BY basis, currency ORDER BY paid_micros DESC, payer)"
        f" AS place FROM explained_payer{shown} ORDER BY basis DESC, currency, place",
        {} if most is None else {"most": most},
    )
    return dicts(cursor)

"""Tells how a warehouse stands: what it took, what it closed, what is due, what is held."""

from datetime import datetime
from decimal import Decimal

import duckdb

from pipelines.lake import closes, reading
from pipelines.lake.warehouse import Warehouse


def status(warehouse: Warehouse, as_of: datetime) -> dict[str, object]:
    """Give the standing of a warehouse; `as_of`, naive in UTC, stands for now.

    Raises NotFoundError where there is no warehouse.
    """
    with reading.connect(warehouse) as connection:
        standing = closes.progress(connection)
        last = standing.latest
        following = closes.next_period(connection, standing)
        return {
            "cadence": standing.setting.cadence.value,
            "dead_letters": _open_dead_letters(connection),
            "due": [period.name for period in closes.due_periods(connection, standing, as_of)],
            "head": standing.head,
            "held": _held(connection),
            "last_batch": _last_batch(connection),
            "last_close": {"digest": last.digest, "period": last.period} if last else None,
            "next_period": following.name if following else None,
            "open": _open(connection),
        }


def _open_dead_letters(connection: duckdb.DuckDBPyConnection) -> int:
    ((letters,),) = connection.execute(
        "SELECT count(*) FROM warehouse.dead_letter WHERE resolved_at IS NULL"
    ).fetchall()
    return int(letters)


def _held(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Decimal]]:
    held: dict[str, dict[str, Decimal]] = {}
    for reason, currency, amount in connection.execute(
        "SELECT reason, currency, sum(amount_micros) * 0.000001 FROM warehouse.standing_held"
        " GROUP BY reason, currency HAVING sum(amount_micros) != 0"
    ).fetchall():
        held.setdefault(reason, {})[currency] = amount
    return held


def _open(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Decimal]]:
    """Sum what the last statements leave open, by currency."""
    names = ("carried", "reserve", "advance_outstanding")
    sums = ", ".join(f"sum({name}_micros) * 0.000001" for name in names)
    rows = connection.execute(
        f"SELECT currency, {sums} FROM warehouse.open_balance GROUP BY currency ORDER BY currency"
    ).fetchall()
    return {currency: dict(zip(names, amounts, strict=True)) for currency, *amounts in rows}


def _last_batch(connection: duckdb.DuckDBPyConnection) -> dict[str, object] | None:
    cursor = connection.execute("FROM warehouse.ingest_batch ORDER BY rowid DESC LIMIT 1")
    names = [column[0] for column in cursor.description or []]
    row = cursor.fetchone()
    if row is None:
        return None
    batch = dict(zip(names, row, strict=True))
    by_reason = batch.pop("rejected_by_reason") or []
    return batch | {"rejected": {part["reason"]: part["events"] for part in by_reason}}

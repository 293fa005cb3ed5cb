"""Keeps what witnesses signed of checkpoints."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final

import duckdb

from pipelines.lake.transaction import commit, one_at_a_time
from pipelines.lake.warehouse import Warehouse


@dataclass(frozen=True)
class Cosignature:
    """A witness's signature of a close's checkpoint, as it is stored."""

    period: str
    url: str
    """Where the witness was asked."""
    name: str
    key_id: str
    line: str
    """As the witness gave it, with its line end."""
    verifier_key: str | None
    """The key that it was checked by; None where none was named."""
    cosigned_at: datetime
    """Naive in UTC."""


MOST_UNCHECKED: Final = 16
"""Of lines whose key nobody named: a note has at most 100, and some are of witnesses we know."""


def lines(connection: duckdb.DuckDBPyConnection, period: str) -> list[str]:
    """Return the lines that witnesses signed a close's checkpoint with, one a key.

    One that was checked comes before one that wasn't; of these at most MOST_UNCHECKED are returned.
    """
    rows = connection.execute(
        "WITH signed AS (SELECT DISTINCT ON (name, key_id) * FROM warehouse.cosignature"
        "  WHERE period = $period ORDER BY name, key_id, verifier_key IS NULL, line)"
        " SELECT line FROM signed QUALIFY verifier_key IS NOT NULL OR row_number() OVER ("
        "  PARTITION BY verifier_key IS NULL ORDER BY name, key_id) <= $most"
        " ORDER BY name, key_id",
        {"period": period, "most": MOST_UNCHECKED},
    ).fetchall()
    return [line for (line,) in rows]


def cosigned_size(connection: duckdb.DuckDBPyConnection, url: str) -> int:
    """Return the size of the largest tree that a witness cosigned; 0 before any."""
    ((size,),) = connection.execute(
        "SELECT coalesce(max(closed.tree_size), 0) FROM warehouse.cosignature AS cosigned"
        " INNER JOIN warehouse.period_close AS closed ON cosigned.period = closed.period"
        " WHERE cosigned.url = $url",
        {"url": url},
    ).fetchall()
    return int(size)


def stored(connection: duckdb.DuckDBPyConnection) -> list[Cosignature]:
    """Return all cosignatures, in the order of their closes."""
    rows = connection.execute(
        "SELECT period, url, name, key_id, line, verifier_key, cosigned_at"
        " FROM warehouse.cosignature ORDER BY ALL"
    ).fetchall()
    return [Cosignature(*row) for row in rows]


def keep(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, new: Sequence[Cosignature]
) -> None:
    """Store cosignatures; those of a close, witness and key that are there stay as they are."""

    def write() -> None:
        one_at_a_time(connection)
        there = {_key(one) for one in stored(connection)}
        for key, one in {_key(one): one for one in new}.items():
            if key not in there:
                connection.execute(
                    "INSERT INTO warehouse.cosignature VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(one)
                )

    commit(connection, warehouse, write)


def _key(one: Cosignature) -> tuple[str, str, str, str]:
    return one.period, one.url, one.name, one.key_id

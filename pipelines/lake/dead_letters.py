"""Reads what was refused (SPEC §3.4)."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import duckdb

from pipelines.errors import NotFoundError, UsageError
from pipelines.lake.reading import rows

SHORTEST_ID = 8


class DeadLetter(NamedTuple):
    """One thing refused, as a list shows it."""

    id: str
    origin: str
    """`file:line`, or the subscription and the message's id."""
    reason: str
    received_at: datetime
    resolved: bool


class Detail(NamedTuple):
    """What was wrong with a dead letter, and what it was."""

    path: str
    message: str
    processor: str
    payload: bytes
    """The bytes received, of larger ones the first 64 KiB."""
    payload_size: int
    payload_sha256: str


def dead_letters(connection: duckdb.DuckDBPyConnection) -> Iterator[DeadLetter]:
    """Return what was refused, by time, then by place: lines of a file in their order."""
    query = (
        f"SELECT {_COLUMNS} FROM warehouse.dead_letter"
        " ORDER BY received_at, origin, TRY_CAST(origin_item AS BIGINT), origin_item, id"
    )
    return (DeadLetter(*row) for row in rows(connection, query, {}))


_COLUMNS = "id, origin || ':' || origin_item AS place, reason, received_at, resolved_at IS NOT NULL"


def length_of_ids(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many digits of their ids are enough to name each dead letter."""
    longest = 64
    for length in range(SHORTEST_ID, longest, 4):
        ((unique,),) = connection.execute(
            "SELECT count(DISTINCT id) = count(DISTINCT left(id, $length))"
            " FROM warehouse.dead_letter",
            {"length": length},
        ).fetchall()
        if unique:
            return length
    return longest


def find(connection: duckdb.DuckDBPyConnection, prefix: str) -> tuple[DeadLetter, Detail]:
    """Return the one dead letter whose id begins with `prefix`.

    Raises NotFoundError where none does, UsageError where several do.
    """
    found = connection.execute(
        f"SELECT {_COLUMNS}, path, message, processor, payload, payload_size, payload_sha256"
        " FROM warehouse.dead_letter WHERE starts_with(id, $prefix) LIMIT 2",
        {"prefix": prefix},
    ).fetchall()
    if not found:
        message = f"no dead letter {prefix}; `manyhands deadletter list` names them"
        raise NotFoundError(message)
    if len(found) > 1:
        message = f"several dead letters begin with {prefix}; give more of the id"
        raise UsageError(message)
    fields = len(DeadLetter._fields)
    return DeadLetter(*found[0][:fields]), Detail(*found[0][fields:])

"""Reads what is to be published, and records what was (SPEC §6, Publish)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import duckdb

from pipelines.lake.reading import rows
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse

_ROWS_AT_ONCE = 16
"""Statements that are read at once; some have thousands of lines."""

_PART_BYTES = 128 << 20
"""Of statements that are sorted at once."""

_UNSENT = (
    "FROM warehouse.statement WHERE digest NOT IN"
    " (SELECT digest FROM warehouse.publication WHERE destination = $destination)"
)


class Outcome(StrEnum):
    """What became of a statement at a destination."""

    PUBLISHED = "published"
    TOO_LARGE = "too_large"


class Issued(NamedTuple):
    """A statement as it was issued."""

    statement_id: str
    contributor_id: str
    digest: str
    sealed: bytes


class Publication(NamedTuple):
    """What became of a statement at a destination, to be recorded."""

    statement_id: str
    digest: str
    outcome: Outcome


def unsent_periods(connection: duckdb.DuckDBPyConnection, destination: str) -> list[str]:
    """Return the periods with statements that a destination doesn't have, the oldest first."""
    found = connection.execute(
        f"SELECT DISTINCT period {_UNSENT} ORDER BY period", {"destination": destination}
    ).fetchall()
    return [period for (period,) in found]


def unsent(
    connection: duckdb.DuckDBPyConnection, destination: str, period: str
) -> Iterator[Issued]:
    """Return a period's statements that a destination doesn't have, by `contributor_id`."""
    given = {"destination": destination, "period": period}
    return _read(connection, f"{_UNSENT} AND period = $period", given)


def issued(connection: duckdb.DuckDBPyConnection, period: str) -> Iterator[Issued]:
    """Return all statements of a period, by `contributor_id`."""
    query = "FROM warehouse.statement WHERE period = $period"
    return _read(connection, query, {"period": period})


def _read(
    connection: duckdb.DuckDBPyConnection, source: str, given: dict[str, str]
) -> Iterator[Issued]:
    """Read statements in parts whose size is bounded: to sort them all would hold them all."""
    after = ""
    for last in list(_ends_of_parts(connection, source, given)):
        yield from _read_part(connection, source, {**given, "after": after, "last": last})
        after = last


def _ends_of_parts(
    connection: duckdb.DuckDBPyConnection, source: str, given: dict[str, str]
) -> Iterator[str]:
    """Return the last contributor of each part."""
    query = f"SELECT contributor_id, octet_length(sealed) {source} ORDER BY contributor_id"
    size, last = 0, ""
    for last, length in rows(connection, query, given):
        size += length
        if size >= _PART_BYTES:
            yield last
            size = 0
    if size:
        yield last


def _read_part(
    connection: duckdb.DuckDBPyConnection, source: str, given: dict[str, str]
) -> Iterator[Issued]:
    """Read a part through a cursor of its own, so that it can be recorded while it is read."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT statement_id, contributor_id, digest, sealed {source}"
            " AND contributor_id > $after AND contributor_id <= $last ORDER BY contributor_id",
            given,
        )
        while found := cursor.fetchmany(_ROWS_AT_ONCE):
            for statement_id, contributor_id, digest, sealed in found:
                yield Issued(statement_id, contributor_id, digest, bytes(sealed))


def record(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    destination: str,
    published_at: datetime,
    publications: Iterable[Publication],
) -> None:
    """Record what became of statements at a destination, once for each.

    Raises TryAgainError where the catalog stays busy.
    """
    columns = [list(column) for column in zip(*publications, strict=True)]
    if columns:
        source = "SELECT unnest(?) AS statement_id, unnest(?) AS digest, unnest(?) AS outcome"
        connection.execute(f"CREATE OR REPLACE TABLE published AS {source}", columns)
        _record_staged(connection, warehouse, destination, published_at)


def record_period(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    destination: str,
    published_at: datetime,
    period: str,
) -> None:
    """Record that a destination has all statements of a period, once for each.

    Raises TryAgainError where the catalog stays busy.
    """
    source = "SELECT statement_id, digest, ? AS outcome FROM warehouse.statement WHERE period = ?"
    given = [Outcome.PUBLISHED, period]
    connection.execute(f"CREATE OR REPLACE TABLE published AS {source}", given)
    _record_staged(connection, warehouse, destination, published_at)


def _record_staged(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    destination: str,
    published_at: datetime,
) -> None:
    """Store what is staged and isn't there yet: a commit whose answer was lost is tried again."""
    statement = (
        "INSERT INTO warehouse.publication BY NAME"
        " SELECT *, $destination AS destination, $published_at AS published_at FROM published"
        " WHERE digest NOT IN"
        " (SELECT digest FROM warehouse.publication WHERE destination = $destination)"
    )
    given = {"destination": destination, "published_at": published_at}
    commit(connection, warehouse, lambda: connection.execute(statement, given))

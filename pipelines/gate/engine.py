"""Lets SQLAlchemy read through a connection that is open already, and staged tables with it."""

from collections import deque
from collections.abc import Callable
from typing import Any

import duckdb
from duckdb_sqlalchemy import ConnectionWrapper, CursorWrapper

from pipelines.lake.staged import begin_to_read


class FetchedCursor:
    """A DB-API cursor that fetches its rows when it executes.

    Great Expectations closes a connection before it fetches what it asked for, and DuckDB drops
    the rows of a connection that closes.
    """

    arraysize = 1

    def __init__(self, cursor: CursorWrapper) -> None:
        """Wrap a cursor that fetches later."""
        self._cursor = cursor
        self._rows: deque[tuple[Any, ...]] = deque()
        self.description: Any = None
        self.rowcount = -1

    def execute(
        self,
        statement: str,
        parameters: Any = None,  # noqa: ANN401  DB-API's
        context: Any = None,  # noqa: ANN401  SQLAlchemy's
    ) -> None:
        """Run a statement and fetch all of its rows."""
        self._cursor.execute(statement, parameters, context)
        self.description = self._cursor.description
        self.rowcount = self._cursor.rowcount
        self._rows = deque(self._cursor.fetchall() if self.description else ())

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row; None after the last, as DB-API wants."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        count = min(size or self.arraysize, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Keep the rows: they are asked for after this."""


class FetchingConnection(ConnectionWrapper):
    """A connection that only reads, and whose cursors fetch when they execute."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Wrap a connection."""
        super().__init__(connection)
        self._to_read = connection

    def begin(self) -> None:
        """Begin a transaction, as SQLAlchemy does before all else, in which nothing is written."""
        begin_to_read(self._to_read)

    def cursor(self) -> FetchedCursor:  # type: ignore[override]  # DB-API's, not DuckDB's
        """Return such a cursor."""
        return FetchedCursor(super().cursor())


def creator(connection: duckdb.DuckDBPyConnection) -> Callable[[], FetchingConnection]:
    """Return what makes SQLAlchemy's connections: each reads the open connection's databases.

    They see its staged tables and what it attached, once committed, but no TEMP objects.
    """
    return lambda: FetchingConnection(connection.cursor())

"""Holds a warehouse open for batch after batch, and opens it again after a failure."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Final

import duckdb

from pipelines.errors import ConflictError, NotFoundError, TryAgainError
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.clock import check_clock, newest_recorded_at
from pipelines.lake.closes import progress
from pipelines.lake.connection import connect
from pipelines.lake.faults import explained, full_disk_named
from pipelines.lake.log import head
from pipelines.lake.warehouse import Warehouse

if TYPE_CHECKING:
    from datetime import datetime

_USES: Final = 300
"""Of one connection: DuckLake keeps some memory for each snapshot, until it is closed."""


class Session:
    """A connection to a warehouse that is there: the same one, until it fails or was used often."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Open nothing yet."""
        self.warehouse = warehouse
        self._stack = ExitStack()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._uses = 0
        self._catalog: Hashable = None
        self.head = 0
        """The last position of the log that was seen, or committed."""
        self.newest: datetime | None = None
        """When the log last took anything that was seen, or committed; naive in UTC."""

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield the connection, which a failure closes.

        The catalog is the one that was opened, before and after: what is committed to one that was
        moved away meanwhile is not in this warehouse.

        Raises NotFoundError where the warehouse is gone, ManyhandsError for whatever else fails.
        """
        try:
            if self._connection is None:
                self._connection = self._open()
            self._insist_on_same()
            with full_disk_named(self.warehouse), explained(self.warehouse):
                yield self._connection
            self._insist_on_same()
        except BaseException:
            self.close()
            raise
        self._uses += 1
        if self._uses >= _USES:
            self.close()

    def close(self) -> None:
        """Close the connection; the next one is opened when it is asked for."""
        self._connection, self._uses = None, 0
        self._stack.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        """Open the warehouse, which after a failure has to hold what was committed to it."""
        name = self.warehouse.name
        try:
            connection = self._stack.enter_context(connect(self.warehouse))
        except NotFoundError:
            if not self.head:
                raise
            message = f"{name}: its warehouse is gone; put it back"
            raise NotFoundError(message) from None
        self._catalog = catalog_of(self.warehouse).identity(self.warehouse)
        if (found := head(connection)) < self.head:
            message = (
                f"{name}: its log ends at {found}, and this ingest has committed up to"
                f" {self.head}: it is another warehouse, or an older one was restored;"
                " put it back, or start the ingest anew where this is meant"
            )
            raise ConflictError(message)
        self.newest = newest_recorded_at(connection) or self.newest
        return connection

    def _insist_on_same(self) -> None:
        if catalog_of(self.warehouse).identity(self.warehouse) != self._catalog:
            message = f"{self.warehouse.name}: its catalog was replaced; run the command again"
            raise TryAgainError(message)


@contextmanager
def begun(
    warehouse: Warehouse, clock: "Callable[[], datetime]", *, by_clock: bool
) -> Iterator[Session]:
    """Open a session for as long as the context lasts; a real clock is held against the log first.

    Raises TryAgainError where the log speaks against it.
    """
    with closing(Session(warehouse)) as session:
        with session.connection() as connection:
            if by_clock:
                check_clock(connection, progress(connection), clock())
            session.head = head(connection)
        yield session

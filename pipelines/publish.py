"""Publishes the statements that were issued: to a topic or a folder, none skipped (SPEC §6)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake import publications, reading
from pipelines.lake.catalogs import catalog_of, located
from pipelines.lake.closes import named_period
from pipelines.lake.connection import connect
from pipelines.lake.publications import Outcome, Publication
from pipelines.lake.setting import setting
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs import destinations
from pipelines.outputs.folders import Folder
from pipelines.outputs.statement_issued import StatementIssued, leaving
from schemas.instants import written

if TYPE_CHECKING:
    from pipelines.outputs.topics import Topic, Window


@dataclass
class Publisher:
    """The one process that publishes a warehouse's statements, to one destination."""

    warehouse: Warehouse
    destination: "Folder | Topic"
    clock: Callable[[], datetime]
    """Returns the time that is used as now, naive in UTC."""
    report: Callable[[str], None]
    published: int = 0
    too_large: dict[str, Publication] = field(default_factory=dict)
    """Statements that were found too large for the destination, by their ids."""

    def send_new(self) -> None:
        """Publish every statement that the destination doesn't have, the oldest first.

        Raises what the destination raises, and TryAgainError where the catalog stays busy; what
        was published by then is recorded.
        """
        with connect(self.warehouse) as connection:
            for period in publications.unsent_periods(connection, self.destination.name):
                self._send(connection, period, again=False)

    def send_again(self, period: str) -> None:
        """Publish all statements of a period, also those that the destination has.

        Raises NotFoundError where the period isn't closed, and as `send_new` does.
        """
        with connect(self.warehouse) as connection:
            reading.closed_period(connection, period)
            self._send(connection, period, again=True)

    def record_too_large(self) -> None:
        """Record what is too large, once all others were sent: what fails before is told again."""
        if self.too_large:
            with connect(self.warehouse) as connection:
                publications.record(connection, *self._at(), self.too_large.values())

    def refuse_too_large(self) -> None:
        """Raise ManyhandsError where statements were too large; all others were published."""
        if self.too_large:
            first, *others = self.too_large
            message = (
                f"{first}{f' and {len(others)} more' if others else ''}: too large for"
                f" {self.destination.name}; all others are published; publish to a folder too"
            )
            raise ManyhandsError(message)

    def _send(self, connection: duckdb.DuckDBPyConnection, period: str, *, again: bool) -> None:
        self.report(f"publishing the statements of {period} to {self.destination.name}")
        time = written(named_period(period, setting(connection).cadence).ends_at)
        every = publications.issued(connection, period)
        if isinstance(self.destination, Folder):
            # a file is of a whole period, whatever the folder has of it
            self.published += self.destination.write(period, leaving(every, time))
            publications.record_period(connection, *self._at(), period)
            return
        unsent = publications.unsent(connection, self.destination.name, period)
        for window in self.destination.send(leaving(every if again else unsent, time)):
            self._record(connection, window)

    def _record(self, connection: duckdb.DuckDBPyConnection, window: "Window") -> None:
        published = [_publication(event, Outcome.PUBLISHED) for event in window.published]
        publications.record(connection, *self._at(), published)
        self.published += len(published)
        for event in window.too_large:
            self.too_large[event.statement_id] = _publication(event, Outcome.TOO_LARGE)
        self.report(f"{self.published} statements published to {self.destination.name}")

    def _at(self) -> tuple[Warehouse, str, datetime]:
        return self.warehouse, self.destination.name, self.clock()


@contextmanager
def publishing(
    warehouse: Warehouse,
    destination: str,
    *,
    clock: Callable[[], datetime],
    report: Callable[[str], None],
) -> Iterator[Publisher]:
    """Look a destination up, and be the only publisher of a warehouse while the context lasts.

    Raises UsageError where the destination can't be one, NotFoundError where it or the warehouse
    isn't there, TryAgainError where it can't be reached or another process is publishing, and
    ManyhandsError where a right is missing.
    """
    destinations.refuse_unless_named(destination)
    warehouse = located(warehouse)
    with connect(warehouse):
        """It is there, of our format, and this user may write in it."""
    with destinations.opened(destination) as found, catalog_of(warehouse).only_publisher(warehouse):
        publisher = Publisher(warehouse, found, clock, report)
        yield publisher
        publisher.record_too_large()


def _publication(event: StatementIssued, outcome: Outcome) -> Publication:
    return Publication(event.statement_id, event.digest, outcome)

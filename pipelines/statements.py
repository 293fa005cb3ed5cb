"""Lists and shows what was issued (SPEC §7.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.lake import reading
from pipelines.lake.reading import Listing
from pipelines.lake.warehouse import Warehouse


@contextmanager
def list_statements(warehouse: Warehouse, period: str | None) -> Iterator[Listing]:
    """Read a close's statements without their lines, each with its digest; none before any close.

    They are those of the last close where `period` is None.

    Raises NotFoundError where the period isn't closed, UsageError where it can't be one.
    """
    with reading.connect(warehouse) as connection:
        closed = reading.closed_period(connection, period)
        yield reading.listed_statements(connection, closed)


@contextmanager
def list_open(warehouse: Warehouse) -> Iterator[Listing]:
    """Read what the last statement of each contributor leaves open, of every period."""
    with reading.connect(warehouse) as connection:
        yield reading.report(connection, "open_balance", None)


def sealed_statement(warehouse: Warehouse, statement_id: str) -> bytes:
    """Return a statement's sealed bytes: JSON in ASCII (SPEC §7.2).

    Raises NotFoundError where none was issued under this id.
    """
    with reading.connect(warehouse) as connection:
        return reading.sealed_statement(connection, statement_id)

"""Lists what is owed but not payable yet, and why (SPEC §6, §7.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.lake import reading
from pipelines.lake.reading import Listing
from pipelines.lake.warehouse import Warehouse


@contextmanager
def list_held(
    warehouse: Warehouse, period: str | None, *, by_reason: bool = False
) -> Iterator[Listing]:
    """Read what was held at a close, the last one where `period` is None; nothing before any.

    The rows are in the order of their JSON, or by reason, the largest amount first.

    Raises NotFoundError where the period isn't closed, UsageError where it can't be one.
    """
    with reading.connect(warehouse) as connection:
        closed = reading.closed_period(connection, period)
        if by_reason:
            yield reading.held_by_reason(connection, closed)
        else:
            yield reading.report(connection, "held", closed)

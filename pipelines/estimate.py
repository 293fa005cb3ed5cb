"""Reads what is earned so far in the period that isn't over: an estimate, never sealed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipelines.close.closing import Closing
from pipelines.close.compute import compute_entitlements
from pipelines.earnings import refuse_unnamed
from pipelines.lake import closes, earnings, reading
from pipelines.lake.reading import Listing
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period


@dataclass(frozen=True)
class Estimate:
    """What is earned so far, while it is read."""

    period: str
    log_seq: int
    """The head of the log, which it goes up to."""
    earned: Listing
    """Amounts by contributor and currency."""
    threshold: dict[str, str | Decimal | None] | None
    """Of one contributor: `carried`, `threshold`, `missing`, their `currency`, the last statement.
    None without one, or where there is neither a statement nor a registration."""


@contextmanager
def estimate(
    warehouse: Warehouse,
    *,
    contributor: str | None,
    as_of: datetime,
    report: Callable[[str], None],
) -> Iterator[Estimate]:
    """Compute the entitlements of the period of `as_of`, naive in UTC, by the log so far.

    Where that period is closed already, it is the one after the last close. They are those of one
    contributor, or of everybody where it is None.

    Raises NotFoundError where there is no warehouse, or the log names no such contributor.
    """
    with reading.connect(warehouse) as connection:
        standing = closes.progress(connection)
        period = _open_period(standing, as_of)
        earnings.ask(connection, period.name, contributor)
        refuse_unnamed(connection, contributor)
        report(f"computing what is earned so far in {period.name}")
        compute_entitlements(connection, Closing(period, standing.head, standing.latest))
        threshold = None
        if contributor is not None:
            columns, rows = reading.report(connection, "threshold", None)
            threshold = next((dict(zip(columns, row, strict=True)) for row in rows), None)
        earned = reading.report(connection, "estimate", None)
        yield Estimate(period.name, standing.head, earned, threshold)


def _open_period(standing: closes.Progress, as_of: datetime) -> Period:
    cadence = standing.setting.cadence
    current = Period.containing(as_of, cadence)
    if standing.latest is None:
        return current
    return max(current, Period.parse(standing.latest.period, cadence).next())

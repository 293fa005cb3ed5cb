"""Reads what is earned so far in the periods that aren't closed: an estimate, never sealed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.compute import compute_entitlements
from pipelines.earnings import refuse_unnamed
from pipelines.lake import closes, earnings, reading
from pipelines.lake.reading import Listing
from pipelines.lake.staging import stage
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period


@dataclass(frozen=True)
class Estimate:
    """What is earned so far, while it is read."""

    periods: list[str]
    """Every period that isn't closed, up to the one that now lies in."""
    log_seq: int
    """The head of the log, which it goes up to."""
    earned: Listing
    """Amounts by contributor, period and currency."""
    threshold: dict[str, str | Decimal | None] | None
    """Of one contributor: `carried`, `earned`, `threshold`, `missing`, their `currency`, the last
    statement. None without one, or where there is neither a statement nor a registration."""


@contextmanager
def estimate(
    warehouse: Warehouse,
    *,
    contributor: str | None,
    as_of: datetime,
    report: Callable[[str], None],
) -> Iterator[Estimate]:
    """Compute the entitlements of the periods that aren't closed, by the log so far.

    They go up to the period of `as_of`, naive in UTC; where that is closed already, there is one,
    which is after the last close. They are those of one contributor, or of everybody where it is
    None.

    Raises NotFoundError where there is no warehouse, or the log names no such contributor.
    """
    with reading.connect(warehouse) as connection:
        standing = closes.progress(connection)
        periods = _open_periods(connection, standing, as_of)
        earnings.ask(connection, periods[0].name, contributor)
        refuse_unnamed(connection, contributor)
        names = [period.name for period in periods]
        report(f"computing what is earned so far in {', '.join(names)}")
        compute_entitlements(connection, Closing(periods[-1], standing.head, standing.latest))
        threshold = None
        if contributor is not None:
            stage(connection, "rules", "currency_pair")
            stage(connection, "rules", "fx")
            columns, rows = reading.report(connection, "threshold", None)
            threshold = next((dict(zip(columns, row, strict=True)) for row in rows), None)
        earned = reading.report(connection, "estimate", None)
        yield Estimate(names, standing.head, earned, threshold)


def _open_periods(
    connection: duckdb.DuckDBPyConnection, standing: closes.Progress, as_of: datetime
) -> list[Period]:
    """Return the next period to close and those after it, up to the one that `as_of` lies in."""
    current = Period.containing(as_of, standing.setting.cadence)
    periods = [closes.next_period(connection, standing) or current]
    while periods[-1] < current:
        periods.append(periods[-1].next())
    return periods

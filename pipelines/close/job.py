"""Closes periods: computes apart from the warehouse, is gated, commits once (SPEC §6)."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import commit, refuse_if_closed
from pipelines.close.compute import compute
from pipelines.close.seal import seal
from pipelines.errors import (
    ConflictError,
    GateError,
    NotFoundError,
    TryAgainError,
)
from pipelines.gate import check
from pipelines.lake import closes, reading, results
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import PeriodClose, Progress
from pipelines.lake.connection import connect
from pipelines.lake.results import Totals
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period


@dataclass(frozen=True)
class Closed(PeriodClose):
    """A period's close with what it came to."""

    statements: int
    held: int
    totals: dict[str, tuple[int, int]]
    """Micros payable and withheld, by currency."""
    was_closed: bool = False
    """Whether it was closed before; nothing changed then."""


def close(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    *,
    period: str | None,
    as_of: datetime,
    by_clock: bool = False,
    dry_run: bool,
    report: Callable[[str], None],
) -> Iterator[Closed]:
    """Close one period, or every period that is due where `period` is None, in order.

    A period that was closed before is returned as it was closed; nothing changes.
    A dry run computes and checks the first of them, and leaves the warehouse as it is.
    `by_clock` says that `as_of` is what the clock says, and so can be wrong.

    Raises UsageError for a period that isn't one of the cadence, NotFoundError before there is
    any money to close for, TryAgainError where the period isn't over or the log speaks against
    the clock, ConflictError where it is out of order or another closer won, GateError where a
    check found something, GateNotRunError where none did and some could not run.
    """
    with reading.connect(warehouse) if dry_run else connect(warehouse) as connection:
        standing = closes.progress(connection)
        chosen = _chosen(connection, standing, period, as_of)
        if by_clock and (period is None or closes.find_close(connection, period) is None):
            check_clock(connection, standing, as_of)
        for one in chosen[: 1 if dry_run else None]:
            report(f"closing {one.name}")
            yield _close_one(connection, warehouse, one, as_of, dry_run=dry_run)


def _chosen(
    connection: duckdb.DuckDBPyConnection,
    standing: Progress,
    period: str | None,
    as_of: datetime,
) -> list[Period]:
    if period is None:
        return closes.due_periods(connection, standing, as_of)
    return [closes.named_period(period, standing.setting.cadence)]


def _close_one(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    period: Period,
    as_of: datetime,
    *,
    dry_run: bool,
) -> Closed:
    stored = closes.find_close(connection, period.name)
    if stored is not None:
        return _closed(stored, results.stored_totals(connection, period.name), was_closed=True)
    standing = closes.progress(connection)  # the first period is chosen by the log that is read
    _refuse_unless_next(connection, standing, period, as_of)
    closing = Closing(period, standing.head, standing.latest)
    compute(connection, closing)
    _pass_gate(connection, None if dry_run else warehouse, closing)
    sealed = seal(connection, closing)
    if not dry_run:
        commit(connection, warehouse, closing, sealed, as_of)
    new = PeriodClose(period.name, closing.log_seq, **asdict(sealed))
    return _closed(new, results.staged_totals(connection), was_closed=False)


def _refuse_unless_next(
    connection: duckdb.DuckDBPyConnection, standing: Progress, period: Period, as_of: datetime
) -> None:
    expected = closes.next_period(connection, standing)
    if expected is None:
        message = "no period can be closed yet: the log has no paid event; ingest events first"
        raise NotFoundError(message)
    if period != expected:
        message = f"{period.name} is out of order: the next period to close is {expected.name}"
        raise ConflictError(message)
    closable_at = closes.closable_at(period, standing.setting.grace_days)
    if as_of < closable_at:
        message = f"{period.name} can't close before {closable_at.isoformat()}Z; try again then"
        raise TryAgainError(message)


def _pass_gate(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse | None, closing: Closing
) -> None:
    try:
        check(connection, warehouse, closing.period.name)
    except GateError:
        # what another closer committed meanwhile can fail a check: then say that instead
        refuse_if_closed(connection, closing)
        raise


def _closed(period_close: PeriodClose, came_to: Totals, *, was_closed: bool) -> Closed:
    return Closed(
        **asdict(period_close),
        statements=came_to.statements,
        held=came_to.held,
        totals=came_to.amounts,
        was_closed=was_closed,
    )

"""Closes periods: computes apart from the warehouse, is gated, commits once (SPEC §6)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import issue, refuse_if_closed
from pipelines.close.compute import compute
from pipelines.close.reporting import NOBODY, Reporting, refuse_unless_complete
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
from pipelines.lake.coverage import Coverage, coverages
from pipelines.lake.results import Totals
from pipelines.lake.setting import setting
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
    reporting: Reporting = NOBODY,
    report: Callable[[str], None],
) -> Iterator[Closed]:
    """Close one period, or every period that is due where `period` is None, in order.

    A period that was closed before is returned as it was closed; nothing changes.
    A dry run computes and checks the first of them, and leaves the warehouse as it is.
    `by_clock` says that `as_of` is what the clock says, and so can be wrong.
    `reporting` says which sources have to have reported what they sent.

    Raises UsageError for a period that isn't one of the cadence, NotFoundError before there is
    any money to close for, TryAgainError where the period isn't over, a source hasn't reported all
    of it or the log speaks against the clock, ConflictError where it is out of order or another
    closer won, GateError where a report and the log differ or a check found something,
    GateNotRunError where none did and some could not run.
    """
    closed = _closed_before(warehouse, period) if period else None
    if closed is not None:
        yield closed
        return
    with reading.connect(warehouse) if dry_run else connect(warehouse) as connection:
        progress = closes.progress(connection)
        if by_clock:
            check_clock(connection, progress, as_of)
        for chosen, standing in _chosen(connection, progress, period, as_of):
            closing = Closing(chosen, standing.head, standing.latest, reporting)
            report(f"closing {chosen.name}")
            yield _close_one(connection, warehouse, closing, as_of, dry_run=dry_run)
            if dry_run:
                return


def _closed_before(warehouse: Warehouse, period: str) -> Closed | None:
    """Return the close of a period that was closed before, read without a right to write."""
    with reading.connect(warehouse) as connection:
        named = closes.named_period(period, setting(connection).cadence)
        stored = closes.find_close(connection, named.name)
        if stored is None:
            return None
        return _closed(stored, results.stored_totals(connection, named.name), was_closed=True)


def _chosen(
    connection: duckdb.DuckDBPyConnection, progress: Progress, period: str | None, as_of: datetime
) -> Iterator[tuple[Period, Progress]]:
    """Yield the periods to close, each with the reading of the warehouse that it was chosen by."""
    if period is not None:
        named = closes.named_period(period, progress.setting.cadence)
        _refuse_unless_next(connection, progress, named, as_of)
        yield named, progress
        return
    while due := closes.due_periods(connection, progress, as_of):
        yield due[0], progress
        progress = closes.progress(connection)


def _close_one(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    closing: Closing,
    as_of: datetime,
    *,
    dry_run: bool,
) -> Closed:
    compute(connection, closing)
    covered = coverages(connection)
    refuse_unless_complete(closing.period.name, covered)
    with closing.times.of("gate"):
        _pass_gate(connection, None if dry_run else warehouse, closing, covered)
    with closing.times.of("seal"):
        sealed = seal(connection, closing)
    if not dry_run:
        issue(connection, warehouse, closing, sealed, as_of)
    new = PeriodClose(closing.period.name, closing.log_seq, **asdict(sealed))
    return _closed(new, results.staged_totals(connection), was_closed=False)


def _refuse_unless_next(
    connection: duckdb.DuckDBPyConnection, progress: Progress, period: Period, as_of: datetime
) -> None:
    expected = closes.next_period(connection, progress)
    if expected is None:
        message = "no period can be closed yet: the log has no paid event; ingest events first"
        raise NotFoundError(message)
    if period != expected:
        refuse_if_closed(connection, Closing(period, progress.head, progress.latest))
        message = f"{period.name} is out of order: the next period to close is {expected.name}"
        raise ConflictError(message)
    closable_at = closes.closable_at(period, progress.setting.grace_days)
    if as_of < closable_at:
        message = f"{period.name} can't close before {closable_at.isoformat()}Z; try again then"
        raise TryAgainError(message)


def _pass_gate(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse | None,
    closing: Closing,
    covered: Sequence[Coverage],
) -> None:
    try:
        check(connection, warehouse, closing.period.name, [one.as_json() for one in covered])
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

"""Closes periods: computes apart from the warehouse, is gated, commits once (SPEC §6)."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import issue, refuse_if_closed
from pipelines.close.compute import compute
from pipelines.close.seal import seal
from pipelines.errors import (
    ConflictError,
    DeadLettersError,
    GateError,
    NotFoundError,
    TryAgainError,
)
from pipelines.gate import check
from pipelines.lake import closes, reading, results
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import PeriodClose, Progress
from pipelines.lake.connection import connect
from pipelines.lake.refused import Refused, refused
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
    refused: Refused = field(default_factory=Refused)
    """Open dead letters of a time before the period's end, as they stand now."""


def close(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    *,
    period: str | None,
    as_of: datetime,
    by_clock: bool = False,
    dry_run: bool,
    fail_on_dead_letters: bool = False,
    report: Callable[[str], None],
) -> Iterator[Closed]:
    """Close one period, or every period that is due where `period` is None, in order.

    A period that was closed before is returned as it was closed; nothing changes.
    A dry run computes and checks the first of them, and leaves the warehouse as it is.
    `by_clock` says that `as_of` is what the clock says, and so can be wrong.
    `fail_on_dead_letters` closes no period for which dead letters stand open.

    Raises UsageError for a period that isn't one of the cadence, NotFoundError before there is
    any money to close for, TryAgainError where the period isn't over or the log speaks against
    the clock, ConflictError where it is out of order or another closer won, GateError where a
    check found something, GateNotRunError where none did and some could not run,
    DeadLettersError where dead letters stop it.
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
            closing = Closing(chosen, standing.head, standing.latest)
            report(f"closing {chosen.name}")
            left_out = refused(connection, chosen.ends_at)
            if fail_on_dead_letters:
                _refuse_if_any(left_out, chosen)
            closed = _close_one(connection, warehouse, closing, as_of, dry_run=dry_run)
            yield replace(closed, refused=left_out)
            if dry_run:
                return


def _closed_before(warehouse: Warehouse, period: str) -> Closed | None:
    """Return the close of a period that was closed before, read without a right to write."""
    with reading.connect(warehouse) as connection:
        named = closes.named_period(period, setting(connection).cadence)
        stored = closes.find_close(connection, named.name)
        if stored is None:
            return None
        closed = _closed(stored, results.stored_totals(connection, named.name), was_closed=True)
        return replace(closed, refused=refused(connection, named.ends_at))


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
    with closing.times.of("gate"):
        _pass_gate(connection, None if dry_run else warehouse, closing)
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


def _refuse_if_any(left_out: Refused, period: Period) -> None:
    if left_out.letters:
        by_reason = ", ".join(f"{number} {reason}" for reason, number in left_out.letters.items())
        message = (
            f"{period.name} was not closed: of what was refused, this stands open with a time"
            f" before its end: {by_reason}; `manyhands deadletter list` names them. Send what"
            " should count, or close without --fail-on-dead-letters"
        )
        raise DeadLettersError(message)


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

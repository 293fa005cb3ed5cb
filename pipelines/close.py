"""Closes periods: computes apart from the warehouse, is gated, commits once (SPEC §6)."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb

from pipelines.errors import (
    ConflictError,
    GateError,
    NotFoundError,
    TryAgainError,
)
from pipelines.gate import check
from pipelines.lake import closes, log, reading
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import PeriodClose
from pipelines.lake.connection import connect
from pipelines.lake.seal import seal
from pipelines.lake.setting import setting
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period
from pipelines.steps.commit_close import commit_close, refuse_if_closed
from pipelines.steps.compute_close import compute_close


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
        chosen = _chosen(connection, period, as_of)
        if by_clock and (period is None or closes.find_close(connection, period) is None):
            check_clock(connection, as_of)
        for one in chosen[: 1 if dry_run else None]:
            report(f"closing {one.name}")
            yield _close_one(connection, warehouse, one, as_of, dry_run=dry_run)


def _chosen(
    connection: duckdb.DuckDBPyConnection, period: str | None, as_of: datetime
) -> list[Period]:
    if period is None:
        return closes.due_periods(connection, as_of)
    return [closes.named_period(connection, period)]


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
        return _closed(connection, "warehouse.", stored)
    log_seq = log.head(connection)  # read once: the first period is chosen by the same log
    _refuse_unless_next(connection, period, as_of, log_seq)
    latest = closes.last_close(connection)
    previous_digest = latest.digest if latest else closes.FIRST_PREVIOUS_DIGEST
    compute_close(connection, period, log_seq)
    _pass_gate(connection, None if dry_run else warehouse, period, previous_digest)
    sealed = seal(connection, period.name, previous_digest)
    if not dry_run:
        commit_close(connection, warehouse, period, sealed, as_of)
    return _closed(connection, "", PeriodClose(period.name, log_seq, **asdict(sealed)))


def _refuse_unless_next(
    connection: duckdb.DuckDBPyConnection, period: Period, as_of: datetime, log_seq: int
) -> None:
    expected = closes.next_period(connection, log_seq)
    if expected is None:
        message = "no period can be closed yet: the log has no paid event; ingest events first"
        raise NotFoundError(message)
    if period != expected:
        message = f"{period.name} is out of order: the next period to close is {expected.name}"
        raise ConflictError(message)
    closable_at = closes.closable_at(period, setting(connection).grace_days)
    if as_of < closable_at:
        message = f"{period.name} can't close before {closable_at.isoformat()}Z; try again then"
        raise TryAgainError(message)


def _pass_gate(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse | None,
    period: Period,
    previous_digest: str,
) -> None:
    try:
        check(connection, warehouse, period.name)
    except GateError:
        # what another closer committed meanwhile can fail a check: then say that instead
        refuse_if_closed(connection, period, previous_digest)
        raise


def _closed(
    connection: duckdb.DuckDBPyConnection, schema: str, period_close: PeriodClose
) -> Closed:
    parameters = {"period": period_close.period}
    totals = connection.execute(
        "SELECT currency, count(*), sum(payable_micros), sum(withholding_micros)"
        f" FROM {schema}statement WHERE period = $period GROUP BY currency ORDER BY currency",
        parameters,
    ).fetchall()
    if schema:
        held = reading.count(connection, "held", period_close.period)
    else:
        ((held,),) = connection.execute("SELECT count(*) FROM standing_held").fetchall()
    return Closed(
        **asdict(period_close),
        statements=sum(row[1] for row in totals),
        held=held,
        totals={currency: (int(paid), int(kept)) for currency, _, paid, kept in totals},
        was_closed=bool(schema),
    )

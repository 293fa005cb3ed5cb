"""Reads what has been closed, and what is due (SPEC §6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from pipelines.errors import NotFoundError, UsageError
from pipelines.lake.log import head
from pipelines.lake.setting import Setting, setting
from pipelines.lake.staging import stage, stage_input, view_in_force, view_stored
from pipelines.royalties.periods import Period

FIRST_PREVIOUS_DIGEST = "0" * 64
FIRST_YEAR = 2000


@dataclass(frozen=True)
class PeriodClose:
    """A close as it is stored."""

    period: str
    log_seq: int
    previous_digest: str
    digest: str
    log_digest: str


def find_close(connection: duckdb.DuckDBPyConnection, period: str) -> PeriodClose | None:
    """Give a period's close; None where it isn't closed."""
    return _first(connection, "WHERE period = $period", {"period": period})


def last_close(connection: duckdb.DuckDBPyConnection) -> PeriodClose | None:
    """Give the latest period's close; None before any."""
    return _first(connection, "ORDER BY period DESC LIMIT 1", {})


def _first(
    connection: duckdb.DuckDBPyConnection, clause: str, parameters: dict[str, str]
) -> PeriodClose | None:
    row = connection.execute(
        "SELECT period, log_seq, previous_digest, digest, log_digest"
        f" FROM warehouse.period_close {clause}",
        parameters,
    ).fetchone()
    return PeriodClose(*row) if row else None


def next_period(connection: duckdb.DuckDBPyConnection, log_seq: int) -> Period | None:
    """Return the period to close next, by the log up to a position; None before any money."""
    settings = setting(connection)
    latest = last_close(connection)
    if latest is not None:
        return Period.parse(latest.period, settings.cadence).next()
    if settings.first_period:
        return Period.parse(settings.first_period, settings.cadence)
    return _period_of_first_money(connection, settings, log_seq)


def _period_of_first_money(
    connection: duckdb.DuckDBPyConnection, settings: Setting, log_seq: int
) -> Period | None:
    stage_input(connection, "close_input", [[None, None, None, None, log_seq]])
    stage_input(connection, "period_month", [])
    view_stored(connection)
    view_in_force(connection)
    stage(connection, "rules", "first_money")
    (occurred_at,) = connection.execute("SELECT occurred_at FROM first_money").fetchall()[0]
    return Period.containing(occurred_at, settings.cadence) if occurred_at else None


def due_periods(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> list[Period]:
    """Give the periods that can close by now, in order."""
    grace_days = setting(connection).grace_days
    period = next_period(connection, head(connection))
    due: list[Period] = []
    while period is not None and closable_at(period, grace_days) <= as_of:
        due.append(period)
        period = period.next()
    return due


def closable_at(period: Period, grace_days: int) -> datetime:
    """Give the instant from which a period can close: its end and the grace days."""
    return period.ends_at + timedelta(days=grace_days)


def stage_period(connection: duckdb.DuckDBPyConnection, period: Period, log_seq: int) -> None:
    """Stage what a close depends on besides the log: the period, its calendar, its position."""
    row = [period.name, period.starts_at, period.ends_at, period.last_on, log_seq]
    stage_input(connection, "close_input", [row])
    stage_input(connection, "period_month", _calendar(period))
    ahead = [[count, period.plus(count).name] for count in range(1, 25)]
    stage_input(connection, "period_ahead", ahead)


def _calendar(last: Period) -> list[list[object]]:
    months: list[list[object]] = []
    period = Period.containing(datetime(FIRST_YEAR, 1, 1), last.cadence)  # noqa: DTZ001  UTC
    while period.starts_at <= last.starts_at:
        months += [[month, period.name] for month in period.months()]
        period = period.next()
    return months


def named_period(connection: duckdb.DuckDBPyConnection, name: str) -> Period:
    """Return the period of a name.

    Raises UsageError where no period of the warehouse's cadence has it.
    """
    try:
        return Period.parse(name, setting(connection).cadence)
    except ValueError as error:
        raise UsageError(str(error)) from error


def closed_or_not_found(connection: duckdb.DuckDBPyConnection, period: str) -> PeriodClose:
    """Give a period's close.

    Raises NotFoundError where the period isn't closed.
    """
    found = find_close(connection, period)
    if found is None:
        message = f"{period} is not closed; `manyhands status` shows which period is next"
        raise NotFoundError(message)
    return found

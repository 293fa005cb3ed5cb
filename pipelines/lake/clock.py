"""Holds the clock against the log, before a command does by it what can't be undone (SPEC §6)."""

from datetime import datetime, timedelta

import duckdb

from pipelines.errors import TryAgainError
from pipelines.lake.closes import Progress, due_periods

BEHIND = timedelta(seconds=60)
"""So far may a clock be behind what another clock recorded."""

AHEAD = timedelta(days=40)
"""So long may a log rest before several periods that are due make the clock doubtful."""


def check_clock(connection: duckdb.DuckDBPyConnection, progress: Progress, now: datetime) -> None:
    """Refuse a clock that the log speaks against; `now` is what it says, naive in UTC.

    It is wrong where it is behind the newest event of the log, and doubtful where it is far past
    that and more than one period would be due. A log without events says nothing.

    Raises TryAgainError, naming both times and how to go on.
    """
    newest = newest_recorded_at(connection)
    if newest is None:
        return
    refuse_if_behind(newest, now)
    if now > newest + AHEAD and len(due := due_periods(connection, progress, now)) > 1:
        periods = f", and {len(due)} periods would be due, {due[0].name} to {due[-1].name}"
        raise TryAgainError(_message(now, newest, periods))


def refuse_if_behind(newest: datetime, now: datetime) -> None:
    """Refuse a clock that is behind an event of the log that was recorded at `newest`.

    Raises TryAgainError, naming both times and how to go on.
    """
    if now < newest - BEHIND:
        raise TryAgainError(_message(now, newest, ""))


def newest_recorded_at(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return when the log last took an event; its batches and closes are fewer than its events."""
    ((newest,),) = connection.execute(
        "SELECT max(recorded_at) FROM ("
        "SELECT recorded_at FROM warehouse.ingest_batch WHERE accepted > 0"
        " UNION ALL SELECT closed_at FROM warehouse.period_close)"
    ).fetchall()
    return newest if isinstance(newest, datetime) else None


def _message(now: datetime, newest: datetime, periods: str) -> str:
    said = f"{now.isoformat(timespec='seconds')}Z"
    side = "before" if now < newest else "after"
    return (
        f"the clock says {said}, {_span(abs(now - newest))} {side} the newest event of the log was"
        f" recorded ({newest.isoformat(timespec='seconds')}Z){periods}; nothing was done;"
        " if the clock is wrong, set it right and run the command again;"
        f" if it is right, run it with --as-of {said}"
    )


def _span(span: timedelta) -> str:
    number, unit = (span.days, "day") if span.days else (span.seconds, "second")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

"""Reads what has been closed, and what is due (SPEC §6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from pipelines.errors import NotFoundError, UsageError
from pipelines.lake.log import head
from pipelines.lake.setting import Setting, setting
from pipelines.lake.staging import stage, stage_input, view_in_force, view_stored
from pipelines.royalties.periods import Cadence, Period

FIRST_PREVIOUS_DIGEST = "0" * 64

_COLUMNS = (
    "period, log_seq, previous_digest, digest, log_digest, tree_size, tree_root, checkpoint,"
    " verifier_key"
)


@dataclass(frozen=True)
class PeriodClose:
    """A close as it is stored."""

    period: str
    log_seq: int
    previous_digest: str
    digest: str
    log_digest: str
    tree_size: int
    """Leaves of the tree over all closes, this one included."""
    tree_root: str
    checkpoint: str | None
    """The signed note of the tree; None where no key was configured."""
    verifier_key: str | None
    """The key that it verifies by."""


def known_seq(connection: duckdb.DuckDBPyConnection, last: PeriodClose | None) -> int:
    """Return how far the log is known by the last close, so that the next computes what changed.

    It is 0 before any close, and where that one kept no manifest weights: closes of warehouses
    before format 8 didn't.
    """
    ((kept,),) = connection.execute(
        "SELECT EXISTS (FROM warehouse.manifest_weight) OR NOT EXISTS (FROM warehouse.pool)"
    ).fetchall()
    return last.log_seq if last and kept else 0


def find_close(connection: duckdb.DuckDBPyConnection, period: str) -> PeriodClose | None:
    """Return a period's close; None where it isn't closed."""
    return _first(connection, "WHERE period = $period", {"period": period})


def last_close(connection: duckdb.DuckDBPyConnection) -> PeriodClose | None:
    """Return the latest period's close; None before any."""
    return _first(connection, "ORDER BY period DESC LIMIT 1", {})


def close_before(connection: duckdb.DuckDBPyConnection, period: str) -> PeriodClose | None:
    """Return the last close of a period before `period`; None where there is none."""
    clause = "WHERE period < $period ORDER BY period DESC LIMIT 1"
    return _first(connection, clause, {"period": period})


def all_closes(connection: duckdb.DuckDBPyConnection) -> list[PeriodClose]:
    """Return all closes, in the order of their periods."""
    return _closes(connection, "ORDER BY period", {})


def last_signed(connection: duckdb.DuckDBPyConnection) -> PeriodClose | None:
    """Return the latest close with a checkpoint; None where none was signed."""
    return _first(connection, "WHERE checkpoint IS NOT NULL ORDER BY period DESC LIMIT 1", {})


def _first(
    connection: duckdb.DuckDBPyConnection, clause: str, parameters: dict[str, str]
) -> PeriodClose | None:
    return next(iter(_closes(connection, clause, parameters)), None)


def _closes(
    connection: duckdb.DuckDBPyConnection, clause: str, parameters: dict[str, str]
) -> list[PeriodClose]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM warehouse.period_close {clause}",
        parameters,
    ).fetchall()
    return [PeriodClose(*row) for row in rows]


@dataclass(frozen=True)
class Progress:
    """How far a warehouse is: its setting, the head of its log, its last close."""

    setting: Setting
    head: int
    latest: PeriodClose | None
    """None before any close."""


def progress(connection: duckdb.DuckDBPyConnection) -> Progress:
    """Read how far the warehouse is."""
    return Progress(setting(connection), head(connection), last_close(connection))


def next_period(connection: duckdb.DuckDBPyConnection, progress: Progress) -> Period | None:
    """Return the period to close next; None before there is a paid event."""
    cadence = progress.setting.cadence
    if progress.latest is not None:
        return Period.parse(progress.latest.period, cadence).next()
    if progress.setting.first_period:
        return Period.parse(progress.setting.first_period, cadence)
    paid_at = _first_paid_at(connection, progress.head)
    return Period.containing(paid_at, cadence) if paid_at else None


def _first_paid_at(connection: duckdb.DuckDBPyConnection, log_seq: int) -> datetime | None:
    if not log_seq:
        return None
    stage_input(connection, "close_input", [[None, None, None, None, log_seq, 0]])
    stage_input(connection, "period_month", [])
    view_stored(connection)
    view_in_force(connection)
    stage(connection, "rules", "first_money")
    ((paid_at,),) = connection.execute("SELECT occurred_at FROM first_money").fetchall()
    return paid_at if isinstance(paid_at, datetime) else None


def due_periods(
    connection: duckdb.DuckDBPyConnection, progress: Progress, as_of: datetime
) -> list[Period]:
    """Return the periods that can close by now, in order."""
    period = next_period(connection, progress)
    due: list[Period] = []
    while period is not None and closable_at(period, progress.setting.grace_days) <= as_of:
        due.append(period)
        period = period.next()
    return due


def closable_at(period: Period, grace_days: int) -> datetime:
    """Return the instant from which a period can close: its end and the grace days."""
    return period.ends_at + timedelta(days=grace_days)


def named_period(name: str, cadence: Cadence) -> Period:
    """Return the period of a name.

    Raises UsageError where no period of the cadence has it.
    """
    try:
        return Period.parse(name, cadence)
    except ValueError as error:
        raise UsageError(str(error)) from error


def closed_or_not_found(connection: duckdb.DuckDBPyConnection, period: str) -> PeriodClose:
    """Return a period's close.

    Raises NotFoundError where the period isn't closed.
    """
    found = find_close(connection, period)
    if found is None:
        message = f"{period} is not closed; `manyhands status` shows which period is next"
        raise NotFoundError(message)
    return found

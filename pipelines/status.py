"""Reads where a warehouse stands: what it received and closed, what is due, what is held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.compute import compute_coverage
from pipelines.close.reporting import Reporting
from pipelines.errors import NotFoundError
from pipelines.lake import closes, coverage, reading
from pipelines.lake.coverage import ClosedDifference, ClosedGap
from pipelines.lake.refused import Refused, refused
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period
from schemas.instants import written


@dataclass(frozen=True)
class Standing:
    """Where a warehouse stands."""

    head: int
    cadence: str
    grace_days: int
    last_close: dict[str, str] | None
    """Its `period` and `digest`; None before any close."""
    next_period: str | None
    """None before there is a paid event."""
    due: list[str]
    held: dict[str, dict[str, Decimal]]
    """Amounts by reason and currency."""
    open: dict[str, dict[str, Decimal]]
    """What the last statements leave open, by currency and kind."""
    reported: dict[str, str]
    """How far each source reported what it sent without a gap, from the next period's start on."""
    report_differences: list[ClosedDifference]
    report_gaps: list[ClosedGap]
    """What reports of closed periods say otherwise than the log."""
    dead_letters: int
    refused: Refused
    """Open dead letters of a time before the end of `next_period`; of any time where it is None."""
    last_batch: dict[str, Any] | None
    published: dict[str, dict[str, int]]
    """Statements by destination: `published`, `too_large`, and `unpublished` so far."""


def position(warehouse: Warehouse) -> closes.Progress | None:
    """Return how far a warehouse is; None where there is no warehouse."""
    try:
        with reading.connect(warehouse) as connection:
            return closes.progress(connection)
    except NotFoundError:
        return None


def published(warehouse: Warehouse) -> dict[str, dict[str, int]]:
    """Return how many statements each destination has; none where there is no warehouse."""
    try:
        with reading.connect(warehouse) as connection:
            return _published(connection)
    except NotFoundError:
        return {}


def status(warehouse: Warehouse, as_of: datetime, reporting: Sequence[str] = ()) -> Standing:
    """Return where a warehouse stands; `as_of`, naive in UTC, is used as now.

    `reporting` are the sources that have to report; others that do are shown too.

    Raises NotFoundError where there is no warehouse.
    """
    with reading.connect(warehouse) as connection:
        standing = closes.progress(connection)
        last = standing.latest
        following = closes.next_period(connection, standing)
        reported, differences, gaps = _reported(connection, standing, following, reporting)
        return Standing(
            head=standing.head,
            cadence=standing.setting.cadence.value,
            grace_days=standing.setting.grace_days,
            last_close={"digest": last.digest, "period": last.period} if last else None,
            next_period=following.name if following else None,
            due=[period.name for period in closes.due_periods(connection, standing, as_of)],
            held=_held(connection),
            open=_open(connection),
            reported=reported,
            report_differences=differences,
            report_gaps=gaps,
            dead_letters=next(_rows(connection, "dead_letter_total"))["letters"],
            refused=refused(connection, following.ends_at if following else None),
            last_batch=_last_batch(connection),
            published=_published(connection),
        )


def _rows(connection: duckdb.DuckDBPyConnection, report: str) -> Iterator[dict[str, Any]]:
    columns, rows = reading.report(connection, report, None)
    return (dict(zip(columns, row, strict=True)) for row in rows)


def _held(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Decimal]]:
    held: dict[str, dict[str, Decimal]] = {}
    for row in _rows(connection, "held_total"):
        held.setdefault(row["reason"], {})[row["currency"]] = row["amount"]
    return held


def _open(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Decimal]]:
    return {row.pop("currency"): row for row in _rows(connection, "open_total")}


def _reported(
    connection: duckdb.DuckDBPyConnection,
    standing: closes.Progress,
    following: Period | None,
    reporting: Sequence[str],
) -> tuple[dict[str, str], list[ClosedDifference], list[ClosedGap]]:
    """Return how far each source has reported, and what differs or is missing of closed periods."""
    asked = coverage.sources_ever_asked(connection)
    sources = sorted({*reporting, *asked, *coverage.reporting_sources(connection)})
    if following is None or not sources:
        return {}, [], []
    closing = Closing(following, standing.head, standing.latest, Reporting(sources))
    compute_coverage(connection, closing)
    until = {source: written(at) for source, at in coverage.reported_until(connection).items()}
    return until, coverage.closed_differences(connection), coverage.closed_gaps(connection)


def _published(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    return {row.pop("destination"): row for row in _rows(connection, "publication_total")}


def _last_batch(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    batch = next(_rows(connection, "last_batch"), None)
    if batch is None:
        return None
    by_reason = batch.pop("rejected_by_reason") or []
    return batch | {"rejected": {part["reason"]: part["events"] for part in by_reason}}

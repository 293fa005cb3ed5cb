"""Shows it all on a small marketplace: ingest, close, late events, close again (SPEC §7.3)."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from pipelines.close.conditions import Conditions
from pipelines.close.job import Closed, close
from pipelines.close.reporting import NOBODY, Reporting
from pipelines.errors import ConflictError, TryAgainError
from pipelines.explain.job import explain
from pipelines.gate import prepare
from pipelines.held import list_held
from pipelines.ingest.job import ingest
from pipelines.init import init
from pipelines.lake import scratch
from pipelines.lake.log import Counts
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence
from pipelines.sources.watch import Watch
from pipelines.statements import sealed_statement
from schemas.explanation import Explained

MARKER: Final = ".manyhands-demo"
"""A file in the folder that says that the demo made it, and may make it anew."""

EVENTS: Final = "events"
"""The folder within it of the events that were ingested."""

SOURCES: Final = Path(__file__).with_name("demo_events")
"""The events, a file a month; each says in its attribute `comment` what it shows."""

REPORTING: Final = Reporting(("/kiosk",))
"""A source that has to report what it sent before November closes."""

SHOWN: Final = "2026-11/ben"
"""A statement with most of what a statement can have: rates, adjustments, an advance, a reserve."""

EXPLAINED: Final = 1
"""The line of it that is explained."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Month:
    """What became of a month: what was ingested before its close, the close, and what was held."""

    ingested: Counts
    closed: Closed
    held: dict[tuple[str, str], Decimal]
    """Amounts by reason and currency."""


@dataclass(frozen=True)
class Shown:
    """What the demo shows: its two months, a statement's sealed bytes, and why a line is in it."""

    months: tuple[Month, Month]
    refusal: str
    """Why November couldn't close before a silent source had reported."""
    statement: bytes
    line: Explained
    """One of its lines, explained."""


Send = Callable[[Warehouse, Path, datetime, Report], Counts]
"""Brings the events of a file into the log, at a time that is used as now."""


def from_file(warehouse: Warehouse, path: Path, now: datetime, report: Report) -> Counts:
    """Ingest a file of events, and return what became of them."""
    watch = Watch(note=report)
    batches = ingest(warehouse, [str(path)], clock=lambda: now, manifest_roots=[], watch=watch)
    return sum((done.counts for done in batches), Counts())


def demo(warehouse: Warehouse, report: Report, send: Send = from_file) -> Shown:
    """Make a warehouse anew, ingest two months and close each; the same every time.

    Raises ConflictError where the folder is there and the demo didn't make it.
    """
    make_anew(warehouse)
    shutil.copytree(SOURCES, warehouse.folder / EVENTS)
    first, last = datetime(2026, 11, 1), datetime(2026, 12, 1)  # noqa: DTZ001  UTC
    ingested = _sent(warehouse, "2026-10", first, report, send)
    prepare()
    october = _close(warehouse, "2026-10", first, ingested=ingested, report=report)
    ingested = _sent(warehouse, "2026-11", last, report, send)
    refusal = _refused(warehouse, "2026-11", last, report)
    ingested += _sent(warehouse, "2026-11-kiosk", last, report, send)
    november = _close(
        warehouse, "2026-11", last, ingested=ingested, reporting=REPORTING, report=report
    )
    report(f"explaining a line of {SHOWN}")
    line = explain(warehouse, SHOWN, line=EXPLAINED, everything=False, report=report)
    return Shown((october, november), refusal, sealed_statement(warehouse, SHOWN), line)


def make_anew(warehouse: Warehouse) -> None:
    """Put an empty warehouse with the demo's marker in the place of what the demo left there.

    Raises ConflictError where the folder is there and the demo didn't make it.
    """
    folder = warehouse.folder
    _refuse_unless_own(folder)
    with scratch.beside(folder.absolute()) as made:
        fresh = made / folder.name
        empty = replace(warehouse, folder=fresh)
        init(empty, cadence=Cadence.MONTH, grace_days=0, first_period="")
        (fresh / MARKER).touch()
        if folder.exists():
            folder.rename(made / "old")
        fresh.rename(folder)


def _refuse_unless_own(folder: Path) -> None:
    is_there = folder.exists() or folder.is_symlink()
    if is_there and (folder.is_symlink() or not (folder / MARKER).is_file()):
        message = f"{folder} was not made by the demo, so it was left alone; use another folder"
        raise ConflictError(message)


def _sent(warehouse: Warehouse, name: str, now: datetime, report: Report, send: Send) -> Counts:
    counts = send(warehouse, warehouse.folder / EVENTS / f"{name}.ndjson", now, report)
    report(f"{counts.received} events received; the head of the log is {counts.head}")
    return counts


def _close(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    period: str,
    now: datetime,
    *,
    ingested: Counts,
    reporting: Reporting = NOBODY,
    report: Report,
) -> Month:
    conditions = Conditions(reporting=reporting)
    (closed,) = close(
        warehouse,
        period=period,
        as_of=now,
        dry_run=False,
        conditions=conditions,
        report=report,
        note=report,
    )
    return Month(ingested, closed, _held(warehouse, period))


def _refused(warehouse: Warehouse, period: str, now: datetime, report: Report) -> str:
    """Try to close while a source is silent, and return why that can't be."""
    try:
        _close(warehouse, period, now, ingested=Counts(), reporting=REPORTING, report=report)
    except TryAgainError as error:
        return str(error)
    message = f"{period} closed though /kiosk had reported nothing"
    raise AssertionError(message)


def _held(warehouse: Warehouse, period: str) -> dict[tuple[str, str], Decimal]:
    amounts: dict[tuple[str, str], Decimal] = {}
    with list_held(warehouse, period, by_reason=True) as (columns, rows):
        for row in rows:
            part = dict(zip(columns, row, strict=True))
            key = part["reason"], part["currency"]
            amounts[key] = amounts.get(key, Decimal(0)) + part["amount"]
    return amounts

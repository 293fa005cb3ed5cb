"""Reads of a warehouse what those who watch over it look at; nothing is sealed by it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import duckdb

from pipelines.lake import closes, reading
from pipelines.lake.warehouse import Warehouse

_MEMORY_BYTES: Final = 128 << 20
"""What a look holds at most before it writes to temporary files: who ingests has the rest."""


@dataclass(frozen=True)
class Look:
    """What a warehouse is like to those who watch over it."""

    head: int
    """Of the log."""
    recorded_at: datetime | None
    """When the last batch was recorded, naive in UTC; None before there is one."""
    dead_letters: dict[str, int]
    """Open ones, by reason."""
    statements: dict[str, int]
    """Issued by each of the last twelve closes, by period."""
    steps: dict[tuple[str, str], int]
    """Milliseconds of the steps of the last twelve closes, by period and step."""
    held: dict[tuple[str, str], Decimal]
    """Amounts in major units, by reason and currency."""
    next_close_due_at: datetime | None
    """From when the next period can close, naive in UTC; None before there is a paid event."""


def look(warehouse: Warehouse) -> Look:
    """Look at a warehouse, on one core and with little memory, so that nobody waits for it.

    Raises ManyhandsError where it isn't there, or can't be read now.
    """
    modest = replace(warehouse, memory_bytes=min(warehouse.memory_bytes, _MEMORY_BYTES))
    with reading.connect(modest) as connection, reading.on_one_core(connection):
        standing = closes.progress(connection)
        last_batch = next(reading.report(connection, "last_batch", None).rows, None)
        return Look(
            head=standing.head,
            recorded_at=last_batch[1] if last_batch else None,
            dead_letters=dict(reading.report(connection, "dead_letter_open", None).rows),
            statements=dict(reading.report(connection, "close_statements", None).rows),
            steps=_by_two(connection, "close_step"),
            held=_by_two(connection, "held_total"),
            next_close_due_at=_next_close_due_at(connection, standing),
        )


def _by_two(connection: duckdb.DuckDBPyConnection, report: str) -> dict[tuple[str, str], Any]:
    """Return the third column of a report by its first two."""
    return {
        (one, other): value for one, other, value in reading.report(connection, report, None).rows
    }


def _next_close_due_at(
    connection: duckdb.DuckDBPyConnection, standing: closes.Progress
) -> datetime | None:
    following = closes.next_period(connection, standing)
    return closes.closable_at(following, standing.setting.grace_days) if following else None

"""Where a warehouse stands: its last close, by which contributors, models and images are explained.

What came to the log since is read by the next close.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import duckdb

from pipelines.close.closing import Closing
from pipelines.explain.nodes import Log
from pipelines.lake import closes, explained, subjects
from pipelines.lake.setting import Setting, setting
from pipelines.royalties.periods import Period
from schemas.explanation import Explanation

FIRST_EVENTS: Final = 3
"""So many events are named of those behind one number."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Standing:
    """An open warehouse, as it stood when it was closed last."""

    connection: duckdb.DuckDBPyConnection
    setting: Setting
    closing: Closing | None
    """The last close; None before any."""
    log: Log
    report: Report

    @property
    def period(self) -> str | None:
        """The last period closed; None before any."""
        return self.closing.period.name if self.closing else None

    @property
    def log_seq(self) -> int:
        """How far the last close read the log; 0 before any."""
        return self.closing.log_seq if self.closing else 0

    def closing_of(self, period: str) -> Closing:
        """Return the close of a period that is closed."""
        return closing_of(self.connection, period)

    def since(self, key: explained.Key) -> list[Explanation]:
        """Return a node of the events that name what is asked for and came since; none without."""
        explained.ask(self.connection, key)
        seqs = [row["seq"] for row in subjects.staged(self.connection, "explained_since", "seq")]
        if not seqs:
            return []
        return [Explanation(code="since", events=self.log.events(seqs))]


def standing(
    connection: duckdb.DuckDBPyConnection, *, everything: bool, report: Report
) -> Standing:
    """Return where an open warehouse stands; with `everything` all events are named."""
    last = closes.last_close(connection)
    closing = closing_of(connection, last.period) if last else None
    if closing is None:
        subjects.stage_nothing(connection)
    log = Log(connection, None if everything else FIRST_EVENTS)
    return Standing(connection, setting(connection), closing, log, report)


def closing_of(connection: duckdb.DuckDBPyConnection, period: str) -> Closing:
    """Return the close of a period, as it was computed.

    Raises NotFoundError where the period isn't closed.
    """
    stored = closes.closed_or_not_found(connection, period)
    named = Period.parse(period, setting(connection).cadence)
    return Closing(named, stored.log_seq, closes.close_before(connection, period))

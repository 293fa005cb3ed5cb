"""How whoever runs an ingest follows it, and stops it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Final

TURN_S: Final = 0.05
"""Between two looks at what has come, or whether to go on."""


@dataclass(frozen=True)
class Outstanding:
    """What was received and isn't acknowledged yet."""

    messages: int = 0
    size: int = 0
    """Bytes."""
    oldest_at: datetime | None = None
    """When the oldest of them was published, with its time zone; None where there is none."""
    since: float | None = None
    """From when on there was always something, by the monotonic clock; None where there is none."""


def _nothing() -> Outstanding:
    return Outstanding()


def _go_on() -> None:
    """Nobody wants to know."""


@dataclass
class Watch:
    """What an ingest tells, and asks, whoever runs it."""

    note: Callable[[str], None]
    """Called with what the user should know afterwards too."""
    is_stopping: Callable[[], bool] = lambda: False
    """Asked at each turn of the loop: whether to end after the batch in flight."""
    turned: Callable[[], None] = _go_on
    """Called at each turn of the loop over messages, also while the warehouse is waited for.

    At the first turn the warehouse is open, and each broker answered or is given up for now.
    No turn comes while a batch is committed, however long that takes.
    """
    outstanding: Callable[[], Outstanding] = _nothing
    """Set by the ingest: returns what was received and isn't acknowledged, from any thread."""
    out_of_reach: Callable[[], int] = lambda: 0
    """Set by the ingest: returns how many subscriptions have a broker that is given up for now."""
    is_waiting: bool = False
    """Set by the ingest: whether it waits for a warehouse that can't be written."""

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until it is to stop."""
        deadline = monotonic() + seconds
        while not self.is_stopping() and monotonic() < deadline:
            self.turned()
            sleep(TURN_S)

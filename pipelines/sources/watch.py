"""How whoever runs an ingest follows it, and stops it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Final

_TURN_S: Final = 0.05


@dataclass(frozen=True)
class Outstanding:
    """What was received and isn't acknowledged yet."""

    messages: int = 0
    size: int = 0
    """Bytes."""
    oldest_at: datetime | None = None
    """When the oldest of them was published, with its time zone; None where there is none."""


def _nothing() -> Outstanding:
    return Outstanding()


@dataclass
class Watch:
    """What an ingest tells, and asks, whoever runs it."""

    note: Callable[[str], None]
    """Called with what the user should know afterwards too."""
    is_stopping: Callable[[], bool] = lambda: False
    """Asked at each turn of the loop: whether to end after the batch in flight."""
    outstanding: Callable[[], Outstanding] = _nothing
    """Set by the ingest: returns what was received and isn't acknowledged, from any thread."""

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until it is to stop."""
        deadline = monotonic() + seconds
        while not self.is_stopping() and monotonic() < deadline:
            sleep(_TURN_S)

"""Whether an ingest is alive, and whether it gets on: what an orchestrator asks it.

Alive means that its loop turned lately, whatever it waits for: to start it again mends no broker
and no disk. Ready means that what came is committed; with nothing to do it is ready.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, NamedTuple

from pipelines.sources.watch import Watch

LONGEST_TURN_S: Final = 3_600.0
"""So long may one turn of the loop last.

It turns many times a second, but for a turn that commits a batch. The longest batch brings a
manifest of the largest size (64 GiB, a billion rows), which is copied, hashed and checked in less
than half an hour; a busy catalog adds a minute. An ingest that is stopped before that would begin
with the same batch again. `WatchdogSec` of deploy/systemd/ is the same, for the same reason.
"""


class Verdict(NamedTuple):
    """An answer, and why."""

    is_good: bool
    reason: str
    """One line of text."""


@dataclass
class Health:
    """How an ingest goes, by the turns of its loop and by its commits; asked from any thread."""

    watch: Watch
    ready_seconds: float
    """So long may messages be there without a commit."""
    clock: Callable[[], float] = monotonic
    _turned_at: float | None = None
    _committed_at: float = float("-inf")

    def __post_init__(self) -> None:
        """Begin now."""
        self._begun_at = self.clock()

    def turned(self) -> bool:
        """Take note that the loop turned; return whether it was for the first time."""
        is_first = self._turned_at is None
        self._turned_at = self.clock()
        return is_first

    def committed(self) -> None:
        """Take note of a commit."""
        self._committed_at = self.clock()

    def live(self) -> Verdict:
        """Return whether the loop turned lately."""
        last = self._begun_at if self._turned_at is None else self._turned_at
        lasts = self.clock() - last
        if lasts > LONGEST_TURN_S:
            return Verdict(
                is_good=False, reason=f"stuck: the loop has not turned for {lasts:.0f} seconds"
            )
        return Verdict(is_good=True, reason="alive")

    def ready(self) -> Verdict:
        """Return whether it has begun, and commits what comes."""
        if self._turned_at is None:
            return Verdict(
                is_good=False, reason="starting: the warehouse or a broker has not answered yet"
            )
        held = self.watch.outstanding()
        if held.since is None:
            return Verdict(is_good=True, reason="ready: nothing is outstanding")
        lasts = self.clock() - max(held.since, self._committed_at)
        if lasts > self.ready_seconds:
            return Verdict(
                is_good=False,
                reason=f"behind: {held.messages} messages are outstanding,"
                f" and for {lasts:.0f} seconds nothing was committed",
            )
        return Verdict(is_good=True, reason=f"ready: {held.messages} messages are outstanding")

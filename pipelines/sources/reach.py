"""Knows whether a broker can be reached: one that can't be is never taken for an empty one.

The client retries in silence. So while nothing comes, the broker is asked for the subscription,
with a deadline, in a thread of its own: whoever receives goes on meanwhile.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from pipelines.errors import TryAgainError
from pipelines.pubsub import UnreachableError
from pipelines.sources.limits import Receiving

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 10.0
"""Between two questions to a broker that doesn't answer, and to one that nothing comes from."""


@dataclass
class Reach:
    """Whether one subscription's broker answers. All times are of one monotonic clock."""

    name: str
    ask: Callable[[], int]
    """Returns the subscription's number of attempts; raises what is wrong with it."""
    receiving: Receiving
    note: Callable[[str], None]
    quiet_since: float
    """When something last came, or the broker was found again."""
    attempts: int | None = None
    """After so many a message is given up, 0: never; None before the first answer."""
    is_lost: bool = False
    """Whether it was out of reach for longer than anybody waits, and still is."""
    _question: "Future[int] | None" = None
    _asked_at: float = field(default=float("-inf"))
    _answered_at: float = field(default=float("-inf"))
    """When the last question that was answered was asked."""
    _silent_since: float | None = None
    _pause: float = 0.0

    def heard(self, now: float) -> None:
        """Take note that something came."""
        self.quiet_since = now
        self._is_there(now)

    def tend(self, now: float) -> None:
        """Ask where it is time to, and judge the answer.

        Raises NotFoundError or ManyhandsError as answered, and TryAgainError where there was no
        answer for as long as anybody waits, unless that is for ever.
        """
        if self._question is None and now >= self._next_at:
            self._asked_at = now
            self._question = _in_background(self.ask)
        if self._question is not None and self._question.done():
            question, self._question = self._question, None
            self._judge(question, now)
        silent_since = now if self._silent_since is None else self._silent_since
        if now - silent_since > self.receiving.patience_seconds and not self.is_lost:
            self._lose()

    def is_quiet(self, now: float) -> bool:
        """Return whether nothing came for long, from a broker that answers."""
        return (
            now - self.quiet_since >= self.receiving.idle_seconds
            and self._answered_at > self.quiet_since
            and self._silent_since is None
        )

    @property
    def is_settled(self) -> bool:
        """Whether the broker has answered, or is given up for now."""
        return self.attempts is not None or self.is_lost

    @property
    def _next_at(self) -> float:
        if self.attempts is None or self._silent_since is not None:
            return self._asked_at + self._pause
        pause = min(self.receiving.idle_seconds / 2, _LONGEST_PAUSE_S)
        return max(self.quiet_since, self._asked_at) + pause

    def _judge(self, question: "Future[int]", now: float) -> None:
        try:
            self.attempts = question.result()
        except UnreachableError:
            self._pause = min(2 * self._pause or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
            if self._silent_since is None:
                self._silent_since = self._asked_at
        else:
            self._answered_at = self._asked_at
            self._is_there(now)

    def _is_there(self, now: float) -> None:
        if self._silent_since is not None:
            self.quiet_since = now
        if self.is_lost:
            self.note(f"{self.name} can be reached again")
        self._silent_since, self.is_lost, self._pause = None, False, 0.0

    def _lose(self) -> None:
        waited = f"{self.receiving.patience_seconds:g} seconds"
        what = f"{self.name}: the broker can't be reached for {waited}"
        if not self.receiving.follow:
            message = f"{what}; run the command again later: what wasn't ingested is sent again"
            raise TryAgainError(message)
        self.is_lost = True
        self.note(f"{what}; still trying")


def _in_background(ask: Callable[[], int]) -> "Future[int]":
    """Ask in a thread that the end of the process doesn't wait for."""
    answer: Future[int] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001  raised where the answer is judged
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer

"""Receives one subscription's messages while others are committed, and makes batches of them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from pipelines.errors import ManyhandsError
from pipelines.pubsub import UnreachableError, explained
from pipelines.sources import isolation
from pipelines.sources.broker import CONSUME, Broker, end
from pipelines.sources.limits import Receiving
from pipelines.sources.messages import Message, MessageBatch
from pipelines.sources.reach import Reach
from pipelines.sources.subscriptions import PREFIX
from pipelines.sources.watch import Outstanding

_REOPEN_S: Final = 1.0
"""Between two streams, where one can't go on."""


@dataclass(frozen=True)
class Bounds:
    """Bytes of messages that one subscription may have."""

    held: int
    """Received and not yet acknowledged."""
    together: int
    """In one batch, but for a single message."""


@dataclass
class _Waiting:
    """Messages that may share a batch, in the order in which they came."""

    messages: list[Message]
    first_at: float
    """When the first of them came."""
    size: int = 0


class Subscriber:
    """One subscription: its stream, and what was received and isn't acknowledged yet."""

    def __init__(
        self,
        path: str,
        broker: Broker,
        receiving: Receiving,
        bounds: Bounds,
        note: Callable[[str], None],
    ) -> None:
        """Ask for nothing yet."""
        self._path, self._broker, self._receiving = path, broker, receiving
        self._bounds, self._note = bounds, note
        self._name = f"{PREFIX}{path}"
        self.reach = Reach(self._name, lambda: broker.look_up(path), receiving, note, monotonic())
        self._stream: Any = None
        self._opened_at = float("-inf")
        self._lock = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._in_flight: list[Message] = []
        self._came_at = 0.0
        self._held_since = 0.0
        self._last_tier = 0

    def tend(self, now: float) -> None:
        """Keep the stream open, and know whether the broker is there.

        Raises NotFoundError where the subscription is gone, ManyhandsError where it is refused,
        TryAgainError where the broker is out of reach for too long.
        """
        if self._came_at > self.reach.quiet_since:
            self.reach.heard(self._came_at)
        self.reach.tend(now)
        if self._stream is not None and self._stream.done():
            self._judge_end()
        if self._stream is None and self.reach.attempts is not None:
            self._open(now)

    def ready(self, now: float) -> MessageBatch | None:
        """Return a batch that is full, or has waited long enough; those of each tier in turn."""
        with self._lock:
            after = self._last_tier
            for of_tier in sorted(self._waiting, key=lambda one: (one <= after, one)):
                if self._is_ready(of_tier, now):
                    self._last_tier = of_tier
                    return self._batch(of_tier)
        return None

    @property
    def is_careful(self) -> bool:
        """Whether the last batch was a small one, of messages that were tried before.

        Then the others of that kind follow, before those of other subscriptions: they don't wait
        for a message that may kill.
        """
        return self._last_tier in isolation.SMALL

    def is_empty(self, now: float) -> bool:
        """Return whether nothing is held and nothing comes from a broker that answers."""
        return not self._waiting and self.reach.is_quiet(now)

    def outstanding(self) -> Outstanding:
        """Return what was received and isn't acknowledged yet."""
        with self._lock:
            held, since = [*self._in_flight], self._held_since
            for waiting in self._waiting.values():
                held += waiting.messages
        oldest = min((message.publish_time for message in held), default=None)
        size = sum(message.size for message in held)
        return Outstanding(len(held), size, oldest, since if held else None)

    def close(self) -> None:
        """Receive nothing more, and hand back what isn't acknowledged, so that others have it."""
        if self._stream is not None:
            end(self._stream)
        with self._lock:
            held = [m for waiting in self._waiting.values() for m in waiting.messages]
            self._waiting.clear()
        self._broker.hand_back(self._path, held)

    def _open(self, now: float) -> None:
        if now < self._opened_at + _REOPEN_S:
            return
        attempts, most = self.reach.attempts or 0, self._receiving.events
        if 0 < attempts < isolation.SAFE_ATTEMPTS and self._opened_at < 0:
            self._note(
                f"warning: {self._name} gives a message up after {attempts} attempts; with"
                f" fewer than {isolation.SAFE_ATTEMPTS}, a message that kills its worker may take"
                " others along to the dead-letter topic; set 100"
            )
        # where attempts count, what is held when a worker dies has one less: no more than a batch
        most_held = most if attempts else 2 * most
        self._opened_at = self.reach.quiet_since = now
        self._stream = self._broker.receive(
            self._path, self._receiving, self._bounds.held, most_held, self._take
        )

    def _judge_end(self) -> None:
        """Drop a stream that couldn't go on, to open another one; raise where that is no use."""
        failure, self._stream = self._stream.exception(), None
        if isinstance(failure, Exception):
            error = explained(failure, self._name, CONSUME)
            if not isinstance(error, UnreachableError):
                raise error from failure

    def _take(self, message: Message) -> None:
        """Take what comes, in a thread of the client's."""
        with self._lock:
            self._came_at = monotonic()
            if not self._waiting and not self._in_flight:
                self._held_since = self._came_at
            self._add(message, self._came_at)

    def _add(self, message: Message, came_at: float) -> None:
        waiting = self._waiting.setdefault(
            isolation.tier(message.delivery_attempt), _Waiting([], came_at)
        )
        waiting.messages.append(message)
        waiting.size += message.size

    def _is_ready(self, of_tier: int, now: float) -> bool:
        waiting = self._waiting[of_tier]
        # a small batch waits for what else comes: the first to come may be what kills, each time
        return (
            len(waiting.messages) >= self._receiving.events
            or waiting.size >= self._bounds.together
            or now - waiting.first_at >= self._receiving.seconds
        )

    def _batch(self, of_tier: int) -> MessageBatch:
        waiting = self._waiting.pop(of_tier)
        most = isolation.most_together(of_tier, self._receiving.events)
        taken = _at_most(isolation.chosen(waiting.messages, most, of_tier), self._bounds.together)
        chosen = {id(message) for message in taken}
        left = [message for message in waiting.messages if id(message) not in chosen]
        if left:
            size = sum(message.size for message in left)
            self._waiting[of_tier] = _Waiting(left, waiting.first_at, size)
        self._in_flight += taken
        return MessageBatch(self._path, taken, self._settle, self._put_back)

    def _settle(self, messages: Sequence[Message]) -> None:
        """Acknowledge messages; where that fails they come again, and count as duplicates."""
        try:
            self._broker.acknowledge(self._path, messages)
        except ManyhandsError as error:
            self._note(f"{self._name}: not acknowledged ({error}); events come again")
        for message in messages:
            message.drop()  # its lease needs no extending any more
        with self._lock:
            self._in_flight.clear()

    def _put_back(self, messages: Sequence[Message]) -> None:
        """Hold messages that weren't committed until they are handed back."""
        with self._lock:
            for message in messages:
                self._add(message, monotonic())
            self._in_flight.clear()


def _at_most(messages: Sequence[Message], size: int) -> list[Message]:
    """Return the first messages that have so many bytes together, and one at least."""
    taken: list[Message] = []
    for message in messages:
        size -= message.size
        if size < 0 and taken:
            break
        taken.append(message)
    return taken

"""Receives several subscriptions at once, and yields their batches as they are ready (SPEC §4).

The client is imported only where there is something to receive.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING

from pipelines.sources.limits import Receiving
from pipelines.sources.messages import MessageBatch
from pipelines.sources.watch import TURN_S, Outstanding, Watch

if TYPE_CHECKING:
    from pipelines.sources.subscriber import Subscriber


class Receiver:
    """The subscriptions of one process."""

    def __init__(
        self, subscribers: Sequence["Subscriber"], receiving: Receiving, watch: Watch
    ) -> None:
        """Receive by subscribers that ask for nothing yet."""
        self._subscribers = list(subscribers)
        self._receiving = receiving
        self._watch = watch

    def begin(self) -> None:
        """Wait until the broker has answered for each subscription, or each is given up for now.

        Nothing is received yet: what comes before there is a warehouse would lose an attempt.

        Raises NotFoundError where one isn't there, TryAgainError where the broker is out of reach.
        """
        while waiting := [one.reach for one in self._subscribers if not one.reach.is_settled]:
            if self._watch.is_stopping():
                return
            for reach in waiting:
                reach.tend(monotonic())
            sleep(TURN_S)

    def batches(self) -> Iterator[MessageBatch]:
        """Yield batches until all subscriptions are empty, or for ever; and until it is to stop.

        Each batch is acknowledged or released before the next one is asked for.

        Raises what `begin` does, whenever it becomes so.
        """
        while not self._watch.is_stopping():
            self._watch.turned()
            is_idle = True
            for one in self._tended():
                while not self._watch.is_stopping() and (batch := one.ready(monotonic())):
                    is_idle = False
                    yield batch
                    if not one.is_careful:
                        break
            if is_idle and not self._receiving.follow and self._is_empty():
                return
            if is_idle:
                sleep(TURN_S)

    def outstanding(self) -> Outstanding:
        """Return what was received and isn't acknowledged yet, of all subscriptions."""
        held = [one.outstanding() for one in self._subscribers]
        return Outstanding(
            sum(one.messages for one in held),
            sum(one.size for one in held),
            min((one.oldest_at for one in held if one.oldest_at), default=None),
            min((one.since for one in held if one.since is not None), default=None),
        )

    def out_of_reach(self) -> int:
        """Return how many subscriptions have a broker that is given up for now."""
        return sum(one.reach.is_lost for one in self._subscribers)

    def close(self) -> None:
        """Receive nothing more, and hand back what isn't acknowledged."""
        for one in self._subscribers:
            one.close()

    def _tended(self) -> "list[Subscriber]":
        now = monotonic()
        for one in self._subscribers:
            one.tend(now)
        return self._subscribers

    def _is_empty(self) -> bool:
        now = monotonic()
        return all(one.is_empty(now) for one in self._subscribers)


@contextmanager
def received(
    subscriptions: Sequence[str], receiving: Receiving, most_together: int, watch: Watch
) -> Iterator[Iterator[MessageBatch]]:
    """Yield the batches of subscriptions, named by their paths, as long as the context lasts.

    `most_together` is how many bytes of messages one batch may have.

    Raises NotFoundError where one isn't there, TryAgainError where the broker is out of reach.
    """
    if not subscriptions:
        yield iter(())
        return
    receiver = _receiver(subscriptions, receiving, most_together, watch)
    watch.outstanding, watch.out_of_reach = receiver.outstanding, receiver.out_of_reach
    try:
        receiver.begin()
        yield receiver.batches()
    finally:
        receiver.close()


def _receiver(
    subscriptions: Sequence[str], receiving: Receiving, most_together: int, watch: Watch
) -> Receiver:
    from pipelines.sources.broker import Broker
    from pipelines.sources.subscriber import Bounds, Subscriber

    broker = Broker()
    share = receiving.size // len(subscriptions)
    bounds = Bounds(share, min(most_together, share // 2))  # so that it goes on during a commit
    # in another order in each process: one that kills it in the first wouldn't let the others begin
    paths = random.sample(subscriptions, len(subscriptions))
    subscribers = [Subscriber(path, broker, receiving, bounds, watch.note) for path in paths]
    return Receiver(subscribers, receiving, watch)

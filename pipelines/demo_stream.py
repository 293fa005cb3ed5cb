"""Shows the demo as a stream: its events come over Pub/Sub, its statements leave over it.

On an emulator alone, which PUBSUB_EMULATOR_HOST names: it makes topics and subscriptions of its
own, and deletes them at the end.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import accumulate
from pathlib import Path
from time import monotonic, sleep
from typing import Final
from uuid import uuid4

from google.api_core.exceptions import GoogleAPIError
from google.cloud import pubsub_v1

from pipelines.demo import Report, Shown, demo
from pipelines.errors import ManyhandsError, UsageError
from pipelines.ingest.job import ingest
from pipelines.lake.log import Counts
from pipelines.lake.warehouse import Warehouse
from pipelines.publish import publishing
from pipelines.sources.broker import EMULATOR
from pipelines.sources.limits import Receiving
from pipelines.sources.subscriptions import PREFIX
from pipelines.sources.watch import TURN_S, Watch

_PROJECT: Final = "manyhands-demo"
_RECEIVING: Final = Receiving(follow=True, seconds=0.5, lease_seconds=10)
_PATIENCE_S: Final = 60.0
_ANSWER_S: Final = 5.0


@dataclass(frozen=True)
class Pulled:
    """A statement as it left: what a subscriber of the topic receives."""

    attributes: dict[str, str]
    data: bytes


def demo_stream(warehouse: Warehouse, report: Report) -> tuple[Shown, list[Pulled]]:
    """Run the demo over Pub/Sub; return what it shows, and the statements that left.

    Raises UsageError where no emulator is named, ManyhandsError where it gives no answer, and
    ConflictError where the folder is there and the demo didn't make it.
    """
    if not os.environ.get(EMULATOR):
        message = f"the demo streams on an emulator alone; start one, and name it in {EMULATOR}"
        raise UsageError(message)
    with _feed("statements") as statements:
        shown = demo(warehouse, report, _send)
        last = datetime(2026, 12, 1)  # noqa: DTZ001  UTC
        to = f"{PREFIX}{statements.topic}"
        with publishing(warehouse, to, clock=lambda: last, report=report) as publisher:
            publisher.send_new()
        return shown, statements.pull(publisher.published)


def _send(warehouse: Warehouse, path: Path, now: datetime, report: Report) -> Counts:
    """Send a file's events over a topic of their own, and return what became of them."""
    with _feed("events") as feed:
        return feed.send(warehouse, path, now, report)


@dataclass
class _Feed:
    """A topic and a subscription to it."""

    topic: str
    subscription: str
    publisher: pubsub_v1.PublisherClient = field(default_factory=pubsub_v1.PublisherClient)
    subscriber: pubsub_v1.SubscriberClient = field(default_factory=pubsub_v1.SubscriberClient)

    def send(self, warehouse: Warehouse, path: Path, now: datetime, report: Report) -> Counts:
        """Publish a file's events while an ingest follows, and return what became of them."""
        source = f"{PREFIX}{self.subscription}"
        with _following(warehouse, source, now, report) as counts:
            for wave in _waves(path.read_bytes().splitlines()):
                before = counts().received
                self._publish(wave)
                is_in = partial(_is_received, counts, before + len(wave))
                _wait(is_in, "the events are in the log")
        return counts()

    def _publish(self, bodies: Iterable[bytes]) -> None:
        for future in [self.publisher.publish(self.topic, body) for body in bodies]:
            future.result(timeout=_PATIENCE_S)

    def pull(self, count: int) -> list[Pulled]:
        """Receive so many messages, as anybody who subscribes would."""
        pulled: list[Pulled] = []

        def more() -> bool:
            answer = self.subscriber.pull(
                subscription=self.subscription, max_messages=count, timeout=_PATIENCE_S
            )
            came = answer.received_messages
            pulled.extend(Pulled(dict(one.message.attributes), one.message.data) for one in came)
            if came:
                ids = [one.ack_id for one in came]
                self.subscriber.acknowledge(subscription=self.subscription, ack_ids=ids)
            return len(pulled) >= count

        _wait(more, "the statements were received")
        return sorted(pulled, key=lambda one: one.data)

    def close(self) -> None:
        """Delete what was made."""
        with suppress(GoogleAPIError):
            self.subscriber.delete_subscription(subscription=self.subscription, timeout=_ANSWER_S)
            self.publisher.delete_topic(topic=self.topic, timeout=_ANSWER_S)
        self.subscriber.close()
        self.publisher.stop()


@contextmanager
def _feed(name: str) -> Iterator[_Feed]:
    """Make a topic and a subscription, for as long as the context lasts."""
    own = f"{name}-{uuid4().hex[:8]}"
    feed = _Feed(f"projects/{_PROJECT}/topics/{own}", f"projects/{_PROJECT}/subscriptions/{own}")
    try:
        feed.publisher.create_topic(name=feed.topic, timeout=_ANSWER_S, retry=None)
        feed.subscriber.create_subscription(
            name=feed.subscription, topic=feed.topic, timeout=_ANSWER_S, retry=None
        )
    except GoogleAPIError as error:
        message = f"no emulator answers at {os.environ[EMULATOR]} ({EMULATOR}): {error}"
        raise ManyhandsError(message) from error
    try:
        yield feed
    finally:
        feed.close()


@contextmanager
def _following(
    warehouse: Warehouse, source: str, now: datetime, report: Report
) -> Iterator[Callable[[], Counts]]:
    """Ingest what comes of a subscription while the context lasts; yield what became of it so far.

    Raises what the ingest raised.
    """
    counts = Counts()
    stop = threading.Event()

    def follow() -> None:
        nonlocal counts
        batches = ingest(
            warehouse,
            [source],
            clock=lambda: now,
            manifest_roots=[],
            watch=Watch(report, stop.is_set),
            receiving=_RECEIVING,
        )
        for counts in accumulate(done.counts for done in batches):
            report(f"{counts.received} messages received")

    def so_far() -> Counts:
        if running.done():
            running.result()  # which raises what it ended with
        return counts

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(follow)
        try:
            yield so_far
        finally:
            stop.set()
        running.result()


def _is_received(counts: Callable[[], Counts], messages: int) -> bool:
    return counts().received >= messages


def _waves(bodies: Sequence[bytes]) -> list[list[bytes]]:
    """Part events so that none stands before one of its identity: the first in the log counts."""
    waves: list[list[bytes]] = [[]]
    seen: set[tuple[str, str]] = set()
    for body in bodies:
        event = json.loads(body)
        identity = event["source"], event["id"]
        if identity in seen:
            waves.append([])
        seen.add(identity)
        waves[-1].append(body)
    return waves


def _wait(holds: Callable[[], bool], what: str) -> None:
    """Wait until something is so.

    Raises ManyhandsError where it isn't in time.
    """
    deadline = monotonic() + _PATIENCE_S
    while not holds():
        if monotonic() > deadline:
            message = f"after {_PATIENCE_S:g} seconds it isn't so that {what}; run the demo again"
            raise ManyhandsError(message)
        sleep(TURN_S)

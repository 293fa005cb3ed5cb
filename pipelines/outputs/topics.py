"""A Pub/Sub topic that statements are published to: a message an event, in binary mode."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError
from google.api_core.retry import Retry, if_exception_type
from google.api_core.timeout import ConstantTimeout
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1

from pipelines.outputs.statement_issued import StatementIssued, binary
from pipelines.pubsub import PASSING, explained, explaining

LOOK_UP: Final = "pubsub.topics.get"
PUBLISH: Final = "pubsub.topics.publish"
"""The rights that publishing takes."""

LARGEST_BYTES = 9_000_000
"""Of a statement that a topic is sent: Pub/Sub takes 10,000,000 with all that is around it."""

WINDOW_EVENTS = 10_000
WINDOW_BYTES = 32 << 20
"""What is on its way at once, and so what a crash can repeat."""

PATIENCE_S = 60.0
"""How long a broker that doesn't answer is asked again; the client's own default is 600."""

_ATTEMPT_S: Final = 20.0
_SLACK_S: Final = 30.0
"""What the client may take beyond its last attempt before it counts as stuck."""

_BATCHES: Final = pubsub_v1.types.BatchSettings(
    max_bytes=4_000_000, max_latency=0.05, max_messages=1_000
)


@dataclass
class Window:
    """Events that were on their way at once, by what became of them."""

    published: list[StatementIssued] = field(default_factory=list)
    too_large: list[StatementIssued] = field(default_factory=list)


@dataclass(frozen=True)
class Topic:
    """A topic that is there."""

    path: str
    """`projects/P/topics/T`"""
    client: pubsub_v1.PublisherClient

    @property
    def name(self) -> str:
        """The destination, as a user names it."""
        return f"pubsub:{self.path}"

    def send(self, events: Iterable[StatementIssued]) -> Iterator[Window]:
        """Publish events in their order; yield what became of them, a window at a time.

        Where one fails, what the topic has of its window is yielded before the error is raised:
        TryAgainError where the broker can't be reached, NotFoundError where the topic is gone,
        ManyhandsError where it refuses.
        """
        for events_at_once in _windows(events):
            window, failures = self._send_window(events_at_once)
            yield window
            for failure in failures:
                raise explained(failure, self.name, PUBLISH) from failure

    def _send_window(self, events: list[StatementIssued]) -> tuple[Window, list[Exception]]:
        window = Window(too_large=[event for event in events if _is_too_large(event)])
        failures: list[Exception] = []
        pending = [(event, self._publish(event)) for event in events if not _is_too_large(event)]
        for event, future in pending:
            try:
                future.result(timeout=PATIENCE_S + _ATTEMPT_S + _SLACK_S)
                window.published.append(event)
            except (GoogleAPIError, GoogleAuthError, TimeoutError) as failure:
                failures.append(failure)
        return window, failures

    def _publish(self, event: StatementIssued) -> Any:  # noqa: ANN401  a future without types
        return self.client.publish(self.path, event.sealed, **_bounded(), **binary(event))


@contextmanager
def opened(path: str) -> Iterator[Topic]:
    """Look a topic up, and publish to it for as long as the context lasts.

    Raises NotFoundError where it isn't there, TryAgainError where the broker can't be reached,
    ManyhandsError where a right is missing.
    """
    with explaining(f"pubsub:{path}", LOOK_UP):
        client = pubsub_v1.PublisherClient(batch_settings=_BATCHES)
    topic = Topic(path, client)
    try:
        with explaining(topic.name, LOOK_UP):
            client.get_topic(request={"topic": path}, **_bounded())
        yield topic
    finally:
        client.stop()
        client.transport.close()


def _bounded() -> dict[str, Any]:
    """Bound a call: how long one attempt takes, and how long it is tried again."""
    attempt = min(_ATTEMPT_S, PATIENCE_S)
    again = Retry(if_exception_type(*PASSING), initial=0.2, maximum=5.0, timeout=PATIENCE_S)
    return {"retry": again, "timeout": ConstantTimeout(attempt)}


def _is_too_large(event: StatementIssued) -> bool:
    return len(event.sealed) > LARGEST_BYTES


def _windows(events: Iterable[StatementIssued]) -> Iterator[list[StatementIssued]]:
    window: list[StatementIssued] = []
    size = 0
    for event in events:
        window.append(event)
        size += len(event.sealed)
        if len(window) >= WINDOW_EVENTS or size >= WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window

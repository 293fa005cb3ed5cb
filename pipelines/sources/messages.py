"""What is received of a subscription: messages, and batches of them (SPEC §3.1, §3.4)."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pipelines.sources.batch import Portion
from pipelines.sources.subscriptions import PREFIX
from schemas.envelope import ATTRIBUTE_PREFIX, CONTENT_TYPE
from schemas.json_text import MAX_BYTES
from schemas.record import Received
from schemas.rejection import KEPT_BYTES

_PORTION: Final = 5_000
"""Messages of one element of a pipeline."""

_STRUCTURED: Final = "application/cloudevents"

Message: TypeAlias = Any
"""The client's message: it comes without types."""


@dataclass
class MessageBatch:
    """Messages of one subscription that are committed at once; they can be read again."""

    subscription: str
    messages: Sequence[Message]
    settle: Callable[[Sequence[Message]], None]
    """Acknowledges messages."""
    give_back: Callable[[Sequence[Message]], None]
    """Lets another process have messages."""

    @property
    def events(self) -> Iterator[Portion]:
        """The messages in the order in which they came."""
        origin = PREFIX + self.subscription
        for start in range(0, len(self.messages), _PORTION):
            part = self.messages[start : start + _PORTION]
            yield [received(message, start + i, origin) for i, message in enumerate(part)]

    def acknowledge(self) -> None:
        """Let the broker forget the messages."""
        self.settle(self.messages)

    def release(self) -> None:
        """Let the broker send the messages again."""
        self.give_back(self.messages)


def received(message: Message, position: int, origin: str) -> Received:
    """Return what a message brings, its body cut short where it is too large for an event."""
    body: bytes = message.data
    kept = Received(
        position, origin, message.message_id, body, event_attributes(message.attributes)
    )
    if len(body) > MAX_BYTES:
        kept.body, kept.size = body[:KEPT_BYTES], len(body)
        kept.sha256 = hashlib.sha256(body).hexdigest()
    return kept


def event_attributes(attributes: Mapping[str, str]) -> dict[str, str] | None:
    """Return the attributes of an event in binary mode; None in structured mode.

    In binary mode an event's attributes begin with `ce-`, and `content-type` is that of its data
    (CloudEvents' binding for Pub/Sub); others are those of the transport.
    """
    content_type = attributes.get(CONTENT_TYPE, "")
    own = {name: text for name, text in attributes.items() if name.startswith(ATTRIBUTE_PREFIX)}
    if not own or content_type.startswith(_STRUCTURED):
        return None
    return own | ({CONTENT_TYPE: content_type} if content_type else {})

"""Asks Google Pub/Sub, or the emulator that PUBSUB_EMULATOR_HOST names, by its own client."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import grpc
from google.api_core.retry import Retry, if_exception_type
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.subscriber.scheduler import ThreadScheduler
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from pipelines.errors import ManyhandsError
from pipelines.pubsub import PASSING, explaining
from pipelines.sources.limits import Receiving
from pipelines.sources.messages import Message
from pipelines.sources.subscriptions import PREFIX

LOOK_UP: Final = "pubsub.subscriptions.get"
CONSUME: Final = "pubsub.subscriptions.consume"
"""The rights that receiving takes."""

LOOK_UP_S: Final = 5.0
"""So long may an answer take."""

EMULATOR: Final = "PUBSUB_EMULATOR_HOST"
_SETTLE_S: Final = 10.0
_HAND_BACK_S: Final = 2.0
_CLOSE_S: Final = 2.0
_LEASE_S: Final = 86_400
"""How long a message is held for a warehouse that can't be written."""

_IDS: Final = 1_000
"""Messages that one request names."""


class Broker:
    """The broker, for all subscriptions of a process."""

    def __init__(self) -> None:
        """Open no connection yet.

        Raises ManyhandsError where there are no credentials.
        """
        with explaining("", LOOK_UP):
            self._client = _client()

    def look_up(self, path: str) -> int:
        """Return after how many attempts a subscription gives a message up, 0 where it never does.

        Raises NotFoundError where there is no such subscription, UnreachableError where the broker
        gives no answer, ManyhandsError where it refuses one.
        """
        with explaining(f"{PREFIX}{path}", LOOK_UP):
            found = self._client.get_subscription(subscription=path, timeout=LOOK_UP_S, retry=None)
        return int(found.dead_letter_policy.max_delivery_attempts)

    def receive(
        self,
        path: str,
        receiving: Receiving,
        size: int,
        messages: int,
        take: Callable[[Message], None],
    ) -> Any:  # noqa: ANN401  the client's, without types
        """Begin to receive messages, at most `messages` and `size` bytes at once.

        Returns the client's future, which ends when the stream can't go on.
        """
        flow = pubsub_v1.types.FlowControl(
            max_bytes=size,
            max_messages=messages,
            max_lease_duration=_LEASE_S,
            min_duration_per_lease_extension=receiving.lease_seconds,
            max_duration_per_lease_extension=receiving.lease_seconds,
        )
        one_by_one = ThreadScheduler(ThreadPoolExecutor(1))  # in the order in which they come
        return self._client.subscribe(path, take, flow_control=flow, scheduler=one_by_one)

    def acknowledge(self, path: str, messages: Sequence[Message]) -> None:
        """Let the broker forget messages, and return when it has.

        Raises UnreachableError where it gave no answer: then it sends them again.
        """
        retry = Retry(if_exception_type(*PASSING), timeout=_SETTLE_S)
        with explaining(f"{PREFIX}{path}", CONSUME):
            for ids in _ids(messages):
                self._client.acknowledge(
                    subscription=path, ack_ids=ids, timeout=_SETTLE_S, retry=retry
                )

    def hand_back(self, path: str, messages: Sequence[Message]) -> None:
        """Let another process have messages at once; without an answer it has to wait for them."""
        with suppress(ManyhandsError), explaining(f"{PREFIX}{path}", CONSUME):
            for ids in _ids(messages):
                self._client.modify_ack_deadline(
                    subscription=path,
                    ack_ids=ids,
                    ack_deadline_seconds=0,
                    timeout=_HAND_BACK_S,
                    retry=None,
                )


def _client() -> pubsub_v1.SubscriberClient:
    """Return a client that takes messages of any size, from an emulator too.

    Left alone it takes 4 MiB at once from an emulator, and asks for more than that for ever.
    """
    address = os.environ.get(EMULATOR)
    if not address:
        return pubsub_v1.SubscriberClient()
    channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)])
    return pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))


def end(stream: Any) -> None:  # noqa: ANN401  the client's future
    """End a stream; what it holds and hasn't given us, the client hands back."""
    stream.cancel()
    with suppress(Exception):  # what a stream ended with before is judged elsewhere
        stream.result(timeout=_CLOSE_S)


def _ids(messages: Sequence[Message]) -> Iterator[list[str]]:
    for start in range(0, len(messages), _IDS):
        yield [message.ack_id for message in messages[start : start + _IDS]]

"""What a message brings: an event in one of CloudEvents' two modes (SPEC §3.1)."""

from hashlib import sha256
from types import SimpleNamespace

import pytest

from pipelines.sources.messages import MessageBatch, event_attributes, received
from schemas.json_text import MAX_BYTES
from schemas.rejection import KEPT_BYTES

BINARY = {"ce-id": "e1", "ce-type": "image-licensed"}


def _message(body: bytes, **attributes: str) -> SimpleNamespace:
    return SimpleNamespace(data=body, attributes=attributes, message_id="7", size=len(body))


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ({}, None),
        ({"region": "eu"}, None),
        ({"content-type": "application/json"}, None),
        ({"content-type": "application/cloudevents+json", **BINARY}, None),
        (BINARY, BINARY),
        ({"content-type": "text/plain", **BINARY}, {"content-type": "text/plain", **BINARY}),
        ({"googclient_schemaencoding": "JSON", **BINARY}, BINARY),
    ],
)
def test_attributes_tell_the_mode(attributes: dict[str, str], kept: dict[str, str] | None) -> None:
    """Binary mode has `ce-…` attributes, unless the content type says that the body has all."""
    assert kept == event_attributes(attributes)


def test_a_message_as_large_as_an_event_may_be_is_whole() -> None:
    """One byte more, and 64 KiB of it are kept, with its size and its digest."""
    whole = received(_message(b"x" * MAX_BYTES), 3, "pubsub:s")
    cut = received(_message(b"x" * (MAX_BYTES + 1)), 3, "pubsub:s")

    assert (MAX_BYTES, -1, "") == (len(whole.body), whole.size, whole.sha256)
    assert (KEPT_BYTES, MAX_BYTES + 1) == (len(cut.body), cut.size)
    assert sha256(b"x" * (MAX_BYTES + 1)).hexdigest() == cut.sha256


def test_a_batch_can_be_read_again_in_its_order() -> None:
    """What wasn't committed is staged anew: positions, origin and ids are the same."""
    messages = [_message(b"%d" % number) for number in range(1_200)]
    settled: list[int] = []
    batch = MessageBatch(
        "projects/p/subscriptions/s", messages, lambda all_: settled.append(len(all_)), print
    )

    first, again = ([one for portion in batch.events for one in portion] for _ in range(2))

    assert first == again
    assert [(n, b"%d" % n) for n in range(1_200)] == [
        (one.position, one.body) for one in first if not hasattr(one, "text")
    ]
    assert {"pubsub:projects/p/subscriptions/s"} == {one.origin for one in first}
    batch.acknowledge()
    assert [1_200] == settled

"""Which texts name a destination, and what a broker's errors mean."""

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, TransportError

from pipelines.errors import ManyhandsError, NotFoundError, TryAgainError, UsageError
from pipelines.outputs.brokers import explained
from pipelines.outputs.destinations import refuse_unless_named

TOPIC = "pubsub:projects/p/topics/statements"


@pytest.mark.parametrize(
    "named",
    [
        TOPIC,
        "pubsub:projects/example.com:shop/topics/a.b_c~d+e%20-f",
        "out",
        "/srv/out",
        "./x:",
        "../out",
        "a b",
    ],
)
def test_a_topic_or_a_folder_is_a_destination(named: str) -> None:
    """It isn't refused; whether it is there is seen later."""
    refuse_unless_named(named)


@pytest.mark.parametrize(
    "named",
    [
        "",
        "pubsub:",
        "pubsub:statements",
        "pubsub:projects/p/subscriptions/s12",
        "pubsub:projects/p/topics/ab",
        "pubsub:projects/p/topics/statements/more",
        "pubsub:projects/p/topics/state ments",
        "pubsub:projects/p/topics/statements\n",
        "gs://bucket/out",
        "kafka://broker",
        "file:/srv/out",
    ],
)
def test_what_is_neither_is_refused(named: str) -> None:
    """A scheme that isn't ours is no folder by mistake."""
    with pytest.raises(UsageError, match="is no destination"):
        refuse_unless_named(named)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (exceptions.NotFound("gone"), NotFoundError, "no such topic"),
        (exceptions.PermissionDenied("no"), ManyhandsError, "the right pubsub.topics.publish"),
        (exceptions.Unauthenticated("who"), ManyhandsError, "GOOGLE_APPLICATION_CREDENTIALS"),
        (DefaultCredentialsError("none"), ManyhandsError, "GOOGLE_APPLICATION_CREDENTIALS"),
        (TransportError("down", retryable=True), TryAgainError, "can't be reached (down)"),
        (exceptions.ServiceUnavailable("down"), TryAgainError, "can't be reached"),
        (exceptions.RetryError("60 s", exceptions.DeadlineExceeded("slow")), TryAgainError, "slow"),
        (TimeoutError(), TryAgainError, "(TimeoutError)"),
        (exceptions.InvalidArgument("odd"), ManyhandsError, "the broker refused: 400 odd"),
    ],
)
def test_an_error_of_the_broker_says_what_to_do(
    error: Exception, kind: type[ManyhandsError], words: str
) -> None:
    """A missing topic, a missing right and an outage are told apart, and the topic is named."""
    told = explained(error, TOPIC, "publish")

    assert kind is type(told)
    assert str(told).startswith(f"{TOPIC}: ")
    assert words in str(told)


def test_a_missing_right_is_named_for_each_act() -> None:
    """To look a topic up takes another right than to publish to it."""
    told = str(explained(exceptions.PermissionDenied("no"), TOPIC, "get"))

    assert "pubsub.topics.get" in told
    assert "roles/pubsub.viewer" in told

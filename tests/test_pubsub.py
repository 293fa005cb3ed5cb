"""What a broker's errors mean: a missing right and an outage are told apart."""

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, TransportError

from pipelines.errors import ManyhandsError, NotFoundError
from pipelines.pubsub import UnreachableError, explained

TOPIC = "pubsub:projects/p/topics/statements"
SUBSCRIPTION = "pubsub:projects/p/subscriptions/s"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (exceptions.NotFound("gone"), NotFoundError, "no such topic"),
        (exceptions.PermissionDenied("no"), ManyhandsError, "the right pubsub.topics.publish"),
        (exceptions.Unauthenticated("who"), ManyhandsError, "GOOGLE_APPLICATION_CREDENTIALS"),
        (DefaultCredentialsError("none"), ManyhandsError, "GOOGLE_APPLICATION_CREDENTIALS"),
        (TransportError("down", retryable=True), UnreachableError, "can't be reached (down)"),
        (exceptions.ServiceUnavailable("down"), UnreachableError, "can't be reached"),
        (
            exceptions.RetryError("60 s", exceptions.DeadlineExceeded("slow")),
            UnreachableError,
            "slow",
        ),
        (TimeoutError(), UnreachableError, "(TimeoutError)"),
        (exceptions.InvalidArgument("odd"), ManyhandsError, "the broker refused: 400 odd"),
    ],
)
def test_an_error_of_the_broker_says_what_to_do(
    error: Exception, kind: type[ManyhandsError], words: str
) -> None:
    """A missing topic, a missing right and an outage are told apart, and the topic is named."""
    told = explained(error, TOPIC, "pubsub.topics.publish")

    assert isinstance(told, kind)
    assert TOPIC in str(told) or isinstance(error, DefaultCredentialsError)
    assert words in str(told)


def test_a_missing_right_is_named_for_each_act() -> None:
    """To look a topic up takes another right than to publish to it."""
    told = str(explained(exceptions.PermissionDenied("no"), TOPIC, "pubsub.topics.get"))

    assert "pubsub.topics.get" in told
    assert "roles/pubsub.viewer" in told


def test_what_is_missing_is_named_as_what_it_is() -> None:
    """A subscription isn't called a topic."""
    right = "pubsub.subscriptions.get"

    assert "no such subscription" in str(explained(exceptions.NotFound("x"), SUBSCRIPTION, right))

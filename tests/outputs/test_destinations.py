"""Which texts name a destination."""

import pytest

from pipelines.errors import UsageError
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

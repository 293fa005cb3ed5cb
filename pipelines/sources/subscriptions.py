"""Names subscriptions of Google Pub/Sub as sources: `pubsub:projects/P/subscriptions/S`."""

import re
from collections.abc import Sequence
from typing import Final

from pipelines.errors import UsageError

PREFIX: Final = "pubsub:"
_PATH: Final = re.compile(r"projects/[^/\s]+/subscriptions/[A-Za-z][A-Za-z0-9._~%+-]{2,254}")


def is_subscription(source: str) -> bool:
    """Return whether a source is meant as a subscription."""
    return source.startswith(PREFIX)


def find_subscriptions(sources: Sequence[str]) -> list[str]:
    """Return the paths of the subscriptions among sources, in their order, each once.

    Raises UsageError where one isn't named as Pub/Sub does.
    """
    named = dict.fromkeys(source for source in sources if is_subscription(source))
    for source in named:
        if not _PATH.fullmatch(source.removeprefix(PREFIX)):
            message = f"{source}: not a subscription; name it as {PREFIX}projects/P/subscriptions/S"
            raise UsageError(message)
    return [source.removeprefix(PREFIX) for source in named]

"""Keeps a message that kills its worker from taking others along.

A subscription with a dead-letter topic counts how often each message was delivered, and gives it
up after so many attempts. When a worker dies, all messages that it held have one attempt less. So
messages that have been tried before are tried in ever smaller batches, at last alone, and those of
one size in random order: about half of what is held is through before the one that kills.
"""

import random
from collections.abc import Sequence
from typing import Final, TypeVar

SAFE_ATTEMPTS: Final = 20
"""With fewer attempts a message may be given up together with one that kills its worker."""

ALONE: Final = 5
"""From this attempt on a message is a batch of its own."""

Held = TypeVar("Held")


def tier(attempt: int | None) -> int:
    """Return which messages one may share a batch with: those of the same tier.

    `attempt` counts from 1; it is None or 0 where the subscription doesn't count.
    """
    return min(attempt or 0, ALONE)


def most_together(of_tier: int, most: int) -> int:
    """Return how many messages of a tier are one batch, where `most` are otherwise."""
    shares = {3: most // 10, 4: most // 100, ALONE: 1}
    return max(1, shares.get(of_tier, most))


def chosen(held: Sequence[Held], most: int, of_tier: int) -> list[Held]:
    """Return at most `most` of what is held of a tier, in its order: the first, or random ones."""
    if of_tier <= 2 or len(held) <= most:  # noqa: PLR2004  not tried in small batches yet
        return list(held[:most])
    return [held[i] for i in sorted(random.sample(range(len(held)), most))]

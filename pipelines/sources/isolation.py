"""Keeps a message that kills its worker from taking others along.

A subscription with a dead-letter topic counts how often each message was delivered, and gives it
up after so many attempts. When a worker dies, all messages that it held have one attempt less. So
messages that have been tried before are tried in ever smaller batches, at last alone.

Which of them are tried first is the same in every process, and turned round with every attempt:
those before the one that kills are through at one attempt, those after it at the next. The order
is another one for each two attempts, so that several that kill part from each other too.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

SAFE_ATTEMPTS: Final = 20
"""With fewer attempts a message may be given up together with one that kills its worker."""

ALONE: Final = 5
"""From this attempt on a message is a batch of its own."""

SMALL: Final = range(3, ALONE + 1)
"""Tiers that are tried in small batches."""

Held = Any
"""A message of the client's, which comes without types: its id, and its attempt."""


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
    """Return at most `most` of what is held of a tier, in its order: the first, or by `_turn`."""
    if of_tier not in SMALL or len(held) <= most:
        return list(held[:most])
    turns = sorted(range(len(held)), key=lambda place: _turn(held[place]))
    return [held[place] for place in sorted(turns[:most])]


def _turn(message: Held) -> tuple[int, int]:
    """Return when a message has its turn: the least tried first, in the order of this attempt."""
    pair, is_second = divmod(message.delivery_attempt, 2)
    digest = blake2b(f"{pair} {message.message_id}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big")
    return message.delivery_attempt, -place if is_second else place

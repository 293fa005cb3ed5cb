"""Splits an amount over weights so that nothing is lost (SPEC §5.2, Splitting)."""

from collections.abc import Sequence

from pipelines.royalties.rounding import floor_div


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split `amount` micros over claimants, in their order, by weight.

    Each gets the floor of its part; the leftover micros go one each to the largest remainders,
    ties to the claimant first in order. A weight of 0 gets 0.

    Raises ValueError where all weights are 0 and there is something to split.
    """
    total = sum(weights)
    if total == 0:
        if amount:
            message = f"{amount} micros can't be split: nobody has a weight"
            raise ValueError(message)
        return [0] * len(weights)
    parts = [floor_div(amount * weight, total) for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    leftover = amount - sum(parts)
    largest = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in largest[:leftover]:
        parts[place] += 1
    return parts

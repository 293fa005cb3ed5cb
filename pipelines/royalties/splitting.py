"""Splits an amount over weights so that every micro goes somewhere (SPEC §5.2, Splitting)."""

from collections.abc import Sequence

from pipelines.royalties.rounding import floor_div


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount of micros in proportion to weights; the parts sum to it exactly.

    Each part is floored, and the micros left over go one each to the largest remainders.
    Where remainders tie, the first in order gets it; a weight of 0 gets 0.

    Raises ValueError where the amount or a weight is below 0, or no weight is above 0 and the
    amount is.
    """
    total = sum(weights)
    if amount < 0 or min(weights, default=0) < 0:
        message = f"can't split {amount} over {weights}: neither may be below 0"
        raise ValueError(message)
    if amount == 0:
        return [0 for _ in weights]
    if total == 0:
        message = f"can't split {amount}: no weight is above 0"
        raise ValueError(message)
    parts = [floor_div(amount * weight, total) for weight in weights]
    remainders = [
        amount * weight - part * total for weight, part in zip(weights, parts, strict=True)
    ]
    by_remainder = sorted(range(len(parts)), key=lambda index: -remainders[index])
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts

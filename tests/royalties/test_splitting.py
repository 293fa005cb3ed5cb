"""Splitting: every micro goes somewhere, and where is settled (SPEC §5.2)."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.royalties.splitting import split

amounts = st.integers(0, 10**20) | st.integers(0, 20)
weight_lists = st.lists(st.integers(0, 5) | st.integers(0, 10**96), min_size=1, max_size=12).filter(
    any
)


@given(amounts, weight_lists)
def test_every_micro_is_given_out(amount: int, weights: list[int]) -> None:
    """The parts sum to the amount."""
    assert amount == sum(split(amount, weights))


@given(amounts, weight_lists)
def test_a_part_is_within_a_micro_of_its_exact_share(amount: int, weights: list[int]) -> None:
    """A part is its exact share floored, or one more."""
    for weight, part in zip(weights, split(amount, weights), strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@given(amounts, weight_lists)
def test_no_weight_gets_nothing(amount: int, weights: list[int]) -> None:
    """A weight of 0 gets 0, also where micros are left over."""
    parts = split(amount, weights)
    assert all(part == 0 for weight, part in zip(weights, parts, strict=True) if weight == 0)


@given(amounts, weight_lists)
def test_the_largest_remainders_get_the_micros_left_over(amount: int, weights: list[int]) -> None:
    """Nobody who got no extra micro has a larger remainder, or as large a one and comes before."""
    total = sum(weights)
    ranked = [
        (-(amount * weight % total), index, part - amount * weight // total)
        for index, (weight, part) in enumerate(zip(weights, split(amount, weights), strict=True))
    ]
    extras = [extra for *_, extra in sorted(ranked)]
    assert sorted(extras, reverse=True) == extras


@given(amounts, weight_lists, st.randoms(use_true_random=False))
def test_order_matters_to_ties_only(amount: int, weights: list[int], random: Random) -> None:
    """Where no two remainders are one, each weight's part is the same in whatever order."""
    total = sum(weights)
    remainders = [amount * weight % total for weight in weights]
    assume(len(set(remainders)) == len(remainders))
    shuffled = weights.copy()
    random.shuffle(shuffled)
    expected = dict(zip(weights, split(amount, weights), strict=True))
    assert expected == dict(zip(shuffled, split(amount, shuffled), strict=True))


def test_ties_go_to_the_first_in_order() -> None:
    """Of three equal claims on 5 micros the first two get the ones left over."""
    assert [2, 2, 1] == split(5, [7, 7, 7])


def test_nothing_is_split_over_nobody() -> None:
    """An amount of 0 needs no claimant; any other does."""
    assert [] == split(0, [])
    assert [0, 0] == split(0, [0, 0])
    with pytest.raises(ValueError, match="no weight is above 0"):
        split(1, [0, 0])


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, [2, -1])])
def test_nothing_below_zero_is_split(amount: int, weights: list[int]) -> None:
    """Neither the amount nor a weight may be below 0."""
    with pytest.raises(ValueError, match="below 0"):
        split(amount, weights)

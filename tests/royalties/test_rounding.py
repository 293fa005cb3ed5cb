"""Rounding: floors and half to even, exactly (SPEC §6)."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.royalties.rounding import floor_div, half_even

numerators = st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-100, 100)
denominators = (st.integers(1, 10**38 - 1) | st.integers(1, 20)).flatmap(
    lambda number: st.sampled_from([number, -number])
)


@given(numerators, denominators)
def test_a_floor_is_never_above_the_quotient(numerator: int, denominator: int) -> None:
    """Of either sign, the floor is that of the exact fraction."""
    assert floor(Fraction(numerator, denominator)) == floor_div(numerator, denominator)


@given(numerators, denominators)
def test_half_even_gives_the_nearest_integer(numerator: int, denominator: int) -> None:
    """It is what Python's own fractions round to."""
    assert round(Fraction(numerator, denominator)) == half_even(numerator, denominator)


@given(st.integers(-(10**30), 10**30))
def test_ties_go_to_the_even_neighbour(odd_half: int) -> None:
    """Halves round as `decimal` rounds them."""
    with localcontext(prec=60):
        tie = Decimal(2 * odd_half + 1) / 2
        expected = int(tie.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    assert expected == half_even(2 * odd_half + 1, 2)


@pytest.mark.parametrize("divide", [floor_div, half_even])
def test_nothing_is_divided_by_zero(divide: Callable[[int, int], int]) -> None:
    """A denominator of 0 is an error, not a number."""
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)

"""What two statements differ by, in parts that sum exactly (docs/explain.md)."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.royalties.bridge import (
    FACTORS,
    TERMS,
    Key,
    Part,
    Rates,
    Royalty,
    Stated,
    adds_up,
    bridge,
)

KEYS = [
    ("direct", "fjord", "USD"),
    ("direct", "fjord", "EUR"),
    ("training", "m@1", "USD"),
    ("generation", "m@1", "USD"),
    ("generation", "m@2", "JPY"),
]
KEY = KEYS[0]

micros = st.integers(-(10**24), 10**24) | st.integers(-1_000, 1_000)
positive = st.integers(1, 10**24) | st.integers(1, 1_000)
rates = st.builds(Rates, st.integers(1, 10**17), st.integers(1, 10**17))
fractions = st.builds(Fraction, positive, st.integers(1, 10**6))


def royalties(smallest: int) -> st.SearchStrategy[Royalty]:
    """Draw lines, of which some come to 0 in the statement's currency."""
    numbers = positive if smallest else st.just(0) | positive
    exact = fractions if smallest else st.just(Fraction(0)) | fractions
    return st.builds(Royalty, st.just(0) | positive, numbers, numbers, exact, exact)


@st.composite
def statements(draw: st.DrawFn, smallest: int = 0) -> Stated:
    """Draw a statement that adds up, of any lines, corrections and terms."""
    terms = {name: draw(micros) for name in TERMS}
    lines = draw(st.dictionaries(st.sampled_from(KEYS), royalties(smallest)))
    adjustments = draw(micros)
    drawn = Stated(0, adjustments, terms, lines)
    return replace(drawn, payable=drawn.unexplained())


changes = st.lists(rates, max_size=3)


@given(statements(), statements(), changes)
def test_the_parts_sum_to_what_is_paid_more(
    before: Stated, after: Stated, over: list[Rates]
) -> None:
    """With lines that start, end or can't be split, corrections, every term, and converted."""
    counted = before.at_rates(over)
    parts = bridge(counted, after)

    assert after.payable - counted.payable == sum(part.amount for part in parts)
    assert adds_up(parts, counted, after)


@given(statements(), statements())
def test_nothing_is_left_by_rounding_where_nothing_was_converted(
    before: Stated, after: Stated
) -> None:
    """It is a part all the same, of 0."""
    (rounding,) = [part for part in bridge(before, after) if part.code == "rounding"]

    assert 0 == rounding.amount


@given(statements(), statements(), rates)
def test_rounding_leaves_less_than_a_micro_for_each_amount(
    before: Stated, after: Stated, over: Rates
) -> None:
    """What is paid, the adjustments, the terms and the lines are rounded by half a micro each."""
    parts = bridge(before.at_rates([over]), after)
    (rounding,) = [part for part in parts if part.code == "rounding"]

    amounts = 2 + len(TERMS) + len(before.royalties)
    assert 2 * abs(rounding.amount) <= amounts


def _of(parts: list[Part], key: Key) -> dict[str, int]:
    return {part.code: part.amount for part in parts if part.key == key}


@given(royalties(1), royalties(1))
def test_each_factor_is_replaced_in_its_order(old: Royalty, new: Royalty) -> None:
    """A part is the difference of two neighbours, each the product rounded half to even."""
    nothing = dict.fromkeys(TERMS, 0)
    before = Stated(old.amount, 0, nothing, {KEY: old})
    after = Stated(new.amount, 0, nothing, {KEY: new})
    n0, p0, r0, s0, f0 = _factors(old)
    n1, p1, r1, s1, f1 = _factors(new)

    steps = [
        n0 * p0 * r0 * s0 * f0,
        n1 * p0 * r0 * s0 * f0,
        n1 * p1 * r0 * s0 * f0,
        n1 * p1 * r1 * s0 * f0,
        n1 * p1 * r1 * s1 * f0,
        n1 * p1 * r1 * s1 * f1,
    ]
    rounded = [round(step) for step in steps]
    expected = [then - now for now, then in pairwise(rounded)]
    assert dict(zip(FACTORS, expected, strict=True)) == _of(bridge(before, after), KEY)


def _factors(line: Royalty) -> tuple[Fraction, ...]:
    """Return n, p, r, s and f as they are defined."""
    payments = Fraction(line.payments)
    return (
        payments,
        line.paid / payments,
        line.shared / line.paid,
        line.delta / line.shared,
        Fraction(line.amount, line.delta),
    )


LINE = Royalty(amount=30, delta=60, payments=3, paid=Fraction(600), shared=Fraction(120))


ODD = [
    replace(LINE, delta=0),
    replace(LINE, payments=0),
    replace(LINE, paid=Fraction(0)),
    replace(LINE, shared=Fraction(0)),
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("is_old", [True, False])
def test_a_line_that_cannot_be_split_is_named_whole(odd: Royalty, is_old: bool) -> None:  # noqa: FBT001
    """Where a quotient has 0 below it: no payments, nothing paid, shared or owed."""
    whole = replace(LINE, amount=50)
    old, new = (odd, whole) if is_old else (whole, odd)
    nothing = dict.fromkeys(TERMS, 0)
    before = Stated(old.amount, 0, nothing, {KEY: old})
    after = Stated(new.amount, 0, nothing, {KEY: new})

    assert {"changed": new.amount - old.amount} == _of(bridge(before, after), KEY)


def test_a_line_that_comes_to_nothing_is_split_all_the_same() -> None:
    """Its exchange rate is 0, so what it comes to later is all by the rate."""
    nothing = dict.fromkeys(TERMS, 0)
    before = Stated(0, 0, nothing, {KEY: replace(LINE, amount=0)})
    after = Stated(30, 0, nothing, {KEY: replace(LINE, payments=6, paid=Fraction(1200))})

    expected = {"volume": 0, "price": 0, "rate": 0, "pool_share": 0, "fx": 30}
    assert expected == _of(bridge(before, after), KEY)


def test_a_line_of_one_statement_alone_is_a_part() -> None:
    """It is whole: `started` or `ended`; of another currency it is another line."""
    nothing = dict.fromkeys(TERMS, 0)
    before = Stated(30, 0, nothing, {KEYS[0]: LINE})
    after = Stated(40, 0, nothing, {KEYS[1]: replace(LINE, amount=40)})
    parts = bridge(before, after)

    assert {"ended": -30} == _of(parts, KEYS[0])
    assert {"started": 40} == _of(parts, KEYS[1])


def test_a_term_counts_by_what_it_does_to_the_payment() -> None:
    """More recouped, kept back, withheld or carried pays less."""
    terms = dict.fromkeys(TERMS, 7)
    before = Stated(0, 0, dict.fromkeys(TERMS, 0), {})
    after = Stated(-14, 0, terms, {})
    parts = bridge(before, after)

    assert {name: 7 * sign for name, sign in TERMS.items()} == {
        part.code: part.amount for part in parts if part.code in TERMS
    }
    assert adds_up(parts, before, after)


def test_a_statement_that_does_not_add_up_is_found() -> None:
    """Its parts don't sum to the difference."""
    before = Stated(0, 0, dict.fromkeys(TERMS, 0), {})
    after = Stated(5, 0, dict.fromkeys(TERMS, 0), {})

    assert not adds_up(bridge(before, after), before, after)

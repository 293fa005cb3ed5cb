"""Statements of two closes, side by side: each contributor once, and sums that hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.close.comparing import Changes, Stated, changes, side_by_side, stated
from tests import scenario

IDS = [f"c{number:02}" for number in range(30)]


def one(contributor_id: str, payable: int, currency: str = "USD", earned: int = 0) -> Stated:
    """Return a statement's figures."""
    return Stated(contributor_id, currency, "d", earned, payable, 0)


CLOSES = st.dictionaries(
    st.sampled_from(IDS),
    st.tuples(st.integers(-(10**30), 10**30), st.sampled_from(["EUR", "USD"])),
).map(lambda found: [one(name, micros, code) for name, (micros, code) in sorted(found.items())])


@given(CLOSES, CLOSES, st.integers(1, 5))
def test_every_statement_counts_once_and_sums_hold(
    before: list[Stated], now: list[Stated], most: int
) -> None:
    """By currency: what is new, gone, changed or unchanged, and all that is payable."""
    found = changes(side_by_side(before, now), most)
    for currency in ("EUR", "USD"):
        ones = {s.contributor_id: s for s in before if s.currency == currency}
        others = {s.contributor_id: s for s in now if s.currency == currency}
        both = ones.keys() & others.keys()
        same = {name for name in both if ones[name].payable_micros == others[name].payable_micros}
        change = found.get(currency, Changes())

        assert sum(s.payable_micros for s in ones.values()) == change.before_micros
        assert sum(s.payable_micros for s in others.values()) == change.now_micros
        assert (len(others.keys() - both), len(ones.keys() - both)) == (
            change.new.statements,
            change.gone.statements,
        )
        assert (len(both - same), len(same)) == (change.changed.statements, change.unchanged)
        sizes = sorted(
            (abs(others[n].payable_micros - ones[n].payable_micros) for n in both), reverse=True
        )
        assert sizes[: min(most, len(both - same))] == [
            abs(b.payable_micros - a.payable_micros) for a, b in change.changed.largest if a and b
        ]


def test_an_account_that_changed_its_currency_is_gone_in_one_and_new_in_the_other() -> None:
    """Amounts of two currencies are never subtracted."""
    found = changes(side_by_side([one("ana", 5, "EUR")], [one("ana", 7, "USD")]), 10)

    assert (1, 5) == (found["EUR"].gone.statements, found["EUR"].before_micros)
    assert (1, 7) == (found["USD"].new.statements, found["USD"].now_micros)


def test_what_is_earned_and_not_payable_is_a_change_too() -> None:
    """An amount that an advance takes whole is seen all the same, and ranks by its size."""
    before = [one("ana", 0, earned=1), one("ben", 5)]
    now = [one("ana", 0, earned=9_000_000_000), one("ben", 6)]
    found = changes(side_by_side(before, now), 1)["USD"]

    assert 2 == found.changed.statements
    assert [(before[0], now[0])] == found.changed.largest


@pytest.mark.parametrize("name", ["late_event_adjusts", "change_of_currency"])
def test_the_figures_of_a_statement_are_those_that_it_carries(name: str) -> None:
    """Read from its sealed JSON, negative ones too."""
    for close in scenario.read(name)[1]["closes"]:
        for fields in close["statements"]:
            text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
            read = stated(text.encode())
            earned = [int(fields[name].replace(".", "")) for name in ("royalties", "adjustments")]

            assert (fields["contributor_id"], fields["currency"]) == read[:2]
            assert sum(earned) == read.earned_micros
            assert int(fields["payable"].replace(".", "")) == read.payable_micros


def test_what_is_no_statement_is_refused() -> None:
    """Text, another object, a statement with money that isn't."""
    good = scenario.read("late_event_adjusts")[1]["closes"][0]["statements"][0]
    for bad in (b"", b"{", b"[]", json.dumps(good | {"payable": "1e3"}).encode(), b"\xff"):
        with pytest.raises(ValueError, match="validation error"):
            stated(bad)


def test_pairs_come_in_the_order_of_contributors() -> None:
    """By bytes, so capitals are before small letters, as the closes have them."""
    before, now = [one("B", 1), one("a", 1)], [one("A", 1), one("a", 2), one("b", 1)]

    assert ["A", "B", "a", "b"] == [
        next(s.contributor_id for s in pair if s) for pair in side_by_side(before, now)
    ]

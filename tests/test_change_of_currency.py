"""Accounts that change their currency, there and back: every amount follows from what was stated.

The sealed statements of random histories are computed again in Python, from the statements before
them and the events, as SPEC §6 (*Currency*) words it; nothing is taken from the warehouse.
"""

import json
import tempfile
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.royalties.rounding import half_even
from tests.conftest import SLOW_EXAMPLES, run
from tests.explaining import bridge_of
from tests.marketplace import Event, Events

AS_OF = "--as-of=2027-01-01T00:00:00Z"
CURRENCIES = ("EUR", "JPY", "USD")
CONTRIBUTORS = ("ana", "ben")
MONTHS = range(1, 5)
RATE_DIGITS = 10
MINOR_MICROS = {"EUR": 10_000, "JPY": 1_000_000, "USD": 10_000}

EXAMPLES = settings(
    max_examples=settings().max_examples // SLOW_EXAMPLES,
    suppress_health_check=list(HealthCheck),
)

Statement = dict[str, Any]

amounts = st.integers(10**5, 10**9).map(lambda micros: f"{micros // 10**6}.{micros % 10**6:06d}")
rates = st.integers(10**4, 10**8).map(lambda e4: f"{e4 // 10**4}.{e4 % 10**4:04d}")


@dataclass
class History:
    """A marketplace by months: what is sent before each close."""

    reserve_periods: int
    batches: list[list[Event]]
    advances: list[tuple[int, str, str, int, str]] = field(default_factory=list)
    """Month, contributor, currency, micros and event id of each advance."""
    reversed_in: dict[str, int] = field(default_factory=dict)
    """The month in which an event was reversed, by its id."""


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw four months, in each of which every contributor registers in another currency."""
    events = Events()
    periods = draw(st.integers(1, 3))
    thresholds = draw(st.fixed_dictionaries(dict.fromkeys(CURRENCIES, amounts)))
    events.terms(
        direct_levels=[{"from": 0, "rate": "0.5"}],
        payment_threshold=thresholds,
        reserve_rate=draw(st.sampled_from(["0", "0.1", "0.333333"])),
        reserve_periods=periods,
    )
    history = History(periods, [])
    sent: list[str] = []
    place = draw(st.integers(0, 2))
    without_yen = draw(st.sampled_from(MONTHS))  # whoever then wants to go over has to wait
    for month in MONTHS:
        place += draw(st.integers(1, 2))  # each month another currency than the last
        _registrations(events, month, CURRENCIES[place % 3])
        sent += _sales(draw, events, month)
        sent += _advances(draw, events, history, month)
        for event_id in draw(st.lists(st.sampled_from(sent), unique=True, max_size=2)):
            if event_id not in history.reversed_in:
                history.reversed_in[event_id] = month
                events.reversal(event_id, f"2026-{month:02d}-20T00:00:00Z")
        quoted = ("USD",) if month == without_yen else ("JPY", "USD")
        quotes = {currency: draw(rates) for currency in quoted}
        published = {"base": "EUR", "date": f"2026-{month:02d}-27", "rates": quotes}
        events.add("fx-rates-published", published, f"2026-{month:02d}-27T15:00:00Z")
        history.batches.append(events.events)
        events.events = []
    return history


_MORE_SALES = st.lists(st.sampled_from(CONTRIBUTORS), max_size=2)
_CONTRIBUTOR = st.sampled_from(CONTRIBUTORS)
_CURRENCY = st.sampled_from(CURRENCIES)


def _registrations(events: Events, month: int, currency: str) -> None:
    for contributor_id in CONTRIBUTORS:
        registration = {
            "contributor_id": contributor_id,
            "country": "SE",
            "currency": currency,
            "withholding_rate": "0.15",
        }
        events.add("contributor-registered", registration, f"2026-{month:02d}-02T00:00:00Z")


def _sales(draw: st.DrawFn, events: Events, month: int) -> list[str]:
    return [
        events.add(
            "image-licensed",
            {
                "licence_id": f"L{month}{number}",
                "image_id": f"i{number}",
                "contributors": [{"contributor_id": contributor_id, "share": "1"}],
                "licensee_id": "news",
                "use": "download",
                "fee": {"amount": draw(amounts), "currency": draw(_CURRENCY)},
                "digital_source_type": "digitalCapture",
                "valid_from": "2026-01-01T00:00:00Z",
            },
            f"2026-{month:02d}-05T00:00:00Z",
        )
        for number, contributor_id in enumerate([*CONTRIBUTORS, *draw(_MORE_SALES)])
    ]


def _advances(draw: st.DrawFn, events: Events, history: History, month: int) -> list[str]:
    sent = []
    for number in range(draw(st.integers(0, 2))):
        contributor_id, currency = draw(_CONTRIBUTOR), draw(_CURRENCY)
        amount = draw(amounts)
        advance = {
            "advance_id": f"v{month}{number}",
            "contributor_id": contributor_id,
            "amount": {"amount": amount, "currency": currency},
        }
        event_id = events.add("advance-paid", advance, f"2026-{month:02d}-10T00:00:00Z")
        history.advances.append((month, contributor_id, currency, micros(amount), event_id))
        sent.append(event_id)
    return sent


def micros(amount: str) -> int:
    """Return an amount of a statement in micros."""
    whole, _, decimals = amount.partition(".")
    magnitude = int(whole.lstrip("-") + decimals.ljust(6, "0"))
    return -magnitude if amount.startswith("-") else magnitude


def scaled(rate: str) -> int:
    """Return a rate as an exact integer."""
    whole, _, decimals = rate.partition(".")
    return int(whole + decimals.ljust(RATE_DIGITS, "0"))


def go_over(amount: int, statement: Statement) -> int:
    """Return an amount as it counts after a statement, which may change the currency."""
    converted = statement.get("converted")
    if converted is None:
        return amount
    return half_even(amount * scaled(converted["to_rate"]), scaled(converted["from_rate"]))


def counts_as(amount: int, since: list[Statement]) -> int:
    """Return what an earlier statement's amount counts as after the statements since it."""
    return reduce(go_over, since, amount)


def month_of(statement: Statement) -> int:
    """Return the month of a statement's period."""
    return int(statement["period"][-2:])


def kept_reserves(earlier: list[Statement], now: Statement, periods: int) -> list[tuple[int, int]]:
    """Return month due and amount of each reserve not yet released, in today's currency."""
    kept = []
    for place, statement in enumerate(earlier):
        due = month_of(statement) + periods
        if all(month_of(later) < due for later in earlier[place:]):
            amount = micros(statement["reserve_withheld"])
            kept.append((due, counts_as(amount, [*earlier[place + 1 :], now])))
    return kept


def outstanding(
    history: History, contributor_id: str, earlier: list[Statement], now: Statement
) -> int:
    """Return what the advances leave open before a statement recoups, turn by turn."""
    turns: list[list[Statement]] = []
    for statement in [*earlier, now]:
        if not turns or "converted" in statement:
            turns.append([])
        turns[-1].append(statement)
    left_in = [month_of(turn[0]) for turn in turns[1:]] + [max(MONTHS) + 1]
    own = [-sum(micros(one["recouped"]) for one in turn if one is not now) for turn in turns]
    for month, who, currency, amount, event_id in history.advances:
        is_known = month <= month_of(now)
        is_reversed = history.reversed_in.get(event_id, max(MONTHS) + 1) <= month_of(now)
        if who != contributor_id or not is_known or is_reversed:
            continue
        fitting = [
            place
            for place, turn in enumerate(turns)
            if turn[0]["currency"] == currency and month <= left_in[place]
        ]
        if fitting:
            own[fitting[0]] += amount
    left = own[0]
    for turn, amount in zip(turns[1:], own[1:], strict=True):
        left = go_over(left, turn[0]) + amount
    return left


def line_amount(line: dict[str, Any], earlier: list[Statement], now: Statement) -> int:
    """Return what a line comes to in the statement's currency."""
    delta = micros(line["delta"])
    if delta < 0:
        credited = credited_before(line, earlier, now)
        return half_even(credited * delta, micros(line["original"]))
    if line["currency"] == now["currency"]:
        return delta
    return half_even(delta * scaled(line["fx"]["to_rate"]), scaled(line["fx"]["from_rate"]))


def credited_before(line: dict[str, Any], earlier: list[Statement], now: Statement) -> int:
    """Return what earlier lines of the same key credited, as it counts now."""
    key = ("basis", "reference", "origin_period", "currency")
    return sum(
        counts_as(micros(other["amount"]), [*earlier[place + 1 :], now])
        for place, statement in enumerate(earlier)
        for other in statement["lines"]
        if all(other[name] == line[name] for name in key)
    )


def check_statement(
    history: History, contributor_id: str, earlier: list[Statement], now: Statement
) -> None:
    """Assert that a statement is what the statements before it and the events make of it."""
    last_currency = earlier[-1]["currency"] if earlier else now["currency"]
    assert ("converted" in now) == (last_currency != now["currency"])
    carried = micros(earlier[-1]["carried"]) if earlier else 0
    if "converted" in now:
        assert last_currency == now["converted"]["from"]
        assert carried == micros(now["converted"]["opening"])
    assert counts_as(carried, [now]) == micros(now["opening"])

    for line in now["lines"]:
        assert line_amount(line, earlier, now) == micros(line["amount"])
        if micros(line["corrected"]) == 0:
            assert 0 == credited_before(line, earlier, now) + micros(line["amount"])
    earned = sum(micros(line["amount"]) for line in now["lines"])
    assert earned == micros(now["royalties"]) + micros(now["adjustments"])

    open_advances = outstanding(history, contributor_id, earlier, now)
    recouped = min(max(micros(now["opening"]) + earned, 0), open_advances)
    assert recouped == micros(now["recouped"])
    assert open_advances - recouped == micros(now["advance_outstanding"])

    reserves = kept_reserves(earlier, now, history.reserve_periods)
    released = sum(amount for due, amount in reserves if due <= month_of(now))
    assert released == micros(now["reserve_released"])
    kept = sum(amount for _, amount in reserves) - released + micros(now["reserve_withheld"])
    assert kept == micros(now["reserve_balance"])

    came_in = (
        micros(now["opening"]) + earned - recouped - micros(now["reserve_withheld"]) + released
    )
    paid = micros(now["payable"]) + micros(now["withholding"])
    assert came_in == paid + micros(now["carried"])
    assert 0 == paid % MINOR_MICROS[now["currency"]]
    assert now["lines"] or released > 0 or recouped != 0 or paid > 0


def check_bridge(statements: list[Statement], folder: Path) -> None:
    """Assert that the last statement is explained beside the first, at the rates since."""
    first, last = statements[0], statements[-1]
    if first is last:
        return
    changed = sum("converted" in statement for statement in statements[1:])
    expected = micros(last["payable"]) - counts_as(micros(first["payable"]), statements[1:])

    node = bridge_of(folder / "warehouse", first, last)

    assert expected == micros(node["amount"])
    assert changed == sum(part["code"] == "currency_changed" for part in node["parts"])


def statements_of(history: History, folder: Path) -> dict[str, list[Statement]]:
    """Ingest each month and close it; return the sealed statements by contributor, in order.

    The first and the last of each are explained beside each other.
    """
    warehouse = f"--warehouse={folder / 'warehouse'}"
    assert run(["init", warehouse, "--first-period=2026-01"]).code == 0
    statements: dict[str, list[Statement]] = {name: [] for name in CONTRIBUTORS}
    for month, batch in zip(MONTHS, history.batches, strict=True):
        source = folder / f"{month}.ndjson"
        source.write_text("".join(json.dumps(event) + "\n" for event in batch))
        assert run(["ingest", warehouse, str(source), AS_OF]).code == 0
        period = f"--period=2026-{month:02d}"
        closed = run(["close", warehouse, period, AS_OF])
        assert closed.code == 0, closed.stderr
        out = folder / "out"
        run(["statements", "export", warehouse, period, "--format=json", f"--out={out}"])
        for line in (out / f"statements-2026-{month:02d}.ndjson").read_text().splitlines():
            statement = json.loads(line)
            statements[statement["contributor_id"]].append(statement)
    for issued in statements.values():
        check_bridge(issued, folder)
    return statements


@pytest.mark.thorough
def test_an_account_that_changes_its_currency_keeps_every_micro() -> None:
    """Openings, lines, advances and reserves follow from what was stated, at the stated rates."""
    changes: list[int] = []

    @EXAMPLES
    @given(history=histories())
    def check(history: History) -> None:
        with tempfile.TemporaryDirectory() as folder:
            by_contributor = statements_of(history, Path(folder))
        for contributor_id, statements in by_contributor.items():
            for place, statement in enumerate(statements):
                check_statement(history, contributor_id, statements[:place], statement)
            changes.append(sum("converted" in statement for statement in statements))

    check()
    # what was drawn is what it is for: most accounts changed several times
    assert sum(count >= 2 for count in changes) > len(changes) // 2

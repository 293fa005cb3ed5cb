"""What is earned so far: an estimate by the log's head, and how far the threshold is."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import Run, run
from tests.made_once import MadeOnce
from tests.marketplace import Events
from tests.test_earnings import AS_OF, closed, worked

MARCH = "--as-of=2026-03-10T00:00:00Z"


@pytest.fixture(scope="session")
def since(made_once: MadeOnce) -> Path:
    """Return a marketplace with January closed, and what came from February to April since."""
    return made_once("since", _fill)


def _fill(folder: Path) -> None:
    closed(folder)
    events = Events("/since")
    sold = [
        ("02-03", "10", "USD"),
        ("03-02", "4", "USD"),
        ("03-03", "7", "EUR"),
        ("04-01", "9", "USD"),
    ]
    halves = [{"contributor_id": name, "share": "0.5"} for name in ("ana", "ben")]
    for number, (day, amount, currency) in enumerate(sold):
        events.licence("i2", "", licence_id=f"N{number}", use="download", contributors=halves)
        events.events[-1]["time"] = f"2026-{day}T00:00:00Z"
        events.events[-1]["data"]["fee"] = {"amount": amount, "currency": currency}
    source = events.write(folder / "since.ndjson")
    words = [f"--warehouse={folder / 'warehouse'}", source, "--as-of=2026-04-02T00:00:00Z"]
    assert run(["ingest", *words]).code == 0


@pytest.fixture
def market(manyhands: Run, since: Path, tmp_path: Path) -> Run:
    """Run commands on a copy of it."""
    shutil.copytree(since, tmp_path, dirs_exist_ok=True)
    return manyhands


@pytest.mark.thorough
def test_an_estimate_is_of_every_period_that_is_not_closed_up_to_now(market: Run) -> None:
    """By contributor, period and currency, of these events alone, and marked as not sealed.

    February is over and not closed; what was sold in April is later than the period of now.
    """
    outcome = market("estimate", MARCH, "--json")
    halves = [
        ("2026-02", "USD", "1.500000"),
        ("2026-03", "EUR", "1.050000"),
        ("2026-03", "USD", "0.600000"),
    ]

    assert {
        "earned": [
            {"amount": amount, "contributor_id": name, "currency": currency, "period": period}
            for name in ("ana", "ben")
            for period, currency, amount in halves
        ],
        "estimate": True,
        "log_seq": 19,
        "periods": ["2026-02", "2026-03"],
        "sealed": False,
        "threshold": None,
    } == outcome.json


def test_the_estimate_of_a_period_is_what_its_close_states(market: Run) -> None:
    """Where nothing comes in between: February's, of each contributor."""
    estimated = market("estimate", "--as-of=2026-02-20T00:00:00Z", "--json").json
    assert market("close", "--period=2026-02", AS_OF).code == 0
    stated = market("statements", "list", "--period=2026-02", "--json").json

    assert [("ana", "1.500000"), ("ben", "1.500000")] == [
        (row["contributor_id"], row["amount"]) for row in estimated["earned"]
    ]
    assert [(row["contributor_id"], row["royalties"]) for row in stated] == [
        (row["contributor_id"], row["amount"]) for row in estimated["earned"]
    ]


def test_where_the_clock_is_in_a_closed_period_the_next_one_is_estimated(market: Run) -> None:
    """A period that is closed earns nothing any more."""
    outcome = market("estimate", "--as-of=2026-01-31T00:00:00Z", "--json")

    assert (["2026-02"], 2) == (outcome.json["periods"], len(outcome.json["earned"]))


def test_a_contributor_is_told_how_far_the_threshold_is(market: Run) -> None:
    """By the last statement's balance and what is earned in all open periods, in its currency.

    For people it is in words; what is in EUR isn't counted, since there is no rate.
    """
    asked = market("estimate", "--contributor=ana", MARCH, "--json").json
    in_words = market("estimate", "--contributor=ana", MARCH).stdout.splitlines()

    assert {
        "carried": "0.900055",
        "currency": "USD",
        "earned": "2.100000",
        "missing": "16.999945",
        "statement_id": "2026-01/ana",
        "threshold": "20.000000",
    } == asked["threshold"]
    assert [("ana", "2026-02"), ("ana", "2026-03"), ("ana", "2026-03")] == [
        (row["contributor_id"], row["period"]) for row in asked["earned"]
    ]
    assert "2026-02, 2026-03 so far, by the log up to 19: an estimate, not sealed;" in in_words[0]
    assert (
        "2026-01/ana carried 0.900055 USD, and 2.100000 USD are earned so far;"
        " the payment threshold is 20.000000 USD, so 16.999945 USD are missing" == in_words[-1]
    )


@pytest.mark.thorough
def test_what_is_missing_is_what_the_closes_of_these_periods_leave_missing(market: Run) -> None:
    """Where nothing comes in between, and no advance, reserve or adjustment is in it."""
    estimated = market("estimate", "--contributor=ana", MARCH, "--json").json["threshold"]
    for period in ("2026-02", "2026-03"):
        assert market("close", f"--period={period}", "--as-of=2026-04-02T00:00:00Z").code == 0
    left = market("estimate", "--contributor=ana", "--as-of=2026-03-31T00:00:00Z", "--json").json
    (carried,) = (
        row["carried"]
        for row in market("statements", "list", "--json").json
        if row["contributor_id"] == "ana"
    )

    assert "3.000055" == carried == left["threshold"]["carried"]
    assert Decimal(20) == Decimal(carried) + Decimal(estimated["missing"])
    assert ["2026-04"] == left["periods"]


def test_what_is_earned_in_another_currency_counts_at_the_latest_rate(
    market: Run, tmp_path: Path
) -> None:
    """1.05 EUR at 1.2; and where that reaches the threshold, nothing is missing."""
    events = Events("/rates")
    rates = {"base": "EUR", "date": "2026-03-05", "rates": {"USD": "1.2"}}
    events.add("fx-rates-published", rates, "2026-03-05T15:00:00Z")
    market("ingest", events.write(tmp_path / "rates.ndjson"), "--as-of=2026-04-02T00:00:00Z")
    some = market("estimate", "--contributor=ana", MARCH, "--json").json["threshold"]
    rates = {"base": "EUR", "date": "2026-03-06", "rates": {"USD": "100"}}
    events.add("fx-rates-published", rates, "2026-03-06T15:00:00Z")
    market("ingest", events.write(tmp_path / "rates.ndjson"), "--as-of=2026-04-02T00:00:00Z")
    enough = market("estimate", "--contributor=ana", MARCH, "--json").json["threshold"]

    assert ("3.360000", "15.739945") == (some["earned"], some["missing"])
    assert ("107.100000", "0.000000") == (enough["earned"], enough["missing"])


def test_before_any_close_the_first_period_is_that_of_the_first_money(
    manyhands: Run, tmp_path: Path
) -> None:
    """January is over, February too, and neither is closed: all three are estimated."""
    assert manyhands("ingest", worked().write(tmp_path / "events.ndjson"), AS_OF).code == 0
    estimated = manyhands("estimate", MARCH, "--json").json

    assert ["2026-01", "2026-02", "2026-03"] == estimated["periods"]
    assert {"2026-01"} == {row["period"] for row in estimated["earned"]}


def test_the_threshold_of_who_has_no_statement_is_that_of_the_registration(
    manyhands: Run, tmp_path: Path
) -> None:
    """A balance of 0 before any close; without a registration there is no threshold."""
    assert manyhands("ingest", worked().write(tmp_path / "events.ndjson"), AS_OF).code == 0
    january = "--as-of=2026-01-31T00:00:00Z"
    ben = manyhands("estimate", "--contributor=ben", january, "--json").json
    cho = manyhands("estimate", "--contributor=cho", january)

    earned = {"amount": "0.000019", "contributor_id": "ben", "currency": "USD"}
    assert (["2026-01"], [earned | {"period": "2026-01"}]) == (ben["periods"], ben["earned"])
    assert ("0.000000", "0.000019", "19.999981", None) == tuple(
        ben["threshold"][name] for name in ("carried", "earned", "missing", "statement_id")
    )
    assert "cho has no statement yet and isn't registered" in cho.stdout


def test_an_estimate_of_nobody_is_refused(market: Run) -> None:
    """Exit 3, with the id as it was given."""
    outcome = market("estimate", "--contributor=dan", MARCH)

    assert (3, "") == (outcome.code, outcome.stdout)
    assert "no contributor dan" in outcome.stderr


def test_an_empty_warehouse_has_earned_nothing(manyhands: Run) -> None:
    """Exit 0, and still marked as an estimate."""
    manyhands("init")
    outcome = manyhands("estimate", MARCH, "--json")

    assert (0, [], False) == (outcome.code, outcome.json["earned"], outcome.json["sealed"])

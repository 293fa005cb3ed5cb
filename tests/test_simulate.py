"""What contributors would be owed by another rule or by more terms, beside what they are owed."""

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from pipelines.close.closing import Closing
from pipelines.close.compute import compute_entitlements
from pipelines.lake import closes, reading, sql
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from pipelines.royalties.rules import Rule
from pipelines.royalties.splitting import split
from pipelines.simulate import by_rule
from schemas import published
from tests import scenario
from tests.conftest import Outcome, run
from tests.lake.sending import rows
from tests.made_once import MadeOnce
from tests.marketplace import Events
from tests.worked_cases import WorkedCase

EVERYDAY = ["lineage"]
OTHERS = [name for name in scenario.NAMES if name not in EVERYDAY]
AS_OF = "--as-of=2026-06-01T00:00:00Z"
JANUARY = "--period=2026-01"
FEBRUARY = "2026-02-10T00:00:00Z"


@pytest.fixture(scope="session")
def worked(made_once: MadeOnce) -> Path:
    """Return a warehouse of what is worked out below, with January closed; it is only read.

    Half of the revenue goes to contributors. A manifest of six, of which ana has four, ben one, and
    one isn't licensed. A customer who generated twice, attributing a half once to ben's image, and
    one who generated once, attributing all to one of ana's.
    """
    return made_once("simulated", _fill) / "warehouse"


def _fill(folder: Path) -> None:
    events = Events()
    events.terms(generation_share="0.5", training_share="0.1")
    events.contributor("ana")
    events.contributor("ben")
    for image_id, contributor_id in (("i1", "ana"), ("i2", "ana"), ("i3", "ben")):
        events.licence(image_id, contributor_id)
    weights = {"i1": "3", "i2": "1", "i3": "1", "gone": "1"}
    events.model("1", [{"image_id": image, "weight": weight} for image, weight in weights.items()])
    half = [{"image_id": "i3", "share": "0.5"}]
    whole = [{"image_id": "i1", "share": "1"}]
    events.generation("1", "90", customer_id="one", attributions=half)
    events.generation("1", "30", customer_id="one")
    events.generation("1", "20", customer_id="other", attributions=whole)
    events.generation("1", "8", FEBRUARY, customer_id="one")
    warehouse = f"--warehouse={folder / 'warehouse'}"
    assert 0 == run(["ingest", warehouse, events.write(folder / "a.ndjson"), AS_OF]).code
    assert 0 == run(["close", warehouse, JANUARY, AS_OF]).code
    events.terms(terms_id="z", generation_share="1")
    assert 0 == run(["ingest", warehouse, events.write(folder / "b.ndjson"), AS_OF]).code


def _simulate(warehouse: Path, *words: str) -> Any:  # noqa: ANN401  a JSON document
    outcome = run(["simulate", f"--warehouse={warehouse}", *words, "--json"])
    assert 0 == outcome.code, outcome.stderr
    jsonschema.validate(outcome.json, published.schema("simulation"))
    return outcome.json


def _owed(document: dict[str, Any]) -> dict[str, str]:
    return {one["contributor_id"]: one["simulated"] for one in document["contributors"]}


BY_HAND = {
    Rule.CURRENT: ("35.000000", "28.750000", "6.250000"),
    Rule.EQUAL_IMAGE: ("28.750000", "31.875000", "9.375000"),
    Rule.EQUAL_CONTRIBUTOR: ("25.625000", "38.125000", "6.250000"),
    Rule.CUSTOMER_CENTRIC: ("40.000000", "22.500000", "7.500000"),
}
"""What ana and ben would be owed of the pool of 70, and what would be held."""


@pytest.mark.parametrize("rule", Rule)
def test_a_rule_shares_a_pool_as_worked_out_by_hand(worked: Path, rule: Rule) -> None:
    """Of 70 the manifest gets 37.5: 22.5 are attributed to i3, 10 to i1. By customer it gets 45.

    Then 15 of the 60 of the one go to i3, and the 10 of the other to i1.
    """
    document = _simulate(worked, JANUARY, f"--rule={rule}")
    (sums,) = document["currencies"]
    ana, ben, held = BY_HAND[rule]

    assert {"ana": ana, "ben": ben} == _owed(document)
    assert (held, "70.000000") == (sums["held_simulated"], sums["pools_simulated"])
    assert ("6.250000", "70.000000") == (sums["held_present"], sums["pools_present"])
    assert (True, rule, None) == (document["is_closed"], document["rule"], document["terms"])
    present = {one["contributor_id"]: one["present"] for one in document["contributors"]}
    assert {"ana": "35.000000", "ben": "28.750000"} == present


def test_who_gains_and_who_loses_is_counted_and_summed(worked: Path) -> None:
    """Of each currency who gains most is first."""
    document = _simulate(worked, JANUARY, "--rule=equal-image")
    (sums,) = document["currencies"]

    assert [("ben", "3.125000"), ("ana", "-6.250000")] == [
        (one["contributor_id"], one["difference"]) for one in document["contributors"]
    ]
    assert (1, "3.125000", 1, "-6.250000", 0, "-3.125000") == tuple(
        sums[name] for name in ("gaining", "gained", "losing", "lost", "unchanged", "difference")
    )


def test_the_spread_is_that_of_the_closes_view(worked: Path) -> None:
    """Of what is owed, in millionths; of 35 and 28.75 it is 6.25 of twice 63.75."""
    document = _simulate(worked, JANUARY, "--rule=customer-centric")
    (sums,) = document["currencies"]
    names = list(sums["spread_present"])
    (viewed,) = rows(worked, f"SELECT {', '.join(names)} FROM earning_concentration")

    assert viewed == tuple(sums["spread_present"].values())
    assert 49_019 == sums["spread_present"]["gini_ppm"]
    assert (140_000, 640_000) == (
        sums["spread_simulated"]["gini_ppm"],
        sums["spread_simulated"]["largest_share_ppm"],
    )


def _file(folder: Path, *terms: dict[str, object]) -> str:
    always = {"effective_from": "2026-01-01T00:00:00Z", "scope": {"kind": "platform"}}
    lines = [json.dumps({"terms_id": "A", **always, **one}) for one in terms]
    (folder / "terms.ndjson").write_text("\n\n".join(lines) + "\n")
    return f"--terms={folder / 'terms.ndjson'}"


@pytest.mark.parametrize(
    ("terms", "ana"),
    [
        ([{"generation_share": "0.25"}], "17.500000"),
        ([{"generation_share": "0.25"}, {"generation_share": "0.1"}], "7.000000"),
        ([{"terms_id": "b", "generation_share": "0.25"}, {"generation_share": "0.1"}], "17.500000"),
        pytest.param(
            [{"generation_share": "0.25", "effective_from": "2025-12-31T23:59:59Z"}],
            "35.000000",
            marks=pytest.mark.long,
        ),
        ([{"generation_share": "0.1", "effective_from": "2026-01-16T00:00:00Z"}], "35.000000"),
        ([{"generation_share": "0.1", "scope": {"kind": "model", "id": "m"}}], "7.000000"),
        pytest.param([{"training_share": "1"}], "35.000000", marks=pytest.mark.long),
        ([{"reserve_rate": "1", "payment_threshold": {"USD": "1000"}}], "35.000000"),
    ],
)
def test_terms_are_added_as_the_greatest_of_those_that_hold_from_the_same_instant(
    worked: Path, tmp_path: Path, terms: list[dict[str, object]], ana: str
) -> None:
    """Also than `t`, which the log has; not than later ones. Among themselves they go by id, line.

    What was agreed after the close isn't in it.
    """
    document = _simulate(worked, JANUARY, _file(tmp_path, *terms))

    assert ana == _owed(document)["ana"]
    assert (None, len(terms)) == (document["rule"], document["terms"])


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ([{"effective_from": "2026-02-01T00:00:00Z"}], "those of 1 line begin after it"),
        ([{"scope": {"kind": "model", "id": "x"}}], "names no model x"),
        (
            [
                {"scope": {"kind": "contributor", "id": "x"}},
                {"scope": {"kind": "model", "id": "m"}, "effective_from": "2026-02-01T00:00:00Z"},
            ],
            "those of 1 line begin after it; the log up to {} names no contributor x",
        ),
        ([{"effective_from": "2026-01-31T23:59:59Z"}], ""),
        ([{"scope": {"kind": "model", "id": "x"}}, {"scope": {"kind": "model", "id": "m"}}], ""),
        ([{"scope": {"kind": "contributor", "id": "ben"}}], ""),
    ],
)
def test_terms_that_can_change_nothing_say_why(
    worked: Path, tmp_path: Path, terms: list[dict[str, object]], why: str
) -> None:
    """Where each of them begins after the period, or is of what the log doesn't name."""
    named = _file(tmp_path, *({"generation_share": "0.1"} | one for one in terms))
    outcome = run(["simulate", f"--warehouse={worked}", JANUARY, named, "--json"])

    assert 0 == outcome.code, outcome.stderr
    assert (bool(why), True) == (
        "warning: the terms change nothing in 2026-01: " in outcome.stderr,
        why.format(outcome.json["log_seq"]) in outcome.stderr,
    )


def test_a_period_that_is_not_closed_goes_by_the_log_as_it_is_now(
    worked: Path, tmp_path: Path
) -> None:
    """What was agreed last counts: all of the revenue is shared, two thirds of it with ana."""
    status = run(["status", f"--warehouse={worked}", "--json"]).json
    document = _simulate(worked, "--period=2026-02", _file(tmp_path, {"generation_share": "0.75"}))

    assert (False, status["head"]) == (document["is_closed"], document["log_seq"])
    assert [("ana", "5.333334", "4.000000"), ("ben", "1.333333", "1.000000")] == [
        (one["contributor_id"], one["present"], one["simulated"])
        for one in sorted(document["contributors"], key=lambda one: one["contributor_id"])
    ]


def test_a_period_without_money_has_nothing(worked: Path) -> None:
    """Before the first, and after the last."""
    for period in ("2019-05", "2027-01"):
        document = _simulate(worked, f"--period={period}", "--rule=equal-image")
        assert ([], []) == (document["contributors"], document["currencies"])


def _closings(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Closing]]:
    with reading.connect(Warehouse(folder)) as connection:
        cadence = Cadence(run(["status", f"--warehouse={folder}", "--json"]).json["cadence"])
        for close in closes.all_closes(connection):
            before = closes.close_before(connection, close.period)
            yield connection, Closing(Period.parse(close.period, cadence), close.log_seq, before)


def _insist_on_conserved(connection: duckdb.DuckDBPyConnection) -> int:
    """Insist that pools are their parts, and that each part is split as Python splits it."""
    given: defaultdict[tuple[str, ...], int] = defaultdict(int)
    key = "basis, reference, origin_period, currency"
    shares = defaultdict(list)
    for part_id, claimant, amount, weight in connection.execute(
        "SELECT part_id, claimant, amount_micros, weight FROM claim"
        " ORDER BY part_id, claimant NULLS LAST"
    ).fetchall():
        shares[part_id].append((claimant, int(amount), int(weight)))
    split_by_sql = {
        (part_id, contributor_id): int(micros)
        for part_id, contributor_id, micros in connection.execute("FROM claim_share").fetchall()
    }
    for part_id, reason, amount, *pool in connection.execute(
        f"SELECT part_id, reason, amount_micros, {key} FROM pool_part"
    ).fetchall():
        claims = shares[part_id]
        assert (reason is None) == bool(claims)
        amounts = split(int(amount), [weight for *_, weight in claims]) if claims else []
        assert amounts == [split_by_sql[part_id, claimant] for claimant, *_ in claims]
        given[tuple(pool)] += sum(amounts) if claims else int(amount)
    pools = connection.execute(f"SELECT {key}, amount_micros FROM standing_pool").fetchall()
    assert {tuple(pool): int(amount) for *pool, amount in pools} == dict(given)
    return len(pools)


@pytest.mark.parametrize(
    "name", [*EVERYDAY, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]
)
def test_every_rule_conserves_every_pool_and_the_present_one_changes_nothing(
    name: str, worked_case: WorkedCase
) -> None:
    """At each close of a worked case, in all of its pools, of earlier periods too."""
    _, expected = scenario.read(name)
    folder = worked_case(name).warehouse
    pools = 0
    for connection, closing in _closings(folder):
        compute_entitlements(connection, closing)
        owed = connection.execute("FROM entitlement ORDER BY ALL").fetchall()
        for rule in Rule:
            compute_entitlements(connection, closing, by_rule(rule))
            pools += _insist_on_conserved(connection)
            found = connection.execute("FROM entitlement ORDER BY ALL").fetchall()
            assert (found == owed) or rule != Rule.CURRENT
    assert pools >= len(Rule) * len(expected["closes"]) or name not in EVERYDAY
    for close in expected["closes"][-1:]:
        document = _simulate(folder, f"--period={close['period']}", "--rule=current")
        assert close["log_seq"] == document["log_seq"]
        assert all(Decimal(one["difference"]) == 0 for one in document["contributors"])
        assert all(
            sums["present"] == sums["simulated"] and sums["held_present"] == sums["held_simulated"]
            for sums in document["currencies"]
        )


def test_a_rule_that_does_not_conserve_a_pool_is_found(
    worked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a claim is forgotten: exit 4, and the pool is named."""
    broken = "SELECT part_id, claimant, weight FROM attributed_claim"
    relation = sql.relation("simulate", "equal_image")
    whole = sql.relation
    monkeypatch.setattr(
        sql,
        "relation",
        lambda folder, name: (
            sql.Relation(name, "", "", relation.columns, broken)
            if (folder, name) == ("simulate", "equal_image")
            else whole(folder, name)
        ),
    )

    refused = run(["simulate", f"--warehouse={worked}", JANUARY, "--rule=equal-image"])

    assert (4, "") == (refused.code, refused.stdout)
    assert "the generation pool m@1 USD of the simulation isn't the sum" in refused.stderr


def _refused(worked: Path, *words: str) -> Outcome:
    return run(["simulate", f"--warehouse={worked}", *words])


_AGREED = (
    '{"terms_id": "t", "scope": {"kind": "platform"}, "effective_from": "2026-01-01T00:00:00Z"'
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{}", "terms.ndjson: line 1: effective_from is missing"),
        ('{"terms_id": "t"', "line 1 is not_json"),
        ("[]", "line 1: should be an object"),
        (f'{_AGREED}, "generation_share": 0.5}}', "line 1: generation_share should be a string"),
        (f'{_AGREED}, "fee": "1"}}', "line 1: fee unknown field"),
        ("  ", "it has no terms"),
    ],
)
def test_terms_that_an_event_could_not_have_are_named_by_their_line(
    worked: Path, tmp_path: Path, line: str, told: str
) -> None:
    """They are held against the model of the event's data."""
    (tmp_path / "terms.ndjson").write_text(line + "\n")

    refused = _refused(worked, JANUARY, f"--terms={tmp_path / 'terms.ndjson'}")

    assert (2, "") == (refused.code, refused.stdout)
    assert told in refused.stderr


def test_what_is_not_asked_well_or_not_there_is_refused(worked: Path, tmp_path: Path) -> None:
    """One change, a period of the warehouse, a file."""
    terms = _file(tmp_path, {"generation_share": "1"})
    for words, code in (
        ([JANUARY], 2),
        ([JANUARY, "--rule=current", terms], 2),
        ([JANUARY, "--rule=pro-rata"], 2),
        (["--period=2026-Q1", "--rule=current"], 2),
        (["--rule=current"], 2),
        ([JANUARY, f"--terms={tmp_path / 'none'}"], 3),
        ([JANUARY, "--rule=current", f"--warehouse={tmp_path / 'none'}"], 3),
    ):
        assert code == _refused(worked, *words).code, words


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_written(worked: Path, tmp_path: Path) -> None:
    """Neither to the warehouse nor beside it."""
    before = _files(worked.parent)

    _simulate(worked, JANUARY, "--rule=customer-centric")
    _simulate(worked, JANUARY, _file(tmp_path, {"generation_share": "1"}))

    assert before == _files(worked.parent)


def test_people_read_sums_and_contributors(worked: Path) -> None:
    """In words and two tables."""
    printed = run(["simulate", f"--warehouse={worked}", JANUARY, "--rule=equal-contributor"]).stdout

    first = "2026-01 by the rule equal-contributor, and the log up to 11, as its close read it"
    for line in (
        f"{first}: a simulation, before rates, thresholds and reserves; nothing was written",
        "USD: 1 contributor would gain 9.375000, 1 would lose 9.375000, 0 would have the same",
        "ben             USD       28.750000  38.125000    9.375000",
    ):
        assert line in printed.splitlines()


def test_people_read_where_nothing_is_owed(worked: Path, tmp_path: Path) -> None:
    """In words, without tables."""
    terms = _file(tmp_path, {"generation_share": "1"})
    printed = run(["simulate", f"--warehouse={worked}", "--period=2027-01", terms]).stdout

    first, second = printed.splitlines()
    named = f"2027-01 by the terms of {tmp_path / 'terms.ndjson'}, and the log up to"
    assert first.startswith(named)
    assert "nothing is owed for 2027-01, and nothing would be" == second


def test_the_head_of_a_rule_is_that_of_what_it_stands_in_the_place_of() -> None:
    """Columns, and their meaning."""
    present = sql.relation("rules", "claim_weight").columns
    assert present == sql.relation("simulate", "equal_image").columns
    assert present == sql.relation("simulate", "equal_contributor").columns
    attributed = sql.relation("rules", "attributed_image").columns
    assert attributed == sql.relation("simulate", "customer_image").columns

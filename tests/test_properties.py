"""What holds for any events: order and batching don't matter, nothing is lost, money adds up."""

import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import scenario
from tests.conftest import SLOW_EXAMPLES, run
from tests.explaining import bridge_of, to_micros
from tests.marketplace import Events

AS_OF = "--as-of=2027-01-01T00:00:00Z"
PERIODS = ("2026-01", "2026-02", "2026-03")
EXAMPLES = settings(
    max_examples=settings().max_examples // SLOW_EXAMPLES,
    suppress_health_check=list(HealthCheck),
)

IMAGES = ["i1", "i2", "i3", "i4"]
CONTRIBUTORS = ["ana", "ben", "cho"]
VERSIONS = ["1", "2", "3"]

instants = st.builds(
    "2026-{:02d}-{:02d}T{:02d}:00:00Z".format,
    st.integers(1, 3),
    st.integers(1, 28),
    st.integers(0, 23),
)
amounts = st.integers(0, 10**9).map(lambda micros: f"{micros // 10**6}.{micros % 10**6:06d}")
rates = st.integers(0, 10**6).map(lambda ppm: f"{ppm // 10**6}.{ppm % 10**6:06d}")
currencies = st.sampled_from(["USD", "EUR", "JPY"])


@st.composite
def marketplaces(draw: st.DrawFn) -> Events:
    """Draw a marketplace from few names, so that everything meets everything."""
    events = Events()
    events.terms(training_share=draw(rates), generation_share=draw(rates))
    levels = [{"from": 0, "rate": draw(rates)}, {"from": 2, "rate": draw(rates)}]
    events.terms(direct_levels=levels, reserve_rate=draw(rates), reserve_periods=1)
    rate = {"base": "EUR", "date": "2026-01-01", "rates": {"USD": "1.1", "JPY": "160.7"}}
    events.add("fx-rates-published", rate)
    for contributor_id in draw(st.lists(st.sampled_from(CONTRIBUTORS), unique=True)):
        events.contributor(contributor_id, draw(currencies), draw(rates))
    for image_id in draw(st.lists(st.sampled_from(IMAGES), unique=True)):
        _licence(draw, events, image_id)
    for version in draw(st.lists(st.sampled_from(VERSIONS), unique=True, min_size=1)):
        _model(draw, events, version)
    for _ in range(draw(st.integers(1, 8))):
        _generation(draw, events)
    for contributor_id in draw(st.lists(st.sampled_from(CONTRIBUTORS), max_size=1)):
        amount = {
            "amount": draw(amounts.filter(lambda text: text != "0.000000")),
            "currency": "USD",
        }
        advance = {"advance_id": "v", "contributor_id": contributor_id, "amount": amount}
        events.add("advance-paid", advance, draw(instants))
    return events


def _licence(draw: st.DrawFn, events: Events, image_id: str) -> None:
    use = draw(st.sampled_from(["download", "training"]))
    owners = draw(st.lists(st.sampled_from(CONTRIBUTORS), unique=True, min_size=1, max_size=2))
    shares = ["1"] if len(owners) == 1 else ["0.333333", "0.666667"]
    split = [{"contributor_id": o, "share": s} for o, s in zip(owners, shares, strict=True)]
    events.licence(image_id, "", draw(amounts), use=use, contributors=split)


def _model(draw: st.DrawFn, events: Events, version: str) -> None:
    images = draw(st.lists(st.sampled_from(IMAGES), unique=True, min_size=1))
    weights = [f"0.{draw(st.integers(1, 999)):03d}" for _ in images]
    manifest = [{"image_id": i, "weight": w} for i, w in zip(images, weights, strict=True)]
    other = draw(st.sampled_from([name for name in VERSIONS if name != version]))
    base = {"model_id": "m", "version": other, "share": draw(rates)}
    fee = {"amount": draw(amounts), "currency": draw(currencies)}
    events.model(version, manifest, draw(instants), training_fee=fee, base_models=[base])


def _generation(draw: st.DrawFn, events: Events) -> None:
    images = draw(st.lists(st.sampled_from(IMAGES), unique=True, max_size=2))
    attributions = [{"image_id": image_id, "share": "0.333333"} for image_id in images]
    events.generation(
        draw(st.sampled_from(VERSIONS)),
        draw(amounts),
        draw(instants),
        draw(currencies),
        attributions=attributions,
    )


def _ingest(batches: Sequence[Sequence[Any]], folder: Path) -> None:
    warehouse = f"--warehouse={folder / 'warehouse'}"
    assert run(["init", warehouse, "--first-period=2026-01"]).code == 0
    for number, batch in enumerate(batches):
        source = folder / f"{number}.ndjson"
        source.write_bytes(b"".join(scenario.line(event) + b"\n" for event in batch))
        assert run(["ingest", warehouse, str(source), AS_OF]).code == 0


def _ingest_and_close(batches: Sequence[Sequence[Any]], folder: Path) -> dict[str, Any]:
    _ingest(batches, folder)
    warehouse = f"--warehouse={folder / 'warehouse'}"
    outcome = run(["close", warehouse, "--due", "--as-of=2026-04-01T00:00:00Z", "--json"])
    assert outcome.code == 0, outcome.stderr
    return {one["period"]: one["digest"] for one in outcome.json["closes"]}


def _ingest_and_close_each(batches: Sequence[Sequence[Any]], folder: Path) -> dict[str, Any]:
    """Close one period after the other, and check the pools at each close."""
    _ingest(batches, folder)
    digests = {}
    for period in PERIODS:
        words = [f"--warehouse={folder / 'warehouse'}", f"--period={period}", AS_OF, "--json"]
        outcome = run(["close", *words])
        assert outcome.code == 0, outcome.stderr
        _check_pools(_rows(folder, _POOL_PARTS))
        (digests[period],) = [one["digest"] for one in outcome.json["closes"]]
    return digests


def _rows(folder: Path, query: str) -> list[dict[str, Any]]:
    return list(run(["query", f"--warehouse={folder / 'warehouse'}", query, "--json"]).json)


@pytest.mark.thorough
@EXAMPLES
@given(market=marketplaces(), data=st.data())
def test_in_any_order_and_batching_events_give_the_same_digests_and_statements_that_add_up(
    market: Events, data: st.DataObject
) -> None:
    """Shuffled, cut into batches and sent twice, the events give the same statements.

    At every close: pool = allocations + held parts, and the statement's identity.
    """
    shuffled = data.draw(st.permutations(market.events))
    cut = data.draw(st.integers(0, len(shuffled)))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        expected = _ingest_and_close_each([market.events], Path(one))
        statements = _rows(Path(one), "SELECT * FROM statement ORDER BY contributor_id, period")
        _check_bridges(statements, Path(one))
        actual = _ingest_and_close([shuffled[:cut], shuffled[cut:], shuffled], Path(other))

    assert expected == actual
    for row in statements:
        amounts = {key: row[key] for key in row if key.endswith("_micros")}
        micros = {key[:-7]: int(text) for key, text in amounts.items() if text is not None}
        left = micros["payable"] + micros["withholding"] + micros["carried"]
        right = micros["opening"] + micros["royalties"] + micros["adjustments"]
        right += micros["reserve_released"] - micros["recouped"] - micros["reserve_withheld"]
        assert left == right


def _check_bridges(statements: list[dict[str, Any]], folder: Path) -> None:
    """Assert that two statements of a contributor differ by parts that sum exactly."""
    for before, after in pairwise(statements):
        if before["contributor_id"] == after["contributor_id"]:
            node = bridge_of(folder / "warehouse", before, after)
            paid = int(after["payable_micros"]) - int(before["payable_micros"])
            assert paid == to_micros(node["amount"])


def _check_pools(parts: list[dict[str, Any]]) -> None:
    """Assert that what stands of each pool is allocated or held."""
    sums: dict[str, int] = defaultdict(int)
    for row in parts:
        sums[json.dumps([row[name] for name in _POOL_KEY])] += int(row["amount_micros"])
    assert dict.fromkeys(sums, 0) == sums


_POOL_KEY = ("basis", "reference", "origin_period", "currency")
_POOL_PARTS = """
WITH part AS (
    SELECT basis, reference, origin_period, currency, amount_micros FROM standing_pool
    UNION ALL
    SELECT basis, reference, origin_period, currency, -amount_micros FROM standing_allocation
    UNION ALL
    SELECT basis, reference, origin_period, currency, -amount_micros FROM standing_held
    WHERE reason IN (
        'unlicensed_image', 'image_not_in_manifest', 'lineage_unresolved', 'unknown_model'
    )
)

SELECT * FROM part
WHERE (basis, reference, origin_period, currency) IN (
    SELECT (basis, reference, origin_period, currency) FROM standing_pool
)
"""

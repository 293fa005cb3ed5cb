"""What the views of a warehouse say of facts and results that are put into it by hand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.lake import reading, sql
from pipelines.lake.catalogs.sqlite import EXTENSION
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.engine import load_extensions
from pipelines.lake.setting import FORMAT, Setting
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from tests.conftest import run
from tests.lake.test_setting import unpack
from tests.outputs import stored

DREAM = {"model_id": "dream", "version": "1"}
SKETCH = {"model_id": "sketch", "version": "1"}
EARNED = {"USD": [1, 2, 3, 10, 984, 10**30], "EUR": [7, 7, 7], "JPY": [5]}
WEIGHTS = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]


def _event(seq: int, occurred_at: str, **others: object) -> dict[str, object]:
    return {"seq": seq, "source": "/shop", "id": str(seq), "occurred_at": occurred_at, **others}


def _paid(seq: int, occurred_at: str, micros: int, **others: object) -> dict[str, object]:
    money = {"currency": "USD", "revenue_micros": micros}
    return _event(seq, occurred_at, **DREAM | money | others)


def _trained(seq: int, fee_micros: int, **model: object) -> dict[str, object]:
    money = {"currency": "USD", "training_fee_micros": fee_micros}
    manifest = {"manifest_sha256": "m", "manifest_rows": len(WEIGHTS)}
    return _event(seq, "2026-10-01", **money, **manifest, **model)


def _pool(basis: str, model: Mapping[str, object], micros: int) -> dict[str, object]:
    return {
        "period": "2026-11",
        "basis": basis,
        **model,
        "reference": f"{model['model_id']}@{model['version']}",
        "origin_period": "2026-10",
        "currency": "USD",
        "amount_micros": micros,
    }


def _part(contributor_id: str, micros: int) -> dict[str, object]:
    pool = _pool("training", DREAM, micros)
    parts = {name: value for name, value in pool.items() if name not in DREAM}
    return {**parts, "contributor_id": contributor_id}


def _held(reason: str, origin_period: str, micros: int) -> dict[str, object]:
    return {
        "period": "2026-11",
        "reason": reason,
        "basis": "direct",
        "reference": f"image of {origin_period}",
        "origin_period": origin_period,
        "currency": "USD",
        "amount_micros": micros,
    }


def _lines() -> Iterator[dict[str, object]]:
    """Return lines of one month, two for each contributor."""
    for currency, amounts in EARNED.items():
        for place, micros in enumerate([*amounts, 0, -5]):
            for line, part in enumerate((micros + 9, -9), 1):
                whole = stored.statement_line("2026-12", f"{currency}-{place}", line)
                yield whole | {"currency": currency, "delta_micros": part}


def _batch(recorded_at: str, origin: str | None, *counts: int) -> dict[str, object]:
    names = ("received", "accepted", "duplicate", "conflict", "rejected")
    return {"recorded_at": recorded_at, "origin": origin, **dict(zip(names, counts, strict=True))}


ROWS: dict[str, Sequence[Mapping[str, object]]] = {
    "model_trained": [
        _trained(1, 1_000, **DREAM),
        _trained(2, 9_000, **DREAM),
        _trained(3, 500, **SKETCH),
    ],
    "base_model": [{"seq": 3, "base_model_id": "dream", "base_version": "1", "share_ppm": 1}],
    "manifest_entry": [
        {"manifest_sha256": "m", "image_id": f"i{place}", "weight_milli": weight}
        for place, weight in enumerate(WEIGHTS)
    ],
    "asset_generated": [
        _paid(4, "2026-10-31 23:59:59.999999", 300),
        _paid(5, "2026-10-02", 70_000),
        _paid(6, "2026-10-03", 40),
        _paid(11, "2026-11-01", 5),
    ],
    "event_reversed": [
        _event(7, "2026-10-04", reversed_source="/shop", reversed_id="5"),
        _event(12, "2026-11-05", reversed_source="/shop", reversed_id="6"),
    ],
    "pool": [
        _pool("training", DREAM, 333),
        _pool("training", SKETCH, 100),
        _pool("generation", DREAM, 170),
    ],
    "allocation": [_part("ana", 200), _part("ben", 100)],
    "statement": [
        stored.statement("2026-10", "ana") | {"royalties_micros": 16},
        stored.statement("2026-11", "ana") | {"royalties_micros": 1_000, "adjustments_micros": -16},
    ],
    "statement_line": [
        stored.statement_line("2026-11", "ana", 1, 900) | {"basis": "training"},
        stored.statement_line("2026-11", "ana", 2, 84) | {"basis": "direct"},
        *_lines(),
    ],
    "period_close": [
        stored.closed("2026-10", 1) | {"ends_at": "2026-11-01", "log_seq": 9},
        stored.closed("2026-11", 1) | {"ends_at": "2026-12-01", "log_seq": 10},
    ],
    "held": [
        _held("no_terms", "2026-11", 1),
        _held("no_terms", "2025-12", 20),
        _held("no_terms", "2025-12", 20) | {"reference": "another"},
        _held("unknown_model", "2026-10", 7),
    ],
    "event": [
        _event(9, "2026-10-05", type="asset-generated", recorded_at="2026-10-05"),
        _event(10, "2026-10-06", type="asset-generated", recorded_at="2026-11-07"),
        _event(11, "2026-11-30", type="asset-generated", recorded_at="2026-12-01"),
        _event(13, "2026-10-06 12:00:00", type="asset-generated", recorded_at="2026-11-08"),
        _event(14, "2026-10-31", type="period-closed", recorded_at="2026-11-08")
        | {"source": "manyhands"},
    ],
    "ingest_batch": [
        _batch("2026-10-01 00:00:00", None, 3, 2, 1, 0, 0),
        _batch("2026-10-01 23:59:59", None, 4, 0, 0, 1, 3),
        _batch("2026-10-01 12:00:00", "deadletter", 3, 1, 0, 0, 2),
        _batch("2026-10-02 00:00:00", None, 0, 0, 0, 0, 0),
    ],
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse with these rows, read-only."""
    folder = stored.make(tmp_path_factory.mktemp("views") / "warehouse", ROWS)
    with reading.connect(Warehouse(folder)) as connection:
        yield connection


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a warehouse that the demo made."""
    return unpack(FORMAT, tmp_path_factory.mktemp("demo"))


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, sorted."""
    return sorted(connection.execute(query).fetchall())


def test_a_model_version_brought_what_counts(filled: duckdb.DuckDBPyConnection) -> None:
    """Neither what is reversed nor a second declaration does; the month is that of the event."""
    columns = "generations, generation_revenue_micros, training_fee_micros, revenue_micros"
    found = ask(filled, f"SELECT model_id, origin_period, {columns} FROM warehouse.model_revenue")

    assert [
        ("dream", "2026-10", 1, 300, 1_000, 1_300),
        ("dream", "2026-11", 1, 5, 0, 5),
        ("sketch", "2026-10", 0, 0, 500, 500),
    ] == found


@pytest.mark.parametrize("cadence", Cadence)
def test_the_period_of_an_event_is_that_of_a_close(tmp_path: Path, cadence: Cadence) -> None:
    """By the warehouse's cadence, from a span's first microsecond to its last."""
    create(Warehouse(tmp_path / "w"), Setting(cadence))
    times = [datetime(2026, month, 1) for month in range(1, 13)]  # noqa: DTZ001  the log's are UTC
    times.append(datetime(2026, 6, 30, 23, 59, 59, 999_999))  # noqa: DTZ001
    with connect(Warehouse(tmp_path / "w")) as connection:
        for seq, time in enumerate(times):
            stored.insert(connection, "asset_generated", _paid(seq, time.isoformat(), 1))
        found = ask(connection, "SELECT seq, origin_period FROM warehouse.revenue_event")

    assert [Period.containing(time, cadence).name for time in times] == [name for _, name in found]


def test_a_pool_has_the_rate_that_the_close_came_to(filled: duckdb.DuckDBPyConnection) -> None:
    """What was reversed before the close is no part of the revenue, what was after it still is."""
    columns = "revenue_micros, effective_rate_ppm, allocated_micros, held_micros, contributors"
    found = ask(filled, f"SELECT basis, model_id, {columns} FROM warehouse.pool_fact")

    assert [
        ("generation", "dream", 340, 500_000, 0, 170, 0),
        ("training", "dream", 1_000, 333_000, 300, 33, 2),
        ("training", "sketch", 500, 200_000, 0, 100, 0),
    ] == found


def test_a_pool_is_spread_over_images_by_their_weights(filled: duckdb.DuckDBPyConnection) -> None:
    """A tenth, a half and nine tenths of the images get at most this, floored."""
    places = (1, 5, 9)  # of eleven, from 0: the first that reach 1.1, 5.5 and 9.9
    parts = [333 * WEIGHTS[place] // sum(WEIGHTS) for place in places]
    columns = "images, image_p10_micros, image_median_micros, image_p90_micros"
    query = f"SELECT {columns} FROM warehouse.pool_fact WHERE basis = 'training'"

    assert [(11, *parts)] == ask(filled, f"{query} AND model_id = 'dream'")
    assert [(11, None, None, None)] == ask(filled, f"{query} AND model_id = 'sketch'")


def _gini(amounts: Sequence[int]) -> Fraction:
    """Return half the mean difference of all pairs, as a part of the mean."""
    differences = sum(abs(one - other) for one in amounts for other in amounts)
    return Fraction(differences, 2 * len(amounts) * sum(amounts))


def test_concentration_is_what_its_definition_says(filled: duckdb.DuckDBPyConnection) -> None:
    """By all pairs of contributors; who earned nothing, or less, isn't among them."""
    found = ask(filled, "FROM warehouse.earning_concentration WHERE period = '2026-12'")

    assert [
        (
            "2026-12",
            currency,
            len(amounts),
            sum(amounts),
            int(_gini(amounts) * 1_000_000),
            *[max(amounts) * 1_000_000 // sum(amounts)] * 3,
        )
        for currency, amounts in sorted(EARNED.items())
    ] == found


def test_the_top_ten_percent_are_whole_contributors(tmp_path: Path) -> None:
    """Of eleven two, of whom one is the top one percent."""
    lines = [
        stored.statement_line("2026-11", f"c{place}", 1, micros)
        for place, micros in enumerate(WEIGHTS)
    ]
    folder = stored.make(tmp_path / "warehouse", {"statement_line": lines})
    with reading.connect(Warehouse(folder)) as connection:
        columns = "top_1_share_ppm, top_10_share_ppm"
        found = ask(connection, f"SELECT {columns} FROM warehouse.earning_concentration")

    whole = sum(WEIGHTS)
    assert [(89_000_000 // whole, 144_000_000 // whole)] == found


def test_a_contributor_earned_what_the_statements_say(filled: duckdb.DuckDBPyConnection) -> None:
    """By basis as the lines have it, and until now over the statements before."""
    columns = "direct_micros, training_micros, generation_micros, earned_micros"
    query = f"SELECT period, {columns}, earned_until_now_micros FROM warehouse.contributor_earning"

    assert [("2026-10", 0, 0, 0, 16, 16), ("2026-11", 84, 900, 0, 984, 1_000)] == ask(
        filled, f"{query} WHERE contributor_id = 'ana'"
    )


def test_what_is_held_has_an_age_in_periods(filled: duckdb.DuckDBPyConnection) -> None:
    """From its origin period to that of the last close, over the end of a year."""
    assert [
        ("no_terms", "USD", 0, 1, 1),
        ("no_terms", "USD", 11, 2, 40),
        ("unknown_model", "USD", 1, 1, 7),
    ] == ask(filled, "FROM warehouse.held_age")


@pytest.mark.parametrize(
    ("cadence", "origin", "last", "age"),
    [
        ("quarter", "2025-Q3", "2026-Q2", 3),
        ("half", "2024-H2", "2026-H1", 3),
        ("year", "2024", "2026", 2),
    ],
)
def test_the_age_is_in_the_periods_of_the_cadence(
    tmp_path: Path, cadence: str, origin: str, last: str, age: int
) -> None:
    """Quarters, halves and years."""
    held = _held("no_terms", origin, 1) | {"period": last}
    close = stored.closed("2026-01", 0) | {"period": last}
    folder = stored.make(tmp_path / "warehouse", {"held": [held], "period_close": [close]})
    with connect(Warehouse(folder)) as connection:
        connection.execute("UPDATE warehouse.setting SET cadence = ?", [cadence])
        found = ask(connection, "SELECT age_periods FROM warehouse.held_age")

    assert [(age,)] == found


def test_an_event_is_late_where_its_period_was_closed(filled: duckdb.DuckDBPyConnection) -> None:
    """Whatever the days: one that the close read isn't; nor is the close's own event."""
    assert [("2026-10", "asset-generated", 32, 2), ("2026-11", "asset-generated", 1, 1)] == ask(
        filled, "FROM warehouse.late_event"
    )


def test_the_funnel_adds_up_day_by_day(filled: duckdb.DuckDBPyConnection) -> None:
    """Replays are apart; of nothing there is no part."""
    assert [
        ("2026-10-01", "deadletter", 1, 3, 1, 0, 0, 2, 333_333),
        ("2026-10-01", "ingest", 2, 7, 2, 1, 1, 3, 285_714),
        ("2026-10-02", "ingest", 1, 0, 0, 0, 0, 0, None),
    ] == [(str(day), *row) for day, *row in ask(filled, "FROM warehouse.ingest_funnel")]


def test_views_need_no_function_of_ours(demo: Path) -> None:
    """Any DuckDB with its extensions reads them, under whatever name it attaches the warehouse."""
    options = f"READ_ONLY, DATA_PATH '{demo}/data/', OVERRIDE_DATA_PATH true"
    with duckdb.connect() as connection:
        load_extensions(connection, EXTENSION)
        connection.execute(f"ATTACH 'ducklake:sqlite:{demo}/catalog.sqlite' AS mine ({options})")
        found = {
            view: connection.execute(f"FROM mine.{view}").description for view in sql.names("views")
        }

    assert {
        view.name: [column.name for column in view.columns] for view in sql.relations("views")
    } == {view: [name for name, *_ in columns] for view, columns in found.items()}


def test_images_get_of_a_pool_what_they_earned_of_it(demo: Path, tmp_path: Path) -> None:
    """The command `earnings` splits the pool itself; leftover micros aside it comes to the same."""
    out = tmp_path / "earnings.parquet"
    assert 0 == run(["earnings", f"--warehouse={demo}", "--period=2026-10", f"--out={out}"]).code
    with duckdb.connect() as plain, reading.connect(Warehouse(demo)) as connection:
        found = plain.execute(
            "SELECT count(*), quantile_disc(earned, [0.1, 0.5, 0.9]) FROM ("
            "SELECT image_id, sum(amount) AS earned FROM read_parquet($out)"
            " WHERE basis = 'training' AND reference = 'dream@1' GROUP BY image_id)",
            {"out": str(out)},
        ).fetchone()
        columns = "image_p10_micros, image_median_micros, image_p90_micros"
        (parts,) = ask(
            connection,
            f"SELECT {columns} FROM warehouse.pool_fact WHERE basis = 'training'"
            " AND reference = 'dream@1' AND origin_period = '2026-10'",
        )

    assert found is not None
    assert 5 == found[0]
    assert [0, 0, 0] == [
        abs(int(earned * 1_000_000) - part) // 5
        for earned, part in zip(found[1], parts, strict=True)
    ]

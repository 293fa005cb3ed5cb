"""What a file of sql/ declares at its head is what its query returns."""

from collections.abc import Iterator
from functools import cache

import duckdb
import pytest

from pipelines.close.closing import Closing
from pipelines.close.compute import compute
from pipelines.close.seal import seal
from pipelines.ingest.manifests import Manifests
from pipelines.lake import (
    closes,
    earnings,
    explained,
    log,
    reading,
    simulating,
    splitting,
    sql,
)
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.staging import stage, stage_input, stage_view
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from pipelines.sources.limits import DEFAULT_LIMITS
from schemas.rejection import Rejection
from tests.lake.sending import batch as staged_batch
from tests.lake.sending import received
from tests.marketplace import Events, small
from tests.worked_cases import WorkedCase

NEXT = Period.parse("2026-12", Cadence.MONTH)
STORED_LATER = {"cosignature", "period_close", "publication"}
"""Results that a close doesn't stage."""
UNEQUAL = "unequal_earning"
"""A check of what is staged."""

EXPLAINED = explained.Key("ana", "generation", "dream@1", "2026-12", "USD")

OF_SUBJECTS = (
    "explained_attributed",
    "explained_base",
    "explained_conversion",
    "explained_held",
    "explained_held_sum",
    "explained_image_earning",
    "explained_image_licence",
    "explained_kind",
    "explained_owner",
    "explained_own_pool",
    "explained_payer",
    "explained_registration",
    "explained_royalty",
    "explained_shared",
    "explained_since",
    "explained_statement",
    "explained_training",
    "explained_use",
    "explained_use_pool",
    "uneven_image_part",
)
"""What explains a contributor, a model version or an image by itself."""

OF_LINE = (
    "asked_asset",
    "asked_image",
    "asked_key",
    "asked_licence",
    "asked_pair",
    "asked_weight",
    "kept_weight",
    "unkept_version",
)
"""What stands in the place of a close's own, where one line alone is explained."""

OF_INGEST = [log._JUDGED, *log._VIEWED, ("ingest", "row_added")]
OF_BATCHES = [
    ("inputs", name)
    for name in ("manifest_file", "manifest_row", "received_event", "received_refusal")
]
STAGED = [
    *(("rules", name, name) for name in sql.names("rules")),
    *(("results", name, name) for name in sql.names("results") if name not in STORED_LATER),
    *(("earnings", name, name) for name in sql.names("earnings") if name != UNEQUAL),
    *(("explain", name, name) for name in sql.names("explain") if name not in OF_LINE),
    *(("explain", name, f"stood_in_{name}") for name in OF_LINE),
    *(("simulate", name, f"stood_in_{name}") for name in sql.names("simulate")),
    *(("verify", name, name) for name in sql.names("verify")),
    *(("spread", name, f"spread_{name}") for name in sql.names("spread")),
    *(("in_force", name, f"in_force.{name}") for name in sql.names("in_force")),
    *(("views", name, f"warehouse.{name}") for name in sql.names("views")),
]


@pytest.fixture(scope="module")
def connection(worked_case: WorkedCase) -> Iterator[duckdb.DuckDBPyConnection]:
    """Stage a close after two others, and what else a reader may stage."""
    with reading.connect(Warehouse(worked_case("late_event_adjusts").warehouse)) as connection:
        standing = closes.progress(connection)
        known_seq = closes.known_seq(connection, standing.latest)
        closing = Closing(NEXT, standing.head, standing.latest, known_seq=known_seq)
        compute(connection, closing)
        seal(connection, closing)
        stage_input(connection, "step_time", closing.times.milliseconds.items())
        stage(connection, "results", "close_step")
        stage(connection, "rules", "first_money")
        stage_view(connection, "rules", "row_added")
        reading.count(connection, "held", "2026-11")
        reading.report(connection, "statement", "2026-11")
        earnings.ask(connection, "2026-10", None)
        earnings.stage_earnings(connection)
        explained.ask(connection, EXPLAINED)
        explained.stage_account(connection)
        explained.stage_line(connection)
        for name in ("explained_change", *OF_SUBJECTS):
            stage(connection, "explain", name)
        stage(connection, "explain", "kept_weight")
        for name in OF_LINE:
            stage_view(connection, "explain", name, f"stood_in_{name}")
        simulating.stage_customers(connection)
        simulating.keep_present(connection)
        simulating.stage_outcome(connection)
        for name in sql.names("simulate"):
            stage_view(connection, "simulate", name, f"stood_in_{name}")
        for name in sql.names("verify"):
            stage(connection, "verify", name)
        splitting.groups(connection)
        splitting.give(connection, (1, 1))
        for name in ("given_part", "given_weight"):
            stage_view(connection, "spread", name)
        stage(connection, "spread", "taken_share", "share_returned")
        for name in sql.names("spread"):
            stage_view(connection, "spread", name, f"spread_{name}")
        yield connection


@cache
def _empty() -> duckdb.DuckDBPyConnection:
    """Open a database to declare tables in."""
    return duckdb.connect()


def declared(relation: sql.Relation) -> list[tuple[str, str]]:
    """Return the columns of a head, with their types as DuckDB writes them."""
    _empty().execute(f"CREATE OR REPLACE TABLE head ({sql.declared(relation.columns)})")
    return [(row[0], row[1]) for row in _empty().execute("DESCRIBE head").fetchall()]


def test_every_fact_says_when_it_counts() -> None:
    """Each fact that an event makes is in `in_force`; a manifest's entries are no events."""
    assert {*sql.names("facts")} - {"manifest_entry"} == {*sql.names("in_force")}


@pytest.mark.parametrize(("folder", "name", "staged"), STAGED, ids=lambda part: part)
def test_a_head_declares_what_its_query_returns(
    connection: duckdb.DuckDBPyConnection, folder: str, name: str, staged: str
) -> None:
    """Names, types and order of the columns are those of the head."""
    described = connection.execute(f"DESCRIBE {staged}").fetchall()

    assert declared(sql.relation(folder, name)) == [(row[0], row[1]) for row in described]


@pytest.mark.parametrize("name", sorted({*sql.names("rules")} & {*sql.names("views")}))
def test_a_view_of_the_warehouse_says_what_a_close_says_under_its_name(name: str) -> None:
    """What a close computes and what stands stored mean the same, but for the close that stored it.

    The view's columns are that one's period, and then those of the rule, documented alike.
    """
    rule, view = sql.relation("rules", name), sql.relation("views", name)
    meaning, _, _ = rule.meaning.partition(" (SPEC")

    assert view.meaning.startswith(f"{meaning}, as it stands at the last close (SPEC ")
    assert rule.grain == view.grain
    assert ("period", *rule.columns) == (view.columns[0].name, *view.columns[1:])


def test_what_a_dead_letter_keeps_of_a_refusal_is_documented_alike() -> None:
    """A refusal is staged under the names, types and meanings that it is stored under."""
    staged = {column.name: column for column in sql.relation("inputs", "received_refusal").columns}
    stored = {column.name: column for column in sql.relation("log", "dead_letter").columns}

    assert ["position", *Rejection.model_fields] == list(staged)
    assert stored["received_at"].type == staged["received_at"].type  # of a first refusal, of this
    assert {name: stored[name] for name in Rejection.model_fields if name != "received_at"} == {
        name: staged[name] for name in Rejection.model_fields if name != "received_at"
    }


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Stage a batch, and keep what was staged after its commit."""
    folder = tmp_path_factory.mktemp("batch") / "warehouse"
    messages = received([{"type": "of nobody"}, *small(Events()).events])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_drop_staged", lambda _: None)
        manifests = Manifests(Warehouse(folder), (), DEFAULT_LIMITS.manifest_size)
        create(Warehouse(folder), Setting())
        with connect(Warehouse(folder)) as connection:
            log.append(connection, Warehouse(folder), staged_batch(messages, manifests))
            yield connection


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        log._JUDGED,
        *log._VIEWED,
        *log._STAGED,
        ("ingest", "row_added"),
        ("log", "row_sum"),
        *OF_BATCHES,
    ],
    ids=lambda part: part,
)
def test_a_head_declares_what_a_batch_stages(
    batch: duckdb.DuckDBPyConnection, folder: str, name: str
) -> None:
    """Names, types and order of the columns are those of the head."""
    described = batch.execute(f"DESCRIBE {name}").fetchall()

    assert declared(sql.relation(folder, name)) == [(row[0], row[1]) for row in described]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("earnings", UNEQUAL),
        *((folder, name) for folder in ("checks", "reports") for name in sql.names(folder)),
    ],
    ids=lambda part: part,
)
def test_a_query_that_nothing_is_staged_of_returns_the_columns_of_its_head(
    connection: duckdb.DuckDBPyConnection, folder: str, name: str
) -> None:
    """Names, types and order of the columns are those of the head."""
    relation = sql.relation(folder, name)

    described = connection.execute(f"DESCRIBE {relation.query}").fetchall()

    assert declared(relation) == [(row[0], row[1]) for row in described]

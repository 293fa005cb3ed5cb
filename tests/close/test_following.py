"""A close that computes only what changed finds what one that computes everything does."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from pipelines.close.closing import Closing
from pipelines.close.commit import issue
from pipelines.close.compute import compute
from pipelines.close.seal import seal
from pipelines.gate import run as run_gate
from pipelines.lake import closes, log, sql
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from tests.conftest import SLOW_EXAMPLES, run
from tests.histories import History, histories, ingest_monthly
from tests.marketplace import Events

EXAMPLES = settings(
    max_examples=max(1, settings().max_examples // SLOW_EXAMPLES),
    suppress_health_check=list(HealthCheck),
)
STORED = ("pool", "allocation", "held", "manifest_weight", "statement_line", "statement")
STANDING = ("standing_pool", "standing_allocation", "standing_held")

AS_OF = "--as-of=2026-03-01T00:00:00Z"
FEBRUARY = "2026-02-10T00:00:00Z"
EARLIER = "2026-01-05T00:00:00Z"
PLATFORM = {"kind": "platform"}

Rows = dict[str, list[tuple[object, ...]]]


def _found(connection: duckdb.DuckDBPyConnection, closing: Closing) -> Rows:
    """Compute a close, and return what it would store and how all of it stands."""
    compute(connection, closing)
    columns = {
        name: [column.name for column in sql.relation("results", name).columns] for name in STORED
    }
    return {
        name: connection.execute(
            f"SELECT {', '.join(columns.get(name, ['*']))} FROM {name} ORDER BY ALL"
        ).fetchall()
        for name in (*STORED, *STANDING)
    }


def _closes(history: History, folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Closing]]:
    """Ingest month by month, and yield the close of each, before it is made."""
    warehouse = Warehouse(folder / "warehouse")
    for name in ingest_monthly(history, folder):
        with connect(warehouse) as connection:
            period = Period.parse(name, Cadence.MONTH)
            last = closes.last_close(connection)
            known_seq = closes.known_seq(connection, last)
            closing = Closing(period, log.head(connection), last, known_seq=known_seq)
            yield connection, closing
            issue(connection, warehouse, closing, seal(connection, closing), period.ends_at)


def _market() -> Events:
    """Return a January in which whatever comes later finds something to change."""
    events = Events()
    events.terms(training_share="0.5", generation_share="0.3")  # e1
    events.terms(direct_levels=[{"from": 0, "rate": "0.2"}, {"from": 1, "rate": "0.5"}])  # e2
    events.contributor("ana")
    events.contributor("ben")
    events.licence("i1", "ana")  # e5
    events.licence("i2", "ben")  # e6
    manifest = [{"image_id": image_id} for image_id in ("i1", "i2", "i3")]
    events.model("1", manifest, training_fee={"amount": "40", "currency": "USD"})  # e7
    base = {"model_id": "m", "version": "1", "share": "0.4"}
    events.model("2", manifest[1:2], base_models=[base])  # e8
    for version in ("1", "2", "3"):
        events.generation(version, "90")  # e9 to e11
    events.generation("1", "70", attributions=[{"image_id": "i1", "share": "0.5"}])
    events.generation("1", "50", currency="EUR")
    for day in (10, 20):
        _download(events, f"d{day}", "ana", f"2026-01-{day}T00:00:00Z")  # e14, e15
    _download(events, "d-cho", "cho", "2026-01-20T00:00:00Z")
    return events


def _download(events: Events, licence_id: str, contributor_id: str, time: str) -> None:
    owner = [{"contributor_id": contributor_id, "share": "1"}]
    events.licence(
        f"of-{licence_id}", "", "9", use="download", licence_id=licence_id, contributors=owner
    )
    events.events[-1]["time"] = time


def _revocation(events: Events) -> None:
    data = {"licence_id": "L-i2", "effective_at": "2026-01-10T00:00:00Z", "reason": "left"}
    events.add("licence-revoked", data, FEBRUARY)


def _terms(events: Events, scope: dict[str, str], **fields: object) -> None:
    events.terms(FEBRUARY, scope=scope, effective_from="2026-01-02T00:00:00Z", **fields)


def _rates(events: Events) -> None:
    rates = {"base": "EUR", "date": "2026-02-10", "rates": {"USD": "1.1"}}
    events.add("fx-rates-published", rates, FEBRUARY)


NEWS: dict[str, Callable[[Events], object]] = {
    "a generation": lambda events: events.generation("1", "8"),
    "a generation is reversed": lambda events: events.reversal("e9", FEBRUARY),
    "a version that was unknown": lambda events: events.model("3", [{"image_id": "i1"}]),
    "a training that displaces the first": lambda events: events.model(
        "1", [{"image_id": "i2"}], EARLIER
    ),
    "the training of a base is reversed": lambda events: events.reversal("e7", FEBRUARY),
    "a training licence": lambda events: events.licence("i3", "ana"),
    "a training licence is reversed": lambda events: events.reversal("e6", FEBRUARY),
    "a revocation": _revocation,
    "a download": lambda events: _download(events, "d5", "ana", EARLIER),
    "a download is reversed": lambda events: events.reversal("e14", FEBRUARY),
    "a licence that displaces the first": lambda events: _download(events, "d20", "ben", EARLIER),
    "a download that displaces a training licence": lambda events: _download(
        events, "L-i2", "ana", EARLIER
    ),
    "terms of generations": lambda events: _terms(events, PLATFORM, generation_share="0.9"),
    "terms of trainings": lambda events: _terms(
        events, {"kind": "model", "id": "m"}, training_share="0.9"
    ),
    "terms of training licences": lambda events: _terms(events, PLATFORM, training_share="0.9"),
    "terms of a contributor": lambda events: _terms(
        events, {"kind": "contributor", "id": "ana"}, direct_floor={"USD": "5"}
    ),
    "terms are reversed": lambda events: events.reversal("e2", FEBRUARY),
    "a registration": lambda events: events.contributor("cho"),
    "rates": _rates,
}
"""What comes in February and changes what January came to."""


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse in which January is closed; it is only copied from."""
    folder = tmp_path_factory.mktemp("january")
    on = f"--warehouse={folder / 'warehouse'}"
    assert run(["init", on, "--first-period=2026-01"]).code == 0
    _ingest(folder, _market())
    closed = run(["close", on, "--period=2026-01", AS_OF])
    assert closed.code == 0, closed.stderr
    return folder / "warehouse"


def _ingest(folder: Path, events: Events) -> None:
    source = events.write(folder / "events.ndjson")
    ingested = run(["ingest", f"--warehouse={folder / 'warehouse'}", source, AS_OF, "--json"])
    assert (ingested.code, ingested.json["rejected"]) == (0, {}), ingested.stderr


def _february(folder: Path) -> tuple[Rows, Rows]:
    """Compute the close of February wholly, and by what changed; return both."""
    with connect(Warehouse(folder / "warehouse")) as connection:
        last = closes.last_close(connection)
        head = log.head(connection)
        period = Period.parse("2026-02", Cadence.MONTH)
        full = _found(connection, Closing(period, head, last))
        known_seq = closes.known_seq(connection, last)
        return full, _found(connection, Closing(period, head, last, known_seq=known_seq))


@pytest.mark.thorough
@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS)
def test_each_kind_of_news_is_followed(
    news: Callable[[Events], object], january: Path, tmp_path: Path
) -> None:
    """It changes what January came to, and the close of February finds all of it.

    Each kind is alone: another one that touches the same would hide that it isn't followed.
    """
    shutil.copytree(january, tmp_path / "warehouse")
    events = Events("/late")
    news(events)
    for event in events.events:
        if event["type"] == "event-reversed":
            event["data"]["reversed"]["source"] = "/market"
    _ingest(tmp_path, events)

    expected, actual = _february(tmp_path)

    assert expected == actual
    assert actual["statement_line"] or actual["held"]


@pytest.mark.thorough
def test_where_nothing_is_news_a_close_finds_nothing(january: Path, tmp_path: Path) -> None:
    """Neither lines nor anything to store, however it is computed; all stands as it stood."""
    shutil.copytree(january, tmp_path / "warehouse")

    expected, actual = _february(tmp_path)

    assert expected == actual
    assert [[]] * len(STORED) == [actual[name] for name in STORED]
    assert all(actual[name] for name in STANDING)


@pytest.mark.thorough
@EXAMPLES
@given(history=histories())
def test_what_changed_is_all_that_a_close_has_to_compute(history: History) -> None:
    """The close that follows changes and the one that computes everything store the same rows.

    So they state the same, and have the same digest; the gate passes what follows changes.
    """
    with tempfile.TemporaryDirectory() as folder:
        for connection, closing in _closes(history, Path(folder)):
            full = Closing(closing.period, closing.log_seq, closing.previous)
            expected = _found(connection, full)

            actual = _found(connection, closing)

            assert expected == actual
            verdict = run_gate(connection, closing.period.name)
            assert ((), ()) == (verdict.found, verdict.not_run)

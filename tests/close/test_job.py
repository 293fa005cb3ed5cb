"""Closing periods: when it may, who wins, and what it leaves behind."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from pipelines.close import job as close_job
from pipelines.close.closing import Closing
from pipelines.close.commit import issue
from pipelines.close.compute import STEPS, Instead, compute
from pipelines.close.seal import log_digest, seal
from pipelines.errors import ConflictError, GateError
from pipelines.lake import closes, log, reading, rights, sql
from pipelines.lake.connection import connect
from pipelines.lake.setting import FORMAT
from pipelines.lake.staging import view_earlier, view_stored
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from tests.cli.processes import started
from tests.conftest import Run, run
from tests.everyday import one_of
from tests.gate.staged import PERIOD as STAGED_PERIOD
from tests.gate.staged import breaking_statements, stage_what_checks_call, staged_close
from tests.marketplace import Events, small

AS_OF = "--as-of=2027-01-01T00:00:00Z"
JANUARY = Period.parse("2026-01", Cadence.MONTH)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse with a small marketplace; it is only copied."""
    folder = tmp_path_factory.mktemp("market")
    source = small(Events()).write(folder / "events.ndjson")
    assert run(["ingest", source, AS_OF, f"--warehouse={folder / 'warehouse'}"]).code == 0
    return folder / "warehouse"


@pytest.fixture
def market(manyhands: Run, filled: Path, tmp_path: Path) -> Run:
    """Run commands on a warehouse with a small marketplace."""
    shutil.copytree(filled, tmp_path / "warehouse")
    return manyhands


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_period_that_is_not_over_is_tried_again_later(market: Run) -> None:
    """Exit 75 until the period's end has passed, and from that instant on it closes."""
    early = market("close", "--period=2026-01", "--as-of=2026-01-31T23:59:59.999999Z")
    in_time = market("close", "--period=2026-01", "--as-of=2026-02-01T00:00:00Z")

    assert (75, 0) == (early.code, in_time.code)


@pytest.mark.thorough
def test_grace_days_put_off_a_close(manyhands: Run, tmp_path: Path) -> None:
    """With two grace days a month closes on the third of the next."""
    manyhands("init", "--grace-days=2")
    manyhands("ingest", small(Events()).write(tmp_path / "events.ndjson"), AS_OF)

    assert manyhands("close", "--period=2026-01", "--as-of=2026-02-02T23:59:59Z").code == 75
    assert manyhands("close", "--period=2026-01", "--as-of=2026-02-03T00:00:00Z").code == 0


def test_periods_close_in_order(market: Run) -> None:
    """A period that isn't next is refused with exit 5, also one before the first."""
    later = market("close", "--period=2026-02", AS_OF)
    earlier = market("close", "--period=2025-12", AS_OF)

    assert (5, 5) == (later.code, earlier.code)
    assert "2026-01" in later.stderr


def test_before_any_money_nothing_can_be_closed(manyhands: Run) -> None:
    """Exit 3 while no event in force has a fee, training fee or revenue above 0."""
    manyhands("init")

    assert manyhands("close", "--period=2026-01", AS_OF).code == 3
    assert {"closes": []} == manyhands("close", "--due", AS_OF, "--json").json


def test_a_period_of_another_cadence_is_a_usage_error(market: Run) -> None:
    """A quarter isn't a period of a warehouse that closes months."""
    assert market("close", "--period=2026-Q1", AS_OF).code == 2


def test_closing_a_closed_period_gives_its_digest_and_changes_nothing(
    market: Run, tmp_path: Path
) -> None:
    """The second close prints the same and leaves every file as it was; it takes no right to write.

    So who may only read is told of it too.
    """
    folder = tmp_path / "warehouse"
    first = market("close", "--period=2026-01", AS_OF, "--json").json
    before = _bytes(folder)
    with patch.object(rights, "refuse_unless_writable", side_effect=AssertionError):
        second = market("close", "--period=2026-01", AS_OF, "--json").json

    assert first == second
    assert before == _bytes(folder)


def test_due_closes_every_period_that_is_over_in_order(market: Run) -> None:
    """Each close chains to the one before; with nothing due there are none."""
    as_of = "--as-of=2026-04-01T00:00:00Z"
    closed = market("close", "--due", as_of, "--json").json["closes"]

    assert ["2026-01", "2026-02", "2026-03"] == [one["period"] for one in closed]
    assert [one["digest"] for one in closed[:-1]] == [one["previous_digest"] for one in closed[1:]]
    assert {"closes": []} == market("close", "--due", as_of, "--json").json


@pytest.mark.parametrize(
    ("cadence", "periods"),
    [
        pytest.param("quarter", ["2026-Q1", "2026-Q2"], marks=pytest.mark.long),
        ("half", ["2026-H1"]),
        pytest.param("year", [], marks=pytest.mark.long),
    ],
)
def test_a_cadence_gives_its_periods(
    manyhands: Run, tmp_path: Path, cadence: str, periods: list[str]
) -> None:
    """By October a warehouse that closes quarters, halves or years has those due that are over."""
    manyhands("init", f"--cadence={cadence}")
    manyhands("ingest", small(Events()).write(tmp_path / "events.ndjson"), AS_OF)
    closed = manyhands("close", "--due", "--as-of=2026-09-01T00:00:00Z", "--json").json["closes"]

    assert periods == [one["period"] for one in closed]


def test_a_dry_run_gives_the_digest_and_changes_nothing(market: Run, tmp_path: Path) -> None:
    """What a dry run prints is what the close then is."""
    before = _bytes(tmp_path / "warehouse")
    dry = market("close", "--period=2026-01", AS_OF, "--dry-run", "--json").json

    assert before == _bytes(tmp_path / "warehouse")
    assert dry == market("close", "--period=2026-01", AS_OF, "--json").json


@pytest.mark.usefixtures("market")
def test_of_two_closers_exactly_one_wins(tmp_path: Path) -> None:
    """Both compute from one head; the second to commit is told the winner's digest."""
    folder = tmp_path / "warehouse"
    as_of = JANUARY.ends_at
    with connect(Warehouse(folder)) as one, connect(Warehouse(folder)) as other:
        closing = Closing(JANUARY, log.head(one), None)
        for connection in (one, other):
            compute(connection, closing)
            sealed = seal(connection, closing)
        issue(one, Warehouse(folder), closing, sealed, as_of)
        with pytest.raises(ConflictError, match=sealed.digest):
            issue(other, Warehouse(folder), closing, sealed, as_of)
        count = one.execute("SELECT count(*) FROM warehouse.period_close").fetchall()

    assert [(1,)] == count


def test_a_close_beside_an_ingest_reads_up_to_its_position(market: Run, tmp_path: Path) -> None:
    """What is committed while a close computes belongs to the next close."""
    folder = tmp_path / "warehouse"
    late = Events("/late")
    late.generation("1", "100")
    with connect(Warehouse(folder)) as connection:
        closing = Closing(JANUARY, log.head(connection), None)
        compute(connection, closing)
        assert market("ingest", late.write(tmp_path / "late.ndjson"), AS_OF).code == 0
        sealed = seal(connection, closing)
        issue(connection, Warehouse(folder), closing, sealed, JANUARY.ends_at)
        (row,) = connection.execute("SELECT log_seq, seq FROM warehouse.period_close").fetchall()

    assert (closing.log_seq, closing.log_seq + 2) == row
    assert market("close", "--period=2026-02", AS_OF).code == 0
    lines = market(
        "query", "SELECT DISTINCT kind FROM statement_line WHERE period = '2026-02'", "--json"
    )
    assert [{"kind": "adjustment"}] == lines.json


@pytest.mark.thorough
def test_money_that_comes_while_a_close_begins_is_not_missed(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The period is chosen by the log that the close reads; the next close has what came later."""
    read = closes.progress
    older = Events("/late")
    older.generation("1", "100", "2025-12-30T12:00:00Z")
    source = older.write(tmp_path / "older.ndjson")

    def read_and_ingest(connection: duckdb.DuckDBPyConnection) -> closes.Progress:
        progress = read(connection)
        with monkeypatch.context() as once:
            once.setattr(closes, "progress", read)
            assert market("ingest", source, AS_OF).code == 0
        return progress

    monkeypatch.setattr(closes, "progress", read_and_ingest)
    first = market("close", "--period=2026-01", AS_OF, "--json").json["closes"][0]
    monkeypatch.setattr(closes, "progress", read)
    assert 0 == market("close", "--period=2026-02", AS_OF).code
    origins = "SELECT DISTINCT origin_period FROM held WHERE period = '2026-02'"

    assert "2026-01" == first["period"]
    assert [{"origin_period": "2025-12"}] == market("query", origins, "--json").json


@pytest.mark.parametrize(("words", "warnings"), [(["--as-of=2099-01-01T00:00:00Z"], 1), ([], 0)])
def test_a_close_by_a_time_to_come_warns(market: Run, words: list[str], warnings: int) -> None:
    """A period that isn't over would be closed for good, which nothing undoes."""
    outcome = market("close", "--period=2026-01", *(words or ["--as-of=2026-02-01T00:00:00Z"]))

    assert (0, warnings) == (outcome.code, outcome.stderr.count("closed for good"))


def compute_and(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """Have a close computed as it is, and then what is staged changed by a statement."""

    def compute_and_change(
        connection: duckdb.DuckDBPyConnection, closing: Closing, instead: Instead
    ) -> None:
        compute(connection, closing, instead)
        connection.execute(statement)

    monkeypatch.setattr(close_job, "compute", compute_and_change)


def test_a_gate_that_finds_something_issues_nothing(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 4, nothing committed, and the finding is kept in gate/<period>.json."""
    compute_and(monkeypatch, "UPDATE computed_allocation SET amount_micros = amount_micros + 1")
    outcome = market("close", "--period=2026-01", AS_OF)

    assert GateError.exit_code == outcome.code
    assert "pool_conservation" in outcome.stderr
    assert "pool_conservation" in (tmp_path / "warehouse" / "gate" / "2026-01.json").read_text()
    for relation in ("period_close", "statement", "statement_line", "pool", "held"):
        rows = market("query", f"SELECT count(*) AS n FROM {relation}", "--json").json
        assert [{"n": 0}] == rows


def test_a_gate_that_could_not_run_issues_nothing_and_blames_no_event(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1, nothing committed, and what stopped it is kept in gate/<period>.json."""
    compute_and(monkeypatch, "DROP TABLE entitlement")
    outcome = market("close", "--period=2026-01", AS_OF)

    assert 1 == outcome.code
    assert "checks could not run" in outcome.stderr
    assert "reverse" not in outcome.stderr.partition("error: ")[2]
    assert "entitlement" in (tmp_path / "warehouse" / "gate" / "2026-01.json").read_text()
    assert [{"n": 0}] == market("query", "SELECT count(*) AS n FROM statement", "--json").json


@pytest.fixture(scope="module")
def staged() -> Iterator[duckdb.DuckDBPyConnection]:
    """Stage a close by hand; it is only copied from."""
    with staged_close() as connection:
        yield connection


@pytest.fixture(scope="module")
def closing(staged: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse whose next close is the one staged by hand; it is never issued."""
    folder = tmp_path_factory.mktemp("closing") / "warehouse"
    assert run(["init", f"--warehouse={folder}"]).code == 0
    with connect(Warehouse(folder)) as connection:
        connection.execute("DELETE FROM warehouse.setting; DELETE FROM warehouse.head")
        _copy_tables(staged, connection, "warehouse", "warehouse")
        connection.execute(f"INSERT INTO warehouse.setting VALUES ({FORMAT}, 'month', 0, NULL)")
        connection.execute("INSERT INTO warehouse.head VALUES (14)")
    return folder


@pytest.mark.parametrize("check", one_of(16, sql.names("checks")))
def test_every_check_stops_a_close(
    staged: duckdb.DuckDBPyConnection, closing: Path, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    """What breaks a check of a staged close exits with 4; nothing is issued, and it is kept why.

    All other checks can run all the same.
    """
    breaking = breaking_statements(check)[0]

    def stage_and_break(connection: duckdb.DuckDBPyConnection, *_: object) -> None:
        _copy_tables(staged, connection, "memory", "memory")
        view_stored(connection)
        view_earlier(connection, STAGED_PERIOD)
        stage_what_checks_call(connection)
        connection.execute(breaking)

    monkeypatch.setenv("MANYHANDS_WAREHOUSE", str(closing))
    monkeypatch.setattr(close_job, "compute", stage_and_break)
    outcome = run(["close", f"--period={STAGED_PERIOD}", AS_OF])
    kept = json.loads((closing / "gate" / f"{STAGED_PERIOD}.json").read_text())
    with reading.connect(Warehouse(closing)) as connection:
        latest = closes.last_close(connection)

    assert GateError.exit_code == outcome.code
    assert f"{check} found" in outcome.stderr
    assert check in [one["check"] for one in kept["checks"] if one["outcome"] == "failed"]
    assert [] == [one["check"] for one in kept["checks"] if one["outcome"] == "error"]
    assert latest is not None
    assert latest.period < STAGED_PERIOD


def _copy_tables(
    source: duckdb.DuckDBPyConnection, target: duckdb.DuckDBPyConnection, here: str, there: str
) -> None:
    names = source.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = $here", {"here": here}
    )
    for (name,) in names.fetchall():
        rows = source.execute(f"SELECT * FROM {here}.{name}").to_arrow_table()
        target.register("rows_to_copy", rows)
        if there == "memory":
            target.execute(f"CREATE OR REPLACE TABLE {name} AS FROM rows_to_copy")
        else:
            target.execute(f"INSERT INTO {there}.{name} FROM rows_to_copy")
        target.unregister("rows_to_copy")


@pytest.mark.thorough
def test_a_product_that_does_not_fit_names_its_pool(manyhands: Run, tmp_path: Path) -> None:
    """The close stops with a message, and goes on once what made it is reversed."""
    root = tmp_path / "manifests"
    root.mkdir()
    duckdb.execute(
        "COPY (SELECT 'i' || i AS image_id, 1000::DECIMAL(7, 3) AS weight FROM range(100000) t(i))"
        " TO $path (FORMAT parquet)",
        {"path": str(root / "huge.parquet")},
    )
    sha256 = _sha256(root / "huge.parquet")
    events = Events()
    events.terms(generation_share="1")
    manifest = {"uri": "huge.parquet", "sha256": sha256, "rows": 100_000}
    events.model("1", manifest)
    sales = [events.generation("1", "999999999999.999999") for _ in range(1_010)]
    source = events.write(tmp_path / "events.ndjson")
    assert manyhands("ingest", source, AS_OF, f"--manifest-roots={root}").code == 0

    outcome = manyhands("close", "--period=2026-01", AS_OF)
    assert 1 == outcome.code
    assert "generation pool m@1 2026-01 USD" in outcome.stderr

    for sale in sales[:20]:
        events.reversal(sale)
    manyhands("ingest", events.write(tmp_path / "reversals.ndjson"), AS_OF)
    assert 0 == manyhands("close", "--period=2026-01", AS_OF).code


def _sha256(path: Path) -> str:
    (row,) = duckdb.execute(
        "SELECT sha256(content) FROM read_blob($path)", {"path": str(path)}
    ).fetchall()
    return str(row[0])


def test_sixteen_connected_generations_of_sixteen_versions_close(
    manyhands: Run, tmp_path: Path
) -> None:
    """Where money can go 10^18 ways, every micro of it is still allocated or held."""
    events = Events()
    events.terms(training_share="1")
    previous: list[dict[str, str]] = []
    for generation in range(16):
        time = f"2026-01-15T12:00:{generation:02d}Z"
        current = [f"{generation}.{number}" for number in range(16)]
        for version in current:
            fee = {"amount": "1" if generation == 15 else "0", "currency": "USD"}
            image = [{"image_id": f"i-{version}"}]
            events.model(version, image, time, training_fee=fee, base_models=previous)
        previous = [{"model_id": "m", "version": name, "share": "0.0625"} for name in current]
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), AS_OF)

    assert 0 == manyhands("close", "--period=2026-01", AS_OF).code
    held = manyhands("held", "--json").json
    assert 16 * 1_000_000 == sum(int(part["amount"].replace(".", "")) for part in held)


def test_who_is_overtaken_while_it_opens_is_told_the_digest(
    market: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another closes the period after this one saw that it isn't closed."""
    before = close_job._closed_before
    digests: list[str] = []

    def overtaken(warehouse: Warehouse, period: str) -> None:
        assert before(warehouse, period) is None
        monkeypatch.setattr(close_job, "_closed_before", before)
        closed = market("close", f"--period={period}", AS_OF, "--json").json["closes"]
        digests.append(closed[0]["digest"])

    monkeypatch.setattr(close_job, "_closed_before", overtaken)
    outcome = market("close", "--period=2026-01", AS_OF)

    assert ConflictError.exit_code == outcome.code
    assert digests[0] in outcome.stderr


@pytest.mark.thorough
def test_a_full_block_of_the_log_is_hashed_once(manyhands: Run, tmp_path: Path) -> None:
    """The first close that reads a block whole stores its digest, and later closes take it.

    Where it was edited, the gate stops them.
    """
    events = small(Events())
    for _ in range(4096):
        events.generation("1", "0")
    assert manyhands("ingest", events.write(tmp_path / "events.ndjson"), AS_OF).code == 0
    manyhands("close", "--period=2026-01", AS_OF)
    stored = manyhands("query", "FROM log_block", "--json").json
    folder = Warehouse(tmp_path / "warehouse")
    with connect(folder) as connection:
        connection.execute("UPDATE warehouse.log_block SET digest = repeat('0', 64)")
    stopped = manyhands("close", "--period=2026-02", AS_OF)
    with reading.connect(folder) as connection:
        latest = closes.last_close(connection)
        closing = Closing(JANUARY.next(), log.head(connection), latest)
        compute(connection, closing)
        sealed = seal(connection, closing)
        blocks = connection.execute("FROM block_digest ORDER BY block").fetchall()

    assert [0] == [row["block"] for row in stored]
    assert (0, "0" * 64) == blocks[0]
    assert 2 == len(blocks)
    assert log_digest(digest for _, digest in blocks) == sealed.log_digest
    assert GateError.exit_code == stopped.code


@pytest.mark.processes
@pytest.mark.usefixtures("market")
def test_a_close_of_what_is_due_is_safe_twice_at_once(tmp_path: Path) -> None:
    """Two processes from one timer: each period is closed once, and the next run has nothing to do.

    One of the two may say that another was first (5) or that the catalog is busy (75).
    """
    alone = tmp_path / "alone"
    shutil.copytree(tmp_path / "warehouse", alone)
    words = ["close", "--due", "--as-of=2026-04-01T00:00:00Z", "--json"]
    both = [started(words, tmp_path) for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in both]
    codes = sorted(process.returncode for process in both)

    assert codes[0] == 0, ended
    assert codes[1] in {0, 5, 75}, ended
    closed = [json.loads(stdout)["closes"] for stdout, _ in ended if stdout]
    digests = {one["period"]: one["digest"] for closes in closed for one in closes}
    expected = run([*words, f"--warehouse={alone}"]).json["closes"]
    assert {one["period"]: one["digest"] for one in expected} == digests
    again = run([*words, f"--warehouse={tmp_path / 'warehouse'}"])
    assert (0, {"closes": []}) == (again.code, again.json)


@pytest.mark.thorough
def test_a_close_keeps_how_long_its_steps_took(market: Run, tmp_path: Path) -> None:
    """In whole milliseconds, each step once, up to the gate and the seal; no digest knows of it."""
    digest = market("close", "--period=2026-01", AS_OF, "--json").json["closes"][0]["digest"]
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        taken = dict(
            connection.execute(
                "SELECT step, milliseconds FROM warehouse.close_step WHERE period = '2026-01'"
            ).fetchall()
        )
        connection.execute("UPDATE warehouse.close_step SET milliseconds = 1000000")
    again = market("close", "--period=2026-01", AS_OF, "--json").json["closes"][0]["digest"]
    following = market("close", "--period=2026-02", AS_OF)

    assert {"input", "gate", "seal", *(step.name for step in STEPS)} == set(taken)
    assert all(0 <= milliseconds < 600_000 for milliseconds in taken.values())
    assert taken["gate"] > 0
    assert digest == again
    assert 0 == following.code, following.stderr

"""What each image earned each contributor: worked by hand, and equal to what statements say."""

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake import earnings, reading, sql, writing
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.spreadsheets import STARTS_OF_A_FORMULA, harmless
from pipelines.royalties.money import from_micros
from tests import scenario
from tests.conftest import Run, run
from tests.everyday import some_of
from tests.made_once import MadeOnce
from tests.marketplace import Events
from tests.outputs import stored
from tests.worked_cases import WorkedCase

AS_OF = "--as-of=2026-03-01T00:00:00Z"
COLUMNS = (
    "image_id",
    "contributor_id",
    "basis",
    "reference",
    "currency",
    "amount",
    "licence_id",
)
FORMATS = ("csv", "json", "parquet")
LATE = "2026-01-20T00:00:00Z"

# Training pool of m@1: 10 micros over weights ana 2.5, ben 0.5, cho 2, unlicensed 1, of 6. Floors
# 4, 0, 3, 1; the two left go to ben (5/6) and the unlicensed (4/6). Ana's 4 over 1, 0.5, 1 of 2.5:
# floors 1, 0, 1; the two left go to i2 (0.8), then of i1 and i3 (0.6 each) to i1.
# Generation pool of m@1: 100 micros, of which 25 are i2's, half each: 13 and 12. The rest, 75:
# floors 31, 6, 25, 12, the one left goes to the unlicensed. Ana's 31: 12.4, 6.2, 12.4, the one left
# to i1.
# Generation pool of m@2: 10 micros, half its own i3's, half to m@1's manifest: ana 2, cho 2, the
# unlicensed 1. Ana's 2: 0.8, 0.4, 0.8, so one each to i1 and i3.
WORKED = [
    ("i1", "ana", "direct", "i1", "USD", "0.300000", "D1"),
    ("i1", "ana", "direct", "i1", "USD", "0.600000", "D2"),
    ("i1", "ana", "generation", "m@1", "USD", "0.000013", "L-i1"),
    ("i2", "ana", "generation", "m@1", "USD", "0.000019", "L-i2"),
    ("i3", "ana", "generation", "m@1", "USD", "0.000012", "L-i3"),
    ("i1", "ana", "generation", "m@2", "USD", "0.000001", "L-i1"),
    ("i3", "ana", "generation", "m@2", "USD", "0.000006", "L-i3"),
    ("i1", "ana", "training", "m@1", "USD", "0.000002", "L-i1"),
    ("i2", "ana", "training", "m@1", "USD", "0.000001", "L-i2"),
    ("i3", "ana", "training", "m@1", "USD", "0.000001", "L-i3"),
    ("i2", "ben", "generation", "m@1", "USD", "0.000018", "L-i2"),
    ("i2", "ben", "training", "m@1", "USD", "0.000001", "L-i2"),
    ("i4", "cho", "generation", "m@1", "USD", "0.000025", "L-i4"),
    ("i4", "cho", "generation", "m@2", "USD", "0.000002", "L-i4"),
    ("i4", "cho", "training", "m@1", "USD", "0.000003", "L-i4"),
]

Row: TypeAlias = tuple[str, ...]


def worked() -> Events:
    """Return the marketplace of `WORKED`; cho isn't registered."""
    events = Events()
    events.terms(training_share="0.5", generation_share="0.2")
    events.terms(direct_levels=[{"from": 0, "rate": "0.3"}], payment_threshold={"USD": "20"})
    events.contributor("ana")
    events.contributor("ben")
    events.licence("i1", "ana")
    halves = [{"contributor_id": name, "share": "0.5"} for name in ("ben", "ana")]
    events.licence("i2", "", contributors=halves)
    events.licence("i3", "ana")
    events.licence("i4", "cho")
    events.licence("i1", "ana", "1", licence_id="D1", use="download")
    events.licence("i1", "ana", "2", licence_id="D2", use="download")
    weights = {"i3": "1", "i1": "1", "i2": "1", "i4": "2", "gone": "1"}
    manifest = [{"image_id": image, "weight": weight} for image, weight in weights.items()]
    events.model("1", manifest, training_fee={"amount": "0.00002", "currency": "USD"})
    base = {"model_id": "m", "version": "1", "share": "0.5"}
    events.model("2", [{"image_id": "i3"}], LATE, base_models=[base])
    events.generation("1", "0.0005", attributions=[{"image_id": "i2", "share": "0.25"}])
    events.generation("2", "0.00005", LATE)
    return events


def closed(folder: Path) -> Path:
    """Ingest the worked marketplace into `warehouse` in a folder, and close January."""
    warehouse = f"--warehouse={folder / 'warehouse'}"
    source = worked().write(folder / "events.ndjson")
    assert run(["ingest", warehouse, source, AS_OF]).code == 0
    assert run(["close", warehouse, "--period=2026-01", AS_OF]).code == 0
    return folder


@pytest.fixture(scope="session")
def january(made_once: MadeOnce) -> Path:
    """Return the worked marketplace, with January closed; it is only copied."""
    return made_once("january", closed)


@pytest.fixture
def market(manyhands: Run, january: Path, tmp_path: Path) -> Run:
    """Run commands on a copy of it."""
    shutil.copytree(january, tmp_path, dirs_exist_ok=True)
    return manyhands


def read(path: Path) -> list[Row]:
    """Read a file of earnings back, whatever its format."""
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    elif path.suffix == ".json":
        rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    else:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    return [tuple(str(row[name]) for name in COLUMNS) for row in rows]


@pytest.mark.parametrize("form", FORMATS)
def test_what_each_image_earned_is_as_worked_by_hand(
    market: Run, tmp_path: Path, form: str
) -> None:
    """Direct, attributed, of manifests and of a base model's; in order, in each format."""
    outcome = market("earnings", "--period=2026-01", f"--out=made/e.{form}", "--json")

    assert (0, WORKED) == (outcome.code, read(tmp_path / "made" / f"e.{form}")), outcome.stderr
    assert {
        "closed": "2026-01",
        "file": f"made/e.{form}",
        "log_seq": 14,
        "period": "2026-01",
        "rows": 15,
        "totals": {"USD": "0.900104"},
    } == outcome.json


def test_the_earnings_of_one_contributor_are_a_part_of_all(market: Run, tmp_path: Path) -> None:
    """The same rows to the micro; for people the command says how many, by which close."""
    outcome = market(
        "earnings", "--period=2026-01", "--contributor=ben", "--format=csv", "--out=ben"
    )
    rows = tmp_path / "ben"

    assert (
        "ben: 2 rows of 2026-01, by the log up to 14, the close of 2026-01\n  USD 0.000019\n"
        == outcome.stdout
    )
    assert [row for row in WORKED if row[1] == "ben"] == read(rows.rename(tmp_path / "ben.csv"))


def test_each_format_has_its_types_and_its_columns(market: Run, tmp_path: Path) -> None:
    """Parquet has DECIMAL(38, 6), JSON sorted keys and money as text, CSV the columns in order."""
    for form in FORMATS:
        assert market("earnings", "--period=2026-01", f"--out=e.{form}").code == 0
    schema = pq.read_schema(tmp_path / "e.parquet")
    first = json.loads((tmp_path / "e.json").read_text().splitlines()[0])

    assert list(COLUMNS) == schema.names
    assert pa.decimal128(38, 6) == schema.field("amount").type
    assert sorted(COLUMNS) == list(first)
    assert "0.300000" == first["amount"]
    assert ",".join(COLUMNS) == (tmp_path / "e.csv").read_text().splitlines()[0]


@pytest.mark.thorough
def test_earnings_go_by_the_last_close(market: Run, tmp_path: Path) -> None:
    """A late reversal counts once a close has taken it up; what comes after that doesn't count."""
    events = Events("/later")
    reversed_event = {"source": "/market", "id": "e14"}  # the generation of m@2
    events.add("event-reversed", {"reversed": reversed_event, "reason": "mistake"})
    assert market("ingest", events.write(tmp_path / "later.ndjson"), AS_OF).code == 0
    assert market("earnings", "--period=2026-01", "--out=before.csv").code == 0
    assert market("close", "--period=2026-02", AS_OF).code == 0
    assert market("earnings", "--period=2026-01", "--out=after.csv").code == 0
    assert market("earnings", "--period=2026-02", "--out=february.csv").code == 0

    assert WORKED == read(tmp_path / "before.csv")
    assert [row for row in WORKED if row[3] != "m@2"] == read(tmp_path / "after.csv")
    assert [] == read(tmp_path / "february.csv")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--period=2026-02", "--out=e.csv"], 3, "2026-02 is not closed, the last close is of"),
        (["--period=2026-1", "--out=e.csv"], 2, "write it as 2026-10"),
        (["--period=2026-01", "--out=e.txt"], 2, "its name says no format"),
        (["--period=2026-01", "--out=taken", "--format=csv"], 2, "taken is no file"),
        (["--period=2026-01", "--out=events.ndjson/e.csv"], 2, "is no folder"),
        (["--period=2026-01", "--out=warehouse/e.csv"], 2, "is in the warehouse's folder"),
        (["--period=2026-01", "--out=e.csv", "--contributor=Ana"], 3, "no contributor Ana"),
        (["--period=2026-01", "--out=e.csv", "--contributor="], 3, "no contributor "),
    ],
)
def test_what_cannot_be_written_is_refused(
    market: Run, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    """The message says what and why, and nothing is there that wasn't."""
    (tmp_path / "taken").mkdir()
    before = stored.bytes_of(tmp_path)
    outcome = market("earnings", *words)

    assert (code, "") == (outcome.code, outcome.stdout)
    assert said in outcome.stderr
    assert before == stored.bytes_of(tmp_path)


def test_before_any_close_there_are_no_earnings(manyhands: Run, tmp_path: Path) -> None:
    """Exit 3, but a name that is no period is refused as one."""
    manyhands("init")
    none_yet = manyhands("earnings", "--period=2026-01", "--out=e.csv")
    no_period = manyhands("earnings", "--period=January", "--out=e.csv")

    assert (3, True) == (none_yet.code, "no period is closed yet" in none_yet.stderr)
    assert 2 == no_period.code
    assert [tmp_path / "warehouse"] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE earning SET amount_micros = amount_micros + 1 WHERE licence_id = 'D1'",
        "DELETE FROM earning WHERE contributor_id = 'cho' AND basis = 'training'",
        "UPDATE entitlement SET amount_micros = amount_micros - 1 WHERE contributor_id = 'ben'",
    ],
)
def test_earnings_that_do_not_add_up_are_not_written(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: str
) -> None:
    """One micro is enough: exit 4, the first sum that differs, and the file stays as it was."""
    stage = earnings.stage_earnings

    def stage_wrongly(connection: duckdb.DuckDBPyConnection) -> None:
        stage(connection)
        connection.execute(edit)

    monkeypatch.setattr(earnings, "stage_earnings", stage_wrongly)
    (tmp_path / "e.csv").write_text("as it was")
    outcome = market("earnings", "--period=2026-01", "--out=e.csv")

    assert (4, "") == (outcome.code, outcome.stdout)
    assert "nothing was written: " in outcome.stderr
    assert '"earned_micros": ' in outcome.stderr
    assert "as it was" == (tmp_path / "e.csv").read_text()


def test_earnings_that_are_not_what_was_stated_are_not_written(market: Run, tmp_path: Path) -> None:
    """A statement's line that was edited since is found, though the log says what it said."""
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        connection.execute(
            "UPDATE warehouse.statement_line SET delta_micros = delta_micros + 1"
            " WHERE contributor_id = 'ben' AND basis = 'training'"
        )
    outcome = market("earnings", "--period=2026-01", "--out=e.csv")

    assert (4, True) == (outcome.code, "1 of their sums differ" in outcome.stderr)
    assert not (tmp_path / "e.csv").exists()


def test_nothing_is_written_to_the_warehouse(market: Run, tmp_path: Path) -> None:
    """Neither command changes a byte of it."""
    before = stored.bytes_of(tmp_path / "warehouse")

    assert market("earnings", "--period=2026-01", "--out=e.csv").code == 0
    assert market("estimate").code == 0
    assert before == stored.bytes_of(tmp_path / "warehouse")


# many rows


def test_a_file_of_many_rows_is_ordered_and_whole(manyhands: Run, tmp_path: Path) -> None:
    """Every row is there once, in the order of its key, in each format."""
    manyhands("init")
    count = 130_000
    with reading.connect(Warehouse(tmp_path / "warehouse")) as connection:
        connection.execute(
            "CREATE TABLE earning AS SELECT printf('i%06d', row) AS image_id, 'ana' AS"
            " contributor_id, 'direct' AS basis, 'r' AS reference, 'USD' AS currency, 'L' AS"
            " licence_id, CAST(row + 1 AS DECIMAL(38, 0)) AS amount_micros"
            f" FROM range({count}) AS made (row) ORDER BY hash(row)"
        )
        for form in FORMATS:
            writing.write(connection, "earning", form, tmp_path / f"many.{form}")

    amounts = [from_micros(row + 1) for row in range(count)]
    in_csv = [f"i{row:06},ana,direct,r,USD,{amount},L" for row, amount in enumerate(amounts)]
    in_json = [
        f'{{"amount":"{amount}","basis":"direct","contributor_id":"ana","currency":"USD",'
        f'"image_id":"i{row:06}","licence_id":"L","reference":"r"}}'
        for row, amount in enumerate(amounts)
    ]
    table = pq.read_table(tmp_path / "many.parquet")
    assert in_csv == (tmp_path / "many.csv").read_text().splitlines()[1:]
    assert in_json == (tmp_path / "many.json").read_text().splitlines()
    assert amounts == [str(amount) for amount in table.column("amount").to_pylist()]
    assert [line[:7] for line in in_csv] == table.column("image_id").to_pylist()


def test_what_a_spreadsheet_would_run_is_harmless_in_csv_alone(
    manyhands: Run, tmp_path: Path
) -> None:
    """An identifier may begin with `-`; in CSV it stands behind an apostrophe."""
    manyhands("init")
    with reading.connect(Warehouse(tmp_path / "warehouse")) as connection:
        connection.execute(
            "CREATE TABLE earning AS SELECT '-i' AS image_id, '-c' AS contributor_id, 'direct' AS"
            " basis, '-i' AS reference, 'USD' AS currency, '-L' AS licence_id,"
            " CAST(1 AS DECIMAL(38, 0)) AS amount_micros"
        )
        for form in FORMATS:
            writing.write(connection, "earning", form, tmp_path / f"one.{form}")

    row = ("-i", "-c", "direct", "-i", "USD", "0.000001", "-L")
    in_csv = ("'-i", "'-c", "direct", "'-i", "USD", "0.000001", "'-L")
    assert [[in_csv], [row], [row]] == [read(tmp_path / f"one.{form}") for form in FORMATS]


# every worked case


BASES = {"direct", "training", "generation"}
OWED = {"contributor_not_registered", "no_fx_rate"}


def owed(closes: Iterable[dict[str, Any]], period: str) -> dict[Row, Decimal]:
    """Sum by key what closes' statements state of an origin period, and the last close holds."""
    sums: defaultdict[Row, Decimal] = defaultdict(Decimal)
    held: list[dict[str, Any]] = []
    for close in closes:
        held = close["held"]
        for statement in close["statements"]:
            for line in statement["lines"]:
                if line["origin_period"] == period:
                    sums[_key(line | {"contributor_id": statement["contributor_id"]})] += Decimal(
                        line["delta"]
                    )
    for part in held:
        is_owed = part["reason"] in OWED and part["basis"] in BASES
        if is_owed and part["origin_period"] == period:
            sums[_key(part)] += Decimal(part["amount"])
    return {key: amount for key, amount in sums.items() if amount}


def _key(row: dict[str, Any]) -> Row:
    return tuple(row[name] for name in ("contributor_id", "basis", "reference", "currency"))


@pytest.mark.parametrize("name", some_of(["lineage"], scenario.NAMES))
def test_earnings_add_up_to_what_statements_say(
    name: str, worked_case: WorkedCase, tmp_path: Path
) -> None:
    """Of every worked case and each of its periods: lines of all closes, and what is held."""
    _, expected = scenario.read(name)
    words = worked_case(name).words
    closes = expected["closes"]
    lines = [line for close in closes for one in close["statements"] for line in one["lines"]]
    periods = {close["period"] for close in closes} | {line["origin_period"] for line in lines}

    for period in sorted(periods):
        out = tmp_path / f"{period}.json"
        outcome = run(["earnings", f"--period={period}", f"--out={out}", *words])
        assert outcome.code == 0, outcome.stderr
        sums: defaultdict[Row, Decimal] = defaultdict(Decimal)
        for row in read(out):
            sums[row[1], row[2], row[3], row[4]] += Decimal(row[5])

        assert owed(closes, period) == dict(sums)


# what SQL says as Python does


@pytest.fixture(scope="module")
def database() -> Iterable[duckdb.DuckDBPyConnection]:
    """Open a database with our macros, as every connection of ours has them."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name in sql.names("functions"):
            connection.execute(sql.text("functions", name))
        yield connection


@given(
    text=st.text()
    | st.sampled_from(STARTS_OF_A_FORMULA).flatmap(
        lambda start: st.text().map(lambda rest: start + rest)
    )
)
def test_both_make_text_harmless_alike(database: duckdb.DuckDBPyConnection, text: str) -> None:
    """A cell of a file that the engine writes is that of one that Python writes."""
    text = text.encode("utf-8", "ignore").decode().replace("\0", "")

    assert (harmless(text),) == database.execute("SELECT harmless_text($t)", {"t": text}).fetchone()

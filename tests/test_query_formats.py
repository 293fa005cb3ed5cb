"""What a query returns as a file or on stdout, and what it may take (SPEC §7.3, §8)."""

import csv
import json
import time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import query as command
from pipelines.errors import ManyhandsError, UsageError
from pipelines.lake import stopping
from pipelines.lake.bounds import Bounds
from pipelines.lake.query import ask, ask_batches
from pipelines.lake.setting import FORMAT
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.formats import Format
from pipelines.query import write_query
from tests.conftest import Outcome, run
from tests.everyday import one_of
from tests.lake.test_query import ESCAPES
from tests.lake.test_setting import unpack
from tests.outputs import stored

MANY = "SELECT i AS x, '=' || i AS t, NULL AS n FROM range(5000) r(i) ORDER BY i"
ENDLESS = "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x FROM n) SELECT * FROM n"
COUNTLESS = f"SELECT count(*) FROM ({ENDLESS})"
LONG_CALL = "SELECT levenshtein(repeat('a', 20000), repeat('b', 20000))"
LATE_FAULT = "SELECT CAST(CASE i WHEN 90000 THEN 'x' ELSE '1' END AS INT) FROM range(99999) r(i)"
SPILLING = "SELECT count(*) FROM (SELECT md5(i::VARCHAR) AS m FROM range(3000000) r(i) ORDER BY m"
BOUNDS = Bounds()
OVER = r"longer than 0\.1 seconds"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a warehouse that the demo made."""
    return unpack(FORMAT, tmp_path_factory.mktemp("demo"))


def ask_on(folder: Path, *words: str) -> Outcome:
    """Run the command `query`."""
    return run(["query", f"--warehouse={folder}", *words])


def test_each_format_has_the_rows_in_order(folder: Path, tmp_path: Path) -> None:
    """More than are read at once; what a spreadsheet would run is harmless in CSV alone."""
    for ending in ("csv", "json", "parquet"):
        written = ask_on(folder, MANY, f"--out={tmp_path / 'new' / f'x.{ending}'}")
        assert f"{tmp_path}/new/x.{ending}: 5000 rows\n" == written.stdout, written.stderr

    with (tmp_path / "new/x.csv").open(encoding="utf-8", newline="") as file:
        headings, *cells = csv.reader(file)
    assert ["x", "t", "n"] == headings
    assert [[str(i), f"'={i}", ""] for i in range(5000)] == cells
    rows = [{"x": i, "t": f"={i}", "n": None} for i in range(5000)]
    assert rows == json.loads((tmp_path / "new/x.json").read_text())
    assert rows == pq.read_table(tmp_path / "new/x.parquet").to_pylist()


def test_money_stays_exact_in_parquet(folder: Path, tmp_path: Path) -> None:
    """Also a sum of BIGINTs, which DuckDB itself writes to Parquet as a DOUBLE."""
    text = "SELECT sum(revenue_micros) AS x, max(amount_micros) AS x, 7 AS big FROM revenue_event"
    text += " CROSS JOIN standing_pool"
    with ask(Warehouse(folder), text) as (columns, rows):
        (expected,) = list(rows)
    assert 0 == ask_on(folder, text, f"--out={tmp_path / 'x.parquet'}").code
    table = pq.read_table(tmp_path / "x.parquet")

    assert ("x", "x_1", "big") == columns == tuple(table.column_names)
    assert [pa.decimal128(38, 0), pa.decimal128(38, 0), pa.int32()] == table.schema.types
    assert list(expected) == [*table.to_pylist()[0].values()]


def test_the_answer_is_printed_in_the_format_that_is_named(folder: Path) -> None:
    """A table where none is; `--json` is another word for `--format json`."""
    text = "SELECT seq, true AS yes, [1, 2] AS both FROM head"

    assert 'seq,yes,both\r\n35,true,"[1, 2]"\r\n' == ask_on(folder, text, "--format=csv").stdout
    assert "seq  yes   both\n" == ask_on(folder, text, "--format=table").stdout[:16]
    in_json = [ask_on(folder, text, word) for word in ("--json", "--format=json")]
    assert [[{"seq": 35, "yes": True, "both": [1, 2]}]] * 2 == [one.json for one in in_json]


def test_what_was_written_is_said_in_json(folder: Path, tmp_path: Path) -> None:
    """The name need not end in the format, where that is named."""
    written = ask_on(folder, "FROM head", f"--out={tmp_path / 'x'}", "--format=csv", "--json")

    assert {"file": f"{tmp_path}/x", "format": "csv", "rows": 1} == written.json
    assert b"seq\r\n35\r\n" == (tmp_path / "x").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format=parquet"], "can't be printed"),
        (["--format=csv", "--json"], "two formats"),
        (["--format=table", "--out={tmp}/x.csv"], "a table is for people"),
        (["--out={tmp}/x"], "says no format"),
        (["--out={tmp}"], "says no format"),
        (["--out={tmp}", "--format=csv"], "is no file"),
        (["--out={folder}/x.csv"], "in the warehouse's folder"),
        (
            ["--out={folder}/data/../catalog.sqlite", "--format=parquet"],
            "in the warehouse's folder",
        ),
        (["--out="], "an empty name"),
        (["--timeout=0"], "greater than or equal to 0.1"),
        (["--temp-disk=80%"], "is not a size from 1MiB to 64TiB"),
    ],
)
def test_what_cannot_be_is_a_usage_error(
    folder: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    """Exit 2, and nothing is written."""
    before = stored.bytes_of(folder)
    ended = ask_on(
        folder, "FROM head", *(word.format(tmp=tmp_path, folder=folder) for word in words)
    )

    assert (2, "") == (ended.code, ended.stdout)
    assert said in ended.stderr
    assert [] == list(tmp_path.iterdir())
    assert before == stored.bytes_of(folder)


@pytest.mark.parametrize("form", one_of(3, list(Format)))
def test_what_is_refused_is_refused_whatever_the_format(
    folder: Path, tmp_path: Path, form: Format
) -> None:
    """The walls stand before each of them; no file appears, and the warehouse stays as it was."""
    before = stored.bytes_of(folder)
    for escape in ESCAPES[list(Format).index(form) :: 15]:
        text = escape.format(data=folder / "data", catalog=folder / "catalog.sqlite")
        with pytest.raises(UsageError):
            write_query(Warehouse(folder), text, BOUNDS, form=form, out=tmp_path / "x")

    assert [] == list(tmp_path.iterdir())
    assert before == stored.bytes_of(folder)


@pytest.mark.parametrize("ending", Format)
def test_an_endless_query_ends_with_a_message(folder: Path, tmp_path: Path, ending: str) -> None:
    """Exit 1, in time; a file that was there stays as it was."""
    (tmp_path / f"x.{ending}").write_bytes(b"before")
    ended = ask_on(folder, ENDLESS, "--timeout=0.2", f"--out={tmp_path / f'x.{ending}'}")

    said = "error: the query took longer than 0.2 seconds and was stopped; ask for less, or give"
    assert (1, "") == (ended.code, ended.stdout)
    assert f"{said} it longer with --timeout\n" == ended.stderr
    assert [b"before"] == [path.read_bytes() for path in tmp_path.iterdir()]


def test_the_time_is_a_setting(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the environment, and in the file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MANYHANDS_TIMEOUT", "0.1")
    by_environment = ask_on(folder, COUNTLESS)
    monkeypatch.delenv("MANYHANDS_TIMEOUT")
    (tmp_path / "manyhands.toml").write_text("timeout = 0.3\n")
    by_file = ask_on(folder, COUNTLESS)

    assert (1, 1) == (by_environment.code, by_file.code)
    assert "longer than 0.1 seconds" in by_environment.stderr
    assert "longer than 0.3 seconds" in by_file.stderr


def test_a_slow_reader_has_no_more_time_than_the_query(folder: Path) -> None:
    """The time counts until the last row is read."""

    def read_slowly() -> None:
        with ask(Warehouse(folder), "FROM range(100000)", Bounds(seconds=0.1)) as (_, rows):
            for _ in rows:
                time.sleep(0.0001)

    with pytest.raises(ManyhandsError, match=OVER):
        read_slowly()


def test_a_query_that_does_not_stop_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one call of a function the engine doesn't look whether it should."""
    monkeypatch.setattr(stopping, "GRACE_S", 0.2)
    given_up: list[str] = []
    bounds = Bounds(seconds=0.1, give_up=given_up.append)
    with (
        pytest.raises(ManyhandsError, match=OVER),
        ask(Warehouse(folder), LONG_CALL, bounds),
    ):
        pass

    assert {bounds.out_of_time} == set(given_up)


def test_giving_up_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit 1 and the message."""
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    command._give_up("too long")

    assert ([1], "error: too long\n") == (ended, capsys.readouterr().err)


def test_temporary_files_have_a_bound(folder: Path) -> None:
    """Beyond the memory a query writes to them; beyond the bound it ends with a message."""
    text = f"{SPILLING} LIMIT 2900000)"
    ended = ask_on(folder, text, "--memory-limit=64MiB", "--temp-disk=1MiB")

    assert (1, "") == (ended.code, ended.stdout)
    assert "error: the query needs more than 1 MiB of temporary files" in ended.stderr
    assert "--temp-disk" in ended.stderr


@pytest.mark.parametrize(
    "value",
    [
        "'101'::BIT",
        "TIMETZ '10:00:00+01'",
        "INTERVAL 1 DAY",
        "[{'a': '1'::BIT}]",
        "170141183460469231731687303715884105727::HUGEINT",
    ],
)
def test_what_parquet_cannot_hold_exactly_is_refused(
    folder: Path, tmp_path: Path, value: str
) -> None:
    """It says what to do; no file appears."""
    with pytest.raises(UsageError, match="cast it to VARCHAR"):
        write_query(
            Warehouse(folder),
            f"SELECT {value} AS x",
            BOUNDS,
            form=Format.PARQUET,
            out=tmp_path / "x.parquet",
        )

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("form", Format)
def test_a_query_that_fails_at_its_end_leaves_no_file(
    folder: Path, tmp_path: Path, form: Format
) -> None:
    """Rows that were written before are gone with it."""
    with pytest.raises(UsageError, match="Could not convert string 'x' to INT32"):
        write_query(Warehouse(folder), LATE_FAULT, BOUNDS, form=form, out=tmp_path / "x")

    assert [] == list(tmp_path.iterdir())


def test_an_answer_without_rows_has_its_columns(folder: Path) -> None:
    """In Arrow as in rows."""
    with ask_batches(Warehouse(folder), "FROM head WHERE false", BOUNDS) as (schema, batches):
        assert (["seq"], 0) == (schema.names, sum(batch.num_rows for batch in batches))


def test_null_and_decimals_come_through(folder: Path) -> None:
    """As in the rows of a query."""
    text = "SELECT NULL AS n, 1.50::DECIMAL(9, 2) AS d"
    with ask_batches(Warehouse(folder), text, BOUNDS) as (_, batches):
        assert [{"n": None, "d": Decimal("1.50")}] == pa.Table.from_batches(batches).to_pylist()

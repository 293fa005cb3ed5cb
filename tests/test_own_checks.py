"""Checks of the user's own: run by the gate beside the built-in ones, within the same reach."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import UsageError
from pipelines.gate.engine import creator
from pipelines.lake import sql
from pipelines.lake.connection import connect
from pipelines.lake.own_checks import read_checks, scope_of_checks
from pipelines.lake.query import refuse_unless_within
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Run, run
from tests.everyday import one_of
from tests.lake.test_query import ESCAPES
from tests.marketplace import Events, small
from tests.outputs import stored

CLOSE = ["close", "--period=2026-01", "--as-of=2026-04-01T00:00:00Z"]
HEAD = "-- Nobody is paid much.\n-- Grain: one row per statement that pays.\n"
COLUMNS = "--\n-- statement_id VARCHAR: the statement\n"
FOUND = "SELECT statement_id FROM statement WHERE contributor_id = 'ana'\n"
LEVELS = ["-- level: warn\n", "-- level: stop\n"]
WITHIN = {
    "much_paid.sql": f"{HEAD}-- level: warn\n{COLUMNS}{FOUND}",
    "none_paid.sql": f"{HEAD}{COLUMNS}SELECT statement_id FROM statement WHERE false;\n",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse with a small marketplace; it is only copied."""
    folder = tmp_path_factory.mktemp("checks")
    source = small(Events()).write(folder / "events.ndjson")
    assert 0 == run(["ingest", source, CLOSE[-1], f"--warehouse={folder / 'warehouse'}"]).code
    return folder / "warehouse"


@pytest.fixture
def market(manyhands: Run, filled: Path, tmp_path: Path) -> Run:
    """Run commands on a warehouse with a small marketplace."""
    shutil.copytree(filled, tmp_path / "warehouse")
    return manyhands


def _checks(folder: Path, files: dict[str, str]) -> str:
    (folder / "checks").mkdir()
    for name, text in files.items():
        (folder / "checks" / name).write_text(text, encoding="utf-8")
    return "--checks=checks"


def _kept(folder: Path) -> dict[str, Any]:
    """Read by name what the gate kept of each check."""
    verdict = json.loads((folder / "warehouse" / "gate" / "2026-01.json").read_text())
    return {check["check"]: check for check in verdict["checks"]} | {"passed": verdict["passed"]}


@pytest.mark.thorough
def test_what_a_warning_finds_is_shown_and_kept_and_the_close_goes_on(
    market: Run, tmp_path: Path
) -> None:
    """With its rows and its level, beside the checks that passed; a dry run shows it too."""
    flag = _checks(tmp_path, WITHIN)
    dry = market(*CLOSE, flag, "--dry-run", "--json").json["closes"][0]
    untouched = list((tmp_path / "warehouse" / "gate").iterdir())
    shown = market(*CLOSE, flag)
    (warning,) = dry["warnings"]
    kept = _kept(tmp_path)

    assert (0, []) == (shown.code, untouched)
    assert "  warning: much_paid found 1 row. Nobody is paid much." in shown.stdout
    assert '{"statement_id": "2026-01/ana"}' in shown.stdout
    assert (True, warning) == (kept["passed"], kept["much_paid"])
    assert ("warn", "failed", 1) == (warning["level"], warning["outcome"], warning["count"])
    assert ("stop", "passed") == (kept["none_paid"]["level"], kept["none_paid"]["outcome"])
    assert {*sql.names("checks"), "much_paid", "none_paid", "passed"} == kept.keys()
    assert 2 == len(market("statements", "list", "--json").json)


def test_what_a_check_finds_stops_the_close(market: Run, tmp_path: Path) -> None:
    """Exit 4 as by a built-in check, with its rows; nothing is issued."""
    stopped = market(*CLOSE, _checks(tmp_path, {"much_paid.sql": f"{HEAD}{FOUND}"}))

    assert (4, "") == (stopped.code, stopped.stdout)
    assert "much_paid found 1 row. Nobody is paid much." in stopped.stderr
    assert '{"statement_id": "2026-01/ana"}' in stopped.stderr
    assert ("stop", False) == (_kept(tmp_path)["much_paid"]["level"], _kept(tmp_path)["passed"])
    assert [] == market("statements", "list", "--json").json


@pytest.mark.parametrize("level", one_of(2, LEVELS))
def test_a_check_that_cannot_run_stops_the_close(market: Run, tmp_path: Path, level: str) -> None:
    """Whatever its level, exit 1: nothing is known of what it checks."""
    body = "SELECT no_such_column FROM statement\n"
    stopped = market(*CLOSE, _checks(tmp_path, {"broken.sql": f"{HEAD}{level}{body}"}))

    assert (1, "") == (stopped.code, stopped.stdout)
    assert "1 of" in stopped.stderr
    (told,) = [line for line in stopped.stderr.splitlines() if "no_such_column" in line]
    assert told.startswith("  broken: Binder Error: ")
    assert "LINE 1" not in stopped.stderr
    assert [] == market("statements", "list", "--json").json


@pytest.mark.parametrize("level", one_of(2, LEVELS))
def test_a_check_whose_rows_cannot_be_computed_stops_the_close(
    market: Run, tmp_path: Path, level: str
) -> None:
    """Though they can be counted: exit 1, with the check and the engine's reason in one line."""
    body = "SELECT CAST(statement_id AS INTEGER) AS number FROM statement\n"
    stopped = market(*CLOSE, _checks(tmp_path, {"numbered.sql": f"{HEAD}{level}{body}"}))
    kept = _kept(tmp_path)

    (told,) = [line for line in stopped.stderr.splitlines() if "numbered" in line]
    assert (1, "") == (stopped.code, stopped.stdout)
    assert told.startswith("  numbered: Conversion Error: Could not convert string '2026-01/")
    assert ("error", f"  numbered: {kept['numbered']['message']}") == (
        kept["numbered"]["outcome"],
        told,
    )
    assert [] == market("statements", "list", "--json").json


@pytest.mark.long
def test_the_folder_can_be_a_setting(market: Run, tmp_path: Path) -> None:
    """`checks` in manyhands.toml, like every flag."""
    _checks(tmp_path, {"much_paid.sql": f"{HEAD}{FOUND}"})
    (tmp_path / "manyhands.toml").write_text('checks = "checks"\n')

    assert 4 == market(*CLOSE).code


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "there is no .sql file in it"),
        ({"README.md": "x"}, "there is no .sql file in it"),
        ({"a.sql": "SELECT 1 AS x"}, "the head must say"),
        ({"a.sql": f"-- Something holds.\n{FOUND}"}, "the head must say"),
        ({"a.sql": f"{HEAD}-- level: error\n{FOUND}"}, "stop or warn, not 'error'"),
        ({"line_total.sql": f"{HEAD}{FOUND}"}, "a built-in check has this name"),
        ({"Line-Total.sql": f"{HEAD}{FOUND}"}, "small letters"),
        ({"a.sql": HEAD}, "exactly one SELECT"),
        ({"a.sql": f"{HEAD}SELEC 1"}, "can't be run"),
        ({"a.sql": f"{HEAD}DELETE FROM statement"}, "exactly one SELECT"),
        ({"a.sql": f"{HEAD}SELECT 1 AS x; DROP TABLE statement"}, "exactly one SELECT"),
        ({"a.sql": f"{HEAD}SELECT 1 AS x; SELECT 2 AS x"}, "2 statements"),
        ({"a.sql": f"{HEAD}SELECT 1) UNION ALL (SELECT 2"}, "can't be run"),
        ({"a.sql": f"{HEAD}SELECT * FROM warehouse.statement"}, "'warehouse.statement'"),
        ({"a.sql": f"{HEAD}SELECT getenv('HOME') AS x"}, "'getenv'"),
        ({"a.sql": f"{HEAD}SELECT {{'a': 1}} AS x"}, "'{'"),
        ({"a.sql": f"{HEAD}SELECT 1 WHERE 1 = :x"}, "':x'"),
        ({"a.sql": f"{HEAD}{'-' * (1 << 20)}"}, "over 1048576 bytes"),
        ({"a.sql": f"{HEAD}SELECT {'abs(' * 900}1{')' * 900}"}, "a.sql: "),
    ],
    ids=lambda part: str(part)[:60],
)
def test_checks_that_are_of_no_use_are_a_usage_error_before_anything_is_done(
    market: Run, tmp_path: Path, files: dict[str, str], told: str
) -> None:
    """Exit 2, naming the file; the warehouse is as it was."""
    before = stored.bytes_of(tmp_path / "warehouse")
    refused = market(*CLOSE, _checks(tmp_path, files))

    assert (2, "", 1) == (refused.code, refused.stdout, len(refused.stderr.splitlines()))
    assert told in refused.stderr
    assert "checks" in refused.stderr
    assert before == stored.bytes_of(tmp_path / "warehouse")


def _missing(_: Path) -> None:
    pass


def _file(folder: Path) -> None:
    (folder / "checks").touch()


def _latin(folder: Path) -> None:
    _checks(folder, {})
    (folder / "checks" / "a.sql").write_bytes(HEAD.encode() + b"SELECT '\xe4' AS x")


def _folder(folder: Path) -> None:
    _checks(folder, {})
    (folder / "checks" / "a.sql").mkdir()


@pytest.mark.parametrize("make", [_missing, _file, _latin, _folder])
def test_a_folder_that_cannot_be_read_is_a_usage_error(
    manyhands: Run, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """Also where there is no warehouse: it is looked at first."""
    make(tmp_path)

    assert 2 == manyhands(*CLOSE, "--checks=checks").code


@pytest.mark.long
def test_other_files_are_left_alone_and_a_closed_period_stays_closed(
    market: Run, tmp_path: Path
) -> None:
    """A hidden file, a page and a folder are no checks; a check of what is closed doesn't run."""
    flag = _checks(tmp_path, WITHIN | {".much.sql": "x", "README.md": "x"})
    (tmp_path / "checks" / "more").mkdir()
    closed = market(*CLOSE, flag, "--json").json["closes"][0]
    (tmp_path / "checks" / "much_paid.sql").write_text(f"{HEAD}{FOUND}")
    again = market(*CLOSE, flag, "--json")

    assert 0 == again.code
    assert closed | {"warnings": []} == again.json["closes"][0]


def test_a_check_sees_every_relation_that_built_in_checks_see(market: Run, tmp_path: Path) -> None:
    """Each name within its reach is there when the gate runs, and theirs are within it."""
    relations = scope_of_checks().relations
    names = [f"{schema}.{name}" for schema in relations if schema for name in relations[schema]]
    body = "\nUNION ALL\n".join(f"SELECT 1 AS x FROM {name} WHERE false" for name in names)
    closed = market(*CLOSE, _checks(tmp_path, {"all.sql": f"{HEAD}{body}\n"}))

    assert (0, "") == (closed.code, closed.stderr.partition("error")[2])
    assert "passed" == _kept(tmp_path)["all"]["outcome"]
    with duckdb.connect() as connection:
        for check in sql.relations("checks"):
            refuse_unless_within(connection, check.query, scope_of_checks())


@pytest.mark.parametrize(
    "escape",
    [
        *ESCAPES,
        "SELECT * FROM warehouse.event",
        "SELECT * FROM warehouse.main.event",
        "SELECT * FROM stored.no_such_relation",
        "SELECT * FROM statement_of_nobody",
        "SELECT counts(1)",
    ],
)
def test_a_check_reaches_nothing_else(escape: str) -> None:
    """What a query of the warehouse may not, and the warehouse itself, which could be written."""
    text = escape.format(data="/data", catalog="/catalog.sqlite")
    with duckdb.connect() as connection, pytest.raises(UsageError):
        refuse_unless_within(connection, text, scope_of_checks())


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO warehouse.head VALUES (7)",
        "DELETE FROM warehouse.event",
        "CREATE TABLE warehouse.x (y INTEGER)",
        "DROP TABLE staged",
        "UPDATE staged SET x = 2",
    ],
)
@pytest.mark.usefixtures("market")
def test_the_gate_reads_in_transactions_that_cannot_write(tmp_path: Path, statement: str) -> None:
    """Also where the text of a check would: neither the warehouse nor what is staged."""
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        connection.execute("CREATE TABLE staged AS SELECT 1 AS x")
        reading = creator(connection)()
        reading.begin()
        cursor = reading.cursor()
        cursor.execute("SELECT x FROM staged, warehouse.head")
        assert [(1,)] == cursor.fetchmany(10)
        with pytest.raises(duckdb.Error, match="read-only"):
            cursor.execute(statement)


def test_a_check_is_read_with_its_meaning_grain_and_level(tmp_path: Path) -> None:
    """In the order of the names, whatever line ends the files have."""
    files = {name: text.replace("\n", "\r\n") for name, text in WITHIN.items()}
    _checks(tmp_path, {})
    for name, text in files.items():
        (tmp_path / "checks" / name).write_bytes(text.encode())
    much, none = read_checks(tmp_path / "checks")

    assert ("much_paid", True, "none_paid", False) == (
        much.name,
        much.warns,
        none.name,
        none.warns,
    )
    assert ("Nobody is paid much.", "one row per statement that pays.") == (
        much.meaning,
        much.grain,
    )
    assert ["statement_id"] == [column.name for column in much.columns]

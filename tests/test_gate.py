"""The gate stops what it finds and what it couldn't look at, and tells the two apart."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import great_expectations
import pytest

from pipelines.errors import GateError, GateNotRunError
from pipelines.gate import CheckResult, Outcome, Verdict, check, checking, keep, run
from pipelines.gate.verdict import ROWS_SHOWN, Found
from pipelines.lake import sql
from pipelines.lake.warehouse import Warehouse
from pipelines.values import json_value
from tests.gate.staged import PERIOD, staged_close

ROOT = Path(__file__).parent.parent
LOSE_A_MICRO = """
UPDATE computed_allocation SET amount_micros = amount_micros - 1
WHERE basis = 'training' AND contributor_id = 'ana'
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to a staged close that nothing is wrong with."""
    with staged_close() as connection:
        yield connection


def kept(folder: Path) -> dict[str, Any]:
    """Read what the gate kept in a warehouse's folder."""
    verdict: dict[str, Any] = json.loads((folder / "gate" / f"{PERIOD}.json").read_text("utf-8"))
    return verdict


def result_of(verdict: Verdict, name: str) -> CheckResult:
    """Return a verdict's result of one check."""
    (result,) = (result for result in verdict.checks if result.name == name)
    return result


def test_a_failing_check_stops_the_close_with_its_rows_and_count(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A failed check raises GateError, exit 4, whose message shows what was found and where."""
    connection.execute(LOSE_A_MICRO)

    with pytest.raises(GateError) as caught:
        check(connection, Warehouse(tmp_path), PERIOD)

    message = str(caught.value)
    assert caught.value.exit_code == 4
    assert "pool_conservation found 1 row." in message
    assert '"pool_micros": "10000000", "allocated_micros": "8999999"' in message
    assert str(tmp_path / "gate" / f"{PERIOD}.json") in message


def test_what_failed_is_kept_in_the_warehouse(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """The verdict is kept whole: each check with its outcome, count and first rows."""
    connection.execute(LOSE_A_MICRO)

    with pytest.raises(GateError):
        check(connection, Warehouse(tmp_path), PERIOD)

    verdict = kept(tmp_path)
    (found,) = (part for part in verdict["checks"] if part["check"] == "pool_conservation")
    assert verdict["passed"] is False
    assert len(sql.names("checks")) == len(verdict["checks"])
    assert ("failed", 1, "dream@1") == (
        found["outcome"],
        found["count"],
        found["rows"][0]["reference"],
    )


def test_a_later_pass_takes_the_place_of_what_failed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """The file tells of the last run, so that nobody reads an old failure as today's."""
    keep(
        Verdict(PERIOD, (CheckResult("sealed_statement", "", Outcome.FAILED, 1),)),
        Warehouse(tmp_path),
    )

    verdict = check(connection, Warehouse(tmp_path), PERIOD)

    assert verdict.passed
    assert kept(tmp_path)["passed"] is True
    assert [f"{PERIOD}.json"] == [path.name for path in (tmp_path / "gate").iterdir()]


def test_a_check_that_cannot_run_is_no_finding_and_stops_the_close(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Where a relation is missing its checks are errors, with what DuckDB says; others pass.

    It is a failure of the program's surroundings, exit 1: no word on events, which moves money.
    """
    connection.execute("DROP TABLE entitlement")

    with pytest.raises(GateNotRunError) as caught:
        check(connection, Warehouse(tmp_path), PERIOD)

    message = str(caught.value)
    outcomes = {part["check"]: part["outcome"] for part in kept(tmp_path)["checks"]}
    stopped = {name for name, outcome in outcomes.items() if outcome != "passed"}
    assert {"entitlement_balance", "allocation_entitlement"} == stopped
    assert {"error"} == {outcomes[name] for name in stopped}
    assert 1 == caught.value.exit_code
    assert f"2 of {len(outcomes)} checks could not run" in message
    assert "Table with name entitlement does not exist" in message
    assert "event" not in message
    assert str(tmp_path / "gate" / f"{PERIOD}.json") in message


def test_what_was_found_and_what_could_not_run_are_told_apart(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Rows that were found are true whatever else couldn't run, so it is exit 4 with its advice.

    The advice stands with what was found, and before what nothing is known of.
    """
    connection.execute(LOSE_A_MICRO)
    connection.execute("DROP TABLE entitlement")

    with pytest.raises(GateError) as caught:
        check(connection, Warehouse(tmp_path), PERIOD)

    found, advised, not_run = str(caught.value).partition("reverse the events that made this")
    assert 4 == caught.value.exit_code
    assert advised
    assert "pool_conservation found 1 row." in found
    assert "entitlement_balance" not in found
    assert "entitlement_balance: " in not_run
    assert "nothing is known of what they check" in not_run
    assert "event" not in not_run.partition("\n")[2]


def test_an_amount_beyond_what_can_be_added_is_an_error_and_no_pass(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """A sum that overflows is told as a check that could not run."""
    connection.execute("UPDATE computed_allocation SET amount_micros = $most", {"most": 10**38 - 1})

    result = result_of(run(connection, PERIOD), "pool_conservation")

    assert Outcome.ERROR is result.outcome
    assert "Overflow" in result.message or "Out of Range" in result.message


@pytest.mark.parametrize(
    "body",
    ["SELECT * FROM pool WHERE reference = '{x}'", "SELECT FROM", "SELECT :period FROM pool"],
    ids=["template", "no SQL", "parameter"],
)
def test_a_broken_check_could_not_run(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """A query that Great Expectations or DuckDB refuses is an error of that check alone."""
    broken = sql.Relation("broken", "Something must hold.", "one row", (), body)
    checks = (broken, sql.relation("checks", "sealed_statement"))
    monkeypatch.setattr(sql, "relations", lambda _: checks)

    verdict = run(connection, PERIOD)

    assert [Outcome.ERROR, Outcome.PASSED] == [result.outcome for result in verdict.checks]
    assert verdict.checks[0].message


def test_where_great_expectations_raises_no_check_could_run(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever breaks beneath the gate, nothing passes it."""

    def fail(**_: object) -> None:
        message = "no context today"
        raise RuntimeError(message)

    monkeypatch.setattr(great_expectations, "get_context", fail)
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    monkeypatch.delenv("HOME")

    with pytest.raises(GateNotRunError) as caught:
        check(connection, Warehouse(tmp_path), PERIOD)

    checks = kept(tmp_path)["checks"]
    message = str(caught.value)
    assert {"error"} == {part["outcome"] for part in checks}
    assert f"{len(checks)} of {len(checks)} checks could not run" in message
    assert 1 == message.count("no context today")
    assert "HOME not set" in message
    assert "PYTHONWARNINGS=default" in message


def test_a_check_without_a_result_could_not_run(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that Great Expectations says nothing of hasn't passed."""
    validate = checking._validate

    def forget(
        connection: duckdb.DuckDBPyConnection, checks: tuple[sql.Relation, ...]
    ) -> dict[str, Found]:
        found = dict(validate(connection, checks))
        found.pop("sealed_statement")
        return found

    monkeypatch.setattr(checking, "_validate", forget)

    verdict = run(connection, PERIOD)

    assert Outcome.ERROR is result_of(verdict, "sealed_statement").outcome
    assert not verdict.passed


def test_a_gate_without_checks_lets_nothing_through(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the checks' folder is empty, the close stops."""
    monkeypatch.setattr(sql, "relations", lambda _: ())

    with pytest.raises(GateNotRunError, match="there are no checks"):
        check(connection, Warehouse(tmp_path), PERIOD)


def test_only_the_first_rows_are_shown_and_all_are_counted(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """A verdict stays small however much is wrong, and its rows are in order."""
    connection.execute(
        "INSERT INTO computed_pool SELECT 'training', 'lone', number, 'lone@' || number,"
        " '2026-10', 'USD', 1 FROM (SELECT lpad(range::VARCHAR, 4, '0') AS number FROM range(1000))"
    )

    result = result_of(run(connection, PERIOD), "pool_conservation")

    assert 1000 == result.count
    assert [f"lone@{number:04}" for number in range(ROWS_SHOWN)] == [
        row["reference"] for row in result.rows
    ]
    assert f"and {1000 - ROWS_SHOWN} more" in result.explain()


def test_money_in_a_verdict_is_exact() -> None:
    """An amount that JSON's numbers can't hold is a string, digit for digit."""
    digits = "12345678901234567890123456789012345678"

    assert digits == json_value(Decimal(digits))
    assert [str(2**53 + 1), 2**53, None] == json_value([2**53 + 1, 2**53, None])


CHECK_AND_COMPARE = """\
import os, sys, warnings
from tests.gate.staged import PERIOD, staged_close
from pipelines.gate import run
def state():
    variables = {name: value for name, value in os.environ.items() if name != "SF_PARTNER"}
    return variables, list(warnings.filters), warnings.showwarning, sys.stdout, sys.stderr
with staged_close() as connection:
    before = state()
    passed = run(connection, PERIOD).passed
    sys.exit(0 if passed and before == state() else 1)
"""
"""A program that runs the gate, and fails where the process isn't afterwards as it was.

Great Expectations sets SF_PARTNER, which only a client of Snowflake reads, and that stays.
"""

AS_NOBODY = """\
import os, pwd
known = {entry.pw_uid for entry in pwd.getpwall()}
os.setresuid(next(uid for uid in range(54321, 65536) if uid not in known), 0, 0)
"""
"""Makes the process one of a user without an entry and so without a home.

It goes on reading as root: where the program is installed that user may not look.
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("prelude", "environment"),
    [
        ("", {"HOME": "home"}),
        pytest.param("", {"HOME": "~", "PYTHONWARNINGS": "error"}, marks=pytest.mark.long),
        pytest.param(
            AS_NOBODY,
            {},
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user"),
        ),
    ],
    ids=["a home", "no home, and warnings are errors", "a user without an entry"],
)
def test_the_gate_runs_anywhere_and_leaves_everything_as_it_was(
    tmp_path: Path, prelude: str, environment: dict[str, str]
) -> None:
    """It needs no home, prints nothing, and leaves no file, variable or filter behind."""
    (tmp_path / "home").mkdir()

    done = subprocess.run(
        [sys.executable, "-c", prelude + CHECK_AND_COMPARE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )

    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
    assert ["home"] == [path.name for path in tmp_path.rglob("*")]


@pytest.mark.thorough
def test_gates_in_threads_of_one_process_do_not_meddle_with_each_other() -> None:
    """Each says what is so of its own close, and the process's stdout stays what it was."""
    stdout = sys.stdout

    def gate(number: int) -> list[str]:
        with staged_close() as connection:
            if number % 2:
                connection.execute(LOSE_A_MICRO)
            verdict = run(connection, PERIOD)
        assert () == verdict.not_run
        return [check.name for check in verdict.found]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(gate, range(8)))

    assert [False, True] * 4 == ["pool_conservation" in names for names in found]
    assert [[]] * 4 == found[::2]
    assert stdout is sys.stdout
    assert not stdout.closed


def test_great_expectations_is_imported_by_a_run_only() -> None:
    """Its import takes seconds, which a command that gates nothing doesn't pay."""
    program = "import sys, pipelines.gate; sys.exit('great_expectations' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)

    assert 0 == done.returncode


def test_what_the_gate_says_of_stored_rows_is_of_checks_that_there_are() -> None:
    """A check that is renamed would lose its advice without a word."""
    assert set(sql.names("checks")) >= checking.OF_STORED_ROWS

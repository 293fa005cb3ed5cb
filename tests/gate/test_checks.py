"""Every check of sql/checks finds what it is for, and nothing where all is well."""

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.gate import run
from pipelines.lake import sql
from tests.gate.staged import PERIOD, breaking_names, breaking_statements, staged_close

CASES = [
    pytest.param(check, statement, id=f"{check}: {statement.splitlines()[0].removeprefix('-- ')}")
    for check in breaking_names()
    for statement in breaking_statements(check)
]

OLDER = {
    "Something received is unaccounted for.",
    "A rejection has no reason.",
    "A batch is gone.",
    "A close is gone.",
    "An earlier statement's line is gone.",
    "A fact has no event.",
    "A fact is of another event.",
    "A day of rates in a currency of ours has no fact.",
    "The shares of a licence are less than one.",
    "A contributor of a licence stands twice.",
    "A licence has no contributors.",
    "One licence has what another lacks.",
    "An event is gone.",
    "An event stands twice.",
    "One stands twice and another is gone.",
    "A part of a training pool is held where there is no pool.",
    "Two facts have changed places.",
    "A close has another digest of the log.",
}
"""What is of events, statements or pools that an earlier close read, and this one doesn't: `verify`
looks at all of it, each time."""


def test_every_check_has_something_that_breaks_it() -> None:
    """A check that nothing was seen to break may be no check at all."""
    assert sql.names("checks") == breaking_names()


def test_a_close_that_nothing_is_wrong_with_passes(connection: duckdb.DuckDBPyConnection) -> None:
    """All checks pass on the staged close, and say so one by one."""
    verdict = run(connection, PERIOD)

    assert ((), ()) == (verdict.found, verdict.not_run)
    assert verdict.passed
    assert sql.names("checks") == tuple(check.name for check in verdict.checks)


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to a staged close, for tests that roll back what they do."""
    with staged_close() as connection:
        yield connection


@pytest.fixture(scope="module")
def following() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to the same close, where it computes only what changed."""
    with staged_close(follows=True) as connection:
        yield connection


def _offending(
    connection: duckdb.DuckDBPyConnection, check: str, statement: str
) -> list[tuple[object, ...]]:
    """Return what a check finds after a statement, which is then taken back."""
    connection.execute("BEGIN")
    try:
        connection.execute(statement)
        return connection.execute(sql.relation("checks", check).query).fetchall()
    finally:
        connection.execute("ROLLBACK")


@pytest.mark.parametrize(("check", "statement"), CASES)
def test_a_check_finds_what_it_is_for(
    shared: duckdb.DuckDBPyConnection, check: str, statement: str
) -> None:
    """What breaks a check's fact makes its query return rows."""
    assert _offending(shared, check, statement)


@pytest.mark.parametrize(("check", "statement"), CASES)
def test_a_close_that_follows_changes_is_checked_for_what_it_reads_and_writes(
    following: duckdb.DuckDBPyConnection, check: str, statement: str
) -> None:
    """The checks find there what they find where everything is computed, but for older events."""
    is_older = statement.splitlines()[0].removeprefix("-- ") in OLDER

    assert is_older != bool(_offending(following, check, statement))


def test_a_close_that_follows_changes_passes_where_nothing_is_wrong(
    following: duckdb.DuckDBPyConnection,
) -> None:
    """All checks pass on it."""
    assert run(following, PERIOD).passed


@pytest.mark.parametrize("name", sql.names("checks"))
def test_a_check_is_exact_sql_that_great_expectations_leaves_alone(name: str) -> None:
    """A check is plain to its readers.

    It has no brace, which is a template, no colon before a word, which is a parameter,
    no division and no float.
    """
    query = sql.relation("checks", name).query
    code = " ".join(line.partition("--")[0] for line in query.splitlines()).replace("'/'", "")

    assert [] == [mark for mark in ("{", "}", "/", "%%", "DOUBLE", "FLOAT", "avg(") if mark in code]
    assert ":" not in code.replace(": ", "")

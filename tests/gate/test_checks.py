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


@pytest.mark.parametrize(("check", "statement"), CASES)
def test_a_check_finds_what_it_is_for(
    shared: duckdb.DuckDBPyConnection, check: str, statement: str
) -> None:
    """What breaks a check's fact makes its query return rows."""
    shared.execute("BEGIN")
    try:
        shared.execute(statement)
        rows = shared.execute(sql.relation("checks", check).query).fetchall()
    finally:
        shared.execute("ROLLBACK")

    assert rows


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

"""A small staged close beside a warehouse in memory, made by hand, and what breaks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.lake import sql
from pipelines.lake.connection import stored_relations
from pipelines.lake.staging import stage_macro, stage_view, view_earlier

HERE = Path(__file__).parent
PERIOD = "2026-10"
UNSUMMED = "tree_size, tree_root, checkpoint, verifier_key"
STAGED_RESULTS = ("pool", "allocation", "held", "statement_line", "statement", "close_coverage")
STAGED_INPUTS = ("close_input", "currency")
STAGED_RULES = (
    "touched",
    "open_change",
    "last_pool",
    "entitlement",
    "registered",
    "turn",
    "advance_in_force",
    "computed_pool",
    "computed_allocation",
    "standing_held",
    "last_statement",
    "report_difference",
    "closed_difference",
    "closed_gap",
)


KNOWN_SEQ = 8
"""How far the close of 2026-09 read the log."""
_TOUCHED = """
    SELECT basis, reference, origin_period, currency FROM entitlement
    WHERE contributor_id != 'dee'
    UNION
    SELECT basis, reference, origin_period, currency FROM standing_held
    WHERE reason IN ('no_terms', 'unknown_model')
"""


@contextmanager
def staged_close(*, follows: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to the close of staged_close.sql, which nothing is wrong with.

    It computes everything, or `follows` what changed: then it takes as it was stated what Dee was
    owed for 2026-08.
    """
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS warehouse")
        for name in sql.names("functions"):
            connection.execute(sql.text("functions", name))
        for relation in stored_relations():
            _create(connection, f"warehouse.{relation.name}", relation)
        _view_stored(connection)
        view_earlier(connection, PERIOD)
        for folder, names in (
            ("results", STAGED_RESULTS),
            ("rules", STAGED_RULES),
            ("inputs", STAGED_INPUTS),
        ):
            for name in names:
                _create(connection, name, sql.relation(folder, name))
        stage_what_checks_call(connection)
        connection.execute((HERE / "staged_close.sql").read_text(encoding="utf-8"))
        rule = sql.relation("rules", "last_statement").query
        connection.execute(f"INSERT INTO last_statement {rule}")
        _sum_rows(connection)
        if follows:
            connection.execute("UPDATE close_input SET known_seq = ?", [KNOWN_SEQ])
            connection.execute(f"INSERT INTO touched {_TOUCHED}")
            connection.execute("DELETE FROM entitlement WHERE contributor_id = 'dee'")
        yield connection


def stage_what_checks_call(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros and the view that checks go by, of what is staged."""
    for name in ("came_since", "touches"):
        stage_macro(connection, name)
    stage_view(connection, "rules", "standing_pool")


def _create(connection: duckdb.DuckDBPyConnection, name: str, relation: sql.Relation) -> None:
    connection.execute(f"CREATE TABLE {name} ({sql.declared(relation.columns)})")


def _view_stored(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `stored` as the lake does, of a warehouse that isn't DuckLake."""
    connection.execute("CREATE SCHEMA stored")
    for relation in stored_relations():
        connection.execute(f"CREATE VIEW stored.{relation.name} AS FROM warehouse.{relation.name}")


def _sum_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Say of facts and statements what the commits that wrote them would have said."""
    for name in set(sql.names("facts")) - {"manifest_entry"}:
        for first, head in ((1, KNOWN_SEQ), (KNOWN_SEQ + 1, 13)):
            connection.execute(
                f"INSERT INTO warehouse.row_sum SELECT 'b{head}', {head}, '{name}', count(*),"
                f" sum(row_md5({name})) FROM warehouse.{name}"
                f" WHERE seq BETWEEN {first} AND {head} HAVING count(*) > 0"
            )
    for name, columns in (("statement", "sealed"), ("period_close", UNSUMMED)):
        for period, head in (("2026-08", 6), ("2026-09", 9)):
            rows = f"SELECT * EXCLUDE ({columns}) FROM warehouse.{name} WHERE period = '{period}'"
            connection.execute(
                f"INSERT INTO warehouse.row_sum SELECT '{period}', {head}, '{name}', count(*),"
                f" sum(row_md5(stored)) FROM ({rows}) AS stored"
            )


def breaking_names() -> tuple[str, ...]:
    """Return the checks that there is something to break, by the files' names."""
    return tuple(sorted(path.stem for path in (HERE / "breaking").glob("*.sql")))


def breaking_statements(check: str) -> tuple[str, ...]:
    """Return the statements that each break what a check holds, with the comment that says how."""
    text = (HERE / "breaking" / f"{check}.sql").read_text(encoding="utf-8")
    return tuple(part.strip() for part in text.split(";") if part.strip())

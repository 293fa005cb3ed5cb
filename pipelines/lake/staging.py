"""Stages relations in the connection's own database, apart from the warehouse (SPEC §6).

What is staged has the columns that its file's head declares. `stored`, `earlier`, `in_force` and
`exported` are schemas of views: what the warehouse stores, what closes before this one stored, the
facts that count, and the statements that are exported.
"""

from collections.abc import Collection, Iterable, Sequence

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake import faults, sql
from pipelines.lake.connection import stored_relations
from pipelines.lake.literals import quoted
from schemas.currencies import MINOR_DIGITS

ALL_TIME = ("-infinity", "infinity")
"""The span of all instants."""

BLOCK_EVENTS = 4_096
"""So many events of the log have a digest (SPEC §6, Seal)."""
BLOCKS_AT_ONCE = 128
"""Some 100 MiB of their identities."""

SMALL_BYTES = 1 << 20
"""The files of a relation that is copied have less than this: in memory it has a few times that."""


def stage(
    connection: duckdb.DuckDBPyConnection, folder: str, name: str, place: str | None = None
) -> None:
    """Fill a staged table, `name` or the `place` that it stands in, from the relation's SELECT.

    Raises ManyhandsError, naming the pool or line, where a product has more than 38 digits.
    """
    with faults.overflow_named(name):
        connection.execute(f"CREATE OR REPLACE TABLE {place or name} AS {_select(folder, name)}")


def stage_view(
    connection: duckdb.DuckDBPyConnection, folder: str, name: str, place: str | None = None
) -> None:
    """Make the relation's SELECT a view: of what is read once, or written in the commit itself."""
    connection.execute(f"CREATE OR REPLACE VIEW {place or name} AS {_select(folder, name)}")


def stage_nothing(connection: duckdb.DuckDBPyConnection, folder: str, name: str) -> None:
    """Stage a relation without rows."""
    _declare(connection, name, sql.relation(folder, name))


def stage_by_span(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Fill a staged table from a rule's SELECT, over one span of `generation_span` after the other.

    Each is read by itself, so that of the files only those of its time are. Afterwards `span` is of
    all time.
    """
    stage_nothing(connection, "rules", name)
    spans = connection.execute("FROM generation_span ORDER BY starts_at").fetchall()
    for span in spans:
        stage_input(connection, "span", [span])
        with faults.overflow_named(name):
            connection.execute(f"INSERT INTO {name} {_select('rules', name)}")
    stage_input(connection, "span", [ALL_TIME])


def stage_blocks(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `block_digest`: with the blocks that are known, then with some after the other.

    The events of a block are put in order in memory, so those of a long log don't fit together.
    """
    stage(connection, "rules", "known_block")
    stage_nothing(connection, "rules", "block_digest")
    connection.execute("INSERT INTO block_digest FROM known_block")
    ((known, last_seq),) = connection.execute(
        "SELECT (SELECT count(*) FROM known_block), close_input.log_seq FROM close_input"
    ).fetchall()
    size = BLOCK_EVENTS * BLOCKS_AT_ONCE
    for first_seq in range(known * BLOCK_EVENTS + 1, last_seq + 1, size):
        stage_input(connection, "block_span", [[first_seq, first_seq + size - 1]])
        connection.execute(f"INSERT INTO block_digest {_select('rules', 'block_digest')}")


def stage_input(
    connection: duckdb.DuckDBPyConnection, name: str, rows: Iterable[Sequence[object]]
) -> None:
    """Fill the staged table `name` of `sql/inputs` with rows, in the order of its columns."""
    columns = sql.relation("inputs", name).columns
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({sql.declared(columns)})")
    values = [list(column) for column in zip(*rows, strict=True)]
    if values:
        lists = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT INTO {name} SELECT {lists}", values)


def stage_currencies(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage `currency`: the currencies of ours, each with its minor unit in micros."""
    scales = [[code, 10 ** (6 - digits)] for code, digits in MINOR_DIGITS.items()]
    stage_input(connection, "currency", scales)


def stage_macro(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create a macro that reads staged relations."""
    connection.execute(sql.text("functions/close", name))


def view_stored(
    connection: duckdb.DuckDBPyConnection,
    names: Collection[str] | None = None,
    *,
    copy_small: bool = False,
) -> None:
    """Make `stored`: a view of each relation of the warehouse, or of those named.

    Whenever DuckLake plans a query of a relation, it asks the catalog for its files, which of a
    small one takes longer than the query. So one that has no rows yet stands there as an empty
    table, and where `copy_small`, for what reads all of them often, a small one as a copy.
    """
    _make_schema(connection, "stored")
    sizes = {
        name: (files, size)
        for name, files, size in connection.execute(
            "SELECT table_name, file_count, file_size_bytes FROM ducklake_table_info('warehouse')"
        ).fetchall()
    }
    for relation in stored_relations():
        if names is not None and relation.name not in names:
            continue
        if relation.name not in sizes:
            message = f"the warehouse's relation {relation.name} is missing; restore a backup"
            raise ManyhandsError(message)
        files, size = sizes[relation.name]
        name, query = f"stored.{relation.name}", f"FROM warehouse.{relation.name}"
        if not files:
            _declare(connection, name, relation)
        elif copy_small and size < SMALL_BYTES:
            connection.execute(f"CREATE TABLE {name} AS {query}")
        else:
            _view(connection, name, query)


def view_foreseen(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `stored.event`: the log, and what batches that were foreseen would append to it."""
    _make_schema(connection, "stored")
    identity = "source, id, content_sha256"
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS foreseen AS SELECT {identity} FROM warehouse.event LIMIT 0"
    )
    query = f"SELECT {identity} FROM warehouse.event UNION ALL FROM foreseen"
    _view(connection, "stored.event", query)


def foresee_accepted(connection: duckdb.DuckDBPyConnection) -> None:
    """Let what is judged as accepted count as appended for what is foreseen next."""
    connection.execute(
        "INSERT INTO foreseen SELECT source, id, content_sha256"
        " FROM received_event SEMI JOIN (FROM judged_event WHERE outcome = 'accepted')"
        " USING (position)"
    )


def view_earlier(connection: duckdb.DuckDBPyConnection, period: str) -> None:
    """Make `earlier`: views of the results in `stored` that closes before `period` stored."""
    _make_schema(connection, "earlier")
    for relation in sql.relations("results"):
        if any(column.name == "period" for column in relation.columns):
            query = f"FROM stored.{relation.name} WHERE period < {quoted(period)}"
            _view(connection, f"earlier.{relation.name}", query)


def view_in_force(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `in_force`: a view of each fact in `stored`, of the events that count for the close.

    It stages which events are reversed, and needs `close_input` and `period_month`.
    """
    _make_schema(connection, "in_force")
    _view_fact_in_force(connection, "event_reversed")
    stage(connection, "rules", "reversed_event")
    stage_macro(connection, "counts")
    for name in sql.names("in_force"):
        if name != "event_reversed":
            _view_fact_in_force(connection, name)


def add_to_fact(
    connection: duckdb.DuckDBPyConnection, name: str, events: Iterable[Sequence[object]]
) -> None:
    """Let a fact in `in_force` be of some more events, which the log doesn't have.

    `events` are rows of `event` in the order of its columns; whether one counts isn't asked.
    """
    columns = sql.relation("log", "event").columns
    connection.execute(f"CREATE OR REPLACE TABLE event ({sql.declared(columns)})")
    marks = ", ".join("?" for _ in columns)
    connection.executemany(f"INSERT INTO event VALUES ({marks})", [list(row) for row in events])
    stage(connection, "facts", name, f"added_{name}")
    own = ", ".join(column.name for column in sql.relation("in_force", name).columns)
    query = f"{_select('in_force', name)} UNION ALL SELECT {own} FROM added_{name}"
    connection.execute(f"CREATE OR REPLACE VIEW in_force.{name} AS {query}")


def view_exported(connection: duckdb.DuckDBPyConnection, *, staged: bool = False) -> None:
    """Make `exported`, unless it is there: the statements and lines that are exported or compared.

    They are those that were issued, or those of the staged close.
    """
    place = "main" if staged else "warehouse"
    connection.execute("CREATE SCHEMA IF NOT EXISTS exported")
    for name in ("statement", "statement_line"):
        connection.execute(f"CREATE VIEW IF NOT EXISTS exported.{name} AS FROM {place}.{name}")


def _view_fact_in_force(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    _view(connection, f"in_force.{name}", _select("in_force", name))


def _select(folder: str, name: str) -> str:
    relation = sql.relation(folder, name)
    columns = ", ".join(column.name for column in relation.columns)
    return f"SELECT {columns} FROM ({relation.query})"


def _make_schema(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")


def _view(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    connection.execute(f"CREATE VIEW {name} AS {query}")


def _declare(connection: duckdb.DuckDBPyConnection, name: str, relation: sql.Relation) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({sql.declared(relation.columns)})")

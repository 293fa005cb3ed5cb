"""Brings a warehouse of an earlier format to that of this program, a step at a time (SPEC §7.1).

A step makes the relations that its format brought, and remakes those that it changed, all as
`sql/` declares them today: what a later step changes again finds nothing left to do. Rows keep
their values, so digests stay.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import duckdb

from pipelines.errors import ConflictError
from pipelines.lake import file_digests, sql, tree
from pipelines.lake.cataloged import catalog_files, digests_said
from pipelines.lake.catalogs import catalog_of, located
from pipelines.lake.connection import opened, stored_relations
from pipelines.lake.creation import create_table, remake_views
from pipelines.lake.setting import FORMAT, found_format, refuse_other_format
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse

EARLIEST: Final = 2
"""The first format that can be brought to the present one; the first of all had no number."""


@dataclass(frozen=True)
class Step:
    """What one format has that the format before didn't."""

    made: tuple[str, ...] = ()
    """Relations that are new, and empty."""
    remade: Mapping[str, str] = field(default_factory=dict)
    """Of relations with other columns: the SELECT that gives their rows, from `before`."""
    has_views: bool = False
    """Whether views are new, or say something else."""
    before: Callable[[duckdb.DuckDBPyConnection], None] | None = None
    """Stages what the rows of the relations are made of, from the warehouse as it was."""
    after: Callable[[duckdb.DuckDBPyConnection], None] | None = None
    """Stores what was staged, where a relation isn't empty."""


STEPS: Final = {
    2: Step(
        made=("close_step",),
        remade={
            "publication": (
                "SELECT statement.statement_id, before.digest, before.destination,"
                " 'published' AS outcome, before.published_at"
                " FROM before INNER JOIN warehouse.statement AS statement"
                " ON before.digest = statement.digest"
            )
        },
    ),
    3: Step(made=("source_report", "close_coverage")),
    4: Step(
        remade={
            "dead_letter": "SELECT *, 0 AS attempts FROM before",
            "ingest_batch": "FROM before",
        },
        has_views=True,
    ),
    5: Step(has_views=True),
    6: Step(
        made=("tree_node", "cosignature"),
        remade={
            "period_close": (
                "SELECT before.*, grown.tree_size, grown.tree_root, NULL AS checkpoint,"
                " NULL AS verifier_key"
                " FROM before INNER JOIN grown ON before.period = grown.period"
            )
        },
        before=tree.stage_whole,
        after=tree.store_staged,
    ),
    7: Step(made=("manifest_weight",)),
}
"""By the format that a step begins with."""


@dataclass(frozen=True)
class Migrated:
    """A step that was made."""

    before: int
    """The format that it began with."""
    after: int
    kept: str
    """Where the catalog of before is."""


def migrate(warehouse: Warehouse) -> Iterator[Migrated]:
    """Bring a warehouse to the format of this program, and yield each step when it is committed.

    Each step is one transaction, and keeps the catalog as it was before it.

    Raises ManyhandsError where its format is a later one, or the first of all, ConflictError where
    another process migrates it.
    """
    warehouse = located(warehouse)
    with opened(warehouse) as connection:
        while (found := found_format(connection)) != FORMAT:
            if not EARLIEST <= found < FORMAT:
                refuse_other_format(connection, warehouse)
            kept = commit(
                connection,
                warehouse,
                partial(_take, connection, warehouse, found),
                partial(_without_digest, connection, warehouse),
            )
            yield Migrated(found, found + 1, kept)


def _take(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, found: int) -> str:
    """Keep the catalog as it is, take one step, and return where it is kept.

    Whoever comes second finds another format, also once the catalog is copied, and keeps nothing.
    """
    _refuse_unless(connection, found)

    def check() -> None:
        with opened(warehouse) as anew:
            _refuse_unless(anew, found)

    kept = catalog_of(warehouse).keep(warehouse, f"format-{found}", check)
    step = STEPS[found]
    if step.before:
        step.before(connection)
    relations = {relation.name: relation for relation in stored_relations()}
    for name in step.made:
        create_table(connection, relations[name])
    for name, rows in step.remade.items():
        _remake(connection, relations[name], rows)
    if step.after:
        step.after(connection)
    if step.has_views:
        remake_views(connection)
    connection.execute("UPDATE warehouse.setting SET format = ?", [found + 1])
    return kept


def _without_digest(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> list[str]:
    """Return the data files of which no commit kept a digest: earlier formats kept none."""
    kept = digests_said(connection, warehouse)
    found = (file for file in catalog_files(connection, warehouse) if not file.is_elsewhere)
    return [file_digests.named(warehouse, file.path) for file in found if file.path not in kept]


def _refuse_unless(connection: duckdb.DuckDBPyConnection, found: int) -> None:
    if found_format(connection) != found:
        message = "another process migrates this warehouse; run the command again"
        raise ConflictError(message)


def _remake(connection: duckdb.DuckDBPyConnection, relation: sql.Relation, rows: str) -> None:
    columns = connection.sql(f"FROM warehouse.{relation.name}").columns
    if columns == [column.name for column in relation.columns]:
        return
    connection.execute(f"CREATE OR REPLACE TEMP TABLE before AS FROM warehouse.{relation.name}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE after AS {rows}")
    connection.execute(f"DROP TABLE warehouse.{relation.name}")
    create_table(connection, relation)
    connection.execute(f"INSERT INTO warehouse.{relation.name} BY NAME FROM after")
